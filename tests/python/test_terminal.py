# SPDX-License-Identifier: MIT
"""What a terminal shows and a pipe does not: plans as trees in colour, and how far long work is."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import smplist
from conftest import Run
from rich.console import Console
from smplist.cli import _terminal
from smplist.cli._terminal import Progress, tree
from terminal import environment, in_terminal, open_terminal, plain, read_all

ASK = ("--address", "10.20.3.4", "--location", "internal", "--down", "sps-manila")
MANY = 60_000
QUIET = [{"NO_COLOR": "1"}, {"NO_COLOR": ""}, {"TERM": "dumb"}]


def words_of(text: str) -> list[str]:
    """The words, without what draws a tree."""
    return re.sub(r"[│├└─]", " ", text).split()


def test_explain_is_a_coloured_tree_in_a_terminal(run: Run, acme: Path) -> None:
    """It says the words of the text, in its order, however narrow the terminal is."""
    words = ("explain", acme / "policy.yaml", *ASK, "--service", "file_reputation")
    shown = in_terminal(words, {}, "out", columns=200)
    assert "\x1b[" in shown and "├── " in plain(shown)
    assert re.search(r"\x1b\[1;31m +\(down\)", shown) and re.search(r"\x1b\[1;32m +<- asked now", shown)
    assert "│   │   ├── 1. sps-manila  https://sps.manila.acme.example:443/tmcss  (down)" in plain(shown)
    text = run(*words).stdout
    assert words_of(plain(shown)) == text.split()
    narrow = plain(in_terminal(words, {}, "out", columns=60))
    assert "".join(words_of(narrow)) == "".join(text.split())
    assert max(map(len, narrow.splitlines())) <= 60


def test_both_cases_are_trees(acme: Path, run: Run) -> None:
    """Without a location: outside, and what would be inside."""
    words = ("explain", acme / "policy.yaml", "--address", "10.20.3.4")
    assert words_of(plain(in_terminal(words, {}, "out"))) == run(*words).stdout.split()


@pytest.mark.parametrize("quiet", QUIET, ids=str)
def test_whoever_wants_no_colour_gets_the_text(run: Run, acme: Path, quiet: dict[str, str]) -> None:
    """Byte for byte what a pipe gets."""
    words = ("explain", acme / "policy.yaml", *ASK)
    assert in_terminal(words, quiet, "out") == run(*words).stdout


def test_a_pipe_gets_the_text(acme: Path) -> None:
    """Also when something wants to force colours."""
    words = [sys.executable, "-m", "smplist", "explain", str(acme / "policy.yaml"), *ASK]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60, env=environment({"FORCE_COLOR": "1"}))
    assert "\x1b" not in ended.stdout + ended.stderr and ended.stdout.startswith("File reputation: 10.20.3.4\n  location")


def test_other_forms_are_data_in_a_terminal_too(run: Run, acme: Path) -> None:
    """Only the text is for people."""
    for form in ("json", "ndjson", "oneline", "html"):
        words = ("explain", acme / "policy.yaml", *ASK, "--format", form)
        assert in_terminal(words, {}, "out") == run(*words).stdout


def test_names_are_no_markup() -> None:
    """A source called `[red]` is called so."""
    document = {
        "schema": "smplist/1",
        "sources": {"[red]policy[bold]": {"host": "hq.example", "file_reputation": {"port": 443}}},
        "internal": {"mode": "standard", "standard": {"sources": ["[red]policy[bold]"]}},
    }
    client = smplist.Client(["10.0.0.1"], location="internal")
    text = smplist.Policy.from_dict(document).evaluate(client, "file_reputation").explain()
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(tree(text))
    assert words_of(console.export_text()) == text.split()


# ---- progress


@pytest.fixture
def many_clients(tmp_path: Path, acme: Path) -> Path:
    """A file that takes longer than a second."""
    path = tmp_path / "many.csv"
    path.write_text("id,addresses\n" + "".join(f"pc-{i},10.20.{i >> 8 & 255}.{i & 255}\n" for i in range(MANY)))
    return path


LINE = r"[\d,]+ clients, [\d,.]+ a second, \d+:\d\d:\d\d left"


@pytest.mark.parametrize("command", ["evaluate", "coverage", "replay"])
def test_files_of_clients_tell_rate_and_time_left(acme: Path, many_clients: Path, command: str, tmp_path: Path) -> None:
    """Of every command that reads one; the line is gone at the end."""
    policy = acme / "policy.yaml"
    all_words: dict[str, list[str | Path]] = {
        "evaluate": [policy, many_clients, "-o", tmp_path / "out.csv"],
        "coverage": [policy, many_clients],
        "replay": [policy, policy, many_clients],
    }
    shown = in_terminal([command, *all_words[command]], {}, "err")
    assert re.search(LINE, plain(shown)), plain(shown)
    assert shown.rstrip("\n").endswith("\x1b[2K")
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") == 1


def test_the_share_of_a_file_grows(many_clients: Path, acme: Path, tmp_path: Path) -> None:
    """The time that is left is that of a file whose rows nobody has counted: by its bytes."""
    shown = plain(in_terminal(["evaluate", acme / "policy.yaml", many_clients, "-o", tmp_path / "o.csv"], {}, "err"))
    done = [int(n.replace(",", "")) for n in re.findall(r"([\d,]+) clients", shown)]
    left = [int(m) * 60 + int(s) for m, s in re.findall(r"0:(\d\d):(\d\d) left", shown)]
    assert done == sorted(done) and len(done) >= 3
    assert left[-1] <= min(2, left[0] + 1)


@pytest.mark.parametrize("quiet", QUIET, ids=str)
def test_no_progress_for_whoever_wants_none(acme: Path, many_clients: Path, tmp_path: Path, quiet: dict[str, str]) -> None:
    """Nothing at all."""
    assert in_terminal(["evaluate", acme / "policy.yaml", many_clients, "-o", tmp_path / "out.csv"], quiet, "err") == ""


def test_answers_on_the_same_terminal_are_not_mixed_with_progress(acme: Path, many_clients: Path) -> None:
    """Rows that appear tell themselves how far it is."""
    shown = in_terminal(["evaluate", acme / "policy.yaml", many_clients, "--service", "web_reputation"], {}, "both")
    assert "a second" not in shown and shown.count("\n") == MANY + 1


def in_progress(script: str) -> str:
    """What a script with a `Progress` that waits for nothing shows."""
    ours, theirs = open_terminal()
    before = "from smplist.cli import _terminal\n_terminal._PATIENCE = _terminal._OFTEN = 0\n"
    process = subprocess.Popen(
        [sys.executable, "-c", before + script], stdout=subprocess.DEVNULL, stderr=theirs, env=environment({})
    )
    os.close(theirs)
    shown = read_all(ours)
    assert process.wait(60) in (0, 1), shown
    return shown


def progress_of(script: str) -> str:
    """The same without what moves the cursor."""
    return plain(in_progress(script))


def test_all_analyses_that_take_long_say_how_far_they_are(acme: Path, tmp_path: Path) -> None:
    """Mutants, versions, policies, vectors: the callback of each leads to the same line."""
    a = f"'{acme}/policy.yaml'"
    run_cli = "from smplist.cli import cli\ncli([{words}, '--format', 'json'], standalone_mode=False)"
    assert re.search(r"1 of 2 policies, [\d.]+ a second", progress_of(run_cli.format(words=f"'check', {a}, {a}")))
    assert re.search(r"[\d,]+ vectors, [\d,.]+ a second", progress_of(run_cli.format(words=f"'vectors', {a}")))
    clients = f"'load', {a}, '--clients', '{acme}/clients.csv'"
    assert re.search(r"[\d,]+ clients, [\d,.]+ a second, 0:\d\d:\d\d left", progress_of(run_cli.format(words=clients)))
    expectations = tmp_path / "e.yaml"
    expectations.write_text("schema: smplist-expectations/1\nexpectations: [{name: x, always: {at_least: 0}}]\n")
    small = tmp_path / "p.yaml"
    small.write_text(
        "schema: smplist/1\nsources: {hq: {host: hq.example, file_reputation: {port: 443}}}\n"
        "internal: {mode: standard, standard: {sources: [hq]}}\n"
    )
    git = ["git", "-c", "user.name=Ann", "-c", "user.email=ann@acme.example"]
    for words in (["init", "-q"], ["add", "p.yaml"], ["commit", "-q", "-m", "first"]):
        subprocess.run([*git, *words], cwd=tmp_path, check=True)
    assert re.search(r"0 of \d+ mutants", progress_of(run_cli.format(words=f"'mutants', '{small}', '{expectations}'")))
    assert re.search(r"0 of 1 versions", progress_of(run_cli.format(words=f"'blame', '{small}'")))


def test_predicates_say_how_far_they_are(acme: Path) -> None:
    """Once for each class of clients."""
    policy = smplist.load(acme / "policy.yaml")
    told: list[tuple[int, int]] = []
    proof = policy.verify(lambda plan: True, where="10.20.0.0/16", progress=lambda done, of: told.append((done, of)))
    assert proof and [done for done, _ in told] == list(range(len(told))) and {of for _, of in told} == {len(told)}
    with pytest.raises(TypeError, match="progress belong to a predicate"):
        policy.verify(acme / "expectations.yaml", progress=lambda done, of: None)  # type: ignore[call-overload]


def test_messages_stand_above_the_line() -> None:
    """What is said meanwhile is not written into it."""
    shown = in_progress(
        "with _terminal.Progress('things') as told:\n    told(1, 4)\n    told.say('[red] line 3: wrong')\n    told(2, 4)\n"
    )
    assert re.search(r"\x1b\[2K\[red\] line 3: wrong\n", shown), repr(shown)  # the line goes, and comes again below
    assert "2 of 4 things" in plain(shown).split("wrong\n")[1]


def test_short_work_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """And imports nothing for it."""
    shown = in_terminal(["schema"], {}, "err")
    assert shown == ""
    monkeypatch.setattr(_terminal, "lively", lambda stream: True)
    with Progress("things") as told:
        told(1, 2)
        assert told._bar is None
