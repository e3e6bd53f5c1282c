# SPDX-License-Identifier: MIT
"""What real clients use, and what another policy would change for them: counted again one by one."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import smplist
from click.testing import CliRunner
from smplist.analysis.coverage import coverage, replay
from smplist.cli import cli

ROOT = Path(__file__).resolve().parents[2]
ACME = ROOT / "docs/examples/acme/policy.yaml"
CLIENTS = ROOT / "docs/examples/acme/clients.csv"


def acme_clients() -> list[smplist.Client]:
    """Those of the example."""
    lists = ("addresses", "gateways", "reached", "stack")
    with CLIENTS.open(encoding="utf-8", newline="") as file:
        rows = [{k: v.split() if k in lists else v for k, v in row.items() if v} for row in csv.DictReader(file)]
    return [smplist.Client.from_dict(row) for row in rows]


def test_counts_are_those_of_the_plans() -> None:
    """Every client of Acme, asked again. [S-40] [S-45]"""
    policy, clients = smplist.load(ACME), acme_clients()
    data = coverage(policy, clients).to_dict()
    plans = [[policy.evaluate(client, service) for service in smplist.Service] for client in clients]
    assert data["clients"] == len(clients) == 2000
    assert data["internal"] == sum(pair[0].location == smplist.Location.INTERNAL for pair in plans)
    assert data["unreachable"] == sum(not any(plan.attempts for plan in pair) for pair in plans)
    for name, count in data["lists"].items():
        assert count == sum(any(list(plan.lists[:1]) == [name] for plan in pair) for pair in plans)
    for name, counts in data["sources"].items():
        assert counts["clients"] == sum(any(a.source == name for plan in pair for a in plan.attempts) for pair in plans)
        assert counts["first"] == sum(any(a.source == name for plan in pair for a in plan.attempts[:1]) for pair in plans)
    loose = [c for c, pair in zip(clients, plans, strict=True) if pair[0].location == "internal" and not pair[0].lists]
    assert data["uncovered"]["clients"] == len(loose)
    assert smplist.RangeSet(data["uncovered"]["ranges"]) == smplist.RangeSet([a for c in loose for a in c.addresses])


def test_used_pieces_are_those_that_hold_a_client() -> None:
    """Against a walk over all pieces."""
    policy, clients = smplist.load(ACME), acme_clients()[:300]
    cut = policy.partition()
    pieces = [piece for family in smplist.Family for piece, _, _ in cut.pieces(family)]
    used = sum(any(address in piece for client in clients for address in client.addresses) for piece in pieces)
    assert coverage(policy, clients).to_dict()["pieces"] == {"all": len(pieces), "used": used}


def changed(edit: Any) -> smplist.Policy:
    """Acme with an edit."""
    document = smplist.load(ACME).to_dict()
    edit(document)
    return smplist.Policy.from_dict(document)


def drop_manila(document: dict[str, Any]) -> None:
    """Without the list of Manila."""
    custom = document["internal"]["custom"]
    custom["lists"] = [entry for entry in custom["lists"] if entry["name"] != "manila"]


def turn_standard(document: dict[str, Any]) -> None:
    """The standard list the other way round."""
    document["internal"]["standard"]["sources"].reverse()


@pytest.mark.parametrize("edit", [drop_manila, turn_standard])
def test_replay_gives_the_differences_and_nothing_else(edit: Any) -> None:
    """Clients whose first 400 answers differ, asked again."""
    old, new, clients = smplist.load(ACME), changed(edit), acme_clients()[:400]
    report = replay(clients, old, new)
    wanted = [
        (client.id or None, str(service))
        for client in clients
        for service in smplist.Service
        if old.evaluate(client, service).to_dict()["attempts"] != new.evaluate(client, service).to_dict()["attempts"]
    ]
    assert [(row["id"], row["service"]) for row in report.rows()] == wanted and wanted
    assert not replay(clients, old, old)


def test_the_command_line(tmp_path: Path) -> None:
    """Counts on standard output, bad rows counted and never fatal, exit codes as documented."""
    run = CliRunner().invoke(cli, ["coverage", str(ACME), str(CLIENTS), "--format", "json"])
    assert run.exit_code == 0
    assert json.loads(run.stdout) == coverage(smplist.load(ACME), acme_clients()).to_dict()
    bad = tmp_path / "clients.csv"
    bad.write_text("id,addresses\na,10.1.0.1\nb,10.1.0.256\n", encoding="utf-8")
    run = CliRunner().invoke(cli, ["coverage", str(ACME), str(bad)])
    assert run.exit_code == 1 and "1 row rejected" in run.stderr and run.stdout.startswith("1 clients")
    same = CliRunner().invoke(cli, ["replay", str(ACME), str(ACME), str(CLIENTS)])
    assert (same.exit_code, same.stdout) == (0, "0 of 2,000 clients get another answer\n")
    other = tmp_path / "next.json"
    other.write_text(changed(drop_manila).to_json(), encoding="utf-8")
    run = CliRunner().invoke(cli, ["replay", str(ACME), str(other), str(CLIENTS), "--format", "csv"])
    assert run.exit_code == 1 and run.stdout.startswith("id,addresses,service,change,before,after\n")
    run = CliRunner().invoke(cli, ["replay", str(ACME), str(other), "nobody.csv"])
    assert run.exit_code == 2 and "cannot read nobody.csv" in run.stderr
