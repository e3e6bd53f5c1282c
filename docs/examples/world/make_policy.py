# SPDX-License-Identifier: MIT
"""Make a policy of the size of the Internet: 5,000 lists, half a million ranges.

    python make_policy.py -o world.json                                        # a generated table
    python make_policy.py --table ipv4.csv.gz --table ipv6.csv.gz -o world.json

A table has the columns `first,last,label` and no header, plain or compressed with gzip. Labels are dealt to the lists
in the order of their text; a list gets all ranges of its labels.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
import socket
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv6Address
from itertools import accumulate
from math import sqrt
from pathlib import Path
from typing import Any, NamedTuple, TextIO

Draw = Callable[[], float]

MAPPED = bytes(10) + b"\xff\xff"  # the first 12 bytes of ::ffff:0:0/96
SOURCES = 50
RANDOM_EVERY = 20  # one list in so many asks in random order

ROWS = {"ipv4": 411_961, "ipv6": 103_197}
LABELS = {"ipv4": 84_159, "ipv6": 52_521}
# How often a row of a real table of autonomous systems has 2^n addresses; -1 stands for no power of two.
SIZES = {
    "ipv4": {8: 1588, 10: 676, 9: 588, 11: 201, 12: 153, 13: 105, 14: 47, 15: 27, 16: 65, 17: 12, 18: 6, 19: 3, 20: 1,
             5: 8, 6: 4, 7: 3, 0: 1, -1: 632},
    "ipv6": {80: 321, 96: 270, 99: 103, 88: 39, 84: 38, 81: 33, 92: 23, 82: 10, 64: 8, 85: 7, 97: 7, 86: 6, 89: 4,
             93: 4, 83: 4, 98: 3, 87: 2, 94: 2, 100: 1, -1: 132},
}  # fmt: skip


class Shape(NamedTuple):
    """Where a family's generated rows lie; an odd row is a multiple of 2^`unit` addresses."""

    first: int
    last: int
    unit: int
    gaps: float  # the share of rows that stand behind a gap


SHAPES = {
    "ipv4": Shape(first=1 << 24, last=(224 << 24) - 1, unit=8, gaps=0.13),
    "ipv6": Shape(first=0x2001 << 112, last=(0x3FFF << 112) - 1, unit=80, gaps=0.72),
}


class Row(NamedTuple):
    """One row of a table."""

    first: str
    last: str
    label: str


class TableError(Exception):
    """A table cannot be used; the text says where and why."""


