# SPDX-License-Identifier: MIT
"""Survivability and what-if: the reports, the command line, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import smplist
from conftest import Run
from smplist.analysis.failures import availability, read_probability
from smplist.analysis.survivability import Survivability

HOSTILE = "<script>alert('é')</script>"


def document() -> dict[str, Any]:
    """A site behind a proxy, with two sources on one computer; and a standard list of one."""
    return {
        "schema": "smplist/1",
        "sources": {
            "a": {"host": "one.example", "families": ["ipv4"], "file_reputation": {"port": 443}, "web_reputation": {"port": 80}},
            "b": {"host": "one.example", "families": ["ipv4"], "file_reputation": {"port": 444}},
            "c": {"host": "two.example", "families": ["ipv4"], "file_reputation": {"port": 443}},
            "spare": {"host": "three.example", "file_reputation": {"port": 443}},
        },
        "internal": {
            "mode": "custom",
            "standard": {"sources": ["a"]},
            "custom": {
                "fallback_to_standard": True,
                "lists": [
                    {
                        "name": "site",
                        "ranges": ["10.0.0.0/24"],
                        "order": "random",
                        "sources": ["b", "c"],
                        "proxy": {"host": "p.example", "port": 3128},
                    }
                ],
            },
        },
    }


@pytest.fixture
def policy() -> smplist.Policy:
    """The policy of `document`."""
    return smplist.Policy.from_dict(document())


def site(report: Survivability) -> dict[str, Any]:
    """The row of the site's IPv4 clients, file reputation."""
    rows = [row for row in report.to_dict()["rows"] if "site" in row["lists"] and row["population"] == "ipv4"]
    return next(row for row in rows if row["service"] == "file_reputation")


def cuts(row: dict[str, Any]) -> list[list[str]]:
    """The cuts as `--down` takes them."""
    return [[u["name"] if u["unit"] == "source" else f"{u['unit']}:{u['name']}" for u in cut] for cut in row["cuts_shown"]]


def test_every_cut_leaves_nothing_and_no_smaller_set_does(policy: smplist.Policy) -> None:
    """What the report says is what `what_if` and the engine do."""
    client = smplist.Client(["10.0.0.1"], location="internal")
    for unit in ("source", "host", "proxy", "any"):
        row = site(policy.survivability(unit=unit))
        for cut in cuts(row):
            assert len(cut) == row["failures"]
            assert not policy.what_if(down=cut).evaluate(client, "file_reputation").attempts
            for spared in cut:
                assert policy.what_if(down=[u for u in cut if u != spared]).evaluate(client, "file_reputation").attempts
    assert cuts(site(policy.survivability(unit="source"))) == [["a", "b", "c"]]
    assert site(policy.survivability(unit="host"))["failures"] == 2
    assert site(policy.survivability(unit="proxy"))["failures"] is None
    assert cuts(site(policy.survivability())) == [
        ["c", "host:one.example"],
        ["a", "proxy:p.example:3128"],
        ["host:one.example", "proxy:p.example:3128"],
    ]


def test_what_if_is_a_new_policy_and_the_old_one_stays(policy: smplist.Policy) -> None:
    """Pure; a failed endpoint of one service leaves the other; the last source does not send anybody to the network. [S-47]"""
    before = policy.to_json()
    client = smplist.Client(["10.0.1.1"], location="internal")
    after = policy.what_if(down=["a/web_reputation"])
    assert [a.source for a in after.evaluate(client, "file_reputation").attempts] == ["a"]
    assert not after.evaluate(client, "web_reputation").attempts
    everything = policy.what_if(down=list(policy.sources))
    assert everything.evaluate(client, "file_reputation").outcome == "none_reachable"
    assert policy.to_json() == before
    assert policy.what_if(down=[]) == policy
    assert smplist.Policy.from_json(everything.to_json()) == everything


def test_a_report_is_a_value_with_rows_and_text(policy: smplist.Policy) -> None:
    """Equal data, equal reports; fixed columns; the verdict first; servers with the region that forbids."""
    report = policy.survivability()
    assert report == policy.survivability()
    assert hash(report) == hash(policy.survivability())
    assert json.loads(report.to_json()) == report.to_dict()
    assert {tuple(row) for row in report.rows()} == {Survivability.columns}
    assert report.to_frame().shape == (len(report.rows()), len(Survivability.columns))
    assert report.worst == 0
    text = str(report)
    assert text.startswith(
        "8 groups of clients reach nothing already; the weakest of the others are cut off by 1 failure of sources"
    )
    assert "cut   a" in text
    assert "nobody asks spare: remove them, or add them to a list" in text
    servers = {server["source"]: server for server in report.to_dict()["servers"]}
    assert servers["a"]["forbidden_by"]["failures_without"] == 0
    assert report.retirable == ["b", "spare"]  # without c one computer would be all
    assert policy.survivability(unit="host", keep=1).retirable == ["b", "c", "spare"]
    assert policy.survivability(unit="source").retirable == ["spare"]


