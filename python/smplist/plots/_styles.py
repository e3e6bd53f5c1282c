# SPDX-License-Identifier: MIT
"""Colours that everybody can tell apart: Okabe and Ito's seven, plain and hatched; grey is for no list."""

from __future__ import annotations

from typing import NamedTuple

INK = "#222222"
FAINT = "#6B6B6B"
PAPER = "#FFFFFF"
LINE = "#C9C9C9"


class Style(NamedTuple):
    """How an area looks. `hatch` is 0 for plain, 1 for rising lines, 2 for falling ones, 3 for both.

    Only the explorer has 4 for level lines and 8 for upright ones.
    """

    color: str
    hatch: int = 0

    @property
    def rgb(self) -> tuple[int, int, int]:
        """Red, green and blue, 0 to 255."""
        return int(self.color[1:3], 16), int(self.color[3:5], 16), int(self.color[5:7], 16)

    @property
    def dark(self) -> str:
        """The colour of the hatching."""
        return "#" + "".join(f"{round(part * 0.7):02X}" for part in self.rgb)

    @property
    def ink(self) -> str:
        """Black or white, whichever is easier to read on it."""
        linear = [(part / 255) ** 2.2 for part in self.rgb]
        light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        return INK if (light + 0.05) ** 2 > 1.05 * 0.06 else PAPER

    def faded(self) -> Style:
        """The same, much lighter."""
        return Style("#" + "".join(f"{round(255 - (255 - part) * 0.35):02X}" for part in self.rgb), self.hatch)


NONE = Style("#E6E6E6")
OTHERS = Style("#A3A9B4")
SPECIAL = Style("#F4F4F4", 3)
BAD = Style("#D55E00", 3)
HATCHES = {0: "", 1: "////", 2: "\\\\\\\\", 3: "xxxx", 4: "----", 8: "||||"}

# Okabe and Ito without black, so ordered that neighbours differ in lightness too
HUES = ("#0072B2", "#E69F00", "#56B4E9", "#D55E00", "#F0E442", "#009E73", "#CC79A7")
NAMED = 28
RANKED = tuple(Style(hue, hatch) for hatch in (0, 1, 2, 3) for hue in HUES)

# the fewest failures that leave nothing: ColorBrewer's RdYlBu
FAILURES = tuple(map(Style, ("#A50026", "#F46D43", "#FDAE61", "#FEE090", "#ABD9E9", "#74ADD1", "#4575B4")))
NEVER = Style("#313695")

# kind of change: (style, words)
CHANGES = {
    "lost": (Style("#D55E00", 3), "lost: nothing is left to ask"),
    "reachability": (Style("#009E73"), "reachability: something to ask, had nothing"),
    "first": (Style("#0072B2"), "first: another source is asked first"),
    "list": (Style("#E69F00"), "list: another list serves them"),
    "redundancy": (Style("#F0E442"), "redundancy: more or fewer endpoints follow"),
    "fallback": (Style("#CC79A7"), "fallback: other lists follow"),
    "sources": (Style("#56B4E9"), "sources: other sources or routes follow"),
    "order": (Style("#56B4E9", 1), "order: the same sources in another order or list"),
    "exhausted": (Style("#8C6D46"), "exhausted: another end of the road"),
    "renamed": (Style("#CC79A7", 2), "renamed: only names change"),
}
