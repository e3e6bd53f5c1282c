# SPDX-License-Identifier: MIT
"""Mutants: small mistakes that expectations notice, and those that they do not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import smplist
from conftest import Run

POLICY = """\
schema: smplist/1
sources:
  a: {host: a.example, families: [ipv4], file_reputation: {port: 443}}
  b: {host: b.example, families: [ipv4], file_reputation: {port: 443}}
internal:
  mode: custom
  custom:
    lists:
      - {name: x, ranges: [10.0.0.0/24], sources: [a, b]}
"""
EVERYTHING: list[dict[str, Any]] = [
    {"name": "inside",
     "where": {"location": "internal", "addresses": "10.0.0.0/24", "stack": "ipv4", "service": "file_reputation"},
     "always": {"first_source": "a", "asks": "b", "https": True, "first_varies": False}},
    {"name": "beside", "where": {"location": "internal", "except": "10.0.0.0/24", "stack": "ipv4"},
     "always": {"at_most": 0, "outcome": "no_list"}},
    {"name": "outside", "where": {"location": "external"}, "always": {"at_most": 0}},
]  # fmt: skip


def test_everything_that_matters_is_caught() -> None:
    """Three expectations hold a small policy from all sides; what changes no answer does not count."""
    found = smplist.loads(POLICY).mutants(EVERYTHING)
    assert found and found.score == 1.0
    data = found.to_dict()
    assert (data["survivors"], data["caught"] > 8, data["equal"] > 3) == ([], True, True)
    assert found.to_text().startswith(f"{data['caught']} of {data['caught']} mutants caught (100.0 %), 0 survivors; ")


def test_survivors_are_listed_with_a_client() -> None:
    """Without the expectation about what is beside, a range may grow."""
    policy = smplist.loads(POLICY)
    found = policy.mutants(EVERYTHING[:1] + EVERYTHING[2:])
    assert not found and 0.5 < found.score < 1
    rows = {row["change"]: row for row in found.rows()}
    grown = rows["the last address of 10.0.0.0/24 of x moved up by one"]
    assert grown["pointer"] == "/internal/custom/lists/0/ranges/0"
    assert json.loads(grown["client"])["addresses"] == ["10.0.1.0"]
    assert grown["before"] == "no_list: asks nobody" and "a (https)" in grown["after"]
    assert "the first address of 10.0.0.0/24 of x moved down by one" in rows
    assert "survives  the last address of 10.0.0.0/24 of x moved up by one (/internal/custom/lists/0/ranges/0)" in found.to_text()
    assert policy == smplist.loads(POLICY)


def test_what_takes_an_unusual_client_is_listed_and_not_counted() -> None:
    """Two disjoint lists swapped: it takes a client with addresses of both to see it."""
    text = POLICY.replace("10.0.0.0/24]", "10.0.0.0/24]") + "      - {name: y, ranges: [10.0.1.0/24], sources: [b]}\n"
    found = smplist.loads(text).mutants(EVERYTHING[:1])
    contested = [one["change"] for one in found.to_dict()["contested"]]
    assert "lists x and y swapped" in contested
    assert "more survive" in found.to_text()


def test_expectations_must_hold_first() -> None:
    """A score of what is refuted anyway would mean nothing."""
    with pytest.raises(ValueError, match="1 expectation is not proved of the policy itself, first 'x'"):
        smplist.loads(POLICY).mutants([{"name": "x", "always": {"at_least": 9}}])
    revision = smplist.loads(POLICY).revision
    pinned = [{"name": "x", "where": {"revision": revision}, "always": {"at_most": 9}}]
    assert smplist.loads(POLICY).mutants(pinned).score == 0.0


def test_the_command_line_scores_acme(run: Run, acme: Path, tmp_path: Path) -> None:
    """Exit code 1 with survivors, 0 if the score suffices, 2 for what is unusable."""
    policy, wanted = acme / "policy.yaml", acme / "expectations.yaml"
    ended = run("mutants", policy, wanted, "--format", "json", "--at-least", "75")
    assert (ended.returncode, ended.stderr) == (0, "")
    data = json.loads(ended.stdout)
    assert data["caught"] > 400 and len(data["survivors"]) + data["caught"] + data["equal"] + data["invalid"] > 700
    small = tmp_path / "p.yaml"
    small.write_text(POLICY, encoding="utf-8")
    some = tmp_path / "e.json"
    some.write_text(json.dumps({"schema": "smplist-expectations/1", "expectations": EVERYTHING[:1]}), encoding="utf-8")
    ended = run("mutants", small, some)
    assert ended.returncode == 1 and "survives  " in ended.stdout
    assert run("mutants", small, some, "--at-least", "50").returncode == 0
    assert run("mutants", small, some, "--at-least", "101").returncode == 2
    ended = run("mutants", policy, some)
    assert ended.returncode == 2 and "not proved of the policy itself" in ended.stderr
    assert run("mutants", small, small).returncode == 2
