# SPDX-License-Identifier: MIT
"""Compiled policies: the plans of the policy, files and pickles, columns of every kind. [S-67]"""

from __future__ import annotations

import ipaddress
import os
import pickle
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import smplist
from conftest import Run
from generate import random_client, random_policy
from smplist._html import render

ROWS = ["10.20.3.4", None, "", "bogus", "2001:db8:20::1", "010.1.1.1", "::ffff:10.20.3.4", "1.2.3.4", "fe80::1%eth0"]
INVALID = (2, 3, 5)


@pytest.fixture(scope="module")
def policy() -> smplist.Policy:
    return smplist.load(Path(__file__).parents[2] / "docs" / "examples" / "acme" / "policy.yaml")


@pytest.fixture(scope="module")
def compiled(policy: smplist.Policy) -> smplist.CompiledPolicy:
    return policy.compile()


def rows_of(answers: smplist.Answers) -> list[tuple[Any, ...]]:
    return list(zip(answers.outcome.to_list(), answers.list.to_list(), answers.source.to_list(), strict=True))


def by_one(policy: smplist.Policy, row: str, id: str = "", down: str = "", service: str = "file_reputation") -> tuple[Any, ...]:
    """The answer for one row from the plain engine."""
    plan = policy.evaluate(smplist.Client([row], id=id, location="internal"), service)
    left = [a for a in plan.attempts if not a.url.startswith(down or "-")]
    return plan.outcome, left[0].list if left else None, left[0].source if left else None


def test_the_plan_is_that_of_the_policy() -> None:
    rng = random.Random(os.environ["SMPLIST_SEED"])
    for _ in range(300):
        document = random_policy(rng)
        policy = smplist.Policy.from_dict(document)
        compiled = policy.compile()
        for _ in range(4):
            client = smplist.Client.from_dict(random_client(rng, document))
            for service in smplist.Service:
                assert compiled.evaluate(client, service).to_json() == policy.evaluate(client, service).to_json()


def test_resolved_families_are_compiled_in(policy: smplist.Policy) -> None:
    document = policy.to_dict()
    for source in document["sources"].values():
        source.pop("families", None)
    unknown = smplist.Policy.from_dict(document)
    hosts = {str(s.host): ["ipv6"] for s in unknown.sources.values() if s.families is None}
    assert hosts
    client = smplist.Client(["10.20.3.4"], location="internal")
    plan = unknown.compile(resolved=hosts).evaluate(client, "file_reputation")
    assert plan == unknown.evaluate(client, "file_reputation", resolved=hosts)
    assert plan != unknown.evaluate(client, "file_reputation")


def test_a_column_gives_what_each_row_gives(policy: smplist.Policy, compiled: smplist.CompiledPolicy) -> None:
    answers = compiled.evaluate_many(ROWS, "file_reputation")
    assert answers.invalid == INVALID
    expected = [
        (None, None, None) if row is None or i in INVALID else by_one(policy, row) for i, row in enumerate(ROWS) if i != 8
    ]
    assert rows_of(answers)[:8] == expected
    assert answers.outcome[8] == "none_reachable"  # link-local: its zone is dropped
    assert answers.outcome[-1] == "none_reachable"
    with pytest.raises(IndexError, match="row 9 of 9"):
        answers.list[9]


def test_only_the_parts_that_are_wanted_are_there(compiled: smplist.CompiledPolicy) -> None:
    """As columns, as a table, as HTML; a part that was not wanted says how to get it."""
    whole = compiled.evaluate_many(ROWS, "file_reputation")
    assert whole.parts == ("outcome", "list", "source")
    some = compiled.evaluate_many(ROWS, "file_reputation", parts=("source", "outcome"))
    assert some.parts == ("outcome", "source") and some.invalid == whole.invalid
    assert some.source.to_list() == whole.source.to_list() and some.outcome.to_list() == whole.outcome.to_list()
    with pytest.raises(ValueError, match="no column list: name 'list' among the parts"):
        some.list  # noqa: B018
    html = render(some)
    assert ">source</th>" in html and ">list</th>" not in html
    assert len(compiled.evaluate_many(ROWS, "file_reputation", parts=())) == len(ROWS)
    with pytest.raises(ValueError, match="parts are 'outcome', 'list' and 'source', not 'lists'"):
        compiled.evaluate_many(ROWS, "file_reputation", parts=("lists",))
    pa = pytest.importorskip("pyarrow")
    assert pa.table(some).column_names == ["outcome", "source"]


