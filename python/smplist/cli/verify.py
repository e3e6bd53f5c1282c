# SPDX-License-Identifier: MIT
"""`smplist verify`: expectations, proved or refuted."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from smplist.cli import EXIT_FINDINGS, EXIT_UNUSABLE, echo_report, fail, load_policy, read_document
from smplist.cli._options import REPORT, format_option
from smplist.cli._streams import emit


def load_expectations(path: str) -> Any:
    """Expectations from a path, `-` being standard input; whatever is wrong with them ends the program with every error."""
    from smplist._core import Expectations

    return read_document(path, Expectations.from_document, "verified", "expectations")


@click.command()
@click.argument("policy")
@click.argument("expectations")
@format_option(*REPORT, "ndjson")
def command(policy: str, expectations: str, form: str) -> None:
    """Prove expectations over all clients of a policy, or show a client that refutes them.

    Exit code 0: all proved; 1: some refuted; 2: a file is unusable, or an expectation can never apply.

    Example: smplist verify policy.yaml expectations.yaml
    """
    if policy == "-" and expectations == "-":
        fail("smplist: only one of the two can be standard input; give a path for the other")
    loaded = load_policy(policy)
    wanted = load_expectations(expectations)
    from smplist.analysis.verify import prove

    proofs = prove(loaded, wanted)
    if form == "ndjson":
        for proof in proofs.proofs():
            emit(json.dumps(proof.to_dict(), ensure_ascii=False))
    else:
        echo_report(proofs, form)
    if proofs.count("error"):
        sys.exit(EXIT_UNUSABLE)
    if not proofs:
        sys.exit(EXIT_FINDINGS)
