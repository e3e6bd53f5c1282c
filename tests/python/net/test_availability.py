# SPDX-License-Identifier: MIT
"""What is up and down, from a file: whom a client asks now, who takes the load, and what is wrong with a file."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
import smplist
from conftest import Run
from smplist.analysis.failures import availability, down_sources, read_availability

POLICY = {
    "schema": "smplist/1",
    "sources": {
        "hq": {"host": "hq.example", "families": ["ipv4"], "file_reputation": {"port": 443}, "web_reputation": {"port": 80}},
        "twin": {"host": "hq.example", "families": ["ipv4"], "file_reputation": {"port": 443}},
        "spare": {"host": "10.1.0.9", "file_reputation": {"scheme": "http", "port": 8082}, "web_reputation": {"port": 5274}},
    },
    "internal": {"mode": "standard", "standard": {"sources": ["hq", "spare"]}},
}
HQ, HQ_WEB, SPARE = "https://hq.example:443", "http://hq.example:80", "http://10.1.0.9:8082"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A policy, a client, and a file that says that a source is down."""
    (tmp_path / "policy.json").write_text(json.dumps(POLICY), encoding="utf-8")
    (tmp_path / "clients.csv").write_text("addresses,location\n10.0.0.1,internal\n", encoding="utf-8")
    (tmp_path / "up.json").write_text(json.dumps({HQ: "down", HQ_WEB: "up"}), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("document", "known"),
    [
        ({}, {}),
        ({HQ: "down"}, {HQ: "down"}),
        ({"hq": "down"}, {HQ: "down", HQ_WEB: "down"}),
        ({"hq/web_reputation": "up", "spare/file_reputation": "unknown"}, {HQ_WEB: "up", SPARE: "unknown"}),
        ({"host:hq.example": "down"}, {HQ: "down", HQ_WEB: "down"}),
        ({"hq": "down", HQ: "up"}, {HQ: "up", HQ_WEB: "down"}),
    ],
)
def test_a_document_names_endpoints_sources_and_hosts(document: dict[str, str], known: dict[str, str]) -> None:
    """What comes later wins."""
    assert read_availability(smplist.Policy.from_dict(POLICY), document) == known


def test_what_is_down_as_sources() -> None:
    """Every source that has the endpoint, for the service that has it."""
    policy = smplist.Policy.from_dict(POLICY)
    assert down_sources(policy, {HQ: "down", HQ_WEB: "up", SPARE: "unknown"}) == ["hq/file_reputation", "twin/file_reputation"]
    assert down_sources(policy, availability(policy, ["spare"])) == ["spare/file_reputation", "spare/web_reputation"]


def test_explain_says_who_is_asked_now(run: Run, folder: Path) -> None:
    """Together with `--down`, for the text and for JSON."""
    words = ("explain", "policy.json", "--address", "10.0.0.1", "--location", "internal", "--availability", "up.json")
    said = run(*words).stdout
    assert f"{HQ}/tmcss  (down)" in said and f"{SPARE}/tmcss  <- asked now" in said and f"{HQ_WEB}  <- asked now" in said
    plans = json.loads(run(*words, "--format", "json").stdout)
    assert [plan["first_available"]["source"] for plan in plans] == ["spare", "hq"]
    plans = json.loads(run(*words, "--format", "json", "--down", "spare").stdout)
    assert [plan["first_available"] and plan["first_available"]["source"] for plan in plans] == [None, "hq"]


def test_evaluate_writes_who_is_asked_now(run: Run, folder: Path) -> None:
    """In the columns of the first attempt; the plan itself stays what it is."""
    said = run("evaluate", "policy.json", "clients.csv", "--availability", "up.json").stdout
    rows = list(csv.DictReader(io.StringIO(said)))
    assert [(row["source"], row["url"], row["attempts"]) for row in rows] == [
        ("spare", f"{SPARE}/tmcss", "hq;spare"),
        ("hq", HQ_WEB, "hq;spare"),
    ]
    lines = run("evaluate", "policy.json", "clients.csv", "--availability", "up.json", "--to", "ndjson").stdout.splitlines()
    assert [json.loads(line)["first_available"]["source"] for line in lines] == ["spare", "hq"]
    plain = run("evaluate", "policy.json", "clients.csv").stdout
    assert [row["source"] for row in csv.DictReader(io.StringIO(plain))] == ["hq", "hq"]


