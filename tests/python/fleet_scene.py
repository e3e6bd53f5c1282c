# SPDX-License-Identifier: MIT
"""A publisher, a web server, a broker and agents, for the tests of fleets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

from fleet_parts import FLEET, INSIDE, SERVICE, Publisher, answer
from fleet_servers import Server, mosquitto, nginx
from smplist.fleet.agent import Agent
from smplist.fleet.broker import Broker, manifest_topic
from smplist.fleet.notify import notify


class Scene:
    """A publisher with a web server, and a broker."""

    def __init__(self, folder: Path, web: Server, mq: Server, publisher: Publisher) -> None:
        self.folder, self.web, self.mq, self.publisher = folder, web, mq, publisher
        self.url = f"mqtt://127.0.0.1:{mq.port}"
        self.broker = Broker.parse(self.url)

    def agent(self, name: str = "pc-7", **more: object) -> Agent:
        """An agent with a folder of its own."""
        given = {"fleet": FLEET, "id": name, "keys": [self.publisher.public], "broker": self.broker, "patience": (0.05, 0.2)}
        source = f"http://127.0.0.1:{self.web.port}"
        return Agent(self.folder / name, **(given | {"source": source} | more))  # type: ignore[arg-type]

    async def notify(self) -> None:
        """Tell everybody of what is current."""
        await asyncio.to_thread(notify, self.publisher.folder, self.broker)

    async def retain(self, envelope: bytes) -> None:
        """What somebody else could write to the broker."""
        async with self.broker.client() as mqtt:
            await mqtt.publish(manifest_topic(FLEET), envelope, qos=1, retain=True)


@contextlib.asynccontextmanager
async def running(agent: Agent) -> AsyncIterator[Agent]:
    """The agent at work, and switched off at the end."""
    task = asyncio.create_task(agent.run())
    try:
        yield agent
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def go(work: Callable[[], Awaitable[None]]) -> None:
    """Run it, for a limited time."""

    async def limited() -> None:
        async with asyncio.timeout(120):
            await work()

    asyncio.run(limited())


def number(agent: Agent) -> int:
    """The revision that it answers from; 0 for none."""
    return answer(agent.evaluate(INSIDE, SERVICE))[1] if agent.policy is not None else 0


@contextlib.contextmanager
def scene_in(tmp_path: Path) -> Iterator[Scene]:
    """With one revision, of which nobody was told."""
    publisher = Publisher(tmp_path)
    publisher.publish(1)
    with nginx(tmp_path / "nginx", publisher.www).running() as web, mosquitto(tmp_path / "mq").running() as mq:
        yield Scene(tmp_path, web, mq, publisher)
