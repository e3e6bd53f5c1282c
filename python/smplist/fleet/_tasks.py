# SPDX-License-Identifier: MIT
"""Tasks that end together, and pauses that end early; both end when they are cancelled, whatever they wait for.

Until Python 3.12 `asyncio.wait_for` forgets a cancellation that comes at the moment of its result, in libraries too; so whatever
does not end is cancelled again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Sequence
from typing import Any

_AGAIN = 0.5  # seconds
_MOST_TIMES = 120


async def together(*work: Coroutine[Any, Any, None]) -> None:
    """Do all at once until one ends or fails; then the others end, and the failure is raised."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _end(tasks)
    for task in done:
        task.result()


async def _end(tasks: Sequence[asyncio.Future[None]]) -> None:
    """Cancel what is not done until it is, also if this is cancelled meanwhile."""
    cancelled = False
    for _ in range(_MOST_TIMES):
        running = [task for task in tasks if not task.done()]
        if not running:
            break
        for task in running:
            task.cancel()
        try:
            await asyncio.wait(running, timeout=_AGAIN)
        except asyncio.CancelledError:
            cancelled = True
    for task in tasks:
        if task.done() and not task.cancelled():
            task.exception()  # seen: only the first failure is raised
    if cancelled:
        raise asyncio.CancelledError


async def pause(early: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until something happens."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await early.wait()
