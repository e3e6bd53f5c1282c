#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Text column in, answer column out, on one core: tests/bench/columns.py [--quick] [--json FILE] [--install].

Which list of a policy holds each address? smplist is asked beside what else people use from Python for this question. All of
them are asked in turn in the same rounds, and every answer is compared. Packages that are not installed are named and left
out; `--install` installs them into this interpreter's environment.

The others get the policy already flattened, and the loops over texts get a Python list and give one: what Arrow columns would
cost them is not counted. smplist gives the outcome and the first source besides the list; they give the list alone.
"""

from __future__ import annotations

import argparse
import gc
import heapq
import importlib
import importlib.util
import ipaddress
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

os.environ["POLARS_MAX_THREADS"] = "1"  # one core for everybody; polars reads it when it is imported

import smplist

ROOT = Path(__file__).resolve().parents[2]
ACME = ROOT / "docs" / "examples" / "acme" / "policy.yaml"
WORLD = ROOT / "docs" / "examples" / "world" / "make_policy.py"
SERVICE = "file_reputation"

MODULES = {
    "numpy": "numpy",
    "pyarrow": "pyarrow",
    "polars": "polars",
    "polars_iptools": "polars-iptools",
    "pytricia": "pytricia",
    "SubnetTree": "pysubnettree",
    "radix": "py-radix",
    "netaddr": "netaddr",
}
BAD = ["", "unknown", "10.20.3", "10.0.0.300", "10.0.0.1:443", "2001:db8::1::2", "fe80::g"]

TO_LIST = "text column to list column"
MIXED = "text column with nulls and bad rows to list column"
YES_NO = "text column to yes or no"
PACKED = "column of packed addresses to list column"

BITS = {4: 32, 6: 128}
MAPPED = 0xFFFF << 32

Text = str | None
Name = str | None
Find = Callable[[str], Name]


class Range(NamedTuple):
    """A range of a list, in the order of the document."""

    first: int
    last: int
    name: str


class Cell(NamedTuple):
    """Addresses from `first` to the next cell's are answered alike."""

    first: int
    name: Name


def flatten(ranges: Sequence[Range], end: int) -> list[Cell]:
    """Cells that cut the family below `end`; the range that stands first wins."""
    by_first = sorted(range(len(ranges)), key=lambda at: ranges[at].first)
    bounds = sorted({0, *(r.first for r in ranges), *(r.last + 1 for r in ranges)} - {end})
    cells: list[Cell] = []
    open_ranges: list[int] = []
    met = 0
    for bound in bounds:
        while met < len(by_first) and ranges[by_first[met]].first == bound:
            heapq.heappush(open_ranges, by_first[met])
            met += 1
        while open_ranges and ranges[open_ranges[0]].last < bound:
            heapq.heappop(open_ranges)
        name = ranges[open_ranges[0]].name if open_ranges else None
        if not cells or cells[-1].name != name:
            cells.append(Cell(bound, name))
    return cells


def address_of(family: int, number: int) -> Any:
    """The address as `ipaddress` has it."""
    return ipaddress.IPv4Address(number) if family == 4 else ipaddress.IPv6Address(number)


def networks(family: int, first: int, last: int) -> Iterator[Any]:
    """The fewest networks that are the range."""
    yield from ipaddress.summarize_address_range(address_of(family, first), address_of(family, last))


