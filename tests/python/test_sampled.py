# SPDX-License-Identifier: MIT
"""What the analyses say of Acme against a million clients that are drawn, each put to the plain engine. [S-60]"""

from __future__ import annotations

import ipaddress
import multiprocessing
import os
import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import smplist

ROOT = Path(__file__).resolve().parents[2]
SEED = int(os.environ.get("SMPLIST_SEED") or random.randrange(2**32))
CLIENTS = int(os.environ.get("SMPLIST_CLIENTS") or 1_000_000)
FAMILIES = ("ipv4", "ipv6")
SERVICES = tuple(map(str, smplist.Service))


class Asked(NamedTuple):
    """An attempt."""

    list: str
    source: str
    url: str
    via: str | None
    families: tuple[str, ...]
    stage: str


def asked(attempts: Iterable[smplist.Attempt]) -> list[Asked]:
    """What is compared of attempts."""
    return [Asked(a.list, a.source, a.url, a.via, tuple(a.families), str(a.stage)) for a in attempts]


class Drawn(NamedTuple):
    """A client, and what its addresses make of it."""

    client: smplist.Client
    plan: smplist.Plan
    asked: list[Asked]
    service: str
    location: str
    stack: tuple[str, ...]
    list: str | None
    addresses: tuple[smplist.Address, ...]

    @property
    def alone(self) -> bool:
        """Has it one address, and is that usable?"""
        return len(self.addresses) == len(self.stack) == 1

    @property
    def population(self) -> str | None:
        """That of the analyses; None for clients with an address that nobody can be reached from."""
        if len(self.addresses) != len(self.stack):
            return None
        return "dual" if len(self.stack) == 2 else self.stack[0]


class Acme:
    """The policy, and clients drawn from the pieces of its address space."""

    def __init__(self) -> None:
        self.policy = smplist.load(ROOT / "docs/examples/acme/policy.yaml")
        self.cut = self.policy.partition()
        self.pieces = {f: self.cut.pieces(f) for f in FAMILIES}
        self.starts = {f: [int(piece.first) for piece, _, _ in self.pieces[f]] for f in FAMILIES}
        self.ranks = {entry.name: i for i, entry in enumerate(self.policy.lists)}

    def draw_address(self, rng: random.Random, family: str) -> tuple[smplist.Address, str | None, bool]:
        """An address, half of them beside the end of a piece; its list, and whether it is usable."""
        piece, name, usable = rng.choice(self.pieces[family])
        number = rng.randint(int(piece.first), int(piece.last))
        if rng.random() < 0.5:
            number = rng.choice([int(piece.first), int(piece.last)])
        address = ipaddress.IPv4Address(number) if family == "ipv4" else ipaddress.IPv6Address(number)
        at = bisect_right(self.starts[family], number) - 1
        assert self.pieces[family][at][0] == piece
        return smplist.Address(address), name, usable

    def draw(self, rng: random.Random) -> Drawn:
        """A client with one address or two, inside or outside."""
        service = rng.choice(SERVICES)
        location = "internal" if rng.random() < 0.9 else "external"
        families = rng.choice([FAMILIES[:1], FAMILIES[1:], FAMILIES])
        drawn = [self.draw_address(rng, f) for f in families]
        stack = tuple(f for f, (_, _, usable) in zip(families, drawn, strict=True) if usable)
        addresses = tuple(address for address, _, _ in drawn)
        name = min((name for _, name, _ in drawn if name is not None), key=self.ranks.__getitem__, default=None)
        client = smplist.Client(addresses, location=location)
        plan = self.policy.evaluate(client, service)
        return Drawn(
            client, plan, asked(plan.attempts), service, location, stack, name if location == "internal" else None, addresses
        )


class Wanted:
    """An answer, that plans are instances of. A random stage is compared as a set. [S-21]"""

    def __init__(self, answer: smplist.Answer) -> None:
        self.outcome = str(answer.outcome)
        self.stages = [(order == "random", asked(attempts)) for order, attempts in answer.stages]
        for random_order, stage in self.stages:
            if random_order:
                stage.sort(key=str)

    def agrees(self, outcome: str, found: list[Asked]) -> bool:
        """Is it an instance?"""
        at = 0
        for random_order, stage in self.stages:
            part = found[at : at + len(stage)]
            if (sorted(part, key=str) if random_order else part) != stage:
                return False
            at += len(stage)
        return at == len(found) and outcome == self.outcome


class Analysis(Protocol):
    """What one analysis says, client by client."""

    def check(self, one: Drawn) -> bool:
        """Is it so?"""


class OfPartition:
    """Every client gets the answer of its class."""

    def __init__(self, acme: Acme) -> None:
        self.answers: dict[Any, Wanted] = {}
        names = [entry.name for entry in acme.policy.lists]
        for of in acme.cut.classes():
            for service in SERVICES:
                answer = acme.cut.answer(of, service)
                if answer is not None:
                    name = None if of.list is None else names[of.list]
                    self.answers[str(of.location), tuple(map(str, of.stack)), name, service] = Wanted(answer)

    def check(self, one: Drawn) -> bool:
        """Is it as the analysis says?"""
        return self.answers[one.location, one.stack, one.list, one.service].agrees(str(one.plan.outcome), one.asked)


