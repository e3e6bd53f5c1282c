# SPDX-License-Identifier: MIT
"""Telling clients that there is a new revision: a retained message, which those that are off get when they come back. [S-83]"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from smplist.fleet.broker import TIMEOUT, Broker, manifest_topic, notice_topic
from smplist.fleet.manifest import FILES, Manifest
from smplist.fleet.publish import CURRENT, DEPLOYED, Folder, locked, now_text, point, record

_REFUSED = 0x80  # and above: a subscription that the broker does not grant


class NotRecorded(Exception):
    """Clients were told of a revision, and the folder could not be written."""


class NotTaken(Exception):
    """The broker dropped what it was told, without a word, as brokers do with users who may not write."""


def saved(folder: Folder) -> Manifest:
    """The revision that clients would be told of, all of whose files are what was signed.

    Raises
    ------
    LookupError
        If nothing is published.
    Refused
        If a file is another.
    """
    manifest = folder.revision("current")
    for name in FILES:
        folder.content(manifest, name)
    return manifest


def notify(folder: Folder, broker: Broker, *, forced: str | None = None, failed: Sequence[str] = ()) -> dict[str, Any]:
    """Tell all clients of the current revision; returns what the log has about it.

    The broker keeps the message. The folder's `deployed.json` is the same one for clients whose broker forgot it.

    Parameters
    ----------
    folder
        The published folder.
    broker
        Where clients listen.
    forced, failed
        Why the revision goes out, although these expectations do not hold of it.

    Raises
    ------
    LookupError, Refused
        If there is no current revision, or if it is not whole.
    aiomqtt.MqttError, TimeoutError, OSError
        If the broker or the folder cannot be reached; then nobody was told.
    NotTaken
        If the broker does not keep what it is told; then nobody was told.
    NotRecorded
        If clients were told, and the folder cannot say so; then run it again.
    Busy
        If somebody else publishes or notifies at this moment.
    """
    with locked(folder.path):
        manifest = saved(folder)
        found = folder.pointer(CURRENT)
        assert found is not None
        entry = {
            "notified": now_text(), "fleet": manifest.fleet, "sequence": manifest.sequence, "revision": manifest.revision,
            "forced": forced, "failed": list(failed),
        }  # fmt: skip
        asyncio.run(_send(broker, manifest.fleet, found.envelope, json.dumps(entry, ensure_ascii=False).encode()))
        try:
            point(folder.path, DEPLOYED, found.envelope)
            record(folder, entry)
        except OSError as error:
            raise NotRecorded(error.strerror or str(error)) from error
    return entry


async def _send(broker: Broker, fleet: str, envelope: bytes, notice: bytes) -> None:
    async with broker.client() as mqtt:
        await mqtt.publish(notice_topic(fleet), notice, qos=1, retain=True)
        await mqtt.publish(manifest_topic(fleet), envelope, qos=1, retain=True)
        # MQTT 3.1.1 has no word for "not authorised" here (3.3.5), so one looks at what is retained; who may not look is believed
        granted = await mqtt.subscribe(manifest_topic(fleet), qos=1)
        if all(_number(code) < _REFUSED for code in granted) and await _kept(mqtt) != envelope:
            raise NotTaken


async def _kept(mqtt: Any) -> object:
    """The first message of a subscription; None if there is none in time."""
    try:
        async with asyncio.timeout(TIMEOUT):
            async for message in mqtt.messages:
                return message.payload
    except TimeoutError:
        pass
    return None


def _number(code: Any) -> int:
    """The number of a return code, whichever version of MQTT it is of."""
    return int(getattr(code, "value", code))
