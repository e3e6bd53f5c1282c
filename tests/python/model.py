# SPDX-License-Identifier: MIT
"""The third witness: the rules of docs/explanation/semantics.md in plain, slow Python.

It shares no code with the engine and imports nothing of it. Every function names the clauses that it restates.
An address is a pair (family, value): (4, 32-bit value) or (6, 128-bit value); pairs sort in canonical order.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

Tree = dict[str, Any]
Address = tuple[int, int]
Range = tuple[Address, Address]
Say = Callable[..., None]

M64 = 2**64 - 1
MAPPED_FIRST, MAPPED_LAST = 0xFFFF_0000_0000, 0xFFFF_FFFF_FFFF
LOWEST = {4: (4, 0), 6: (6, 0)}
HIGHEST = {4: (4, 2**32 - 1), 6: (6, 2**128 - 1)}
SPECIAL = ("127.0.0.0/8", "169.254.0.0/16", "::1", "fe80::/10")  # loopback and link-local [S-50]


# -- addresses and ranges -------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def parse_address(text: str) -> tuple[Address, str]:
    """An address and its zone; ValueError if the text is none. [S-01] [S-02] [S-03] [S-04]"""
    enclosed = text[:1] + text[-1:] in ("[]", "()")
    if enclosed:
        text = text[1:-1]
    text, percent, zone = text.partition("%")
    if percent and not zone:
        raise ValueError("an empty zone")
    if ":" in text:
        return fold(int(ipaddress.IPv6Address(text))), zone
    if enclosed:
        raise ValueError("only IPv6 stands in an enclosure")
    return (4, int(ipaddress.IPv4Address(text))), zone


def plain_address(text: str) -> Address:
    """An address where a zone is refused. [S-04]"""
    address, zone = parse_address(text)
    if zone:
        raise ValueError("a zone")
    return address


def fold(value: int) -> Address:
    """128 bits as an address; mapped ones are IPv4. [S-03]"""
    if MAPPED_FIRST <= value <= MAPPED_LAST:
        return (4, value - MAPPED_FIRST)
    return (6, value)


def raw(a: Address) -> int:
    """The 128 bits of an address, IPv4 as its mapped form. [S-03]"""
    return a[1] + MAPPED_FIRST if a[0] == 4 else a[1]


def address_text(a: Address) -> str:
    """Canonical text. [S-01]"""
    if a[0] == 4:
        return str(ipaddress.IPv4Address(a[1]))
    groups = [a[1] >> shift & 0xFFFF for shift in range(112, -1, -16)]
    best, length = 0, 0
    for start in range(8):
        run = 0
        while start + run < 8 and groups[start + run] == 0:
            run += 1
        if run > length:
            best, length = start, run
    words = [f"{g:x}" for g in groups]
    if length < 2:
        return ":".join(words)
    return ":".join(words[:best]) + "::" + ":".join(words[best + length :])


def step(a: Address, by: int) -> Address | None:
    """The neighbour in the family; the mapped block is not IPv6. [S-03] [S-06]"""
    family, value = a
    value += by
    if family == 6 and MAPPED_FIRST <= value <= MAPPED_LAST:
        value = MAPPED_LAST + 1 if by > 0 else MAPPED_FIRST - 1
    return (family, value) if 0 <= value <= HIGHEST[family][1] else None


@lru_cache(maxsize=4096)
def parse_range(text: str) -> Range:
    """Both ends of a range; ValueError if the text is none. [S-03] [S-05] [S-06]"""
    if "/" in text:
        base, _, length = text.partition("/")
        low, bits = raw(plain_address(base)), 128 if ":" in base else 32
        if not re.fullmatch(r"0|[1-9][0-9]{0,2}", length) or int(length) > bits:
            raise ValueError("a prefix length")
        size: int = 2 ** (bits - int(length))
        high = low + size - 1
        if (low - (MAPPED_FIRST if bits == 32 else 0)) % size:
            raise ValueError("host bits after a prefix")
    else:
        first, hyphen, last = text.partition("-")
        if hyphen:
            first, last = first.rstrip(" "), last.lstrip(" ")
        low = raw(plain_address(first))
        high = raw(plain_address(last)) if hyphen else low
        crosses = bool(hyphen) and plain_address(first)[0] != plain_address(last)[0]
        if crosses and not (":" in first and ":" in last and spans_block(low, high)):
            raise ValueError("ends of two families")
    if low > high:
        raise ValueError("reversed ends")
    if spans_block(low, high):
        low = MAPPED_LAST + 1 if low == MAPPED_FIRST else low
        high = MAPPED_FIRST - 1 if high == MAPPED_LAST else high
    return fold(low), fold(high)


def spans_block(low: int, high: int) -> bool:
    """More than the mapped block, and all of it: such a range stays IPv6, without the block. [S-03]"""
    return low <= MAPPED_FIRST and high >= MAPPED_LAST and (low, high) != (MAPPED_FIRST, MAPPED_LAST)


def size(r: Range) -> int:
    """How many addresses the text of a range spans, the mapped block included. [S-03]"""
    return raw(r[1]) - raw(r[0]) + 1


def range_text(r: Range) -> str:
    """One address, a prefix or both ends. [S-82]"""
    (family, low), (_, high) = r
    if low == high:
        return address_text(r[0])
    count = size(r)
    if count & (count - 1) == 0 and low % count == 0:
        return f"{address_text(r[0])}/{(32 if family == 4 else 128) - count.bit_length() + 1}"
    return f"{address_text(r[0])}-{address_text(r[1])}"


def holds(r: Range, a: Address) -> bool:
    """Families never cross. [S-03] [S-05]"""
    return r[0][0] == a[0] and r[0][1] <= a[1] <= r[1][1]


# -- hosts and sources ----------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def host_text(text: str) -> str:
    """A host in canonical form; ValueError if the text is none. [S-02] [S-11]"""
    if ":" in text or text[:1] in ("[", "(") or re.fullmatch(r"[0-9.]+", text):
        return address_text(plain_address(text))
    name = text.lower().removesuffix(".") if text.isascii() else ""
    labels = name.split(".")
    whole = all(re.fullmatch(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", label) for label in labels)
    if not whole or len(name) > 253 or re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]):
        raise ValueError("not a host name")
    return name


def literal_family(host: str) -> str | None:
    """The family of a host that is an address."""
    if re.fullmatch(r"[0-9.]+", host):
        return "ipv4"
    return "ipv6" if ":" in host else None


def with_port(host: str, port: int) -> str:
    """`host:port`, IPv6 in brackets. [S-02]"""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def mac_text(text: str) -> str:
    """Six pairs with colons; ValueError if the text is none. [S-31]"""
    pair, four = "[0-9a-f]{2}", "[0-9a-f]{4}"
    forms = (f"{pair}(:{pair}){{5}}", f"{pair}(-{pair}){{5}}", rf"{four}\.{four}\.{four}", "[0-9a-f]{12}")
    if not any(re.fullmatch(form, text.lower()) for form in forms):
        raise ValueError("not a MAC address")
    digits = re.sub(r"[^0-9a-f]", "", text.lower())
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))


def in_order(families: list[str]) -> list[str]:
    """IPv4 before IPv6, each once."""
    return [f for f in ("ipv4", "ipv6") if f in families]


# -- the canonical form ---------------------------------------------------------------------------------------------


def normal_proxy(proxy: Tree | None) -> Tree | None:
    """A proxy with its defaults. [S-23]"""
    if proxy is None:
        return None
    host = host_text(proxy["host"])
    own = literal_family(host)
    stated = proxy.get("families")
    families = [own] if own else in_order(stated) if stated else None
    leaves = in_order(proxy.get("leaves_on") or [])
    return {
        "host": host,
        "port": proxy["port"],
        "families": families,
        "converts": bool(proxy.get("converts")),
        "user": proxy.get("user") or None,
        "password": proxy.get("password"),
        **({"leaves_on": leaves} if leaves and leaves != families else {}),
    }


def normal_endpoint(endpoint: Tree | None, scheme: str) -> Tree | None:
    """An endpoint with its default scheme. [S-13]"""
    return None if endpoint is None else {"port": endpoint["port"], "scheme": endpoint.get("scheme") or scheme}


def normal_source(source: Tree, profile: str) -> Tree:
    """A source with its defaults. [S-12] [S-48]"""
    host = host_text(source["host"])
    own = literal_family(host)
    families = [own] if own else in_order(source["families"]) if source.get("families") else None
    kind = source.get("kind") or "standalone"
    if families is None and kind == "network" and profile == "officescan-10.6":
        families = ["ipv4"]
    return {
        "kind": kind,
        "host": host,
        "families": families,
        "file_reputation": normal_endpoint(source.get("file_reputation"), "https"),
        "web_reputation": normal_endpoint(source.get("web_reputation"), "http"),
    }


def normal_location(location: Tree) -> Tree:
    """A criterion with its defaults. [S-30] [S-33]"""

    def gateway(g: Tree) -> Tree:
        mac = mac_text(g["mac"]) if g.get("mac") else None
        return {"address": address_text(plain_address(g["address"])), "mac": mac}

    def server(s: Tree) -> Tree:
        return {"host": host_text(s["host"]), "ports": s["ports"]}

    if (location.get("criterion") or "gateway") == "gateway":
        return {"criterion": "gateway", "gateways": [gateway(g) for g in location.get("gateways") or []]}
    management = location.get("management_server")
    return {
        "criterion": "connection",
        "management_server": server(management) if management else None,
        "reference_servers": [server(s) for s in location.get("reference_servers") or []],
    }


def value(tree: Tree, key: str, default: Any) -> Any:
    """What is written, or the default."""
    return default if tree.get(key) is None else tree[key]


def normal_list(entry: Tree) -> Tree:
    """The part that every list has: order and sources. [S-20] [S-81]"""
    return {"order": value(entry, "order", "ordered"), "sources": value(entry, "sources", [])}


def normal_custom(custom: Tree) -> Tree:
    """The custom lists with their defaults. [S-07] [S-23] [S-44]"""
    lists = [
        {
            "name": entry["name"],
            "ranges": [range_text(parse_range(r)) for r in value(entry, "ranges", [])],
            **normal_list(entry),
            "proxy": normal_proxy(entry.get("proxy")),
        }
        for entry in value(custom, "lists", [])
    ]
    return {
        "fallback_to_standard": value(custom, "fallback_to_standard", False),
        "on_overlap": value(custom, "on_overlap", "first"),
        "lists": lists,
    }


def normal(policy: Tree) -> Tree:
    """A policy with every default written out. [S-48] [S-82]"""
    profile = value(policy, "profile", "officescan-10.6")
    modern = profile == "vision-one"
    fallback = value(policy, "network_fallback", {})
    internal, network = policy["internal"], value(policy, "network", {})
    return {
        "schema": "smplist/1",
        "title": value(policy, "title", ""),
        "profile": profile,
        "ip_preference": value(policy, "ip_preference", "ipv4_first"),
        "allow_web_reputation_https": value(policy, "allow_web_reputation_https", modern),
        "network_fallback": {
            "file_reputation": value(fallback, "file_reputation", False),
            "web_reputation": value(fallback, "web_reputation", modern),
        },
        "location": normal_location(value(policy, "location", {})),
        "sources": {name: normal_source(s, profile) for name, s in policy["sources"].items()},
        "internal": {
            "mode": internal["mode"],
            "web_reputation_to_servers": value(internal, "web_reputation_to_servers", True),
            "proxy": normal_proxy(internal.get("proxy")),
            "standard": normal_list(value(internal, "standard", {})),
            "custom": normal_custom(value(internal, "custom", {})),
        },
        "network": {**normal_list(network), "proxy": normal_proxy(network.get("proxy"))},
    }


def canonical(policy: Tree) -> bytes:
    """The bytes that the revision is made of. [S-82]"""
    return json.dumps(normal(policy), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def revision(policy: Tree) -> str:
    """`sha256:` and the digest. [S-82]"""
    return "sha256:" + hashlib.sha256(canonical(policy)).hexdigest()


def prepare(policy: Tree) -> tuple[Tree, str]:
    """The form that `evaluate` takes as `prepared`, for a policy that is asked often."""
    return normal(policy), revision(policy)


# -- random order ---------------------------------------------------------------------------------------------------


def fnv1a64(data: bytes) -> int:
    """FNV-1a, 64 bits. [S-21]"""
    h = 0xCBF29CE484222325
    for byte in data:
        h = (h ^ byte) * 0x100000001B3 & M64
    return h


def mix(x: int) -> int:
    """The SplitMix64 finalizer. [S-21]"""
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & M64
    x = (x ^ x >> 27) * 0x94D049BB133111EB & M64
    return x ^ x >> 31


def rank(key: int, epoch: int, identity: str) -> int:
    """Ascending rank is the order. [S-21]"""
    return mix(mix((key + epoch * 0x9E3779B97F4A7C15) & M64) ^ fnv1a64(identity.encode()))


def random_key(client_id: str, addresses: list[Address]) -> int:
    """The client's key. [S-21]"""
    if client_id:
        return fnv1a64(client_id.encode())
    if not addresses:
        return 0
    bits = raw(min(addresses))
    return mix(bits >> 64 ^ mix(bits & M64))


