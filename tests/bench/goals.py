# SPDX-License-Identifier: MIT
"""What the engine is meant to reach, beside what a run has measured: goals.py FILE, made by tests/bench/run --json."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

Row = Mapping[str, Any]

OURS = "smplist"
BASE = "std::upper_bound"
REPLAY = "replay of our own loads"
LANES = "binary search, 16 lanes"
POPTRIE = "poptrie (ours, from the paper)"
MIXES = ("uni", "cov", "zipf")
NO_PEERS = (OURS, REPLAY, BASE)


class Goal(NamedTuple):
    """A line of the table: `met` is None where nothing was measured."""

    what: str
    goal: str
    measured: str
    met: bool | None


class Found:
    """The rows of a run, by table, mix and structure, and its figures."""

    def __init__(self, rows: Sequence[Row], figures: Sequence[Row]) -> None:
        self.rows = rows
        self.figures = figures

    def full(self, family: int) -> str:
        """The name of the full routing table of a family, real or generated; empty if it was not asked."""
        names = {row["table"] for row in self.rows if row["family"] == family}
        wanted = (f"internet-routes-v{family}", f"generated-routes-v{family}")
        return next((name for name in wanted if name in names), "")

    def of(self, table: str, family: int, mix: str) -> dict[str, Row]:
        """The structures of a table's mix."""
        return {
            row["structure"]: row for row in self.rows if row["table"] == table and row["family"] == family and row["mix"] == mix
        }

    def figure(self, what: str) -> float | None:
        """A number by its name."""
        return next((float(row["value"]) for row in self.figures if row.get("what") == what and "value" in row), None)


def batch(row: Row) -> float:
    """Nanoseconds in a batch; of single calls where there is none."""
    return float(row["single_ns"] if row["batch_ns"] is None else row["batch_ns"])


def latency(row: Row) -> float:
    """Nanoseconds where each query waits for the last answer."""
    return float(row["latency_ns"])


def quickest(found: Mapping[str, Row], cost: Callable[[Row], float]) -> Row | None:
    """The best of the others."""
    peers = [row for name, row in found.items() if name not in NO_PEERS]
    return min(peers, key=cost, default=None)


def at_least(what: str, want: float, got: float | None, note: str = "", unit: str = " times") -> Goal:
    """A goal that is met from `want` up."""
    goal = f"at least {want:g}{unit}"
    return Goal(what, goal, "not measured", None) if got is None else Goal(what, goal, f"{got:.3g}{unit}{note}", got >= want)


def at_most(what: str, want: float, got: float | None, note: str = "", unit: str = " times") -> Goal:
    """A goal that is met up to `want`."""
    goal = f"at most {want:g}{unit}"
    return Goal(what, goal, "not measured", None) if got is None else Goal(what, goal, f"{got:.3g}{unit}{note}", got <= want)


def over(found: Found, family: int, mix: str, structure: str, cost: Callable[[Row], float] = batch) -> float | None:
    """A structure's time over ours in the full table."""
    rows = found.of(found.full(family), family, mix)
    return cost(rows[structure]) / cost(rows[OURS]) if structure in rows and OURS in rows else None


def against_base(found: Found) -> Iterator[Goal]:
    """Batch against `std::upper_bound`."""
    for family, mix, want in ((4, "uni", 25), (4, "cov", 40), (4, "zipf", 25), (6, "cov", 10), (6, "zipf", 7)):
        row = found.of(found.full(family), family, mix).get(OURS)
        got = None if row is None else float(row["ratio_batch"])
        yield at_least(f"IPv{family} full table, batch, {mix}, against {BASE}", want, got)


def best_peers(found: Found, way: str, cost: Callable[[Row], float], want: float) -> Iterator[Goal]:
    """IPv4 against the best of the others, mix by mix."""
    for mix in MIXES:
        rows = found.of(found.full(4), 4, mix)
        best = quickest(rows, cost)
        got = cost(best) / cost(rows[OURS]) if best and OURS in rows else None
        note = f", against {best['structure']}" if best else ""
        yield at_least(f"IPv4 full table, {way}, {mix}, against the best peer", want, got, note)


