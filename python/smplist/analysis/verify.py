# SPDX-License-Identifier: MIT
"""Expectations and predicates, proved over all clients of a policy or refuted by a client that replays."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from smplist._core import Address, AddressRange, Client, ClientSpace, Expectations, Plan, Policy, RangeSet
from smplist.analysis.report import Counterexample, Progress, Report, asks, many, replay
from smplist.files import load_document

MOST_ORDERS = 5040
"""The orders of a class that a predicate is tried with: all orders of seven sources."""

Predicate = Callable[[Plan], object]
Where = str | AddressRange | RangeSet | Address | Mapping[str, Any] | Iterable[Any] | None


def _clients(counts: dict[str, str]) -> str:
    """`65,536 clients with an IPv4 address and ...`; numbers too long to read are powers of two."""
    words = {"ipv4": "with an IPv4 address", "ipv6": "with an IPv6 address", "dual": "pairs of both"}

    def short(count: int) -> str:
        return f"{count:,}" if count < 10**12 else f"about 2^{(count + count // 2).bit_length() - 1}"

    return ", ".join(f"{short(int(counts[key]))} {text}" for key, text in words.items() if int(counts[key])) or "none"


def _value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


class Proof(Counterexample):
    """What became of one expectation or predicate. True if it is proved.

    Attributes
    ----------
    verdict : str
        `proved`, `refuted`, `unproved` (a predicate that could not be tried with everything it may depend on) or `error`.
    client : Client or None
        The counterexample: `policy.evaluate(proof.client, proof.service)` shows it.
    service : str or None
        For which service.
    """

    columns: ClassVar[tuple[str, ...]] = (
        "location", "service", "family", "first", "last", "addresses",
    )  # fmt: skip
    types: ClassVar[Mapping[str, str]] = {"addresses": "count"}

    @property
    def verdict(self) -> str:
        """`proved`, `refuted`, `unproved` or `error`."""
        return str(self._data["verdict"])

    @property
    def name(self) -> str:
        """The name of the expectation."""
        return str(self._data["name"])

    @property
    def text(self) -> str:
        """Of an error, and of what is unproved: why, and what to do."""
        return str(self._data["text"])

    def __bool__(self) -> bool:
        return self.verdict == "proved"

    def rows(self) -> list[dict[str, Any]]:
        """The addresses that are concerned by a refutation, for clients that have that address alone."""
        return [{**row, "addresses": int(row["addresses"])} for row in self._data["concerned"]["regions"]]

    def to_text(self) -> str:
        """The verdict; of a refutation the client, its plan, who else is concerned, and how to replay it."""
        data = self._data
        place = f" (line {data['line']})" if data["line"] else ""
        said = f"  {data['text']}" if data["text"] else ""
        if self.verdict == "proved":
            classes = many(data["classes"], "class", "classes")
            return f"proved    {data['name']}: {classes}; {_clients(data['clients'])}" + (f"\n{said}" if said else "")
        lines = [f"{self.verdict:<9} {data['name']}{place}"] + ([f"          {data['text']}"] if data["text"] else [])
        lines += [f"          not so: {b['when']} {b['condition']}: {_value(b['value'])}" for b in data["broken"]]
        shown = data["counterexample"]
        if shown is not None:
            client = shown["client"]
            who = f"{'client ' + client['id'] + ' ' if client.get('id') else ''}{' and '.join(client['addresses'])}"
            lines.append(f"          shown by {who}, {shown['plan']['location']}, {shown['service']}")
            lines.append(f"          it gets {asks(shown['plan'])}")
        concerned = data["concerned"]
        if self.verdict == "refuted":
            lines.append(f"          concerned: {_clients(concerned['clients'])}")
            regions = concerned["regions"]
            for row in regions[:3]:
                run = row["first"] if row["first"] == row["last"] else f"{row['first']} to {row['last']}"
                lines.append(f"            {run}, {row['location']}, {row['service']}")
            left = len(regions) - 3 + concerned["more_regions"]
            if left > 0:
                lines.append(f"            and {many(left, 'more run')} of addresses; --format json lists them")
        if shown is not None:
            lines.append(f"          replay: {replay(shown['client'], shown['service'])}")
        return "\n".join(lines)


class Proofs(Report):
    """What became of a file of expectations. True if all are proved."""

    columns: ClassVar[tuple[str, ...]] = ("name", "line", "verdict", "classes", "ipv4", "ipv6", "dual", "text")
    types: ClassVar[Mapping[str, str]] = {
        "line": "integer",
        "classes": "integer",
        "ipv4": "count",
        "ipv6": "count",
        "dual": "count",
    }

    def proofs(self) -> list[Proof]:
        """One proof for each expectation, as written."""
        return [Proof(one) for one in self._data["proofs"]]

    def count(self, verdict: str) -> int:
        """How many have a verdict."""
        return sum(one["verdict"] == verdict for one in self._data["proofs"])

    def __bool__(self) -> bool:
        return self.count("proved") == len(self._data["proofs"])

    def __iter__(self) -> Any:
        return iter(self.proofs())

    def __len__(self) -> int:
        return len(self._data["proofs"])

    def rows(self) -> list[dict[str, Any]]:
        """One row for each expectation."""
        return [
            {c: int(one["clients"][c]) if c in one["clients"] else one[c] for c in self.columns} for one in self._data["proofs"]
        ]  # fmt: skip

    def to_text(self) -> str:
        """How many are proved; then what is not, then the rest."""
        count = len(self._data["proofs"])
        parts = [f"{n} {verdict}" for verdict in ("refuted", "error", "proved") if (n := self.count(verdict))]
        first = f"{many(count, 'expectation')}: {', '.join(parts)}"
        order = {"refuted": 0, "error": 1, "unproved": 1, "proved": 2}
        return "\n".join([first, *(p.to_text() for p in sorted(self.proofs(), key=lambda p: order[p.verdict]))])


# what clients of one class have in common; the rest of a plan is one client's own
_COMMON = frozenset({"service", "location", "outcome", "stages", "attempts", "exhausted", "revision", "first_available"})


class _Watched:
    """A plan that remembers whether somebody looked at what is one client's own: that proves nothing of its class."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._seen: set[str] = set()

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return Plan

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._plan, name)
        # ignored sources of a random stage come in an order of their own
        common = name in _COMMON or (name == "ignored" and all(s.order == "ordered" for s in self._plan.stages))
        if not common:
            self._seen.add(name)
        return value

    def __eq__(self, other: object) -> bool:
        self._seen.add("==")
        return bool(self._plan == (other._plan if type(other) is _Watched else other))

    def __hash__(self) -> int:
        self._seen.add("hash()")
        return hash(self._plan)

    def __repr__(self) -> str:
        self._seen.add("repr()")
        return repr(self._plan)


