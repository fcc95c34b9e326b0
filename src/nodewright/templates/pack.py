"""Packs: folders of Jinja2 templates, the built-in one overlaid file by file by a user's."""

import hashlib
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, MutableMapping
from functools import lru_cache
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, NamedTuple

from jinja2 import BaseLoader, Environment, Template, TemplateNotFound, TemplateSyntaxError

from nodewright.templates.cache import TemplateCache
from nodewright.templates.environment import PackEnvironment
from nodewright.templates.errors import TemplateError, UnknownTemplateError

BUILTIN = Path(__file__).parent / "builtin"
SUFFIX = ".j2"
LARGEST_SOURCE = 1024 * 1024
LARGEST_OUTPUT = 16 * 1024 * 1024
MOST_COMPILED = 512

_VERSION = re.compile(r"\A\{#-?\s*version:\s*(\S+?)\s*-?#\}")


class Rendering(NamedTuple):
    """The text that a template made, with the template's version and hash."""

    text: str
    version: str
    file_hash: str


class TemplatePack:
    """The built-in templates, overlaid file by file by those in the folder ``overlay``.

    A template can include, import and extend templates of the pack and reach nothing else. Every
    source comes through ``cache``, so an edited file is seen by the next render; compiled
    templates are kept by the hash of their source. Safe to share between threads.

    Raises:
        TemplateError: ``overlay`` is not a folder.
    """

    def __init__(self, overlay: Path | None = None, *, cache: TemplateCache | None = None) -> None:
        if overlay is not None and not overlay.is_dir():
            raise TemplateError(
                "is not a folder of templates; name an existing folder",
                template=str(overlay),
                path=overlay,
            )
        self._overlay = overlay.absolute() if overlay is not None else None
        self._roots = [root.absolute() for root in (overlay, BUILTIN) if root is not None]
        self._places: dict[str, list[_Place]] = {}
        self._cache = cache or TemplateCache(enable_persistence=False)
        self._environment = PackEnvironment(_PackLoader(self))

    def __reduce__(self) -> tuple[type["TemplatePack"], tuple[Path | None]]:
        """A pack travels to a worker process as its folder; the worker has its own cache."""
        return TemplatePack, (self._overlay,)

    @property
    def cache(self) -> TemplateCache:
        """The cache that sources come through."""
        return self._cache

    def names(self) -> list[str]:
        """All templates, as POSIX paths within the pack, sorted."""
        return sorted(
            {
                file.relative_to(root).as_posix()
                for root in self._roots
                for file in root.rglob(f"*{SUFFIX}")
                if file.is_file()
            }
        )

    def template(self, name: str) -> tuple[str, str]:
        """The source of ``name`` and its version.

        The version is what the source's first line declares, ``{# version: 3 #}``, else "1".

        Raises:
            UnknownTemplateError: the pack has no such template.
            TemplateError: its file can't be read.
        """
        source, _ = self._source(name)
        return source, _version(source)

    def file_hash(self, name: str) -> str:
        """SHA-256 of the source of ``name``, in hexadecimal digits."""
        return _digest(self._source(name)[0])

    def warm(self, kinds: Collection[str] | None = None) -> list[str]:
        """Load and compile the templates, those of ``kinds`` only if given; their names.

        Raises:
            TemplateError: one of them is wrong; all before it are loaded.
        """
        wanted = None if kinds is None else {kind.upper() for kind in kinds}
        names = [name for name in self.names() if wanted is None or _kind(name) in wanted]
        for name in names:
            self._source(name)
            try:
                self._environment.get_template(name)
            except TemplateSyntaxError as error:
                raise self._located(error, name) from error
        return names

    def render(self, name: str, context: Mapping[str, object]) -> str:
        """The text that template ``name`` makes of ``context``.

        Raises:
            UnknownTemplateError: the pack has no such template.
            TemplateError: the template, or one that it includes, is wrong: a syntax error, an
                undefined name, a forbidden access, more output than 16 MiB.
        """
        return self.rendering(name, context).text

    def rendering(self, name: str, context: Mapping[str, object]) -> Rendering:
        """As ``render``, with what is to be known about the template."""
        source, _ = self._source(name)
        try:
            template = self._environment.get_template(name)
            text = self._limited(name, template.generate(context))
        except TemplateError:
            raise
        except Exception as error:
            raise self._located(error, name) from error
        return Rendering(text, _version(source), _digest(source))

    def _limited(self, name: str, pieces: Iterator[str]) -> str:
        parts, length = [], 0
        for piece in pieces:
            parts.append(piece)
            length += len(piece)
            if length > LARGEST_OUTPUT:
                raise TemplateError(
                    f"makes more than {LARGEST_OUTPUT:,} characters; look for a loop without end",
                    template=name,
                )
        return "".join(parts)

    def _source(self, name: str) -> tuple[str, str]:
        """The source of ``name`` and the file that it stands in."""
        for place in self._places.get(name) or self._find(name):
            source = place.read(self._cache)
            if source is not None:
                return source, place.file
        raise UnknownTemplateError(
            f"no template of this name in {' or '.join(map(str, self._roots))}", template=name
        )

    def _find(self, name: str) -> "list[_Place]":
        """Where ``name`` can stand, the overlay first; nowhere if it leads out of the pack."""
        relative = PurePosixPath(name)
        if relative.is_absolute() or ".." in relative.parts or not name.endswith(SUFFIX):
            return []
        if "\0" in name or "\\" in name:
            return []
        places = [_Place(name, root) for root in self._roots]
        if len(self._places) < MOST_COMPILED:
            self._places[name] = places
        return places

    def _located(self, error: Exception, name: str) -> TemplateError:
        """``error`` as one that names the template's file and line."""
        files = {str(root / known): known for root in self._roots for known in self.names()}
        file: str | None
        line: int | None
        if isinstance(error, TemplateSyntaxError):
            file, line = error.filename, error.lineno
        else:
            file, line = next(
                ((file, line) for file, line in _frames(error.__traceback__) if file in files),
                (None, None),
            )
        reason = f"{type(error).__name__}: {error}"
        if isinstance(error, TemplateNotFound):
            reason = f"includes {error.name!r}, which the pack does not have"
        path = Path(file) if file else None
        return TemplateError(reason, template=files.get(file or "", name), path=path, line=line)


