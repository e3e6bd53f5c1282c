# SPDX-License-Identifier: MIT
"""Which of the servers that tell inside from outside this machine reaches. [S-32]"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from smplist._core import HostPort, Policy
from smplist.analysis.report import Progress
from smplist.net.causes import Failed, not_connected, verdict
from smplist.net.guard import Guard
from smplist.net.resolve import Resolver
from smplist.net.running import AT_ONCE, within


class Reached:
    """The servers that answer, in the policy's order, and why the others do not."""

    def __init__(self, order: Iterable[str]) -> None:
        """Of these servers, as `host:port`."""
        self._order = list(order)
        self._found: set[str] = set()
        self.missed: dict[str, str] = {}

    def add(self, server: str, why_not: str | None) -> None:
        """Note a server that answers, or why it does not."""
        if why_not is None:
            self._found.add(server)
        else:
            self.missed[server] = why_not

    @property
    def servers(self) -> list[str]:
        """Those that answer."""
        return [server for server in self._order if server in self._found]


def servers_of(policy: Policy) -> list[list[str]]:
    """The management server and the reference servers of a policy, each with its ports in order, as `host:port`."""
    document: dict[str, Any] = policy.to_dict()["location"]
    found = [document.get("management_server"), *document.get("reference_servers", ())]
    return [[_place(server["host"], port) for port in server["ports"]] for server in found if server]


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def reach(
    policy: Policy, *, allow: Iterable[str] = (), seconds: float = 3.0, deadline: float = 30.0, progress: Progress | None = None
) -> Reached:
    """Connect to every server of a policy's location criterion, a server's ports in order until one answers.

    Parameters
    ----------
    policy
        Whose management server and reference servers are asked, and nobody else.
    allow
        Addresses and ranges that are asked although they are loopback, link-local or metadata addresses.
    seconds
        The most that a connection, or a name, may take.
    deadline
        The most that all of it may take.
    progress
        Called with how many servers are done, and of how many.

    Raises
    ------
    ValueError
        If something allowed is no address and no range.
    """
    servers = servers_of(policy)
    reached = Reached(place for server in servers for place in server)
    guard, resolver = Guard(allow), Resolver({}, seconds)
    asyncio.run(_reach_all(servers, reached, guard, resolver, seconds, deadline, progress))
    return reached


async def _reach_all(servers: list[list[str]], reached: Reached, guard: Guard, resolver: Resolver, seconds: float,
                     deadline: float, progress: Progress | None) -> None:  # fmt: skip
    gate = asyncio.Semaphore(AT_ONCE)

    async def each(server: list[str]) -> None:
        async with gate:
            for place in server:
                why_not = await _why_not(HostPort(place), guard, resolver, seconds)
                reached.add(place, why_not)
                if why_not is None:
                    return

    await within((each(server) for server in servers), deadline, progress)


async def _why_not(server: HostPort, guard: Guard, resolver: Resolver, seconds: float) -> str | None:
    """Why there is no connection to a server, at any of its addresses; None if there is one."""
    try:
        addresses = await resolver.addresses(server.host)
    except Failed as failed:
        return failed.verdict.text
    said = verdict("no_address", host=server.host)
    for address in addresses:
        if why := guard.why_not(address):
            said = verdict("not_allowed", address=address, why=why)
            continue
        try:
            async with asyncio.timeout(seconds):
                _, out = await asyncio.open_connection(str(address), server.port)
        except TimeoutError:
            said = verdict("connect_timeout", who="the server", port=server.port, seconds=f"{seconds:g}")
        except OSError as error:
            said = not_connected(error, "the server", server.port)
        else:
            out.close()
            return None
    return said.text
