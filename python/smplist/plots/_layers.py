# SPDX-License-Identifier: MIT
"""What a map paints: every run of addresses of a family with a key, folded over the partition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from smplist._core import Address, AddressRange, Family, Location, Partition, Policy, RangeSet
from smplist.analysis.diff import diff
from smplist.analysis.report import SERVICES, address_of, asked_first
from smplist.analysis.survivability import survivability
from smplist.plots._styles import CHANGES, FAILURES, NAMED, NEVER, NONE, OTHERS, RANKED, SPECIAL, Style
from smplist.plots._text import label

BY = ("list", "source", "survivability")


class Key(NamedTuple):
    """What addresses have in common: its name, and its look if that is no matter of rank; `rank` orders such keys.

    `what` tells keys apart whose names are shortened to the same.
    """

    name: str
    style: Style | None = None
    rank: int = 0
    what: tuple[str, ...] = ()


SPECIAL_KEY = Key("link-local, loopback", SPECIAL, 10_000)


class Layer(NamedTuple):
    """Disjoint runs (first, last, key), ascending; `rest` is the key of every other address."""

    runs: list[tuple[int, int, int]]
    keys: list[Key]
    rest: int
    title: str
    legend: str
    given: Mapping[Key, Style] | None = None  # the colours of names, if they are not by rank


class Row(NamedTuple):
    """A line of a legend."""

    style: Style
    words: str
    addresses: int


def check_word(what: str, word: str, known: tuple[str, ...]) -> str:
    """A word of several.

    Raises
    ------
    ValueError
        If it is none of them.
    """
    if word not in known:
        raise ValueError(f"unknown {what} {word!r}; expected one of: {', '.join(known)}")
    return str(word)


class _Keys:
    """Keys by what they stand for, numbered as they come."""

    def __init__(self) -> None:
        self.all: list[Key] = []
        self._known: dict[Any, int] = {}

    def number(self, what: Any, key: Callable[[], Key]) -> int:
        if what not in self._known:
            self._known[what] = len(self.all)
            self.all.append(key())
        return self._known[what]


def service_words(service: str) -> str:
    """`file reputation`."""
    return service.replace("_", " ")


def of_policy(policy: Policy, family: str, by: str, service: str, resolved: Mapping[str, Any]) -> Layer:
    """A layer by list, first source or survivability, for internal clients with one address."""
    check_word("by", by, BY)
    names = {"list": _by_list, "source": _by_source, "survivability": _by_survivability}
    titles = {
        "list": ("the list of each address", "list"),
        "source": (f"the source asked first, {service_words(service)}", "asked first"),
        "survivability": (f"the fewest failures that leave nothing, {service_words(service)}", "failures"),
    }
    return _folded(policy, family, names[by], service, resolved, titles[by])


def of_serving(policy: Policy, family: str, service: str, resolved: Mapping[str, Any]) -> Layer:
    """A layer by the list that serves first: not that of the address where nobody of it can be asked."""
    return _folded(policy, family, _by_serving, service, resolved, ("the list that serves each address", "list that serves"))


def _folded(policy: Policy, family: str, keys_of: Callable[..., Callable[[str | None], Key]], service: str,
            resolved: Mapping[str, Any], titles: tuple[str, str]) -> Layer:  # fmt: skip
    """The pieces of a family, each with the key of its list."""
    check_word("service", service, SERVICES)
    cut = policy.partition(resolved=dict(resolved))
    of_list = keys_of(policy, cut, family, service, resolved)
    keys = _Keys()
    rest = keys.number(SPECIAL_KEY, lambda: SPECIAL_KEY)
    pieces = cut.pieces(family)
    known: dict[str | None, int] = {}
    for _, name, usable in pieces:
        if usable and name not in known:
            known[name] = keys.number(of_list(name), lambda name=name: of_list(name))  # type: ignore[misc]
    # pieces are ascending and without a gap
    firsts = [int.from_bytes(place.first.packed, "big") for place, _, _ in pieces]
    lasts = [*(first - 1 for first in firsts[1:]), (1 << (32 if family == "ipv4" else 128)) - 1]
    numbers = [known[name] if usable else rest for _, name, usable in pieces]
    runs = list(zip(firsts, lasts, numbers, strict=True))
    return Layer(runs, keys.all, rest, *titles)


def _by_list(policy: Policy, cut: Partition, family: str, service: str, resolved: Any) -> Callable[[str | None], Key]:
    return lambda name: Key("no list", NONE, 9_000) if name is None else Key(label(name), what=(name,))


def _by_source(policy: Policy, cut: Partition, family: str, service: str, resolved: Any) -> Callable[[str | None], Key]:
    def key(answer: Mapping[str, Any]) -> Key:
        sources = sorted(asked_first(answer))  # drawn: in no order
        return Key(" or ".join(map(label, sources)), what=tuple(sources))

    return _by_answer(policy, cut, family, service, key)


def _by_serving(policy: Policy, cut: Partition, family: str, service: str, resolved: Any) -> Callable[[str | None], Key]:
    def key(answer: Mapping[str, Any]) -> Key:
        first = answer["stages"][0]["attempts"][0]
        return Key(label(first["list"]), what=(first["stage"], first["list"]))

    return _by_answer(policy, cut, family, service, key)


def _by_answer(policy: Policy, cut: Partition, family: str, service: str,
               key: Callable[[Mapping[str, Any]], Key]) -> Callable[[str | None], Key]:  # fmt: skip
    """The key of the answer that clients of a list get; nobody where there is nobody to ask."""
    nobody = Key("nobody", NONE, 9_000)
    names = [entry.name for entry in policy.lists]
    found: dict[str | None, Key] = {}
    for one in cut.classes():
        if one.location == Location.INTERNAL and one.stack == (Family(family),):
            answer = cut.answer(one, service)
            data = None if answer is None else answer.to_dict()
            found[None if one.list is None else names[one.list]] = key(data) if data and data["stages"] else nobody
    return lambda name: found.get(name, nobody)


def _by_survivability(policy: Policy, cut: Partition, family: str, service: str, resolved: Any) -> Callable[[str | None], Key]:
    found: dict[str | None, Key] = {}
    for row in survivability(policy, regions=1, cuts=1, resolved=resolved).to_dict()["rows"]:
        if (row["service"], row["location"], row["population"]) == (service, "internal", family):
            found.update((name, _failures(row["failures"])) for name in row["lists"])
    return lambda name: found.get(name, SPECIAL_KEY)


def _failures(number: int | None) -> Key:
    if number is None:
        return Key("no number of them", NEVER, len(FAILURES))
    if number == 0:
        return Key("0: nothing is reached already", FAILURES[0], 0)
    if number >= len(FAILURES) - 1:
        return Key(f"{len(FAILURES) - 1} or more", FAILURES[-1], len(FAILURES) - 1)
    return Key(str(number), FAILURES[number], number)


def change_of(region: Mapping[str, Any]) -> str:
    """The kind of a change, a key of `CHANGES`."""
    return "lost" if region["trend"] == "lost" else "renamed" if region["renamed"] else str(region["change"])


def of_diff(old: Policy, new: Policy, family: str, service: str, resolved: Mapping[str, Any]) -> Layer:
    """A layer of the kinds of change."""
    check_word("service", service, SERVICES)
    keys = _Keys()
    rest = keys.number("same", lambda: Key("the same answer", NONE, 9_000))
    order = list(CHANGES)
    runs = []
    for region in diff(old, new, resolved=resolved, dual_kinds=0).regions():
        if (region["family"], region["service"]) == (family, service):
            kind = change_of(region)
            key = Key(CHANGES[kind][1], CHANGES[kind][0], order.index(kind))
            ends = int(Address(region["first"])), int(Address(region["last"]))
            runs.append((*ends, keys.number(kind, lambda key=key: key)))  # type: ignore[misc]
    runs.sort()
    return Layer(runs, keys.all, rest, f"what changes, {service_words(service)}", "change")


def listed(policies: list[Policy], family: str) -> RangeSet:
    """The addresses that a list of any of the policies serves."""
    return RangeSet([place for policy in policies for place, name, _ in policy.partition().pieces(family) if name is not None])


def inside(layer: Layer, mentioned: RangeSet, within: AddressRange) -> list[tuple[int, int, int]]:
    """The runs of a layer within a prefix, and those of `rest` that a list mentions."""
    low, high = int(within.first), int(within.last)
    grey = {number for number, key in enumerate(layer.keys) if key.style in (NONE, SPECIAL)}
    runs = [(max(first, low), min(last, high), key) for first, last, key in layer.runs if last >= low and first <= high]
    own = [run for run in runs if run[2] not in grey]
    around = (mentioned & RangeSet([within])) - RangeSet([_range(first, last, within) for first, last, _ in own])
    return sorted([*own, *((int(place.first), int(place.last), layer.rest) for place in around.ranges)])


def _range(first: int, last: int, like: AddressRange) -> AddressRange:
    return AddressRange.from_ends(address_of(like.family, first), address_of(like.family, last))


def looks(
    keys: list[Key], counts: Mapping[int, int], given: Mapping[Key, Style] | None = None
) -> tuple[dict[int, Style], list[Row]]:
    """The style of every key with addresses, and the legend: the largest named, the others together.

    `given` has the colours of all names, if they are not by rank; that of the others says who is one.
    """
    seen = [number for number, count in counts.items() if count]
    ranked = sorted((n for n in seen if keys[n].style is None), key=lambda n: (-counts[n], keys[n].name, n))
    named = ranked if len(ranked) <= NAMED else ranked[: NAMED - 1]  # never one other alone
    styles = dict(zip(named, RANKED, strict=False))
    if given is not None:
        named = [number for number in ranked if given[keys[number]] != OTHERS]
        styles = {number: given[keys[number]] for number in named}
    rows = [Row(styles[n], keys[n].name, counts[n]) for n in named]
    if others := [number for number in ranked if number not in styles]:
        styles.update(dict.fromkeys(others, OTHERS))
        rows.append(Row(OTHERS, f"{len(others):,} other{'s' if len(others) > 1 else ''}", sum(counts[n] for n in others)))
    for number in sorted((n for n in seen if keys[n].style is not None), key=lambda n: keys[n].rank):
        styles[number] = keys[number].style or OTHERS
        rows.append(Row(styles[number], keys[number].name, counts[number]))
    return styles, rows


def prefix_of(within: object, family: str) -> AddressRange:
    """What a map zooms to; everything for None.

    Raises
    ------
    ValueError
        If it is no prefix of the family.
    """
    if within is None:
        return AddressRange("0.0.0.0/0" if family == "ipv4" else "::/0")
    example = "10.0.0.0/8" if family == "ipv4" else "2001:db8::/32"
    found = within if isinstance(within, AddressRange) else AddressRange.try_parse(str(within))
    if not isinstance(found, AddressRange):
        advice = f"write a prefix as {example}" if found.code == "unexpected_character" else found.advice
        raise ValueError(f"within: {found.message}: {str(within)!r}; {advice}")
    if found.family != family:
        raise ValueError(f"within: {found} is not {label_family(family)}, of which this map is; write a prefix as {example}")
    if len(found.prefixes()) != 1:
        raise ValueError(f"within: {found} is a range and no prefix; write one as {example}")
    return found


def length_of(prefix: AddressRange) -> int:
    """How many bits a prefix of IPv4 fixes."""
    return 32 - (prefix.size.bit_length() - 1)


def label_family(family: str) -> str:
    """`IPv4` or `IPv6`."""
    return {"ipv4": "IPv4", "ipv6": "IPv6"}[family]


def title_of(policy: Policy) -> str:
    """What a policy is called."""
    return label(policy.title) or "policy"
