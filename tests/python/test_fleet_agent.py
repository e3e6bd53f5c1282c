# SPDX-License-Identifier: MIT
"""One agent: what it takes, what it refuses, what it holds over a restart, and what the fleet sees of it. [S-83]"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import httpx2
import pytest
import smplist
from conftest import ROOT, Run
from fleet_parts import FLEET, INSIDE, SERVICE, Publisher, answer, policy, until
from fleet_servers import Server, mosquitto, nginx
from smplist.fleet.agent import Agent
from smplist.fleet.broker import Broker, agent_topic, manifest_topic
from smplist.fleet.fetch import Fetcher, NotFetched
from smplist.fleet.manifest import Refused
from smplist.fleet.notify import notify
from smplist.fleet.publish import Folder, point
from smplist.fleet.status import status


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


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """With one revision, of which nobody was told."""
    publisher = Publisher(tmp_path)
    publisher.publish(1)
    with nginx(tmp_path / "nginx", publisher.www).running() as web, mosquitto(tmp_path / "mq").running() as mq:
        yield Scene(tmp_path, web, mq, publisher)


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


def test_nothing_reaches_a_client_before_it_is_notified(scene: Scene) -> None:
    """A saved revision is not deployed: neither the broker nor the web server tells of it. [S-83]"""

    async def work() -> None:
        async with running(scene.agent(poll=0.05)) as agent:
            await asyncio.sleep(0.5)
            assert agent.policy is None and agent.problem == ""
            with pytest.raises(LookupError, match="holds no revision yet"):
                agent.evaluate(INSIDE, SERVICE)
            await scene.notify()
            await until(lambda: number(agent) == 1, "it holds revision 1")
            scene.publisher.publish(2)
            await asyncio.sleep(0.5)
            assert number(agent) == 1
            await scene.notify()
            await until(lambda: number(agent) == 2, "it holds revision 2")

    go(work)


def test_a_client_that_was_off_hears_of_it_when_it_comes_back(scene: Scene) -> None:
    """The broker retains the message; until then it answers from what its folder holds, without any server."""

    async def work() -> None:
        await scene.notify()
        async with running(scene.agent()) as agent:
            await until(lambda: number(agent) == 1, "it holds revision 1")
        scene.publisher.publish(2)
        await scene.notify()
        again = scene.agent()
        assert number(again) == 1
        async with running(again):
            await until(lambda: number(again) == 2, "it holds revision 2")

    go(work)
    scene.web.stop()
    scene.mq.stop()
    assert number(scene.agent()) == 2


def test_without_a_broker_an_agent_looks_for_itself(scene: Scene) -> None:
    """At the deployed revision only; what it has already is not sent again."""

    async def work() -> None:
        await scene.notify()
        async with running(scene.agent(broker=None, poll=0.05)) as agent:
            await until(lambda: number(agent) == 1, "it holds revision 1")
            scene.publisher.publish(2)
            await scene.notify()
            await until(lambda: number(agent) == 2, "it holds revision 2")
        async with Fetcher(f"http://127.0.0.1:{scene.web.port}/") as fetcher:
            assert await fetcher.deployed() == scene.publisher.envelope(2)
            assert await fetcher.deployed() is None  # 304

    go(work)


def test_bad_revisions_are_refused_and_the_old_one_answers(scene: Scene, tmp_path: Path) -> None:
    """Unsigned, altered, of a stranger, of another fleet, older, and another one with the same number; each says why."""
    publisher, stranger = scene.publisher, Publisher(tmp_path, "stranger")
    stranger.publish(50)
    publisher.publish(2)
    envelope = json.loads(publisher.envelope(2, sequence=9))
    cases = {
        json.dumps(envelope | {"signatures": []}).encode(): "is not signed",
        publisher.envelope(2, sequence=9)[:300]: "cannot be read",
        stranger.envelope(1, sequence=9): "nobody signed the manifest whose key is trusted here",
        publisher.envelope(2, sequence=9, fleet="other"): "of the fleet 'other', not of 'acme'",
        publisher.envelope(1): "revision 1 is not newer than 2, which is held",
        publisher.envelope(2, published="another time"): "revision 2 is not newer than 2, which is held",
    }

    async def work() -> None:
        await scene.notify()
        async with running(scene.agent()) as agent:
            await until(lambda: number(agent) == 2, "it holds revision 2")
            for bad, why in cases.items():
                await scene.retain(bad)
                await until(lambda why=why: why in agent.problem, why)  # type: ignore[misc]
                assert number(agent) == 2
            publisher.publish(3)
            await scene.notify()
            await until(lambda: number(agent) == 3, "it holds revision 3")
            assert agent.problem == ""

    go(work)


def test_a_file_that_is_not_what_was_signed_is_never_answered_from(scene: Scene) -> None:
    """Truncated, altered, too long, or missing: the agent waits with the old one until it is whole."""
    publisher = scene.publisher

    async def work() -> None:
        await scene.notify()
        async with running(scene.agent()) as agent:
            await until(lambda: number(agent) == 1, "it holds revision 1")
            made = publisher.publish(2)
            path = publisher.www / made.path("policy.smpc")
            whole = path.read_bytes()
            path.write_bytes(whole[:-1])
            with pytest.raises(Refused, match="has "):
                await scene.notify()  # whoever publishes looks as well
            await scene.retain(publisher.envelope(2))
            for bad, why in ((None, "has "), (whole[:-1] + b"x", "is not what was signed"), (whole + b"x", "has ")):
                if bad is not None:
                    path.write_bytes(bad)
                await until(lambda why=why: f"policy.smpc of revision 2 {why}" in agent.problem, why)  # type: ignore[misc]
                assert number(agent) == 1
            path.unlink()
            await until(lambda: "answers 404" in agent.problem, "it is missing")
            point(path.parent, path.name, whole)
            await until(lambda: number(agent) == 2, "it holds revision 2")

    go(work)


def test_a_signed_file_that_is_no_policy_is_refused(scene: Scene) -> None:
    """A publisher that errs is no reason to answer nonsense: neither bytes that are none, nor those of another policy."""
    publisher = scene.publisher

    async def work() -> None:
        await scene.notify()
        async with running(scene.agent()) as agent:
            await until(lambda: number(agent) == 1, "it holds revision 1")
            for sequence, content, why in (
                (2, b"nonsense", "is no compiled policy"),
                (3, policy(9).compile().to_bytes(), "of another policy"),
            ):
                made = publisher.folder.revision("1")
                entry = type(made.files["policy.smpc"]).of(content)
                bad = publisher.envelope(1, sequence=sequence, files=made.files | {"policy.smpc": entry})
                (publisher.www / f"revisions/{sequence}").mkdir()
                (publisher.www / f"revisions/{sequence}/policy.smpc").write_bytes(content)
                await scene.retain(bad)
                await until(lambda why=why: why in agent.problem, why)  # type: ignore[misc]
                assert number(agent) == 1
                assert [path.name for path in sorted((scene.folder / "pc-7").glob("*.smpc"))] == ["1.smpc", "policy.smpc"]

    go(work)


def test_what_is_damaged_on_the_disk_is_fetched_again_and_never_an_older_one(scene: Scene) -> None:
    """An agent whose file is halved answers nothing, takes the same revision again, and refuses the one before."""
    publisher = scene.publisher
    publisher.publish(2)

    async def work() -> None:
        await scene.notify()
        async with running(scene.agent()) as agent:
            await until(lambda: number(agent) == 2, "it holds revision 2")
        kept = scene.folder / "pc-7/2.smpc"
        kept.write_bytes(kept.read_bytes()[:100])
        again = scene.agent()
        assert again.policy is None and "is not whole" in again.problem
        assert not again.consider(publisher.envelope(1))
        assert "revision 1 is not newer" in again.problem
        async with running(again):
            await until(lambda: number(again) == 2, "it holds revision 2 again")

    go(work)


def test_the_file_for_other_programs_is_replaced_whole(scene: Scene) -> None:
    """`policy.smpc` is what is held; one that was opened before stays what it was."""

    async def work() -> None:
        await scene.notify()
        path = scene.folder / "pc-7/policy.smpc"
        async with running(scene.agent()) as agent:
            await until(path.exists, "the file is there")
            opened = smplist.CompiledPolicy.open(path)
            scene.publisher.publish(2)
            await scene.notify()
            await until(lambda: number(agent) == 2, "it holds revision 2")
        assert answer(opened.evaluate(INSIDE, SERVICE))[1] == 1
        assert answer(smplist.CompiledPolicy.open(path).evaluate(INSIDE, SERVICE))[1] == 2

    go(work)


def test_the_fleet_sees_who_is_behind_and_who_is_off(scene: Scene, run: Run) -> None:
    """An agent that ends is off, one that dies too, and one that cannot fetch is behind and says why."""
    words = ["status", "--broker", scene.url, "--fleet", FLEET]
    said: list[str] = []

    async def ask(code: int) -> str:
        ended = await asyncio.to_thread(run, *words)
        assert ended.returncode == code, ended
        said.append(ended.stdout)
        return str(ended.stdout)

    async def settled(text: str) -> None:
        """Until the broker has it."""
        for _ in range(300):
            if text in (await asyncio.to_thread(status, scene.broker, FLEET)).to_text():
                return
            await asyncio.sleep(0.1)
        raise AssertionError(text)

    async def work() -> None:
        assert "no revision was ever announced; 0 agents" in await ask(0)
        await scene.notify()
        async with running(scene.agent("pc-a")) as one, running(scene.agent("pc-b")) as two:
            await until(lambda: number(one) == number(two) == 1, "both hold revision 1")
            await settled("2 agents: 2 current")
            await ask(0)
            scene.web.stop()
            scene.publisher.publish(2)
            await scene.notify()
            await settled("2 behind")
            assert "revision 2 is not here yet" in await ask(1)
            scene.web.start()
            await settled("2 current")
        await settled("2 off")
        ended = await asyncio.to_thread(run, *words, "--format", "json")
        rows = json.loads(ended.stdout)["agents"]
        assert [(row["id"], row["verdict"], row["sequence"], row["problem"]) for row in rows] == [
            ("pc-a", "off", 2, ""), ("pc-b", "off", 2, "")
        ]  # fmt: skip

    go(work)


def test_an_agent_that_dies_is_off(scene: Scene) -> None:
    """The broker says so, as it was asked to, when the connection breaks."""
    script = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom smplist.fleet import Agent, Broker\n"
        "agent = Agent(sys.argv[1], fleet='acme', id='pc-x', keys=[Path(sys.argv[2]).read_text()], source='http://127.0.0.1:1',\n"
        "              broker=Broker.parse(sys.argv[3]))\nasyncio.run(agent.run())\n"
    )
    words = [os.sys.executable, "-c", script, str(scene.folder / "x"), f"{scene.publisher.key_file}.pub", scene.url]  # type: ignore[attr-defined]

    async def state() -> str:
        found = await asyncio.to_thread(status, scene.broker, FLEET)
        return str(found.rows()[0]["state"]) if found.rows() else ""

    async def work() -> None:
        process = subprocess.Popen(words)
        try:
            for wanted in ("on", "off"):
                for _ in range(300):
                    if await state() == wanted:
                        break
                    await asyncio.sleep(0.1)
                assert await state() == wanted
                process.kill()
        finally:
            process.kill()
            process.wait(30)

    go(work)


def test_what_an_agent_writes_cannot_mislead_a_terminal(scene: Scene) -> None:
    """Control signs are none, and nonsense is nothing held."""

    async def work() -> None:
        async with scene.broker.client() as mqtt:
            said = {"sequence": "9", "revision": "\x1b[31m", "problem": "x" * 5000}
            await mqtt.publish(agent_topic(FLEET, "bad", "holds"), json.dumps(said), retain=True, qos=1)
            await mqtt.publish(agent_topic(FLEET, "worse", "holds"), b"\xff", retain=True, qos=1)
        await scene.notify()
        found = await asyncio.to_thread(status, scene.broker, FLEET)
        assert [row["verdict"] for row in found.rows()] == ["behind", "behind"]
        assert "\x1b" not in found.to_text() and len(found.to_text()) < 1000

    go(work)


EXPECTATIONS = """\
schema: smplist-expectations/1
expectations:
  - {name: two servers for everybody, where: {location: internal, service: file_reputation}, always: {at_least: 2}}
