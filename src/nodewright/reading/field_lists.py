"""Fields that stand in a list within a line: ``seat (string), price, and an optional note``."""

import re
from collections.abc import Iterator

from nodewright.language.data_words import field_words
from nodewright.language.lexicon import word_set
from nodewright.language.markup import plain
from nodewright.reading.data_names import field_name, identifier_in
from nodewright.reading.field_notes import FieldNote, read_field
from nodewright.reading.field_types import annotated_type, is_common, one_of

_MOST = 60
_SEPARATORS = ",;，；、"
_LAST = re.compile(r"\s+(?:and|or|&|y|und|et|e|и)\s+|\s*(?:以及|和|及|と|및)\s*")
_AND = re.compile(r"(?:and|or|as well as|plus|also|y|und|et|和|以及|及)\s+", re.IGNORECASE)
_ENDINGS = re.compile(
    r"(?:etc\.?|and so on|and more|等(?:等)?|など|등|among others|\.\.\.|…)[.)]?$", re.IGNORECASE
)
_TAIL_NOTE = re.compile(
    r"(?P<name>[^(（:：]{1,80}?)\s*[(（](?P<note>.{1,300})[)）]\s*(?P<rest>.{0,80})", re.DOTALL
)
_COLON = re.compile(r"(?P<name>`?[\w \"*-]{1,40}?`?)\s*[:：]\s*(?P<note>.{1,200})", re.DOTALL)
_NO_FIELD = word_set(
    "is are was be been being must shall should can may will would could do does did not never "
    "if when "
    "then else because while it they we you he she i there here who whom which "
    "that what how where why so than too very such via using based within without across into "
    "ensure ensures make makes use uses allow allows provide support"
)
_NOTE_WORDS = re.compile(
    r"optional|required|unique|foreign|primary|\bFK\b|\bPK\b|enum|default|max|min|\d", re.IGNORECASE
)


def split_list(text: str) -> Iterator[str]:
    """The parts of a list; commas within parentheses and quotation marks part nothing.

    >>> list(split_list("type (one of a, b), `amount` and note"))
    ['type (one of a, b)', '`amount`', 'note']
    """
    parts: list[str] = []
    depth = 0
    start = 0
    for position, char in enumerate(text):
        if char in "(（[{":
            depth += 1
        elif char in ")）]}":
            depth = max(depth - 1, 0)
        elif char in _SEPARATORS and depth == 0 and not _within_number(text, position):
            parts.append(text[start:position])
            start = position + 1
    parts.append(text[start:])
    if parts:
        parts[-1:] = _split_and(parts[-1])
        if len(parts) > 1 and len(parts) == 2 and not any(char in text for char in _SEPARATORS):
            pass
    for part in parts[:_MOST]:
        cleaned = _ENDINGS.sub(
            "", _AND.sub("", part.strip(), count=1) if _AND.match(part.strip()) else part.strip()
        ).strip(" .")
        if cleaned:
            yield cleaned


def _within_number(text: str, position: int) -> bool:
    return text[position - 1 : position].isdigit() and text[position + 1 : position + 2].isdigit()


def _split_and(part: str) -> list[str]:
    """The last part at its ``and``, outside parentheses."""
    depth = 0
    for found in _LAST.finditer(part):
        depth = part.count("(", 0, found.start()) - part.count(")", 0, found.start())
        if depth == 0:
            return [part[: found.start()], *_split_and(part[found.end() :])]
    return [part]


def _acts(first: str, size: int) -> bool:
    """Whether the first word of a phrase is a verb; a capital letter tells "Store" from "store"."""
    low = first.lower()
    if low in field_words("actions"):
        return True
    return size > 2 and first[:1].isupper() and low in field_words("leading_verbs")


# "display name" and "update time" are fields, "display orders" is none.
_AFTER_NOUNS = word_set(
    "name date time id type status number count at by amount code level url method mode price rate"
)


