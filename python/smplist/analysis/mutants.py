# SPDX-License-Identifier: MIT
"""Small mistakes in a policy, one at a time: do its expectations notice?"""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from smplist import _core
from smplist._core import Address, AddressRange, Policy
from smplist._errors import ParseError, PolicyError
from smplist.analysis.report import SERVICES, Progress, Report, address_of, asks, many, replay
from smplist.analysis.verify import read_expectations

Document = dict[str, Any]
_SHOWN = 20  # survivors in a text


class Mutants(Report):
    """Which small mistakes expectations notice.

    Attributes
    ----------
    score : float
        The share of the mutants that change an answer and are caught; 1.0 if none changes one.
    """

    columns: ClassVar[tuple[str, ...]] = ("pointer", "change", "why", "client", "service", "before", "after")

    @property
    def score(self) -> float:
        """Caught ones among those that change an answer."""
        changing = self._data["caught"] + len(self._data["survivors"])
        return float(self._data["caught"] / changing) if changing else 1.0

    def __bool__(self) -> bool:
        return not self._data["survivors"]

    def rows(self) -> list[dict[str, Any]]:
        """One row for each mutant that nobody noticed."""
        return [
            {
                "pointer": one["pointer"],
                "change": one["change"],
                "why": one["counterexample"]["why"],
                "client": json.dumps(one["counterexample"]["client"], ensure_ascii=False),
                "service": one["counterexample"]["service"],
                "before": asks(one["counterexample"]["before"]),
                "after": asks(one["counterexample"]["after"]),
            }
            for one in self._data["survivors"]
        ]

    def to_text(self) -> str:
        """The score; then each survivor with a client that it changes."""
        data = self._data
        survivors = data["survivors"]
        changing = data["caught"] + len(survivors)
        caught = f"{data['caught']:,} of {many(changing, 'mutant')} caught ({100 * self.score:.1f} %)"
        lines = [
            f"{caught}, {many(len(survivors), 'survivor')}; "
            f"{data['equal']:,} more change no answer, {data['invalid']:,} are no policies"
        ]
        if not survivors and not data["contested"]:
            return lines[0]
        for one in survivors[:_SHOWN]:
            shown = one["counterexample"]
            who = " and ".join(shown["client"]["addresses"]) or "a client"
            lines += [
                f"survives  {one['change']} ({one['pointer']})",
                f"          {who}, {shown['service']}, would get {asks(shown['after'])}",
                f"          instead of {asks(shown['before'])}; expect something that tells them apart",
                f"          replay with the policy: {replay(shown['client'], shown['service'])}",
            ]
        if len(survivors) > _SHOWN:
            lines.append(f"and {many(len(survivors) - _SHOWN, 'more survivor')}; --format json lists them")
        if data["contested"]:
            more = many(len(data["contested"]), "more survives", "more survive")
            lines.append(
                f"{more}, not counted: it takes a client whose "
                "addresses are of two lists, or that states its stack; --format json lists them"
            )
        return "\n".join(lines)


def _step(key: object) -> str:
    return "/" + str(key).replace("~", "~0").replace("/", "~1")


class _Mutation:
    """One change of a document: made, looked at, and taken back."""

    def __init__(self, pointer: str, change: str, holder: Any, key: Any, value: Any) -> None:
        self.pointer = pointer
        self.change = change
        self.holder = holder
        self.key = key
        self.value = value

    def made_in(self, document: Document) -> Policy:
        """The policy with the change; the document is left as it was."""
        before = self.holder[self.key]
        self.holder[self.key] = self.value
        try:
            return Policy.from_json(json.dumps(document))
        finally:
            self.holder[self.key] = before


def _neighbours(holder: Any, key: str, pointer: str, what: str, label: Callable[[Any], str]) -> Iterator[_Mutation]:
    items = holder[key]
    for i in range(len(items) - 1):
        swapped = [*items[:i], items[i + 1], items[i], *items[i + 2 :]]
        change = f"{what} {label(items[i])} and {label(items[i + 1])} swapped"
        yield _Mutation(f"{pointer}{_step(key)}/{i}", change, holder, key, swapped)


def _dropped(holder: Any, key: str, pointer: str, what: str, label: Callable[[Any], str]) -> Iterator[_Mutation]:
    items = holder[key]
    for i, item in enumerate(items):
        yield _Mutation(f"{pointer}{_step(key)}/{i}", f"{what} {label(item)} dropped", holder, key, [*items[:i], *items[i + 1 :]])


def _moved(end: Address, by: int) -> Address | None:
    """The next or the previous address of a family; None beyond its end."""
    last = 2**32 - 1 if end.family == "ipv4" else 2**128 - 1
    value = int(end) + by
    if not 0 <= value <= last:
        return None
    return address_of(end.family, value)


def _range_ends(ranges: list[str], pointer: str, name: str) -> Iterator[_Mutation]:
    for i, text in enumerate(ranges):
        whole = AddressRange(text)
        for side, by in (("first", -1), ("first", 1), ("last", -1), ("last", 1)):
            end = _moved(getattr(whole, side), by)
            ends = {"first": whole.first, "last": whole.last, side: end}
            if end is None:
                continue
            moved = AddressRange.try_parse(f"{ends['first']}-{ends['last']}")
            if isinstance(moved, ParseError):
                continue  # a range of one address that would be reversed
            where = "down" if by < 0 else "up"
            change = f"the {side} address of {text} of {name} moved {where} by one"
            yield _Mutation(f"{pointer}/ranges/{i}", change, ranges, i, str(moved))


