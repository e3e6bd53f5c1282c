# SPDX-License-Identifier: MIT
"""Load by brute force: every toy address, every order of a random stage, every pattern of what is up, in plain fractions."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import smplist

SERVICES = ("file_reputation", "web_reputation")
BLOCKS = {4: ("10.0.0.", [f"10.0.0.{i}" for i in range(16)]), 6: ("2001:db8::", [f"2001:db8::{i:x}" for i in range(1, 16)])}
Unit = tuple[str, str]
Units = dict[Unit, Fraction]


class Step(NamedTuple):
    """An attempt, and what it dies of."""

    source: str
    endpoint: str
    units: frozenset[Unit]


Order = tuple[Step, ...]


def toy_policy(rng: random.Random) -> smplist.Policy:
    """Few hosts, two proxies, ranges inside one small block of each family; now and then two sources are one endpoint."""
    while True:
        try:
            return smplist.Policy.from_dict(_toy_document(rng))
        except smplist.PolicyError as error:
            assert {problem.code for problem in error.errors} == {"duplicate_endpoint"}


def _toy_document(rng: random.Random) -> dict[str, Any]:
    sources: dict[str, Any] = {}
    for i in range(5):
        host = rng.choice(["a.example", "b.example", "c.example"])
        offered = rng.choice([("file",), ("web",), ("file", "web"), ("file", "web")])
        source: dict[str, Any] = {"host": host, "families": rng.choice([["ipv4"], ["ipv6"], ["ipv4", "ipv6"], ["ipv4", "ipv6"]])}
        for one in offered:
            source[f"{one}_reputation"] = {"port": 1000 + i}
        sources[f"s{i}"] = dict(sources["s0"]) if i == 4 and rng.random() < 0.3 else source

    def choice(most: int = 3) -> dict[str, Any]:
        out: dict[str, Any] = {
            "order": rng.choice(["ordered", "random"]),
            "sources": rng.sample(sorted(sources), rng.randint(0, most)),
        }
        return out

    def proxy() -> dict[str, Any] | None:
        return rng.choice([None, {"host": rng.choice(["p.example", "q.example"]), "port": 3128}])

    def toy_range() -> str:
        prefix, _ = BLOCKS[rng.choice([4, 6])]
        low, high = sorted((rng.randint(1, 15), rng.randint(1, 15)))
        form = "{:d}" if prefix.startswith("10") else "{:x}"
        return f"{prefix}{form.format(low)}-{prefix}{form.format(high)}"

    lists = [
        {"name": f"l{i}", "ranges": [toy_range() for _ in range(rng.randint(0, 2))], "proxy": proxy(), **choice()}
        for i in range(rng.randint(0, 3))
    ]
    custom = {
        "lists": lists,
        "fallback_to_standard": rng.random() < 0.5,
        "on_overlap": rng.choice(["first", "last", "most_specific"]),
    }
    return {
        "schema": "smplist/1",
        "sources": sources,
        "network_fallback": {"file_reputation": rng.random() < 0.3, "web_reputation": rng.random() < 0.3},
        "internal": {
            "mode": rng.choice(["standard", "custom", "custom"]),
            "proxy": proxy(),
            "standard": choice(2),
            "custom": custom,
        },
        "network": {**choice(2), "proxy": proxy()},
    }


def orders(policy: smplist.Policy, client: smplist.Client, service: str, *, symbolic: bool) -> list[Order]:
    """Every order of attempts that such a client may have; the one that it has if its key is known."""
    plan = policy.evaluate(client, service)
    ways: list[list[Order]] = []
    for stage in plan.stages:
        own = tuple(
            Step(
                a.source,
                a.identity,
                frozenset({("endpoint", a.identity), ("host", str(policy.sources[a.source].host)), ("proxy", a.via or "")}),
            )
            for a in plan.attempts
            if a.stage == stage.stage
        )
        shuffled = symbolic and stage.order == "random"
        ways.append([tuple(p) for p in itertools.permutations(own)] if shuffled else [own])
    return [tuple(itertools.chain(*way)) for way in itertools.product(*ways)]


def first(order: Order, gone: set[Unit]) -> str | None:
    """The first attempt that nothing takes."""
    return next((step.source for step in order if not step.units & gone), None)


class Brute:
    """Sums over clients: shares before and after, expected, and what falls to whom if one endpoint more fails."""

    def __init__(self, down: set[Unit], likely: Units) -> None:
        self.down, self.likely = down, likely
        self.total = Fraction(0)
        self.before, self.after, self.expected, self.second = (defaultdict[str | None, Fraction](Fraction) for _ in range(4))
        self.moved: defaultdict[str, defaultdict[str | None, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
        self._patterns: dict[frozenset[Order], dict[str | None, Fraction]] = {}

    def add(self, ways: Sequence[Order], weight: Fraction) -> None:
        """Clients that have each of these orders equally likely."""
        self.total += weight
        each = weight / len(ways)
        for order in ways:
            self.before[first(order, set())] += each
            now = first(order, self.down)
            self.after[now] += each
            if now is not None:
                endpoint = next(step.endpoint for step in order if not step.units & self.down)
                then = first(order, self.down | {("endpoint", endpoint)})
                self.moved[now][then] += each
                self.second[then] += each
        key = frozenset(ways)
        if key not in self._patterns:
            self._patterns[key] = self._expect(ways)
        for source, share in self._patterns[key].items():
            self.expected[source] += weight * share

    def _expect(self, ways: Sequence[Order]) -> dict[str | None, Fraction]:
        units = sorted({unit for order in ways for step in order for unit in step.units} & set(self.likely))
        found: defaultdict[str | None, Fraction] = defaultdict(Fraction)
        for pattern in itertools.product([False, True], repeat=len(units)):
            chance = Fraction(1, len(ways))
            for unit, fails in zip(units, pattern, strict=True):
                chance *= self.likely[unit] if fails else 1 - self.likely[unit]
            gone = self.down | {unit for unit, fails in zip(units, pattern, strict=True) if fails}
            for order in ways:
                found[first(order, gone)] += chance
        return found

    def compare(self, report: Any, service: str, population: str) -> None:
        """Every share of the report is the one found here."""
        if not self.total:
            return
        for when, sums in (("before", self.before), ("after", self.after), ("second_choice", self.second)):
            _same(report.shares(service, population, when), sums, self.total, when)
        if self.likely:
            _same(report.shares(service, population, "expected"), self.expected, self.total, "expected")
        goes = report.cascade(service, population)
        assert set(goes) == set(self.moved)
        for source, shares in goes.items():
            _same(shares, self.moved[source], self.total, f"cascade of {source}")


def _same(said: Mapping[str | None, Fraction], sums: Mapping[str | None, Fraction], total: Fraction, what: str) -> None:
    for source in {*said, *sums}:
        assert said.get(source, Fraction(0)) == sums.get(source, Fraction(0)) / total, (what, source)


def toy_failures(rng: random.Random, policy: smplist.Policy, chance: float) -> dict[str, set[Unit]]:
    """Failures by the text that names them, each with what it takes, by service inside the text's unit."""
    out: dict[str, set[Unit]] = {}
    for name, source in policy.sources.items():
        if rng.random() < chance:
            out[name] = {("endpoint", source.identity(s)) for s in SERVICES if source.identity(s)}
    for host in sorted({str(s.host) for s in policy.sources.values()}):
        if rng.random() < chance / 2:
            out[f"host:{host}"] = {("host", host)}
    lists = [*policy.lists, policy.standard, policy.network]
    for via in sorted({f"{entry.proxy.host}:{entry.proxy.port}" for entry in lists if entry.proxy}):
        if rng.random() < chance:
            out[f"proxy:{via}"] = {("proxy", via)}
    return out


