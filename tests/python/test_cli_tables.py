# SPDX-License-Identifier: MIT
"""Parquet and Arrow at the command line: the rows of CSV, one by one, in bounded memory."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Run
from engine_rows import says_without

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

POLICY = ROOT / "docs/examples/acme/policy.yaml"
FORMS = ["parquet", "arrow", "arrows"]


def write(path: Path, table: Any) -> Path:
    """A table as its suffix says, in pieces."""
    if path.suffix == ".parquet":
        pq.write_table(table, path, row_group_size=300)
    else:
        make = pa.ipc.new_stream if path.suffix == ".arrows" else pa.ipc.new_file
        with make(path, table.schema) as out:
            out.write_table(table, max_chunksize=300)
    return path


def read(path: Path) -> Any:
    """A table that was written."""
    if path.suffix == ".parquet":
        return pq.read_table(path)
    return (pa.ipc.open_stream if path.suffix == ".arrows" else pa.ipc.open_file)(path.read_bytes()).read_all()


@pytest.fixture(scope="module")
def clients() -> Any:
    """Acme's clients as a table: an empty cell is null, and addresses are lists."""
    with (ROOT / "docs/examples/acme/clients.csv").open(encoding="utf-8", newline="") as file:
        rows = [{k: v or None for k, v in row.items()} for row in csv.DictReader(file)]
    return pa.Table.from_pylist([row | {"addresses": (row["addresses"] or "").split()} for row in rows])


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """What CSV gives for them; there a row counts lines, and the header is one."""
    out = tmp_path_factory.mktemp("plans") / "plans.csv"
    command: list[str | Path] = [sys.executable, "-m", "smplist", "evaluate", POLICY, POLICY.with_name("clients.csv"), "-o", out]
    subprocess.run(command, check=True, timeout=300)
    with out.open(encoding="utf-8", newline="") as file:
        return [row | {"row": str(int(row["row"]) - 1)} for row in csv.DictReader(file)]


def as_csv(row: dict[str, Any]) -> dict[str, str]:
    """A row of a table as CSV has it."""
    return {k: "" if v is None else str(v).lower() if isinstance(v, bool) else str(v) for k, v in row.items()}


@pytest.mark.parametrize("form", FORMS)
def test_tables_say_what_csv_says(run: Run, tmp_path: Path, clients: Any, plans: list[dict[str, str]], form: str) -> None:
    """Into each format and out of it, by suffix."""
    given = write(tmp_path / f"clients.{form}", clients)
    ended = run("evaluate", POLICY, given, "-o", f"plans.{form}", "--rejects", "bad.csv")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    found = read(tmp_path / f"plans.{form}")
    assert [as_csv(row) for row in found.to_pylist()] == plans
    types = {name: found.schema.field(name).type for name in found.column_names}
    assert (types.pop("row"), types.pop("order_varies"), set(types.values())) == (pa.int64(), pa.bool_(), {pa.utf8()})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv", f"clients.{form}", f"plans.{form}"]


def test_arrow_goes_through_standard_streams(tmp_path: Path, clients: Any, plans: list[dict[str, str]]) -> None:
    """A stream in, a stream out; Parquet only out."""
    given = write(tmp_path / "clients.arrows", clients).read_bytes()
    command = [sys.executable, "-m", "smplist", "evaluate", str(POLICY), "-"]
    ended = subprocess.run([*command, "--from", "arrow", "--to", "arrow"], input=given, capture_output=True, timeout=300)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert [as_csv(row) for row in pa.ipc.open_stream(ended.stdout).read_all().to_pylist()] == plans
    ended = subprocess.run([*command, "--from", "arrow", "--to", "parquet"], input=given, capture_output=True, timeout=300)
    assert [as_csv(row) for row in pq.read_table(pa.BufferReader(ended.stdout)).to_pylist()] == plans
    ended = subprocess.run([*command, "--from", "parquet"], input=b"", capture_output=True, timeout=300)
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert ended.stderr == b"smplist: Parquet begins at its end and cannot be standard input; give a file, or Arrow\n"


