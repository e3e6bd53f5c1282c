# SPDX-License-Identifier: MIT
"""Policies from files and texts, and into them."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from smplist._core import AddressRange, Document, Policy
from smplist._errors import ParseError, PolicyError, Problem

_SCHEMAS = ("policy", "client", "plan", "expectations", "events")


def schema(which: str = "policy") -> dict[str, Any]:
    """The JSON Schema (2020-12) of a policy, a client, a plan, expectations or events.

    Raises
    ------
    ValueError
        If there is no such schema.
    """
    if which not in _SCHEMAS:
        raise ValueError(f"no schema {which!r}; there are {', '.join(_SCHEMAS)}")
    text = (Path(__file__).parent / "schema" / f"{which}.schema.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def _problem(file: str, line: int, code: str, reason: str, advice: str, pointer: str = "") -> PolicyError:
    return PolicyError([Problem(code, line, 1 if line else 0, pointer, reason, advice)], file)


def decode(data: bytes, file: str = "") -> str:
    """UTF-8 bytes as text, without a byte order mark; the first wrong byte is an error with its line.

    Raises
    ------
    PolicyError
        If the bytes are not UTF-8.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before.rsplit(b"\n", 1)[-1].decode("utf-8", "replace")) + 1
        found = Problem("not_utf8", line, column, "", "a byte is not UTF-8", "save the file as UTF-8")
        raise PolicyError([found], file) from None


def looks_like_json(text: str) -> bool:
    """Whether a text is JSON rather than YAML, by its first character."""
    return text.lstrip(" \t\r\n\ufeff")[:1] in ("{", "[") and not text.lstrip().startswith("{ #")


def parse_document(text: str, file: str = "", form: str | None = None) -> Document:
    """A text as a document: JSON or YAML as `form` says, else as it looks.

    Raises
    ------
    PolicyError
        If it is neither.
    """
    if form not in (None, "json", "yaml"):
        raise ValueError(f"unknown format {form!r}; expected json or yaml")
    if form == "json" or (form is None and looks_like_json(text)):
        return Document.from_json(text, file)
    from smplist import _yaml

    return _yaml.parse(text, file)


def read_text(path: str | os.PathLike[str]) -> str:
    """The text of a file.

    Raises
    ------
    OSError
        If the file cannot be read.
    PolicyError
        If it is not UTF-8.
    """
    return decode(Path(path).read_bytes(), os.fspath(path))


def form_of(path: str | os.PathLike[str]) -> str | None:
    """`json` or `yaml` by the suffix of a path, or None."""
    return {".json": "json", ".yaml": "yaml", ".yml": "yaml"}.get(Path(path).suffix.lower())


def load_document(path: str | os.PathLike[str]) -> Document:
    """A file as a document, by its suffix or its look."""
    return parse_document(read_text(path), os.fspath(path), form_of(path))


def has_comments(text: str) -> bool:
    """Whether a YAML text may have comments, which no document keeps; rather yes than no."""
    return any(line.lstrip().startswith("#") or " #" in line for line in text.splitlines())


def load(file: str | os.PathLike[str] | IO[str] | IO[bytes]) -> Policy:
    """A policy from a path or an open file, JSON or YAML.

    Raises
    ------
    OSError
        If the file cannot be read.
    PolicyError
        With everything that is wrong: file, line, column, JSON Pointer, reason, advice.
    """
    if isinstance(file, str | os.PathLike):
        return load_document(file).policy()
    data = file.read()
    name = getattr(file, "name", "")
    name = name if isinstance(name, str) else ""
    text = decode(data, name) if isinstance(data, bytes) else data
    return parse_document(text, name, form_of(name)).policy()


def loads(text: str | bytes, form: str | None = None) -> Policy:
    """A policy from a text, JSON or YAML: as `form` (`json`, `yaml`) says, else as it looks.

    Raises
    ------
    PolicyError
        With everything that is wrong: line, column, JSON Pointer, reason, advice.
    """
    if isinstance(text, bytes | bytearray):
        text = decode(bytes(text))
    return parse_document(text, "", form).policy()


def staging(path: str | os.PathLike[str]) -> Path:
    """Where to write first what becomes the file: beside it; or in place, if it is a device or a pipe, which nobody replaces."""
    target = Path(path)
    if target.exists() and not target.is_file():
        return target
    return target.with_name(f".{target.name}.{os.getpid()}.tmp")


