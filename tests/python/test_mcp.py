# SPDX-License-Identifier: MIT
"""The server for assistants, asked by the SDK's own client over standard input and output."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import smplist
from conftest import Run

pytest.importorskip("mcp")

import anyio
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import CallToolResult, TextContent, Tool
from smplist import mcp_server
from smplist.mcp_server import MOST_ITEMS, answer, bounded

Call = tuple[str, dict[str, Any]]

# what a process does that reads only: everything else is told on a file
AUDIT = """
import os, sys
told = os.open({told!r}, os.O_WRONLY)
def look(event, args):
    if event == "open":
        path, mode, flags = args
        writes = (flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        if writes and path not in ("/dev/null", os.devnull) and not isinstance(path, int):
            os.write(told, f"writes {{path}}\\n".encode())
    elif event in ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto", "os.remove", "os.rename", "os.mkdir",
                   "os.rmdir", "os.symlink", "os.link", "os.chmod", "os.truncate", "subprocess.Popen", "os.system", "os.exec",
                   "os.fork", "os.posix_spawn", "shutil.move"):
        os.write(told, f"{{event}} {{args}}\\n".encode())
sys.dont_write_bytecode = True
sys.argv = ["smplist", "mcp", *{words!r}]
from smplist.cli import main
sys.addaudithook(look)
main()
"""


@pytest.fixture
def folder(tmp_path: Path, acme: Path) -> Path:
    """A folder to serve, with Acme's files, in a folder that has more."""
    served = tmp_path / "served"
    served.mkdir()
    for name in ("policy.yaml", "expectations.yaml"):
        shutil.copy(acme / name, served / name)
    text = (acme / "policy.yaml").read_text(encoding="utf-8")
    (served / "next.yaml").write_text(text.replace("[cloud-eu, cloud-us]", "[cloud-eu]"), encoding="utf-8")
    shutil.copy(acme / "policy.yaml", tmp_path / "secret.yaml")
    return served


def talk(folder: Path, calls: Sequence[Call], words: Sequence[str] | None = None) -> tuple[list[Tool], list[CallToolResult], str]:
    """The tools of a server that was started in a folder, what it answers, and what it says on standard error."""
    command = list(words or ["-m", "smplist", "mcp"])
    started = StdioServerParameters(command=sys.executable, args=command, env=dict(os.environ), cwd=folder)

    async def session(said: Any) -> tuple[list[Tool], list[CallToolResult]]:
        async with Client(stdio_client(started, errlog=said)) as client:
            tools = (await client.list_tools()).tools
            results = []
            for name, arguments in calls:
                with anyio.fail_after(120):
                    result = await client.call_tool(name, arguments)
                assert isinstance(result, CallToolResult)
                results.append(result)
            return tools, results

    path = folder.parent / "stderr"
    with path.open("w+", encoding="utf-8") as said:
        tools, results = anyio.run(session, said)
    return tools, results, path.read_text(encoding="utf-8")


def text_of(result: CallToolResult) -> str:
    """The text of an answer."""
    [block] = result.content
    assert isinstance(block, TextContent)
    return block.text


def result_of(result: CallToolResult) -> Any:
    """The data of an answer of which nothing is left out."""
    assert not result.is_error, text_of(result)
    assert result.structured_content is not None and result.structured_content["left_out"] == {}
    return result.structured_content["result"]


def test_every_tool_answers_as_the_command_line(folder: Path, run: Run) -> None:
    """The same JSON, and a text that says it."""
    client = {"addresses": ["10.20.3.4"], "location": "internal"}
    tools, results, said = talk(folder, [
        ("explain", {"path": "policy.yaml", **client}),
        ("explain", {"path": "policy.yaml", **client, "service": "web_reputation", "down": ["sps-manila"], "client_id": "pc-7"}),
        ("check", {"path": "policy.yaml"}),
        ("diff", {"old_path": "policy.yaml", "new_path": "next.yaml", "where": ["10.20.0.0/16"]}),
        ("verify", {"path": "policy.yaml", "expectations_path": "expectations.yaml"}),
        ("survivability", {"path": "policy.yaml", "unit": "proxy", "down": ["sps-hq"]}),
    ])  # fmt: skip
    assert said == ""
    assert [tool.name for tool in tools] == ["explain", "check", "diff", "verify", "survivability"]
    for tool in tools:
        assert tool.description and tool.annotations is not None
        assert tool.annotations.read_only_hint and not tool.annotations.open_world_hint and not tool.annotations.destructive_hint
    asked = ("--address", "10.20.3.4", "--location", "internal")
    for result, words in zip(results, [
        ("explain", "policy.yaml", *asked),
        ("explain", "policy.yaml", *asked, "--service", "web_reputation", "--down", "sps-manila", "--id", "pc-7"),
        ("check", "policy.yaml"),
        ("diff", "policy.yaml", "next.yaml", "--where", "10.20.0.0/16"),
        ("verify", "policy.yaml", "expectations.yaml"),
        ("survive", "policy.yaml", "--unit", "proxy", "--down", "sps-hq"),
    ], strict=True):  # fmt: skip
        told = run(*words, "--format", "json", cwd=folder).stdout
        assert result_of(result) == json.loads(told), words
        first = run(*words, cwd=folder).stdout.splitlines()[0]
        assert text_of(result).splitlines()[0] == first
        assert len(text_of(result).splitlines()) <= 62


