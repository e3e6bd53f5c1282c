# SPDX-License-Identifier: MIT
"""`smplist convert`: one form of a policy into another."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from smplist.cli import fail, load_policy, write_file
from smplist.cli._streams import emit


@click.command()
@click.argument("source", metavar="IN")
@click.argument("target", metavar="OUT")
@click.option("--into", metavar="POLICY", help="For a range table: the policy that declares the sources and gets the lists.")
@click.option(
    "--merge", "merging", is_flag=True, help="OUT is a draft that gets the sources and lists of IN, if it is valid then."
)
@click.option("--force", is_flag=True, help="With --merge: OUT is replaced although its comments are lost.")
def command(source: str, target: str, into: str | None, merging: bool, force: bool) -> None:
    """Turn a policy into JSON or YAML, or a range table (CSV) into the lists of a policy.

    OUT.json gets exactly the canonical bytes, so `sha256sum OUT.json` is the revision. A range table has the columns
    `list,first,last` or `list,range`, and may have `sources`, separated by `;`. OUT is replaced only by a valid policy.

    Example: smplist convert policy.yaml policy.json

    Example: smplist convert ranges.csv new.yaml --into policy.yaml

    Example: smplist convert ranges.csv draft.yaml --merge
    """
    from smplist.files import form_of, to_yaml

    form = form_of(target)
    if form is None and target != "-":
        fail(f"smplist: {target}: write to a .json, .yaml or .yml file, or to - for JSON on standard output")
    if merging:
        _check_draft(target, into, force)
    elif force:
        fail("smplist: --force goes with --merge; other files are replaced anyway")
    policy = _merged(source, target) if merging else _read(source, into)
    text = to_yaml(policy) if form == "yaml" else policy.to_json()
    if target == "-":
        emit(text, nl=False)
        return
    write_file(target, text)


def _check_draft(target: str, into: str | None, force: bool) -> None:
    """End if there is no draft to merge into, or if it would lose its comments."""
    from smplist.files import form_of, has_comments, read_text

    if into is not None:
        fail("smplist: --merge reads and replaces OUT, --into reads another policy; give one of them")
    if target == "-" or not os.path.isfile(target):
        fail(f"smplist: {target} is no draft to merge into; leave --merge out to write it")
    if form_of(target) == "yaml" and not force and has_comments(read_text(target)):
        fail(f"smplist: {target} has comments, and they would be lost; write to another file, or add --force")


def _merged(source: str, target: str) -> Any:
    """The draft with what is new."""
    from smplist import PolicyError
    from smplist.merge import merge

    if Path(source).suffix.lower() == ".csv":
        return _read(source, target)
    try:
        return merge(load_policy(source), load_policy(target))
    except PolicyError as error:
        fail(f"{error}\nsmplist: {source} and {target} together are no policy; nothing was written")


def _read(source: str, into: str | None) -> Any:
    """A policy, or the lists of a range table in one."""
    from smplist import PolicyError
    from smplist.files import import_ranges

    if Path(source).suffix.lower() != ".csv":
        return load_policy(source)
    if into is None:
        fail("smplist: a range table declares no sources; name a policy that does with --into, or a draft with --merge")
    try:
        return import_ranges(source, load_policy(into))
    except PolicyError as error:
        fail(f"{error}\nsmplist: {source}: nothing was written")
    except OSError as error:
        fail(f"smplist: cannot read {source}: {error.strerror or error}")
