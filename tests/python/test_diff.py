# SPDX-License-Identifier: MIT
"""Diff, check_change and their command line: exact against the plain engine, readable, and safe to paste."""

from __future__ import annotations

import csv
import io
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
import smplist
from conftest import Run
from smplist.analysis.diff import count
from smplist.analysis.report import cell

DOCUMENT: dict[str, Any] = {
    "schema": "smplist/1",
    "sources": {
        name: {"host": f"{name}.example", "families": ["ipv4", "ipv6"], "file_reputation": {"port": 443}}
        for name in ("a", "b", "c")
    },
    "internal": {
        "mode": "custom",
        "standard": {"sources": ["c"]},
        "custom": {
            "fallback_to_standard": True,
            "lists": [
                {"name": "x", "ranges": ["10.0.0.0/24", "2001:db8::/64"], "sources": ["a", "b"]},
                {"name": "y", "ranges": ["10.0.1.0/24"], "order": "random", "sources": ["a", "b"]},
            ],
        },
    },
    "network": {"sources": ["c"]},
}


def edited(**changes: Any) -> smplist.Policy:
    """The policy with `list__key=value` changed."""
    document = json.loads(json.dumps(DOCUMENT))
    for name, value in changes.items():
        which, _, key = name.partition("__")
        entry = next(one for one in document["internal"]["custom"]["lists"] if one["name"] == which)
        entry[key] = value
    return smplist.Policy.from_dict(document)


OLD = edited()


def test_nothing_changes_in_a_policy_and_itself() -> None:
    """Equal in both ways; a report of nothing is false."""
    found = smplist.diff(OLD, OLD)
    assert found.equal and found.textually_equal and not found
    assert found.to_text().splitlines()[0] == "equal in meaning: every client gets the same answers"
    assert found.rows() == [] and found.to_dict()["regions"] == []


def test_a_split_range_is_no_change_of_meaning() -> None:
    """The text differs, no answer does."""
    found = smplist.diff(OLD, edited(y__ranges=["10.0.1.0/25", "10.0.1.128/25"]))
    assert (found.equal, found.textually_equal) == (True, False)
    assert "textually different" in found.to_text()


def test_regions_are_exact_and_say_before_and_after() -> None:
    """The contract of `diff --format json`."""
    found = smplist.diff(OLD, edited(x__sources=["b", "a"]))
    data = found.to_dict()
    assert [(r["family"], r["first"], r["last"], r["addresses"], r["change"]) for r in data["regions"]] == [
        ("ipv4", "10.0.0.0", "10.0.0.255", "256", "first"),
        ("ipv6", "2001:db8::", "2001:db8::ffff:ffff:ffff:ffff", str(2**64), "first"),
    ]
    region = data["regions"][0]
    assert list(region) == [
        "family", "stack", "first", "last", "addresses", "location", "service", "change", "changes", "trend", "renamed", "before",
        "after",
    ]  # fmt: skip
    assert [step["source"] for step in region["before"]["stages"][0]["attempts"]] == ["a", "b"]
    assert [step["source"] for step in region["after"]["stages"][0]["attempts"]] == ["b", "a"]
    assert data["summary"]["file_reputation"]["ipv4"] == "256"
    # a pair has this list if either address does, and the other is in no list before it
    rest4, rest6 = 2**32 - 2**24 - 2**16, 2**128 - 2**32 - 2**118 - 1
    assert int(data["summary"]["file_reputation"]["dual_stack"]) == 256 * rest6 + (rest4 - 256) * 2**64
    assert json.loads(found.to_json()) == data
    assert found.changed_addresses() == smplist.RangeSet(
        [smplist.AddressRange("10.0.0.0/24"), smplist.AddressRange("2001:db8::/64")]
    )


def test_every_example_changes_as_its_row_says() -> None:
    """Examples are clients to ask again."""
    new = edited(x__order="random", y__ranges=["10.0.0.128-10.0.2.3"])
    data = smplist.diff(OLD, new).to_dict()
    assert data["dual_stack"]
    for row in data["dual_stack"]:
        client = smplist.Client.from_dict(row["example"])
        for policy, side in ((OLD, "before"), (new, "after")):
            plan = policy.evaluate(client, row["service"])
            assert plan.outcome == row[side]["outcome"]
            steps = [step["source"] for stage in row[side]["stages"] for step in stage["attempts"]]
            assert sorted(a.source for a in plan.attempts) == sorted(steps)


