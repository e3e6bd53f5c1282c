# SPDX-License-Identifier: MIT
"""A folder that any web server gives out: revisions that never change, and which of them is current. [S-83]

    current.json        the signed manifest of the revision that was published last
    deployed.json       that of the revision clients were told of last
    log.ndjson          who was told of what, and what was forced
    revisions/7/        policy.json, policy.smpc, manifest.json

A pointer is replaced by one rename, after everything that it points at is on the disk: a crash leaves the old one.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from smplist._core import Policy
from smplist.files import load_document, write_whole
from smplist.fleet.manifest import MOST_BYTES, FileEntry, Manifest, check_fleet, seal, unverified

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

CURRENT, DEPLOYED, LOG = "current.json", "deployed.json", "log.ndjson"


class Busy(Exception):
    """Somebody else writes to a published folder at this moment."""


class Found(NamedTuple):
    """A manifest, and the envelope that it came in."""

    manifest: Manifest
    envelope: bytes


class Folder:
    """A published folder, to read."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def pointer(self, name: str) -> Found | None:
        """What `current.json` or `deployed.json` says; None if there is no such file.

        Raises
        ------
        OSError
            If it cannot be read.
        Refused
            If it is no manifest.
        """
        try:
            with (self.path / name).open("rb") as file:
                envelope = file.read(MOST_BYTES + 1)
        except FileNotFoundError:
            return None
        return Found(unverified(envelope), envelope)

    def revision(self, wanted: str) -> Manifest:
        """The manifest of a revision: `current`, `deployed`, its number, or how its SHA-256 begins, the last such one.

        Raises
        ------
        LookupError
            If there is none.
        """
        if wanted in ("current", "deployed"):
            found = self.pointer(f"{wanted}.json")
            if found is None:
                raise LookupError(f"{self.path} has no {wanted} revision")
            return found.manifest
        digits = wanted.removeprefix("sha256:")
        for number in sorted(self.numbers(), reverse=True):
            said = self.pointer(f"revisions/{number}/manifest.json")
            if said is not None and (wanted == str(number) or _begins(said.manifest.revision, digits)):
                return said.manifest
        known = ", ".join(map(str, sorted(self.numbers())[-5:])) or "none"
        raise LookupError(f"{self.path} has no revision {wanted!r}; the last ones are {known}")

    def numbers(self) -> list[int]:
        """The numbers of all revisions, in no order."""
        try:
            names = os.listdir(self.path / "revisions")
        except FileNotFoundError:
            return []
        return [int(name) for name in names if name.isascii() and name.isdigit()]

    def content(self, manifest: Manifest, name: str) -> bytes:
        """A file of a revision, if it is what was signed.

        Raises
        ------
        OSError
            If it cannot be read.
        Refused
            If it is another.
        """
        return manifest.check(name, (self.path / manifest.path(name)).read_bytes())

    def policy(self, manifest: Manifest) -> Policy:
        """The policy of a revision."""
        self.content(manifest, "policy.json")
        return load_document(self.path / manifest.path("policy.json")).policy()

    def log(self) -> list[dict[str, Any]]:
        """What clients were told, oldest first."""
        try:
            text = (self.path / LOG).read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in text.splitlines()]


def _begins(revision: str, digits: str) -> bool:
    """Whether a revision is meant; four digits at least, so that no number is one."""
    return len(digits) >= 4 and revision.removeprefix("sha256:").startswith(digits)


def now_text() -> str:
    """This second, as manifests and logs write it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def publish(policy: Policy, path: str | os.PathLike[str], key: Ed25519PrivateKey, fleet: str | None = None) -> Manifest | None:
    """Make a policy the current revision of a folder; None if it is that already.

    At any moment, also after a crash or on a full disk, the current revision is the old one or the new one, and whole.

    Parameters
    ----------
    policy
        What is published.
    path
        The folder; it is made if need be.
    key
        What signs the manifest.
    fleet
        Whose revisions they are; needed for the first one, and later the same if it is given.

    Raises
    ------
    ValueError
        If the fleet is missing, or another one.
    Busy
        If somebody else publishes there at this moment.
    OSError
        If something cannot be written; then nothing has changed.
    """
    folder = Folder(path)
    if not folder.path.is_dir():
        folder.path.mkdir()
        sync_folder(folder.path.parent)
    with locked(folder.path):
        _clear(folder.path)
        before = folder.pointer(CURRENT)
        name = _fleet(folder, before, fleet)
        if before and before.manifest.revision == policy.revision:
            return None
        files = {"policy.json": policy.to_json().encode(), "policy.smpc": policy.compile().to_bytes()}
        manifest = _next(folder, before and before.manifest, name, policy.revision, files)
        envelope = seal(manifest, key)
        _write_revision(folder.path, manifest.sequence, files | {"manifest.json": envelope})
        point(folder.path, CURRENT, envelope)
    return manifest


def _next(folder: Folder, before: Manifest | None, fleet: str, revision: str, files: dict[str, bytes]) -> Manifest:
    """The manifest of the next revision; a number once used is not used again."""
    number = max([before.sequence if before else 0, *folder.numbers()]) + 1
    entries = {name: FileEntry.of(content) for name, content in files.items()}
    return Manifest(fleet, number, revision, before.revision if before else "", now_text(), entries)


def _fleet(folder: Folder, before: Found | None, fleet: str | None) -> str:
    if before is None:
        if fleet is None:
            raise ValueError(f"{folder.path} has no revision yet, so nothing says whose it is; name the fleet")
        return check_fleet(fleet)
    if fleet not in (None, before.manifest.fleet):
        raise ValueError(f"{folder.path} is of the fleet {before.manifest.fleet!r}, not of {fleet!r}; publish to another folder")
    return before.manifest.fleet


def _write_revision(folder: Path, number: int, files: dict[str, bytes]) -> None:
    """A revision under its number, once all of it is on the disk."""
    revisions = folder / "revisions"
    if not revisions.is_dir():
        revisions.mkdir()
        sync_folder(folder)
    beside = revisions / f".{number}.tmp"
    beside.mkdir()
    try:
        for name, content in files.items():
            with (beside / name).open("wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
        sync_folder(beside)
        beside.rename(revisions / str(number))
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    sync_folder(revisions)


def point(folder: Path, name: str, content: bytes) -> None:
    """Replace a pointer, or another small file, by one rename that lasts."""
    write_whole(folder / name, content)
    sync_folder(folder)


def sync_folder(path: Path) -> None:
    """Make sure that what was made or renamed in a folder is on the disk."""
    if os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _clear(folder: Path) -> None:
    """Take away what a crash left half done; whoever holds the lock is alone."""
    for left in (folder / "revisions").glob(".*.tmp"):
        shutil.rmtree(left, ignore_errors=True)
    for name in (CURRENT, DEPLOYED, LOG):
        for left in folder.glob(f".{name}.*.tmp"):
            left.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Nobody else writes to the folder meanwhile.

    Raises
    ------
    Busy
        If somebody does.
    """
    if os.name != "posix":
        yield
        return
    import fcntl

    with (folder / ".lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(f"somebody else writes to {folder}") from None
        yield


def record(folder: Folder, entry: dict[str, Any]) -> None:
    """Add a line to the log of the folder, which is replaced whole."""
    path = folder.path / LOG
    before = path.read_bytes() if path.exists() else b""
    point(folder.path, LOG, before + json.dumps(entry, ensure_ascii=False).encode() + b"\n")
