# SPDX-License-Identifier: MIT
"""The command line: exit codes, streams, files that appear whole or not at all, and rows by the thousand."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import smplist
from conftest import ROOT, Run
from terminal import in_terminal

POLICY = """\
schema: smplist/1
sources:
  hq: {host: hq.example, families: [ipv4], file_reputation: {port: 443}, web_reputation: {port: 80}}
  spare: {host: 10.1.0.9, file_reputation: {scheme: http, port: 8082}}
internal: {mode: standard, standard: {sources: [hq, spare]}}
network: {sources: [hq]}
"""


# nothing to find in it
CLEAN = """\
schema: smplist/1
sources:
  hq: {host: hq.example, families: [ipv4, ipv6], file_reputation: {port: 443}, web_reputation: {port: 80}}
  spare: {host: spare.example, families: [ipv4, ipv6], file_reputation: {port: 443}, web_reputation: {port: 80}}
  third: {host: third.example, families: [ipv4, ipv6], file_reputation: {port: 443}, web_reputation: {port: 80}}
internal: {mode: standard, standard: {sources: [hq, third, spare]}}
network: {sources: [hq, third]}
"""


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A small policy that is clean."""
    path = tmp_path / "p.yaml"
    path.write_text(POLICY, encoding="utf-8")
    return path


def test_explain_says_what_a_manager_reads(run: Run, acme: Path) -> None:
    """Location, list and range, attempts with URL and route, what is left out, fallback, scope, and the end of the road."""
    ended = run("explain", acme / "policy.yaml", "--address", "10.20.3.4", "--service", "file_reputation")
    assert (ended.returncode, ended.stderr) == (0, "")
    outside, inside = ended.stdout.split(
        "\nIf the client is internal (--location internal, or evidence: --gateway, --reached):\n\n"
    )
    assert "external: nothing shows that the client is internal, so it is external  [S-33]" in outside
    revision = smplist.load(acme / "policy.yaml").revision
    assert inside.splitlines() == [
        "File reputation: 10.20.3.4",
        "  location      internal: the caller says that the client is internal  [S-30]",
        "  families      the client can use IPv4  [S-50]",
        "  list          10.20.3.4 is in 10.20.0.0/16 of the list manila  [S-44]",
        "  list          apac would match too; the rule 'first' decides  [S-44]",
        "  fallback      the standard list is the fallback  [S-43]",
        "  asks, in this order",
        "    from the list manila, in a random order, fixed by the client's address",
        "     1. sps-manila  https://sps.manila.acme.example:443/tmcss",
        "        through the proxy proxy.manila.acme.example:3128, over IPv4",
        "     2. sps-singapore  https://sps.singapore.acme.example:443/tmcss",
        "        through the proxy proxy.manila.acme.example:3128, over IPv4",
        "    then, if none of these answers, the standard list, as written",
        "     3. sps-hq  https://sps-hq.acme.example:443/tmcss",
        "        directly, over IPv4",
        "     4. sps-frankfurt-1  https://sps1.frankfurt.acme.example:443/tmcss",
        "        directly, over IPv4",
        "     5. osce  http://10.1.0.5:8082/tmcss",
        "        directly, over IPv4",
        "  leaves out",
        "    sps-manila-v6 of manila: needs a proxy that converts between IPv4 and IPv6, and this one does not  [S-53]",
        "  if no answer  the file is flagged, allowed for now and scanned again on reconnect  [S-66]",
        "  same answer   from 10.20.0.0 to 10.20.255.255 (65,536 addresses); only the random order varies  [S-62]",
        f"  policy        {revision}",
    ]


def test_explain_with_sources_that_are_down(run: Run, acme: Path) -> None:
    """The next one is asked; when all are down, nothing is. [S-65]"""
    words = ("explain", acme / "policy.yaml", "--address", "10.20.3.4", "--location", "internal", "--service", "file_reputation")
    text = run(*words, "--down", "sps-manila").stdout
    assert "sps-manila  https://sps.manila.acme.example:443/tmcss  (down)" in text
    assert "sps-singapore  https://sps.singapore.acme.example:443/tmcss  <- asked now" in text
    plan = json.loads(run(*words, "--down", "sps-manila/file_reputation", "--format", "json").stdout)
    assert plan["first_available"] == plan["attempts"][1]
    plan = json.loads(run(*words, "--down", "sps-manila/web_reputation", "--format", "json").stdout)
    assert plan["first_available"] == plan["attempts"][0]
    down = [word for attempt in plan["attempts"] for word in ("--down", attempt["source"])]
    assert json.loads(run(*words, *down, "--format", "json").stdout)["first_available"] is None