# -- evaluation -----------------------------------------------------------------------------------------------------


def gateway_of(text: str | Tree) -> tuple[str, str | None]:
    """A client's gateway, `address`, `address,mac` or a tree, as canonical address and MAC. [S-31]"""
    if isinstance(text, str):
        address, _, mac = text.partition(",")
    else:
        address, mac = text["address"], text.get("mac") or ""
    return address_text(parse_address(address)[0]), mac_text(mac) if mac else None


def reached_of(text: str) -> tuple[str, int]:
    """Host and port of `host:port`, in canonical form. [S-02] [S-32]"""
    host, _, port = text.rpartition(":")
    if not re.fullmatch(r"[1-9][0-9]{0,4}", port) or int(port) > 65535 or (":" in host and host[0] not in "[("):
        raise ValueError("not host:port")
    return host_text(host), int(port)


def locate(location: Tree, client: Tree, say: Say) -> str:
    """Internal or external. [S-30] [S-31] [S-32] [S-33]"""
    by_gateway = location["criterion"] == "gateway"
    evidence = client.get("gateways" if by_gateway else "reached") or []
    if client.get("location"):
        say("S-30", "location_declared", client["location"])
        return str(client["location"])
    if not evidence:
        say("S-33", "no_location_evidence")
        return "external"
    if by_gateway:
        for address, mac in map(gateway_of, evidence):
            if any(e["address"] == address and e["mac"] in (None, mac) for e in location["gateways"]):
                say("S-31", "gateway_matched", address)
                return "internal"
        say("S-31", "gateway_not_matched")
        return "external"
    servers = [s for s in [location["management_server"], *location["reference_servers"]] if s]
    for host, port in map(reached_of, evidence):
        if any(s["host"] == host and port in s["ports"] for s in servers):
            say("S-32", "server_reached", with_port(host, port))
            return "internal"
    say("S-32", "server_not_reached")
    return "external"


