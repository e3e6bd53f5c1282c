# SPDX-License-Identifier: MIT
"""Where the answer depends on a rule that nobody states, and what each reading of the rule gives."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from smplist.analysis.report import Report, brief, range_text

if TYPE_CHECKING:
    from smplist._core import Policy

_SHOWN = 5  # regions of each rule in the text

# rule: (what is not stated, what to do)
_RULES = {
    "overlap": (
        "several ranges hold the address, and which one decides is a convention",
        "make the ranges disjoint, or state on_overlap and tell every product that reads the list",
    ),
    "no_match": (
        "no list holds the address, and whether the standard list is for such clients is a convention",
        "give these addresses a list, or state fallback_to_standard on purpose",
    ),
    "mapped": (
        "the address is reported as ::ffff:a.b.c.d, and whether that is the IPv4 address is a convention",
        "let clients report IPv4 addresses as IPv4, or write the IPv6 ranges so that the answer is the same",
    ),
}


class Ambiguity(Report):
    """Runs of addresses whose clients get different answers from different readings of a rule.

    For internal clients that have the one address. `torn_pairs` counts the pairs of an IPv4 and an IPv6 address that two
    lists claim: what a client with both gets is a convention, too (the earlier list wins, the later one under `last`).
    """

    columns = ("rule", "service", "family", "first", "last", "addresses", "reading", "in_effect", "answer")
    types: ClassVar[Mapping[str, str]] = {"addresses": "count", "in_effect": "flag"}

    def rows(self) -> list[dict[str, Any]]:
        """One row for every reading of every region; the answer is in words."""
        out = []
        for region in self._data["regions"]:
            for reading in region["readings"]:
                row = {key: region[key] for key in self.columns[:5]}
                row["addresses"] = int(region["addresses"])
                row |= {"reading": reading["reading"], "in_effect": reading["in_effect"], "answer": self._words(reading)}
                out.append(row)
        return out

    def __bool__(self) -> bool:
        """Is there any?"""
        return bool(self._data["regions"])

    def _words(self, reading: dict[str, Any]) -> str:
        return brief(self._data["answers"][reading["answer"]])

    def to_text(self) -> str:
        """Rule by rule: how many addresses, the first regions with each reading's answer, and what to do."""
        regions = self._data["regions"]
        rules = [rule for rule in _RULES if any(r["rule"] == rule for r in regions)]
        if not rules:
            return "no answer depends on a rule that nobody states\n"
        lines = [f"answers depend on {len(rules)} rule{'s' if len(rules) != 1 else ''} that nobody states"]
        for rule in rules:
            lines += ["", *self._rule_lines(rule, [r for r in regions if r["rule"] == rule])]
        torn = [f"{int(n):,} for {service}" for service, n in self._data["torn_pairs"].items() if n != "0"]
        if torn:
            lines += ["", f"clients with two addresses in two lists (pairs of an IPv4 and an IPv6 address): {', '.join(torn)}"]
            lines.append("  do: give both families of a site the same list")
        return "\n".join(lines) + "\n"

    def _rule_lines(self, rule: str, regions: list[dict[str, Any]]) -> list[str]:
        what, to_do = _RULES[rule]
        merged: dict[tuple[Any, ...], list[str]] = {}
        for region in regions:
            said = tuple((r["reading"], r["in_effect"], self._words(r)) for r in region["readings"])
            merged.setdefault((region["first"], region["last"], region["addresses"], said), []).append(region["service"])
        addresses = {(r["first"], r["last"]): int(r["addresses"]) for r in regions}
        lines = [f"{rule}, {sum(addresses.values()):,} addresses: {what}"]
        for (first, last, addresses, said), services in list(merged.items())[:_SHOWN]:
            where = f"  {range_text(first, last)}  {int(addresses):,} address{'es' if addresses != '1' else ''}"
            lines += [where + (f", {services[0]} only" if len(services) == 1 else ""), *_reading_lines(said)]
        if len(merged) > _SHOWN:
            lines.append(f"  and {len(merged) - _SHOWN:,} more: --format csv has all of them")
        return [*lines, f"  do: {to_do}"]


def _reading_lines(said: tuple[tuple[str, bool, str], ...]) -> list[str]:
    """The readings of one answer together, the one in effect marked."""
    together: dict[str, list[str]] = {}
    for reading, in_effect, words in said:
        together.setdefault(words, []).append(f"{reading} (in effect)" if in_effect else reading)
    return [f"    {', '.join(readings)}: {words}" for words, readings in together.items()]


def find(policy: Policy, resolved: Mapping[str, Iterable[str]]) -> Ambiguity:
    """`Policy.ambiguity`."""
    from smplist._core import ambiguity_json

    return Ambiguity(json.loads(ambiguity_json(policy, {host: list(families) for host, families in resolved.items()})))
