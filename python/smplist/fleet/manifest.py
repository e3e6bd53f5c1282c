# SPDX-License-Identifier: MIT
"""What a revision consists of, signed: a JSON document in an envelope of DSSE 1.0, so that its very bytes are signed."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from smplist._extras import need
from smplist.fleet.keys import key_id

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SCHEMA = "smplist-manifest/1"
PAYLOAD_TYPE = "application/vnd.smplist.manifest+json"
FILES = ("policy.json", "policy.smpc")
MOST_BYTES = 65_536  # of an envelope
_MOST_SIGNATURES = 8
_FLEET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Refused(ValueError):
    """A revision that is not taken, and why: the text is one line."""


@dataclass(frozen=True)
class FileEntry:
    """A file of a revision: its SHA-256, as `sha256:...`, and how many bytes it has."""

    sha256: str
    size: int

    @classmethod
    def of(cls, content: bytes) -> FileEntry:
        """The entry of a content."""
        return cls(digest(content), len(content))


@dataclass(frozen=True)
class Manifest:
    """A revision of a fleet: its number, which only grows, and its files.

    Attributes
    ----------
    fleet : str
        Whose it is.
    sequence : int
        Its number, from 1.
    revision, previous : str
        The SHA-256 of the canonical policy [S-82], and of the one published before it; that may be empty.
    published : str
        When, as `2027-03-31T12:00:00Z`.
    files : dict of FileEntry
        By name.
    """

    fleet: str
    sequence: int
    revision: str
    previous: str
    published: str
    files: dict[str, FileEntry]

    def to_dict(self) -> dict[str, Any]:
        """The manifest as it is signed."""
        files = {name: {"sha256": entry.sha256, "bytes": entry.size} for name, entry in sorted(self.files.items())}
        return {
            "schema": SCHEMA, "fleet": self.fleet, "sequence": self.sequence, "revision": self.revision,
            "previous": self.previous, "published": self.published, "files": files,
        }  # fmt: skip

    def path(self, name: str) -> str:
        """Where a file of it is, below the published folder."""
        return f"revisions/{self.sequence}/{name}"

    def check(self, name: str, content: bytes) -> bytes:
        """The content, if it is what the manifest says.

        Raises
        ------
        Refused
            If it is truncated or altered.
        """
        entry = self.files[name]
        if len(content) != entry.size:
            raise Refused(f"{name} of revision {self.sequence} has {len(content):,} bytes, and the manifest says {entry.size:,}")
        if digest(content) != entry.sha256:
            raise Refused(f"{name} of revision {self.sequence} is not what was signed: its SHA-256 is another")
        return content


def digest(content: bytes) -> str:
    """The SHA-256 of bytes as documents write it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def check_fleet(name: str) -> str:
    """The name of a fleet, if it is one: it is part of paths and of the broker's topics.

    Raises
    ------
    ValueError
        If it is none.
    """
    if not _FLEET.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a fleet; write 1 to 64 letters, digits, '-', '_', '.', not a sign first")
    return name


def _signed_bytes(payload: bytes) -> bytes:
    """What is signed: the pre-authentication encoding of DSSE 1.0."""
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)


def seal(manifest: Manifest, key: Ed25519PrivateKey) -> bytes:
    """The envelope of a manifest: the same bytes for the same manifest and key."""
    payload = json.dumps(manifest.to_dict(), ensure_ascii=False, separators=(",", ":")).encode()
    signature = key.sign(_signed_bytes(payload))
    envelope = {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"keyid": key_id(key.public_key()), "sig": base64.b64encode(signature).decode()}],
    }
    return json.dumps(envelope, indent=1).encode() + b"\n"


def verify(envelope: bytes, keys: Mapping[str, Ed25519PublicKey], fleet: str) -> Manifest:
    """The manifest of an envelope, if one of the keys signed it for this fleet. Nothing in it is looked at before.

    Raises
    ------
    Refused
        If it is no envelope, unsigned, signed by somebody else, or of another fleet.
    """
    payload, signatures = _opened(envelope)
    if not signatures:
        raise Refused("the manifest is not signed")
    wrong = need("cryptography.exceptions", "verifying revisions", "fleet").InvalidSignature
    for name, signature in signatures:
        if name not in keys:
            continue
        try:
            keys[name].verify(signature, _signed_bytes(payload))
            break
        except wrong:
            raise Refused(f"the signature of key {name} is wrong") from None
    else:
        raise Refused(f"nobody signed the manifest whose key is trusted here; it has {', '.join(name for name, _ in signatures)}")
    manifest = _manifest(payload)
    if manifest.fleet != fleet:
        raise Refused(f"the manifest is of the fleet {manifest.fleet!r}, not of {fleet!r}")
    return manifest


def unverified(envelope: bytes) -> Manifest:
    """The manifest of an envelope of one's own: whoever signed it.

    Raises
    ------
    Refused
        If it is no envelope or no manifest.
    """
    return _manifest(_opened(envelope)[0])


def _opened(envelope: bytes) -> tuple[bytes, list[tuple[str, bytes]]]:
    """Payload and signatures."""
    if len(envelope) > MOST_BYTES:
        raise Refused(f"the manifest has more than {MOST_BYTES:,} bytes")
    try:
        tree = json.loads(envelope)
        if tree["payloadType"] != PAYLOAD_TYPE:
            raise Refused(f"not a manifest but {tree['payloadType']!r}")
        payload = base64.b64decode(tree["payload"], validate=True)
        found = tree["signatures"][:_MOST_SIGNATURES]
        return payload, [(str(one["keyid"])[:64], base64.b64decode(one["sig"], validate=True)) for one in found]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, Refused):
            raise
        raise Refused("not a manifest: the envelope cannot be read") from None


def _manifest(payload: bytes) -> Manifest:
    try:
        tree = json.loads(payload)
        if tree["schema"] != SCHEMA:
            raise Refused(f"a manifest of another version, {tree['schema']!r}; this program reads {SCHEMA}")
        files = {name: FileEntry(tree["files"][name]["sha256"], tree["files"][name]["bytes"]) for name in FILES}
        made = Manifest(
            check_fleet(tree["fleet"]), tree["sequence"], tree["revision"], tree["previous"], tree["published"], files
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, Refused):
            raise
        raise Refused("the manifest cannot be read") from None
    digests = [made.revision, *(entry.sha256 for entry in files.values()), *([made.previous] if made.previous != "" else [])]
    counts = [made.sequence, *(entry.size for entry in files.values())]
    if not (all(isinstance(one, str) and _DIGEST.fullmatch(one) for one in digests) and isinstance(made.published, str)
            and all(type(count) is int and 0 < count < 2**53 for count in counts)):  # fmt: skip
        raise Refused("the manifest contradicts its format")
    return made