def test_regions_and_cuts_that_are_not_listed_are_counted() -> None:
    """`regions` and `cuts` bound what is listed, never what is counted."""
    tree = document()
    tree["internal"]["custom"]["lists"][0]["ranges"] = [f"10.0.{i}.0/24" for i in range(0, 60, 2)]
    policy = smplist.Policy.from_dict(tree)
    row = site(policy.survivability(regions=4, cuts=1))
    assert (row["regions"], len(row["regions_shown"]), row["cuts"], len(row["cuts_shown"])) == (30, 4, "3", 1)
    row = site(policy.survivability(regions=None))
    assert (len(row["regions_shown"]), row["clients"]) == (30, str(30 * 256))
    assert sum(int(r["addresses"]) for r in row["regions_shown"]) == 30 * 256


def test_hostile_names_are_escaped() -> None:
    """Names are text in HTML."""
    tree = document()
    tree["sources"]["<b>"] = tree["sources"].pop("c")
    tree["internal"]["custom"]["lists"][0].update(name=HOSTILE, sources=["b", "<b>"])
    policy = smplist.Policy.from_dict(tree)
    for report in (policy.survivability(), policy.load()):
        html = report._repr_html_()
        assert "<script" not in html
        assert "&lt;" in html
    assert HOSTILE in policy.survivability().to_text()


@pytest.mark.parametrize(
    ("down", "text"),
    [
        (["spar"], "the policy declares no source 'spar'; did you mean 'spare'?"),
        (["nobody"], "the policy declares no source 'nobody'; it has a, b, c, spare"),
        (["a/mail"], "no service is called 'mail'; write file_reputation or web_reputation"),
        (["host:on.example"], "the policy has no source on the host 'on.example'; did you mean 'one.example'?"),
        (["proxy:q.example:3128"], "the policy has no proxy 'q.example:3128'; did you mean 'p.example:3128'?"),
        ([""], "the policy declares no source ''; it has a, b, c, spare"),
    ],
)
def test_unknown_failures_are_refused(policy: smplist.Policy, down: list[str], text: str) -> None:
    """With what was likely meant."""
    for ask in (policy.what_if, policy.survivability, policy.load):
        with pytest.raises(ValueError) as caught:
            ask(down=down)
        assert str(caught.value) == text


def test_wrong_arguments_are_refused(policy: smplist.Policy) -> None:
    """By what is accepted."""
    with pytest.raises(ValueError, match="unknown unit 'rack'; expected one of: source, host, proxy, any"):
        policy.survivability(unit="rack")
    with pytest.raises(TypeError, match="down is a list of texts, not a text"):
        policy.what_if(down="a")
    with pytest.raises(TypeError, match="down is a list of texts"):
        policy.what_if(down=[1])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="down is a list of texts, not a text"):
        policy.survivability(down="a")
    with pytest.raises(ValueError, match="keep is 0"):
        policy.survivability(keep=-1)
    with pytest.raises(ValueError, match="' is a proxy, and only endpoints are up or down here"):
        availability(policy, ["proxy:p.example:3128"])
    assert set(availability(policy, ["host:one.example"])) == {
        "https://one.example:443",
        "http://one.example:80",
        "https://one.example:444",
    }


def test_the_command_line(run: Run, tmp_path: Path, policy: smplist.Policy) -> None:
    """Text and JSON of the same report; exit codes 0, 1 and 2."""
    path = tmp_path / "p.json"
    path.write_text(json.dumps(document()), encoding="utf-8")
    ended = run("survive", path, "--unit", "source", "--regions", "3")
    assert (ended.returncode, ended.stderr) == (1, "")
    assert ended.stdout == policy.survivability(unit="source", regions=3).to_text() + "\n"
    ended = run("survive", path, "--format", "json", "--at-least", "0", "--down", "c", "--all-regions")
    assert (ended.returncode, json.loads(ended.stdout)) == (0, policy.survivability(down=["c"], regions=None).to_dict())
    ended = run("survive", path, "--down", "spar")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "smplist: --down spar: the policy declares no source 'spar'; did you mean 'spare'?\n"
    ended = run(
        "explain", path, "--address", "10.0.0.1", "--location", "internal", "--down", "host:one.example", "--format", "json"
    )
    assert [plan["first_available"] and plan["first_available"]["source"] for plan in json.loads(ended.stdout)] == ["c", None]


@pytest.mark.parametrize(
    ("text", "exact"), [("1/100", "1/100"), ("0.01", "1/100"), ("1%", "1/100"), ("0", "0"), ("1", "1"), (" 2.5% ", "1/40")]
)
def test_probabilities_are_exact(text: str, exact: str) -> None:
    """Texts are read without a float between."""
    assert str(read_probability(text)) == exact


@pytest.mark.parametrize("text", ["", "x", "1/0", "1/00%", "-1", "1e-9", "2", "101%", "1/2/3", "0.1.1", "1" * 30, "٣"])
def test_what_is_no_probability_is_refused(text: str) -> None:
    """Before it is computed with."""
    with pytest.raises(ValueError, match="probability"):
        read_probability(text)


def test_a_float_is_no_exact_probability() -> None:
    """0.1 is not a tenth."""
    with pytest.raises(TypeError, match="write it as '1/100' or"):
        read_probability(0.1)
