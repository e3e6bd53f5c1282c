# SPDX-License-Identifier: MIT
"""The examples are up to date, and the largest of them is quick: nothing here is quadratic."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import smplist
from conftest import ROOT

ACME = ROOT / "docs/examples/acme"
WORLD = ROOT / "docs/examples/world"


def run(*words: str | Path) -> str:
    """The standard output of a Python program."""
    ended = subprocess.run([sys.executable, *map(str, words)], capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_clients_of_acme_are_what_the_script_makes() -> None:
    """Byte for byte."""
    run(ACME / "make_clients.py", "--check")


def test_acme_is_an_enterprise_as_one_meets_it() -> None:
    """Its size, its families, its proxies, and every kind of outcome."""
    policy = smplist.load(ACME / "policy.yaml")
    assert len(policy.lists) >= 40
    kinds: Counter[str] = Counter(source.kind for source in policy.sources.values())
    assert kinds["integrated"] == 1 and kinds["network"] == 2 and kinds["standalone"] >= 20
    assert [entry.name for entry in policy.lists if entry.proxy and entry.proxy.converts] == ["oslo"]
    with (ACME / "clients.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2000
    outcomes: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for row in rows:
        client = smplist.Client.from_dict({k: v if k in ("id", "location") else v.split() for k, v in row.items() if v})
        for service in smplist.Service:
            plan = policy.evaluate(client, service)
            outcomes[plan.outcome] += 1
            reasons.update(str(left.reason) for left in plan.ignored)
    assert set(outcomes) >= {"custom_list", "fallback_standard", "network", "none_reachable"}
    assert set(reasons) >= {"service_not_offered", "no_common_family", "proxy_cannot_convert"}


def world(folder: Path, rows: int) -> Path:
    """A generated policy with this many ranges, and a list for each hundred."""
    path = folder / f"{rows}.json"
    run(WORLD / "make_policy.py", "--rows", str(rows), "--lists", str(rows // 100), "-o", path)
    return path


def seconds(policy: Path) -> float:
    """How long loading takes, in seconds of this process."""
    start = time.process_time()
    smplist.load(policy)
    return time.process_time() - start


def test_no_step_of_loading_is_quadratic(tmp_path: Path) -> None:
    """Twice the ranges take twice the time; a quadratic step would show four. The ratio is printed: it is the machine's."""
    small, large = world(tmp_path, 100_000), world(tmp_path, 200_000)
    few, many = zip(*((seconds(small), seconds(large)) for _ in range(9)), strict=True)
    print(f"twice the ranges: {min(many) / min(few):.2f} times")
    assert min(many) < 3 * min(few), (few, many)


def test_a_policy_of_the_size_of_the_internet(tmp_path: Path) -> None:
    """Half a million ranges in 5,000 lists: it fits into 1.5 GB. The seconds are printed, not tested: they are the machine's."""
    path = tmp_path / "world.json"
    run(WORLD / "make_policy.py", "-o", path)
    script = (
        "import json, resource, sys, time, smplist\nstart = time.perf_counter()\npolicy = smplist.load(sys.argv[1])\n"
        "loaded = time.perf_counter() - start\ntimes = []\nfor i in range(101):\n    start = time.perf_counter()\n"
        "    client = smplist.Client([f'{i + 20}.20.3.4'], location='internal')\n"
        "    policy.evaluate(client, 'file_reputation').explain()\n    times.append(time.perf_counter() - start)\n"
        "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "ranges = sum(len(entry.ranges) for entry in policy.lists)\n"
        "print(json.dumps([len(policy.lists), ranges, loaded, sorted(times)[50], peak]))"
    )
    lists, ranges, loaded, median, peak = json.loads(run("-c", script, path))
    print(f"loaded in {loaded:.2f} s, {peak >> 10} MiB; explained in {median * 1000:.2f} ms")
    assert (lists, ranges) == (5_000, 515_158)
    assert peak < 1_500_000


@pytest.mark.parametrize("rows", [2_000])
def test_the_world_is_evaluated(tmp_path: Path, rows: int) -> None:
    """The second script of the example, over a small world."""
    said = run(WORLD / "evaluate_world.py", world(tmp_path, rows), "--clients", "2000")
    assert "custom_list" in said and "fallback_standard" in said
