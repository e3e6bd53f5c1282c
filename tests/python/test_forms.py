# SPDX-License-Identifier: MIT
"""Every answer has a text, data and a page; every help has an example that runs, and answers at once."""

from __future__ import annotations

import asyncio
import csv
import importlib.util
import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from conftest import ROOT
from fleet_servers import missing, mosquitto
from smplist.cli import COMMANDS, cli
from smplist.cli._options import FORMS, REPORT
from smplist.files import load, to_yaml
from smplist.fleet.keys import new_key, read_private
from smplist.fleet.publish import publish
from terminal import environment

HOSTILE = "<script>alert(1)</script> | [x](javascript:1) `"
POLICY = {
    "schema": "smplist/1",
    "title": HOSTILE,
    "sources": {
        "hq": {"host": "hq.example", "families": ["ipv4"], "file_reputation": {"port": 443}, "web_reputation": {"port": 80}},
        HOSTILE.replace("/", ""): {"host": "10.1.0.9", "file_reputation": {"scheme": "http", "port": 8082}},
    },
    "internal": {
        "mode": "custom",
        "standard": {"sources": ["hq"]},
        "custom": {
            "lists": [
                {"name": HOSTILE, "ranges": ["10.0.0.0/8"], "sources": ["hq", HOSTILE.replace("/", "")]},
                {"name": "b", "ranges": ["10.1.0.0/16", "10.2.0.0/16"], "sources": ["hq"]},
            ]
        },
    },
    "network": {"sources": ["hq"]},
}
EXPECTATIONS = {
    "schema": "smplist-expectations/1",
    "expectations": [{"name": HOSTILE, "where": {"location": "internal", "addresses": "10.0.0.0/8"}, "always": {"at_least": 1}}],
}

# what to ask of each subcommand that has `--format`
ASKED = {
    "check": ["policy.json"],
    "explain": ["policy.json", "--address", "10.1.0.1", "--down", "hq"],
    "ambiguity": ["policy.json"],
    "partition": ["policy.json"],
    "coverage": ["policy.json", "clients.csv"],
    "replay": ["policy.json", "next.json", "clients.csv"],
    "diff": ["policy.json", "next.json"],
    "blame": ["policy.json"],
    "verify": ["policy.json", "expectations.json"],
    "vectors": ["policy.json"],
    "mutants": ["policy.json", "expectations.json"],
    "survive": ["policy.json"],
    "load": ["policy.json"],
    "simulate": ["policy.json", "10.1.0.1", "--events", "events.json"],
    "status": ["--fleet", "acme", "--broker"],  # and where it is
}
EVENTS = {"schema": "smplist-events/1", "events": [{"at": "1m", "what": "hq", "state": "down"}]}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a broker, at which an agent with a hostile problem has reported; empty if there can be none."""
    if missing("mosquitto") or importlib.util.find_spec("aiomqtt") is None:
        yield ""
        return
    with mosquitto(tmp_path_factory.mktemp("mq")).running() as server:
        asyncio.run(report(f"mqtt://127.0.0.1:{server.port}"))
        yield f"mqtt://127.0.0.1:{server.port}"


async def report(url: str) -> None:
    """What an agent says of itself."""
    from smplist.fleet.broker import Broker, agent_topic

    said = {"sequence": 1, "revision": "sha256:0", "problem": HOSTILE}
    async with Broker.parse(url).client() as mqtt:
        await mqtt.publish(agent_topic("acme", "pc-7", "holds"), json.dumps(said), retain=True, qos=1)


# those that ask a network: another answer every time, and their own tests
MEASURING = {"test-connection"}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broker: str) -> Path:
    """A folder with a policy whose names are markup, another version of it, expectations and clients."""
    (tmp_path / "policy.json").write_text(json.dumps(POLICY), encoding="utf-8")
    (tmp_path / "next.json").write_text(json.dumps(POLICY).replace("10.0.0.0/8", "10.0.0.0/9"), encoding="utf-8")
    (tmp_path / "expectations.json").write_text(json.dumps(EXPECTATIONS), encoding="utf-8")
    (tmp_path / "clients.csv").write_text("id,addresses,location\na,10.1.0.1,internal\nb,10.200.0.1,internal\n", encoding="utf-8")
    (tmp_path / "events.json").write_text(json.dumps(EVENTS), encoding="utf-8")
    monkeypatch.setitem(ASKED, "status", [*ASKED["status"], broker])
    commit(tmp_path, "policy.json")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def commit(folder: Path, *names: str) -> None:
    """A history of one version."""
    who = ["-c", "user.name=Ann", "-c", "user.email=ann@acme.example"]
    for words in (["init", "-q"], ["add", *names], [*who, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", *words], cwd=folder, check=True, timeout=60)


def option(name: str) -> click.Option | None:
    """`--format` of a subcommand, if it has the text of a report."""
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    for param in command.params:
        if isinstance(param, click.Option) and "--format" in param.opts and "text" in getattr(param.type, "choices", ()):
            return param
    return None


def ask(name: str, form: str) -> str:
    """The standard output of a subcommand in a form."""
    if not all(ASKED[name]):
        pytest.skip("no broker here")
    ended = CliRunner().invoke(cli, [name, *ASKED[name], "--format", form])
    assert ended.exit_code in (0, 1) and not ended.stderr, f"{name} --format {form}: {ended.output}"
    assert ended.exception is None or isinstance(ended.exception, SystemExit)
    return ended.stdout


class Page(HTMLParser):
    """Whether a page is whole, and all that is in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_one_option_says_which_form() -> None:
    """Every subcommand with a report has the same forms, in the same order, in the same words."""
    found = {name: param for name in COMMANDS if (param := option(name))}
    assert set(found) - MEASURING == set(ASKED), "a subcommand with --format has a row in ASKED"
    for name, param in found.items():
        choices = list(param.type.choices)  # type: ignore[attr-defined]
        assert choices == [form for form in FORMS if form in choices]
        assert {"text", "json", "html"} <= set(choices)
        assert set(choices) >= set(REPORT) or name == "explain"  # a plan is a tree: `evaluate` makes tables of plans
        assert (param.help, param.default) == ("The form of the answer.", "text")


