"""Writes the pages of commands and settings from the package itself.

``python docs/scripts/reference_pages.py`` writes ``docs/commands.md`` and ``docs/settings.md``.
"""

import inspect
import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer
from pydantic.fields import FieldInfo
from typer.testing import CliRunner

from nodewright.cli.app import COMMANDS, app
from nodewright.settings import Settings

DOCS = Path(__file__).parents[1]
# What stands in place of a default that differs from user to user.
_OWN_DEFAULT = {"data_dir": "the user's data directory"}

_COMMANDS = """\
# Commands

Every command, as `--help` shows it. Results go to standard output, progress and errors to standard
error.

| exit code | meaning |
|---|---|
| 0 | success |
| 1 | the answer is "no": a node failed, something is not well, something is left |
| 2 | wrong usage, unreadable input, unwritable output, or a part that cannot be used |
| 70 | a fault of nodewright itself, with a traceback |
| 130 | ended by Ctrl-C |
| 143 | ended by SIGTERM; what waits is written first |

With `--json`, an error is a JSON document too, `{"error": "..."}` on standard output, beside the
line on standard error. A reader that leaves early, such as `head`, is no error.

`nodewright --install-completion` sets up completion for bash, zsh and fish.
"""

_SETTINGS = """\
# Settings

Each is read from the environment, else from `.env`, else from `nodewright.toml` of the working
directory, where the name is in lower case and without the prefix. A key of that file that is no
setting is an error, which names similar ones.

```toml title="nodewright.toml"
data_dir = "/var/lib/nodewright"
log_level = "WARNING"
```

A value that cannot be is an error that names the setting. Passwords, tokens and addresses that may
hold some appear in no log and no error.

Other variables are read from the environment only, never from a file, and only where nodewright's
own names say nothing of a database or a broker:

- `POSTGRES_HOST`, with `POSTGRES_PORT`, `POSTGRES_DATABASE`, `POSTGRES_USER` and
  `POSTGRES_PASSWORD`. They count together: without a host none of them does, and with one the
  port, the user or the password of another source is never sent to it.
- `KAFKA_BOOTSTRAP_SERVERS`.
"""


def commands_page() -> str:
    """The page of all commands, by their own help."""
    parts = [_COMMANDS, _help()]
    for name, (module, _) in COMMANDS.items():
        parts += [f"## nodewright {name}\n", _help(name)]
        group = typer.main.get_command(import_module(module).app)
        for inner in getattr(group, "commands", {}):
            parts += [f"### nodewright {name} {inner}\n", _help(name, inner)]
    return "\n".join(parts)


def _help(*path: str) -> str:
    result = CliRunner().invoke(
        app, [*path, "--help"], prog_name="nodewright", env={"COLUMNS": "100"}
    )
    if result.exit_code:
        raise SystemExit(f"nodewright {' '.join(path)} --help: {result.output}")
    lines = [line.rstrip() for line in result.output.strip().splitlines()]
    return "```text\n" + "\n".join(lines) + "\n```\n"


def settings_page() -> str:
    """The page of all settings, in the groups that their comments name."""
    parts = [_SETTINGS]
    for title, names in _groups().items():
        parts += [f"## {title}\n", "| setting | default | meaning |", "|---|---|---|"]
        for name in names:
            field = Settings.model_fields[name]
            meaning = f"{field.description or ''}{_choices(field.annotation)}"
            parts.append(f"| `NODEWRIGHT_{name.upper()}` | {_default(name, field)} | {meaning} |")
        parts.append("")
    return "\n".join(parts)


def _groups() -> dict[str, list[str]]:
    """Title -> fields: a comment between the fields starts a group, its first sentence names it."""
    groups: dict[str, list[str]] = {"Data": []}
    title = "Data"
    for line in inspect.getsource(Settings).splitlines():
        if comment := re.fullmatch(r"    # ([^.]+)\..*", line):
            title = comment[1]
        elif (field := re.match(r"    (\w+): ", line)) and field[1] in Settings.model_fields:
            groups.setdefault(title, []).append(field[1])
    missing = Settings.model_fields.keys() - {name for names in groups.values() for name in names}
    if missing:
        raise SystemExit(f"in no group: {', '.join(sorted(missing))}")
    return groups


def _default(name: str, field: FieldInfo) -> str:
    if name in _OWN_DEFAULT:
        return _OWN_DEFAULT[name]
    value: Any = field.get_default(call_default_factory=True)
    if value is None or value == {}:
        return "none"
    return f"`{value}`" if isinstance(value, str) else f"`{json.dumps(value, default=str)}`"


def _choices(annotation: Any) -> str:
    if get_origin(annotation) is not Literal:
        return ""
    return f" One of {', '.join(f'`{choice}`' for choice in get_args(annotation))}."


def pages() -> dict[Path, str]:
    """Path -> content of the generated pages."""
    return {DOCS / "commands.md": commands_page(), DOCS / "settings.md": settings_page()}


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(DOCS.parent))
