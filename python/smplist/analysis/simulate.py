# SPDX-License-Identifier: MIT
"""One client through an outage: whom it asks when, who answers, who rests, and when nobody is left. [S-70] [S-71]"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from smplist._core import Attempt, Client, CompiledPolicy, Failover, Plan, Policy
from smplist._places import duration_text
from smplist.analysis.outages import Event, Script
from smplist.analysis.report import EXHAUSTED, Report, many
from smplist.asking import Asked, Try, question, turn_of

MOST_STEPS = 1_000_000
_HITS = {"endpoint": "endpoints", "proxy": "proxies"}


class Timeline(Report):
    """What happened, step by step; `bool()` is whether every question got an answer."""

    columns: ClassVar[tuple[str, ...]] = (
        "at", "kind", "question", "source", "url", "via", "state", "took", "until", "then", "text",
    )  # fmt: skip
    types: ClassVar[Mapping[str, str]] = dict.fromkeys(("at", "question", "took", "until"), "integer")
    shown: ClassVar[tuple[str, ...]] = ("at", "text")

    def __bool__(self) -> bool:
        return not self._data["summary"]["unanswered"]

    def rows(self) -> list[dict[str, Any]]:
        """One dict for each step, times in milliseconds."""
        nothing = dict.fromkeys(self.columns)
        return [{**nothing, **{k: v for k, v in s.items() if k in nothing}, "text": _said(s)} for s in self._data["steps"]]

    def attempts(self) -> list[tuple[str, str | None, str]]:
        """Who was asked through what, and how it ended, in order."""
        return [(s["url"], s["via"], s["state"]) for s in self._data["steps"] if s["kind"] == "attempt"]

    def to_text(self) -> str:
        """A line for each step; answers that follow each other are one line."""
        data = self._data
        who = data["client"].get("id") or ", ".join(data["client"].get("addresses", ())) or "a client without address"
        head = f"{who}, {data['service'].replace('_', ' ')}: {tally(data)}"
        return "\n".join([head, *(f"{clock(at)}  {said}" for at, said in _folded(data["steps"]))])


def tally(data: Mapping[str, Any]) -> str:
    """`10 questions in 10m, 14 attempts, all answered`."""
    count = data["summary"]
    asked = f"{many(count['questions'], 'question')} in {duration_text(data['until'])}, {many(count['attempts'], 'attempt')}"
    return (
        f"{asked}, {many(count['unanswered'], 'question')} without an answer" if count["unanswered"] else f"{asked}, all answered"
    )


def clock(at: int) -> str:
    """A time as `0:02:30`, with milliseconds if there are any."""
    seconds, rest = divmod(at, 1000)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}{f'.{rest:03}' if rest else ''}"


def _folded(steps: list[dict[str, Any]]) -> list[tuple[int, str]]:
    """The steps in words; answers of one endpoint behind each other are one."""
    lines: list[tuple[int, str]] = []
    at = 0
    while at < len(steps):
        step, end = steps[at], at + 1
        while _alike(step, steps[end] if end < len(steps) else None):
            end += 1
        count = end - at
        lines.append((step["at"], _said(step) if count == 1 else _said_once(step, count, steps[end - 1]["at"])))
        at = end
    return lines


def _said_once(step: dict[str, Any], count: int, last: int) -> str:
    took = f", each after {duration_text(step['took'])}" if step["took"] else ""
    return f"{_asked(step)} answers {count:,} questions until {clock(last)}{took}"


def _alike(step: dict[str, Any], other: dict[str, Any] | None) -> bool:
    keys = ("kind", "state", "source", "via", "took")
    return other is not None and step.get("state") == "success" and all(step[key] == other.get(key) for key in keys)


def _asked(step: dict[str, Any]) -> str:
    return f"{step['source']}{' through ' + step['via'] if step['via'] else ''}"


def _said(step: dict[str, Any]) -> str:
    """A step in words."""
    match step["kind"]:
        case "event":
            takes = f", an answer takes {duration_text(step['took'])}" if step["took"] else ""
            return f"* {step['what']} is {step['state']}{takes}"
        case "client":
            return f"* the client is {step['text']}"
        case "plan":
            asks = ", ".join(one["source"] for one in step["asks"]) or "nobody"
            return f"{step['location']}, {step['outcome'].replace('_', ' ')}: asks {asks}"
        case "exhausted":
            when = f"; somebody is due at {clock(step['until'])}" if step["until"] is not None else ""
            return f"nobody is left: {EXHAUSTED[step['action']]}{when}"
    took = f" after {duration_text(step['took'])}" if step["took"] else ""
    if step["state"] == "success":
        return f"{_asked(step)} answers{took}"
    return f"{_asked(step)} fails{took}; {'again' if step['then'] == 'retry' else 'rests until'} {_at(step)}"


def _at(step: dict[str, Any]) -> str:
    return f"at {clock(step['until'])}" if step["then"] == "retry" else clock(step["until"])


def due(state: Failover, tried: Attempt) -> tuple[int, str]:
    """When an endpoint that failed is asked again, and whether that is a `retry` or the end of a `rest`."""
    for record in state.to_dict()["records"]:
        if (record["identity"], record["via"] or None) == (tried.identity, tried.via):
            return record["due"], "retry" if record["tries"] else "rest"
    return 0, ""


class _World:
    """What is up and what is not at a time, and where the client is."""

    def __init__(self, script: Script, tell: Callable[[dict[str, Any]], None]) -> None:
        self._events = list(script.events)
        self._timeout = script.try_timeout
        self._tell = tell
        self._states: dict[tuple[str, str], Event] = {}
        self.client: Client | None = None  # as events moved it

    def advance(self, now: int) -> None:
        """Let everything happen that is due."""
        while self._events and self._events[0].at <= now:
            event = self._events.pop(0)
            if event.client is not None:
                self.client = event.client
                self._tell({"at": event.at, "kind": "client", "text": _who(event.client)})
                continue
            self._states.update(dict.fromkeys(event.hits, event))
            hits = {_HITS[kind]: sorted(name for of, name in event.hits if of == kind) for kind in _HITS}
            told = {"what": event.what, "state": event.state, "took": event.takes or None, **hits}
            self._tell({"at": event.at, "kind": "event", **told})

    def ask(self, attempt: Attempt) -> tuple[str, int]:
        """How an attempt that begins now ends, and how long it takes: a proxy fails before what is behind it."""
        took = 0
        for key in (("proxy", attempt.via or ""), ("endpoint", attempt.identity)):
            event = self._states.get(key)
            took += event.takes if event else 0
            if event and event.state == "down":
                return "failure", min(took, self._timeout)
            if (event and event.state == "silent") or took > self._timeout:
                return "failure", self._timeout
        return "success", took


def _who(client: Client) -> str:
    addresses = ", ".join(map(str, client.addresses)) or "without address"
    return f"{addresses}{f', {client.location}' if client.location else ''}"


class _Run:
    """One simulation."""

    def __init__(self, policy: Policy | CompiledPolicy, client: Client, service: str, script: Script) -> None:
        self.steps: list[dict[str, Any]] = []
        self._policy, self._service, self._script = policy, service, script
        self._world = _World(script, self.steps.append)
        self._client = client
        self._checked = 0
        self._plan: Plan | None = None
        self.questions = self.unanswered = 0

    def go(self) -> None:
        """All questions, up to the end."""
        state, now = self._script.start(), 0
        while now < self._script.until:
            self._world.advance(now)
            self._locate(state, now)
            asked, ended = self._ask(state, now)
            state = asked.state
            self.questions += 1
            self.unanswered += asked.answered is None
            now += self._script.ask_every * max(1, -(-(ended - now) // self._script.ask_every))
        self._world.advance(self._script.until)

    def _locate(self, state: Failover, now: int) -> None:
        """A new plan if the client has other addresses, or if its location is due for a check. [S-71]"""
        seen = self._world.client or self._client
        moved = seen.addresses != self._client.addresses
        if self._plan is not None and not moved and not state.location_due(self._checked, now):
            return
        self._client, self._checked = seen, now
        plan = self._policy.evaluate(seen, self._service)
        if plan != self._plan:
            asks = [{"source": a.source, "endpoint": a.identity, "via": a.via} for a in plan.attempts]
            self.steps.append(
                {"at": now, "kind": "plan", "location": str(plan.location), "outcome": str(plan.outcome), "asks": asks}
            )
        self._plan = plan

    def _ask(self, state: Failover, now: int) -> tuple[Asked, int]:
        """One question to its end."""
        assert self._plan is not None
        turns = question(state, self._plan, now)
        sent: tuple[str, int] | None = None
        while not isinstance(turn := turn_of(turns, sent), Asked):
            if isinstance(turn, Try):
                self._world.advance(now)
                outcome, took = self._world.ask(turn.attempt)
                state = state.report(turn.attempt, outcome, now + took)
                self._tried(turn.attempt, outcome, now, took, state)
                now += took
                sent = outcome, now
            else:
                now = turn.until
                sent = "", now
        if turn.answered is None:
            self._tell(now, "exhausted", until=turn.until, action=str(self._plan.exhausted))
        return turn, now

    def _tried(self, attempt: Attempt, outcome: str, now: int, took: int, after: Failover) -> None:
        until, then = due(after, attempt) if outcome == "failure" else (None, None)
        known = {"source": attempt.source, "url": attempt.url, "via": attempt.via, "state": outcome, "took": took}
        self._tell(now, "attempt", **known, endpoint=attempt.identity, until=until, then=then)

    def _tell(self, at: int, kind: str, **more: Any) -> None:
        if len(self.steps) >= MOST_STEPS:
            raise ValueError(
                f"more than {MOST_STEPS:,} steps by {clock(at)}; end earlier, ask less often, or let servers rest longer"
            )
        self.steps.append({"at": at, "kind": kind, "question": self.questions + 1, **more})


def simulate(policy: Policy | CompiledPolicy, client: Client, script: Script, service: str = "file_reputation") -> Timeline:
    """What a client does while things fail: a question every so often, each asked as the reducer says.

    An attempt ends as the states are when it begins: at once where something is `down`, at the time-out where it is `silent` or
    takes longer. A client with other addresses is located anew at the next question; what else changes about it shows at the
    next check of its location, an hour after the last one. [S-71]

    Parameters
    ----------
    policy
        Whole or compiled.
    client
        As it is at the beginning.
    script
        What happens, and how the client asks: `read_script` makes one.
    service
        `file_reputation` or `web_reputation`.

    Raises
    ------
    ValueError
        If it has more than 1,000,000 steps.
    """
    run = _Run(policy, client, service, script)
    run.go()
    settings = script.start().to_dict()
    tried = sum(step["kind"] == "attempt" for step in run.steps)
    return Timeline({
        "revision": policy.revision, "service": str(service), "client": client.to_dict(), "ask_every": script.ask_every,
        "until": script.until, "settings": {k: v for k, v in settings.items() if k != "records"},
        "summary": {"questions": run.questions, "unanswered": run.unanswered, "attempts": tried}, "steps": run.steps,
    })  # fmt: skip
