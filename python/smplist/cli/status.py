# SPDX-License-Identifier: MIT
"""`smplist status`: who holds which revision."""

from __future__ import annotations

import sys

import click

from smplist.cli import EXIT_FINDINGS, echo_report, fail
from smplist.cli._options import broker_options, format_option


@click.command()
@broker_options
@click.option("--fleet", metavar="NAME", required=True, help="Whose agents.")
@click.option(
    "--timeout",
    type=click.FloatRange(0.1, 600),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="Seconds to wait for the broker.",
)
@format_option()
def command(broker: str, password: str | None, ca: str | None, fleet: str, timeout: float, form: str) -> None:
    """Who holds which revision, who is behind, and who is off, as agents told the broker.

    Exit code 0: every agent is on and has the revision that clients were told of; 1: some are not; 2: something is unusable.

    Example: smplist status --broker mqtts://admin@broker.acme.example --password env:BROKER --fleet acme
    """
    from smplist.cli._brokers import asking, broker_of
    from smplist.fleet.manifest import check_fleet
    from smplist.fleet.status import status

    try:
        check_fleet(fleet)
    except ValueError as error:
        fail(f"smplist: --fleet: {error}")
    reached = broker_of(broker, password, ca)
    found = asking(reached, lambda: status(reached, fleet, timeout=timeout), "nothing is known", password)
    echo_report(found, form)
    sys.exit(0 if found else EXIT_FINDINGS)
