# SPDX-License-Identifier: MIT
"""IPv4 along a Hilbert curve: colours for what addresses have in common, names where there is room, addresses in the corners."""

from __future__ import annotations

import re
from math import nan
from typing import Any, NamedTuple

import numpy as np

from smplist._core import AddressRange
from smplist.analysis.diff import count
from smplist.plots._hilbert import BITS, Grid, grid, rectangle
from smplist.plots._layers import Layer, length_of, looks
from smplist.plots._sheet import MARGIN, Picture, Sheet, width
from smplist.plots._styles import FAINT, NONE, SPECIAL, Style

_SIDE = 512.0  # points
_PIXELS = 1024
_LEGEND = 236.0
_MOST_NAMES = 200
_MOST_BLOCKS = 64


class _Map(NamedTuple):
    """Where the map stands on the sheet, and how its cells are."""

    first: int
    length: int
    grid: Grid
    left: float
    top: float
    scale: float  # points per cell

    def place(self, first: int, length: int) -> tuple[float, float, float, float]:
        """The rectangle of a block, in points: left, top, width, height."""
        ox, oy, _, _ = rectangle(self.first, self.length, self.grid.levels)
        x, y, across, down = rectangle(first, length, self.grid.levels)
        return (
            self.left + (x - ox) * self.scale, self.top + (y - oy) * self.scale, across * self.scale, down * self.scale,
        )  # fmt: skip


def draw(layer: Layer, within: AddressRange, order: int, title: str, note: str) -> Picture:
    """The map of a layer.

    Raises
    ------
    ValueError
        If there is no such order.
    """
    if not 1 <= order <= 10:
        raise ValueError(f"the order of a map is 1 to 10, not {order}")
    first, length = int(within.first), length_of(within)
    cells = grid(layer.runs, layer.rest, first, length, order)
    styles, rows = looks(layer.keys, cells.counts, layer.given)
    height, across = cells.keys.shape
    scale = _SIDE / max(height, across)
    size = 1 << (BITS - 2 * cells.levels)
    where = "All of IPv4" if length == 0 else str(within)
    cell = f"a cell is {size:,} addresses (a /{2 * cells.levels})" if size > 1 else "a cell is one address"
    subtitle = [f"{where} along a Hilbert curve, which keeps neighbours together; {cell}. Internal clients with one address."]
    down = max(height * scale, 30 + 15 * len(rows))
    sheet = Sheet(max(across * scale + _LEGEND + 3 * MARGIN, 700), 47 + 16 + down + 56, title, subtitle)
    view = _Map(first, length, cells, MARGIN, sheet.top, scale)
    sheet.image(view.left, view.top, across * scale, height * scale, _pixels(cells, styles))
    sheet.box(view.left, view.top, across * scale, height * scale, Style("none"), edge="#6B6B6B", line=0.8)
    taken, lines = _addresses(sheet, view, cells, styles)
    _names(sheet, view, layer, styles, taken)
    numbers = [(row.style, row.words, count(row.addresses)) for row in rows]
    sheet.legend(view.left + across * scale + MARGIN, sheet.top, _LEGEND, layer.legend, numbers, "addresses")
    bottom = view.top + height * scale + 14
    several = " A cell with several answers shows the one of most addresses." if size > 1 else ""
    sheet.text(MARGIN, bottom, f"Lines: {lines}.{several}", 7.5, color=FAINT)
    sheet.text(MARGIN, bottom + 11, note, 7.5, color=FAINT)
    sheet.text(MARGIN, bottom + 22, _closer(layer, length), 7.5, color=FAINT)
    return sheet.figure


def _closer(layer: Layer, length: int) -> str:
    """Where most of what has a colour is, if that is a small part of the map."""
    weights: dict[int, int] = {}
    for first, last, key in layer.runs if length == 0 else ():
        if layer.keys[key].style not in (NONE, SPECIAL):
            if len(weights) > _MOST_BLOCKS:
                return ""
            for block in range(first >> 24, (last >> 24) + 1):
                weights[block] = weights.get(block, 0) + min(last, (block + 1 << 24) - 1) - max(first, block << 24) + 1
    most = max(weights, key=lambda block: (weights[block], -block), default=0)
    total = sum(weights.values())
    if not total or weights[most] * 2 < total or len(weights) > _MOST_BLOCKS:
        return ""
    return f'{weights[most] * 100 // total} % of what is not grey is in {most}.0.0.0/8: draw it with within="{most}.0.0.0/8".'


