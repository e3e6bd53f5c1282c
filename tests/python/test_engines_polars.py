# SPDX-License-Identifier: MIT
"""Polars: its expressions give what one process gives, in eager, lazy and streaming frames."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

import pytest
import smplist
from engine_rows import PARTS, acme, assert_same, other_questions, says_without, table

pl = pytest.importorskip("polars")
pytest.importorskip("pyarrow")

import smplist.engines.polars  # noqa: E402

METHODS = {"outcome": "outcome", "list": "list", "source": "first"}


def ip() -> Any:
    return pl.col("ip").smplist


@pytest.fixture(scope="module")
def frame() -> Any:
    """The million rows, in chunks."""
    rows = table()
    whole = pl.DataFrame({"ip": rows.column, "id": rows.keys})
    return pl.concat([whole[:7], whole[7:]], rechunk=False)


@pytest.mark.parametrize("service", list(smplist.Service))
def test_agrees_with_one_process(frame: Any, service: str) -> None:
    """A million rows, part by part and as a struct, eager and streaming."""
    rows = table()
    expected = rows.expected(service)
    columns = {part: getattr(ip(), method)(rows.compiled, service=service) for part, method in METHODS.items()}
    eager = frame.select(**columns)
    streamed = frame.lazy().select(ip().evaluate(rows.compiled, service=service)).collect(engine="streaming").unnest("ip")
    assert eager.columns == streamed.columns == list(PARTS)
    for part in PARTS:
        assert_same(eager[part].to_arrow(), expected[part])
        assert_same(streamed[part].to_arrow(), expected[part])


def test_keys_and_the_rest_of_the_question_reach_the_core(frame: Any) -> None:
    """Ids of clients as an expression or a name, location, epoch and availability: each changes answers, to those of the core."""
    rows = table()
    plain = rows.expected("file_reputation")
    for asked, expected in other_questions(rows):
        found = frame.select(ip().first(rows.compiled, "file_reputation", **asked))
        assert_same(found["ip"].to_arrow(), expected["source"])
    expected = rows.expected("file_reputation", keys=rows.keys)
    assert expected["source"] != plain["source"]
    for keys in ("id", pl.col("id")):
        found = frame.lazy().select(ip().first(rows.compiled, "file_reputation", keys=keys)).collect(engine="streaming")
        assert_same(found["ip"].to_arrow(), expected["source"])


def test_a_frame_keeps_its_schema_and_streams_to_a_file(tmp_path: Path) -> None:
    """What the plan promises is what comes; a policy need not be compiled; the column keeps its name."""
    lazy = pl.LazyFrame({"ip": ["10.20.3.4", None, "bogus", "127.0.0.1"]}).with_columns(
        ip().list(acme()).alias("list"), answer=ip().evaluate(acme(), service="web_reputation")
    )
    promised = lazy.collect_schema()
    assert lazy.collect().schema == promised
    assert promised["list"] == pl.Categorical()
    assert promised["answer"] == pl.Struct({part: pl.Categorical() for part in PARTS})
    lazy.sink_parquet(tmp_path / "answers.parquet")
    found = pl.read_parquet(tmp_path / "answers.parquet")
    assert found["list"].to_list() == ["manila", None, None, None]
    assert found["answer"].struct.field("outcome").to_list() == ["custom_list", None, None, "none_reachable"]


def test_columns_without_text() -> None:
    """Packed addresses and numbers; nothing but null; no rows; in groups."""
    packed = [ipaddress.ip_address(text).packed for text in ("10.20.3.4", "2001:db8:20::1")]
    number = pl.Series("ip", [int(ipaddress.ip_address("10.20.3.4"))], dtype=pl.UInt32)
    for column, expected in (
        (pl.Series("ip", [*packed, b"x", None]), ["manila", "manila", None, None]),
        (number, ["manila"]),
        (pl.Series("ip", [None, None]), [None, None]),
        (pl.Series("ip", [], dtype=pl.String), []),
    ):
        assert column.to_frame().select(ip().list(acme()))["ip"].to_list() == expected
    grouped = pl.DataFrame({"ip": ["10.20.3.4", "10.1.0.1", "10.20.3.5"], "k": [1, 2, 1]}).group_by("k", maintain_order=True)
    assert grouped.agg(ip().list(acme()))["ip"].to_list() == [["manila", "manila"], ["hamburg-hq"]]


def test_what_is_wrong_is_said() -> None:
    """Words at once, types when the frame is collected."""
    with pytest.raises(ValueError, match="unknown word 'mail'; expected one of: file_reputation, web_reputation"):
        ip().first(acme(), service="mail")
    with pytest.raises(ValueError, match="unknown word 'moon'"):
        ip().list(acme(), location="moon")
    with pytest.raises(TypeError, match="holds no addresses; accepted are Arrow utf8"):
        pl.DataFrame({"ip": [1.5]}).select(ip().list(acme()))


def test_without_polars_it_says_what_to_install() -> None:
    said = says_without("polars", "import smplist.engines.polars")
    assert said == "ImportError: smplist.engines.polars needs polars: pip install smplist[polars]"
