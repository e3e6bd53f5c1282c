# SPDX-License-Identifier: MIT
"""The explorer's answers are the engine's, cell by cell; what it shows is only text; and it does without what is missing."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import smplist
from conftest import ROOT
from hostile import HOSTILE, names_to_break
from smplist.analysis.failures import availability
from smplist.explorer._colours import STYLES, Colours
from smplist.explorer._model import Explored
from smplist.explorer._still import Still
from smplist.plots._layers import Key
from smplist.plots._sheet import Sheet
from smplist.plots._styles import OTHERS, Style

pytest.importorskip("matplotlib")
DOWN = ["sps-hq", "sps-manila"]
WITHIN = "10.20.0.0/14"  # a cell is one address


@pytest.fixture(scope="module")
def policy() -> smplist.Policy:
    """Acme's."""
    return smplist.load(ROOT / "docs/examples/acme/policy.yaml")


def drawn(explored: Explored) -> tuple[dict[str, Any], Any, Any]:
    """The map, its cells by row and column, and where the list of the client decides."""
    frame, cells = explored.map()
    both = np.frombuffer(cells, dtype=np.uint8).reshape(2, frame["height"], frame["width"])
    return frame, both[0], both[1]


@pytest.mark.parametrize("service", ["file_reputation", "web_reputation"])
@pytest.mark.parametrize("location", ["internal", "external"])
@pytest.mark.parametrize("down", [[], DOWN], ids=str)
def test_the_ladder_is_the_plan(policy: smplist.Policy, service: str, location: str, down: list[str]) -> None:
    """Every attempt in its order, with its route; who is asked now, and who is down."""
    known = availability(policy, down)
    for address in ("10.20.3.4", "10.1.7.7", "2001:db8:52::7", "8.8.8.8"):
        explored = Explored(policy, {"address": address, "location": location, "service": service, "down": down})
        plan = policy.evaluate(smplist.Client([address], location=location), service)
        ladder = explored.answer()["ladder"]
        steps = [step for stage in ladder["stages"] for step in stage["steps"]]
        assert [(s["number"], s["source"], s["url"]) for s in steps] == [
            (i, a.source, a.url) for i, a in enumerate(plan.attempts, 1)
        ]
        now = plan.first_available(known)
        assert [s["number"] for s in steps if s["note"].startswith("asked")] == (
            [] if now is None else [plan.attempts.index(now) + 1]
        )
        assert [s["note"] == "down" for s in steps] == [known.get(a.identity) == "down" for a in plan.attempts]
        assert [o["source"] for stage in ladder["stages"] for o in stage["left_out"]] == [i.source for i in plan.ignored]
        assert explored.answer()["text"] == plan.explain(known)


@pytest.mark.parametrize("down", [[], DOWN], ids=str)
def test_every_cell_is_what_the_engine_says(policy: smplist.Policy, down: list[str]) -> None:
    """A thousand addresses by their cells: who is asked first, whose list it is, and the way back from a cell to its address."""
    dice = random.Random(7)
    explored = Explored(policy, {"address": "10.20.3.4", "within": WITHIN, "down": down})
    frame, keys, mine = drawn(explored)
    changed = policy.what_if(down=down) if down else policy
    seen: set[str] = set()
    for _ in range(1000):
        column, row = dice.randrange(frame["width"]), dice.randrange(frame["height"])
        explored.ask({**explored.question, "cell": [column, row]})
        address = explored.question["address"]
        assert smplist.Address(address) in smplist.AddressRange(WITHIN)
        assert explored.map()[0]["spot"] == [column, row] if len(seen) < 3 else True
        plan = changed.evaluate(smplist.Client([address], location="internal"), "file_reputation")
        words = frame["rows"][keys[row, column]]["words"]
        assert plan.attempts[0].source in words.split(" or ") or "others" in words, (address, words)
        assert mine[row, column] == (plan.decided_by is not None and plan.decided_by.list == "manila")
        seen.add(words)
    assert len(seen) > 2
    assert sum(int(row["addresses"].replace(",", "")) for row in frame["rows"]) == 1 << 18


@pytest.mark.parametrize("within", ["10.0.0.0/8", "0.0.0.0/0"])
def test_a_name_keeps_its_colour(policy: smplist.Policy, within: str) -> None:
    """Whatever is switched off, and in which order: what is named looks the same, and no two names ever look alike."""
    explored = Explored(policy, {"within": within})
    looks: dict[str, tuple[str, int]] = {}
    grey: set[str] = set()
    for down in ([], ["sps-nairobi"], [], DOWN, *([name] for name in policy.sources), ["osce"], []):
        explored.ask({**explored.question, "down": down})
        frame, keys, _ = drawn(explored)
        for row in frame["rows"]:
            if "other" not in row["words"]:
                look = (row["color"], row["hatch"])
                assert looks.setdefault(row["words"], look) == look, (down, row)
        assert all(frame["rows"][number]["addresses"] != "0" for number in set(keys.flat))
        grey |= {row["words"] for row in frame["rows"] if "other" in row["words"]}
    assert len(set(looks.values())) == len(looks) > 28, grey
    explored.ask({**explored.question, "by": "list"})
    assert drawn(explored)[0]["rows"][0]["hatch"] == 0  # lists have colours of their own
    explored.ask({**explored.question, "by": "source", "within": WITHIN})
    assert all(looks[row["words"]] == (row["color"], row["hatch"]) for row in drawn(explored)[0]["rows"])


