# SPDX-License-Identifier: MIT
"""What is up and down, as options say it: `--availability FILE`, and `--down` beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import click

from smplist.cli import fail

availability_option = click.option(
    "--availability", metavar="FILE", help="JSON of what is up and down, as test-connection writes it."
)


def read_known(policy: Any, path: str | None, down: Iterable[str] = ()) -> dict[str, str]:
    """The endpoints that a file knows of, and those that `--down` takes; what is wrong with either ends the program."""
    from smplist.analysis.failures import availability, read_availability

    known: dict[str, str] = {}
    if path is not None:
        try:
            with open(path, encoding="utf-8") as file:
                known.update(read_availability(policy, json.load(file)))
        except OSError as error:
            fail(f"smplist: cannot read {path}: {error.strerror or error}")
        except (ValueError, RecursionError) as error:
            fail(f"smplist: --availability {path}: {_said(error)}")
    for item in down:
        try:
            known.update(availability(policy, [item]))
        except ValueError as error:
            fail(f"smplist: --down {item}: {error}")
    return known


def _said(error: Exception) -> str:
    """What is wrong, in one line."""
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}: no JSON: {error.msg.lower()}"
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    return "nested too deep" if isinstance(error, RecursionError) else str(error)
