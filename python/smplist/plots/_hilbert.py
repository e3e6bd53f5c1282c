# SPDX-License-Identifier: MIT
"""The Hilbert curve: cells of an aligned block of IPv4, what each cell shows, and where it stands."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
BITS = 32


def d2xy(levels: int, places: Ints) -> tuple[Ints, Ints]:
    """Column and row of places along the curve of 4^levels cells; rows go down, and the curve begins at the top left.

    The first quarter is the upper left one, then come lower left, lower right, upper right, as in the usual maps of IPv4.
    """
    rest = places.astype(np.int64)
    x, y = np.zeros_like(rest), np.zeros_like(rest)
    for level in range(levels):
        side = np.int64(1 << level)
        right = (rest >> 1) & 1
        below = (rest ^ right) & 1
        turn, flip = below == 0, (below == 0) & (right == 1)
        x, y = np.where(flip, side - 1 - x, x), np.where(flip, side - 1 - y, y)
        x, y = np.where(turn, y, x), np.where(turn, x, y)
        x, y = x + side * right, y + side * below
        rest = rest >> 2
    return x, y


class Grid(NamedTuple):
    """The cells of a prefix: `keys[row, column]`; a cell is 4^(16 - levels) addresses."""

    keys: Ints
    levels: int
    counts: dict[int, int]


def levels_of(length: int, order: int) -> int:
    """At how many levels of the whole curve the cells of a prefix stand."""
    return min(BITS // 2, length // 2 + order)


def rectangle(first: int, length: int, levels: int) -> tuple[int, int, int, int]:
    """Column, row, width and height of an aligned block, in cells of a level of the whole curve."""
    size = 1 << (BITS - length)
    ends = np.array([first, first + size // 2], dtype=np.int64)
    half = (length + 1) // 2  # the block is a square of this level, or two of them
    x, y = (part.tolist() for part in d2xy(half, ends >> (BITS - 2 * half)))
    zoom = 1 << (levels - half)
    left, top = min(x) * zoom, min(y) * zoom
    return left, top, (max(x) - min(x) + 1) * zoom, (max(y) - min(y) + 1) * zoom


def grid(runs: list[tuple[int, int, int]], rest: int, first: int, length: int, order: int) -> Grid:
    """The cells of a prefix of IPv4, from disjoint ascending runs (first, last, key).

    Runs are cut at the borders of cells; a cell shows the key with most of its addresses, and of keys with as many the one that
    is first along the addresses. `rest` is the key of addresses in no run. The time is that of the runs and of the cells,
    whatever the number of addresses.
    """
    levels = levels_of(length, order)
    size = 1 << (BITS - 2 * levels)
    count = (1 << (BITS - length)) // size
    starts, keys = _tiled(runs, rest, first, first + count * size)
    cells = np.arange(first, first + count * size, size, dtype=np.int64)
    winners = keys[np.searchsorted(starts, cells, side="right") - 1]
    mixed = np.unique((starts - first) // size)  # every start of a run, and of such a cell, begins a fragment
    begins = np.unique(np.concatenate([starts, cells[mixed], np.minimum(cells[mixed] + size, cells[-1])]))
    of_cell, of_run = (begins - first) // size, keys[np.searchsorted(starts, begins, side="right") - 1]
    lengths = np.minimum(np.append(begins[1:], first + count * size), cells[of_cell] + size) - begins
    changed, best = _most(of_cell, of_run, lengths)
    winners[changed] = best
    x, y = d2xy(levels, cells // size)
    x, y = x - x.min(), y - y.min()
    out = np.empty((int(y.max()) + 1, int(x.max()) + 1), dtype=np.int64)
    out[y, x] = winners
    sizes = np.append(starts[1:], first + count * size) - starts
    totals: Any = np.bincount(keys, weights=sizes.astype(np.float64))  # exact: below 2^53
    return Grid(out, levels, {key: int(total) for key, total in enumerate(totals) if total})


def _tiled(runs: list[tuple[int, int, int]], rest: int, first: int, end: int) -> tuple[Ints, Ints]:
    """The runs within [first, end) and what is between them, without a gap: where each begins, and its key."""
    table = np.array(runs, dtype=np.int64).reshape(-1, 3)
    table = table[(table[:, 1] >= first) & (table[:, 0] < end)]
    begin, after = np.maximum(table[:, 0], first), np.minimum(table[:, 1] + 1, end)
    starts = np.concatenate([begin, after, [first]])
    keys = np.concatenate([table[:, 2], np.full(len(table) + 1, rest, dtype=np.int64)])
    # where a run begins, it wins over the rest behind the run before
    order = np.argsort(starts, kind="stable")
    starts, keys = starts[order], keys[order]
    kept = np.append(True, starts[1:] != starts[:-1]) & (starts < end)
    return starts[kept], keys[kept]


def _most(of_cell: Ints, of_run: Ints, lengths: Ints) -> tuple[Ints, Ints]:
    """The cells, and the key of each with the greatest sum of lengths; the first of several."""
    base = np.int64(of_run.max() + 1)
    pairs, first, inverse = np.unique(of_cell * base + of_run, return_index=True, return_inverse=True)
    sums = np.bincount(inverse.reshape(-1), weights=lengths.astype(np.float64))
    order = np.lexsort((-first, sums, pairs // base))
    cells, keys = (pairs // base)[order], (pairs % base)[order]
    last = np.append(cells[1:] != cells[:-1], True)
    return cells[last], keys[last]