def stack_of(client: Tree, addresses: list[Address]) -> list[str]:
    """The families a client can use. [S-50]"""
    if client.get("stack"):
        return in_order(client["stack"])
    counted = [a for a in addresses if not any(holds(parse_range(r), a) for r in SPECIAL)]
    return in_order([f"ipv{a[0]}" for a in counted])


def preferred(stack: list[str], preference: str) -> list[str]:
    """The client's families, preferred first. [S-50]"""
    if len(stack) < 2:
        return stack
    table = {"ipv4_first": stack, "ipv6_first": stack[::-1], "ipv4_only": ["ipv4"], "ipv6_only": ["ipv6"]}
    return table[preference]


def match(custom: Tree, addresses: list[Address]) -> tuple[list[int], tuple[int, int, Address] | None]:
    """Which lists match, and (list, range, address) of what decides. [S-07] [S-44]"""
    lists, rule = custom["lists"], custom["on_overlap"]
    parsed = [[parse_range(r) for r in entry["ranges"]] for entry in lists]
    matched = [i for i, ranges in enumerate(parsed) if any(holds(r, a) for r in ranges for a in addresses)]
    if not matched:
        return [], None
    if rule == "most_specific":
        winners = []
        for a in addresses:
            hits = [(size(r), i, j) for i, ranges in enumerate(parsed) for j, r in enumerate(ranges) if holds(r, a)]
            if hits:
                winners.append((min(hits)[1], a, min(hits)[2]))
        i, a, j = min(winners)
        return matched, (i, j, a)
    i = matched[0] if rule == "first" else matched[-1]
    a = min(x for x in addresses if any(holds(r, x) for r in parsed[i]))
    return matched, (i, next(j for j, r in enumerate(parsed[i]) if holds(r, a)), a)


