# SPDX-License-Identifier: MIT
"""TAB: subcommands, options, values, files and what a policy can lose, in the shells themselves where they are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from smplist.cli import COMMANDS, cli
from smplist.cli._complete import TYPES
from terminal import Shell, environment

# values that only their user knows, or that are a KEY=VALUE, behind which shells put a blank
FREE = {
    "addresses", "address", "client_id", "id", "gateways", "gateway", "reached", "where", "within", "intended", "today",
    "probability", "expect", "key", "fleet", "broker", "password", "force", "revision", "timeout",
    "allow", "stated",
}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, acme: Path) -> Path:
    """A folder with Acme's policy, one whose names are hostile, and `smplist` on the path."""
    shutil.copy(acme / "policy.yaml", tmp_path / "policy.yaml")
    (tmp_path / "hostile.yaml").write_text(
        "schema: smplist/1\nsources:\n"
        "  'a$(touch owned)': {host: a.example, file_reputation: {port: 443}}\n"
        "  'a b': {host: b.example, file_reputation: {port: 443}}\n"
        "  'a*': {host: c.example, file_reputation: {port: 443}}\n"
        "  a-good: {host: c.example, file_reputation: {port: 443}}\n"
        "internal: {mode: standard, standard: {sources: [a-good]}}\n"
    )
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin/smplist"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m smplist "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    return tmp_path


def complete(folder: Path, line: str, shell: str = "bash") -> list[str]:
    """What click offers behind the last blank of a line, in the protocol of a shell's script."""
    words = line.split(" ")
    asked = environment({"_SMPLIST_COMPLETE": f"{shell}_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)})
    ended = subprocess.run(
        [sys.executable, "-m", "smplist"], capture_output=True, text=True, cwd=folder, env=asked, timeout=60, input=""
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout.split()


def test_subcommands_options_and_values(home: Path) -> None:
    """Out of the tables; nothing is said about what does not exist."""
    assert complete(home, "smplist ") == [f"plain,{name}" for name in COMMANDS]
    assert complete(home, "smplist co") == ["plain,coverage", "plain,convert", "plain,compile", "plain,completion"]
    assert complete(home, "smplist explain --fo") == ["plain,--format"]
    assert complete(home, "smplist explain policy.yaml --format ")[:2] == ["plain,text", "plain,json"]
    assert complete(home, "smplist explain policy.yaml --format=js") == ["plain,json"]
    assert complete(home, "smplist load policy.yaml --service w") == ["plain,web_reputation"]
    assert complete(home, "smplist schema e") == ["plain,expectations", "plain,events"]
    assert complete(home, "smplist --version s") == [f"plain,{name}" for name in ("survive", "simulate", "status", "schema")]
    assert complete(home, "smplist nothing ") == [f"plain,{name}" for name in COMMANDS]  # what click does with an unknown one


def test_files_are_left_to_the_shell(home: Path) -> None:
    """For every argument and option that is one."""
    for line in ("explain po", "check policy.yaml po", "evaluate policy.yaml cl", "convert a --into po", "load p --counts c",
                 "evaluate p c -o x", "check --baseline k"):  # fmt: skip
        assert complete(home, f"smplist {line}") == [f"file,{line.split()[-1]}"]
    assert complete(home, "smplist mcp f") == ["dir,f"]


def test_sources_of_the_policy_that_is_named(home: Path) -> None:
    """And with `/`, `host:` and `proxy:` begun, what these name."""
    assert complete(home, "smplist explain policy.yaml --down sps-f") == ["plain,sps-frankfurt-1", "plain,sps-frankfurt-2"]
    line = "smplist explain --address 10.0.0.1 policy.yaml --down sps-hq --down osc"
    assert complete(home, line) == ["plain,osce"]
    assert complete(home, "smplist survive policy.yaml --down wrs-plants/") == ["plain,wrs-plants/web_reputation"]
    assert "plain,host:10.1.0.5" in complete(home, "smplist load policy.yaml --down host:")
    assert "plain,proxy:proxy.manila.acme.example:3128" in complete(home, "smplist load policy.yaml --down proxy:", "zsh")[
        1::3
    ] or ("plain,proxy:proxy.manila.acme.example:3128" in complete(home, "smplist load policy.yaml --down proxy:"))


def test_what_cannot_be_read_is_completed_with_nothing(home: Path) -> None:
    """No policy, a wrong one, standard input, a pipe, a folder: no message, no waiting."""
    (home / "wrong.yaml").write_text("schema: smplist/1\n")
    os.mkfifo(home / "pipe.yaml")
    for name in ("none.yaml", "wrong.yaml", "-", "pipe.yaml", "."):
        assert complete(home, f"smplist explain {name} --down s") == []
    assert complete(home, "smplist explain --down s") == []


def test_a_name_that_a_shell_would_run_is_not_offered(home: Path) -> None:
    """Shells insert names as they stand."""
    assert complete(home, "smplist explain hostile.yaml --down a") == ["plain,a-good"]


def test_every_value_is_completed_or_known_to_be_free() -> None:
    """A new option of a new subcommand is completed, or stands in `FREE`."""
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli, resilient_parsing=True), name)
        assert command is not None
        for param in command.params:
            if type(param.type).__name__ == "StringParamType" and not getattr(param, "is_flag", False):
                assert param.name in FREE, f"{name}: {param.name} is completed with nothing; add it to cli/_complete.py"
    assert not FREE & set(TYPES)


def test_completing_imports_no_subcommand(home: Path) -> None:
    """TAB behind `smplist` answers out of the table."""
    script = (
        "import sys, atexit\natexit.register(lambda: print(*sys.modules, file=sys.stderr))\nfrom smplist.cli import main\nmain()"
    )
    asked = environment({"_SMPLIST_COMPLETE": "bash_complete", "COMP_WORDS": "smplist e", "COMP_CWORD": "1"})
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=asked, timeout=60)
    assert "plain,explain" in ended.stdout
    assert not {"smplist.cli.explain", "smplist.cli.evaluate", "rich", "ruamel.yaml"} & set(ended.stderr.split())