def is_field_phrase(phrase: str) -> bool:
    """Whether a phrase may name a field: few words, and no verb of a sentence among them."""
    text = plain(re.sub(r"[(（].*", "", phrase, flags=re.DOTALL)).strip(" .?\"'")
    low = text.lower().split()
    if low and len(low) > 1 and low[1] not in _AFTER_NOUNS and _acts(text.split()[0], len(low)):
        return False
    if re.search(r"\w:\w", text):
        return False
    if not low or len(low) > 8 or not re.search(r"[^\W\d_]", text) or len(text) > 80:
        return False
    return not _NO_FIELD & set(low) and not re.search(r"[!?=<>{}@#\\]|https?:", text)


def listed_field(part: str, clauses: tuple[str, ...]) -> FieldNote | None:
    """The field that one part of a list names, with what its parentheses say.

    >>> note = listed_field("type (ENUM: IN, OUT)", ())
    >>> note.field.name, str(note.field.type)
    ('type', 'IN | OUT')
    """
    part = part.strip()
    if not is_field_phrase(part.split("(", maxsplit=1)[0].split(":", maxsplit=1)[0] or part):
        return None
    found = _TAIL_NOTE.fullmatch(part)
    colon = _COLON.fullmatch(part) if found is None else None
    if found:
        return _with_note(found["name"], found["note"], found["rest"], clauses)
    if colon:
        return _with_note(colon["name"], colon["note"], "", clauses)
    spaced = re.fullmatch(r"`(\w{1,48}\??)`\s+([A-Za-z]+(?:\[\]|\(\d+\))?)", part)
    if spaced and annotated_type(spaced[2]):
        return read_field(spaced[1], clauses, annotation=spaced[2])
    ticked = re.findall(r"`([A-Za-z_]\w{0,47}\??)`", part)
    if len(ticked) == 1:
        return read_field(ticked[0], clauses, notes=part.replace(f"`{ticked[0]}`", "").strip())
    return read_field(part, clauses)


def _with_note(name: str, note: str, rest: str, clauses: tuple[str, ...]) -> FieldNote | None:
    inside = identifier_in(note) if len(note.split()) == 1 else ""
    if inside and field_name(name):
        return read_field(f"{name} ({inside})", clauses)
    said = f"{note} {rest}".strip()
    if annotated_type(note) is not None and not re.match(r"[A-Z][a-z]", note):
        return read_field(name, clauses, annotation=note, notes=rest)
    if _NOTE_WORDS.search(note):
        return read_field(name, clauses, notes=said)
    values = one_of([part.strip("\"'` ") for part in re.split(r"[/|]|,\s*", note)])
    if values is not None and not _is_example(note) and _is_status(name):
        return read_field(
            name, clauses, annotation=" | ".join(f"'{value}'" for value in values.values)
        )
    if values is not None and 2 * sum(
        is_common(field_name(value)) for value in values.values
    ) >= len(values.values):
        return read_field(
            name, clauses, annotation="object"
        )  # "address (street, city)" is made of them
    return read_field(name, clauses, notes=f"({said})")


_ENUM_NAMES = word_set(
    "status state type kind role level category priority method mode gender severity stage phase "
    "tier plan unit currency visibility size"
)


def _is_status(name: str) -> bool:
    parts = field_name(name).split("_")
    return parts[-1] in _ENUM_NAMES


def _is_example(note: str) -> bool:
    return bool(
        re.search(r"e\.g\.|such as|for example|etc|like\b|\.\.\.|例如", note, re.IGNORECASE)
    )


def listed_notes(text: str, clauses: tuple[str, ...]) -> list[FieldNote]:
    """The fields of a whole list; empty where one part of it can be no field.

    >>> [note.field.name for note in listed_notes("user ID, age, gender and e-mail", ())]
    ['user_id', 'age', 'gender', 'e_mail']
    """
    parts = list(split_list(text))
    notes = [listed_field(part, clauses) for part in parts]
    kept = [note for note in notes if note is not None]
    # One part that is none (an "etc." in words) may be; more say that the list is another.
    return kept if len(kept) >= max(len(parts) - len(parts) // 4, 1) else []