def test_regions_equal_the_plain_engine_at_random_addresses(acme: Path) -> None:
    """Acme with random edits: inside a region the plan changes, elsewhere it does not."""
    seed = int(os.environ["SMPLIST_SEED"])
    dice = random.Random(seed)
    old = smplist.load(acme / "policy.yaml")
    document = old.to_dict()
    lists = document["internal"]["custom"]["lists"]
    for _ in range(5):
        entry = dice.choice(lists)
        entry["sources"] = dice.sample(entry["sources"], len(entry["sources"]))
        dice.shuffle(lists)
    new = smplist.Policy.from_dict(document)
    changed = {s: smplist.diff(old, new).changed_addresses(s) for s in ("file_reputation", "web_reputation")}
    ends = [text for entry in lists for r in entry["ranges"] for text in r.split("-") if "/" not in text]
    texts = [*ends, *(f"10.{dice.randrange(16, 120)}.{dice.randrange(256)}.7" for _ in range(300))]
    for text in texts:
        client = smplist.Client([text], location="internal", id="pc")
        for service, where in changed.items():
            was, now = ([(a.url, a.list, a.via) for a in p.evaluate(client, service).attempts] for p in (old, new))
            random_lists = [s.order == "random" for s in old.evaluate(client, service).stages]
            if smplist.Address(text) not in where:
                assert was == now, (seed, text, service)
            elif not any(random_lists):
                assert was != now, (seed, text, service)


def test_only_a_part_of_the_clients() -> None:
    """`where` cuts regions and pairs."""
    new = edited(x__sources=["b"])
    found = smplist.diff(OLD, new, where="10.0.0.128-10.0.7.255")
    assert [(r["first"], r["last"]) for r in found.rows()] == [("10.0.0.128", "10.0.0.255")]
    assert smplist.diff(OLD, new, where=["10.0.1.0/24", smplist.AddressRange("2001:db8:1::/64")]).equal


def test_what_changes_beside_the_answer_is_shown_on_request() -> None:
    """Other lists that match, with `everything`."""
    new = edited(y__ranges=["10.0.1.0/24", "10.0.0.0/25"])
    assert smplist.diff(OLD, new).equal and "quiet" not in smplist.diff(OLD, new).to_dict()
    quiet = smplist.diff(OLD, new, everything=True).to_dict()["quiet"]
    assert [(q["first"], q["last"], q["changes"]) for q in quiet if q["service"] == "file_reputation"] == [
        ("10.0.0.0", "10.0.0.127", ["lists", "trace"])
    ]
    assert smplist.diff(OLD, new, everything=True, where="10.0.0.64/26").to_dict()["quiet"][0]["addresses"] == "64"


def test_a_change_that_does_what_it_should() -> None:
    """Three verdicts."""
    whole = ["10.0.0.0/24", "2001:db8::/64"]
    new = edited(x__sources=["b", "a"])
    good = smplist.check_change(OLD, new, intended=whole, expect={"first": "b"}, service="file_reputation")
    assert good and good.holds
    assert good.to_text().splitlines() == [
        "the change is as intended", "  holds not so before", "  holds so after", "  holds nothing outside changed",
    ]  # fmt: skip


def test_each_verdict_can_fail_with_a_client_to_ask_again() -> None:
    """Outside, before, after; each counterexample is true."""
    new = edited(x__sources=["b", "a"])
    too_much = smplist.check_change(OLD, new, intended="10.0.0.0/25")
    verdicts = {row["verdict"]: row for row in too_much.rows()}
    assert not too_much.holds and verdicts["not so before"]["holds"] is None
    client = smplist.Client.from_dict(json.loads(verdicts["nothing outside changed"]["example"]))
    assert client.addresses[0] not in smplist.AddressRange("10.0.0.0/25")
    assert OLD.evaluate(client, "file_reputation").attempts != new.evaluate(client, "file_reputation").attempts

    ask = {"intended": "10.0.0.0/24", "service": "file_reputation"}
    before = smplist.check_change(OLD, new, expect={"at_least": 2}, **ask)  # type: ignore[arg-type]
    assert [row["holds"] for row in before.rows()] == [False, True, False]
    after = smplist.check_change(OLD, new, expect={"sources": ["b", "c"]}, **ask)  # type: ignore[arg-type]
    assert [row["holds"] for row in after.rows()] == [True, False, False]
    assert "explain --address 10.0.0.0 --location internal" in after.to_text()


