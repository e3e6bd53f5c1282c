# SPDX-License-Identifier: MIT
"""Facts and causes that only a network gives: gateways, silence, missing families, and where inside is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import smplist
from conftest import ROOT
from net.world import GATEWAY, IPV4, IPV6, PORTS, STATES, World, sweep, world

PASSWORD = "canary-5c2e"


@pytest.fixture(scope="module")
def internet() -> Iterator[World]:
    """The machines."""
    with world() as made:
        yield made


def policy(sources: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One list for all inside."""
    inside = {"mode": "standard", "standard": {"sources": list(sources)}}
    return {"schema": "smplist/1", "sources": sources, "internal": {**inside, **more.pop("internal", {})}, **more}


def smplist_on(internet: World, machine: str, document: dict[str, Any], *words: str, **environment: str) -> Any:
    """What a subcommand prints on a machine, as JSON; POLICY in its words is the document."""
    path = internet.folder / "policy.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    command = [sys.executable, "-m", "smplist", *(str(path) if word == "POLICY" else word for word in words)]
    return json.loads(internet.run(machine, command, environment=environment))


def http(port: str, state: str = "up") -> dict[str, Any]:
    """A service for files that has no TLS."""
    return {"scheme": "http", "port": PORTS[port] + STATES[state]}


def test_a_machine_knows_what_it_is(internet: World) -> None:
    """Its addresses, the gateways with their MAC addresses, and its stack."""
    for machine, stack in (("ipv4", ["ipv4"]), ("ipv6", ["ipv6"]), ("dual", ["ipv4", "ipv6"])):
        seen = smplist_on(internet, machine, {}, "whoami")
        client = smplist.Client.from_dict(seen)
        usable = [str(address) for address in client.addresses if not str(address).startswith("fe80:")]
        assert usable == {"ipv4": [f"{IPV4}11"], "ipv6": [f"{IPV6}12"], "dual": [f"{IPV4}13", f"{IPV6}13"]}[machine]
        assert seen["stack"] == stack
        wanted = [{"address": f"{part}1", "mac": GATEWAY} for part, family in ((IPV4, "ipv4"), (IPV6, "ipv6")) if family in stack]
        assert seen["gateways"] == wanted


def test_an_address_of_the_link_is_none_for_sources(internet: World) -> None:
    """A client whose only IPv6 is link-local cannot ask a source that has IPv6 only: so says the plan, and so it is. [S-50]"""
    document = policy({"six": {"host": f"{IPV6}22", "file_reputation": http("http")}})
    seen = smplist_on(internet, "link-local", document, "whoami")
    assert [address[:5] for address in seen["addresses"]] == ["192.0", "fe80:"] and seen["stack"] == ["ipv4"]
    plan = smplist_on(
        internet, "link-local", document, "explain", "POLICY", "--here", "--location", "internal", "--format", "json",
        "--service", "file_reputation",
    )  # fmt: skip
    assert [(one["source"], one["reason"]) for one in plan["ignored"]] == [("six", "no_common_family")]
    rows = smplist_on(internet, "link-local", document, "test-connection", "POLICY", "--format", "json")["rows"]
    assert [(row["cause"], row["state"]) for row in rows] == [("family_missing", "unknown")]
    assert rows[0]["text"] == f"'{IPV6}22' resolves to IPv6 only, and this machine has none"


def test_a_mapped_client_is_its_ipv4_address(internet: World) -> None:
    """`::ffff:192.0.2.11` is in the range of 192.0.2.11, gets its plan, and what that says can be reached. [S-03]"""
    lists = [{"name": "here", "ranges": [f"{IPV4}0/24"], "sources": ["four"]}]
    document = policy(
        {"four": {"host": f"{IPV4}21", "file_reputation": http("http")}}, internal={"mode": "custom", "custom": {"lists": lists}}
    )
    mapped = {"addresses": [f"::ffff:{IPV4}11"], "location": "internal"}
    cell = {"id": 0, "policy": document, "client": mapped, "service": "file_reputation"}
    paths = os.pathsep.join([str(ROOT / "tests/python"), os.environ.get("PYTHONPATH", "")])
    words = [sys.executable, "-m", "net.walk", str(internet.folder / "ca.pem")]
    seen = json.loads(internet.run("ipv4", words, json.dumps(cell), {"PYTHONPATH": paths}))
    assert [(one["reached"], one["family"]) for one in seen] == [("four", "ipv4")]


def test_inside_is_where_a_server_is_reached(internet: World) -> None:
    """The management server's ports in order, then the reference servers; what does not answer says why. [S-32]"""
    criterion = {
        "criterion": "connection",
        "management_server": {"host": f"{IPV4}21", "ports": [PORTS["http"] + STATES["refused"], PORTS["http"]]},
        "reference_servers": [
            {"host": f"{IPV6}22", "ports": [PORTS["web"] + STATES["silent"], PORTS["web"], PORTS["http"]]},
            {"host": f"{IPV4}99", "ports": [80]},
        ],
    }
    document = policy({"four": {"host": f"{IPV4}21", "file_reputation": http("http")}}, location=criterion)

    def reached(machine: str) -> list[str]:
        found: list[str] = smplist_on(internet, machine, document, "whoami", "POLICY", "--timeout", "1")["reached"]
        return found

    assert reached("dual") == [f"{IPV4}21:{PORTS['http']}", f"[{IPV6}22]:{PORTS['web']}"]
    assert reached("ipv4") == [f"{IPV4}21:{PORTS['http']}"]
    words = ("explain", "POLICY", "--here", "--format", "json", "--service", "file_reputation")
    assert smplist_on(internet, "ipv4", document, *words)["location"] == "internal"
    document["location"] = {"criterion": "connection", "management_server": {"host": f"{IPV4}21", "ports": [1]}}
    assert smplist_on(internet, "ipv4", document, *words)["location"] == "external"


