# SPDX-License-Identifier: MIT
"""`smplist compile`: a policy as one file that opens at once."""

from __future__ import annotations

import click

from smplist.cli import fail, load_policy, write_file


@click.command()
@click.argument("policy", metavar="POLICY")
@click.option("-o", "--output", metavar="FILE", required=True, help="The file to write, usually *.smpc; replaced whole.")
def command(policy: str, output: str) -> None:
    """Compile a policy into one file: position-independent, checksummed, the same bytes on every machine.

    C++ opens it with `compiled_policy::open`, Python with `CompiledPolicy.open`.

    Example: smplist compile policy.yaml -o policy.smpc
    """
    from smplist.files import same_file

    if same_file(policy, output):
        fail(f"smplist: {output} is the policy itself; write to another file")
    compiled = load_policy(policy).compile()
    write_file(output, compiled.to_bytes())
    click.echo(f"{output}: {len(compiled)} bytes, {compiled.classes} classes, {compiled.revision}", err=True)
