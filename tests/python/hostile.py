# SPDX-License-Identifier: MIT
"""Policies whose names are made to break what shows them."""

from __future__ import annotations

import random
from typing import Any

import smplist

HOSTILE = [
    "<script>alert(1)</script>", "a\"b'c&amp;", "x" * 255, "\u202egnp.exe", "$\\frac{1}{0}$", "$x", "a\u200fb\u2066c",
    "\u65e5\u672c", "]]>", "--><svg onload=alert(1)>", "a  b", "\u05e9\u05dc\u05d5\u05dd", "\U000e0041tag",
]  # fmt: skip


def document(names: list[str], title: str = "Many") -> dict[str, Any]:
    """A policy of lists with these names, each with a block of IPv4 and every other one with one of IPv6."""
    dice = random.Random(len(names))
    lists = []
    for i, name in enumerate(names):
        length = dice.choice([16, 18, 20, 22, 24])
        first = (10 << 24 | dice.randrange(1 << 24)) >> (32 - length) << (32 - length)
        ranges = [f"{'.'.join(str(first >> s & 255) for s in (24, 16, 8, 0))}/{length}"]
        ranges += [f"2001:db8:{i:x}::/48"] if i % 2 else []
        lists.append({"name": name, "ranges": ranges, "sources": [f"s{i % 50}", "spare"]})
    sources = {
        f"s{i}": {"host": f"s{i}.example", "families": ["ipv4", "ipv6"], "file_reputation": {"port": 443}} for i in range(50)
    }
    return {
        "schema": "smplist/1",
        "title": title,
        "sources": sources | {"spare": {"host": "spare.example", "families": ["ipv4"], "file_reputation": {"port": 443}}},
        "internal": {
            "mode": "custom",
            "standard": {"sources": ["spare"]},
            "custom": {"fallback_to_standard": True, "lists": lists},
        },
    }


def names_to_break() -> smplist.Policy:
    """A policy whose title, lists and sources have hostile names."""
    data = document([*HOSTILE], "$T$<b>\u202e" + "y" * 10_000)
    for i, name in enumerate(name for name in HOSTILE if not set("/;") & set(name)):
        data["sources"][name] = {"host": f"h{i}.example", "families": ["ipv4"], "file_reputation": {"port": 443}}
        data["internal"]["custom"]["lists"][i]["sources"] = [name, "s1"]
    return smplist.Policy.from_dict(data)
