# SPDX-License-Identifier: MIT
"""Asks one endpoint at one address, and says what came of it."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlsplit

import httpcore2
import httpx2

from smplist._core import Address, __version__
from smplist._secrets import SecretError
from smplist.net import certificates
from smplist.net.causes import Failed, Verdict, chain, not_connected, verdict
from smplist.net.guard import Guard
from smplist.net.routes import Route, endpoint_of
from smplist.net.secret import Secret, read_password
from smplist.net.transport import MOST_BYTES, Headers, Peeked, PinnedTransport, TooMuch, Wire

# what OpenSSL says to bytes that are no TLS
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "UNEXPECTED_MESSAGE")


@dataclass(frozen=True)
class Settings:
    """What all questions have in common."""

    context: ssl.SSLContext
    guard: Guard
    seconds: float = 5.0
    """The time that each stage has."""


@dataclass(frozen=True)
class Answer:
    """What came of asking at an address."""

    verdict: Verdict
    address: Address | None = None
    status: int | None = None
    took: dict[str, float] = field(default_factory=dict)
    """Seconds by stage: `resolve`, `connect`, `proxy`, `tls`, `http`."""
    expires: datetime | None = None
    """When the certificate ends."""


async def probe(route: Route, address: Address, settings: Settings) -> Answer:
    """Ask a route's endpoint, over the first hop's address."""
    why_not = settings.guard.why_not(address)
    target = route.source.host.address
    if why_not is None and target is not None and target != address:  # behind a proxy
        why_not, address = settings.guard.why_not(target), target if settings.guard.why_not(target) else address
    if why_not is not None:
        return Answer(verdict("not_allowed", address=address, why=why_not), address)
    try:
        secret = _secret(route)
    except SecretError as error:
        return Answer(verdict("no_password", why=error), address)
    return await _Exchange(route, address, settings, secret).answer()


def _secret(route: Route) -> Secret | None:
    if route.proxy is None or route.proxy.user is None:
        return None
    return read_password(route.proxy.password) if route.proxy.password else Secret("")


class _Exchange:
    """One question. A second connection is made only to look at a certificate that was refused."""

    def __init__(self, route: Route, address: Address, settings: Settings, secret: Secret | None) -> None:
        self._route, self._address, self._settings, self._secret = route, address, settings, secret
        self._scheme, _ = endpoint_of(route.source, route.service)
        self._tunnel = route.proxy is not None and self._scheme == "https"
        self._stages = ("connect", *(["proxy"] if self._tunnel else []), *(["tls"] if self._scheme == "https" else []), "http")

    async def answer(self) -> Answer:
        """Ask, and judge what came."""
        wire = None
        status = None
        try:
            async with asyncio.timeout(None) as limit:
                wire = Wire(self._stages, self._settings.seconds, limit)
                status, said = await self._ask(wire, self._settings.context)
        except Exception as error:
            assert wire is not None
            wire.end()
            said = await self._why(error, wire)
        expires = certificates.expiry(wire.certificate) if wire.certificate else None
        return Answer(said, self._address, status, wire.took, expires)

    async def _ask(self, wire: Wire, context: ssl.SSLContext) -> tuple[int, Verdict]:
        host, port = self._route.first_hop
        headers = None if self._route.proxy is None else self._credentials()
        transport = PinnedTransport(str(host), port, str(self._address), wire, context, headers)
        own = {"User-Agent": f"smplist/{__version__}", "Accept-Encoding": "identity", "Connection": "close"}
        async with httpx2.AsyncClient(
            transport=transport, headers=own, timeout=None, follow_redirects=False, trust_env=False
        ) as client, client.stream("GET", self._route.url) as response:  # fmt: skip
            longer = await self._read(response)
            wire.end()
            return response.status_code, self._judge(response, longer)

    def _credentials(self) -> Headers:
        assert self._route.proxy is not None
        if self._secret is None or self._route.proxy.user is None:
            return {}
        return {"Proxy-Authorization": self._secret.basic(self._route.proxy.user)}

    async def _read(self, response: httpx2.Response) -> bool:
        """Whether the answer is longer than anybody reads; one that stops in the middle is an answer."""
        count = 0
        try:
            async for part in response.aiter_raw():
                count += len(part)
                if count >= MOST_BYTES:
                    return True
        except TooMuch:
            return True
        except (httpcore2.NetworkError, httpcore2.ProtocolError):
            return False
        return False

    def _judge(self, response: httpx2.Response, longer: bool) -> Verdict:
        """What a response means."""
        code = response.status_code
        status = _status(code)
        if self._route.proxy is not None:
            if code == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
                return self._password_wanted()
            if not self._tunnel and code == HTTPStatus.FORBIDDEN:
                return verdict("proxy_refuses", status=status)
            if not self._tunnel and code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                return verdict("proxy_cannot_connect", status=status)
        if 300 <= code < 400 and "location" in response.headers:
            return verdict("redirects", status=status, where=self._elsewhere(response.headers["location"]))
        if code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return verdict("server_error", status=status)
        return verdict("long_answer" if longer else "answers", status=status)

    def _password_wanted(self) -> Verdict:
        if self._secret is None:
            return verdict("proxy_wants_password")
        assert self._route.proxy is not None
        return verdict("proxy_refuses_password", user=self._route.proxy.user)

    def _elsewhere(self, location: str) -> str:
        """Where a redirect points, without what may be confidential in it."""
        try:
            parts = urlsplit(location)
            place = f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}" if parts.hostname else ""
        except ValueError:
            place = "something that is no address"
        return self._repeat(place or "another path of its own")

    def _repeat(self, text: str) -> str:
        """Words of the other side; none, if it was told a password: it could say it back in any disguise."""
        return "what is not repeated after a password was sent" if self._secret else certificates.clean(text)

    async def _why(self, error: Exception, wire: Wire) -> Verdict:
        """What an exception means at the stage that it came in."""
        if isinstance(error, Failed):
            return error.verdict
        if isinstance(error, TimeoutError):
            return self._too_late(wire)
        for cause in chain(error):
            if isinstance(cause, ssl.SSLCertVerificationError):
                der = await self._look_at_certificate()
                return certificates.what_is_wrong(cause, str(self._route.source.host), der, self._repeat)
        if isinstance(error, httpcore2.ProxyError):
            return self._refused_by_proxy(str(error))
        known = (httpcore2.NetworkError, httpcore2.ProtocolError, TooMuch)
        if not isinstance(error, (*known, OSError) if wire.stage == "connect" else known):
            return verdict("defect", why=type(error).__name__)
        if wire.stage == "connect":
            return not_connected(error, self._who, self._route.first_hop[1])
        if wire.stage == "tls":
            return self._no_tls(error)
        closed = isinstance(error, httpcore2.NetworkError) or wire.heard == 0
        if closed and self._tunnel and wire.stage == "http" and wire.heard == 0:
            return verdict("closed", who="the source, behind the proxy,")
        return verdict("closed" if closed else "garbage", who=self._who)

    @property
    def _who(self) -> str:
        """Whom this machine is connected to."""
        return "the source" if self._route.proxy is None else "the proxy"

    def _too_late(self, wire: Wire) -> Verdict:
        seconds = f"{self._settings.seconds:g}"
        if wire.stage == "connect":
            return verdict("connect_timeout", who=self._who, port=self._route.first_hop[1], seconds=seconds)
        who = "the source, behind the proxy," if self._tunnel and wire.stage != "proxy" else self._who
        return verdict("slow" if wire.heard else "silent", who=who, seconds=seconds)

    def _refused_by_proxy(self, said: str) -> Verdict:
        """What a proxy means that does not connect; its own words are not repeated."""
        code = int(said[:3]) if said[:3].isdigit() else 0
        if code == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            return self._password_wanted()
        failed = code >= HTTPStatus.INTERNAL_SERVER_ERROR or code == HTTPStatus.NOT_FOUND
        return verdict("proxy_cannot_connect" if failed else "proxy_refuses", status=_status(code))

    def _no_tls(self, error: Exception) -> Verdict:
        """A handshake that failed, for another reason than the certificate."""
        reason = next((cause.reason for cause in chain(error) if isinstance(cause, ssl.SSLError) and cause.reason), "")
        ended = not reason or "EOF" in reason
        foreign = reason in _NO_TLS
        if self._tunnel and (ended or foreign):
            return verdict("proxy_lies", why="closes the connection" if ended else "does not pass TLS on")
        if ended:
            return verdict("closed", who=self._who)
        if foreign:
            return verdict("not_tls", who=self._who, port=endpoint_of(self._route.source, self._route.service)[1])
        return verdict("tls_failed", why=certificates.clean(reason.replace("_", " ").lower()))

    async def _look_at_certificate(self) -> bytes | None:
        """The certificate that was refused, over a connection of its own that sends nothing else."""
        async with asyncio.timeout(None) as limit:
            wire = Wire(self._stages, self._settings.seconds, limit, peek=True)
            try:
                await self._ask(wire, certificates.peeking())
            except Peeked:
                return wire.certificate
            except Exception:  # then there is less to say
                return None
        return None


def _status(code: int) -> str:
    """A status with the standard's words, not with those of whoever sent it."""
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        return str(code)
