# SPDX-License-Identifier: MIT
"""`smplist vectors`: a test set for agents."""

from __future__ import annotations

import json
import sys
from typing import IO, Any

import click

from smplist.cli import echo_report, load_policy, report_text, write_file
from smplist.cli._options import REPORT, format_option
from smplist.cli._streams import Drafts
from smplist.cli._terminal import Progress


def _write(policy: Any, form: str, out: IO[str]) -> int:
    """Writes vector by vector: there may be millions."""
    from smplist import _core
    from smplist.analysis.vectors import header

    head = json.dumps(header(policy), ensure_ascii=False)
    count = 0

    def line(text: str) -> None:
        nonlocal count
        out.write(f"{text}\n" if form == "ndjson" else f"{',' if count else ''}\n{text}")
        count += 1
        progress(count)

    out.write(f"{head}\n" if form == "ndjson" else f'{head[:-1]}, "vectors": [')
    with Progress("vectors", beside=out) as progress:
        _core.each_vector(policy.partition(), line)
    out.write("" if form == "ndjson" else "\n]}\n")
    return count


@click.command()
@click.argument("policy")
@format_option(*REPORT, "ndjson")
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Where to write; standard output without it.")
def command(policy: str, form: str, output: str | None) -> None:
    """Write a finite test set for a policy: any agent can be certified against it.

    Exit code 0, or 2 if the policy is unusable.

    Example: smplist vectors policy.yaml --format ndjson -o vectors.ndjson
    """
    loaded = load_policy(policy)
    if form in REPORT and form != "json":
        from smplist.analysis.vectors import vectors

        report = vectors(loaded)
        echo_report(report, form) if output is None else write_file(output, report_text(report, form))
    elif output is None:
        _write(loaded, form, sys.stdout)
    else:
        with Drafts() as drafts:
            _write(loaded, form, drafts.text(output))
            drafts.keep()
