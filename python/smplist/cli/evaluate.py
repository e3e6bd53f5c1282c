# SPDX-License-Identifier: MIT
"""`smplist evaluate`: a plan for every client of a file, streaming: memory does not grow with the number of rows."""

from __future__ import annotations

import contextlib
import csv
import os
import sys
from pathlib import Path
from typing import IO, Any

import click

from smplist.analysis.report import SERVICES
from smplist.cli import fail, load_policy
from smplist.cli._clients import Rejects, client_rows, form_of

COLUMNS = [
    "row",
    "id",
    "addresses",
    "service",
    "location",
    "outcome",
    "list",
    "lists",
    "range",
    "source",
    "url",
    "via",
    "families",
    "attempts",
    "ignored",
    "exhausted",
    "scope_first",
    "scope_last",
    "order_varies",
    "revision",
]


def flat(row: int, plan: Any) -> list[object]:
    """The fields of a plan in one row, in the order of `COLUMNS`; lists are separated by blanks, names by `;`."""
    d = plan.to_dict()
    first = d["attempts"][0] if d["attempts"] else {}
    decided = d["decided_by"] or {}
    scope = d["scope"] or {}
    return [
        row,
        d["client"]["id"] or "",
        " ".join(d["client"]["addresses"]),
        d["service"],
        d["location"],
        d["outcome"],
        first.get("list", ""),
        ";".join(d["lists"]),
        decided.get("range", ""),
        first.get("source", ""),
        first.get("url", ""),
        first.get("via") or "",
        " ".join(first.get("families", [])),
        ";".join(a["source"] for a in d["attempts"]),
        ";".join(f"{i['source']}={i['reason']}" for i in d["ignored"]),
        d["exhausted"],
        scope.get("first", ""),
        scope.get("last", ""),
        str(scope["order_varies"]).lower() if scope else "",
        d["revision"],
    ]


@click.command()
@click.argument("policy")
@click.argument("clients")
@click.option("-o", "--output", default="-", metavar="OUT", help="A .csv or .ndjson file; standard output without it.")
@click.option("--service", type=click.Choice(SERVICES), help="One service; both without it, a row each.")
@click.option("--rejects", metavar="FILE", help="CSV for the rows that are no clients: line, reason, row.")
@click.option("--from", "form_in", type=click.Choice(["csv", "ndjson"]), help="The clients' format; by suffix without it.")
@click.option("--to", "form_out", type=click.Choice(["csv", "ndjson"]), help="The output's format; by suffix without it.")
@click.option("--epoch", type=click.IntRange(min=0, max=2**64 - 1), default=0, help="Reshuffles random orders.")
def command(policy: str, clients: str, output: str, service: str | None, rejects: str | None, form_in: str | None,
            form_out: str | None, epoch: int) -> None:  # fmt: skip
    """A plan for every row of CLIENTS, CSV or NDJSON; `-` is standard input or output.

    Rows that are no clients never stop the run: they go to --rejects, and the exit code is 1.

    Example: smplist evaluate policy.yaml clients.csv -o plans.csv --rejects bad.csv
    """
    reading, writing = form_of(clients, form_in), form_of(output, form_out)
    from smplist.files import same_file

    if same_file(clients, output) or same_file(policy, output) or (rejects and same_file(clients, rejects)):
        fail("smplist: the output is one of the inputs; write to another file")
    loaded = load_policy(policy)
    asked = [service] if service else list(SERVICES)
    with contextlib.ExitStack() as stack:
        rows = client_rows(clients, reading)
        sink, finish = _sink(output, stack)
        refused = Rejects(rejects, stack, sink)
        writer = csv.writer(sink)
        if writing == "csv":
            writer.writerow(COLUMNS)
        for line, client in refused.clients(rows):
            for what in asked:
                plan = loaded.evaluate(client, what, epoch=epoch)
                if writing == "csv":
                    writer.writerow(flat(line, plan))
                else:
                    sink.write(plan.to_json() + "\n")
        finish()
    refused.leave()


def _sink(path: str, stack: contextlib.ExitStack) -> tuple[IO[str], Any]:
    """Where rows go, and what makes them final: a file appears whole or not at all."""
    if path == "-":
        sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
        return sys.stdout, sys.stdout.flush
    from smplist.files import staging

    beside = staging(path)
    try:
        out = stack.enter_context(open(beside, "w", encoding="utf-8", newline=""))
    except OSError as error:
        fail(f"smplist: cannot write {path}: {error.strerror or error}")
    if beside == Path(path):
        return out, out.flush
    stack.callback(lambda: beside.unlink(missing_ok=True))

    def finish() -> None:
        out.flush()
        os.fsync(out.fileno())
        os.replace(beside, path)

    return out, finish
