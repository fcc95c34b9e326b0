"""A specification as it is shown: merged with the user's, with what became of its clauses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nodewright.delivery.specification import Specified
from nodewright.spec.annotated import annotated
from nodewright.spec.assumptions import assumptions
from nodewright.spec.paraphrase import sentences
from nodewright.spec.tree import at
from nodewright.spec.verdicts import ClauseVerdict
from nodewright.spec.yaml_form import dump


@dataclass(frozen=True, slots=True)
class ShownSpecification:
    """``verdicts`` are what became of clauses at the last delivery, by their ids."""

    specified: Specified
    verdicts: Mapping[str, ClauseVerdict]

    def text(self) -> str:
        """The specification as YAML with comments."""
        return annotated(self.specified.specification, self.verdicts)

    def summary(self) -> dict[str, Any]:
        """The specification as plain values for JSON."""
        specification = self.specified.specification
        elements = []
        for path, sentence in sentences(specification):
            element = at(specification, path)
            elements.append(
                {
                    "path": path,
                    "construct": type(element).__name__,
                    "sentence": sentence,
                    "clauses": element.clauses,
                    "assumed": element.assumed,
                }
            )
        return {
            "title": specification.title,
            "package": specification.package,
            "yaml": dump(specification),
            "clauses": specification.clauses,
            "verdicts": list(self.verdicts.values()),
            "elements": elements,
            "assumptions": list(assumptions(specification)),
            "conflict": self.specified.conflict,
        }
