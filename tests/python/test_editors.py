# SPDX-License-Identifier: MIT
"""What editors show: schemas point at what is wrong, to check-jsonschema and to a language server; the how-to is true."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import smplist
from conftest import ROOT

HOW_TO = ROOT / "docs/how-to/edit-policies-in-vs-code.md"

# what somebody mistypes in Acme's policy: what stood there, what stands there now, where the schema says that it is wrong
WRONG = {
    "a word": ("order: random", "order: randm", "/internal/custom/lists/1/order"),
    "a port": ("port: 5274", "port: 70000", "/sources/sps-hq/web_reputation/port"),
    "a key": ("    on_overlap: first", "    on_overlp: first", "/internal/custom"),
    "a key of a source": ("    kind: integrated", "    knd: integrated", "/sources/osce"),
    "the mode": ("mode: custom", "mode: custm", "/internal/mode"),
    "a criterion": ("criterion: gateway", "criterion: gatway", "/location/criterion"),
    "a key of another criterion": ("criterion: gateway", "criterion: gateway\n  reference_servers: []", "/location"),
    "a MAC address without quotes": ('mac: "00:00:5e:00:53:01"', "mac: 12", "/location/gateways/0/mac"),
    "a list of families": ("families: [ipv4, ipv6]", "families: ipv4", "/sources/sps-hq/families"),
    "a truth": ("fallback_to_standard: true", "fallback_to_standard: maybe", "/internal/custom/fallback_to_standard"),
    "a proxy": ("converts: true", "converts: 1", "/internal/custom/lists/32/proxy/converts"),
}


def mistyped(acme: Path, what: str) -> str:
    """Acme's policy with one thing wrong."""
    before, after, _ = WRONG[what]
    text = (acme / "policy.yaml").read_text(encoding="utf-8")
    assert before in text, f"{before!r} is no longer in Acme's policy"
    return text.replace(before, after, 1)


def data(text: str) -> Any:
    """The data of a YAML text, as any reader of YAML 1.2 sees it."""
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).load(text)


@pytest.mark.parametrize("what", WRONG)
def test_the_schema_points_at_what_is_wrong(acme: Path, what: str) -> None:
    """All errors of one mistake stand at its place: none says that an object should have been null."""
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(smplist.schema())
    errors = list(validator.iter_errors(data(mistyped(acme, what))))
    assert {"/" + "/".join(map(str, error.absolute_path)) for error in errors} == {WRONG[what][2]}
    with pytest.raises(smplist.PolicyError) as refused:
        smplist.loads(mistyped(acme, what))
    assert any(error.pointer.startswith(WRONG[what][2]) for error in refused.value.errors)


def test_what_may_be_absent_may_be_null() -> None:
    """Null stands for a default wherever the loader takes it so, and nowhere else."""
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(smplist.schema())
    least: dict[str, Any] = {
        "schema": "smplist/1",
        "sources": {"hq": {"host": "hq.example", "file_reputation": {"port": 443}, "web_reputation": None, "families": None}},
        "internal": {"mode": "standard", "standard": {"sources": ["hq"]}, "custom": None, "proxy": None},
    }
    optional: list[dict[str, Any]] = [{key: None} for key in ("network_fallback", "location", "network", "lint", "title")]
    optional += [
        {"location": {"criterion": "connection", "management_server": None, "reference_servers": None}},
        {"location": {"criterion": "connection", "management_server": {"host": "a.example", "ports": [443]}}},
        {"location": {"gateways": [{"address": "10.0.0.1", "mac": None}]}}, {"location": {"gateways": None}},
        {"network": {"sources": [], "proxy": None}}, {"lint": {"suppress": None}},
    ]  # fmt: skip
    for more in optional:
        assert list(validator.iter_errors(least | more)) == [], more
        smplist.Policy.from_dict(least | more)
    forbidden: list[dict[str, Any]] = [{"sources": None}, {"internal": None}, {"location": "gateway"}, {"network": []}]
    forbidden += [{"location": {"management_server": None}}, {"lint": {"suppress": {}}}]
    forbidden += [{"location": {"criterion": "connection", "gateways": []}}]
    for wrong in forbidden:
        assert not validator.is_valid(least | wrong), wrong
        with pytest.raises(smplist.PolicyError):
            smplist.Policy.from_dict(least | wrong)


