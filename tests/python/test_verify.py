# SPDX-License-Identifier: MIT
"""Proofs over all clients: predicates and expectations, counterexamples that replay, and what can never apply."""

from __future__ import annotations

import itertools
import json
import os
import random
from ipaddress import ip_address as ip
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import smplist
from conftest import ROOT, Run
from smplist.analysis.verify import Proof, Proofs

POLICY: dict[str, Any] = {
    "schema": "smplist/1",
    "sources": {
        "a": {
            "host": "a.example",
            "families": ["ipv4", "ipv6"],
            "file_reputation": {"port": 443},
            "web_reputation": {"port": 80},
        },
        "b": {"host": "b.example", "families": ["ipv4"], "file_reputation": {"port": 443}},
        "c": {"host": "c.example", "families": ["ipv4", "ipv6"], "file_reputation": {"scheme": "http", "port": 80}},
    },
    "internal": {
        "mode": "custom",
        "custom": {
            "lists": [
                {"name": "x", "ranges": ["10.0.0.0/24", "2001:db8:a::/48"], "order": "random", "sources": ["a", "b", "c"]},
                {"name": "y", "ranges": ["10.0.1.0/24"], "sources": ["c", "a"]},
            ]
        },
    },
    "network": {"sources": ["a"]},
}


@pytest.fixture
def policy() -> smplist.Policy:
    """Two lists, one of them random."""
    return smplist.Policy.from_dict(POLICY)


def expectations(*entries: dict[str, Any]) -> dict[str, Any]:
    """A document."""
    return {"schema": "smplist-expectations/1", "expectations": list(entries)}


def replays(policy: smplist.Policy, proof: Proof, predicate: Any) -> bool:
    """Whether the client of a refutation shows it."""
    assert proof.client is not None and proof.service is not None
    return not predicate(policy.evaluate(proof.client, proof.service))


def test_the_example_of_the_contract(acme: Path) -> None:
    """A predicate, where a range says."""
    policy = smplist.load(acme / "policy.yaml")
    proof = policy.verify(lambda plan: len(plan.attempts) >= 2, where="10.0.0.0/8")
    assert proof and proof.verdict == "proved"
    assert int(proof.to_dict()["clients"]["ipv4"]) == 2**24
    few = policy.verify(lambda plan: len(plan.attempts) >= 4, where={"addresses": "10.0.0.0/8", "location": "internal"})
    assert not few and replays(policy, few, lambda plan: len(plan.attempts) >= 4)
    assert few.client is not None
    assert any(a in smplist.AddressRange("10.0.0.0/8") for a in few.client.addresses)


def test_a_predicate_meets_every_order(policy: smplist.Policy) -> None:
    """Whatever a predicate says of the order is found out: each order is some client's. [S-21]"""
    where = {"addresses": "10.0.0.0/24", "location": "internal", "service": "file_reputation", "stack": "ipv4"}
    for order in itertools.permutations("abc"):

        def other(plan: smplist.Plan, order: tuple[str, ...] = order) -> bool:
            return tuple(a.source for a in plan.attempts) != order

        proof = policy.verify(other, where=where)
        assert proof.verdict == "refuted" and replays(policy, proof, other)
        assert proof.rows() == [
            {
                "location": "internal",
                "service": "file_reputation",
                "family": "ipv4",
                "first": "10.0.0.0",
                "last": "10.0.0.255",
                "addresses": 256,
            }
        ]
    assert policy.verify(lambda plan: {a.source for a in plan.attempts} == {"a", "b", "c"}, where=where)
    promised = policy.verify(lambda plan: len(plan.attempts) == 3, where=where, any_order=True)
    assert promised and "on the word of the caller" in promised.to_text()


