# SPDX-License-Identifier: MIT
"""Rows as tables of other programs: a pandas frame, and a stream of Arrow's C data interface, which needs no library.

A column has one of four types, whatever its rows are: `text`; `integer`, of 64 bits; `flag`; and `count`, exact and up to 2^256,
which is a Python int in pandas and decimal text in Arrow, for no number type of theirs holds it. Any of them may be missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smplist._extras import need

_DTYPES = {"text": "string", "integer": "Int64", "flag": "boolean", "count": "object"}
TYPES = tuple(_DTYPES)


def column_type(types: Mapping[str, str], column: str) -> str:
    """The type of a column: text, unless it says otherwise."""
    return types.get(column, "text")


def to_frame(columns: Sequence[str], types: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> Any:
    """A pandas table with one dtype for each type: string, Int64, boolean and object."""
    pandas = need("pandas", "to_frame", "frame")
    made = {c: pandas.Series([row[c] for row in rows], dtype=_DTYPES[column_type(types, c)]) for c in columns}
    return pandas.DataFrame(made, columns=list(columns))


def to_arrow(columns: Sequence[str], types: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> Any:
    """A capsule `arrow_array_stream` of one chunk: large_utf8, int64 and bool."""
    from smplist._core import _table_stream

    made = []
    for column in columns:
        of = column_type(types, column)
        values: list[Any] = [row[column] for row in rows]
        if of in ("text", "count"):
            made.append((column, "text", [None if value is None else str(value) for value in values]))
        else:
            made.append((column, of, values))
    return _table_stream(made)
