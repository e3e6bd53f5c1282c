# SPDX-License-Identifier: MIT
"""The engine against the corpus, through Python; tests/cpp/corpus_test.cpp does the same through C++."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import smplist
from corpus import CASES, FOLDER, Tree, of_kind

FORMATS: dict[str, Any] = {
    "address": smplist.Address,
    "range": smplist.AddressRange,
    "host": smplist.Host,
    "mac": smplist.MacAddress,
    "host_port": smplist.HostPort,
}


def plan_of(case: Tree) -> smplist.Plan:
    """The engine's plan of a case."""
    policy = smplist.Policy.from_dict(case["policy"])
    client = smplist.Client.from_dict(case["client"])
    return policy.evaluate(client, case["service"], epoch=case.get("epoch", 0), resolved=case.get("resolved", {}))


@pytest.mark.parametrize("case", of_kind("client"))
def test_plans_are_what_the_corpus_expects(case: Tree) -> None:
    """Each key that a case names, whole. [S-60] [S-61]"""
    plan = plan_of(case)
    document = plan.to_dict()
    for step in document["trace"]:
        assert step.pop("text")
    expect = case.get("expect", {})
    for step in expect.get("trace", []):
        step.pop("text", None)
    assert {key: document[key] for key in expect} == expect
    if "expect_first_available" in case:
        first = plan.first_available(case["availability"])
        assert (first and first.source) == case["expect_first_available"]


def test_plans_are_byte_for_byte_what_they_were() -> None:
    """One line for each plan, with its sentences; C++ computes the same. [S-60] [S-67]"""
    lines = "".join(f"{plan_of(case).to_json()}\n" for case in CASES if "client" in case)
    golden = (FOLDER / "golden.sha256").read_text(encoding="utf-8").strip()
    assert hashlib.sha256(lines.encode()).hexdigest() == golden


@pytest.mark.parametrize("case", of_kind("failover"))
def test_failover_is_what_the_corpus_expects(case: Tree) -> None:
    """Answers to a run of events. [S-70] [S-71] [S-72]"""
    run = case["failover"]
    plan = plan_of(run)
    state = smplist.Failover()
    answers: list[dict[str, object]] = []
    tried: list[smplist.Attempt] = []
    for event in run["events"]:
        if event["do"] == "report":
            state = state.report(tried[-1], event["outcome"], event["now"])
            continue
        kind, answer = state.next(plan, event["now"])
        if isinstance(answer, smplist.Attempt):
            tried.append(answer)
            answer = answer.source
        answers.append({kind: answer})
    assert answers == run["expect"]


@pytest.mark.parametrize("case", [c for c in of_kind("parse") if c.values[0]["parse"] in FORMATS])
def test_texts_are_read_as_the_corpus_expects(case: Tree) -> None:
    """Canonical text, or the code of the refusal. [S-01] to [S-06], [S-11], [S-31], [S-32]"""
    kind = FORMATS[case["parse"]]
    if "error" in case["expect"]:
        error = kind.try_parse(case["text"])
        assert isinstance(error, smplist.ParseError)
        assert error.code == case["expect"]["error"]
        with pytest.raises(smplist.ParseError):
            kind(case["text"])
    else:
        assert str(kind(case["text"])) == case["expect"]["text"]
        assert str(kind(case["expect"]["text"])) == case["expect"]["text"]


@pytest.mark.parametrize("case", [c for c in of_kind("parse") if c.values[0]["parse"] == "password"])
def test_passwords_are_references(case: Tree) -> None:
    """What stands in a policy is where the password is, never the password. [S-24]"""
    proxy = {"host": "p.example", "port": 3128, "user": "svc", "password": case["text"]}
    document = {"schema": "smplist/1", "sources": {}, "internal": {"mode": "standard", "proxy": proxy}}
    if "error" in case["expect"]:
        with pytest.raises(smplist.PolicyError) as caught:
            smplist.Policy.from_dict(document)
        assert [e.code for e in caught.value.errors] == [case["expect"]["error"]]
    else:
        written = smplist.Policy.from_dict(document).to_dict()
        assert written["internal"]["proxy"]["password"] == case["expect"]["text"]


@pytest.mark.parametrize("case", of_kind("expect_errors"))
def test_documents_are_refused_where_the_corpus_says(case: Tree) -> None:
    """Every error of a document, by its pointer. [S-80] [S-81]"""
    with pytest.raises(smplist.PolicyError) as caught:
        smplist.Policy.from_dict(case["policy"])
    assert sorted(e.pointer for e in caught.value.errors) == sorted(case["expect_errors"])
