# SPDX-License-Identifier: MIT
"""Test vectors: an agent of its own, in plain Python, is certified by them, and wrong ones are found out."""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path
from typing import Any

import pytest
import smplist
from conftest import Run

MASK = 2**64 - 1
Document = dict[str, Any]


def fnv(data: bytes) -> int:
    """FNV-1a 64."""
    h = 0xCBF29CE484222325
    for byte in data:
        h = (h ^ byte) * 0x100000001B3 & MASK
    return h


def mix(z: int) -> int:
    """The finalizer of SplitMix64."""
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return z ^ z >> 31


def number(address: str) -> tuple[int, int]:
    """Family and value; a mapped address is IPv4."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return ((mapped or parsed).version, int(mapped or parsed))


def holds(text: str, address: tuple[int, int]) -> int | None:
    """The size of a range that holds an address."""
    if "/" in text:
        network = ipaddress.ip_network(text)
        first, last = number(str(network[0])), number(str(network[-1]))
    else:
        ends = [number(end) for end in text.split("-")]
        first, last = ends[0], ends[-1]
    return last[1] - first[1] if first[0] == address[0] and first <= address <= last else None


class Agent:
    """The rules, written again from their text: nothing of smplist is used."""

    def __init__(self, policy: Document) -> None:
        self.policy = policy
        self.internal = policy["internal"]

    def __call__(self, client: Document, service: str) -> Document:
        """What a client comes to."""
        addresses = sorted(number(a) for a in client["addresses"])
        location = self.locate(client)
        families = self.families(client, addresses)
        attempts: list[Document] = []
        asked: set[tuple[str, str | None]] = set()
        stages = self.stages(location, service, addresses)
        for stage, name, entry, proxy in stages:
            for source in self.arrange(entry, service, client, addresses):
                step = self.attempt(stage, name, source, proxy, service, families)
                if step is None:
                    continue
                endpoint = (step["url"].removesuffix("/tmcss"), step["via"])
                if endpoint not in asked:
                    asked.add(endpoint)
                    attempts.append(step)
        outcome = attempts[0]["stage"] if attempts else "none_reachable" if stages else "no_list"
        exhausted = "allow_and_rescan" if service == "file_reputation" else "local_lists_only"
        return {"location": location, "outcome": outcome, "attempts": attempts, "exhausted": exhausted}

    def first_available(self, expected: Document, down: list[str]) -> int | None:
        """The position of the attempt that is made."""
        for i, step in enumerate(expected["attempts"]):
            if step["url"].removesuffix("/tmcss") not in down:
                return i
        return None

    def locate(self, client: Document) -> str:
        """Declared, or by the gateways. [S-30] [S-31]"""
        if "location" in client:
            return str(client["location"])
        for used in client.get("gateways", []):
            for known in self.policy["location"].get("gateways", []):
                same_mac = known["mac"] is None or known["mac"] == used.get("mac")
                if number(known["address"]) == number(used["address"]) and same_mac:
                    return "internal"
        return "external"

    def families(self, client: Document, addresses: list[tuple[int, int]]) -> list[str]:
        """What the client can use, preferred first. [S-50]"""
        has = set(client.get("stack") or ())
        if not has:
            for version, value in addresses:
                parsed = ipaddress.IPv4Address(value) if version == 4 else ipaddress.IPv6Address(value)
                if not parsed.is_link_local and not parsed.is_loopback:
                    has.add(f"ipv{version}")
        preference = self.policy["ip_preference"]
        if len(has) < 2:
            return sorted(has)
        first, how = preference.split("_")
        return [first] if how == "only" else [first, *({"ipv4", "ipv6"} - {first})]

    def choose(self, addresses: list[tuple[int, int]]) -> Document | None:
        """The custom list. [S-44]"""
        rule = self.internal["custom"]["on_overlap"]
        found: list[int] = []
        for address in addresses:
            hits = []
            for i, entry in enumerate(self.internal["custom"]["lists"]):
                for text in entry["ranges"]:
                    size = holds(text, address)
                    if size is not None:
                        hits.append({"first": (i, 0), "last": (-i, 0), "most_specific": (size, i)}[rule] + (i,))
            if hits:
                found.append(min(hits)[-1])
        if not found:
            return None
        best: Document = self.internal["custom"]["lists"][max(found) if rule == "last" else min(found)]
        return best

    def stages(self, location: str, service: str, addresses: list[tuple[int, int]]) -> list[tuple[str, str, Document, Any]]:
        """Which lists, in which order. [S-40] to [S-47]"""
        network = ("network", "network", self.policy["network"], self.policy["network"]["proxy"])
        custom, standard = self.internal["custom"], self.internal["standard"]
        if location == "external" or (service == "web_reputation" and not self.internal["web_reputation_to_servers"]):
            return [network]
        out: list[tuple[str, str, Document, Any]] = []
        if self.internal["mode"] == "standard":
            if not standard["sources"]:
                return [network]
            out.append(("standard_list", "standard", standard, self.internal["proxy"]))
        else:
            configured = any(entry["sources"] for entry in custom["lists"])
            if not configured and not (custom["fallback_to_standard"] and standard["sources"]):
                return [network]
            entry = self.choose(addresses)
            if entry is not None:
                out.append(("custom_list", entry["name"], entry, entry["proxy"]))
            if custom["fallback_to_standard"]:
                out.append(("fallback_standard", "standard", standard, self.internal["proxy"]))
        return [*out, network] if self.policy["network_fallback"][service] else out

    def arrange(self, entry: Document, service: str, client: Document, addresses: list[tuple[int, int]]) -> list[str]:
        """The sources of a list in the client's order. [S-20] [S-21]"""
        sources = [s for s in entry["sources"] if self.policy["sources"][s][service]]
        if entry["order"] == "ordered":
            return sources
        if client.get("id"):
            key = fnv(client["id"].encode())
        elif addresses:
            version, value = addresses[0]
            bits = value if version == 6 else 0xFFFF << 32 | value
            key = mix(bits >> 64 ^ mix(bits & MASK))
        else:
            key = 0
        return sorted(sources, key=lambda s: mix(mix(key) ^ fnv(self.identity(s, service).encode())))

    def identity(self, source: str, service: str) -> str:
        """Scheme, host, port. [S-14]"""
        entry = self.policy["sources"][source]
        host = f"[{entry['host']}]" if ":" in entry["host"] else entry["host"]
        return f"{entry[service]['scheme']}://{host}:{entry[service]['port']}"

    def attempt(self, stage: str, name: str, source: str, proxy: Any, service: str, families: list[str]) -> Document | None:
        """A step, if there is a way. [S-51] to [S-54]"""
        there = self.policy["sources"][source]["families"] or ["ipv4", "ipv6"]
        way: list[str] | None = None
        if proxy is None:
            way = next(([f] for f in families if f in there), None)
        else:
            through = proxy["families"] or ["ipv4", "ipv6"]
            way = next(([f, f] for f in families if f in through and f in there), None)
            if way is None and proxy["converts"]:
                near = next((f for f in families if f in through), None)
                far = next((f for f in ("ipv4", "ipv6") if f in through and f in there), None)
                way = [near, far] if near and far else None
        if way is None:
            return None
        url = self.identity(source, service) + ("/tmcss" if service == "file_reputation" else "")
        host = proxy and (f"[{proxy['host']}]" if ":" in proxy["host"] else proxy["host"])
        via = proxy and f"{host}:{proxy['port']}"
        return {"stage": stage, "list": name, "source": source, "url": url, "via": via, "families": way}


