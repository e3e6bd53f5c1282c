# SPDX-License-Identifier: MIT
"""The password behind a reference: read as late as possible, shown nowhere. [S-24]"""

from __future__ import annotations

import base64
import os

_MOST_BYTES = 4096


class SecretError(Exception):
    """There is no password where the reference points; the text says why."""


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


def read_secret(reference: str) -> Secret:
    """The password behind `env:NAME`, `file:PATH` or `keyring:SERVICE/USER`.

    Raises
    ------
    SecretError
        If there is none. The text names the reference's place, never what is there.
    """
    form, _, place = reference.partition(":")
    if form == "env":
        if place not in os.environ:
            raise SecretError(f"the environment variable '{place}' is not set")
        text = os.environ[place]
    elif form == "file":
        text = _of_file(place)
    elif form == "keyring":
        text = _of_keyring(place)
    else:
        raise SecretError("the reference is neither env:, file: nor keyring:")
    if not text or any(ord(sign) < 32 or ord(sign) == 127 for sign in text):
        raise SecretError(f"what is at '{form}:{place}' is {'no text of one line' if text else 'empty'}")
    return Secret(text)


def _of_file(path: str) -> str:
    try:
        with open(path, "rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise SecretError(f"the file '{path}' cannot be read: {error.strerror or 'no reason given'}") from None
    if len(content) > _MOST_BYTES:
        raise SecretError(f"the file '{path}' is longer than {_MOST_BYTES} bytes")
    try:
        return content.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise SecretError(f"the file '{path}' is not UTF-8") from None


def _of_keyring(place: str) -> str:
    from smplist._extras import need

    service, _, user = place.partition("/")  # as the policy is checked
    try:
        found = need("keyring", "a password of the keyring", "probe").get_password(service, user)
    except ImportError as error:
        raise SecretError(str(error)) from None
    except Exception as error:  # a back end may raise anything, with anything in it
        raise SecretError(f"the keyring fails with {type(error).__name__}") from None
    if found is None:
        raise SecretError(f"the keyring has no password of '{user}' for '{service}'")
    return str(found)
