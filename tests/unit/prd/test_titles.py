"""The title of a document, the name of its product, and the name of its package."""

import keyword
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodewright.language.naming import is_taken, package_name
from nodewright.prd.document import parse_document
from nodewright.prd.titles import name_in


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Tide Watch", "Tide Watch"),
        ("PRD: Tide Watch", "Tide Watch"),
        ("Tide Watch - Product Requirements Document (PRD)", "Tide Watch"),
        ("Product Requirements Document for the Tide Watch", "the Tide Watch"),
        ("Specimen Tracker", "Specimen Tracker"),
        ("Prdential Fund", "Prdential Fund"),
        ("Inspection Desk", "Inspection Desk"),
        ("Requirements Retriever", "Retriever"),
        ("Lastenheft: Pegelwacht", "Pegelwacht"),
        ("Cahier des charges : Veille des marées", "Veille des marées"),
        ("Documento de requisitos de producto: Vigía", "Vigía"),
        ("Техническое задание: Учёт лодок", "Учёт лодок"),
        ("潮汐观测 产品需求文档", "潮汐观测"),
        ("潮位監視 要件定義書", "潮位監視"),
        ("조수 관측 요구사항 정의서", "조수 관측"),
        ("Product Requirements Document", ""),
        ("Product Requirements Document (PRD)", ""),
        ("Requirements", ""),
        ("README", ""),
        ("Implementation plan", ""),
        ("Functional Specification v2", ""),
        ("产品需求文档", ""),
        ("", ""),
        ("🌊", ""),
    ],
)
def test_what_a_title_names(title: str, name: str) -> None:
    assert name_in(title) == name


@pytest.mark.parametrize(
    ("product", "package"),
    [
        ("Tide Watch", "tide_watch"),
        ("Specimen Tracker", "specimen_tracker"),
        ("SpecTrack", "spec_track"),
        ("Tide Watch: tables for small harbours", "tide_watch"),
        ("Tide Watch — the gauge", "tide_watch"),
        ("Tide Watch (beta)", "tide_watch"),
        ("Tide Watch v2.1", "tide_watch"),
        ("The Watch of the Tides", "watch_tides"),
        ("One Two Three Four Five", "one_two_three_four"),
        ("Fährbüro", "fahrburo"),
        ("Учёт лодок", "uchet_lodok"),
        ("Email", "email_service"),
        ("Calendar", "calendar_service"),
        ("Tests", "tests_service"),
        ("Pydantic", "pydantic_service"),
        ("Redis", "redis_service"),
        ("Class", "class_service"),
        ("Match", "match_service"),
        ("404", "service_404"),
        ("", "service"),
        ("—", "service"),
        ("x" * 60, "x" * 60),
        ("x" * 200, "service"),
        ("Supercalifragilisticexpialidocious Antidisestablishment", None),
    ],
)
def test_packages_have_whole_words_of_the_product(product: str, package: str | None) -> None:
    if package is None:
        assert package_name(product) == product.split(maxsplit=1)[0].lower()
    else:
        assert package_name(product) == package


@given(st.text(max_size=80))
def test_any_product_gives_a_name_that_can_be_imported(product: str) -> None:
    name = package_name(product)
    assert name.isidentifier()
    assert name.isascii()
    assert name == name.lower()
    assert not keyword.iskeyword(name)
    assert name not in sys.stdlib_module_names
    assert not is_taken(name)


@pytest.mark.parametrize(
    ("text", "product", "package"),
    [
        ("---\ntitle: |\n  Tide Watch\n---\n\n# Requirements\n", "Tide Watch", "tide_watch"),
        ('---\ntitle: "Tide Watch" # for now\n---\n\nText.\n', "Tide Watch", "tide_watch"),
        ("---\nproduct: Tide Watch\n---\n\n# PRD\n", "Tide Watch", "tide_watch"),
        ("# Requirements\n\n## Tide Watch\n\n### Scope\n\n- a\n", "Tide Watch", "tide_watch"),
        ("# PRD\n\n**Product:** Tide Watch\n", "Tide Watch", "tide_watch"),
        ("# PRD\n\n| Project | Tide Watch |\n|---|---|\n| Owner | Mira |\n", "", "service"),
        ("# PRD\n\n## Product name\n\nTide Watch\n", "Tide Watch", "tide_watch"),
        ("# PRD\n\n## Features\n\n- Record a payment\n", "", "service"),
        ("# Requirements\n\n## Must have\n\n- Lend a book\n", "", "service"),
        ("---\n\n# Tide Watch\n\nText.\n\n---\n\n## Open questions\n", "Tide Watch", "tide_watch"),
        ("# PRD\n\nProjektname: Pegelwacht\n", "Pegelwacht", "pegelwacht"),
        ("# 要件定義書\n\n製品名：潮位監視\n", "潮位監視", None),
    ],
)
def test_the_product_of_a_document(text: str, product: str, package: str | None) -> None:
    document = parse_document(text)
    assert document.product == product
    if package is not None:
        assert document.package == package
    else:
        assert document.package.isidentifier()


def test_a_language_that_is_not_read_is_said() -> None:
    thai = parse_document("# ระบบขายตั๋ว\n\n## Requirements\n\n- FR-1: ระบบต้องขายตั๋ว\n")
    assert [item.id for item in thai.requirements] == ["FR-1"]
    assert thai.warnings[0].startswith("the text is in Thai, which is not read")
    german = parse_document("# Fähre\n\n## Anforderungen\n\n- FR-1: Das System muss der Fahrt\n")
    assert german.warnings[0].startswith("the text is in German, which is read in part")
    assert parse_document("# Ferry\n\n- FR-1: The desk shall sell a ticket\n").warnings == ()