class NamedFile(io.FileIO):
    """A file whose errors say which one it is, and which knows whether anybody wrote to it."""

    def __init__(self, file: int | str | os.PathLike[str], mode: str, said: str, *, closefd: bool = True) -> None:
        """As `said` calls it."""
        self.said = said
        self.written = False
        try:
            super().__init__(file, mode, closefd)
        except OSError as error:
            raise OSError(error.errno, error.strerror, said) from None

    def write(self, data: Any) -> int:
        """Write, and say where it fails."""
        self.written = True  # before it is: a signal may come while it waits
        try:
            return super().write(data)
        except OSError as error:
            raise OSError(error.errno, error.strerror, self.said) from None


class Draft:
    """A file that is written beside its place, and put there when it is whole; a device or a pipe is written where it is."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Begin it.

        Raises
        ------
        OSError
            If it cannot be written, as from `out`, `finish` and `keep`; the name in it is that of the path.
        """
        self.path = Path(path)
        self._beside = staging(path)
        self.out = io.BufferedWriter(NamedFile(self._beside, "w", os.fspath(path)))

    @property
    def _in_place(self) -> bool:
        return self._beside == self.path

    def finish(self) -> None:
        """Everything is on the disk."""
        with self._named():
            self.out.flush()
            if not self._in_place:
                os.fsync(self.out.fileno())
            self.out.close()

    def keep(self) -> None:
        """The file takes its place."""
        if self._in_place:
            return
        with self._named():
            if self.path.exists():
                self._beside.chmod(self.path.stat().st_mode & 0o777)
            os.replace(self._beside, self.path)

    def drop(self) -> None:
        """Take away what is left; nothing of a file that was kept."""
        with contextlib.suppress(OSError):  # what it still holds cannot be written, and nobody wants it
            self.out.close()
        if not self._in_place:
            self._beside.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OSError(error.errno, error.strerror, os.fspath(self.path)) from None


@contextlib.contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A file to write into that appears whole when all is written, or not at all: a crash leaves the old one."""
    draft = Draft(path)
    try:
        yield draft.out
        draft.finish()
        draft.keep()
    finally:
        draft.drop()


def write_whole(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write a file so that a crash leaves the old one or the new one, never a half; text as UTF-8."""
    with whole_file(path) as out:
        out.write(content.encode("utf-8") if isinstance(content, str) else content)


# the order in which people write the keys of a policy document
_KEYS = [
    "schema",
    "title",
    "profile",
    "ip_preference",
    "allow_web_reputation_https",
    "network_fallback",
    "location",
    "sources",
    "internal",
    "network",
    "lint",
    "rule",
    "list",
    "source",
    "reason",
    "until",
    "criterion",
    "gateways",
    "management_server",
    "reference_servers",
    "address",
    "mac",
    "name",
    "kind",
    "host",
    "ports",
    "port",
    "scheme",
    "families",
    "leaves_on",
    "converts",
    "user",
    "password",
    "file_reputation",
    "web_reputation",
    "mode",
    "web_reputation_to_servers",
    "fallback_to_standard",
    "on_overlap",
    "ranges",
    "order",
    "proxy",
    "standard",
    "custom",
    "lists",
]


def arranged(value: Any, *, named: bool = False) -> Any:
    """A document with its keys in the order in which people write them; names of sources stay as they are."""
    if isinstance(value, Mapping):
        keys = list(value) if named else sorted(value, key=lambda k: _KEYS.index(k) if k in _KEYS else len(_KEYS))
        if not named and "sources" in value and isinstance(value["sources"], list):
            keys = [k for k in keys if k not in ("sources", "proxy")] + [k for k in ("sources", "proxy") if k in value]
        return {key: arranged(value[key], named=key == "sources" and isinstance(value[key], Mapping)) for key in keys}
    if isinstance(value, list):
        return [arranged(item) for item in value]
    return value


