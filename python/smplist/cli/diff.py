# SPDX-License-Identifier: MIT
"""`smplist diff`: every client whose answer changes."""

from __future__ import annotations

import sys
from typing import Any

import click

from smplist.analysis.report import SERVICES
from smplist.cli import EXIT_FINDINGS, echo_report, fail, load_policy, of_revision
from smplist.cli._options import format_option


def _expected(texts: tuple[str, ...]) -> dict[str, Any] | None:
    """`key=value`, several of them, as the dict that `check_change` takes."""
    out: dict[str, Any] = {}
    for text in texts:
        key, sign, value = text.partition("=")
        if not sign or not value:
            fail(f"smplist: --expect {text}: write KEY=VALUE, as first=sps-hq")
        if key == "at_least" and not (value.isascii() and value.isdigit()):
            fail(f"smplist: --expect {text}: at_least is a number")
        out[key] = int(value) if key == "at_least" else value.split(",") if key == "sources" else value
    return out or None


def _two(old: str | None, new: str | None, deployed: str | None) -> tuple[str, str]:
    """What is compared: two policies, or what is deployed with what is published or given."""
    if deployed is None:
        if old is None or new is None:
            fail("smplist: diff compares two policies; give both, or --deployed DIR")
        return old, new
    if new is not None:
        fail("smplist: --deployed is the old policy; give at most one policy, the new one")
    return of_revision(deployed, "deployed"), old or of_revision(deployed, "current")


@click.command()
@click.argument("old", required=False)
@click.argument("new", required=False)
@click.option("--deployed", metavar="DIR", help="Compare what clients of a published folder were told of last: with what notify "
              "would tell them, or with the one policy that is given.")  # fmt: skip
@format_option()
@click.option("--where", multiple=True, metavar="RANGE", help="Only clients all of whose addresses are in these ranges.")
@click.option("--intended", multiple=True, metavar="RANGE", help="Check instead that nothing changes outside of these ranges.")
@click.option(
    "--expect", multiple=True, metavar="KEY=VALUE", help="With --intended: false of every answer inside before, true after."
)
@click.option("--service", type=click.Choice(SERVICES), help="With --expect: what is expected of; both without it.")
@click.option("--all", "everything", is_flag=True, help="Also where ignored sources, other matching lists or the trace change.")
@click.option("--dual-kinds", type=click.IntRange(min=0, max=2**31), default=1000, show_default=True,
              help="How many ways in which pairs of addresses change to list; all are counted.")  # fmt: skip
def command(old: str | None, new: str | None, deployed: str | None, form: str, where: tuple[str, ...], intended: tuple[str, ...],
            expect: tuple[str, ...], service: str | None, everything: bool, dual_kinds: int) -> None:  # fmt: skip
    """Every client whose answer changes from OLD to NEW, as exact regions with counts.

    Exit code 0: the same answers for every client; 1: different. With --intended, 0: as intended; 1: not so.

    Example: smplist diff --deployed www

    Example: smplist diff deployed.yaml policy.yaml --intended 10.20.0.0/16 --expect first=sps-manila
    """
    old, new = _two(old, new, deployed)
    if old == new == "-":
        fail("smplist: only one of the two policies comes from standard input; write the other into a file")
    if (expect or service) and not intended:
        fail("smplist: --expect and --service go with --intended; say where the answers may change")
    if intended and (where or everything or form in ("csv", "markdown")):
        fail("smplist: --intended goes with --format text, json or html only, and without --where and --all")
    before, after = load_policy(old), load_policy(new)
    from smplist import ParseError
    from smplist.analysis.diff import check_change, diff

    try:
        if intended:
            checked = check_change(before, after, intended=intended, expect=_expected(expect), service=service)
            echo_report(checked, form)
            sys.exit(0 if checked.holds else EXIT_FINDINGS)
        found = diff(before, after, where=where or None, everything=everything, dual_kinds=dual_kinds)
    except ParseError as error:
        fail(f"smplist: {error}")
    except ValueError as error:
        fail(f"smplist: {error}")
    echo_report(found, form)
    sys.exit(0 if found.equal else EXIT_FINDINGS)