# ---- check-jsonschema


@pytest.fixture
def check_jsonschema() -> list[str]:
    """The command, of this environment or of the path."""
    here = Path(sys.executable).with_name("check-jsonschema")
    found = str(here) if here.exists() else shutil.which("check-jsonschema")
    if not found:
        pytest.skip("check-jsonschema is not installed")
    return [found, "--output-format", "json", "--schemafile"]


def test_check_jsonschema_says_the_same(acme: Path, tmp_path: Path, check_jsonschema: list[str]) -> None:
    """Acme's files pass; each mistake fails at its place."""
    for which in ("policy", "expectations"):
        (tmp_path / f"{which}.json").write_text(json.dumps(smplist.schema(which)), encoding="utf-8")
        words = [*check_jsonschema, str(tmp_path / f"{which}.json"), str(acme / f"{which}.yaml")]
        assert subprocess.run(words, capture_output=True, timeout=120).returncode == 0
    files = {}
    for what in WRONG:
        path = tmp_path / f"{what.replace(' ', '-')}.yaml"
        path.write_text(mistyped(acme, what), encoding="utf-8")
        files[str(path)] = what
    ended = subprocess.run(
        [*check_jsonschema, str(tmp_path / "policy.json"), *files], capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 1
    said: dict[str, set[str]] = {}
    for error in json.loads(ended.stdout)["errors"]:
        place = re.sub(r"\[(\d+)\]", r".\1", error["path"]).replace("['", ".").replace("']", "")
        said.setdefault(files[error["filename"]], set()).add(place.removeprefix("$").replace(".", "/"))
    assert said == {what: {place} for what, (_, _, place) in WRONG.items()}


# ---- a language server, as editors run it


class LanguageServer:
    """`yaml-language-server` over its standard input and output, as an editor talks to it."""

    def __init__(self, command: str, settings: dict[str, Any], root: Path) -> None:
        self.settings = settings
        self.process = subprocess.Popen([command, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.number = 0
        self.found: dict[str, list[dict[str, Any]]] = {}
        capabilities = {"workspace": {"configuration": True, "didChangeConfiguration": {}}, "textDocument": {"completion": {}}}
        self.ask("initialize", {"processId": None, "rootUri": root.as_uri(), "capabilities": capabilities,
                                "workspaceFolders": [{"uri": root.as_uri(), "name": "root"}]})  # fmt: skip
        self.tell("initialized", {})
        self.tell("workspace/didChangeConfiguration", {"settings": settings})

    def send(self, message: dict[str, Any]) -> None:
        """One message."""
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def tell(self, method: str, params: Any) -> None:
        """Something that is not answered."""
        self.send({"method": method, "params": params})

    def ask(self, method: str, params: Any) -> Any:
        """The answer to a question."""
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params})
        while True:
            message = self.receive()
            if message.get("id") == self.number and "method" not in message:
                return message.get("result")

    def receive(self) -> dict[str, Any]:
        """The next message; what the server asks is answered, what it finds is kept."""
        assert self.process.stdout is not None
        length = 0
        while line := self.process.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        message: dict[str, Any] = json.loads(self.process.stdout.read(length))
        if message.get("method") == "workspace/configuration":
            answers = [self.settings.get(item.get("section"), {}) for item in message["params"]["items"]]
            self.send({"id": message["id"], "result": answers})
        elif "method" in message and "id" in message:
            self.send({"id": message["id"], "result": None})
        elif message.get("method") == "textDocument/publishDiagnostics":
            self.found[message["params"]["uri"]] = message["params"]["diagnostics"]
        return message

    def open(self, path: Path, text: str) -> list[dict[str, Any]]:
        """What is wrong with a file as it is typed."""
        self.found.pop(path.as_uri(), None)
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": document})
        while path.as_uri() not in self.found:
            self.receive()
        return self.found[path.as_uri()]

    def complete(self, path: Path, text: str, line: int) -> set[str]:
        """What is offered at the end of a line."""
        path = path.with_name(f"{self.number}-{path.name}")
        self.open(path, text)
        place = {"line": line, "character": len(text.splitlines()[line])}
        answer = self.ask("textDocument/completion", {"textDocument": {"uri": path.as_uri()}, "position": place})
        items = answer["items"] if isinstance(answer, dict) else answer
        return {item["label"] for item in items}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LanguageServer, Path]]:
    """A language server with the settings of the how-to, in a workspace that has the schemas."""
    command = shutil.which("yaml-language-server")
    if not command:
        pytest.skip("yaml-language-server is not installed")
    root = tmp_path_factory.mktemp("workspace")
    (root / "policies").mkdir()
    for which in ("policy", "expectations"):
        (root / f"policies/{which}.schema.json").write_text(json.dumps(smplist.schema(which)), encoding="utf-8")
    stated = json.loads(blocks("json")[0])
    yaml = {"schemas": stated["yaml.schemas"], "schemaStore": {"enable": stated["yaml.schemaStore.enable"]},
            "validate": True, "completion": True, "hover": True}  # fmt: skip
    running = LanguageServer(command, {"yaml": yaml}, root)
    yield running, root
    running.process.kill()
    running.process.wait()


