# SPDX-License-Identifier: MIT
"""What the analyses cost: the world policy, doublings of its ranges, and Acme.

python tests/bench/analysis.py [--json FILE] [--quick] [--table FILE]...   with a Python that has smplist

Each figure is the median of several runs in a process of its own, which also says how much memory it came to need after the
policy was loaded. Doublings are ratios of medians, measured in turns. Nothing is judged but what the last column says.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TABLES = ROOT.parent / "shared" / "data" / "tables"
ACME = ROOT / "docs/examples/acme/policy.yaml"
EDITS = 1000


def edited(document: dict[str, Any], seed: int = 1) -> dict[str, Any]:
    """The document after a thousand edits: ranges moved to other lists, dropped or cut, sources and orders changed."""
    rng = random.Random(seed)
    lists = document["internal"]["custom"]["lists"]
    for _ in range(EDITS):
        one, other = rng.choice(lists), rng.choice(lists)
        kind = rng.randrange(4)
        if kind == 0 and one["ranges"]:
            other["ranges"].append(one["ranges"].pop(rng.randrange(len(one["ranges"]))))
        elif kind == 1 and one["ranges"]:
            one["ranges"].pop(rng.randrange(len(one["ranges"])))
        elif kind == 2:
            one["sources"] = one["sources"][1:] + one["sources"][:1]
        else:
            one["order"] = "random" if one["order"] == "ordered" else "ordered"
    return document


def analyses() -> dict[str, Callable[[Any, Any], Any]]:
    """What is measured: name to a function of the policy and its edited version."""
    import smplist

    found: dict[str, Callable[[Any, Any], Any]] = {
        "partition": lambda policy, _: policy.partition(),
        "lint": lambda policy, _: policy.lint(),
        "diff": lambda policy, other: smplist.diff(policy, other),
        "survivability": lambda policy, _: policy.survivability(),
        "load": lambda policy, _: policy.load(),
        "ambiguity": lambda policy, _: policy.ambiguity(),
    }
    return found


def measure_here(name: str, path: str, rounds: int) -> None:
    """In the child: seconds of each round, and the peak memory that came on top of the loaded policies, in MB."""
    import smplist

    policy = smplist.load(path)
    other = smplist.Policy.from_dict(edited(policy.to_dict())) if name == "diff" else None
    run = analyses()[name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        run(policy, other)
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": seconds, "extra_mb": (peak - before) / 1024, "peak_mb": peak / 1024}))


def measure(name: str, path: Path, rounds: int) -> dict[str, Any]:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--one", name, "--policy", str(path), "--rounds", str(rounds)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def make_world(rows: int | None, tables: list[Path], target: Path) -> Path:
    """The world policy, of real tables or of generated rows."""
    script = ROOT / "docs/examples/world/make_policy.py"
    origin = [word for table in tables for word in ("--table", str(table))] if rows is None else ["--rows", str(rows)]
    subprocess.run([sys.executable, str(script), *origin, "-o", str(target)], check=True, capture_output=True)
    return target


def command_line(name: str) -> list[str]:
    """The subcommand that answers the question for Acme."""
    words = {"lint": ["check", str(ACME)], "diff": ["diff", str(ACME), str(ACME)], "survivability": ["survive", str(ACME)]}
    return [sys.executable, "-m", "smplist", *words.get(name, [name, str(ACME)])]


def start_time(name: str, rounds: int) -> float:
    """Seconds of the whole command, start and reading of YAML included: the median."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run(command_line(name), capture_output=True, check=False)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def main() -> int:
    """Measure all, print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--quick", action="store_true", help="small policies, one round")
    parser.add_argument("--table", type=Path, action="append", metavar="FILE", help="of the world; generated rows without")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--policy", help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    if given.one:
        measure_here(given.one, given.policy, given.rounds)
        return 0
    tables = given.table or [t for t in (TABLES / "asn-ipv4.csv.gz", TABLES / "asn-ipv6.csv.gz") if t.exists()]
    sizes = [4000, 8000] if given.quick else [64_395, 128_790, 257_579, 515_158]
    rounds = 1 if given.quick else given.rounds
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        world = make_world(sizes[-1] if given.quick or not tables else None, tables, room / "world.json")
        steps = [make_world(size, [], room / f"{size}.json") for size in sizes]
        print(
            "| analysis | world, s | MB on top | doublings | Acme, ms | Acme on the command line, ms |\n|---|---|---|---|---|---|"
        )
        for name in analyses():
            of_world = measure(name, world, rounds)
            medians = [statistics.median(measure(name, step, rounds)["seconds"]) for step in steps]
            row = {
                "analysis": name,
                "world_s": statistics.median(of_world["seconds"]),
                "extra_mb": of_world["extra_mb"],
                "doublings": [later / earlier for earlier, later in itertools.pairwise(medians)],
                "acme_ms": 1000 * statistics.median(measure(name, ACME, max(rounds, 5))["seconds"]),
                "command_ms": 1000 * start_time(name, max(rounds, 5)),
            }
            rows.append(row)
            doublings = ", ".join(f"{ratio:.2f}" for ratio in row["doublings"])
            cells = [
                name,
                f"{row['world_s']:.2f}",
                f"{row['extra_mb']:.0f}",
                doublings,
                f"{row['acme_ms']:.1f}",
                f"{row['command_ms']:.0f}",
            ]
            print(f"| {' | '.join(cells)} |", flush=True)
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    os.environ.setdefault("PYTHONHASHSEED", "0")
    sys.exit(main())
