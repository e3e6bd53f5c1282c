# SPDX-License-Identifier: MIT
"""A draft gets sources and lists, and is replaced only if it is valid then. [S-83]"""

from __future__ import annotations

from pathlib import Path

import pytest
import smplist
from conftest import Run
from smplist.merge import merge

DRAFT = """\
schema: smplist/1
title: ours
sources:
  a: {host: a.example, file_reputation: {port: 443}}
internal:
  mode: custom
  standard: {sources: [a]}
  custom:
    lists:
      - {name: x, ranges: [10.0.0.0/8], sources: [a]}
      - {name: y, ranges: [10.1.0.0/16], sources: [a]}
"""
NEW = """\
schema: smplist/1
title: theirs
sources:
  a: {host: new.example, file_reputation: {port: 443}}
  b: {host: b.example, file_reputation: {port: 443}}
internal:
  mode: custom
  standard: {sources: [b]}
  custom:
    lists:
      - {name: z, ranges: [10.2.0.0/16], sources: [b]}
      - {name: x, ranges: [10.9.0.0/16], sources: [b, a]}
"""


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    """A draft without comments, and something new."""
    (tmp_path / "new.yaml").write_text(NEW)
    (tmp_path / "draft.yaml").write_text(DRAFT)
    return tmp_path / "draft.yaml"


def test_what_has_a_name_is_replaced_in_its_place(run: Run, draft: Path) -> None:
    """Lists keep their order, new ones follow, and everything else stays the draft's."""
    assert run("convert", "new.yaml", "draft.yaml", "--merge").returncode == 0
    merged = smplist.load(draft)
    assert [(entry.name, [str(r) for r in entry.ranges], entry.sources) for entry in merged.lists] == [
        ("x", ["10.9.0.0/16"], ("b", "a")), ("y", ["10.1.0.0/16"], ("a",)), ("z", ["10.2.0.0/16"], ("b",)),
    ]  # fmt: skip
    assert (str(merged.sources["a"].host), merged.title, merged.standard.sources) == ("new.example", "ours", ("a",))
    assert merged == merge(smplist.loads(NEW), smplist.loads(DRAFT)) == merge(smplist.loads(NEW), merged)


def test_a_range_table_is_merged_into_a_draft(run: Run, draft: Path, tmp_path: Path) -> None:
    """A list that is there gets the ranges in addition."""
    (tmp_path / "t.csv").write_text("list,range,sources\nx,11.0.0.0/8,\nw,12.0.0.0/8,a\n")
    assert run("convert", "t.csv", "draft.yaml", "--merge").returncode == 0
    lists = {entry.name: [str(r) for r in entry.ranges] for entry in smplist.load(draft).lists}
    assert lists == {"x": ["10.0.0.0/8", "11.0.0.0/8"], "y": ["10.1.0.0/16"], "w": ["12.0.0.0/8"]}


def test_a_draft_that_would_be_invalid_is_not_replaced(run: Run, draft: Path, tmp_path: Path) -> None:
    """Not by half a table, nor by what is valid alone only."""
    (tmp_path / "t.csv").write_text("list,range,sources\nx,11.0.0.0/8,\nw,12.0.0.1/8,a\n")
    ended = run("convert", "t.csv", "draft.yaml", "--merge")
    assert ended.returncode == 2 and "t.csv:3:1: host bits are set" in ended.stderr
    (tmp_path / "new.yaml").write_text(NEW.replace("title: theirs", "title: theirs\nallow_web_reputation_https: true").replace(
        "b: {host: b.example,", "b: {host: b.example, web_reputation: {scheme: https, port: 443},"))  # fmt: skip
    ended = run("convert", "new.yaml", "draft.yaml", "--merge")
    assert ended.returncode == 2 and "new.yaml and draft.yaml together are no policy; nothing was written" in ended.stderr
    assert "web reputation" in ended.stderr and draft.read_text() == DRAFT


def test_a_draft_with_comments_is_asked_for(run: Run, draft: Path) -> None:
    """They would be lost."""
    draft.write_text("# ours\n" + DRAFT)
    ended = run("convert", "new.yaml", "draft.yaml", "--merge")
    assert ended.returncode == 2 and "draft.yaml has comments, and they would be lost" in ended.stderr
    assert run("convert", "new.yaml", "draft.yaml", "--merge", "--force").returncode == 0
    assert draft.read_text().startswith("schema")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["new.yaml", "none.yaml", "--merge"], "none.yaml is no draft to merge into"),
        (["new.yaml", "-", "--merge"], "- is no draft to merge into"),
        (["new.yaml", "draft.yaml", "--merge", "--into", "new.yaml"], "give one of them"),
        (["new.yaml", "draft.yaml", "--force"], "--force goes with --merge"),
        (["draft.yaml", "draft.yaml", "--merge"], "is one of the inputs"),
    ],
)
def test_what_cannot_be_merged_is_refused(run: Run, draft: Path, words: list[str], said: str) -> None:
    """In one line; the draft is what it was."""
    ended = run("convert", *words)
    assert ended.returncode == 2 and said in ended.stderr and draft.read_text() == DRAFT
