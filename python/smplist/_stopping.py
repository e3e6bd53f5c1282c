# SPDX-License-Identifier: MIT
"""Ctrl-C, SIGTERM and a terminal that goes away: the command line ends at once, without a traceback and without half a file.

This is imported before everything else, as importing takes long enough for somebody to change their mind.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import signal
    from types import FrameType
else:
    import _signal as signal  # the same without the enum module, whose import is the longest wait before the first line here

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
BEHIND = 128  # shells add it to the number of the signal
_AGAIN = 1.0  # seconds in which a second signal belongs to the first: timeout and terminals send them to a program and its group
_NOTHING = "smplist: interrupted, nothing was written"


class Stopped(SystemExit):
    """A signal ends the program; it passes whatever catches errors, and what is half written is taken away."""

    code: int


class _State:
    """When the first signal came, whether somebody waits for `Stopped`, and what is to be said of what is done already."""

    first: float | None = None
    caught = False
    said = _NOTHING


def is_program() -> bool:
    """Whether this process is the command line, at the time at which the package is imported: `-m` and the script are."""
    words = getattr(sys, "argv", None) or [""]
    if words[0] == "-m":  # of Python's -m, before it has found what runs
        return "smplist" in getattr(sys, "orig_argv", ())
    return os.path.basename(words[0]) in ("smplist", "smplist.exe")


def arm() -> None:
    """Stop by `Stopped` from now on; a signal that is ignored, as nohup does, or has another handler, stays so."""
    for name in _SIGNALS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _stop)


def disarm() -> None:
    """Nobody is there any more to catch anything: a signal ends the process."""
    for name in _SIGNALS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is _stop:
            signal.signal(number, signal.SIG_DFL)


def caught() -> None:
    """From now on somebody catches `Stopped` and says `last_words`."""
    _State.caught = True


def last_words(said: str | None = None) -> str:
    """What is said when a signal comes, in one line; with `said`, that from now on: that nothing was written is true no more."""
    if said is not None:
        _State.said = f"smplist: interrupted, {said}"
    return _State.said


def _stop(number: int, frame: FrameType | None) -> None:
    """The handler of every signal."""
    now = time.monotonic()
    if _State.first is not None and now - _State.first < _AGAIN:
        return
    if _State.first is not None or not _State.caught:
        if not _State.caught:
            os.write(2, f"{_NOTHING}\n".encode())
        os._exit(BEHIND + number)
    _State.first = now
    raise Stopped(BEHIND + number)
