# SPDX-License-Identifier: MIT
"""What real clients use of a policy, and what another policy would change for them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from smplist.analysis.report import Report, brief

if TYPE_CHECKING:
    from smplist._core import Client, Plan, Policy

_SHOWN = 12


class Coverage(Report):
    """Which lists, sources and pieces of the address space the clients of a file use, and which nobody does.

    A source counts as asked first by a client if its first attempt goes there for either service, and as used if it stands
    in its plan at all. Clients outside [S-40] use no list.
    """

    columns = ("kind", "name", "clients", "first")
    types: ClassVar[Mapping[str, str]] = {"clients": "integer", "first": "integer"}

    def rows(self) -> list[dict[str, Any]]:
        """Lists and sources, each with its clients; `first` is None for lists."""
        lists = [{"kind": "list", "name": n, "clients": c, "first": None} for n, c in self._data["lists"].items()]
        return lists + [{"kind": "source", "name": n, **counts} for n, counts in self._data["sources"].items()]

    def to_text(self) -> str:
        """The clients, whom no list covers, what nobody uses, and the rest by use."""
        d = self._data
        lines = [f"{d['clients']:,} clients, {d['internal']:,} of them internal; {d['unreachable']:,} reach nothing"]
        uncovered = d["uncovered"]
        if uncovered["clients"]:
            shown = ", ".join(uncovered["ranges"][:_SHOWN]) + (" ..." if len(uncovered["ranges"]) > _SHOWN else "")
            lines += [f"{uncovered['clients']:,} internal clients are in no list: {shown}", "  do: give their ranges a list"]
        for kind, unused in (("list", self._unused("list")), ("source", self._unused("source"))):
            if unused:
                lines.append(f"{kind}s that none of them uses: {', '.join(unused)}")
        pieces = d["pieces"]
        lines.append(f"pieces of the address space: {pieces['used']:,} of {pieces['all']:,} hold one of them")
        for row in sorted(self.rows(), key=lambda row: (row["kind"], -row["clients"], row["name"])):
            if row["clients"]:
                first = "" if row["first"] is None else f", asked first by {row['first']:,}"
                lines.append(f"  {row['kind']} {row['name']}: {row['clients']:,} clients{first}")
        return "\n".join(lines) + "\n"

    def _unused(self, kind: str) -> list[str]:
        return [row["name"] for row in self.rows() if row["kind"] == kind and not row["clients"]]


def coverage(policy: Policy, clients: Iterable[Client]) -> Coverage:
    """Evaluate every client for both services and count what they use; memory grows with the uncovered addresses only."""
    count = _Counter(policy)
    for client in clients:
        count.add(client)
    return Coverage(count.data())


class _Counter:
    def __init__(self, policy: Policy) -> None:
        from smplist._core import Family

        self.policy = policy
        self.lists = dict.fromkeys((entry.name for entry in policy.lists), 0)
        self.sources = {name: {"clients": 0, "first": 0} for name in policy.sources}
        self.clients = self.internal = self.unreachable = self.uncovered = 0
        self.loose: set[Any] = set()
        cut = policy.partition()
        self.starts = [piece.first for family in Family for piece, _, _ in cut.pieces(family)]
        self.used: set[int] = set()

    def add(self, client: Client) -> None:
        from smplist._core import Location, Reason, Service

        plans = [self.policy.evaluate(client, service) for service in Service]
        internal = plans[0].location == Location.INTERNAL
        self.clients += 1
        self.internal += internal
        self.unreachable += not any(plan.attempts for plan in plans)
        self._places(client, any(step.reason == Reason.NO_CUSTOM_LIST_MATCHES for plan in plans for step in plan.trace))
        for name in {plan.lists[0] for plan in plans if plan.lists}:
            self.lists[name] += 1
        for key, names in (
            ("clients", {a.source for plan in plans for a in plan.attempts}),
            ("first", {plan.attempts[0].source for plan in plans if plan.attempts}),
        ):
            for name in names:
                self.sources[name][key] += 1

    def _places(self, client: Client, unlisted: bool) -> None:
        from bisect import bisect

        self.used.update(bisect(self.starts, address) for address in client.addresses)
        if unlisted:
            self.uncovered += 1
            self.loose.update(client.addresses)

    def data(self) -> dict[str, Any]:
        from smplist._core import RangeSet

        return {
            "revision": self.policy.revision,
            "clients": self.clients,
            "internal": self.internal,
            "external": self.clients - self.internal,
            "unreachable": self.unreachable,
            "uncovered": {"clients": self.uncovered, "ranges": [str(r) for r in RangeSet(sorted(self.loose)).ranges]},
            "pieces": {"all": len(self.starts), "used": len(self.used)},
            "lists": self.lists,
            "sources": self.sources,
        }


class Replay(Report):
    """The clients of a file for whom two policies give different answers."""

    columns = ("id", "addresses", "service", "change", "before", "after")

    def rows(self) -> list[dict[str, Any]]:
        """One row per client and service that changes; the answers in words."""
        return [{**row, "before": brief(row["before"]), "after": brief(row["after"])} for row in self._data["changes"]]

    def __bool__(self) -> bool:
        """Does anything change?"""
        return bool(self._data["changes"])

    def to_text(self) -> str:
        """How many clients change, and the first of them."""
        rows, total = self.rows(), self._data["clients"]
        changed = len({(row["id"], row["addresses"]) for row in rows})
        lines = [f"{changed:,} of {total:,} clients get another answer"]
        for row in rows[:_SHOWN]:
            lines += [f"  {row['id'] or row['addresses']}, {row['service']}: {row['change']}"]
            lines += [f"    - {row['before']}", f"    + {row['after']}"]
        if len(rows) > _SHOWN:
            lines.append(f"  and {len(rows) - _SHOWN:,} more rows")
        return "\n".join(lines) + "\n"


def replay(clients: Iterable[Client], old: Policy, new: Policy) -> Replay:
    """Evaluate every client under both policies, and keep only the differences, each with its real order. [S-21]"""
    total = 0
    changes: list[dict[str, Any]] = []
    for client in clients:
        total += 1
        changes += differences(client, old, new)
    return Replay({"old": old.revision, "new": new.revision, "clients": total, "changes": changes})


def differences(client: Client, old: Policy, new: Policy) -> Iterator[dict[str, Any]]:
    """What changes for one client, service by service."""
    from smplist._core import Service

    for service in Service:
        before, after = old.evaluate(client, service), new.evaluate(client, service)
        if _answer(before) == _answer(after):
            continue
        known = before.to_dict()["client"]
        yield {
            "id": known["id"],
            "addresses": " ".join(known["addresses"]),
            "service": str(service),
            "change": _change(before, after),
            "before": _words(before),
            "after": _words(after),
        }


def _answer(plan: Plan) -> tuple[Any, ...]:
    return (plan.location, plan.outcome, [(a.stage, a.list, a.source, a.url, a.via, a.families) for a in plan.attempts])


def _words(plan: Plan) -> dict[str, Any]:
    """The plan in the shape of an answer, its order being one that is known."""
    stages: list[dict[str, Any]] = []
    for step in json.loads(plan.to_json())["attempts"]:
        if not stages or stages[-1]["attempts"][0]["stage"] != step["stage"]:
            stages.append({"order": "ordered", "attempts": []})
        stages[-1]["attempts"].append(step)
    return {"location": str(plan.location), "outcome": str(plan.outcome), "stages": stages}


def _change(before: Plan, after: Plan) -> str:
    """The first that applies: what a person would ask about first."""
    if bool(before.attempts) != bool(after.attempts):
        return "reachability"
    if before.location != after.location:
        return "location"
    if before.lists[:1] != after.lists[:1]:
        return "list"
    if before.attempts and before.attempts[0].url != after.attempts[0].url:
        return "first"
    if {a.url for a in before.attempts} != {a.url for a in after.attempts}:
        return "redundancy"
    return "order"