@pytest.mark.parametrize("name", ASKED)
def test_every_form_of_every_answer(files: Path, name: str) -> None:
    """Text, data and a page: they parse, nothing in them is markup of somebody else, and they are the same twice."""
    param = option(name)
    assert param is not None
    for form in param.type.choices:  # type: ignore[attr-defined]
        said = ask(name, form)
        assert said.endswith("\n") and not said.endswith("\n\n"), form
        assert said == ask(name, form), f"{form} is not deterministic"
        if form in ("json", "sarif", "certificate"):
            json.loads(said)
        elif form == "ndjson":
            assert [json.loads(line) for line in said.splitlines()]
        elif form == "csv":
            rows = list(csv.reader(io.StringIO(said)))
            assert {len(row) for row in rows} == {len(rows[0])} and len(rows[0]) > 1
        elif form == "markdown":
            assert "<script" not in said and said.startswith("**")
            table = [line.replace("\\|", "") for line in said.splitlines() if line.startswith("|")]
            assert len({line.count("|") for line in table}) <= 1


@pytest.mark.parametrize("name", ASKED)
def test_pages_are_whole_and_harmless(files: Path, name: str) -> None:
    """Nothing runs, nothing is fetched, every element is closed, and the text is in it, word for word."""
    said = ask(name, "html")
    page = Page(said)
    assert said.startswith("<!DOCTYPE html>\n")
    assert {"html", "head", "title", "body", "table"} <= page.tags
    assert page.tags & {"script", "img", "link", "iframe", "object", "form", "a"} == set()
    assert page.attributes <= {"lang", "charset", "http-equiv", "content", "name", "style"}
    first = ask(name, "text").splitlines()[0]
    assert first in "".join(page.words)
    if name not in ("vectors", "survive"):  # their texts count lists and sources, and name none of these
        assert "alert(1)" in "".join(page.words)


