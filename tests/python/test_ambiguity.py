# SPDX-License-Identifier: MIT
"""Ambiguity in Python and on the command line; tests/cpp/ambiguity_test.cpp has the brute force."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import smplist
from click.testing import CliRunner
from smplist.cli import cli

ROOT = Path(__file__).resolve().parents[2]
ACME = ROOT / "docs/examples/acme/policy.yaml"


def document(**custom: Any) -> dict[str, Any]:
    """Two lists that overlap, and a name that HTML must escape."""
    lists = [
        {"name": "<b>wide</b>", "ranges": ["10.0.0.0/8"], "sources": ["a"]},
        {"name": "narrow", "ranges": ["10.1.0.0/16"], "sources": ["b"]},
    ]
    return {
        "schema": "smplist/1",
        "sources": {n: {"host": f"{n}.example", "families": ["ipv4", "ipv6"], "file_reputation": {"port": 443}} for n in "ab"},
        "internal": {"mode": "custom", "standard": {"sources": ["a"]}, "custom": {"lists": lists, **custom}},
    }


def test_each_reading_is_what_a_policy_that_states_it_says() -> None:
    """Replayed: the document with the rule written down, asked at both ends of the region. [S-44]"""
    policy = smplist.load(ACME)
    report = policy.ambiguity()
    answers = report.to_dict()["answers"]
    checked = 0
    for region in report.to_dict()["regions"]:
        if region["rule"] != "overlap":
            continue
        for reading in region["readings"]:
            stated = policy.to_dict()
            stated["internal"]["custom"]["on_overlap"] = reading["reading"]
            other = smplist.Policy.from_dict(stated)
            for address in (region["first"], region["last"]):
                plan = other.evaluate(smplist.Client([address], location="internal"), region["service"])
                assert plan.outcome == answers[reading["answer"]]["outcome"]
                urls = [step["url"] for stage in answers[reading["answer"]]["stages"] for step in stage["attempts"]]
                assert sorted(a.url for a in plan.attempts) == sorted(urls)
                checked += 1
    assert checked > 100


def test_the_report_is_a_value_in_every_form() -> None:
    """Rows, CSV, a frame, HTML that escapes, a pickle."""
    report = smplist.Policy.from_dict(document()).ambiguity()
    assert [row["reading"] for row in report.rows()][:3] == ["first", "last", "most_specific"]
    assert report.to_csv().splitlines()[0] == "rule,service,family,first,last,addresses,reading,in_effect,answer"
    assert list(report.to_frame().columns) == list(report.columns)
    html = report._repr_html_()
    assert "<b>wide" not in html and "&lt;b&gt;wide" in html
    assert pickle.loads(pickle.dumps(report)) == report and hash(report) == hash(pickle.loads(pickle.dumps(report)))
    assert report and "overlap, 65,536 addresses" in str(report)


def test_nothing_is_ambiguous_where_no_rule_is_needed() -> None:
    """Every address in one list, each family in a list of its own, mapped addresses kept out by the families of the sources."""
    lists = [{"name": "all", "ranges": ["0.0.0.0/0", "::/0"], "sources": []}]
    report = smplist.Policy.from_dict(document(lists=lists) | {"network": {"sources": []}}).ambiguity()
    assert not report
    assert str(report) == "no answer depends on a rule that nobody states\n"


def test_the_command_line() -> None:
    """Exit code 1 where there is something; JSON is the report's."""
    run = CliRunner().invoke(cli, ["ambiguity", str(ACME), "--format", "json"])
    assert run.exit_code == 1
    assert json.loads(run.stdout) == smplist.load(ACME).ambiguity().to_dict()
    assert CliRunner().invoke(cli, ["ambiguity", str(ACME)]).stdout == str(smplist.load(ACME).ambiguity())


@pytest.mark.parametrize("resolved", [{"a.example": ["ipv5"]}, {"not a host": ["ipv4"]}])
def test_wrong_facts_are_refused(resolved: dict[str, list[str]]) -> None:
    """Families and hosts are checked as in `evaluate`."""
    with pytest.raises((ValueError, TypeError)):
        smplist.Policy.from_dict(document()).ambiguity(resolved=resolved)