def test_a_policy_can_be_given_as_text(folder: Path) -> None:
    """And so can expectations."""
    text = (folder / "policy.yaml").read_text(encoding="utf-8")
    expected = "schema: smplist-expectations/1\nexpectations: [{name: x, where: {location: internal}, always: {at_most: 1}}]\n"
    _, results, _ = talk(folder, [
        ("explain", {"text": text, "addresses": ["10.20.3.4"], "service": "file_reputation"}),
        ("verify", {"text": text, "expectations_text": expected}),
        ("diff", {"old_text": text, "new_path": "policy.yaml"}),
        ("check", {"text": smplist.loads(text).to_json()}),
    ])  # fmt: skip
    assert result_of(results[0])["revision"] == smplist.loads(text).revision
    assert results[1].structured_content is not None
    assert results[1].structured_content["result"]["proofs"][0]["verdict"] == "refuted"
    assert result_of(results[2])["equal"] is True
    assert {row["file"] for row in result_of(results[3])} == {"text"}


HOSTILE = [
    "../secret.yaml", "../served/../secret.yaml", "sub/../../secret.yaml", "link.yaml", "up/secret.yaml", "chain.yaml",
    "../missing.yaml", "nowhere.yaml",
]  # fmt: skip


def test_what_is_outside_is_refused_unread(folder: Path) -> None:
    """By dots, by links to files, folders and links; the answer does not say what is there."""
    (folder / "sub").mkdir()
    (folder / "link.yaml").symlink_to("../secret.yaml")
    (folder / "chain.yaml").symlink_to("link.yaml")
    (folder / "up").symlink_to("..")
    (folder / "nowhere.yaml").symlink_to("../not-there.yaml")
    (folder / "inside.yaml").symlink_to("policy.yaml")
    absolute = [str(folder.parent / "secret.yaml"), str(folder / "policy.yaml"), "/etc/passwd", "//etc/passwd"]
    calls: list[Call] = [("check", {"path": path}) for path in [*HOSTILE, *absolute]]
    calls += [("explain", {"path": "../secret.yaml", "addresses": ["10.0.0.1"]}),
              ("diff", {"old_path": "policy.yaml", "new_path": "../secret.yaml"}),
              ("diff", {"old_path": "link.yaml", "new_path": "policy.yaml"}),
              ("verify", {"path": "policy.yaml", "expectations_path": "../secret.yaml"}),
              ("survivability", {"path": "link.yaml"}),
              ("check", {"path": "inside.yaml"}), ("check", {"path": "sub/../policy.yaml"})]  # fmt: skip
    _, results, said = talk(folder, calls)
    assert said == ""
    *refused, inside, dotted = results
    for result, (_, arguments) in zip(refused, calls, strict=False):
        assert result.is_error, arguments
        assert "outside of the served folder" in text_of(result) or "no path relative to" in text_of(result)
        assert "manila" not in json.dumps(result.structured_content) + text_of(result)
    assert not inside.is_error and not dotted.is_error