def test_too_many_orders_are_no_proof() -> None:
    """Eight sources have 40,320 orders; seven have 5,040, and all are tried."""
    document = json.loads(json.dumps(POLICY))
    for i in range(8):
        document["sources"][f"s{i}"] = {"host": f"s{i}.example", "file_reputation": {"port": 443}}
    entry = document["internal"]["custom"]["lists"][0]
    entry["sources"] = [f"s{i}" for i in range(8)]
    where = {"addresses": "10.0.0.0/24", "location": "internal", "service": "file_reputation", "stack": "ipv4"}
    proof = smplist.Policy.from_dict(document).verify(lambda plan: len(plan.attempts) == 8, where=where)
    assert (proof.verdict, bool(proof)) == ("unproved", False)
    assert "up to 40320 for 10.0.0.0" in proof.text and "pass any_order=True" in proof.text
    assert smplist.Policy.from_dict(document).verify(lambda plan: len(plan.attempts) == 8, where=where, any_order=True)
    entry["sources"].pop()
    seen = set()

    def remember(plan: smplist.Plan) -> bool:
        seen.add(tuple(a.source for a in plan.attempts))
        return True

    assert smplist.Policy.from_dict(document).verify(remember, where=where)
    assert len(seen) == 5040


def test_a_predicate_that_looks_at_one_client_proves_nothing_of_its_class(policy: smplist.Policy) -> None:
    """What differs within a class is seen to be looked at; a refutation stands all the same."""
    proof = policy.verify(lambda plan: plan.scope is not None, where="10.0.0.0/23")
    assert proof.verdict == "unproved" and "it looks at scope, which is one client's own" in proof.text
    assert policy.verify(lambda plan: str(plan.to_dict()) != "", where="10.0.0.0/23").verdict == "unproved"
    assert policy.verify(lambda plan: plan == plan, where="10.0.0.0/23").verdict == "unproved"
    assert (
        policy.verify(lambda plan: isinstance(plan, smplist.Plan) and len(plan.ignored) >= 0, where="10.0.1.0/24").verdict
        == "unproved"
    )
    alone = {"addresses": "10.0.1.0/24", "stack": "ipv4"}
    assert policy.verify(lambda plan: isinstance(plan, smplist.Plan) and len(plan.ignored) >= 0, where=alone).verdict == "proved"
    assert policy.verify(lambda plan: plan.scope is None, where="10.0.0.0/23").verdict == "refuted"


def test_a_predicate_that_raises_names_the_client(policy: smplist.Policy) -> None:
    """No exception: an error, with the client it raised on; and None is no answer."""
    proof = policy.verify(lambda plan: plan.attempts[0].source != "z", where={"location": "internal"})
    assert (proof.verdict, bool(proof)) == ("error", False)
    assert "the predicate raised IndexError" in proof.text
    assert proof.client is not None and proof.service is not None
    assert len(policy.evaluate(proof.client, proof.service).attempts) == 0
    assert policy.verify(lambda plan: None).text == "the predicate returned None; return True or False"
    with pytest.raises(KeyboardInterrupt):
        policy.verify(lambda plan: (_ for _ in ()).throw(KeyboardInterrupt))


def test_where_takes_what_names_addresses(policy: smplist.Policy) -> None:
    """A text, a range, a set, several, a mapping with negation; nothing else."""
    wanted = 256
    for where in (
        "10.0.0.0/24",
        smplist.AddressRange("10.0.0.0/24"),
        smplist.RangeSet(["10.0.0.0/25", "10.0.0.128/25"]),
        ["10.0.0.0/25", smplist.AddressRange("10.0.0.128/25")],
        {"addresses": "10.0.0.0/23", "except": ["10.0.1.0/24"]},
        {"except": ~smplist.RangeSet(["10.0.0.0/24"])},
    ):
        assert int(policy.verify(lambda plan: True, where=where).to_dict()["clients"]["ipv4"]) == wanted
    with pytest.raises(TypeError, match="where is a range"):
        policy.verify(lambda plan: True, where=7)
    with pytest.raises(smplist.PolicyError, match="did you mean 'location'"):
        policy.verify(lambda plan: True, where={"locaton": "internal"})
    with pytest.raises(smplist.PolicyError, match="host bits"):
        policy.verify(lambda plan: True, where="10.0.0.1/8")
    assert policy.verify(lambda plan: True, where={"addresses": "10.0.0.0/24", "stack": "ipv6"}).verdict == "error"
    assert policy.verify(lambda plan: True, where={"revision": "sha256:" + "0" * 64}).text.startswith("it can never apply")
    with pytest.raises(TypeError, match="belong to a predicate"):
        policy.verify(expectations({"name": "x", "always": {"at_least": 0}}), where="10.0.0.0/8")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="expected a predicate"):
        policy.verify(7)


