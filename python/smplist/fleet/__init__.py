# SPDX-License-Identifier: MIT
"""Revisions on their way to clients: published in a folder, told by a broker, fetched and verified by agents. [S-83]"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smplist.fleet.agent import Agent
    from smplist.fleet.asker import Asker
    from smplist.fleet.broker import Broker
    from smplist.fleet.keys import new_key
    from smplist.fleet.manifest import Manifest, Refused
    from smplist.fleet.publish import Folder
    from smplist.fleet.status import FleetStatus

# a program that publishes needs no HTTP client, and one that reads a folder nothing at all
_WHERE = {
    "Agent": "agent",
    "Asker": "asker",
    "Broker": "broker",
    "FleetStatus": "status",
    "Folder": "publish",
    "Manifest": "manifest",
    "Refused": "manifest",
    "new_key": "keys",
}
__all__ = [
    "Agent",
    "Asker",
    "Broker",
    "FleetStatus",
    "Folder",
    "Manifest",
    "Refused",
    "new_key",
]


def __getattr__(name: str) -> Any:
    """What a module of the fleet has, imported now and kept."""
    if name not in _WHERE:
        raise AttributeError(f"module 'smplist.fleet' has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(f"smplist.fleet.{_WHERE[name]}"), name)
    return found
