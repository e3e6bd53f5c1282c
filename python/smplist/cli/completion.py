# SPDX-License-Identifier: MIT
"""`smplist completion`: what a shell needs to complete a line."""

from __future__ import annotations

import click

from smplist.cli._streams import emit


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print a script that lets a shell complete subcommands, options, their values, files and names of sources.

    bash reads it with `eval "$(smplist completion bash)"` in ~/.bashrc, zsh with the same for zsh in ~/.zshrc behind compinit,
    fish as the file ~/.config/fish/completions/smplist.fish.

    Example: smplist completion bash
    """
    from click.shell_completion import get_completion_class

    from smplist.cli import cli

    made = get_completion_class(shell)
    assert made is not None
    emit(made(cli, {}, "smplist", "_SMPLIST_COMPLETE").source(), nl=False)
