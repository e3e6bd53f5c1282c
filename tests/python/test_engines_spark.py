# SPDX-License-Identifier: MIT
"""Spark: columns and SQL functions give what one process gives, in classic Spark and in Spark Connect."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import smplist
from engine_rows import PARTS, acme, assert_same, says_without, table
from smplist.engines.spark import evaluate, register

SETTINGS = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.log.level": "ERROR",
}


def started(builder: Any) -> Any:
    """A session on two cores and the loopback alone, whose workers are this Python."""
    os.environ |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    for key, value in SETTINGS.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def skip_without(*packages: str) -> None:
    """Skip a test that needs Java and these packages where they are missing."""
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java, and there is none")
    for package in ("pyspark", "pyarrow", "pandas", *packages):
        pytest.importorskip(package)


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """Classic Spark; its virtual machine ends with the tests of this file."""
    skip_without()
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    session = started(SparkSession.builder.master("local[2]"))
    yield session
    session.stop()
    gateway = SparkContext._gateway
    assert gateway is not None
    gateway.shutdown()
    gateway.proc.stdin.close()
    assert gateway.proc.wait(timeout=60) is not None
    SparkContext._gateway = SparkContext._jvm = None


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The million rows as a file of Parquet that both cores read."""
    return write_million(tmp_path_factory.mktemp("spark"))


