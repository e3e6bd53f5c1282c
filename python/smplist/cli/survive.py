# SPDX-License-Identifier: MIT
"""`smplist survive`: how many failures leave clients with nothing."""

from __future__ import annotations

import sys

import click

from smplist.cli import EXIT_FINDINGS, check_down, echo_report, load_policy
from smplist.cli._options import format_option


@click.command()
@click.argument("policy")
@click.option(
    "--unit", type=click.Choice(["source", "host", "proxy", "any"]), default="any", show_default=True, help="What fails."
)
@click.option("--at-least", type=click.IntRange(min=0), default=1, show_default=True, metavar="N",
              help="The exit code is 1 if fewer failures leave somebody with nothing.")  # fmt: skip
@click.option("--keep", type=click.IntRange(min=0), metavar="N",
              help="A server can be retired if nobody falls below N failures; without it, if nobody falls.")  # fmt: skip
@click.option("--down", multiple=True, metavar="FAILURE",
              help="What has failed already: SOURCE[/SERVICE], host:NAME or proxy:HOST:PORT; several times.")  # fmt: skip
@click.option(
    "--regions", type=click.IntRange(min=1), default=10, show_default=True, help="How many regions of a group are listed."
)
@click.option("--all-regions", is_flag=True, help="All regions are listed.")
@format_option()
def command(policy: str, unit: str, at_least: int, keep: int | None, down: tuple[str, ...], regions: int, all_regions: bool,
            form: str) -> None:  # fmt: skip
    """How many failures leave clients with nothing, which ones, and which servers can be retired.

    Exit code 0: everybody survives; 1: --at-least is not met; 2: something is unusable.

    Example: smplist survive policy.yaml --unit host --at-least 2
    """
    loaded = load_policy(policy)
    from smplist.analysis.survivability import survivability

    check_down(loaded, down)
    report = survivability(loaded, unit=unit, keep=keep, regions=None if all_regions else regions, down=down)
    echo_report(report, form)
    if report.below(at_least):
        sys.exit(EXIT_FINDINGS)
