# SPDX-License-Identifier: MIT
"""Files of clients for the command line: CSV, NDJSON, Parquet and Arrow, row by row, bad rows told apart and never fatal."""

from __future__ import annotations

import contextlib
import csv
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from smplist.cli import EXIT_FINDINGS, fail
from smplist.cli._streams import Drafts, tell
from smplist.cli._terminal import Progress

_CLIENT_COLUMNS = ("id", "addresses", "location", "gateways", "reached", "stack")
_LISTS = ("addresses", "gateways", "reached", "stack")
_MAX_LINE = 1_000_000

FORMS = ["csv", "ndjson", "parquet", "arrow"]
_SUFFIXES = {
    ".csv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".arrows": "arrow",
}


def form_of(path: str, stated: str | None) -> str:
    """One of `FORMS`, stated or by suffix; standard streams are CSV unless stated otherwise."""
    suffix = Path(path).suffix.lower()
    form = stated or ("csv" if path == "-" else _SUFFIXES.get(suffix))
    if form is None:
        *suffixes, last = (one for one in _SUFFIXES if one not in (".jsonl", ".arrows"))
        known = f"{', '.join(suffixes)} or {last}"
        fail(f"smplist: {path}: the suffix {suffix!r} names no format; use {known}, or state --from or --to")
    return form


def _short_lines(lines: IO[str]) -> Iterator[str]:
    """The lines of a file; one that never ends becomes an error instead of filling the memory."""
    while line := lines.readline(_MAX_LINE):
        if len(line) == _MAX_LINE and not line.endswith("\n"):
            while (rest := lines.readline(_MAX_LINE)) and not rest.endswith("\n"):
                pass
            line = "\x00too long\n"
        yield line


def _from_csv(lines: IO[str], path: str) -> Iterator[tuple[int, Any, str]]:
    """(line, client document or error text, raw row) of CSV; the header is read at once."""
    counted = _Quotes(lines)
    rows = csv.reader(counted)
    header = next(rows, None)
    if header is None:
        fail("smplist: the clients are empty: the first line names the columns")
    header = [name.strip().lstrip("\ufeff") for name in header]
    check_header(f"{path}: line {rows.line_num}", header, _CLIENT_COLUMNS, ("addresses",))
    return _csv_rows(rows, header, counted)


def check_header(place: str, header: Sequence[str], known: Sequence[str], needed: Sequence[str]) -> None:
    """End if columns are not those of a table; `place` is where they stand."""
    if any(sign == "\0" or "\udc80" <= sign <= "\udcff" for name in header for sign in name):
        fail(f"smplist: {place}: not UTF-8 text; save the file as CSV in UTF-8")
    there = f"the columns are {', '.join(known)}"
    for name in header:
        if name in known:
            continue
        if len(header) == 1 and (mark := next((mark for mark in ";\t|" if mark in name), None)):
            fail(f"smplist: {place}: {mark!r} stands between the columns; write commas, as in {','.join(known[:2])}")
        from difflib import get_close_matches

        near = get_close_matches(name, known, 1)
        advice = f"did you mean {near[0]!r}?" if near else "remove it,"
        fail(f"smplist: {place}: unknown column {name!r}; {advice} {there}")
    for name in header:
        if header.count(name) > 1:
            fail(f"smplist: {place}: the column {name!r} stands twice; keep one of them")
    if missing := [name for name in needed if name not in header]:
        fail(f"smplist: {place}: no column {' and no column '.join(map(repr, missing))}; {there}")


class _Quotes:
    """The lines of a file, and whether the number of quotes in those of a row is odd."""

    def __init__(self, lines: IO[str]) -> None:
        self._lines = _short_lines(lines)
        self.odd = False

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.odd ^= bool(line.count('"') & 1)
            yield line


def _csv_rows(rows: Any, header: list[str], quotes: _Quotes) -> Iterator[tuple[int, Any, str]]:
    while True:
        quotes.odd, first = False, rows.line_num + 1
        try:
            row = next(rows, None)
        except csv.Error as error:
            yield rows.line_num, f"not CSV: {error}", ""
            continue
        if row is None:
            return
        if not row:
            continue
        raw = ",".join(row)
        if raw == "\x00too long":
            yield rows.line_num, "the line is longer than 1,000,000 characters", ""
        elif quotes.odd and (len(row) != len(header) or "\n" in raw):
            yield first, 'a quote (") that is opened here is not closed', raw
        elif len(row) != len(header):
            yield rows.line_num, f"{len(row)} columns, expected {len(header)}", raw
        else:
            cells = dict(zip(header, row, strict=True))
            yield rows.line_num, {k: v.split() if k in _LISTS else v for k, v in cells.items() if v}, raw


