#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What it takes until smplist is there: tests/bench/startup.py [--json FILE], with a Python that has smplist.

Each line starts a process of its own, all of them in turn in the same rounds, and the median of each is printed: Python alone,
the package, and the command line with its help, which is compared with click itself. What must not be imported for that is a
test's matter; no figure is judged.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

PROGRAMS = {
    "python -c pass": ["-c", "pass"],
    "import smplist": ["-c", "import smplist"],
    "import click": ["-c", "import click"],
    "smplist --help": ["-m", "smplist", "--help"],
}


def milliseconds(words: list[str]) -> float:
    """What one start takes."""
    began = time.perf_counter()
    # without a time-out, with which Python looks only now and then whether the process has ended
    subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True)
    return 1000 * (time.perf_counter() - began)


def main() -> int:
    """Read the command line, start, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the medians there, too")
    given = parser.parse_args()
    for words in PROGRAMS.values():  # once, so that everything is compiled and near
        milliseconds(words)
    took: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for _ in range(given.rounds):
        for name, words in PROGRAMS.items():
            took[name].append(milliseconds(words))
    medians = {name: round(statistics.median(each), 1) for name, each in took.items()}
    print("| what | ms | more than Python alone |\n|---|---|---|")
    for name, median in medians.items():
        print(f"| `{name}` | {median:.0f} | {median - medians['python -c pass']:.0f} |")
    if given.json:
        given.json.write_text(json.dumps(medians, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
