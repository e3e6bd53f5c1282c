# SPDX-License-Identifier: MIT
"""What changes, run by run: a strip of the old policy over a strip of the new one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import Any, NamedTuple

from smplist._core import Address, Policy
from smplist.analysis.diff import count, diff
from smplist.analysis.report import address_of, many, range_text
from smplist.plots._layers import Key, change_of, check_word, looks, of_policy, of_serving, service_words
from smplist.plots._sheet import MARGIN, Picture, Sheet, fit, width
from smplist.plots._styles import CHANGES, FAINT, INK, Style

_STRIP = 560.0
_LEGEND = 236.0
_SHOWN = 14
_TALL = 14.0
_BETWEEN = 11.0  # for the kind of change
_ROW = 76.0
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

    @property
    def lost(self) -> bool:
        return any(region.kind == "lost" for region in self.regions)

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


class _Piece(NamedTuple):
    """Addresses that one list serves, with what is written on them."""

    first: int
    last: int
    key: int
    said: str


class _Strip:
    """A policy cut into runs, to be asked for those of a window."""

    def __init__(self, runs: list[_Piece]) -> None:
        self.runs = runs
        self.starts = [run.first for run in runs]

    def between(self, low: int, high: int) -> list[_Piece]:
        """The pieces of a window, cut at its ends."""
        cut = self.runs[max(0, bisect_right(self.starts, low) - 1) : bisect_right(self.starts, high)]
        return [one._replace(first=max(one.first, low), last=min(one.last, high)) for one in cut if one.last >= low]


def draw(old: Policy, new: Policy, by: str, service: str, resolved: Mapping[str, Any], title: str) -> Picture:
    """The strips of all runs that change, the largest if there are many."""
    check_word("by", by, ("list", "source"))
    rows = _rows(old, new, service, resolved)
    shown = sorted(_most_important(rows), key=lambda row: (row.family, row.first))
    keys: dict[Key, int] = {}
    strips = {family: _strips(keys, (old, new), family, by, service, resolved) for family in sorted({r.family for r in shown})}
    counts: dict[int, int] = {}
    for row in shown:
        for strip in strips[row.family]:
            for one in strip.between(*row.window()):
                counts[one.key] = counts.get(one.key, 0) + (one.last - one.first + 1)
    styles, legend = looks(list(keys), counts)
    kinds = [kind for kind in CHANGES if any(region.kind == kind for row in shown for region in row.regions)]
    subtitle = [
        f"{service_words(service).capitalize()}: {many(len(rows), 'run')} of addresses with another answer, "
        "each to a scale of its own, with a little of what is around it, faded.",
        "The upper strip is the old policy, the lower one the new; between them the kind of change. "
        "Internal clients with one address.",
    ]
    down = max(len(shown) * _ROW, 40 + 15 * (len(legend) + len(kinds)) + 40, 60)
    sheet = Sheet(_STRIP + 34 + _LEGEND + 3 * MARGIN, 47 + 28 + down + 44, title, subtitle)
    for i, row in enumerate(shown):
        _row(sheet, row, sheet.top + 4 + i * _ROW, strips[row.family], styles)
    x = MARGIN + 34 + _STRIP + MARGIN
    y = sheet.legend(
        x, sheet.top, _LEGEND, "list that serves" if by == "list" else "asked first", [(r.style, r.words, "") for r in legend]
    )
    if kinds:
        sheet.text(x, y + 19, "change", 9, bold=True)
        for i, kind in enumerate(kinds):
            sheet.text(x, y + 34 + 14 * i, fit(CHANGES[kind][1], _LEGEND, 8), 8)
    else:
        sheet.text(MARGIN, sheet.top + 20, "No internal client with one address gets another answer.", 10)
    if len(rows) > len(shown):
        rest = sum(row.size for row in rows) - sum(row.size for row in shown)
        more = f"{many(len(rows) - len(shown), 'smaller run')} not drawn, {count(rest)} addresses."
        sheet.text(MARGIN, sheet.top + down + 12, more, 8, color=FAINT)
    revisions = f"Old: {old.revision[:19]}; new: {new.revision[:19]}."
    sheet.text(MARGIN, sheet.top + down + 24, revisions, 7.5, color=FAINT)
    return sheet.figure


def _most_important(rows: list[_Row]) -> list[_Row]:
    """What is lost first, then the largest of each family in turn."""
    ranked: list[tuple[bool, int, str, _Row]] = []
    for family in ("ipv4", "ipv6"):
        own = sorted((row for row in rows if row.family == family), key=lambda row: (not row.lost, -row.size, row.first))
        ranked += [(not row.lost, place, family, row) for place, row in enumerate(own)]
    return [row for *_, row in sorted(ranked, key=lambda one: one[:3])[:_SHOWN]]


def _strips(keys: dict[Key, int], policies: tuple[Policy, Policy], family: str, by: str, service: str,
            resolved: Mapping[str, Any]) -> tuple[_Strip, ...]:  # fmt: skip
    """Both policies with keys in common, so that a list has one colour."""
    out = []
    for policy in policies:
        asked = of_policy(policy, family, "source", service, resolved)
        layer = asked if by == "source" else of_serving(policy, family, service, resolved)
        # both layers are of the same pieces
        runs = [
            _Piece(first, last, keys.setdefault(layer.keys[key], len(keys)), _said(layer.keys[key], asked.keys[source]))
            for (first, last, key), (_, _, source) in zip(layer.runs, asked.runs, strict=True)
        ]
        out.append(_Strip(runs))
    return tuple(out)


def _said(key: Key, asked: Key) -> str:
    """The list that serves, and who is asked first."""
    return key.name if key == asked else f"{key.name} → {asked.name}"


def _row(sheet: Sheet, row: _Row, y: float, strips: tuple[_Strip, ...], styles: dict[int, Style]) -> None:
    """One run: what it is called, two strips, and the kinds of change between them."""
    low, high = row.window()
    left = MARGIN + 34
    ends = [str(address_of(row.family, end)) for end in (row.first, row.last)]
    place = fit(range_text(*ends), _STRIP - 140, 8.5, True)
    sheet.text(left, y + 9, place, 8.5, bold=True)
    size = f"{count(row.size)} address{'es' if row.size != 1 else ''}"
    sheet.text(left + width(place, 8.5, True) + 10, y + 9, size, 8.5, color=FAINT)

    def at(address: int) -> float:
        return left + _STRIP * ((address - low) / (high - low + 1))

    for name, strip, top in (("old", strips[0], y + 14), ("new", strips[1], y + 14 + _TALL + _BETWEEN)):
        sheet.text(left - 6, top + _TALL - 4, name, 8, color=FAINT, at="right")
        for one in strip.between(low, high):
            _piece(sheet, at(one.first), at(one.last + 1), top, styles[one.key], "")
        for one in strip.between(row.first, row.last):
            _piece(sheet, at(one.first), at(one.last + 1), top, styles[one.key], one.said)
        for first, last in ((low, row.first - 1), (row.first + row.size, high)):
            if first <= last:
                _fade(sheet, at(first), at(last + 1), top)
    for region in row.regions:
        x, end = at(region.first), at(region.last + 1)
        sheet.line((x, x), (y + 14 + _TALL, y + 14 + _TALL + _BETWEEN), INK, 0.6)
        if width(region.kind, 7) + 6 <= end - x:
            sheet.text((x + end) / 2, y + 14 + _TALL + _BETWEEN - 3, region.kind, 7, color=INK, at="center")
    for address in (row.first, row.last + 1):
        sheet.line((at(address),) * 2, (y + 12, y + 16 + 2 * _TALL + _BETWEEN), INK, 0.8)


def _piece(sheet: Sheet, x: float, end: float, y: float, style: Style, name: str) -> None:
    sheet.box(x, y, max(end - x, 0.8), _TALL, style, edge="#FFFFFF", line=0.5)
    if text := fit(name, end - x - 6, 7.5):
        if style.hatch:
            sheet.box(x + 2, y + 2, width(text, 7.5) + 3, _TALL - 4, Style(style.color))
        sheet.text(x + 3.5, y + _TALL - 4, text, 7.5, color=style.ink)


def _fade(sheet: Sheet, x: float, end: float, y: float) -> None:
    sheet.veil(x, y, end - x, _TALL, 0.66)
