# SPDX-License-Identifier: MIT
"""`smplist test-connection`: which sources of a policy answer from here, and why the others do not."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from smplist.analysis.report import SERVICES
from smplist.cli import EXIT_FINDINGS, echo_report, fail, load_policy, write_file
from smplist.cli._options import REPORT, Seconds, allow_option, format_option
from smplist.cli._streams import emit, say
from smplist.cli._terminal import Progress


def read_stated(stated: tuple[str, ...]) -> dict[str, list[Any]]:
    """The names and addresses of `--resolve NAME=ADDRESS`."""
    from smplist import Address, Host, ParseError

    found: dict[str, list[Any]] = {}
    for item in stated:
        name, _, text = item.partition("=")
        host, address = Host.try_parse(name), Address.try_parse(text)
        if isinstance(host, ParseError) or isinstance(address, ParseError) or not host.is_name:
            fail(f"smplist: --resolve {item!r}: write NAME=ADDRESS, as in hq.example=192.0.2.5")
        found.setdefault(str(host), []).append(address)
    return found


@click.command()
@click.argument("policy")
@click.argument("sources", nargs=-1, metavar="[SOURCE[/SERVICE]]...")
@click.option("--service", type=click.Choice(SERVICES), help="One service; both without it.")
@click.option("--ca", "authorities", metavar="FILE", help="Certificates to trust besides those of this machine.")
@allow_option
@click.option("--resolve", "stated", multiple=True, metavar="NAME=ADDRESS",
              help="An address of a name, instead of what it resolves to; several times.")  # fmt: skip
@click.option("--timeout", type=Seconds(), default=5.0, show_default=True, metavar="SECONDS",
              help="The most that connecting, the proxy, TLS and the answer may take, each.")  # fmt: skip
@click.option("--deadline", type=Seconds(), default=60.0, show_default=True, metavar="SECONDS",
              help="The most that all of it may take.")  # fmt: skip
@click.option("--write-availability", metavar="FILE", help="Write what is up and down, for explain, evaluate and load.")
@click.option("--dry-run", is_flag=True, help="Say what would be asked, and ask nobody.")
@format_option(*REPORT, "ndjson")
def command(policy: str, sources: tuple[str, ...], service: str | None, authorities: str | None, allow: tuple[str, ...],
            stated: tuple[str, ...], timeout: float, deadline: float, write_availability: str | None, dry_run: bool,
            form: str) -> None:  # fmt: skip
    """Which sources of a policy answer from this machine, and why do the others not?

    Every source and service is asked at each of its addresses, and through the proxy of each list that has it.
    Only hosts of the policy are asked, redirects are not followed, and passwords of proxies appear nowhere.

    Exit code 0: everything answers; 1: something does not; 2: something is unusable.

    Example: smplist test-connection policy.yaml sps-hq osce --dry-run
    """
    from smplist.net import connections
    from smplist.net.routes import routes

    loaded = load_policy(policy)
    names = read_stated(stated)
    try:
        if dry_run:
            for route in routes(loaded, sources, service):
                say(f"{route.source.name}  {route.url}{f' through {route.via}' if route.via else ''}")
            return
        with Progress("routes") as progress:
            report = connections.ask(
                loaded, sources, service=service, authorities=authorities, allow=allow, stated=names, seconds=timeout,
                deadline=deadline, progress=progress,
            )  # fmt: skip
    except ValueError as error:
        fail(f"smplist: {error}")
    if write_availability:
        write_file(write_availability, json.dumps(report.availability, indent=1) + "\n")
    if form == "ndjson":
        emit("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in report.rows()), nl=False)
    else:
        echo_report(report, form)
    if not report.all_up:
        sys.exit(EXIT_FINDINGS)