def test_what_is_no_file_is_refused_at_once(folder: Path) -> None:
    """Folders, pipes that nobody writes into, devices, loops of links, names that are none, files that are too large."""
    os.mkfifo(folder / "pipe.yaml")
    (folder / "loop.yaml").symlink_to("loop.yaml")
    with (folder / "large.yaml").open("wb") as large:
        large.truncate(50_000_000)
    (folder / "latin.yaml").write_bytes(b"schema: smplist/1\ntitle: \xe9\n")
    calls: list[Call] = [
        ("check", {"path": path}) for path in (".", "", "pipe.yaml", "loop.yaml", "large.yaml", "none.yaml", "a\0b", "x" * 9_000)
    ]
    calls += [("check", {}), ("check", {"path": "policy.yaml", "text": "x"}), ("explain", {"path": "latin.yaml"})]
    _, results, said = talk(folder, calls)
    assert said == ""
    for result in results:
        assert result.is_error and len(text_of(result)) < 500 and "Traceback" not in text_of(result)
    texts = [text_of(result) for result in results]
    assert texts[2] == "cannot read 'pipe.yaml': it is no file; paths are relative to the served folder"
    assert texts[4] == "'large.yaml' is larger than 8 MB; ask the command line about it"
    assert texts[5] == "cannot read 'none.yaml': No such file or directory; paths are relative to the served folder"
    assert texts[8] == texts[9] == "the policy is given by its path or by its text; give one of both"
    assert texts[10].startswith("latin.yaml:2:8: a byte is not UTF-8")


def test_errors_say_where(folder: Path) -> None:
    """Each error of a document with line, column and pointer, as text and as data; a client's and a failure's likewise."""
    wrong = "schema: smplist/1\nsources:\n  hq: {host: hq.example, file_reputation: {port: 70000}}\ninternal: {mode: custm}\n"
    (folder / "wrong.yaml").write_text(wrong, encoding="utf-8")
    one = {"path": "policy.yaml", "addresses": ["10.20.3.4"]}
    _, results, said = talk(folder, [
        ("explain", {"path": "wrong.yaml", "addresses": ["10.0.0.1"]}),
        ("survivability", {"text": wrong}),
        ("check", {"path": "wrong.yaml"}),
        ("explain", {**one, "addresses": ["10.20.3.400"]}),
        ("explain", {**one, "down": ["sps-manilla"]}),
        ("explain", {**one, "down": ["proxy:proxy.manila.acme.example:3128"]}),
        ("explain", {**one, "addresses": "10.20.3.4"}),
        ("diff", {"old_path": "policy.yaml", "new_path": "policy.yaml", "where": ["10.0.0.1/8"]}),
        ("check", {"path": "policy.yaml", "today": "tomorrow"}),
        ("nothing", {}),
    ])  # fmt: skip
    assert said == ""
    texts = [text_of(result) for result in results]
    assert all("Traceback" not in text for text in texts)
    assert texts[0].splitlines() == [
        "wrong.yaml:3:50: port 70000 is out of range; ports are 1 to 65535 (/sources/hq/file_reputation/port)",
        "wrong.yaml:4:18: unknown word 'custm'; did you mean 'custom'? (/internal/mode)",
    ]
    assert texts[1] == texts[0].replace("wrong.yaml", "text")
    data = results[0].structured_content
    assert data is not None and [(e["line"], e["column"]) for e in data["errors"]] == [(3, 50), (4, 18)]
    assert [result.is_error for result in results] == [True, True, False, *[True] * 7]
    rows = result_of(results[2])  # what a check finds is its answer
    assert [(row["severity"], row["line"]) for row in rows] == [("error", 3), ("error", 4)]
    assert "an octet is above 255: '10.20.3.400'" in texts[3]
    assert "did you mean 'sps-manila'?" in texts[4]
    assert "host bits" in texts[7] or "10.0.0.1/8" in texts[7]


def test_large_answers_are_bounded(folder: Path) -> None:
    """And say how much is left out; nothing is lost without a count."""
    lists = [{"name": f"l{i}", "ranges": [f"10.{i >> 8}.{i & 255}.0/24"], "sources": ["a" if i % 2 else "b"]} for i in range(700)]
    document: dict[str, Any] = {
        "schema": "smplist/1",
        "sources": {name: {"host": f"{name}.example", "file_reputation": {"port": 443}} for name in "ab"},
        "internal": {"mode": "custom", "custom": {"lists": lists}},
    }
    (folder / "old.json").write_text(json.dumps(document), encoding="utf-8")
    for entry in lists:
        entry["sources"] = ["a"]
    (folder / "new.json").write_text(json.dumps(document), encoding="utf-8")
    _, results, _ = talk(folder, [
        ("diff", {"old_path": "old.json", "new_path": "new.json"}), ("survivability", {"path": "policy.yaml"}),
        ("check", {"path": "old.json"}),
    ])  # fmt: skip
    found = smplist.diff(smplist.load(folder / "old.json"), smplist.load(folder / "new.json")).to_dict()
    data = results[0].structured_content
    assert data is not None
    shown = data["result"]["regions"]
    assert 0 < len(shown) <= MOST_ITEMS
    assert len(found["regions"]) > MOST_ITEMS
    assert data["left_out"]["/regions"] == len(found["regions"]) - len(shown)
    assert shown == found["regions"][: len(shown)]
    assert f"{data['left_out']['/regions']:,} of /regions)" in text_of(results[0]).splitlines()[-1]
    for result in results:
        assert len(json.dumps(result.structured_content)) < 250_000 and len(text_of(result)) < 30_000


