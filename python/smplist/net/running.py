# SPDX-License-Identifier: MIT
"""Many things at once, inside a deadline, whatever hangs."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from smplist.analysis.report import Progress

AT_ONCE = 32
"""Connections, or look-ups, at one time."""

_BREATH = 0.5  # seconds between two words about how far it is


async def within(work: Iterable[Coroutine[Any, Any, None]], deadline: float, progress: Progress | None) -> None:
    """Do all of it at once; what is not done after so many seconds is given up."""
    ends = time.monotonic() + deadline
    waiting = {asyncio.create_task(one) for one in work}
    count = len(waiting)
    while waiting and (left := ends - time.monotonic()) > 0:
        done, waiting = await asyncio.wait(waiting, timeout=min(left, _BREATH), return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()  # a defect is not lost
        if progress is not None:
            progress(count - len(waiting), count)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def in_thread(work: Callable[[], Any]) -> Any:
    """What a function gives that nobody can interrupt; a thread that hangs holds nobody up, not even the end of the program."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()

    def settle(set_to: Callable[[Any], None], value: Any) -> None:
        if not done.done():
            set_to(value)

    def run() -> None:
        try:
            outcome: tuple[Callable[[Any], None], Any] = (done.set_result, work())
        except Exception as error:
            outcome = (done.set_exception, error)
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, *outcome)

    threading.Thread(target=run, daemon=True).start()
    return await done
