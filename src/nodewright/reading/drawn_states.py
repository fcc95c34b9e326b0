"""State machines that are drawn: tables of states, diagrams, and headed lists of statuses."""

import re
from collections.abc import Iterator, Sequence

from nodewright.language.markup import plain
from nodewright.prd.blocks import Block, BlockKind
from nodewright.prd.outline import Section
from nodewright.reading.machines import COMMON_STATES, Machine, state_name, trigger_of

_FROM = re.compile(
    r"(?:from|source|current|old)(?: state| status)?|(?:\w+ )?(?:state|status)|从|(?:当前)?状态"
    r"|(?:이전 |현재 )?상태|desde|estado(?: actual| origen)?",
    re.IGNORECASE,
)
_TO = re.compile(
    r"(?:to|target|next|new|allowed|valid|possible)(?: next)?(?: states?| status(?:es)?)?"
    r"|(?:allowed |valid |possible |next )?transitions?(?: to)?|(?:can )?(?:move|go|change)s? to"
    r"|到|(?:目标|下一|后续)状态|可转换(?:为|到)?|(?:다음|전이) 상태|hasta|a|estado siguiente"
    r"|transiciones",
    re.IGNORECASE,
)
_TRIGGER = re.compile(
    r"(?:\w+ )?(?:triggers?|events?|actions?|when|conditions?|on)(?: \w+)?|触发(?:事件|条件)?|事件"
    r"|트리거|이벤트|evento|acci[óo]n",
    re.IGNORECASE,
)
_MEANING = re.compile(
    r"meaning|description|definition|explanation|notes?|when|entered|含义|说明|描述|설명|의미"
    r"|descripci[óo]n|significado",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r"\s*(?:,|;|/|、|，|\bor\b|\band\b|\by\b)\s*")
_FEWEST = 2


def drawn_machines(section: Section) -> Iterator[Machine]:
    """The machines of a section's table, of its diagrams and of its list of statuses."""
    rows = [block for block in section.blocks if block.kind is BlockKind.ROW and block.header]
    if rows:
        yield from _from_table(rows)
    for block in section.blocks:
        if block.kind is BlockKind.CODE and _DIAGRAM.search(block.text):
            yield from _from_diagram(block)
    if _STATUSES.search(section.title):
        yield from _from_items(section.blocks)


def _from_table(rows: Sequence[Block]) -> Iterator[Machine]:
    """Columns From, To and perhaps Trigger, or State and its meaning."""
    machine = Machine("", rows[0].line)
    header: tuple[str, ...] = ()
    for row in rows:
        if row.header is not header:
            header = row.header
            columns = [plain(column) for column in header]
            source = _column(_FROM, columns)
            target = _column(_TO, columns)
            trigger = _column(_TRIGGER, columns)
            explained = source == 0 and _column(_MEANING, columns) is not None
        if source is None or source >= len(row.cells) or (target is None and not explained):
            continue
        state = state_name(plain(row.cells[source]))
        if state is None:
            continue
        if target is None:
            machine.add(state)
            continue
        moves = _SEVERAL.split(plain(row.cells[target])) if target < len(row.cells) else []
        named = plain(row.cells[trigger]) if trigger is not None else ""
        for goal in filter(None, map(state_name, moves)):
            machine.move(state, goal, named or trigger_of(goal), row.line)
    if len(machine.states) >= _FEWEST:
        yield machine


def _column(pattern: re.Pattern[str], columns: Sequence[str]) -> int | None:
    return next((n for n, column in enumerate(columns) if pattern.fullmatch(column)), None)


_DIAGRAM = re.compile(r"^[ \t]*(?:stateDiagram|@startuml)|\[\*\]\s*-+>", re.MULTILINE)
_EDGE = re.compile(
    r"^\s*(?P<source>\[\*\]|\w+)\s*-+(?:\w+-+)?>\s*(?P<target>\[\*\]|\w+)"
    r"(?:\s*:\s*(?P<label>[^\n]{1,80}))?\s*$"
)
_CALLED = re.compile(r"^\s*state\s+\"(?P<name>[^\"\n]{1,40})\"\s+as\s+(?P<alias>\w+)")
_MAX_LINES = 500


def _from_diagram(block: Block) -> Iterator[Machine]:
    """Mermaid's ``stateDiagram`` and PlantUML: ``Draft --> Paid : pay``."""
    machine = Machine("", block.line)
    names: dict[str, str] = {}
    for number, line in enumerate(block.text.split("\n", _MAX_LINES)[:_MAX_LINES], block.line + 1):
        called = _CALLED.match(line)
        if called:
            names[called["alias"]] = called["name"]
        edge = _EDGE.match(line)
        if edge is None:
            continue
        ends = [names.get(edge[side], edge[side]) for side in ("source", "target")]
        source, target = (None if end == "[*]" else state_name(end) for end in ends)
        if source and target:
            label = " ".join((edge["label"] or "").split())
            machine.move(source, target, label or trigger_of(target), number)
        elif source or target:
            machine.add(source or target or "")
    if len(machine.states) >= _FEWEST:
        yield machine


_STATUSES = re.compile(
    r"\b(?:states|status(?:es)?|life ?cycle)\b|상태|状态|\bestados\b", re.IGNORECASE
)
_MARKED = re.compile(r"\s*(?:\*\*|__|`)(?P<name>[^*_`\n]{2,30}?)(?:\*\*|__|`)\s*(?:[:：(（–—-]|$)")
_SAID = re.compile(r"\s*(?P<name>[^\W\d_][\w ]{1,24}?)\s*(?:[:：(（–—]|\s-\s|$)")


def _from_items(blocks: Sequence[Block]) -> Iterator[Machine]:
    """``**Draft**: not yet sent`` for each item of the list."""
    items = [block for block in blocks if block.kind is BlockKind.ITEM and block.level == 1]
    marked = [_MARKED.match(block.text) for block in items]
    said = marked if all(marked) else [_SAID.match(block.text) for block in items]
    names = [found and state_name(found["name"]) for found in said]
    common = sum(bool(name) and str(name).lower() in COMMON_STATES for name in names)
    if len(items) < _FEWEST or not all(names) or not (all(marked) or common >= _FEWEST):
        return
    machine = Machine("", items[0].line)
    for name in names:
        machine.add(str(name))
    yield machine
