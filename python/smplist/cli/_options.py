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


def format_option(*forms: str) -> Callable[[Any], Any]:
    """`--format` with these forms, those of every report without any."""
    choices = [form for form in FORMS if form in (forms or REPORT)]
    return click.option(
        "--format", "form", type=click.Choice(choices), default="text", show_default=True, help="The form of the answer."
    )