def test_inside_is_behind_a_gateway(internet: World) -> None:
    """The address and, if the policy has it, the MAC address. [S-31]"""
    words = ("explain", "POLICY", "--here", "--format", "json", "--service", "file_reputation")
    for mac, location in ((GATEWAY, "internal"), (None, "internal"), ("02:00:5e:00:53:02", "external")):
        gateways = [{"address": f"{IPV4}1", "mac": mac}]
        document = policy({"four": {"host": f"{IPV4}21", "file_reputation": http("http")}}, location={"gateways": gateways})
        assert smplist_on(internet, "ipv4", document, *words)["location"] == location


def test_causes_that_only_a_network_has(internet: World) -> None:
    """Silence of packets, nobody at an address, a name without a name server, a family that is missing here."""
    sources = {
        "silent": {"host": f"{IPV4}21", "file_reputation": http("http", "silent")},
        "refused": {"host": f"{IPV4}21", "file_reputation": http("http", "refused")},
        "nobody": {"host": f"{IPV4}99", "file_reputation": http("http")},
        "unresolved": {"host": "hq.example", "file_reputation": http("http")},
        "six": {"host": "aaaa.up.example", "file_reputation": http("http")},
        "up": {"host": "both.up.example", "file_reputation": {"port": PORTS["https"]}},
    }
    answer = smplist_on(
        internet, "ipv4", policy(sources), "test-connection", "POLICY", "--format", "json", "--timeout", "4", "--ca",
        str(internet.folder / "ca.pem"),
    )  # fmt: skip
    causes = {row["source"]: row["cause"] for row in answer["rows"]}
    assert causes == {
        "silent": "connect_timeout",
        "refused": "refused",
        "nobody": "unreachable",
        "unresolved": "no_name_server",
        "six": "family_missing",
        "up": "answers",
    }
    said = {row["source"]: row["text"] for row in answer["rows"]}
    assert said["six"] == "'aaaa.up.example' resolves to IPv6 only, and this machine has none"
    assert said["silent"] == f"the source does not answer a connection to port {PORTS['http'] + STATES['silent']} within 4 s"
    assert sorted(answer["availability"].values()) == ["down", "down", "down", "unknown", "unknown", "up"]


def test_every_address_of_a_name_is_asked(internet: World) -> None:
    """On a machine with both families; the endpoint is up if one of them is."""
    document = policy({"both": {"host": "both.up.example", "web_reputation": {"port": PORTS["web"]}}})
    answer = smplist_on(internet, "dual", document, "test-connection", "POLICY", "--format", "json")
    assert {(row["address"], row["state"]) for row in answer["rows"]} == {(f"{IPV4}23", "up"), (f"{IPV6}23", "up")}


def test_a_proxy_asks_for_its_password(internet: World, tmp_path: Path) -> None:
    """Through squid with users: 407 without a password, 200 with it, over both families and TLS as well."""
    place = internet.folder / "users"
    made = subprocess.run(["openssl", "passwd", "-5", PASSWORD], capture_output=True, text=True, check=True, timeout=30)
    place.write_text(f"svc:{made.stdout}", encoding="utf-8")
    internet.start_squid(
        "p46", "", f"auth_param basic program /usr/lib/squid/basic_ncsa_auth {place}\nacl known proxy_auth REQUIRED\n"
        "http_access allow known\nhttp_access deny all", 3129,
    )  # fmt: skip
    sources = {
        "four": {"host": f"{IPV4}21", "file_reputation": {"port": PORTS["https"]}, "web_reputation": {"port": PORTS["web"]}}
    }
    proxy = {"host": "p46.example", "port": 3129, "families": ["ipv4", "ipv6"], "converts": True}
    words = ("test-connection", "POLICY", "--format", "json", "--ca", str(internet.folder / "ca.pem"))
    for machine, count in (("ipv4", 1), ("ipv6", 1), ("dual", 2)):
        for more, cause in (({}, "proxy_wants_password"), ({"user": "svc", "password": "env:SMPLIST_TEST_PROXY"}, "answers")):
            document = policy(sources, internal={"proxy": proxy | more})
            answer = smplist_on(internet, machine, document, *words, SMPLIST_TEST_PROXY=PASSWORD)
            assert [row["cause"] for row in answer["rows"]] == [cause] * 2 * count
            assert PASSWORD not in json.dumps(answer)


def test_what_a_killed_test_left_is_removed_by_the_next(internet: World) -> None:
    """Its namespace, its names and what still runs there; those of tests that run are left alone."""
    ended = subprocess.Popen(["true"])
    ended.wait(60)
    space = f"smplist-{ended.pid}-left"
    subprocess.run(["ip", "netns", "add", space], check=True, timeout=60)
    Path("/etc/netns", space).mkdir(parents=True)
    with subprocess.Popen(["ip", "netns", "exec", space, "sh", "-c", "echo here; sleep 600"], stdout=subprocess.PIPE) as sleeper:
        assert sleeper.stdout is not None and sleeper.stdout.readline() == b"here\n"
        sweep()
        assert sleeper.wait(60) == -signal.SIGKILL
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True, timeout=60).stdout
    assert space not in listed and not Path("/etc/netns", space).exists()
    assert internet.inside("ipv4")[3] in listed
