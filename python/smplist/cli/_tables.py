# SPDX-License-Identifier: MIT
"""Parquet and Arrow for the command line, a piece at a time: memory holds one piece, however many rows there are."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from smplist._extras import need
from smplist.cli import fail
from smplist.cli._clients import check_header

_MAGIC = b"ARROW1"  # of Arrow files; streams have none
_PIECE = 1024  # rows that are objects of Python at a time
_GROUP = 16_384  # rows of a row group or a record batch that is written


def _pyarrow() -> Any:
    return need("pyarrow", "Parquet or Arrow", "frame")


def _is_text(kind: Any) -> bool:
    types = _pyarrow().types
    if types.is_dictionary(kind):
        kind = kind.value_type
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind) or types.is_null(kind))


def _is_list(name: str, kind: Any) -> bool:
    """Lists of texts; gateways may be structs of texts, too."""
    types = _pyarrow().types
    if not (types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)):
        return False
    item = kind.value_type
    structs = name == "gateways" and types.is_struct(item) and all(_is_text(item[i].type) for i in range(item.num_fields))
    return structs or _is_text(item)


def _open_batches(path: str, form: str) -> tuple[Any, Iterator[Any]]:
    """The schema and the record batches of a file or of standard input."""
    pa = _pyarrow()
    if form == "parquet" and path == "-":
        fail("smplist: Parquet begins at its end and cannot be standard input; give a file, or Arrow")
    source = sys.stdin.buffer if path == "-" else open(path, "rb")
    if form == "parquet":
        file = need("pyarrow.parquet", "Parquet", "frame").ParquetFile(source, buffer_size=1 << 20, pre_buffer=False)
        return file.schema_arrow, file.iter_batches(batch_size=_PIECE)
    if path != "-" and Path(path).is_file():
        whole = source.read(len(_MAGIC)) == _MAGIC
        source.seek(0)
        if whole:
            reader = pa.ipc.open_file(source)
            return reader.schema, (reader.get_batch(i) for i in range(reader.num_record_batches))
    stream = pa.ipc.open_stream(source)
    return stream.schema, iter(stream)


def table_rows(path: str, form: str, known: Sequence[str], lists: Sequence[str]) -> Iterator[tuple[int, Any, str]]:
    """(row from 1, client document or error text, the row as JSON); the schema is read at once, and checked."""
    pa = _pyarrow()
    try:
        schema, batches = _open_batches(path, form)
    except (pa.ArrowException, OSError) as error:
        fail(f"smplist: cannot read {path}: {_said(error)}")
    check_header("stdin" if path == "-" else path, schema.names, known, ("addresses",))
    for name in schema.names:
        kind = schema.field(name).type
        if not _is_text(kind) and not (name in lists and _is_list(name, kind)):
            fail(f"smplist: the clients' column {name!r} is {kind}; write text{' or lists of text' if name in lists else ''}")
    return _rows(path, batches, lists)


def _rows(path: str, batches: Iterator[Any], lists: Sequence[str]) -> Iterator[tuple[int, Any, str]]:
    pa = _pyarrow()
    row = 0
    try:
        for batch in batches:
            for at in range(0, batch.num_rows, _PIECE):
                for document in _documents(batch.slice(at, _PIECE), lists):
                    row += 1
                    raw = "" if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
                    yield row, document, raw
    except (pa.ArrowException, OSError) as error:
        fail(f"smplist: cannot read {path} behind row {row}: {_said(error)}")


def _said(error: Exception) -> str:
    """What an error says, in one line."""
    return (getattr(error, "strerror", None) or str(error)).splitlines()[0].rstrip(".")


def _documents(batch: Any, lists: Sequence[str]) -> Iterator[Any]:
    """A client document of every row; of a row whose text is no text, the reason."""
    try:
        cells = batch.to_pylist()
    except UnicodeDecodeError:
        if batch.num_rows == 1:
            yield "a byte is not UTF-8"
            return
        for at in range(batch.num_rows):
            yield from _documents(batch.slice(at, 1), lists)
        return
    for row in cells:
        yield {name: _cell(value, name in lists) for name, value in row.items() if value not in (None, "")}


def _cell(value: Any, in_list: bool) -> Any:
    if isinstance(value, list):
        return [{k: v for k, v in item.items() if v is not None} if isinstance(item, dict) else item for item in value]
    return value.split() if in_list else value


class TableWriter:
    """Rows of texts into Parquet or Arrow: null where a text is empty, `row` a number, and `order_varies` true or false."""

    def __init__(self, out: IO[bytes], form: str, stream: bool, columns: Sequence[str], stack: contextlib.ExitStack) -> None:
        pa = _pyarrow()
        kinds = {"row": pa.int64(), "order_varies": pa.bool_()}
        self.schema = pa.schema([(name, kinds.get(name, pa.utf8())) for name in columns])
        if form == "parquet":
            self.writer = need("pyarrow.parquet", "Parquet", "frame").ParquetWriter(out, self.schema)
        else:
            self.writer = (pa.ipc.new_stream if stream else pa.ipc.new_file)(out, self.schema)
        self.rows: list[list[object]] = []
        self.batches: list[Any] = []
        stack.callback(self._abandon)

    def writerow(self, row: list[object]) -> None:
        """Keep a row; write when there are many."""
        self.rows.append(row)
        if len(self.rows) == _PIECE:
            self._pack()
            if len(self.batches) * _PIECE >= _GROUP:
                self._write()

    def _pack(self) -> None:
        pa = _pyarrow()
        meant: dict[object, object] = {"": None, "true": True, "false": False}
        columns = zip(self.schema.names, zip(*self.rows, strict=True), strict=True)
        arrays = [
            pa.array([meant.get(cell, cell) for cell in cells] if name == "order_varies" else [cell or None for cell in cells],
                     self.schema.field(name).type)
            for name, cells in columns
        ]  # fmt: skip
        self.batches.append(pa.record_batch(arrays, schema=self.schema))
        self.rows.clear()

    def _write(self) -> None:
        self.writer.write_table(_pyarrow().Table.from_batches(self.batches, self.schema).combine_chunks())
        self.batches.clear()

    def close(self) -> None:
        """Write the rest, and what stands at the end of the format."""
        if self.rows:
            self._pack()
        if self.batches:
            self._write()
        self.writer.close()

    def _abandon(self) -> None:
        """The library writes its end even if nobody wants the file any more."""
        with contextlib.suppress(OSError, ValueError):
            self.writer.close()
