# SPDX-License-Identifier: MIT
"""`smplist whoami`: this machine as a client document."""

from __future__ import annotations

import json
from typing import Any

import click

from smplist.cli import load_policy
from smplist.cli._options import Seconds, allow_option
from smplist.cli._streams import emit, tell
from smplist.cli._terminal import Progress

SECONDS = 3.0


def facts_here(policy: Any, allow: tuple[str, ...], timeout: float = SECONDS) -> dict[str, Any]:
    """This machine's client document; with a policy, also which of its servers answer; why others do not is a message."""
    from smplist.net.facts import here

    document = here()
    if policy is None:
        return document
    from smplist.net.reach import reach

    with Progress("servers") as progress:
        reached = reach(policy, allow=allow, seconds=timeout, progress=progress)
    for server, why in reached.missed.items():
        tell(f"{server}: {why}")
    return {**document, "reached": reached.servers}


@click.command()
@click.argument("policy", required=False)
@allow_option
@click.option("--timeout", type=Seconds(), default=SECONDS, show_default=True, metavar="SECONDS",
              help="The most that each connection may take.")  # fmt: skip
def command(policy: str | None, allow: tuple[str, ...], timeout: float) -> None:
    """What is this machine, as a client? Its host name, addresses, gateways with MAC addresses and stack, as JSON.

    With a POLICY, also which of its management and reference servers answer: they are asked, and nobody else.
    The document is a line of a file of clients (NDJSON) for evaluate, and what explain --here goes by.

    Example: smplist whoami
    """
    loaded = None if policy is None else load_policy(policy)
    emit(json.dumps(facts_here(loaded, allow, timeout), ensure_ascii=False))
