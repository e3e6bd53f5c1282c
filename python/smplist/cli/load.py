# SPDX-License-Identifier: MIT
"""`smplist load`: which share of the clients every source gets."""

from __future__ import annotations

import contextlib
import csv
import sys
from typing import Any

import click

from smplist.analysis.report import SERVICES
from smplist.cli import EXIT_FINDINGS, check_down, echo_report, fail, load_policy
from smplist.cli._availability import availability_option, read_known
from smplist.cli._clients import FORMS, Rejects, check_header, client_rows, form_of, open_rows
from smplist.cli._options import format_option
from smplist.cli._streams import Drafts

_COLUMNS = ("range", "clients", "stack", "location")


def read_clients(path: str, stated: str | None, rejects: str | None) -> tuple[list[Any], Any]:
    """The clients of a file, and the rows that are none."""
    reading = form_of(path, stated)
    with Drafts() as drafts, contextlib.ExitStack() as stack:
        refused = Rejects(rejects, stack, drafts)
        found = [client for _, client in refused.clients(client_rows(path, reading))]
        drafts.keep()
    return found, refused


def _head_count(cells: dict[str, str]) -> Any:
    """A row of head counts, or why it is none."""
    from smplist import AddressRange, ParseError

    try:
        place = AddressRange.try_parse(cells.get("range") or "")
    except UnicodeError:
        return "range: a byte is not UTF-8"
    if isinstance(place, ParseError):
        return f"range: {place.message}; {place.advice}"
    number = (cells.get("clients") or "").strip()
    if not (number.isascii() and number.isdigit() and len(number) < 20):
        return f"clients: {number!r} is no number of clients"
    stack = (cells.get("stack") or "").split()
    if not set(stack) <= {"ipv4", "ipv6"}:
        return f"stack: {cells['stack']!r} is not ipv4, ipv6 or both with a blank between"
    where = (cells.get("location") or "").strip()
    if where not in ("", "internal", "external"):
        return f"location: {where!r} is neither internal nor external"
    return place, int(number), tuple(stack) or None, where or None


def read_counts(path: str) -> list[Any]:
    """The rows of a file of head counts; one that is none ends the program, as the shares would be wrong without it."""
    source = open_rows(path)
    with contextlib.nullcontext() if source is sys.stdin else source:
        rows = csv.DictReader(source, restkey="")
        try:
            header = [name.strip().lstrip("\ufeff") for name in rows.fieldnames or []]
            rows.fieldnames = header
            check_header(f"{path}: line 1", header, _COLUMNS, ("range", "clients"))
            found = [(rows.line_num, "too many columns" if "" in cells else _head_count(cells)) for cells in rows]
        except csv.Error as error:
            fail(f"smplist: {path}: line {rows.line_num}: not CSV: {error}")
    wrong_rows = [f"smplist: {path}: line {line}: {row}" for line, row in found if isinstance(row, str)]
    if wrong_rows:
        fail("\n".join([*wrong_rows[:10], f"smplist: {path}: {len(wrong_rows)} of {len(found)} rows are no head counts"]))
    return [row for _, row in found]


def _probabilities(stated: tuple[str, ...]) -> dict[str, object]:
    found: dict[str, object] = {}
    for item in stated:
        name, equals, value = item.rpartition("=")
        if not equals or not name:
            fail(f"smplist: --probability {item}: write NAME=1/100")
        if name in found:
            fail(f"smplist: --probability {item}: {name} stands twice")
        found[name] = value
    return found


@click.command()
@click.argument("policy")
@click.option("--population", type=click.Choice(["ipv4", "ipv6", "dual"]),
              help="Every address, or pair of addresses, is a client; all three without it.")  # fmt: skip
@click.option("--clients", metavar="FILE", help="A file of clients as for evaluate; each row is one client.")
@click.option("--counts", metavar="FILE", help="CSV of head counts: range,clients and if need be stack,location.")
@click.option("--from", "form_in", type=click.Choice(FORMS), help="The clients' format; by suffix without it.")
@click.option("--rejects", metavar="FILE", help="CSV for the rows that are no clients: line, reason, row.")
@click.option("--location", type=click.Choice(["internal", "external"]), default="internal", show_default=True,
              help="Where the clients are; clients of a file say so themselves.")  # fmt: skip
@click.option("--service", type=click.Choice(SERVICES), help="One service; both without it.")
@click.option("--down", multiple=True, metavar="FAILURE",
              help="What has failed: SOURCE[/SERVICE], host:NAME or proxy:HOST:PORT; may stand several times.")  # fmt: skip
@availability_option
@click.option("--probability", multiple=True, metavar="NAME=P",
              help="How likely it fails, as 1/100, 0.01 or 1%; * is every other source; may stand several times.")  # fmt: skip
@click.option("--epoch", type=click.IntRange(min=0, max=2**64 - 1), default=0, help="Reshuffles random orders of --clients.")
@format_option()
def command(policy: str, population: str | None, clients: str | None, counts: str | None, form_in: str | None,
            rejects: str | None, location: str, service: str | None, down: tuple[str, ...], availability: str | None,
            probability: tuple[str, ...], epoch: int, form: str) -> None:  # fmt: skip
    """Which share of the clients does every source get, before and after failures, and who is everybody's second choice?

    Exit code 0: everybody reaches something; 1: some reach nothing, or rows were no clients; 2: something is unusable.

    Example: smplist load policy.yaml --clients clients.csv --down sps-hq
    """
    if sum(option is not None for option in (population, clients, counts)) > 1:
        fail("smplist: --population, --clients and --counts are three ways to say who asks; give one of them")
    if policy == "-" and "-" in (clients, counts):
        fail("smplist: only one of the policy and the clients can be standard input")
    likely = _probabilities(probability)
    loaded = load_policy(policy)
    from smplist.analysis.failures import down_sources, read_failure, read_probability
    from smplist.analysis.load import load

    check_down(loaded, down)
    down = (*down, *down_sources(loaded, read_known(loaded, availability)))
    for name, value in likely.items():
        try:
            if name != "*" or name in loaded.sources:
                read_failure(loaded, name)
            read_probability(value)
        except ValueError as error:
            fail(f"smplist: --probability {name}={value}: {error}")
    who: Any = population
    refused: Any = None
    if clients is not None:
        who, refused = read_clients(clients, form_in, rejects)
    elif counts is not None:
        who = read_counts(counts)
    try:
        report = load(loaded, who, service=service, location=location, down=down, probabilities=likely, epoch=epoch)
    except ValueError as error:
        fail(f"smplist: {error}")
    echo_report(report, form)
    if refused:
        refused.leave()
    if report.cut_off:
        sys.exit(EXIT_FINDINGS)