def test_who_takes_over_looks_different(policy: smplist.Policy) -> None:
    """Nairobi's server goes, and its addresses change their look; its row stays with its colour and no addresses."""
    explored = Explored(policy, {"address": "10.97.0.9", "within": "10.0.0.0/8"})
    seen = []
    for down in ([], ["sps-nairobi"]):
        explored.ask({**explored.question, "down": down})
        frame, keys, _ = drawn(explored)
        column, line = frame["spot"]
        seen.append(frame["rows"][keys[line, column]])
        nairobi = next(row for row in frame["rows"] if row["words"] == "sps-nairobi")
    assert [row["words"] for row in seen] == ["sps-nairobi", "osce"]
    assert (seen[0]["color"], seen[0]["hatch"]) != (seen[1]["color"], seen[1]["hatch"])
    assert nairobi == {**seen[0], "addresses": "0"}


def test_colours_that_run_out_are_those_of_the_others() -> None:
    """Of many names the largest are named, whoever takes over is until nothing is left, and elsewhere colours are given again."""
    keys = [Key(f"n{i:03}", what=(f"n{i:03}",)) for i in range(200)]
    colours = Colours()
    first = {key: 1000 - i for i, key in enumerate(keys[:40])}
    given = dict(colours.of("here", first, {}))
    assert [given[key] == OTHERS for key in keys[:40]] == [False] * 27 + [True] * 13
    later = colours.of("here", first, {key: 5000 for key in keys[30:100]})
    assert later.items() >= given.items()
    assert [key.name for key in keys[40:100] if later[key] != OTHERS] == [f"n{i:03}" for i in range(40, 55)]
    assert len(set(later.values())) == len(STYLES) + 1
    there = colours.of("there", {keys[0]: 9, **{key: 1 for key in keys[100:120]}}, {})
    assert there[keys[0]] == given[keys[0]] and len(set(there.values())) == 21 and OTHERS not in there.values()


def test_the_map_follows_the_client(policy: smplist.Policy) -> None:
    """An address of the other family brings its map, and the old one comes back as it was; whoever chose a family has it."""
    explored = Explored(policy, {"address": "10.20.3.4", "within": "10.0.0.0/8"})

    def seen(**change: object) -> tuple[str, str]:
        explored.ask({**explored.question, **change})
        return explored.question["family"], explored.question["within"]

    assert seen(address="2001:db8:52::7") == ("ipv6", "::/0")
    assert seen(within="2001:db8::/32") == ("ipv6", "2001:db8::/32")
    assert seen(address="10.20.3") == ("ipv6", "2001:db8::/32")
    assert seen(address="10.20.3.5") == ("ipv4", "10.0.0.0/8")
    assert seen(family="ipv6") == ("ipv6", "2001:db8::/32")
    assert seen(location="external") == ("ipv6", "2001:db8::/32")
    assert Explored(policy, {"address": "2001:db8:52::7"}).question["family"] == "ipv6"
    assert Explored(policy, {"address": "10.20.3.4", "within": "2001:db8::/32"}).question["family"] == "ipv6"


def test_what_is_no_question_is_refused(policy: smplist.Policy) -> None:
    """With words that say what there is; the question of before stays."""
    explored = Explored(policy, {"address": "10.20.3.4"})
    kept = dict(explored.question)
    wrongs: list[tuple[dict[str, Any], str]] = [
        ({"within": "10.0.0.0/40"}, "prefix length"), ({"within": "2001:db8::/32"}, "is not IPv4"),
        ({"by": "mood"}, "unknown by"),
        ({"down": ["sps-h"]}, "did you mean"), ({"cell": [512, 0]}, "no cell"), ({"service": "x"}, "unknown service"),
    ]  # fmt: skip
    for wrong, words in wrongs:
        with pytest.raises(ValueError, match=words):
            explored.ask({**kept, **wrong})
        assert explored.question == kept
    explored.ask({**kept, "address": "10.20.3"})
    answer = explored.answer()
    assert answer["ladder"] is None and answer["error"]
    assert not drawn(explored)[2].any()


