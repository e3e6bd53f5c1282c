# SPDX-License-Identifier: MIT
"""Random policies and clients that are valid and look for trouble: ends of ranges, both families, every switch."""

from __future__ import annotations

import ipaddress
import random
from typing import Any

Tree = dict[str, Any]

_NAMES = ["a.example", "B.Example", "c_1.example.", "d.example", "e.example", "f.example"]
_LITERALS = ["10.0.0.5", "192.0.2.1", "2001:db8::5", "(2001:db8::6)", "[2001:DB8::7]", "::ffff:10.0.0.9"]
_V4 = [0, 1, 2, 9, 10, 255, 256, 2**24, 2**31, 0x7F000000, 0x7F000001, 0x7FFFFFFF, 0xA9FE0000, 0xA9FE0001, 0xA9FEFFFF,
       0x0A000000, 0x0A0000FF, 2**32 - 2, 2**32 - 1]  # fmt: skip
_V6 = [0, 1, 2, 0xFFFE_FFFF_FFFF, 0xFFFF_0000_0000, 0xFFFF_FFFF_FFFF, 0x1_0000_0000_0000, 0x20010DB8 << 96,
       (0x20010DB8 << 96) + 255, 0xFE80 << 112, (0xFE80 << 112) + 1, (0xFEC0 << 112) - 1, 2**128 - 2,
       2**128 - 1]  # fmt: skip
_WHOLE = ["0.0.0.0/0", "::/0", "10.0.0.0/8", "2001:db8::/32", "fe80::/10", "127.0.0.0/8", "169.254.0.0/16", "::1",
          "255.255.255.255", "0.0.0.0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
          "2001:db8::-2001:db8::ff"]  # fmt: skip
# in, around and across the mapped block [S-03]
_MAPPED = ["::/80", "::8000:0:0/81", "::ffff:0:0/96", "::ffff:10.0.0.0/104", "::ffff:10.0.0.0-::ffff:10.0.0.9",
           "::fffe:ffff:fffe-::1:0:0:1", "::ffff:0:0-::1:0:0:5", "::fffe:ffff:ffff", "::1:0:0:0",
           "::-::1:0:0:0"]  # fmt: skip
_MACS = ["00:11:22:33:44:55", "00-11-22-33-44-55", "0011.2233.4455", "AA:bb:cc:dd:ee:ff"]
_FAMILIES = [["ipv4"], ["ipv6"], ["ipv4", "ipv6"], ["ipv6", "ipv4"]]


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
    if rng.random() < 0.2:
        return rng.choice(_MAPPED if rng.random() < 0.3 else _WHOLE)
    family = rng.choice([4, 6])
    values, bits = (_V4, 32) if family == 4 else (_V6, 128)
    low = max(0, min(2**bits - 1, rng.choice(values) + rng.randint(-3, 3)))
    if rng.random() < 0.3:
        length = rng.choice([bits, bits - 1, bits - 2, bits - 4, bits - 8, bits - 9])
        low &= ~(2 ** (bits - length) - 1)
        high = low + 2 ** (bits - length) - 1
    else:
        length = -1
        high = min(2**bits - 1, low + rng.choice([0, 1, 2, 5, 300, 2**16, 2**20]))
        if rng.random() < 0.1:
            high = max(low, rng.choice(values))
    if family == 6 and low <= 0xFFFF_FFFF_FFFF and high >= 0xFFFF_0000_0000:
        return rng.choice(_MAPPED)  # one end in the block and one outside would be refused
    if length >= 0:
        text = str(ipaddress.IPv4Address(low)) if family == 4 else _text(rng, 6, low)
        return f"{text}/{length}"
    if low == high and rng.random() < 0.5:
        return _text(rng, family, low)
    return _text(rng, family, low) + rng.choice(["-", " - ", "- "]) + _text(rng, family, high)


def _ranges(rng: random.Random, seen: list[str]) -> list[str]:
    """Up to five ranges; some stand in an earlier list, or earlier in this one, already."""
    out: list[str] = []
    for _ in range(rng.randint(0, 5)):
        out.append(rng.choice(seen) if seen and rng.random() < 0.2 else _range(rng))
        seen.append(out[-1])
    return out