def test_every_kind_of_text_column(run: Run, tmp_path: Path) -> None:
    """Texts with blanks, dictionaries, views and lists; gateways as structs; a column of nothing but null."""
    struct = pa.struct({"address": pa.utf8(), "mac": pa.utf8()})
    gateways = [[{"address": "10.20.0.1", "mac": "00:00:5e:00:53:20"}], [{"address": "10.20.0.1", "mac": None}], None]
    table = pa.table(
        {
            "id": pa.array(["a", "b", None]).dictionary_encode(),
            "addresses": pa.array(["10.20.3.4 2001:db8:20::1", "10.20.3.4", ""], pa.large_utf8()),
            "gateways": pa.array(gateways, pa.large_list(struct)),
            "location": pa.nulls(3),
            "stack": pa.array([["ipv4"], None, []], pa.list_(pa.string_view())),
        }
    )
    write(tmp_path / "c.arrow", table)
    ended = run("evaluate", POLICY, "c.arrow", "--service", "web_reputation", "--to", "csv")
    assert (ended.returncode, ended.stderr) == (0, "")
    rows = list(csv.DictReader(ended.stdout.splitlines()))
    assert [(row["id"], row["addresses"]) for row in rows] == [("a", "10.20.3.4 2001:db8:20::1"), ("b", "10.20.3.4"), ("", "")]
    lines = ['{"id":"a","addresses":["10.20.3.4","2001:db8:20::1"],"gateways":["10.20.0.1,00-00-5E-00-53-20"],"stack":["ipv4"]}']
    lines += ['{"id":"b","addresses":["10.20.3.4"],"gateways":["10.20.0.1"]}', '{"stack":[]}']
    (tmp_path / "c.ndjson").write_text("\n".join(lines), encoding="utf-8")
    assert run("evaluate", POLICY, "c.ndjson", "--service", "web_reputation", "--to", "csv").stdout == ended.stdout


def broken_text() -> Any:
    """Three texts, the second of which is not UTF-8."""
    return pa.Array.from_buffers(pa.utf8(), 3, [None, pa.array([0, 1, 2, 3], pa.int32()).buffers()[1], pa.py_buffer(b"a\xffc")])


@pytest.mark.parametrize("form", FORMS)
def test_rows_that_are_no_clients_never_stop_the_run(run: Run, tmp_path: Path, form: str) -> None:
    """They are kept with their row, counted from 1."""
    addresses = [["10.0.0.1"], ["10.0.0.2"], ["10.0.0.3"], ["10.0.0.300"], [None], ["10.0.0.6", "x"]]
    ids = pa.concat_arrays([broken_text(), pa.array(["d", "e", "f"])])
    write(tmp_path / f"c.{form}", pa.table({"addresses": addresses, "id": ids}))
    ended = run("evaluate", POLICY, f"c.{form}", "-o", "out.csv", "--rejects", "bad.csv", "--service", "web_reputation")
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", "4 rows rejected, see bad.csv\n")
    with (tmp_path / "bad.csv").open(encoding="utf-8", newline="") as file:
        bad = {int(row["line"]): (row["reason"], row["row"]) for row in csv.DictReader(file)}
    assert sorted(bad) == [2, 4, 5, 6]
    assert bad[2] == ("a byte is not UTF-8", "")
    assert bad[4] == ("addresses/0: an octet is above 255: '10.0.0.300'", '{"addresses": ["10.0.0.300"], "id": "d"}')
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        assert [(row["row"], row["id"]) for row in csv.DictReader(file)] == [("1", "a"), ("3", "c")]


def test_other_commands_read_tables(run: Run, tmp_path: Path, clients: Any) -> None:
    """`coverage`, `replay` and `load` take the same files of clients, and say the same as of CSV."""
    given, usual = write(tmp_path / "clients.parquet", clients), POLICY.with_name("clients.csv")
    for words in (["coverage", POLICY], ["load", POLICY, "--clients"], ["replay", POLICY, POLICY]):
        ended, expected = (run(*words, file, "--format", "json") for file in (given, usual))
        assert (ended.returncode, ended.stderr) == (expected.returncode, expected.stderr)
        assert ended.stdout == expected.stdout != "", words


