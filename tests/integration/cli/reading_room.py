"""A document with open clauses, and what its user writes to close one."""

import subprocess
import sys
from pathlib import Path

LIBRARY = """# Reading Room

Lends books to members.

## Data

### Loan

| Field | Type | Required |
|---|---|---|
| loan_id | uuid | yes |
| book | string | yes |
| member | string | yes |
| days | integer | yes |

## Functional requirements

### FR-1: Lending

- The system shall create a loan when a member takes a book.
- The days must be greater than 0 and at most 30.
- A member has at most two books at the same time.

### FR-2: Listing

The system shall list the loans of a member.

### FR-3: Fees

The system shall calculate the fee of a loan from its days: the first week is free, every day
after costs 0.25 euro.
"""
OPEN = "FR-1.4"
HANDLER = "src/reading_room/nodes/node_loan_effect/handlers/handler_loan_effect.py"
TEST = '''"""What the members may take."""

import pytest
from world import World


@pytest.mark.clause("FR-1.4")
async def test_two_books_at_most(world: World) -> None:
    for book in ("Momo", "Emma"):
        taken = await world.call("create_loan", book=book, member="Ada", days=3)
        assert taken["status"] == "ok"
    refused = await world.call("create_loan", book="Faust", member="Ada", days=3)
    assert refused["error_code"] == "too_many_books"
    assert len(world.records("loan")) == 2
'''
MAKES = "        loan = ModelLoan("
CODE = """        loans = self.surroundings.stores.loan.all()
        if sum(each.member == request.member for each in loans) > 1:
            raise Refused("too_many_books", "a member has at most two books")
"""


def nodewright(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nodewright", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def implement(out: Path) -> None:
    """Write the code and the test that close the open clause, as a user does."""
    handler = out / HANDLER
    text = handler.read_text(encoding="utf-8")
    assert MAKES in text
    handler.write_text(text.replace(MAKES, CODE + MAKES, 1))
    (out / "tests/test_members.py").write_text(TEST, encoding="utf-8")
