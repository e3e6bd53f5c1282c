# SPDX-License-Identifier: MIT
"""Many agents on a real broker and a real web server while all of it breaks: each ends on the last revision. [S-83]"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import signal
from pathlib import Path

import httpx2
from fleet_parts import FLEET, INSIDE, SERVICE, Publisher, answer, until
from fleet_servers import Server, mosquitto, nginx
from smplist.fleet.agent import Agent
from smplist.fleet.broker import Broker, manifest_topic
from smplist.fleet.notify import notify
from smplist.fleet.status import status

AGENTS = int(os.environ.get("SMPLIST_AGENTS", "60"))  # 500 for the whole of it
REVISIONS = 10
_SECONDS = 60.0 + AGENTS / 2


class Fleet:
    """Agents that are switched off and on, and asked all the time."""

    def __init__(self, folder: Path, publisher: Publisher, web: Server, broker: Broker, http: httpx2.AsyncClient) -> None:
        self._folder, self._publisher, self._web, self._broker, self._http = folder, publisher, web, broker, http
        self.agents: dict[int, Agent] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self.revisions: dict[str, int] = {}  # by the SHA-256 of its policy, all that were ever published
        self.told = 0  # the number of the last one that was
        self.seen: dict[int, int] = {}
        self.answers = 0
        self.wrong: list[str] = []

    def on(self, name: int) -> None:
        """Switch an agent on, with what its folder holds."""
        self.agents[name] = Agent(
            self._folder / str(name), fleet=FLEET, id=f"pc-{name}", keys=[self._publisher.public], broker=self._broker,
            source=f"http://127.0.0.1:{self._web.port}", http=self._http, patience=(0.1, 1.0),
        )  # fmt: skip
        self._tasks[name] = asyncio.create_task(self.agents[name].run())

    async def off(self, name: int) -> None:
        """Switch it off at whatever it is doing."""
        self._tasks[name].cancel()
        done, _ = await asyncio.wait([self._tasks[name]], timeout=_SECONDS)
        assert done, f"pc-{name} does not end"

    async def ask(self) -> None:
        """Ask every agent, again and again: its answer is one whole published revision, and never an older one than before."""
        while True:
            for name, agent in list(self.agents.items()):
                if agent.policy is None:
                    continue
                revision, number = answer(agent.evaluate(INSIDE, SERVICE))
                self.answers += 1
                if self.revisions.get(revision) != number or not self.seen.get(name, 0) <= number <= self.told:
                    self.wrong.append(f"pc-{name}: {number}, {revision}, after {self.seen.get(name)}")
                self.seen[name] = number
            await asyncio.sleep(0.05)

    def done(self) -> bool:
        """Whether each holds the last revision."""
        return all(agent.manifest and agent.manifest.sequence == REVISIONS for agent in self.agents.values())

    async def end(self) -> None:
        """Switch all off."""
        failed = [task for task in self._tasks.values() if task.done() and not task.cancelled()]
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        assert failed == [], [task.exception() for task in failed]


async def attack(broker: Broker, publisher: Publisher, stranger: Publisher, number: int, chance: random.Random) -> None:
    """Retain something at the broker that nobody may take, as whoever gets into it could."""
    good = publisher.folder.revision(str(number))
    envelope = json.loads(publisher.envelope(number))
    higher = publisher.envelope(number, sequence=99)
    payload = base64.b64decode(json.loads(higher)["payload"])
    bad = chance.choice([
        json.dumps(envelope | {"signatures": []}).encode(),
        json.dumps(envelope | {"payload": base64.b64encode(payload).decode()}).encode(),
        higher[: len(higher) // 2],
        stranger.envelope(1, sequence=99),
        publisher.envelope(number, fleet="other", sequence=99),
        publisher.envelope(max(1, number - 1)),
        b"\xff" * 70_000,
    ])  # fmt: skip
    async with broker.client() as mqtt:
        await mqtt.publish(manifest_topic(FLEET), bad, qos=1, retain=True)
    assert good.sequence == number


async def spoil(publisher: Publisher, number: int) -> None:
    """A web server that gives out half a file for a while, and then another of the same length."""
    path = publisher.www / publisher.folder.revision(str(number)).path("policy.smpc")
    whole = path.read_bytes()
    for bad in (whole[: len(whole) // 2], bytes([whole[0] ^ 1]) + whole[1:]):
        path.write_bytes(bad)
        await asyncio.sleep(0.3)
    path.write_bytes(whole)


async def course(fleet: Fleet, publisher: Publisher, stranger: Publisher, web: Server, mq: Server, broker: Broker) -> None:
    """Ten revisions, and what happens meanwhile."""
    chance = random.Random(os.environ["SMPLIST_SEED"])
    for number in range(1, REVISIONS + 1):
        made = publisher.publish(number)
        fleet.revisions[made.revision] = fleet.told = number
        await asyncio.to_thread(notify, publisher.folder, broker)
        if number in (3, 6, 8):
            await spoil(publisher, number)
        names = chance.sample(range(AGENTS), AGENTS // 5)
        for name in names:
            await fleet.off(name)
        if number in (2, 5, 7, 9):
            await attack(broker, publisher, stranger, number, chance)
        if number in (4, 8):  # once in good order, once without keeping anything
            await asyncio.to_thread(mq.stop, signal.SIGTERM if number == 4 else signal.SIGKILL)
            await asyncio.sleep(0.3)
            await asyncio.to_thread(mq.start)
        if number in (6, 9):
            await asyncio.to_thread(web.stop)
            await asyncio.sleep(0.3)
            await asyncio.to_thread(web.start)
        for name in names:
            fleet.on(name)
        await asyncio.sleep(chance.uniform(0.1, 1.0))


async def everything(tmp_path: Path, web: Server, mq: Server, publisher: Publisher, stranger: Publisher) -> Fleet:
    """The whole of it."""
    broker = Broker.parse(f"mqtt://127.0.0.1:{mq.port}")
    limits = httpx2.Limits(max_connections=50)
    async with httpx2.AsyncClient(timeout=30, limits=limits) as http:
        fleet = Fleet(tmp_path / "agents", publisher, web, broker, http)
        for name in range(AGENTS):
            fleet.on(name)
        asking = asyncio.create_task(fleet.ask())
        try:
            await course(fleet, publisher, stranger, web, mq, broker)
            await asyncio.to_thread(notify, publisher.folder, broker)
            await until(fleet.done, "all agents hold the last revision", _SECONDS)
            await until(lambda: all(fleet.seen.get(name) == REVISIONS for name in range(AGENTS)), "all answer from it", _SECONDS)
            found = await asyncio.to_thread(status, broker, FLEET, timeout=30)
            while not found:
                await asyncio.sleep(0.5)
                found = await asyncio.to_thread(status, broker, FLEET, timeout=30)
            assert found.to_dict()["summary"] == {"current": AGENTS, "off": 0, "ahead": 0, "behind": 0}
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            await fleet.end()
    return fleet


def test_every_agent_ends_on_the_last_revision_whatever_breaks(tmp_path: Path) -> None:
    """Agents, broker and web server go off and come back, files are halved, manifests forged; no answer is ever wrong. [S-83]"""
    publisher, stranger = Publisher(tmp_path), Publisher(tmp_path, "stranger")
    stranger.publish(77)
    publisher.www.mkdir()
    web, mq = nginx(tmp_path / "nginx", publisher.www), mosquitto(tmp_path / "mq")
    with web.running(), mq.running():
        fleet = asyncio.run(asyncio.wait_for(everything(tmp_path, web, mq, publisher, stranger), 2 * _SECONDS))
    assert fleet.wrong == []
    assert fleet.answers > 10 * AGENTS
    print(f"{AGENTS} agents, {REVISIONS} revisions, {fleet.answers:,} answers")
