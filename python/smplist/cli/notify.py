# SPDX-License-Identifier: MIT
"""`smplist notify`: clients are told that there is a new revision."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import click

from smplist import _stopping
from smplist.cli import EXIT_FINDINGS, fail
from smplist.cli._options import broker_options
from smplist.cli._streams import tell


def _failing(policy: Any, path: str) -> list[str]:
    """The names of the expectations that do not hold of a policy."""
    from smplist.analysis.verify import prove
    from smplist.cli.verify import load_expectations

    return [proof.name for proof in prove(policy, load_expectations(path)) if proof.verdict != "proved"]


@click.command()
@click.argument("folder", metavar="DIR")
@broker_options
@click.option("--expectations", metavar="FILE", help="Do not tell anybody unless these hold for every client.")
@click.option("--force", metavar="REASON", help="Tell them all the same; the reason is kept in the log and at the broker.")
def command(folder: str, broker: str, password: str | None, ca: str | None, expectations: str | None, force: str | None) -> None:
    """Tell all clients of the current revision of a published folder; those that are off hear of it when they come back.

    Exit code 0: told; 1: expectations do not hold, nobody was told; 2: something is unusable.

    Example: smplist notify www --broker mqtts://admin@broker.acme.example --password env:BROKER --expectations expectations.yaml
    """
    from smplist.fleet.manifest import Refused
    from smplist.fleet.notify import NotRecorded, NotTaken, notify, saved
    from smplist.fleet.publish import Busy, Folder

    if force is not None and not force.strip():
        fail("smplist: --force wants a reason; say why, for those who will read the log")
    if force is not None and expectations is None:
        fail("smplist: --force goes with --expectations; without them nothing is refused")
    where = Folder(folder)
    try:
        manifest = saved(where)
        failed = _failing(where.policy(manifest), expectations) if expectations else []
    except LookupError as error:
        fail(f"smplist: {error}; publish a policy there first")
    except (Refused, OSError) as error:
        fail(f"smplist: {folder}: {getattr(error, 'strerror', None) or error}; publish the policy again")
    if failed and force is None:
        tell(
            f"smplist: revision {manifest.sequence} does not do what {expectations} expects: {', '.join(failed)}; "
            f"nobody was told; `smplist verify {folder} {expectations}` shows why, --force REASON tells them"
        )  # fmt: skip
        sys.exit(EXIT_FINDINGS)
    from smplist.cli._brokers import asking, broker_of

    reached = broker_of(broker, password, ca)
    _stopping.last_words("clients may have been told; notify again, or look with `smplist status`")
    try:
        ask = partial(notify, where, reached, forced=force if failed else None, failed=failed)
        said = asking(reached, ask, "nobody was told", password)
    except NotTaken:
        who = repr(reached.user) if reached.user else "somebody without a user"
        fail(f"smplist: {reached}: the broker takes nothing from {who}; nobody was told; name a user who may write there")
    except NotRecorded as error:
        fail(f"smplist: clients were told, but {folder} cannot say so: {error}; notify again")
    except Busy:
        fail(f"smplist: somebody else is publishing to {folder}; try again")
    because = f", forced: {said['forced']!r}" if said["forced"] else ""
    tell(f"{reached}: the fleet {said['fleet']} is told of revision {said['sequence']}, {said['revision']}{because}")
