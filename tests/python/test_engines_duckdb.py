# SPDX-License-Identifier: MIT
"""DuckDB: its functions and the range join give what one process gives."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import smplist
from engine_rows import PARTS, acme, assert_same, other_questions, says_without, table
from smplist.engines.duckdb import register, register_intervals, to_intervals

duckdb = pytest.importorskip("duckdb")
pa = pytest.importorskip("pyarrow")

MAPPED = bytes(10) + b"\xff\xff"


def packed(text: str | None) -> bytes | None:
    """The 16 bytes of a text; None if it is no address."""
    address = smplist.Address.try_parse(text) if text else None
    if not isinstance(address, smplist.Address):
        return None
    return MAPPED + address.packed if address.family == "ipv4" else address.packed


@cache
def packed_column() -> Any:
    """The million rows as bytes."""
    return pa.array([packed(text) for text in table().column.to_pylist()], pa.binary())


@pytest.fixture
def con() -> Iterator[Any]:
    """A database in memory that downloads nothing."""
    with duckdb.connect(config={"autoinstall_known_extensions": False}) as opened:
        yield opened


@pytest.mark.parametrize("service", list(smplist.Service))
def test_agrees_with_one_process(con: Any, service: str) -> None:
    """A million rows out of a table of DuckDB's own: the service as an argument, and as that of the connection."""
    rows = table()
    con.register("arrow", pa.table({"ip": rows.column}))
    con.execute("CREATE TABLE t AS SELECT * FROM arrow")
    expected = rows.expected(service)
    register(con, rows.compiled, service=service)
    for given in ("", f", '{service}'"):
        names = {"outcome": "smplist_outcome", "list": "smplist_list", "source": "smplist_first"}
        calls = ", ".join(f"{name}(ip{given}) AS {part}" for part, name in names.items())
        found = con.sql(f"SELECT {calls} FROM t").to_arrow_table()
        for part in PARTS:
            assert_same(found[part], expected[part])


def test_a_service_for_every_row(con: Any) -> None:
    """Rows of one batch ask for both; a null service has no answer, and a wrong one is a mistake of the query."""
    register(con, acme())
    ips = ["10.2.0.0", "10.2.0.0", "10.2.0.0", None, "bogus", "8.8.8.8"]
    services = ["file_reputation", "web_reputation", None, "web_reputation", "file_reputation", "web_reputation"]
    con.register("t", pa.table({"ip": ips, "service": services}))
    alone = {s: acme().compile().evaluate_many(ips, s).source.to_list() for s in smplist.Service}
    expected = [alone[smplist.Service(s)][i] if s else None for i, s in enumerate(services)]
    assert expected[0] != expected[1] and expected[5] is not None
    assert con.sql("SELECT smplist_first(ip, service) FROM t").fetchall() == [(one,) for one in expected]
    con.execute("CREATE TYPE words AS ENUM ('10.2.0.0', 'bogus', '8.8.8.8', 'file_reputation', 'web_reputation')")
    assert con.sql("SELECT smplist_first(ip::words, service::words) FROM t").fetchall() == [(one,) for one in expected]
    assert con.sql("SELECT smplist_first(ip, NULL) FROM t").fetchall() == [(None,)] * 6
    for wrong in ("mail", ""):
        with pytest.raises(duckdb.Error, match=f"unknown word '{wrong}'; expected one of"):
            con.sql(f"SELECT smplist_first(ip, '{wrong}') FROM t").fetchall()
    with pytest.raises(duckdb.Error, match="an address and a service are wanted, not 3 arguments"):
        con.sql("SELECT smplist_first(ip, service, 1) FROM t").fetchall()


