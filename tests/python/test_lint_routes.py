# SPDX-License-Identifier: MIT
"""What lint says of a million overlapping prefixes, against a painter: an independent way to find who decides where.

The painter takes ranges in the order in which the rule prefers them and paints what nobody has painted yet, cell by cell,
with a chain of links over painted cells. A range that paints nothing is shadowed; there is no sweep and no partition in it.
"""

from __future__ import annotations

import gzip
import ipaddress
import json
import os
import random
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
import smplist
from conftest import ROOT

TABLES = Path(os.environ.get("SMPLIST_TABLES", ROOT.parent / "shared" / "data" / "tables"))
ROUTES = TABLES / "internet-routes.txt.gz"
LISTS = 2000
RULES = ("first", "last", "most_specific")

Range = tuple[int, int, int, int]  # first, last, list, place in it


def routes() -> list[tuple[int, int, str]]:
    """The prefixes of the table, or those of a generated one with the same nesting: first, last, text."""
    if ROUTES.exists():
        with gzip.open(ROUTES, "rt", encoding="ascii") as file:
            texts = [line.strip() for line in file if line.strip() and ":" not in line]
    else:
        dice = random.Random(7)
        drawn = {(dice.randrange(16, 25), dice.getrandbits(10)) for _ in range(20000)}
        texts = [f"{ipaddress.IPv4Address(10 << 24 | (bits << 14 >> 32 - n << 32 - n))}/{n}" for n, bits in sorted(drawn)]
        texts = list(dict.fromkeys(texts))
    out = []
    for text in texts:
        base, _, length = text.partition("/")
        a, b, c, d = map(int, base.split("."))
        first = a << 24 | b << 16 | c << 8 | d
        out.append((first, first | (1 << 32 - int(length)) - 1, text))
    return out


def dealt(prefixes: list[tuple[int, int, str]]) -> tuple[list[list[str]], list[Range]]:
    """The prefixes dealt to lists by a seed: their texts by list, and all of them as numbers."""
    dice = random.Random(2026)
    texts: list[list[str]] = [[] for _ in range(LISTS)]
    ranges: list[Range] = []
    for first, last, text in prefixes:
        chosen = dice.randrange(LISTS)
        ranges.append((first, last, chosen, len(texts[chosen])))
        texts[chosen].append(text)
    return texts, ranges


def painted(ranges: list[Range], rule: str) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """The bounds of cells, the winner of each cell (-1: nobody), and for each range a cell that it painted, or -1."""
    bounds = np.unique(np.array([edge for first, last, _, _ in ranges for edge in (first, last + 1)], dtype=np.int64))
    starts = np.searchsorted(bounds, [r[0] for r in ranges]).tolist()
    ends = np.searchsorted(bounds, [r[1] + 1 for r in ranges]).tolist()
    prefers = {
        "first": lambda i: (ranges[i][2], ranges[i][3]),
        "last": lambda i: (-ranges[i][2], ranges[i][3]),
        "most_specific": lambda i: (ranges[i][1] - ranges[i][0], ranges[i][2], ranges[i][3]),
    }[rule]
    behind = list(range(len(bounds) + 1))  # the next cell that nobody has painted, by links that get shorter
    winner = [-1] * len(bounds)
    shown = [-1] * len(ranges)

    def unpainted(cell: int) -> int:
        while behind[cell] != cell:
            behind[cell] = behind[behind[cell]]
            cell = behind[cell]
        return cell

    for i in sorted(range(len(ranges)), key=prefers):
        cell = unpainted(starts[i])
        while cell < ends[i]:
            winner[cell] = i
            shown[i] = cell
            behind[cell] = cell + 1
            cell = unpainted(cell)
    return bounds, np.array(winner), shown


def held_by(ranges: list[Range]) -> dict[int, int]:
    """How many addresses each list holds, ranges taken together."""
    held = {}
    for chosen, group in groupby(sorted((r[2], r[0], r[1]) for r in ranges), key=lambda r: r[0]):
        total, end = 0, -1
        for _, first, last in group:
            total += max(0, last - max(first, end + 1) + 1)
            end = max(end, last)
        held[chosen] = total
    return held