def test_keys_and_availability_decide_as_for_one_client(policy: smplist.Policy, compiled: smplist.CompiledPolicy) -> None:
    rng = random.Random(os.environ["SMPLIST_SEED"])
    column = [str(ipaddress.IPv4Address(0x0A140000 + rng.randrange(1 << 16))) for _ in range(500)]
    keys = [f"pc-{i}" for i in range(500)]
    assert rows_of(compiled.evaluate_many(column, "file_reputation", keys=keys)) == [
        by_one(policy, row, key) for row, key in zip(column, keys, strict=True)
    ]
    source = policy.sources["sps-manila"]
    down = compiled.evaluate_many(column, "file_reputation", availability={source.identity("file_reputation"): "down"})
    assert rows_of(down) == [by_one(policy, row, down=source.url("file_reputation")) for row in column]
    with pytest.raises(ValueError, match="keys has 1 rows, the column has 500"):
        compiled.evaluate_many(column, "file_reputation", keys=["x"])
    with pytest.raises(TypeError, match="key 1 is a int; keys are the ids of clients"):
        compiled.evaluate_many(column[:2], "file_reputation", keys=["x", 7])
    without = compiled.evaluate_many(column[:3], "file_reputation", keys=["pc-0", None, ""])
    assert rows_of(without) == [by_one(policy, column[0], "pc-0"), *(by_one(policy, row) for row in column[1:3])]
    pa = pytest.importorskip("pyarrow")
    for given in (pa.array(keys), pa.chunked_array([keys[:200], keys[200:]]), tuple(keys)):
        by_column = compiled.evaluate_many(pa.array(column), "file_reputation", keys=given)
        assert rows_of(by_column) == rows_of(compiled.evaluate_many(column, "file_reputation", keys=keys))


def arrow_columns() -> list[Callable[[list[str | None]], Any]]:
    pa = pytest.importorskip("pyarrow")
    return [
        lambda rows: pa.array(rows, pa.utf8()),
        lambda rows: pa.array(rows, pa.large_utf8()),
        lambda rows: pa.array(rows, pa.string_view()),
        lambda rows: pa.array(rows, pa.utf8()).dictionary_encode(),
        lambda rows: pa.array(["1.1.1.1", *rows, "x" * 100], pa.utf8()).slice(1, len(rows)),
        lambda rows: pa.array(["1.1.1.1", *rows, "x" * 100], pa.string_view()).slice(1, len(rows)),
        lambda rows: pa.chunked_array([rows[:3], [], rows[3:]], pa.utf8()),
    ]


def test_arrow_columns_are_read_where_they_lie(compiled: smplist.CompiledPolicy) -> None:
    pa = pytest.importorskip("pyarrow")
    expected = compiled.evaluate_many(ROWS, "web_reputation")
    for make in arrow_columns():
        answers = compiled.evaluate_many(make(ROWS), "web_reputation")
        assert rows_of(answers) == rows_of(expected)
        assert answers.invalid == expected.invalid
    packed = [ipaddress.ip_address("10.20.3.4").packed, None, b"123", ipaddress.ip_address("2001:db8:20::1").packed]
    texts = ["10.20.3.4", None, "bogus", "2001:db8:20::1"]
    wanted = compiled.evaluate_many(texts, "file_reputation")
    assert rows_of(compiled.evaluate_many(pa.array(packed, pa.binary()), "file_reputation")) == rows_of(wanted)
    fixed = pa.array([packed[0], None], pa.binary(4))
    assert rows_of(compiled.evaluate_many(fixed, "file_reputation")) == rows_of(wanted)[:2]
    fixed = pa.array([packed[3], None], pa.binary(16))
    assert rows_of(compiled.evaluate_many(fixed, "file_reputation"))[0] == rows_of(wanted)[3]
    numbers = pa.array([int(ipaddress.ip_address("10.20.3.4")), None], pa.uint32())
    assert rows_of(compiled.evaluate_many(numbers, "file_reputation")) == rows_of(wanted)[:2]
    assert len(compiled.evaluate_many(pa.array([], pa.utf8()), "file_reputation")) == 0


