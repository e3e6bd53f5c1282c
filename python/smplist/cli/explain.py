# SPDX-License-Identifier: MIT
"""`smplist explain`: one client's plan and why."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from smplist.analysis.report import SERVICES
from smplist.cli import fail, load_policy, of_revision
from smplist.cli._availability import availability_option, read_known
from smplist.cli._clients import wrong_client
from smplist.cli._options import allow_option, format_option
from smplist.cli._streams import emit, say
from smplist.cli._terminal import lively, print_trees


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
@click.option("--here", is_flag=True, help="The client is this machine: its addresses, gateways, and the servers it reaches.")
@allow_option
@availability_option
@format_option("text", "json", "ndjson", "html", "oneline")
def command(policy: str, service: str | None, down: tuple[str, ...], epoch: int, here: bool, allow: tuple[str, ...],
            availability: str | None, revision: str | None, form: str, **stated: Any) -> None:  # fmt: skip
    """Which sources will this client ask, in what order, through what, and why?

    Example: smplist explain policy.yaml --address 10.20.3.4 --location internal --down sps-hq

    Without a location and without evidence a client is external; the text then also says what it would ask if it were internal.
    """
    from smplist import Client

    if allow and not here:
        fail("smplist: --allow is about what --here may ask; give both, or none")
    loaded = load_policy(policy if revision is None else of_revision(policy, revision))
    client = _this_machine(loaded, allow, stated) if here else _stated_client(stated)
    known = read_known(loaded, availability, down)
    services = [service] if service else SERVICES
    plans = [loaded.evaluate(client, s, epoch=epoch) for s in services]
    if form == "oneline":
        say("\n".join(plan.oneline() for plan in plans))
    elif form in ("text", "html"):
        answers = [("", plans)]
        if not (here or client.location or client.gateways or client.reached):
            # whoever asks about an address alone seldom means a client outside [S-33]
            inside = Client.from_dict({**client.to_dict(), "location": "internal"})
            answers.append((_INSIDE, [loaded.evaluate(inside, s, epoch=epoch) for s in services]))
        _show(answers, known) if form == "text" else emit(_page(answers, known), nl=False)
    else:
        texts = [plan_json(plan, known) for plan in plans]
        emit("\n".join(texts) if service or form == "ndjson" else f"[{', '.join(texts)}]")


def _stated_client(stated: dict[str, Any]) -> Any:
    """The client that options describe; what is wrong with it ends the program."""
    from smplist import Client, PolicyError

    known_of_client: dict[str, Any] = {
        "id": stated["client_id"],
        "location": stated["location"],
        "gateways": stated["gateways"] or None,
        "reached": stated["reached"] or None,
        "stack": stated["stack"] or None,
    }
    try:
        return Client(stated["addresses"], **known_of_client)
    except PolicyError as error:
        fail("\n".join(f"smplist: the client's {said}" for said in wrong_client(error)))


def _this_machine(policy: Any, allow: tuple[str, ...], stated: dict[str, Any]) -> Any:
    """The client that this machine is; what it is cannot be stated besides."""
    from smplist import Client
    from smplist.cli.whoami import facts_here

    for option, given in (("--address", "addresses"), ("--gateway", "gateways"), ("--reached", "reached"), ("--stack", "stack")):
        if stated[given]:
            fail(f"smplist: --here and {option} are two ways to say who asks; give one of them")
    document = facts_here(policy, allow)
    document["id"] = stated["client_id"] or document["id"]
    return Client.from_dict({**document, "location": stated["location"]})


_INSIDE = "If the client is internal (--location internal, or evidence: --gateway, --reached):"


def _show(answers: list[tuple[str, list[Any]]], known: dict[str, str]) -> None:
    """Plans under their headings, in a terminal as trees."""
    if lively(sys.stdout):
        return print_trees([(heading, [plan.explain(known) for plan in plans]) for heading, plans in answers])
    for heading, plans in answers:
        say((f"\n{heading}\n\n" if heading else "") + "\n".join(plan.explain(known) for plan in plans), nl=False)


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
