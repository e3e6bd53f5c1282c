# SPDX-License-Identifier: MIT
"""Refused uses and their accepted twins: each `REFUSED` of a program must fail, for its reason, and the rest compile.

A line `// refused N: REGULAR EXPRESSION` says what the compiler's words for `REFUSED == N` must match.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
FLAGS = ["-std=c++17", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", f"-I{HERE.parents[1] / 'include'}"]


class Try(NamedTuple):
    """One program with one compiler: a refusal with the words it needs, or, without words, the accepted twin."""

    compiler: str
    program: Path
    refused: int
    words: str


def tries() -> list[Try]:
    """Every program, each of its refusals and its twin, with every compiler that is here."""
    found = []
    for compiler in filter(shutil.which, ("g++", "clang++-14")):
        for program in sorted(HERE.glob("*.cpp")):
            text = program.read_text(encoding="utf-8")
            stated = {int(n): words for n, words in re.findall(r"^// refused (\d+): (.+)$", text, re.M)}
            numbers = {int(n) for n in re.findall(r"^#(?:el)?if REFUSED == (\d+)", text, re.M)}
            if not numbers or stated.keys() != numbers:
                raise SystemExit(f"{program.name}: refusals {sorted(numbers)}, but words for {sorted(stated)}")
            found += [Try(compiler, program, 0, ""), *(Try(compiler, program, n, stated[n]) for n in sorted(numbers))]
    return found


def wrong(attempt: Try) -> str:
    """What is not as it should be, or nothing."""
    command = [attempt.compiler, *FLAGS, f"-DREFUSED={attempt.refused}", str(attempt.program)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"})
    where = f"{attempt.program.name} {attempt.refused or 'twin'} with {attempt.compiler}"
    if not attempt.refused:
        return f"{where}: refused\n{ended.stderr[:1500]}" if ended.returncode else ""
    if ended.returncode == 0:
        return f"{where}: accepted"
    return "" if re.search(attempt.words, ended.stderr) else f"{where}: refused for another reason\n{ended.stderr[:1500]}"


def main() -> int:
    """All of them, two at a time."""
    every = tries()
    with ThreadPoolExecutor(2) as pool:
        failed = [said for said in pool.map(wrong, every) if said]
    refusals = sum(1 for one in every if one.refused)
    print("\n".join(failed) or f"{refusals} refusals, {len(every) - refusals} accepted twins")
    return 1 if failed or not every else 0


if __name__ == "__main__":
    sys.exit(main())
