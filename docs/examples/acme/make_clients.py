# SPDX-License-Identifier: MIT
"""Make `clients.csv`: 2,000 computers as Acme's inventory has them, the same bytes on every run.

    python make_clients.py            # write clients.csv beside this file
    python make_clients.py --check    # exit 1 if clients.csv is not what this script makes

The script knows the sites, but not the policy: what a client gets is for smplist to say.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

SEED = 2014
OUTPUT = Path(__file__).with_name("clients.csv")


@dataclass(frozen=True)
class Site:
    """A site: its IPv4 addresses, its IPv6 network (empty: none) and the gateway its computers see."""

    name: str
    first: str
    last: str
    ipv6: str
    gateway: str
    mac: str = ""

    @property
    def seen(self) -> str:
        """The gateway as a well-informed client reports it."""
        return f"{self.gateway},{self.mac}" if self.mac else self.gateway


@dataclass(frozen=True)
class Row:
    """One client; every field is the text of its cell."""

    kind: str
    addresses: str = ""
    location: str = ""
    gateways: str = ""
    reached: str = ""
    stack: str = ""


def site(number: int, name: str, *, mac: bool = False, ipv6: bool = True, tail: str = "255.255") -> Site:
    """Return site N of Acme's scheme: 10.N.0.0 to 10.N.`tail`, and 2001:db8:N::/48 written with the same digits."""
    address = f"00:00:5e:00:53:{number:02}" if mac else ""
    prefix = f"2001:db8:{number}:" if ipv6 else ""
    return Site(name, f"10.{number}.0.0", f"10.{number}.{tail}", prefix, f"10.{number}.0.1", address)


SITES: Sequence[Site] = (
    site(1, "hamburg-hq", mac=True),
    site(2, "dc-frankfurt", mac=True),
    site(3, "dc-dallas", mac=True),
    site(16, "tokyo", mac=True),
    site(17, "osaka", mac=True),
    site(18, "seoul", ipv6=False),
    site(19, "singapore", mac=True),
    site(20, "manila", mac=True),
    site(21, "sydney"),
    site(22, "melbourne", ipv6=False),
    site(24, "mumbai", mac=True),
    Site("pune", "10.25.128.0", "10.25.255.255", "2001:db8:25:", "10.25.128.1", "00:00:5e:00:53:25"),
    site(26, "bangalore"),
    site(27, "jakarta", mac=True),
    site(28, "hanoi", ipv6=False, tail="63.255"),
    site(29, "auckland"),
    site(32, "berlin-plant", mac=True),
    Site("berlin-plant", "172.20.0.0", "172.20.255.255", "2001:db8:32:", "172.20.0.1", "00:00:5e:00:53:32"),
    site(33, "munich-plant", mac=True, ipv6=False),
    site(36, "paris", mac=True),
    site(37, "lyon"),
    site(40, "london", mac=True),
    site(41, "dublin"),
    site(44, "madrid", ipv6=False),
    site(46, "milan", tail="127.255"),
    site(48, "warsaw", mac=True),
    site(49, "prague", ipv6=False),
    site(54, "istanbul", ipv6=False),
    Site("dubai", "192.168.56.0", "192.168.59.255", "", "192.168.56.1", "00:00:5e:00:53:56"),
    site(64, "new-york", mac=True),
    site(65, "chicago"),
    site(66, "toronto", ipv6=False),
    site(68, "mexico-city", mac=True),
    site(69, "monterrey-plant", ipv6=False),
    site(70, "bogota", ipv6=False),
    site(72, "são-paulo", mac=True),
    site(74, "santiago", ipv6=False),
    site(96, "lagos", mac=True),
    site(97, "nairobi"),
    site(98, "cairo", ipv6=False),
    site(99, "johannesburg", mac=True),
    site(100, "casablanca", ipv6=False, tail="127.255"),
)
OSLO = Site("oslo", "", "", "2001:db8:52:", "2001:db8:52::1", "00:00:5e:00:53:52")  # no IPv4 at all
DUAL_SITES = tuple(s for s in SITES if s.ipv6)
IPV6_SITES = (*DUAL_SITES, OSLO, OSLO, OSLO)
MAC_SITES = tuple(s for s in SITES if s.mac)

