# SPDX-License-Identifier: MIT
"""A script of outages: what goes down, is silent, slow or up again, and when; and where the client goes meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from smplist._core import Client, Failover, Policy
from smplist._errors import PolicyError, Problem
from smplist._places import Reader
from smplist._yaml import Keys
from smplist.analysis.failures import read_failure
from smplist.asking import TRY_TIMEOUT

SCHEMA = "smplist-events/1"
STATES = ("up", "down", "silent", "slow")
_SETTINGS = ("try_timeout", "retries", "retry_gap", "rest", "rest_max")
_EVENT = ("at", "what", "state", "takes", "client")
_MOST_RETRIES = 1000
MOST_QUESTIONS = 100_000


@dataclass(frozen=True)
class Event:
    """What happens at a time, in milliseconds: `what`, as `--down` names it, gets a state; or the client becomes another."""

    at: int
    what: str = ""
    state: str = ""
    takes: int = 0
    client: Client | None = None
    hits: frozenset[tuple[str, str]] = frozenset()  # ("endpoint" or "proxy", its name)


@dataclass(frozen=True)
class Script:
    """Events in the order of time, and how the client asks. Times are milliseconds. [S-71]"""

    events: tuple[Event, ...] = ()
    ask_every: int = 60_000
    until: int = 600_000
    settings: dict[str, int] = field(default_factory=dict)

    @property
    def try_timeout(self) -> int:
        """How long an attempt may take."""
        return self.settings.get("try_timeout", TRY_TIMEOUT)

    def start(self) -> Failover:
        """The state of a client that has not asked anybody yet."""
        return Failover(**self.settings)


def read_script(text: str, policy: Policy, file: str = "", form: str | None = None) -> Script:
    """A script from JSON, YAML or NDJSON; `form` says which, else it is as it looks. NDJSON has an event a line and no settings.

    Raises
    ------
    PolicyError
        With everything that is wrong: line, column, JSON Pointer, reason, advice.
    """
    if form == "ndjson":
        return _of_lines(text, policy, file)
    reader = Reader(text, file, form)
    known = ("schema", "ask_every", "until", "settings", "events")
    tree = reader.keys(reader.value, "", known, ("schema", "events")) or Keys()
    if "schema" in tree and tree["schema"] != SCHEMA:
        reader.wrong("/schema", "wrong_schema", f"unknown schema {tree['schema']!r}", f"write {SCHEMA}")
    events: list[Event] = []
    if "events" in tree and reader.expect(tree["events"], list, "/events"):
        events = [e for i, one in enumerate(tree["events"]) if (e := _event(reader, one, f"/events/{i}", policy))]
    every = reader.duration(tree["ask_every"], "/ask_every", 1) if "ask_every" in tree else None
    until = reader.duration(tree["until"], "/until", 1) if "until" in tree else None
    settings = _settings(reader, tree.get("settings", Keys()))
    script = _made(events, every, until, settings)
    if script.until // script.ask_every >= MOST_QUESTIONS:
        where = "/ask_every" if "ask_every" in tree else "/until" if "until" in tree else ""
        reader.wrong(where, "too_many", f"more than {MOST_QUESTIONS:,} questions", "ask less often, or end earlier")
    reader.end()
    return script


def _of_lines(text: str, policy: Policy, file: str) -> Script:
    """An event a line; every line that is wrong is told."""
    events: list[Event] = []
    wrong: list[Problem] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            reader = Reader(line, file, "json", number)
            event = _event(reader, reader.value, "", policy)
            reader.end()
            events += [event] if event else []
        except PolicyError as error:
            wrong += error.errors
    if wrong:
        raise PolicyError(wrong, file)
    return _made(events, None, None, {})


def _made(events: list[Event], every: int | None, until: int | None, settings: dict[str, int]) -> Script:
    """A script that lasts for ten questions behind its last event, unless it says how long."""
    events = sorted(events, key=lambda event: event.at)
    every = every or Script.ask_every
    last = events[-1].at if events else 0
    return Script(tuple(events), every, until or last + 10 * every, settings)


def _settings(reader: Reader, value: object) -> dict[str, int]:
    found: dict[str, int] = {}
    tree = reader.keys(value, "/settings", _SETTINGS) or Keys()
    for key in _SETTINGS:
        if key not in tree:
            continue
        pointer = f"/settings/{key}"
        if key == "retries":
            if reader.expect(tree[key], int, pointer):
                if not 0 <= tree[key] <= _MOST_RETRIES:
                    reader.wrong(pointer, "wrong_type", f"{tree[key]} retries", f"write a number from 0 to {_MOST_RETRIES}")
                found[key] = tree[key]
        elif (length := reader.duration(tree[key], pointer, int(key != "retry_gap"))) is not None:  # a rest of nothing never ends
            found[key] = length
    return found


def _event(reader: Reader, value: object, pointer: str, policy: Policy) -> Event | None:
    tree = reader.keys(value, pointer, _EVENT, ("at",))
    if tree is None:
        return None
    at = reader.duration(tree["at"], f"{pointer}/at") if "at" in tree else None
    if ("client" in tree) == ("what" in tree):
        reader.wrong(pointer, "missing_key", "an event is about what fails or about the client", "write 'what' or 'client'")
        return None
    if "client" in tree:
        client = _client(reader, tree, pointer)
        return Event(at or 0, client=client)
    return _outage(reader, tree, pointer, policy, at or 0)


def _client(reader: Reader, tree: Keys, pointer: str) -> Client | None:
    for key in ("state", "takes"):
        if key in tree:
            reader.wrong(f"{pointer}/{key}", "unknown_key", f"the key {key!r} is of no use for a client", "remove it")
    if reader.expect(tree["client"], Keys, f"{pointer}/client"):
        try:
            return Client.from_dict(tree["client"])
        except PolicyError as error:
            for problem in error.errors:
                reader.wrong(f"{pointer}/client{problem.pointer}", problem.code, problem.reason, problem.advice)
    return None


def _outage(reader: Reader, tree: Keys, pointer: str, policy: Policy, at: int) -> Event | None:
    if "state" not in tree:
        reader.wrong(pointer, "missing_key", "the key 'state' is missing", f"write one of {', '.join(STATES)}")
        return None
    state = reader.word(tree["state"], f"{pointer}/state", STATES) or ""
    takes = reader.duration(tree["takes"], f"{pointer}/takes", 1) if "takes" in tree else None
    if "takes" in tree and state and state != "slow":
        reader.wrong(f"{pointer}/takes", "unknown_key", f"what is {state} takes no time", "write 'state: slow', or remove it")
    if "takes" not in tree and state == "slow":
        reader.wrong(pointer, "missing_key", "how slow is it?", "write how long an answer takes, as in 'takes: 3s'")
    hits: frozenset[tuple[str, str]] = frozenset()
    if reader.expect(tree["what"], str, f"{pointer}/what"):
        try:
            hits = frozenset(_hit(read_failure(policy, tree["what"])))
        except ValueError as error:
            reason, _, advice = str(error).partition("; ")
            reader.wrong(f"{pointer}/what", "unknown_source", reason, advice or "name what the policy has")
    return Event(at, str(tree["what"]), state, takes or 0, None, hits)


def _hit(failure: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The endpoints of a failure, or the proxy that it is."""
    if failure["unit"] == "proxy":
        yield "proxy", failure["name"]
    for service in ("file_reputation", "web_reputation"):
        for endpoint in failure[service]:
            yield "endpoint", endpoint
