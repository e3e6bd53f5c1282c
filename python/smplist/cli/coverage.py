# SPDX-License-Identifier: MIT
"""`smplist coverage`: what the clients of a file use of a policy."""

from __future__ import annotations

import contextlib

import click

from smplist.cli import echo_report, load_policy
from smplist.cli._clients import FORMS, Rejects, client_rows, form_of
from smplist.cli._options import format_option
from smplist.cli._streams import Drafts


@click.command()
@click.argument("policy")
@click.argument("clients")
@click.option("--from", "form_in", type=click.Choice(FORMS), help="The clients' format; by suffix without it.")
@click.option("--rejects", metavar="FILE", help="CSV for the rows that are no clients: line, reason, row.")
@format_option()
def command(policy: str, clients: str, form_in: str | None, rejects: str | None, form: str) -> None:
    """Which lists, sources and pieces of the address space do these clients use, and which does nobody?

    Example: smplist coverage policy.yaml clients.csv
    """
    from smplist.analysis.coverage import coverage

    reading = form_of(clients, form_in)
    loaded = load_policy(policy)
    with Drafts() as drafts, contextlib.ExitStack() as stack:
        rows = client_rows(clients, reading)
        refused = Rejects(rejects, stack, drafts)
        report = coverage(loaded, (client for _, client in refused.clients(rows)))
        drafts.keep()
    echo_report(report, form)
    refused.leave()
