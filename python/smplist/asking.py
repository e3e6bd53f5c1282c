# SPDX-License-Identifier: MIT
"""How one question goes its way: what the reducer says is asked, waited for or given up, without a clock or a network. [S-70]

Whoever drives it, a simulation or an agent, gets the same turns for the same outcomes at the same times. [S-72]
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple

from smplist._core import Attempt, Failover, Plan

TRY_TIMEOUT = 5_000  # milliseconds, of one attempt [S-71]


class Try(NamedTuple):
    """Ask this now; send how it ended (`success` or `failure`) and when."""

    attempt: Attempt


class Wait(NamedTuple):
    """Nothing to do before `until`; send an empty text and what time it is."""

    until: int


class Asked(NamedTuple):
    """How a question ended: the state after it, and who answered. Without an answer the plan's `exhausted` applies, and `until`
    is when somebody is due again, if anybody is."""

    state: Failover
    answered: Attempt | None
    until: int | None = None


def question(state: Failover, plan: Plan, now: int) -> Generator[Try | Wait, Any, Asked]:
    """The turns of one question, in the order in which the reducer wants them; returns how it ended.

    Parameters
    ----------
    state
        What is remembered of earlier questions.
    plan
        Who may be asked.
    now
        The time, in milliseconds of any one clock.
    """
    while True:
        what, given = state.next(plan, now)
        if what == "exhausted":
            return Asked(state, None, given)
        if what == "wait":
            _, now = yield Wait(given)
            continue
        outcome, now = yield Try(given)
        state = state.report(given, outcome, now)
        if outcome == "success":
            return Asked(state, given)


def turn_of(turns: Generator[Try | Wait, Any, Asked], sent: tuple[str, int] | None) -> Try | Wait | Asked:
    """The next turn of a question, after what came of the one before (None before the first); at its end, how it ended."""
    try:
        return turns.send(sent)
    except StopIteration as ended:
        asked: Asked = ended.value
        return asked
