"""The title of a document, and the name of the product where the title does not say it."""

import re
from collections.abc import Mapping, Sequence

from nodewright.language.markup import plain
from nodewright.prd.markdown import BlockKind
from nodewright.prd.outline import Section
from nodewright.prd.roles import role_of

_MAX_TITLE = 200
_MAX_WORDS = 16
_DOCUMENT_WORDS = re.compile(
    r"product requirements?(?: document)?|requirements?(?: document| specification)?|prd"
    r"|feature specification"
    r"|functional specification|software requirements specification|srs|specification|spec"
    r"|产品需求文档|需求文档|产品需求|요구사항 정의서|제품 요구사항 문서"
    r"|documento de requisitos(?: del producto| de producto)?",
    re.IGNORECASE,
)
_PRODUCT_LABEL = re.compile(
    r"\s*[-*>]*\s*(?:product(?: name)?|project(?: name)?|app(?:lication)? name|feature(?: name)?"
    r"|title|name"
    r"|项目名称|产品名称|프로젝트 ?명|제품명|서비스명"
    r"|nombre del (?:proyecto|producto)|proyecto|producto)"
    r"(?: \([^)]{0,30}\))?\s*[:：]\s*(?P<name>\S.{0,120})",
    re.IGNORECASE,
)
_NAME_SECTIONS = re.compile(
    r"(?:product |project )?(?:title|name)|项目名称|产品名称|제품명", re.IGNORECASE
)


def find_title(front_matter: Mapping[str, str], sections: Sequence[Section]) -> str:
    """The title: of the front matter, else the first heading, else a first line that is one."""
    if front_matter.get("title"):
        return plain(front_matter["title"])[:_MAX_TITLE]
    tops = [section for section in sections if section.level == 1]
    first = sections[1] if len(sections) > 1 else None
    lead = sections[0].blocks[0] if sections[0].blocks else None
    markdown_heading = first is not None and not first.implied
    if lead is not None and (first is None or first.implied):
        line = plain(lead.text.split("\n", 1)[0])
        words = line.split()
        if (
            lead.kind is BlockKind.PARAGRAPH
            and words
            and (len(words) <= _MAX_WORDS and line[-1] not in ".。!！?？;；,，:：")
        ):
            return line[:_MAX_TITLE]
        return ""
    if first is None:
        return ""
    if markdown_heading:
        # Badges and remarks may stand above the title; a heading of level 1 is it wherever it is.
        chosen = tops[0] if tops and not tops[0].implied else first
        return chosen.title[:_MAX_TITLE]
    documentary = _DOCUMENT_WORDS.search(first.title) and not _is_section_name(first.title)
    return first.title[:_MAX_TITLE] if documentary or first.role == "unknown" else ""


def _is_section_name(title: str) -> bool:
    """``Functional Requirements`` heads a section; ``Shop Requirements Document`` a document."""
    document = re.search(
        r"document|specification|\bprd\b|文档|문서|documento", title, re.IGNORECASE
    )
    return document is None and role_of(title) is not None


def product_name(title: str, sections: Sequence[Section]) -> str:
    """The product's name: what the title says beside "PRD", else a line that names it."""
    rest = _DOCUMENT_WORDS.sub(" ", title)
    rest = re.sub(r"[（(][^()（）]*[)）]", " ", rest)
    rest = re.sub(r"^[\W_]+|[\W_]+$", "", " ".join(rest.split()))
    rest = re.sub(r"^(?:for|of|the|de|del|para)\s+", "", rest, flags=re.IGNORECASE)
    if re.search(r"[^\W\d_]{2}", rest):
        return rest
    for section in sections[:12]:
        if _NAME_SECTIONS.fullmatch(section.title) and section.blocks:
            return plain(section.blocks[0].text.split("\n", 1)[0])[:_MAX_TITLE]
        for block in section.blocks[:8]:
            for line in plain(block.text).split("\n")[:8]:
                found = _PRODUCT_LABEL.match(line)
                if found:
                    return found["name"].strip()[:_MAX_TITLE]
    return ""
