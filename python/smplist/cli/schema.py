# SPDX-License-Identifier: MIT
"""`smplist schema`: the JSON Schemas."""

from __future__ import annotations

import json

import click

from smplist.cli._streams import emit


@click.command()
@click.argument("which", type=click.Choice(["policy", "client", "plan", "expectations", "events"]), default="policy")
def command(which: str) -> None:
    """Print the JSON Schema (2020-12) of a policy, a client, a plan, expectations or events.

    Example: smplist schema > policy.schema.json
    """
    from smplist.files import schema

    emit(json.dumps(schema(which), ensure_ascii=False, indent=2))
