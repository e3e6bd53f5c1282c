# SPDX-License-Identifier: MIT
"""Load: against brute force, by hand, and on the command line."""

from __future__ import annotations

import json
import os
import random
from fractions import Fraction
from pathlib import Path
from typing import Any

import load_brute
import pytest
import smplist
from conftest import Run
from smplist.analysis.load import Load, first_of_random, percent


def document() -> dict[str, Any]:
    """Three in a random order, then one; everybody goes through them."""
    source = {"families": ["ipv4"], "file_reputation": {"port": 443}}
    return {
        "schema": "smplist/1",
        "sources": {name: {"host": f"{name}.example", **source} for name in "abcd"},
        "internal": {
            "mode": "custom",
            "standard": {"sources": ["d"]},
            "custom": {
                "fallback_to_standard": True,
                "lists": [{"name": "site", "ranges": ["10.0.0.0/24"], "order": "random", "sources": ["a", "b", "c"]}],
            },
        },
    }


@pytest.fixture
def policy() -> smplist.Policy:
    """The policy of `document`."""
    return smplist.Policy.from_dict(document())


FILE = "file_reputation"
SITE = {"10.0.0.0/24": 100}


def test_equals_brute_force_over_addresses_orders_and_patterns() -> None:
    """Head counts, populations and clients of random policies."""
    seed = int(os.environ["SMPLIST_SEED"])
    print("seed", seed)
    for i in range(25):
        load_brute.check_load(random.Random(seed + i))


def test_shares_before_and_after_and_what_comes_next(policy: smplist.Policy) -> None:
    """A third each; if one is down, half each; who is the second choice."""
    report = policy.load(SITE, down=["a"])
    third, half = Fraction(1, 3), Fraction(1, 2)
    assert report.shares(FILE, when="before") == {"b": third, "c": third, "d": 0, "a": third, None: 0}
    assert report.shares(FILE) == {"b": half, "c": half, "d": 0, "a": 0, None: 0}
    assert report.cascade(FILE) == {"b": {"c": half}, "c": {"b": half}}
    assert policy.load(SITE, down=["a", "b", "c"]).shares(FILE)["d"] == 1
    gone = policy.load(SITE, down=["a", "b", "c", "host:d.example"])
    assert gone.shares(FILE)[None] == 1
    assert gone.cut_off
    assert "100 % reach nothing" in gone.to_text()


def test_expected_shares_are_exact(policy: smplist.Policy) -> None:
    """Three of a kind share what they reach; the fallback gets the rest."""
    report = policy.load(SITE, probabilities={"a": "1/2", "b": "1/2", "c": "1/2", "d": "1%"})
    expected = report.shares(FILE, when="expected")
    assert expected == {
        "a": Fraction(7, 24),
        "b": Fraction(7, 24),
        "c": Fraction(7, 24),
        "d": Fraction(99, 800),
        None: Fraction(1, 800),
    }
    part = report.to_dict()["parts"][0]
    assert part["availability"] == {"numerator": "799", "denominator": "800"}
    assert "reaches something with probability 0.998750000" in report.to_text()
    same = policy.load(SITE, probabilities={"*": "50%", "d": "0.01"})
    assert same.shares(FILE, when="expected") == expected


def test_a_shared_proxy_takes_all_at_once() -> None:
    """Not as likely as each for itself."""
    tree = document()
    tree["internal"]["custom"]["lists"][0]["proxy"] = {"host": "p.example", "port": 3128}
    policy = smplist.Policy.from_dict(tree)
    expected = policy.load(SITE, probabilities={"proxy:p.example:3128": "1/10", "a": "1/2"}).shares(FILE, when="expected")
    assert expected["d"] == Fraction(1, 10)
    assert expected["a"] == Fraction(9, 10) / 6
    assert sum(expected.values()) == 1


def test_too_many_shared_units_are_refused() -> None:
    """Exact or not at all; the message says what to do."""
    sources = {f"s{i}": {"host": f"h{i % 20}.example", "file_reputation": {"port": 1000 + i}} for i in range(40)}
    tree = {"schema": "smplist/1", "sources": sources, "internal": {"mode": "standard", "standard": {"sources": list(sources)}}}
    policy = smplist.Policy.from_dict(tree)
    likely = {f"host:h{i}.example": "1/9" for i in range(17)}
    with pytest.raises(ValueError, match="share 17 units that may fail, and at most 16 are reckoned with"):
        policy.load(probabilities=likely)
    assert policy.load("ipv4", probabilities={"*": "1/9"}).shares(FILE, when="expected")["s0"] == Fraction(8, 9)


