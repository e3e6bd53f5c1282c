# SPDX-License-Identifier: MIT
"""Names to addresses, as every program of this machine resolves them; if that fails, the DNS is asked why."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence

from smplist._core import Address, Host
from smplist.net.causes import Failed
from smplist.net.running import AT_ONCE, in_thread

MOST_ADDRESSES = 16


class Resolver:
    """Resolves each name once, however often it is asked for."""

    def __init__(self, stated: Mapping[str, Sequence[Address]], seconds: float) -> None:
        """With names whose addresses are stated, and the seconds after which nobody waits any more."""
        self._stated = {name.lower(): list(addresses) for name, addresses in stated.items()}
        self._seconds = seconds
        self._known: dict[str, asyncio.Task[list[Address]]] = {}
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def addresses(self, host: Host) -> list[Address]:
        """The addresses of a host, at most 16, in the order of preference.

        Raises
        ------
        Failed
            If there are none.
        """
        if host.address is not None:
            return [host.address]
        name = str(host)
        if name in self._stated:
            return self._stated[name]
        if name not in self._known:
            self._known[name] = asyncio.create_task(self._look_up(name))
        return await asyncio.shield(self._known[name])

    async def _look_up(self, name: str) -> list[Address]:
        try:
            async with self._gate, asyncio.timeout(self._seconds):
                found = await in_thread(lambda: socket.getaddrinfo(name, None, type=socket.SOCK_STREAM))
        except TimeoutError:
            raise Failed("no_name_server", host=name) from None
        except (OSError, UnicodeError) as error:
            raise await _why(name, error, self._seconds) from None
        # a zone is of no use here: link-local addresses need one, and names cannot have them
        return list(dict.fromkeys(Address(entry[4][0].partition("%")[0]) for entry in found))[:MOST_ADDRESSES]


async def _why(name: str, error: Exception, seconds: float) -> Failed:
    """Why a name has no address: the system only says that it has none."""
    code = error.errno if isinstance(error, socket.gaierror) else None
    if code == socket.EAI_AGAIN:
        return Failed("no_name_server", host=name)
    try:
        import dns.asyncresolver
        import dns.exception
        import dns.resolver
    except ImportError:
        return Failed("name_unknown", host=name)
    try:
        await dns.asyncresolver.resolve(name + ".", "A", lifetime=seconds, raise_on_no_answer=False)
    except dns.resolver.NXDOMAIN:
        return Failed("name_unknown", host=name)
    except (dns.exception.DNSException, OSError):
        return Failed("no_name_server", host=name)
    return Failed("no_address", host=name)
