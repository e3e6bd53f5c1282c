# SPDX-License-Identifier: MIT
"""`smplist mcp`: the questions of the command line, for assistants that speak the Model Context Protocol."""

from __future__ import annotations

import click

from smplist.cli import fail


@click.command()
@click.argument("folder", type=click.Path(), default=".")
def command(folder: str) -> None:
    """Answer an assistant over standard input and output: explain, check, diff, verify and survivability as tools.

    The tools read policies in FOLDER, by default the current one, and nothing outside of it; they write nothing and open no
    network. Needs the extra mcp: pip install 'smplist[mcp]'.

    Example: smplist mcp
    """
    from pathlib import Path

    if not Path(folder).is_dir():
        fail(f"smplist: {folder} is no folder; name the one that has the policies")
    try:
        from smplist.mcp_server import serve
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("smplist"):
            raise
        fail("smplist: this needs the package mcp, version 2 or later: pip install 'smplist[mcp]'")
    serve(folder)
