# SPDX-License-Identifier: MIT
"""What changes between two policies, for every client there can be."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar

from smplist._core import (
    Address,
    AddressRange,
    Client,
    Partition,
    Plan,
    Policy,
    PolicyDiff,
    RangeSet,
    quiet_changes_json,
)
from smplist.analysis.report import Report, asked_first, explain_words, markdown, range_text

SIGNS = {"lost": "!", "less": "-", "same": "~", "more": "+"}
"""What a sign of the text says: nothing left to ask, fewer endpoints, as many, more."""

_SERVICES = {"file_reputation": "file reputation", "web_reputation": "web reputation"}
_AT_ONCE = 10_000
_ANSWERS_SHOWN = 20


def count(n: int) -> str:
    """A number for people: large ones as powers of two."""
    if n < 10**12:
        return f"{n:,}"
    power = n.bit_length() - 1
    if n == 1 << power:
        return f"2^{power}"
    # the nearer of two powers, by squares and so without a float
    return f"about 2^{power if n * n < 1 << (2 * power + 1) else power + 1}"


def summary(answer: Mapping[str, Any]) -> str:
    """An answer on one line: `list: source, source; then list: source`."""
    parts = []
    for stage in answer["stages"]:
        steps = stage["attempts"]
        names = (" or " if stage["order"] == "random" else ", ").join(step["source"] for step in steps)
        via = steps[0]["via"]
        parts.append(f"{steps[0]['list']}: {names}{f' through {via}' if via else ''}")
    return "; then ".join(parts) or f"nothing to ask ({answer['outcome']})"


def _moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Two answers that read alike on one line differ in these URLs or routes."""
    was, now = ([step for stage in answer["stages"] for step in stage["attempts"]] for answer in (before, after))
    out = []
    for old, new in zip(was, now, strict=False):
        if old != new:
            out.append(f"{old['source']}: {_route(old)} becomes {_route(new)}")
    return out


def _route(step: Mapping[str, Any]) -> str:
    through = f"through {step['via']} " if step["via"] else ""
    return f"{step['url']} {through}over {' to '.join(step['families'])}"


