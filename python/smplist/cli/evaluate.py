# SPDX-License-Identifier: MIT
"""`smplist evaluate`: a plan for every client of a file, streaming: memory does not grow with the number of rows."""

from __future__ import annotations

import contextlib
import csv
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from smplist.analysis.report import SERVICES
from smplist.cli import load_policy
from smplist.cli._availability import availability_option, read_known
from smplist.cli._clients import FORMS, Rejects, client_rows, form_of
from smplist.cli._streams import Drafts
from smplist.cli.explain import plan_json

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


def flat(row: int, plan: Any, known: dict[str, str]) -> list[object]:
    """The fields of a plan in one row, in the order of `COLUMNS`; lists are separated by blanks, names by `;`.

    The attempt is the first that is not known to be down.
    """
    d = plan.to_dict()
    first = _asked(plan, known) if known else next(iter(d["attempts"]), {})
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


def _asked(plan: Any, known: dict[str, str]) -> dict[str, Any]:
    """The first attempt that is not known to be down; empty if all are."""
    attempt = plan.first_available(known)
    return attempt.to_dict() if attempt else {}


@click.command()
@click.argument("policy")
@click.argument("clients")
@click.option(
    "-o", "--output", default="-", metavar="OUT", help="A .csv, .ndjson, .parquet or .arrow file; standard output without it."
)
@click.option("--service", type=click.Choice(SERVICES), help="One service; both without it, a row each.")
@click.option("--rejects", metavar="FILE", help="CSV for the rows that are no clients: line, reason, row.")
@click.option("--from", "form_in", type=click.Choice(FORMS), help="The clients' format; by suffix without it.")
@click.option("--to", "form_out", type=click.Choice(FORMS), help="The output's format; by suffix without it.")
@availability_option
@click.option("--epoch", type=click.IntRange(min=0, max=2**64 - 1), default=0, help="Reshuffles random orders.")
def command(policy: str, clients: str, output: str, service: str | None, rejects: str | None, form_in: str | None,
            form_out: str | None, availability: str | None, epoch: int) -> None:  # fmt: skip
    """A plan for every row of CLIENTS: CSV, NDJSON, Parquet or Arrow; `-` is standard input or output.

    Rows that are no clients never stop the run: they go to --rejects, and the exit code is 1.

    Example: smplist evaluate policy.yaml clients.csv -o plans.csv --rejects bad.csv
    """
    reading, writing = form_of(clients, form_in), form_of(output, form_out)
    loaded = load_policy(policy)
    known = read_known(loaded, availability)
    asked = [service] if service else list(SERVICES)
    with Drafts() as drafts, contextlib.ExitStack() as stack:
        rows = client_rows(clients, reading)
        write, finish = _writer(output, writing, known, drafts, stack)
        refused = Rejects(rejects, stack, drafts, sys.stdout if output == "-" else None)
        for line, client in refused.clients(rows):
            for what in asked:
                write(line, loaded.evaluate(client, what, epoch=epoch))
        finish()
        drafts.keep()
    refused.leave()


def _writer(
    path: str, form: str, known: dict[str, str], drafts: Drafts, stack: contextlib.ExitStack
) -> tuple[Callable[[int, Any], object], Callable[[], None]]:
    """What writes a plan, and what says that it was the last one; a file then waits for `keep`."""
    if form in ("parquet", "arrow"):
        from smplist.cli._tables import TableWriter

        out = sys.stdout.buffer if path == "-" else drafts.binary(path)
        table = TableWriter(out, form, path == "-" or Path(path).suffix.lower() == ".arrows", COLUMNS, stack)

        def finish_table() -> None:
            table.close()
            out.flush()

        return lambda line, plan: table.writerow(flat(line, plan, known)), finish_table
    if path == "-":
        sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
    sink = sys.stdout if path == "-" else drafts.text(path)
    if form == "ndjson":
        return lambda line, plan: sink.write(plan_json(plan, known) + "\n"), sink.flush
    rows = csv.writer(sink)
    rows.writerow(COLUMNS)
    return lambda line, plan: rows.writerow(flat(line, plan, known)), sink.flush
