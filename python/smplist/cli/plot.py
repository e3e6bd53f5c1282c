# SPDX-License-Identifier: MIT
"""`smplist plot`: a policy as a picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import click

from smplist.analysis.report import SERVICES
from smplist.cli import check_down, fail, load_policy, write_file
from smplist.cli._clients import wrong_client

_FORMS = (".png", ".svg")
_POPULATIONS = ("ipv4", "ipv6", "dual")


def _fallen(policy: Any, down: tuple[str, ...]) -> Any:
    """The policy without what has failed."""
    check_down(policy, down)
    return policy.what_if(down=down) if down else policy


def _of_one(name: str) -> Callable[[list[Any], dict[str, Any]], Any]:
    """What `smplist.plots` draws of a policy after failures."""

    def draw(policies: list[Any], given: dict[str, Any]) -> Any:
        from smplist import plots

        return getattr(plots, name)(_fallen(policies[0], given.pop("down", ())), **given)

    return draw


def _of_two(name: str) -> Callable[[list[Any], dict[str, Any]], Any]:
    """What it draws of an old and a new policy; failures hit the new one."""

    def draw(policies: list[Any], given: dict[str, Any]) -> Any:
        from smplist import plots

        return getattr(plots, name)(policies[0], _fallen(policies[-1], given.pop("down", ())), **given)

    return draw


def _load(policies: list[Any], given: dict[str, Any]) -> Any:
    from smplist import plots
    from smplist.cli.load import read_clients, read_counts

    down = given.get("down", ())
    check_down(policies[0], down)
    who: Any = given.get("population", "ipv4")
    if "clients" in given:
        who, refused = read_clients(given["clients"], None, None)
        given["refused"] = refused
    elif "counts" in given:
        who = read_counts(given["counts"])
    report = policies[0].load(who, down=down, location=given.get("location", "internal"))
    return plots.load(report, service=given.get("service", SERVICES[0]))


def _ladder(policies: list[Any], given: dict[str, Any]) -> Any:
    from smplist import Client, plots
    from smplist.analysis.failures import availability

    known = {name: given.get(name) for name in ("location", "reached")}
    client = Client(given["address"], id=given.get("id", ""), gateways=given.get("gateway"), **known)
    plan = policies[0].evaluate(client, given.get("service", SERVICES[0]))
    return plots.ladder(plan, availability=availability(policies[0], given.get("down", ())))


class _Kind(NamedTuple):
    """What draws a kind of picture, which options it takes, and whether of two policies."""

    draw: Callable[[list[Any], dict[str, Any]], Any]
    options: tuple[str, ...]
    two: bool = False


KINDS = {
    "map": _Kind(_of_one("map_ipv4"), ("by", "service", "within", "down")),
    "map6": _Kind(_of_one("map_ipv6"), ("by", "service", "within", "down")),
    "diff": _Kind(_of_two("map_diff"), ("service", "family", "within", "down"), two=True),
    "strips": _Kind(_of_two("strips"), ("by", "service", "down"), two=True),
    "load": _Kind(_load, ("population", "clients", "counts", "location", "service", "down")),
    "ladder": _Kind(_ladder, ("address", "id", "location", "gateway", "reached", "service", "down")),
}


@click.command()
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("policies", metavar="POLICY [NEW]", nargs=-1, required=True)
@click.option("-o", "--output", metavar="FILE", required=True, help="The file to write, *.png or *.svg; replaced whole.")
@click.option("--by", type=click.Choice(["list", "source", "survivability"]),
              help="map, map6, strips: what the colours say; list without it.")  # fmt: skip
@click.option("--service", type=click.Choice(SERVICES), help="Of which service; file_reputation without it.")
@click.option("--within", metavar="PREFIX", help="map, map6, diff: only a prefix, such as 10.0.0.0/8.")
@click.option("--family", type=click.Choice(["ipv4", "ipv6"]), help="diff: of which family; ipv4 without it.")
@click.option("--down", multiple=True, metavar="FAILURE",
              help="What has failed: SOURCE[/SERVICE], host:NAME or proxy:HOST:PORT; may stand several times.")  # fmt: skip
@click.option("--population", type=click.Choice(_POPULATIONS), help="load: every address, or pair, is a client; ipv4 without it.")
@click.option("--clients", metavar="FILE", help="load: a file of clients as for evaluate.")
@click.option("--counts", metavar="FILE", help="load: CSV of head counts: range,clients and if need be stack,location.")
@click.option("--address", multiple=True, metavar="A", help="ladder: an address of the client; may stand several times.")
@click.option("--id", metavar="ID", help="ladder: the client's id; it keys random orders.")
@click.option("--location", type=click.Choice(["internal", "external"]), help="ladder, load: where the clients are.")
@click.option("--gateway", multiple=True, metavar="IP[,MAC]", help="ladder: a gateway that the client uses.")
@click.option("--reached", multiple=True, metavar="H:P", help="ladder: a server and port that the client reached.")
@click.option("--size", type=click.IntRange(400, 8000), metavar="PIXELS", help="How wide a PNG is; an SVG has any size.")
def command(kind: str, policies: tuple[str, ...], output: str, size: int | None, **options: Any) -> None:
    """Draw a policy.

    KIND is one of

    \b
    map     all of IPv4, or a prefix, along a Hilbert curve
    map6    IPv6 as far as lists mention it
    diff    a map of what changes from POLICY to NEW, or by failures
    strips  what changes, run by run: old over new
    load    which share of the clients asks which source first
    ladder  the plan of one client

    Exit code 0: drawn; 1: drawn, but rows of --clients were no clients; 2: something is unusable, nothing was written.

    Example: smplist plot map policy.yaml --within 10.0.0.0/8 -o map.svg
    """
    given = {name: value for name, value in options.items() if value not in (None, ())}
    check_output(output, size)
    _check_options(kind, given)
    _check_policies(kind, policies, given)
    loaded = [load_policy(path) for path in policies]
    try:
        figure = KINDS[kind].draw(loaded, given)
    except ValueError as error:
        fail(f"smplist: {_one_line(error)}")
    write(figure, output, size)
    if given.get("refused"):
        given["refused"].leave()


def check_output(output: str, size: int | None) -> None:
    """End if nothing can be written, before anything is read."""
    suffix = Path(output).suffix.lower()
    if suffix not in _FORMS:
        fail(f"smplist: {output}: the suffix {suffix!r} is of no picture; use {' or '.join(_FORMS)}")
    if size is not None and suffix != ".png":
        fail("smplist: --size is for PNG; an SVG has any size")


def _check_options(kind: str, given: dict[str, Any]) -> None:
    """End if a picture cannot use what is given."""
    for name in given:
        if name not in KINDS[kind].options:
            kinds = " and ".join(other for other, row in KINDS.items() if name in row.options)
            fail(f"smplist: plot {kind} has no use for --{name}, which is for {kinds}")
    if sum(name in given for name in ("population", "clients", "counts")) > 1:
        fail("smplist: --population, --clients and --counts are three ways to say who asks; give one of them")
    if kind == "ladder" and "address" not in given:
        fail("smplist: plot ladder is about one client; state --address")
    if kind == "ladder" and not {"location", "gateway", "reached"} & set(given):
        fail("smplist: plot ladder: nothing shows where the client is; state --location, --gateway or --reached")


def _check_policies(kind: str, policies: tuple[str, ...], given: dict[str, Any]) -> None:
    if KINDS[kind].two and len(policies) == 1 and "down" not in given:
        fail(f"smplist: plot {kind} compares two policies, or one with what --down leaves of it")
    if len(policies) > 1 + KINDS[kind].two:
        fail(f"smplist: plot {kind} draws {'two policies' if KINDS[kind].two else 'one policy'}, not {len(policies)}")
    if list(policies).count("-") > 1 or ("-" in policies and "-" in (given.get("clients"), given.get("counts"))):
        fail("smplist: only one file can be standard input")


def _one_line(error: ValueError) -> str:
    """What is wrong; of a client, each of its errors."""
    from smplist import PolicyError

    if isinstance(error, PolicyError):
        return "; ".join(wrong_client(error))
    return str(error)


def write(figure: Any, output: str, size: int | None) -> None:
    """A picture into a file, whole or not at all."""
    dpi = None if size is None else (size + 0.01) / figure.get_figwidth()  # never a pixel less
    write_file(output, figure.to_bytes(Path(output).suffix[1:].lower(), dpi))
