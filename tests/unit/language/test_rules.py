"""Every regular expression of the rooms of language: readable, shown by example, and linear."""

import re
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

import nodewright.language
import nodewright.prd

# Module and name -> a text in which it is found, and one in which it is not.
EXAMPLES = {
    "language.durations._LENGTH": ("within 15 minutes", "15"),
    "language.durations._MONTHS": ("two months", "two"),
    "language.durations._ADVERB": ("sent nightly", "the night"),
    "language.durations._CLOCK": ("at 9:30 am", "at noon"),
    "language.identifiers._DIGIT": ("FR-1", "FR"),
    "language.identifiers._OTHER_HYPHEN": ("FR\u20111", "FR-1"),
    "language.identifiers._ORDINAL": ("8.1 FR-1", "FR-1 8.1"),
    "language.identifiers._TOKEN": ("INT-DB-001", "int"),
    "language.identifiers._SPACED": ("FR 12", "FR-12"),
    "language.identifiers._NUMBER": (" 1.2", "one"),
    "language.identifiers._SEGMENT": ("R12", "R"),
    "language.identifiers._LAST_LETTER": ("a", "1"),
    "language.identifiers._BOUNDARY": (":", "x"),
    "language.identifiers._CLOSING": ("]", "["),
    "language.identifiers._GAP": (" — ", "x"),
    "language.identifiers._LABEL_END": (" ID: ", "x"),
    "language.lexicon._TOKEN": ("größe", "@ #"),
    "language.lexicon._JOINED": ("order.created", "order.create"),
    "language.lexicon._PAST": ("order.sent", "order.send"),
    "language.markup._LINK": ("[plan](plan.md)", "[plan]"),
    "language.markup._TAG": ("a<br/>b", "a < b"),
    "language.markup._MARKS": ("**bold**", "bold"),
    "language.markup._ESCAPE": ("1\\.", "1."),
    "language.modals._WORD": ("won't", "1 2"),
    "language.naming._WORD": ("userOrder", "-"),
    "language.naming._ONE_WORD": ("an OAuth token", "a token"),
    "language.naming._POSSESSIVE": ("Ann's", "Anns"),
    "language.naming.NOT_IN_NAMES": ("a b", "ab"),
    "language.naming._CAMEL_CASE": ("UserService", "User"),
    "language.naming._SUBTITLE": ("Desk: tickets", "Desk"),
    "language.naming._VERSION": ("Desk v1.2", "Web3 Desk"),
    "language.nouns._ASIDE": ("Ticket (paper)", "Ticket"),
    "language.nouns._ORDINAL": ("1.2 Ticket", "Ticket 1"),
    "language.nouns._NAME_END": ("Ticket: paper", "Ticket"),
    "language.nouns._HUMP": ("orderItem", "order"),
    "language.nouns._KIND_OF_RECORD": ("Ticket table", "Tablet"),
    "language.nouns._NAME_WORD": ("a_b", "_"),
    "language.scripts.EAST_ASIAN": ("票", "ticket"),
    "language.scripts._LETTER": ("a", "1"),
    "language.scripts._WORD": ("ab", "1"),
    "language.verbs._STORY": ("As a guest, I want to pay", "A guest wants to pay"),
    "language.verbs._SPANISH_STORY": ("Como cliente, quiero pagar", "El cliente paga"),
    "language.verbs._ENABLE": ("allows guests to pay", "pays"),
    "language.verbs._PASSIVE": ("Tickets must be sold", "Tickets are sold"),
    "language.verbs._THEN": ("and then", "thence"),
    "language.verbs._CLAUSE": ("pay so that", "pay"),
    "language.verbs._WORD": ("pay", "12"),
    "language.verbs._SECOND_VERB": (" or cancel their plans", "cancel their plans"),
    "language.verbs._TITLE_OF_WORK": ("Payment processing: cards", "Processing"),
    "language.verbs._LIST_PART": (", and delete", "delete"),
    "language.verbs._OBJECT_END": ("orders; all", "orders"),
    "language.worded._LIST": ("<modal>", "(?P<unit>"),
    "prd.asciidoc._HEADING": ("== Scope", "==Scope"),
    "prd.asciidoc._MARKDOWN_HEADING": ("## Scope", "##Scope"),
    "prd.asciidoc._ITEM": ("** deep", "deep"),
    "prd.asciidoc._TERM": ("Seat:: a place", "Seat: a place"),
    "prd.asciidoc._ATTRIBUTE": (":toc: left", "toc: left"),
    "prd.asciidoc._BLOCK_ATTRIBUTE": ('[cols="1,4"]', "cols"),
    "prd.asciidoc._COLUMNS": ('cols="1,4"', "options=header"),
    "prd.asciidoc._LANGUAGE": ("[source,json]", "[quote]"),
    "prd.asciidoc._CELL": ("2+|a", "a \\\\"),
    "prd.asciidoc._BLOCK_TITLE": (".Seats", "... and"),
    "prd.contexts._METADATA": ("Status: draft", "draft"),
    "prd.contexts._PLACEHOLDER": ("[describe the product]", "the product"),
    "prd.contexts._ITALIC": ("_Describe the users here._", "Describe"),
    "prd.contexts._LEAD": ("Example: two tickets", "two tickets"),
    "prd.contexts._ANCHOR": ("[Scope](#scope)", "[Scope](scope.md)"),
    "prd.forms._VALUE": ("`paid`", "paid"),
    "prd.forms._WORD": ("pay", "12"),
    "prd.forms._DRAWN": ("┌──┐", "+--+"),
    "prd.front_matter._END": ("---", "--"),
    "prd.front_matter._ANCHOR": ("a: &b c", "a: b & c"),
    "prd.headings._NO_SPACE": ("##Scope", "## Scope"),
    "prd.html._HEADING": ("<h2>Scope</h2>", "<p>Scope</p>"),
    "prd.html._START": ('<table class="a">', "<tablet>"),
    "prd.html._TAG": ("</ul>", "<u>"),
    "prd.indents._INDENTED_ITEM": ("    - item", "- item"),
    "prd.indents._ITEM": ("  1. item", "item"),
    "prd.jira._HEADING": ("h2. Scope", "h2 Scope"),
    "prd.jira._ITEM": ("## second", "second"),
    "prd.jira._CODE": ("{code:sql}", "code"),
    "prd.jira._MACRO": ("{color:red}", "{id}"),
    "prd.lines._FENCE": ("```json", "``json"),
    "prd.lines._STAND_IN": ("\ue0007\ue001", "7"),
    "prd.markdown._SAFE": ("- item", "---"),
    "prd.markdown._ANCHOR": ("Scope {#scope}", "Scope {id}"),
    "prd.markdown._CHECKBOX": ("[x] done", "[y] done"),
    "prd.outline._BOLD_LINE": ("**Scope:**", "**Scope** of it"),
    "prd.outline._HAN_ORDINAL": ("一、范围", "范围"),
    "prd.outline._KEYCAP": ("1\ufe0f\u20e3 Scope", "1 Scope"),
    "prd.outline._DOTTED_NUMBER": ("1.2 Scope", "1. Scope"),
    "prd.outline._LABEL_END": ("Scope:", "Scope"),
    "prd.outline._GLYPH": ("• item", "item"),
    "prd.outline._LEADING_LABEL": ("**Seat** of it", "Seat"),
    "prd.outline._DOTTED": ("2.1 The desk", "2 desks"),
    "prd.outline._WAITING_LIST": ("Product backlog", "Scope"),
    "prd.pieces._DRAWN": ("└── src", "src"),
    "prd.pieces._CODE_LIKE": ("let a = 1;", "a list"),
    "prd.pieces._COUNTED": ("a", "---"),
    "prd.requirements._PRIORITY": ("(Priority: P1)", "Prior: 1"),
    "prd.requirements._PRIORITY_MARK": ("[must]", "must"),
    "prd.requirements._TIER": ("Must have", "Must"),
    "prd.requirements._LEADING_TIER": ("P1: sell", "P1"),
    "prd.requirements._STATUS_LINE": ("Status: withdrawn", "withdrawn"),
    "prd.requirements._CONDITION": ("If it is paid", "It is paid"),
    "prd.restructured._RULE": ("====", "=="),
    "prd.restructured._DIRECTIVE": (".. note:: read", ".. a comment"),
    "prd.restructured._TARGET": (".. _seat:", ".. seat"),
    "prd.restructured._OPTION": ("   :widths: 1", "widths"),
    "prd.restructured._GRID": ("+---+---+", "----"),
    "prd.restructured._SIMPLE": ("==== ====", "===="),
    "prd.restructured._AUTO_NUMBER": ("#. first", "# first"),
    "prd.restructured._MARKDOWN_HEADING": ("# Scope", "#. first"),
    "prd.roles._PARENTHESIS": ("Scope (v2)", "Scope"),
    "prd.scopes._UNWANTED": ("no login is needed.", "a login is needed"),
    "prd.scopes._BRACKETED": ("Export (later)", "Export later"),
    "prd.scopes._LEADING": ("Deprecated: export", "Deprecated"),
    "prd.scopes._OPENING_MARKS": ("**", "a"),
    "prd.scopes._RAW_STRUCK": ("~~export~~", "~export~"),
    "prd.scopes._AFTER_MARK": ("removed in v2", "removed"),
    "prd.scopes._LABEL": ("Out of scope: cakes", "cakes"),
    "prd.seeds._NAMED": ("Feature: pay", "pay"),
    "prd.sentences._SENTENCE_END": ("One. Two", "e.g. two"),
    "prd.splitting._END": ("One. Two", "one, two"),
    "prd.splitting._LABEL": ("Owner: Ann", "owner Ann"),
    "prd.splitting._WORD_BEFORE": ("see e.g", "( "),
    "prd.taskfile._KEY": ("# Title: Pay", "# Pay"),
    "prd.titles._WORD": ("Desk", "—"),
    "prd.titles._PARENTHESIS": ("Desk (PRD)", "Desk"),
    "prd.titles._EDGES": ("- Desk", "Desk"),
    "prd.titles._TWO_LETTERS": ("ab", "a1"),
    "prd.titles._LABELLED": ("Product: Desk", "Desk"),
    "prd.titles._DOCUMENT": ("Requirements document", "Requirements"),
}


