# SPDX-License-Identifier: MIT
"""`smplist simulate`: one client through an outage."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from smplist.analysis.report import SERVICES
from smplist.cli import EXIT_FINDINGS, echo_report, fail, load_policy, read_document, read_with, text_of
from smplist.cli._options import REPORT, format_option
from smplist.cli._streams import emit


def _client(text: str) -> Any:
    """A client from a file, `-` being standard input, or from the address of one who is inside."""
    from smplist import Address, Client

    if isinstance(Address.try_parse(text), Address):
        return Client([text], location="internal")
    return read_document(text, lambda document: document.client(), "simulated", "client")


def read_events(path: str, policy: Any) -> Any:
    """A script of events from a path, `-` being standard input; whatever is wrong with it ends the program with every error."""
    from smplist.analysis.outages import read_script
    from smplist.files import form_of

    form = "ndjson" if Path(path).suffix.lower() in (".ndjson", ".jsonl") else form_of(path)
    name = "stdin" if path == "-" else path
    return read_with(path, lambda given: read_script(text_of(given), policy, name, form), "simulated", "events")


@click.command()
@click.argument("policy")
@click.argument("client")
@click.option("--events", metavar="FILE", required=True, help="What fails and when: JSON, YAML or NDJSON.")
@click.option("--service", type=click.Choice(SERVICES), default=SERVICES[0], show_default=True, help="Whom the client asks for.")
@click.option("--picture", metavar="FILE", help="Draw it as well, *.png or *.svg; replaced whole.")
@format_option(*REPORT, "ndjson")
def command(policy: str, client: str, events: str, service: str, picture: str | None, form: str) -> None:
    """Whom does a client ask, and when, while things fail?

    CLIENT is a file with a client, or the address of one who is inside. Time is simulated, and nothing is asked over a network.

    Exit code 0: every question was answered; 1: some was not; 2: something is unusable.

    Example: smplist simulate policy.yaml 10.20.3.4 --events outage.yaml
    """
    from smplist.cli.plot import check_output, write

    if (policy, client, events).count("-") > 1:
        fail("smplist: only one file can be standard input")
    if picture is not None:
        check_output(picture, None)
    loaded = load_policy(policy)
    script, who = read_events(events, loaded), _client(client)
    from smplist.analysis.simulate import simulate

    try:
        found = simulate(loaded, who, script, service)
    except ValueError as error:
        fail(f"smplist: {events}: {error}")
    if picture is not None:
        from smplist import plots

        write(plots.timeline(found), picture, None)
    if form == "ndjson":
        for row in found.rows():
            emit(json.dumps({k: v for k, v in row.items() if v is not None}, ensure_ascii=False))
    else:
        echo_report(found, form)
    sys.exit(0 if found else EXIT_FINDINGS)
