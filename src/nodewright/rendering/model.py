"""What rendering yields: a plain, frozen, picklable value."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """A file of the generated package; ``path`` is relative to the output folder, with slashes.

    ``node`` is the slug of the node it belongs to, empty for the package's own files.
    ``user_owned`` files (handlers) are written once and never overwritten.
    """

    path: str
    content: str
    template: str
    template_version: str
    template_hash: str
    node: str = ""
    requirements: tuple[str, ...] = ()
    user_owned: bool = False
