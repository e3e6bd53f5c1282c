# SPDX-License-Identifier: MIT
"""`smplist mutants`: would expectations notice a small mistake?"""

from __future__ import annotations

import os
import sys
import time

import click

from smplist.cli import EXIT_FINDINGS, fail, load_policy
from smplist.cli.verify import load_expectations


class _Progress:
    """A line on a terminal, once it takes longer than a second."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.shown = 0.0
        self.wanted = sys.stderr.isatty() and not os.environ.get("NO_COLOR")

    def __call__(self, done: int, of: int) -> None:
        now = time.monotonic()
        if self.wanted and now - self.started > 1 and now - self.shown > 0.2:
            self.shown = now
            click.echo(f"\r{done:,} of {of:,} mutants", nl=False, err=True)

    def clear(self) -> None:
        """Take the line away."""
        if self.shown:
            click.echo("\r\x1b[K", nl=False, err=True)


@click.command()
@click.argument("policy")
@click.argument("expectations")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
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

    progress = _Progress()
    try:
        found = mutants(loaded, wanted, progress=progress)
    except ValueError as error:
        fail(f"smplist: {error}")
    finally:
        progress.clear()
    click.echo(found.to_text() if form == "text" else found.to_json())
    enough = bool(found) if at_least is None else 100 * found.score >= at_least
    if not enough:
        sys.exit(EXIT_FINDINGS)