def where_of(where: Where) -> dict[str, Any]:
    """`where` as a document has it: a mapping as it is; a range, a set or several of them are `addresses`."""
    if where is None:
        return {}
    if isinstance(where, Mapping):
        given = {**where}
        return {k: _texts(v) if k in ("addresses", "except") else v for k, v in given.items()}
    return {"addresses": _texts(where)}


def _texts(where: Any) -> Any:
    if isinstance(where, str):
        return where
    if isinstance(where, RangeSet):
        return [str(r) for r in where.ranges]
    if isinstance(where, Address | AddressRange):
        return str(where)
    if isinstance(where, Iterable):
        return [str(item) for item in where]
    raise TypeError(f"where is a range, several ranges or a mapping, not {type(where).__name__}")


_NOBODY = {"ipv4": "0", "ipv6": "0", "dual": "0"}


def _no_proof(name: str, verdict: str, text: str = "") -> dict[str, Any]:
    return {
        "name": name, "line": 0, "verdict": verdict, "text": text, "classes": 0, "clients": dict(_NOBODY), "broken": [],
        "counterexample": None, "concerned": {"clients": dict(_NOBODY), "regions": [], "more_regions": 0},
    }  # fmt: skip


class _Trial:
    """A predicate, tried with every class of a space."""

    def __init__(self, policy: Policy, predicate: Predicate, space: ClientSpace, any_order: bool, name: str) -> None:
        self.policy = policy
        self.predicate = predicate
        self.space = space
        self.any_order = any_order
        self.failed: list[tuple[int, str]] = []
        self.own: set[str] = set()
        self.too_many: list[tuple[str, Client]] = []
        self.data = _no_proof(name, "proved")

    def run(self, progress: Progress | None) -> dict[str, Any]:
        """The data of a proof."""
        self.data.update(classes=len(self.space), clients=json.loads(self.space.clients()))
        for i in range(len(self.space)):
            if progress is not None:
                progress(i, len(self.space))
            for service in self.space.services:
                if self._fails(i, service):
                    self.failed.append((i, service))
                if self.data["verdict"] == "error":
                    return self.data
        if self.failed:
            self.data.update(verdict="refuted", concerned=json.loads(self.space.concerned(self.failed)))
        elif self.own:
            names = ", ".join(sorted(self.own))
            self._unproved(
                f"it is true of a client of each class, but it looks at {names}, which is one client's own; look at "
                "attempts, stages, outcome, location, service or exhausted"
            )
        elif self.too_many:
            count, client = self.too_many[0]
            classes = many(len(self.too_many), "class has", "classes have")
            who = client.addresses[0] if client.addresses else "a client"
            self._unproved(
                f"it is true wherever it was tried, but {classes} too many orders to try them all (up to {count} for {who}, and "
                f"{MOST_ORDERS:,} are tried); pass any_order=True if the predicate does not look at the order"
            )
        elif self.any_order:
            self.data["text"] = "on the word of the caller: the predicate does not look at the order (any_order=True)"
        return self.data

    def _unproved(self, text: str) -> None:
        self.data.update(verdict="unproved", text=text)

    def _fails(self, i: int, service: str) -> bool:
        """Whether the predicate is false of an order that clients of a class can have."""
        ids: tuple[str, ...] = ("",)
        if not self.any_order:
            count, ids = self.space.orders(i, service, MOST_ORDERS)
            if not ids or (len(ids) > 1 and "" in ids):
                self.too_many.append((count, self.space.witness(i)))
                ids = tuple(filter(None, ids)) or ("",)
        for client_id in ids:
            client = self.space.witness(i)
            if client_id:
                client = Client.from_dict({**client.to_dict(), "id": client_id})
            if not self._holds(client, service):
                return True
        return False

    def _holds(self, client: Client, service: str) -> bool:
        plan = self.policy.evaluate(client, service)
        watched = _Watched(plan)
        try:
            said = self.predicate(watched)  # type: ignore[arg-type]
            holds = bool(said)
        except Exception as error:
            self._show(client, plan, "error", f"the predicate raised {type(error).__name__}: {error}")
            return True
        self.own |= watched._seen
        if said is None:
            self._show(client, plan, "error", "the predicate returned None; return True or False")
        elif not holds and self.data["counterexample"] is None:
            self._show(client, plan, "refuted")
        return holds

    def _show(self, client: Client, plan: Plan, verdict: str, text: str = "") -> None:
        shown = {"client": client.to_dict(), "service": str(plan.service), "plan": plan.to_dict()}
        self.data.update(verdict=verdict, text=text, counterexample=shown)


