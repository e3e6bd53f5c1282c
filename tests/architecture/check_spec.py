# SPDX-License-Identifier: MIT
"""The spec is a file: every clause is cited by a test or a corpus case, and nothing cites a clause that does not exist."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CITED = re.compile(r"\[(S-\d\d)\]")


def citations(*folders: str) -> dict[str, set[str]]:
    """Clause to the files that cite it."""
    found: dict[str, set[str]] = {}
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".hpp", ".cpp", ".py", ".md") and path.is_file():
                for clause in CITED.findall(path.read_text(encoding="utf-8")):
                    found.setdefault(clause, set()).add(str(path.relative_to(ROOT)))
    return found


def main() -> int:
    """Compare the clauses of semantics.md with what the tests and the code cite."""
    semantics = (ROOT / "docs/explanation/semantics.md").read_text(encoding="utf-8")
    clauses = set(re.findall(r"^\*\*(S-\d\d)\*\*", semantics, re.M))
    tested = set(citations("tests/cpp", "tests/python"))
    for path in (ROOT / "tests/corpus").glob("*.json"):
        for case in json.loads(path.read_text(encoding="utf-8"))["cases"]:
            tested |= set(case["clauses"])
    cited = citations("include", "bindings", "python", "tests", "docs")
    wrong = [f"{clause} has no test" for clause in sorted(clauses - tested)]
    wrong += [f"{clause} does not exist; cited in {', '.join(sorted(cited[clause]))}" for clause in sorted(set(cited) - clauses)]
    print("\n".join(wrong) or f"{len(clauses)} clauses, all tested")
    return 1 if wrong or not clauses else 0


if __name__ == "__main__":
    sys.exit(main())
