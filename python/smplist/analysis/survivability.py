# SPDX-License-Identifier: MIT
"""How many failures leave clients with nothing, which ones, where first, and which servers nobody would miss."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from smplist._core import Policy, _survivability
from smplist.analysis.report import Report

_POPULATIONS = {"ipv4": "IPv4", "ipv6": "IPv6", "dual": "dual-stack"}
_UNITS = {"source": "sources", "host": "hosts", "proxy": "proxies", "any": "sources, hosts or proxies"}
_SHOWN = 12  # findings in the text


def counted(number: int, one: str, many: str = "") -> str:
    """A number and its noun; numbers that nobody reads as a power of two."""
    if number < 10**9:
        return f"{number:,} {one if number == 1 else many or one + 's'}"
    return f"about 2^{number.bit_length() - 1} {many or one + 's'}"


def and_more(words: list[str], shown: int, total: int | None = None) -> str:
    """The first few words; the rest counted."""
    rest = (len(words) if total is None else total) - min(shown, len(words))
    return ", ".join(words[:shown]) + (f" and {rest:,} more" if rest > 0 else "")


def _unit(unit: Mapping[str, str]) -> str:
    return unit["name"] if unit["unit"] == "source" else f"{unit['unit']} {unit['name']}"


def _place(row: Mapping[str, Any], services: list[str]) -> str:
    what = "both services" if len(services) == 2 else services[0].replace("_", " ")
    return f"{row['location']} {_POPULATIONS[row['population']]} clients, {what}"


def _advice(row: Mapping[str, Any]) -> str:
    """What to do about a row."""
    inside = row["location"] == "internal"
    family = "on both families" if row["population"] == "dual" else f"on {_POPULATIONS[row['population']]}"
    stage = "their list or the standard list" if inside else "the network stage"
    if row["failures"] is None:
        return "nothing: no failure of proxies alone takes everything"
    if row["failures"] == 0:
        if row["reached"] == "no_list":
            return "give these addresses a list, or set internal.custom.fallback_to_standard"
        return f"give {stage} a source that answers {family}, or a proxy that converts"
    kinds = {unit["unit"] for cut in row["cuts_shown"] for unit in cut}
    if row["failures"] == 1 and "proxy" in kinds:
        return "let a later stage go without this proxy: a fallback, or direct connections"
    if row["failures"] == 1 and kinds == {"host"}:
        return "put one of the sources on another host, or add a fallback"
    return f"to survive one failure more, add a source {family} on another host to {stage}"


class Survivability(Report):
    """What `survivability` finds. The rows are groups of clients for whom the same failures leave nothing, worst first.

    A group is of one service, one location and one population: clients with one IPv4 address, with one IPv6 address, or with one
    of each (`dual`, counted in pairs). Link-local and loopback addresses belong to none: they reach nothing under any policy.
    """

    columns = ("service", "location", "population", "failures", "clients", "regions", "first", "last", "lists", "cuts", "cut",
               "advice")  # fmt: skip
    types: ClassVar[Mapping[str, str]] = {"failures": "integer", "clients": "count", "regions": "integer", "cuts": "count"}

    def rows(self) -> list[dict[str, Any]]:
        """One row per group, worst first; `first` and `last` are the longest region shown, `cut` the first of the cuts."""
        out = []
        for row in self._data["rows"]:
            longest = max(row["regions_shown"], key=lambda r: int(r["addresses"]), default={"first": None, "last": None})
            out.append(
                {
                    **{key: row[key] for key in ("service", "location", "population", "failures")},
                    "clients": int(row["clients"]),
                    "regions": row["regions"],
                    "first": longest["first"],
                    "last": longest["last"],
                    "lists": ";".join("" if name is None else name for name in row["lists"]),
                    "cuts": int(row["cuts"]),
                    "cut": ";".join(_unit(unit) for unit in row["cuts_shown"][0]) if row["cuts_shown"] else None,
                    "advice": _advice(row),
                }
            )
        return out

    @property
    def worst(self) -> int | None:
        """The fewest failures after which some clients reach nothing; None if no number of them does that."""
        failures: int | None = self._data["rows"][0]["failures"]
        return failures

    @property
    def retirable(self) -> list[str]:
        """The servers that can go, each alone, without anybody falling below."""
        return [server["source"] for server in self._data["servers"] if server["can_retire"]]

    def below(self, failures: int) -> list[dict[str, Any]]:
        """The rows, as in `to_dict`, of clients whom fewer failures than that leave with nothing."""
        return [row for row in self._data["rows"] if row["failures"] is not None and row["failures"] < failures]

    def to_text(self) -> str:
        """The verdict, the weakest groups with what to do, and the servers."""
        lines = [self._verdict(), "", "Weakest first:"]
        groups = self._merged()
        for row, services in groups[:_SHOWN]:
            lines += self._finding(row, services)
        if len(groups) > _SHOWN:
            lines.append(f"  and {counted(len(groups) - _SHOWN, 'group')} more (--format json has them all)")
        return "\n".join([*lines, *self._servers()])

    def _verdict(self) -> str:
        rows = self._data["rows"]
        units, worst = _UNITS[self._data["unit"]], self.worst
        if worst is None:
            return "no client can be cut off by proxies alone"
        if worst:
            survived = "no failure" if worst == 1 else "any failure" if worst == 2 else f"any {worst - 1} failures"
            cut_off = f"{worst} can cut somebody off" if worst > 1 else "one can cut somebody off"
            return f"everybody survives {survived} of {units}, and {cut_off}"
        rest = [row["failures"] for row in rows if row["failures"]]
        hopeless = len([row for row in rows if row["failures"] == 0])
        text = f"{counted(hopeless, 'group')} of clients reach{'es' if hopeless == 1 else ''} nothing already"
        if not rest:
            return text
        others = f"the weakest of the others {'is' if len(rest) == 1 else 'are'} cut off"
        return f"{text}; {others} by {counted(min(rest), 'failure')} of {units}"

    def _merged(self) -> list[tuple[dict[str, Any], list[str]]]:
        """Rows that differ in the service only are told once."""
        merged: dict[str, tuple[dict[str, Any], list[str]]] = {}
        for row in self._data["rows"]:
            key = json.dumps({k: v for k, v in row.items() if k != "service"})
            merged.setdefault(key, (row, []))[1].append(row["service"])
        return list(merged.values())

    def _finding(self, row: dict[str, Any], services: list[str]) -> list[str]:
        k = row["failures"]
        head = f"  {'never' if k is None else counted(k, 'failure')}: {_place(row, services)}"
        where = [f"{r['first']}-{r['last']}" for r in sorted(row["regions_shown"], key=lambda r: -int(r["addresses"]))]
        clients = int(row["clients"])
        size = (
            counted(clients, "pair of addresses", "pairs of addresses") if not where else counted(clients, "address", "addresses")
        )
        lists = ["no list" if name is None else name for name in row["lists"]]
        lines = [head, f"    who   {size}" + (f": {and_more(where, 2, row['regions'])}" if where else "")]
        if lists:
            lines.append(f"    list  {and_more(lists, 6)}")
        if k:
            cuts = [" + ".join(_unit(unit) for unit in cut) for cut in row["cuts_shown"]]
            lines.append(f"    cut   {and_more(cuts, 2, int(row['cuts'])).replace(', ', ', or ')}")
        return [*lines, f"    do    {_advice(row)}"]

    def _servers(self) -> list[str]:
        servers = self._data["servers"]
        unasked = [s["source"] for s in servers if not s["asked"]]
        spare = [s["source"] for s in servers if s["can_retire"] and s["asked"]]
        needed = [s for s in servers if not s["can_retire"]]
        lines = ["", "Servers:"]
        if unasked:
            lines.append(f"  nobody asks {', '.join(unasked)}: remove them, or add them to a list")
        if spare:
            lines.append(f"  can be retired, each alone: {', '.join(spare)}")
        if not unasked and not spare:
            lines.append("  none can be retired: somebody would fall below")
        width = max((len(s["source"]) for s in needed), default=0)
        for s in needed:
            by = s["forbidden_by"]
            before = "never" if by["failures"] is None else by["failures"]
            name = "no list" if by["list"] is None else by["list"]
            of_list = f" ({name})" if by["location"] == "internal" else ""
            where = f", {by['first']}-{by['last']}{of_list}" if by["first"] else of_list
            lines.append(
                f"  {s['source']:{width}}  {before} -> {by['failures_without']}  for {_place(by, [by['service']])}{where}"
            )
        return lines


def survivability(policy: Policy, *, unit: str = "any", keep: int | None = None, regions: int | None = 10, cuts: int = 64,
                  down: Iterable[str] = (), resolved: Mapping[str, Iterable[str]] | None = None) -> Survivability:  # fmt: skip
    """How many failures leave clients with nothing; exact, for every client there can be.

    Parameters
    ----------
    unit
        What fails: `source`, `host` (every source on it), `proxy` (every attempt through it) or `any` of them.
    keep
        A server can be retired if nobody falls below this number of failures; without it, if nobody falls at all.
    regions, cuts
        How many regions of a group and cuts of an answer are listed; all are counted. `regions=None` lists all.
    down
        What has failed already, as for `Policy.what_if`.
    resolved
        The families of hosts whose families the policy does not state. [S-12]

    Raises
    ------
    ValueError
        If there is no such unit, or nothing of a name in `down`.
    """
    if keep is not None and keep < 0:
        raise ValueError("keep is 0 or more")
    if isinstance(down, str):
        raise TypeError("down is a list of texts, not a text")
    gone = list(down)
    asked = policy.what_if(down=gone) if gone else policy
    given: Any = {host: tuple(families) for host, families in (resolved or {}).items()}
    return Survivability(json.loads(_survivability(asked.partition(resolved=given), unit, keep, regions, cuts)))
