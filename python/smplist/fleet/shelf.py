# SPDX-License-Identifier: MIT
"""Where an agent keeps the revision it holds: whole at any moment, also after a crash.

held.json      the signed manifest of what is held
7.smpc         its policy, under its number
policy.smpc    the same file, for other programs that open it again when it is replaced
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from smplist._core import CompiledPolicy
from smplist.fleet.manifest import MOST_BYTES, Manifest, Refused
from smplist.fleet.publish import point

HELD, POLICY = "held.json", "policy.smpc"


class Shelf:
    """The folder of one agent."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.path.mkdir(parents=True, exist_ok=True)

    def envelope(self) -> bytes | None:
        """The manifest of what is held, not yet verified; None if nothing is."""
        try:
            with (self.path / HELD).open("rb") as file:
                return file.read(MOST_BYTES + 1)
        except FileNotFoundError:
            return None

    def open(self, manifest: Manifest) -> CompiledPolicy:
        """The policy of a revision that is kept here.

        Raises
        ------
        OSError
            If it cannot be read.
        Refused
            If it is not what was signed.
        """
        path = self.path / f"{manifest.sequence}.smpc"
        manifest.check(POLICY, path.read_bytes())
        try:
            made = CompiledPolicy.open(path)
        except ValueError as error:
            raise Refused(f"{POLICY} of revision {manifest.sequence} is no compiled policy: {error}") from None
        if made.revision != manifest.revision:
            raise Refused(f"{POLICY} of revision {manifest.sequence} is of another policy, {made.revision}")
        return made

    def keep(self, manifest: Manifest, envelope: bytes, content: bytes) -> CompiledPolicy:
        """Keep a revision and open it; a crash before the end leaves the one before.

        Raises
        ------
        OSError
            If it cannot be written.
        Refused
            If it is no policy, or another one.
        """
        name = f"{manifest.sequence}.smpc"
        point(self.path, name, content)
        try:
            made = self.open(manifest)
        except Refused:
            (self.path / name).unlink(missing_ok=True)
            raise
        point(self.path, HELD, envelope)
        self._show(name)
        self._forget(name)
        return made

    def _show(self, name: str) -> None:
        """Put the file where other programs look for it."""
        beside = self.path / f".{POLICY}.{os.getpid()}.tmp"
        beside.unlink(missing_ok=True)
        os.link(self.path / name, beside)
        os.replace(beside, self.path / POLICY)

    def _forget(self, name: str) -> None:
        """Remove older revisions and what a crash left."""
        for old in [*self.path.glob("*.smpc"), *self.path.glob(".*.tmp")]:
            if old.name not in (name, POLICY):
                with contextlib.suppress(OSError):
                    old.unlink()