def read_expectations(what: Any) -> Expectations:
    """Expectations from a path, a dict as the document has it, or a list of expectations.

    Raises
    ------
    OSError
        If the file cannot be read.
    PolicyError
        With everything that is wrong.
    """
    if isinstance(what, Expectations):
        return what
    if isinstance(what, str | os.PathLike):
        return Expectations.from_document(load_document(what))
    if isinstance(what, Mapping):
        return Expectations.from_dict(dict(what))
    if isinstance(what, list | tuple):
        return Expectations.from_dict({"schema": "smplist-expectations/1", "expectations": list(what)})
    raise TypeError(f"expected a predicate, a path, a dict or a list of expectations, not {type(what).__name__}")


def prove(policy: Policy, expectations: Any) -> Proofs:
    """The proofs of expectations: a path, a dict as the document has it, or a list of them.

    Raises
    ------
    OSError
        If the file cannot be read.
    PolicyError
        With everything that is wrong with the expectations.
    """
    proofs = read_expectations(expectations).verify(policy.partition())
    return Proofs({"revision": policy.revision, "proofs": json.loads(proofs)})


def verify(policy: Policy, what: Any, *, where: Where = None, any_order: bool = False, name: str = "",
           progress: Progress | None = None) -> Proof | Proofs:  # fmt: skip
    """Prove something of a policy over all its clients, or refute it by a client that replays.

    Parameters
    ----------
    what
        A predicate on plans; or expectations: a path, a dict as the document has it, or a list of expectations.
    where
        For a predicate, which clients: a range, several, a `RangeSet`, or a mapping as expectations have it.
    any_order
        A promise that the predicate does not look at the order of attempts: one order then stands for all.
    name
        What the predicate is called in the proof; by default its own name.
    progress
        For a predicate: called with the number of classes done and of all.

    Returns
    -------
    Proof or Proofs
        True if proved. A predicate that raises is no exception here: the proof is an `error` and names the client.

    Raises
    ------
    OSError
        If the file cannot be read.
    PolicyError
        With everything that is wrong with the expectations or with `where`.
    """
    if not callable(what):
        if where is not None or any_order or name or progress is not None:
            raise TypeError("where, any_order, name and progress belong to a predicate; expectations say where themselves")
        return prove(policy, what)
    name = name or getattr(what, "__name__", type(what).__name__)
    space = ClientSpace(policy.partition(), where_of(where))
    if space.revision and space.revision != policy.revision:
        text = f"it can never apply: it is about the revision {space.revision}, and the policy has {policy.revision}"
        return Proof(_no_proof(name, "error", text))
    if len(space) == 0:
        return Proof(_no_proof(name, "error", "it can never apply: no client is there; widen 'where'"))
    return Proof(_Trial(policy, what, space, any_order, name).run(progress))