def blocks(language: str) -> list[str]:
    """The blocks of the how-to in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", HOW_TO.read_text(encoding="utf-8"), re.M | re.S)


def test_a_language_server_underlines_what_is_wrong(server: tuple[LanguageServer, Path], acme: Path) -> None:
    """With the settings of the how-to: nothing in Acme's files, and each mistake on its line."""
    running, root = server
    for name in ("policy", "expectations"):
        assert running.open(root / f"policies/{name}.yaml", (acme / f"{name}.yaml").read_text(encoding="utf-8")) == []
    for what, (_, after, _) in WRONG.items():
        text = mistyped(acme, what)
        changed = text[: text.index(after) + len(after)].count("\n")
        shown = running.open(root / f"policies/{what.replace(' ', '-')}.yaml", text)
        assert {entry["range"]["start"]["line"] for entry in shown} == {changed}, (what, shown)


def test_a_language_server_completes(server: tuple[LanguageServer, Path]) -> None:
    """Keys that may stand somewhere, and words; also by the first line of a file alone."""
    running, root = server
    before = "schema: smplist/1\nsources: {}\ninternal:\n  mode: custom\n  custom:\n    lists:\n      - name: a\n"
    policy = root / "policies/new.yaml"
    assert {"ranges", "order", "sources", "proxy"} <= running.complete(policy, f"{before}        \n", 7)
    assert {"ordered", "random"} <= running.complete(policy, f"{before}        order: \n", 7)
    assert {"gateways", "criterion"} <= running.complete(policy, f"{before}location:\n  \n", 8)
    assert {"reference_servers"} <= running.complete(policy, f"{before}location:\n  criterion: connection\n  \n", 9)
    assert {"location", "network"} <= running.complete(policy, f"{before}\n", 7)
    line = "# yaml-language-server: $schema=policies/policy.schema.json\n"
    elsewhere = running.open(root / "elsewhere.yaml", f"{line}schema: smplist/1\nsources: {{}}\ninternal: {{mode: custm}}\n")
    assert [entry["range"]["start"]["line"] for entry in elsewhere] == [3]


# ---- the how-to


def test_the_how_to_is_true(acme: Path, tmp_path: Path) -> None:
    """Its settings are JSON, its policy loads, and the pattern of its task finds file, line, column and severity."""
    settings, tasks = (json.loads(block) for block in blocks("json"))
    assert set(settings["yaml.schemas"]) == {"./policies/policy.schema.json", "./policies/expectations.schema.json"}
    [policy] = blocks("yaml")
    assert policy.startswith("# yaml-language-server: $schema=policy.schema.json\n")
    assert smplist.loads(policy).sources
    pattern = tasks["tasks"][0]["problemMatcher"]["pattern"]
    (tmp_path / "wrong.yaml").write_text(mistyped(acme, "a word"), encoding="utf-8")
    for file in (acme / "policy.yaml", tmp_path / "wrong.yaml"):
        words = [sys.executable, "-m", "smplist", "check", str(file)]
        ended = subprocess.run(words, capture_output=True, text=True, timeout=60)
        lines = [line for line in (ended.stdout + ended.stderr).splitlines() if line.startswith(str(file))]
        matches = [re.fullmatch(pattern["regexp"], line) for line in lines]
        assert matches and all(matches)
        found = matches[0]
        assert found is not None
        assert found[pattern["file"]] == str(file) and int(found[pattern["line"]]) > 1
        assert found[pattern["severity"]] in ("error", "warning", "note")
