# SPDX-License-Identifier: MIT
"""Which arguments and options are paths, by their names: what is read, what is written. Nothing that is written is an input."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from typing import Any

import click

from smplist.cli._streams import OUT

READ = (
    "policy", "policies", "old", "new", "source", "into", "clients", "client", "counts", "expectations", "events", "baseline",
    "availability", "ca", "authorities",
)  # fmt: skip
REFERENCES = ("key", "password")  # `file:PATH` is read, too
WRITTEN = ("output", "target", "rejects", "picture", "write_baseline", "write_availability", "new_key")
FOLDERS = ("folder", "deployed")

Place = tuple[int, int] | str


class Guarded(click.Context):
    """The context of a subcommand: it ends before it begins if it would write over what it reads, or twice into one file."""

    def invoke(self, callback: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Run it, if nothing is in the way."""
        check_outputs(self.command.params, self.params)
        return super().invoke(callback, *args, **kwargs)


def check_outputs(params: list[click.Parameter], given: dict[str, Any]) -> None:
    """End the program if a file that is written is an input, in or as whatever disguise, or another output."""
    from smplist.cli import fail

    read = [path for name in (*READ, *REFERENCES) for path in _paths(given.get(name))]
    places = {_place(path) for path in read} - {None}
    folders = [folder for path in read if (folder := _published_folder(path))]
    taken: dict[Place, str] = {}
    if (printed := _stream(sys.stdout)) is not None:
        taken[printed] = OUT
    for param in params:
        for path in _paths(given.get(param.name or "") if param.name in WRITTEN else None):
            place = _place(path)
            if path == "-" or place is None:
                continue
            if place in places or any(os.path.realpath(path).startswith(folder) for folder in folders):
                fail(f"smplist: {path} is one of the inputs; write to another file")
            said = max(param.opts, key=len)
            if place in taken:
                fail(f"smplist: {said} and {taken[place]} are the same file, {path}; write to another one")
            taken[place] = said


def _paths(value: Any) -> Iterator[str]:
    """The paths in the value of an argument or option; a reference `file:PATH` is one, too."""
    for one in value if isinstance(value, tuple) else (value,):
        if isinstance(one, str) and one:
            yield one.removeprefix("file:")


def _place(path: str) -> Place | None:
    """What a path leads to: a file, wherever it is linked from, or where it would be; None of devices, pipes and folders."""
    if path == "-":
        return _stream(sys.stdin)
    try:
        return _regular(os.stat(path))
    except OSError:
        return os.path.realpath(path)


def _stream(stream: Any) -> Place | None:
    """The file that a standard stream is, if it is one."""
    try:
        return _regular(os.fstat(stream.fileno()))
    except (OSError, ValueError, AttributeError):
        return None


def _regular(found: os.stat_result) -> Place | None:
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else None


def _published_folder(path: str) -> str | None:
    """How the paths of the files begin that a revision of a published folder comes from, if that is meant."""
    folder = path if os.path.isdir(path) else path.rpartition("@")[0]
    return os.path.join(os.path.realpath(folder), "") if folder and os.path.isdir(folder) else None
