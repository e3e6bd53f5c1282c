# SPDX-License-Identifier: MIT
"""The corpus: cases written by hand from the clauses, read by C++ and Python alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

Tree = dict[str, Any]

FOLDER = Path(__file__).parents[1] / "corpus"


def cases() -> list[Tree]:
    """Every case of the corpus, with the policy it names in its place."""
    found = []
    for path in sorted(FOLDER.glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        assert document["format"] == "smplist-corpus/1"
        for case in document["cases"]:
            where = case.get("failover", case)
            if isinstance(where.get("policy"), str):
                where["policy"] = document["policies"][where["policy"]]
            found.append({"file": path.stem, **case})
    return found


CASES = cases()


def of_kind(key: str) -> list[Any]:
    """The cases that have a key, named by their sentence."""
    return [pytest.param(case, id=f"{case['file']}: {case['name']}") for case in CASES if key in case]