def _proxy(rng: random.Random) -> Tree | None:
    if rng.random() < 0.5:
        return None
    host = rng.choice(["proxy.example", "Proxy.Example.", "10.9.9.9", "(2001:db8:9::9)", "p2.example", "p3.example"])
    proxy: Tree = {"host": host, "port": rng.choice([3128, 8080])}
    if host[0].isalpha():
        _maybe(rng, proxy, "families", rng.choice([*_FAMILIES, None]))
    _maybe(rng, proxy, "leaves_on", rng.choice([*_FAMILIES, None]))
    _maybe(rng, proxy, "converts", rng.random() < 0.5)
    if rng.random() < 0.3:
        proxy |= {"user": "svc", "password": rng.choice(["env:PROXY", "file:/etc/proxy", "keyring:proxy/svc", None])}
    return proxy


def _source(rng: random.Random, number: int, https: bool) -> Tree:
    source: Tree = {"host": rng.choice(_NAMES + _LITERALS)}
    _maybe(rng, source, "kind", rng.choice(["standalone", "integrated", "network", "gateway"]))
    if source["host"] in _NAMES:
        _maybe(rng, source, "families", rng.choice([*_FAMILIES, None]), 0.6)
    which = rng.choice(["both", "both", "file", "web"])
    if which != "web":
        source["file_reputation"] = {"port": rng.choice([1, 65535, 443]) if number == 0 else 443 + number}
        _maybe(rng, source["file_reputation"], "scheme", rng.choice(["http", "https"]))
    if which != "file":
        source["web_reputation"] = {"port": 5274 + number}
        _maybe(rng, source["web_reputation"], "scheme", rng.choice(["http", "https"]) if https else "http", 0.4)
    return source


def _twin(rng: random.Random, source: Tree) -> Tree:
    """Another name for the same endpoints, or for one of them: it may be written otherwise and answer otherwise."""
    twin = dict(source)
    if twin["host"] in _NAMES:
        twin["host"] = twin["host"].swapcase().removesuffix(".") + rng.choice(["", "."])
        if rng.random() < 0.5:
            twin["families"] = rng.choice([*_FAMILIES, None])
    if "file_reputation" in twin and "web_reputation" in twin and rng.random() < 0.4:
        del twin[rng.choice(["file_reputation", "web_reputation"])]
    return twin


def _names(rng: random.Random, sources: Tree, twins: dict[str, str]) -> list[str]:
    """Names of sources for one list, never a source and its twin. [S-15]"""
    out: list[str] = []
    for name in rng.sample(list(sources), rng.randint(1, min(5, len(sources)))):
        if twins.get(name) not in out:
            out.append(name)
    return out


def _location(rng: random.Random) -> Tree:
    if rng.random() < 0.6:
        gateways = [{"address": a, "mac": rng.choice([None, rng.choice(_MACS)])} for a in ("10.0.0.1", "[2001:db8::1]")]
        if rng.random() < 0.3:
            del gateways[0]["mac"]
        return rng.choice([{"gateways": gateways}, {"criterion": "gateway", "gateways": gateways[:1]}, {"criterion": "gateway"}])
    servers = [{"host": "Ref.example", "ports": [80, 23]}, {"host": "(2001:db8::80)", "ports": [443]}]
    location: Tree = {"criterion": "connection"}
    _maybe(rng, location, "management_server", {"host": "osce.example", "ports": [4343]})
    _maybe(rng, location, "reference_servers", servers)
    return location


