# SPDX-License-Identifier: MIT
"""The model against the corpus, which was written by hand from the clauses, and against published vectors."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import model
import pytest
from corpus import CASES, Tree, of_kind

DOCS = Path(__file__).parents[2] / "docs"
RULES = DOCS / "explanation" / "semantics.md"
PLAN = DOCS / "reference" / "plan.md"
KINDS = {"client", "parse", "expect_errors", "failover"}
FORMATS: dict[str, Callable[[str], str]] = {
    "address": lambda text: model.address_text(model.plain_address(text)),
    "range": lambda text: model.range_text(model.parse_range(text)),
    "host": model.host_text,
    "mac": model.mac_text,
    "host_port": lambda text: model.with_port(*model.reached_of(text)),
}


def plan_of(case: Tree) -> Tree:
    """The model's plan of a case."""
    return model.evaluate(
        case["policy"],
        case["client"],
        case["service"],
        epoch=case.get("epoch", 0),
        resolved=case.get("resolved"),
    )


@pytest.mark.parametrize("case", of_kind("client"))
def test_plans_are_what_the_corpus_expects(case: Tree) -> None:
    """Each key that a case names, whole. [S-60] [S-61]"""
    plan = plan_of(case)
    expect = case.get("expect", {})
    assert {key: plan[key] for key in expect} == expect
    if "expect_first_available" in case:
        first = model.first_available(plan, case["availability"])
        assert (first and first["source"]) == case["expect_first_available"]


@pytest.mark.parametrize("case", of_kind("failover"))
def test_failover_is_what_the_corpus_expects(case: Tree) -> None:
    """Answers to a run of events. [S-70] [S-71] [S-72]"""
    run = case["failover"]
    plan = plan_of(run)
    state: Tree = {}
    attempt: Tree = {}
    answers = []
    for event in run["events"]:
        if event["do"] == "report":
            state = model.failover_report(state, attempt, event["outcome"], event["now"])
            continue
        kind, answer = model.failover_next(state, plan, event["now"])
        if kind == "attempt":
            attempt, answer = answer, answer["source"]
        answers.append({kind: answer})
    assert answers == run["expect"]


@pytest.mark.parametrize("case", [c for c in of_kind("parse") if c.values[0]["parse"] in FORMATS])
def test_texts_are_read_as_the_corpus_expects(case: Tree) -> None:
    """Canonical text, or a refusal. [S-01] to [S-06], [S-11], [S-31], [S-32]"""
    read = FORMATS[case["parse"]]
    if "error" in case["expect"]:
        with pytest.raises(ValueError):
            read(case["text"])
    else:
        assert read(case["text"]) == case["expect"]["text"]
        assert read(case["expect"]["text"]) == case["expect"]["text"]


# [S-21]: sources, keys, first ranks and orders as published
SOURCES = [
    ("https://sps-a.example:443", 0xF5F36424A4BBEDB7),
    ("https://sps-b.example:443", 0xFA71927308B456C2),
    ("https://[2001:db8::5]:443", 0x6A3732F55341AA47),
    ("http://10.1.0.5:8082", 0xF98554E9FA64BAF0),
]
VECTORS = [
    ("pc-7", [], 0, 0xF23F960DE1DC50F4, 0x6BBA4F2522C0A7E3, [1, 4, 2, 3]),
    ("pc-7", [], 1, 0xF23F960DE1DC50F4, None, [3, 4, 1, 2]),
    ("", ["10.20.3.4"], 0, 0x3A09FAE9EFCAB589, 0x133C7CDE8D8AFB0D, [1, 3, 2, 4]),
    ("", ["2001:db8::7"], 0, 0xF776269A451C15FB, 0x1811BD12736F38CF, [1, 3, 2, 4]),
    ("", ["2001:db8::7"], 1, 0xF776269A451C15FB, None, [1, 3, 4, 2]),
]


