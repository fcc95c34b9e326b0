"""The worker process: reads requests as JSON lines on standard input, answers on standard output.

Started as a script, so that importing it needs nothing of the caller's environment: every
line carries the caller's ``sys.path``. What mixins print goes nowhere.
"""

import asyncio
import importlib
import json
import os
import sys
from typing import IO, Any


def _private_output() -> IO[str]:
    """Keep standard output for answers, and let everybody else write into the void."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    void = os.open(os.devnull, os.O_WRONLY)
    os.dup2(void, 1)
    os.dup2(void, 2)
    return answers


class Worker:
    """Answers requests; keeps the stage and the imported classes."""

    def __init__(self, answers: IO[str]) -> None:
        from nodewright.mixins.stage import Stage

        self._stage = Stage()
        self._answers = answers
        self._classes: dict[tuple[str, str], Any] = {}

    def _say(self, answer: dict[str, Any]) -> None:
        self._answers.write(json.dumps(answer) + "\n")
        self._answers.flush()

    async def answer(self, request: dict[str, Any]) -> None:
        """Answer one request: ``scan`` a package, or ``try`` compositions one after the other."""
        if "scan" in request:
            self._say(self._scan(str(request["scan"])))
            return
        for kind, references in request["try"]:
            attempt = await self._attempt(kind, references)
            self._say({"outcome": attempt.outcome, "reason": attempt.reason})

    async def _attempt(self, kind: str, references: list[list[str]]) -> Any:
        from nodewright.mixins.stage import Attempt, mixin_class

        classes = []
        for module, name in references:
            known = self._classes.get((module, name)) or mixin_class(module, name)
            if isinstance(known, Attempt):
                return known
            self._classes[module, name] = known
            classes.append(known)
        return await self._stage.attempt(kind, classes)

    def _scan(self, package: str) -> dict[str, Any]:
        from nodewright.mixins.facts import NODE_KINDS
        from nodewright.mixins.inspection import mixin_classes, profile

        try:
            classes, failed = mixin_classes(package)
        except Exception as error:  # noqa: BLE001 - importing runs the package's code
            return {"error": f"{type(error).__name__}: {error}"}
        facts = {}
        answer: dict[str, Any] = {"failed": failed, "mixins": [], "nodes": {}}
        for cls in classes:
            taken, parents = profile(cls)
            answer["mixins"].append(taken.to_json())
            facts.update({parent.name: parent.to_json() for parent in parents})
        for kind in NODE_KINDS:
            taken, parents = profile(self._stage.base(kind))
            answer["nodes"][kind] = taken.to_json()
            facts.update({parent.name: parent.to_json() for parent in parents})
        return answer | {"facts": list(facts.values())}


async def _serve(answers: IO[str]) -> None:
    worker = Worker(answers)
    answers.write('{"ready": true}\n')
    answers.flush()
    for line in sys.stdin:
        request = json.loads(line)
        if sys.path != request["path"]:
            sys.path[:] = request["path"]
            importlib.invalidate_caches()
        await worker.answer(request)


def main() -> None:
    """Serve until standard input ends, which it does when the caller dies."""
    answers = _private_output()
    sys.path[:] = json.loads(sys.stdin.readline())["path"]
    asyncio.run(_serve(answers))
    answers.flush()
    os._exit(0)  # threads that mixins left behind must not keep the process


if __name__ == "__main__":
    main()
