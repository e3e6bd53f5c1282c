# SPDX-License-Identifier: MIT
"""One client through an outage: the reducer's turns, what is told of them, and scripts that are refused. [S-70] [S-71] [S-72]"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import smplist
from conftest import Run
from fleet_servers import Server, nginx
from net.servers import free_port
from smplist.analysis.outages import Script, read_script
from smplist.analysis.simulate import Timeline, simulate
from smplist.asking import Asked
from smplist.fleet.asker import Asker, http_request

SERVICE = "file_reputation"


def policy_of(*ports: int, proxy: int | None = None) -> smplist.Policy:
    """Sources `a`, `b`, ... on ports of loopback, asked in this order, through a proxy if there is one."""
    names = "abcdef"[: len(ports)]
    sources = {
        name: {"host": "127.0.0.1", "file_reputation": {"scheme": "http", "port": port}}
        for name, port in zip(names, ports, strict=True)
    }
    through = None if proxy is None else {"host": "127.0.0.1", "port": proxy}
    internal = {"mode": "standard", "standard": {"sources": list(names)}, "proxy": through}
    return smplist.Policy.from_dict({"schema": "smplist/1", "sources": sources, "internal": internal})


INSIDE = smplist.Client(["10.0.0.1"], location="internal")


def script_of(policy: smplist.Policy, *events: dict[str, Any], **more: Any) -> Script:
    """A script from its parts."""
    return read_script(json.dumps({"schema": "smplist-events/1", "events": events, **more}), policy)


def brief(timeline: Timeline) -> list[tuple[int, str, str]]:
    """Attempts and ends: when, who, and how it went on."""
    steps = timeline.to_dict()["steps"]
    shown = [step for step in steps if step["kind"] in ("attempt", "exhausted")]
    return [(s["at"], s.get("source", "nobody"), s.get("then") or s.get("state") or str(s["until"])) for s in shown]


def test_a_client_stays_with_a_good_source_and_leaves_one_that_fails() -> None:
    """Two retries 5 s apart, a rest of 60 s, the next source, which it stays with until that fails. [S-71]"""
    policy = policy_of(1001, 1002)
    script = script_of(policy, {"at": "30s", "what": "a", "state": "down"}, {"at": "1m", "what": "a", "state": "up"},
                       {"at": "2m30s", "what": "b", "state": "down"}, ask_every="30s", until="3m30s")  # fmt: skip
    assert brief(simulate(policy, INSIDE, script)) == [
        (0, "a", "success"), (30_000, "a", "retry"), (35_000, "a", "retry"), (40_000, "a", "rest"), (40_000, "b", "success"),
        (60_000, "b", "success"), (90_000, "b", "success"), (120_000, "b", "success"), (150_000, "b", "retry"),
        (155_000, "b", "retry"), (160_000, "b", "rest"), (160_000, "a", "success"), (180_000, "a", "success"),
    ]  # fmt: skip


def test_rests_double_up_to_an_hour_and_nobody_is_left_meanwhile() -> None:
    """60, 120, 240 s ... from the end of the last try; at most as long as the setting says. [S-71]"""
    policy = policy_of(1001)
    script = script_of(policy, {"at": "0s", "what": "a", "state": "down"}, ask_every="10s", until="20m",
                       settings={"retries": 0, "rest": "60s", "rest_max": "200s"})  # fmt: skip
    tried = [at for at, who, _ in brief(simulate(policy, INSIDE, script)) if who == "a"]
    assert tried == [0, 60_000, 180_000, 380_000, 580_000, 780_000, 980_000, 1_180_000]
    assert simulate(policy, INSIDE, script).to_dict()["summary"] == {"questions": 120, "unanswered": 120, "attempts": 8}


def test_a_silent_server_costs_the_timeout_and_a_slow_one_what_it_takes() -> None:
    """And one that is slower than the time-out has failed by then."""
    policy = policy_of(1001, 1002)
    slow = {"what": "b", "state": "slow"}
    script = script_of(policy, {"at": "0s", "what": "a", "state": "silent"}, {"at": "0s", **slow, "takes": "4s"},
                       {"at": "1m", **slow, "takes": "6s"}, ask_every="1m", until="2m",
                       settings={"retries": 0, "try_timeout": "5s"})  # fmt: skip
    steps = [s for s in simulate(policy, INSIDE, script).to_dict()["steps"] if s["kind"] == "attempt"]
    assert [(s["at"], s["source"], s["state"], s["took"]) for s in steps] == [
        (0, "a", "failure", 5000), (5000, "b", "success", 4000), (60_000, "b", "failure", 5000), (65_000, "a", "failure", 5000),
    ]  # fmt: skip


def test_a_proxy_takes_what_is_behind_it_with_it() -> None:
    """Every attempt through it fails; directly the same servers answer."""
    policy = policy_of(1001, 1002, proxy=3128)
    script = script_of(policy, {"at": "0s", "what": "proxy:127.0.0.1:3128", "state": "down"}, settings={"retries": 0})
    found = simulate(policy, INSIDE, script)
    assert {how for _, _, how in found.attempts()} == {"failure"} and not found
    assert simulate(policy_of(1001, 1002), INSIDE, script)


def test_a_client_that_moves_is_located_at_once_and_other_evidence_waits_an_hour() -> None:
    """Another address is noticed at the next question; another location at the check an hour after the last one. [S-71]"""
    policy = policy_of(1001)
    out = {"addresses": ["10.0.0.1"], "location": "external"}
    script = script_of(policy, {"at": "5m", "client": out}, ask_every="10m", until="2h")
    plans = [s for s in simulate(policy, INSIDE, script).to_dict()["steps"] if s["kind"] == "plan"]
    assert [(s["at"], s["location"]) for s in plans] == [(0, "internal"), (3_600_000, "external")]
    moved = script_of(policy, {"at": "5m", "client": out | {"addresses": ["10.9.9.9"]}}, ask_every="10m", until="2h")
    plans = [s for s in simulate(policy, INSIDE, moved).to_dict()["steps"] if s["kind"] == "plan"]
    assert [(s["at"], s["location"]) for s in plans] == [(0, "internal"), (600_000, "external")]


def test_a_compiled_policy_gives_the_same_timeline(acme: Path) -> None:
    """To the byte; and twice the same is the same. [S-72]"""
    policy = smplist.load(acme / "policy.yaml")
    client = smplist.Client(["10.20.3.4"], location="internal")
    script = script_of(
        policy, {"at": "1m", "what": "sps-hq", "state": "silent"}, {"at": "1m", "what": "host:10.1.0.5", "state": "down"}
    )
    whole = simulate(policy, client, script)
    assert whole == simulate(policy.compile(), client, script) == simulate(policy, client, script)


WRONG = """\
schema: smplist-events/1
ask_evry: 30s
until: 20
settings: {retries: two, rest: -5s}
events:
  - {at: 1m, what: c, state: down}
  - {at: soon, what: a, state: donw}
  - {at: 1m, what: a}
  - {at: 1m, what: a, state: slow}
  - {at: 1m, what: a, what: b, state: up, takes: 3s}
  - {at: 1m}
  - {at: 1m, client: {addresses: [10.0.0.300]}}
  - 3
