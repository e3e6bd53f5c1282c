# SPDX-License-Identifier: MIT
"""The password behind a reference: read as late as possible, shown nowhere. [S-24]"""

from __future__ import annotations

import base64

from smplist._secrets import SecretError, read_secret


class Secret:
    """A password. Neither its text nor its repr is it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The password, to be sent and not kept."""
        return self._text

    def basic(self, user: str) -> str:
        """User and password as HTTP's basic scheme sends them."""
        return "Basic " + base64.b64encode(f"{user}:{self._text}".encode()).decode()

    def __repr__(self) -> str:
        return "Secret(***)"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")


def read_password(reference: str) -> Secret:
    """The password behind `env:NAME`, `file:PATH` or `keyring:SERVICE/USER`.

    Raises
    ------
    SecretError
        If there is none, or more than a line. The text names the reference's place, never what is there.
    """
    try:
        text = read_secret(reference)
    except ImportError as error:
        raise SecretError(str(error)) from None
    if any(ord(sign) < 32 or ord(sign) == 127 for sign in text):
        raise SecretError(f"what is at '{reference}' is no text of one line")
    return Secret(text)