def test_expectations_and_predicates_agree(policy: smplist.Policy) -> None:
    """The same said twice has the same verdict and concerns the same clients."""
    pairs: list[tuple[dict[str, Any], Any]] = [
        ({"always": {"at_least": 2}}, lambda p: len(p.attempts) >= 2),
        ({"never": {"at_most": 2}}, lambda p: len(p.attempts) > 2),
        ({"always": {"https": True}}, lambda p: all(a.url.startswith("https") for a in p.attempts)),
        ({"always": {"first_source": ["a", "c"]}}, lambda p: bool(p.attempts) and p.attempts[0].source in "ac"),
        ({"never": {"first_source": "b"}}, lambda p: not p.attempts or p.attempts[0].source != "b"),
        ({"never": {"asks": ["b", "c"]}}, lambda p: not {a.source for a in p.attempts} & {"b", "c"}),
        ({"always": {"asks": ["a", "c"]}}, lambda p: {a.source for a in p.attempts} >= {"a", "c"}),
    ]
    for said, predicate in pairs:
        for where in ({}, {"addresses": ["10.0.0.0/24"], "match": "all"}, {"location": "internal", "service": "web_reputation"}):
            [one] = policy.verify(expectations({"name": "it", "where": where, **said}))
            other = policy.verify(predicate, where=where)
            assert (one.verdict, one.to_dict()["concerned"]) == (other.verdict, other.to_dict()["concerned"]), (said, where)
            if not one:
                assert replays(policy, one, predicate)


def test_random_expectations_hold_for_sampled_clients_of_acme(acme: Path) -> None:
    """Two thousand computers of Acme and what is proved of all; whatever is refuted replays."""
    dice = random.Random(int(os.environ["SMPLIST_SEED"]))
    policy = smplist.load(acme / "policy.yaml")
    sources = list(policy.sources)
    ranges = [str(r) for entry in policy.lists for r in entry.ranges]
    for _ in range(40):
        where: dict[str, Any] = {
            "addresses": dice.sample(ranges, 3),
            "match": dice.choice(["any", "all"]),
            "location": "internal",
        }
        names = dice.sample(sources, 12)
        [proof] = policy.verify([{"name": "it", "where": where, "never": {"first_source": names}}])
        if not proof:
            assert proof.client is not None and proof.service is not None
            assert policy.evaluate(proof.client, proof.service).attempts[0].source in names
            continue
        inside = smplist.RangeSet(where["addresses"])
        for r in inside.ranges:
            for offset in (0, r.size - 1, dice.randrange(r.size)):
                address = int(r.first) + offset
                text = str(ip(address.to_bytes(4 if r.first.family == "ipv4" else 16, "big")))
                client = smplist.Client([text], location="internal", id=f"pc-{dice.randrange(10**6)}")
                for service in smplist.Service:
                    plan = policy.evaluate(client, service)
                    assert not plan.attempts or plan.attempts[0].source not in names


