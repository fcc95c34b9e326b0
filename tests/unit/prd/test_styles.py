"""Requirements in the forms that authors write them in."""

import pytest

from nodewright import SimplePRDAnalyzer
from nodewright.prd.models import Requirement, Scope, SimplePRDAnalysisResult


def analyse(text: str) -> SimplePRDAnalysisResult:
    return SimplePRDAnalyzer().analyze_prd(text)


def asked(result: SimplePRDAnalysisResult) -> list[Requirement]:
    return [
        item
        for item in result.parsed_prd.requirements
        if item.functional and item.scope is Scope.RELEASE
    ]


EARS = """\
# Parking Permits

### Requirement 1: Apply

**User Story:** As a resident, I want to apply for a permit, so that I can park.

#### Acceptance Criteria

1. WHEN a resident applies THEN the system SHALL create a permit request
2. IF the plate is unknown THEN the system SHALL reject the request

### Requirement 2: Renew

**User Story:** As a resident, I want to renew my permit.

#### Acceptance Criteria

1. WHEN a permit expires THEN the system SHALL notify the resident
"""

TABLE = """\
# Fleet

## Functional Requirements

| ID | Requirement | Priority | Status |
|----|-------------|----------|--------|
| `FLT-VEH-001` | The system must register vehicles | Must | Open |
| `FLT-VEH-002` | The system must retire vehicles | Should | Open |

## Out of Scope

| ID | Description |
|----|-------------|
| `OUT-001` | Fuel cards |
"""

NESTED = """\
# Tool Library

## Requirements

**R1. Members**

- **R1.1** The system shall register members.
- **R1.2** The system shall suspend members.

**R2. Loans**

- **R2.1** The system shall lend tools.
"""

BULLETS = """\
# Bee Keeper

## Key Features

- **Hives**: keep a record of each hive
  - location
  - queen's age
- **Inspections**: log inspections
- No photo upload in v1

## Nice to have

- Weather data

## Risks

- Stings
"""

GHERKIN = """\
# Gate

```gherkin
Feature: Gate
  Scenario: open
    Given a valid badge
    Then the gate opens
  Scenario: refuse
    Given a blocked badge
    Then the gate stays shut
```
"""

PLAIN = """\
Tide tables for small harbours

Functional Requirements:

1. Import gauge readings every hour.
2. Publish a table of tides for each harbour.

Out of scope:

- Forecasts of storms
"""

PROSE = """\
# Choir Planner

The planner must store the rehearsals of a choir. It should remind singers of the next one.
"""

SPANISH = """\
# Gestión de Taller

## Requisitos Funcionales

- RF-01: El sistema debe registrar vehículos.
- RF-02: El sistema debe enviar notificaciones por correo.

## Requisitos No Funcionales

- RNF-01: El sistema debe usar PostgreSQL y responder en menos de 2 segundos.

## Fuera de Alcance

- Pagos en línea
"""

CHINESE = """\
# 会议室预订系统

## 功能需求

- 用户登录后可以预订会议室
- 系统发送通知给参会人

## 技术架构

- 数据库：MySQL

## 不在范围

- 在线支付
"""

KOREAN = """\
# 도서 대여 서비스

## 기능 요구사항

### FR-01 도서 검색
- 제목으로 도서를 검색한다.

### FR-02 대여 등록
- 회원이 도서를 대여하면 대여 기록을 저장한다.

## 제외 범위
- 결제와 환불
- Redis 캐시
"""


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (EARS, ["Requirement 1", "Requirement 2"]),
        (TABLE, ["FLT-VEH-001", "FLT-VEH-002"]),
        (NESTED, ["R1.1", "R1.2", "R2.1"]),
        (SPANISH, ["RF-01", "RF-02"]),
        (KOREAN, ["FR-01", "FR-02"]),
    ],
)
def test_the_authors_ids_are_kept(text: str, ids: list[str]) -> None:
    assert [item.id for item in asked(analyse(text))] == ids


