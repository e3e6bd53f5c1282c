# SPDX-License-Identifier: MIT
"""`smplist mutants`: would expectations notice a small mistake?"""

from __future__ import annotations

import sys

import click

from smplist.cli import EXIT_FINDINGS, echo_report, fail, load_policy
from smplist.cli._options import format_option
from smplist.cli._terminal import Progress
from smplist.cli.verify import load_expectations


@click.command()
@click.argument("policy")
@click.argument("expectations")
@format_option()
@click.option("--at-least", type=click.FloatRange(0, 100), help="The percentage that suffices for exit code 0; without it, all.")
def command(policy: str, expectations: str, form: str, at_least: float | None) -> None:
    """Make small mistakes in a policy, one at a time: do its expectations notice?

    Exit code 0: all that change an answer are caught; 1: some survive; 2: a file is unusable, or an expectation is not proved
    of the policy itself.

    Example: smplist mutants policy.yaml expectations.yaml
    """
    if policy == "-" and expectations == "-":
        fail("smplist: only one of the two can be standard input; give a path for the other")
    loaded = load_policy(policy)
    wanted = load_expectations(expectations)
    from smplist.analysis.mutants import mutants

    try:
        with Progress("mutants") as progress:
            found = mutants(loaded, wanted, progress=progress)
    except ValueError as error:
        fail(f"smplist: {error}")
    echo_report(found, form)
    enough = bool(found) if at_least is None else 100 * found.score >= at_least
    if not enough:
        sys.exit(EXIT_FINDINGS)
