# SPDX-License-Identifier: MIT
"""Which name has which colour on the explorer's map, whatever is asked in which order."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping

from smplist.plots._layers import Key
from smplist.plots._styles import HUES, NAMED, OTHERS, RANKED, Style

# those of the pictures, and as many again as half of them for whoever takes over: level lines, then upright ones
STYLES = (*RANKED, *(Style(hue, hatch) for hatch in (4, 8) for hue in HUES))


class Colours:
    """The colours that were given.

    On one part of the map a name keeps its colour and no other name gets it, whatever is switched off. On another part names
    keep theirs too; a colour of a name that is not there is given only once all others are.
    """

    def __init__(self) -> None:
        self._last: dict[Key, Style] = {}
        self._views: dict[Hashable, dict[Key, Style]] = {}

    def of(self, view: Hashable, first: Mapping[Key, int], now: Mapping[Key, int]) -> dict[Key, Style]:
        """The style of every name of a part of the map.

        `first` counts the addresses of names while nothing is switched off: the largest of these have colours and the others
        one together. Whoever only `now` counts gets a colour of those that are left, or that of the others.
        """
        if view not in self._views:
            ranked = _by_size(first)
            named = ranked if len(ranked) <= NAMED else ranked[: NAMED - 1]  # never one other alone
            self._views[view] = dict.fromkeys(ranked[len(named) :], OTHERS)
            self._give(named, self._views[view])
        given = self._views[view]
        self._give([name for name in _by_size(now) if name not in given], given)
        return given

    def _give(self, names: Iterable[Key], given: dict[Key, Style]) -> None:
        taken = set(given.values())
        for name in names:
            if (style := self._last.get(name)) and style not in taken:
                given[name] = style
                taken.add(style)
        known = set(self._last.values())
        free = iter(sorted((style for style in STYLES if style not in taken), key=lambda style: style in known))
        for name in names:
            if name not in given:
                given[name] = next(free, OTHERS)
        self._last |= {name: given[name] for name in names if given[name] != OTHERS}


def _by_size(counts: Mapping[Key, int]) -> list[Key]:
    return sorted(counts, key=lambda name: (-counts[name], name.name, name.what))