def against_peers(found: Found) -> Iterator[Goal]:
    """IPv4 against the best of the others, in time and in memory."""
    yield from best_peers(found, "batch", batch, 1.5)
    rows = found.of(found.full(4), 4, "cov")
    dpdk = [float(row["mib"]) for name, row in rows.items() if name.startswith("DPDK")]
    got = float(rows[OURS]["mib"]) / min(dpdk) if dpdk and OURS in rows else None
    yield at_most("IPv4 full table, memory over DPDK's least", 0.1, got)


def waiting(found: Found) -> Iterator[Goal]:
    """IPv4 latency: nobody is better, and the limit is near."""
    yield from best_peers(found, "latency", latency, 1.0)
    for mix in MIXES:
        limit = over(found, 4, mix, REPLAY, latency)
        yield at_most(f"IPv4 full table, latency, {mix}, over the replay", 1.3, 1 / limit if limit else None)


def near_the_limit(found: Found) -> Iterator[Goal]:
    """Batch over the replay of its own loads."""
    for family, want in ((4, 1.5), (6, 1.8)):
        for mix in MIXES:
            limit = over(found, family, mix, REPLAY)
            yield at_most(f"IPv{family} full table, batch, {mix}, over the replay", want, 1 / limit if limit else None)


def ipv6_peers(found: Found) -> Iterator[Goal]:
    """IPv6 against what it was compared with when it was designed."""
    for structure, want in ((POPTRIE, 2.2), (LANES, 1.5)):
        for mix in ("cov", "zipf"):
            got = over(found, 6, mix, structure)
            yield at_least(f"IPv6 full table, batch, {mix}, against {structure}", want, got)
    for mix in ("cov", "zipf"):
        rows = found.of(found.full(6), 6, mix)
        best = quickest(rows, batch)
        if best and OURS in rows and batch(best) < batch(rows[OURS]):
            yield Goal(f"IPv6 full table, batch, {mix}", "(not asked)", f"{best['structure']} is quicker", None)


def many_hosts(found: Found) -> Iterator[Goal]:
    """A million hosts and a million /64s: time by the logarithm of the intervals, over that of the full table."""

    def by_logarithm(table: str) -> float | None:
        row = found.of(table, 6, "cov").get(OURS)
        return batch(row) / math.log2(float(row["intervals"])) if row else None

    base = by_logarithm(found.full(6))
    for table in ("hosts-1000000", "subnets-1000000"):
        mine = by_logarithm(table)
        yield at_most(f"IPv6, {table}, cov, for each doubling, over the full table", 1.5, mine / base if mine and base else None)


def memory(found: Found) -> Iterator[Goal]:
    """Bytes for each interval."""
    for family, want in ((4, 3.1), (6, 10)):
        row = found.of(found.full(family), family, "cov").get(OURS)
        got = float(row["mib"]) * 1048576 / float(row["intervals"]) if row else None
        yield at_most(f"IPv{family} full table, bytes for each interval", want, got, unit=" B")
    narrow = found.figure(f"bytes for each interval, one-byte classes, {found.full(4)}")
    yield at_most("IPv4 full table, bytes for each interval, classes of one byte", 2.2, narrow, unit=" B")


def compiling(found: Found) -> Iterator[Goal]:
    """Seconds, and what doubling costs."""
    for kind, want in (("disjoint", 0.1), ("overlapping", 0.5)):
        got = found.figure(f"compile, {kind}, 1000000 ranges")
        yield at_most(f"compile 1,000,000 ranges, {kind}", want, got, unit=" s")
    doubled = [
        (float(row["value"]), str(row["what"]).removesuffix(", times half of them"))
        for row in found.figures
        if str(row.get("what", "")).endswith("times half of them")
    ]
    worst = max(doubled, default=None)
    yield at_most("compile twice as many ranges", 2.1, worst[0] if worst else None, f" at worst ({worst[1]})" if worst else "")


