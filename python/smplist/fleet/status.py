# SPDX-License-Identifier: MIT
"""Who holds which revision, who is behind, who is off: what the broker has retained of a fleet. [S-83]"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping
from typing import Any, ClassVar

from smplist.analysis.report import Report, many
from smplist.fleet.broker import Broker, agent_topic, manifest_topic, notice_topic
from smplist.fleet.manifest import Refused, unverified

_MOST_TEXT = 200
_VERDICTS = ("behind", "ahead", "off", "current")  # the worst first


class FleetStatus(Report):
    """The agents of a fleet; `bool()` is whether each is on and holds what clients were told of last."""

    columns: ClassVar[tuple[str, ...]] = ("id", "verdict", "state", "sequence", "revision", "said", "problem")
    types: ClassVar[Mapping[str, str]] = {"sequence": "integer"}

    def __bool__(self) -> bool:
        return all(row["verdict"] == "current" for row in self._data["agents"])

    def rows(self) -> list[dict[str, Any]]:
        """One dict for each agent: those that are behind before those that are off, and these before the others."""
        return [dict(row) for row in self._data["agents"]]

    def to_text(self) -> str:
        """What is deployed, how many have it, and each that does not."""
        told, count = self._data["deployed"], self._data["summary"]
        what = f"revision {told['sequence']}, {told['revision']}" if told else "no revision was ever announced"
        head = f"{self._data['fleet']}: {what}; {many(sum(count.values()), 'agent')}"
        parts = [f"{n:,} {verdict}" for verdict, n in count.items() if n]
        lines = [f"{head}: {', '.join(parts)}" if parts else head]
        if (notice := self._data["notice"]) and notice.get("forced"):
            lines.append(f"  forced: {notice['forced']!r}; does not hold: {', '.join(notice.get('failed', ()))}")
        lines += [_line(row) for row in self._data["agents"] if row["verdict"] != "current"]
        return "\n".join(lines)


def _line(row: dict[str, Any]) -> str:
    holds = f"holds {row['sequence']}, {row['revision'][:19]}" if row["sequence"] else "holds nothing"
    why = f"; {row['problem']}" if row["problem"] else ""
    off = ", and is off" if row["state"] == "off" != row["verdict"] else ""
    return f"  {row['verdict']:8} {row['id']}  {holds}{off}{why}"


def status(broker: Broker, fleet: str, *, timeout: float = 10.0) -> FleetStatus:
    """What the broker has retained of a fleet.

    Parameters
    ----------
    broker
        Where agents report.
    fleet
        Whose agents.
    timeout
        Seconds after which the broker must have said all of it.

    Raises
    ------
    TimeoutError
        If it has not.
    aiomqtt.MqttError
        If it cannot be reached, or does not let one in.
    """
    return FleetStatus(_summary(fleet, asyncio.run(_retained(broker, fleet, timeout))))


async def _retained(broker: Broker, fleet: str, timeout: float) -> dict[str, bytes]:
    """The retained messages by topic. A message of one's own comes behind all of them: then it was all."""
    mine = f"smplist/{fleet}/status/{secrets.token_hex(8)}"
    found: dict[str, bytes] = {}
    async with asyncio.timeout(timeout), broker.client() as mqtt:
        wanted = [manifest_topic(fleet), notice_topic(fleet), *(agent_topic(fleet, "+", what) for what in ("state", "holds"))]
        await mqtt.subscribe([(topic, 0) for topic in [*wanted, mine]])
        await mqtt.publish(mine, b"", qos=0)
        async for message in mqtt.messages:
            if str(message.topic) == mine:
                break
            if isinstance(message.payload, bytes):
                found[str(message.topic)] = message.payload
    return found


def _summary(fleet: str, retained: Mapping[str, bytes]) -> dict[str, Any]:
    """The data of the report."""
    told: dict[str, Any] | None = None
    if manifest_topic(fleet) in retained:
        try:
            manifest = unverified(retained[manifest_topic(fleet)])
            told = {"sequence": manifest.sequence, "revision": manifest.revision, "published": manifest.published}
        except Refused:
            told = None
    agents: dict[str, dict[str, Any]] = {}
    for topic, payload in retained.items():
        parts = topic.split("/")
        if len(parts) == 5 and parts[2] == "agents":
            agents.setdefault(parts[3], {})[parts[4]] = payload
    rows = [_agent(name, known, told) for name, known in agents.items()]
    rows.sort(key=lambda row: (_VERDICTS.index(row["verdict"]), row["id"]))
    counts = {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in reversed(_VERDICTS)}
    notice = _tree(retained.get(notice_topic(fleet), b"")) or None
    return {"fleet": fleet, "deployed": told, "notice": notice, "summary": counts, "agents": rows}


def _agent(name: str, known: Mapping[str, bytes], told: dict[str, Any] | None) -> dict[str, Any]:
    """What an agent said of itself; whatever else it wrote there is not shown."""
    holds = _tree(known.get("holds", b""))
    sequence = holds.get("sequence")
    sequence = sequence if type(sequence) is int else 0
    state = "on" if known.get("state") == b"on" else "off"
    texts = {key: str(holds.get(key) or "")[:_MOST_TEXT] for key in ("revision", "said", "problem")}
    texts = {key: "".join(sign if sign.isprintable() else "?" for sign in text) for key, text in texts.items()}
    return {"id": name, "verdict": _verdict(sequence, state, told), "state": state, "sequence": sequence, **texts}


def _verdict(sequence: int, state: str, told: dict[str, Any] | None) -> str:
    newest = told["sequence"] if told else 0
    if sequence != newest:
        return "behind" if sequence < newest else "ahead"
    return "off" if state == "off" else "current"


def _tree(payload: bytes) -> dict[str, Any]:
    try:
        tree = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    return tree if isinstance(tree, dict) else {}