def rules() -> Iterator[tuple[str, re.Pattern[str], set[str]]]:
    """Each rule with the methods by which its module uses it."""
    for room in (nodewright.language, nodewright.prd):
        for found in iter_modules(room.__path__, f"{room.__name__}."):
            module = import_module(found.name)
            source = Path(str(module.__file__)).read_text(encoding="utf-8")
            for name, value in vars(module).items():
                if isinstance(value, re.Pattern) and f"\n{name} = re.compile" in source:
                    uses = set(re.findall(rf"\b{name}\.([a-z]+)\(", source))
                    yield f"{found.name.removeprefix('nodewright.')}.{name}", value, uses


RULES = {name: (rule, uses) for name, rule, uses in rules()}


def test_every_rule_has_an_example() -> None:
    assert set(RULES) == set(EXAMPLES)


@pytest.mark.parametrize("name", RULES)
def test_a_rule_fits_a_line_and_names_its_groups(name: str) -> None:
    rule, _ = RULES[name]
    assert len(rule.pattern) <= 120
    assert rule.groups == len(rule.groupindex)


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_shown_by_example(name: str) -> None:
    rule, uses = RULES[name]
    whole = "fullmatch" in uses or rule.match("") is not None
    find = rule.fullmatch if whole else rule.match if "match" in uses else rule.search
    yes, no = EXAMPLES[name]
    assert find(yes), yes
    assert not find(no), no


UNITS = [" ", "\n", "a", "A", "1", "(", "[", ".", "-", "*", "_", "`", "|", ":", "~~", "a ", "A-1 "]
UNITS += ["- ", "1.", "<a", "{a", "=", "\t", "no a", " and ", "é", "中", '"', "+-", "a.b"]
SMALL, TIMES = 400, 8


def seconds(work: Callable[[str], object], text: str) -> float:
    start = time.process_time()
    work(text)
    return time.process_time() - start


@pytest.mark.parametrize("name", RULES)
def test_the_time_of_a_rule_grows_with_the_text_only(name: str) -> None:
    rule, uses = RULES[name]
    works: list[Callable[[str], object]] = []
    if uses & {"match", "fullmatch"} or not uses:
        works.append(rule.match)
    if uses - {"match", "fullmatch"}:
        works.append(lambda text: rule.sub("", text))
    for work in works:
        for unit in UNITS:
            longer = seconds(work, unit * SMALL * TIMES + "!")
            if longer > 0.01:
                shorter = min(seconds(work, unit * SMALL + "!") for _ in range(3))
                longer = min(longer, *(seconds(work, unit * SMALL * TIMES + "!") for _ in range(2)))
                assert longer < 0.01 + 3 * TIMES * shorter, unit
