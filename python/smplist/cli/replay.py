# SPDX-License-Identifier: MIT
"""`smplist replay`: what another policy changes for the clients of a file."""

from __future__ import annotations

import contextlib
import sys

import click

from smplist.cli import EXIT_FINDINGS, echo_report, load_policy
from smplist.cli._clients import FORMS, Rejects, client_rows, form_of
from smplist.cli._options import format_option
from smplist.cli._streams import Drafts


@click.command()
@click.argument("old")
@click.argument("new")
@click.argument("clients")
@click.option("--from", "form_in", type=click.Choice(FORMS), help="The clients' format; by suffix without it.")
@click.option("--rejects", metavar="FILE", help="CSV for the rows that are no clients: line, reason, row.")
@format_option()
def command(old: str, new: str, clients: str, form_in: str | None, rejects: str | None, form: str) -> None:
    """Which of these clients get another answer from NEW than from OLD? Only the differences are shown.

    Exit code 0: none; 1: some, or rejected rows.

    Example: smplist replay policy.yaml next.yaml clients.csv
    """
    from smplist.analysis.coverage import replay

    reading = form_of(clients, form_in)
    before, after = load_policy(old), load_policy(new)
    with Drafts() as drafts, contextlib.ExitStack() as stack:
        rows = client_rows(clients, reading)
        refused = Rejects(rejects, stack, drafts)
        report = replay((client for _, client in refused.clients(rows)), before, after)
        drafts.keep()
    echo_report(report, form)
    refused.leave()
    sys.exit(EXIT_FINDINGS if report else 0)