@pytest.mark.parametrize(
    ("text", "count"), [(BULLETS, 2), (GHERKIN, 2), (PLAIN, 2), (PROSE, 2), (CHINESE, 2)]
)
def test_requirements_without_ids_are_counted(text: str, count: int) -> None:
    assert len(asked(analyse(text))) == count


def test_acceptance_criteria_belong_to_their_requirement() -> None:
    first, second = asked(analyse(EARS))
    assert [line for line, _ in first.acceptance_criteria] == [9, 10]
    assert [line for line, _ in second.acceptance_criteria] == [18]
    assert first.details[0][1].startswith("User Story: As a resident")


def test_columns_of_a_table_are_understood() -> None:
    first, second = asked(analyse(TABLE))
    assert (first.text, first.priority, first.status) == (
        "The system must register vehicles",
        "Must",
        "Open",
    )
    assert second.line == 8


def test_what_is_excluded_or_later_is_told_apart() -> None:
    scopes = {item.text: item.scope for item in analyse(BULLETS).parsed_prd.requirements}
    assert scopes["No photo upload in v1"] is Scope.EXCLUDED
    assert scopes["Weather data"] is Scope.FUTURE
    assert "Stings" not in scopes
    assert [item.id for item in asked(analyse(TABLE))] == ["FLT-VEH-001", "FLT-VEH-002"]
    assert "file_storage" not in {item.name for item in analyse(BULLETS).patterns}


def test_nested_bullets_are_details() -> None:
    hives = asked(analyse(BULLETS))[0]
    assert hives.details == ((6, "location"), (7, "queen's age"))


def test_spanish_is_understood() -> None:
    result = analyse(SPANISH)
    assert result.parsed_prd.language == "es"
    assert result.external_systems == ["PostgreSQL"]
    assert "notification" in {item.name for item in result.patterns}
    assert "payment" not in {item.name for item in result.patterns}


def test_chinese_is_understood() -> None:
    result = analyse(CHINESE)
    assert (result.parsed_prd.language, result.parsed_prd.title) == ("zh", "会议室预订系统")
    assert result.external_systems == ["MySQL"]
    names = {item.name for item in result.patterns}
    assert {"authentication", "notification"} <= names
    assert "payment" not in names


def test_korean_is_understood() -> None:
    result = analyse(KOREAN)
    assert result.parsed_prd.language == "ko"
    assert result.external_systems == []
    names = {item.name for item in result.patterns}
    assert "search" in names
    assert not names & {"payment", "caching"}


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("---\ntitle: Ferry Times\n---\n# Other\n", "Ferry Times"),
        ("# Ferry Times\ntext", "Ferry Times"),
        ("## Ferry Times\n\n### Goals\n", "Ferry Times"),
        ("Ferry Times\n===========\n", "Ferry Times"),
        ("**Ferry Times**\n\nA text.", "Ferry Times"),
        ("🚢 Ferry Times PRD\n\nScope:\n\n- a", "🚢 Ferry Times PRD"),
        ("Functional Requirements\n\n1. Import times.\n2. Show times.", ""),
        ("", ""),
    ],
)
def test_titles_are_found_anywhere(text: str, title: str) -> None:
    assert analyse(text).parsed_prd.title == title


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("# Product Requirements Document (PRD)\n\n## Title\n\nFerry Times\n", "Ferry Times"),
        ("# PRD\n\n**Product name:** Ferry Times\n", "Ferry Times"),
        ("# Ferry Times - Product Requirements Document\n", "Ferry Times"),
        ("# 产品需求文档\n\n项目名称：渡轮时刻\n", "渡轮时刻"),
    ],
)
def test_the_product_is_named(text: str, product: str) -> None:
    assert analyse(text).parsed_prd.product == product


def test_a_list_of_tasks_stands_for_requirements() -> None:
    text = (
        "# Vault\n\n## Task List\n\n### Phase 1\n\n- [x] Implement login with passwords\n"
        "- [ ] Process payments with Stripe\n- [ ] Send push notifications\n"
    )
    result = analyse(text)
    assert len(asked(result)) == 3
    assert {"authentication", "payment", "notification"} <= {item.name for item in result.patterns}