def check_load(rng: random.Random) -> None:
    """One random policy: head counts, addresses and clients, each against brute force."""
    policy = toy_policy(rng)
    down = toy_failures(rng, policy, 0.2)
    taken = toy_failures(rng, policy, 0.4)
    stated = {text: Fraction(rng.randint(0, 6), 6) for text in taken}
    if "s0" in taken and taken["s0"] == taken.get("s4"):
        stated["s4"] = stated["s0"]  # one endpoint, one probability
    likely = {unit: stated[text] for text, units in taken.items() for unit in units}
    gone = {unit for units in down.values() for unit in units}
    words: dict[str, Any] = {"down": list(down), "probabilities": stated}
    location = rng.choice(["internal", "internal", "external"])
    _check_addresses(policy, location, gone, likely, words)
    _check_counts(rng, policy, location, gone, likely, words)
    clients = [
        smplist.Client(rng.sample(BLOCKS[4][1] + BLOCKS[6][1], rng.randint(1, 2)), id=f"pc-{i}", location=location)
        for i in range(9)
    ]
    report = policy.load(clients, **words)
    for service in SERVICES:
        brute = Brute(gone, likely)
        for client in clients:
            brute.add(orders(policy, client, service, symbolic=False), Fraction(1))
        brute.compare(report, service, "clients")


def _check_addresses(policy: smplist.Policy, location: str, gone: set[Unit], likely: Units, words: dict[str, Any]) -> None:
    others = {4: 2**32 - 2**24 - 2**16 - 16, 6: 2**128 - 2**32 - 2**118 - 1 - 15}
    weighed = {
        family: [*((a, 1) for a in block), ("192.0.2.1" if family == 4 else "2001:db8:f::1", others[family])]
        for family, (_, block) in BLOCKS.items()
    }
    report = policy.load(location=location, **words)
    for service in SERVICES:
        for family in (4, 6):
            brute = Brute(gone, likely)
            for address, weight in weighed[family]:
                client = smplist.Client([address], location=location)
                brute.add(orders(policy, client, service, symbolic=True), Fraction(weight))
            brute.compare(report, service, f"ipv{family}")
        brute = Brute(gone, likely)
        for a, n in weighed[4]:
            for b, m in weighed[6]:
                client = smplist.Client([a, b], location=location)
                brute.add(orders(policy, client, service, symbolic=True), Fraction(n * m))
        brute.compare(report, service, "dual")


def _check_counts(rng: random.Random, policy: smplist.Policy, location: str, gone: set[Unit], likely: Units,
                  words: dict[str, Any]) -> None:  # fmt: skip
    counts = [
        ("10.0.0.0-10.0.0.15", rng.randint(0, 40), None, None),
        ("2001:db8::1-2001:db8::f", rng.randint(1, 40), rng.choice([None, ("ipv4",), ("ipv4", "ipv6")]), None),
        ("127.0.0.4/30", rng.randint(0, 3), None, "external"),
    ]
    report = policy.load(counts, location=location, **words)
    for service in SERVICES:
        brute = Brute(gone, likely)
        for text, heads, stack, where in counts:
            block = (
                BLOCKS[4][1]
                if text.startswith("10.")
                else BLOCKS[6][1]
                if text.startswith("2001")
                else [f"127.0.0.{i}" for i in (4, 5, 6, 7)]
            )
            for address in block:
                client = smplist.Client([address], location=where or location, stack=stack)
                if heads:
                    brute.add(orders(policy, client, service, symbolic=True), Fraction(heads, len(block)))
        brute.compare(report, service, "ranges")
