# SPDX-License-Identifier: MIT
"""Options that several subcommands have, said once: the same words, the same choices in the same order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

FORMS = ("text", "json", "ndjson", "csv", "markdown", "html", "oneline", "certificate", "sarif", "github")
"""Every form of an answer, in the order of every help; a subcommand has those that it can make."""

REPORT = ("text", "json", "csv", "markdown", "html")
"""What every report can be."""


def broker_options(command: Any) -> Any:
    """`--broker`, `--password` and `--ca`: where the broker is, and how to get in."""
    for option in (
        click.option("--ca", metavar="FILE", help="Certificates to trust for mqtts://, instead of the system's."),
        click.option("--password", metavar="REFERENCE", help="Its password: env:NAME, file:PATH or keyring:SERVICE/USER."),
        click.option("--broker", metavar="URL", required=True, help="mqtts://[USER@]HOST[:PORT], or mqtt:// in the clear."),
    ):
        command = option(command)
    return command


def format_option(*forms: str) -> Callable[[Any], Any]:
    """`--format` with these forms, those of every report without any."""
    choices = [form for form in FORMS if form in (forms or REPORT)]
    return click.option(
        "--format", "form", type=click.Choice(choices), default="text", show_default=True, help="The form of the answer."
    )
