"""What belongs to this release, by what sentences and labels say of it."""

import re
from collections.abc import Sequence

from nodewright.language.lexicon import stems, word_set
from nodewright.language.markup import plain
from nodewright.prd.markdown import Block, BlockKind
from nodewright.prd.models import Scope
from nodewright.prd.roles import role_of

_EXCLUDED = re.compile(
    r"\bout[- ]of[- ]scope|\bnot (?:be )?in(?:cluded in)? scope|outside (?:of )?(?:the |this )?"
    r"(?:scope|prd)|beyond the scope|\bnon-goals?\b|\b(?:is|are) (?:not supported|not included"
    r"|excluded|intentionally excluded|not required|not needed|not part of)"
    r"|\bno [^.;:]{1,60} (?:is |are )?(?:required|needed)\b"
    r"|\b(?:no|not|without)\b[^.;:]{1,80}\b(?:in|for) (?:v1|p0|mvp|the mvp|version 1"
    r"|this (?:release|version|phase|iteration))\b"
    r"|제외(?:합니다|한다|됩니다|함)|포함하지 않|범위 밖|범위에 포함되지|추가하지 않"
    r"|사용하지 않습니다"
    r"|不在.{0,8}范围|目前(?:无|没有|未)|尚未|未接入|不包含|不包括|暂不|不支持"
    r"|fuera de(?:l)? alcance"
    r"|no incluye|no se incluye|queda excluid",
    re.IGNORECASE,
)
_FUTURE = re.compile(
    r"\bin (?:the |a )?future\b|\bfuture (?:release|version|phase|work|enhancement|iteration)"
    r"|\b(?:later|next|subsequent) (?:release|version|phase|iteration|sprint)s?\b|\bpost-(?:mvp"
    r"|v1)\b"
    r"|\bv(?:ersion )?2(?:\.0)?\+?\)|\bphase [2-9]\)|\bplanned for (?:v|version|phase)|\(future\)"
    r"|\b(?:eventually|down the road)\b|추후|향후|후속 작업|后续可|未来|后期|en el futuro|a futuro"
    r"|próxim[ao]s? (?:versión|fase)",
    re.IGNORECASE,
)
# One of these stems is in every sentence that the patterns above match.
_EXCLUDING = word_set("scope scop goal exclud excluid no not without fuera 제 않 범 不 暂 无 没 未")
_DEFERRING = word_set(
    "futur futuro later next subsequent mvp v1 v2 v version phas eventually down próxim proxim "
    "proxima próxima 추 향 후 后 未"
)


def scope_of(text: str, given: Scope = Scope.RELEASE, words: Sequence[str] | None = None) -> Scope:
    """The scope that a sentence gives itself, within a section of scope ``given``.

    ``words`` are the stems of ``text`` where the caller has them already.
    """
    if given is not Scope.RELEASE:
        return given
    words = stems(text) if words is None else words
    if not _EXCLUDING.isdisjoint(words) and _EXCLUDED.search(text):
        return Scope.EXCLUDED
    if not _DEFERRING.isdisjoint(words) and _FUTURE.search(text):
        return Scope.FUTURE
    return given


_LABEL = re.compile(r"([^:：\n]{2,60})[:：](?:\s+|$|(?=[^\x00-\x7f]))")
_SCOPE_HINT = re.compile(
    r"scope|goal|future|later|exclu|nice|could|stretch|roadmap|post|v2|backlog|defer|guardrail|not "
    r"|제외|범위|향후|추후|不|范围|未来|后续|排除|fuera|futur|forbidden",
    re.IGNORECASE,
)


def label_scope(text: str) -> Scope:
    """The scope that a leading label such as ``Non-goals:`` gives to a block."""
    head = text[:90]
    if ":" not in head and "：" not in head:
        return Scope.RELEASE
    label = _LABEL.match(plain(head))
    if label is None or not _SCOPE_HINT.search(label[1]):
        return Scope.RELEASE
    role = role_of(label[1])
    return {"excluded": Scope.EXCLUDED, "future": Scope.FUTURE}.get(role or "", Scope.RELEASE)


def block_scopes(blocks: Sequence[Block], given: Scope) -> list[Scope]:
    """The scope of each block of a section: items inherit that of the item above them."""
    if given is not Scope.RELEASE:
        return [given] * len(blocks)
    scopes: list[Scope] = []
    open_items: list[tuple[int, Scope]] = []
    for block in blocks:
        if block.kind is BlockKind.ITEM:
            while open_items and open_items[-1][0] >= block.level:
                open_items.pop()
        elif block.level == 0 and block.kind is not BlockKind.CODE:
            open_items.clear()
        inherited = open_items[-1][1] if open_items else Scope.RELEASE
        if inherited is Scope.RELEASE and block.kind is not BlockKind.CODE:
            inherited = label_scope(block.text)
        if block.kind is BlockKind.ITEM or (
            block.kind is BlockKind.PARAGRAPH and inherited is not Scope.RELEASE
        ):
            # A paragraph "Out of scope:" rules the list that follows it.
            level = block.level if block.kind is BlockKind.ITEM else 0
            open_items.append((level, inherited))
        scopes.append(inherited)
    return scopes