def _switch(holder: Document, key: str, pointer: str, values: tuple[Any, ...]) -> Iterator[_Mutation]:
    for value in values:
        if value != holder[key]:
            words = json.dumps(value) if isinstance(value, bool) else str(value)
            yield _Mutation(f"{pointer}{_step(key)}", f"{key} is {words}", holder, key, value)


_BOOLEANS = (False, True)
_ORDERS = ("ordered", "random")


def _of_list(entry: Document, pointer: str, name: str, proxy: tuple[Document, str]) -> Iterator[_Mutation]:
    """What every list has: an order, sources and perhaps a proxy, which stands at `proxy`."""

    def label(item: Any) -> str:
        return f"{item} of {name}"

    yield from _neighbours(entry, "sources", pointer, "sources", label)
    yield from _dropped(entry, "sources", pointer, "source", label)
    for value in _ORDERS:
        if value != entry["order"]:
            yield _Mutation(f"{pointer}/order", f"the order of {name} is {value}", entry, "order", value)
    holder, place = proxy
    through = holder["proxy"]
    if through is not None:
        yield _Mutation(f"{place}/proxy", f"the proxy of {name} dropped", holder, "proxy", None)
        other = not through["converts"]
        change = f"converts of the proxy of {name} is {json.dumps(other)}"
        yield _Mutation(f"{place}/proxy/converts", change, through, "converts", other)


def mutations(document: Document) -> Iterator[_Mutation]:
    """Every small mistake in a policy document with all its keys, as `policy.to_dict()` gives it."""
    internal, custom = document["internal"], document["internal"]["custom"]
    for i, entry in enumerate(custom["lists"]):
        pointer = f"/internal/custom/lists/{i}"
        yield from _range_ends(entry["ranges"], pointer, entry["name"])
        yield from _of_list(entry, pointer, entry["name"], (entry, pointer))
    yield from _neighbours(custom, "lists", "/internal/custom", "lists", lambda item: str(item["name"]))
    yield from _dropped(custom, "lists", "/internal/custom", "list", lambda item: str(item["name"]))
    yield from _of_list(internal["standard"], "/internal/standard", "the standard list", (internal, "/internal"))
    yield from _of_list(document["network"], "/network", "the network", (document["network"], "/network"))
    yield from _switch(internal, "mode", "/internal", ("standard", "custom"))
    yield from _switch(internal, "web_reputation_to_servers", "/internal", _BOOLEANS)
    yield from _switch(custom, "fallback_to_standard", "/internal/custom", _BOOLEANS)
    yield from _switch(custom, "on_overlap", "/internal/custom", ("first", "last", "most_specific"))
    yield from _switch(document, "ip_preference", "", ("ipv4_first", "ipv6_first", "ipv4_only", "ipv6_only"))
    for service in SERVICES:
        yield from _switch(document["network_fallback"], service, "/network_fallback", _BOOLEANS)
    for name, source in document["sources"].items():
        for service in SERVICES:
            endpoint = source[service]
            if endpoint is not None:
                yield from _switch(endpoint, "scheme", f"/sources{_step(name)}/{service}", ("http", "https"))


def mutants(policy: Policy, expectations: Any, *, progress: Progress | None = None) -> Mutants:
    """Whether the expectations of a policy notice small mistakes in it.

    Every end of a range is moved by one, neighbouring sources and lists are swapped, sources, lists and proxies dropped, orders
    and switches flipped, one at a time. What is no policy is skipped; what changes no answer is proved so and dropped; the rest
    is caught if an expectation that is proved of the policy is not proved of the mutant. A survivor that changes only clients
    with addresses of two lists, or with a stated stack, is `contested`: it is listed, and does not count.

    Parameters
    ----------
    expectations
        A path, a dict as the document has it, or a list of expectations. Those for
        this revision only catch nothing: any change makes them say nothing.
    progress
        Called with the number of mutants done and of all.

    Raises
    ------
    OSError, PolicyError
        If the expectations cannot be read.
    ValueError
        If they are not all proved of the policy itself.
    """
    wanted = read_expectations(expectations)
    cut = policy.partition()
    mine = json.loads(wanted.verify(cut))
    broken = [one["name"] for one in mine if one["verdict"] != "proved"]
    if broken:
        count = many(len(broken), "expectation is", "expectations are")
        raise ValueError(f"{count} not proved of the policy itself, first {broken[0]!r}; run `smplist verify`")
    document: Document = copy.deepcopy(policy.to_dict())
    everything = list(mutations(document))
    counts: Counter[str] = Counter()
    survivors: list[dict[str, Any]] = []
    contested: list[dict[str, Any]] = []
    for done, one in enumerate(everything):
        if progress is not None:
            progress(done, len(everything))
        try:
            mutant = one.made_in(document).partition()
        except PolicyError:
            counts["invalid"] += 1
            continue
        compared = json.loads(_core.equivalent(cut, mutant))
        if compared["holds"]:
            counts["equal"] += 1
        elif _caught(json.loads(wanted.verify(mutant))):
            counts["caught"] += 1
        else:
            # no simpler client shows the difference: beside clients of one site nobody is changed
            shown = compared["counterexample"]
            row = {"pointer": one.pointer, "change": one.change, "counterexample": shown}
            (survivors if shown["kind"] == "single" else contested).append(row)
    return Mutants(
        {
            "revision": policy.revision, "caught": counts["caught"], "equal": counts["equal"], "invalid": counts["invalid"],
            "survivors": survivors, "contested": contested,
        }
    )  # fmt: skip


def _caught(proofs: list[dict[str, Any]]) -> bool:
    """Whether an expectation fails that says something about a mutant; a revision of its own says nothing."""
    return any(one["verdict"] != "proved" and "about the revision" not in one["text"] for one in proofs)