"""
SAID = """\
outage.yaml:2:11: unknown key 'ask_evry'; did you mean 'ask_every'? (/ask_evry)
outage.yaml:3:8: not a duration: a whole number; write it as 250ms, 5s, 1m30s or 1h (/until)
outage.yaml:4:21: expected a whole number, found text; write a whole number (/settings/retries)
outage.yaml:4:32: not a duration: '-5s'; write it as 250ms, 5s, 1m30s or 1h (/settings/rest)
outage.yaml:6:20: the policy declares no source 'c'; it has a, b (/events/0/what)
outage.yaml:7:10: not a duration: 'soon'; write it as 250ms, 5s, 1m30s or 1h (/events/1/at)
outage.yaml:7:32: unknown word 'donw'; did you mean 'down'? (/events/1/state)
outage.yaml:8:5: the key 'state' is missing; write one of up, down, silent, slow (/events/2)
outage.yaml:9:5: how slow is it?; write how long an answer takes, as in 'takes: 3s' (/events/3)
outage.yaml:10:20: the key 'what' stands twice; keep one of them (/events/4/what)
outage.yaml:10:50: what is up takes no time; write 'state: slow', or remove it (/events/4/takes)
outage.yaml:11:5: an event is about what fails or about the client; write 'what' or 'client' (/events/5)
outage.yaml:12:35: an octet is above 255: '10.0.0.300'; octets are 0 to 255 (/events/6/client/addresses/0)
outage.yaml:13:5: expected a mapping, found a whole number; write a mapping (/events/7)
smplist: outage.yaml: 14 errors, nothing was simulated
"""


def test_a_script_that_is_wrong_says_where(run: Run, tmp_path: Path) -> None:
    """Every error, with its place and advice; nothing is simulated."""
    (tmp_path / "policy.json").write_text(policy_of(1001, 1002).to_json())
    (tmp_path / "outage.yaml").write_text(WRONG)
    ended = run("simulate", "policy.json", "10.0.0.1", "--events", "outage.yaml")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == SAID


def test_lines_of_events_are_read_and_wrong_ones_named(run: Run, tmp_path: Path) -> None:
    """NDJSON, as a monitoring system writes it."""
    (tmp_path / "policy.json").write_text(policy_of(1001).to_json())
    (tmp_path / "e.ndjson").write_text('{"at": "1m", "what": "a", "state": "down"}\n\n{"at": "2m", "what": "a", "state": "up"}\n')
    ended = run("simulate", "policy.json", "10.0.0.1", "--events", "e.ndjson", "--format", "ndjson")
    rows = [json.loads(line) for line in ended.stdout.splitlines()]
    assert ended.returncode == 1 and [row["at"] for row in rows if row["kind"] == "event"] == [60_000, 120_000]
    assert rows[-1]["at"] == 120_000 + 9 * 60_000
    (tmp_path / "e.ndjson").write_text('{"at": "1m", "what": "a", "state": "down"}\n{"at": 3, "what": "a", "state": "up"}\n{]\n')
    ended = run("simulate", "policy.json", "10.0.0.1", "--events", "e.ndjson")
    assert ended.returncode == 2 and "e.ndjson:2:8: not a duration: a whole number" in ended.stderr
    assert "e.ndjson:3:2: not JSON" in ended.stderr


GOOD = {"at": "1m", "what": "a", "state": "down"}
TAKEN: list[Any] = [GOOD, {**GOOD, "state": "slow", "takes": "1h2m3s4ms"}, {"at": "0s", "client": {"addresses": []}}]
REFUSED: list[Any] = [
    {**GOOD, "takes": "1s"}, {**GOOD, "state": "slow"}, {**GOOD, "state": "off"}, {**GOOD, "x": 1}, {**GOOD, "at": ""},
    {**GOOD, "at": "1s1h"}, {**GOOD, "at": 5}, {**GOOD, "client": {}}, {"at": "1m", "what": "a"}, {"what": "a", "state": "up"},
    {"at": "1m"}, 3,
]  # fmt: skip


@pytest.mark.parametrize("event", TAKEN + REFUSED, ids=json.dumps)
def test_the_schema_of_scripts_says_what_the_reader_says(event: Any) -> None:
    """Of the shape of an event, both ways."""
    good = event in TAKEN
    jsonschema = pytest.importorskip("jsonschema")
    document = {"schema": "smplist-events/1", "events": [event]}
    assert jsonschema.Draft202012Validator(smplist.schema("events")).is_valid(document) == good
    try:
        read_script(json.dumps(document), policy_of(1001))
        assert good
    except smplist.PolicyError:
        assert not good


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["none.yaml"], "cannot read none.yaml: No such file"),
        (["long.yaml"], "long.yaml:1:50: more than 100,000 questions; ask less often, or end earlier (/ask_every)"),
        (["-", "--picture", "x.jpg"], "smplist: x.jpg: the suffix '.jpg' is of no picture; use .png or .svg"),
    ],
)
def test_what_cannot_be_simulated_is_refused(run: Run, tmp_path: Path, words: list[str], said: str) -> None:
    """In one line, without a traceback."""
    (tmp_path / "policy.json").write_text(policy_of(1001).to_json())
    (tmp_path / "long.yaml").write_text("{schema: smplist-events/1, until: 1h, ask_every: 1ms, events: []}")
    ended = run("simulate", "policy.json", "10.0.0.1", "--events", *words, given="{}")
    assert ended.returncode == 2 and said in ended.stderr and "Traceback" not in ended.stderr


def test_the_picture_is_the_same_every_time(run: Run, tmp_path: Path) -> None:
    """SVG with the names of all endpoints, and nothing of a name is markup."""
    pytest.importorskip("matplotlib")
    (tmp_path / "policy.json").write_text(policy_of(1001, 1002).to_json())
    (tmp_path / "e.yaml").write_text("{schema: smplist-events/1, events: [{at: 1m, what: a, state: silent}]}")
    made = []
    for name in ("one.svg", "two.svg"):
        assert run("simulate", "policy.json", "10.0.0.1", "--events", "e.yaml", "--picture", name).returncode == 0
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1] and b"http://127.0.0.1:1002" in made[0] and b"nobody is left" in made[0]


# ---- the same with real requests to real servers


class SteppedClock:
    """A clock that stands still while something is done: an attempt takes the time that it is said to take."""

    def __init__(self) -> None:
        self.time = 0

    def now(self) -> int:
        """The time of the simulation."""
        return self.time

    async def sleep_until(self, when: int) -> None:
        """It is then."""
        self.time = max(self.time, when)


class Site:
    """Servers of a policy, which a script stops and starts; whoever is silent has no listener that accepts."""

    def __init__(self, servers: dict[str, Server], script: Script) -> None:
        self.servers, self.events = servers, list(script.events)

    def advance(self, now: int) -> None:
        """Let everything happen that is due."""
        while self.events and self.events[0].at <= now:
            event = self.events.pop(0)
            self.servers[event.what].start() if event.state == "up" else self.servers[event.what].stop()


@pytest.fixture
def servers(tmp_path: Path) -> Any:
    """Three real servers."""
    made = {name: nginx(tmp_path / name, tmp_path) for name in "abc"}
    try:
        for server in made.values():
            server.start()
        yield made
    finally:
        for server in made.values():
            server.stop()


COURSE = (("2s", "a", "down"), ("5s", "b", "down"), ("7s", "c", "down"), ("9s", "b", "up"), ("14s", "a", "up"),
          ("16s", "b", "down"), ("20s", "c", "up"))  # fmt: skip
EVENTS = [{"at": at, "what": what, "state": state} for at, what, state in COURSE]
SETTINGS = {"retries": 1, "retry_gap": "100ms", "rest": "2s", "rest_max": "5s"}


def test_real_attempts_are_the_simulated_ones(servers: dict[str, Server]) -> None:
    """HTTP requests to servers that stop and start: the same attempts, outcomes and times of the reducer. [S-70] [S-72]"""
    policy = policy_of(*(server.port for server in servers.values()))
    script = script_of(policy, *EVENTS, ask_every="1s", until="25s", settings=SETTINGS)
    clock, site = SteppedClock(), Site(servers, script)
    asker = Asker(script.start(), clock=clock)
    plan = policy.evaluate(INSIDE, SERVICE)

    async def go() -> list[tuple[int, str, str]]:
        made: list[tuple[int, str, str]] = []
        while clock.time < script.until:
            began = clock.time
            site.advance(clock.time)
            asked = await asker.ask(plan)
            made += [(tried.at, tried.attempt.source, tried.outcome) for tried in asker.tried]
            made += [(clock.time, "nobody", str(asked.until))] if asked.answered is None else []
            clock.time = max(began + script.ask_every, -(-clock.time // script.ask_every) * script.ask_every)
        return made

    expected = simulate(policy, INSIDE, script).to_dict()["steps"]
    simulated = [(s["at"], s.get("source", "nobody"), s.get("state") or str(s["until"])) for s in expected
                 if s["kind"] in ("attempt", "exhausted")]  # fmt: skip
    assert len(simulated) > 40 and {who for _, who, _ in simulated} == {"a", "b", "c", "nobody"}
    assert asyncio.run(go()) == simulated


def collapsed(tried: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Answers of one source behind each other are one."""
    return [one for at, one in enumerate(tried) if one[1] == "failure" or at == 0 or tried[at - 1] != one]


