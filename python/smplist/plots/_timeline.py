# SPDX-License-Identifier: MIT
"""One client through an outage: a lane for each endpoint, who is asked when, who answers, how fast, who fails and rests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from math import nan
from typing import Any, NamedTuple

from smplist._places import duration_text
from smplist.analysis.report import many
from smplist.analysis.simulate import clock, tally
from smplist.plots._layers import service_words
from smplist.plots._sheet import MARGIN, Picture, Sheet, fit
from smplist.plots._styles import FAINT, INK, LINE, Style
from smplist.plots._text import label

_NAMES, _TIME = 200.0, 640.0
_TALL = 34.0
_MOST = 40
_OUTAGES = {
    "down": (Style("#F2C9B5"), "down: refuses"),
    "silent": (Style("#F2C9B5", 1), "silent: says nothing"),
    "slow": (Style("#FAF3B0"), "slow"),
}
_REST = Style("#8A8A8A")
_GOOD, _BAD, _NOBODY = "#0072B2", "#D55E00", "#000000"
_THICK = {_GOOD: 1.4, _BAD: 1.4, _NOBODY: 3.0}
_TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
          900_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000, 43_200_000)  # fmt: skip
_MOST_TICKS = 10


class _Lane(NamedTuple):
    """One endpoint on one way."""

    source: str
    endpoint: str
    via: str | None


def _lanes(steps: list[dict[str, Any]]) -> list[_Lane]:
    """Every endpoint of every plan, in the order in which plans name them first."""
    plans = (step["asks"] for step in steps if step["kind"] == "plan")
    return list(dict.fromkeys(_Lane(**one) for asks in plans for one in asks))


def draw(data: dict[str, Any]) -> Picture:
    """The timeline of a simulation."""
    steps, until = data["steps"], data["until"]
    lanes = _lanes(steps)
    shown = lanes[:_MOST]
    down = 47 + 12 + 30 + (len(shown) + 1) * _TALL + 70
    client = data["client"]
    who = label(client.get("id") or "") or ", ".join(client.get("addresses", ())[:3]) or "a client without address"
    title = f"{service_words(data['service']).capitalize()}: {who}"
    sheet = Sheet(_NAMES + _TIME + 2 * MARGIN, down, title, [tally(data)])
    top = float(sheet.top + 18)
    bottom = top + len(shown) * _TALL
    _axis(sheet, top, bottom + _TALL, until)
    for at, lane in enumerate(shown):
        _lane(sheet, lane, top + at * _TALL, steps, until)
    if len(lanes) > len(shown):
        sheet.text(MARGIN, bottom + 9, f"and {many(len(lanes) - len(shown), 'more endpoint')}", 7.5, color=FAINT)
    _nobody(sheet, bottom, steps, until)
    _legend(sheet, bottom + _TALL + 18, data["revision"])
    return sheet.figure


def _x(at: float, until: int) -> float:
    return MARGIN + _NAMES + _TIME * min(at, until) / until


def _outages(steps: list[dict[str, Any]], lane: _Lane, until: int) -> Iterator[tuple[int, int, str, int | None]]:
    """When a lane's endpoint or proxy is not up, how, and how long an answer takes then."""
    for name, key in ((lane.endpoint, "endpoints"), (lane.via, "proxies")):
        changes = [(s["at"], s["state"], s["took"]) for s in steps if s["kind"] == "event" and name in s[key]]
        for (start, state, took), (end, *_) in pairwise([*changes, (until, "up", None)]):
            if state != "up":
                yield start, end, state, took


def _lane(sheet: Sheet, lane: _Lane, y: float, steps: list[dict[str, Any]], until: int) -> None:
    """Its name, its outages behind, its rests, and what it was asked."""
    sheet.text(MARGIN, y + 14, fit(label(lane.source), _NAMES - 10, 9, True), 9, bold=True)
    way = f"through {label(lane.via, 200)}" if lane.via else label(lane.endpoint, 200)
    sheet.text(MARGIN, y + 25, fit(way, _NAMES - 10, 7), 7, color=FAINT)
    for start, end, state, took in _outages(steps, lane, until):
        x, across = _x(start, until), _x(end, until) - _x(start, until)
        sheet.box(x, y + 2, across, _TALL - 4, _OUTAGES[state][0])
        if took is not None:
            sheet.text(x + 3, y + _TALL - 4, fit(f"an answer takes {duration_text(took)}", across - 6, 7), 7, color=INK)
    asked = [s for s in steps if s["kind"] == "attempt" and _Lane(s["source"], s["endpoint"], s["via"]) == lane]
    _spans(sheet, y + _TALL - 6, ((s["at"] + s["took"], s["until"]) for s in asked if s["then"] == "rest"), until, _REST.color, 4)
    for state, color in (("success", _GOOD), ("failure", _BAD)):
        own = [s for s in asked if s["state"] == state]
        _spans(sheet, y + 14, ((s["at"], s["at"] + s["took"]) for s in own), until, color, 3)
        _marks(sheet, y + 6, 16, (s["at"] for s in own), until, color)
    sheet.line((MARGIN, MARGIN + _NAMES + _TIME), (y + _TALL, y + _TALL))


def _marks(sheet: Sheet, y: float, tall: float, times: Iterable[int], until: int, color: str) -> None:
    """An upright line for each time, one for those that nobody could tell apart."""
    places = list(dict.fromkeys(_half(_x(at, until)) for at in times))
    if places:
        xs = [x for place in places for x in (place, place, nan)]
        sheet.line(xs, [y, y + tall, nan] * len(places), color, _THICK[color])


def _spans(sheet: Sheet, y: float, spans: Iterable[tuple[int, int]], until: int, color: str, thick: float) -> None:
    """A line from each time to another; those that nobody could tell apart are one."""
    places = list(dict.fromkeys((_half(_x(start, until)), _half(_x(end, until))) for start, end in spans))
    if places:
        sheet.line([x for ends in places for x in (*ends, nan)], [y, y, nan] * len(places), color, thick)


def _half(x: float) -> float:
    return round(x * 2) / 2


def _nobody(sheet: Sheet, y: float, steps: list[dict[str, Any]], until: int) -> None:
    sheet.text(MARGIN, y + 20, "nobody is left", 9, bold=True, color=_NOBODY)
    _marks(sheet, y + 6, 22, (s["at"] for s in steps if s["kind"] == "exhausted"), until, _NOBODY)


def _axis(sheet: Sheet, top: float, bottom: float, until: int) -> None:
    """Times above the lanes, a line through them for each."""
    every = next((tick for tick in _TICKS if until <= tick * _MOST_TICKS), -(-until // _MOST_TICKS))
    for at in range(0, until + 1, every):
        x = _x(at, until)
        sheet.line((x, x), (top - 4, bottom), LINE, 0.5)
        sheet.text(x, top - 8, clock(at), 7, color=FAINT, at="center")


def _legend(sheet: Sheet, y: float, revision: str) -> None:
    x = MARGIN
    for color, words in ((_GOOD, "answers"), (_BAD, "fails"), (_NOBODY, "nobody is left")):
        sheet.line((x + 6, x + 6), (y, y + 10), color, _THICK[color])
        sheet.text(x + 14, y + 8.5, words, 8, color=INK)
        x += 90
    for style, words in (*_OUTAGES.values(), (_REST, "rests")):
        tall = 4 if style is _REST else 10
        sheet.box(x, y + (10 - tall) / 2, 14, tall, style)
        sheet.text(x + 20, y + 8.5, words, 8, color=INK)
        x += 120
    sheet.text(MARGIN, y + 30, f"Revision {revision[:19]}.", 7.5, color=FAINT)
