# SPDX-License-Identifier: MIT
"""The model against reality: clients in network namespaces follow their plans through real proxies to real servers."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any, NamedTuple

import pytest
import smplist
from conftest import ROOT
from net.world import CLIENTS, IPV4, IPV6, PORTS, STATES, World, world

# how a policy names them
SOURCES: dict[str, dict[str, Any]] = {
    "IPv4 address": {"host": f"{IPV4}21"},
    "IPv6 address": {"host": f"{IPV6}22"},
    "name, families not stated": {"host": "unknown.{}.example"},
    "name, A": {"host": "a.{}.example", "families": ["ipv4"]},
    "name, AAAA": {"host": "aaaa.{}.example", "families": ["ipv6"]},
    "name, A and AAAA": {"host": "both.{}.example", "families": ["ipv4", "ipv6"]},
}
SERVICES = {
    "file reputation, HTTP": ("file_reputation", "http", PORTS["http"]),
    "file reputation, HTTPS": ("file_reputation", "https", PORTS["https"]),
    "web reputation, HTTP": ("web_reputation", "http", PORTS["web"]),
}
BOTH = ["ipv4", "ipv6"]
PROXIES: dict[str, dict[str, Any] | None] = {
    "none": None,
    "IPv4": {"host": "p4.example", "port": 3128, "families": ["ipv4"]},
    "IPv6": {"host": "p6.example", "port": 3128, "families": ["ipv6"]},
    "dual": {"host": "p46.example", "port": 3128, "families": BOTH, "converts": True},
    "IPv4 in, IPv6 out": {"host": "p4to6.example", "port": 3128, "families": ["ipv4"], "leaves_on": ["ipv6"], "converts": True},
    "IPv6 in, IPv4 out": {"host": "p6to4.example", "port": 3128, "families": ["ipv6"], "leaves_on": ["ipv4"], "converts": True},
}
SECOND_OPINION = {"host": "p46.example", "port": 8888, "families": BOTH, "converts": True}
KEEPS_APART: dict[str, Any] = {"host": "p46.example", "port": 3130, "families": BOTH}
TWO_SIDED = ("IPv4 in, IPv6 out", "IPv6 in, IPv4 out")


class Cell(NamedTuple):
    """One way to ask."""

    client: str
    source: str
    proxy: str
    service: str
    state: str


CELLS = [Cell(*parts) for parts in product(CLIENTS, SOURCES, PROXIES, SERVICES, STATES)]


def policy_of(cell: Cell, proxy: dict[str, Any] | None) -> dict[str, Any]:
    """A list with the source of a cell through its proxy, and a source behind it that always answers directly."""
    service, scheme, port = SERVICES[cell.service]
    source = {**SOURCES[cell.source], "host": SOURCES[cell.source]["host"].format(cell.state)}
    control = {"file_reputation": {"scheme": "http", "port": PORTS["http"]}, "web_reputation": {"port": PORTS["web"]}}
    return {
        "schema": "smplist/1",
        "sources": {
            "cell": {**source, service: {"scheme": scheme, "port": port + STATES[cell.state]}},
            "control": {"host": "control.example", "families": BOTH, **control},
        },
        "internal": {
            "mode": "custom",
            "standard": {"sources": ["control"]},
            "custom": {
                "fallback_to_standard": True,
                "lists": [{"name": "cell", "ranges": [f"{IPV4}0/24", f"{IPV6}/64"], "sources": ["cell"], "proxy": proxy}],
            },
        },
    }


def client_of(cell: Cell) -> dict[str, Any]:
    """A client document."""
    return {"addresses": CLIENTS[cell.client].addresses, "location": "internal"}


class Prediction(NamedTuple):
    """What the engine says of a cell."""

    first: str
    families: tuple[str, ...]
    reason: str


def predict(cell: Cell, proxy: dict[str, Any] | None) -> Prediction:
    """The first attempt that answers; a source that is not up is known to be down."""
    policy = smplist.Policy.from_dict(policy_of(cell, proxy))
    service = SERVICES[cell.service][0]
    plan = policy.evaluate(smplist.Client.from_dict(client_of(cell)), service)
    first = plan.first_available({policy.sources["cell"].identity(service): "down"} if cell.state != "up" else {})
    assert first is not None
    families = next((tuple(map(str, a.families)) for a in plan.attempts if a.source == "cell"), ())
    return Prediction(first.source, families, next((str(i.reason) for i in plan.ignored), ""))


@pytest.fixture(scope="module")
def internet() -> Iterator[World]:
    """The machines."""
    with world() as made:
        yield made


def walk(internet: World, cells: list[tuple[Cell, dict[str, Any] | None]]) -> dict[Cell, dict[str, Any]]:
    """What real clients reach, each on its machine, all machines at once."""

    def on(client: str) -> list[dict[str, Any]]:
        lines = [
            json.dumps(
                {"id": n, "policy": policy_of(cell, proxy), "client": client_of(cell), "service": SERVICES[cell.service][0]}
            )
            for n, (cell, proxy) in enumerate(cells)
            if cell.client == client
        ]
        words = [sys.executable, "-m", "net.walk", str(internet.folder / "ca.pem")]
        paths = os.pathsep.join([str(ROOT / "tests/python"), os.environ.get("PYTHONPATH", "")])
        found: list[dict[str, Any]] = json.loads(internet.run(client, words, "\n".join(lines), {"PYTHONPATH": paths}))
        return found

    with ThreadPoolExecutor(len(CLIENTS)) as pool:
        return {cells[row["id"]][0]: row for rows in pool.map(on, CLIENTS) for row in rows}


def wrong_of(cell: Cell, said: Prediction, seen: dict[str, Any]) -> list[str]:
    """How a cell differs from what was predicted."""
    wrong = []
    if seen["reached"] != said.first:
        wrong.append(f"{cell}: predicted {said}, seen {seen}")
    if said.first == "cell" and seen["family"] != said.families[0]:
        wrong.append(f"{cell}: over {seen['family']}, predicted {said.families}")
    if any(cause in BOTH for cause in seen["ignored"].values()):
        wrong.append(f"{cell}: left out for {said.reason}, and it answers: {seen}")
    return wrong


def test_every_cell_is_as_predicted(internet: World) -> None:
    """972 of them: whom a plan reaches first, over which family, and that what it leaves out cannot be reached."""
    assert len(CELLS) == 972
    seen = walk(internet, [(cell, PROXIES[cell.proxy]) for cell in CELLS])
    wrong = [line for cell in CELLS for line in wrong_of(cell, predict(cell, PROXIES[cell.proxy]), seen[cell])]
    assert len(seen) == 972
    assert not wrong, f"{len(wrong)} wrong\n" + "\n".join(wrong[:20])


def test_one_set_of_families_promises_too_much(internet: World) -> None:
    """A proxy that listens on one family and leaves on the other, written with both families: 20 ways of 36 do not exist.

    That is why there is `leaves_on`, with which no way is promised that is none.
    """
    ways = [cell for cell in CELLS if cell.proxy in TWO_SIDED and cell.state == "up" and cell.service == "web reputation, HTTP"]
    one_set = {cell: {**(PROXIES[cell.proxy] or {}), "families": BOTH, "leaves_on": BOTH} for cell in ways}
    promised = {cell for cell in ways if predict(cell, one_set[cell]).first == "cell"}
    kept = {cell for cell, seen in walk(internet, list(one_set.items())).items() if seen["reached"] == "cell"}
    assert kept == {cell for cell in ways if predict(cell, PROXIES[cell.proxy]).first == "cell"}
    assert (len(ways), len(promised), len(kept)) == (36, 36, 16)


def test_another_proxy_gives_the_same(internet: World) -> None:
    """tinyproxy in place of squid, where both have both families: 162 cells more."""
    cells = [cell for cell in CELLS if cell.proxy == "dual"]
    seen = walk(internet, [(cell, SECOND_OPINION) for cell in cells])
    wrong = [line for cell in cells for line in wrong_of(cell, predict(cell, SECOND_OPINION), seen[cell])]
    assert len(seen) == 162
    assert not wrong, f"{len(wrong)} wrong\n" + "\n".join(wrong[:20])


def test_a_proxy_that_does_not_convert(internet: World) -> None:
    """squid, told to keep the families apart: it is refused what the engine says that it cannot do, and nothing else."""
    internet.start_squid(
        "p46", "", "acl from4 src 192.0.2.0/24\nacl from6 src 2001:db8::/64\n"
        "acl to4 dst 192.0.2.0/24\nacl to6 dst 2001:db8::/64\n"
        "http_access allow from4 to4\nhttp_access allow from6 to6\nhttp_access deny all", KEEPS_APART["port"],
    )  # fmt: skip
    cells = [cell for cell in CELLS if cell.proxy == "dual" and cell.state == "up"]
    seen = walk(internet, [(cell, KEEPS_APART) for cell in cells])
    said = {cell: predict(cell, KEEPS_APART) for cell in cells}
    assert [line for cell in cells for line in wrong_of(cell, said[cell], seen[cell])] == []
    assert sum(one.reason == "proxy_cannot_convert" for one in said.values()) == 12


def table() -> list[str]:
    """What the page says: for each client and proxy, over which families each source answers, or why it is not asked."""
    lines = [f"| client | proxy | {' | '.join(SOURCES)} |", f"|{'---|' * (2 + len(SOURCES))}"]
    for client, proxy in product(CLIENTS, PROXIES):
        said = []
        for source in SOURCES:
            found = predict(Cell(client, source, proxy, "web reputation, HTTP", "up"), PROXIES[proxy])
            answered = " to ".join(family.removeprefix("ipv") for family in dict.fromkeys(found.families))
            said.append(answered if found.first == "cell" else f"`{found.reason}`")
        lines.append(f"| {client} | {proxy} | {' | '.join(said)} |")
    return lines


def test_the_page_shows_what_was_seen() -> None:
    """Its table is the one of this matrix."""
    page = (ROOT / "docs/explanation/network.md").read_text(encoding="utf-8")
    assert "\n".join(table()) in page