class OfDiff:
    """A client with one address gets another answer without a server if and only if the diff has its address."""

    def __init__(self, acme: Acme) -> None:
        self.of = OfPartition(acme)
        self.other = acme.policy.what_if(down=["sps-hq"])
        rows = smplist.diff(acme.policy, self.other).to_dict()["regions"]
        self.changed = {
            service: smplist.RangeSet(f"{r['first']}-{r['last']}" for r in rows if r["service"] == service)
            for service in SERVICES
        }

    def check(self, one: Drawn) -> bool:
        """Is it as the analysis says?"""
        if len(one.addresses) != 1 or one.location != "internal":
            return True
        after = self.other.evaluate(one.client, one.service)
        before = self.of.answers[one.location, one.stack, one.list, one.service]
        changes = not before.agrees(str(after.outcome), asked(after.attempts))
        return changes == (one.addresses[0] in self.changed[one.service])


class OfSurvivability:
    """As many hosts as are asked must fail, no fewer; a cut leaves nothing, and a cut less one of its units does not."""

    def __init__(self, acme: Acme) -> None:
        self.policy = acme.policy
        self.hosts = {name: str(source.host) for name, source in acme.policy.sources.items()}
        self.rows = {unit: self.by_class(acme.policy.survivability(unit=unit).to_dict()["rows"]) for unit in ("host", "any")}
        self.without: dict[tuple[str, ...], smplist.Policy] = {}
        self.rng = random.Random(SEED)

    @staticmethod
    def by_class(rows: list[dict[str, Any]]) -> dict[Any, dict[str, Any]]:
        """The row of every kind of client."""
        return {
            (row["service"], row["location"], row["population"], name): row
            for row in rows
            for name in (row["lists"] if row["location"] == "internal" else [None])
        }

    def asks(self, one: Drawn, down: list[str]) -> bool:
        """Does a client reach anything when those are down?"""
        key = tuple(sorted(down))
        if key not in self.without:
            self.without[key] = self.policy.what_if(down=down)
        return bool(self.without[key].evaluate(one.client, one.service).attempts)

    def check(self, one: Drawn) -> bool:
        """Is it as the analysis says?"""
        if one.population is None:
            return True
        key = (one.service, one.location, one.population, one.list)
        if self.rows["host"][key]["failures"] != len({self.hosts[a.source] for a in one.asked}):
            return False
        row = self.rows["any"][key]
        if row["failures"] == 0:
            return not one.asked
        cut = [
            unit["name"] if unit["unit"] == "source" else f"{unit['unit']}:{unit['name']}"
            for unit in self.rng.choice(row["cuts_shown"])
        ]
        spared = self.rng.choice(cut)
        if len(cut) != row["failures"] or self.asks(one, cut):
            return False
        return not cut[1:] or self.asks(one, [unit for unit in cut if unit != spared])


class OfLint:
    """Overlaps are where several lists hold an address; a list is empty for a family, and the cloud for IPv6, for all or none."""

    def __init__(self, acme: Acme) -> None:
        self.policy = acme.policy
        findings = acme.policy.lint()
        self.lost: dict[str, dict[str | None, smplist.RangeSet]] = {}
        for one in findings:
            if one.rule == "overlapping-ranges" and one.list is not None:
                winners = {winner for _, _, winner in one.regions}
                self.lost[one.list] = {
                    name: smplist.RangeSet(r for r, _, winner in one.regions if winner == name) for name in winners
                }
        self.shadowed = {one.list for one in findings if one.rule == "shadowed-list"}
        self.empty = {one.list for one in findings if one.rule == "list-empty-for-family"}
        assert [one.rule for one in findings].count("cloud-only-ipv6") == 1
        assert not [one for one in findings if one.rule in ("no-fallback", "list-empty-for-service")]
        assert self.lost and self.shadowed and self.empty

    def losers(self, one: Drawn) -> set[str]:
        """The lists that hold an address and do not get it, as the findings have it."""
        found = {loser for loser, by_winner in self.lost.items() if one.addresses[0] in by_winner.get(one.list, ())}
        others = {
            loser for loser, by_winner in self.lost.items() for winner, where in by_winner.items() if one.addresses[0] in where
        }
        assert found == others, f"another winner than {one.list}"
        return found

    def check(self, one: Drawn) -> bool:
        """Is it as the analysis says?"""
        if one.location == "external":
            return bool(one.asked) == ("ipv4" in one.stack)
        if one.alone:
            asks = any(a.stage == "custom_list" for a in one.asked)
            if one.list is not None and asks == (one.stack == ("ipv6",) and one.list in self.empty):
                return False
        if len(one.addresses) != 1:
            return True
        holders = set(self.policy.matching_lists(one.addresses[0]))
        return self.losers(one) == holders - {one.list} - self.shadowed


