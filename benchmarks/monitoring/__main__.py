"""Run the measurements, or those named: record, export, collect, health, soak."""

import sys

from benchmarks.monitoring import collecting, exporting, recording, soaking

PARTS = {
    "record": recording.run,
    "export": exporting.run,
    "collect": collecting.run,
    "health": collecting.run_health,
    "soak": soaking.run,
}

chosen = [name for name in sys.argv[1:] if not name.startswith("-")]
for name in chosen or PARTS:
    PARTS[name]()