def test_load_moves_to_who_is_up(run: Run, folder: Path) -> None:
    """As with `--down` for each source and service."""
    ended = run("load", "policy.json", "--clients", "clients.csv", "--availability", "up.json", "--format", "json")
    same = run(
        "load",
        "policy.json",
        "--clients",
        "clients.csv",
        "--down",
        "hq/file_reputation",
        "--down",
        "twin/file_reputation",
        "--format",
        "json",
    )
    assert ended.returncode == 0
    assert ended.stdout == same.stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: no JSON"),
        ("[]", "an availability is an object"),
        ('{"hq": "dwn"}', '\'hq\' is "dwn"; write "up", "down" or "unknown"'),
        ('{"hq": {"a": 1}}', "'hq' is {"),
        ('{"hqq": "down"}', "the policy declares no source 'hqq'; did you mean 'hq'?"),
        ('{"https://hq.example:444": "down"}', "the policy has no endpoint 'https://hq.example:444'"),
        ('{"hq": "down",\n}', "line 2: no JSON"),
        ("[" * 100_000, "nested too deep"),
    ],
)
@pytest.mark.parametrize("command", ["explain", "evaluate", "load"])
def test_a_wrong_file_is_refused(run: Run, folder: Path, command: str, text: str, said: str) -> None:
    """With one line that says what is wrong; nothing is answered."""
    (folder / "wrong.json").write_text(text, encoding="utf-8")
    more = {"explain": ["--address", "10.0.0.1"], "evaluate": ["clients.csv"], "load": []}[command]
    ended = run(command, "policy.json", *more, "--availability", "wrong.json")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("smplist: --availability wrong.json: ") and said in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_file_that_is_not_there_is_said_so(run: Run, folder: Path) -> None:
    """And one that is no text."""
    ended = run("explain", "policy.json", "--address", "10.0.0.1", "--availability", "none.json")
    assert (ended.returncode, ended.stderr) == (2, "smplist: cannot read none.json: No such file or directory\n")
    (folder / "bytes.json").write_bytes(b"\xff\xfe")
    ended = run("explain", "policy.json", "--address", "10.0.0.1", "--availability", "bytes.json")
    assert (ended.returncode, ended.stderr) == (2, "smplist: --availability bytes.json: not UTF-8\n")


@pytest.mark.parametrize(
    "option", [["--address", "10.0.0.1"], ["--gateway", "10.0.0.1"], ["--reached", "a:1"], ["--stack", "ipv4"]]
)
def test_this_machine_is_not_stated_besides(run: Run, folder: Path, option: list[str]) -> None:
    """`--here` and what it finds out exclude each other; what only the caller knows does not."""
    ended = run("explain", "policy.json", "--here", *option)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"smplist: --here and {option[0]} are two ways to say who asks; give one of them\n"
    ended = run("explain", "policy.json", "--address", "10.0.0.1", "--allow", "127.0.0.1")
    assert ended.stderr == "smplist: --allow is about what --here may ask; give both, or none\n"


def test_this_machine_is_explained(run: Run, folder: Path) -> None:
    """With the id and the location that the caller states."""
    words = ("explain", "policy.json", "--here", "--id", "pc-7", "--location", "internal", "--format", "ndjson")
    plans = [json.loads(line) for line in run(*words).stdout.splitlines()]
    assert [(plan["client"]["id"], plan["location"]) for plan in plans] == [("pc-7", "internal")] * 2
    document = json.loads(run("whoami").stdout)
    assert plans[0]["client"]["addresses"] == document["addresses"]
    assert document == smplist.Client.from_dict(document).to_dict() | {"reached": []}