def to_yaml(policy: Policy) -> str:
    """A policy as YAML for people: keys in a reading order, every text in quotes that needs them."""
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap, CommentedSeq
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    def dressed(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            out = CommentedMap((k, dressed(v, k)) for k, v in value.items())
            if key not in ("sources", "") and all(not isinstance(v, dict | list) for v in value.values()):
                out.fa.set_flow_style()
            return out
        if isinstance(value, list):
            items = CommentedSeq(dressed(item, "item") for item in value)
            if all(not isinstance(item, dict | list) for item in value):
                items.fa.set_flow_style()
            return items
        # addresses, MAC addresses and references keep their quotes: other readers of YAML take them for numbers or maps
        if isinstance(value, str) and (":" in value or key == "title"):
            return DoubleQuotedScalarString(value)
        return value

    yaml = YAML()
    yaml.width = 118
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = io.StringIO()
    yaml.dump(dressed(arranged(policy.to_dict())), out)
    return out.getvalue()


def to_json(policy: Policy) -> str:
    """A policy as JSON for people: indented, keys in a reading order."""
    return json.dumps(arranged(policy.to_dict()), ensure_ascii=False, indent=2) + "\n"


def import_ranges(file: str | os.PathLike[str] | Iterable[str], into: Policy) -> Policy:
    """A policy with the custom lists of a range table: CSV with the columns `list,first,last` or `list,range`.

    An optional column `sources` names declared sources, separated by `;`. Rows of one list need not stand together;
    a list that the policy has already gets the ranges in addition.

    Parameters
    ----------
    file
        A path, or lines of text with the header first.
    into
        The policy that declares the sources.

    Raises
    ------
    OSError
        If the file cannot be read.
    PolicyError
        With every row that is wrong, and whatever the lists make wrong in the policy.
    """
    named = isinstance(file, str | os.PathLike)
    name = os.fspath(file) if isinstance(file, str | os.PathLike) else ""
    lines: Iterable[str] = io.StringIO(read_text(name), newline="") if named else file  # type: ignore[assignment]
    rows = csv.DictReader(lines, strict=True)
    header = set(rows.fieldnames or ())
    if "list" not in header or not ({"first", "last"} <= header or "range" in header):
        advice = "name the columns, with commas between them"
        raise _problem(name, 1, "missing_key", "the header is not list,first,last or list,range", advice)
    if twice := sorted({column for column in header if list(rows.fieldnames or ()).count(column) > 1}):
        raise _problem(name, 1, "duplicate_key", f"the column {twice[0]!r} stands twice", "keep one of them")
    document = into.to_dict()
    lists: list[dict[str, Any]] = document["internal"]["custom"]["lists"]
    by_name = {entry["name"]: entry for entry in lists}
    found: list[Problem] = []
    try:
        for row in rows:
            _import_row(row, lists, by_name, into.sources, found, rows.line_num)
    except csv.Error as error:
        found.append(Problem("syntax", rows.line_num, 1, "", f"not CSV: {error}", "mend the line"))
    if found:
        raise PolicyError(found, name)
    document["internal"]["mode"] = "custom"
    return Policy.from_dict(document)


def _import_row(row: dict[Any, Any], lists: list[dict[str, Any]], by_name: dict[str, Any], declared: dict[str, Any],
                found: list[Problem], line: int) -> None:  # fmt: skip
    """One row of a range table; what is wrong with it goes to `found`."""
    if None in row:
        reason = f"{len(row) - 1 + len(row[None])} cells in {len(row) - 1} columns"
        found.append(Problem("too_many", line, 1, "", reason, "quote a cell that has a comma; sources are separated by ';'"))
        return
    list_name = (row["list"] or "").strip()
    text = (row.get("range") or "").strip() or f"{(row.get('first') or '').strip()}-{(row.get('last') or '').strip()}"
    if not list_name:
        found.append(Problem("empty_text", line, 1, "", "the row names no list", "write the list's name"))
        return
    parsed = AddressRange.try_parse(text)
    if isinstance(parsed, ParseError):
        found.append(Problem(parsed.code, line, 1, "", f"{parsed.message}: {text!r}", parsed.advice))
        return
    if list_name not in by_name:
        by_name[list_name] = {"name": list_name, "ranges": [], "sources": []}
        lists.append(by_name[list_name])
    entry = by_name[list_name]
    entry["ranges"].append(str(parsed))
    for source in filter(None, map(str.strip, (row.get("sources") or "").split(";"))):
        if source not in declared:
            found.append(
                Problem("unknown_source", line, 1, "", f"nobody declared the source {source!r}", "declare it in the policy")
            )
        elif source not in entry["sources"]:
            entry["sources"].append(source)