# ---- the shells themselves

SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(smplist completion bash)"'),
    "zsh": (["zsh", "-f", "-i"], 'autoload -U compinit; compinit -u -D; eval "$(smplist completion zsh)"'),
    "fish": (["fish", "--no-config", "-i"], "smplist completion fish | source"),
}


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, home: Path) -> Iterator[Shell]:
    """A real shell that has read the script."""
    words, setup = SHELLS[request.param]
    if not shutil.which(words[0]):
        pytest.skip(f"no {words[0]} here")
    changes = {"PATH": f"{home / 'bin'}:{os.environ['PATH']}", "HOME": str(home), "PS1": "$ ", "TERM": "xterm"}
    opened = Shell(words, changes, home)
    opened.keys(f"{setup}; echo re''ady\r", "ready")
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("typed", "shows"),
    [
        ("smplist expl\t", "smplist explain "),
        ("smplist explain pol\t", "policy.yaml"),
        ("smplist explain policy.yaml --serv\t", "--service "),
        ("smplist explain policy.yaml --service file\t", "file_reputation"),
        ("smplist explain policy.yaml --down sps-frankf\t", "sps-frankfurt-"),
        ("smplist survive policy.yaml --form\t", "--format "),
    ],
)
def test_shells_complete(shell: Shell, typed: str, shows: str) -> None:
    """As somebody at the keyboard sees it."""
    assert shows in shell.keys(typed, shows.replace(".", r"\."))


def test_scripts_are_sound() -> None:
    """Each shell reads its own without complaint."""
    for name in SHELLS:
        script = subprocess.run(
            [sys.executable, "-m", "smplist", "completion", name], capture_output=True, text=True, timeout=60, check=True
        )
        assert "_SMPLIST_COMPLETE" in script.stdout and script.stderr == ""
        if shutil.which(name):
            ended = subprocess.run([name, "-n"], input=script.stdout, capture_output=True, text=True, timeout=60)
            assert (ended.returncode, ended.stderr) == (0, "")
    wrong = subprocess.run([sys.executable, "-m", "smplist", "completion", "csh"], capture_output=True, text=True, timeout=60)
    assert wrong.returncode == 2 and "'csh' is not one of 'bash', 'zsh', 'fish'" in wrong.stderr
