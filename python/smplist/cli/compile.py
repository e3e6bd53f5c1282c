# SPDX-License-Identifier: MIT
"""`smplist compile`: a policy as one file that opens at once."""

from __future__ import annotations

import click

from smplist.cli import load_policy, write_file
from smplist.cli._streams import tell


@click.command()
@click.argument("policy", metavar="POLICY")
@click.option("-o", "--output", metavar="FILE", required=True, help="The file to write, usually *.smpc; replaced whole.")
def command(policy: str, output: str) -> None:
    """Compile a policy into one file: position-independent, checksummed, the same bytes on every machine.

    C++ opens it with `compiled_policy::open`, Python with `CompiledPolicy.open`.

    Example: smplist compile policy.yaml -o policy.smpc
    """
    compiled = load_policy(policy).compile()
    write_file(output, compiled.to_bytes())
    tell(f"{output}: {len(compiled)} bytes, {compiled.classes} classes, {compiled.revision}")
