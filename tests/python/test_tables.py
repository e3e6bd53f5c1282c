# SPDX-License-Identifier: MIT
"""Every answer as a table: fixed columns, documented, the same for every reader; no bit of an address is lost."""

from __future__ import annotations

import functools
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas  # type: ignore[import-untyped]
import polars
import pyarrow
import pyarrow.parquet
import pytest
import smplist
from conftest import ROOT
from smplist._tables import TYPES
from smplist.analysis import coverage
from smplist.analysis.outages import Script
from smplist.analysis.partition import Pieces
from smplist.analysis.report import Counterexample, Report
from smplist.analysis.simulate import simulate
from smplist.analysis.steps import Steps
from smplist.fleet.status import FleetStatus, _summary
from smplist.net.connections import Connections

ACME = smplist.load(ROOT / "docs/examples/acme/policy.yaml")
OTHER = ACME.what_if(down=["sps-tokyo-2"])
CLIENTS = [smplist.Client([a], id=a, location="internal") for a in ("10.16.1.1", "10.17.240.1", "2001:db8:20::7", "192.0.2.1")]
EXPECTED: dict[str, Any] = {
    "schema": "smplist-expectations/1",
    "expectations": [{"name": "three", "always": {"at_least": 3}}, {"name": "one", "always": {"at_most": 9}}],
}
ARROW = {"text": "large_string", "integer": "int64", "flag": "bool", "count": "large_string"}
PANDAS = {"text": "string", "integer": "Int64", "flag": "boolean", "count": "object"}

ANSWERS = dict.fromkeys(Connections.columns) | {
    "source": "sps-hq", "service": "file_reputation", "url": "https://sps-hq.acme.example:443/tmcss", "address": "10.1.0.4",
    "state": "up", "text": "answers", "tls_ms": 12,
}  # fmt: skip


@functools.cache
def answers() -> dict[str, Any]:
    """One of every kind, by the name of its heading."""
    [proof, _] = ACME.verify(EXPECTED)
    return {
        "Plan": ACME.evaluate(CLIENTS[2], "file_reputation"),
        "Findings": ACME.lint(),
        "Partition": ACME.partition(),
        "Diff": smplist.diff(ACME, OTHER),
        "ChangeCheck": smplist.check_change(ACME, OTHER, intended="10.16.0.0/15"),
        "Comparison": smplist.refines(OTHER, ACME),
        "Disjoint": smplist.disjoint(ACME, "singapore-lab", "singapore"),
        "Proof": proof,
        "Proofs": ACME.verify(EXPECTED),
        "Survivability": ACME.survivability(unit="source"),
        "Load": ACME.load("ipv4", down=["sps-hq"]),
        "Ambiguity": ACME.ambiguity(),
        "Coverage": coverage.coverage(ACME, CLIENTS),
        "Replay": coverage.replay(CLIENTS, ACME, OTHER),
        "Mutants": one_site().mutants({**EXPECTED, "expectations": EXPECTED["expectations"][1:]}),
        "Vectors": one_site().vectors(),
        "Timeline": simulate(ACME, CLIENTS[0], Script(until=60_000)),
        "FleetStatus": FleetStatus(_summary("acme", {"smplist/acme/agents/pc-7/state": b"on"})),
        "Connections": Connections({"revision": ACME.revision, "availability": {}, "rows": [ANSWERS]}),
    }


def one_site() -> smplist.Policy:
    """A policy with few vectors and mutants."""
    sources = {name: {"host": f"{name}.example", "file_reputation": {"port": 443}} for name in ("a", "b")}
    site = {"name": "site", "ranges": ["10.0.0.0/24"], "sources": ["a", "b"]}
    return smplist.Policy.from_dict(
        {"schema": "smplist/1", "sources": sources, "internal": {"mode": "custom", "custom": {"lists": [site]}}}
    )


def rows_of(answer: Any) -> Any:
    """What has the rows of an answer."""
    if isinstance(answer, smplist.Plan):
        return Steps(answer)
    return Pieces(answer) if isinstance(answer, smplist.Partition) else answer


def documented() -> dict[str, list[tuple[str, str]]]:
    """Columns and types by heading."""
    page = (ROOT / "docs/reference/tables.md").read_text(encoding="utf-8")
    found = {}
    for heading, body in re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", page, re.M | re.S):
        found[heading] = re.findall(r"^\| `(\w+)` \| (\w+) \| \S.* \|$", body, re.M)
    return found