def route(families: list[str], source: list[str], proxy: tuple[list[str], list[str], bool] | None) -> tuple[list[str], str]:
    """The family of each hop, or why there is none. [S-51] [S-52] [S-53] [S-54]"""
    if not families:
        return [], "no_common_family"
    if proxy is None:
        shared = [f for f in families if f in source]
        return shared[:1], "no_common_family"
    listens, leaves, converts = proxy
    near = [f for f in families if f in listens]
    far = [f for f in leaves if f in source]
    if not near:
        return [], "proxy_unreachable"
    if not far:
        return [], "proxy_cannot_reach_source"
    same = [f for f in near if f in far]
    if same:
        return [same[0], same[0]], ""
    return ([near[0], far[0]], "") if converts else ([], "proxy_cannot_convert")


def evaluate(
    policy: Tree,
    client: Tree,
    service: str,
    *,
    epoch: int = 0,
    resolved: dict[str, list[str]] | None = None,
    revision: str | None = None,
    prepared: tuple[Tree, str] | None = None,
) -> Tree:
    """The plan of a client, without the sentences of its trace. [S-60] [S-61]

    `resolved` has the families of hosts by canonical host text [S-12]; `prepared` is what `prepare(policy)` answers.
    """
    rules, own_revision = prepared or prepare(policy)
    given = [parse_address(a) for a in client.get("addresses") or []]
    key = random_key(client.get("id") or "", [a for a, _ in given])
    plan = decide(rules, client, given, service, epoch, resolved or {}, key)
    trace = plan.pop("trace")
    reach = scope(rules, client, given, service, epoch, resolved or {}, key, plan)
    return {"revision": revision or own_revision, **plan, "scope": reach, "trace": trace}


