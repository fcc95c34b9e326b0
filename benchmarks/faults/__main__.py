"""``python -m benchmarks.faults [--quick] [name ...]``: break things, and count what was lost."""

from benchmarks.faults.events import main

if __name__ == "__main__":
    main()
