# SPDX-License-Identifier: MIT
"""Blame, against real repositories that are made here."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
import smplist
from conftest import Run

POLICY = """\
schema: smplist/1
sources:
  a: {{host: a.example, families: [ipv4, ipv6], file_reputation: {{port: 443}}}}
  b: {{host: b.example, families: [ipv4, ipv6], file_reputation: {{port: 443}}}}
internal:
  mode: custom
  custom:
    lists:
      - {{name: x, ranges: [10.0.0.0/24], sources: [{x}]}}
      - {{name: y, ranges: [10.0.1.0/24], sources: [{y}]}}
network: {{sources: [{network}]}}
"""


class Repository:
    """A repository with one policy file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "policy.yaml"
        self.git("init", "-q", "-b", "main")

    def git(self, *words: str) -> str:
        """Run git here, with a name and a date of its own."""
        who: dict[str, str] = {}
        for role in ("AUTHOR", "COMMITTER"):
            who |= {
                f"GIT_{role}_NAME": "Ann",
                f"GIT_{role}_EMAIL": "ann@acme.example",
                f"GIT_{role}_DATE": "2024-03-01T09:00:00+00:00",
            }
        environment = os.environ | who | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        return subprocess.run(
            ["git", *words], cwd=self.folder, check=True, capture_output=True, encoding="utf-8", env=environment
        ).stdout.strip()

    def commit(self, text: str, subject: str) -> str:
        """The file as `text`; the commit's name."""
        self.file.write_text(text, encoding="utf-8")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", subject)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """An empty one."""
    (tmp_path / "repo").mkdir()
    return Repository(tmp_path / "repo")


def commits(found: smplist.Blame, service: str = "file_reputation") -> dict[str, str]:
    """The commit of each run of addresses that begins in 10.0.0.0/23, and of those outside."""
    return {
        str(row["first"]): row["commit"]
        for row in found.rows()
        if row["service"] == service and (row["first"] is None or row["first"].startswith("10.0."))
    }


def test_each_answer_is_put_down_to_the_commit_that_changed_it(repository: Repository) -> None:
    """Comments, splits and unused sources change no answer."""
    one = repository.commit(POLICY.format(x="a", y="a", network="a"), "first")
    two = repository.commit(POLICY.format(x="b", y="a", network="a"), "x asks b")
    repository.commit(POLICY.format(x="b", y="a", network="a") + "# a comment\n", "words")
    repository.commit(POLICY.format(x="b", y="a", network="a").replace("10.0.1.0/24", "10.0.1.0/25, 10.0.1.128/25"), "split")
    three = repository.commit(POLICY.format(x="b", y="a", network="b"), "outside")
    found = smplist.blame(repository.file)
    assert commits(found) == {"10.0.0.0": two, "10.0.1.0": one, "10.0.2.0": one, "None": three}
    assert found.rows()[0]["author"] == "Ann"
    text = found.to_text()
    assert f"{two[:12]} 2024-03-01 Ann: x asks b" in text and "10.0.0.0/24 (256), file reputation: x: b" in text
    assert "words" not in text and "split" not in text
    only = smplist.blame(repository.file, address="10.0.0.77")
    assert {row["commit"] for row in only.rows() if row["service"] == "file_reputation"} == {two}


def test_there_and_back_is_a_change(repository: Repository) -> None:
    """The last change counts, also one that was there before."""
    repository.commit(POLICY.format(x="a", y="a", network="a"), "first")
    repository.commit(POLICY.format(x="b", y="a", network="a"), "there")
    back = repository.commit(POLICY.format(x="a", y="a", network="a"), "back")
    assert commits(smplist.blame(repository.file))["10.0.0.0"] == back


def test_what_is_not_committed_is_said_to_be_so(repository: Repository) -> None:
    """As `git blame` does."""
    one = repository.commit(POLICY.format(x="a", y="a", network="a"), "first")
    repository.file.write_text(POLICY.format(x="a", y="b", network="a"), encoding="utf-8")
    found = smplist.blame(repository.file)
    assert commits(found)["10.0.1.0"] == "working-tree" and commits(found)["10.0.0.0"] == one
    assert "not committed yet" in found.to_text()


def test_a_version_that_does_not_load_is_stepped_over(repository: Repository) -> None:
    """And its change counts for the next one."""
    repository.commit(POLICY.format(x="a", y="a", network="a"), "first")
    broken = repository.commit("schema: smplist/1\nsources: [\n", "broken")
    mended = repository.commit(POLICY.format(x="b", y="a", network="a"), "mended")
    found = smplist.blame(repository.file)
    assert commits(found)["10.0.0.0"] == mended
    assert f"skipped {broken[:12]}: it does not load" in found.to_text()


def test_renames_and_merges_are_followed(repository: Repository) -> None:
    """A merge stands for what it brought."""
    one = repository.commit(POLICY.format(x="a", y="a", network="a"), "first")
    repository.git("mv", "policy.yaml", "acme.yaml")
    repository.git("commit", "-q", "-m", "rename")
    repository.file = repository.folder / "acme.yaml"
    repository.git("checkout", "-q", "-b", "side")
    repository.commit(POLICY.format(x="b", y="a", network="a"), "on the side")
    repository.git("checkout", "-q", "main")
    repository.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    merge = repository.git("rev-parse", "HEAD")
    found = smplist.blame(repository.file)
    assert commits(found)["10.0.0.0"] == merge and commits(found)["10.0.1.0"] == one


def test_a_bounded_history_says_that_it_is(repository: Repository) -> None:
    """What is older has no commit."""
    repository.commit(POLICY.format(x="a", y="a", network="a"), "first")
    two = repository.commit(POLICY.format(x="b", y="a", network="a"), "second")
    three = repository.commit(POLICY.format(x="b", y="b", network="a"), "third")
    assert commits(smplist.blame(repository.file, max_count=2))["10.0.0.0"] is None
    assert commits(smplist.blame(repository.file, max_count=2))["10.0.1.0"] == three
    assert commits(smplist.blame(repository.file, max_count=3))["10.0.0.0"] == two
    assert "older than the versions looked at" in smplist.blame(repository.file, max_count=2).to_text()


def test_the_command_line(run: Run, repository: Repository, tmp_path: Path) -> None:
    """Formats, and what it says without a history."""
    one = repository.commit(POLICY.format(x="a", y="a", network="a"), "=first")
    ended = run("blame", repository.file, "--address", "10.0.0.1")
    assert ended.returncode == 0 and one[:12] in ended.stdout
    data = json.loads(run("blame", repository.file, "--format", "json").stdout)
    assert data["commits"][one]["subject"] == "=first"
    assert "'=first" in run("blame", repository.file, "--format", "csv").stdout
    stray = tmp_path / "stray.yaml"
    stray.write_text(POLICY.format(x="a", y="a", network="a"), encoding="utf-8")
    lost = run("blame", stray)
    assert lost.returncode == 2 and "not a git repository" in lost.stderr and "Traceback" not in lost.stderr
    missing = run("blame", repository.file, environment={"PATH": "/nowhere"})
    assert missing.returncode == 2 and "git is not installed" in missing.stderr
    wrong = run("blame", repository.file, "--address", "10.0.0.300")
    assert wrong.returncode == 2 and "--address" in wrong.stderr
    fresh = repository.folder / "fresh.yaml"
    fresh.write_text(stray.read_text(encoding="utf-8"), encoding="utf-8")
    unknown = run("blame", fresh)
    assert unknown.returncode == 2 and "commit it first" in unknown.stderr
