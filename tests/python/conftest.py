# SPDX-License-Identifier: MIT
"""What the tests share: where things are, the command line as its users run it, and the seed in what is printed."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fleet_scene import Scene

os.environ.setdefault("SMPLIST_SEED", str(random.randrange(2**32)))

ROOT = Path(__file__).parents[2]
SECONDS = 300  # for one command

Ended = subprocess.CompletedProcess[str]
Run = Callable[..., Ended]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The seed of everything random, also where output is quiet; set SMPLIST_SEED to repeat a run."""
    terminalreporter.write_line(f"seed: {os.environ['SMPLIST_SEED']}")


@pytest.fixture
def acme() -> Path:
    """The folder of the Acme example."""
    return ROOT / "docs/examples/acme"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """`run("check", "policy.yaml")`: the command line in a folder of its own; what it printed and its exit code."""

    def run(*words: str | Path, given: str = "", environment: Mapping[str, str] | None = None, before: Sequence[str] = (),
            cwd: Path = tmp_path) -> Ended:  # fmt: skip
        command = [*before, sys.executable, "-m", "smplist", *map(str, words)]
        return subprocess.run(
            command,
            input=given,
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
            cwd=cwd,
            env=os.environ | dict(environment or {}),
        )

    return run


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A publisher of one revision, a web server and a broker on loopback."""
    from fleet_scene import scene_in

    with scene_in(tmp_path) as made:
        yield made
