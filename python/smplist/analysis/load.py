# SPDX-License-Identifier: MIT
"""Which share of the clients every source gets: exactly, before and after failures, and where it goes when one more fails."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from smplist._core import AddressRange, Client, Location, Policy, _audiences, _follow, _weigh
from smplist.analysis.failures import Failing
from smplist.analysis.report import SERVICES, Report
from smplist.analysis.survivability import counted

POPULATIONS = ("ipv4", "ipv6", "dual")
_NOTHING = ""  # no source is called so
_MAX_SHARED = 16
_SHOWN = 40  # sources in the text
NOUNS = {
    "ipv4": ("IPv4 address", "IPv4 addresses"),
    "ipv6": ("IPv6 address", "IPv6 addresses"),
    "dual": ("pair of addresses", "pairs of addresses"),
    "clients": ("client", "clients"),
    "ranges": ("client", "clients"),
}

Shares = dict[str, Fraction]
Stage = tuple[bool, list[int]]
Pattern = tuple[tuple[bool, tuple[Fraction, ...]], ...]  # of stages: whether random, and how likely each attempt fails


def _rational(value: Fraction | None) -> dict[str, str] | None:
    return None if value is None else {"numerator": str(value.numerator), "denominator": str(value.denominator)}


def fraction(value: Mapping[str, str]) -> Fraction:
    """A rational number of a report."""
    return Fraction(int(value["numerator"]), int(value["denominator"]))


def percent(share: Fraction) -> str:
    """A share for people, to a tenth: `33.3 %`; `0 %` and `100 %` are nothing and all, not nearly."""
    if share in (0, 1):
        return f"{share * 100} %"
    near = round(share * 1000)
    if near in (0, 1000):
        return "< 0.1 %" if near == 0 else "> 99.9 %"
    return f"{near // 10}.{near % 10} %"


class _Group:
    """Clients of one service who do the same: how many, what they do, and who they are."""

    def __init__(self, weight: Fraction, stages: list[Stage], label: dict[str, Any]) -> None:
        self.weight, self.stages, self.label = weight, stages, label


class _Engine:
    """Where first attempts go, given what is down or may fail."""

    def __init__(self, attempts: list[dict[str, Any]], failing: Failing) -> None:
        self.attempts, self.failing = attempts, failing
        self._known: dict[Pattern, list[Fraction]] = {}

    def alive(self, service: str, stages: list[Stage], gone: str = "") -> list[Stage]:
        """The stages without what is down, and without one endpoint more."""
        left = []
        for random, steps in stages:
            up = [
                i for i in steps if self.attempts[i]["endpoint"] != gone and not self.failing.is_down(service, self.attempts[i])
            ]
            if up:
                left.append((random, up))
        return left

    def first(self, stages: list[Stage]) -> Shares:
        """Of which sources the first attempt is; every order of a random stage is as likely as any other."""
        if not stages:
            return {_NOTHING: Fraction(1)}
        random, steps = stages[0]
        if not random:
            return {self.attempts[steps[0]]["source"]: Fraction(1)}
        return {self.attempts[i]["source"]: Fraction(1, len(steps)) for i in steps}

    def expected(self, service: str, stages: list[Stage]) -> Shares:
        """The same where units fail, each independently of the others."""
        likely = {i: self.failing.units(service, self.attempts[i]) for _, steps in stages for i in steps}
        shared = _shared(likely)
        if len(shared) > _MAX_SHARED:
            raise ValueError(
                f"attempts of one client share {len(shared)} units that may fail, and at most {_MAX_SHARED} are reckoned with: "
                "state fewer probabilities of hosts and proxies"
            )
        found: defaultdict[str, Fraction] = defaultdict(Fraction)
        for weight, left, own in _cases(stages, likely, Fraction(1)):
            for source, share in self._independent(left, own).items():
                found[source] += weight * share
        return found

    def _independent(self, stages: list[Stage], fails: Mapping[int, Fraction]) -> Shares:
        """First available attempts where each attempt fails by itself."""
        key = tuple((random, tuple(fails[i] for i in steps)) for random, steps in stages)
        if key not in self._known:
            self._known[key] = _independent(key)
        places = [i for _, steps in stages for i in steps]
        *firsts, left = self._known[key]
        found: defaultdict[str, Fraction] = defaultdict(Fraction, {_NOTHING: left})
        for i, share in zip(places, firsts, strict=True):
            found[self.attempts[i]["source"]] += share
        return found


def _independent(stages: Pattern) -> list[Fraction]:
    """How likely each attempt is the first that is up, and last, that none is."""
    out = []
    left = Fraction(1)  # that everything so far has failed
    for random, fails in stages:
        ups = [1 - p for p in fails]
        out += [left * share for share in (first_of_random(ups) if random else first_of_ordered(ups))]
        for p in fails:
            left *= p
    return [*out, left]


def first_of_ordered(ups: Sequence[Fraction]) -> list[Fraction]:
    """How likely each is the first that is up, tried in this order."""
    out, left = [], Fraction(1)
    for up in ups:
        out.append(left * up)
        left *= 1 - up
    return out


def first_of_random(ups: Sequence[Fraction]) -> list[Fraction]:
    """How likely each is the first that is up, all orders being equally likely.

    Let every one draw a moment between 0 and 1. Whoever is up and has drawn t is first if nobody else is up and has drawn less:
    the integral over t of the product of 1 - u t over the others. The product of all is made once, and each divided out again.
    """
    product = [Fraction(1)]
    for up in ups:
        product = [a - up * b for a, b in zip([*product, Fraction(0)], [Fraction(0), *product], strict=True)]
    out = []
    for up in ups:
        without, carry = Fraction(0), Fraction(0)
        for power, coefficient in enumerate(product[:-1]):
            carry = coefficient + up * carry
            without += carry / (power + 1)
        out.append(up * without)
    return out


def _shared(likely: Mapping[int, Mapping[tuple[str, str], Fraction]]) -> list[tuple[str, str]]:
    """The units of two attempts or more, the most shared first."""
    count: defaultdict[tuple[str, str], int] = defaultdict(int)
    for units in likely.values():
        for unit in units:
            count[unit] += 1
    return sorted((unit for unit, n in count.items() if n > 1), key=lambda unit: (-count[unit], unit))


def _cases(stages: list[Stage], likely: Mapping[int, Mapping[tuple[str, str], Fraction]],
           weight: Fraction) -> Iterator[tuple[Fraction, list[Stage], dict[int, Fraction]]]:  # fmt: skip
    """Every case of the shared units: how likely it is, what is left, and how likely each of that fails by itself."""
    shared = _shared(likely)
    if not shared:
        own = {}
        for i, units in likely.items():
            up = Fraction(1)
            for p in units.values():
                up *= 1 - p
            own[i] = 1 - up
        yield weight, stages, own
        return
    unit = shared[0]
    hit = {i for i, units in likely.items() if unit in units}
    p = next(units[unit] for units in likely.values() if unit in units)
    without = [(random, [i for i in steps if i not in hit]) for random, steps in stages]
    yield from _cases([s for s in without if s[1]], {i: units for i, units in likely.items() if i not in hit}, weight * p)
    if p != 1:
        spared = {i: {u: q for u, q in units.items() if u != unit} for i, units in likely.items()}
        yield from _cases(stages, spared, weight * (1 - p))


class Load(Report):
    """What `load` finds: for each service and population the share of every source, as exact rationals."""

    columns = ("service", "population", "source", "before", "after", "expected", "second_choice")

    def rows(self) -> list[dict[str, Any]]:
        """One row per source that somebody asks, first or later, and one without a source for nothing.

        Shares are texts like `1/3`.
        """
        out = []
        for part in self._data["parts"]:
            for row in [*part["sources"], {"source": None, **part["nothing"]}]:
                shares = {key: row[key] and str(fraction(row[key])) for key in ("before", "after", "expected", "second_choice")}
                out.append({"service": part["service"], "population": part["population"], "source": row["source"], **shares})
        return out

    def shares(self, service: str, population: str | None = None, when: str = "after") -> dict[str | None, Fraction]:
        """The share of each source, None being nothing; `when` is `before`, `after`, `expected` or `second_choice`."""
        part = self._part(service, population)
        rows = [*part["sources"], {"source": None, **part["nothing"]}]
        return {row["source"]: fraction(row[when]) for row in rows if row[when] is not None}

    def cascade(self, service: str, population: str | None = None) -> dict[str, dict[str | None, Fraction]]:
        """Of each source that gets load: where it goes if that source fails too, None being nowhere."""
        return {
            row["source"]: {to["source"]: fraction(to["share"]) for to in row["to"]}
            for row in self._part(service, population)["cascade"]
        }

    @property
    def cut_off(self) -> bool:
        """Whether some clients reach nothing after the failures."""
        return any(fraction(part["nothing"]["after"]) > 0 for part in self._data["parts"])

    def _part(self, service: str, population: str | None) -> dict[str, Any]:
        for part in self._data["parts"]:
            if part["service"] == service and population in (None, part["population"]):
                found: dict[str, Any] = part
                return found
        raise KeyError(f"no load of {service}, {population or 'any population'}")

    def to_text(self) -> str:
        """Per service and population: the verdict, the shares, and where they go."""
        blocks = [self._block(part) for part in self._data["parts"]]
        return "\n\n".join(blocks) if blocks else "no clients, no load"

    def _block(self, part: dict[str, Any]) -> str:
        down, likely = self._data["down"], self._data["probabilities"]
        lines = [self._verdict(part), ""]
        width = max([len(row["source"]) for row in part["sources"]] + [7])
        head = (
            f"  {'source':{width}}  {'before':>9}"
            + (f"     {'after':>9}" if down else "")
            + (f"  {'expected':>9}" if likely else "")
        )
        lines.append(f"{head}  {'2nd choice':>10}")
        for row in [*part["sources"][:_SHOWN], {"source": "nothing", **part["nothing"]}]:
            shares = {key: percent(fraction(row[key])) for key in ("before", "after", "expected", "second_choice") if row[key]}
            if row["source"] == "nothing" and set(shares.values()) == {"0 %"}:
                continue
            line = f"  {row['source']:{width}}  {shares['before']:>9}" + (f"  -> {shares['after']:>9}" if down else "")
            line += f"  {shares['expected']:>9}" if likely else ""
            lines.append(f"{line}  {shares['second_choice']:>10}")
        if len(part["sources"]) > _SHOWN:
            lines.append(f"  and {counted(len(part['sources']) - _SHOWN, 'source')} more (--format json has them all)")
        return "\n".join([*lines, *self._cascade_lines(part), *self._availability_lines(part)])

    def _verdict(self, part: dict[str, Any]) -> str:
        number = counted(int(Fraction(part["clients"])), *NOUNS[part["population"]])
        where = f"{part['service'].replace('_', ' ')}, {number}{', ' + part['location'] if part['location'] else ''}"
        rows = [(row["source"], fraction(row["after"]), fraction(row["second_choice"])) for row in part["sources"]]
        nothing = fraction(part["nothing"]["after"])
        after = f" with {', '.join(self._data['down'])} down" if self._data["down"] else ""
        cut_off = f"{percent(nothing)} reach nothing" if nothing else ""
        if not any(share for _, share, _ in rows):
            return f"{where}: nobody is asked{after}" + (f", {cut_off}" if cut_off else "")
        most = max(rows, key=lambda row: row[1])
        said = f"{cut_off}; " if cut_off else ""
        return f"{where}: {said}{most[0]} is asked first most, by {percent(most[1])}{after}"

    def _cascade_lines(self, part: dict[str, Any]) -> list[str]:
        rows = part["cascade"]
        if not rows:
            return []
        lines = ["", "  if one more fails, its clients go to"]
        width = max(len(row["source"]) for row in rows)
        for row in rows[:12]:
            goes = [f"{to['source'] or 'nothing'} {percent(fraction(to['share']))}" for to in row["to"]]
            more = f" and {len(goes) - 4} more" if len(goes) > 4 else ""
            lines.append(f"    {row['source']:{width}}  {', '.join(goes[:4])}{more}")
        if len(rows) > 12:
            lines.append(f"    and {counted(len(rows) - 12, 'source')} more (--format json has them all)")
        second = max(part["sources"], key=lambda row: fraction(row["second_choice"]))
        if fraction(second["second_choice"]):
            peak, by = self._peak(part, second["source"])
            lines.append(
                f"  {second['source']} is the second choice of most, {percent(fraction(second['second_choice']))}: size it for "
                f"{percent(peak)}, its load without {by}"
            )
        return lines

    def _peak(self, part: dict[str, Any], source: str) -> tuple[Fraction, str]:
        """The most that a source gets when one other fails, and which."""
        own = next(fraction(row["after"]) for row in part["sources"] if row["source"] == source)
        gains = [(fraction(to["share"]), row["source"]) for row in part["cascade"] for to in row["to"] if to["source"] == source]
        gain, by = max(gains, key=lambda one: one[0])
        return own + gain, by

    def _availability_lines(self, part: dict[str, Any]) -> list[str]:
        if part["availability"] is None:
            return []
        lines = ["", f"  reaches something with probability {_decimals(fraction(part['availability']))}; the worst off:"]
        for row in part["groups"][:8]:
            names = ["no list" if name is None else name for name in row["lists"]]
            who = ", ".join(names[:4]) + (f" and {len(names) - 4} more lists" if len(names) > 4 else "")
            where = f"{row['first']}-{row['last']}" if row["first"] else ""
            text = f"{who} ({where})" if who and where else who or where or counted(int(Fraction(row["clients"])), "client")
            lines.append(f"    {_decimals(fraction(row['availability']))}  {text}")
        return lines


def _decimals(value: Fraction) -> str:
    """Nine digits behind the point, cut and never rounded up: less than certain never looks certain."""
    digits = f"{value.numerator * 10**9 // value.denominator:010d}"
    return f"{digits[:-9]}.{digits[-9:]}"


class _Question:
    """One call of `load`: the groups by part, then the sums."""

    def __init__(self, policy: Policy, failing: Failing, location: str, epoch: int, resolved: Any) -> None:
        self.policy, self.failing, self.location, self.epoch, self.resolved = policy, failing, location, epoch, resolved
        self.parts: dict[tuple[str, str], list[_Group]] = {}

    def by_addresses(self, populations: Sequence[str]) -> list[dict[str, Any]]:
        """Every address of a population is one client."""
        data = json.loads(_audiences(self.policy.partition(resolved=self.resolved)))
        self.parts = {(service, population): [] for service in SERVICES for population in populations}
        for row in data["audiences"]:
            if row["location"] != self.location or row["population"] not in populations:
                continue
            label = {"lists": row["lists"], "first": row.get("first"), "last": row.get("last")}
            stages = data["answers"][row["answer"]]["stages"]
            self.parts[row["service"], row["population"]].append(_Group(Fraction(int(row["clients"])), stages, label))
        return self._attempts(data)

    def by_ranges(self, rows: Sequence[tuple[AddressRange, int, Any, str]]) -> list[dict[str, Any]]:
        """Head counts: the clients of a range are spread evenly over it."""
        cut = self.policy.partition(resolved=self.resolved)
        data = json.loads(_weigh(cut, [(place, Location(where), stack) for place, _, stack, where in rows]))
        for service in SERVICES:
            groups = self.parts.setdefault((service, "ranges"), [])
            for (place, clients, _, _), weights in zip(rows, data["ranges"], strict=True):
                for answer, addresses in weights[service]:
                    weight = Fraction(clients * int(addresses), int(weights["addresses"]))
                    label = {"lists": [], "first": str(place.first), "last": str(place.last)}
                    if weight:
                        groups.append(_Group(weight, data["answers"][answer]["stages"], label))
        return self._attempts(data)

    def by_clients(self, clients: Sequence[Client]) -> list[dict[str, Any]]:
        """Every client counts once, in the order that its own key gives it."""
        data = json.loads(_follow(self.policy, clients, self.epoch))
        self.parts = {(service, "clients"): [] for service in SERVICES}
        for answer, number in zip(data["answers"], data["clients"], strict=True):
            label: dict[str, Any] = {"lists": [], "first": None, "last": None}
            self.parts[answer["service"], "clients"].append(_Group(Fraction(number), answer["stages"], label))
        return self._attempts(data)

    @staticmethod
    def _attempts(data: dict[str, Any]) -> list[dict[str, Any]]:
        attempts: list[dict[str, Any]] = data["attempts"]
        return attempts

    def sums(self, attempts: list[dict[str, Any]], service: str | None) -> list[dict[str, Any]]:
        """The parts of the report."""
        engine = _Engine(attempts, self.failing)
        return [
            _part(engine, what, population, groups, self.location if population in POPULATIONS else None)
            for (what, population), groups in self.parts.items()
            if groups and service in (None, what)
        ]


def _part(engine: _Engine, service: str, population: str, groups: list[_Group], location: str | None) -> dict[str, Any]:
    total = sum((g.weight for g in groups), Fraction(0))
    before, after, expected = (defaultdict[str, Fraction](Fraction) for _ in range(3))
    moved: defaultdict[str, defaultdict[str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    lines = []
    for g in groups:
        share = g.weight  # of the total, by which everything is divided at the end: small numbers stay small
        up = engine.alive(service, g.stages)
        _add(before, engine.first(g.stages), share)
        _add(after, engine.first(up), share)
        if engine.failing.stated:
            found = engine.expected(service, up)
            _add(expected, found, share)
            line = {**g.label, "clients": str(g.weight), "availability": 1 - found.get(_NOTHING, Fraction(0))}
            lines.append(line)
        for source, goes in _next(engine, service, up).items():
            _add(moved[source], goes, share)
    lines.sort(key=lambda line: (line["availability"], -Fraction(line["clients"])))
    second: defaultdict[str, Fraction] = defaultdict(Fraction)
    for goes in moved.values():
        _add(second, goes, Fraction(1))
    for sums in (before, after, expected, second, *moved.values()):
        for source in sums:
            sums[source] /= total
    likely = bool(engine.failing.stated) and bool(groups)

    def row(source: str) -> dict[str, Any]:
        return {
            "before": _rational(before[source]),
            "after": _rational(after[source]),
            "expected": _rational(expected[source]) if likely else None,
            "second_choice": _rational(second[source]),
        }

    asked = {engine.attempts[i]["source"] for g in groups for _, steps in g.stages for i in steps}
    names = sorted(asked, key=lambda s: (-after[s], -before[s], -second[s], s))
    return {
        "service": service,
        "population": population,
        "location": location,
        "clients": str(total),
        "sources": [{"source": name, **row(name)} for name in names],
        "nothing": row(_NOTHING),
        "cascade": [
            {"source": source, "to": [{"source": to or None, "share": _rational(n)} for to, n in _falling(moved[source])]}
            for source in names
            if source in moved
        ],
        "availability": _rational(1 - expected[_NOTHING]) if likely else None,
        "groups": [{**line, "availability": _rational(line["availability"])} for line in lines],
    }


def _add(sums: defaultdict[str, Fraction], shares: Mapping[str, Fraction], weight: Fraction) -> None:
    for source, share in shares.items():
        sums[source] += share * weight


def _falling(shares: Mapping[str, Fraction]) -> list[tuple[str, Fraction]]:
    return sorted(shares.items(), key=lambda item: (-item[1], item[0]))


def _next(engine: _Engine, service: str, up: list[Stage]) -> dict[str, Shares]:
    """Of each first choice: where its share goes if its endpoint fails alone."""
    if not up:
        return {}
    random, steps = up[0]
    out: dict[str, Shares] = {}
    for i in steps if random else steps[:1]:
        gone = engine.attempts[i]
        then = engine.first(engine.alive(service, up, gone["endpoint"]))
        weight = Fraction(1, len(steps)) if random else Fraction(1)
        goes = out.setdefault(gone["source"], {})
        for source, share in then.items():
            goes[source] = goes.get(source, Fraction(0)) + weight * share
    return out


def _ranges(population: Iterable[Any], location: str) -> list[tuple[AddressRange, int, Any, str]]:
    """Head counts as (range, clients, stack or None, location)."""
    out = []
    for item in population:
        place, clients, stack, where = (*item, *(None, None)[: 4 - len(item)]) if 2 <= len(item) <= 4 else (None,) * 4
        if place is None or isinstance(clients, bool) or not isinstance(clients, int):
            raise TypeError("a head count is (range, clients), (range, clients, stack) or (range, clients, stack, location)")
        if clients < 0:
            raise ValueError(f"a head count is 0 or more, not {clients}")
        out.append((place if isinstance(place, AddressRange) else AddressRange(str(place)), clients, stack, where or location))
    return out


def load(policy: Policy, population: Any = None, *, service: str | None = None, location: str = "internal",
         down: Iterable[str] = (), probabilities: Mapping[str, object] | None = None, epoch: int = 0,
         resolved: Mapping[str, Iterable[str]] | None = None) -> Load:  # fmt: skip
    """The expected share of every source: whose clients ask it first.

    Exact: shares are rationals. In a random order every permutation is taken to be equally likely, as the keys of clients are
    taken to be spread evenly [S-21]; clients that are given as such have the order that is really theirs.

    Parameters
    ----------
    population
        `ipv4`, `ipv6` or `dual`: every usable address, or pair of them, is one client; None is all three. A dict of ranges and
        head counts, or an iterable of (range, clients[, stack[, location]]): clients spread evenly over each range. An iterable
        of `Client`: each counts once.
    service
        One service; both without it.
    location
        Where the clients are, unless a client or a head count says so itself.
    down
        What has failed, as for `Policy.what_if`: the report has the shares before and after.
    probabilities
        How likely units fail, each independently of the others: `{"sps-hq": "1/100", "proxy:p.example:3128": "0.1%"}`; `*` is
        every source that is not named. The report then has the expected shares, and how likely clients reach something.
    epoch
        Of random orders of clients.
    resolved
        The families of hosts whose families the policy does not state; not for clients. [S-12]

    Raises
    ------
    ValueError
        If the policy has nothing of a name, or a word or number is none.
    TypeError
        If the population or a probability is of another type.
    """
    if service is not None and service not in SERVICES:
        raise ValueError(f"unknown service {service!r}; expected one of: {', '.join(SERVICES)}")
    if location not in ("internal", "external"):
        raise ValueError(f"unknown location {location!r}; expected one of: internal, external")
    failing = Failing(policy, down, probabilities or {})
    given: Any = {host: tuple(families) for host, families in (resolved or {}).items()}
    question = _Question(policy, failing, location, epoch, given)
    if population is None or isinstance(population, str):
        if population not in (None, *POPULATIONS):
            raise ValueError(f"unknown population {population!r}; expected one of: {', '.join(POPULATIONS)}")
        attempts = question.by_addresses(POPULATIONS if population is None else [population])
    else:
        items = list(population.items() if isinstance(population, Mapping) else population)
        if items and all(isinstance(item, Client) for item in items):
            attempts = question.by_clients(items)
        elif all(isinstance(item, tuple) for item in items):
            attempts = question.by_ranges(_ranges(items, location))
        else:
            raise TypeError("a population is a word, head counts by range, or clients; not a mixture of them")
    return Load(
        {
            "revision": policy.revision,
            "down": [f["text"] for f in failing.down],
            "probabilities": {name: _rational(likely) for name, likely in failing.stated.items()},
            "parts": question.sums(attempts, service),
        }
    )