def test_the_widget_asks_and_answers(policy: smplist.Policy) -> None:
    """Questions come in as the browser puts them; what is wrong is an error beside the last answer; anywhere else it is HTML."""
    pytest.importorskip("anywidget")
    explorer = smplist.explore(policy, "10.20.3.4", within="10.0.0.0/8")
    explorer.question = {**explorer.question, "down": ["sps-manila", "sps-manila"], "number": 5}
    assert explorer.question["down"] == ["sps-manila"] and explorer.answer["question"]["number"] == 5
    explorer.question = {**explorer.question, "within": "10.0.0.0/33"}
    assert "prefix length" in explorer.answer["error"] and explorer.answer["ladder"] is not None
    explorer.question = {**explorer.question, "within": "", "family": "ipv6"}
    assert explorer.answer["error"] == "" and explorer.map["svg"].startswith("<?xml") and explorer.cells == b""
    explorer.question = {**explorer.question, "by": "change", "family": "ipv4"}
    assert explorer.map["title"].startswith("what changes") and len(explorer.cells) == 2 * 512 * 512
    bundle = explorer._repr_mimebundle_()[0]
    assert "sps-singapore" in bundle["text/html"] and "Switched off: sps-manila" in bundle["text/html"]


class _Tags(HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen |= {tag, *(f"{tag}.{name}" for name, _ in attrs)}


def test_hostile_names_are_only_names() -> None:
    """In the HTML that stands still and in what the browser is given: no element is theirs, no sign hides."""
    policy = names_to_break()
    address = str(policy.lists[3].ranges[0].first)
    still = Still(Explored(policy, {"address": address, "by": "list"})).to_html()
    tags = _Tags()
    tags.feed(still)
    allowed = "div p b table thead tbody tr th td details summary pre img img.alt img.src img.style th.style td.style"
    assert tags.seen <= set(allowed.split()), tags.seen
    answer = repr(Explored(policy, {"address": address}).answer()["ladder"])
    for sign in "\u202e\u200f\u2066\U000e0041":
        assert sign not in still and sign not in answer
    assert "\\u202egnp.exe" in still and HOSTILE[3] not in still


def test_the_browsers_half_fetches_nothing_and_makes_only_text() -> None:
    """Neither a foreign address nor a way to make elements out of text."""
    folder = ROOT / "python/smplist/explorer"
    script, sheet = ((folder / name).read_text(encoding="utf-8") for name in ("explorer.js", "explorer.css"))
    assert not re.search(
        r"https?:|//\w+\.\w|innerHTML|insertAdjacent|document\.write|eval\(|import\(|fetch\(|^import ", script, re.M
    )
    assert not re.search(r"url\(|@import", sheet)


@pytest.mark.parametrize(
    ("missing", "said"),
    [("anywidget", "<explorer of Acme: pip install smplist[notebook] to try it out>"),
     ("matplotlib", "explore needs matplotlib: pip install smplist[notebook]")],
)  # fmt: skip
def test_without_a_package_it_says_what_to_install(missing: str, said: str, tmp_path: Path) -> None:
    """Without anywidget it stands still; without matplotlib there is one line."""
    code = (
        "import importlib.util, sys, smplist\n"
        f"sys.modules[{missing!r}] = None\n"
        "find = importlib.util.find_spec\n"
        f"importlib.util.find_spec = lambda name, *rest: None if name == {missing!r} else find(name, *rest)\n"
        f"policy = smplist.load({str(ROOT / 'docs/examples/acme/policy.yaml')!r})\n"
        "try:\n    shown = smplist.explore(policy, '10.20.3.4')\n"
        "    assert 'sps-manila' in shown.to_html()\n    print(repr(shown))\n"
        "except ImportError as error:\n    print(error)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=120)
    assert (ended.stdout.strip(), ended.returncode) == (said, 0), ended.stderr


def test_ipv6_keeps_the_colours(policy: smplist.Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its picture too: a name looks the same on both maps and in all states, and nobody else looks like it."""
    rows: list[Any] = []

    def noted(sheet: Sheet, x: float, y: float, across: float, head: str, numbers: list[Any], *more: str) -> float:
        rows.extend(numbers)
        return y

    monkeypatch.setattr(Sheet, "legend", noted)
    explored = Explored(policy, {"within": "0.0.0.0/0"})
    four = {row["words"]: Style(row["color"], row["hatch"]) for row in drawn(explored)[0]["rows"]}
    looks: dict[str, Style] = {}
    for down in ([], ["sps-hq"], ["sps-frankfurt-1"], DOWN, []):
        explored.ask({**explored.question, "family": "ipv6", "within": "", "down": down})
        rows.clear()
        explored.picture()
        names = {words: style for style, words, _ in rows if style in STYLES}
        assert len(names) > 10 and all(looks.setdefault(name, style) == style for name, style in names.items()), down
    assert len(set(looks.values())) == len(looks)
    both = {name for name in four.keys() & looks.keys() if four[name] in STYLES}
    assert len(both) > 5 and all(four[name] == looks[name] for name in both)
