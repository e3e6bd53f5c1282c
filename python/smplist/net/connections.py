# SPDX-License-Identifier: MIT
"""Asks every endpoint of a policy, over every route and address, and reports."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, ClassVar

from smplist._core import Address, Family, Policy
from smplist._extras import need
from smplist.analysis.report import Progress, Report, many
from smplist.net import facts
from smplist.net.causes import Failed, State, verdict
from smplist.net.routes import Route, routes
from smplist.net.running import AT_ONCE, within

if TYPE_CHECKING:
    from smplist.net.probe import Answer, Settings
    from smplist.net.resolve import Resolver

STAGES = ("resolve", "connect", "proxy", "tls", "http")
_MILLISECONDS = tuple(f"{stage}_ms" for stage in STAGES)


class Connections(Report):
    """What answers, and why the rest does not."""

    columns = (
        "source",
        "service",
        "url",
        "via",
        "address",
        "state",
        "cause",
        "text",
        "advice",
        "status",
        "expires",
        *_MILLISECONDS,
    )
    types: ClassVar[Mapping[str, str]] = {"status": "integer", **dict.fromkeys(_MILLISECONDS, "integer")}
    shown = ("source", "service", "via", "address", "state", "text", "advice")

    @property
    def all_up(self) -> bool:
        """Whether everything that was asked answers, at every address and over every route."""
        return all(row["state"] == State.UP for row in self._data["rows"])

    @property
    def availability(self) -> dict[str, str]:
        """What is known of each endpoint, as an availability file has it: up if it answers anywhere."""
        return dict(self._data["availability"])

    def rows(self) -> list[dict[str, Any]]:
        """A row for each address of each route, in the order of the policy."""
        return [dict(row) for row in self._data["rows"]]

    def to_text(self) -> str:
        """How many answer, then every route with its addresses."""
        states = list(self._data["availability"].values())
        counts = [f"{states.count(state)} {state}" for state in State if states.count(state)]
        lines = [f"{many(len(states), 'endpoint')}: {', '.join(counts) or 'nothing to ask'}"]
        for head, rows in groupby(self._data["rows"], _head):
            lines += ["", head, *(_line(row) for row in rows)]
        return "\n".join(lines)


def _head(row: Mapping[str, Any]) -> str:
    through = f" through {row['via']}" if row["via"] else ""
    return f"{row['source']}  {row['service'].replace('_', ' ')}  {row['url']}{through}"


def _line(row: Mapping[str, Any]) -> str:
    """`up  192.0.2.5  12 ms  answers 200 OK`, with what to do behind it."""
    took = sum(row[column] or 0 for column in _MILLISECONDS)
    until = f", certificate until {row['expires'][:10]}" if row["expires"] and row["state"] == State.UP else ""
    advice = f"; {row['advice']}" if row["advice"] else ""
    return f"  {row['state']:<8}{row['address'] or '-'}  {took} ms  {row['text']}{until}{advice}"


@dataclass
class _Asked:
    """A route, and what has come of it so far."""

    route: Route
    answers: list[Answer] = field(default_factory=list)
    waiting: int = 1
    """How many answers are still to come."""


def ask(
    policy: Policy, wanted: Iterable[str] = (), *, service: str | None = None, authorities: str | None = None,
    allow: Iterable[str] = (), stated: Mapping[str, Sequence[Address]] | None = None, seconds: float = 5.0,
    deadline: float = 60.0, progress: Progress | None = None,
) -> Connections:  # fmt: skip
    """Ask the endpoints of a policy from this machine, and report what answers.

    Parameters
    ----------
    policy
        Whose sources and proxies are asked, and nobody else.
    wanted
        `SOURCE`, `SOURCE/SERVICE` or `host:NAME`; everything without any.
    service
        One service; both without it.
    authorities
        A file of certificates that are trusted besides those that this machine trusts.
    allow
        Addresses and ranges that are asked although they are loopback, link-local or metadata addresses.
    stated
        Addresses of names that are not to be resolved.
    seconds
        The most that each stage of a question may take.
    deadline
        The most that all of it may take.
    progress
        Called with how many routes are done, and of how many.

    Raises
    ------
    ValueError
        If the policy has no such source, something allowed is no address and no range, or the file of certificates is of no use.
    """
    for package in ("httpx2", "httpcore2", "psutil"):
        need(package, "testing connections", "probe")
    from smplist.net.certificates import verifying
    from smplist.net.guard import Guard
    from smplist.net.probe import Settings
    from smplist.net.resolve import Resolver

    asked = [_Asked(route) for route in routes(policy, wanted, service)]
    settings = Settings(verifying(authorities), Guard(allow), seconds)
    resolver = Resolver(stated or {}, seconds)
    asyncio.run(_ask_all(asked, settings, resolver, deadline, progress))
    return Connections({"revision": policy.revision, "availability": _availability(asked), "rows": _rows(asked)})


async def _ask_all(
    asked: list[_Asked], settings: Settings, resolver: Resolver, deadline: float, progress: Progress | None
) -> None:
    """Ask until everybody has answered, or the time is over."""
    from smplist.net.probe import Answer

    own, gate = facts.families(), asyncio.Semaphore(AT_ONCE)
    await within((_ask_route(one, settings, resolver, own, gate) for one in asked), deadline, progress)
    for one in asked:
        one.answers += [Answer(verdict("deadline"))] * (one.waiting > 0)


async def _ask_route(one: _Asked, settings: Settings, resolver: Resolver, own: set[Family], gate: asyncio.Semaphore) -> None:
    """An answer for each address of the first hop; one without an address, if there is none."""
    from smplist.net.probe import Answer, probe

    began = time.monotonic()
    try:
        mine = await reachable(one.route, resolver, own)
    except Failed as failed:
        one.answers.append(Answer(failed.verdict, took={"resolve": time.monotonic() - began}))
        one.waiting = 0
        return
    resolved, one.waiting = time.monotonic() - began, len(mine)

    async def each(address: Address) -> None:
        async with gate:
            answer = await probe(one.route, address, settings)
        one.answers.append(replace(answer, took={"resolve": resolved, **answer.took}))
        one.waiting -= 1

    await asyncio.gather(*map(each, mine))
    one.answers.sort(key=lambda answer: mine.index(answer.address) if answer.address in mine else 0)


async def reachable(route: Route, resolver: Resolver, own: set[Family]) -> list[Address]:
    """The addresses of the first hop whose family this machine has.

    Raises
    ------
    Failed
        If there are none.
    """
    host = route.first_hop[0]
    addresses = await resolver.addresses(host)
    mine = [address for address in addresses if address.family in own or not facts.usable(address)]
    if not mine:
        raise Failed("family_missing", host=host, family={"ipv4": "IPv4", "ipv6": "IPv6"}[addresses[0].family])
    return mine


def _availability(asked: Iterable[_Asked]) -> dict[str, str]:
    found: dict[str, set[State]] = {}
    for one in asked:
        found.setdefault(one.route.identity, set()).update(answer.verdict.state for answer in one.answers)
    return {identity: str(next(state for state in State if state in states)) for identity, states in found.items()}


def _rows(asked: Iterable[_Asked]) -> list[dict[str, Any]]:
    return [
        {
            "source": one.route.source.name,
            "service": one.route.service,
            "url": one.route.url,
            "via": one.route.via,
            "address": None if answer.address is None else str(answer.address),
            "state": str(answer.verdict.state),
            "cause": answer.verdict.cause,
            "text": answer.verdict.text,
            "advice": answer.verdict.advice,
            "status": answer.status,
            "expires": answer.expires and answer.expires.isoformat(),
            **{f"{stage}_ms": round(1000 * answer.took[stage]) if stage in answer.took else None for stage in STAGES},
        }
        for one in asked
        for answer in one.answers
    ]