def test_nulls_bad_rows_and_types(con: Any) -> None:
    """NULL in, NULL out, also as a literal; BLOB and UINTEGER are addresses; another type is refused."""
    register(con, acme())
    v4, v6 = (ipaddress.ip_address(text) for text in ("10.20.3.4", "2001:db8:20::1"))
    for literal, expected in (
        ("NULL", None),
        ("''", None),
        ("'010.20.3.4'", None),
        ("'127.0.0.1'", None),
        ("'10.20.3.4'", "manila"),
        (f"unhex('{v4.packed.hex()}')", "manila"),
        (f"unhex('{v6.packed.hex()}')", "manila"),
        (f"{int(v4)}::UINTEGER", "manila"),
    ):
        assert con.sql(f"SELECT smplist_list({literal})").fetchall() == [(expected,)], literal
    assert con.sql("SELECT smplist_outcome('127.0.0.1')").fetchall() == [("none_reachable",)]
    with pytest.raises(duckdb.Error, match="holds no addresses; accepted are Arrow utf8"):
        con.sql("SELECT smplist_list(1.5)").fetchall()


def test_the_question_of_the_connection_reaches_the_core(con: Any) -> None:
    """Location, epoch and availability; a later call replaces an earlier one."""
    rows = table(20_000)
    con.register("t", pa.table({"ip": rows.column}))
    for asked, expected in other_questions(rows):
        register(con, rows.compiled, **asked)
        assert_same(con.sql("SELECT smplist_first(ip) AS s FROM t").to_arrow_table()["s"], expected["source"])
    with pytest.raises(ValueError, match="unknown word 'moon'"):
        register(con, rows.compiled, location="moon")


def test_intervals_cover_every_address_once() -> None:
    """Ascending, without a gap, 16 bytes; each row says what is answered at its ends."""
    found = to_intervals(acme())
    assert found.schema == pa.schema(
        {"first": pa.binary(16), "last": pa.binary(16), "matched": pa.utf8(), "outcome": pa.utf8(), "list": pa.utf8()}
    )
    rows = found.to_pylist()
    firsts, lasts = ([int.from_bytes(row[end], "big") for row in rows] for end in ("first", "last"))
    assert firsts == [0, *(last + 1 for last in lasts[:-1])]
    assert lasts[-1] == (1 << 128) - 1
    compiled = acme().compile()
    for end in ("first", "last"):
        texts = [str(ipaddress.IPv6Address(row[end]).ipv4_mapped or ipaddress.IPv6Address(row[end])) for row in rows]
        assert [row["matched"] for row in rows] == [next(iter(acme().matching_lists(text)), None) for text in texts]
        answers = compiled.evaluate_many(texts, "file_reputation")
        assert [row["outcome"] for row in rows] == answers.outcome.to_list()
        assert [row["list"] for row in rows] == answers.list.to_list()


@pytest.mark.parametrize("location", list(smplist.Location))
def test_a_range_join_agrees_with_the_functions(con: Any, location: str) -> None:
    """A million packed addresses, by intervals alone."""
    rows = table()

    column = packed_column()
    con.register("t", pa.table({"n": range(len(column)), "address": column}))
    register_intervals(con, acme(), location=location)
    query = "SELECT n, outcome, list FROM t ASOF LEFT JOIN smplist_intervals i ON t.address >= i.first ORDER BY n"
    found = con.sql(query).to_arrow_table()
    expected = rows.expected("file_reputation", location=location)
    for part in ("outcome", "list"):
        assert_same(found[part], expected[part])


def test_intervals_keep_their_bits_in_parquet(con: Any, tmp_path: Any) -> None:
    register_intervals(con, acme())
    register_intervals(con, acme())  # replaces
    con.execute(f"COPY smplist_intervals TO '{tmp_path}/i.parquet'")
    assert con.sql(f"FROM '{tmp_path}/i.parquet'").fetchall() == con.sql("FROM smplist_intervals").fetchall()
    assert con.sql("FROM smplist_intervals").to_arrow_table().to_pylist() == to_intervals(acme()).to_pylist()


@pytest.mark.parametrize("package", ["duckdb", "pyarrow"])
@pytest.mark.parametrize("call", ["register", "register_intervals"])
def test_without_its_packages_it_says_what_to_install(package: str, call: str) -> None:
    code = f"import smplist, smplist.engines.duckdb as d; d.{call}(None, smplist.load('docs/examples/acme/policy.yaml'))"
    needs = "to_intervals" if (package, call) == ("pyarrow", "register_intervals") else call
    assert (
        says_without(package, code) == f"ImportError: smplist.engines.duckdb.{needs} needs {package}: pip install smplist[duckdb]"
    )
