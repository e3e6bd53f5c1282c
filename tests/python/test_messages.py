# SPDX-License-Identifier: MIT
"""What is said when something is wrong: which file, what, what to do; one line each, and harmless to a terminal."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import smplist
from conftest import ROOT, Run
from terminal import in_terminal

ESC, BEL, DEL, CSI, TURN = "\x1b", "\a", "\x7f", "\x9b", "\u202e"
POLICY = {
    "schema": "smplist/1",
    "sources": {
        f"a{CSI}2J{TURN}": {
            "host": "hq.example",
            "families": ["ipv4"],
            "file_reputation": {"port": 443},
            "web_reputation": {"port": 80},
        }
    },
    "internal": {"mode": "standard", "standard": {"sources": [f"a{CSI}2J{TURN}"]}},
}
HOSTILE = {
    "schema": "smplist/1",
    "sources": {f"{ESC}[2Jx\n{BEL}": {"host": "hq.example", "file_reputation": {"port": 70000}}},
    "internal": {"mode": "standard", "standard": {"sources": [f"esc{ESC}[31m{BEL}{DEL}", f"z{TURN}\nz"]}},
    f"key{ESC}]0;x{BEL}": 1,
}


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A small policy."""
    path = tmp_path / "p.yaml"
    path.write_text(
        "schema: smplist/1\nsources: {hq: {host: hq.example, families: [ipv4], file_reputation: {port: 443}}}\n"
        "internal: {mode: standard, standard: {sources: [hq]}}\n"
    )
    return path


def harmless(said: str) -> bool:
    """Whether nothing in a text does anything to a terminal."""
    return not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\ufeff]", said)


@pytest.mark.parametrize("words", [["check"], ["explain", "--address", "10.0.0.1"], ["verify", "e.yaml"], ["fmt"], ["partition"]])
def test_a_refused_name_does_nothing_to_a_terminal(run: Run, tmp_path: Path, words: list[str]) -> None:
    """One error, one line, on a terminal and in a pipe, in the text and in the pointer."""
    path = tmp_path / "hostile.json"
    path.write_text(json.dumps(HOSTILE, ensure_ascii=False))
    command, *more = words
    ended = run(command, path, *more)
    assert ended.returncode == 2 and harmless(ended.stderr)
    for said in (
        "esc\\x1b[31m\\x07\\x7f",
        "z\\u202e\\nz",
        "/sources/\\x1b[2Jx\\n\\x07/file_reputation/port",
        "/key\\x1b]0;x\\x07",
    ):
        assert said in ended.stderr
    assert all(line.startswith((str(path), f"smplist: {path}")) for line in ended.stderr.splitlines())
    with pytest.raises(smplist.PolicyError) as caught:
        smplist.load(path)
    assert (
        str(caught.value).splitlines() == str(caught.value).split("\n")
        and len(caught.value.errors) == str(caught.value).count("\n") + 1
    )


def test_what_a_terminal_shows_is_what_a_pipe_gets(run: Run, tmp_path: Path) -> None:
    """Escapes are visible in both; colours are ours alone."""
    path = tmp_path / "p.json"
    path.write_text(json.dumps(POLICY, ensure_ascii=False))
    asked = ["explain", "p.json", "--address", "10.0.0.1", "--location", "internal"]
    lines = ["check p.json", "load p.json", "survive p.json", "partition p.json", "partition p.json --format markdown"]
    for words in (asked, [*asked, "--format", "oneline"], *map(str.split, lines)):
        words[1] = str(path)
        piped = run(*words).stdout
        assert "a\\x9b2J\\u202e" in piped and harmless(piped), words
        shown = in_terminal(words, {}, "out")
        assert "a\\x9b2J\\u202e" in shown and CSI not in shown and TURN not in shown and BEL not in shown, words
    assert "\x1b[" in in_terminal(asked, {}, "out")
    data = json.loads(run("partition", path, "--format", "json").stdout)
    assert f"a{CSI}2J{TURN}" in json.dumps(data, ensure_ascii=False)  # data stays what it is


def test_words_of_the_command_line_do_nothing_to_a_terminal(run: Run, policy: Path) -> None:
    """Neither what we say of them nor what the parser of options says."""
    hostile = f"x{ESC}[2J{BEL}"
    for words in ([hostile], ["check", f"--{hostile}"], ["check", hostile], ["explain", policy, "--down", hostile],
                  ["explain", policy, "--format", hostile], ["plot", "map", policy, "-o", f"{hostile}.jpg"],
                  ["explain", policy, "--address", hostile], ["load", policy, "--clients", f"{hostile}.csv"]):  # fmt: skip
        ended = run(*words)
        assert ended.returncode == 2 and harmless(ended.stderr), words
        assert "x\\x1b[2J" in ended.stderr, words


def test_all_that_is_printed_passes_one_place() -> None:
    """No subcommand prints by itself."""
    for path in (ROOT / "python/smplist/cli").glob("*.py"):
        if path.name != "_streams.py":
            assert not re.search(
                r"click\.echo|(?<![.\w])print\(|sys\.std(?:out|err)\.write|click\.secho", path.read_text(encoding="utf-8")
            ), path


