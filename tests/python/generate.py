# SPDX-License-Identifier: MIT
"""Random policies and clients that are valid and look for trouble: ends of ranges, both families, every switch."""

from __future__ import annotations

import ipaddress
import random
from typing import Any

Tree = dict[str, Any]

_HOSTS = ["a.example", "B.Example", "c_1.example.", "10.0.0.5", "192.0.2.1", "2001:db8::5", "(2001:db8::6)", "[2001:db8::7]",
          "::ffff:10.0.0.9", "d.example", "e.example", "f.example"]  # fmt: skip
_V4 = [0, 1, 2, 9, 10, 255, 256, 2**24, 2**31, 0x7F000000, 0x7F000001, 0xA9FE0001, 0x0A000000, 0x0A0000FF, 2**32 - 2, 2**32 - 1]
_V6 = [0, 1, 2, 0xFFFE_FFFF_FFFF, 0xFFFF_0000_0000, 0xFFFF_FFFF_FFFF, 0x1_0000_0000_0000, 0x20010DB8 << 96, (0x20010DB8 << 96) + 255,
       0xFE80 << 112, (0xFE80 << 112) + 1, (0xFEC0 << 112) - 1, 2**128 - 2, 2**128 - 1]  # fmt: skip
_MACS = ["00:11:22:33:44:55", "00-11-22-33-44-55", "0011.2233.4455", "AA:bb:cc:dd:ee:ff"]


def _maybe(rng: random.Random, tree: Tree, key: str, value: Any, chance: float = 0.7) -> None:
    if rng.random() < chance:
        tree[key] = value


def _text(rng: random.Random, family: int, value: int) -> str:
    if family == 4:
        text = str(ipaddress.IPv4Address(value))
        return f"::ffff:{text}" if rng.random() < 0.1 else text
    text = str(ipaddress.IPv6Address(value))
    return rng.choice([text, text, text.upper(), f"[{text}]", f"({text})", ipaddress.IPv6Address(value).exploded])


def _range(rng: random.Random) -> str:
    if rng.random() < 0.15:
        return rng.choice(["0.0.0.0/0", "::/0", "10.0.0.0/8", "2001:db8::/32", "fe80::/10", "127.0.0.0/8", "::/80", "::ffff:10.0.0.0/120"])
    family = rng.choice([4, 6])
    values = _V4 if family == 4 else _V6
    bits = 32 if family == 4 else 128
    low = max(0, min(2**bits - 1, rng.choice(values) + rng.randint(-3, 3)))
    if rng.random() < 0.3:
        length = rng.choice([bits, bits - 1, bits - 2, bits - 4, bits - 8, bits - 9])
        low &= ~(2 ** (bits - length) - 1)
        high = low + 2 ** (bits - length) - 1
    else:
        length = None
        high = min(2**bits - 1, low + rng.choice([0, 1, 2, 5, 300, 2**16, 2**20]))
        if rng.random() < 0.1:
            high = max(low, rng.choice(values))
    if family == 6 and low <= 0xFFFF_FFFF_FFFF and high >= 0xFFFF_0000_0000:
        return rng.choice(["::2-::9", "::ffff:10.0.0.1-::ffff:10.0.0.9", "::/0"])  # the mapped block has its own cases
    if length is not None:
        return f"{_text(rng, family, low).strip('[]()')}/{length}" if family == 6 else f"{ipaddress.IPv4Address(low)}/{length}"
    if low == high and rng.random() < 0.5:
        return _text(rng, family, low)
    return _text(rng, family, low) + rng.choice(["-", " - "]) + _text(rng, family, high)


def _proxy(rng: random.Random) -> Tree | None:
    if rng.random() < 0.5:
        return None
    host = rng.choice(["proxy.example", "10.9.9.9", "2001:db8:9::9", "p2.example"])
    proxy: Tree = {"host": host, "port": rng.choice([3128, 8080])}
    if host.endswith("example"):
        _maybe(rng, proxy, "families", rng.choice([["ipv4"], ["ipv6"], ["ipv4", "ipv6"], ["ipv6", "ipv4"]]))
    _maybe(rng, proxy, "converts", rng.random() < 0.5)
    if rng.random() < 0.3:
        proxy |= {"user": "svc", "password": "env:PROXY"}
    return proxy


def _source(rng: random.Random, host: str, number: int, https: bool) -> Tree:
    source: Tree = {"host": host}
    _maybe(rng, source, "kind", rng.choice(["standalone", "integrated", "network", "gateway"]))
    if "example" in host.lower():
        _maybe(rng, source, "families", rng.choice([["ipv4"], ["ipv6"], ["ipv4", "ipv6"], ["ipv6", "ipv4"]]), 0.6)
    which = rng.choice(["both", "both", "file", "web"])
    if which != "web":
        source["file_reputation"] = {"port": 443 + number}
        _maybe(rng, source["file_reputation"], "scheme", rng.choice(["http", "https"]))
    if which != "file":
        source["web_reputation"] = {"port": 5274 + number}
        _maybe(rng, source["web_reputation"], "scheme", rng.choice(["http", "https"]) if https else "http", 0.4)
    return source