def whole_answers(found: Found) -> Iterator[Goal]:
    """From an address to the first attempt."""
    for order, want in (("ordered", 2), ("random", 4)):
        for what in ("address to first URL", "client to first attempt"):
            yield at_most(f"{what}, {order}, over the bare look-up", want, found.figure(f"{what}, {order}, times the bare class"))
    counts = [found.figure(f"allocations in those answers, {order}") for order in ("ordered", "random")]
    measured = [count for count in counts if count is not None]
    yield at_most("allocations in whole answers", 0, max(measured) if measured else None, unit="")


def columns(found: Found) -> Iterator[Goal]:
    """Text columns in Python."""
    rows = [row for row in found.figures if row.get("what") == "text column to list column"]
    others = ("smplist", "pyarrow", "polars", "numpy")
    for family, want in ((4, 60), (6, 20)):
        mine = [row for row in rows if row["family"] == family and row["structure"] == OURS]
        worst = max(mine, key=lambda row: float(row["ns_per_row"]), default=None)
        got = 1e3 / float(worst["ns_per_row"]) if worst else None
        note = f" (policy {worst.get('policy')})" if worst else ""
        yield at_least(f"IPv{family} text column to answer column, one core", want, got, note, " M rows/s")
        ratios = []
        for row in mine:
            peers = [
                other
                for other in rows
                if (other["family"], other.get("policy")) == (family, row.get("policy"))
                and not str(other["structure"]).startswith(others[0])
            ]
            best = min(peers, key=lambda other: float(other["ns_per_row"]), default=None)
            if best:
                ratios.append((float(best["ns_per_row"]) / float(row["ns_per_row"]), str(best["structure"])))
        least = min(ratios, default=None)
        note = f", against {least[1]}" if least else ""
        yield at_least(f"IPv{family} text column, against the best in Python", 20, least[0] if least else None, note)


def rest(found: Found) -> Iterator[Goal]:
    """Threads, opening, headers."""
    yield at_least("two threads, IPv4 batch", 1.8, found.figure("two threads, times one, IPv4 batch"))
    yield at_most(
        "open a policy of 500,000 ranges, every number checked",
        10,
        found.figure("open 500000 ranges, every number checked"),
        unit=" ms",
    )
    yield at_most(
        "open a policy of 500,000 ranges, trusted by its checksum",
        1,
        found.figure("open 500000 ranges, trusted by its checksum"),
        unit=" ms",
    )
    own = found.figure("include smplist/smplist.hpp")
    theirs = found.figure("include regex")
    beside = [
        f"{name} {value:.2g} s"
        for name in ("nlohmann/json.hpp", "fmt/format.h")
        if (value := found.figure(f"include {name}")) is not None
    ]
    got = own / theirs if own and theirs else None
    yield at_most("include smplist.hpp, over <regex>", 1, got, f" ({', '.join(beside)})" if beside else "")


def goals(rows: Sequence[Row], figures: Sequence[Row]) -> list[Goal]:
    """Every goal, in the order of the design."""
    found = Found(rows, figures)
    parts = (
        against_base,
        against_peers,
        waiting,
        near_the_limit,
        ipv6_peers,
        many_hosts,
        memory,
        compiling,
        whole_answers,
        columns,
        rest,
    )
    return [goal for part in parts for goal in part(found)]


def table(lines: Sequence[Goal]) -> str:
    """Goals as Markdown."""
    verdict = {True: "met", False: "**missed**", None: "-"}
    rows = [f"| {line.what} | {line.goal} | {line.measured} | {verdict[line.met]} |" for line in lines]
    met = sum(line.met is True for line in lines)
    missed = sum(line.met is False for line in lines)
    head = ["| what | goal | measured | |", "|---|---|---|---|"]
    return "\n".join([*head, *rows, "", f"{met} met, {missed} missed, {len(lines) - met - missed} without a verdict"])


if __name__ == "__main__":
    read = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    print("**Goals**\n\n" + table(goals(read["rows"], read["figures"])))