def test_what_is_cut_is_counted() -> None:
    """At any depth, by JSON Pointer; and a long answer has fewer items of each list."""
    assert bounded({"a/b": [1, 2, 3], "c": [[1], [1, 2, 3, 4]]}, 2) == (
        {"a/b": [1, 2], "c": [[1], [1, 2]]}, {"/a~1b": 1, "/c/1": 2},
    )  # fmt: skip
    long = answer({"rows": ["x" * 10_000] * 90}, "many", {"/rows": 10}).structured_content
    assert long is not None and len(json.dumps(long)) <= mcp_server.MOST_ANSWER + 1000
    assert len(long["result"]["rows"]) + long["left_out"]["/rows"] == 100
    text = text_of(answer([], "line\n" * 100))
    assert text.splitlines()[-1] == "... and 40 lines more"


def test_it_reads_only(folder: Path, tmp_path: Path) -> None:
    """Nothing is written, removed, started or connected to, whatever is asked; a file of a password is not looked at."""
    told = tmp_path / "told"
    told.touch()
    key = tmp_path / "key"
    key.write_text("x")
    key.chmod(0o644)
    proxied = smplist.load(folder / "policy.yaml").to_dict()
    proxied["network"]["proxy"] = {"host": "proxy.example", "port": 3128, "user": "u", "password": f"file:{key}"}
    calls: list[Call] = [
        ("explain", {"path": "policy.yaml", "addresses": ["10.20.3.4"]}),
        ("check", {"text": json.dumps(proxied)}),
        ("diff", {"old_path": "policy.yaml", "new_path": "next.yaml"}),
        ("verify", {"path": "policy.yaml", "expectations_path": "expectations.yaml"}),
        ("survivability", {"path": "policy.yaml"}),
        ("check", {"path": "../secret.yaml"}),
    ]
    before = sorted(path.name for path in folder.iterdir())
    _, results, _ = talk(folder, calls, ["-c", AUDIT.format(told=str(told), words=[])])
    assert [result.is_error for result in results] == [False] * 5 + [True]
    assert told.read_text() == ""
    assert sorted(path.name for path in folder.iterdir()) == before
    assert "password-file-permissions" not in json.dumps(results[1].structured_content)


def test_the_folder_can_be_named(folder: Path, run: Run) -> None:
    """`smplist mcp FOLDER`; one that is not there is refused, and the end of the input ends it."""
    _, results, _ = talk(folder.parent, [("check", {"path": "policy.yaml"})], ["-m", "smplist", "mcp", "served"])
    assert not results[0].is_error
    ended = run("mcp", "nowhere")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "smplist: nowhere is no folder; name the one that has the policies\n"
    ended = run("mcp", cwd=folder)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_garbage_does_not_end_it(folder: Path) -> None:
    """A line that is no message: an error for its sender, no traceback, and the next one is answered."""
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    with subprocess.Popen(
        [sys.executable, "-m", "smplist", "mcp"], cwd=folder, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write("this is no message\n\x00\n{}\n[1, 2]\n" + "[" * 100_000 + "\n")
        process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": 7, "method": "initialize", "params": hello}) + "\n")
        process.stdin.flush()
        for line in process.stdout:
            if json.loads(line).get("id") == 7:
                break
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0 and said == ""
    assert json.loads(line)["result"]["serverInfo"]["name"] == "smplist"


def test_without_the_package_one_line_says_what_to_install(folder: Path) -> None:
    """The extra is an extra."""
    script = "import sys\nsys.modules['mcp'] = None\nsys.argv = ['smplist', 'mcp']\nfrom smplist.cli import main\nmain()"
    ended = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, timeout=60, input="")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "smplist: this needs the package mcp, version 2 or later: pip install 'smplist[mcp]'\n"
