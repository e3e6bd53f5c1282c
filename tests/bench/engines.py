#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Text column in, answer column out, in other engines: tests/bench/engines.py [--quick] [--json FILE] [--install].

Which list does each address get? One column of both families with nulls and bad rows is asked in polars, DuckDB and Spark, by
evaluate_many in one process, and by the loops that people write today. All of them are asked in turn in the same rounds, about
the policy of Acme, and every answer is compared; the machinery is that of columns.py.

Every engine has the column where it keeps its tables, and gives the answers as a column: neither reading a file nor starting a
session is counted. All of them have one core, except Spark, which has two for its Java and its Python.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import columns  # before polars, which it gives one core
import smplist
from columns import SERVICE, Asker, Column, Structures, Text, has, module

MODULES = {
    "pyarrow": "pyarrow",
    "polars": "polars",
    "duckdb": "duckdb",
    "pyspark": "pyspark",
    "pandas": "pandas",
    "netaddr": "netaddr",
    "pytricia": "pytricia",
    "SubnetTree": "pysubnettree",
}

# of Spark; nothing listens but on the loopback
SETTINGS = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.driver.memory": "2g",
}


def texts_of(answer: Any) -> list[Any]:
    """A column of pyarrow or polars as a list."""
    listed: list[Any] = answer.to_pylist() if hasattr(answer, "to_pylist") else answer.to_list()
    return listed


def ask_one_process(column: Column) -> Iterator[Asker]:
    """evaluate_many, from pyarrow, on one core and on two."""
    pa, compiled = module("pyarrow"), column.world.compiled
    for threads, name, note in ((1, "smplist, evaluate_many", ""), (2, "smplist, evaluate_many, 2 threads", "two cores")):

        def ask(values: Any, threads: int = threads) -> Any:
            return pa.array(compiled.evaluate_many(values, SERVICE, threads=threads, parts=("list",)).list)

        yield Asker(name, pa.array, ask, texts_of, note=note, whole=True)


def ask_in_polars(column: Column) -> Iterator[Asker]:
    """The expression, in a frame and in a lazy frame that streams."""
    pl, compiled = module("polars"), column.world.compiled
    module("smplist.engines.polars")

    def make(texts: list[Text]) -> Any:
        return pl.DataFrame({"ip": texts})

    def answer() -> Any:
        return pl.col("ip").smplist.list(compiled, SERVICE)

    yield Asker("smplist in polars", make, lambda frame: frame.select(answer())["ip"], texts_of, whole=True)
    yield Asker(
        "smplist in polars, streaming",
        make,
        lambda frame: frame.lazy().select(answer()).collect(engine="streaming")["ip"],
        texts_of,
        whole=True,
    )


def packed(text: Text) -> bytes | None:
    """An address as 16 bytes."""
    if text is None:
        return None
    with contextlib.suppress(OSError):
        return socket.inet_pton(socket.AF_INET6, text if ":" in text else f"::ffff:{text}")
    return None


def ask_in_duckdb(column: Column) -> Iterator[Asker]:
    """The SQL function, and the range join without it, which needs the addresses as bytes."""
    duckdb, pa = module("duckdb"), module("pyarrow")
    engine = module("smplist.engines.duckdb")
    con = duckdb.connect(config={"threads": 1, "autoinstall_known_extensions": False})
    engine.register(con, column.world.compiled, service=SERVICE)
    engine.register_intervals(con, column.world.policy, service=SERVICE)

    def make(table: str, values: Any) -> str:
        con.register("given", pa.table({"ip": values}))
        con.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT row_number() OVER () AS n, ip FROM given")
        con.unregister("given")
        return table

    def ask(table: str) -> Any:
        return con.sql(f"SELECT smplist_list(ip) AS list FROM {table}").to_arrow_table()["list"]

    def join(table: str) -> Any:
        query = f"SELECT list FROM {table} ASOF LEFT JOIN smplist_intervals ON ip >= first ORDER BY n"
        return con.sql(query).to_arrow_table()["list"]

    yield Asker("smplist in DuckDB", lambda texts: make("texts", pa.array(texts, pa.utf8())), ask, texts_of, whole=True)
    yield Asker(
        "smplist in DuckDB, range join",
        lambda texts: make("bytes", pa.array([packed(text) for text in texts], pa.binary())),
        join,
        texts_of,
        columns.PACKED,
        "no text is read; put in order again",
        whole=True,
    )


@cache
def session() -> Any:
    """Spark on two cores, whose workers are this Python."""
    os.environ |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    builder = module("pyspark.sql").SparkSession.builder.master("local[2]")
    for key, value in SETTINGS.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def ask_in_spark(column: Column) -> Iterator[Asker]:
    """The columns of mapInArrow, and the SQL function; the frame lies in Spark's memory."""
    if not shutil.which("java"):
        print("no java, left out: Spark", file=sys.stderr)
        return
    pa, engine, spark = module("pyarrow"), module("smplist.engines.spark"), session()
    engine.register(spark, column.world.compiled, service=SERVICE)

    def make(texts: list[Text]) -> Any:
        frame = spark.createDataFrame(pa.table({"ip": pa.array(texts, pa.utf8())})).cache()
        frame.count()
        return frame

    def evaluate(frame: Any) -> Any:
        return engine.evaluate(frame, column.world.compiled, "ip", service=SERVICE).select("list").toArrow()["list"]

    def ask(frame: Any) -> Any:
        return frame.selectExpr("smplist_list(ip) AS list").toArrow()["list"]

    yield Asker("smplist in Spark, evaluate", make, evaluate, texts_of, note="two cores; three answers", whole=True)
    yield Asker("smplist in Spark, SQL function", make, ask, texts_of, note="two cores", whole=True)


STRUCTURES: Structures = [
    (ask_one_process, ("pyarrow",)),
    (ask_in_polars, ("polars",)),
    (ask_in_duckdb, ("duckdb", "pyarrow")),
    (ask_in_spark, ("pyspark", "pyarrow", "pandas")),
    (columns.ask_bisect, ()),
    (columns.ask_ipaddress, ()),
    (columns.ask_netaddr, ("netaddr",)),
    (columns.ask_pytricia, ("pytricia",)),
    (columns.ask_subnettree, ("SubnetTree",)),
]


def main() -> int:
    """Read the command line, ask, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few rows and rounds")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the rows there, too")
    parser.add_argument("--install", action="store_true", help="install what is missing, with pip")
    given = parser.parse_args()
    if given.install and not columns.install(MODULES):
        return 2
    if columns.missing(MODULES):
        print(f"not installed, left out: {', '.join(columns.missing(MODULES))}", file=sys.stderr)
    rows, rounds, seconds = (20_000, 1, 0.01) if given.quick else (1_000_000, 5, 0.5)
    world = columns.World("acme", smplist.load(columns.ACME))
    found = columns.measure(columns.column_of(world, 0, rows), rounds, seconds, STRUCTURES)
    print(columns.table(found), flush=True)
    if has("pyspark") and session.cache_info().currsize:
        session().stop()
    return columns.report(found, given.json)


if __name__ == "__main__":
    sys.exit(main())