def classes(of: type[Report]) -> set[type[Report]]:
    """Those below one that a caller is given."""
    found = {one for sub in of.__subclasses__() for one in ({sub} | classes(sub)) if not one.__name__.startswith("_")}
    return found - {Counterexample}


def test_every_report_has_its_table_in_the_reference() -> None:
    """None without a heading, none that is not there."""
    assert set(answers()) == set(documented()) - {"Blame"}  # which needs a repository
    names = {"Steps": "Plan", "Pieces": "Partition"}
    assert issubclass(smplist.Blame, Report)
    made = {names.get(of.__name__, of.__name__) for of in classes(Report) if of.__module__.startswith("smplist.")}
    assert set(documented()) == made | {"Findings"}


@pytest.mark.parametrize("name", list(documented()))
def test_columns_are_as_documented(name: str) -> None:
    """Names, order and types."""
    of: Any = smplist.Blame if name == "Blame" else type(rows_of(answers()[name]))
    assert [(column, of.types.get(column, "text")) for column in of.columns] == documented()[name]
    assert set(of.types) <= set(of.columns) and set(of.types.values()) <= set(TYPES)


@pytest.mark.parametrize("name", [name for name in documented() if name != "Blame"])
def test_every_reader_gets_the_same_rows(name: str) -> None:
    """Pandas, pyarrow and polars; the types whatever the rows."""
    answer = answers()[name]
    source = rows_of(answer)
    rows = source.rows()
    if name != "Disjoint":
        assert rows
    frame, table, polar = answer.to_frame(), pyarrow.table(answer), polars.DataFrame(answer)
    kinds = [source.types.get(column, "text") for column in source.columns]
    assert [str(dtype) for dtype in frame.dtypes] == [PANDAS[kind] for kind in kinds]
    assert [str(field.type) for field in table.schema] == [ARROW[kind] for kind in kinds]
    assert list(frame.columns) == table.column_names == polar.columns == list(source.columns)
    wanted = [
        {c: str(row[c]) if source.types.get(c) == "count" and row[c] is not None else row[c] for c in source.columns}
        for row in rows
    ]
    assert table.to_pylist() == wanted == polar.to_dicts()
    assert [{c: None if pandas.isna(v) else v for c, v in row.items()} for row in frame.to_dict("records")] == rows


def test_an_empty_table_has_its_columns_and_types() -> None:
    """As the reference says: also if there are no rows."""
    nothing = smplist.diff(ACME, ACME)
    assert pyarrow.table(nothing).num_rows == 0
    assert pyarrow.table(nothing).schema == pyarrow.table(smplist.diff(ACME, OTHER)).schema
    assert list(nothing.to_frame().dtypes) == list(smplist.diff(ACME, OTHER).to_frame().dtypes)


def test_parquet_keeps_every_bit(tmp_path: Path) -> None:
    """Addresses and counts come back exactly, those of IPv6 too."""
    pieces = ACME.partition()
    pyarrow.parquet.write_table(pyarrow.table(pieces), tmp_path / "pieces.parquet")
    back = pyarrow.parquet.read_table(tmp_path / "pieces.parquet").to_pylist()
    rows = Pieces(pieces).rows()
    assert len(back) == len(rows) > 100
    for row, read in zip(rows, back, strict=True):
        assert smplist.Address(read["first"]) == smplist.Address(row["first"])
        size = int(smplist.Address(read["last"])) - int(smplist.Address(read["first"])) + 1
        assert int(read["addresses"]) == row["addresses"]
        if row["family"] == "ipv4":
            assert size == row["addresses"]
    assert sum(int(r["addresses"]) for r in back if r["family"] == "ipv6") == 4 * (2**128 - 2**32)


def test_duckdb_reads_an_answer() -> None:
    """By its name in the caller's scope, without pandas."""
    duckdb = pytest.importorskip("duckdb")
    findings = ACME.lint()  # noqa: F841
    found = duckdb.sql("SELECT rule, count(*) FROM findings GROUP BY rule ORDER BY rule").fetchall()
    assert dict(found)["overlapping-ranges"] == sum(f.rule == "overlapping-ranges" for f in ACME.lint()) == 9