def test_a_real_clock_gives_the_same_course(servers: dict[str, Server]) -> None:
    """In real time, with short settings: who is asked after whom, how often each is tried before it rests. [S-71]"""
    policy = policy_of(*(server.port for server in servers.values()))
    settings = {"retries": 2, "retry_gap": "20ms", "rest": "1h"}
    script = script_of(policy, {"at": "3s", "what": "a", "state": "down"}, {"at": "6s", "what": "b", "state": "down"},
                       ask_every="1s", until="9s", settings=settings)  # fmt: skip
    asker = Asker(script.start())
    plan = policy.evaluate(INSIDE, SERVICE)
    made: list[tuple[str, str]] = []

    async def ask() -> Asked:
        asked = await asker.ask(plan)
        made.extend((tried.attempt.source, tried.outcome) for tried in asker.tried)
        return asked

    for name in ("a", "b", None):
        for _ in range(3):
            assert asyncio.run(ask()).answered is not None
        if name:
            servers[name].stop()
    steps = [s for s in simulate(policy, INSIDE, script).to_dict()["steps"] if s["kind"] == "attempt"]
    assert collapsed(made) == collapsed([(s["source"], s["state"]) for s in steps])
    assert collapsed(made) == [
        ("a", "success"),
        *[("a", "failure")] * 3,
        ("b", "success"),
        *[("b", "failure")] * 3,
        ("c", "success"),
    ]