def test_documents_say_everything_that_is_wrong(policy: smplist.Policy, tmp_path: Path) -> None:
    """Every error with line, column, pointer and advice, in the order of the document."""
    path = tmp_path / "e.yaml"
    path.write_text(
        """\
schema: smplist-expectations/1
expectations:
  - name: one
    where: {addreses: [10.0.0.0/8], location: internl, stack: [dual, quad], revision: abc}
    always: {first_sorce: a, at_least: -1, https: "yes", first_kind: [cloud]}
  - name: one
    where: {addresses: [10.0.0.1/8]}
    never: {}
  - name: two
""",
        encoding="utf-8",
    )
    with pytest.raises(smplist.PolicyError) as caught:
        policy.verify(path)
    assert [(e.line, e.column, e.pointer, f"{e.reason}; {e.advice}") for e in caught.value.errors] == [
        (4, 13, "/expectations/0/where/addreses", "unknown key 'addreses'; did you mean 'addresses'?"),
        (4, 47, "/expectations/0/where/location", "unknown word 'internl'; did you mean 'internal'?"),
        (4, 70, "/expectations/0/where/stack/1", "unknown word 'quad'; did you mean 'dual'?"),
        (
            4,
            87,
            "/expectations/0/where/revision",
            "not a revision: 'abc'; write sha256: and 64 digits, as `smplist explain` prints them",
        ),
        (5, 14, "/expectations/0/always/first_sorce", "unknown key 'first_sorce'; did you mean 'first_source'?"),
        (5, 40, "/expectations/0/always/at_least", "not a number of attempts: '-1'; write a number from 0 to 999999"),
        (5, 51, "/expectations/0/always/https", "expected true or false, found text; write true or false, without quotes"),
        (
            5,
            71,
            "/expectations/0/always/first_kind/0",
            "unknown word 'cloud'; write standalone, integrated, network, gateway",
        ),
        (6, 11, "/expectations/1/name", "the name 'one' is taken; rename one of them"),
        (
            7,
            25,
            "/expectations/1/where/addresses/0",
            "host bits are set behind the prefix: '10.0.0.1/8'; "
            "write 10.0.0.1 for this address alone, or 10.0.0.0/8 for the whole network",
        ),
        (8, 12, "/expectations/1/never", "it expects nothing; write a condition, or remove the key"),
        (9, 5, "/expectations/2", "it expects nothing; write 'always', 'never' or both"),
    ]
    with pytest.raises(smplist.PolicyError, match="this is a policy: give the policy first"):
        policy.verify({"schema": "smplist/1", "expectations": []})


def test_reports_are_values_and_escape(policy: smplist.Policy) -> None:
    """Data, table, HTML; a hostile name is text."""
    name = "<script>alert(1)</script>"
    proofs = policy.verify(expectations({"name": name, "always": {"at_least": 9}}, {"name": "fine", "never": {"at_least": 9}}))
    assert isinstance(proofs, Proofs) and not proofs and len(proofs) == 2
    assert "<script>" not in proofs._repr_html_() and "&lt;script&gt;" in proofs._repr_html_()
    assert [row["verdict"] for row in proofs.rows()] == ["refuted", "proved"]
    assert proofs.to_text().splitlines()[0] == "2 expectations: 1 refuted, 1 proved"
    assert json.loads(proofs.to_json()) == proofs.to_dict()
    frame = pytest.importorskip("pandas") and proofs.to_frame()
    assert list(frame.columns) == list(Proofs.columns)
    worst = proofs.proofs()[0]
    assert list(worst.to_frame().columns) == list(Proof.columns)
    assert policy.verify(expectations({"name": "fine", "never": {"at_least": 9}}))