@pytest.fixture(scope="module")
def table() -> tuple[list[list[str]], list[Range]]:
    """The prefixes, dealt."""
    return dealt(routes())


@pytest.mark.parametrize("rule", RULES)
def test_shadows_and_overlaps_of_a_routing_table(table: tuple[list[list[str]], list[Range]], rule: str) -> None:
    """Every finding has a witness, and every range without one decides somewhere. [S-44]"""
    texts, ranges = table
    lists = [{"name": f"l{i}", "ranges": own, "sources": ["s" if i % 2 else "t"]} for i, own in enumerate(texts)]
    both = {"families": ["ipv4", "ipv6"], "file_reputation": {"port": 443}}
    policy = smplist.loads(json.dumps({
        "schema": "smplist/1",
        "sources": {"s": {"host": "s.example", **both}, "t": {"host": "t.example", **both}},
        "internal": {"mode": "custom", "custom": {"on_overlap": rule, "lists": lists}},
    }))  # fmt: skip
    findings = policy.lint()
    bounds, winner, shown = painted(ranges, rule)
    sizes = np.diff(np.append(bounds, bounds[-1]))

    # the shadowed set: ranges by name, lists whole, and those that their own list's ranges cover
    reported: dict[str, list[smplist.Finding]] = {}
    for found in findings:
        reported.setdefault(found.rule, []).append(found)
    whole = {int(f.pointer.rsplit("/", 1)[1]) for f in reported.get("shadowed-list", [])}
    places = {rule: {tuple(int(step) for step in f.pointer.split("/")[4::2]) for f in reported.get(rule, [])}
              for rule in ("shadowed-range", "redundant-range")}  # fmt: skip
    dead = {(r[2], r[3]) for r, cell in zip(ranges, shown, strict=True) if cell < 0}
    living = {r[2] for r, cell in zip(ranges, shown, strict=True) if cell >= 0}
    assert whole == {r[2] for r in ranges} - living
    own_list_covers = {place for place in dead if place in places["redundant-range"]}
    assert places["shadowed-range"] | own_list_covers == {place for place in dead if place[0] in living}
    assert not places["shadowed-range"] & places["redundant-range"]
    lists_of = np.array([r[2] for r in ranges] + [-1])[winner]
    for i, r in enumerate(ranges):
        if shown[i] < 0 and r[2] in living:
            a, b = np.searchsorted(bounds, (r[0], r[1] + 1))
            alone = bool((lists_of[a:b] == r[2]).all())
            assert alone == ((r[2], r[3]) in own_list_covers)

    # overlaps: what a list holds less what it wins, to the address
    won = np.bincount(lists_of[lists_of >= 0], weights=sizes[lists_of >= 0], minlength=LISTS)
    lost = {f"l{i}": held - int(won[i]) for i, held in held_by(ranges).items() if i in living}
    assert {f.list: f.addresses for f in reported.get("overlapping-ranges", [])} == {k: v for k, v in lost.items() if v}

    # witnesses, asked of the plain engine: a sample, and it is the same sample for the same seed
    dice = random.Random(os.environ["SMPLIST_SEED"])
    for found in dice.sample(reported["shadowed-range"], min(500, len(reported["shadowed-range"]))):
        plan = policy.evaluate(smplist.Client([found.example], location="internal"), "file_reputation")
        assert found.list in plan.lists
        assert plan.decided_by is not None and (plan.decided_by.list, str(plan.decided_by.range)) != (found.list, found.range)
    for i in dice.sample([i for i, cell in enumerate(shown) if cell >= 0], 500):
        address = str(ipaddress.IPv4Address(int(bounds[shown[i]])))
        plan = policy.evaluate(smplist.Client([address], location="internal"), "file_reputation")
        assert plan.decided_by is not None and plan.decided_by.list == f"l{ranges[i][2]}"
        assert str(plan.decided_by.range) == str(smplist.AddressRange(texts[ranges[i][2]][ranges[i][3]]))