def lists_in_use(internal: Tree) -> list[Tree]:
    """The lists of the mode. [S-47]"""
    if internal["mode"] == "standard":
        return [internal["standard"]]
    custom = internal["custom"]
    return [*custom["lists"], *([internal["standard"]] if custom["fallback_to_standard"] else [])]


def stages_of(
    rules: Tree, location: str, service: str, addresses: list[Address], say: Say
) -> tuple[list[Tree], list[str], Tree | None]:
    """The lists to go through, the lists that matched, what decided. [S-40] to [S-47]"""
    internal = rules["internal"]
    network = {"stage": "network", "list": "network", **rules["network"]}
    standard = {"list": "standard", **internal["standard"], "proxy": internal["proxy"]}
    if location == "external":
        say("S-40", "external_client")
        return [network], [], None
    if service == "web_reputation" and not internal["web_reputation_to_servers"]:
        say("S-41", "web_reputation_to_network")
        return [network], [], None
    if not any(entry["sources"] for entry in lists_in_use(internal)):
        say("S-47", "no_sources_configured")
        return [network], [], None
    stages: list[Tree] = []
    names: list[str] = []
    decided = None
    if internal["mode"] == "standard":
        say("S-42", "standard_list_for_all")
        stages.append({"stage": "standard_list", **standard})
    else:
        chosen, names, decided = custom_stage(internal["custom"], addresses, say)
        stages += chosen
        if internal["custom"]["fallback_to_standard"]:
            say("S-43", "standard_list_as_fallback")
            stages.append({"stage": "fallback_standard", **standard})
    if rules["network_fallback"][service]:
        say("S-46", "network_as_fallback")
        stages.append(network)
    return stages, names, decided


def custom_stage(custom: Tree, addresses: list[Address], say: Say) -> tuple[list[Tree], list[str], Tree | None]:
    """The custom list of a client, if there is one. [S-43] [S-44] [S-45]"""
    matched, chosen = match(custom, addresses)
    if chosen is None:
        say("S-45", "no_custom_list_matches")
        return [], [], None
    i, j, a = chosen
    entry = custom["lists"][i]
    names = [entry["name"], *(custom["lists"][k]["name"] for k in matched if k != i)]
    decided = {"list": entry["name"], "range": entry["ranges"][j], "address": address_text(a)}
    say("S-44", "custom_list_matched", entry["name"], entry["ranges"][j], address_text(a))
    if len(names) > 1:
        say("S-44", "overlap_resolved", custom["on_overlap"], *names[1:])
    return [{"stage": "custom_list", "list": entry["name"], **entry}], names, decided