# The first and last addresses of ranges, and their neighbours on the other side.
ENDS: Sequence[str] = (
    "10.15.255.255", "10.16.0.0", "10.16.239.255", "10.16.240.0", "10.17.15.255", "10.17.16.0", "10.19.239.255",
    "10.19.240.0", "10.19.255.255", "10.20.0.0", "10.20.255.255", "10.22.127.255", "10.22.128.0", "10.22.191.255",
    "10.22.192.0", "10.25.127.255", "10.25.128.0", "10.26.0.0", "10.26.255.255", "10.28.63.255", "10.28.64.0",
    "10.31.255.255", "10.32.0.0", "10.63.255.255", "10.64.0.0", "10.79.255.255", "10.80.0.0", "10.96.0.0",
    "10.111.255.255", "10.112.0.0", "172.15.255.255", "172.16.0.0", "172.16.1.255", "172.16.2.0", "172.20.9.10",
    "172.20.9.11", "172.20.9.13", "172.20.9.15", "172.21.15.255", "172.21.16.0", "172.31.127.255", "172.31.128.0",
    "192.168.0.0", "192.168.55.255", "192.168.56.0", "192.168.59.255", "192.168.60.0", "192.168.255.255",
    "2001:db8::ffff", "2001:db8:1::", "2001:db8:d::ffff:ffff:ffff:ffff", "2001:db8:d:1::", "2001:db8:16::",
    "2001:db8:19:efff:ffff:ffff:ffff:ffff", "2001:db8:19:f000::", "2001:db8:20::",
    "2001:db8:20:ffff:ffff:ffff:ffff:ffff", "2001:db8:31:ffff:ffff:ffff:ffff:ffff", "2001:db8:32::",
    "2001:db8:52::", "2001:db8:79:ffff:ffff:ffff:ffff:ffff", "2001:db8:80::", "2001:db8:111:ffff:ffff:ffff:ffff:ffff",
    "2001:db8:112::",
)  # fmt: skip
UNLISTED: Sequence[str] = ("10.5", "10.11", "10.90", "10.120", "10.200", "172.17", "172.25", "172.31.200")
HOTELS: Sequence[str] = ("192.168.1", "192.168.0", "192.168.178", "10.0.0", "172.20.10", "10.20.0", "192.168.56")


