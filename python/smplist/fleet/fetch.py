# SPDX-License-Identifier: MIT
"""Getting what is published over HTTP: never more than the manifest says, and nothing twice."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from smplist._core import __version__
from smplist._extras import need
from smplist.fleet.manifest import MOST_BYTES, Manifest
from smplist.fleet.publish import DEPLOYED

if TYPE_CHECKING:
    from httpx2 import AsyncClient

MOST_POLICY = 1 << 30  # bytes
_SECONDS = 30.0  # for a connection, and for each piece of an answer


class NotFetched(Exception):
    """The server does not answer, or with something else."""


class Fetcher:
    """The published folder at a URL."""

    def __init__(self, source: str, http: AsyncClient | None = None) -> None:
        if not source.startswith(("http://", "https://")):
            raise ValueError(f"{source!r} is no URL of a published folder; write https://HOST/PATH")
        self._base = source.rstrip("/")
        self._given = http
        self._http: AsyncClient | None = http
        self._tag = ""

    async def __aenter__(self) -> Fetcher:
        if self._http is None:
            httpx = need("httpx2", "an agent", "fleet")
            self._http = httpx.AsyncClient(timeout=_SECONDS, headers={"User-Agent": f"smplist/{__version__}"})
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        if self._http is not None and self._given is None:
            await self._http.aclose()
            self._http = None

    async def deployed(self) -> bytes | None:
        """The manifest of the deployed revision; None if it is the one of last time, or if there is none yet.

        Raises
        ------
        NotFetched
            If the server does not answer, or with something else.
        """
        tag = self._tag
        status, content, found = await self._get(DEPLOYED, MOST_BYTES, {"If-None-Match": tag} if tag else {})
        if status in (304, 404):
            return None
        if status != 200:
            raise NotFetched(f"the server answers {status} for {DEPLOYED}")
        self._tag = found
        return content

    async def get(self, manifest: Manifest, name: str) -> bytes:
        """A file of a revision, not yet verified.

        Raises
        ------
        NotFetched
            If the server does not answer, or with something else.
        """
        most = manifest.files[name].size
        if most > MOST_POLICY:
            raise NotFetched(f"{name} of revision {manifest.sequence} is larger than {MOST_POLICY:,} bytes")
        status, content, _ = await self._get(manifest.path(name), most, {})
        if status != 200:
            raise NotFetched(f"the server answers {status} for {manifest.path(name)}")
        return content

    async def _get(self, path: str, most: int, headers: dict[str, str]) -> tuple[int, bytes, str]:
        """Status, content and entity tag; one byte more than `most` is all that is read of a longer answer, as it was sent."""
        headers = {"Accept-Encoding": "identity"} | headers
        assert self._http is not None, "a fetcher is used in `async with`"
        whole = bytearray()
        try:
            async with self._http.stream("GET", f"{self._base}/{path}", headers=headers) as answer:
                if answer.status_code == 200:
                    async for piece in answer.aiter_raw():
                        whole += piece
                        if len(whole) > most:
                            del whole[most + 1 :]
                            break
                return answer.status_code, bytes(whole), answer.headers.get("etag", "")
        except need("httpx2", "an agent", "fleet").HTTPError as error:
            said = str(error) or type(error).__name__
            raise NotFetched(f"{self._base}/{path}: {said.splitlines()[0]}") from None
