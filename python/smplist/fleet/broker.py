# SPDX-License-Identifier: MIT
"""Where the MQTT broker is, how to get in, and what its topics are."""

from __future__ import annotations

import logging
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from smplist._extras import need
from smplist._secrets import read_secret

if TYPE_CHECKING:
    from aiomqtt import Client

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_LOG = logging.getLogger("smplist.mqtt")
_LOG.addHandler(logging.NullHandler())  # what matters is raised; whoever wants more has a handler
TIMEOUT = 10.0  # seconds, for one answer of the broker
_KEEPALIVE = 30  # seconds; a client that says nothing for half as long again is off


@dataclass(frozen=True)
class Broker:
    """A broker; make it with `parse`.

    Attributes
    ----------
    host, port
        Where it is.
    tls : bool
        Whether it is spoken to over TLS; its certificate is always verified.
    user, password
        How to get in; empty without.
    ca : str
        A file of certificates to trust, instead of the system's.
    """

    host: str
    port: int
    tls: bool = False
    user: str = ""
    password: str = field(default="", repr=False)
    ca: str = ""

    @classmethod
    def parse(cls, url: str, *, password: str | None = None, ca: str | None = None) -> Broker:
        """A broker from `mqtt://HOST[:PORT]` or `mqtts://USER@HOST[:PORT]`.

        Parameters
        ----------
        url
            Never with a password.
        password
            A reference to it: `env:NAME`, `file:PATH` or `keyring:SERVICE/USER`.
        ca
            A file of certificates to trust.

        Raises
        ------
        ValueError
            If one of them is unusable; a password is never repeated.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise ValueError("not the URL of a broker; write mqtts://HOST or mqtt://HOST:PORT") from None
        if parts.password is not None:
            raise ValueError("the URL of the broker has a password in it; remove it, and refer to it with --password")
        if parts.scheme not in _PORTS or not host or parts.path not in ("", "/") or parts.query or parts.fragment:
            raise ValueError("not the URL of a broker; write mqtts://HOST or mqtt://HOST:PORT")
        tls = parts.scheme == "mqtts"
        if ca and not tls:
            raise ValueError("certificates are for mqtts://; this broker is spoken to in the clear")
        if password and not parts.username:
            raise ValueError("a password without a user; write mqtts://USER@HOST")
        secret = read_secret(password) if password else ""
        return cls(host, port or _PORTS[parts.scheme], tls, unquote(parts.username or ""), secret, ca or "")

    def client(self, name: str | None = None, **more: Any) -> Client:
        """A client that is not connected yet; `name` is what the broker knows it by."""
        aiomqtt = need("aiomqtt", "a broker", "fleet")
        context = None
        if self.tls:
            context = ssl.create_default_context(cafile=self.ca or None)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
        made: Client = aiomqtt.Client(
            self.host, self.port, username=self.user or None, password=self.password or None, tls_context=context,
            logger=_LOG, identifier=name, timeout=TIMEOUT, keepalive=_KEEPALIVE, **more,
        )  # fmt: skip
        return made

    def __str__(self) -> str:
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"


def manifest_topic(fleet: str) -> str:
    """Where the manifest of the deployed revision is retained."""
    return f"smplist/{fleet}/manifest"


def notice_topic(fleet: str) -> str:
    """Where it is retained who was told when, and why if it was forced."""
    return f"smplist/{fleet}/notice"


def agent_topic(fleet: str, agent: str, what: str) -> str:
    """Where an agent retains its `state`, `on` or `off`, and what it `holds`; `+` is every agent."""
    return f"smplist/{fleet}/agents/{agent}/{what}"
