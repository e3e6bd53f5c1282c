# SPDX-License-Identifier: MIT
"""`smplist blame`: which commit last changed the answer of a client."""

from __future__ import annotations

import click

from smplist.cli import echo_report, fail
from smplist.cli._options import format_option
from smplist.cli._terminal import Progress


@click.command()
@click.argument("policy")
@click.option("--address", metavar="A", help="Only the runs that hold this address.")
@click.option("--max-count", type=click.IntRange(min=1), default=1000, show_default=True, help="How many commits to look at.")
@format_option()
def command(policy: str, address: str | None, max_count: int, form: str) -> None:
    """For every run of addresses, the git commit that last changed its answer.

    A commit that changes the text of POLICY and no answer is not blamed. Exit code 0; 2 without a history.

    Example: smplist blame policy.yaml --address 10.20.3.4
    """
    from smplist import ParseError, PolicyError
    from smplist.analysis.blame import GitError, blame

    try:
        with Progress("versions") as progress:
            found = blame(policy, address=address, max_count=max_count, progress=progress)
    except GitError as error:
        fail(f"smplist: {policy}: {error}")
    except ParseError as error:
        fail(f"smplist: --address: {error}")
    except PolicyError as error:
        fail(f"{error}\nsmplist: {policy}: nothing was loaded")
    except OSError as error:
        fail(f"smplist: cannot read {policy}: {error.strerror or error}")
    echo_report(found, form)
