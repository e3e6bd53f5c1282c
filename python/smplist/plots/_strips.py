# SPDX-License-Identifier: MIT
"""What changes, run by run: a strip of the old policy over a strip of the new one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import Any, NamedTuple

from smplist._core import Address, Policy
from smplist.analysis.diff import count, diff
from smplist.analysis.report import many, range_text
from smplist.plots._layers import Key, Layer, change_of, check_word, looks, of_policy, service_words
from smplist.plots._map6 import one_address
from smplist.plots._sheet import MARGIN, Picture, Sheet, fit, width
from smplist.plots._styles import CHANGES, FAINT, INK, OTHERS, Style

_STRIP = 560.0
_LEGEND = 236.0
_SHOWN = 18
_TALL = 14.0
_ROW = 74.0
_AROUND = 8  # an eighth of a run is shown on either side


class _Region(NamedTuple):
    family: str
    first: int
    last: int
    kind: str


class _Row(NamedTuple):
    """A run of changed addresses without a gap, with a little of what is around it."""

    family: str
    regions: list[_Region]

    @property
    def first(self) -> int:
        return self.regions[0].first

    @property
    def last(self) -> int:
        return self.regions[-1].last

    @property
    def size(self) -> int:
        return self.last - self.first + 1

    def window(self) -> tuple[int, int]:
        """What is drawn: the run and an eighth of it on either side, at least one address."""
        top = (1 << (32 if self.family == "ipv4" else 128)) - 1
        around = max(1, self.size // _AROUND)
        return max(0, self.first - around), min(top, self.last + around)


def _rows(old: Policy, new: Policy, service: str, resolved: Mapping[str, Any]) -> list[_Row]:
    """The runs that change, each as long as can be."""
    rows: list[_Row] = []
    for one in sorted(
        _Region(r["family"], int(Address(r["first"])), int(Address(r["last"])), change_of(r))
        for r in diff(old, new, resolved=resolved, dual_kinds=0).regions()
        if r["service"] == service
    ):
        if rows and rows[-1].family == one.family and rows[-1].last + 1 == one.first:
            rows[-1].regions.append(one)
        else:
            rows.append(_Row(one.family, [one]))
    return rows


class _Strip:
    """A policy cut into runs, to be asked for those of a window."""

    def __init__(self, layer: Layer, numbers: list[int]) -> None:
        self.runs = [(first, last, numbers[key]) for first, last, key in layer.runs]
        self.starts = [run[0] for run in self.runs]

    def between(self, low: int, high: int) -> list[tuple[int, int, int]]:
        """The runs of a window, cut at its ends."""
        out = []
        for first, last, key in self.runs[max(0, bisect_right(self.starts, low) - 1) :]:
            if first > high:
                break
            if last >= low:
                out.append((max(first, low), min(last, high), key))
        return out


def draw(old: Policy, new: Policy, by: str, service: str, resolved: Mapping[str, Any], title: str) -> Picture:
    """The strips of all runs that change, the largest if there are many."""
    check_word("by", by, ("list", "source"))
    rows = _rows(old, new, service, resolved)
    shown = sorted(sorted(rows, key=_importance)[:_SHOWN], key=lambda row: (row.family, row.first))
    keys: list[Key] = []
    strips = {family: _strips(keys, (old, new), family, by, service, resolved) for family in sorted({r.family for r in shown})}
    counts: dict[int, int] = {}
    for row in shown:
        for strip in strips[row.family]:
            for first, last, key in strip.between(*row.window()):
                counts[key] = counts.get(key, 0) + (last - first + 1)
    styles, legend = looks(keys, counts)
    kinds = [kind for kind in CHANGES if any(region.kind == kind for row in shown for region in row.regions)]
    subtitle = [
        f"{service_words(service).capitalize()}: {many(len(rows), 'run')} of addresses with another answer, each to a scale of its own, "
        "with a little of what is around it, faded.",
        "The upper strip is the old policy, the lower one the new; between them the kind of change. Internal clients with one address.",
    ]
    down = max(len(shown) * _ROW, 40 + 15 * (len(legend) + len(kinds)) + 40, 60)
    sheet = Sheet(_STRIP + 34 + _LEGEND + 3 * MARGIN, 47 + 28 + down + 44, title, subtitle)
    for i, row in enumerate(shown):
        _row(sheet, row, sheet.top + 4 + i * _ROW, strips[row.family], keys, styles)
    x = MARGIN + 34 + _STRIP + MARGIN
    y = sheet.legend(x, sheet.top, _LEGEND, by if by == "list" else "asked first", [(r.style, r.words, "") for r in legend])
    if kinds:
        sheet.legend(x, y + 10, _LEGEND, "change", [(CHANGES[kind][0], CHANGES[kind][1], "") for kind in kinds])
    else:
        sheet.text(MARGIN, sheet.top + 20, "No internal client with one address gets another answer.", 10)
    if len(rows) > len(shown):
        rest = sum(row.size for row in rows) - sum(row.size for row in shown)
        more = f"{many(len(rows) - len(shown), 'smaller run')} not drawn, {count(rest)} addresses."
        sheet.text(MARGIN, sheet.top + down + 12, more, 8, color=FAINT)
    revisions = f"Old: {old.revision[:19]}; new: {new.revision[:19]}."
    sheet.text(MARGIN, sheet.top + down + 24, revisions, 7.5, color=FAINT)
    return sheet.figure


def _importance(row: _Row) -> tuple[bool, float, str, int]:
    """What is lost first, then by size, each family by its own measure."""
    bits = 32 if row.family == "ipv4" else 96  # the upper half of IPv6 is networks
    return not any(r.kind == "lost" for r in row.regions), -(row.size.bit_length() / bits), row.family, row.first


def _strips(keys: list[Key], policies: tuple[Policy, Policy], family: str, by: str, service: str,
            resolved: Mapping[str, Any]) -> tuple[_Strip, ...]:  # fmt: skip
    """Both policies with keys in common, so that a list has one colour."""
    out = []
    for policy in policies:
        layer = of_policy(policy, family, by, service, resolved)
        numbers = []
        for key in layer.keys:
            if key not in keys:
                keys.append(key)
            numbers.append(keys.index(key))
        out.append(_Strip(layer, numbers))
    return tuple(out)


def _row(sheet: Sheet, row: _Row, y: float, strips: tuple[_Strip, ...], keys: list[Key], styles: dict[int, Style]) -> None:
    """One run: what it is called, two strips, and the kinds between them."""
    low, high = row.window()
    left = MARGIN + 34
    ends = [_address(row.family, end) for end in (row.first, row.last)]
    said = f"{range_text(*ends)}   {count(row.size)} address{'es' if row.size != 1 else ''}"
    sheet.text(left, y + 9, fit(said, _STRIP, 8.5, True), 8.5, bold=True)

    def at(address: int) -> float:
        return left + _STRIP * ((address - low) / (high - low + 1))

    for name, strip, top in (("old", strips[0], y + 14), ("new", strips[1], y + 14 + _TALL + 7)):
        sheet.text(left - 6, top + _TALL - 4, name, 8, color=FAINT, at="right")
        for first, last, key in strip.between(low, high):
            _piece(sheet, at(first), at(last + 1), top, styles.get(key, OTHERS), "")
        for first, last, key in strip.between(row.first, row.last):
            _piece(sheet, at(first), at(last + 1), top, styles.get(key, OTHERS), keys[key].name)
        for first, last in ((low, row.first - 1), (row.first + row.size, high)):
            if first <= last:
                _fade(sheet, at(first), at(last + 1), top)
    for region in row.regions:
        x = at(region.first)
        sheet.box(x, y + 14 + _TALL + 1.5, max(at(region.last + 1) - x, 0.8), 4, CHANGES[region.kind][0])
    for address in (row.first, row.last + 1):
        sheet.line((at(address),) * 2, (y + 13, y + 15 + 2 * _TALL + 7), INK, 0.8)


def _address(family: str, number: int) -> str:
    return ".".join(str(number >> s & 255) for s in (24, 16, 8, 0)) if family == "ipv4" else str(Address(one_address(number)))


def _piece(sheet: Sheet, x: float, end: float, y: float, style: Style, name: str) -> None:
    sheet.box(x, y, max(end - x, 0.8), _TALL, style, edge="#FFFFFF", line=0.5)
    if text := fit(name, end - x - 6, 7.5):
        if style.hatch:
            sheet.box(x + 2, y + 2, width(text, 7.5) + 3, _TALL - 4, Style(style.color))
        sheet.text(x + 3.5, y + _TALL - 4, text, 7.5, color=style.ink)


def _fade(sheet: Sheet, x: float, end: float, y: float) -> None:
    sheet.veil(x, y, end - x, _TALL)
