# SPDX-License-Identifier: MIT
"""`smplist fmt`: a policy in its usual layout."""

from __future__ import annotations

import sys

import click

from smplist.cli import EXIT_FINDINGS, fail, load_policy, write_file
from smplist.cli._streams import emit, tell


@click.command()
@click.argument("policy")
@click.option("--write", is_flag=True, help="Write the file in place; comments are lost, so a file with comments needs --force.")
@click.option("--force", is_flag=True, help="Write it although comments are lost.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if the layout is not the usual one.")
@click.option("--canonical", is_flag=True, help="Print the exact bytes that the revision is made of.")
def command(policy: str, write: bool, force: bool, check: bool, canonical: bool) -> None:
    """Write a policy in its usual layout: keys in reading order, defaults written out, canonical addresses.

    YAML stays YAML, JSON stays JSON. The result is printed, or written in place with --write.

    Example: smplist fmt policy.yaml --check
    """
    from smplist.files import form_of, has_comments, looks_like_json, read_text, to_json, to_yaml

    loaded = load_policy(policy)
    if canonical:
        emit(loaded.to_json(), nl=False)
        return
    before = "" if policy == "-" else read_text(policy)
    as_json = form_of(policy) == "json" or (form_of(policy) is None and looks_like_json(before))
    after = to_json(loaded) if as_json else to_yaml(loaded)
    if check:
        if before != after:
            tell(f"{policy}: the layout is not the usual one; `smplist fmt {policy}` shows it")
            sys.exit(EXIT_FINDINGS)
    elif write:
        if policy == "-":
            fail("smplist: standard input cannot be written in place")
        if not as_json and has_comments(before) and not force:
            fail(f"smplist: {policy} has comments, and they would be lost; print it without --write, or add --force")
        if before != after:
            write_file(policy, after)
    else:
        emit(after, nl=False)