class Diff(Report):
    """All clients whose answer changes from one policy to another; `smplist.diff` makes it.

    `equal` is said of meaning: no client there can be gets another answer. `textually_equal` is said of the canonical forms. A
    report is false if the policies are equal, as an empty list is.
    """

    columns = (
        "population", "first", "last", "count", "location", "service", "change", "trend", "renamed", "before", "after",
    )  # fmt: skip
    types: ClassVar[Mapping[str, str]] = {"count": "count", "renamed": "flag"}

    def __init__(self, found: PolicyDiff, quiet: list[dict[str, Any]] | None = None) -> None:
        self._found = found
        self._quiet = quiet

    @cached_property
    def _data(self) -> dict[str, Any]:  # type: ignore[override]
        """Made when it is asked for: a diff of a large policy has a million regions."""
        return self._with(list(self.regions()))

    def _with(self, regions: list[dict[str, Any]]) -> dict[str, Any]:
        """The data with these regions, in the order of the command line's JSON."""
        rest = self._rest
        data = {key: rest[key] for key in ("equal", "textually_equal", "old", "new")}
        data["regions"] = regions
        data.update((key, rest[key]) for key in rest if key not in data)
        return data

    @cached_property
    def _rest(self) -> dict[str, Any]:
        rest: dict[str, Any] = json.loads(self._found.rest_json())
        if self._quiet is not None:
            rest["quiet"] = self._quiet
        return rest

    @property
    def equal(self) -> bool:
        """Whether every client there can be gets the same answer from both."""
        return self._found.equal

    @property
    def textually_equal(self) -> bool:
        """Whether the canonical forms are the same bytes. [S-82]"""
        return self._found.textually_equal

    def __bool__(self) -> bool:
        return not self.equal

    def changed_addresses(self, service: str | None = None) -> RangeSet:
        """The addresses whose internal clients get another answer, for one service or for any."""
        return self._found.changed_addresses(service)

    def regions(self) -> Iterator[dict[str, Any]]:
        """Runs of addresses whose internal clients change alike, family by family, ascending; as long as can be."""
        for first in range(0, self._found.region_count, _AT_ONCE):
            yield from json.loads(self._found.regions_json(first, first + _AT_ONCE))

    def beginning(self, most: int) -> tuple[dict[str, Any], int]:
        """The data with at most so many regions, and how many are left out: there may be a million."""
        return self._with(json.loads(self._found.regions_json(0, most))), max(0, self._found.region_count - most)

    def to_json(self) -> str:
        """The report as one line of JSON."""
        return self._found.to_json() if self._quiet is None else super().to_json()

    def each_row(self) -> Iterator[dict[str, Any]]:
        """What `rows()` lists, one by one."""
        for region in self.regions():
            place = (region["family"], region["first"], region["last"], int(region["addresses"]))
            yield self._row(*place, region)
        for one in self._rest["external"]:
            yield self._row(_population(one), None, None, int(one.get("pairs") or one["addresses"]), one)
        for one in self._rest["dual_stack"]:
            yield self._row("dual_stack", None, None, int(one["pairs"]), one)

    @staticmethod
    def _row(population: str, first: str | None, last: str | None, clients: int, one: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "population": population, "first": first, "last": last, "count": clients,
            **{key: one[key] for key in ("location", "service", "change", "trend", "renamed")},
            "before": summary(one["before"]), "after": summary(one["after"]),
        }  # fmt: skip

    def rows(self) -> list[dict[str, Any]]:
        """One dict per region, kind of external client and kind of pair; answers on one line each."""
        return list(self.each_row())

    def __repr__(self) -> str:
        return f"Diff({self.to_text().splitlines()[0]})"

    def to_text(self, shown: int = _ANSWERS_SHOWN) -> str:
        """The verdict, then the ways in which answers change, the worst first; at most `shown` of each population."""
        lines = [self._verdict(), self._textual()]
        if self._rest["evidence"]:
            lines += ["", "Location: evidence that is judged otherwise [S-30]", *map(_evidence, self._rest["evidence"])]
        lines += self._ways(shown)
        if other := self._rest["other"]:
            lines += ["", "Only clients with several addresses of a family, or with a stated stack, change, as this one:"]
            lines += [f"~ {json.dumps(other['example'])}, {_SERVICES[other['service']]}", *_answers(other)]
        if self._quiet is not None:
            lines += ["", f"Without a change of answer: {len(self._quiet)} region{'s' if len(self._quiet) != 1 else ''}"]
            lines += [
                f"  {q['first']}-{q['last']}, {_SERVICES[q['service']]}: {', '.join(q['changes'])}" for q in self._quiet[:shown]
            ]
        return "\n".join(lines)

    def _verdict(self) -> str:
        if self.equal:
            return "equal in meaning: every client gets the same answers"
        rest = self._rest
        parts = []
        for family, name in (("ipv4", "IPv4 address"), ("ipv6", "IPv6 address")):
            n = max(int(rest["summary"][service][family]) for service in _SERVICES)
            if n:
                parts.append(f"{count(n)} {name}{'es' if n != 1 else ''}")
        pairs = max(int(rest["summary"][service]["dual_stack"]) for service in _SERVICES)
        if pairs:
            parts.append(f"{count(pairs)} pairs of both")
        if rest["external"]:
            parts.append("external clients")
        if rest["evidence"]:
            parts.append("what evidence says of locations")
        return f"different in meaning: {', '.join(parts) or 'some clients with several addresses or a stated stack'}"

    def _textual(self) -> str:
        old, new = self._rest["old"][:19], self._rest["new"][:19]
        return f"textually equal: {old}" if self.textually_equal else f"textually different: {old} became {new}"

    def _ways(self, shown: int) -> list[str]:
        ways = json.loads(self._found.largest_json(2**31, 4))
        groups = {
            "Clients with one address": [w for w in ways if w["location"] == "internal" and len(w["stack"]) < 2],
            "Clients outside": [w for w in ways if w["location"] == "external"],
            "Clients with one address of each family": [w for w in ways if w["location"] == "internal" and len(w["stack"]) == 2],
        }
        lines = []
        for title, group in groups.items():
            if not group:
                continue
            rows = _merged(group)
            lines += ["", f"{title}: {len(rows)} way{'s' if len(rows) != 1 else ''} of changing"]
            for row in rows[:shown]:
                lines += _way(row)
            if len(rows) > shown:
                lines.append(f"  and {len(rows) - shown} more; --format csv has them all")
        hidden = self._rest["summary"]["dual_stack_kinds"] - len(self._rest["dual_stack"])
        if hidden > 0:
            lines.append(f"  and {hidden} rarer ways, which are counted in the first line only; --dual-kinds keeps more")
        return lines

    def to_markdown(self) -> str:
        """The verdict and the rows as a table of Markdown."""
        head = [f"**{markdown(self._verdict())}**", "", markdown(self._textual()), ""]
        if self.equal:
            return "\n".join(head[:3])
        shown = ("", "clients", "service", "change", "before", "after")
        lines = [f"| {' | '.join(shown)} |", f"|{'---|' * len(shown)}"]
        for row in self.each_row():
            place = row["population"] if row["first"] is None else range_text(row["first"], row["last"])
            where = f"{place} ({count(row['count'])}{', outside' if row['location'] == 'external' else ''})"
            cells = (f"`{SIGNS[row['trend']]}`", where, _SERVICES[row["service"]], row["change"], row["before"], row["after"])
            lines.append(f"| {' | '.join([cells[0], *map(markdown, cells[1:])])} |")
        for one in self._rest["evidence"]:
            lines += ["", markdown(_evidence(one))]
        return "\n".join(head + lines)