def _from_ndjson(lines: IO[str]) -> Iterator[tuple[int, Any, str]]:
    """(line, client text, raw row) of one JSON document a line."""
    for number, line in enumerate(_short_lines(lines), 1):
        if line == "\x00too long\n":
            yield number, "the line is longer than 1,000,000 characters", ""
        elif line.strip():
            yield number, line.encode("utf-8", "surrogateescape"), line.rstrip("\n")


def _client(document: Any) -> Any:
    """A client from what a reader found, or the reason why it is none."""
    from smplist import Client, PolicyError

    if isinstance(document, str):
        return document
    try:
        if isinstance(document, bytes):
            return Client.from_json(document.decode("utf-8"))
        return Client.from_dict(document)
    except PolicyError as error:
        return "; ".join(f"{e.pointer.lstrip('/')}: {e.reason}" if e.pointer else e.reason for e in error.errors)
    except UnicodeError:
        return "a byte is not UTF-8"


_GATEWAY = "write the gateway as 10.0.0.1, or with its MAC address as 10.0.0.1,00:11:22:33:44:55"


def wrong_client(error: Any) -> list[str]:
    """What is wrong with a client that options describe, a line each."""
    return [
        f"{e.pointer.strip('/').replace('/', ' ')}: {e.reason}; "
        f"{_GATEWAY if e.pointer.startswith('/gateways') and e.code == 'unexpected_character' else e.advice}"
        for e in error.errors
    ]


class Rejects:
    """Rows that are no clients: counted, the first few shown, all of them in the rejects file."""

    def __init__(self, path: str | None, stack: contextlib.ExitStack, drafts: Drafts, out: IO[str] | None = None) -> None:
        """Of a file of clients, to be kept with the other drafts; `out` is where answers appear meanwhile."""
        self.count = 0
        self.path = path
        self.progress = stack.enter_context(Progress("clients", beside=out))
        self.writer: Any = None
        if path:
            self.writer = csv.writer(drafts.text(path, errors="backslashreplace"))
            self.writer.writerow(["line", "reason", "row"])

    def add(self, line: int, reason: str, raw: str) -> None:
        self.count += 1
        if self.writer:
            self.writer.writerow([line, reason, raw])
        elif self.count <= 10:
            self.progress.say(f"line {line}: {reason}")

    def clients(self, rows: Iterator[tuple[int, Any, str]]) -> Iterator[tuple[int, Any]]:
        """The line and the client of every row that is one; the others are added."""
        share = getattr(rows, "share", None)
        for count, (line, document, raw) in enumerate(rows):
            self.progress(count, share=share)
            client = _client(document)
            if isinstance(client, str):
                self.add(line, client, raw)
            else:
                yield line, client

    def leave(self) -> None:
        """Say how many there were, and end with the exit code for it; nothing if there were none."""
        if self.count:
            where = f", see {self.path}" if self.path else ""
            tell(f"{self.count} row{'s' if self.count != 1 else ''} rejected{where}")
            sys.exit(EXIT_FINDINGS)


def open_rows(path: str) -> IO[str]:
    """A file of rows, `-` being standard input; bytes that are not UTF-8 stay what they are."""
    if path == "-":
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]
        return sys.stdin
    try:
        return open(path, encoding="utf-8-sig", errors="surrogateescape", newline="")
    except OSError as error:
        fail(f"smplist: cannot read {path}: {error.strerror or error}")


def client_rows(path: str, form: str) -> Iterator[tuple[int, Any, str]]:
    """The rows of a file: line, client document or error text, raw row. The header, or the schema, is read at once."""
    if form in ("parquet", "arrow"):
        from smplist.cli._tables import table_rows

        return table_rows(path, form, _CLIENT_COLUMNS, _LISTS)
    source = open_rows(path)
    return _Rows(_from_csv(source, "stdin" if path == "-" else path) if form == "csv" else _from_ndjson(source), source)


class _Rows(Iterator[tuple[int, Any, str]]):
    """The rows of a file, which is closed behind the last one; and how much of it is read."""

    def __init__(self, rows: Iterator[tuple[int, Any, str]], source: IO[str]) -> None:
        self._rows = self._closing(rows, source)
        self._bytes = source.buffer  # type: ignore[attr-defined]
        found = os.fstat(source.fileno())
        self._size = found.st_size if stat.S_ISREG(found.st_mode) else 0

    def __next__(self) -> tuple[int, Any, str]:
        return next(self._rows)

    @staticmethod
    def _closing(rows: Iterator[tuple[int, Any, str]], source: IO[str]) -> Iterator[tuple[int, Any, str]]:
        with source if source is not sys.stdin else contextlib.nullcontext():
            yield from rows

    def share(self) -> float | None:
        """The part of the file that is read; None of a pipe."""
        return min(1.0, self._bytes.raw.tell() / self._size) if self._size else None
