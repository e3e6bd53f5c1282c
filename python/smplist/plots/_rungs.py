# SPDX-License-Identifier: MIT
"""A plan as rungs, stage by stage: what a picture of it and the explorer both say."""

from __future__ import annotations

from typing import NamedTuple

from smplist._core import Attempt, IgnoredSource, Plan
from smplist.analysis.report import EXHAUSTED
from smplist.plots._styles import Style

MOST = 40
STAGES = {
    "custom_list": (Style("#0072B2"), "custom list"),
    "standard_list": (Style("#E69F00"), "standard list"),
    "fallback_standard": (Style("#E69F00"), "standard list, as the fallback"),
    "network": (Style("#009E73"), "network"),
}
_OUTCOMES = {
    "custom_list": "a custom list",
    "standard_list": "the standard list",
    "fallback_standard": "the standard list, as the fallback",
    "network": "the network",
    "none_reachable": "nobody can be reached",
    "no_list": "no list",
}


class Part(NamedTuple):
    """A stage with its attempts, numbered through, and what it leaves out."""

    stage: str
    name: str
    order: str | None
    steps: list[tuple[int, Attempt]]  # the first 40 of the plan
    more: list[Attempt]
    ignored: list[IgnoredSource]


def parts_of(plan: Plan) -> list[Part]:
    """The stages in the order of the plan; those that have only what is left out stand where it does."""
    found: dict[tuple[str, str], Part] = {}
    orders = {(str(s.stage), s.list): str(s.order) for s in plan.stages}
    for stage in plan.stages:
        found[str(stage.stage), stage.list] = Part(str(stage.stage), stage.list, str(stage.order), [], [], [])
    for one in plan.ignored:
        key = (str(one.stage), one.list)
        found.setdefault(key, Part(*key, orders.get(key), [], [], [])).ignored.append(one)
    for number, attempt in enumerate(plan.attempts, 1):
        key = (str(attempt.stage), attempt.list)
        part = found.setdefault(key, Part(*key, orders.get(key), [], [], []))
        if number <= MOST:
            part.steps.append((number, attempt))
        else:
            part.more.append(attempt)
    order = list(STAGES)
    return sorted(found.values(), key=lambda part: order.index(part.stage))


def heading(part: Part, name: str) -> str:
    """`Custom list manila, in the order written`; `name` is that of the list as it is to be shown."""
    order = {"random": ", in a random order of this client's own", "ordered": ", in the order written"}.get(part.order or "", "")
    words = STAGES[part.stage][1]
    return (f"Custom list {name}" if part.stage == "custom_list" else words.capitalize()) + order


def route(attempt: Attempt, via: str) -> str:
    """`through the proxy p.example:3128, over IPv4 to IPv6`; `via` is the proxy as it is to be shown."""
    families = " to ".join({"ipv4": "IPv4", "ipv6": "IPv6"}[str(f)] for f in dict.fromkeys(attempt.families))
    notes = "; ".join(str(n).replace("_", " ") for n in attempt.notes)
    return f"{f'through the proxy {via}' if via else 'directly'}, over {families}{f' ({notes})' if notes else ''}"


def note(number: int, asked: bool, down: bool) -> str:
    """What is to be said of a rung."""
    return "down" if down else "" if not asked else "asked first" if number == 1 else "asked now"


def outcome(plan: Plan) -> str:
    """`Internal; a custom list`."""
    return f"{str(plan.location).capitalize()}; {_OUTCOMES[str(plan.outcome)]}"


def end(plan: Plan) -> str:
    """What is done when nobody answers."""
    return f"If nobody answers: {EXHAUSTED[str(plan.exhausted)]}."
