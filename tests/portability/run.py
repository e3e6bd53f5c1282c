# SPDX-License-Identifier: MIT
"""The same plans, classes and compiled bytes from every compiler, optimisation, processor and way of comparing keys."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# name: compiler, flags, what runs the program if this machine cannot
BUILDS = {
    "g++ -O0": (["g++", "-O0"], []),
    "g++ -O1": (["g++", "-O1"], []),
    "g++ -O2": (["g++", "-O2"], []),
    "g++ -O3": (["g++", "-O3"], []),
    "g++ -O2, no vectors": (["g++", "-O2", "-DSMPLIST_SCALAR"], []),
    "an older x86-64": (["g++", "-O2", "-static"], ["qemu-x86_64", "-cpu", "Nehalem"]),
    "clang -O0": (["clang++-14", "-O0"], []),
    "clang -O3": (["clang++-14", "-O3"], []),
    "i686, no vectors": (["i686-linux-gnu-g++", "-O2", "-static"], ["qemu-i386"]),
    "i686, SSE2": (["i686-linux-gnu-g++", "-O2", "-msse2", "-static"], ["qemu-i386"]),
    "aarch64, NEON": (["aarch64-linux-gnu-g++", "-O2", "-static"], ["qemu-aarch64"]),
    "s390x, big-endian": (["s390x-linux-gnu-g++", "-O2", "-static"], ["qemu-s390x"]),
}
SECONDS = 300  # for one program


def output_of(build: tuple[list[str], list[str]]) -> str:
    """What the program of a build prints."""
    command, runner = build
    source = ROOT / "tests" / "portability" / "golden.cpp"
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "golden"
        built = subprocess.run(
            [*command, "-std=c++17", f"-I{ROOT / 'include'}", str(source), "-o", str(program)], capture_output=True, text=True
        )
        if built.returncode != 0:
            return f"does not compile: {built.stderr[:500]}"
        done = subprocess.run([*runner, str(program)], capture_output=True, text=True, timeout=SECONDS)
    return done.stdout.strip() or f"exit code {done.returncode}: {done.stderr[:200]}"


def main() -> int:
    """Every build that this machine has the parts for, against the committed line."""
    wanted = (ROOT / "tests" / "portability" / "golden.txt").read_text().strip()
    wrong = 0
    here = {name: build for name, build in BUILDS.items() if all(map(shutil.which, [build[0][0], *build[1][:1]]))}
    skipped = sorted(BUILDS.keys() - here.keys())
    with ThreadPoolExecutor(2) as pool:
        for name, found in zip(here, pool.map(output_of, here.values()), strict=True):
            print(f"{name:20} {'same' if found == wanted else 'OTHER: ' + found}", flush=True)
            wrong += found != wanted
    if skipped:
        print(f"skipped, not installed: {', '.join(skipped)}")
    print(f"{len(BUILDS) - len(skipped)} builds, {wrong} differ: {wanted}")
    return 1 if wrong or len(skipped) == len(BUILDS) else 0


if __name__ == "__main__":
    sys.exit(main())
