"""What a verb of the text asks a node to do.

Each kind has a few behaviours that can be generated; a verb chooses one of them. Verbs that are
in no list get the kind's last behaviour, which fits any verb.
"""

# Kind -> behaviour -> verbs; the behaviour without verbs takes the rest.
_VERBS: dict[str, dict[str, str]] = {
    "EFFECT": {
        "create": (
            "create add register insert submit upload ingest accept save store persist record "
            "write open place import receive log capture collect book reserve enter sign subscribe"
        ),
        "list": "list browse search query filter show display find paginate export enumerate",
        "read": "read get view retrieve fetch look load lookup download access see open inspect",
        "update": (
            "update edit modify change set configure mark assign rename replace patch adjust "
            "manage maintain complete confirm approve enable disable refresh rotate"
        ),
        "delete": "delete remove purge revoke erase drop clear cancel discard unsubscribe",
        "check": "validate verify check ensure enforce require reject authorize guarantee prevent",
        "deliver": "",
    },
    "COMPUTE": {
        "validate": (
            "validate verify check ensure enforce require reject authorize authenticate "
            "authorise guarantee prevent restrict limit sanitize confirm comply"
        ),
        "parse": "parse extract read recognize recognise tokenize decode interpret",
        "compare": "match compare deduplicate reconcile detect identify distinguish correlate",
        "render": "format render generate print export display produce template summarize draft",
        "transform": (
            "transform normalize normalise convert map clean enrich encrypt hash mask translate "
            "encode standardize standardise split merge sort resize compress serialize"
        ),
        "calculate": "",
    },
    "REDUCER": {"aggregate": ""},
    "ORCHESTRATOR": {"run": ""},
}

# Verbs that say when not to do what is asked for beside them.
REFUSING = frozenset({"reject", "refuse", "deny", "decline", "disallow", "forbid"})
# Behaviours that can be refused.
REFUSABLE = ("create", "update", "delete", "deliver")
# Verbs that ask for the whole life of a record.
MANAGING = frozenset({"manage", "maintain", "administer", "crud"})
LIFE_OF_A_RECORD = ("create", "read", "update", "delete", "list")

_CHOICE: dict[str, dict[str, str]] = {
    kind: {
        verb: behaviour
        for behaviour, verbs in reversed(behaviours.items())
        for verb in verbs.split()
    }
    for kind, behaviours in _VERBS.items()
}


def action_for(kind: str, verb: str) -> str:
    """The behaviour of ``kind`` that ``verb`` (in its base form) asks for."""
    behaviours = _VERBS[kind]
    return _CHOICE[kind].get(verb.lower(), next(reversed(behaviours)))