def decide(
    rules: Tree, client: Tree, given: list[tuple[Address, str]], service: str, epoch: int, resolved: Tree, key: int
) -> Tree:
    """Everything of a plan but revision and scope."""
    trace: list[Tree] = []

    def say(clause: str, reason: str, *about: str) -> None:
        trace.append({"clause": clause, "reason": reason, "about": list(about)})

    addresses = [a for a, _ in given]
    for a, zone in given:
        if zone:
            say("S-04", "zone_dropped", address_text(a), zone)
    location = locate(rules["location"], client, say)
    stack = stack_of(client, addresses)
    families = preferred(stack, rules["ip_preference"])
    if families:
        say("S-50", "client_families", *families)
    else:
        say("S-50", "no_usable_address")
    stages, names, decided = stages_of(rules, location, service, addresses, say)
    attempts: list[Tree] = []
    ignored: list[Tree] = []
    asked: set[tuple[str, str | None]] = set()
    for stage in stages:
        if stage["order"] == "ordered":
            say("S-20", "as_written", stage["list"])
        else:
            keyed_by = "id" if client.get("id") else "address" if addresses else "nothing"
            say("S-21", "random_order", stage["list"], keyed_by)
        walk(rules, stage, service, families, epoch, resolved, key, attempts, ignored, asked)
    return {
        "service": service,
        "client": {"id": client.get("id") or None, "addresses": [address_text(a) for a in addresses], "stack": stack},
        "location": location,
        "outcome": attempts[0]["stage"] if attempts else "none_reachable" if stages else "no_list",  # [S-64]
        "lists": names,
        "decided_by": decided,
        "stages": [{**{k: s[k] for k in ("stage", "list", "order")}, "proxy": via_of(s["proxy"])} for s in stages],
        "attempts": attempts,
        "ignored": ignored,
        "exhausted": "allow_and_rescan" if service == "file_reputation" else "local_lists_only",  # [S-66]
        "trace": trace,
    }


def via_of(proxy: Tree | None) -> str | None:
    """A proxy as a plan names it. [S-63]"""
    return with_port(proxy["host"], proxy["port"]) if proxy else None


def walk(
    rules: Tree, stage: Tree, service: str, families: list[str], epoch: int, resolved: Tree, key: int,
    attempts: list[Tree], ignored: list[Tree], asked: set[tuple[str, str | None]],
) -> None:  # fmt: skip
    """The sources of one stage, ordered first, filtered after. [S-20] [S-21] [S-22] [S-53] [S-63]"""
    sources = []
    for position, name in enumerate(stage["sources"]):
        source = rules["sources"][name]
        endpoint = source[service]
        identity = f"{endpoint['scheme']}://{with_port(source['host'], endpoint['port'])}" if endpoint else ""  # [S-14]
        order = (0, 0) if stage["order"] == "ordered" else (0, rank(key, epoch, identity)) if endpoint else (1, 0)
        sources.append((order, position, name, source, identity))
    proxy = stage["proxy"]
    via = via_of(proxy)
    both = ["ipv4", "ipv6"]
    for _, _, name, source, identity in sorted(sources, key=lambda s: s[:2]):
        place = {"stage": stage["stage"], "list": stage["list"], "source": name}
        if not identity:
            ignored.append({**place, "reason": "service_not_offered"})
            continue
        answers = source["families"] or in_order(resolved.get(source["host"], []))
        through = None
        unknown = not answers
        if proxy:
            forwards = proxy["families"] or in_order(resolved.get(proxy["host"], []))
            unknown = unknown or not forwards
            through = (forwards or both, proxy.get("leaves_on") or forwards or both, proxy["converts"])
        hops, why = route(families, answers or both, through)
        if not hops:
            ignored.append({**place, "reason": why})
        elif (identity, via) in asked:
            ignored.append({**place, "reason": "already_listed"})
        else:
            asked.add((identity, via))
            url = identity + ("/tmcss" if service == "file_reputation" else "")
            notes = ["family_unknown"] if unknown else []
            attempts.append({**place, "url": url, "via": via, "families": hops, "notes": notes})


# -- scope ----------------------------------------------------------------------------------------------------------