class FirstAddressOnly(Agent):
    """Looks at the first address that the client gives."""

    def choose(self, addresses: list[tuple[int, int]]) -> Document | None:
        """By one address only."""
        return super().choose(addresses[:1])


class ForgetsTheEnd(Agent):
    """Takes the last address of a range for the first one behind it."""

    def choose(self, addresses: list[tuple[int, int]]) -> Document | None:
        """By addresses that are moved by one."""
        return super().choose([(version, value + 1) for version, value in addresses])


class Impatient(Agent):
    """Gives up after two."""

    def first_available(self, expected: Document, down: list[str]) -> int | None:
        """Of the first two."""
        asked = super().first_available(expected, down)
        return asked if asked is not None and asked < 2 else None


class Shuffles(Agent):
    """Another order for each name of a list."""

    def arrange(self, entry: Document, service: str, client: Document, addresses: list[tuple[int, int]]) -> list[str]:
        """Sorted by name."""
        found = super().arrange(entry, service, client, addresses)
        return sorted(found) if entry["order"] == "random" else found


class AnyMac(Agent):
    """Does not look at the gateway's MAC address."""

    def locate(self, client: Document) -> str:
        """By the address alone."""
        return super().locate({**client, "gateways": [{**g, "mac": self.mac(g)} for g in client.get("gateways", [])]})

    def mac(self, used: Document) -> Any:
        """The one that is wanted."""
        known = [g for g in self.policy["location"]["gateways"] if number(g["address"]) == number(used["address"])]
        return known[0]["mac"] if known else None


