# SPDX-License-Identifier: MIT
"""What is behind a reference to a secret: `env:NAME`, `file:PATH` or `keyring:SERVICE/USER`. [S-24]"""

from __future__ import annotations

import os
from pathlib import Path

from smplist._extras import need

_MOST_BYTES = 65_536


class SecretError(ValueError):
    """A secret is not there, or what was given is no reference to one. The text of a secret is never in it."""


def read_secret(reference: str) -> str:
    """The secret; of a file its text without the line break at its end.

    Parameters
    ----------
    reference
        `env:NAME`, `file:PATH` or `keyring:SERVICE/USER`; the last needs the package keyring.

    Raises
    ------
    SecretError
        If it is no reference, or if nothing is there.
    ImportError
        Without keyring, if it is needed.
    """
    kind, _, name = reference.partition(":")
    service, _, user = name.partition("/")
    if kind == "env" and name:
        found = os.environ.get(name)
        if not found:
            raise SecretError(f"the variable {name!r} is not set; export it")
        return found
    if kind == "file" and name:
        return _of_file(name)
    if kind == "keyring" and service and user:
        ring = need("keyring", "a keyring: reference", "fleet")
        try:
            found = ring.get_password(service, user)
        except Exception as error:  # a back end may raise anything, with anything in it
            raise SecretError(f"the keyring fails with {type(error).__name__}; look whether it is unlocked") from None
        if not found:
            raise SecretError(f"the keyring has nothing for {name!r}; store it with `keyring set {service} {user}`")
        return str(found)
    raise SecretError("not a reference to a secret; write env:NAME, file:PATH or keyring:SERVICE/USER")


def _of_file(name: str) -> str:
    try:
        with Path(name).open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        if not data.strip() or len(data) > _MOST_BYTES:
            wrong = "too large for a secret" if data.strip() else "empty"
            raise SecretError(f"the file {name!r} is {wrong}; name another one")
        return data.decode("utf-8").rstrip("\r\n")
    except OSError as error:
        raise SecretError(f"cannot read {name!r}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise SecretError(f"the file {name!r} is not UTF-8 text; name another one") from None
