# SPDX-License-Identifier: MIT
"""`smplist explain`: one client's plan and why."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from smplist.analysis.report import SERVICES
from smplist.cli import fail, load_policy, of_revision
from smplist.cli._options import format_option
from smplist.cli._terminal import lively, print_trees


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
@click.option("--revision", metavar="REVISION",
              help="POLICY is a published folder: of which revision, by number or SHA-256; current without it.")  # fmt: skip
@format_option("text", "json", "ndjson", "html", "oneline")
def command(policy: str, addresses: tuple[str, ...], client_id: str, location: str | None, gateways: tuple[str, ...],
            reached: tuple[str, ...], stack: tuple[str, ...], service: str | None, down: tuple[str, ...], epoch: int,
            revision: str | None, form: str) -> None:  # fmt: skip
    """Which sources will this client ask, in what order, through what, and why?

    Example: smplist explain policy.yaml --address 10.20.3.4 --location internal --down sps-hq

    Without a location and without evidence a client is external; the text then also says what it would ask if it were internal.
    """
    from smplist import Client, PolicyError

    loaded = load_policy(policy if revision is None else of_revision(policy, revision))
    known_of_client: dict[str, Any] = {"id": client_id, "gateways": gateways or None, "reached": reached or None}
    known_of_client["stack"] = stack or None
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
    elif form in ("text", "html"):
        answers = [("", plans)]
        if not (location or gateways or reached):
            # whoever asks about an address alone seldom means a client outside [S-33]
            inside = Client(addresses, location="internal", **known_of_client)
            answers.append((_INSIDE, [loaded.evaluate(inside, s, epoch=epoch) for s in services]))
        _show(answers, known) if form == "text" else click.echo(_page(answers, known), nl=False)
    else:
        texts = [plan_json(plan, known) for plan in plans]
        click.echo("\n".join(texts) if service or form == "ndjson" else f"[{', '.join(texts)}]")


_INSIDE = "If the client is internal (--location internal, or evidence: --gateway, --reached):"


def _show(answers: list[tuple[str, list[Any]]], known: dict[str, str]) -> None:
    """Plans under their headings, in a terminal as trees."""
    if lively(sys.stdout):
        return print_trees([(heading, [plan.explain(known) for plan in plans]) for heading, plans in answers])
    for heading, plans in answers:
        click.echo((f"\n{heading}\n\n" if heading else "") + "\n".join(plan.explain(known) for plan in plans), nl=False)


def _page(answers: list[tuple[str, list[Any]]], known: dict[str, str]) -> str:
    """The same as a page; what is down stands in the text."""
    from smplist._html import element, markup, page, text_of

    parts: list[object] = []
    for heading, plans in answers:
        parts += [element("h2", heading)] if heading else []
        for plan in plans:
            parts += [markup(plan), text_of(plan.explain(known).rstrip("\n"))]
    return page(answers[0][1][0].explain().partition("\n")[0], *parts)


def plan_json(plan: Any, known: dict[str, str]) -> str:
    """The plan's JSON; if something is down, with the attempt that is asked now, or null if none is up."""
    if not known:
        return str(plan.to_json())
    first = plan.first_available(known)
    return json.dumps({**plan.to_dict(), "first_available": first and first.to_dict()}, ensure_ascii=False)
