# SPDX-License-Identifier: MIT
"""A small internet in network namespaces: clients, proxies and sources on one link, made by a test and removed by it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from net import servers

SECONDS = 60
IPV4, IPV6 = "192.0.2.", "2001:db8::"
GATEWAY = "02:00:5e:00:53:01"

PORTS = {"http": 8082, "https": 8443, "web": 5274}
"""Of the services, where a source has them up."""
STATES = {"up": 0, "refused": 10_000, "silent": 20_000}
"""How much higher a source refuses them, and drops what comes."""


@dataclass(frozen=True)
class Machine:
    """A machine and the families it has: the last part of its addresses is its number."""

    number: int
    ipv4: bool = True
    ipv6: bool = True

    @property
    def addresses(self) -> list[str]:
        """Its addresses."""
        return [f"{IPV4}{self.number}"] * self.ipv4 + [f"{IPV6}{self.number}"] * self.ipv6


CLIENTS = {"ipv4": Machine(11, ipv6=False), "ipv6": Machine(12, ipv4=False), "dual": Machine(13)}
LINK_LOCAL = Machine(14, ipv6=False)  # it keeps the address that its link gives it
SOURCES = {"s4": Machine(21, ipv6=False), "s6": Machine(22, ipv4=False), "s46": Machine(23)}
PROXIES = {
    "p4": Machine(31, ipv6=False),
    "p6": Machine(32, ipv4=False),
    "p46": Machine(33),
    "p4to6": Machine(34),
    "p6to4": Machine(35),
}

# a proxy remembers that an address of a name failed, whatever the port: a name for each state
NAMES = {
    **{f"a.{state}.example": SOURCES["s4"] for state in STATES},
    **{f"aaaa.{state}.example": SOURCES["s6"] for state in STATES},
    **{f"both.{state}.example": SOURCES["s46"] for state in STATES},
    **{f"unknown.{state}.example": SOURCES["s46"] for state in STATES},
    "control.example": SOURCES["s46"],
    "p4.example": PROXIES["p4"],
    "p6.example": PROXIES["p6"],
    "p46.example": PROXIES["p46"],
    # one that listens on one family has an address of that family only
    "p4to6.example": Machine(34, ipv6=False),
    "p6to4.example": Machine(35, ipv4=False),
}


def why_not() -> str | None:
    """Why there can be no namespaces here; None if there can be."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    missing = [name for name in ("ip", "nft", "ss", "nginx", "squid", "tinyproxy", "dnsmasq") if shutil.which(name) is None]
    if missing:
        return f"these programs are missing: {', '.join(missing)}"
    name = f"smplist-{os.getpid()}-try"
    if closed := servers.closed_to_others():
        return closed
    try:
        for words in (["ip", "netns", "add", name], ["ip", "netns", "exec", name, "true"]):
            made = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS)
            if made.returncode:
                return f"no network namespaces: {made.stderr.strip()}"
    finally:
        subprocess.run(["ip", "netns", "del", name], capture_output=True, timeout=SECONDS)
    return None


