# SPDX-License-Identifier: MIT
"""`smplist check`: parse, validate, lint."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from smplist._visible import visible
from smplist.analysis.report import Report, many
from smplist.cli import EXIT_FINDINGS, EXIT_UNUSABLE, echo_report, fail, open_document, write_file
from smplist.cli._options import REPORT, format_option
from smplist.cli._streams import emit, say, tell
from smplist.cli._terminal import Progress

_RANK = {"error": 0, "warning": 1, "note": 2}


def _rows(path: str, today: object) -> tuple[list[dict[str, Any]], bool]:
    """What is wrong with one file, as rows; and whether it is usable."""
    from smplist._errors import PolicyError, Problem
    from smplist.findings import rows_of

    try:
        document = open_document(path)
        policy = document.policy()
    except PolicyError as error:
        return [{"file": path, "severity": "error", **problem.to_dict()} for problem in error.errors], False
    except OSError as error:
        problem = Problem("unreadable", 0, 0, "", f"cannot be read: {error.strerror or error}", "give the path of a policy file")
        return [{"file": path, "severity": "error", **problem.to_dict()}], False
    return rows_of(document, policy, path, today), True


def text_of_row(row: dict[str, Any]) -> str:
    """A line for people."""
    place = f"{row['file']}:{row['line']}:{row['column']}" if row["line"] else row["file"]
    where = f" ({row['pointer']})" if row["pointer"] else ""
    return visible(f"{place}: {row['severity']}: {row['reason']}; {row['advice']}{where} [{row['code']}]")


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


def verdict(policies: int, shown: list[dict[str, Any]], hidden: list[dict[str, Any]]) -> str:
    """What a reader wants to know first."""
    parts = [many(number, word) for word in _RANK if (number := sum(row["severity"] == word for row in shown))]
    checked = f"{policies} {'policies' if policies != 1 else 'policy'} checked, {' and '.join(parts) or 'nothing found'}"
    known = sum(bool(row.get("known")) for row in hidden)
    aside = [f"{number:,} {what}" for number, what in ((len(hidden) - known, "suppressed"), (known, "in the baseline")) if number]
    return f"{checked} ({', '.join(aside)})" if aside else checked


def _known(baseline: str | None, rows: list[dict[str, Any]]) -> None:
    """Mark the rows that a baseline knows; say how many of it are gone."""
    from smplist.findings import read_baseline

    if baseline is None:
        return
    try:
        known = read_baseline(baseline)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        fail(f"smplist: {baseline}: {reason}")
    for row in rows:
        if row.get("fingerprint") in known:
            row["known"] = True
    gone = len(known - {row.get("fingerprint") for row in rows})
    if gone:
        tell(f"smplist: {many(gone, 'finding')} of {baseline} {'is' if gone == 1 else 'are'} gone; write it anew")


def _write_baseline(path: str, rows: list[dict[str, Any]]) -> None:
    from smplist.findings import baseline_text

    write_file(path, baseline_text(rows))
    tell(f"smplist: wrote {many(len(rows), 'finding')} into {path}")


class _Checked(Report):
    """What is wrong with policies, as a report: a row for each error and finding."""

    columns = ("file", "line", "column", "severity", "code", "reason", "advice", "pointer", "list", "range")

    def rows(self) -> list[dict[str, Any]]:
        """Errors and findings; errors name no list and no range."""
        return [{column: row.get(column) for column in self.columns} for row in self._data["rows"]]

    def to_text(self) -> str:
        """The verdict, then a line for each."""
        return "\n".join([self._data["verdict"], *map(text_of_row, self._data["rows"])])


def _print(form: str, rows: list[dict[str, Any]], hidden: list[dict[str, Any]], policies: int, usable: bool) -> None:
    if form in ("csv", "markdown", "html"):
        echo_report(_Checked({"verdict": verdict(policies, rows, hidden), "rows": rows}), form)
    elif form == "sarif":
        from smplist.findings import to_sarif

        emit(json.dumps(to_sarif(rows + hidden), indent=2))
    elif form == "json":
        emit(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        if form == "text" and usable:
            say(verdict(policies, rows, hidden))
        write = {"text": text_of_row, "github": _github, "ndjson": _ndjson}[form]
        put = emit if form == "ndjson" else tell if form == "text" and not usable else say
        for row in rows:
            put(write(row))


def _today(ctx: click.Context, param: click.Parameter, value: str | None) -> str:
    """The day on which suppressions are judged: as given, else the real one."""
    from datetime import date

    if value is None:
        return date.today().isoformat()
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a date; write it as 2027-03-31") from None


@click.command()
@click.argument("policies", nargs=-1, required=True, metavar="POLICY...")
@format_option(*REPORT, "ndjson", "sarif", "github")
@click.option("--fail-level", type=click.Choice(["error", "warning", "never"]), default="warning", show_default=True,
              help="The least severity of a finding that makes the exit code 1.")  # fmt: skip
@click.option("--baseline", metavar="FILE", help="Findings that are known, and not reported again.")
@click.option("--write-baseline", metavar="FILE", help="Write what is found as a baseline, and report nothing.")
@click.option(
    "--today", metavar="DATE", callback=_today, help="The day on which suppressions are judged, instead of the real one."
)
def command(policies: tuple[str, ...], form: str, fail_level: str, baseline: str | None, write_baseline: str | None,
            today: str) -> None:  # fmt: skip
    """Parse, validate and lint policies.

    Exit code 0: clean; 1: findings; 2: a policy is unusable. Every error of a file is reported, not only the first.

    Example: smplist check policy.yaml --format github
    """
    rows: list[dict[str, Any]] = []
    usable = True
    with Progress("policies") as progress:
        for done, path in enumerate(policies):
            progress(done, len(policies))
            found, fine = _rows(path, today)
            rows += found
            usable = usable and fine
    _known(baseline, rows)
    shown: list[dict[str, Any]] = []
    hidden: list[dict[str, Any]] = []
    for row in rows:
        (hidden if row.get("suppressed") or row.get("known") else shown).append(row)
    if write_baseline and usable:
        return _write_baseline(write_baseline, [row for row in rows if not row["suppressed"]])
    _print(form, shown, hidden, len(policies), usable)
    if not usable:
        sys.exit(EXIT_UNUSABLE)
    if fail_level != "never" and any(_RANK[row["severity"]] <= _RANK[fail_level] for row in shown):
        sys.exit(EXIT_FINDINGS)