def _population(one: Mapping[str, Any]) -> str:
    return "dual_stack" if len(one["stack"]) == 2 else str(one["stack"][0])


def _evidence(one: Mapping[str, Any]) -> str:
    example = one["example"]
    if "gateways" in example:
        gateway = example["gateways"][0]
        mac = gateway.get("mac")
        what = f"gateway {gateway['address']}{f' with {mac}' if mac else ', any other MAC address'}"
    else:
        what = f"reached {example['reached'][0]}"
    sign = "+" if one["after"] == "internal" else "-"
    return f"{sign} {what}: {one['before']} becomes {one['after']}"


def _merged(ways: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Both services in one row, where the same clients change between the same lists in the same way."""
    rows: dict[str, dict[str, Any]] = {}
    for way in ways:
        texts = (summary(way["before"]), summary(way["after"]))
        same = (way["stack"], way["count"], way["first"], way["regions"], way["changes"], way["trend"], texts, way["location"])
        row = rows.setdefault(json.dumps(same), {**way, "services": []})
        row["services"].append(way["service"])
    return list(rows.values())


def _way(way: Mapping[str, Any]) -> list[str]:
    """One way of changing: who, what, before and after."""
    n, unit = int(way["count"]), "pair" if len(way["stack"]) == 2 else "address"
    clients = f"{count(n)} {unit}{'' if n == 1 else 'es' if unit == 'address' else 's'}"
    if way["first"]:
        rest = way["regions"] - len(way["first"])
        who = f"{', '.join(_prefix(r) for r in way['first'])}{f' and {rest:,} more runs' if rest else ''} ({clients})"
    else:
        who = f"{' and '.join(way['stack'])} ({clients}), as {' '.join(way['example']['addresses'])}"
    if not way["stack"]:
        who += ", link-local or loopback"
    service = "both services" if len(way["services"]) == 2 else _SERVICES[way["services"][0]]
    return [f"{SIGNS[way['trend']]} {who}, {service}", f"    {', '.join(way['changes'])}: {_meaning(way)}", *_answers(way)]


def _prefix(text: str) -> str:
    first, _, last = text.partition("-")
    return range_text(first, last) if last else text


def _meaning(way: Mapping[str, Any]) -> str:
    """What a change means to the clients, in half a sentence."""
    if way["renamed"]:
        return "only names change: the same endpoints by the same routes in the same order"
    if way["trend"] == "lost":
        what = (
            "files are allowed and scanned again later"
            if way["service"] == "file_reputation"
            else "local lists are all they have"
        )
        return f"nothing is left to ask: {what} [S-66]"
    what = _means(way["change"], way["before"], way["after"])
    return f"{what}; it takes both addresses to choose these lists" if way.get("by_pair_alone") else what


def _means(change: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    was, now = (" or ".join(asked_first(answer)) or "nothing" for answer in (before, after))
    if change == "first" and was != now:
        if " or " in was and " or " not in now:
            return f"they no longer draw, all begin with {now}"
        if " or " in now and " or " not in was:
            return f"they draw from {now} instead of beginning with {was}"
        return f"they begin with {now} instead of {was}"
    if change == "redundancy":
        m, n = _endpoints(before), _endpoints(after)
        return f"they begin as before and have {n} endpoint{'s' if n != 1 else ''} to ask instead of {m}"
    return {
        "reachability": "they have something to ask, and had nothing",
        "exhausted": "something else is done when nothing answers",
        "list": "another list serves them",
        "first": "they begin with the same source by another route",
        "fallback": "they begin as before, and other lists follow",
        "sources": "they begin as before, and other sources or routes follow",
        "order": "they ask the same sources in another order or from another list",
    }[change]


def _endpoints(answer: Mapping[str, Any]) -> int:
    return len({step["url"] for stage in answer["stages"] for step in stage["attempts"]})


def _answers(way: Mapping[str, Any]) -> list[str]:
    before, after = summary(way["before"]), summary(way["after"])
    if before == after:
        return [f"    answer  {before}", *(f"    route   {text}" for text in _moved(way["before"], way["after"]))]
    return [f"    before  {before}", f"    after   {after}"]


Where = str | AddressRange | RangeSet | Iterable[Any]


def _range_set(where: Any) -> RangeSet:
    """A set of addresses from whatever names ranges."""
    if isinstance(where, RangeSet):
        return where
    if isinstance(where, str | AddressRange | Address):
        where = [where]
    return RangeSet([item if isinstance(item, AddressRange) else AddressRange(str(item)) for item in where])


def diff(old: Policy, new: Policy, *, where: Where | None = None, resolved: Mapping[str, Iterable[str]] | None = None,
         everything: bool = False, dual_kinds: int = 1000) -> Diff:  # fmt: skip
    """All clients whose answer changes from one policy to another.

    Parameters
    ----------
    where
        Only clients all of whose addresses are in it; external ones stay. A text such as ``10.0.0.0/8``, an `AddressRange`, a
        `RangeSet`, or a list of any of them.
    resolved
        The families of hosts whose families the policies do not state. [S-12]
    everything
        Also say where the answer stays and the lists that match, the ignored sources, the notes or the trace change.
    dual_kinds
        Of the ways in which clients with an address of each family change, the most frequent of each service are kept.

    Raises
    ------
    ParseError
        If `where` is not made of ranges.
    """
    before, after = (policy.partition(resolved=dict(resolved or {})) for policy in (old, new))
    asked = None if where is None else _range_set(where)
    quiet = _quiet(before, after, asked) if everything else None
    return Diff(PolicyDiff(before, after, where=asked, pair_kinds=dual_kinds), quiet)


def _quiet(before: Partition, after: Partition, where: RangeSet | None) -> list[dict[str, Any]]:
    regions: list[dict[str, Any]] = json.loads(quiet_changes_json(before, after))
    if where is None:
        return regions
    out = []
    for region in regions:
        for part in (RangeSet([AddressRange(f"{region['first']}-{region['last']}")]) & where).ranges:
            out.append({**region, "first": str(part.first), "last": str(part.last), "addresses": str(part.size)})
    return out


Expect = Callable[[Plan], bool] | Mapping[str, Any]

_EXPECTED = ("first", "list", "outcome", "sources", "via", "at_least")


def _holds(answer: Mapping[str, Any], key: str, wanted: Any) -> bool:
    """One expectation of one answer; of a random order, it must hold for every order."""
    stages = answer["stages"]
    attempts = [step for stage in stages for step in stage["attempts"]]
    if key == "first":
        names: set[str | None] = set(asked_first(answer)) or {None}
        return names == {wanted}
    if key == "via":
        return {step["via"] for step in attempts} == {wanted}
    if key == "list":
        return bool((attempts[0]["list"] if attempts else None) == wanted)
    if key == "outcome":
        return bool(answer["outcome"] == str(wanted))
    if key == "at_least":
        return _endpoints(answer) >= int(wanted)
    drawn = any(stage["order"] == "random" for stage in stages)
    return not drawn and [step["source"] for step in attempts] == list(wanted)


def _expectation(expect: Expect) -> Callable[[Mapping[str, Any], Callable[[], Plan]], bool]:
    """The question to ask of an answer, and of the plan of one client that gets it."""
    if callable(expect):
        return lambda answer, plan: bool(expect(plan()))
    if not isinstance(expect, Mapping) or not expect:
        raise TypeError("expect is a function of a plan, or a dict such as {'first': 'sps-hq'}")
    import difflib  # not at start-up

    for key in expect:
        if key not in _EXPECTED:
            near = difflib.get_close_matches(str(key), _EXPECTED, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"expect has no {key!r}; it has {', '.join(_EXPECTED)}{hint}")
    return lambda answer, plan: all(_holds(answer, key, wanted) for key, wanted in expect.items())


class ChangeCheck(Report):
    """Whether a change does what was intended and nothing else; `smplist.check_change` makes it. True if all verdicts hold."""

    columns = ("verdict", "holds", "kinds", "service", "example", "before", "after")
    types: ClassVar[Mapping[str, str]] = {"holds": "flag", "kinds": "integer"}

    @property
    def holds(self) -> bool:
        """Whether every verdict holds."""
        return bool(self._data["holds"])

    def __bool__(self) -> bool:
        return self.holds

    def rows(self) -> list[dict[str, Any]]:
        """One dict per verdict, with a client that refutes it."""
        rows = []
        for verdict in self._data["verdicts"]:
            found = verdict["counterexample"] or {}
            rows.append({
                "verdict": verdict["verdict"], "holds": verdict["holds"], "kinds": verdict["kinds"],
                "service": found.get("service"),
                "example": json.dumps(found["client"], ensure_ascii=False) if found else None,
                "before": found and summary(found["before"]) if found.get("before") else None,
                "after": found and summary(found["after"]) if found.get("after") else None,
            })  # fmt: skip
        return rows

    def to_text(self) -> str:
        """The verdicts, each with a client that refutes it and how to ask about it again."""
        lines = ["the change is as intended" if self.holds else "the change is not as intended"]
        for verdict in self._data["verdicts"]:
            if verdict["holds"] is None:
                lines.append(f"  -     {verdict['verdict']}: not asked")
                continue
            lines.append(f"  {'holds' if verdict['holds'] else 'FAILS'} {verdict['verdict']}")
            if found := verdict["counterexample"]:
                about = f", {_SERVICES[found['service']]}" if found["service"] else ""
                lines.append(f"        explain {explain_words(found['client'])}{about}")
                if found["before"]:
                    lines += [f"        before  {summary(found['before'])}", f"        after   {summary(found['after'])}"]
                else:
                    lines.append(f"        {found['was']} becomes {found['is']}")
        return "\n".join(lines)


def check_change(old: Policy, new: Policy, *, intended: Where, expect: Expect | None = None, service: str | None = None,
                 resolved: Mapping[str, Iterable[str]] | None = None) -> ChangeCheck:  # fmt: skip
    """Whether a change does what was intended and nothing else: not so before, so after, and nothing outside changed.

    Inside are internal clients all of whose addresses are in `intended`; outside are external clients, and clients none of
    whose addresses is. A client with addresses on both sides has one in the region, so that its answer may change.

    Parameters
    ----------
    intended
        Where answers may change: a text such as ``10.20.0.0/16``, an `AddressRange`, a `RangeSet`, or a list of any of them.
    expect
        What is false of every answer inside before, and true of every one after. A dict: `first` (a source), `list`,
        `outcome`, `sources` (all of them, in order), `via` (of every attempt), `at_least` (a number of endpoints); it is
        exact for random orders, where it must hold for every order. Or a function of a `Plan`, which is asked about one
        client of each kind.
    service
        `expect` is about this service; about both without it. Nothing outside may change for either.

    Raises
    ------
    ParseError
        If `intended` is not made of ranges.
    TypeError, ValueError
        If `expect` is not an expectation.
    """
    region = _range_set(intended)
    cuts = [policy.partition(resolved=dict(resolved or {})) for policy in (old, new)]
    verdicts: list[dict[str, Any]] = []
    if service is not None and service not in _SERVICES:
        raise ValueError(f"no service is called {service!r}; write {' or '.join(_SERVICES)}")
    if expect is None:
        verdicts += [{"verdict": name, "holds": None, "kinds": 0, "counterexample": None} for name in _VERDICTS[:2]]
    else:
        holds = _expectation(expect)
        inside = PolicyDiff(*cuts, where=region, unchanged=True, pair_kinds=2**31)
        kinds = [k for k in json.loads(inside.largest_json(2**31, 0)) if k["location"] == "internal"]
        kinds = [k for k in kinds if service in (None, k["service"])]
        for name, policy, side, wanted in ((_VERDICTS[0], old, "before", False), (_VERDICTS[1], new, "after", True)):
            wrong = [k for k in kinds if holds(k[side], lambda k=k, p=policy: _plan(p, k)) != wanted]  # type: ignore[misc]
            verdicts.append(_verdict(name, wrong))
    verdicts.append(_nothing_outside(cuts, region))
    data = {
        "holds": all(v["holds"] is not False for v in verdicts),
        "old": old.revision,
        "new": new.revision,
        "intended": [str(r) for r in region.ranges],
        "verdicts": verdicts,
    }
    return ChangeCheck(data)


_VERDICTS = ("not so before", "so after", "nothing outside changed")


def _plan(policy: Policy, kind: Mapping[str, Any]) -> Plan:
    return policy.evaluate(Client.from_dict(dict(kind["example"])), kind["service"])


def _verdict(name: str, wrong: list[dict[str, Any]]) -> dict[str, Any]:
    found = None
    if wrong:
        one = wrong[0]
        found = {"client": one["example"], "service": one["service"], "before": one["before"], "after": one["after"]}
    return {"verdict": name, "holds": not wrong, "kinds": len(wrong), "counterexample": found}


def _nothing_outside(cuts: list[Any], region: RangeSet) -> dict[str, Any]:
    """Whoever is outside keeps the answer, and what is evidence of a location stays so."""
    outside = PolicyDiff(*cuts, where=~region)
    wrong = json.loads(outside.largest_json(2**31, 0))
    rest = json.loads(outside.rest_json())
    if not wrong and rest["other"]:
        wrong = [rest["other"]]
    verdict = _verdict(_VERDICTS[2], wrong)
    if not wrong and rest["evidence"]:
        one = rest["evidence"][0]
        verdict["holds"] = False
        verdict["kinds"] = len(rest["evidence"])
        verdict["counterexample"] = {
            "client": one["example"], "service": None, "before": None, "after": None, "was": one["before"], "is": one["after"],
        }  # fmt: skip
    return verdict
