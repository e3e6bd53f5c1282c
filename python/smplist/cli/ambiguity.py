# SPDX-License-Identifier: MIT
"""`smplist ambiguity`: where the answer depends on a rule that nobody states."""

from __future__ import annotations

import sys

import click

from smplist.cli import EXIT_FINDINGS, echo_report, load_policy
from smplist.cli._options import format_option


@click.command()
@click.argument("policy")
@format_option()
def command(policy: str, form: str) -> None:
    """Where does the answer depend on a rule that nobody states, and what does each reading give?

    Exit code 0: nowhere; 1: somewhere.

    Example: smplist ambiguity policy.yaml
    """
    report = load_policy(policy).ambiguity()
    echo_report(report, form)
    sys.exit(EXIT_FINDINGS if report else 0)