def random_policy(rng: random.Random) -> Tree:
    """A valid policy document, with keys left out at random."""
    https = rng.random() < 0.5
    sources = {f"s{i}": _source(rng, i, https) for i in range(rng.randint(1, 7))}
    twins: dict[str, str] = {}
    if rng.random() < 0.5:
        original = rng.choice(list(sources))
        sources["twin"] = _twin(rng, sources[original])
        twins = {"twin": original, original: "twin"}

    def a_list(tree: Tree, chance: float) -> Tree:
        _maybe(rng, tree, "order", rng.choice(["ordered", "random"]))
        _maybe(rng, tree, "sources", [] if rng.random() < 0.08 else _names(rng, sources, twins), chance)
        return tree

    lists = []
    seen: list[str] = []
    for i in range(rng.choice([0, 1, 1, 2, 2, 3, 4, 6])):
        entry = a_list({"name": f"list {i}"}, 0.9)
        _maybe(rng, entry, "ranges", _ranges(rng, seen), 0.95)
        _maybe(rng, entry, "proxy", _proxy(rng))
        lists.append(entry)
    custom: Tree = {}
    _maybe(rng, custom, "lists", lists, 0.95)
    _maybe(rng, custom, "fallback_to_standard", rng.random() < 0.6)
    _maybe(rng, custom, "on_overlap", rng.choice(["first", "last", "most_specific", "most_specific"]))
    internal: Tree = {"mode": rng.choice(["standard", "custom", "custom", "custom"])}
    _maybe(rng, internal, "custom", custom, 0.95)
    _maybe(rng, internal, "standard", a_list({}, 0.9), 0.85)
    _maybe(rng, internal, "proxy", _proxy(rng))
    _maybe(rng, internal, "web_reputation_to_servers", rng.random() < 0.7, 0.5)
    policy: Tree = {"schema": "smplist/1", "sources": sources, "internal": internal}
    _maybe(rng, policy, "title", rng.choice(["", "Acme", 'quo"te\\ \t', "Zürich 東京"]), 0.3)
    _maybe(rng, policy, "profile", rng.choice(["officescan-10.6", "vision-one"]))
    # the default must not forbid what the sources say [S-13] [S-48]
    _maybe(rng, policy, "allow_web_reputation_https", https, 0.5 if policy.get("profile") == "vision-one" else 1.0)
    if not https and rng.random() < 0.5:
        policy.pop("allow_web_reputation_https", None)
    _maybe(rng, policy, "ip_preference", rng.choice(["ipv4_first", "ipv6_first", "ipv4_only", "ipv6_only"]))
    _maybe(rng, policy, "network", a_list({"proxy": _proxy(rng)}, 0.9), 0.85)
    fallback: Tree = {}
    _maybe(rng, fallback, "file_reputation", rng.random() < 0.5)
    _maybe(rng, fallback, "web_reputation", rng.random() < 0.5)
    _maybe(rng, policy, "network_fallback", fallback)
    _maybe(rng, policy, "location", _location(rng))
    return policy


def _near_an_end(rng: random.Random, text: str) -> str:
    """An address at an end of a range, or a step or a few away from it."""
    base, _, length = text.partition("/")
    parsed = [ipaddress.ip_address(end.strip(" []()")) for end in base.split("-")]
    bits, value = parsed[0].max_prefixlen, int(rng.choice(parsed))
    if length and rng.random() < 0.5:
        value += 2 ** (bits - int(length)) - 1
    value = max(0, min(2**bits - 1, value + rng.choice([-1, -1, 0, 0, 0, 0, 1, 1, 2, 200])))
    return str(ipaddress.IPv4Address(value) if bits == 32 else ipaddress.IPv6Address(value))


def random_client(rng: random.Random, policy: Tree) -> Tree:
    """A valid client document, its addresses mostly at the ends of the policy's ranges."""
    lists = (policy["internal"].get("custom") or {}).get("lists") or []
    ranges = [r for entry in lists for r in entry.get("ranges") or []]
    addresses: list[str] = []
    for _ in range(rng.choice([0, 1, 1, 1, 1, 2, 2, 3])):
        if addresses and rng.random() < 0.05:
            text = addresses[0].partition("%")[0]  # the same address on two interfaces
        elif ranges and rng.random() < 0.8:
            text = _near_an_end(rng, rng.choice(ranges))
        else:
            family = rng.choice([4, 6])
            text = _text(rng, family, rng.choice(_V4 if family == 4 else _V6))
        if ":" in text and text[0] not in "[(" and rng.random() < 0.1:
            text += "%eth0"
        addresses.append(text)
    client: Tree = {}
    _maybe(rng, client, "addresses", addresses, 0.97)
    _maybe(rng, client, "id", rng.choice(["pc-7", "pc-8", "", "ü"]), 0.5)
    _maybe(rng, client, "location", rng.choice(["internal"] * 6 + ["external"]), 0.8)
    _maybe(rng, client, "stack", rng.choice([["ipv4"], ["ipv6"], ["ipv6", "ipv4"], []]), 0.2)
    gateways = ["10.0.0.1", "10.0.0.1,00:11:22:33:44:55", {"address": "2001:db8::1", "mac": "aa-bb-cc-dd-ee-ff"}]
    gateways += [{"address": "::ffff:10.0.0.1"}, "10.0.0.2"]
    _maybe(rng, client, "gateways", rng.sample(gateways, rng.randint(0, 3)), 0.5)
    reached = ["osce.example:4343", "ref.EXAMPLE:23", "[2001:db8::80]:443", "ref.example:81"]
    _maybe(rng, client, "reached", rng.sample(reached, rng.randint(0, 3)), 0.5)
    return client
