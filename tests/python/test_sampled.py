# SPDX-License-Identifier: MIT
"""Acme's partition and a diff against a million clients that are drawn, each put to the plain engine. [S-60]"""

from __future__ import annotations

import ipaddress
import multiprocessing
import os
import random
from bisect import bisect_right
from pathlib import Path
from typing import Any

import smplist

ROOT = Path(__file__).resolve().parents[2]
SEED = int(os.environ.get("SMPLIST_SEED") or random.randrange(2**32))
CLIENTS = int(os.environ.get("SMPLIST_CLIENTS") or 1_000_000)
FAMILIES = ("ipv4", "ipv6")


class Wanted:
    """What the analyses say of Acme, and of Acme without one of its servers."""

    def __init__(self) -> None:
        self.policy = smplist.load(ROOT / "docs/examples/acme/policy.yaml")
        self.other = self.policy.what_if(down=["sps-hq"])
        self.cut = self.policy.partition()
        self.pieces = {f: self.cut.pieces(f) for f in FAMILIES}
        self.starts = {f: [int(piece.first) for piece, _, _ in self.pieces[f]] for f in FAMILIES}
        self.ranks = {entry.name: i for i, entry in enumerate(self.policy.lists)}
        self.answers: dict[Any, Any] = {
            (one.location, tuple(one.stack), one.list, service): self.cut.answer(one, service)
            for one in self.cut.classes()
            for service in smplist.Service
        }
        self.changed = {
            (service, family): smplist.RangeSet(
                f"{r['first']}-{r['last']}"
                for r in smplist.diff(self.policy, self.other).to_dict()["regions"]
                if (r["service"], r["family"]) == (service, family)
            )
            for service in smplist.Service
            for family in FAMILIES
        }

    def draw(self, rng: random.Random, family: str) -> tuple[str, int | None, bool]:
        """An address, half of them beside the end of a piece; the position of its list, and whether it is usable."""
        piece, name, usable = rng.choice(self.pieces[family])
        number = rng.randint(int(piece.first), int(piece.last))
        if rng.random() < 0.5:
            number = rng.choice([int(piece.first), int(piece.last)])
        address = ipaddress.IPv4Address(number) if family == "ipv4" else ipaddress.IPv6Address(number)
        at = bisect_right(self.starts[family], number) - 1
        assert self.pieces[family][at][0] == piece
        return str(address), None if name is None else self.ranks[name], usable


def same(plan: smplist.Plan, answer: Any) -> bool:
    """Is a plan an instance of an answer? A random stage is compared as a set. [S-21]"""
    asked = [(a.list, a.source, a.url, a.via, a.families) for a in plan.attempts]
    wanted = [[(a.list, a.source, a.url, a.via, a.families) for a in attempts] for _, attempts in answer.stages]
    for (order, _), stage in zip(answer.stages, wanted, strict=True):
        head, asked = asked[: len(stage)], asked[len(stage) :]
        if (sorted(head, key=str) != sorted(stage, key=str)) if order == "random" else (head != stage):
            return False
    return not asked and plan.outcome == answer.outcome


def compare(seed: int, clients: int) -> str:
    """The first client for whom something differs."""
    rng, wanted = random.Random(seed), Wanted()
    for number in range(clients):
        service = rng.choice(list(smplist.Service))
        location = "internal" if rng.random() < 0.9 else "external"
        drawn = [(f, *wanted.draw(rng, f)) for f in rng.choice([FAMILIES[:1], FAMILIES[1:], FAMILIES])]
        lists = [place for _, _, place, _ in drawn if place is not None]
        stack = tuple(f for f, _, _, usable in drawn if usable)
        client = smplist.Client([a for _, a, _, _ in drawn], location=location)
        plan = wanted.policy.evaluate(client, service)
        answer = wanted.answers[(location, stack, min(lists, default=None) if location == "internal" else None, service)]
        if not same(plan, answer):
            return f"client {number}: {client}: {plan} is not {answer}"
        if len(drawn) == 1 and location == "internal":
            family, address, _, _ = drawn[0]
            after = wanted.other.evaluate(client, service)
            changes = not same(after, answer)
            if changes != (smplist.Address(address) in wanted.changed[(service, family)]):
                return f"client {number}: {client}: the diff is wrong"
    return ""


def test_a_million_sampled_clients_get_what_the_analyses_say() -> None:
    """One address or two, inside and outside, at the ends of pieces and anywhere in them."""
    print(f"seed {SEED}, {CLIENTS} clients")
    workers = 2
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        found = pool.starmap(compare, [(SEED + i, CLIENTS // workers) for i in range(workers)])
    assert found == [""] * workers, f"seed {SEED}"
