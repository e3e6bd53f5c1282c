# SPDX-License-Identifier: MIT
"""`smplist check`: parse, validate, lint."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from smplist.cli import EXIT_FINDINGS, EXIT_UNUSABLE

_RANK = {"error": 0, "warning": 1, "note": 2}


def _rows(path: str) -> tuple[list[dict[str, Any]], bool]:
    """What is wrong with one file, as rows; and whether it is usable."""
    from smplist._errors import PolicyError, Problem
    from smplist.files import decode, load_document, parse_document

    try:
        document = parse_document(decode(sys.stdin.buffer.read(), "stdin"), "stdin") if path == "-" else load_document(path)
        policy = document.policy()
    except PolicyError as error:
        return [{"file": path, "severity": "error", **problem.to_dict()} for problem in error.errors], False
    except OSError as error:
        problem = Problem("unreadable", 0, 0, "", f"cannot be read: {error.strerror or error}", "give the path of a policy file")
        return [{"file": path, "severity": "error", **problem.to_dict()}], False
    rows = []
    for finding in policy.lint():
        line, column = document.locate(finding.pointer)
        rows.append(
            {
                "file": path,
                "severity": str(finding.severity),
                "code": finding.rule,
                "line": line,
                "column": column,
                "pointer": finding.pointer,
                "reason": finding.text,
                "advice": finding.fix,
            }
        )
    return rows, True


def _text(row: dict[str, Any]) -> str:
    place = f"{row['file']}:{row['line']}:{row['column']}" if row["line"] else row["file"]
    where = f" ({row['pointer']})" if row["pointer"] else ""
    return f"{place}: {row['severity']}: {row['reason']}; {row['advice']}{where} [{row['code']}]"


def _ndjson(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False)


def _github(row: dict[str, Any]) -> str:
    """One workflow command; `%`, line breaks and separators are escaped as its rules say."""

    def data(text: object) -> str:
        return str(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

    def prop(text: object) -> str:
        return data(text).replace(":", "%3A").replace(",", "%2C")

    level = {"error": "error", "warning": "warning", "note": "notice"}[row["severity"]]
    place = f"file={prop(row['file'])},line={row['line']},col={row['column']},title={prop(row['code'])}"
    return f"::{level} {place}::{data(row['reason'])}; {data(row['advice'])}"


@click.command()
@click.argument("policies", nargs=-1, required=True, metavar="POLICY...")
@click.option("--format", "form", type=click.Choice(["text", "json", "ndjson", "github"]), default="text", show_default=True)
@click.option("--fail-level", type=click.Choice(["error", "warning", "never"]), default="warning", show_default=True,
              help="The least severity of a finding that makes the exit code 1.")  # fmt: skip
def command(policies: tuple[str, ...], form: str, fail_level: str) -> None:
    """Parse, validate and lint policies.

    Exit code 0: clean; 1: findings; 2: a policy is unusable. Every error of a file is reported, not only the first.

    Example: smplist check policy.yaml --format github
    """
    rows: list[dict[str, Any]] = []
    usable = True
    for path in policies:
        found, fine = _rows(path)
        rows += found
        usable = usable and fine
    if form == "json":
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    elif form == "text" and not rows:
        click.echo(f"{len(policies)} {'policies' if len(policies) != 1 else 'policy'} checked, nothing found")
    else:
        write = {"text": _text, "github": _github, "ndjson": _ndjson}[form]
        for row in rows:
            click.echo(write(row), err=form == "text" and not usable)
    if not usable:
        sys.exit(EXIT_UNUSABLE)
    if fail_level != "never" and any(_RANK[row["severity"]] <= _RANK[fail_level] for row in rows):
        sys.exit(EXIT_FINDINGS)
