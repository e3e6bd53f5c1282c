# SPDX-License-Identifier: MIT
"""`smplist explain`: one client's plan and why."""

from __future__ import annotations

import json
from typing import Any

import click

from smplist.analysis.report import SERVICES
from smplist.cli import fail, load_policy


def _availability(policy: Any, down: tuple[str, ...]) -> dict[str, str]:
    """The endpoints that are down; a name that the policy does not have ends the program."""
    from smplist.analysis.failures import availability

    known: dict[str, str] = {}
    for item in down:
        try:
            known.update(availability(policy, [item]))
        except ValueError as error:
            fail(f"smplist: --down {item}: {error}")
    return known


@click.command()
@click.argument("policy")
@click.option("--address", "addresses", multiple=True, metavar="A", help="An address of the client; may stand several times.")
@click.option("--id", "client_id", default="", help="The client's id; it keys random orders.")
@click.option("--location", type=click.Choice(["internal", "external"]), help="Declared; it wins over evidence.")
@click.option("--gateway", "gateways", multiple=True, metavar="IP[,MAC]", help="A gateway that the client uses.")
@click.option("--reached", multiple=True, metavar="H:P", help="A server and port that the client reached.")
@click.option(
    "--stack", multiple=True, type=click.Choice(["ipv4", "ipv6"]), help="A family that the client has; stated, not computed."
)
@click.option("--service", type=click.Choice(SERVICES), help="One service; both without it.")
@click.option("--down", multiple=True, metavar="SOURCE[/SERVICE]", help="A source that does not answer.")
@click.option("--epoch", type=click.IntRange(min=0, max=2**64 - 1), default=0, help="Reshuffles random orders.")
@click.option("--format", "form", type=click.Choice(["text", "json", "oneline"]), default="text", show_default=True)
def command(policy: str, addresses: tuple[str, ...], client_id: str, location: str | None, gateways: tuple[str, ...],
            reached: tuple[str, ...], stack: tuple[str, ...], service: str | None, down: tuple[str, ...], epoch: int,
            form: str) -> None:  # fmt: skip
    """Which sources will this client ask, in what order, through what, and why?

    Example: smplist explain policy.yaml --address 10.20.3.4 --location internal --down sps-hq

    Without a location and without evidence a client is external; the text then also says what it would ask if it were internal.
    """
    from smplist import Client, PolicyError

    loaded = load_policy(policy)
    known_of_client: dict[str, Any] = {
        "id": client_id,
        "gateways": gateways or None,
        "reached": reached or None,
        "stack": stack or None,
    }
    try:
        client = Client(addresses, location=location, **known_of_client)
    except PolicyError as error:
        fail(
            "\n".join(
                f"smplist: the client's {e.pointer.strip('/').replace('/', ' ')}: {e.reason}; {e.advice}" for e in error.errors
            )
        )
    known = _availability(loaded, down)
    services = [service] if service else SERVICES
    plans = [loaded.evaluate(client, s, epoch=epoch) for s in services]
    if form == "oneline":
        click.echo("\n".join(plan.oneline() for plan in plans))
    elif form == "text":
        click.echo("\n".join(plan.explain(known) for plan in plans), nl=False)
        if not (location or gateways or reached):
            # whoever asks about an address alone seldom means a client outside [S-33]
            inside = Client(addresses, location="internal", **known_of_client)
            click.echo("\nIf the client is internal (--location internal, or evidence: --gateway, --reached):\n")
            click.echo("\n".join(loaded.evaluate(inside, s, epoch=epoch).explain(known) for s in services), nl=False)
    else:
        texts = [_with_first_available(plan, known) if known else plan.to_json() for plan in plans]
        click.echo(texts[0] if service else f"[{', '.join(texts)}]")


def _with_first_available(plan: Any, known: dict[str, str]) -> str:
    """The plan's JSON with the attempt that is asked now; null if none is up."""
    first = plan.first_available(known)
    return json.dumps({**plan.to_dict(), "first_available": first and first.to_dict()}, ensure_ascii=False)
