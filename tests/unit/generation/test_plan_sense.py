"""That operations do what their sentences say, beyond being there."""

from nodewright.planning.model import NodePlan, Plan
from nodewright.planning.planner import plan_nodes
from nodewright.reading import SimplePRDAnalyzer

PRD = """# Appointment desk

## Requirements

### R1: Booking

1. WHEN a patient selects a free slot THEN the system SHALL create an appointment for that slot.
2. WHEN the slot was taken in the meantime THEN the system SHALL reject it.
3. WHEN an appointment is created THEN the system SHALL send a confirmation through Amazon SES.
4. WHEN an appointment is a day away THEN the system SHALL send a reminder through Twilio.

### R2: Reminding

1. The workflow SHALL schedule reminders every 15 minutes and orchestrate their retries.

### R3: Waiting times

1. The system SHALL aggregate appointments per practitioner and day.
2. The system SHALL count appointments by clinic.

## Data model

```
Appointment
  appointment_id: uuid
  practitioner: string
  clinic_name: string
  duration_minutes: integer
```

duration_minutes must be between 5 and 120.
"""


def plan() -> Plan:
    return plan_nodes(SimplePRDAnalyzer().analyze_prd(PRD))


def node(kind: str) -> NodePlan:
    return next(node for node in plan().nodes if node.kind == kind)


def test_a_refusal_belongs_to_what_it_refuses() -> None:
    create = next(op for op in node("EFFECT").operations if op.action == "create")
    assert [trace.line for trace in create.traces] == [7, 8]
    assert all("reject" not in op.name for op in node("EFFECT").operations)


def test_counting_follows_the_field_that_the_sentence_names() -> None:
    groups = {op.name: op.parameters.get("group_by") for op in node("REDUCER").operations}
    assert groups["aggregate_appointments"] == "practitioner"
    assert groups["count_appointments"] == "clinic_name"


def test_workflows_run_what_they_speak_of() -> None:
    orchestrator = node("ORCHESTRATOR")
    assert "send_reminder" in [step.operation for step in orchestrator.steps]


def test_effects_keep_the_rules_of_the_data_model() -> None:
    rules = [(rule["field"], rule["check"], rule["value"]) for rule in node("EFFECT").rules]
    assert rules == [("duration_minutes", "min", 5), ("duration_minutes", "max", 120)]