def test_an_empty_document_says_what_it_should_have_been(run: Run, policy: Path, tmp_path: Path) -> None:
    """Of each kind that is read."""
    for form in ("yaml", "json"):
        (tmp_path / f"e.{form}").write_text("")
        for words, says in (
            (["verify", policy, f"e.{form}"], "write expectations; `smplist schema expectations` says what it holds"),
            (["mutants", policy, f"e.{form}"], "write expectations; `smplist schema expectations` says what it holds"),
            (
                ["simulate", policy, "10.0.0.1", "--events", f"e.{form}"],
                "write events; `smplist schema events` says what it holds",
            ),
            (["check", f"e.{form}"], "write a policy; `smplist schema` says what it holds"),
        ):
            ended = run(*words)
            assert ended.returncode == 2 and f"the document is empty; {says}" in ended.stderr + ended.stdout


COLUMNS = "the columns are id, addresses, location, gateways, reached, stack"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"id,address\n", f"unknown column 'address'; did you mean 'addresses'? {COLUMNS}"),
        (b"id,addresses,owner\n", f"unknown column 'owner'; remove it, {COLUMNS}"),
        (b"id\n", f"no column 'addresses'; {COLUMNS}"),
        (b"name;addresses\n", "';' stands between the columns; write commas, as in id,addresses"),
        (b"name\taddresses\n", "'\\t' stands between the columns; write commas, as in id,addresses"),
        (b"id,addresses,id\n", "the column 'id' stands twice; keep one of them"),
        ("id,addresses\n".encode("utf-16"), "not UTF-8 text; save the file as CSV in UTF-8"),
        (b"\x7fELF\x02\x01\x00\x00\n", "not UTF-8 text; save the file as CSV in UTF-8"),
    ],
)
def test_a_header_that_is_wrong_says_where_and_what_to_do(
    run: Run, policy: Path, tmp_path: Path, content: bytes, says: str
) -> None:
    """File, line, and what is meant; the same for every command that reads clients."""
    (tmp_path / "c.csv").write_bytes(content)
    for words in (["evaluate", policy, "c.csv"], ["load", policy, "--clients", "c.csv"], ["coverage", policy, "c.csv"]):
        ended = run(*words)
        assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", f"smplist: c.csv: line 1: {says}\n")


def test_head_counts_and_ranges_have_each_column_once(run: Run, policy: Path, tmp_path: Path) -> None:
    """The last one does not win."""
    (tmp_path / "n.csv").write_text("range,clients,range\n")
    ended = run("load", policy, "--counts", "n.csv")
    assert (ended.returncode, ended.stderr) == (2, "smplist: n.csv: line 1: the column 'range' stands twice; keep one of them\n")
    (tmp_path / "t.csv").write_text("list,range,range\nlab,10.0.0.0/8,10.1.0.0/16\n")
    ended = run("convert", "t.csv", "new.yaml", "--into", policy)
    assert ended.returncode == 2 and ended.stderr.startswith("t.csv:1:1: the column 'range' stands twice; keep one of them\n")


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ('"pc-1,10.0.0.1\npc-2,10.0.0.2\n', 2),
        ('"pc-1,10.0.0.1', 2),
        ('pc-1,"10.0.0.1\npc-2,10.0.0.2\n', 2),
        ('pc-1,10.0.0.1\n"pc-2,10.0.0.2\n', 3),
    ],
)
def test_a_quote_that_is_not_closed_is_called_so(run: Run, policy: Path, tmp_path: Path, rows: str, line: int) -> None:
    """With the line where it opens."""
    (tmp_path / "c.csv").write_text(f"id,addresses\n{rows}")
    ended = run("evaluate", policy, "c.csv")
    assert (
        ended.returncode == 1 and ended.stderr == f'line {line}: a quote (") that is opened here is not closed\n1 row rejected\n'
    )
    (tmp_path / "c.csv").write_text('id,addresses\n5" disk,10.0.0.1\n"two","10.0.0.2\n10.0.0.3"\n')
    assert run("evaluate", policy, "c.csv").returncode == 0


def test_what_is_meant_is_guessed_if_it_is_near(run: Run, policy: Path) -> None:
    """Names of commands, as those of options."""
    assert "No such command 'explan'. Did you mean 'explain'?" in run("explan").stderr
    assert "No such command 'xyzzy'." in run("xyzzy").stderr and "Did you mean" not in run("xyzzy").stderr


def test_values_are_repeated_with_what_they_should_look_like(run: Run, policy: Path, tmp_path: Path) -> None:
    """Prefixes, gateways, folders."""
    ended = run("plot", "map", policy, "--within", "foo", "-o", "m.svg")
    assert ended.stderr == "smplist: within: unexpected character: 'foo'; write a prefix as 10.0.0.0/8\n"
    looks = "write the gateway as 10.0.0.1, or with its MAC address as 10.0.0.1,00:11:22:33:44:55"
    ended = run("explain", policy, "--address", "10.0.0.1", "--gateway", "foo")
    assert ended.stderr == f"smplist: the client's gateways 0: unexpected character: 'foo'; {looks}\n"
    ended = run("plot", "ladder", policy, "--address", "10.0.0.1", "--gateway", "foo", "-o", "m.svg")
    assert ended.stderr == f"smplist: gateways 0: unexpected character: 'foo'; {looks}\n"
    (tmp_path / "file").write_text("")
    ended = run("publish", policy, "file", "--key", "file:k", "--fleet", "acme")
    assert ended.stderr == "smplist: file is no folder; name the one that a web server gives out, or a new one\n"
