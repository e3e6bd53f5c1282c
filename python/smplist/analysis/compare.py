# SPDX-License-Identifier: MIT
"""Two policies, client by client: the same answers, or never worse ones; and two lists that share no address."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from smplist import _core
from smplist._core import Policy, RangeSet
from smplist.analysis.report import Counterexample, Report, asks, many, replay


class Comparison(Counterexample):
    """Whether something holds between two policies for all clients; true if so."""

    columns: ClassVar[tuple[str, ...]] = ("why", "client", "service", "before", "after")

    @property
    def why(self) -> str:
        """What is different or worse; empty if it holds."""
        shown = self._data["counterexample"]
        return "" if shown is None else str(shown["why"])

    def __bool__(self) -> bool:
        return bool(self._data["holds"])

    def rows(self) -> list[dict[str, Any]]:
        """The counterexample, if there is one."""
        shown = self._data["counterexample"]
        if shown is None:
            return []
        who = json.dumps(shown["client"], ensure_ascii=False)
        plans = {key: asks(shown[key]) for key in ("before", "after")}
        return [{"why": shown["why"], "client": who, "service": shown["service"], **plans}]

    def to_text(self) -> str:
        """Whether it holds; if not, a client with both plans."""
        asked = self._data["asked"]
        if self:
            return f"{asked}: proved over {many(self._data['classes'], 'class', 'classes')} of clients"
        shown = self._data["counterexample"]
        return "\n".join(
            [
                f"not {asked}: {shown['why']}",
                f"  shown by {' and '.join(shown['client']['addresses']) or 'a client'}, {shown['service']}",
                f"  before  {shown['before']['location']}, {asks(shown['before'])}",
                f"  after   {shown['after']['location']}, {asks(shown['after'])}",
                f"  replay with both: {replay(shown['client'], shown['service'])}",
            ]
        )


class Disjoint(Report):
    """Whether two lists share no address; true if so."""

    columns: ClassVar[tuple[str, ...]] = ("first", "last", "addresses")
    types: ClassVar[Mapping[str, str]] = {"addresses": "count"}

    @property
    def common(self) -> RangeSet:
        """The addresses that both hold."""
        return RangeSet(self._data["common"])

    def __bool__(self) -> bool:
        return not self._data["common"]

    def rows(self) -> list[dict[str, Any]]:
        """One row for each run of addresses that both hold."""
        return [{"first": str(r.first), "last": str(r.last), "addresses": r.size} for r in self.common.ranges]

    def to_text(self) -> str:
        """Whether they are; if not, what they share."""
        lists = " and ".join(self._data["lists"])
        if self:
            return f"disjoint: {lists} share no address"
        rows = [f"  {text}" for text in self._data["common"][:20]]
        more = len(self._data["common"]) - 20
        return "\n".join([f"not disjoint: {lists} share {many(self._data['addresses'], 'address', 'addresses')}", *rows,
                          *([f"  and {many(more, 'more run')}"] if more > 0 else [])])  # fmt: skip


def equivalent(old: Policy, new: Policy) -> Comparison:
    """Whether every client gets the same answer from both policies, whatever its location, addresses and order."""
    return Comparison({"asked": "equivalent", **json.loads(_core.equivalent(old.partition(), new.partition()))})


def refines(new: Policy, old: Policy) -> Comparison:
    """Whether no client is worse off with the new policy.

    For every client and service: who reached a source still does; no fewer different computers are asked; if all attempts
    were over HTTPS all are, and if the first was, whatever the order, the first is; the network is not asked where it was not,
    and not first where it was not first.
    """
    return Comparison({"asked": "never worse", **json.loads(_core.refines(new.partition(), old.partition()))})


def disjoint(policy: Policy, a: str, b: str) -> Disjoint:
    """Whether no address is held by both of two custom lists.

    Raises
    ------
    ValueError
        If the policy has no such list.
    """
    common = _core.common_addresses(policy, a, b)
    return Disjoint({"lists": [a, b], "addresses": str(common.size), "common": [str(r) for r in common.ranges]})
