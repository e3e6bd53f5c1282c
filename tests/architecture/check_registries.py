# SPDX-License-Identifier: MIT
"""Families are complete: each file of a family has its row, its test and its heading, and each row its file."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def read(path: str) -> str:
    """A file of the repository."""
    return (ROOT / path).read_text(encoding="utf-8")


def lint_rules() -> list[str]:
    """Rules: file, row in lint.hpp with its function, test, heading."""
    table, page = read("include/smplist/analysis/lint.hpp"), read("docs/reference/lint-rules.md")
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests/cpp").glob("*_test.cpp"))
    rules = ROOT / "include/smplist/analysis/rules"
    wrong = []
    for path in sorted(rules.glob("*.hpp")):
        code = path.stem.replace("_", "-")
        places = {
            "row in lint.hpp": (table, f'{{"{code}"'),
            "test": (tests, f'"{code}"'),
            "heading in lint-rules.md": (page, f"## {code}"),
        }
        wrong += [f"{code}: no {what}" for what, (text, mark) in places.items() if mark not in text]
    rows = re.findall(r'\{"([a-z0-9-]+)", severity', table)
    headings = set(re.findall(r"^## ([a-z]+(?:-[a-z0-9]+)*)$", page, re.M))
    wrong += [f"lint-rules.md has {heading}, which is no rule" for heading in sorted(headings - set(rows))]
    # a row without a function is a rule that looks at more than the policy: somewhere else has its code
    elsewhere = "".join(
        read(place)
        for place in (
            "include/smplist/analysis/suppress.hpp",
            "include/smplist/document/lint_text.hpp",
            "python/smplist/findings.py",
        )
    )
    for row, function in re.findall(r'\{"([a-z0-9-]+)", severity[^}]*?(&detail::\w+)?\}', table):
        name = row.replace("-", "_")
        if function and function != f"&detail::check_{name}":
            wrong.append(f"{row}: the row has {function}")
        if function and not (rules / f"{name}.hpp").exists():
            wrong.append(f"{row}: no file")
        if not function and f'"{row}"' not in elsewhere:
            wrong.append(f"{row}: the row has no function, and nobody else finds it")
        if not function and f'"{row}"' not in tests + "".join(
            p.read_text(encoding="utf-8") for p in (ROOT / "tests/python").glob("test_*.py")
        ):
            wrong.append(f"{row}: no test")
        if not function and f"## {row}\n" not in page:
            wrong.append(f"{row}: no heading in lint-rules.md")
    return wrong


def orders_and_criteria() -> list[str]:
    """Orders and criteria: each file is included by its table header."""
    wrong = []
    for family, extra in (("order", ()), ("location", ("verdict",))):
        table = read(f"include/smplist/{family}.hpp")
        for path in sorted((ROOT / f"include/smplist/{family}").glob("*.hpp")):
            if path.stem not in extra and f"<smplist/{family}/{path.name}>" not in table:
                wrong.append(f"{family}/{path.name} is not in {family}.hpp")
    return wrong


def subcommands() -> list[str]:
    """Subcommands: file, row, heading."""
    table, page = read("python/smplist/cli/__init__.py"), read("docs/reference/cli.md")
    wrong = []
    for path in sorted((ROOT / "python/smplist/cli").glob("*.py")):
        if path.stem.startswith("_"):
            continue
        name = path.stem.replace("_", "-")
        if f'"{name}": ("{path.stem}", ' not in table:
            wrong.append(f"cli/{path.name} has no row in COMMANDS")
        if f"## {name}" not in page:
            wrong.append(f"{name}: no heading in cli.md")
    return wrong


def engines() -> list[str]:
    """Engines: file, row, agreement test, heading."""
    table, page = read("python/smplist/engines/__init__.py"), read("docs/reference/engines.md")
    rows = re.findall(r'^    "(\w+)": \("(\w+)", ".+"\),$', table, re.M)
    files = {path.stem for path in (ROOT / "python/smplist/engines").glob("*.py") if not path.stem.startswith("_")}
    wrong = [f"engines/{name}.py has no row in ENGINES" for name in sorted(files - {module for _, module in rows})]
    for name, module in rows:
        test = ROOT / f"tests/python/test_engines_{name}.py"
        if module not in files:
            wrong.append(f"{name}: no file engines/{module}.py")
        if not test.exists() or "def test_agrees_with_one_process(" not in test.read_text(encoding="utf-8"):
            wrong.append(f"{name}: no test_agrees_with_one_process in {test.name}")
        if not re.search(rf"^## {name}$", page, re.M | re.I):
            wrong.append(f"{name}: no heading in engines.md")
    return wrong


def main() -> int:
    """Report everything that is missing."""
    wrong = lint_rules() + orders_and_criteria() + subcommands() + engines()
    print("\n".join(wrong) or "registries are complete")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
