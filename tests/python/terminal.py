# SPDX-License-Identifier: MIT
"""A terminal of the tests' own: programs run in it believe that somebody looks."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

SECONDS = 120


def environment(changes: Mapping[str, str]) -> dict[str, str]:
    """This one's, of a terminal that knows colours, unless something else is said."""
    kept = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")}
    return kept | {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"} | dict(changes)


def open_terminal(columns: int = 100) -> tuple[int, int]:
    """Our end and theirs."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    return ours, theirs


def read_all(ours: int) -> str:
    """What is written until the other end is closed."""
    said = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        said += piece
    os.close(ours)
    return said.decode("utf-8").replace("\r\n", "\n")


def in_terminal(words: Sequence[str | Path], changes: Mapping[str, str], streams: str = "both", columns: int = 100) -> str:
    """What smplist writes on a terminal that is its standard output (`out`), standard error (`err`) or both."""
    ours, theirs = open_terminal(columns)
    process = subprocess.Popen(
        [sys.executable, "-m", "smplist", *map(str, words)], env=environment(changes), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if streams == "err" else theirs, stderr=subprocess.DEVNULL if streams == "out" else theirs,
    )  # fmt: skip
    os.close(theirs)
    said = read_all(ours)
    assert process.wait(SECONDS) in (0, 1), said
    return said


def plain(said: str) -> str:
    """Without colours and other things that a terminal does."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()=>][0-9A-Z]?|\x07|\x08|\r", "", said)


class Shell:
    """A shell in a terminal: keys go in, what it shows comes out."""

    def __init__(self, words: Sequence[str], changes: Mapping[str, str], cwd: Path) -> None:
        self.ours, theirs = open_terminal(200)
        self.process = subprocess.Popen(
            list(words), stdin=theirs, stdout=theirs, stderr=theirs, env=environment(changes), cwd=cwd, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(theirs)

    def keys(self, typed: str, until: str) -> str:
        """Type, and wait until something shows up behind it."""
        os.write(self.ours, typed.encode())
        shown, end = "", time.monotonic() + 30
        while not re.search(until, plain(shown)):
            assert time.monotonic() < end, f"{until!r} did not show up in {plain(shown)!r}"
            if select.select([self.ours], [], [], 0.2)[0]:
                shown += os.read(self.ours, 65536).decode("utf-8", "replace")
        return plain(shown)

    def close(self) -> None:
        """Hang up."""
        os.close(self.ours)
        self.process.terminate()
        self.process.wait(SECONDS)
