# SPDX-License-Identifier: MIT
"""A client that follows its plan: run on a machine, it reads cells, one a line, and prints what it reached."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import smplist
from smplist.net.causes import Failed, State
from smplist.net.certificates import verifying
from smplist.net.guard import Guard
from smplist.net.probe import Settings, probe
from smplist.net.resolve import Resolver
from smplist.net.routes import Route

SECONDS = 1.5


def route_of(policy: smplist.Policy, source: str, service: str, place: str) -> Route:
    """The way to a source from a list."""
    lists = {entry.name: entry for entry in (*policy.lists, policy.standard, policy.network)}
    return Route(policy.sources[source], service, lists[place].proxy)


async def reach(route: Route, first: str, settings: Settings, resolver: Resolver) -> tuple[str | None, str]:
    """The family over which a route's endpoint answered, and the cause; addresses of the plan's family come first."""
    try:
        addresses = await resolver.addresses(route.first_hop[0])
    except Failed as failed:
        return None, failed.verdict.cause
    cause = "none"
    for address in sorted(addresses, key=lambda a: a.family != first):
        answer = await probe(route, address, settings)
        cause = answer.verdict.cause
        if answer.verdict.state == State.UP:
            return str(address.family), cause
    return None, cause


async def follow(cell: dict[str, Any], settings: Settings, resolver: Resolver) -> dict[str, Any]:
    """The first attempt of a plan that answers, and those before it that did not; what the plan leaves out is asked as well."""
    policy, client = smplist.Policy.from_dict(cell["policy"]), smplist.Client.from_dict(cell["client"])
    plan = policy.evaluate(client, cell["service"])
    found: dict[str, Any] = {"id": cell["id"], "reached": None, "family": None, "failed": {}, "ignored": {}}
    for attempt in plan.attempts:
        route = route_of(policy, attempt.source, cell["service"], attempt.list)
        family, cause = await reach(route, attempt.families[0], settings, resolver)
        if family:
            found |= {"reached": attempt.source, "family": family}
            break
        found["failed"][attempt.source] = cause
    for ignored in plan.ignored:
        family, cause = await reach(route_of(policy, ignored.source, cell["service"], ignored.list), "ipv4", settings, resolver)
        found["ignored"][ignored.source] = family or cause
    return found


async def main(cells: list[dict[str, Any]], authorities: str) -> list[dict[str, Any]]:
    """All cells, many at once."""
    settings, resolver, gate = Settings(verifying(authorities), Guard(), SECONDS), Resolver({}, SECONDS), asyncio.Semaphore(32)

    async def each(cell: dict[str, Any]) -> dict[str, Any]:
        async with gate:
            return await follow(cell, settings, resolver)

    return list(await asyncio.gather(*map(each, cells)))


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main([json.loads(line) for line in sys.stdin], sys.argv[1]))))
