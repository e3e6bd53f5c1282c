# SPDX-License-Identifier: MIT
"""`smplist partition`: every answer of a policy, and who gets it."""

from __future__ import annotations

import json

import click

from smplist.cli import echo_report, load_policy
from smplist.cli._options import REPORT, format_option
from smplist.cli._streams import emit


@click.command()
@click.argument("policy")
@format_option(*REPORT, "certificate")
def command(policy: str, form: str) -> None:
    """Every answer of a policy, and the addresses whose clients get it.

    A certificate is all of it together with the policy; docs/reference/check_certificate.py verifies it without smplist.

    Example: smplist partition policy.yaml --format csv
    """
    from smplist.analysis.partition import Pieces

    cut = load_policy(policy).partition()
    if form == "certificate":
        emit(json.dumps(cut.certificate(), ensure_ascii=False))
    else:
        echo_report(Pieces(cut), form)
