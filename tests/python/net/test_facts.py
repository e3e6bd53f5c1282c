# SPDX-License-Identifier: MIT
"""What keeps a test of connections harmless: addresses that are not asked, passwords that are not shown; and routing tables."""

from __future__ import annotations

import copy
import pickle
import sys
import types
from pathlib import Path

import pytest
import smplist
from smplist._secrets import SecretError
from smplist.net.facts import _from_netstat
from smplist.net.guard import Guard
from smplist.net.routes import routes
from smplist.net.secret import Secret, read_password

CANARY = "canary-19d4"


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("169.254.169.254", "a metadata address"),
        ("::ffff:169.254.169.254", "a metadata address"),
        ("64:ff9b::a9fe:a9fe", "a metadata address"),
        ("2002:a9fe:a9fe::1", "a metadata address"),
        ("fd00:ec2::254", "a metadata address"),
        ("100.100.100.200", "a metadata address"),
        ("127.0.0.1", "a loopback address"),
        ("127.255.255.254", "a loopback address"),
        ("::1", "a loopback address"),
        ("64:ff9b::7f00:1", "a loopback address"),
        ("169.254.0.1", "a link-local address"),
        ("fe80::1", "a link-local address"),
        ("0.0.0.0", "no address of one machine"),
        ("::", "no address of one machine"),
        ("224.0.0.1", "no address of one machine"),
        ("ff02::1", "no address of one machine"),
        ("255.255.255.255", "no address of one machine"),
        ("10.0.0.1", None),
        ("192.0.2.1", None),
        ("128.0.0.0", None),
        ("2001:db8::1", None),
        ("fec0::1", None),
        ("64:ff9b::a00:1", None),
    ],
)
def test_addresses_that_are_not_asked(address: str, why: str | None) -> None:
    """However they are written; a range that is allowed is asked."""
    assert Guard().why_not(smplist.Address(address)) == why
    assert Guard([address]).why_not(smplist.Address(address)) is None
    assert Guard(["10.0.0.0/8"]).why_not(smplist.Address(address)) == why


def test_passwords_are_read_from_where_the_reference_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment variable, the one line of a file, a keyring. [S-24]"""
    monkeypatch.setenv("SMPLIST_TEST_PROXY", CANARY)
    (tmp_path / "secret").write_bytes(CANARY.encode() + b"\r\n")
    asked = []

    def get(*words: str) -> str:
        asked.append(words)
        return CANARY

    keyring = types.ModuleType("keyring")
    keyring.get_password = get  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    for reference in ("env:SMPLIST_TEST_PROXY", f"file:{tmp_path / 'secret'}", "keyring:proxy/svc/x"):
        secret = read_password(reference)
        assert secret.reveal() == CANARY
        assert CANARY not in f"{secret} {secret!r} {vars(type(secret))}"
        for take in (pickle.dumps, copy.deepcopy):
            with pytest.raises(TypeError):
                take(secret)
    assert asked == [("proxy", "svc/x")]
    assert Secret("pass:wörd").basic("svc") == "Basic c3ZjOnBhc3M6d8O2cmQ="


def test_a_password_that_is_not_there_is_said_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it was looked for, and never what was found."""
    keyring = types.ModuleType("keyring")

    def fail(service: str, user: str) -> str:
        raise RuntimeError(CANARY)

    keyring.get_password = fail  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    monkeypatch.setenv("SMPLIST_TEST_PROXY", f"{CANARY}\nmore")
    monkeypatch.setenv("SMPLIST_TEST_EMPTY", "")
    for name, content in (
        ("long", CANARY.encode() * 10_000),
        ("bytes", b"\xff" + CANARY.encode()),
        ("lines", f"{CANARY}\nb\n".encode()),
    ):
        (tmp_path / name).write_bytes(content)
    wrong = {
        "env:SMPLIST_TEST_NOT_SET": "the variable 'SMPLIST_TEST_NOT_SET' is not set",
        "env:SMPLIST_TEST_PROXY": "what is at 'env:SMPLIST_TEST_PROXY' is no text of one line",
        "env:SMPLIST_TEST_EMPTY": "the variable 'SMPLIST_TEST_EMPTY' is not set",
        f"file:{tmp_path}/none": f"cannot read '{tmp_path}/none': No such file or directory",
        f"file:{tmp_path}": f"cannot read '{tmp_path}': Is a directory",
        f"file:{tmp_path}/long": "is too large for a secret",
        f"file:{tmp_path}/bytes": "is not UTF-8 text",
        f"file:{tmp_path}/lines": "is no text of one line",
        "keyring:proxy/svc": "the keyring fails with RuntimeError",
    }
    for reference, said in wrong.items():
        with pytest.raises(SecretError) as refused:
            read_password(reference)
        assert said in str(refused.value)
        assert CANARY not in str(refused.value)


