"""The mixins that exist: those of the installed omnibase_core and of packages that were scanned.

The classes are profiled in a worker; the result is kept in a file per omnibase_core version, so
that a process that only predicts imports no mixin. omnibase_core's own YAML adds descriptions,
capabilities, declared compatibility, and names that have no class.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from typing import Any

import yaml

from nodewright.mixins.capabilities import meaning
from nodewright.mixins.errors import MixinError, ScanError
from nodewright.mixins.facts import NODE_KINDS, ClassFacts, Profile
from nodewright.mixins.trials import TrialWorker

CORE_PACKAGE = "omnibase_core.mixins"
_PACKAGE_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


def core_version() -> str:
    """The version of the installed omnibase_core."""
    return version("omnibase-core")


@dataclass(frozen=True, slots=True)
class Mixin:
    """A mixin by name; ``profile`` is None for a name that has no class.

    Attributes:
        capabilities: identifiers as the metadata writes them, and the mixin's own name.
        compatible_with: names that the metadata calls compatible; incompatible_with likewise.
    """

    name: str
    package: str
    profile: Profile | None = None
    description: str = ""
    category: str = ""
    capabilities: frozenset[str] = frozenset()
    compatible_with: frozenset[str] = frozenset()
    incompatible_with: frozenset[str] = frozenset()

    @property
    def importable(self) -> bool:
        """Whether there is a class that generated code can import."""
        return self.profile is not None

    @property
    def meanings(self) -> frozenset[tuple[str, ...]]:
        """The capabilities as keys that are equal for synonyms."""
        return frozenset(meaning(capability) for capability in (*self.capabilities, self.name))


@dataclass(frozen=True, slots=True)
class Scan:
    """What the worker said of one package: profiles, facts, and modules that did not import."""

    package: str
    profiles: tuple[Profile, ...]
    nodes: Mapping[str, Profile]
    facts: Mapping[str, ClassFacts]
    failed: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "package": self.package,
            "mixins": [profile.to_json() for profile in self.profiles],
            "nodes": {kind: profile.to_json() for kind, profile in self.nodes.items()},
            "facts": [facts.to_json() for facts in self.facts.values()],
            "failed": list(self.failed),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Scan":
        """The inverse of ``to_json``.

        Raises:
            KeyError, TypeError, ValueError: it is not what ``to_json`` gives.
        """
        facts = (ClassFacts.from_json(entry) for entry in data["facts"])
        return cls(
            package=str(data["package"]),
            profiles=tuple(Profile.from_json(entry) for entry in data["mixins"]),
            nodes={kind: Profile.from_json(data["nodes"][kind]) for kind in NODE_KINDS},
            facts={entry.name: entry for entry in facts},
            failed=tuple(map(str, data["failed"])),
        )


def scan_package(package: str, worker: TrialWorker) -> Scan:
    """Profile the mixins of ``package`` in ``worker``.

    Raises:
        ScanError: it is not a package's name, does not import, or has no mixins.
    """
    if not _PACKAGE_NAME.fullmatch(package):
        raise ScanError(f"{package!r} is not the dotted name of a package, such as acme.mixins")
    answer = worker.scan(package)
    if "error" in answer:
        raise ScanError(
            f"package {package!r} does not import: {answer['error']}; "
            "install it into this environment or run from its folder"
        )
    try:
        scan = Scan.from_json({**answer, "package": package})
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ScanError(f"package {package!r} disturbs its own scan ({error!r})") from error
    if not scan.profiles:
        raise ScanError(f"package {package!r} defines no class whose name starts with Mixin")
    return scan


@dataclass(frozen=True)
class Catalogue:
    """Every known mixin by name, the node bases, and the facts of all classes they descend from."""

    version: str
    mixins: Mapping[str, Mixin]
    nodes: Mapping[str, Profile]
    facts: Mapping[str, ClassFacts]
    packages: tuple[str, ...] = field(default=())

    @classmethod
    def of(cls, scans: Iterable[Scan], installed: str) -> "Catalogue":
        """The catalogue of ``scans``; of two mixins of one name, the later is known by its path."""
        mixins: dict[str, Mixin] = {}
        nodes: dict[str, Profile] = {}
        facts: dict[str, ClassFacts] = {}
        packages = []
        for scan in scans:
            described = {entry.name: entry for entry in _described(scan.package)}
            for profile in scan.profiles:
                name = profile.name if profile.name not in mixins else profile.key
                known = described.pop(profile.name, Mixin(profile.name, scan.package))
                mixins[name] = Mixin(
                    name=name,
                    package=scan.package,
                    profile=profile,
                    description=known.description or profile.summary,
                    category=known.category,
                    capabilities=known.capabilities,
                    compatible_with=known.compatible_with,
                    incompatible_with=known.incompatible_with,
                )
            for name, entry in described.items():
                mixins.setdefault(name, entry)
            nodes.update(scan.nodes)
            facts.update(scan.facts)
            packages.append(scan.package)
        return cls(installed, mixins, nodes, facts, tuple(packages))

    def __contains__(self, name: str) -> bool:
        return name in self.mixins

    def get(self, name: str) -> Mixin | None:
        """The mixin, with or without a class."""
        return self.mixins.get(name)

    def profile(self, name: str) -> Profile | None:
        """The profile of ``name``, None if there is no such class."""
        known = self.mixins.get(name)
        return known.profile if known else None

    @cached_property
    def importable(self) -> tuple[Mixin, ...]:
        """The mixins that have a class, by name."""
        return tuple(self.mixins[name] for name in sorted(self.mixins) if self.profile(name))

    def checked(self, name: str) -> str:
        """``name`` if a class has it.

        Raises:
            MixinError: none has; the message has names that are near.
        """
        if self.profile(name) is not None:
            return name
        near = ", ".join(self.near(name))
        said = "is described by metadata but has no class" if name in self else "is not known"
        raise MixinError(f"mixin {name!r} {said}" + (f"; near: {near}" if near else ""))

    def near(self, name: str, count: int = 3) -> list[str]:
        """Names with a class that look like ``name``, or do what it says."""
        names = [mixin.name for mixin in self.importable]
        close = difflib.get_close_matches(name, names, n=count, cutoff=0.6)
        wanted = meaning(name)
        same = [mixin.name for mixin in self.importable if wanted in mixin.meanings]
        return list(dict.fromkeys([*same, *close]))[:count]

    def pairs(
        self, kinds: Iterable[str] = NODE_KINDS, having: str | None = None
    ) -> Iterator[tuple[str, str, str]]:
        """All (mixin, mixin, kind) that can be tried, of ``kinds``, ``having`` one mixin."""
        wanted = tuple(kinds)
        names = [mixin.name for mixin in self.importable]
        for a, b in combinations(names, 2):
            if having is None or having in (a, b):
                yield from ((a, b, kind) for kind in wanted)


def _described(package: str) -> Iterator[Mixin]:
    """What ``package``'s ``mixin_metadata.yaml`` and ``mixin_capability_mapping.yaml`` say."""
    folder = _folder(package)
    if folder is None:
        return
    metadata = _entries(_load(folder / "mixin_metadata.yaml"))
    mapping = _load(folder / "mixin_capability_mapping.yaml").get("mixins")
    capabilities = {
        str(entry.get("mixin_name")): frozenset(map(str, entry.get("capability_set") or ()))
        for entry in (mapping if isinstance(mapping, list) else ())
        if isinstance(entry, dict)
    }
    for name in sorted(metadata.keys() | capabilities.keys()):
        entry = metadata.get(name, {})
        yield Mixin(
            name=name,
            package=package,
            description=str(entry.get("description", "")),
            category=str(entry.get("category", "")),
            capabilities=capabilities.get(name, frozenset()),
            compatible_with=frozenset(map(str, entry.get("compatible_with") or ())),
            incompatible_with=frozenset(map(str, entry.get("incompatible_with") or ())),
        )


def _entries(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        str(entry["name"]): entry
        for entry in document.values()
        if isinstance(entry, dict) and "name" in entry
    }


def _folder(package: str) -> Path | None:
    # Only the outermost package is looked up by the import system: looking up a child would run
    # its parents' code in this process.
    first, *rest = package.split(".")
    try:
        spec = find_spec(first)
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations))).joinpath(*rest)


def _load(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        loaded = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe loaders
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}
    return loaded if isinstance(loaded, dict) else {}