def test_a_check_of_an_unusable_policy_has_every_form(files: Path) -> None:
    """The errors are rows as findings are."""
    (files / "wrong.json").write_text('{"schema": "smplist/1", "sources": {"<b>": {}}}', encoding="utf-8")
    for form in ("csv", "markdown", "html"):
        ended = CliRunner().invoke(cli, ["check", "wrong.json", "--format", form])
        assert (ended.exit_code, ended.stderr) == (2, "")
        assert "/sources/" in ended.stdout
        assert form == "csv" or "/sources/<b>" not in ended.stdout


def test_plans_of_both_services_are_one_a_line(files: Path) -> None:
    """`explain --format ndjson`: what is a list in JSON."""
    assert [json.loads(line) for line in ask("explain", "ndjson").splitlines()] == json.loads(ask("explain", "json"))


# ---- helps

EXAMPLE_BROKER = "mqtts://admin@broker.acme.example --password env:BROKER"


def examples(name: str | None) -> list[str]:
    """The example lines of a help, as they are printed."""
    words = ([name] if name else []) + ["--help"]
    said = CliRunner(env={"COLUMNS": "60"}).invoke(cli, words).stdout
    return re.findall(r"^  Example: (smplist .+)$", said, re.M)


@pytest.fixture(scope="module")
def example_folder(tmp_path_factory: pytest.TempPathFactory, broker: str) -> Path:
    """Acme's files, and what some examples take besides."""
    folder = tmp_path_factory.mktemp("examples") / "acme"
    shutil.copytree(ROOT / "docs/examples/acme", folder)
    text = (folder / "policy.yaml").read_text(encoding="utf-8")
    (folder / "next.yaml").write_text(text.replace("[cloud-eu, cloud-us]", "[cloud-eu]"), encoding="utf-8")
    shutil.copy(folder / "policy.yaml", folder / "deployed.yaml")
    (folder / "ranges.csv").write_text("list,range,sources\nperth,10.23.0.0/16,sps-sydney\n", encoding="utf-8")
    (folder / "draft.yaml").write_text(to_yaml(load(folder / "policy.yaml")), encoding="utf-8")
    new_key(folder / "acme.key")
    publish(load(folder / "policy.yaml"), folder / "www", read_private((folder / "acme.key").read_text()), "acme")
    shutil.copy(folder / "www/current.json", folder / "www/deployed.json")
    commit(folder, "policy.yaml")
    (folder / "bin").mkdir()
    script = folder / "bin/smplist"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m smplist "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    return folder


@pytest.mark.parametrize("name", [None, *COMMANDS])
def test_every_help_has_an_example_that_runs(name: str | None, example_folder: Path, broker: str) -> None:
    """On one line, to be copied; over the files of Acme, and a broker on loopback."""
    found = examples(name)
    assert found, f"{name}: no line `Example: smplist ...` in its help"
    for line in found:
        assert name is None or line.startswith(f"smplist {name}")
        if EXAMPLE_BROKER in line and not broker:
            pytest.skip("no broker here")
        line = line.replace(EXAMPLE_BROKER, broker)
        changes = environment({"PATH": f"{example_folder / 'bin'}:{environment({})['PATH']}"})
        ended = subprocess.run(
            ["bash", "-c", line], cwd=example_folder, capture_output=True, text=True, timeout=300, env=changes,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert ended.returncode in (0, 1), f"{line}\n{ended.stderr}"
        assert not re.search(r"^(Traceback|Usage|Error|smplist: )", ended.stderr, re.M), f"{line}\n{ended.stderr}"


def test_help_needs_nothing_large() -> None:
    """Neither what draws nor what counts."""
    script = (
        "import sys; from smplist.cli import cli; cli(['--help'], standalone_mode=False); print(*sys.modules, file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    heavy = {"numpy", "pandas", "rich", "mcp", "ruamel.yaml", "html", "smplist.analysis.diff", "smplist.cli.mcp"}
    assert set(ended.stderr.split()) & heavy == set()
