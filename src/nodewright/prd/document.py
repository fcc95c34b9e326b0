"""From the text of a document to its clauses."""

from nodewright.language.naming import package_name
from nodewright.language.scripts import language_of, language_warning
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
    entries = entries_of(sections)
    found = find_requirements(sections, entries)
    title = find_title(source.front_matter, sections)
    product = product_name(title, sections, source.front_matter)
    language = language_of(text)
    unread = language_warning(language)
    return Document(
        text=text,
        title=title,
        product=product,
        language=language,
        sections=tuple(sections),
        requirements=found.items,
        clauses=clauses_of(
            sections, found.items, asides=source.asides, lines=found.taken_up, text=text
        ),
        package=package_name(product),
        entries=tuple(entries),
        warnings=found.warnings if unread is None else (unread, *found.warnings),
    )