def test_what_is_unusable_is_said_before_anything_is_written(run: Run, tmp_path: Path) -> None:
    """Columns, types and bytes: exit 2, one line, and what was there stays."""
    (tmp_path / "out.csv").write_text("precious", encoding="utf-8")
    write(tmp_path / "strange.parquet", pa.table({"adresses": ["10.0.0.1"]}))
    write(tmp_path / "lacking.arrow", pa.table({"id": ["a"]}))
    write(tmp_path / "numbers.arrow", pa.table({"addresses": [1]}))
    write(tmp_path / "listed.parquet", pa.table({"addresses": ["10.0.0.1"], "id": [["a"]]}))
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 nothing")
    (tmp_path / "broken.arrow").write_bytes(b"nothing at all")
    whole = write(tmp_path / "cut.arrows", pa.table({"addresses": [f"10.0.0.{i % 250}" for i in range(900)]})).read_bytes()
    (tmp_path / "cut.arrows").write_bytes(whole[:-2000])
    columns = "the columns are id, addresses, location, gateways, reached, stack"
    for name, says in {
        "strange.parquet": f"smplist: strange.parquet: unknown column 'adresses'; did you mean 'addresses'? {columns}\n",
        "lacking.arrow": f"smplist: lacking.arrow: no column 'addresses'; {columns}\n",
        "numbers.arrow": "smplist: the clients' column 'addresses' is int64; write text or lists of text\n",
        "listed.parquet": "smplist: the clients' column 'id' is list<element: string>; write text\n",
        "broken.parquet": "smplist: cannot read broken.parquet: ",
        "broken.arrow": "smplist: cannot read broken.arrow: ",
        "absent.arrow": "smplist: cannot read absent.arrow: No such file or directory\n",
        "absent.parquet": "smplist: cannot read absent.parquet: No such file or directory\n",
        "cut.arrows": "smplist: cannot read cut.arrows behind row 600: ",
    }.items():
        ended = run("evaluate", POLICY, name, "-o", "out.csv")
        assert (ended.returncode, ended.stdout) == (2, ""), name
        assert ended.stderr.startswith(says) and ended.stderr.count("\n") == 1, ended.stderr
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == "precious"
    assert not list(tmp_path.glob(".*"))


def test_a_full_disk_leaves_nothing(run: Run, tmp_path: Path) -> None:
    """A limit on the size of files stands for a disk that is full."""
    write(tmp_path / "c.parquet", pa.table({"addresses": [f"10.{i >> 8}.{i & 255}.1" for i in range(20_000)]}))
    for form in FORMS:
        (tmp_path / f"out.{form}").write_text("precious", encoding="utf-8")
        words = ["evaluate", POLICY, "c.parquet", "-o", f"out.{form}", "--service", "web_reputation"]
        ended = run(*words, before=["prlimit", "--fsize=20000"])
        said = f"smplist: cannot write out.{form}: File too large; allow larger files, or write to another place\n"
        assert (ended.returncode, ended.stderr) == (2, said)
        assert (tmp_path / f"out.{form}").read_text(encoding="utf-8") == "precious"
    assert not list(tmp_path.glob(".*"))


def peak_of_evaluate(folder: Path, rows: int, form: str) -> int:
    """The peak memory of `evaluate` from a table of this many rows into one, in KiB."""
    given = folder / f"clients-{rows}.{form}"
    if form == "parquet":
        out: Any = pq.ParquetWriter(given, pa.schema({"addresses": pa.utf8()}))
    else:
        out = pa.ipc.new_file(given, pa.schema({"addresses": pa.utf8()}))
    with out:
        for at in range(0, rows, 10_000):
            texts = [f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(at, at + 10_000)]
            out.write_table(pa.table({"addresses": texts}))
    script = (
        "import resource, sys\nfrom smplist.cli import cli\n"
        "cli(['evaluate', *sys.argv[1:], '--service', 'web_reputation'], standalone_mode=False)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    )
    command: list[str | Path] = [sys.executable, "-c", script, POLICY, given, "-o", folder / f"plans.{form}"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert ended.returncode == 0, ended.stderr
    return int(ended.stderr.split()[-1])


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_memory_does_not_grow_with_the_rows(tmp_path: Path, form: str) -> None:
    """Five times the rows, the same peak, within eight MiB; a hundred thousand plans that are kept would take fifty."""
    few, many = peak_of_evaluate(tmp_path, 20_000, form), peak_of_evaluate(tmp_path, 100_000, form)
    assert many - few < 8192


def test_without_pyarrow_it_says_what_to_install() -> None:
    code = f"import sys; from smplist.cli import main; sys.argv = ['smplist', 'evaluate', {str(POLICY)!r}, 'c.parquet']; main()"
    assert says_without("pyarrow", code, 2) == "smplist: Parquet or Arrow needs pyarrow: pip install smplist[frame]"
