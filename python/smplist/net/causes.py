# SPDX-License-Identifier: MIT
"""Everything that can come of asking an endpoint: a code, what it means for the endpoint, a sentence, and what to do."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """What is known of an endpoint afterwards; the words of an availability file."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"
    """This machine cannot tell."""


class Cause(NamedTuple):
    """A row of the table; `{who}` is the source or the proxy, the other names are given with the failure."""

    state: State
    text: str
    advice: str


CAUSES: dict[str, Cause] = {
    "answers": Cause(State.UP, "answers {status}", ""),
    "long_answer": Cause(State.UP, "answers {status}, with more than 64 KiB; the rest was not read", ""),
    # before a connection
    "name_unknown": Cause(State.DOWN, "nobody knows the name '{host}'", "correct the name, or add it to the DNS"),
    "no_name_server": Cause(
        State.UNKNOWN, "no name server answers for '{host}'", "look at this machine's DNS settings, or state --resolve"
    ),
    "no_address": Cause(State.DOWN, "the name '{host}' has no address", "add an A or AAAA record for it"),
    "family_missing": Cause(
        State.UNKNOWN, "'{host}' resolves to {family} only, and this machine has none", "test it from a machine that has {family}"
    ),
    "not_allowed": Cause(
        State.UNKNOWN, "{address} is {why}, which is not asked", "if it is meant, allow it with --allow {address}"
    ),
    "no_password": Cause(State.UNKNOWN, "the password of the proxy cannot be had: {why}", "provide it where the policy says"),
    "deadline": Cause(State.UNKNOWN, "the deadline was over before an answer", "test fewer sources, or raise --deadline"),
    "defect": Cause(State.UNKNOWN, "asking failed with {why}", "report it"),
    # the first connection
    "refused": Cause(State.DOWN, "{who} refuses connections to port {port}", "start the service, or correct the port"),
    "unreachable": Cause(State.DOWN, "there is no way to {who}: {why}", "look at routes and firewalls between here and there"),
    "connect_timeout": Cause(
        State.DOWN, "{who} does not answer a connection to port {port} within {seconds} s", "look for a firewall that drops it"
    ),
    "closed": Cause(State.DOWN, "{who} closes the connection without an answer", "look at its log, and at the port"),
    "silent": Cause(State.DOWN, "{who} accepts the connection and says nothing for {seconds} s", "look whether it hangs"),
    "slow": Cause(State.DOWN, "{who} had begun to answer, and was not done after {seconds} s", "look at its load"),
    "garbage": Cause(State.DOWN, "{who} does not speak HTTP", "look whether the port is the one of the service"),
    # TLS
    "certificate_expired": Cause(State.DOWN, "the certificate expired on {expires}", "renew it"),
    "certificate_not_yet_valid": Cause(
        State.DOWN, "the certificate is not valid before {begins}", "correct the clock here or there, or replace the certificate"
    ),
    "certificate_self_signed": Cause(
        State.DOWN, "the certificate is signed by itself", "if it is yours, trust it with --ca FILE, else replace it"
    ),
    "certificate_untrusted": Cause(
        State.DOWN, "nobody here trusts the issuer of the certificate, {issuer}", "if it is yours, trust it with --ca FILE"
    ),
    "certificate_wrong_name": Cause(
        State.DOWN, "the certificate is for {names}, not for '{host}'", "ask for a name it has, or replace the certificate"
    ),
    "certificate_refused": Cause(State.DOWN, "the certificate is not good: {why}", "replace it"),
    "not_tls": Cause(State.DOWN, "{who} does not speak TLS on port {port}", "write scheme: http, or correct the port"),
    "tls_failed": Cause(State.DOWN, "TLS fails: {why}", "look which versions of TLS it offers"),
    # HTTP
    "redirects": Cause(State.DOWN, "answers {status} and points to {where}, which is not asked", "write where the service is"),
    "server_error": Cause(State.DOWN, "answers {status}", "look at its log"),
    # proxies
    "proxy_wants_password": Cause(State.DOWN, "the proxy asks for a password", "give the proxy user and password in the policy"),
    "proxy_refuses_password": Cause(State.DOWN, "the proxy does not accept the password of '{user}'", "correct user or password"),
    "proxy_refuses": Cause(State.DOWN, "the proxy does not let us through: {status}", "allow source and port in the proxy"),
    "proxy_cannot_connect": Cause(
        State.DOWN, "the proxy does not get through to the source: {status}", "test the source from the proxy"
    ),
    "proxy_lies": Cause(
        State.DOWN, "the proxy says that it is connected, and then {why}", "look at the proxy's log; the source may be down"
    ),
}


@dataclass(frozen=True)
class Verdict:
    """A cause with its words filled in."""

    cause: str
    text: str
    advice: str

    @property
    def state(self) -> State:
        """What it means for the endpoint."""
        return CAUSES[self.cause].state


def verdict(cause: str, **words: object) -> Verdict:
    """The verdict for a cause of the table."""
    row = CAUSES[cause]
    return Verdict(cause, row.text.format(**words), row.advice.format(**words))


class Failed(Exception):
    """Asking ended before an answer, with a cause."""

    def __init__(self, cause: str, **words: object) -> None:
        super().__init__(cause)
        self.verdict = verdict(cause, **words)


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and all that led to it."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop(0)
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__]
        waiting += list(one.exceptions) if isinstance(one, BaseExceptionGroup) else []


def not_connected(error: BaseException, who: str, port: int) -> Verdict:
    """Why there is no connection to a port of somebody."""
    number = next((cause.errno for cause in chain(error) if isinstance(cause, OSError) and cause.errno), None)
    if number == errno.ECONNREFUSED:
        return verdict("refused", who=who, port=port)
    if number in (errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE):
        return verdict("closed", who=who)
    return verdict("unreachable", who=who, why=os.strerror(number).lower() if number else "no reason given")
