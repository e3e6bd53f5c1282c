# SPDX-License-Identifier: MIT
"""One agent: what it takes, what it refuses, and what it holds over a restart. [S-83]"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
import smplist
import trustme
from fleet_parts import INSIDE, SERVICE, Publisher, answer, policy, until
from fleet_scene import Scene, go, number, running
from fleet_servers import nginx
from smplist.fleet.fetch import Fetcher, NotFetched
from smplist.fleet.manifest import Refused
from smplist.fleet.publish import point


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


def test_over_https_only_from_a_server_that_it_trusts(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate of a known authority, for the name that was asked for; SSL_CERT_FILE names an authority of one's own."""
    authority, folder = trustme.CA(), scene.folder
    authority.cert_pem.write_to_path(folder / "ca.pem")
    for name in ("localhost", "other.example"):
        authority.issue_cert(name).private_key_and_cert_chain_pem.write_to_path(folder / f"{name}.pem")

    async def work() -> None:
        await scene.notify()
        good = nginx(folder / "good", scene.publisher.www, certificate=folder / "localhost.pem")
        misnamed = nginx(folder / "misnamed", scene.publisher.www, certificate=folder / "other.example.pem")
        with good.running(), misnamed.running():
            async with running(scene.agent("stranger", source=f"https://localhost:{good.port}")) as agent:
                await until(lambda: "certificate" in agent.problem.lower(), "it refuses an authority that it does not know")
                assert agent.policy is None
            monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))
            async with running(scene.agent("friend", source=f"https://localhost:{good.port}")) as agent:
                await until(lambda: number(agent) == 1, "it holds revision 1")
            async with running(scene.agent("careful", source=f"https://localhost:{misnamed.port}")) as agent:
                await until(lambda: "certificate" in agent.problem.lower(), "it refuses a certificate for another name")
                assert agent.policy is None

    go(work)


@pytest.mark.parametrize(
    "given", [{"fleet": "a/b"}, {"id": "a/+"}, {"keys": []}, {"keys": ["no key"]}, {"source": "ftp://x"}], ids=str
)
def test_an_agent_that_could_not_work_is_not_made(scene: Scene, given: dict[str, object]) -> None:
    """Names that would be topics of others, no key, no URL."""
    with pytest.raises(ValueError):
        scene.agent(**given)  # type: ignore[arg-type]