class OfVerify:
    """An address is concerned by a refutation if and only if its client's plan is not as expected."""

    EXPECTED: tuple[tuple[dict[str, Any], Callable[[Drawn], bool]], ...] = (
        ({"always": {"at_least": 3}}, lambda one: len(one.asked) >= 3),
        ({"always": {"at_most": 4}}, lambda one: len(one.asked) <= 4),
        ({"never": {"asks": "sps-hq"}}, lambda one: all(a.source != "sps-hq" for a in one.asked)),
        ({"never": {"proxy": True}}, lambda one: all(a.via is None for a in one.asked)),
        ({"always": {"https": True}}, lambda one: all(a.url.startswith("https:") for a in one.asked)),
        (
            {"always": {"asks_stage": "fallback_standard"}},
            lambda one: any(a.stage == "fallback_standard" for a in one.asked),
        ),
        ({"never": {"outcome": "none_reachable"}}, lambda one: one.plan.outcome != "none_reachable"),
        ({"where": {"location": "internal"}, "always": {"at_least": 2}}, lambda one: len(one.asked) >= 2),
    )

    def __init__(self, acme: Acme) -> None:
        document = {
            "schema": "smplist-expectations/1",
            "expectations": [{"name": str(i), **expected} for i, (expected, _) in enumerate(self.EXPECTED)],
        }
        self.proofs = list(acme.policy.verify(document))
        self.concerned: list[dict[tuple[str, str], smplist.RangeSet]] = []
        for proof in self.proofs:
            assert proof.verdict in ("proved", "refuted") and not proof.to_dict()["concerned"]["more_regions"]
            self.concerned.append(
                {
                    (service, location): smplist.RangeSet(
                        f"{r['first']}-{r['last']}" for r in proof.rows() if (r["service"], r["location"]) == (service, location)
                    )
                    for service in SERVICES
                    for location in ("internal", "external")
                }
            )
        assert {proof.verdict for proof in self.proofs} == {"proved", "refuted"}

    def check(self, one: Drawn) -> bool:
        """Is it as the analysis says? Who has no family is left out, unless named."""
        if not one.stack:
            return True
        for (expected, holds), proof, concerned in zip(self.EXPECTED, self.proofs, self.concerned, strict=True):
            if expected.get("where", {}).get("location") not in (None, one.location):
                continue
            good = holds(one)
            if not good and proof.verdict == "proved":
                return False
            if one.alone and good == (one.addresses[0] in concerned[one.service, one.location]):
                return False
        return True


class OfLoad:
    """What each source gets before and after two failures, and what nobody answers: summed here, client by client."""

    DOWN = ("sps-frankfurt-1", "sps-tokyo-1")

    def __init__(self, acme: Acme) -> None:
        self.policy = acme.policy
        self.clients: dict[str, list[smplist.Client]] = {service: [] for service in SERVICES}
        self.first = {(service, when): Counter[str | None]() for service in SERVICES for when in ("before", "after")}

    def check(self, one: Drawn) -> bool:
        """Counts it."""
        self.clients[one.service].append(one.client)
        sources = [a.source for a in one.asked]
        self.first[one.service, "before"][next(iter(sources), None)] += 1
        self.first[one.service, "after"][next((source for source in sources if source not in self.DOWN), None)] += 1
        return True

    def wrong(self) -> str:
        """What the analysis says otherwise."""
        for service in SERVICES:
            report = self.policy.load(self.clients[service], down=self.DOWN)
            for when in ("before", "after"):
                said = {source: share for source, share in report.shares(service, when=when).items() if share}
                total = len(self.clients[service])
                counted = {source: Fraction(number, total) for source, number in self.first[service, when].items()}
                if said != counted:
                    return f"the load of {service} {when}: {said} is not {counted}"
        return ""


def compare(seed: int, clients: int) -> str:
    """The first client for whom something differs."""
    rng, acme = random.Random(seed), Acme()
    load = OfLoad(acme)
    analyses: list[Analysis] = [OfPartition(acme), OfDiff(acme), OfSurvivability(acme), OfLint(acme), OfVerify(acme), load]
    for number in range(clients):
        one = acme.draw(rng)
        for analysis in analyses:
            if not analysis.check(one):
                return f"client {number}, {type(analysis).__name__}: {one}"
    return load.wrong()


def test_a_million_sampled_clients_get_what_the_analyses_say() -> None:
    """One address or two, inside and outside, at the ends of pieces and anywhere in them."""
    print(f"seed {SEED}, {CLIENTS} clients")
    workers = 2
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        found = pool.starmap(compare, [(SEED + i, CLIENTS // workers) for i in range(workers)])
    assert found == [""] * workers, f"seed {SEED}"
