# SPDX-License-Identifier: MIT
"""`smplist convert`: one form of a policy into another."""

from __future__ import annotations

from pathlib import Path

import click

from smplist.cli import fail, load_policy, write_file


@click.command()
@click.argument("source", metavar="IN")
@click.argument("target", metavar="OUT")
@click.option("--into", metavar="POLICY", help="For a range table: the policy that declares the sources and gets the lists.")
def command(source: str, target: str, into: str | None) -> None:
    """Turn a policy into JSON or YAML, or a range table (CSV) into the lists of a policy.

    OUT.json gets exactly the canonical bytes, so `sha256sum OUT.json` is the revision. A range table has the columns
    `list,first,last` or `list,range`, and may have `sources`, separated by `;`.

    Example: smplist convert policy.yaml policy.json

    Example: smplist convert ranges.csv new.yaml --into policy.yaml
    """
    from smplist import PolicyError
    from smplist.files import form_of, import_ranges, same_file, to_yaml

    form = form_of(target)
    if form is None and target != "-":
        fail(f"smplist: {target}: write to a .json, .yaml or .yml file, or to - for JSON on standard output")
    if same_file(source, target) or (into and same_file(into, target)):
        fail(f"smplist: {target} is one of the inputs; write to another file (`smplist fmt --write` lays a policy out in place)")
    if Path(source).suffix.lower() == ".csv":
        if into is None:
            fail("smplist: a range table declares no sources; name a policy that does with --into")
        try:
            policy = import_ranges(source, load_policy(into))
        except PolicyError as error:
            fail(f"{error}\nsmplist: {source}: nothing was written")
        except OSError as error:
            fail(f"smplist: cannot read {source}: {error.strerror or error}")
    else:
        policy = load_policy(source)
    text = to_yaml(policy) if form == "yaml" else policy.to_json()
    if target == "-":
        click.echo(text, nl=False)
        return
    write_file(target, text)