def test_expectations_are_functions_of_plans_too() -> None:
    """And of random orders, dicts hold for every order."""
    new = edited(x__sources=["b", "a"])

    def first(source: str) -> Any:
        return lambda plan: bool(plan.attempts) and plan.attempts[0].source == source

    whole = ["10.0.0.0/24", "2001:db8::/64"]
    assert smplist.check_change(OLD, new, intended=whole, expect=first("b"), service="file_reputation")
    assert not smplist.check_change(OLD, new, intended=whole, expect=first("a"), service="file_reputation")
    drawn = edited(x__order="random")
    verdicts = smplist.check_change(OLD, drawn, intended=whole, expect={"first": "a"}, service="file_reputation").rows()
    assert [row["holds"] for row in verdicts] == [False, False, True]


def test_external_clients_and_evidence_are_outside() -> None:
    """They are in no range."""
    document = OLD.to_dict()
    document["network"]["sources"] = ["a"]
    outside = smplist.check_change(OLD, smplist.Policy.from_dict(document), intended=["0.0.0.0/0", "::/0"])
    assert not outside and '"location": "external"' in str(outside.rows()[2]["example"])
    document = OLD.to_dict()
    document["location"] = {"criterion": "gateway", "gateways": [{"address": "10.0.0.1"}]}
    seen = smplist.check_change(OLD, smplist.Policy.from_dict(document), intended=["0.0.0.0/0", "::/0"])
    assert not seen and "--gateway 10.0.0.1" in seen.to_text() and "external becomes internal" in seen.to_text()
    text = smplist.diff(OLD, smplist.Policy.from_dict(document)).to_text()
    assert "+ gateway 10.0.0.1, any other MAC address: external becomes internal" in text


