# SPDX-License-Identifier: MIT
"""The agent in C++: decisions while policies are replaced, and the file that an agent keeps."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT
from fleet_parts import policy, until
from fleet_scene import Scene, go, running

THE_WHOLE = os.environ.get("SMPLIST_EVERY_CALL") == "1"
DECISIONS, RELOADS = (10_000_000, 10_000) if THE_WHOLE else (500_000, 1_000)


@pytest.fixture(scope="module")
def agent_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, built under ThreadSanitizer."""
    if shutil.which("g++") is None:
        pytest.skip("no g++ here")
    made = tmp_path_factory.mktemp("agent") / "agent"
    words = ["g++", "-std=c++17", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-fsanitize=thread", "-pthread", "-I", "include"]
    build = subprocess.run(
        [*words, "docs/examples/agent/agent.cpp", "-o", made], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    if "libtsan" in build.stderr:
        pytest.skip("no ThreadSanitizer here")
    assert build.returncode == 0, build.stderr
    return made


def test_decisions_while_policies_are_replaced(agent_program: Path, tmp_path: Path) -> None:
    """Two threads decide, a third replaces and reloads; every decision is of a revision alive then, and no race is reported."""
    for i in range(5):
        policy(i).compile().save(tmp_path / f"{i}.smpc")
    files = [f"{i}.smpc" for i in range(5)]
    words = [str(agent_program), "--stress", str(DECISIONS), str(RELOADS), *files]
    ended = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert ended.stderr == "" and ended.returncode == 0
    assert ended.stdout == f"{DECISIONS} decisions, {RELOADS} reloads, 0 wrong\n"


def test_the_program_opens_what_the_agent_keeps(agent_program: Path, scene: Scene) -> None:
    """A C++ program beside an agent answers from the new revision soon after it is told."""

    async def work() -> None:
        await scene.notify()
        kept = scene.folder / "pc-7/policy.smpc"
        async with running(scene.agent()):
            await until(kept.exists, "the file is there")
            process = await asyncio.create_subprocess_exec(agent_program, kept, stdin=-1, stdout=-1)
            assert process.stdin is not None and process.stdout is not None
            try:
                seen: list[str] = []
                for wanted in (1, 2):
                    for _ in range(600):
                        process.stdin.write(b"10.0.0.1\n")
                        await process.stdin.drain()
                        seen.append((await process.stdout.readline()).decode().strip())
                        if seen[-1] == f"http://127.0.0.1:{10_000 + wanted}/tmcss {policy(wanted).revision}":
                            break
                        await asyncio.sleep(0.05)
                    assert seen[-1].endswith(policy(wanted).revision)
                    if wanted == 1:
                        scene.publisher.publish(2)
                        await scene.notify()
                process.stdin.close()
                assert await asyncio.wait_for(process.wait(), 30) == 0
            finally:
                if process.returncode is None:
                    process.kill()

    go(work)
