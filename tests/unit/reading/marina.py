"""A harbour's document, and what is read of requirements that are added to it."""

from nodewright.prd.document import parse_document
from nodewright.reading.reader import read_document
from nodewright.spec.checks import check
from nodewright.spec.model import ClauseNote, Entity, Operation, Specification, State

DATA = """\
# Marina Desk

## Data model

### Skipper

| Field | Type | Required |
|---|---|---|
| skipper_id | uuid | yes |
| name | string | yes |
| email | email | yes |
| status | enum: active, banned | yes |

### Berth

- berth_id: uuid
- pier: string
- length: decimal
- places_left: integer
- opens_at: datetime
- is_covered: boolean

### Stay

- stay_id: uuid
- skipper: reference to Skipper
- berth: reference to Berth
- status: requested, confirmed, left, cancelled
- nights: integer
- fee: decimal
- placed_at: datetime
- note: string, optional

"""


def read(*requirements: str, data: str = DATA) -> Specification:
    """What the marina's document means with these requirements; it always checks."""
    lines = [f"- FR-{number}: {text}" for number, text in enumerate(requirements, 1)]
    text = f"{data}## Functional requirements\n\n" + "\n".join(lines) + "\n"
    return check(read_document(parse_document(text), "marina"))


def only[Kind: Operation](specification: Specification, kind: type[Kind]) -> Kind:
    """The only operation of a kind, but for the checks of described data."""
    found = [
        each
        for each in specification.operations
        if isinstance(each, kind) and not each.name.startswith("check_")
    ]
    assert len(found) == 1, [each.name for each in specification.operations]
    return found[0]


def note(specification: Specification, number: int = 1, place: int = 1) -> ClauseNote:
    """What became of a clause of a requirement."""
    return next(each for each in specification.clauses if each.id == f"FR-{number}.{place}")


def is_read(specification: Specification, number: int = 1) -> bool:
    """Whether a requirement's clause is read; its reason is shown where it is not."""
    found = note(specification, number)
    assert found.state is State.READ, found.reason
    return True


def entity(specification: Specification, name: str) -> Entity:
    """The entity of that name."""
    found = specification.entity(name)
    assert found is not None
    return found


def texts(elements: tuple[object, ...], name: str = "require") -> list[str]:
    """The expressions of elements as text."""
    return [str(getattr(each, name)) for each in elements]
