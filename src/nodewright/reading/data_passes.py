"""The passes that read data: entities with typed fields, and what holds for them."""

from collections.abc import Callable

from nodewright.reading.draft import Draft
from nodewright.reading.field_bullets import read_field_bullets
from nodewright.reading.field_enums import read_classifications, read_field_enums
from nodewright.reading.field_phrases import read_field_phrases
from nodewright.reading.field_rules import read_field_rules
from nodewright.reading.field_tables import read_field_tables
from nodewright.reading.indented_records import read_indented_records
from nodewright.reading.life_cycles import read_life_cycles
from nodewright.reading.links import link_entities
from nodewright.reading.measure_fields import read_measure_fields
from nodewright.reading.named_fields import read_named_fields
from nodewright.reading.python_classes import read_python_classes
from nodewright.reading.schema_documents import read_schema_documents
from nodewright.reading.sql_tables import read_sql_tables
from nodewright.reading.type_declarations import read_type_declarations
from nodewright.reading.uniqueness import read_uniqueness

DATA_PASSES: tuple[Callable[[Draft], None], ...] = (
    read_sql_tables,
    read_type_declarations,
    read_python_classes,
    read_schema_documents,
    read_indented_records,
    read_field_tables,
    read_field_bullets,
    read_field_phrases,
    read_classifications,
    read_measure_fields,
    read_field_enums,
    read_named_fields,
    read_life_cycles,
    read_field_rules,
    link_entities,
    read_uniqueness,
)


def read_data(draft: Draft) -> None:
    """Fill the draft with all that its document says of data."""
    for read in DATA_PASSES:
        read(draft)
