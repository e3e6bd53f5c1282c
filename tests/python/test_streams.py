# SPDX-License-Identifier: MIT
"""Files, pipes and signals: no input is written over, nothing is left half written, and whoever goes away is told nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from conftest import Run
from smplist.cli import COMMANDS, cli
from smplist.cli._paths import FOLDERS, READ, REFERENCES, WRITTEN

POLICY = """\
schema: smplist/1
sources:
  hq: {host: hq.example, families: [ipv4], file_reputation: {port: 443}, web_reputation: {port: 80}}
  spare: {host: 127.0.0.1, file_reputation: {scheme: http, port: 9}}
internal: {mode: standard, standard: {sources: [hq, spare]}}
network: {sources: [hq]}
"""
EVENTS = "schema: smplist-events/1\nevents: [{at: 1s, ask: 1}]\n"
SMPLIST = [sys.executable, "-m", "smplist"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with what commands read."""
    (tmp_path / "p.yaml").write_text(POLICY)
    (tmp_path / "c.csv").write_text("id,addresses\npc-1,10.0.0.1\npc-2,10.0.0.300\n")
    (tmp_path / "a.json").write_text('{"hq": "down"}')
    (tmp_path / "t.csv").write_text("list,range,sources\nlab,10.1.0.0/16,hq\n")
    (tmp_path / "link.yaml").symlink_to("p.yaml")
    os.link(tmp_path / "c.csv", tmp_path / "hard.csv")
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    """Every file, also hidden ones."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


# ---- nothing that is read is written


@pytest.mark.parametrize(
    "line",
    [
        "evaluate p.yaml c.csv -o p.yaml",
        "evaluate p.yaml c.csv -o c.csv",
        "evaluate p.yaml c.csv -o out.csv --rejects p.yaml",
        "evaluate p.yaml c.csv -o out.csv --rejects ./link.yaml",
        "evaluate link.yaml c.csv -o out.csv --rejects p.yaml",
        "evaluate p.yaml c.csv -o hard.csv",
        "evaluate p.yaml c.csv --rejects c.csv",
        "evaluate p.yaml c.csv --availability a.json --rejects a.json",
        "evaluate p.yaml c.csv --availability a.json --to csv -o a.json",
        "coverage p.yaml c.csv --rejects p.yaml",
        "replay p.yaml p.yaml c.csv --rejects p.yaml",
        "load p.yaml --clients c.csv --rejects p.yaml",
        "load p.yaml --clients c.csv --rejects c.csv",
        "load p.yaml --clients c.csv --availability a.json --rejects a.json",
        "check p.yaml --write-baseline p.yaml",
        "check p.yaml --baseline a.json --write-baseline a.json",
        "test-connection p.yaml --write-availability link.yaml",
        "test-connection p.yaml --ca a.json --write-availability a.json",
        "compile p.yaml -o p.yaml",
        "compile - -o p.yaml",
        "vectors p.yaml -o link.yaml",
        "convert p.yaml p.yaml",
        "convert link.yaml p.yaml --merge --force",
        "convert t.csv p.yaml --into p.yaml",
        "plot load p.yaml --clients picture.svg -o picture.svg",
        "simulate p.yaml 10.0.0.1 --events picture.svg --picture picture.svg",
    ],
)
def test_no_input_is_written_over(folder: Path, line: str) -> None:
    """Under whatever name it is written: exit code 2, nothing was written."""
    (folder / "picture.svg").write_text(EVENTS)
    before = contents(folder)
    with (folder / "p.yaml").open() as given:
        ended = subprocess.run([*SMPLIST, *line.split()], cwd=folder, stdin=given, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert re.fullmatch(r"smplist: \S+ is one of the inputs; write to another file\n", ended.stderr)
    assert contents(folder) == before


def test_no_file_is_written_twice(folder: Path) -> None:
    """Two outputs are two files, whether they are there or not; standard output is one, if it is a file."""
    before = contents(folder)
    for name, rejects in (("x.csv", "./x.csv"), ("x.csv", str(folder / "x.csv"))):
        ended = subprocess.run(
            [*SMPLIST, "evaluate", "p.yaml", "c.csv", "-o", name, "--rejects", rejects],
            cwd=folder, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert ended.returncode == 2
        assert ended.stderr == f"smplist: --rejects and --output are the same file, {rejects}; write to another one\n"
    assert contents(folder) == before
    with (folder / "x.csv").open("w") as out:
        words = [*SMPLIST, "coverage", "p.yaml", "c.csv", "--rejects", "x.csv"]
        ended = subprocess.run(words, cwd=folder, stdout=out, stderr=subprocess.PIPE, text=True, timeout=60)
    assert ended.returncode == 2 and "--rejects and standard output are the same file" in ended.stderr


def test_devices_are_written_twice_and_read(run: Run, folder: Path) -> None:
    """They are no files that can be lost."""
    ended = run("evaluate", "p.yaml", "c.csv", "-o", "/dev/null", "--to", "csv", "--rejects", "/dev/null")
    assert (ended.returncode, ended.stderr) == (1, "1 row rejected, see /dev/null\n")


def test_no_file_of_a_revision_is_written_over(run: Run, folder: Path) -> None:
    """A published folder is an input with all that is in it."""
    from smplist.fleet.keys import new_key

    new_key(folder / "k")
    assert run("publish", "p.yaml", "www", "--fleet", "acme", "--key", "file:k").returncode == 0
    for policy in ("www", "www@1"):
        for target in ("www/revisions/1/policy.json", "www/current.json", "www/new.json"):
            ended = run("convert", policy, target)
            assert ended.returncode == 2 and f"{target} is one of the inputs" in ended.stderr
    assert run("convert", "www@1", "new.json").returncode == 0


def test_every_path_is_known_as_read_or_written() -> None:
    """A new option of a new subcommand is guarded, too."""
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        for param in command.params:
            shown = str(param.metavar or "")
            if shown.endswith(("FILE", "OUT", "IN", "POLICY", "POLICY...", "DIR")) or isinstance(param.type, click.Path):
                assert param.name in (*READ, *REFERENCES, *WRITTEN, *FOLDERS), f"{name}: {param.name} stands in cli/_paths.py"
            says = getattr(param, "help", None) or ""
            assert not re.search(r"\b(?:file to write|Write what|Where to write)\b", says) or param.name in WRITTEN, param.name


# ---- all or nothing


def test_rows_and_rejects_appear_together_or_not_at_all(run: Run, folder: Path) -> None:
    """If the second file cannot be written, the first does not appear."""
    (folder / "out.csv").write_text("precious")
    before = contents(folder)
    for words in (["-o", "out.csv", "--rejects", "/dev/full"], ["-o", "/dev/full", "--to", "csv", "--rejects", "out.csv"]):
        ended = run("evaluate", "p.yaml", "c.csv", *words)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr.splitlines()[-1] == (
            "smplist: cannot write /dev/full: No space left on device; make room there, or write to another place"
        )
        assert contents(folder) == before
    assert run("evaluate", "p.yaml", "c.csv", "-o", "out.csv", "--rejects", "bad.csv").returncode == 1
    assert (folder / "bad.csv").read_text().splitlines()[1].startswith("3,addresses/0: an octet is above 255")


@pytest.mark.parametrize("words", [["schema"], ["evaluate", "p.yaml", "c.csv"], ["vectors", "p.yaml"], ["--help"]])
def test_a_full_or_closed_output_is_told_once(folder: Path, words: list[str]) -> None:
    """What cannot be written, and what to do; exit code 2."""
    for to, why in (
        (">/dev/full", "No space left on device; make room there, or write to another place"),
        (">&-", "it is closed; open it, or send it to a file"),
    ):
        ended = subprocess.run(
            ["bash", "-c", f'"$0" "$@" {to}', *SMPLIST, *words], cwd=folder, capture_output=True, text=True, timeout=60
        )
        assert ended.returncode == 2
        assert ended.stderr.splitlines()[-1] == f"smplist: cannot write standard output: {why}"
        assert ended.stderr.count("standard output") == 1


def test_streams_that_are_not_needed_may_be_closed(folder: Path) -> None:
    """A file is written without standard output; and nobody hears messages, which changes nothing."""
    for line, code in (
        ("compile p.yaml -o x.smpc >&-", 0),
        ("schema 2>&-", 0),
        ("check nosuch 2>&-", 2),
        ("check nosuch 2>/dev/full", 2),
        ("evaluate p.yaml c.csv -o x.csv 2>/dev/full", 1),
        ("check - <&-", 2),
    ):
        ended = subprocess.run(
            ["bash", "-c", f'"$0" -m smplist {line}', sys.executable], cwd=folder, capture_output=True, text=True, timeout=60
        )
        assert ended.returncode == code, line
    assert "the document is empty" in ended.stderr


@pytest.mark.parametrize("line", ["explain p.yaml --address 10.0.0.1", "--help", "check --help", "schema", "check p.yaml",
                                  "evaluate p.yaml many.csv", "evaluate p.yaml many.csv --to parquet",
                                  "evaluate p.yaml many.csv --to ndjson"])  # fmt: skip
def test_a_reader_that_goes_away_is_no_error(folder: Path, line: str) -> None:
    """Whenever it goes: exit code 0, and nothing is said."""
    if "parquet" in line:
        pytest.importorskip("pyarrow")
    (folder / "many.csv").write_text("addresses\n" + "10.0.0.1\n" * 20_000)
    for reader in ("true", "head -c 1"):
        script = f'"$0" -m smplist {line} | {reader} >/dev/null; exit ${{PIPESTATUS[0]}}'
        ended = subprocess.run(["bash", "-c", script, sys.executable], cwd=folder, capture_output=True, text=True, timeout=60)
        found = 1 if line == "check p.yaml" and reader != "true" else 0  # what fits into the pipe is written
        assert ended.stderr == "" and ended.returncode in (0, found)


# ---- signals


@pytest.fixture(autouse=True)
def heard() -> Iterator[None]:
    """Tests may run under nohup, or behind `&` in a script, where signals are ignored: what a test starts hears them."""
    ignored = [one for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if signal.getsignal(one) == signal.SIG_IGN]
    for one in ignored:
        signal.signal(one, lambda *_: None)  # of this process alone: a program that it starts begins without it
    yield
    for one in ignored:
        signal.signal(one, signal.SIG_IGN)


def begun(folder: Path, before: str = "") -> subprocess.Popen[str]:
    """An `evaluate` that waits for more rows; its drafts are there."""
    line = f'{before} exec "$0" -m smplist evaluate p.yaml - --to csv -o out.csv --rejects bad.csv'
    process = subprocess.Popen(
        ["bash", "-c", line, sys.executable],
        cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write("addresses\n10.0.0.1\n")
    process.stdin.flush()
    end = time.monotonic() + 20
    while not list(folder.glob(".bad.csv.*.tmp")):
        if time.monotonic() > end or process.poll() is not None:
            process.kill()
            pytest.fail("it does not begin")
        time.sleep(0.01)
    return process


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_a_run_that_leaves_nothing(folder: Path, number: signal.Signals, code: int) -> None:
    """One line, a code of its own, and the old file stays; several signals at once are one."""
    (folder / "out.csv").write_text("precious")
    before = contents(folder)
    process = begun(folder)
    for _ in range(3):
        process.send_signal(number)
    out, said = process.communicate(timeout=30)
    assert (process.returncode, out, said) == (code, "", "smplist: interrupted, nothing was written\n")
    assert contents(folder) == before


def test_what_was_printed_before_a_signal_is_not_denied(folder: Path) -> None:
    """Rows that are out are not all of them."""
    (folder / "many.csv").write_text("addresses\n" + "10.0.0.1\n" * 2_000_000)
    process = subprocess.Popen(
        [*SMPLIST, "evaluate", "p.yaml", "many.csv"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline().startswith("row,")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (130, "smplist: interrupted, what is printed is not all of it\n")


def test_a_signal_while_the_package_is_imported(folder: Path) -> None:
    """No traceback, at whatever moment after the first line of the package; before it, the interpreter is alone."""
    script = (
        "import os, runpy, signal, sys, threading\nsys.argv[0] = 'smplist'\n"
        "class Late:\n    def find_spec(self, name, path=None, target=None):\n"
        "        if name == WHEN: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Late())\nfrom smplist.cli import main\nmain()\n"
    )
    for when in (
        "smplist._core",
        "smplist.files",
        "click",
        "smplist.cli._streams",
        "smplist.cli.check",
        "smplist.analysis.report",
    ):
        words = [sys.executable, "-c", f"WHEN = {when!r}\n{script}", "check", "p.yaml"]
        ended = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=60)
        assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "smplist: interrupted, nothing was written\n"), when


def test_a_program_that_imports_the_package_keeps_its_signals(folder: Path) -> None:
    """Only the command line stops by itself."""
    script = (
        "import os, signal, smplist, smplist.cli\nassert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL\n"
        "try: os.kill(os.getpid(), signal.SIGINT)\nexcept KeyboardInterrupt: print('mine')"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (ended.stdout, ended.stderr) == ("mine\n", "")


def test_a_signal_that_is_ignored_stays_so(folder: Path) -> None:
    """As nohup wants it."""
    process = begun(folder, before="trap '' HUP;")
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=30)
    assert process.returncode == 0 and (folder / "out.csv").exists()