def test_check_levels_and_formats(run: Run, tmp_path: Path, policy: Path) -> None:
    """Findings at or above the level make the exit code 1; each format says the same."""
    policy.write_text(CLEAN, encoding="utf-8")
    clean = run("check", policy.name)
    assert (clean.returncode, clean.stdout, clean.stderr) == (0, "1 policy checked, nothing found\n", "")
    warned = tmp_path / "warned.yaml"
    warned.write_text(CLEAN.replace(", third, spare]", ", third]"), encoding="utf-8")
    says = "no list names the source 'spare'"
    for form in ("text", "json", "ndjson", "sarif", "github"):
        ended = run("check", warned.name, policy.name, "--format", form)
        assert ended.returncode == 1
        assert says in ended.stdout
    assert json.loads(run("check", warned.name, "--format", "json").stdout)[0]["line"] == 4
    assert run("check", warned.name, "--fail-level", "error").returncode == 0
    assert run("check", warned.name, "--fail-level", "never").returncode == 0
    (tmp_path / "wrong.yaml").write_text("schema: smplist/1\n", encoding="utf-8")
    for form in ("text", "json", "ndjson", "github"):
        ended = run("check", "wrong.yaml", warned.name, "none.yaml", "--format", form, "--fail-level", "never")
        assert ended.returncode == 2
        out = ended.stdout + ended.stderr
        assert "the key 'sources' is missing" in out and says in out and "No such file" in out


def test_evaluate_writes_a_row_for_each_client_and_service(run: Run, acme: Path, tmp_path: Path) -> None:
    """CSV and NDJSON say what `evaluate` of Python says, for every row of Acme."""
    with (acme / "clients.csv").open(encoding="utf-8", newline="") as file:
        clients = [smplist.Client.from_dict({k: v if k in ("id", "location") else v.split() for k, v in row.items() if v})
                   for row in csv.DictReader(file)]  # fmt: skip
    policy = smplist.load(acme / "policy.yaml")
    plans = [policy.evaluate(client, service) for client in clients for service in smplist.Service]
    ended = run("evaluate", acme / "policy.yaml", acme / "clients.csv", "-o", "plans.csv", "--rejects", "bad.csv")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    with (tmp_path / "plans.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(plans) == 4000
    for row, plan in zip(rows, plans, strict=True):
        assert row["outcome"] == plan.outcome
        assert row["attempts"] == ";".join(attempt.source for attempt in plan.attempts)
        assert row["url"] == (plan.attempts[0].url if plan.attempts else "")
        assert row["via"] == ((plan.attempts[0].via or "") if plan.attempts else "")
        assert row["lists"] == ";".join(plan.lists)
        assert row["scope_last"] == (str(plan.scope.last) if plan.scope else "")
        assert row["revision"] == policy.revision
    assert (tmp_path / "bad.csv").read_bytes() == b"line,reason,row\r\n"
    run("evaluate", acme / "policy.yaml", acme / "clients.csv", "-o", "plans.ndjson")
    lines = (tmp_path / "plans.ndjson").read_text(encoding="utf-8").splitlines()
    assert lines == [plan.to_json() for plan in plans]


BAD_ROWS = """\
id,addresses,location
one,10.0.0.1,internal
two,10.0.0.300,internal
three,10.0.0.1
four,10.0.0.1,moon
"five
lines",10.0.0.1 2001:db8::1,
\ud800,10.0.0.1,
=six,,
""".encode("utf-8", "surrogatepass")


def test_rows_that_are_no_clients_never_stop_the_run(run: Run, tmp_path: Path, policy: Path) -> None:
    """They are counted, explained, and kept with their line; the rest is answered."""
    (tmp_path / "c.csv").write_bytes(BAD_ROWS + b"seven,10.0.0.1\x00,\n" + b"x" * 2_000_000 + b",10.0.0.1,\neight,10.0.0.8,\n")
    ended = run("evaluate", policy.name, "c.csv", "-o", "out.csv", "--rejects", "bad.csv", "--service", "web_reputation")
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", "7 rows rejected, see bad.csv\n")
    with (tmp_path / "bad.csv").open(encoding="utf-8", newline="") as file:
        bad = {int(row["line"]): row["reason"] for row in csv.DictReader(file)}
    assert bad == {
        3: "addresses/0: an octet is above 255: '10.0.0.300'",
        4: "2 columns, expected 3",
        5: "location: unknown word 'moon'",
        7: "id: a control character in the id: 'five\\x0alines'",
        8: "a byte is not UTF-8",
        10: "addresses/0: unexpected character: '10.0.0.1\\x00'",
        11: "the line is longer than 1,000,000 characters",
    }
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        assert [row["id"] for row in csv.DictReader(file)] == ["one", "=six", "eight"]
    shown = run("evaluate", policy.name, "c.csv", "--service", "web_reputation")
    assert shown.returncode == 1
    assert "line 3: addresses/0: an octet is above 255: '10.0.0.300'" in shown.stderr.splitlines()


def test_evaluate_refuses_before_it_writes(run: Run, tmp_path: Path, policy: Path) -> None:
    """No header, a strange column, an output that is an input: exit 2, and what was there stays."""
    (tmp_path / "out.csv").write_text("precious", encoding="utf-8")
    for content, says in {
        "": "smplist: the clients are empty: the first line names the columns",
        "id,adresses\n": "smplist: c.csv: line 1: unknown column 'adresses'; did you mean 'addresses'? the columns are "
        "id, addresses, location, "
        "gateways, reached, stack",
        "id\n": "smplist: c.csv: line 1: no column 'addresses'; the columns are id, addresses, location, gateways, "
        "reached, stack",
    }.items():
        (tmp_path / "c.csv").write_text(content, encoding="utf-8")
        ended = run("evaluate", policy.name, "c.csv", "-o", "out.csv")
        assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", f"{says}\n")
        ended = run("evaluate", policy.name, "c.csv", "--rejects", "bad.csv")
        assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", f"{says}\n")
    ended = run("evaluate", policy.name, "c.csv", "-o", "c.csv")
    assert (ended.returncode, ended.stderr) == (2, "smplist: c.csv is one of the inputs; write to another file\n")
    ended = run("evaluate", policy.name, "c.txt")
    assert (ended.returncode, "names no format" in ended.stderr) == (2, True)
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == "precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.csv", "out.csv", "p.yaml"]