class _Place:
    """Where a template can stand: one name in one of the pack's folders."""

    def __init__(self, name: str, root: Path) -> None:
        self.name = name
        self.kind = _kind(name)
        self.root = root
        self.path = root / name
        self.file = str(self.path)
        self._was_there = False

    def read(self, cache: TemplateCache) -> str | None:
        """The source, None if there is no such file.

        Raises:
            TemplateError: the file is there and is no template.
        """
        # A get of what is not there would be counted as a miss, and cost far more.
        if not self._was_there and not os.path.exists(self.file):  # noqa: PTH110
            return None
        try:
            source, _ = cache.get(self.name, self.kind, self.path, self._load)
        except (FileNotFoundError, NotADirectoryError):
            self._was_there = False
            return None
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise self._error(f"can't be read: {reason}") from error
        self._was_there = True
        return source

    def _load(self, path: Path) -> str:
        if not path.resolve().is_relative_to(self.root.resolve()):
            raise self._error("is a link out of its pack")
        if path.is_file() and path.stat().st_size > LARGEST_SOURCE:
            raise self._error(f"is larger than {LARGEST_SOURCE:,} bytes; split it")
        data = path.read_bytes()
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            reason = f"byte {error.start} is not UTF-8; save the file as UTF-8"
            raise self._error(reason, line) from error

    def _error(self, reason: str, line: int | None = None) -> TemplateError:
        return TemplateError(reason, template=self.name, path=self.path, line=line)


class _PackLoader(BaseLoader):
    """Gives the environment the pack's templates, compiled once for each content."""

    def __init__(self, pack: TemplatePack) -> None:
        self._pack = pack
        self._lock = threading.Lock()
        self._compiled: OrderedDict[tuple[str, str], Template] = OrderedDict()

    def load(
        self,
        environment: Environment,
        name: str,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002 - the interface's name
    ) -> Template:
        try:
            source, file = self._pack._source(name)  # noqa: SLF001 - the pack's own loader
        except UnknownTemplateError:
            raise TemplateNotFound(name) from None
        key = (file, _digest(source))
        with self._lock:
            template = self._compiled.get(key)
            if template is not None:
                self._compiled.move_to_end(key)
                return template
        code = environment.compile(source, name, file)
        template = Template.from_code(environment, code, globals or {})
        with self._lock:
            self._compiled[key] = template
            while len(self._compiled) > MOST_COMPILED:
                self._compiled.popitem(last=False)
        return template


def _kind(name: str) -> str:
    """The node kind of a template such as ``node_effect.py.j2``, else its folder's name."""
    path = PurePosixPath(name)
    stem, folder = path.name.split(".")[0], path.parts[0]
    return (stem if stem.startswith("node_") else folder).removeprefix("node_").upper()


def _frames(traceback: TracebackType | None) -> list[tuple[str, int]]:
    """File and line of each frame, the innermost first."""
    frames = []
    while traceback is not None:
        frames.append((traceback.tb_frame.f_code.co_filename, traceback.tb_lineno))
        traceback = traceback.tb_next
    return frames[::-1]


@lru_cache(maxsize=MOST_COMPILED)
def _version(source: str) -> str:
    declared = _VERSION.match(source)
    return declared[1] if declared else "1"


@lru_cache(maxsize=MOST_COMPILED)
def _digest(source: str) -> str:
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()
