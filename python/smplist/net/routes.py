# SPDX-License-Identifier: MIT
"""The ways that a policy knows to its endpoints: each source and service, straight or through the proxy of a list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from smplist._core import Host, Policy, Proxy, Source, SourceList
from smplist.analysis.failures import read_failure
from smplist.analysis.report import SERVICES


@dataclass(frozen=True)
class Route:
    """A source, a service, and what stands between."""

    source: Source
    service: str
    proxy: Proxy | None
    lists: tuple[str, ...] = ()
    """The lists that have it; none if nobody is ever sent there."""

    @property
    def url(self) -> str:
        """What is asked for. [S-14]"""
        return self.source.url(self.service)

    @property
    def identity(self) -> str:
        """The endpoint. [S-14]"""
        return self.source.identity(self.service)

    @property
    def via(self) -> str | None:
        """The proxy, as plans name it."""
        return None if self.proxy is None else str(self.proxy)

    @property
    def first_hop(self) -> tuple[Host, int]:
        """Whom this machine connects to."""
        if self.proxy is not None:
            return self.proxy.host, self.proxy.port
        return self.source.host, endpoint_of(self.source, self.service)[1]


_Way = tuple[str | None, str | None, str | None]


def _way(proxy: Proxy | None) -> _Way:
    """What makes a way another one: the proxy, and as whom it is asked."""
    return (None, None, None) if proxy is None else (str(proxy), proxy.user, proxy.password)


def endpoint_of(source: Source, service: str) -> tuple[str, int]:
    """Scheme and port of a service that the source offers."""
    scheme, port = getattr(source, service)
    return str(scheme), int(port)


def routes(policy: Policy, wanted: Iterable[str] = (), service: str | None = None) -> list[Route]:
    """Every route of a policy, in the order of its sources, the direct one first; those of some sources, if any are named.

    Raises
    ------
    ValueError
        If the policy has no such source; the text says what was likely meant.
    """
    endpoints = _wanted(policy, wanted)
    proxies: dict[_Way, Proxy | None] = {_way(None): None}
    lists: dict[tuple[str, _Way], list[str]] = {}
    for place in _lists(policy):
        proxies.setdefault(_way(place.proxy), place.proxy)
        for name in place.sources:
            lists.setdefault((name, _way(place.proxy)), []).append(place.name)
    found = []
    for name, source in policy.sources.items():
        for offered in SERVICES:
            if getattr(source, offered) is None or service not in (None, offered):
                continue
            if endpoints is not None and (name, offered) not in endpoints:
                continue
            known = [way for way in proxies if (name, way) in lists] or [_way(None)]
            found += [Route(source, offered, proxies[way], tuple(lists.get((name, way), ()))) for way in known]
    return found


def _lists(policy: Policy) -> list[SourceList]:
    return [*policy.lists, policy.standard, policy.network]


def _wanted(policy: Policy, wanted: Iterable[str]) -> set[tuple[str, str]] | None:
    """Pairs of source and service that were asked for; None is all of them."""
    found = set()
    names = list(wanted)
    for text in names:
        failure = read_failure(policy, text)
        if failure["unit"] == "proxy":
            raise ValueError(f"{text!r} is a proxy; name a source, SOURCE/SERVICE or host:NAME")
        for name, source in policy.sources.items():
            for service in SERVICES:
                named = failure["unit"] == "host" or name == text or f"{name}/{service}" == text
                if named and getattr(source, service) is not None and source.identity(service) in failure[service]:
                    found.add((name, service))
    return found if names else None