"""


def test_a_revision_that_fails_expectations_is_not_told_unless_forced(scene: Scene, run: Run, tmp_path: Path) -> None:
    """Exit code 1 and nobody hears of it; with a reason it goes out, and the reason is in the log and at the broker. [S-83]"""
    (tmp_path / "e.yaml").write_text(EXPECTATIONS)
    words = ["notify", scene.publisher.www, "--broker", scene.url, "--expectations", "e.yaml"]
    ended = run(*words)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "revision 1 does not do what e.yaml expects: two servers for everybody; nobody was told" in ended.stderr
    folder = Folder(scene.publisher.www)
    assert folder.pointer("deployed.json") is None and folder.log() == []
    assert run(*words, "--force", "  ").returncode == 2
    assert run("notify", scene.publisher.www, "--broker", scene.url, "--force", "why").returncode == 2
    ended = run(*words, "--force", "the second server comes on Monday")
    assert ended.returncode == 0 and "forced: 'the second server comes on Monday'" in ended.stderr
    (entry,) = folder.log()
    assert (entry["forced"], entry["failed"]) == ("the second server comes on Monday", ["two servers for everybody"])
    assert "forced: 'the second server comes on Monday'" in run("status", "--broker", scene.url, "--fleet", FLEET).stdout


def test_what_is_deployed_saved_and_drafted_are_three_states(scene: Scene, run: Run, tmp_path: Path) -> None:
    """`diff --deployed` shows what notifying would change, `explain --revision` answers for a client that is behind. [S-83]"""
    www = scene.publisher.www
    ended = run("diff", "--deployed", www)
    assert ended.returncode == 2 and "has no deployed revision" in ended.stderr
    notify(Folder(www), scene.broker)
    assert run("diff", "--deployed", www).returncode == 0
    scene.publisher.publish(2)
    (tmp_path / "draft.json").write_text(policy(3).to_json())
    saved = run("diff", "--deployed", www, "--format", "json")
    assert saved.returncode == 1 and policy(2).revision in saved.stdout
    assert run("diff", "--deployed", www, "draft.json").returncode == 1
    asked = ["--address", "10.0.0.1", "--location", "internal", "--service", SERVICE, "--format", "json"]
    for revision, expected in (("1", 1), ("deployed", 1), ("current", 2), (policy(1).revision[:15], 1)):
        plan = json.loads(run("explain", www, "--revision", revision, *asked).stdout)
        assert plan["revision"] == policy(expected).revision
    assert json.loads(run("explain", f"{www}@1", *asked).stdout)["revision"] == policy(1).revision
    assert run("check", www).returncode in (0, 1)
    wrong = run("explain", www, "--revision", "7", *asked)
    assert wrong.returncode == 2 and "has no revision '7'; the last ones are 1, 2" in wrong.stderr
    assert run("explain", "draft.json", "--revision", "1", *asked).returncode == 2


def certificates(folder: Path) -> None:
    """A certificate of localhost, signed by an authority of its own."""
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    own = authority.issue_cert("127.0.0.1")
    own.private_key_pem.write_to_path(folder / "server.key")
    own.cert_chain_pems[0].write_to_path(folder / "server.pem")


def test_brokers_with_tls_and_passwords(scene: Scene, run: Run, tmp_path: Path) -> None:
    """The certificate is verified, the password comes from a reference and is never repeated."""
    certificates(tmp_path)
    if shutil.which("mosquitto_passwd") is None:
        pytest.skip("no mosquitto_passwd here")
    subprocess.run(["mosquitto_passwd", "-b", "-c", "users", "ann", "canary7f3a"], cwd=tmp_path, check=True, timeout=60)
    more = f"cafile {tmp_path}/ca.pem\ncertfile {tmp_path}/server.pem\nkeyfile {tmp_path}/server.key\n"
    more += f"allow_anonymous false\npassword_file {tmp_path}/users\n"
    (tmp_path / "password").write_text("canary7f3a\n")
    with mosquitto(tmp_path / "tls", more).running() as mq:
        url = f"mqtts://ann@127.0.0.1:{mq.port}"
        words = ["notify", scene.publisher.www, "--broker"]
        good = run(*words, url, "--ca", "ca.pem", "--password", "file:password")
        assert good.returncode == 0, good.stderr
        refused = {
            "no certificate to trust": run(*words, url, "--password", "file:password"),
            "a wrong password": run(*words, url, "--ca", "ca.pem", "--password", "env:W", environment={"W": "wrong"}),
            "in the URL": run(*words, f"mqtts://ann:canary7f3a@127.0.0.1:{mq.port}", "--ca", "ca.pem"),
            "in the clear": run(*words, f"mqtt://127.0.0.1:{mq.port}"),
            "nobody there": run(*words, "mqtt://127.0.0.1:1"),
            "no URL": run(*words, "127.0.0.1:1883"),
        }
        for name, ended in refused.items():
            assert ended.returncode == 2 and len(ended.stderr.splitlines()) == 1, (name, ended)
            assert "canary7f3a" not in ended.stderr and "Traceback" not in ended.stderr
        broker = Broker.parse(url, ca=str(tmp_path / "ca.pem"), password=f"file:{tmp_path / 'password'}")
        assert "canary7f3a" not in repr(broker) + str(broker)

        async def work() -> None:
            async with running(scene.agent(broker=broker)) as agent:
                await until(lambda: number(agent) == 1, "it holds revision 1")

        go(work)


def test_a_server_that_never_ends_its_answer_is_left(scene: Scene) -> None:
    """Never more is read than the manifest says and one byte."""

    async def work() -> None:
        async def endless(request: httpx2.Request) -> httpx2.Response:
            async def forever() -> AsyncIterator[bytes]:
                while True:
                    yield b"x" * 65536

            return httpx2.Response(200, content=forever())

        manifest = scene.publisher.folder.revision("1")
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(endless)) as http:
            fetcher = Fetcher("https://policies.example", http)
            assert len(await fetcher.get(manifest, "policy.smpc")) == manifest.files["policy.smpc"].size + 1
        async with Fetcher("http://127.0.0.1:1") as nobody:
            with pytest.raises(NotFetched, match=r"127\.0\.0\.1:1/deployed\.json"):
                await nobody.deployed()

    go(work)


@pytest.mark.parametrize(
    "given", [{"fleet": "a/b"}, {"id": "a/+"}, {"keys": []}, {"keys": ["no key"]}, {"source": "ftp://x"}], ids=str
)
def test_an_agent_that_could_not_work_is_not_made(scene: Scene, given: dict[str, object]) -> None:
    """Names that would be topics of others, no key, no URL."""
    with pytest.raises(ValueError):
        scene.agent(**given)  # type: ignore[arg-type]


# ---- the example in C++

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
