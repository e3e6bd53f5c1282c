# SPDX-License-Identifier: MIT
"""Pictures: exact cells, the same bytes every time, names that are only names, and a command line that refuses in one line."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import random
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import smplist
from conftest import ROOT, Run
from hostile import HOSTILE, document, names_to_break
from PIL import Image
from smplist import plots
from smplist.analysis.outages import Event, Script, read_script
from smplist.analysis.simulate import simulate
from smplist.plots import _strips, _timeline
from smplist.plots._hilbert import BITS, d2xy, grid, levels_of, rectangle
from smplist.plots._layers import inside, listed, looks, of_diff, of_policy, prefix_of
from smplist.plots._sheet import Picture
from smplist.plots._styles import CHANGES, NAMED, OTHERS, Style
from smplist.plots._text import label

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: bytes) -> list[str]:
    """The texts of an SVG."""
    return ["".join(one.itertext()) for one in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.fixture(scope="module")
def many() -> smplist.Policy:
    """A policy of 1,000 lists."""
    return smplist.Policy.from_dict(document([f"site-{i}" for i in range(1000)]))


@pytest.fixture(scope="module")
def hostile() -> smplist.Policy:
    """A policy whose names are made to break pictures; its sources' too."""
    return names_to_break()


@pytest.fixture(scope="module")
def policy() -> smplist.Policy:
    """Acme's."""
    return smplist.load(ROOT / "docs/examples/acme/policy.yaml")


def walk(order: int, place: int) -> tuple[int, int]:
    """Column and row along the curve, quarter by quarter from the outside in: another way than the one tested."""
    if order == 0:
        return 0, 0
    half, size = 1 << (order - 1), 1 << (2 * (order - 1))
    quarter, rest = divmod(place, size)
    x, y = walk(order - 1, rest)
    return [(y, x), (x, y + half), (x + half, y + half), (2 * half - 1 - y, half - 1 - x)][quarter]


def test_the_curve_is_hilberts() -> None:
    """Equal to the recursive definition; every step goes to a neighbour; every cell has one place."""
    for order in range(1, 7):
        x, y = d2xy(order, np.arange(4**order))
        assert list(zip(x.tolist(), y.tolist(), strict=True)) == [walk(order, place) for place in range(4**order)]
        assert (np.abs(np.diff(x)) + np.abs(np.diff(y)) == 1).all()
    x, y = d2xy(16, np.array([0, 2**32 - 1, 10 << 24]))  # the corners that all maps of IPv4 have
    assert (x.tolist(), y.tolist()) == ([0, 65535, 3 << 12], [0, 0, 3 << 12])


