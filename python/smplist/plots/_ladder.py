# SPDX-License-Identifier: MIT
"""The plan of one client as a ladder: who is asked, who then, what is left out and why, and what if nobody answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smplist._core import Attempt, IgnoredSource, Plan
from smplist.analysis.report import many
from smplist.plots._layers import service_words
from smplist.plots._rungs import MOST, STAGES, Part, end, heading, note, outcome, parts_of, route
from smplist.plots._sheet import MARGIN, Picture, Sheet, fit, width, wrap
from smplist.plots._styles import FAINT, INK, LINE, PAPER, Style
from smplist.plots._text import label

_STEP, _LEFT_OUT = 430.0, 306.0
_TALL, _GAP = 40.0, 12.0
_FIRST = Style("#E3F1FA")
_PLAIN = Style("#F6F6F6")
_DOWN = Style("#E6E6E6")
_END = Style("#FBE9DD")


def draw(plan: Plan, availability: Mapping[str, str]) -> Picture:
    """The ladder of a plan."""
    first = plan.first_available(availability) if availability else (plan.attempts[0] if plan.attempts else None)
    parts = parts_of(plan)
    down = sum(max(_height_of_steps(part), _height_of_ignored(part)) + 34 for part in parts)
    data = plan.to_dict()
    client = data["client"]
    who = label(client["id"] or "") or ", ".join(client["addresses"][:3]) or "a client without address"
    title = f"{service_words(str(plan.service)).capitalize()}: {who}"
    sheet = Sheet(_STEP + _LEFT_OUT + 3 * MARGIN, 47 + 28 + down + 66 + 22 * (not plan.attempts), title, _why(plan, data))
    y = float(sheet.top + 6)
    for part in parts:
        y = _part(sheet, part, y, first, availability)
    _end(sheet, plan, y)
    return sheet.figure


def _why(plan: Plan, data: dict[str, Any]) -> list[str]:
    """Location, outcome and the list that decides."""
    decided = data["decided_by"]
    addresses = ", ".join(data["client"]["addresses"][:4])
    more = len(data["client"]["addresses"]) - 4
    first = f"{outcome(plan)}; {addresses or 'no address'}"
    lines = [first + (f" and {more:,} more addresses" if more > 0 else "")]
    if decided:
        lines.append(f"{decided['address']} is in {decided['range']} of the list {label(decided['list'])}.")
    return lines


def _height_of_steps(part: Part) -> float:
    return len(part.steps) * (_TALL + _GAP) + (16 if part.more or not part.steps else 0)


def _left_out(one: IgnoredSource) -> list[str]:
    return wrap(label(one.text, 200), _LEFT_OUT - 16, 7.5, 3)


def _height_of_ignored(part: Part) -> float:
    return sum(24 + 10 * len(_left_out(one)) for one in part.ignored[:MOST]) + 4 + (14 if len(part.ignored) > MOST else 0)


def _part(sheet: Sheet, part: Part, y: float, first: Attempt | None, availability: Mapping[str, str]) -> float:
    """One stage; returns where the next begins."""
    style, _ = STAGES[part.stage]
    tall = max(_height_of_steps(part), _height_of_ignored(part)) + 28
    sheet.box(MARGIN, y, 5, tall - 4, style)
    sheet.text(MARGIN + 14, y + 11, fit(heading(part, label(part.name)), _STEP - 14, 9.5, True), 9.5, bold=True)
    step = y + 22
    if not part.steps and not part.more:
        sheet.text(MARGIN + 34, step + 10, "nobody of it can be asked", 8.5, color=FAINT)
    for number, attempt in part.steps:
        _step(sheet, number, attempt, step, attempt == first, availability.get(attempt.identity) == "down")
        sheet.arrow(MARGIN + 52, step + _TALL, _GAP)
        step += _TALL + _GAP
    if part.more:
        sheet.text(MARGIN + 34, step + 10, f"and {many(len(part.more), 'more attempt')}", 8.5, color=FAINT)
    _ignored(sheet, part, y)
    return y + tall + 6


def _step(sheet: Sheet, number: int, attempt: Attempt, y: float, asked: bool, down: bool) -> None:
    """One attempt: its number, source, URL and route."""
    x, across = MARGIN + 34, _STEP - 34
    sheet.box(x, y, across, _TALL, _DOWN if down else _FIRST if asked else _PLAIN, edge="#0072B2" if asked else LINE,
              line=1.4 if asked else 0.7)  # fmt: skip
    sheet.text(MARGIN + 28, y + 15, str(number), 10, bold=True, at="right")
    said = note(number, asked, down)
    room = across - 20 - width(said, 8, True)
    sheet.text(x + 8, y + 14, fit(label(attempt.source), room, 9.5, True), 9.5, bold=True, color=FAINT if down else INK)
    sheet.text(x + across - 8, y + 14, said, 8, bold=True, at="right", color="#B34700" if down else "#005A8C")
    sheet.text(x + 8, y + 24.5, fit(label(attempt.url, 200), across - 16, 7.5), 7.5, color=FAINT)
    sheet.text(x + 8, y + 34.5, fit(route(attempt, label(attempt.via or "", 200)), across - 16, 7.5), 7.5, color=FAINT)


def _ignored(sheet: Sheet, part: Part, y: float) -> None:
    """What a stage leaves out, beside it."""
    x = _STEP + 2 * MARGIN
    if part.ignored:
        sheet.text(x, y + 11, "left out, and why", 8.5, color=FAINT)
    y += 22
    for one in part.ignored[:MOST]:
        lines = _left_out(one)
        sheet.box(x, y, _LEFT_OUT, 18 + 10 * len(lines), Style(PAPER), edge="#B34700", line=0.8, dashed=True)
        sheet.text(x + 8, y + 12, fit(label(one.source), _LEFT_OUT - 16, 8.5, True), 8.5, bold=True)
        for i, line in enumerate(lines):
            sheet.text(x + 8, y + 22.5 + 10 * i, line, 7.5, color=FAINT)
        y += 24 + 10 * len(lines)
    if len(part.ignored) > MOST:
        sheet.text(x, y + 8, f"and {len(part.ignored) - MOST:,} more", 8, color=FAINT)


def _end(sheet: Sheet, plan: Plan, y: float) -> None:
    """What is done when nobody answers."""
    if not plan.attempts:
        sheet.text(MARGIN + 14, y + 10, "Nobody is asked.", 9.5, bold=True)
        y += 22
    sheet.box(MARGIN, y, _STEP, 28, _END, edge="#B34700", line=0.8)
    sheet.text(MARGIN + 10, y + 17, fit(end(plan), _STEP - 20, 8.5), 8.5)
    sheet.text(MARGIN, y + 48, f"Revision {plan.revision[:19]}.", 7.5, color=FAINT)