def test_clients_count_once_in_their_own_order(policy: smplist.Policy) -> None:
    """The key of each client decides, as in `evaluate`. [S-21]"""
    clients = [smplist.Client([f"10.0.0.{i}"], id=f"pc-{i}", location="internal") for i in range(30)]
    firsts = [policy.evaluate(client, FILE).attempts[0].source for client in clients]
    shares = policy.load(clients).shares(FILE)
    assert {name: shares[name] * 30 for name in "abc"} == {name: firsts.count(name) for name in "abc"}
    assert policy.load(clients, epoch=1).shares(FILE) != shares
    assert policy.load([]).to_text() == "no clients, no load"


def test_uniform_order_is_shared_evenly() -> None:
    """Of equal ones each gets the same, and all that is reached."""
    for m in range(1, 12):
        up = Fraction(2, 3)
        shares = first_of_random([up] * m)
        assert set(shares) == {(1 - (1 - up) ** m) / m}


def test_a_report_is_a_value(policy: smplist.Policy) -> None:
    """Rows, frame, JSON, equality."""
    report = policy.load(SITE, down=["a"])
    assert report == policy.load(SITE, down=["a"])
    assert json.loads(report.to_json()) == report.to_dict()
    assert {tuple(row) for row in report.rows()} == {Load.columns}
    assert report.to_frame().shape == (len(report.rows()), len(Load.columns))
    assert report.rows()[0]["before"] == "1/3"
    with pytest.raises(KeyError):
        report.shares("mail")


def test_wrong_arguments_are_refused(policy: smplist.Policy) -> None:
    """By what is accepted."""
    wrong: list[tuple[type[Exception], str, dict[str, Any]]] = [
        (ValueError, "unknown population 'ipv5'; expected one of: ipv4, ipv6, dual", {"population": "ipv5"}),
        (ValueError, "unknown service 'mail'; expected one of: file_reputation, web_reputation", {"service": "mail"}),
        (ValueError, "unknown location 'home'; expected one of: internal, external", {"location": "home"}),
        (ValueError, "a head count is 0 or more, not -1", {"population": {"10.0.0.0/24": -1}}),
        (TypeError, "a head count is \\(range, clients\\)", {"population": {"10.0.0.0/24": "many"}}),
        (TypeError, "a head count is \\(range, clients\\)", {"population": [("10.0.0.0/24",)]}),
        (TypeError, "a population is a word, head counts by range, or clients", {"population": [1]}),
        (ValueError, "no probability", {"probabilities": {"a": "often"}}),
        (ValueError, "did you mean", {"probabilities": {"proxy:": 0, "host:a.exampl": 1}, "down": ["host:a.exampl"]}),
        (TypeError, "write it as '1/100' or '0.01'", {"probabilities": {"a": 0.5}}),
        (TypeError, "down is a list of texts, not a text", {"down": "a"}),
    ]
    for error, text, words in wrong:
        with pytest.raises(error, match=text):
            policy.load(**words)
    with pytest.raises(smplist.ParseError):
        policy.load({"10.0.0.0/33": 1})


def test_one_endpoint_has_one_probability() -> None:
    """Two names of it cannot differ."""
    tree = document()
    tree["sources"]["twin"] = dict(tree["sources"]["d"])
    policy = smplist.Policy.from_dict(tree)
    with pytest.raises(ValueError, match="of which another probability is stated; state it once"):
        policy.load(probabilities={"d": "1/2", "twin": "1/3"})


def test_percentages_are_honest() -> None:
    """Nearly nothing is not nothing, nearly all is not all."""
    shares = [Fraction(0), Fraction(1, 10**6), Fraction(1, 3), Fraction(1) - Fraction(1, 10**6), Fraction(1)]
    assert [percent(share) for share in shares] == ["0 %", "< 0.1 %", "33.3 %", "> 99.9 %", "100 %"]


