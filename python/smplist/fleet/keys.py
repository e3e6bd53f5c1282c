# SPDX-License-Identifier: MIT
"""Keys that sign revisions: ed25519 (RFC 8032) in PEM, as `openssl genpkey -algorithm ed25519` makes them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from smplist._extras import need

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


class WrongKey(ValueError):
    """Something is no key, or not one that signs. The text of a key is never in it."""


def _serialization() -> Any:
    return need("cryptography.hazmat.primitives.serialization", "signing revisions", "fleet")


def _ed25519() -> Any:
    return need("cryptography.hazmat.primitives.asymmetric.ed25519", "signing revisions", "fleet")


def read_private(text: str) -> Ed25519PrivateKey:
    """A private key from PEM.

    Raises
    ------
    WrongKey
        If it is none, is of another kind, or has a passphrase.
    """
    try:
        key: Any = _serialization().load_pem_private_key(text.encode(), password=None)
    except TypeError:
        raise WrongKey("the private key has a passphrase; give one without, behind a reference that keeps it") from None
    except Exception:  # what OpenSSL says could quote the key
        raise WrongKey("not a private key in PEM; `smplist publish --new-key FILE` makes one") from None
    if not isinstance(key, _ed25519().Ed25519PrivateKey):
        raise WrongKey("the private key is not ed25519; `smplist publish --new-key FILE` makes one")
    return cast("Ed25519PrivateKey", key)


def read_public(text: str | bytes) -> Ed25519PublicKey:
    """A public key from PEM.

    Raises
    ------
    WrongKey
        If it is none, or of another kind.
    """
    try:
        key: Any = _serialization().load_pem_public_key(text.encode() if isinstance(text, str) else text)
    except Exception:
        raise WrongKey("not a public key in PEM; give the file *.pub that was made with the private key") from None
    if not isinstance(key, _ed25519().Ed25519PublicKey):
        raise WrongKey("the public key is not ed25519; give the one that was made with the private key")
    return cast("Ed25519PublicKey", key)


def public_pem(key: Ed25519PublicKey) -> bytes:
    """A public key as PEM."""
    said = _serialization()
    return bytes(key.public_bytes(said.Encoding.PEM, said.PublicFormat.SubjectPublicKeyInfo))


def key_id(key: Ed25519PublicKey) -> str:
    """What a key is called: the first 16 digits of the SHA-256 of its 32 bytes."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def new_key(path: str | os.PathLike[str]) -> str:
    """Make a pair: the private key at `path`, for its owner alone, and the public one at `path` with `.pub`; returns its id.

    Raises
    ------
    FileExistsError
        If one of them is there: a key that is lost cannot be made again.
    OSError
        If it cannot be written; then nothing is left of it.
    """
    said, private = _serialization(), _ed25519().Ed25519PrivateKey.generate()
    target = Path(path)
    beside = target.with_name(target.name + ".pub")
    if beside.exists():
        raise FileExistsError(17, os.strerror(17), str(beside))
    _write_new(target, private.private_bytes(said.Encoding.PEM, said.PrivateFormat.PKCS8, said.NoEncryption()), 0o600)
    try:
        _write_new(beside, public_pem(private.public_key()), 0o644)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return key_id(private.public_key())


def _write_new(path: Path, content: bytes, mode: int) -> None:
    """A file that is not there yet, never readable by more people than in the end."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
        try:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
