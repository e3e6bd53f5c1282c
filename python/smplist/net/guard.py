# SPDX-License-Identifier: MIT
"""Addresses that are not asked unless somebody allows it: a policy must not turn this machine against itself."""

from __future__ import annotations

from collections.abc import Iterable

from smplist._core import Address, AddressRange, RangeSet

LOOPBACK = RangeSet(["127.0.0.0/8", "::1"])
LINK_LOCAL = RangeSet(["169.254.0.0/16", "fe80::/10"])
_METADATA = ("169.254.169.254", "169.254.170.2", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")

# the first that holds an address says why
_REFUSED = (
    ("a metadata address", RangeSet(_METADATA)),
    ("a loopback address", LOOPBACK),
    ("a link-local address", LINK_LOCAL),
    ("no address of one machine", RangeSet(["0.0.0.0/8", "::", "224.0.0.0/4", "ff00::/8", "255.255.255.255"])),
)

# prefixes behind which an IPv4 address stands, and how many bits behind its end
_EMBEDDING = ((AddressRange("64:ff9b::/96"), 0), (AddressRange("2002::/16"), 80))


class Guard:
    """Tells why an address is not asked."""

    def __init__(self, allow: Iterable[str] = ()) -> None:
        """With addresses and ranges that may be asked all the same.

        Raises
        ------
        ParseError
            If one of them is no address and no range.
        """
        self._allowed = RangeSet([AddressRange(text) for text in allow])

    def why_not(self, address: Address) -> str | None:
        """Why an address is not asked; None if it is."""
        if address in self._allowed:
            return None
        for seen in (address, *_embedded(address)):
            for why, ranges in _REFUSED:
                if seen in ranges:
                    return why
        return None


def _embedded(address: Address) -> list[Address]:
    """The IPv4 address that a translator makes of an IPv6 address."""
    from ipaddress import ip_address

    return [Address(ip_address((int(address) >> shift) & 0xFFFFFFFF)) for prefix, shift in _EMBEDDING if address in prefix]
