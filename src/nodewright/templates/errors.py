"""What can be wrong with a template."""

from pathlib import Path

from nodewright.errors import NodewrightError


class TemplateError(NodewrightError):
    """A template can't be read, parsed or rendered; the message starts with its file and line.

    Attributes:
        template: the template's name in its pack.
        path: the template's file, if there is one.
        line: line in that file, from 1; None where no line is to blame.
    """

    def __init__(
        self, reason: str, *, template: str, path: Path | None = None, line: int | None = None
    ) -> None:
        where = str(path) if path is not None else template
        super().__init__(f"{where}:{line}: {reason}" if line is not None else f"{where}: {reason}")
        self.template = template
        self.path = path
        self.line = line

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the way from a worker process, which the keyword arguments would not."""
        return Exception.__new__, (type(self), *self.args), self.__dict__


class UnknownTemplateError(TemplateError):
    """The pack has no template of that name."""


class TemplateLoopError(TemplateError, RecursionError):
    """A loader asks for the template that it is loading, directly or through another load."""


class InvalidLimitError(NodewrightError, ValueError):
    """A limit of the cache is below 0."""


class WatchUnavailableError(NodewrightError, ImportError):
    """``watch=True`` needs the package watchfiles; install ``nodewright[watch]``."""