def _pixels(cells: Grid, styles: dict[int, Style]) -> Any:
    """The image: colours, hatching in pixels of the whole image, and a line between cells that differ."""
    zoom = max(1, _PIXELS // max(cells.keys.shape))
    numbers = sorted(styles)
    index = np.searchsorted(np.array(numbers), cells.keys)
    big = np.repeat(np.repeat(index, zoom, axis=0), zoom, axis=1)
    plain = np.array([styles[n].rgb for n in numbers], dtype=np.uint8)
    dark = np.array([Style(styles[n].dark).rgb for n in numbers], dtype=np.uint8)
    y, x = np.indices(big.shape)
    rising, falling = (x + y) % 8 < 2, (x - y) % 8 < 2
    hatch = np.array([styles[n].hatch for n in numbers])[big]
    on = (
        ((hatch & 1 > 0) & rising)
        | ((hatch & 2 > 0) & falling)
        | ((hatch & 4 > 0) & (y % 8 < 2))
        | ((hatch & 8 > 0) & (x % 8 < 2))
    )
    image = np.where(on[..., None], dark[big], plain[big])
    if zoom > 1:
        border = np.zeros(big.shape, dtype=bool)
        border[1:] |= big[1:] != big[:-1]
        border[:, 1:] |= big[:, 1:] != big[:, :-1]
        keys = np.repeat(np.repeat(cells.keys, zoom, axis=0), zoom, axis=1)
        border[1:] |= keys[1:] != keys[:-1]
        border[:, 1:] |= keys[:, 1:] != keys[:, :-1]
        darker = 0.6 if border.mean() < 0.15 else 0.85  # where lines are dense, they would be all that is seen
        image = np.where(border[..., None], (image * darker).astype(np.uint8), image)
    return image.astype(np.uint8)


def _corner(first: int, length: int) -> str:
    """A block in its corner: the octets that it fixes."""
    return ".".join(str(first >> shift & 255) for shift in (24, 16, 8, 0)[: max(1, -(-length // 8))])


def _addresses(sheet: Sheet, view: _Map, cells: Grid, styles: dict[int, Style]) -> tuple[list[tuple[float, ...]], str]:
    """Lines between blocks and the address in the corner of each: as fine as there is room for."""
    taken: list[tuple[float, ...]] = []
    xs: list[float] = []
    ys: list[float] = []
    corners: list[tuple[float, float, str]] = []
    for more in (8, 6, 4, 2):
        length = min(view.length + more - view.length % 2, 2 * cells.levels, BITS)
        blocks = [view.first + i * (1 << (BITS - length)) for i in range(1 << max(0, length - view.length))]
        texts = [_corner(block, length) for block in blocks]
        _, _, across, down = view.place(view.first, length)
        size = 5.0 if across < 60 else 6.5
        if max(width(t, size) for t in texts) <= across - 2 and down > 2 * size:
            break
    for block, text in zip(blocks, texts, strict=True):
        x, y, across, down = view.place(block, length)
        xs += [x, x + across, x + across, nan]
        ys += [y + down, y + down, y, nan]
        taken.append((x, y, x + 3 + width(text, size), y + size + 2))
        corners.append((x + 1.5, y + size + 0.5, text))
    sheet.line(xs, ys, "#9A9A9A", 0.4)
    for x, y, text in corners:
        under = {
            _style_at(view, cells, styles, x + part * width(text, size), y - up) for part in (0.1, 0.5, 0.9) for up in (1, 4)
        }
        style = under.pop()
        if under:
            sheet.veil(x - 1, y - size * 0.85, width(text, size) + 2, size * 1.1)
            sheet.text(x, y, text, size)
        else:
            _write(sheet, x, y, text, size, style, FAINT if style == NONE else style.ink)
    return taken, f"/{length}, with the first octets of each block" if length < BITS else "single addresses"


def _write(sheet: Sheet, x: float, y: float, text: str, size: float, style: Style, ink: str, at: str = "left") -> None:
    """A text on an area, on a plain ground where the area is hatched."""
    if style.hatch:
        across = width(text, size) + 2
        sheet.box(x - 1 - (across / 2 - 1 if at == "center" else 0), y - size * 0.85, across, size * 1.1, Style(style.color))
    sheet.text(x, y, text, size, color=ink, at=at)


def _style_at(view: _Map, cells: Grid, styles: dict[int, Style], x: float, y: float) -> Style:
    row, column = int((y - view.top) / view.scale), int((x - view.left) / view.scale)
    rows, columns = cells.keys.shape
    return styles[int(cells.keys[min(row, rows - 1), min(column, columns - 1)])]


def _largest(layer: Layer, view: _Map, styles: dict[int, Style]) -> list[tuple[int, int, int]]:
    """The largest aligned block of each named key, the largest first: (key, first, length)."""
    best: dict[int, tuple[int, int]] = {}
    low, high = view.first, view.first + (1 << (BITS - view.length)) - 1
    for first, last, key in layer.runs:
        if layer.keys[key].style is not None or last < low or first > high:
            continue
        first, last = max(first, low), min(last, high)
        size = 1 << ((last - first + 1).bit_length() - 1)
        while first + (-first % size) + size - 1 > last:
            size //= 2
        if size > best.get(key, (0, 0))[0]:
            best[key] = (size, first + (-first % size))
    ranked = sorted(best.items(), key=lambda item: (-item[1][0], item[1][1]))
    return [(key, first, BITS - (size.bit_length() - 1)) for key, (size, first) in ranked[:_MOST_NAMES]]


def _names(sheet: Sheet, view: _Map, layer: Layer, styles: dict[int, Style], taken: list[tuple[float, ...]]) -> None:
    """Names where there is room, never one over another."""
    for key, first, length in _largest(layer, view, styles):
        if (BITS - length) < BITS - 2 * view.grid.levels + 4:
            continue  # a few cells
        x, y, across, down = view.place(first, length)
        for size in (9.0, 7.0, 5.5) if across > 40 else (7.0, 5.5):
            lines = _broken(layer.keys[key].name, across - 4, size)
            if not lines or len(lines) * (size + 1) > down - 2:
                continue
            spot = _free(x, y, across, down, lines, size, taken)
            if spot is None:
                continue
            for i, line in enumerate(lines):
                base = spot + (i + 0.85) * (size + 1)
                _write(sheet, x + across / 2, base, line, size, styles[key], styles[key].ink, "center")
            half = max(width(line, size) for line in lines) / 2
            taken.append((x + across / 2 - half, spot, x + across / 2 + half, spot + len(lines) * (size + 1)))
            break


def _broken(name: str, room: float, size: float) -> list[str]:
    """A name in at most three lines, broken behind hyphens and the like; nothing if it does not fit."""
    lines = [""]
    for part in re.findall(r"[^-_. /]*[-_. /]?", name):
        if width(lines[-1] + part, size) <= room:
            lines[-1] += part
        else:
            lines.append(part)
    fits = len(lines) <= 3 and all(width(line, size) <= room for line in lines)
    return [line.strip() for line in lines if line.strip()] if fits else []


def _free(x: float, y: float, across: float, down: float, lines: list[str], size: float,
          taken: list[tuple[float, ...]]) -> float | None:  # fmt: skip
    """The top of a spot in a rectangle that nothing else covers, the nearest to its middle."""
    half = max(width(line, size) for line in lines) / 2 + 1
    tall = len(lines) * (size + 1)
    middle = y + (down - tall) / 2
    for step in range(0, int(down / 2)):
        for top in (middle + step, middle - step):
            if not y + 1 <= top <= y + down - tall - 1:
                continue
            left, right = x + across / 2 - half, x + across / 2 + half
            if all(right <= a or left >= c or top + tall <= b or top >= d for a, b, c, d in taken):
                return top
    return None
