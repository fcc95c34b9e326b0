"""Kinds of sections by their headings, in every supported language."""

import pytest

from nodewright.prd.roles import role_of

HEADINGS = {
    "functional": "Functional requirements|Features|Muss-Kriterien|Exigences fonctionnelles"
    "|Requisitos funcionais|Функциональные требования|機能要件|功能需求|기능 요구사항",
    "nonfunctional": "Non-functional requirements|Nichtfunktionale Anforderungen"
    "|Exigences non fonctionnelles|Requisitos não funcionais|Нефункциональные требования"
    "|非機能要件|非功能需求|비기능 요구사항",
    "excluded": "Out of scope|Non-goals|Abgrenzungskriterien|Hors périmètre|Fora do escopo"
    "|Fuera de alcance|Вне рамок|対象外|不在范围|제외 범위|Won't have",
    "future": "Future work|Roadmap|Nice to have|Wunschkriterien|Évolutions futures"
    "|Melhorias futuras|Дорожная карта|今後の予定|未来规划|향후 계획",
    "data": "Data model|Datenmodell|Modèle de données|Modelo de dados|Модель данных|データモデル"
    "|数据模型|데이터 모델",
    "criteria": "Acceptance criteria|Akzeptanzkriterien|Critérios de aceitação|Критерии приёмки"
    "|受け入れ基準|验收标准|수용 기준",
    "stories": "User stories|Anwendungsfälle|Casos de uso|Пользовательские истории|ユースケース"
    "|用户故事|사용자 스토리",
    "rules": "Business rules|Geschäftsregeln|Règles métier|Regras de negócio|Бизнес-правила"
    "|ビジネスルール|业务规则|비즈니스 규칙",
    "risks": "Risks|Risiken|Risques|Riscos|Риски|リスク|风险|위험",
    "questions": "Open questions|Offene Fragen|Questions ouvertes|Открытые вопросы|待定|미결",
    "references": "Glossary|Glossar|Glossaire|Глоссарий|用語集|术语|용어",
    "meta": "Change log|Änderungshistorie|Historique des versions|История изменений|変更履歴|变更"
    "历史|변경 이력",
    "goals": "Goals|Ziele|Objectifs|Objetivos|Цели|目的|目标|목표",
    "overview": "Overview|Einleitung|Introdução|Введение|概要|概述|개요",
    "background": "Background|Hintergrund|Problemstellung|Предпосылки|背景|배경",
    "plan": "Timeline|Zeitplan|Cronograma|Сроки|スケジュール|里程碑|일정",
}
PAIRS = [(role, title) for role, titles in HEADINGS.items() for title in titles.split("|")]


@pytest.mark.parametrize(("role", "title"), PAIRS)
def test_headings(role: str, title: str) -> None:
    assert role_of(title) == role
    assert role_of(f"3.1 {title}") == role


@pytest.mark.parametrize(
    "title",
    [
        "Tickets",
        "Rejected orders",
        "Order history",
        "",
        "x" * 200,
        "Deprecated plans of a customer",
    ],
)
def test_topics_of_the_product_are_no_kinds(title: str) -> None:
    assert role_of(title) is None


@pytest.mark.parametrize(
    ("title", "role"),
    [
        ("Export (out of scope)", "excluded"),
        ("Features (future)", "future"),
        ("Goals and non-goals", "goals"),
        ("Scope of this release", "functional"),
        ("Implemented requirements", "functional"),
    ],
)
def test_parts_of_headings(title: str, role: str) -> None:
    assert role_of(title) == role
