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


class Seconds(click.FloatRange):
    """A time that somebody waits: from a twentieth of a second to a day."""

    def __init__(self) -> None:
        super().__init__(min=0.05, max=86_400)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number; what is no number is out of every range."""
        number = super().convert(value, param, ctx)
        return number if number == number else self.fail(f"{value!r} is no number of seconds", param, ctx)


def format_option(*forms: str) -> Callable[[Any], Any]:
    """`--format` with these forms, those of every report without any."""
    choices = [form for form in FORMS if form in (forms or REPORT)]
    return click.option(
        "--format", "form", type=click.Choice(choices), default="text", show_default=True, help="The form of the answer."
    )


def _allowed(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """Texts that are addresses or ranges; another one ends the program."""
    from smplist import AddressRange, ParseError
    from smplist.cli import fail

    for text in value:
        if isinstance(wrong := AddressRange.try_parse(text), ParseError):
            fail(f"smplist: --allow {text}: {wrong.message}; {wrong.advice}")
    return value


def allow_option(command: Any) -> Any:
    """`--allow`, for everything that asks hosts of a policy."""
    return click.option(
        "--allow", multiple=True, metavar="ADDRESS|RANGE", callback=_allowed,
        help="A loopback, link-local or metadata address that may be asked; several times.",
    )(command)  # fmt: skip