def test_a_server_that_is_silent_or_broken_has_failed(tmp_path: Path) -> None:
    """The time-out is the end of an attempt, and 503 is no answer."""
    import socket

    with socket.socket() as silent, nginx(tmp_path / "n", tmp_path).running() as web:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        policy = policy_of(silent.getsockname()[1], free_port(), web.port)
        asker = Asker(smplist.Failover(retries=0), try_timeout=200)
        asked = asyncio.run(asker.ask(policy.evaluate(INSIDE, SERVICE)))
        assert asked.answered is not None and asked.answered.source == "c"
        assert [tried.outcome for tried in asker.tried] == ["failure", "failure", "success"]
        assert asyncio.run(http_request(attempt(f"http://127.0.0.1:{web.port}/tmcss"), 5.0)) is True
        assert asyncio.run(http_request(attempt(f"http://127.0.0.1:{web.port}/busy"), 5.0)) is False


def attempt(url: str, via: str | None = None) -> smplist.Attempt:
    """An attempt at a URL, perhaps through a proxy."""

    class Stub:
        families = ("ipv4", "ipv4")

    stub: Any = Stub()
    stub.url, stub.via = url, via
    return stub  # type: ignore[no-any-return]


def test_a_proxy_is_asked_for_what_is_behind_it(tmp_path: Path) -> None:
    """Nobody listens at the URL itself; a proxy that wants a password and gets none is no answer."""
    with nginx(tmp_path / "n", tmp_path).running() as proxy:
        via = f"127.0.0.1:{proxy.port}"
        behind = policy_of(free_port(), proxy=proxy.port).evaluate(INSIDE, SERVICE)
        assert behind.attempts[0].via == via
        assert asyncio.run(Asker().ask(behind)).answered == behind.attempts[0]
        secret = attempt("http://10.0.0.1/secret", via)
        assert asyncio.run(http_request(secret, 5.0)) is False
        assert asyncio.run(http_request(secret, 5.0, {via: ("ann", "pw")})) is True
    assert asyncio.run(http_request(secret, 5.0, {via: ("ann", "pw")})) is False


def test_a_question_that_never_ends_is_ended(run: Run, tmp_path: Path) -> None:
    """Rests that are shorter than the tries of the others: a million steps are the end, and no rest is refused."""
    policy = policy_of(1001, 1002)
    silent = [{"at": "0s", "what": what, "state": "silent"} for what in "ab"]
    short = {"retries": 0, "rest": "1ms", "rest_max": "1ms", "try_timeout": "10ms"}
    (tmp_path / "policy.json").write_text(policy.to_json())
    events = {"schema": "smplist-events/1", "events": silent, "settings": short}
    (tmp_path / "e.json").write_text(json.dumps(events))
    ended = run("simulate", "policy.json", "10.0.0.1", "--events", "e.json")
    assert ended.returncode == 2 and "e.json: more than 1,000,000 steps by 2:46:" in ended.stderr
    with pytest.raises(smplist.PolicyError, match="is too short; write at least 1ms"):
        script_of(policy, settings={"rest": "0s"})