def test_polars_and_pandas_columns(compiled: smplist.CompiledPolicy) -> None:
    expected = rows_of(compiled.evaluate_many(ROWS, "file_reputation"))
    polars = pytest.importorskip("polars")
    assert rows_of(compiled.evaluate_many(polars.Series(ROWS), "file_reputation")) == expected
    pandas = pytest.importorskip("pandas")
    assert rows_of(compiled.evaluate_many(pandas.Series(ROWS), "file_reputation")) == expected


def test_numpy_columns(compiled: smplist.CompiledPolicy) -> None:
    np = pytest.importorskip("numpy")
    rows = ["10.20.3.4", "2001:db8:20::1", "bogus"]
    expected = rows_of(compiled.evaluate_many(rows, "file_reputation"))
    packed = ipaddress.ip_address("2001:db8:20::1").packed
    number = int(ipaddress.ip_address("10.20.3.4"))
    cases = [
        (np.array(rows), expected),
        (np.array(rows, dtype=object), expected),
        (np.array([number] * 4, dtype=np.uint32)[::2], [expected[0]] * 2),
        (np.frombuffer(packed * 3, dtype=np.uint8).reshape(3, 16), [expected[1]] * 3),
        (np.frombuffer(packed * 4, dtype="S16")[::2], [expected[1]] * 2),
    ]
    for column, wanted in cases:
        assert rows_of(compiled.evaluate_many(column, "file_reputation")) == wanted


def test_items_of_every_kind(compiled: smplist.CompiledPolicy) -> None:
    ip = ipaddress.ip_address
    items = ["10.20.3.4", int(ip("10.20.3.4")), ip("10.20.3.4"), smplist.Address("10.20.3.4"), ip("::ffff:10.20.3.4")]
    assert len(set(rows_of(compiled.evaluate_many(items, "file_reputation")))) == 1
    assert compiled.evaluate_many(
        iter([1 << 128, -1, "\ud800", "1.2.3.4\0", "x" * 10_000_000, 1 << 127]), "file_reputation"
    ).invalid == (
        0,
        1,
        2,
        3,
        4,
    )


@pytest.mark.parametrize("column", ["10.0.0.1", b"10.0.0.1", 5, None, {"a": 1}, [1.5], [object()], memoryview(b"abc")])
def test_what_is_no_column_is_refused_with_what_is(compiled: smplist.CompiledPolicy, column: object) -> None:
    with pytest.raises(TypeError, match="accepted are Arrow utf8"):
        compiled.evaluate_many(column, "file_reputation")


def test_bad_rows_can_raise(compiled: smplist.CompiledPolicy) -> None:
    with pytest.raises(ValueError, match=r"row 2 is no address \(3 such rows\)"):
        compiled.evaluate_many(ROWS, "file_reputation", on_invalid="raise")
    with pytest.raises(ValueError, match="on_invalid is 'null' or 'raise', not 'x'"):
        compiled.evaluate_many(ROWS, "file_reputation", on_invalid="x")


def test_answers_leave_as_arrow(compiled: smplist.CompiledPolicy) -> None:
    pa = pytest.importorskip("pyarrow")
    answers = compiled.evaluate_many(ROWS, "file_reputation")
    for _ in range(2):  # a stream is made each time
        table = pa.table(answers)
        table.validate(full=True)
        assert table.column_names == ["outcome", "list", "source"]
        assert [tuple(row.values()) for row in table.to_pylist()] == rows_of(answers)
    column = pa.array(answers.source)
    del answers
    assert column.to_pylist()[0] == "sps-manila"
    pytest.importorskip("pandas")
    frame = compiled.evaluate_many(ROWS, "file_reputation").to_frame()
    assert list(frame.columns) == ["outcome", "list", "source"]
    assert frame["outcome"].isna().sum() == 4


