# SPDX-License-Identifier: MIT
"""The table of engines: each row has its module, its agreement test and its page; nothing is imported before it is asked for."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys

import pytest
from conftest import ROOT
from smplist.engines import ENGINES

HERE = ROOT / "tests/python"


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_is_compared_with_one_process(name: str) -> None:
    """A test of a fixed name, in a file of its own, that asks about the million rows and asserts something."""
    tree = ast.parse((HERE / f"test_engines_{name}.py").read_text(encoding="utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert "test_agrees_with_one_process" in functions
    called, left = set(), ["test_agrees_with_one_process"]
    while left:
        for node in ast.walk(functions[left.pop()]):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id not in called:
                called.add(node.func.id)
                left += [node.func.id] if node.func.id in functions else []
    assert {"table", "assert_same"} <= called


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_has_its_module_and_its_page(name: str) -> None:
    module, sentence = ENGINES[name]
    assert sentence.endswith(".") and "\n" not in sentence
    pytest.importorskip({"spark": "pyspark"}.get(name, name))
    assert importlib.import_module(f"smplist.engines.{module}").__doc__
    page = (ROOT / "docs/reference/engines.md").read_text(encoding="utf-8")
    assert re.search(rf"^## {name}$", page, re.M | re.I)
    assert sentence in page


def test_the_table_imports_no_engine() -> None:
    """Neither `import smplist` nor the table of engines, nor the engines that are functions, until one of them is called."""
    others = "('polars', 'duckdb', 'pyspark', 'pyarrow', 'pandas', 'numpy')"
    code = (
        "import sys, smplist\n"
        "assert not [m for m in sys.modules if m.startswith('smplist.engines')]\n"
        "import smplist.engines, smplist.engines.duckdb, smplist.engines.spark\n"
        f"print([m for m in {others} if m in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (ended.stdout, ended.stderr) == ("[]\n", "")