def text_of(family: str, number: int) -> str:
    """Return the address as text."""
    if family == "ipv6":
        return str(IPv6Address(number))
    return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def generated(family: str, rows: int, draw: Draw) -> Iterator[Row]:
    """Yield `rows` disjoint, sorted rows of a family.

    `draw` is `random.Random.random` and nothing else is drawn from: its sequence is the one Python promises to keep.
    """
    shape, labels = SHAPES[family], LABELS[family]
    sizes, steps = list(SIZES[family]), list(accumulate(SIZES[family].values()))
    at = shape.first
    for _ in range(rows):
        bits = sizes[bisect_right(steps, draw() * steps[-1])]
        if bits < 0:
            size, align = 1 + int(draw() * 50) << shape.unit, 1 << shape.unit
        else:
            size = align = 1 << bits
        if draw() < shape.gaps:
            at += 1 + int(draw() * 40) << shape.unit
        at = -(-at // align) * align
        if at + size - 1 > shape.last:
            raise TableError(f"{rows} rows of {family} do not fit; make fewer, --rows")
        u = draw()
        # A few labels own thousands of rows, most own a handful; sqrt is exact everywhere, pow is not.
        label = 1 + int(labels * u * u * sqrt(u))
        yield Row(text_of(family, at), text_of(family, at + size - 1), str(label))
        at += size


def generated_table(rows: int, seed: int) -> Iterator[Row]:
    """Yield a table of both families, in the proportion of the real ones."""
    draw = random.Random(seed).random
    ipv4 = rows * ROWS["ipv4"] // sum(ROWS.values())
    yield from generated("ipv4", ipv4, draw)
    yield from generated("ipv6", rows - ipv4, draw)


def opened(path: Path) -> TextIO:
    """Open a table, compressed or not, as its first bytes say."""
    with path.open("rb") as probe:
        compressed = probe.read(2) == b"\x1f\x8b"
    if compressed:
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def packed(text: str) -> bytes:
    """Return the bytes of an address, or raise `OSError`."""
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def touches_mapped(first: bytes, last: bytes) -> bool:
    """Whether an IPv6 range has addresses that are IPv4 addresses; such a range has no single meaning."""
    return len(first) == 16 and first[:12] <= MAPPED <= last[:12]


def table(path: Path) -> Iterator[Row]:
    """Yield the rows of a table; rows that touch ::ffff:0:0/96 are skipped."""
    with opened(path) as file:
        for number, cells in enumerate(csv.reader(file), start=1):
            try:
                row = Row(*cells)
                first, last = packed(row.first), packed(row.last)
            except (OSError, TypeError) as error:
                raise TableError(f"{path}:{number}: not `first,last,label`: {','.join(cells)}") from error
            if len(first) != len(last) or first > last:
                raise TableError(f"{path}:{number}: not a range: {row.first}-{row.last}")
            if not touches_mapped(first, last):
                yield row


def by_label(rows: Iterable[Row]) -> dict[str, list[str]]:
    """Return the ranges of each label, as text."""
    ranges: dict[str, list[str]] = {}
    for first, last, label in rows:
        ranges.setdefault(label, []).append(first if first == last else f"{first}-{last}")
    return ranges


def source(number: int) -> dict[str, Any]:
    """Return the source `number`: two of three have names, the others are addresses; one in five offers one service."""
    fields: dict[str, Any] = {"host": f"node-{number:02}.world.example", "families": ["ipv4", "ipv6"]}
    match number % 6:
        case 1:
            fields = {"host": f"192.0.2.{number}"}
        case 2:
            fields = {"host": f"2001:db8::{number:x}"}
        case 3:
            fields["families"] = ["ipv4"]
        case 4:
            fields["families"] = ["ipv6"]
        case _:
            pass
    fields["file_reputation"] = {"scheme": "https", "port": 443}
    if number % 5:
        fields["web_reputation"] = {"scheme": "http", "port": 5274}
    return fields


def sources() -> dict[str, dict[str, Any]]:
    """Return all declared sources by name; the last one is the cloud."""
    cloud = {
        "kind": "network",
        "host": "cloud.vendor.example",
        "families": ["ipv4", "ipv6"],
        "file_reputation": {"scheme": "https", "port": 443},
        "web_reputation": {"scheme": "http", "port": 80},
    }
    return {**{f"node-{number:02}": source(number) for number in range(SOURCES)}, "cloud": cloud}


def drawn_sources(draw: Draw) -> list[str]:
    """Return two or three different nodes."""
    left = [f"node-{number:02}" for number in range(SOURCES)]
    return [left.pop(int(draw() * len(left))) for _ in range(2 + int(draw() * 2))]


def write(file: TextIO, ranges: dict[str, list[str]], lists: int, seed: int) -> None:
    """Write the policy, one list a line."""
    draw = random.Random(seed + 1).random
    labels = sorted(ranges)
    file.write('{"schema":"smplist/1","title":"World","profile":"officescan-10.6","sources":\n')
    file.write(json.dumps(sources(), separators=(",", ":")))
    file.write(',\n"internal":{"mode":"custom","standard":{"order":"ordered","sources":["node-06","node-12"]},\n')
    file.write('"custom":{"fallback_to_standard":true,"on_overlap":"first","lists":[')
    for number in range(lists):
        entry = {
            "name": f"world-{number:04}",
            "order": "random" if number % RANDOM_EVERY == 0 else "ordered",
            "sources": drawn_sources(draw),
            "ranges": [text for label in labels[number::lists] for text in ranges[label]],
        }
        file.write(f"{',' if number else ''}\n{json.dumps(entry, separators=(',', ':'))}")
    file.write(']}},\n"network":{"order":"ordered","sources":["cloud"]}}\n')


def positive(text: str) -> int:
    """Read a number of at least 1."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Make a policy of the size of the Internet.")
    rows = sum(ROWS.values())
    origin = parser.add_mutually_exclusive_group()
    origin.add_argument("--table", type=Path, action="append", metavar="FILE", help="first,last,label; repeatable")
    origin.add_argument("--rows", type=positive, default=rows, metavar="N", help=f"rows to generate (default {rows})")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="of everything that is drawn (default 1)")
    parser.add_argument("--lists", type=positive, default=5000, metavar="N", help="custom lists (default 5000)")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the policy, JSON")
    return parser.parse_args()


def main() -> int:
    """Make the policy and say what is in it."""
    args = arguments()
    try:
        if args.table:
            ranges = by_label(row for path in args.table for row in table(path))
        else:
            ranges = by_label(generated_table(args.rows, args.seed))
    except (OSError, TableError) as error:
        print(error, file=sys.stderr)
        return 2
    lists = min(args.lists, len(ranges))  # a label is never split, so there are no more lists than labels
    with args.output.open("w", encoding="utf-8", newline="\n") as file:
        write(file, ranges, lists, args.seed)
    total = sum(map(len, ranges.values()))
    print(f"{args.output}: {lists:,} lists, {total:,} ranges, {len(ranges):,} labels", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
