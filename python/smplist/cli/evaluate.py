# SPDX-License-Identifier: MIT
"""`smplist evaluate`: a plan for every client of a file, streaming: memory does not grow with the number of rows."""

from __future__ import annotations

import contextlib
import csv
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import click

from smplist.cli import EXIT_FINDINGS, fail, load_policy
from smplist.cli.explain import SERVICES

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
_CLIENT_COLUMNS = ("id", "addresses", "location", "gateways", "reached", "stack")
_LISTS = ("addresses", "gateways", "reached", "stack")
_MAX_LINE = 1_000_000

Reject = tuple[int, str, str]  # the line, why, the row as it stood


def _form(path: str, stated: str | None) -> str:
    """`csv` or `ndjson`, stated or by suffix; standard streams are CSV unless stated otherwise."""
    suffix = Path(path).suffix.lower()
    known = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson", "": "csv" if path == "-" else None}
    form = stated or known.get(suffix)
    if form is None:
        fail(f"smplist: {path}: the suffix {suffix!r} names no format; use .csv or .ndjson, or state --from or --to")
    return form


def _short_lines(lines: IO[str]) -> Iterator[str]:
    """The lines of a file; one that never ends becomes an error instead of filling the memory."""
    while line := lines.readline(_MAX_LINE):
        if len(line) == _MAX_LINE and not line.endswith("\n"):
            while (rest := lines.readline(_MAX_LINE)) and not rest.endswith("\n"):
                pass
            line = "\x00too long\n"
        yield line


def _from_csv(lines: IO[str]) -> Iterator[tuple[int, Any, str]]:
    """(line, client document or error text, raw row) of CSV; the header is read at once."""
    rows = csv.reader(_short_lines(lines))
    header = next(rows, None)
    if header is None:
        fail("smplist: the clients are empty: the first line names the columns")
    header = [name.strip().lstrip("\ufeff") for name in header]
    unknown = [name for name in header if name not in _CLIENT_COLUMNS]
    if unknown or "addresses" not in header:
        wrong = f"unknown column {unknown[0]!r}" if unknown else "no column 'addresses'"
        fail(f"smplist: the clients' header has {wrong}; the columns are {', '.join(_CLIENT_COLUMNS)}")
    return _csv_rows(rows, header)


def _csv_rows(rows: Any, header: list[str]) -> Iterator[tuple[int, Any, str]]:
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            yield rows.line_num, f"not CSV: {error}", ""
            continue
        if row is None:
            return
        if not row:
            continue
        raw = ",".join(row)
        if raw == "\x00too long":
            yield rows.line_num, "the line is longer than 1,000,000 characters", ""
        elif len(row) != len(header):
            yield rows.line_num, f"{len(row)} columns, expected {len(header)}", raw
        else:
            cells = dict(zip(header, row, strict=True))
            yield rows.line_num, {k: v.split() if k in _LISTS else v for k, v in cells.items() if v}, raw


def _from_ndjson(lines: IO[str]) -> Iterator[tuple[int, Any, str]]:
    """(line, client text, raw row) of one JSON document a line."""
    for number, line in enumerate(_short_lines(lines), 1):
        if line == "\x00too long\n":
            yield number, "the line is longer than 1,000,000 characters", ""
        elif line.strip():
            yield number, line.encode("utf-8", "surrogateescape"), line.rstrip("\n")


def _client(document: Any) -> Any:
    """A client from what a reader found, or the reason why it is none."""
    from smplist import Client, PolicyError

    if isinstance(document, str):
        return document
    try:
        if isinstance(document, bytes):
            return Client.from_json(document.decode("utf-8"))
        return Client.from_dict(document)
    except PolicyError as error:
        return "; ".join(f"{e.pointer.lstrip('/')}: {e.reason}" if e.pointer else e.reason for e in error.errors)
    except UnicodeError:
        return "a byte is not UTF-8"


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


class _Rejects:
    """Rows that are no clients: counted, the first few shown, all of them in the rejects file."""

    def __init__(self, path: str | None, stack: contextlib.ExitStack) -> None:
        self.count = 0
        self.path = path
        self.writer: Any = None
        if path:
            self.writer = csv.writer(
                stack.enter_context(open(path, "w", encoding="utf-8", errors="backslashreplace", newline=""))
            )
            self.writer.writerow(["line", "reason", "row"])

    def add(self, line: int, reason: str, raw: str) -> None:
        self.count += 1
        if self.writer:
            self.writer.writerow([line, reason, raw])
        elif self.count <= 10:
            click.echo(f"line {line}: {reason}", err=True)


def _progress(rows: Iterator[tuple[int, Any, str]], shown: bool) -> Iterator[tuple[int, Any, str]]:
    """Counts rows on a terminal, twice a second at most."""
    if not shown:
        yield from rows
        return
    import time

    started = said = time.monotonic()
    for count, row in enumerate(rows, 1):
        yield row
        now = time.monotonic()
        if now - said > 0.5:
            said = now
            click.echo(f"\r{count:,} clients, {count / (now - started):,.0f} a second", nl=False, err=True)
    click.echo("\r\x1b[K", nl=False, err=True)


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
    reading, writing = _form(clients, form_in), _form(output, form_out)
    from smplist.files import same_file

    if same_file(clients, output) or same_file(policy, output) or (rejects and same_file(clients, rejects)):
        fail("smplist: the output is one of the inputs; write to another file")
    loaded = load_policy(policy)
    asked = [service] if service else list(SERVICES)
    with contextlib.ExitStack() as stack:
        source = sys.stdin if clients == "-" else stack.enter_context(_open(clients))
        if clients == "-":
            sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]
        sink, finish = _sink(output, stack)
        rows = _from_csv(source) if reading == "csv" else _from_ndjson(source)
        refused = _Rejects(rejects, stack)
        writer = csv.writer(sink)
        if writing == "csv":
            writer.writerow(COLUMNS)
        shown = sys.stderr.isatty() and "NO_COLOR" not in os.environ
        for line, document, raw in _progress(rows, shown):
            client = _client(document)
            if isinstance(client, str):
                refused.add(line, client, raw)
                continue
            for what in asked:
                plan = loaded.evaluate(client, what, epoch=epoch)
                if writing == "csv":
                    writer.writerow(flat(line, plan))
                else:
                    sink.write(plan.to_json() + "\n")
        finish()
    if refused.count:
        click.echo(
            f"{refused.count} row{'s' if refused.count != 1 else ''} rejected{f', see {rejects}' if rejects else ''}", err=True
        )
        sys.exit(EXIT_FINDINGS)


def _open(path: str) -> IO[str]:
    try:
        return open(path, encoding="utf-8-sig", errors="surrogateescape", newline="")
    except OSError as error:
        fail(f"smplist: cannot read {path}: {error.strerror or error}")


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