@pytest.mark.parametrize(
    ("arguments", "kind", "text"),
    [
        ({"intended": "10.0.0.0/33"}, smplist.ParseError, "prefix"),
        ({"intended": "10.0.0.0/8", "expect": {"frist": "a"}}, ValueError, "did you mean 'first'"),
        ({"intended": "10.0.0.0/8", "expect": "first=a"}, TypeError, "a function of a plan, or a dict"),
        ({"intended": "10.0.0.0/8", "service": "mail"}, ValueError, "file_reputation or web_reputation"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any], kind: type[Exception], text: str) -> None:
    """With what is accepted."""
    with pytest.raises(kind, match=text):
        smplist.check_change(OLD, OLD, **arguments)


HOSTILE = "=cmd|'/c calc'!A1 <img src=x onerror=alert(1)> | [x](javascript:1) `"


def test_hostile_names_stay_text() -> None:
    """In HTML, CSV and Markdown."""
    document = OLD.to_dict()
    document["internal"]["custom"]["lists"][0]["name"] = HOSTILE
    document["internal"]["custom"]["lists"][0]["sources"] = ["b"]
    found = smplist.diff(smplist.Policy.from_dict(document), OLD)
    html = found._repr_html_()
    assert "<img" not in html and "&lt;img" in html
    rows = list(csv.reader(io.StringIO(found.to_csv())))
    assert len(rows) == 1 + len(found.rows())
    assert not any(value.startswith(("=", "+", "-", "@")) for row in rows for value in row)
    assert any(value.startswith("'=cmd") for row in rows for value in row)
    table = [line for line in found.to_markdown().splitlines() if line.startswith("|")]
    assert "<img" not in "".join(table) and len({line.replace("\\|", "").count("|") for line in table}) == 1
    assert cell("-1") == "'-1" and cell(-1) == -1 and cell(True) == "true"


def test_counts_for_people() -> None:
    """Without floats, and rounded to the nearer power."""
    assert [count(n) for n in (0, 1024, 10**11, 2**64, 2**64 + 1, 2**65 - 1, 2**128)] == [
        "0", "1,024", "100,000,000,000", "2^64", "about 2^64", "about 2^65", "2^128",
    ]  # fmt: skip


def test_frames_have_the_columns() -> None:
    """One row per region."""
    pytest.importorskip("pandas")
    frame = smplist.diff(OLD, edited(x__sources=["b"])).to_frame()
    assert list(frame.columns) == list(smplist.Diff.columns)
    assert frame["count"].tolist()[0] == 256


# -- the command line


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """An old policy and a new one."""
    paths = (tmp_path / "old.json", tmp_path / "new.json")
    for path, policy in zip(paths, (OLD, edited(x__sources=["b", "a"])), strict=True):
        path.write_text(policy.to_json(), encoding="utf-8")
    return paths


def test_exit_codes(run: Run, files: tuple[Path, Path], tmp_path: Path) -> None:
    """0 the same, 1 different, 2 unusable."""
    old, new = files
    same = run("diff", old, old)
    assert (same.returncode, same.stderr) == (0, "")
    different = run("diff", old, new)
    assert (different.returncode, different.stderr) == (1, "")
    assert different.stdout.startswith("different in meaning: 256 IPv4 addresses, 2^64 IPv6 addresses")
    assert "~ 10.0.0.0/24 (256 addresses), file reputation" in different.stdout
    missing = run("diff", old, tmp_path / "none.json")
    assert missing.returncode == 2 and "cannot read" in missing.stderr and "Traceback" not in missing.stderr


def test_formats(run: Run, files: tuple[Path, Path]) -> None:
    """JSON and CSV are the report's own."""
    found = smplist.diff(*map(smplist.load, files))
    assert run("diff", *files, "--format", "json").stdout == found.to_json() + "\n"
    assert run("diff", *files, "--format", "csv").stdout == found.to_csv()
    assert run("diff", *files, "--format", "markdown").stdout == found.to_markdown() + "\n"


def test_intended_on_the_command_line(run: Run, files: tuple[Path, Path]) -> None:
    """0 as intended, 1 not so."""
    words = ["--intended", "10.0.0.0/24", "--intended", "2001:db8::/64", "--service", "file_reputation"]
    good = run("diff", *files, *words, "--expect", "first=b")
    assert (good.returncode, good.stdout.splitlines()[0]) == (0, "the change is as intended")
    bad = run("diff", *files, *words, "--expect", "first=a", "--format", "json")
    assert bad.returncode == 1 and json.loads(bad.stdout)["holds"] is False


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--expect", "first=b"], "--expect and --service go with --intended"),
        (["--intended", "10.0.0.0/8", "--expect", "first"], "write KEY=VALUE"),
        (["--intended", "10.0.0.0/8", "--expect", "frist=b"], "did you mean 'first'"),
        (["--intended", "10.0.0.0/8", "--expect", "at_least=two"], "at_least is a number"),
        (["--intended", "10.0.0.0/8", "--format", "csv"], "--intended goes with"),
        (["--where", "10.0.0.1/8"], "host bits"),
    ],
)
def test_refusals_of_the_command_line(run: Run, files: tuple[Path, Path], words: list[str], text: str) -> None:
    """One message, exit code 2."""
    ended = run("diff", *files, *words)
    assert ended.returncode == 2 and text in ended.stderr and "Traceback" not in ended.stderr and ended.stdout == ""


def test_lists_that_change_places_are_a_change_for_clients_with_two_addresses() -> None:
    """Nobody with one address notices; a laptop in both ranges does, and the check says so."""
    document = edited(x__ranges=["10.0.0.0/24"]).to_dict()
    old = smplist.Policy.from_dict(document)
    document["internal"]["custom"]["lists"].reverse()
    new = smplist.Policy.from_dict(document)
    found = smplist.diff(old, new)
    assert not found.equal and found.rows() == []
    other = found.to_dict()["other"]
    client = smplist.Client.from_dict(other["example"])
    assert len(client.addresses) == 2
    assert [p.evaluate(client, other["service"]).lists for p in (old, new)] == [("x", "y"), ("y", "x")]
    assert "Only clients with several addresses" in found.to_text()
    assert not smplist.check_change(old, new, intended="192.0.2.0/24")