def write_million(folder: Path) -> str:
    """`n`, `ip` and `id` of every row."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = table()
    path = folder / "rows.parquet"
    pq.write_table(pa.table({"n": range(len(rows.column)), "ip": rows.column, "id": rows.keys}), path, row_group_size=100_000)
    return str(path)


def collected(frame: Any) -> Any:
    """A table of pyarrow, in the order of `n`."""
    return frame.toArrow().sort_by("n")


def check_columns(spark: Any, million: str, service: str) -> None:
    """`evaluate` keeps the columns, and adds those of one process."""
    rows = table()
    found = collected(evaluate(spark.read.parquet(million), rows.compiled, "ip", service=service))
    assert found.column_names == ["n", "ip", "id", *PARTS]
    assert_same(found["ip"], rows.column)
    assert_same(found["id"], rows.keys)
    for part, expected in rows.expected(service).items():
        assert_same(found[part], expected)


def check_functions(spark: Any, million: str) -> None:
    """The SQL functions, without a service and with one for each row."""
    import pyarrow.compute as pc

    rows = table()
    register(spark, acme(), service="web_reputation")
    register(spark, acme())  # replaces
    spark.read.parquet(million).createOrReplaceTempView("rows")
    services = "CASE n % 3 WHEN 0 THEN 'file_reputation' WHEN 1 THEN 'web_reputation' END"
    found = collected(
        spark.sql(f"SELECT n, smplist_list(ip) list, smplist_outcome(ip) outcome, smplist_first(ip, {services}) source FROM rows")
    )
    expected = rows.expected("file_reputation")
    assert_same(found["list"], expected["list"])
    assert_same(found["outcome"], expected["outcome"])
    for rest, service in enumerate([*smplist.Service, None]):
        chosen = found["n"].to_numpy() % 3 == rest
        wanted = rows.expected(service)["source"].filter(chosen) if service else pc.if_else(chosen, None, "").filter(chosen)
        assert_same(found["source"].filter(chosen), wanted)


def check_workers(spark: Any) -> None:
    """No worker process opened the one policy of these tests twice, though many tasks and several questions asked for it."""

    def count(batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow as pa
        from smplist.engines.spark import _open

        for _ in batches:
            seen = _open.cache_info()
            yield pa.RecordBatch.from_pylist([{"pid": os.getpid(), "opened": seen.misses, "again": seen.hits}])

    few = spark.range(1000).selectExpr("concat('10.20.3.', id % 256) ip").repartition(8)
    assert {row.list for row in evaluate(few, acme(), "ip", service="file_reputation").collect()} == {"manila"}
    seen = spark.range(8).repartition(8).mapInArrow(count, "pid long, opened long, again long").collect()
    assert all(row.pid != os.getpid() for row in seen)
    assert {row.opened for row in seen} == {1}
    assert max(row.again for row in seen) >= 1


@pytest.mark.parametrize("service", list(smplist.Service))
def test_agrees_with_one_process(spark: Any, million: str, service: str) -> None:
    check_columns(spark, million, service)


def test_sql_functions_agree_with_one_process(spark: Any, million: str) -> None:
    check_functions(spark, million)


def test_a_worker_opens_the_policy_once(spark: Any) -> None:
    check_workers(spark)


def test_the_rest_of_the_question_reaches_the_core(spark: Any, million: str) -> None:
    """Ids, location, epoch and availability: each changes answers, to those of the core."""
    rows = table()
    plain = rows.expected("file_reputation")
    down = {acme().sources["sps-manila"].identity("file_reputation"): "down"}
    frame = spark.read.parquet(million).where("n < 20000")
    asked: dict[str, Any] = {"location": "external", "epoch": 3, "availability": down}
    for name, value in [*asked.items(), ("keys", "id")]:
        expected = rows.expected("file_reputation", **{name: rows.keys if name == "keys" else value})["source"]
        assert expected[:20_000] != plain["source"][:20_000], name
        found = evaluate(frame, rows.compiled, "ip", service="file_reputation", prefix="smplist_", **{name: value})
        assert_same(collected(found)["smplist_source"], expected[:20_000])


def test_bytes_are_addresses_and_nulls_are_not(spark: Any) -> None:
    """BINARY of 4 and 16 bytes in columns and functions; NULL as a literal."""
    frame = spark.createDataFrame([(b"\x0a\x14\x03\x04",), (b"x",), (None,)], "ip binary")
    assert [row.list for row in evaluate(frame, acme(), "ip", service="file_reputation").collect()] == ["manila", None, None]
    register(spark, acme())
    found = spark.sql(
        "SELECT smplist_list(X'20010db8002000000000000000000001'), smplist_list(NULL), smplist_outcome('127.0.0.1')"
    )
    assert tuple(found.first()) == ("manila", None, "none_reachable")


def test_what_is_wrong_is_said(spark: Any) -> None:
    """Before anything is sent to a worker; only a service out of a column is met later."""
    frame = spark.createDataFrame([("10.20.3.4", 1.5)], "ip string, List double")

    def asked(column: str = "ip", service: str = "web_reputation", **more: Any) -> Any:
        return evaluate(frame, acme(), column, service=service, **more)

    with pytest.raises(ValueError, match="the frame has a column 'list' already; give a prefix for the new ones"):
        asked()
    with pytest.raises(ValueError, match="the frame has no column 'address'; it has ip, List"):
        asked("address", prefix="x")
    with pytest.raises(ValueError, match="the frame has no column 'id'"):
        asked(keys="id", prefix="x")
    with pytest.raises(TypeError, match="the column 'List' is double and holds no addresses; accepted are string and binary"):
        asked("List", prefix="x")
    with pytest.raises(ValueError, match="unknown word 'mail'; expected one of"):
        asked(service="mail", prefix="x")
    with pytest.raises(ValueError, match="unknown word 'moon'"):
        register(spark, acme(), location="moon")
    register(spark, acme())
    with pytest.raises(Exception, match="unknown word 'mail'; expected one of"):
        spark.sql("SELECT smplist_first('10.20.3.4', 'mail')").collect()
    with pytest.raises(Exception, match="an address and a service are wanted, not 3 arguments"):
        spark.sql("SELECT smplist_first('10.20.3.4', 'web_reputation', '')").collect()


def test_spark_connect_agrees_with_one_process(million: str) -> None:
    """The same over gRPC on the loopback, where the policy is a file artifact; a process is one kind of session or the other."""
    skip_without("grpc", "grpc_status", "google.rpc", "zstandard")
    ended = subprocess.run(
        [sys.executable, __file__, million], capture_output=True, text=True, timeout=600, env=os.environ | {"SPARK_TESTING": "1"}
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.splitlines()[-1] == "agrees"


def connect(million: str) -> None:
    """What the test above runs."""
    from pyspark.sql import SparkSession

    spark = started(SparkSession.builder.remote("local[2]").config("spark.connect.grpc.binding.address", "127.0.0.1"))
    assert not isinstance(spark, SparkSession)
    for service in smplist.Service:
        check_columns(spark, million, service)
    check_functions(spark, million)
    check_workers(spark)
    spark.stop()
    print("agrees")


@pytest.mark.parametrize("package", ["pyspark", "pyarrow", "pandas"])
@pytest.mark.parametrize("call", ["evaluate(None, policy, 'ip', service='web_reputation')", "register(None, policy)"])
def test_without_its_packages_it_says_what_to_install(package: str, call: str) -> None:
    code = f"import smplist, smplist.engines.spark as s; policy = smplist.load('docs/examples/acme/policy.yaml'); s.{call}"
    name = call.partition("(")[0]
    assert says_without(package, code) == f"ImportError: smplist.engines.spark.{name} needs {package}: pip install smplist[spark]"


def test_an_older_spark_is_refused_by_its_version() -> None:
    """Arrow functions came with 4.1."""
    pytest.importorskip("pyspark")
    code = (
        "import smplist, smplist.engines.spark as s, pyspark.sql.functions as f; f.__dict__.pop('arrow_udf')\n"
        "s.register(None, smplist.load('docs/examples/acme/policy.yaml'))"
    )
    said = "ImportError: smplist.engines.spark.register needs pyspark 4.1 or newer: pip install smplist[spark]"
    assert says_without("-", code) == said


if __name__ == "__main__":
    connect(sys.argv[1])
