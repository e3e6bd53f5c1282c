# SPDX-License-Identifier: MIT
"""What is told to a fleet and what is seen of it: brokers, reports, states of a revision. [S-83]"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import Run
from fleet_parts import FLEET, SERVICE, policy, until
from fleet_scene import Scene, go, number, running
from fleet_servers import mosquitto
from smplist.fleet.broker import Broker, agent_topic
from smplist.fleet.notify import notify
from smplist.fleet.publish import Folder, locked
from smplist.fleet.status import status


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


def test_no_agent_of_a_large_fleet_is_missed(tmp_path: Path) -> None:
    """More reports than a broker keeps waiting for one who asks, with the setting that the page names."""
    agents = 2500

    async def fill(broker: Broker) -> None:
        async with broker.client() as mqtt:
            for at in range(agents):
                said = json.dumps({"sequence": 1, "revision": "sha256:0"})
                await mqtt.publish(agent_topic(FLEET, f"pc-{at}", "holds"), said, retain=True)
                await mqtt.publish(agent_topic(FLEET, f"pc-{at}", "state"), b"on", retain=True)

    with mosquitto(tmp_path / "mq", "allow_anonymous true\nmax_queued_messages 0\n").running() as mq:
        broker = Broker.parse(f"mqtt://127.0.0.1:{mq.port}")
        asyncio.run(fill(broker))
        found = status(broker, FLEET, timeout=60)
    assert [row["id"] for row in found.rows()] == sorted(f"pc-{at}" for at in range(agents))
    assert {row["state"] for row in found.rows()} == {"on"}


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
            said = {"sequence": "9", "revision": "\x1b[31m", "problem": "\x1b[31m" + "x" * 5000}
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


def test_what_the_folder_cannot_say_is_told(scene: Scene, run: Run) -> None:
    """Clients that were told are not said not to be; and whoever notifies while somebody publishes tries again."""
    words = ["notify", scene.publisher.www, "--broker", scene.url]
    with locked(scene.publisher.www):
        ended = run(*words)
        assert ended.returncode == 2 and "somebody else is publishing" in ended.stderr
    (scene.publisher.www / "deployed.json").mkdir()
    ended = run(*words)
    assert ended.returncode == 2 and "clients were told, but" in ended.stderr and "notify again" in ended.stderr
    (scene.publisher.www / "deployed.json").rmdir()
    assert run(*words).returncode == 0


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
    subprocess.run(["mosquitto_passwd", "-b", "users", "agent", "canary7f3b"], cwd=tmp_path, check=True, timeout=60)
    (tmp_path / "acl").write_text("user ann\ntopic readwrite smplist/#\nuser agent\ntopic read smplist/#\n")
    more = f"acl_file {tmp_path}/acl\ncafile {tmp_path}/ca.pem\ncertfile {tmp_path}/server.pem\nkeyfile {tmp_path}/server.key\n"
    more += f"allow_anonymous false\npassword_file {tmp_path}/users\n"
    (tmp_path / "password").write_text("canary7f3a\n")
    with mosquitto(tmp_path / "tls", more).running() as mq:
        url = f"mqtts://ann@127.0.0.1:{mq.port}"
        words = ["notify", scene.publisher.www, "--broker"]
        asked = [url.replace("ann", "agent"), "--ca", "ca.pem", "--password", "env:W"]
        agents = run(*words, *asked, environment={"W": "canary7f3b"})  # whom the broker hears, and does not heed
        assert Folder(scene.publisher.www).pointer("deployed.json") is None
        good = run(*words, url, "--ca", "ca.pem", "--password", "file:password")
        assert good.returncode == 0, good.stderr
        refused = {
            "no certificate to trust": run(*words, url, "--password", "file:password"),
            "a wrong password": run(*words, url, "--ca", "ca.pem", "--password", "env:W", environment={"W": "wrong"}),
            "a user without a password": run(*words, url, "--ca", "ca.pem"),
            "nobody": run(*words, f"mqtts://127.0.0.1:{mq.port}", "--ca", "ca.pem"),
            "the password of agents": agents,
            "no such authorities": run(*words, url, "--ca", "gone.pem", "--password", "file:password"),
            "no authorities in it": run(*words, url, "--ca", "password", "--password", "file:password"),
            "no such password": run(*words, url, "--ca", "ca.pem", "--password", "env:GONE"),
            "in the URL": run(*words, f"mqtts://ann:canary7f3a@127.0.0.1:{mq.port}", "--ca", "ca.pem"),
            "in the clear": run(*words, f"mqtt://127.0.0.1:{mq.port}"),
            "nobody there": run(*words, "mqtt://127.0.0.1:1"),
            "no URL": run(*words, "127.0.0.1:1883"),
        }
        broker = f"smplist: mqtts://127.0.0.1:{mq.port}:"
        says = {
            "no certificate to trust": f"{broker} its certificate is not trusted; nobody was told; "
            "name who signed it with --ca FILE",
            "a wrong password": f"{broker} the broker does not let 'ann' in with the password from env:W; nobody was told; "
            "look whether both are right",
            "a user without a password": f"{broker} the broker does not let 'ann' in without a password; nobody was told; "
            "add --password",
            "nobody": f"{broker} the broker wants a user; nobody was told; write USER@ before the host, and --password",
            "the password of agents": f"{broker} the broker takes nothing from 'agent'; nobody was told; "
            "name a user who may write there",
            "no such authorities": "smplist: --ca gone.pem: No such file or directory; name a file of certificates in PEM",
            "no authorities in it": "smplist: --ca password: no certificates are in it; name a file of certificates in PEM",
            "no such password": "smplist: --password: the variable 'GONE' is not set; export it",
        }
        for name, line in says.items():
            assert re.sub(r" \(.*?\)", "", refused[name].stderr) == f"{line}\n", name  # the reason is the library's
        for name, ended in refused.items():
            assert ended.returncode == 2 and len(ended.stderr.splitlines()) == 1, (name, ended)
            assert "canary7f3" not in ended.stderr and "Traceback" not in ended.stderr
        parsed = Broker.parse(url, ca=str(tmp_path / "ca.pem"), password=f"file:{tmp_path / 'password'}")
        assert "canary7f3a" not in repr(parsed) + str(parsed)

        async def work() -> None:
            async with running(scene.agent(broker=parsed)) as agent:
                await until(lambda: number(agent) == 1, "it holds revision 1")

        go(work)
