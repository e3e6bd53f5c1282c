# SPDX-License-Identifier: MIT
"""What this machine is, as a client: its addresses and gateways."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from smplist._core import Address, Family, MacAddress
from smplist._errors import ParseError
from smplist._extras import need
from smplist.net.guard import LINK_LOCAL, LOOPBACK

_SECONDS = 5


def addresses() -> list[Address]:
    """The addresses of this machine, without loopback: IPv4 first, by interface, of interfaces that are up."""
    psutil = need("psutil", "facts about this machine", "probe")
    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    found = [
        Address(entry.address.partition("%")[0])
        for name, entries in psutil.net_if_addrs().items()
        if name in up
        for entry in entries
        if entry.family in (socket.AF_INET, socket.AF_INET6)
    ]
    kept = [address for address in dict.fromkeys(found) if address not in LOOPBACK]
    return sorted(kept, key=lambda address: (address.family != Family.IPV4, address in LINK_LOCAL))


def usable(address: Address) -> bool:
    """Whether an address is good for more than its own link. [S-50]"""
    return address not in LINK_LOCAL and address not in LOOPBACK


def families() -> set[Family]:
    """The families in which this machine has an address that is good for more than a link."""
    return {address.family for address in addresses() if usable(address)}


def here() -> dict[str, Any]:
    """The client document of this machine, without what only a policy can ask for."""
    own = addresses()
    return {
        "id": socket.gethostname()[:255],
        "addresses": [str(address) for address in own],
        "gateways": gateways(),
        "reached": [],
        "stack": sorted({str(address.family) for address in own if usable(address)}),  # not `families()`: the same moment
    }


def gateways() -> list[dict[str, str | None]]:
    """The gateways of the default routes, with their MAC addresses where the machine knows them."""
    found = _from_kernel() if sys.platform == "linux" else [(gateway, _mac_of(gateway)) for gateway in _from_netstat(_netstat())]
    return [{"address": gateway, "mac": mac and str(MacAddress(mac))} for gateway, mac in dict.fromkeys(found)]


def _from_kernel() -> list[tuple[str, str | None]]:
    """Linux: routes and neighbours, over netlink."""
    pyroute2 = need("pyroute2", "the gateways of this machine", "probe")
    with pyroute2.IPRoute() as kernel:
        found = []
        for family in (socket.AF_INET, socket.AF_INET6):
            for route in kernel.get_default_routes(family=family):
                hops = [route, *(route.get_attr("RTA_MULTIPATH") or ())]
                found += [(hop.get_attr("RTA_GATEWAY"), hop.get_attr("RTA_OIF") or hop.get("oif")) for hop in hops]
        return [(gateway, _neighbour(kernel, gateway, link)) for gateway, link in found if gateway]


def _neighbour(kernel: Any, gateway: str, link: int) -> str | None:
    """The MAC address of a gateway; asked for, if the machine has not spoken to it lately."""
    import time

    family = socket.AF_INET6 if ":" in gateway else socket.AF_INET
    for wait in (0.0, 0.1, 0.4):
        if wait:
            _speak_to(gateway, link, family)
            time.sleep(wait)
        for entry in kernel.get_neighbours(family=family, ifindex=link):
            if entry.get_attr("NDA_DST") == gateway and (mac := entry.get_attr("NDA_LLADDR")):
                return str(mac)
    return None


def _speak_to(gateway: str, link: int, family: int) -> None:
    """An empty datagram to the discard port: before it can leave, the machine asks who has the address."""
    with socket.socket(family, socket.SOCK_DGRAM) as out:
        try:
            out.sendto(b"", (gateway, 9, 0, link) if family == socket.AF_INET6 else (gateway, 9))
        except OSError:
            return


def _netstat() -> str:
    """macOS, the BSDs and Windows: the routing table as they print it; empty if they do not."""
    try:
        ended = subprocess.run(["netstat", "-rn"], capture_output=True, text=True, errors="replace", timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ended.stdout


_DEFAULT = re.compile(
    r"^\s*(?:default\s+(?P<unix>\S+)|0\.0\.0\.0\s+0\.0\.0\.0\s+(?P<windows>\S+)|\d+\s+\d+\s+::/0\s+(?P<windows6>\S+))", re.M
)


def _from_netstat(table: str) -> Iterator[str]:
    """The gateways of the default routes in a printed table; `link#4`, and `fe80::` of a tunnel, are none."""
    for found in _DEFAULT.finditer(table):
        gateway = Address.try_parse(found[found.lastgroup or 0].partition("%")[0])
        if not isinstance(gateway, ParseError) and str(gateway) != "fe80::":
            yield str(gateway)


def _mac_of(gateway: str) -> str | None:
    getmac = need("getmac", "the gateways of this machine", "probe")
    mac: str | None = getmac.get_mac_address(**{"ip6" if ":" in gateway else "ip": gateway})
    return mac