def test_the_command_line(run: Run, tmp_path: Path, policy: smplist.Policy) -> None:
    """Populations, clients, head counts; text and JSON; exit codes 0, 1 and 2."""
    path = tmp_path / "p.json"
    path.write_text(json.dumps(document()), encoding="utf-8")
    counts = tmp_path / "heads.csv"
    counts.write_text("range,clients,stack,location\n10.0.0.0/24,100,,\n10.0.1.0/24,7,ipv4 ipv6,\n", encoding="utf-8")
    ended = run("load", path, "--counts", counts, "--service", FILE, "--down", "a", "--probability", "*=1/10")
    report = policy.load(
        [("10.0.0.0/24", 100), ("10.0.1.0/24", 7, ("ipv4", "ipv6"))], service=FILE, down=["a"], probabilities={"*": "1/10"}
    )
    assert (ended.returncode, ended.stderr, ended.stdout) == (0, "", report.to_text() + "\n")
    ended = run("load", path, "--population", "ipv4", "--service", FILE, "--format", "json")
    assert (ended.returncode, json.loads(ended.stdout)) == (0, policy.load("ipv4", service=FILE).to_dict())
    assert run("load", path, "--population", "ipv6").returncode == 1
    clients = "id,addresses,location\npc-1,10.0.0.1,internal\nx,10.0.0.300,internal\n"
    ended = run(
        "load",
        path,
        "--clients",
        "-",
        "--from",
        "csv",
        "--service",
        FILE,
        "--rejects",
        "bad.csv",
        "--format",
        "json",
        given=clients,
    )
    assert (ended.returncode, ended.stderr) == (1, "1 row rejected, see bad.csv\n")
    assert json.loads(ended.stdout)["parts"][0]["clients"] == "1"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--down", "e/mail"], "smplist: --down e/mail: no service is called 'mail'"),
        (["--down", "zzzz"], "smplist: --down zzzz: the policy declares no source 'zzzz'; it has a, b, c, d"),
        (["--probability", "a"], "smplist: --probability a: write NAME=1/100"),
        (["--probability", "a=2"], "smplist: --probability a=2: the probability 2 is not between 0 and 1"),
        (["--probability", "a=1", "--probability", "a=0"], "smplist: --probability a=0: a stands twice"),
        (["--probability", "host:a.exampel=1"], "did you mean 'a.example'?"),
        (["--population", "ipv4", "--counts", "x"], "three ways to say who asks; give one of them"),
        (["--counts", "missing.csv"], "cannot read missing.csv"),
        (["--clients", "clients.txt"], "names no format"),
    ],
)
def test_the_command_line_refuses(run: Run, tmp_path: Path, words: list[str], text: str) -> None:
    """With exit code 2, one line, nothing on standard output."""
    path = tmp_path / "p.json"
    path.write_text(json.dumps(document()), encoding="utf-8")
    ended = run("load", path, *words)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert text in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ("", "no column 'range' and no column 'clients'"),
        ("range,heads\n", "unknown column 'heads'; remove it, the columns are range, clients, stack, location"),
        ("range,clients\n10.0.0.0/33,1\n", "line 2: range: the prefix length is out of range; 0 to 32"),
        ("range,clients\n10.0.0.0/24,many\n", "line 2: clients: 'many' is no number of clients"),
        ("range,clients\n10.0.0.0/24,1,2\n", "line 2: too many columns"),
        ("range,clients,stack\n10.0.0.0/24,1,ipv5\n", "line 2: stack: 'ipv5' is not ipv4, ipv6 or both"),
        ("range,clients,location\n10.0.0.0/24,1,home\n", "line 2: location: 'home' is neither internal nor external"),
        ("range,clients\n10.0.0.0/24\n", "line 2: clients: '' is no number of clients"),
    ],
)
def test_head_counts_that_are_wrong_are_refused(run: Run, tmp_path: Path, rows: str, text: str) -> None:
    """All of them: without a row the shares would be wrong."""
    path, counts = tmp_path / "p.json", tmp_path / "heads.csv"
    path.write_text(json.dumps(document()), encoding="utf-8")
    counts.write_text(rows, encoding="utf-8")
    ended = run("load", path, "--counts", counts)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert text in ended.stderr