def test_a_capsule_is_taken_once(compiled: smplist.CompiledPolicy) -> None:
    pa = pytest.importorskip("pyarrow")

    class Once:
        def __init__(self) -> None:
            self.capsules = pa.array(["10.0.0.1"]).__arrow_c_array__()

        def __arrow_c_array__(self) -> Any:
            return self.capsules

    column = Once()
    assert len(compiled.evaluate_many(column, "file_reputation")) == 1
    with pytest.raises(ValueError, match="released already"):
        compiled.evaluate_many(column, "file_reputation")


def test_threads_give_what_one_gives(compiled: smplist.CompiledPolicy) -> None:
    rng = random.Random(os.environ["SMPLIST_SEED"])
    rows: list[str | None] = [rng.choice([None, "x", str(ipaddress.IPv4Address(rng.getrandbits(32)))]) for _ in range(50_000)]
    one = compiled.evaluate_many(rows, "file_reputation")
    two = compiled.evaluate_many(rows, "file_reputation", threads=2)
    assert rows_of(one) == rows_of(two)
    assert one.invalid == two.invalid
    found: list[bool] = []
    workers = [
        threading.Thread(target=lambda: found.append(rows_of(compiled.evaluate_many(rows, "file_reputation")) == rows_of(one)))
        for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    assert found == [True] * 4


def test_values_and_pickles(policy: smplist.Policy, compiled: smplist.CompiledPolicy) -> None:
    assert compiled == policy.compile()
    assert hash(compiled) == hash(policy.compile())
    assert compiled.revision == policy.revision
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(compiled, protocol)) == compiled
    buffers: list[pickle.PickleBuffer] = []
    small = pickle.dumps(compiled, 5, buffer_callback=buffers.append)
    assert len(small) < 200
    assert len(buffers) == 1
    assert pickle.loads(small, buffers=buffers) == compiled


def test_files_open_as_they_were_saved(compiled: smplist.CompiledPolicy, tmp_path: Path) -> None:
    path = tmp_path / "acme.smpc"
    compiled.save(path)
    assert smplist.CompiledPolicy.open(path) == compiled
    assert smplist.CompiledPolicy.open(path, trusted=True) == compiled
    assert smplist.CompiledPolicy.from_bytes(path.read_bytes()) == compiled
    damaged = bytearray(path.read_bytes())
    damaged[1000] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(smplist.ParseError) as refused:
        smplist.CompiledPolicy.open(path)
    assert (refused.value.code, refused.value.offset) == ("wrong_checksum", 24)
    with pytest.raises(smplist.ParseError) as refused:
        smplist.CompiledPolicy.open(tmp_path / "absent")
    assert refused.value.code == "unreadable_file"
    with pytest.raises(OSError, match="No such file"):
        compiled.save(tmp_path / "absent" / "x.smpc")
    assert list(tmp_path.iterdir()) == [path]


def test_matching_lists_are_those_of_the_policy(policy: smplist.Policy, compiled: smplist.CompiledPolicy) -> None:
    for row in ("10.20.3.4", "1.2.3.4", "2001:db8:20::1", "0.0.0.0", "255.255.255.255", "::"):
        assert compiled.matching_lists(row) == policy.matching_lists(row)
    with pytest.raises(smplist.ParseError):
        compiled.matching_lists("x")


def test_the_import_brings_no_table_library() -> None:
    code = "import smplist, sys; print([m for m in ('numpy', 'pyarrow', 'pandas', 'polars') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_compile_writes_a_file(run: Run, acme: Path, tmp_path: Path) -> None:
    target = tmp_path / "acme.smpc"
    done = run("compile", str(acme / "policy.yaml"), "-o", str(target))
    assert done.returncode == 0, done.stderr
    assert smplist.CompiledPolicy.open(target).revision in done.stderr
    done = run("compile", str(acme / "policy.yaml"), "-o", str(tmp_path / "absent" / "x"))
    assert done.returncode == 2
    assert "cannot write" in done.stderr
