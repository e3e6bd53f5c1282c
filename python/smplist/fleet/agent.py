# SPDX-License-Identifier: MIT
"""An agent: hears of revisions, fetches and verifies them, and answers from the one it holds, which is always whole. [S-83]"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from smplist._core import Client, CompiledPolicy, Plan, __version__
from smplist._extras import need
from smplist.fleet._tasks import pause, together
from smplist.fleet.broker import Broker, agent_topic, manifest_topic
from smplist.fleet.fetch import Fetcher, NotFetched
from smplist.fleet.keys import key_id, read_public
from smplist.fleet.manifest import Manifest, Refused, check_fleet, verify
from smplist.fleet.publish import Found, now_text
from smplist.fleet.shelf import Shelf

if TYPE_CHECKING:
    from aiomqtt import Client as Mqtt
    from httpx2 import AsyncClient

_FAREWELL = 2.0  # seconds
_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


class Agent:
    """The policy of one client, kept up to date.

    It takes a revision only if a trusted key signed it for its fleet, if its number is higher than that of the one it holds, and
    if every byte is there. Until all of that is known, and after it is refused, the agent answers from the revision it holds.

    Parameters
    ----------
    folder
        Where it keeps its revision, alone; made if need be.
    fleet, id
        Whose it is, and its own name there: letters, digits, `-`, `_`, `.`.
    keys
        The public keys that it trusts, in PEM.
    source
        The URL of the published folder.
    broker
        Who tells it of revisions; without one it looks for itself.
    http
        A client to share between agents; without one it has its own.
    poll
        Seconds after which it looks for itself; it also does when it finds the broker again.
    patience
        Seconds after which it tries again, the first time and at most; in between they double.

    Attributes
    ----------
    problem : str
        Why the last revision that it heard of was not taken; empty if it was.
    """

    def __init__(self, folder: str | os.PathLike[str], *, fleet: str, id: str, keys: Iterable[str | bytes], source: str,
                 broker: Broker | None = None, http: AsyncClient | None = None, poll: float = 3600.0,
                 patience: tuple[float, float] = (0.5, 60.0)) -> None:  # fmt: skip
        """An agent that holds what its folder holds; `run` keeps it up to date.

        Raises
        ------
        ValueError
            If a name or a key is none, or if there is no key.
        OSError
            If the folder cannot be used.
        """
        if not _ID.fullmatch(id):
            raise ValueError(f"{id!r} is no name of an agent; write 1 to 128 letters, digits, '-', '_' and '.'")
        trusted = [read_public(key) for key in keys]
        if not trusted:
            raise ValueError("an agent that trusts no key takes no revision; give at least one")
        self.fleet, self.id = check_fleet(fleet), id
        self.problem = ""
        self._keys = {key_id(key): key for key in trusted}
        self._broker, self._poll, self._patience = broker, poll, patience
        self._fetcher = Fetcher(source, http)
        self._shelf = Shelf(folder)
        self._holds: tuple[CompiledPolicy, Manifest] | None = None
        self._floor = 0  # no revision up to this number is taken any more
        self._wanted: Found | None = None
        self._news, self._look, self._changed = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._restore()

    @property
    def policy(self) -> CompiledPolicy | None:
        """What it answers from now, if it holds anything; one assignment replaces it."""
        return None if self._holds is None else self._holds[0]

    @property
    def manifest(self) -> Manifest | None:
        """Which revision that is."""
        return None if self._holds is None else self._holds[1]

    def evaluate(self, client: Client, service: str, *, epoch: int = 0) -> Plan:
        """The plan of a client, by the revision that is held now; for any thread.

        Raises
        ------
        LookupError
            If none is held yet.
        """
        policy = self.policy
        if policy is None:
            raise LookupError(f"the agent {self.id} holds no revision yet")
        return policy.evaluate(client, service, epoch=epoch)

    async def run(self) -> None:
        """Keep the policy up to date until cancelled, whatever happens to the broker and to the web server."""
        async with self._fetcher:
            listening = [self._listen(self._broker)] if self._broker is not None else []
            await together(self._take(), self._look_around(), *listening)

    def consider(self, envelope: bytes) -> bool:
        """Whether a manifest, from whomever, is one to fetch; if not, `problem` says why."""
        try:
            manifest = verify(envelope, self._keys, self.fleet)
            if manifest in (self.manifest, self._wanted and self._wanted.manifest):
                return False
            if manifest.sequence <= self._floor:
                raise Refused(f"revision {manifest.sequence} is not newer than {self._floor}, which is held")
        except Refused as refused:
            self._say(str(refused))
            return False
        if self._wanted is None or manifest.sequence > self._wanted.manifest.sequence:
            self._wanted = Found(manifest, envelope)
            self._news.set()
        return True

    def _say(self, problem: str) -> None:
        if problem != self.problem:
            self.problem = problem
            self._changed.set()

    def _restore(self) -> None:
        """What the folder holds, if it is whole and still trusted; otherwise it is fetched again."""
        envelope = self._shelf.envelope()
        if envelope is None:
            return
        try:
            manifest = verify(envelope, self._keys, self.fleet)
        except Refused as refused:
            self.problem = f"what the folder holds is not taken: {refused}"
            return
        try:
            self._holds = self._shelf.open(manifest), manifest
            self._floor = manifest.sequence
        except (Refused, OSError) as error:
            self.problem = f"what the folder holds is not whole: {error}"
            self._floor = manifest.sequence - 1
            self._wanted = Found(manifest, envelope)
            self._news.set()

    async def _take(self) -> None:
        """Fetch what is wanted, again and again, until it is held or something newer is wanted."""
        waits = _waits(self._patience)
        while True:
            await self._news.wait()
            self._news.clear()
            wanted = self._wanted
            if wanted is None:
                continue
            try:
                await self._fetch(wanted)
                waits = _waits(self._patience)
            except (Refused, NotFetched, OSError) as error:
                self._say(f"revision {wanted.manifest.sequence} is not here yet: {_one_line(error)}")
                await pause(self._news, next(waits))
                self._news.set()

    async def _fetch(self, wanted: Found) -> None:
        """Get, verify, keep and use a revision; before the last step nothing has changed."""
        manifest = wanted.manifest
        held, policy = self.manifest, self.policy
        if held and policy is not None and held.files["policy.smpc"] == manifest.files["policy.smpc"]:
            content = policy.to_bytes()
        else:
            content = await self._fetcher.get(manifest, "policy.smpc")
        manifest.check("policy.smpc", content)
        made = await asyncio.to_thread(self._shelf.keep, manifest, wanted.envelope, content)
        self._holds = made, manifest
        self._floor = manifest.sequence
        if self._wanted == wanted:
            self._wanted = None
        self.problem = ""
        self._changed.set()

    async def _look_around(self) -> None:
        """Look for the deployed revision at the start, once in a while, and when the broker is found again."""
        waits = _waits(self._patience)
        while True:
            try:
                envelope = await self._fetcher.deployed()
                if envelope is not None:
                    self.consider(envelope)
                waits, seconds = _waits(self._patience), self._poll
            except (Refused, NotFetched):
                seconds = min(next(waits), self._poll)
            await pause(self._look, seconds)
            self._look.clear()

    async def _listen(self, broker: Broker) -> None:
        """Be connected to the broker, again and again."""
        wrong = need("aiomqtt", "an agent with a broker", "fleet")
        off = wrong.Will(agent_topic(self.fleet, self.id, "state"), b"off", qos=1, retain=True)
        waits = _waits(self._patience)
        while True:
            try:
                async with broker.client(f"smplist-{self.fleet}-{self.id}", will=off) as mqtt:
                    waits = _waits(self._patience)
                    await self._converse(mqtt)
            except (wrong.MqttError, OSError):
                pass  # it is tried again
            await asyncio.sleep(next(waits))

    async def _converse(self, mqtt: Mqtt) -> None:
        """Say who is there and what it holds, and hear what is new, until the connection ends."""
        await mqtt.subscribe(manifest_topic(self.fleet), qos=1)
        state = agent_topic(self.fleet, self.id, "state")
        await mqtt.publish(state, b"on", qos=1, retain=True)
        self._changed.set()
        self._look.set()
        try:
            await together(self._tell(mqtt), self._hear(mqtt))
        except asyncio.CancelledError:
            # whoever leaves in good order has no last will
            with contextlib.suppress(TimeoutError, need("aiomqtt", "an agent with a broker", "fleet").MqttError):
                await mqtt.publish(state, b"off", qos=1, retain=True, timeout=_FAREWELL)
            raise

    async def _hear(self, mqtt: Mqtt) -> None:
        """Consider every manifest that comes."""
        async for message in mqtt.messages:
            if isinstance(message.payload, bytes):
                self.consider(message.payload)

    async def _tell(self, mqtt: Mqtt) -> None:
        """Retain at the broker what is held, whenever it changes."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            await mqtt.publish(agent_topic(self.fleet, self.id, "holds"), json.dumps(self.report()), qos=1, retain=True)

    def report(self) -> dict[str, Any]:
        """What the broker is told."""
        held = self.manifest
        return {
            "id": self.id, "sequence": held.sequence if held else 0, "revision": held.revision if held else "",
            "problem": self.problem, "said": now_text(), "version": __version__,
        }  # fmt: skip


def _waits(patience: tuple[float, float]) -> Iterator[float]:
    """Longer and longer pauses, none like that of the neighbour: a fleet must not come back as one."""
    pause, most = patience
    while True:
        yield random.uniform(pause / 2, pause)
        pause = min(pause * 2, most)


def _one_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