def test_findings_are_a_list_and_a_report() -> None:
    """Equal to what they hold; text and HTML say what to do."""
    found = ACME.lint()
    assert found == list(found) and len(found) == len(found.to_dict())
    assert found[0].fix in found.to_text() and found[0].text in str(found._repr_html_()).replace("&#x27;", "'")
    assert one_site().lint().rows()[0]["rule"]


def test_arrow_needs_no_library() -> None:
    """Neither pyarrow nor pandas nor numpy is imported by the stream."""
    code = """
import sys, smplist
capsule = smplist.load(sys.argv[1]).lint().__arrow_c_stream__()
assert type(capsule).__name__ == "PyCapsule", capsule
print(sorted({"pyarrow", "pandas", "numpy"} & set(sys.modules)))
"""
    policy = ROOT / "docs/examples/acme/policy.yaml"
    ran = subprocess.run([sys.executable, "-c", code, str(policy)], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_without_pandas_the_frame_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line."""
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"^to_frame needs pandas: pip install smplist\[frame\]$"):
        ACME.lint().to_frame()


def test_hostile_names_stay_what_they_are() -> None:
    """Quotes, tags, marks from right to left and long names go through Arrow and are escaped in HTML."""
    hostile = ["<script>alert(1)</script>", "\u202egnp", "\"q\" & 'q'", "n" * 255]
    draft = one_site().to_dict()
    site = draft["internal"]["custom"]["lists"][0]
    lists = [{**site, "name": name, "ranges": [f"10.0.{i}.0/24"]} for i, name in enumerate(hostile)]
    custom = {**draft["internal"], "custom": {"lists": lists}}
    policy = smplist.Policy.from_dict({**draft, "title": "<img src=x onerror=alert(1)>" * 1000, "internal": custom})
    plan = policy.evaluate(smplist.Client(["10.0.0.1"], location="internal"), "file_reputation")
    assert pyarrow.table(plan).column("list").to_pylist()[0] == hostile[0]
    shown_ones: list[Any] = [plan, policy, policy.survivability(), policy.lint(), smplist.diff(policy, one_site())]
    for shown in shown_ones:
        html = shown._repr_html_()
        assert not re.search("<script|<img", html) and html == shown._repr_html_()


def shown() -> list[Any]:
    """Everything that a notebook shows."""
    compiled = ACME.compile()
    column = ["10.16.1.1", None, "bad", *["2001:db8:20::7"] * 300]
    values: list[Any] = [ACME, CLIENTS[0], ACME.lists[0], compiled, compiled.evaluate_many(column, service="file_reputation")]
    many = smplist.RangeSet(f"10.{i // 200}.{i % 200}.0/25" for i in range(1000))
    return [*answers().values(), *values, many, smplist.RangeSet(), ACME.partition().answers()[0], smplist.Address("::1")]


def test_displays_are_whole_small_and_without_scripts() -> None:
    """Well-formed HTML without scripts, links and colours of its own; the same each time; at most 200 rows, the rest counted."""
    for value in shown():
        html = value._repr_html_()
        assert html == value._repr_html_() and html.startswith("<")
        tree = ElementTree.fromstring(html)
        used = {part.tag for part in tree.iter()}
        assert used <= {"div", "p", "b", "table", "thead", "tbody", "tr", "th", "td", "pre"}, used
        assert {key for part in tree.iter() for key in part.attrib} <= {"style"}
        assert "color" not in html and "background" not in html
        for body in tree.iter("tbody"):
            assert len(body) <= 201, type(value)
        if not isinstance(value, smplist.RangeSet):  # whose repr is what makes it again
            assert len(repr(value)) < 2_000 and "\n" not in repr(value), type(value)


def test_rows_that_are_not_shown_are_counted() -> None:
    """Of answers, ranges and reports."""
    left = len(Pieces(ACME.partition()).rows()) - 200
    many: list[tuple[Any, int]] = [
        (ACME.compile().evaluate_many(["10.16.1.1"] * 1_203, service="file_reputation"), 1_003),
        (smplist.RangeSet(f"10.{i // 200}.{i % 200}.0/25" for i in range(1000)), 800),
        (ACME.partition(), left),
    ]
    for value, rest in many:
        assert f"<td>and {rest:,} more</td>" in value._repr_html_()
