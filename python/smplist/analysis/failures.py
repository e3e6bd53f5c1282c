# SPDX-License-Identifier: MIT
"""What can fail, as people write it: `SOURCE`, `SOURCE/SERVICE`, `host:NAME`, `proxy:HOST:PORT`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from smplist._core import Availability, Policy, _failure
from smplist.analysis.report import SERVICES

_PROBABILITY = re.compile(r"[0-9]{1,18}(/[0-9]{1,18}|\.[0-9]{1,18})?%?")


def read_failure(policy: Policy, text: str) -> dict[str, Any]:
    """A failure and what it takes: `unit`, `name`, `text`, and its endpoints by service.

    Raises
    ------
    ValueError
        If the policy has no such thing; the text says what was likely meant.
    """
    found: dict[str, Any] = json.loads(_failure(policy, text))
    return found


def availability(policy: Policy, down: Iterable[str]) -> dict[str, str]:
    """The endpoints that failures of sources and hosts take, as `Plan.first_available` wants them.

    Raises
    ------
    ValueError
        If the policy has no such thing, or if it is a proxy, which is no endpoint.
    """
    known: dict[str, str] = {}
    for text in down:
        found = read_failure(policy, text)
        if found["unit"] == "proxy":
            raise ValueError(f"{text!r} is a proxy, and only endpoints are up or down here; name a source or a host")
        known.update((endpoint, "down") for service in SERVICES for endpoint in found[service])
    return known


def read_availability(policy: Policy, document: object) -> dict[str, str]:
    """What a document says of endpoints, as `Plan.first_available` wants it.

    It maps endpoints (`https://hq.example:443`), `SOURCE`, `SOURCE/SERVICE` or `host:NAME` to `up`, `down` or `unknown`.

    Raises
    ------
    ValueError
        If it does not, or names what the policy does not have.
    """
    if not isinstance(document, dict):
        raise ValueError('an availability is an object, as in {"https://hq.example:443": "down"}')
    endpoints = set(_endpoints(policy).values())
    known: dict[str, str] = {}
    for name, state in document.items():
        if state not in tuple(Availability):
            raise ValueError(f'{name!r} is {json.dumps(state)}; write "up", "down" or "unknown"')
        if name in endpoints:
            known[name] = state
        elif "://" in name:
            raise ValueError(f"the policy has no endpoint {name!r}; test its connections again, or remove the line")
        else:
            known |= {endpoint: state for endpoint in availability(policy, [name])}
    return known


def down_sources(policy: Policy, known: Mapping[str, str]) -> list[str]:
    """Every `SOURCE/SERVICE` whose endpoint is down."""
    return [text for text, endpoint in _endpoints(policy).items() if known.get(endpoint) == Availability.DOWN]


def _endpoints(policy: Policy) -> dict[str, str]:
    """The endpoint of every `SOURCE/SERVICE`."""
    return {
        f"{name}/{service}": source.identity(service)
        for name, source in policy.sources.items()
        for service in SERVICES
        if getattr(source, service) is not None
    }


def read_probability(value: object) -> Fraction:
    """An exact probability from `1/100`, `0.01`, `1%`, an integer or a fraction; never from a float, which is not what it shows.

    Raises
    ------
    ValueError
        If it is none, or not between 0 and 1.
    TypeError
        If it is of another type.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | Fraction):
        raise TypeError(
            f"a probability is a text, an int or a Fraction, not {type(value).__name__}; write it as '1/100' or '0.01'"
        )
    if isinstance(value, str):
        text = value.strip()
        if not _PROBABILITY.fullmatch(text) or re.search(r"/0+%?$", text):
            raise ValueError(f"{value!r} is no probability; write it as 1/100, 0.01 or 1%")
        exact = Fraction(text.rstrip("%")) / (100 if text.endswith("%") else 1)
    else:
        exact = Fraction(value)
    if not 0 <= exact <= 1:
        raise ValueError(f"the probability {value} is not between 0 and 1")
    return exact


class Failing:
    """Which attempts are gone, and how likely the others are to fail, by unit: endpoint, host, proxy."""

    def __init__(self, policy: Policy, down: Iterable[str], probabilities: Mapping[str, object]) -> None:
        if isinstance(down, str):
            raise TypeError("down is a list of texts, not a text")
        self.down = [read_failure(policy, text) for text in down]
        self.endpoints = {service: {e for f in self.down for e in f[service]} for service in SERVICES}
        self.proxies = {f["name"] for f in self.down if f["unit"] == "proxy"}
        self.stated: dict[str, Fraction] = {}
        self._likely: dict[tuple[str, str, str], Fraction] = {}  # (kind, service or nothing, name)
        for text, value in probabilities.items():
            self._add(policy, text, read_probability(value))

    def _add(self, policy: Policy, text: str, likely: Fraction) -> None:
        if text == "*" and text not in policy.sources:
            self.stated[text] = likely
            return
        found = read_failure(policy, text)
        self.stated[found["text"]] = likely
        if found["unit"] != "source":
            keys = [(found["unit"], "", found["name"])]
        else:
            keys = [("source", service, endpoint) for service in SERVICES for endpoint in found[service]]
        for key in keys:
            if self._likely.setdefault(key, likely) != likely:
                raise ValueError(f"{text!r} has the endpoint {key[2]}, of which another probability is stated; state it once")

    def is_down(self, service: str, attempt: Mapping[str, Any]) -> bool:
        """Whether a stated failure hits an attempt."""
        return attempt["endpoint"] in self.endpoints[service] or attempt["via"] in self.proxies

    def units(self, service: str, attempt: Mapping[str, Any]) -> dict[tuple[str, str], Fraction]:
        """What an attempt may die of, and how likely each is; certainties not to fail are left out."""
        rest = self.stated.get("*", Fraction(0))
        found = {
            ("source", attempt["endpoint"]): self._likely.get(("source", service, attempt["endpoint"]), rest),
            ("host", attempt["host"]): self._likely.get(("host", "", attempt["host"]), Fraction(0)),
            ("proxy", attempt["via"] or ""): self._likely.get(("proxy", "", attempt["via"] or ""), Fraction(0)),
        }
        return {unit: likely for unit, likely in found.items() if likely}
