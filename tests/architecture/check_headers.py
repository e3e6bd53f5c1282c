# SPDX-License-Identifier: MIT
"""Every header compiles alone; the core also without exceptions and RTTI, with every compiler that is here."""

from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "include"
WARNINGS = [
    "-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Werror",
    "-fsyntax-only", "-x", "c++",
]  # fmt: skip


def compiles(job: tuple[str, str]) -> str:
    """What a compiler says of one header, or nothing."""
    compiler, header = job
    plain = header in ("smplist/json.hpp", "smplist/format.hpp")
    flags = [] if plain else ["-fno-exceptions", "-fno-rtti"]
    run = subprocess.run(
        [compiler, *WARNINGS, *flags, "-I", str(ROOT), "-include", header, "-"],
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if run.returncode == 0 else f"{compiler} {header}\n{run.stderr[:2000]}"


def main() -> int:
    """All headers with all compilers."""
    compilers = [c for c in ("g++", "clang++-14") if shutil.which(c)]
    headers = [path.relative_to(ROOT).as_posix() for path in sorted(ROOT.rglob("*.hpp"))]
    with ThreadPoolExecutor(2) as pool:
        wrong = [said for said in pool.map(compiles, [(c, h) for c in compilers for h in headers]) if said]
    print("\n".join(wrong) or f"{len(headers)} headers compile alone with {', '.join(compilers)}")
    return 1 if wrong or not compilers else 0


if __name__ == "__main__":
    sys.exit(main())