def random_policy(rng: random.Random) -> Tree:
    """A valid policy document, with keys left out at random."""
    profile = rng.choice(["officescan-10.6", "vision-one"])
    https = rng.random() < 0.5
    names = [f"s{i}" for i in range(rng.randint(1, 7))]
    # twins: two names for one endpoint, never in one list
    sources = {name: _source(rng, rng.choice(_HOSTS), i, https) for i, name in enumerate(names)}
    twins = {}
    if rng.random() < 0.5:
        original = rng.choice(names)
        sources["twin"] = dict(sources[original])
        twins = {"twin": original, original: "twin"}
    every = list(sources)

    def chosen() -> list[str]:
        out: list[str] = []
        for name in rng.sample(every, rng.randint(0, min(5, len(every)))):
            if twins.get(name) not in out:
                out.append(name)
        return out

    def ordered(tree: Tree) -> Tree:
        _maybe(rng, tree, "order", rng.choice(["ordered", "random"]))
        return tree

    lists = []
    for i in range(rng.choice([0, 1, 1, 2, 2, 3, 4, 6])):
        entry = ordered({"name": f"list {i}"})
        _maybe(rng, entry, "ranges", [_range(rng) for _ in range(rng.randint(0, 5))], 0.95)
        _maybe(rng, entry, "sources", chosen(), 0.9)
        _maybe(rng, entry, "proxy", _proxy(rng))
        lists.append(entry)
    custom: Tree = {"lists": lists}
    _maybe(rng, custom, "fallback_to_standard", rng.random() < 0.6)
    _maybe(rng, custom, "on_overlap", rng.choice(["first", "last", "most_specific"]))
    internal: Tree = {"mode": rng.choice(["standard", "custom", "custom", "custom"])}
    _maybe(rng, internal, "custom", custom, 0.95)
    _maybe(rng, internal, "standard", ordered({"sources": chosen()}))
    _maybe(rng, internal, "proxy", _proxy(rng))
    _maybe(rng, internal, "web_reputation_to_servers", rng.random() < 0.7, 0.5)
    policy: Tree = {"schema": "smplist/1", "sources": sources, "internal": internal, "allow_web_reputation_https": https}
    _maybe(rng, policy, "title", rng.choice(["", "Acme", 'quo"te\\ \t', "Zürich 東京"]), 0.3)
    _maybe(rng, policy, "profile", profile)
    _maybe(rng, policy, "ip_preference", rng.choice(["ipv4_first", "ipv6_first", "ipv4_only", "ipv6_only"]))
    _maybe(rng, policy, "network", ordered({"sources": chosen(), "proxy": _proxy(rng)}))
    fallback: Tree = {}
    _maybe(rng, fallback, "file_reputation", rng.random() < 0.5)
    _maybe(rng, fallback, "web_reputation", rng.random() < 0.5)
    _maybe(rng, policy, "network_fallback", fallback)
    _maybe(rng, policy, "location", _location(rng))
    return policy


def _location(rng: random.Random) -> Tree:
    if rng.random() < 0.6:
        gateways = [{"address": a, "mac": rng.choice([None, rng.choice(_MACS)])} for a in rng.sample(["10.0.0.1", "2001:db8::1"], 2)]
        return rng.choice([{"gateways": gateways}, {"criterion": "gateway", "gateways": gateways[:1]}, {"criterion": "gateway"}])
    servers = [{"host": "Ref.example", "ports": [80, 23]}, {"host": "(2001:db8::80)", "ports": [443]}]
    location: Tree = {"criterion": "connection"}
    _maybe(rng, location, "management_server", {"host": "osce.example", "ports": [4343]})
    _maybe(rng, location, "reference_servers", servers)
    return location


def random_client(rng: random.Random, policy: Tree) -> Tree:
    """A valid client document, its addresses mostly at the ends of the policy's ranges."""
    lists = (policy["internal"].get("custom") or {}).get("lists") or []
    ranges = [r for entry in lists for r in entry.get("ranges") or []]
    addresses = []
    for _ in range(rng.choice([0, 1, 1, 1, 1, 2, 2, 3])):
        if ranges and rng.random() < 0.8:
            end = rng.choice(rng.choice(ranges).split("/")[0].split("-")).strip(" []()")
            parsed = ipaddress.ip_address(end)
            bits = parsed.max_prefixlen
            value = max(0, min(2**bits - 1, int(parsed) + rng.choice([-1, 0, 0, 0, 1, 2, 200])))
            text = str(ipaddress.IPv4Address(value) if bits == 32 else ipaddress.IPv6Address(value))
        else:
            family = rng.choice([4, 6])
            text = _text(rng, family, rng.choice(_V4 if family == 4 else _V6))
        if ":" in text and text[0] not in "[(" and rng.random() < 0.1:
            text += "%eth0"
        addresses.append(text)
    client: Tree = {"addresses": addresses}
    _maybe(rng, client, "id", rng.choice(["pc-7", "pc-8", "", "ü"]), 0.5)
    _maybe(rng, client, "location", rng.choice(["internal", "internal", "internal", "external"]), 0.75)
    _maybe(rng, client, "stack", rng.choice([["ipv4"], ["ipv6"], ["ipv6", "ipv4"], []]), 0.2)
    gateways = ["10.0.0.1", "10.0.0.1,00:11:22:33:44:55", {"address": "2001:db8::1", "mac": "aa-bb-cc-dd-ee-ff"}, "10.0.0.2"]
    _maybe(rng, client, "gateways", rng.sample(gateways, rng.randint(0, 3)), 0.5)
    reached = ["osce.example:4343", "ref.EXAMPLE:23", "[2001:db8::80]:443", "ref.example:81"]
    _maybe(rng, client, "reached", rng.sample(reached, rng.randint(0, 3)), 0.5)
    return client