def peak_of_evaluate(policy: Path, rows: int) -> int:
    """The peak memory of `evaluate` over this many rows from standard input, in KiB."""
    script = (
        "import resource, sys\nfrom smplist.cli import cli\n"
        "cli(['evaluate', *sys.argv[1:], '--to', 'csv', '--service', 'web_reputation'], standalone_mode=False)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, policy, "-", "-o", "/dev/null"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    process.stdin.write("id,addresses\n")
    for number in range(rows):
        process.stdin.write(f"pc-{number},10.{number >> 16}.{number >> 8 & 255}.{number & 255}\n")
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    return int(said.split()[-1])


def test_memory_does_not_grow_with_the_rows(policy: Path) -> None:
    """Sixteen times the rows, the same peak, within two MiB."""
    few, many = peak_of_evaluate(policy, 5_000), peak_of_evaluate(policy, 80_000)
    assert many - few < 2048


@pytest.mark.parametrize("command", ["evaluate", "compile"])
def test_a_pipe_is_written_into_and_stays(run: Run, policy: Path, tmp_path: Path, command: str) -> None:
    """So does a device: nobody's /dev/null becomes a file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "one.csv").write_text("id,addresses\npc-1,10.1.1.1\n", encoding="utf-8")
    options = ["one.csv", "--to", "csv", "-o", pipe] if command == "evaluate" else ["-o", pipe]
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
        ended = run(command, policy.name, *options)
        try:
            read, _ = reader.communicate(timeout=20)
        finally:
            reader.kill()  # it waits for ever if the pipe was replaced
    assert ended.returncode == 0, ended.stderr
    assert read
    assert pipe.is_fifo()


def test_fmt_and_convert_keep_the_policy(run: Run, acme: Path, tmp_path: Path) -> None:
    """Same policy, same revision, in every form; the canonical form is what the revision is made of."""
    policy = smplist.load(acme / "policy.yaml")
    assert run("convert", acme / "policy.yaml", "a.json").returncode == 0
    assert "sha256:" + hashlib.sha256((tmp_path / "a.json").read_bytes()).hexdigest() == policy.revision
    assert run("convert", "a.json", "a.yaml").returncode == 0
    assert smplist.load(tmp_path / "a.yaml") == policy
    for form in ("a.json", "a.yaml"):
        assert run("fmt", form, "--write").returncode == 0
        before = (tmp_path / form).read_bytes()
        assert run("fmt", form, "--check").returncode == 0
        assert run("fmt", form).stdout.encode() == before
        assert run("fmt", form, "--write").returncode == 0
        assert (tmp_path / form).read_bytes() == before
        assert smplist.load(tmp_path / form) == policy
        assert run("fmt", form, "--canonical").stdout == policy.to_json()
    assert run("fmt", acme / "policy.yaml", "--check").returncode == 1


def test_fmt_does_not_lose_comments_unasked(run: Run, tmp_path: Path, policy: Path) -> None:
    """A file with comments is not written without `--force`."""
    policy.write_text(f"# ours\n{POLICY}", encoding="utf-8")
    ended = run("fmt", policy.name, "--write")
    assert ended.returncode == 2 and "--force" in ended.stderr
    assert policy.read_text(encoding="utf-8").startswith("# ours\n")
    assert run("fmt", policy.name, "--write", "--force").returncode == 0
    assert not policy.read_text(encoding="utf-8").startswith("#")


def test_convert_imports_range_tables(run: Run, tmp_path: Path, policy: Path) -> None:
    """Both shapes of table; every wrong row is named, and nothing is written."""
    (tmp_path / "t.csv").write_text(
        "list,first,last,sources\na,10.0.0.0,10.0.0.255,hq;spare\na,10.0.2.0,10.0.2.9,\nb,::,::f,hq\n"
    )
    ended = run("convert", "t.csv", "out.yaml", "--into", policy.name)
    assert (ended.returncode, ended.stderr) == (0, "")
    lists = smplist.load(tmp_path / "out.yaml").lists
    assert [(entry.name, [str(r) for r in entry.ranges], entry.sources) for entry in lists] == [
        ("a", ["10.0.0.0/24", "10.0.2.0-10.0.2.9"], ("hq", "spare")),
        ("b", ["::/124"], ("hq",)),
    ]
    (tmp_path / "t.csv").write_text(
        "list,range,sources\na,10.0.0.0/8,hq\na,10.0.0.1/8,hq\nb,10.0.0.0-9,hq\nc,10.0.0.0/8,nobody\n"
    )
    ended = run("convert", "t.csv", "new.yaml", "--into", policy.name)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert [line.split(":")[1] for line in ended.stderr.splitlines()[:3]] == ["3", "4", "5"]
    assert not (tmp_path / "new.yaml").exists()
    ended = run("convert", "t.csv", "new.yaml")
    assert ended.returncode == 2 and "--into" in ended.stderr
    (tmp_path / "t.csv").write_text(
        'list,range,sources\na,10.0.0.0/8,hq,spare\n"b\u2028",10.0.0.0/9,hq\nc,x,hq\n', encoding="utf-8"
    )
    assert run("convert", "t.csv", "new.yaml", "--into", policy.name).stderr.splitlines()[:2] == [
        "t.csv:2:1: 4 cells in 3 columns; quote a cell that has a comma; sources are separated by ';'",
        "t.csv:4:1: unexpected character: 'x'; remove it",
    ]


def test_convert_does_not_write_over_its_inputs(run: Run, tmp_path: Path, policy: Path) -> None:
    """Neither over the policy nor over the one that ranges go into."""
    (tmp_path / "t.csv").write_text("list,range,sources\na,10.0.0.0/8,hq\n", encoding="utf-8")
    for words in (("convert", policy.name, policy.name), ("convert", "t.csv", policy.name, "--into", policy.name)):
        ended = run(*words)
        assert ended.returncode == 2 and f"{policy.name} is one of the inputs" in ended.stderr
    assert policy.read_text(encoding="utf-8") == POLICY


def test_schemas_are_printed_and_plans_and_policies_fit_them(run: Run, acme: Path) -> None:
    """Every plan of Acme's first two hundred clients, the policy and its canonical form."""
    jsonschema = pytest.importorskip("jsonschema")
    validators = {}
    for which in ("policy", "client", "plan"):
        schema = json.loads(run("schema", which).stdout)
        jsonschema.Draft202012Validator.check_schema(schema)
        validators[which] = jsonschema.Draft202012Validator(schema)
        assert schema == smplist.schema(which)
    assert json.loads(run("schema").stdout) == smplist.schema("policy")
    policy = smplist.load(acme / "policy.yaml")
    validators["policy"].validate(policy.to_dict())
    ended = run("explain", acme / "policy.yaml", "--address", "10.20.3.4", "--location", "internal", "--format", "json")
    for plan in json.loads(ended.stdout):
        validators["plan"].validate(plan)
    with (acme / "clients.csv").open(encoding="utf-8", newline="") as file:
        for row in list(csv.DictReader(file))[:200]:
            client = smplist.Client.from_dict({k: v if k in ("id", "location") else v.split() for k, v in row.items() if v})
            validators["client"].validate(client.to_dict())
            for service in smplist.Service:
                validators["plan"].validate(policy.evaluate(client, service).to_dict())
    wrong = policy.to_dict()
    wrong["sources"]["hq"] = {"host": "hq.example"}
    wrong["internal"]["mode"] = "custm"
    assert len(list(validators["policy"].iter_errors(wrong))) == 2
    assert run("schema", "moon").returncode == 2


def test_streams_pipes_and_help(run: Run, policy: Path) -> None:
    """Standard input and output, a reader that goes away, and helps with examples."""
    assert json.loads(run("convert", "-", "-", given=POLICY).stdout) == smplist.load(policy).to_dict()
    command = f"{sys.executable} -m smplist evaluate {policy} - < {ROOT}/docs/examples/acme/clients.csv | head -1"
    piped = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert (piped.stdout.count("\n"), piped.stderr) == (1, "")
    assert run("--version").stdout == f"smplist {smplist.__version__}\n"
    for name in ("check", "explain", "evaluate", "fmt", "convert", "schema"):
        assert f"\n  {name} " in run("--help").stdout
        assert "Example" in run(name, "--help").stdout
    assert run("explian").returncode == 2
    assert run("explain", policy.name, "--format", "xml").returncode == 2


def test_help_imports_nothing_heavy() -> None:
    """Help answers at once because nothing is imported that it does not need."""
    script = (
        "import sys; from smplist.cli import cli; cli(['--help'], standalone_mode=False); print(*sys.modules, file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0
    assert set(ended.stderr.split()) & {"ruamel.yaml", "rich", "numpy", "asyncio", "smplist.cli.explain"} == set()


def test_the_package_needs_no_other_package(acme: Path) -> None:
    """Import, load, evaluate and explain with the standard library alone; YAML says what it needs."""
    document = json.dumps(smplist.load(acme / "policy.yaml").to_dict())
    script = (
        "import sys\nclass Nothing:\n    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] not in sys.stdlib_module_names | {'smplist'}: raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Nothing())\nimport smplist\npolicy = smplist.loads(sys.stdin.read())\n"
        "client = smplist.Client(['10.20.3.4'], location='internal')\n"
        "print(policy.evaluate(client, 'file_reputation').explain()[:15])\n"
        "try: smplist.loads('schema: smplist/1')\nexcept ImportError as error: print(error)"
    )
    ended = subprocess.run([sys.executable, "-c", script], input=document, capture_output=True, text=True, timeout=60)
    assert ended.stderr == ""
    assert ended.stdout.splitlines() == [
        "File reputation",
        "reading YAML needs ruamel.yaml: pip install ruamel.yaml (JSON needs nothing)",
    ]


@pytest.mark.parametrize("colour", [{}, {"NO_COLOR": "1"}])
def test_progress_is_for_terminals(tmp_path: Path, policy: Path, colour: dict[str, str]) -> None:
    """A count on a terminal, and nothing with NO_COLOR."""
    clients = tmp_path / "c.csv"
    clients.write_text("addresses\n" + "10.0.0.1\n" * 60_000, encoding="utf-8")
    shown = in_terminal(["evaluate", policy, clients, "-o", tmp_path / "out.csv"], colour, "err")
    assert ("clients, " in shown) == (not colour)


def test_a_full_disk_leaves_nothing(run: Run, tmp_path: Path, policy: Path) -> None:
    """A limit on the size of files stands for a disk that is full."""
    (tmp_path / "c.csv").write_text("addresses\n" + "10.0.0.1\n" * 5_000, encoding="utf-8")
    (tmp_path / "out.csv").write_text("precious", encoding="utf-8")
    assert resource.RLIMIT_FSIZE
    ended = run("evaluate", policy.name, "c.csv", "-o", "out.csv", before=["prlimit", "--fsize=100000"])
    assert (ended.returncode, "Traceback" in ended.stderr) == (2, False)
    assert ended.stderr == "smplist: cannot write out.csv: File too large; allow larger files, or write to another place\n"
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == "precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.csv", "out.csv", "p.yaml"]
