# SPDX-License-Identifier: MIT
"""IPv6 as far as lists mention it: run after run in the order of addresses, in lines as of a text, widths by size."""

from __future__ import annotations

from typing import NamedTuple

from smplist._core import AddressRange
from smplist.analysis.diff import count
from smplist.analysis.report import address_of, many, range_text
from smplist.plots._layers import Layer, looks
from smplist.plots._sheet import MARGIN, Picture, Sheet, fit, width
from smplist.plots._styles import FAINT, LINE, Style

_ACROSS = 780.0  # of a line
_LEGEND = 236.0
_LEAST_BITS = 12  # a single address can be seen, too
_GAP = 7.0
_HEIGHT = 1000.0
_SCALES = ((2.05, 36.0), (1.35, 27.0), (1.1, 27.0), (0.9, 27.0), (0.7, 20.0), (0.5, 16.0), (0.36, 14.0), (0.26, 12.0))
_MOST = 2_000
_IN_LINE = 96.0  # for the address at the left


class Run(NamedTuple):
    """Neighbours with one key."""

    first: int
    last: int
    key: int

    @property
    def size(self) -> int:
        """How many addresses."""
        return self.last - self.first + 1

    @property
    def bits(self) -> float:
        """The width: the logarithm of the size, to a tenth and without a float of 128 bits."""
        power = self.size.bit_length() - 1
        part = (self.size << 3 >> power) - 8  # eighths above the power of two
        return max(_LEAST_BITS, power + part / 8)


class _Placed(NamedTuple):
    run: Run
    line: int
    x: float


def draw(layer: Layer, chosen: list[tuple[int, int, int]], within: AddressRange, title: str, note: str) -> Picture:
    """The map of runs that are chosen already."""
    runs = [Run(*one) for one in chosen]
    left_out = sorted(runs, key=lambda run: (-run.size, run.first))[_MOST:]
    shown = sorted(set(runs) - set(left_out)) if left_out else runs
    counts: dict[int, int] = {}
    for run in runs:
        counts[run.key] = counts.get(run.key, 0) + run.size
    styles, rows = looks(layer.keys, counts, layer.given)
    for scale, tall in _SCALES:
        placed, lines = _flow(shown, scale)
        if lines * (tall + 5) <= (_HEIGHT if tall < 30 else 520.0):
            break
    where = "all of IPv6" if within.size == 1 << 128 else str(within)
    subtitle = [
        f"{many(len(runs), 'run')} of addresses in {where}, in their order, line after line; a width is the logarithm of a size.",
        "Internal clients with one address. A gap with a tick is for addresses of no list, and to no scale.",
    ]
    down = max(lines * (tall + 5), 30 + 15 * len(rows), 60)
    used = max((one.x + _across(one.run, scale) for one in placed), default=0.0)
    legend = max(MARGIN + _IN_LINE + used + MARGIN, 460.0)
    sheet = Sheet(legend + _LEGEND + MARGIN, 47 + 28 + down + 46, title, subtitle)
    for one in placed:
        _segment(sheet, one, layer, styles[one.run.key], scale, tall)
    _starts(sheet, placed, tall)
    numbers = [(row.style, row.words, count(row.addresses)) for row in rows]
    sheet.legend(legend, sheet.top, _LEGEND, layer.legend, numbers, "addresses")
    bottom = sheet.top + down + 14
    if not runs:
        sheet.text(MARGIN, sheet.top + 20, "Nothing here: no list mentions an IPv6 address, or nothing changes.", 9, color=FAINT)
    elif left_out:
        more = f"{many(len(left_out), 'smaller run')} not drawn, but counted in the legend. "
        sheet.text(MARGIN, bottom, more, 7.5, color=FAINT)
    sheet.text(MARGIN, bottom + 11, note, 7.5, color=FAINT)
    return sheet.figure


def _across(run: Run, scale: float) -> float:
    return min(run.bits * scale, _ACROSS)


def _flow(runs: list[Run], scale: float) -> tuple[list[_Placed], int]:
    """Where each run stands: a new line where the last one is full."""
    placed: list[_Placed] = []
    x, line, before = 0.0, 0, None
    for run in runs:
        across = _across(run, scale)
        gap = _GAP if before is not None and before + 1 != run.first else 0.0
        if x and x + gap + across > _ACROSS:
            x, line, gap = 0.0, line + 1, 0.0
        placed.append(_Placed(run, line, x + gap))
        x, before = x + gap + across, run.last
    return placed, line + 1


def _segment(sheet: Sheet, one: _Placed, layer: Layer, style: Style, scale: float, tall: float) -> None:
    """A run: its colour, its name, and its range if there is room for both."""
    x, y = MARGIN + _IN_LINE + one.x, sheet.top + one.line * (tall + 5)
    across = _across(one.run, scale)
    sheet.box(x, y, across, tall, style, edge="#FFFFFF", line=0.8)
    if tall < 14:
        return
    size, small = (8.5, 6.5) if tall > 30 else (7.0, 5.5) if tall > 18 else (5.0, 0.0)
    lines = [(fit(layer.keys[one.run.key].name, across - 5, size), size)]
    if tall > 25:
        place = range_text(*(str(address_of("ipv6", end)) for end in (one.run.first, one.run.last)))
        lines.append((_place(place, across - 6, small), small))
    lines = [(text, size) for text, size in lines if text]
    base = y + (tall - sum(size + 2 for _, size in lines)) / 2
    for text, size in lines:
        base += size + 2
        if style.hatch:
            sheet.box(x + 2, base - size * 0.9, width(text, size) + 3, size * 1.2, Style(style.color))
        sheet.text(x + 3, base - 1, text, size, color=style.ink)


def _place(text: str, room: float, size: float) -> str:
    """A range as far as there is room: all of it, or its first address and an ellipsis."""
    return text if width(text, size) <= room else fit(text.partition("-")[0] + "-…", room, size)


def _starts(sheet: Sheet, placed: list[_Placed], tall: float) -> None:
    """The first address of each line, and a tick at every gap."""
    before: _Placed | None = None
    for one in placed:
        y = sheet.top + one.line * (tall + 5)
        if before is None or before.line != one.line:
            text = fit(str(address_of("ipv6", one.run.first)), _IN_LINE - 6, 7)
            sheet.text(MARGIN + _IN_LINE - 6, y + tall / 2 + 2.5, text, 7, color=FAINT, at="right")
        elif before.run.last + 1 != one.run.first:
            x = MARGIN + _IN_LINE + one.x - _GAP / 2
            sheet.line((x, x), (y + tall * 0.3, y + tall * 0.7), LINE, 1)
        before = one
