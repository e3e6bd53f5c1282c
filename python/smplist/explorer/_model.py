# SPDX-License-Identifier: MIT
"""What the explorer shows, as plain data: a question goes in, the ladder of one client and a map come out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from smplist import plots
from smplist._core import Address, AddressRange, Client, Family, Plan, Policy
from smplist._visible import visible
from smplist.analysis.failures import availability
from smplist.analysis.report import SERVICES, address_of
from smplist.explorer._colours import Colours
from smplist.plots import _hilbert, _layers, _rungs
from smplist.plots._styles import Style

if TYPE_CHECKING:
    from smplist.plots._sheet import Picture

ORDER = 9
BY = (*_layers.BY, "change")
LOCATIONS = ("internal", "external")
MOST_SOURCES = 200
_DEFAULTS = {
    "address": "", "location": "internal", "service": "file_reputation", "down": [],
    "by": "source", "family": "ipv4", "within": "", "number": 0,
}  # fmt: skip


class Explored:
    """A policy, the question asked of it, and the answer.

    A question is a dictionary with the keys of `_DEFAULTS`; `number` tells the browser which one an answer is of, and `cell`, a
    column and a row of the map, stands for the first address there.
    """

    def __init__(self, policy: Policy, question: Mapping[str, Any]) -> None:
        self.policy = policy
        family = _family_of(question.get("within")) or _family_of(question.get("address")) or "ipv4"
        self.question = self._checked({"family": family, **question})
        self._withins = {self.question["family"]: self.question["within"]}
        self._colours = {by: Colours() for by in BY}
        self._layer = lru_cache(maxsize=8)(self._layer_of)
        self._cells = lru_cache(maxsize=16)(self._cells_of)
        self._curve = lru_cache(maxsize=2)(self._curve_of)
        self._svg = lru_cache(maxsize=8)(self._svg_of)

    def _checked(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """The question with everything in it, each part one that there is.

        Raises
        ------
        ValueError
            If it is none; the text says which part.
        """
        asked: dict[str, Any] = _DEFAULTS | {key: value for key, value in question.items() if key in _DEFAULTS}
        for key, known in (("location", LOCATIONS), ("service", SERVICES), ("by", BY), ("family", ("ipv4", "ipv6"))):
            _layers.check_word(key, str(asked[key]), known)
        asked["down"] = sorted(set(map(str, asked["down"])))
        asked["within"] = str(_layers.prefix_of(asked["within"] or None, asked["family"]))
        availability(self.policy, asked["down"])
        return asked

    @property
    def sources(self) -> list[dict[str, str]]:
        """The sources that can be switched off, in the order of the policy."""
        return [
            {"name": name, "shown": visible(name), "words": _words_of(source)} for name, source in self.policy.sources.items()
        ]

    def ask(self, question: Mapping[str, Any]) -> None:
        """Another question; the old one stays if it is none.

        The map follows the client: another address of the other family brings the map of that one.

        Raises
        ------
        ValueError
            If something in it does not exist.
        """
        asked = dict(question)
        if cell := asked.pop("cell", None):
            asked["address"] = self._address_at(*cell)
        family = asked.setdefault("family", self.question["family"])
        if family == self.question["family"] and asked.get("address") != self.question["address"]:
            asked["family"] = _family_of(asked.get("address")) or family
        if asked["family"] != self.question["family"] and asked.get("within") == self.question["within"]:
            asked["within"] = self._withins.get(asked["family"], "")
        self.question = self._checked(asked)
        self._withins[self.question["family"]] = self.question["within"]

    # one client -----------------------------------------------------------------------------------------------------------------

    def plan(self) -> Plan | None:
        """The plan of the client asked about; None without an address.

        Raises
        ------
        ValueError
            If the address is none.
        """
        asked = self.question
        address = str(asked["address"]).strip()
        if not address:
            return None
        found = Address.try_parse(address)
        if not isinstance(found, Address):
            raise ValueError(f"{found.message}; {found.advice}")
        return self.policy.evaluate(Client([found], location=asked["location"]), asked["service"])

    def answer(self) -> dict[str, Any]:
        """The ladder of the client asked about; `error` says why there is none."""
        asked = self.question
        shown: dict[str, Any] = {"question": asked, "error": "", "text": "", "ladder": None}
        try:
            plan = self.plan()
        except ValueError as error:
            return shown | {"error": visible(str(error))}
        if plan is None:
            return shown
        known = availability(self.policy, asked["down"])
        return shown | {"text": visible(plan.explain(known), "\n"), "ladder": _ladder(plan, known)}

    # the map --------------------------------------------------------------------------------------------------------------------

    def map(self) -> tuple[dict[str, Any], bytes]:
        """What the map shows, and its cells: a byte each, row by row, the number of a row of the legend; then a byte each that
        is 1 where the list of the client decides.

        IPv6 has no cells but a picture, `svg`.
        """
        asked = self.question
        if asked["family"] == "ipv6":
            svg = self._svg(asked["by"], asked["service"], tuple(asked["down"]), asked["within"])
            return {"svg": svg, "rows": [], "title": "", "legend": "", "blocks": [], "spot": None}, b""
        by, down = asked["by"], tuple(asked["down"])
        within = _layers.prefix_of(asked["within"], "ipv4")
        now = self._layer(by, "ipv4", asked["service"], down)
        grid = self._cells(by, asked["service"], down, asked["within"])
        first, here = self._counts(()), self._counts(down)
        rows, row_of = _legend(now, first, here, self._given(first, here))
        height, across = grid.keys.shape
        frame = {
            "width": across, "height": height, "rows": rows, "title": now.title, "legend": now.legend,
            "blocks": _blocks(within, grid.levels), "spot": self._spot(within, grid.levels), "svg": "",
            "cell": 1 << (_hilbert.BITS - 2 * grid.levels),
        }  # fmt: skip
        cells = np.array(row_of, dtype=np.uint8)[grid.keys]
        return frame, cells.tobytes() + self._mask(grid.keys.shape).tobytes()

    def _counts(self, down: tuple[str, ...]) -> Mapping[_layers.Key, int]:
        """The keys that have addresses on the map while sources are switched off, and how many."""
        by, family, service, within = (self.question[name] for name in ("by", "family", "service", "within"))
        layer = self._layer(by, family, service, down)
        counts: Counter[int] = Counter()
        if family == "ipv4":
            counts.update(self._cells(by, service, down, within).counts)
        else:
            for first, last, key in self._runs(layer, down):
                counts[key] += last - first + 1
        return {layer.keys[key]: count for key, count in counts.items() if count}

    def _given(self, first: Mapping[_layers.Key, int], here: Mapping[_layers.Key, int]) -> Mapping[_layers.Key, Style]:
        """The colours of the names on this part of the map."""
        names = [{key: count for key, count in counts.items() if key.style is None} for counts in (first, here)]
        view = tuple(self.question[name] for name in ("family", "service", "within"))
        return self._colours[self.question["by"]].of(view, *names)

    def _layer_of(self, by: str, family: str, service: str, down: tuple[str, ...]) -> _layers.Layer:
        policy = self._without(down)
        if by == "change":
            return _layers.of_diff(self.policy, policy, family, service, {})
        return _layers.of_policy(policy, family, by, service, {})

    def _cells_of(self, by: str, service: str, down: tuple[str, ...], within: str) -> _hilbert.Grid:
        layer = self._layer(by, "ipv4", service, down)
        place = AddressRange(within)
        return _hilbert.grid(layer.runs, layer.rest, int(place.first), _layers.length_of(place), ORDER)

    def _runs(self, layer: _layers.Layer, down: Sequence[str]) -> list[tuple[int, int, int]]:
        """What the map of IPv6 shows."""
        return _layers.inside(layer, _layers.listed([self._without(down)], "ipv6"), AddressRange(self.question["within"]))

    def _svg_of(self, *shown: Hashable) -> str:
        """The picture of the moment; `shown` is all of the question that it depends on."""
        return self.picture().to_bytes("svg").decode()

    def _mask(self, shape: tuple[int, ...]) -> Any:
        """1 where the list that decides about the client does."""
        asked = self.question
        try:
            plan = self.plan()
        except ValueError:
            plan = None
        if plan is None or plan.decided_by is None:
            return np.zeros(shape, dtype=np.uint8)
        keys = self._layer("list", "ipv4", asked["service"], ()).keys
        number = next((i for i, key in enumerate(keys) if key.what == (plan.decided_by.list,)), -1)
        return (self._cells("list", asked["service"], (), asked["within"]).keys == number).astype(np.uint8)

    def _spot(self, within: AddressRange, levels: int) -> list[int] | None:
        """Column and row of the client's cell, if it is on the map."""
        found = Address.try_parse(str(self.question["address"]).strip())
        if not isinstance(found, Address) or found.family != Family.IPV4 or found not in within:
            return None
        return list(_place(within, int(found), 2 * levels, levels)[:2])

    def _address_at(self, column: object, row: object) -> str:
        """The first address of a cell.

        Raises
        ------
        ValueError
            If the map has no such cell.
        """
        asked = self.question
        first, size, columns, rows = self._curve(asked["within"])
        found = np.flatnonzero((columns == column) & (rows == row))
        if asked["family"] != "ipv4" or len(found) != 1:
            raise ValueError(f"the map has no cell at {column}, {row}")
        return str(address_of("ipv4", first + int(found[0]) * size))

    def _curve_of(self, prefix: str) -> tuple[int, int, _hilbert.Ints, _hilbert.Ints]:
        """The first address of a prefix, how many a cell has, and the columns and rows of its cells in the order of addresses."""
        within = _layers.prefix_of(prefix, "ipv4")
        levels = _hilbert.levels_of(_layers.length_of(within), ORDER)
        size = 1 << (_hilbert.BITS - 2 * levels)
        x, y = _hilbert.d2xy(levels, np.arange(int(within.first) // size, int(within.last) // size + 1, dtype=np.int64))
        return int(within.first), size, x - x.min(), y - y.min()

    def picture(self) -> Picture:
        """The map as one that stands still, in the same colours."""
        asked, down = self.question, tuple(self.question["down"])
        policy, family = self._without(down), asked["family"]
        if asked["by"] == "change":
            return plots.map_diff(self.policy, policy, family=family, service=asked["service"], within=asked["within"])
        layer = self._layer(asked["by"], family, asked["service"], down)
        layer = layer._replace(given=self._given(self._counts(()), self._counts(down)))
        where, title = AddressRange(asked["within"]), f"{_layers.title_of(policy)}: {layer.title}"
        words = [where, ORDER] if family == "ipv4" else [self._runs(layer, down), where]
        module = "_map4" if family == "ipv4" else "_map6"
        return plots._drawn(module, "explore", layer, *words, title, plots._revision(policy))

    def _without(self, down: Sequence[str]) -> Policy:
        """The policy while sources are switched off."""
        return self.policy.what_if(down=down) if down else self.policy


def _family_of(text: object) -> str | None:
    """The family of an address or a prefix; None if it is neither."""
    found = AddressRange.try_parse(str(text or "").strip())
    return str(found.family) if isinstance(found, AddressRange) else None


def _words_of(source: Any) -> str:
    return ", ".join(filter(None, (str(source.host) if source.host is not None else "", str(source.kind))))


def _place(within: AddressRange, first: int, length: int, levels: int) -> tuple[int, int, int, int]:
    """Column, row, width and height of a block on the map of a prefix, in cells."""
    left, top, _, _ = _hilbert.rectangle(int(within.first), _layers.length_of(within), levels)
    x, y, across, down = _hilbert.rectangle(first >> (_hilbert.BITS - length) << (_hilbert.BITS - length), length, levels)
    return x - left, y - top, across, down


def _blocks(within: AddressRange, levels: int) -> list[dict[str, Any]]:
    """The sixteen or eight blocks of the map, each with its prefix: to be labelled, and to zoom to."""
    length = _layers.length_of(within)
    more = min(length + 4 - length % 2, _hilbert.BITS, 2 * levels)
    step = 1 << (_hilbert.BITS - more)
    starts = range(int(within.first), int(within.last) + 1, step)
    return [{"at": _place(within, start, more, levels), "prefix": f"{address_of('ipv4', start)}/{more}"} for start in starts]


def _legend(now: _layers.Layer, first: Mapping[_layers.Key, int], here: Mapping[_layers.Key, int],
            given: Mapping[_layers.Key, Style]) -> tuple[list[dict[str, Any]], list[int]]:  # fmt: skip
    """The rows of the legend, of what is large before or now, and the row of each key of `now`."""
    keys = list({**first, **here})
    largest = {number: max(first.get(key, 0), here.get(key, 0)) for number, key in enumerate(keys)}
    styles, legend = _layers.looks(keys, largest, given)
    row_of = {row.style: number for number, row in enumerate(legend)}
    rows_of = {key: row_of[styles[number]] for number, key in enumerate(keys)}
    sums = [0] * len(legend)
    for key, count in here.items():
        sums[rows_of[key]] += count
    rows = [_row(row.style, row.words, total) for row, total in zip(legend, sums, strict=True)]
    return rows, [rows_of.get(key, 0) for key in now.keys]


def _row(style: Style, words: str, addresses: int) -> dict[str, Any]:
    return {"color": style.color, "dark": style.dark, "hatch": style.hatch, "words": words, "addresses": f"{addresses:,}"}


def _ladder(plan: Plan, known: Mapping[str, str]) -> dict[str, Any]:
    """The rungs of a plan, in words."""
    asked = plan.first_available(known)
    stages = []
    for part in _rungs.parts_of(plan):
        steps = [
            {
                "number": number, "source": visible(one.source), "url": one.url, "route": _rungs.route(one, str(one.via or "")),
                "note": _rungs.note(number, one == asked, known.get(one.identity) == "down"),
            }
            for number, one in part.steps
        ]  # fmt: skip
        left_out = [{"source": visible(one.source), "why": visible(one.text)} for one in part.ignored[: _rungs.MOST]]
        stages.append(
            {
                "color": _rungs.STAGES[part.stage][0].color, "heading": _rungs.heading(part, visible(part.name)), "steps": steps,
                "more": len(part.more), "left_out": left_out,
                "more_left_out": max(0, len(part.ignored) - _rungs.MOST),
            }
        )  # fmt: skip
    decided = plan.decided_by
    place = f" {decided.address} is in {decided.range} of the list {visible(decided.list)}." if decided else ""
    nobody = "" if asked else "Nobody of these answers." if plan.attempts else "Nobody is asked."
    return {"why": f"{_rungs.outcome(plan)}.{place}", "stages": stages, "nobody": nobody, "end": _rungs.end(plan)}