class Maker:
    """Draws clients. Only `random.Random.random` is used: its sequence is the one Python promises to keep."""

    def __init__(self, seed: int) -> None:
        """Start the sequence that belongs to `seed`."""
        self._random = random.Random(seed).random

    def below(self, limit: int) -> int:
        """Return a number from 0 to `limit - 1`; `limit` is at most 2^53."""
        return int(self._random() * limit)

    def pick(self, items: Sequence[T]) -> T:
        """Return one of `items`."""
        return items[self.below(len(items))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Return `items` in a drawn order."""
        left = list(items)
        return [left.pop(self.below(len(left))) for _ in items]

    def ipv4(self, where: Site) -> str:
        """Return an address of the site, neither its network's nor its gateway's."""
        first, last = int(IPv4Address(where.first)), int(IPv4Address(where.last))
        return str(IPv4Address(first + 2 + self.below(last - first - 2)))

    def ipv6(self, where: Site) -> str:
        """Return an address of one of the site's first 32 subnets, written as RFC 5952 has it."""
        return str(IPv6Address(f"{where.ipv6}{self.below(32):x}::{self.below(0xFFFF):x}:{2 + self.below(0xFFF0):x}"))

    def mac(self) -> str:
        """Return the MAC address of a box that is not ours."""
        return f"00:00:5e:00:53:{0xB0 + self.below(0x40):02x}"

    def ipv4_only(self) -> Row:
        """Draw an office computer behind its gateway."""
        where = self.pick(SITES)
        return Row(where.name, self.ipv4(where), gateways=where.seen)

    def dual(self) -> Row:
        """Draw an office computer with both families, IPv6 first on half of them."""
        where = self.pick(DUAL_SITES)
        addresses = self.shuffled((self.ipv4(where), self.ipv6(where)))
        return Row(where.name, " ".join(addresses), gateways=where.seen)

    def ipv6_only(self) -> Row:
        """Draw a computer with IPv6 alone: Oslo's report their gateway, the others are declared internal."""
        where = self.pick(IPV6_SITES)
        if where is OSLO:
            return Row(where.name, self.ipv6(where), gateways=where.seen)
        return Row(where.name, self.ipv6(where), location="internal")

    def declared(self) -> Row:
        """Draw an office computer whose place the inventory knows."""
        where = self.pick(SITES)
        return Row(where.name, self.ipv4(where), location="internal")

    def roaming(self) -> Row:
        """Draw a laptop outside; every fourth one has IPv6 only, and some sit in networks that look like ours."""
        if self.below(4) == 0:
            subnet = f"2001:db8:{0xA000 + self.below(0xFFF):x}"
            return Row("laptop", str(IPv6Address(f"{subnet}::{2 + self.below(0xFFF0):x}")), location="external")
        return Row("laptop", f"{self.pick(HOTELS)}.{2 + self.below(250)}", location="external")

    def at_home(self) -> Row:
        """Draw a laptop that sees a gateway at one of our addresses, but not our box."""
        where = self.pick(MAC_SITES)
        return Row("laptop", self.ipv4(where), gateways=f"{where.gateway},{self.mac()}")

    def no_mac(self) -> Row:
        """Draw a computer that reports its gateway without a MAC address, which only some entries accept."""
        where = self.pick(SITES)
        return Row(where.name, self.ipv4(where), gateways=where.gateway)

    def two_gateways(self) -> Row:
        """Draw a computer with a private hotspot beside the office network."""
        where = self.pick(SITES)
        hotspot = f"192.168.{self.below(50)}.1,{self.mac()}"
        return Row(where.name, self.ipv4(where), gateways=" ".join(self.shuffled((hotspot, where.seen))))

    def link_local(self) -> Row:
        """Draw a computer that reports everything it has, link-local addresses with their zones included."""
        where = self.pick(IPV6_SITES)
        local = f"fe80::{self.below(0xFFFF):x}:{1 + self.below(0xFFFE):x}%{self.pick(('eth0', 'en1', '12', 'wlan0'))}"
        own = self.pick((self.ipv6(where), self.ipv4(where) if where.first else "169.254.7.9", ""))
        return Row(where.name, " ".join(filter(None, (local, own))), location="internal")

    def mapped(self) -> Row:
        """Draw a computer whose agent writes IPv4 the mapped way."""
        where = self.pick(SITES)
        return Row(where.name, f"::ffff:{self.ipv4(where)}", gateways=where.seen)

    def stated_stack(self) -> Row:
        """Draw a computer that has addresses of a family it cannot use, or the other way round."""
        where = self.pick(DUAL_SITES)
        addresses, stack = f"{self.ipv4(where)} {self.ipv6(where)}", self.pick(("ipv4", "ipv6", "ipv4 ipv6"))
        return Row(where.name, addresses, location="internal", stack=stack)

    def at_an_end(self) -> Row:
        """Draw a client on, or just beyond, the end of a range."""
        return Row("edge", self.pick(ENDS), location="internal")

    def unlisted(self) -> Row:
        """Draw a client inside, in no list."""
        network = self.pick(UNLISTED)
        rest = ".".join(str(1 + self.below(254)) for _ in range(3 - network.count(".")))
        return Row("new-floor", f"{network}.{rest}", location="internal")

    def in_two_lists(self) -> Row:
        """Draw a server with a leg in each of two sites."""
        one, other = self.shuffled(SITES)[:2]
        return Row("router", f"{self.ipv4(one)} {self.ipv4(other)}", location="internal")

    def reached(self) -> Row:
        """Draw a computer that reached the management server, which is no evidence for the criterion `gateway`."""
        where = self.pick(SITES)
        return Row(where.name, self.ipv4(where), reached="osce.acme.example:4343 10.1.0.5:8080")

    def in_the_dmz(self) -> Row:
        """Draw a server in the DMZ, with one family or both."""
        addresses = f"172.16.{self.below(2)}.{30 + self.below(200)}", f"2001:db8:d::{1 + self.below(0xFFF0):x}"
        return Row("dmz", self.pick((*addresses, " ".join(addresses))), location="internal")

    def on_the_vpn(self) -> Row:
        """Draw a laptop in the VPN pool."""
        address = f"172.31.{self.below(128)}.{2 + self.below(250)}"
        return Row("laptop", address, gateways="172.31.0.1")

    def bare(self) -> Row:
        """Draw a computer just unpacked: no address yet."""
        return Row("new", location="internal")


MIX: Sequence[tuple[int, Callable[[Maker], Row]]] = (
    (560, Maker.ipv4_only),
    (390, Maker.dual),
    (170, Maker.ipv6_only),
    (130, Maker.declared),
    (220, Maker.roaming),
    (70, Maker.at_home),
    (60, Maker.no_mac),
    (40, Maker.two_gateways),
    (70, Maker.link_local),
    (40, Maker.mapped),
    (45, Maker.stated_stack),
    (75, Maker.at_an_end),
    (40, Maker.unlisted),
    (25, Maker.in_two_lists),
    (20, Maker.reached),
    (15, Maker.in_the_dmz),
    (26, Maker.on_the_vpn),
    (4, Maker.bare),
)


def make() -> bytes:
    """Return the whole file. Every hundredth client has no id, as in every inventory."""
    maker = Maker(SEED)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("id", "addresses", "location", "gateways", "reached", "stack"))
    drawn = maker.shuffled([draw for count, draw in MIX for _ in range(count)])
    for number, draw in enumerate(drawn, start=1):
        row = draw(maker)
        name = "" if number % 100 == 0 else f"{row.kind}-{number:04}"
        writer.writerow((name, row.addresses, row.location, row.gateways, row.reached, row.stack))
    return text.getvalue().encode()


def main() -> int:
    """Write the file, or compare it with what would be written."""
    parser = argparse.ArgumentParser(description="Make clients.csv, the same bytes on every run.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if clients.csv is not up to date")
    if not parser.parse_args().check:
        OUTPUT.write_bytes(make())
        return 0
    if OUTPUT.exists() and OUTPUT.read_bytes() == make():
        return 0
    print(f"{OUTPUT.name} is not what make_clients.py makes; run it without --check", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