@dataclass
class World:
    """A policy, and all that the others need to know of it."""

    name: str
    policy: smplist.Policy
    said: dict[tuple[Name, bool], Name] = field(default_factory=dict)

    @cached_property
    def compiled(self) -> smplist.CompiledPolicy:
        """The policy as smplist asks it."""
        return self.policy.compile()

    @cached_property
    def ranges(self) -> dict[int, list[Range]]:
        """The ranges of each family, in the order of the document."""
        found: dict[int, list[Range]] = {4: [], 6: []}
        for entry in self.policy.lists:
            for r in entry.ranges:
                found[4 if r.family == "ipv4" else 6].append(Range(int(r.first), int(r.last), entry.name))
        return found

    @cached_property
    def cells(self) -> dict[int, list[Cell]]:
        """Each family cut into cells, from its first address."""
        return {family: flatten(ranges, 1 << BITS[family]) for family, ranges in self.ranges.items()}

    @cached_property
    def cover(self) -> dict[int, list[tuple[str, str]]]:
        """Each family's cells as prefixes that do not overlap, with the names of their lists."""
        found: dict[int, list[tuple[str, str]]] = {4: [], 6: []}
        for family, cells in self.cells.items():
            ends = [*(cell.first - 1 for cell in cells[1:]), (1 << BITS[family]) - 1]
            for (first, name), last in zip(cells, ends, strict=True):
                if name is not None:
                    found[family] += [(str(net), name) for net in networks(family, first, last)]
        return found

    def answer(self, name: Name, text: str) -> Name:
        """What smplist has to answer if the list `name` holds the address: a list without a usable source gives way."""
        key = name, ":" in text
        if key not in self.said:
            plan = self.policy.evaluate(smplist.Client([text], location="internal"), SERVICE)
            self.said[key] = plan.attempts[0].list if plan.attempts else None
        return self.said[key]


@dataclass(frozen=True)
class Column:
    """The texts that are asked; a family of 0 is both, with nulls and bad rows."""

    world: World
    family: int
    texts: list[Text]
    valid: list[bool]

    @property
    def families(self) -> tuple[int, ...]:
        """The families in it."""
        return (self.family,) if self.family else (4, 6)

    @property
    def what(self) -> str:
        """What is asked."""
        return TO_LIST if self.family else MIXED


@dataclass(frozen=True)
class Asker:
    """One way of asking; only `ask` is timed."""

    name: str
    column: Callable[[list[Text]], Any]
    ask: Callable[[Any], Any]
    read: Callable[[Any], Sequence[Any]] = list
    what: str = ""
    note: str = ""
    whole: bool = False  # a sample would measure little but the start of a query


def texts_of(world: World, family: int, rows: int, draw: random.Random) -> Iterator[str]:
    """Addresses, four of five out of a list's ranges and the others out of the whole family, as text.

    Loopback and link-local addresses are left out: their clients reach nobody, whatever list holds them. [S-50]
    """
    ranges, kind, size = world.ranges[family], socket.AF_INET if family == 4 else socket.AF_INET6, BITS[family] // 8
    left = rows
    while left:
        if draw.random() < 0.8:
            r = ranges[draw.randrange(len(ranges))]
            number = r.first + draw.randrange(r.last - r.first + 1)
        else:
            number = draw.getrandbits(32) if family == 4 else 1 << 125 | draw.getrandbits(125)
        if family == 4 and (number >> 24 == 127 or number >> 16 == 0xA9FE):
            continue
        yield socket.inet_ntop(kind, number.to_bytes(size, "big"))
        left -= 1


