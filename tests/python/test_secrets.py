# SPDX-License-Identifier: MIT
"""A password reaches no sink: neither the one behind a reference, nor one that somebody wrote into a policy. [S-24]"""

from __future__ import annotations

import copy
import io
import json
import logging
import pickle
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import smplist
from conftest import Run

CANARY = "canary7f3a"
PROXY: dict[str, Any] = {"host": "proxy.example", "port": 3128, "user": "svc"}

# what somebody might write instead of a reference
WRONG: dict[str, Any] = {
    "plain": {**PROXY, "password": CANARY},
    "another scheme": {**PROXY, "password": f"plain:{CANARY}"},
    "upper case": {**PROXY, "password": f"ENV:{CANARY}"},
    "half a keyring": {**PROXY, "password": f"keyring:{CANARY}"},
    "a list": {**PROXY, "password": [CANARY]},
    "a mapping": {**PROXY, "password": {"plain": CANARY}},
    "misspelt": {**PROXY, "pasword": CANARY},
    "in the host": {"host": f"svc:{CANARY}@proxy.example", "port": 3128},
    "in a URL as host": {"host": f"http://svc:{CANARY}@proxy.example", "port": 3128},
    "a URL": f"http://svc:{CANARY}@proxy.example:3128",
    "as the port": {**PROXY, "port": CANARY},
}


def policy_with(proxy: Any) -> dict[str, Any]:
    """A policy whose standard list goes through a proxy."""
    return {
        "schema": "smplist/1",
        "sources": {"hq": {"host": "hq.example", "families": ["ipv4"], "file_reputation": {"port": 443}}},
        "internal": {"mode": "standard", "standard": {"sources": ["hq"]}, "proxy": proxy},
    }


def sinks(value: Any) -> list[str]:
    """Everything that a value gives out."""
    out = [str(value), repr(value), f"{value}", repr(pickle.dumps(value)), repr(copy.deepcopy(value))]
    for name in ("to_json", "to_dict", "_repr_html_", "explain", "oneline"):
        if hasattr(value, name):
            out.append(str(getattr(value, name)()))
    return out


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Every record of every logger."""
    caplog.set_level(logging.NOTSET)
    return caplog


@pytest.mark.parametrize("proxy", WRONG.values(), ids=WRONG.keys())
@pytest.mark.parametrize("form", ["json", "yaml"])
def test_a_written_password_is_not_repeated(
    run: Run, tmp_path: Path, log: pytest.LogCaptureFixture, proxy: Any, form: str
) -> None:
    """Not by an exception, its arguments, its pickle, nor by a command. [S-24]"""
    text = json.dumps(policy_with(proxy), indent=1)
    raised = []
    makers: list[Callable[[], object]] = [
        lambda: smplist.loads(text, form),
        lambda: smplist.Policy.from_dict(policy_with(proxy)),
    ]
    for make in makers:
        with pytest.raises(smplist.PolicyError) as refused:
            make()
        error = refused.value
        raised += [*sinks(error), *map(repr, error.errors), *map(str, error.errors), repr(error.args), repr(vars(error))]
        raised.append("".join(traceback.format_exception_only(error)))
    (tmp_path / f"p.{form}").write_text(text, encoding="utf-8")
    for words in (("check", "--format", "json"), ("check",), ("explain", "--address", "10.0.0.1"), ("fmt",)):
        ended = run(words[0], f"p.{form}", *words[1:])
        assert ended.returncode == 2
        raised += [ended.stdout, ended.stderr]
    assert [out for out in raised if CANARY in out] == []
    assert CANARY not in log.text


@pytest.mark.parametrize("scheme", ["env", "file"])
def test_the_password_behind_a_reference_is_never_read(
    run: Run, tmp_path: Path, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    """Every sink of every value shows the reference at most. [S-24]"""
    monkeypatch.setenv("PROXY_PASSWORD", CANARY)
    (tmp_path / "secret").write_text(CANARY, encoding="utf-8")
    reference = {"env": "env:PROXY_PASSWORD", "file": f"file:{tmp_path / 'secret'}"}[scheme]
    policy = smplist.Policy.from_dict(policy_with({**PROXY, "password": reference}))
    client = smplist.Client(["10.0.0.1"], location="internal")
    plan = policy.evaluate(client, "file_reputation")
    seen = [text for value in (policy, client, plan, *plan.attempts, *plan.stages, policy.standard) for text in sinks(value)]
    seen += [text for finding in policy.lint() for text in sinks(finding)]
    (tmp_path / "p.json").write_text(policy.to_json(), encoding="utf-8")
    for words in (
        ("check", "p.json", "--fail-level", "never"),
        ("explain", "p.json", "--address", "10.0.0.1"),
        ("explain", "p.json", "--address", "10.0.0.1", "--location", "internal", "--format", "json"),
        ("fmt", "p.json"),
        ("convert", "p.json", "p.yaml"),
        ("evaluate", "p.json", "-"),
    ):
        ended = run(*words, given="addresses\n10.0.0.1\n")
        assert ended.returncode == 0, words
        seen += [ended.stdout, ended.stderr]
    seen.append((tmp_path / "p.yaml").read_text(encoding="utf-8"))
    assert reference in policy.to_json()
    assert [out for out in seen if CANARY in out] == []
    assert CANARY not in log.text


def test_a_proxy_shows_its_user_and_password_only_in_documents() -> None:
    """The text and HTML of a plan name the proxy by host and port. [S-24]"""
    policy = smplist.load(io.StringIO(json.dumps(policy_with({**PROXY, "password": "env:PW"}))))
    plan = policy.evaluate(smplist.Client(["10.0.0.1"], location="internal"), "file_reputation")
    assert "proxy.example:3128" in plan.explain()
    assert [text for text in sinks(plan) if "env:PW" in text or "svc" in text] == []
