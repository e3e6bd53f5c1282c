# SPDX-License-Identifier: MIT
"""An agent: holds the deployed revision of a fleet and says whenever it has another one.

agent.py FOLDER --fleet NAME --id NAME --key FILE.pub --source URL [--broker URL [--password REFERENCE] [--ca FILE]]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from pathlib import Path

from smplist.fleet import Agent, Broker


async def watch(agent: Agent) -> None:
    """Print which revision is held, and why another one is not."""
    said = None
    while True:
        now = (agent.manifest and agent.manifest.sequence, agent.problem)
        if now != said:
            said = now
            print(f"{agent.id} holds {now[0] or 'nothing'}{'; ' + agent.problem if agent.problem else ''}", flush=True)
        await asyncio.sleep(0.2)


async def main() -> None:
    """Run until interrupted."""
    words = argparse.ArgumentParser(description="Hold the deployed revision of a fleet.")
    words.add_argument("folder", type=Path)
    for name in ("fleet", "id", "source"):
        words.add_argument(f"--{name}", required=True)
    words.add_argument("--key", type=Path, required=True)
    for name in ("broker", "password", "ca"):
        words.add_argument(f"--{name}")
    given = words.parse_args()
    broker = Broker.parse(given.broker, password=given.password, ca=given.ca) if given.broker else None
    agent = Agent(given.folder, fleet=given.fleet, id=given.id, keys=[given.key.read_bytes()], source=given.source, broker=broker)
    await asyncio.gather(agent.run(), watch(agent))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