def column_of(world: World, family: int, rows: int) -> Column:
    """A column with the same texts on every run."""
    draw = random.Random(f"{world.name} {family}")
    if family:
        texts: list[Text] = list(texts_of(world, family, rows, draw))
        return Column(world, family, texts, [True] * rows)
    few = rows // 20
    good = [*texts_of(world, 4, rows // 2 - few, draw), *texts_of(world, 6, rows // 2 - few, draw)]
    marked = [(text, True) for text in good] + [(draw.choice(BAD), False) for _ in range(few)]
    mixed: list[tuple[Text, bool]] = [*marked, *[(None, False)] * (rows - len(marked))]
    draw.shuffle(mixed)
    return Column(world, 0, [text for text, _ in mixed], [valid for _, valid in mixed])


# smplist


def names(answers: smplist.Answers) -> list[Any]:
    """The column of lists."""
    return answers.list.to_list()


def ask_smplist(column: Column) -> Iterator[Asker]:
    """smplist, from every kind of column that is at hand."""
    compiled = column.world.compiled

    def one(values: Any) -> smplist.Answers:
        return compiled.evaluate_many(values, SERVICE, parts=("list",))

    def two(values: Any) -> smplist.Answers:
        return compiled.evaluate_many(values, SERVICE, threads=2, parts=("list",))

    def asker(name: str, make: Callable[[list[Text]], Any], ask: Callable[[Any], Any] = one, **more: Any) -> Asker:
        return Asker(name, make, ask, names, **more)

    if has("pyarrow"):
        pa = module("pyarrow")
        yield asker("smplist", pa.array)
        yield asker("smplist, 2 threads", pa.array, two, note="two cores")
        yield asker("smplist, pyarrow large_utf8", lambda texts: pa.array(texts, pa.large_utf8()))
    if has("polars"):
        yield asker("smplist, polars", module("polars").Series, note="utf8_view")
    if has("numpy"):
        np = module("numpy")
        yield asker("smplist, numpy object", lambda texts: np.array(texts, dtype=object))
    if has("numpy") and column.family:
        yield asker("smplist, numpy U", np.array)
        kind = socket.AF_INET if column.family == 4 else socket.AF_INET6
        name, dtype = ("uint32", ">u4") if column.family == 4 else ("S16", "S16")

        def packed(texts: list[Text]) -> Any:
            data = b"".join(socket.inet_pton(kind, text or "") for text in texts)
            return np.frombuffer(data, dtype).astype(dtype.replace(">", "="))

        yield asker(f"smplist, numpy {name}", packed, what=PACKED, note="no text is read")
    yield asker("smplist, list of str", list)


# loops over texts


def loop(column: Column, name: str, find: Find, note: str = "") -> Asker:
    """A loop of calls; where rows may be null or bad, a careful one."""

    def plain(texts: Sequence[str]) -> list[Name]:
        return [find(text) for text in texts]

    def careful(texts: Sequence[Text]) -> list[Name]:
        out: list[Name] = []
        for text in texts:
            try:
                out.append(None if text is None else find(text))
            except (ValueError, KeyError, OSError):
                out.append(None)
        return out

    return Asker(name, list, plain if column.family else careful, note=note)


def either(column: Column, make: Callable[[int], Find]) -> Find:
    """A look-up for a column of both families, from one for each."""
    if column.family:
        return make(column.family)
    ipv4, ipv6 = make(4), make(6)
    return lambda text: ipv6(text) if ":" in text else ipv4(text)


def ask_ipaddress(column: Column) -> Iterator[Asker]:
    """`address in network` for one network after another."""
    nets = [(net, r.name) for family in column.families for r in column.world.ranges[family] for net in networks(family, *r[:2])]

    def find(text: str) -> Name:
        address = ipaddress.ip_address(text)
        for net, name in nets:
            if address in net:
                return name
        return None

    yield loop(column, "ipaddress, a loop", find, f"{len(nets):,} networks")


def ask_bisect(column: Column) -> Iterator[Asker]:
    """`bisect` over integers, which are made by `ipaddress` or by `socket`."""

    def by_ipaddress(family: int) -> Find:
        firsts, of = (list(part) for part in zip(*column.world.cells[family], strict=True))
        read = ipaddress.IPv4Address if family == 4 else ipaddress.IPv6Address
        return lambda text: of[bisect_right(firsts, int(read(text))) - 1]

    def by_socket(family: int) -> Find:
        firsts, of = (list(part) for part in zip(*column.world.cells[family], strict=True))
        kind, inet_pton, from_bytes = socket.AF_INET if family == 4 else socket.AF_INET6, socket.inet_pton, int.from_bytes
        return lambda text: of[bisect_right(firsts, from_bytes(inet_pton(kind, text), "big")) - 1]

    yield loop(column, "bisect, ipaddress", either(column, by_ipaddress))
    yield loop(column, "bisect, inet_pton", either(column, by_socket))


def ask_pytricia(column: Column) -> Iterator[Asker]:
    """pytricia: one trie for each family."""

    def make(family: int) -> Find:
        trie = module("pytricia").PyTricia(BITS[family], socket.AF_INET if family == 4 else socket.AF_INET6)
        for net, name in column.world.cover[family]:
            trie[net] = name
        get: Find = trie.get
        return get

    yield loop(column, "pytricia", either(column, make))


def ask_subnettree(column: Column) -> Iterator[Asker]:
    """pysubnettree; a miss is a `KeyError`, so the whole family gets a prefix with the answer None."""
    tree = module("SubnetTree").SubnetTree()
    for family in column.families:
        tree["0.0.0.0/0" if family == 4 else "::/0"] = None
        for net, name in column.world.cover[family]:
            tree[net] = name
    find: Find = tree.__getitem__
    yield loop(column, "pysubnettree", find)


def ask_radix(column: Column) -> Iterator[Asker]:
    """py-radix: a node for each prefix."""
    tree = module("radix").Radix()
    for family in column.families:
        for net, name in column.world.cover[family]:
            tree.add(net).data["name"] = name
    best = tree.search_best

    def find(text: str) -> Name:
        node = best(text)
        name: Name = None if node is None else node.data["name"]
        return name

    yield loop(column, "py-radix", find)


def ask_netaddr(column: Column) -> Iterator[Asker]:
    """netaddr: `address in network`, as with `ipaddress`."""
    netaddr = module("netaddr")
    nets = [
        (netaddr.IPNetwork(str(net)), r.name)
        for family in column.families
        for r in column.world.ranges[family]
        for net in networks(family, *r[:2])
    ]

    def find(text: str) -> Name:
        try:
            address = netaddr.IPAddress(text)
        except netaddr.AddrFormatError:
            return None
        for net, name in nets:
            if address in net:
                return str(name)
        return None

    yield loop(column, "netaddr, a loop", find, f"{len(nets):,} networks")


# columns of polars


def ask_polars(column: Column) -> Iterator[Asker]:
    """polars alone: octets by `split_exact`, then `search_sorted`. IPv4 only, and nothing is checked."""
    if column.family != 4:
        return
    pl = module("polars")
    cells = column.world.cells[4]
    firsts = pl.Series([cell.first for cell in cells], dtype=pl.UInt32)
    of = pl.Series([None, *(cell.name for cell in cells)], dtype=pl.Categorical)

    def ask(texts: Any) -> Any:
        octets = texts.str.split_exact(".", 3).struct.unnest().cast(pl.UInt32)
        a, b, c, d = octets.get_columns()
        return of.gather(firsts.search_sorted(a * 0x1000000 + b * 0x10000 + c * 0x100 + d, side="right"))

    yield Asker("polars, split and search_sorted", pl.Series, ask, lambda answer: answer.to_list(), note="checks nothing")


def ask_iptools(column: Column) -> Iterator[Asker]:
    """polars-iptools reads the texts, polars searches; and its own `is_in`, which only says whether any network holds it."""
    pl, ip = module("polars"), module("polars_iptools")
    ipv4, ipv6 = column.world.cells[4], column.world.cells[6]
    below, above = [c for c in ipv6 if c.first < MAPPED], [c for c in ipv6 if c.first >= MAPPED + (1 << 32)]
    mapped = [Cell(MAPPED + c.first, c.name) for c in ipv4]
    cells = [*below, *mapped, Cell(MAPPED + (1 << 32), below[-1].name), *above]
    firsts = pl.Series([cell.first.to_bytes(16, "big") for cell in cells], dtype=pl.Binary)
    of = pl.Series([None, *(cell.name for cell in cells)], dtype=pl.Categorical)

    def ask(texts: Any) -> Any:
        read = pl.select(ip.to_address(texts).ext.storage()).to_series()
        return of.gather(firsts.search_sorted(read, side="right"))

    yield Asker("polars-iptools, to_address and search_sorted", pl.Series, ask, lambda answer: answer.to_list())
    if column.family == 4:
        firsts4 = pl.Series([cell.first for cell in ipv4], dtype=pl.UInt32)
        of4 = pl.Series([None, *(cell.name for cell in ipv4)], dtype=pl.Categorical)

        def ask4(texts: Any) -> Any:
            return of4.gather(firsts4.search_sorted(pl.select(ip.ipv4_to_numeric(texts)).to_series(), side="right"))

        yield Asker("polars-iptools, ipv4_to_numeric and search_sorted", pl.Series, ask4, lambda answer: answer.to_list())
    nets = pl.Series([net for family in column.families for net, _ in column.world.cover[family]])
    yield Asker(
        "polars-iptools, is_in",
        pl.Series,
        lambda texts: pl.select(ip.is_in(texts, pl.lit(nets))).to_series(),
        lambda answer: answer.to_list(),
        YES_NO,
        f"not which list; reads {len(nets):,} networks in every call",
    )


# asking them all

Structures = Sequence[tuple[Callable[[Column], Iterator[Asker]], tuple[str, ...]]]  # with the modules that they need

STRUCTURES: Structures = [
    (ask_smplist, ()),
    (ask_bisect, ()),
    (ask_ipaddress, ()),
    (ask_pytricia, ("pytricia",)),
    (ask_subnettree, ("SubnetTree",)),
    (ask_radix, ("radix",)),
    (ask_netaddr, ("netaddr",)),
    (ask_polars, ("polars",)),
    (ask_iptools, ("polars", "polars_iptools")),
]


def has(name: str) -> bool:
    """Whether a module is installed."""
    return importlib.util.find_spec(name) is not None


def module(name: str) -> Any:
    """A module that has no types."""
    return importlib.import_module(name)


def reference(column: Column) -> list[Name]:
    """The list that holds each row's address, by the cells alone; None where none does, or where the row is bad."""
    cut = {family: tuple(list(part) for part in zip(*column.world.cells[family], strict=True)) for family in column.families}
    out: list[Name] = []
    for text, valid in zip(column.texts, column.valid, strict=True):
        if text is None or not valid:
            out.append(None)
            continue
        address = ipaddress.ip_address(text)
        firsts, of = cut[address.version]
        out.append(of[bisect_right(firsts, int(address)) - 1])
    return out


class Expected:
    """The right answers to a column, in the words of each asker."""

    def __init__(self, column: Column) -> None:
        self.valid = column.valid
        self.names = reference(column)
        rows = zip(self.names, column.texts, column.valid, strict=True)
        self.said = [column.world.answer(name, text) if text is not None and valid else None for name, text, valid in rows]

    def wrong(self, asker: Asker, given: Sequence[Any]) -> tuple[int, int]:
        """How many answers to addresses are wrong, and how many bad rows have an answer."""
        right: list[Any] = self.said if asker.name.startswith("smplist") else self.names
        if asker.what == YES_NO:
            right = [name is not None for name in right]
        pairs = list(zip(given, right, self.valid, strict=False))
        of_addresses = sum(answer != expected for answer, expected, valid in pairs if valid)
        return of_addresses, sum(answer not in (None, False) for answer, _, valid in pairs if not valid)


def sample_size(asker: Asker, texts: list[Text], seconds: float) -> int:
    """How many rows to ask: all, or fewer of those who take more than 2 µs for a row."""

    def taken(rows: int) -> float:
        values = asker.column(texts[:rows])
        began = time.perf_counter()
        asker.ask(values)
        return time.perf_counter() - began

    taken(1)  # whatever is loaded or made on the first call
    once = taken(1)
    rows = 8
    while (more := taken(rows)) < 2 * once + 0.02 and rows < len(texts):
        rows = min(len(texts), rows * 8)
    each = max(0.0, more - once) / (rows - 1)
    if each < 2e-6:
        return len(texts)
    return max(10, min(len(texts), 50_000, int(seconds / each)))


def measure(column: Column, rounds: int, seconds: float, structures: Structures = STRUCTURES) -> list[dict[str, Any]]:
    """Check everybody, then ask them in turn; the rows of the result."""
    expected = Expected(column)
    asked: list[tuple[Asker, Any, int, str]] = []
    for make, needs in structures:
        for asker in make(column) if all(map(has, needs)) else ():
            size = len(column.texts) if asker.whole else sample_size(asker, column.texts, seconds)
            values = asker.column(column.texts[:size])
            mistakes, of_bad = expected.wrong(asker, asker.read(asker.ask(values)))
            notes = [asker.note] if asker.note else []
            notes += [f"sample of {size:,} rows"] if size < len(column.texts) else []
            notes += [f"WRONG for {mistakes:,} addresses"] if mistakes else []
            notes += [f"answers {of_bad:,} bad rows"] if of_bad else []
            asked.append((asker, values, size, "; ".join(notes)))
    taken: list[list[float]] = [[] for _ in asked]
    gc.disable()  # a million texts to look through, and none of the loops makes a cycle
    for _ in range(rounds):
        for at, (asker, values, size, _) in enumerate(asked):
            began = time.perf_counter_ns()
            answers = asker.ask(values)
            taken[at].append((time.perf_counter_ns() - began) / size)
            del answers
    gc.enable()
    return [
        {
            "structure": asker.name,
            "family": column.family,
            "rows": size,
            "ns_per_row": round(statistics.median(times), 2),
            "policy": column.world.name,
            "what": asker.what or column.what,
            "note": note,
        }
        for (asker, _, size, note), times in zip(asked, taken, strict=True)
    ]


def worlds(ranges: int) -> Iterator[World]:
    """The Acme example, and a generated policy of so many ranges."""
    yield World("acme", smplist.load(ACME))
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "world.json"
        command = [sys.executable, str(WORLD), "--rows", str(ranges), "--lists", "1000", "-o", str(made)]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        yield World(f"random-{ranges}", smplist.load(made))


def table(rows: list[dict[str, Any]]) -> str:
    """The rows of one column as a Markdown table."""
    ours = next((row["ns_per_row"] for row in rows if row["structure"].startswith("smplist")), 0.0)
    title = {4: "IPv4", 6: "IPv6", 0: "both families, nulls and bad rows"}[rows[0]["family"]]
    lines = [
        f"**{rows[0]['policy']}**, {title}, {max(row['rows'] for row in rows):,} rows",
        "",
        "| structure | ns for a row | million rows a second | smplist is faster, times | note |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        ns = row["ns_per_row"]
        lines.append(f"| {row['structure']} | {ns:,.1f} | {1e3 / ns:,.4g} | {ns / ours:,.1f} | {row['note']} |")
    return "\n".join([*lines, ""])


def missing(modules: Mapping[str, str] = MODULES) -> list[str]:
    """The packages that are not installed."""
    return [package for name, package in modules.items() if not has(name)]


def install(modules: Mapping[str, str]) -> bool:
    """Install what is missing into this interpreter's environment; whether that went well."""
    if not missing(modules):
        return True
    done = subprocess.run([sys.executable, "-m", "pip", "install", "-q", *missing(modules)]).returncode == 0
    importlib.invalidate_caches()
    return done


def report(found: list[dict[str, Any]], target: Path | None) -> int:
    """Write the rows, if that is wanted, and say who was wrong: 1 if anybody was."""
    if target:
        target.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    bad = [row for row in found if "WRONG" in row["note"]]
    for row in bad:
        print(f"{row['structure']}, {row['policy']}, family {row['family']}: {row['note']}", file=sys.stderr)
    return 1 if bad else 0


def main() -> int:
    """Read the command line, ask, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few rows and ranges: under 20 seconds")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the rows there, too")
    parser.add_argument("--install", action="store_true", help="install what is missing, with pip")
    given = parser.parse_args()
    if given.install and not install(MODULES):
        return 2
    if missing():
        print(f"not installed, left out: {', '.join(missing())}", file=sys.stderr)
    count, ranges, rounds, seconds = (20_000, 5_000, 3, 0.01) if given.quick else (1_000_000, 100_000, 5, 0.5)
    found: list[dict[str, Any]] = []
    for world in worlds(ranges):
        for family in (4, 6, 0):
            rows = measure(column_of(world, family, count), rounds, seconds)
            print(table(rows), flush=True)
            found += rows
    return report(found, given.json)


if __name__ == "__main__":
    sys.exit(main())
