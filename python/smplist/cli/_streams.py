# SPDX-License-Identifier: MIT
"""All that the command line prints and writes passes here: texts for people, data, messages, and files that appear together."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from typing import IO, Any

from smplist import _stopping
from smplist._visible import visible
from smplist.files import Draft, NamedFile

OUT = "standard output"
_ADVICE = {
    errno.ENOSPC: "make room there, or write to another place",
    errno.EDQUOT: "make room there, or write to another place",
    errno.EFBIG: "allow larger files, or write to another place",
    errno.EROFS: "write to another place",
    errno.EBADF: "open it, or send it to a file",
}


WRITING = frozenset(_ADVICE)
"""What only happens to files that are written."""


class ReaderGone(SystemExit):
    """Whoever read standard output wants no more of it, which is no error; it passes whatever catches errors."""


class _Output(NamedFile):
    """Standard output: data that somebody has, or has had enough of."""

    def write(self, data: Any) -> int:
        """Write; after a failure nobody tries again, so that it is told once."""
        try:
            return super().write(data)
        except OSError as error:
            _drop(1)
            if isinstance(error, BrokenPipeError):
                raise ReaderGone(0) from None
            raise


class _Messages(NamedFile):
    """Standard error: a message that nobody can receive changes nothing."""

    def write(self, data: Any) -> int:
        """Write, or act as if."""
        try:
            return super().write(data)
        except OSError:
            return len(data)


def _open_again(stream: Any, number: int, raw: type[NamedFile], said: str) -> Any:
    """A standard stream whose errors say what it is; one that is closed is one that cannot be written."""
    if stream is None:
        closed = os.open(os.devnull, os.O_RDONLY)
        if closed != number:
            os.dup2(closed, number)
            os.close(closed)
        return io.TextIOWrapper(io.BufferedWriter(raw(number, "w", said, closefd=False)), "utf-8", line_buffering=number == 2)
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    out = io.BufferedWriter(raw(number, "w", said, closefd=False))
    return io.TextIOWrapper(
        out, stream.encoding, stream.errors, line_buffering=stream.line_buffering, write_through=stream.write_through
    )


def open_streams() -> None:
    """Standard streams that are there, and whose errors say which one it is; only for a process of one's own."""
    if sys.stdin is None:
        os.open(os.devnull, os.O_RDONLY)  # the lowest free number is that of standard input
        sys.stdin = open(0, encoding="utf-8")
    sys.stdout = _open_again(sys.stdout, 1, _Output, OUT)
    sys.stderr = _open_again(sys.stderr, 2, _Messages, "standard error")


def close_streams() -> None:
    """Write what is held back.

    Raises
    ------
    OSError
        If standard output cannot be written.
    """
    sys.stdout.flush()


def _drop(number: int) -> None:
    """What goes to a descriptor goes nowhere from now on, also what its stream still holds."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)


def printed() -> bool:
    """Whether anything was written to standard output."""
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return isinstance(raw, NamedFile) and raw.written


def say(text: str, *, nl: bool = True) -> None:
    """A text for people, on standard output: signs that would do something to a terminal, or hide, are escapes."""
    emit(visible(text, "\n"), nl=nl)


def emit(text: str, *, nl: bool = True) -> None:
    """Data, on standard output, exactly as it is."""
    sys.stdout.write(f"{text}\n" if nl else text)
    sys.stdout.flush()


def tell(message: str) -> None:
    """A message on standard error; its line breaks are those of whoever calls, so names in it are visible already."""
    sys.stderr.write(f"{visible(message, chr(10))}\n")
    sys.stderr.flush()


def trouble(error: OSError, path: object = None) -> str:
    """What is wrong with a file that is written, which one it is, and what to do."""
    advice = _ADVICE.get(error.errno or 0)
    said = "it is closed" if error.errno == errno.EBADF else error.strerror or error
    reason = f"{said}{f'; {advice}' if advice else ''}"
    return f"smplist: cannot write {path or error.filename}: {reason}"


class Drafts:
    """Files that are written together: all of them appear, whole, or none. Used in a `with` block."""

    def __init__(self) -> None:
        self._drafts: list[Draft] = []
        self._texts: list[io.TextIOWrapper] = []

    def __enter__(self) -> Drafts:
        return self

    def __exit__(self, *_: object) -> None:
        for text in self._texts:
            with contextlib.suppress(OSError, ValueError):  # of one that is closed, or cannot be written
                text.detach()
        for draft in self._drafts:
            draft.drop()

    def binary(self, path: str) -> IO[bytes]:
        """A file for bytes.

        Raises
        ------
        OSError
            If it cannot be written; its name is that of the path.
        """
        self._drafts.append(Draft(path))
        return self._drafts[-1].out

    def text(self, path: str, errors: str = "strict") -> IO[str]:
        """A file for text, UTF-8, line breaks as they come."""
        self._texts.append(io.TextIOWrapper(self.binary(path), "utf-8", errors, newline=""))
        return self._texts[-1]

    def keep(self) -> None:
        """All is written: the files take their places, after each is whole."""
        for text in self._texts:
            text.flush()
        for draft in self._drafts:
            draft.finish()
        for draft in self._drafts:
            draft.keep()
            _stopping.last_words(f"{draft.path} is written")
