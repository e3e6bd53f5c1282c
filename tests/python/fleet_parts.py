# SPDX-License-Identifier: MIT
"""What the tests of fleets share: policies that say their number, keys, published folders, and waiting for something."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Callable
from pathlib import Path

import smplist
from smplist.fleet.keys import new_key, read_private
from smplist.fleet.manifest import Manifest, seal
from smplist.fleet.publish import Folder, publish

FLEET = "acme"
INSIDE = smplist.Client(["10.0.0.1"], location="internal")
SERVICE = "file_reputation"
_SECONDS = 60.0


def policy(number: int) -> smplist.Policy:
    """A policy whose first source has the port 10000 and a number, in each of 50 lists."""
    source = {"host": "127.0.0.1", "file_reputation": {"scheme": "http", "port": 10_000 + number}}
    lists = [{"name": f"l{i}", "ranges": [f"10.0.{i}.0/24"], "sources": ["s"]} for i in range(50)]
    internal = {"mode": "custom", "standard": {"sources": ["s"]}, "custom": {"lists": lists}}
    return smplist.Policy.from_dict(
        {"schema": "smplist/1", "title": f"r{number}", "sources": {"s": source}, "internal": internal}
    )


def answer(plan: smplist.Plan) -> tuple[str, int]:
    """The revision of a plan, and the number of the policy that it is from."""
    return plan.revision, int(plan.attempts[0].url.split(":")[2].split("/")[0]) - 10_000


class Publisher:
    """Somebody who publishes: a key, its public half, and a folder."""

    def __init__(self, folder: Path, name: str = "publisher") -> None:
        self.key_file = folder / f"{name}.key"
        new_key(self.key_file)
        self.key = read_private(self.key_file.read_text())
        self.public = self.key_file.with_name(f"{name}.key.pub").read_text()
        self.www = folder / f"{name}-www"
        self.folder = Folder(self.www)

    def publish(self, number: int) -> Manifest:
        """Publish the policy of a number."""
        made = publish(policy(number), self.www, self.key, FLEET)
        assert made is not None
        return made

    def envelope(self, number: int, **changes: object) -> bytes:
        """The manifest of a revision, changed, and signed with this key."""
        return seal(dataclasses.replace(self.folder.revision(str(number)), **changes), self.key)  # type: ignore[arg-type]


async def until(true: Callable[[], object], what: str, seconds: float = _SECONDS) -> None:
    """Wait until something is so; it is a failure if it never is."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"never: {what}"
        await asyncio.sleep(0.02)