def scope(
    rules: Tree, client: Tree, given: list[tuple[Address, str]], service: str, epoch: int, resolved: Tree, key: int,
    plan: Tree,
) -> Tree | None:  # fmt: skip
    """How far the plan stays what it is, cell by cell. [S-62]"""
    addresses = [a for a, _ in given]
    if not addresses:
        return None
    deciding = parse_address(plan["decided_by"]["address"])[0] if plan["decided_by"] else min(addresses)
    family = deciding[0]
    ranges = [parse_range(r) for entry in rules["internal"]["custom"]["lists"] for r in entry["ranges"]]
    ranges += [parse_range(r) for r in SPECIAL]
    starts = {LOWEST[family]}
    for first, last in ranges:
        if first[0] == family:
            starts.add(first)
            behind = step(last, 1)
            if behind:
                starts.add(behind)
    cells = sorted(starts)

    def answer(p: Tree) -> Any:
        d = p["decided_by"]
        kept = ("location", "outcome", "stages", "attempts", "ignored", "lists")
        return [p[k] for k in kept], d and (d["list"], d["range"])

    def same(a: Address) -> bool:
        moved = [(a if had == deciding else had, zone) for had, zone in given]
        return bool(answer(decide(rules, client, moved, service, epoch, resolved, key)) == answer(plan))

    here = max(i for i, cell in enumerate(cells) if cell <= deciding)
    low = high = here
    while low > 0 and same(cells[low - 1]):
        low -= 1
    while high + 1 < len(cells) and same(cells[high + 1]):
        high += 1
    end = step(cells[high + 1], -1) if high + 1 < len(cells) else HIGHEST[family]
    assert end is not None
    varies = not client.get("id") and shuffled(plan)
    return {"first": address_text(cells[low]), "last": address_text(end), "order_varies": varies}


def shuffled(plan: Tree) -> bool:
    """Whether a stage with `random` has at least two ranked sources. [S-21] [S-62]"""
    for s in plan["stages"]:
        ranked = [a for a in plan["attempts"] if a["stage"] == s["stage"]]
        ranked += [i for i in plan["ignored"] if i["stage"] == s["stage"] and i["reason"] != "service_not_offered"]
        if s["order"] == "random" and len(ranked) >= 2:
            return True
    return False


# -- availability and failover --------------------------------------------------------------------------------------


def identity_of(attempt: Tree) -> str:
    """Scheme, host and port of an attempt's URL. [S-14]"""
    return str(attempt["url"].removesuffix("/tmcss"))


def first_available(plan: Tree, availability: dict[str, str]) -> Tree | None:
    """The first attempt that is not down. [S-65]"""
    return next((a for a in plan["attempts"] if availability.get(identity_of(a)) != "down"), None)


RETRIES, RETRY_GAP, REST, REST_MAX = 2, 5_000, 60_000, 3_600_000


def failover_next(state: Tree, plan: Tree, now: int) -> tuple[str, Any]:
    """What to do now. [S-70] [S-71]"""

    def record(a: Tree) -> Tree:
        return dict(state.get("records", {}).get((identity_of(a), a["via"]), {"tries": 0, "rests": 0, "due": 0}))

    def rests(a: Tree) -> bool:
        r = record(a)
        return bool(r["tries"] == 0 and r["rests"] > 0 and now < r["due"])

    awake = [a for a in plan["attempts"] if not rests(a)]
    if not awake:
        due = [record(a)["due"] for a in plan["attempts"]]
        return "exhausted", min(due) if due else None
    stays = [a for a in awake if (identity_of(a), a["via"]) == state.get("stays")]
    chosen = (stays or awake)[0]
    r = record(chosen)
    return ("wait", r["due"]) if r["tries"] and now < r["due"] else ("attempt", chosen)


def failover_report(state: Tree, attempt: Tree, outcome: str, now: int) -> Tree:
    """The state after an attempt. [S-70] [S-71]"""
    key = (identity_of(attempt), attempt["via"])
    records = dict(state.get("records", {}))
    stays = state.get("stays")
    if outcome == "success":
        records.pop(key, None)
        return {"records": records, "stays": key}
    r = dict(records.get(key, {"tries": 0, "rests": 0, "due": 0}))
    r["tries"] += 1
    if r["tries"] <= RETRIES:
        r["due"] = now + RETRY_GAP
    else:
        r = {"tries": 0, "rests": r["rests"] + 1, "due": now + min(REST * 2 ** r["rests"], REST_MAX)}
        stays = None if stays == key else stays
    records[key] = r
    return {"records": records, "stays": stays}