def test_a_block_is_the_rectangle_of_its_cells() -> None:
    """Squares for even lengths, two squares for odd ones."""
    dice = random.Random(5)
    for _ in range(200):
        length = dice.randrange(0, 17)
        first = dice.randrange(1 << length) << (BITS - length)
        levels = max(8, (length + 1) // 2)
        count = 1 << max(0, 2 * levels - length)
        x, y = d2xy(levels, (first >> (BITS - 2 * levels)) + np.arange(count))
        left, top = int(x.min()), int(y.min())
        assert rectangle(first, length, levels) == (left, top, int(x.max()) + 1 - left, int(y.max()) + 1 - top)


def brute(
    runs: list[tuple[int, int, int]], first: int, length: int, order: int
) -> tuple[dict[tuple[int, int], int], Counter[int]]:
    """Cells and counts, address by address."""
    levels = levels_of(length, order)
    size = 4 ** (16 - levels)
    at = {address: key for a, b, key in runs for address in range(a, b + 1)}
    cells, total = {}, Counter[int]()
    for place in range((1 << (BITS - length)) // size):
        found = Counter(at.get(first + place * size + i, 0) for i in range(size))  # counters keep the order of addresses
        total += found
        cells[walk(levels, first // size + place)] = max(found, key=found.__getitem__)
    return cells, total


def test_cells_are_those_of_brute_force() -> None:
    """Random runs in random blocks of small size, at every order: most addresses win, the first of equals; exact counts."""
    dice = random.Random(os.environ["SMPLIST_SEED"])
    for _ in range(150):
        length = dice.choice([20, 21, 24, 25, 28, 31, 32])
        first = dice.randrange(1 << length) << (BITS - length)
        ends = sorted(dice.sample(range(max(0, first - 3), first + (1 << (BITS - length)) + 3), dice.randrange(0, 2) * 2))
        inner = range(first, first + (1 << (BITS - length)))
        ends = sorted({*ends, *dice.choices(inner, k=dice.choice([2, 20, 200]))})
        runs = [(a, b, dice.randrange(1, 5)) for a, b in zip(ends[::2], ends[1::2], strict=False)]
        order = dice.randrange(1, 7)
        found = grid(runs, 0, first, length, order)
        cells, counts = brute(runs, first, length, order)
        left, top = min(x for x, _ in cells), min(y for _, y in cells)
        assert {(x + left, y + top): int(k) for (y, x), k in np.ndenumerate(found.keys)} == cells
        assert found.counts == counts


@pytest.mark.parametrize("by", ["list", "source", "survivability"])
@pytest.mark.parametrize("within", ["0.0.0.0/0", "10.0.0.0/8", "10.20.0.0/15", "172.20.9.0/24"])
def test_acmes_cells_are_what_the_engine_says(policy: smplist.Policy, by: str, within: str) -> None:
    """At random addresses, where one answer is in the cell, its colour stands for the plan of a client there."""
    layer = of_policy(policy, "ipv4", by, "file_reputation", {})
    where = prefix_of(within, "ipv4")
    first, length = int(where.first), BITS - (where.size.bit_length() - 1)
    cells = grid(layer.runs, layer.rest, first, length, 9)
    assert sum(cells.counts.values()) == where.size
    ox, oy, *_ = rectangle(first, length, cells.levels)
    size = 4 ** (16 - cells.levels)
    places = policy.partition().pieces("ipv4")
    survivors = [
        row for row in policy.survivability(regions=None).to_dict()["rows"]
        if (row["service"], row["location"], row["population"]) == ("file_reputation", "internal", "ipv4")
    ]  # fmt: skip
    dice = random.Random(3)
    tried = 0
    ends = [int(place.first) for place, _, _ in places if place.first in where]
    for address in [*ends, *(first + dice.randrange(where.size) for _ in range(150))]:
        piece, usable = next((place, usable) for place, _, usable in places if int(place.first) <= address <= int(place.last))
        corner = address // size * size
        if not int(piece.first) <= corner <= corner + size - 1 <= int(piece.last):
            continue
        x, y = walk(cells.levels, address // size)
        key = layer.keys[int(cells.keys[y - oy, x - ox])]
        plan = policy.evaluate(smplist.Client([smplist.Address(address_text(address))], location="internal"), "file_reputation")
        tried += 1
        if not usable:
            assert key.name == "link-local, loopback" and not plan.attempts
        elif by == "list":
            assert key.name == (plan.decided_by.list if plan.decided_by else "no list")
        elif by == "source":
            drawn = plan.stages[0].order == "random"
            asked = [a.source for a in plan.attempts if a.list == plan.attempts[0].list] if drawn else [plan.attempts[0].source]
            assert key.name == " or ".join(sorted(asked))
        else:
            where_is = smplist.Address(address_text(address))
            row = next(
                row for row in survivors
                if any(where_is in smplist.AddressRange.from_ends(r["first"], r["last"]) for r in row["regions_shown"])
            )  # fmt: skip
            assert key.name == ("6 or more" if row["failures"] >= 6 else str(row["failures"]))
    assert tried > 50


def address_text(number: int) -> str:
    """An IPv4 address."""
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))


def test_a_zoom_is_an_enlarged_part(policy: smplist.Policy) -> None:
    """10.0.0.0/12 at a lower order shows the very cells that the whole of 10.0.0.0/8 has there."""
    layer = of_policy(policy, "ipv4", "list", "file_reputation", {})
    whole = grid(layer.runs, layer.rest, 10 << 24, 8, 7)
    part = grid(layer.runs, layer.rest, 10 << 24 | 16 << 16, 12, 5)
    ox, oy, *_ = rectangle(10 << 24, 8, whole.levels)
    x, y, across, down = rectangle(10 << 24 | 16 << 16, 12, part.levels)
    assert whole.levels == part.levels
    assert (whole.keys[y - oy : y - oy + down, x - ox : x - ox + across] == part.keys).all()


def test_the_largest_map_takes_no_time(many: smplist.Policy) -> None:
    """262,144 cells of 1,000 lists: well under a second, on a slow machine that others use."""
    layer = of_policy(many, "ipv4", "list", "file_reputation", {})
    spent = []
    for _ in range(3):
        start = time.process_time()
        grid(layer.runs, layer.rest, 0, 0, 9)
        spent.append(time.process_time() - start)
    assert min(spent) < 1


def test_change_kinds_are_those_of_the_diff(policy: smplist.Policy) -> None:
    """Every region of `smplist.diff` is in the layer with its kind, and nothing else is."""
    new = policy.what_if(down=["sps-hq", "sps-dmz", "sps-frankfurt-1", "osce"])
    found = smplist.diff(policy, new).rows()
    for family in ("ipv4", "ipv6"):
        layer = of_diff(policy, new, family, "file_reputation", {})
        rows = [r for r in found if (r["population"], r["service"], r["location"]) == (family, "file_reputation", "internal")]
        ends = [(int(smplist.Address(r["first"])), int(smplist.Address(r["last"]))) for r in rows if r["first"]]
        assert sorted(ends) == [run[:2] for run in layer.runs]
        kinds = {(a, b): layer.keys[key].name for a, b, key in layer.runs}
        for row, both in zip(rows, ends, strict=True):
            kind = "lost" if row["trend"] == "lost" else "renamed" if row["renamed"] else row["change"]
            assert kinds[both] == CHANGES[kind][1]
    assert any("nothing is left" in key.name for key in of_diff(policy, new, "ipv4", "file_reputation", {}).keys)


def test_populated_ipv6_is_all_that_lists_mention(policy: smplist.Policy) -> None:
    """No address is left out or drawn twice, whatever the layer."""
    everything, mentioned = prefix_of(None, "ipv6"), listed([policy], "ipv6")
    for by in ("list", "source", "survivability"):
        runs = inside(of_policy(policy, "ipv6", by, "file_reputation", {}), mentioned, everything)
        assert all(a[1] < b[0] for a, b in pairwise(runs))
        assert by != "list" or sum(last - first + 1 for first, last, _ in runs) == mentioned.size
    part = inside(of_policy(policy, "ipv6", "list", "file_reputation", {}), mentioned, prefix_of("2001:db8:20::/48", "ipv6"))
    assert [last - first + 1 for first, last, _ in part] == [1 << 80]


def outage(endpoint: str) -> Script:
    """A script in which an endpoint is silent, and slow."""
    hits = frozenset({("endpoint", endpoint)})
    return Script((Event(60_000, "s", "silent", hits=hits), Event(300_000, "s", "slow", 2_000, hits=hits)))


def pictures(policy: smplist.Policy, new: smplist.Policy) -> dict[str, Callable[[], Picture]]:
    """One picture of each kind."""
    client = smplist.Client([policy.lists[0].ranges[0].first], id="<script>\u202e" + "z" * 900, location="internal")
    plan = policy.evaluate(client, "file_reputation")
    return {
        "map_ipv4": lambda: plots.map_ipv4(policy, within="10.0.0.0/8", order=6),
        "map_ipv4 by source": lambda: plots.map_ipv4(policy, "source", order=6),
        "map_ipv4 by survivability": lambda: plots.map_ipv4(policy, "survivability", order=6),
        "map_ipv6": lambda: plots.map_ipv6(policy),
        "map_ipv6 by source": lambda: plots.map_ipv6(policy, "source"),
        "map_diff": lambda: plots.map_diff(policy, new, order=6),
        "map_diff of IPv6": lambda: plots.map_diff(policy, new, family="ipv6"),
        "load": lambda: plots.load(policy.load([("10.0.0.0/8", 1000)], down=[next(iter(policy.lists[0].sources))])),
        "ladder": lambda: plots.ladder(plan, availability={plan.attempts[0].identity: "down"}),
        "timeline": lambda: plots.timeline(simulate(policy, client, outage(plan.attempts[0].identity))),
        "strips": lambda: plots.strips(policy, new),
        "strips by source": lambda: plots.strips(policy, new, "source"),
    }


def test_bytes_are_the_same_every_time(policy: smplist.Policy, tmp_path: Path) -> None:
    """Made twice, drawn twice, under a strange matplotlibrc, in another process with another hash seed; no date, no random id."""
    import matplotlib

    new = policy.what_if(down=["sps-tokyo-1"])
    kinds = [name for name in pictures(policy, new) if " by " not in name]
    make = pictures(policy, new)
    first = {kind: (make[kind]().to_bytes("png", 72), make[kind]().to_bytes("svg")) for kind in kinds}
    strange: dict[Any, Any] = {
        "font.size": 30, "font.weight": "bold", "font.family": "serif", "svg.fonttype": "path", "savefig.dpi": 20,
        "savefig.bbox": "tight", "savefig.transparent": True, "hatch.linewidth": 5, "axes.facecolor": "black",
        "figure.frameon": False, "patch.force_edgecolor": True, "lines.antialiased": False, "path.sketch": (3, 100, 2),
        "text.antialiased": False, "figure.constrained_layout.use": True,
    }  # fmt: skip
    with matplotlib.rc_context(strange):
        for name in kinds:
            picture = make[name]()  # one for both: nothing is left behind by a drawing
            assert picture.to_bytes("png", 72) == first[name][0], name
            picture.savefig(tmp_path / "saved.svg")
            assert (tmp_path / "saved.svg").read_bytes() == first[name][1], name
    code = f"""if True:
        import hashlib, smplist
        p = smplist.load({str(ROOT / "docs/examples/acme/policy.yaml")!r})
        picture = smplist.plots.map_ipv4(p, within="10.0.0.0/8", order=6)
        print(hashlib.sha256(picture.to_bytes("png", 72) + picture.to_bytes("svg")).hexdigest())"""
    environment = os.environ | {"PYTHONHASHSEED": "77", "SOURCE_DATE_EPOCH": "1"}
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", env=environment, check=True).stdout
    assert said.strip() == hashlib.sha256(b"".join(first["map_ipv4"])).hexdigest()


def test_a_notebook_keeps_a_third_of_the_bytes(policy: smplist.Policy) -> None:
    """The picture that a notebook shows has 256 colours; nobody sees that, and the matplotlib that made it is still named."""
    picture = plots.map_ipv4(policy, within="10.0.0.0/8")
    whole, kept = (Image.open(io.BytesIO(data)) for data in (picture.to_bytes("png"), picture._repr_png_()))
    assert len(picture._repr_png_()) * 2 < len(picture.to_bytes("png"))
    assert kept.mode == "P" and kept.size == whole.size and kept.info["Software"] == whole.info["Software"]
    off = np.abs(np.asarray(whole.convert("RGB"), dtype=int) - np.asarray(kept.convert("RGB"), dtype=int)).max(axis=2)
    assert (off > 8).mean() < 0.01 and off.max() < 64
    assert picture._repr_png_() == picture._repr_png_()


def test_hostile_names_are_only_names(hostile: smplist.Policy) -> None:
    """In SVG no element and no attribute is theirs; every name is there as text, or shortened; no sign that hides or turns."""
    names = "svg metadata defs style g path text image pattern rect use clipPath"
    allowed = {f"{SVG}{name}" for name in names.split()}
    seen: set[str] = set()
    for name, make in pictures(hostile, hostile.what_if(down=["s1"])).items():
        svg = make().to_bytes("svg")
        make().draw_without_rendering()
        root = ElementTree.fromstring(svg)
        elements = {one.tag for one in root.iter() if one.tag.startswith(SVG)}
        assert elements <= allowed, name
        assert not [key for one in root.iter() for key in one.attrib if key.lower().startswith("on")]
        assert b"<script" not in svg.lower() and b"<b>" not in svg and b"<!--" not in svg
        for text in texts(svg):
            assert len(text) < 250
            assert not [c for c in text if c in "\u202e\u200f\u2066\n\U000e0041"], text
            seen.add(text)
    for wanted in ("<script>alert(1)</script>", "a\"b'c&amp;", "\\u202egnp.exe", "$\\\\frac{1}{0}$", "$x",
                   "a\\u200fb\\u2066c", "]]>", "\\u65e5\\u672c", "a \\x20b",
                   "\u05e9\u05dc\u05d5\u05dd", "\\U000e0041tag"):  # fmt: skip
        assert wanted in seen, wanted


def test_labels_are_short_visible_and_unambiguous() -> None:
    """At most 40 signs, both ends kept, no escape in halves, a backslash never taken for an escape."""
    assert label("hamburg-hq") == "hamburg-hq"
    assert label("") == ""
    assert label("a" * 40) == "a" * 40
    assert label("a" * 20 + "b" * 21) == "a" * 20 + "b" * 6 + "…" + "b" * 13
    assert label("\n\t\r\x00\x85") == "\\n\\t\\r\\x00\\x85"
    assert label("\\n") == "\\\\n"
    assert label("e\u0301") == "e\\u0301"
    assert label("\ue000") == "\\ue000"
    for text in ("\u202e" * 10_000, "x" * 10_000, "\U0001f9ff" * 30, "a" * 26 + "\u202e" * 9 + "b", "…" * 50):
        assert len(label(text)) <= 40
        assert re.fullmatch(r"(\\u202e|\\U0001f9ff|x|a|b|…)+", label(text))


def test_a_thousand_lists_are_legible(many: smplist.Policy) -> None:
    """The largest have a name, the rest are one line that counts them; nothing in a legend is over something else."""
    svg = plots.map_ipv4(many, within="10.0.0.0/8", order=7).to_bytes("svg")
    layer = of_policy(many, "ipv4", "list", "file_reputation", {})
    cells = grid(layer.runs, layer.rest, 10 << 24, 8, 7)
    styles, rows = looks(layer.keys, cells.counts)
    named = [row for row in rows if row.style != OTHERS and row.words.startswith("site-")]
    assert len(named) == NAMED - 1
    lists = [number for number in cells.counts if layer.keys[number].style is None]
    assert f"{len(lists) - len(named):,} others" in texts(svg)
    assert sum(row.addresses for row in rows) == 1 << 24
    assert min(row.addresses for row in named) >= max(cells.counts[n] for n in lists if styles[n] == OTHERS)
    assert len(set(styles[n] for n in lists)) == NAMED
    for make in pictures(many, many.what_if(down=["s1"])).values():
        overlaps(make())


def test_no_text_is_over_another(policy: smplist.Policy, hostile: smplist.Policy) -> None:
    """Measured by matplotlib, in every picture of Acme and of hostile names."""
    for one in (policy, hostile):
        for make in pictures(one, one.what_if(down=[one.lists[0].sources[0]])).values():
            overlaps(make())
    overlaps(plots.map_ipv4(policy, within="10.0.0.0/8"))
    overlaps(plots.map_ipv4(policy, within="172.20.9.0/27"))


def overlaps(picture: Picture) -> None:
    """Fails if a text leaves the sheet, or if two cover each other by more than a hair."""
    picture.draw_without_rendering()
    renderer: Any = picture.canvas.get_renderer()  # type: ignore[attr-defined]
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in picture.axes[0].texts]
    across, down = picture.bbox.width, picture.bbox.height
    for said, box in boxes:
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= across and box.y1 <= down, said
    edges = np.array([(box.x0, box.y0, box.x1, box.y1) for _, box in boxes])
    wide = np.minimum(edges[:, None, 2], edges[None, :, 2]) - np.maximum(edges[:, None, 0], edges[None, :, 0])
    high = np.minimum(edges[:, None, 3], edges[None, :, 3]) - np.maximum(edges[:, None, 1], edges[None, :, 1])
    both = np.triu((wide > 2) & (high > 4), 1)  # lines of a name stand closer than their ascenders
    assert [(boxes[i][0], boxes[j][0]) for i, j in np.argwhere(both)] == []


def test_the_ladder_says_what_the_plan_says(policy: smplist.Policy) -> None:
    """Every attempt, every source left out and why, the end; who is down and who is asked now."""
    client = smplist.Client(["10.20.3.4"], id="pc-7", location="internal")
    plan = policy.evaluate(client, "file_reputation")
    said = texts(plots.ladder(plan, availability={plan.attempts[0].identity: "down"}).to_bytes("svg"))
    for attempt in plan.attempts:
        assert attempt.source in said and attempt.url in said
    assert "sps-manila-v6" in said and any("converts between IPv4 and IPv6" in text for text in said)
    assert (said.count("down"), said.count("asked now"), said.count("asked first")) == (1, 1, 0)
    assert said.index("down") < said.index("asked now")
    nobody = policy.evaluate(smplist.Client(["2001:db8:27::9"], location="external"), "web_reputation")
    assert "Nobody is asked." in texts(plots.ladder(nobody).to_bytes("svg"))


def test_a_ladder_of_a_thousand_rungs_counts_the_rest() -> None:
    """Forty are drawn."""
    data = document(["a"])
    names = [f"s{i}" for i in range(1000)]
    data["sources"] |= {
        name: {"host": f"{name}.example", "families": ["ipv4"], "file_reputation": {"port": 443}} for name in names
    }
    data["internal"]["custom"]["lists"][0].update(sources=names, ranges=["10.0.0.0/8"])
    big = smplist.Policy.from_dict(data)
    picture = plots.ladder(big.evaluate(smplist.Client(["10.0.0.1"], location="internal"), "file_reputation"))
    said = texts(picture.to_bytes("svg"))
    assert "and 960 more attempts" in said and "and 1 more attempt" in said and "s39" in said and "s40" not in said
    overlaps(picture)


def test_loads_are_those_of_the_report(policy: smplist.Policy) -> None:
    """Shares as the text has them; who is down; nothing where something is cut off; another part on demand."""
    report = policy.load([("10.20.0.0/16", 500), ("10.1.0.0/16", 1500)], down=["sps-hq"])
    said = texts(plots.load(report).to_bytes("svg"))
    assert "sps-hq (down)" in said and "75 %" not in said and "75.0 %" in said and "before" in said
    part = texts(plots.load(report, service="web_reputation").to_bytes("svg"))
    assert any(text.startswith("Web reputation, 2,000 clients") for text in part)
    with pytest.raises(ValueError, match="the report has no file_reputation of dual; it has: file_reputation of ranges"):
        plots.load(report, service="file_reputation", population="dual")


def test_strips_say_what_changes(policy: smplist.Policy) -> None:
    """Each run with its size, its kinds, and both answers; equal policies are said to be."""
    said = texts(plots.strips(policy, policy.what_if(down=["sps-tokyo-1"])).to_bytes("svg"))
    assert "10.27.0.0/16" in said and "65,536 addresses" in said
    assert said.count("jakarta → sps-singapore") == 2 and "redundancy" in said
    same = texts(plots.strips(policy, policy).to_bytes("svg"))
    assert "No internal client with one address gets another answer." in same


def test_strips_have_the_colours_of_who_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that nobody of can be asked any more has its addresses, and another list serves them: in label and colour."""
    text = """schema: smplist/1
sources:
  dmz: {host: dmz.example, families: [%s], file_reputation: {port: 443}}
  hq: {host: hq.example, families: [ipv4, ipv6], file_reputation: {port: 443}}
internal:
  mode: custom
  standard: {sources: [hq]}
  custom: {fallback_to_standard: true, lists: [{name: dmz, ranges: [172.16.0.0/23], sources: [dmz]}]}
"""
    pieces: list[tuple[Style, str]] = []
    monkeypatch.setattr(_strips, "_piece", lambda sheet, x, end, y, style, name: pieces.append((style, name)))
    said = texts(plots.strips(smplist.loads(text % "ipv4"), smplist.loads(text % "ipv6")).to_bytes("svg"))
    named = {name: style for style, name in pieces if name}
    assert set(named) == {"dmz → dmz", "standard → hq"} and len(set(named.values())) == 2
    assert "list: another list serves them" in said and "list that serves" in said


def test_a_timeline_says_how_long_answers_take() -> None:
    """Of what is slow the time is written, and a stroke stands for it; questions without an answer look like nothing else."""
    policy = smplist.load(ROOT / "docs/examples/acme/policy.yaml")
    script = read_script((ROOT / "docs/examples/acme/outage.yaml").read_text(encoding="utf-8"), policy)
    drawn = plots.timeline(simulate(policy, smplist.Client(["10.20.3.4"], location="internal"), script)).to_bytes("svg")
    assert texts(drawn).count("an answer takes 3s") == 1
    colours = {_timeline._GOOD, _timeline._BAD, _timeline._NOBODY}
    light = sorted(luminance(colour) for colour in colours)
    assert len(light) == 3 and all((b + 0.05) / (a + 0.05) > 1.3 for a, b in pairwise(light))


def luminance(colour: str) -> float:
    """How light a colour is, 0 to 1: what is left of it for whoever sees no colours."""
    linear = ((part / 255 + 0.055) / 1.055 for part in Style(colour).rgb)
    return sum(float(part**2.4) * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (lambda p: plots.map_ipv4(p, "colour"), "unknown by 'colour'; expected one of: list, source, survivability"),
        (lambda p: plots.map_ipv4(p, "source", service="x"), "unknown service 'x'; expected one of: file_rep"),
        (
            lambda p: plots.map_ipv4(p, within="10.0.0.0-10.0.0.8"),
            "within: 10.0.0.0-10.0.0.8 is a range and no prefix; write one as",
        ),
        (lambda p: plots.map_ipv4(p, within="2001:db8::/32"), "is not IPv4, of which this map is; write a prefix as 10.0.0.0/8"),
        (lambda p: plots.map_ipv6(p, within="10.0.0.0/8"), "is not IPv6, of which this map is; write a prefix as 2001:db8::/32"),
        (lambda p: plots.map_ipv4(p, within="10.0.0.1/8"), "within: "),
        (lambda p: plots.map_ipv4(p, order=11), "the order of a map is 1 to 10, not 11"),
        (lambda p: plots.map_diff(p, p, family="ipx"), "unknown family 'ipx'"),
        (lambda p: plots.strips(p, p, "survivability"), "unknown by 'survivability'; expected one of: list, source"),
        (lambda p: plots.strips(p, p, service="x"), "unknown service 'x'"),
    ],
)
def test_refusals(policy: smplist.Policy, draw: Callable[[smplist.Policy], object], said: str) -> None:
    """One line with advice."""
    with pytest.raises(ValueError) as refused:
        draw(policy)
    assert said in str(refused.value) and "\n" not in str(refused.value)


def test_without_matplotlib_one_line_says_what_to_do(policy: smplist.Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    """For every picture; and importing smplist imports none of it."""
    calls = pictures(policy, policy)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for name, make in calls.items():
        if name == "load":  # the report itself is no picture
            make = lambda: plots.load(None)  # type: ignore[arg-type]  # noqa: E731
        with pytest.raises(ImportError) as refused:
            make()
        assert str(refused.value) == f"plots.{name.split()[0]} needs matplotlib: pip install smplist[plot]"
    code = "import smplist, sys; print(sorted({'matplotlib', 'numpy', 'PIL'} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True).stdout
    assert said == "[]\n"


def test_plot_draws_every_kind(run: Run, acme: Path, tmp_path: Path) -> None:
    """Both forms; nothing on either stream; the size of a PNG is as asked."""
    policy = acme / "policy.yaml"
    (tmp_path / "counts.csv").write_text("range,clients\n10.20.0.0/16,10\n", encoding="utf-8")
    calls = {
        "map": ["--by", "survivability", "--within", "10.0.0.0/12", "--down", "sps-hq"],
        "map6": ["--within", "2001:db8::/32"],
        "diff": ["--down", "sps-tokyo-1", "--family", "ipv6"],
        "strips": ["--down", "sps-tokyo-1", "--by", "source"],
        "load": ["--counts", "counts.csv", "--down", "sps-manila"],
        "ladder": ["--address", "10.20.3.4", "--gateway", "10.20.0.1,00:00:5e:00:53:20", "--down", "sps-manila"],
    }
    for kind, options in calls.items():
        ended = run("plot", kind, policy, *options, "-o", f"{kind}.PNG", "--size", "1001")
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", ""), kind
        with Image.open(tmp_path / f"{kind}.PNG") as image:
            assert image.width == 1001
    ended = run("plot", "strips", policy, policy, "-o", "same.svg")
    assert ended.returncode == 0 and ElementTree.parse(tmp_path / "same.svg").getroot().tag == f"{SVG}svg"


def test_plot_counts_rows_that_are_no_clients(run: Run, acme: Path, tmp_path: Path) -> None:
    """The picture is made of the others, and the exit code is 1."""
    (tmp_path / "clients.csv").write_text("id,addresses,location\na,10.20.3.4,internal\nb,10.20.3.400,\n", encoding="utf-8")
    ended = run("plot", "load", acme / "policy.yaml", "--clients", "clients.csv", "-o", "x.svg")
    assert ended.returncode == 1 and "1 row rejected" in ended.stderr
    assert any("1 client:" in text for text in texts((tmp_path / "x.svg").read_bytes()))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["map", "P", "-o", "x.jpg"], "smplist: x.jpg: the suffix '.jpg' is of no picture; use .png or .svg"),
        (["map", "P", "-o", "-"], "smplist: -: the suffix '' is of no picture; use .png or .svg"),
        (["map", "P", "-o", "x.svg", "--size", "900"], "smplist: --size is for PNG; an SVG has any size"),
        (["map", "P", "-o", "gone/x.svg"], "smplist: cannot write gone/x.svg: No such file or directory"),
        (["map", "P", "-o", "folder.svg"], "smplist: cannot write folder.svg: Is a directory"),
        (
            ["map", "P", "-o", "x.svg", "--within", "10.0.0.0/33"],
            "smplist: within: the prefix length is out of range: '10.0.0.0/33'; 0 to 32 for IPv4",
        ),
        (["map6", "P", "-o", "x.svg", "--within", "10.0.0.0/8"], "smplist: within: 10.0.0.0/8 is not IPv6"),
        (["map", "P", "-o", "x.svg", "--address", "10.0.0.1"], "smplist: plot map has no use for --address, which is for ladder"),
        (["map", "P", "P", "-o", "x.svg"], "smplist: plot map draws one policy, not 2"),
        (["diff", "P", "P", "P", "-o", "x.svg"], "smplist: plot diff draws two policies, not 3"),
        (["diff", "P", "-o", "x.svg"], "smplist: plot diff compares two policies, or one with what --down leaves of it"),
        (["diff", "-", "-", "-o", "x.svg"], "smplist: only one file can be standard input"),
        (["map", "P", "-o", "x.svg", "--down", "sps-hk"], "smplist: --down sps-hk: the policy declares no source 'sps-hk'"),
        (["strips", "P", "P", "-o", "x.svg", "--by", "survivability"], "smplist: unknown by 'survivability'; expected one of"),
        (["ladder", "P", "-o", "x.svg", "--location", "internal"], "smplist: plot ladder is about one client; state --address"),
        (
            ["ladder", "P", "-o", "x.svg", "--address", "10.0.0.1"],
            "smplist: plot ladder: nothing shows where the client is; state",
        ),
        (
            ["ladder", "P", "-o", "x.svg", "--address", "10.0.0.300", "--location", "internal"],
            "smplist: addresses 0: an octet is above",
        ),
        (
            ["load", "P", "-o", "x.svg", "--counts", "a", "--clients", "b"],
            "smplist: --population, --clients and --counts are three",
        ),
        (["map", "gone.yaml", "-o", "x.svg"], "smplist: cannot read gone.yaml: No such file or directory"),
        (["map", "own.svg", "-o", "own.svg"], "smplist: own.svg is one of the inputs; write to another file"),
    ],
)
def test_plot_refuses_in_one_line(run: Run, acme: Path, tmp_path: Path, words: list[str], said: str) -> None:
    """Exit code 2, and nothing is written, also nothing beside."""
    (tmp_path / "folder.svg").mkdir()
    (tmp_path / "own.svg").write_text((acme / "policy.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    before = sorted(tmp_path.iterdir())
    ended = run("plot", *(str(acme / "policy.yaml") if word == "P" else word for word in words))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(said) and ended.stderr.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_plot_without_matplotlib(run: Run, acme: Path, tmp_path: Path) -> None:
    """One line, exit code 2."""
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['matplotlib'] = None\n", encoding="utf-8")
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    ended = run("plot", "map", acme / "policy.yaml", "-o", "x.svg", environment={"PYTHONPATH": path})
    said = "smplist: plots.map_ipv4 needs matplotlib: pip install smplist[plot]\n"
    assert (ended.returncode, ended.stderr) == (2, said)


def normal(svg: bytes) -> str:
    """An SVG with the pixels of its images in the place of their bytes, which belong to the library that compresses them."""

    def pixels(found: re.Match[str]) -> str:
        with Image.open(io.BytesIO(base64.b64decode(found[1]))) as image:
            return f'"image {image.size} {hashlib.sha256(image.convert("RGBA").tobytes()).hexdigest()}"'

    return re.sub(r'"data:image/png;base64,([^"]*)"', pixels, svg.decode("utf-8"))


def test_the_pictures_of_the_page_are_what_its_commands_draw(run: Run, tmp_path: Path) -> None:
    """docs/pictures, made again by the commands of the page. To the byte with the matplotlib that made them, images by their
    pixels; with another version, which measures letters otherwise, the same texts on a sheet of the same size."""
    pages = [(ROOT / f"docs/how-to/{name}.md").read_text(encoding="utf-8") for name in ("draw-a-policy", "simulate-an-outage")]
    page = "\n".join(pages)
    commands = "\n".join(code for code in re.findall(r"^```sh\n(.*?)^```$", page, re.M | re.S) if "docs/pictures/" in code)
    names = re.findall(r"(?:-o|--picture) docs/pictures/(\S+)", commands)
    stored = {path.name: path.read_bytes() for path in (ROOT / "docs/pictures").glob("*.svg")}
    assert sorted(names) == sorted(stored) and len(names) >= 8
    assert set(re.findall(r"\]\(\.\./pictures/(\S+)\)", page)) == set(names)
    assert max(map(len, stored.values())) < 300_000
    (tmp_path / "docs/pictures").mkdir(parents=True)
    (tmp_path / "docs/examples").symlink_to(ROOT / "docs/examples")
    script = f'set -e\nsmplist() {{ "{sys.executable}" -m smplist "$@"; }}\n{commands}'
    ended = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=300)
    assert ended.returncode == 0, ended.stderr
    for name, old in stored.items():
        new = (tmp_path / "docs/pictures" / name).read_bytes()
        versions = [re.search(rb"Matplotlib v([\d.]+)", svg) for svg in (old, new)]
        assert all(versions)
        if versions[0][1] == versions[1][1]:  # type: ignore[index]
            assert normal(new) == normal(old), f"{name} is not what the page draws; run its commands"
        else:
            assert texts(new) == texts(old), name
            assert ElementTree.fromstring(new).get("viewBox") == ElementTree.fromstring(old).get("viewBox"), name


def test_the_document_of_hostile_names_is_one() -> None:
    """What the tests above draw is what a policy may hold, not what a loader would refuse."""
    written = json.loads(smplist.Policy.from_dict(document(HOSTILE)).to_json())
    assert [entry["name"] for entry in written["internal"]["custom"]["lists"]] == HOSTILE