def test_a_password_of_a_keyring_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is missing: no import error in the midst of a test, but what to install."""
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(SecretError, match=r"pip install smplist\[fleet\]"):
        read_password("keyring:proxy/svc")


MACOS = """
Routing tables

Internet:
Destination        Gateway            Flags        Netif Expire
default            192.0.2.1          UGScg          en0
127                127.0.0.1          UCS            lo0
192.0.2/24         link#4             UCS            en0      !

Internet6:
Destination                             Gateway                         Flags         Netif Expire
default                                 fe80::1%en0                     UGcg            en0
default                                 fe80::%utun0                    UGcIg         utun0
::1                                     ::1                             UHL             lo0
default                                 link#18                         UCSIg         utun4
"""
WINDOWS = """
IPv4 Route Table
===========================================================================
Active Routes:
Network Destination        Netmask          Gateway       Interface  Metric
          0.0.0.0          0.0.0.0        192.0.2.1       192.0.2.77     25
        127.0.0.0        255.0.0.0         On-link         127.0.0.1    331
        192.0.2.0    255.255.255.0         On-link        192.0.2.77    281
===========================================================================
IPv6 Route Table
===========================================================================
Active Routes:
 If Metric Network Destination      Gateway
  4    281 ::/0                     fe80::1
  1    331 ::1/128                  On-link
"""


@pytest.mark.parametrize(("table", "gateways"), [
    (MACOS, ["192.0.2.1", "fe80::1"]), (WINDOWS, ["192.0.2.1", "fe80::1"]), ("", []), ("default", []),
])  # fmt: skip
def test_gateways_in_printed_routing_tables(table: str, gateways: list[str]) -> None:
    """Where there is no netlink: the default routes of macOS and Windows, and nothing else."""
    assert list(_from_netstat(table)) == gateways


def test_every_way_to_a_source_is_known() -> None:
    """Straight and through the proxies of the lists that have it, each once; a source in no list straight."""
    one, two = {"host": "p.example", "port": 3128}, {"host": "2001:db8::9", "port": 3128}
    lists = [
        {"name": "a", "ranges": ["10.0.0.0/24"], "sources": ["hq"], "proxy": one},
        {"name": "b", "ranges": ["10.0.1.0/24"], "sources": ["hq"], "proxy": one},
        {"name": "c", "ranges": ["10.0.2.0/24"], "sources": ["hq"], "proxy": one | {"user": "svc", "password": "env:PW"}},
        {"name": "d", "ranges": ["10.0.3.0/24"], "sources": ["hq"], "proxy": two},
        {"name": "e", "ranges": ["10.0.4.0/24"], "sources": ["hq"]},
    ]
    service = {"web_reputation": {"port": 80}}
    policy = smplist.Policy.from_dict(
        {
            "schema": "smplist/1",
            "sources": {"hq": {"host": "hq.example", **service}, "idle": {"host": "2001:db8::5", **service}},
            "internal": {"mode": "custom", "custom": {"lists": lists}},
        }
    )
    found = [(route.source.name, route.via, route.proxy and route.proxy.user, route.lists) for route in routes(policy)]
    assert found == [
        ("hq", None, None, ("e",)),
        ("hq", "p.example:3128", None, ("a", "b")),
        ("hq", "p.example:3128", "svc", ("c",)),
        ("hq", "[2001:db8::9]:3128", None, ("d",)),
        ("idle", None, None, ()),
    ]
    assert [route.source.name for route in routes(policy, ["host:2001:db8::5"])] == ["idle"]
    assert routes(policy, service="file_reputation") == []
