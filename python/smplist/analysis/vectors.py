# SPDX-License-Identifier: MIT
"""A finite test set for a policy: any agent, in any language, can be certified against it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar

from smplist import _core
from smplist._core import Policy
from smplist.analysis.report import Report

Agent = Callable[[dict[str, Any], str], dict[str, Any]]


class Vectors(Report):
    """Clients and the plans that they must come to."""

    columns: ClassVar[tuple[str, ...]] = (
        "about", "addresses", "id", "stack", "service", "location", "outcome", "sources",
    )  # fmt: skip

    @property
    def vectors(self) -> list[dict[str, Any]]:
        """The vectors; do not change them."""
        return list(self._data["vectors"])

    def __len__(self) -> int:
        return len(self._data["vectors"])

    def rows(self) -> list[dict[str, Any]]:
        """One row for each vector; sources in order, separated by blanks."""
        return [
            {
                "about": v["about"],
                "addresses": " ".join(v["client"]["addresses"]),
                "id": v["client"].get("id"),
                "stack": " ".join(v["client"].get("stack") or []),
                "service": v["service"],
                "location": v["expected"]["location"],
                "outcome": v["expected"]["outcome"],
                "sources": " ".join(a["source"] for a in v["expected"]["attempts"]),
            }
            for v in self._data["vectors"]
        ]

    def failures(self, agent: Agent) -> list[dict[str, Any]]:
        """The vectors that an agent gets wrong, each with what it said under `got`.

        `agent(client, service)` takes a client document and returns what stands under `expected`; it is also asked for
        `agent.first_available(expected, down)`, the position of the attempt that it makes, if it has such a method.
        """
        walk = getattr(agent, "first_available", None)
        wrong = []
        for vector in self._data["vectors"]:
            got = agent(vector["client"], vector["service"])
            if got != vector["expected"]:
                wrong.append({**vector, "got": got})
                continue
            for pattern in vector["availability"]:
                asked = pattern["asked"] if walk is None else walk(got, pattern["down"])
                if asked != pattern["asked"]:
                    wrong.append({**vector, "got": {"down": pattern["down"], "asked": asked}})
        return wrong

    def to_text(self) -> str:
        """How many there are of what."""
        counts = Counter(v["about"] for v in self._data["vectors"])
        patterns = sum(len(v["availability"]) for v in self._data["vectors"])
        lines = [f"  {count:>8,}  {_ABOUT[about]}" for about, count in counts.items()]
        return "\n".join(
            [f"{len(self):,} vectors for {self._data['revision']}", *lines, f"  {patterns:>8,}  patterns of availability"]
        )


_ABOUT = {
    "end": "at the first and the last address of what a range begins or ends",
    "pair": "of clients with two addresses, where lists compete",
    "order": "of clients with an id, which fixes random orders",
    "external": "of clients outside",
    "evidence": "of clients whose location is found out",
}


def header(policy: Policy) -> dict[str, Any]:
    """What stands before the vectors: schema, revision, the policy itself."""
    return {"schema": "smplist-vectors/1", "revision": policy.revision, "policy": policy.to_dict()}


def vectors(policy: Policy) -> Vectors:
    """A finite test set for agents.

    Every address at which an answer can begin or end is in it, with each stack it can have, for both services; clients with two
    addresses wherever two lists compete; clients outside; what makes clients internal and what nearly does; and for each order of
    endpoints the patterns of availability that tell an agent apart from one that walks in order.
    """
    lines: list[str] = []
    _core.each_vector(policy.partition(), lines.append)
    return Vectors({**header(policy), "vectors": json.loads(f"[{','.join(lines)}]")})
