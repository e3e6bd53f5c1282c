# SPDX-License-Identifier: MIT
"""Real questions over HTTP, asked as the reducer says, with a real clock: what a simulation simulates. [S-70]"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple, Protocol

from smplist._core import Attempt, Failover, Plan
from smplist._extras import need
from smplist.asking import TRY_TIMEOUT, Asked, Try, question, turn_of

_TOO_BAD = 500  # a server that answers so is no better than one that is down
_PROXY_REFUSES = 407  # and this is no answer of the server at all


class Clock(Protocol):
    """What time it is, in milliseconds, and how to wait."""

    def now(self) -> int:
        """The time now; it never goes back."""

    async def sleep_until(self, when: int) -> None:
        """Wait until it is then."""


class MonotonicClock:
    """The clock of this computer, which runs also while it sleeps as far as the system says."""

    def now(self) -> int:
        """Milliseconds since some moment."""
        return time.monotonic_ns() // 1_000_000

    async def sleep_until(self, when: int) -> None:
        """Wait until it is then."""
        await asyncio.sleep(max(0, when - self.now()) / 1000)


class Tried(NamedTuple):
    """An attempt that was made, how it ended, `success` or `failure`, and when that was."""

    attempt: Attempt
    outcome: str
    at: int


Request = Callable[[Attempt, float], Awaitable[bool]]
"""Asks, for so many seconds at most; whether there was an answer."""


class Asker:
    """The failover of one client: which server it stays with, and which ones rest.

    Attributes
    ----------
    state : Failover
        What is remembered; it can be kept over a restart.
    tried : list of Tried
        The attempts of the last question.
    """

    def __init__(self, state: Failover | None = None, *, request: Request | None = None, clock: Clock | None = None,
                 try_timeout: int = TRY_TIMEOUT) -> None:  # fmt: skip
        """A client that asks.

        Parameters
        ----------
        state
            Where it begins; with nothing remembered if it is not given.
        request
            How it asks; over HTTP without one.
        clock
            Another clock than this computer's.
        try_timeout
            Milliseconds after which an attempt has failed.
        """
        self.state = Failover() if state is None else state
        self.tried: list[Tried] = []
        self._request = request or http_request
        self._clock: Clock = clock or MonotonicClock()
        self._seconds = try_timeout / 1000

    async def ask(self, plan: Plan) -> Asked:
        """Ask a question to its end: an answer, or nobody is left, and then the plan's `exhausted` applies."""
        self.tried = []
        turns = question(self.state, plan, self._clock.now())
        sent: tuple[str, int] | None = None
        while not isinstance(turn := turn_of(turns, sent), Asked):
            if isinstance(turn, Try):
                outcome = await self._try(turn.attempt)
                sent = outcome, self._clock.now()
                self.tried.append(Tried(turn.attempt, *sent))
                self.state = self.state.report(turn.attempt, *sent)
            else:
                await self._clock.sleep_until(turn.until)
                sent = "", self._clock.now()
        return turn

    async def _try(self, attempt: Attempt) -> str:
        try:
            async with asyncio.timeout(self._seconds):
                answered = await self._request(attempt, self._seconds)
        except TimeoutError:
            answered = False
        return "success" if answered else "failure"


async def http_request(attempt: Attempt, seconds: float, proxies: Mapping[str, tuple[str, str]] | None = None) -> bool:
    """Ask the URL of an attempt, through its proxy and over its family; whether there was an answer other than 407 and 5xx.

    Parameters
    ----------
    attempt
        Whom, through what.
    seconds
        For how long at most.
    proxies
        User and password by `host:port` of a proxy.
    """
    httpx = need("httpx2", "asking over HTTP", "fleet")
    proxy = None
    if attempt.via:
        proxy = httpx.Proxy(f"http://{attempt.via}", auth=(proxies or {}).get(attempt.via))
    local = "::" if attempt.families[0] == "ipv6" else "0.0.0.0"
    transport = httpx.AsyncHTTPTransport(proxy=proxy, local_address=local)
    try:
        async with httpx.AsyncClient(transport=transport, timeout=seconds) as client:
            answer = await client.get(attempt.url)
            return bool(answer.status_code < _TOO_BAD and answer.status_code != _PROXY_REFUSES)
    except httpx.HTTPError:
        return False
