"""Where a node stands before it is delivered."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class StagedNode:
    """A node in a staging folder, where ``root/src/package`` is the package.

    ``folder`` is the node's own folder, ``root/src/package/nodes/slug``.
    """

    root: Path
    package: str
    folder: Path
    kind: str
    class_name: str

    @property
    def slug(self) -> str:
        """Name of the node's folder and module."""
        return self.folder.name

    @property
    def module(self) -> str:
        """Dotted name of the module with the node's class."""
        return f"{self.package}.nodes.{self.slug}.node"
