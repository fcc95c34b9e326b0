"""How long ``nodewright --help`` takes beside importing the libraries that it is made of."""

import subprocess
import sys

from benchmarks.ratios import Contender, Figure, alternate, report


def main() -> None:
    def run(*arguments: str) -> None:
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)

    timings = alternate(
        [
            Contender("python -c 'import typer, rich'", lambda: run("-c", "import typer, rich")),
            Contender("nodewright --help", lambda: run("-m", "nodewright", "--help")),
            Contender("import nodewright", lambda: run("-c", "import nodewright")),
            Contender("python -c pass", lambda: run("-c", "pass")),
        ],
        rounds=15,
    )
    base = timings["python -c 'import typer, rich'"].median
    ratio = timings["nodewright --help"].median / base
    report(
        "Start-up",
        timings.values(),
        [Figure("nodewright --help against importing typer and rich", ratio, 1.5, at_least=False)],
    )


if __name__ == "__main__":
    main()
