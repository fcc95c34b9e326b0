"""State machines in tables, diagrams and lists of statuses."""

from nodewright import SimplePRDAnalyzer
from nodewright.prd.models import StateMachine


def machine(text: str) -> StateMachine:
    (found,) = SimplePRDAnalyzer().analyze_prd(text).parsed_prd.state_machines
    return found


def moves(text: str) -> list[tuple[str, str, str]]:
    return [(item.source, item.target, item.trigger) for item in machine(text).transitions]


def test_a_table_of_states_and_their_next_ones() -> None:
    text = """\
# Loans

## Loan states

| State | Meaning | Next states |
|---|---|---|
| Requested | asked for | Granted, Refused |
| Granted | money is out | Repaid |
| Refused | no money | - |
"""
    assert moves(text) == [
        ("Requested", "Granted", "grant"),
        ("Requested", "Refused", "refuse"),
        ("Granted", "Repaid", "to Repaid"),
    ]
    assert machine(text).subject == "Loan"


def test_a_table_of_states_and_their_meaning() -> None:
    text = (
        "# L\n\n## Visit status\n\n| Status | Description |\n|---|---|\n"
        "| Booked | x |\n| Over | y |\n"
    )
    assert machine(text).states == ("Booked", "Over")
    assert machine(text).transitions == ()


def test_a_table_with_another_name_for_the_event() -> None:
    text = (
        "# Doors\n\n## Door\n\n| Current state | Event | New state |\n|---|---|---|\n"
        "| Shut | knock | Ajar |\n| Ajar | push | Wide |\n"
    )
    assert moves(text) == [("Shut", "Ajar", "knock"), ("Ajar", "Wide", "push")]


def test_a_diagram_of_mermaid() -> None:
    text = """\
# Parcels

## Parcel lifecycle

```mermaid
stateDiagram-v2
    state "At the depot" as depot
    [*] --> Packed
    Packed --> depot : pick up
    depot --> Delivered: hand over
    Delivered --> [*]
```
"""
    assert moves(text) == [
        ("Packed", "At the depot", "pick up"),
        ("At the depot", "Delivered", "hand over"),
    ]
    assert machine(text).subject == "Parcel"


def test_other_diagrams_are_no_machines() -> None:
    text = "# P\n\n## Flow\n\n```mermaid\nflowchart LR\n  Web --> Shop\n  Shop --> Bank\n```\n"
    assert SimplePRDAnalyzer().analyze_prd(text).parsed_prd.state_machines == ()


def test_a_list_of_statuses() -> None:
    text = (
        "# 任务系统\n\n## 任务状态\n\n"
        "- **待启用**：未到启用时间\n- **运行中**：正常执行\n- **已暂停**：手动暂停\n"
    )
    assert machine(text).states == ("待启用", "运行中", "已暂停")


def test_a_table_of_requirements_with_a_status_is_no_machine() -> None:
    text = (
        "# X\n\n## Requirements\n\n| Status | Requirement |\n|---|---|\n"
        "| Open | Store boats |\n| Done | Sell boats |\n"
    )
    assert SimplePRDAnalyzer().analyze_prd(text).parsed_prd.state_machines == ()
