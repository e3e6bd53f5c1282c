# SPDX-License-Identifier: MIT
"""The partition: its table, and its certificate as a checker without smplist sees it."""

from __future__ import annotations

import copy
import importlib.util
import ipaddress
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import generate
import pytest
import smplist

ROOT = Path(__file__).resolve().parents[2]
CHECKER = ROOT / "docs/reference/check_certificate.py"
ACME = smplist.load(ROOT / "docs/examples/acme/policy.yaml")
SEED = int(os.environ.get("SMPLIST_SEED") or random.randrange(2**32))
TABLES = Path(os.environ.get("SMPLIST_TABLES") or ROOT.parent / "shared/data/tables")


def load_checker() -> Callable[[dict[str, Any], str | None], list[str]]:
    """The function of the script."""
    spec = importlib.util.spec_from_file_location("check_certificate", CHECKER)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    check: Callable[[dict[str, Any], str | None], list[str]] = module.check
    return check


CHECK = load_checker()


def test_the_checker_is_short_and_stands_alone() -> None:
    """At most 80 lines that are not blank, the standard library only."""
    text = CHECKER.read_text(encoding="utf-8")
    assert len([line for line in text.splitlines() if line.strip()]) <= 80
    assert "import smplist" not in text


def test_certificates_hold_for_random_policies() -> None:
    """The checker's own cutting and walking gives the same pieces and answers. [S-44] [S-53] [S-63]"""
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    for _ in range(1000):
        policy = smplist.Policy.from_dict(generate.random_policy(rng))
        resolved = rng.choice([{}, {"d.example": ["ipv6"], "proxy.example": ["ipv4"]}])
        assert CHECK(policy.partition(resolved=resolved).certificate(), policy.revision) == []


def test_the_script_says_whether_a_certificate_holds(tmp_path: Path) -> None:
    """As a stranger runs it: a file, an exit code, a line."""
    file = tmp_path / "acme.json"
    file.write_text(json.dumps(ACME.partition().certificate()), encoding="utf-8")
    command = [sys.executable, "-I", "-O", str(CHECKER), str(file)]
    run = subprocess.run([*command, ACME.revision], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, "the certificate holds\n")
    run = subprocess.run([*command, "sha256:0"], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (1, "the revision is that of another policy\n")


def edits(certificate: dict[str, Any]) -> list[Callable[[dict[str, Any]], object]]:
    """Lies that a certificate could tell."""

    def move_end(c: dict[str, Any]) -> None:
        c["ipv4"][1]["last"] = str(ipaddress.ip_address(c["ipv4"][1]["last"]) - 1)

    return [
        move_end,
        lambda c: c["ipv6"].pop(3),
        lambda c: c["ipv4"].pop(),
        lambda c: c["ipv4"][1].update(list=None),
        lambda c: c["ipv4"][4].update(usable=not c["ipv4"][4]["usable"]),
        lambda c: c["classes"].pop(0),
        lambda c: c["classes"][5].update(file_reputation=0),
        lambda c: c["answers"][1]["stages"].pop(),
        lambda c: c["answers"][1]["stages"][0]["attempts"][0].update(via="10.0.0.1:3128"),
        lambda c: c["answers"][1].update(outcome="network"),
        lambda c: c.update(canonical=c["canonical"].replace("Acme", "Acne")),
    ]


def test_the_checker_finds_every_lie() -> None:
    """A certificate with one thing changed does not hold."""
    good = ACME.partition().certificate()
    assert CHECK(good, None) == []
    for number, lie in enumerate(edits(good)):
        bad = copy.deepcopy(good)
        lie(bad)
        assert bad != good and CHECK(bad, None) != [], f"lie {number}"


def test_the_table_has_every_address_once_per_service_and_location() -> None:
    """Counts add up to the families, the mapped block left out. [S-03]"""
    frame = ACME.partition().to_frame()
    assert list(frame.columns) == [
        "service", "location", "family", "first", "last", "addresses", "answer", "outcome", "asked_first", "attempts",
    ]  # fmt: skip
    for (_, _, family), part in frame.groupby(["service", "location", "family"]):
        assert sum(part["addresses"]) == (2**32 if family == "ipv4" else 2**128 - 2**32)


def test_rows_are_what_evaluate_says() -> None:
    """Both ends of every row, by the plain engine. [S-60]"""
    frame = ACME.partition().to_frame()
    for row in frame.itertuples():
        for address in (row.first, row.last):
            plan = ACME.evaluate(smplist.Client([address], location=row.location), row.service)
            assert (plan.outcome, len(plan.attempts)) == (row.outcome, row.attempts)
            asked = row.asked_first.split(" or ") if isinstance(row.asked_first, str) else []
            assert plan.attempts[0].source in asked if plan.attempts else asked == []


def test_a_class_has_a_witness_that_gets_its_answer() -> None:
    """Asked of the plain engine; a random stage is compared as a set. [S-21]"""
    cut = ACME.partition()
    for one in cut.classes():
        client = cut.witness(one)
        assert client is not None
        for service in smplist.Service:
            answer = cut.answer(one, service)
            assert answer is not None
            plan = ACME.evaluate(client, service)
            assert plan.outcome == answer.outcome
            asked = [a.url for a in plan.attempts]
            for order, attempts in answer.stages:
                urls, asked = [a.url for a in attempts], [*asked]
                head, asked = asked[: len(urls)], asked[len(urls) :]
                assert sorted(head) == sorted(urls) if order == "random" else head == urls
            assert asked == []


@pytest.mark.parametrize("family", ["ipv5", "", 4])
def test_a_wrong_family_is_refused(family: object) -> None:
    """With the words that are known."""
    with pytest.raises((ValueError, TypeError)):
        ACME.partition().pieces(family)  # type: ignore[arg-type]