@pytest.mark.parametrize(("identity", "digest"), SOURCES)
def test_identities_have_their_published_digests(identity: str, digest: int) -> None:
    """FNV-1a over the identity. [S-14] [S-21]"""
    assert model.fnv1a64(identity.encode()) == digest


@pytest.mark.parametrize(("client_id", "addresses", "epoch", "key", "first", "order"), VECTORS)
def test_random_order_has_its_published_vectors(
    client_id: str, addresses: list[str], epoch: int, key: int, first: int | None, order: list[int]
) -> None:
    """Key, first rank and order. [S-21]"""
    assert model.random_key(client_id, [model.plain_address(a) for a in addresses]) == key
    ranks = [model.rank(key, epoch, identity) for identity, _ in SOURCES]
    assert sorted(range(1, 5), key=lambda number: ranks[number - 1]) == order
    assert first in (None, ranks[0])


def test_no_id_and_no_address_is_key_zero() -> None:
    """The client that has neither. [S-21]"""
    assert model.random_key("", []) == 0


def test_a_plan_has_its_keys_in_the_documented_order() -> None:
    """The keys of the table in docs/reference/plan.md. [S-61]"""
    table = re.findall(r"^\| `(\w+)` \|", PLAN.read_text(encoding="utf-8"), re.MULTILINE)
    assert table[0] == "revision" and table[-1] == "trace"
    policy = {"schema": "smplist/1", "sources": {}, "internal": {"mode": "standard"}}
    plan = model.evaluate(policy, {}, "file_reputation", revision="sha256:0")
    assert list(plan) == table
    assert plan["revision"] == "sha256:0"
    assert model.evaluate(policy, {}, "file_reputation")["revision"] == model.revision(policy)


def test_canonical_form_is_sorted_complete_and_stable() -> None:
    """The bytes of the smallest policy, written by hand, and again from themselves. [S-82]"""
    smallest = {"schema": "smplist/1", "sources": {}, "internal": {"mode": "standard"}}
    expected = (
        '{"allow_web_reputation_https":false,"internal":{"custom":{"fallback_to_standard":false,"lists":[],'
        '"on_overlap":"first"},"mode":"standard","proxy":null,"standard":{"order":"ordered","sources":[]},'
        '"web_reputation_to_servers":true},"ip_preference":"ipv4_first","location":{"criterion":"gateway",'
        '"gateways":[]},"network":{"order":"ordered","proxy":null,"sources":[]},"network_fallback":'
        '{"file_reputation":false,"web_reputation":false},"profile":"officescan-10.6","schema":"smplist/1",'
        '"sources":{},"title":""}'
    )
    assert model.canonical(smallest).decode() == expected
    for case in CASES:
        policy = case.get("failover", case).get("policy")
        if policy is None or "expect_errors" in case:
            continue
        written = model.canonical(policy)
        assert model.canonical(json.loads(written)) == written
        assert model.revision(json.loads(written)) == model.revision(policy)


def test_every_case_has_a_sentence_one_kind_and_known_clauses() -> None:
    """Names are unique in a file; clauses exist."""
    known = set(re.findall(r"^\*\*(S-\d\d)\*\*", RULES.read_text(encoding="utf-8"), re.MULTILINE))
    names = [(case["file"], case["name"]) for case in CASES]
    assert len(set(names)) == len(names)
    for case in CASES:
        assert len(KINDS & set(case)) == 1, case["name"]
        assert case["clauses"] and set(case["clauses"]) <= known, case["name"]


def test_every_clause_has_a_case() -> None:
    """S-01 to S-72; documents, S-80 and up, have refusals, and revisions on their way to clients have tests of their own."""
    known = set(re.findall(r"^\*\*(S-\d\d)\*\*", RULES.read_text(encoding="utf-8"), re.MULTILINE))
    cited = {clause for case in CASES for clause in case["clauses"]}
    assert known - cited == {"S-82", "S-83"}, "the canonical form has a test above, publishing those of fleets"
