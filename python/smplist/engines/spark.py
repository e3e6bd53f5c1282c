# SPDX-License-Identifier: MIT
"""Columns and SQL functions for Apache Spark, classic and Connect.

The compiled policy travels once as one run of bytes, and every worker process opens it once: in classic Spark as a broadcast, in
Spark Connect, which has none, as a file artifact. smplist has to be installed where the workers run.
"""

from __future__ import annotations

import hashlib
import importlib
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smplist._core import CompiledPolicy, Policy
from smplist._extras import need
from smplist.engines._question import FUNCTIONS, PARTS, Question, part_of, prepare, texts

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def evaluate(
    df: DataFrame,
    policy: Policy | CompiledPolicy,
    column: str,
    *,
    service: str,
    keys: str | None = None,
    prefix: str = "",
    location: str = "internal",
    epoch: int = 0,
    availability: Mapping[str, str] | None = None,
) -> DataFrame:
    """The frame with three more columns of strings: `outcome`, `list` and `source`, null where there is none.

    Parameters
    ----------
    df
        Of a classic session or of Spark Connect, also a streaming one. All its columns stay.
    policy
        Compiled once, here, if it is not yet.
    column
        The name of the column of addresses: strings, or binary of 4 or 16 bytes. Null and bad rows have no answer.
    keys
        The name of a column of clients' ids, which fix random orders.
    prefix
        Stands before the names of the new columns.
    location, epoch, availability
        As in `CompiledPolicy.evaluate_many`, for all rows.

    Raises
    ------
    ImportError
        If pyspark, pandas or pyarrow is missing.
    ValueError
        If a word or a column is none, or if a new column is there already.
    TypeError
        If the column is of a type that holds no addresses.
    """
    _need_all("evaluate")
    from pyspark.sql.types import StringType, StructField, StructType

    compiled, question = prepare(policy, service, location, epoch, availability)
    names = [prefix + part for part in PARTS]
    _check(df, column, keys, names)
    at, key_at = df.columns.index(column), None if keys is None else df.columns.index(keys)
    carried = _carry(df.sparkSession, compiled)

    def answer(batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow as pa

        opened = _open(carried)
        for batch in batches:
            answers = question.ask(opened, batch.column(at), keys=None if key_at is None else batch.column(key_at))
            columns = [*batch.columns, *(texts(answers, part) for part in PARTS)]
            yield pa.RecordBatch.from_arrays(columns, names=[*batch.schema.names, *names])

    added = [StructField(name, StringType()) for name in names]
    return df.mapInArrow(answer, StructType([*df.schema.fields, *added]))


def register(
    spark: SparkSession,
    policy: Policy | CompiledPolicy,
    *,
    service: str = "file_reputation",
    location: str = "internal",
    epoch: int = 0,
    availability: Mapping[str, str] | None = None,
) -> None:
    """Give a session the SQL functions `smplist_list(ip)`, `smplist_first(ip)` and `smplist_outcome(ip)`.

    The address is STRING, or BINARY of 4 or 16 bytes. A second argument is the service of the row; `service` is that of calls
    without one. NULL in, NULL out; bad rows are NULL, too. A later call takes the place of an earlier one.

    Raises
    ------
    ImportError
        If pyspark 4.1 or newer, pandas or pyarrow is missing.
    ValueError
        If the service, the location or an availability is none.
    """
    _need_all("register")
    functions = importlib.import_module("pyspark.sql.functions")
    if not hasattr(functions, "arrow_udf"):
        raise ImportError("smplist.engines.spark.register needs pyspark 4.1 or newer: pip install smplist[spark]")
    compiled, question = prepare(policy, service, location, epoch, availability)
    carried = _carry(spark, compiled)
    for name, part in FUNCTIONS.items():
        spark.udf.register(name, functions.arrow_udf(_function(question, carried, part), "string"))


@dataclass(frozen=True)
class Carried:
    """A compiled policy on its way to the workers; two are equal if their bytes are."""

    digest: str
    broadcast: Any = field(default=None, compare=False)  # None: a file artifact

    @property
    def file(self) -> str:
        """The name of the artifact: other bytes have another, as artifacts cannot be replaced."""
        return f"smplist-{self.digest}.smpc"


def _carry(spark: SparkSession, compiled: CompiledPolicy) -> Carried:
    from pyspark.sql import SparkSession as ClassicSession

    digest = hashlib.sha256(memoryview(compiled)).hexdigest()  # type: ignore[arg-type]
    if isinstance(spark, ClassicSession):
        return Carried(digest, spark.sparkContext.broadcast(compiled))
    carried = Carried(digest)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / carried.file
        compiled.save(path)
        spark.addArtifact(str(path), file=True)
    return carried


@lru_cache(maxsize=8)
def _open(carried: Carried) -> CompiledPolicy:
    """The policy in a worker: unpickled or mapped once for each process."""
    if carried.broadcast is not None:
        found = carried.broadcast.value
        assert isinstance(found, CompiledPolicy)
        return found
    from pyspark import SparkFiles

    return CompiledPolicy.open(SparkFiles.get(carried.file))


def _function(question: Question, carried: Carried, part: str) -> Any:
    import pyarrow as pa

    def answer(batches: Iterator[Any]) -> Iterator[Any]:
        compiled = _open(carried)
        for columns in batches:
            given = columns if isinstance(columns, tuple) else (columns,)  # one column comes alone
            yield part_of(question, compiled, part, *given).cast(pa.utf8())  # Spark knows no dictionaries

    # Spark tells functions of columns from functions of batches by these
    answer.__annotations__ = {"batches": Iterator[tuple[pa.Array, ...]], "return": Iterator[pa.Array]}
    return answer


def _check(df: DataFrame, column: str, keys: str | None, names: list[str]) -> None:
    from pyspark.sql.types import BinaryType, StringType

    for wanted in [column] if keys is None else [column, keys]:
        if wanted not in df.columns:
            raise ValueError(f"the frame has no column {wanted!r}; it has {', '.join(df.columns)}")
    there = {name.lower() for name in df.columns}
    for name in names:
        if name.lower() in there:
            raise ValueError(f"the frame has a column {name!r} already; give a prefix for the new ones")
    kind = df.schema.fields[df.columns.index(column)].dataType
    if not isinstance(kind, StringType | BinaryType):
        raise TypeError(f"the column {column!r} is {kind.simpleString()} and holds no addresses; accepted are string and binary")


def _need_all(call: str) -> None:
    for package in ("pyspark", "pyarrow", "pandas"):
        need(package, f"smplist.engines.spark.{call}", "spark")
