# SPDX-License-Identifier: MIT
"""Whose clients ask which source first, before and after failures: bars."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

from smplist.analysis.load import NOUNS, Load, fraction, percent
from smplist.analysis.report import many
from smplist.analysis.survivability import counted
from smplist.plots._layers import service_words
from smplist.plots._sheet import MARGIN, Picture, Sheet, fit, width
from smplist.plots._styles import BAD, FAINT, INK, OTHERS, Style
from smplist.plots._text import label

_BARS = 460.0
_SHOWN = 24
BEFORE, AFTER = Style("#A9CCE3", 1), Style("#0072B2")


class _Bar(NamedTuple):
    name: str
    before: Fraction
    after: Fraction
    style: Style
    gone: bool = False


def part_of(report: Load, service: str | None, population: str | None) -> dict[str, Any]:
    """The part of a report that is drawn.

    Raises
    ------
    ValueError
        If the report has no such part.
    """
    parts: list[dict[str, Any]] = report.to_dict()["parts"]
    for part in parts:
        if service in (None, part["service"]) and population in (None, part["population"]):
            return part
    has = sorted({f"{part['service']} of {part['population']}" for part in parts})
    raise ValueError(
        f"the report has no {service or 'service'} of {population or 'anybody'}; it has: {', '.join(has) or 'nothing'}"
    )


def _bars(part: dict[str, Any], down: list[str]) -> list[_Bar]:
    """The largest, then the others together, then nothing."""
    gone = {text.partition("/")[0] for text in down}
    found = [
        _Bar(row["source"], fraction(row["before"]), fraction(row["after"]), AFTER, row["source"] in gone)
        for row in part["sources"]
    ]
    found.sort(key=lambda bar: (-max(bar.after, bar.before), bar.name))
    found = [bar for bar in found if bar.before or bar.after]
    few = found if len(found) <= _SHOWN else found[: _SHOWN - 1]
    bars = sorted(few, key=lambda bar: (-bar.after, -bar.before, bar.name))
    if rest := found[len(few) :]:
        sums = (sum((b.before for b in rest), Fraction(0)), sum((b.after for b in rest), Fraction(0)))
        bars.append(_Bar(f"{len(rest):,} others", *sums, OTHERS))
    nothing = _Bar("reach nothing", fraction(part["nothing"]["before"]), fraction(part["nothing"]["after"]), BAD)
    return [*bars, nothing] if nothing.before or nothing.after else bars


def draw(report: Load, service: str | None, population: str | None) -> Picture:
    """The bars of one part of a report."""
    part = part_of(report, service, population)
    down: list[str] = report.to_dict()["down"]
    bars = _bars(part, down)
    two = bool(down)
    tall = 26.0 if two else 18.0
    clients = counted(int(Fraction(part["clients"])), *NOUNS[part["population"]])
    where = f", {part['location']}" if part["location"] else ""
    subtitle = [
        f"{service_words(part['service']).capitalize()}, {clients}{where}: the share of the clients that ask a source first."
    ]
    if down:
        shown = ", ".join(map(label, down[:4])) + (f" and {len(down) - 4} more" if len(down) > 4 else "")
        subtitle.append(f"Down: {shown}.")
    names = max((width(_name(bar), 9) for bar in bars), default=60.0)
    left = MARGIN + min(names, 260.0) + 8
    sheet = Sheet(
        left + _BARS + 70 + MARGIN, 47 + 12 * len(subtitle) + 4 + len(bars) * (tall + 5) + 84,
        "Load by source" + (" before and after failures" if two else ""), subtitle,
    )  # fmt: skip
    top = sheet.top + (22 if two else 8)
    if two:
        _legend(sheet, left)
    most = max((max(bar.before, bar.after) for bar in bars), default=Fraction(0))
    end, step = _axis(most)
    bottom = top + len(bars) * (tall + 5) + 2
    for tick in range(0, end + 1, step):
        x = left + _BARS * tick / end
        sheet.line((x, x), (top - 3, bottom), "#E4E4E4", 0.6)
        sheet.text(x, bottom + 11, f"{tick} %", 8, color=FAINT, at="center")
    sheet.text(left + _BARS / 2, bottom + 25, "share of the clients", 8.5, color=FAINT, at="center")
    for i, bar in enumerate(bars):
        _bar(sheet, bar, left, top + i * (tall + 5), tall, _BARS * 100 / end, two)
    sheet.line((left, left), (top - 3, bottom), INK, 0.9)
    idle = sum(row["before"]["numerator"] == row["after"]["numerator"] == "0" for row in part["sources"])
    note = f"{many(idle, 'source is', 'sources are')} asked first by nobody. " if idle else ""
    sheet.text(MARGIN, bottom + 42, f"{note}Revision {report.to_dict()['revision'][:19]}.", 7.5, color=FAINT)
    return sheet.figure


def _name(bar: _Bar) -> str:
    return (label(bar.name) if bar.style is AFTER else bar.name) + (" (down)" if bar.gone else "")


def _legend(sheet: Sheet, left: float) -> None:
    for x, style, words in ((left, BEFORE, "before"), (left + 70, AFTER, "after")):
        sheet.box(x, sheet.top, 14, 9, style)
        sheet.text(x + 19, sheet.top + 8, words, 8.5)


def _bar(sheet: Sheet, bar: _Bar, left: float, y: float, tall: float, whole: float, two: bool) -> None:
    """A source: one bar, or two."""
    ink = FAINT if bar.gone else INK
    sheet.text(left - 6, y + tall / 2 + 3, fit(_name(bar), 260, 9), 9, color=ink, at="right")
    pair = [(bar.before, BEFORE if bar.style is AFTER else bar.style.faded()), (bar.after, bar.style)] if two else [
        (bar.after, bar.style)
    ]  # fmt: skip
    thick = tall / len(pair)
    for i, (share, style) in enumerate(pair):
        long = float(share) * whole
        if share:
            sheet.box(left, y + i * thick, max(long, 0.8), thick - 1, style)
        sheet.text(left + long + 4, y + (i + 0.5) * thick + 2.5, percent(share), 7.5, color=FAINT if two and i == 0 else INK)


def _axis(most: Fraction) -> tuple[int, int]:
    """The end of the axis in per cent, and the step of its ticks."""
    for end, step in ((5, 1), (10, 2), (20, 5), (40, 10), (60, 10), (80, 20)):
        if most * 100 <= end:
            return end, step
    return 100, 20