def sweep() -> None:
    """Remove what a test that was killed left behind: namespaces of a process that is no more, and who runs in them."""
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, timeout=SECONDS)
    for space in (line.split()[0] for line in listed.stdout.splitlines() if line.strip()):
        found = re.fullmatch(r"smplist-(\d+)-[a-z0-9-]+", space)
        if found is None or Path(f"/proc/{found[1]}").exists():
            continue
        inside = subprocess.run(["ip", "netns", "pids", space], capture_output=True, text=True, timeout=SECONDS)
        for pid in map(int, inside.stdout.split()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        subprocess.run(["ip", "netns", "del", space], capture_output=True, timeout=SECONDS)
        _remove(Path("/etc/netns") / space)


class World:
    """The machines, by name."""

    def __init__(self, stack: ExitStack) -> None:
        sweep()
        self._stack = stack
        self._prefix = f"smplist-{os.getpid()}-"
        self.folder = stack.enter_context(servers.folder())
        self.authority = trustme.CA()
        self.authority.cert_pem.write_to_path(str(self.folder / "ca.pem"))
        self._space("hub")
        self._do("hub", "ip link add br0 address " + GATEWAY + " type bridge", f"ip addr add {IPV4}1/24 dev br0",
                 f"ip addr add {IPV6}1/64 dev br0 nodad", "ip link set br0 up")  # fmt: skip
        for name, machine in {**CLIENTS, "link-local": LINK_LOCAL, **SOURCES, **PROXIES}.items():
            self._join(name, machine)
        for name, machine in {**CLIENTS, "link-local": LINK_LOCAL}.items():
            self._do(
                name, *[f"ip route add default via {IPV4}1"] * machine.ipv4, *[f"ip route add default via {IPV6}1"] * machine.ipv6
            )

    def inside(self, name: str) -> list[str]:
        """The words before a command that runs on a machine."""
        return ["ip", "netns", "exec", self._prefix + name]

    def _space(self, name: str) -> None:
        space, etc = self._prefix + name, Path("/etc/netns") / (self._prefix + name)
        _run(["ip", "netns", "add", space])
        self._stack.callback(subprocess.run, ["ip", "netns", "del", space], capture_output=True, timeout=SECONDS)
        self._stack.callback(_remove, etc)
        etc.mkdir(parents=True)
        lines = [f"{address} {host}" for host, machine in NAMES.items() for address in machine.addresses]
        (etc / "hosts").write_text("\n".join(["127.0.0.1 localhost", *lines, ""]), encoding="utf-8")
        (etc / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n", encoding="utf-8")
        self._do(name, "ip link set lo up")

    def _join(self, name: str, machine: Machine) -> None:
        """A machine with its addresses, on the link."""
        self._space(name)
        port = f"v{machine.number}"
        self._do(
            "hub", f"ip link add {port} type veth peer name eth0 netns {self._prefix}{name}", f"ip link set {port} master br0 up"
        )
        if not machine.ipv6 and name != "link-local":
            self._do(name, "sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1")
        self._do(name, "ip link set eth0 up")
        # a proxy that leaves on one family reaches nothing on the other but its clients
        narrow4, narrow6 = name == "p4to6", name == "p6to4"
        if machine.ipv4:
            self._do(name, f"ip addr add {IPV4}{machine.number}/{32 if narrow4 else 24} dev eth0")
        if machine.ipv6:
            self._do(name, f"ip addr add {IPV6}{machine.number}/{128 if narrow6 else 64} dev eth0 nodad")
        for client in CLIENTS.values():
            if narrow4 and client.ipv4:
                self._do(name, f"ip route add {IPV4}{client.number}/32 dev eth0")
            if narrow6 and client.ipv6:
                self._do(name, f"ip route add {IPV6}{client.number}/128 dev eth0")

    def _do(self, name: str, *commands: str) -> None:
        for command in commands:
            _run([*self.inside(name), *command.split()])

    def start_sources(self) -> None:
        """nginx on every source: each service on its port; higher ports refuse, and still higher ones drop what comes."""
        self.authority.issue_cert(
            *NAMES, *(a for m in SOURCES.values() for a in m.addresses)
        ).private_key_and_cert_chain_pem.write_to_path(str(self.folder / "source.pem"))
        pem = self.folder / "source.pem"
        for name, machine in SOURCES.items():
            listen = [part for part, there in (("0.0.0.0", machine.ipv4), ("[::]", machine.ipv6)) if there]
            only = {"[::]": " ipv6only=on"}
            plain = "".join(f"listen {at}:{PORTS[s]}{only.get(at, '')}; " for at in listen for s in ("http", "web"))
            tls = "".join(f"listen {at}:{PORTS['https']} ssl{only.get(at, '')}; " for at in listen)
            blocks = (
                f"server {{ {plain} location / {{ return 200 ok; }} }}\n"
                f"server {{ {tls} ssl_certificate {pem}; ssl_certificate_key {pem}; location / {{ return 200 ok; }} }}"
            )
            words = servers.nginx_words(self.folder / name, blocks)
            self._stack.enter_context(servers.running(words, PORTS["http"], within=self.inside(name)))
            dropped = ", ".join(str(port + STATES["silent"]) for port in PORTS.values())
            self._do(name, "nft add table inet smplist", "nft add chain inet smplist in { type filter hook input priority 0 ; }",
                     f"nft add rule inet smplist in tcp dport {{ {dropped} }} drop")  # fmt: skip

    def start_squid(self, name: str, listen: str, lines: str = "http_access allow all", port: int = 3128) -> None:
        """squid on a proxy."""
        place = self.folder / f"{name}-{port}"
        place.mkdir()
        words = servers.squid_words(place, f"http_port {listen}{port}\nconnect_timeout 1 second\n{lines}")
        self._stack.enter_context(servers.running(words, port, within=self.inside(name)))

    def start_tinyproxy(self, name: str, port: int = 8888) -> None:
        """tinyproxy on a proxy, for a second opinion."""
        place = self.folder / f"{name}-{port}"
        place.mkdir()
        (place / "tinyproxy.conf").write_text(f"Port {port}\nTimeout 5\nMaxClients 200\nLogLevel Error\n", encoding="utf-8")
        words = ["tinyproxy", "-d", "-c", str(place / "tinyproxy.conf")]
        self._stack.enter_context(servers.running(words, port, within=self.inside(name)))

    def start_dns(self, name: str) -> None:
        """A name server on a machine, for itself: of a file of hosts squid takes one address for each name."""
        words = ["dnsmasq", "-k", "-C", "/dev/null", "--no-resolv", "--listen-address=127.0.0.1", "--bind-interfaces",
                 "--user=root", "--pid-file=", "--local=/example/"]  # fmt: skip
        self._stack.enter_context(servers.running(words, 53, within=self.inside(name)))

    def start_proxies(self) -> None:
        """Every proxy; two of them listen on one family and leave on the other."""
        for name in PROXIES:
            self.start_dns(name)
        for name in ("p4", "p6", "p46"):
            self.start_squid(name, "")
        self.start_squid("p4to6", f"{IPV4}34:")
        self.start_squid("p6to4", f"[{IPV6}35]:")
        self.start_tinyproxy("p46")

    def run(self, name: str, words: Sequence[str], given: str = "", environment: Mapping[str, str] | None = None) -> str:
        """What a command prints on a machine; it must end well."""
        ended = subprocess.run(
            [*self.inside(name), *words],
            input=given,
            capture_output=True,
            text=True,
            timeout=600,
            env=os.environ | dict(environment or {}),
        )
        assert ended.returncode in (0, 1), ended.stderr
        assert "Traceback" not in ended.stderr, ended.stderr
        return ended.stdout


def _run(words: list[str]) -> None:
    ended = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS)
    assert ended.returncode == 0, f"{' '.join(words)}: {ended.stderr}"


def _remove(etc: Path) -> None:
    shutil.rmtree(etc, ignore_errors=True)
    if etc.parent.is_dir() and not any(etc.parent.iterdir()):
        etc.parent.rmdir()


@contextmanager
def world() -> Iterator[World]:
    """The machines with everything running, for the block; skips the test where there can be none."""
    if why := why_not():
        pytest.skip(why)
    with ExitStack() as stack:
        made = World(stack)
        made.start_sources()
        made.start_proxies()
        yield made