@pytest.fixture(scope="module")
def acme_vectors() -> Any:
    """The vectors of Acme."""
    from conftest import ROOT

    return smplist.load(ROOT / "docs/examples/acme/policy.yaml").vectors()


def test_an_agent_of_its_own_is_certified(acme_vectors: Any) -> None:
    """It shares nothing with smplist but the text of the rules, and the policy that comes with the vectors."""
    agent = Agent(acme_vectors.to_dict()["policy"])
    assert acme_vectors.failures(agent) == []
    assert len(acme_vectors) > 1000


@pytest.mark.parametrize("wrong", [FirstAddressOnly, ForgetsTheEnd, Impatient, Shuffles, AnyMac])
def test_wrong_agents_are_found_out(acme_vectors: Any, wrong: type[Agent]) -> None:
    """Each by the vectors that are about it."""
    failures = acme_vectors.failures(wrong(acme_vectors.to_dict()["policy"]))
    assert failures
    about = {FirstAddressOnly: "pair", ForgetsTheEnd: "end", Shuffles: "order", AnyMac: "evidence"}.get(wrong)
    assert about is None or any(one["about"] == about for one in failures)


def test_vectors_say_what_smplist_says(acme_vectors: Any, acme: Path) -> None:
    """Every plan is the engine's, and the report counts them."""
    policy = smplist.load(acme / "policy.yaml")
    for vector in acme_vectors.vectors[::7]:
        plan = policy.evaluate(smplist.Client.from_dict(vector["client"]), vector["service"]).to_dict()
        assert vector["expected"]["outcome"] == plan["outcome"]
        assert [a["url"] for a in vector["expected"]["attempts"]] == [a["url"] for a in plan["attempts"]]
    text = acme_vectors.to_text().splitlines()
    assert text[0] == f"{len(acme_vectors):,} vectors for {policy.revision}"
    assert len(acme_vectors.rows()) == len(acme_vectors)
    assert (
        "<table"
        in smplist.Policy.from_dict({"schema": "smplist/1", "sources": {}, "internal": {"mode": "standard"}})
        .vectors()
        ._repr_html_()
    )


def test_the_command_line_streams_them(run: Run, acme: Path, tmp_path: Path, acme_vectors: Any) -> None:
    """JSON and NDJSON say the same; a file appears whole."""
    rows = [json.loads(line) for line in run("vectors", acme / "policy.yaml", "--format", "ndjson").stdout.splitlines()]
    document = json.loads(run("vectors", acme / "policy.yaml", "--format", "json").stdout)
    assert document == acme_vectors.to_dict()
    assert rows[1:] == document["vectors"] and rows[0] == {k: v for k, v in document.items() if k != "vectors"}
    ended = run("vectors", acme / "policy.yaml", "--format", "ndjson", "-o", tmp_path / "v.ndjson")
    assert (ended.returncode, ended.stdout) == (0, "")
    assert len((tmp_path / "v.ndjson").read_text(encoding="utf-8").splitlines()) == len(rows)
    assert run("vectors", acme / "policy.yaml").stdout == acme_vectors.to_text() + "\n"
    assert run("vectors", tmp_path / "none.yaml").returncode == 2
    assert run("vectors", acme / "policy.yaml", "--format", "json", "-o", tmp_path / "no/such/folder").returncode == 2
