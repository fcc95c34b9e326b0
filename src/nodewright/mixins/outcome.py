"""The outcomes of a trial."""

from enum import StrEnum


class Outcome(StrEnum):
    """How a trial ended; the value goes into records, so it never changes its meaning."""

    USABLE = "usable"
    IMPORT_FAILED = "import_failed"
    MRO_CONFLICT = "mro_conflict"
    METACLASS_CONFLICT = "metaclass_conflict"
    COMPOSITION_FAILED = "composition_failed"
    ABSTRACT_METHOD = "abstract_method"
    CONSTRUCTOR_SIGNATURE = "constructor_signature"
    CONSTRUCTOR_TYPE_ERROR = "constructor_type_error"
    CONSTRUCTOR_FAILED = "constructor_failed"
    ATTRIBUTE_COLLISION = "attribute_collision"
    NODE_NOT_INITIALISED = "node_not_initialised"
    MIXIN_INIT_SKIPPED = "mixin_init_skipped"
    INITIALISE_FAILED = "initialise_failed"
    PROCESS_SHADOWED = "process_shadowed"
    PROCESS_FAILED = "process_failed"
    TIMED_OUT = "timed_out"
    CRASHED = "crashed"


# What each outcome means in a sentence, for explanations.
MEANING: dict[Outcome, str] = {
    Outcome.USABLE: "composes, constructs, initialises and processes",
    Outcome.IMPORT_FAILED: "a class does not import",
    Outcome.MRO_CONFLICT: "Python finds no method resolution order",
    Outcome.METACLASS_CONFLICT: "the metaclasses exclude each other",
    Outcome.COMPOSITION_FAILED: "the class cannot be created",
    Outcome.ABSTRACT_METHOD: "abstract methods are left to implement",
    Outcome.CONSTRUCTOR_SIGNATURE: "a constructor demands arguments that a node does not pass",
    Outcome.CONSTRUCTOR_TYPE_ERROR: "a constructor calls a method that another class redefined",
    Outcome.CONSTRUCTOR_FAILED: "a constructor raises",
    Outcome.ATTRIBUTE_COLLISION: "a read-only attribute is assigned by another class",
    Outcome.NODE_NOT_INITIALISED: "the node base is silently not initialised",
    Outcome.MIXIN_INIT_SKIPPED: "a mixin's constructor is silently skipped",
    Outcome.INITIALISE_FAILED: "initialize() raises",
    Outcome.PROCESS_SHADOWED: "process() of the node is shadowed",
    Outcome.PROCESS_FAILED: "process() fails",
    Outcome.TIMED_OUT: "the trial did not end in time",
    Outcome.CRASHED: "the trial killed its process",
}