def test_equivalent_refines_disjoint(policy: smplist.Policy) -> None:
    """The same in meaning, never worse, and no address in common; each with a client or the addresses that show otherwise."""
    document = policy.to_dict()
    document["title"] = "another"
    document["internal"]["custom"]["lists"][0]["sources"] = ["c", "b", "a"]  # at random: the same set
    same = smplist.Policy.from_dict(document)
    assert smplist.equivalent(policy, same) and smplist.refines(same, policy)
    document["internal"]["custom"]["lists"][1]["ranges"] = ["10.0.1.0-10.0.1.254"]
    other = smplist.Policy.from_dict(document)
    found = smplist.equivalent(policy, other)
    assert not found and found.client is not None and found.service is not None
    assert [str(a) for a in found.client.addresses] == ["10.0.1.255"]
    assert policy.evaluate(found.client, found.service).attempts != other.evaluate(found.client, found.service).attempts
    worse = smplist.refines(other, policy)
    assert worse.why == "it reached a source, and reaches none now" and not worse
    assert worse.to_text().startswith("not never worse: it reached a source")
    assert smplist.refines(policy, other)
    assert smplist.disjoint(policy, "x", "y")
    document["internal"]["custom"]["lists"][1]["ranges"] = ["10.0.0.250-10.0.1.5"]
    shared = smplist.disjoint(smplist.Policy.from_dict(document), "x", "y")
    assert not shared and [str(r) for r in shared.common.ranges] == ["10.0.0.250-10.0.0.255"]
    assert shared.to_text() == "not disjoint: x and y share 6 addresses\n  10.0.0.250-10.0.0.255"
    with pytest.raises(ValueError, match="no custom list is called 'xx'"):
        smplist.disjoint(policy, "xx", "y")


def test_the_command_line_proves_and_refutes(run: Run, acme: Path, tmp_path: Path) -> None:
    """Exit codes 0, 1, 2; a replay line that can be run; formats."""
    policy, good = acme / "policy.yaml", acme / "expectations.yaml"
    ended = run("verify", policy, good)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.split("\n")[0].endswith("proved") and "refuted" not in ended.stdout
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        "schema: smplist-expectations/1\nexpectations:\n"
        "  - {name: nothing in the DMZ asks inside, where: {location: internal, addresses: 172.16.0.0/23, stack: ipv4},"
        " never: {asks: [sps-hq, osce]}}\n",
        encoding="utf-8",
    )
    ended = run("verify", policy, bad)
    assert ended.returncode == 1
    replay = next(line for line in ended.stdout.splitlines() if "replay: smplist " in line).split("smplist ")[1].split()
    again = run(*[str(policy) if word == "POLICY" else word for word in replay])
    assert again.returncode == 0 and "sps-hq" in again.stdout
    rows = [json.loads(line) for line in run("verify", policy, bad, "--format", "ndjson").stdout.splitlines()]
    assert [row["verdict"] for row in rows] == ["refuted"]
    assert json.loads(run("verify", policy, bad, "--format", "json").stdout)["proofs"] == rows
    bad.write_text(
        "schema: smplist-expectations/1\nexpectations:\n  - {name: typo, always: {first_source: sps-hqq}}\n", encoding="utf-8"
    )
    ended = run("verify", policy, bad)
    assert ended.returncode == 2 and "did you mean 'sps-hq'?" in ended.stdout
    ended = run("verify", policy, policy)
    assert ended.returncode == 2 and "1 error, nothing was verified" in ended.stderr
    assert run("verify", policy, tmp_path / "none.yaml").returncode == 2
    assert run("verify", "-", "-").returncode == 2


def test_the_schema_fits_and_refuses(run: Run) -> None:
    """Acme's expectations fit the JSON Schema, and mistakes do not."""
    schema = smplist.schema("expectations")
    assert json.loads(run("schema", "expectations").stdout) == schema
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    yaml = pytest.importorskip("ruamel.yaml")
    document = yaml.YAML(typ="safe", pure=True).load((ROOT / "docs/examples/acme/expectations.yaml").read_text(encoding="utf-8"))
    validator.validate(document)
    document["expectations"][0]["always"]["at_lest"] = 1
    document["expectations"].append({"name": "nothing"})
    assert len(list(validator.iter_errors(document))) == 2
