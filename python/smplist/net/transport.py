# SPDX-License-Identifier: MIT
"""HTTP over a connection to one address, which was resolved and checked before: whatever a URL says, nothing else is asked."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpcore2
import httpx2

MOST_BYTES = 65_536

Headers = Mapping[bytes | str, bytes | str]


class TooMuch(Exception):
    """The answer is longer than anybody wants to read."""


class Peeked(Exception):
    """The handshake is done and the certificate seen, which was all that was wanted."""


@dataclass
class Wire:
    """What happens on a connection: its stages with their durations, what was read, and the certificate.

    Each stage may last so many seconds; then the `asyncio` time-out that stands around everything ends it.
    """

    stages: tuple[str, ...]
    seconds: float
    limit: asyncio.Timeout
    peek: bool = False
    stage: str = ""
    heard: int = 0  # bytes in this stage
    total: int = 0
    took: dict[str, float] = field(default_factory=dict)
    certificate: bytes | None = None
    _since: float = 0.0

    def next(self) -> None:
        """The next stage begins, and the one before is over."""
        self.end()
        done = self.stages.index(self.stage) + 1 if self.stage else 0
        self.stage, self.heard = self.stages[done], 0
        self._since = time.monotonic()
        self.limit.reschedule(asyncio.get_running_loop().time() + self.seconds)

    def end(self) -> None:
        """The stage is over; a second call changes nothing."""
        if self.stage:
            self.took.setdefault(self.stage, time.monotonic() - self._since)


class _Stream(httpcore2.AsyncNetworkStream):
    """A stream that keeps the record, and reads no more than it may."""

    def __init__(self, stream: httpcore2.AsyncNetworkStream, wire: Wire) -> None:
        self._stream, self._wire = stream, wire

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = MOST_BYTES - self._wire.total
        if left <= 0:
            raise TooMuch
        data = await self._stream.read(min(max_bytes, left), timeout)
        self._wire.heard += len(data)
        self._wire.total += len(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.AsyncNetworkStream:
        if self._wire.stage != "tls":  # the proxy has connected
            self._wire.next()
        stream = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        self._wire.certificate = stream.get_extra_info("ssl_object").getpeercert(True)
        if self._wire.peek:
            await stream.aclose()
            raise Peeked
        self._wire.next()
        return _Stream(stream, self._wire)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Pinned(httpcore2.AsyncNetworkBackend):
    """Connects to its address if its host is asked for, and to nobody else."""

    def __init__(self, host: str, port: int, address: str, wire: Wire) -> None:
        self._host, self._port, self._address, self._wire = host, port, address, wire
        self._backend = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:  # fmt: skip
        if (host.strip("[]").lower(), port) != (self._host, self._port):
            raise RuntimeError("a connection to somebody else was asked for")
        self._wire.next()
        stream = await self._backend.connect_tcp(self._address, port, timeout, local_address, socket_options)
        self._wire.next()
        return _Stream(stream, self._wire)


class _Body(httpx2.AsyncByteStream):
    def __init__(self, stream: AsyncIterable[bytes]) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield part

    async def aclose(self) -> None:
        if close := getattr(self._stream, "aclose", None):
            await close()


class PinnedTransport(httpx2.AsyncBaseTransport):
    """Sends requests over connections to one address, straight to a server or through a proxy there."""

    def __init__(
        self,
        host: str,
        port: int,
        address: str,
        wire: Wire,
        context: ssl.SSLContext,
        proxy_headers: Headers | None,
    ) -> None:
        """To `host`, which is a proxy if there are headers for one, at `address`."""
        common: dict[str, Any] = {"ssl_context": context, "network_backend": _Pinned(host.lower(), port, address, wire)}
        if proxy_headers is None:
            self._pool = httpcore2.AsyncConnectionPool(**common)
        else:
            shown = f"[{host}]" if ":" in host else host
            self._pool = httpcore2.AsyncHTTPProxy(f"http://{shown}:{port}", proxy_headers=proxy_headers, **common)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The response; its errors are those of `httpcore2`, with what caused them."""
        url = request.url
        # an address of IPv6 has brackets in a URL, which httpcore forgets when it writes one for a proxy
        host = b"[" + url.raw_host + b"]" if b":" in url.raw_host else url.raw_host
        answer = await self._pool.handle_async_request(
            httpcore2.Request(
                method=request.method.encode(),
                url=httpcore2.URL(scheme=url.raw_scheme, host=host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=b"",
                extensions={**request.extensions, "sni_hostname": url.raw_host.decode()},
            )
        )
        assert isinstance(answer.stream, AsyncIterable)
        return httpx2.Response(status_code=answer.status, headers=answer.headers, stream=_Body(answer.stream))

    async def aclose(self) -> None:
        """Close the connection."""
        await self._pool.aclose()
