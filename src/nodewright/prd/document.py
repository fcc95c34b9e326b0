"""From the text of a document to its clauses."""

from nodewright.language.scripts import language_of
from nodewright.prd.clauses import Document, clauses_of
from nodewright.prd.entries import entries_of
from nodewright.prd.markdown import read_markdown
from nodewright.prd.outline import build_outline
from nodewright.prd.requirements import find_requirements
from nodewright.prd.titles import find_title, product_name


def parse_document(text: str) -> Document:
    """Take a document apart. Any text is legal; an empty one has no clauses."""
    source = read_markdown(text)
    sections = build_outline(source.blocks)
    requirements = find_requirements(sections, entries_of(sections))
    title = find_title(source.front_matter, sections)
    return Document(
        text=text,
        title=title,
        product=product_name(title, sections),
        language=language_of(text),
        sections=tuple(sections),
        requirements=requirements,
        clauses=clauses_of(sections, requirements),
    )
