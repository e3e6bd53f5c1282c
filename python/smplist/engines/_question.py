# SPDX-License-Identifier: MIT
"""What every engine asks: one question about a column, put to the core."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from smplist._core import Answers, CompiledPolicy, Policy

PARTS = ("outcome", "list", "source")
FUNCTIONS = {"smplist_list": "list", "smplist_first": "source", "smplist_outcome": "outcome"}  # of SQL


@dataclass(frozen=True)
class Question:
    """What is asked about every row, without the policy: it travels to workers by itself."""

    service: str
    location: str = "internal"
    epoch: int = 0
    availability: Mapping[str, str] = field(default_factory=dict)

    def ask(self, compiled: CompiledPolicy, column: Any, keys: Any = None, service: str | None = None,
            parts: Sequence[str] = PARTS) -> Answers:  # fmt: skip
        """The answers of the core, only the parts that are wanted; `service` takes the place of the question's own."""
        return compiled.evaluate_many(
            column,
            self.service if service is None else service,
            keys=keys,
            availability=self.availability,
            location=self.location,
            epoch=self.epoch,
            parts=parts,
        )


def prepare(policy: Policy | CompiledPolicy, service: str, location: str, epoch: int,
            availability: Mapping[str, str] | None) -> tuple[CompiledPolicy, Question]:  # fmt: skip
    """The policy, compiled if it is not yet, and what it is asked: a wrong word is refused here, before any row is asked.

    Raises
    ------
    ValueError
        If the service, the location or an availability is none.
    """
    compiled = policy.compile() if isinstance(policy, Policy) else policy
    question = Question(service, location, epoch, availability or {})
    question.ask(compiled, ())
    return compiled, question


def texts(answers: Answers, part: str) -> Any:
    """One part of the answers as plain texts of pyarrow: categories are not known everywhere."""
    import pyarrow as pa

    return pa.array(getattr(answers, part)).cast(pa.utf8())


def part_of(question: Question, compiled: CompiledPolicy, part: str, column: Any, services: Any = None, *more: Any) -> Any:
    """One part of the answers, `outcome`, `list` or `source`, for a column of pyarrow.

    Parameters
    ----------
    column : pyarrow.Array or pyarrow.ChunkedArray
        The addresses.
    services : pyarrow.Array or pyarrow.ChunkedArray, optional
        A service for every row; a row without one has no answer. Without the column, all rows ask for the question's.

    Returns
    -------
    pyarrow.Array
        Texts as long as `column`, or a dictionary of them; null where there is no answer.

    Raises
    ------
    ValueError
        If a service is none, or if there are more columns than these two.
    TypeError
        If the column is of a type that holds no addresses.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    def ask(rows: Any, service: str) -> Any:
        return pa.array(getattr(question.ask(compiled, rows, service=service, parts=(part,)), part))

    if more:
        raise ValueError(f"an address and a service are wanted, not {2 + len(more)} arguments")
    if pa.types.is_null(column.type):
        return pa.nulls(len(column), pa.utf8())
    if services is None:
        return ask(column, question.service)
    services = services.cast(pa.utf8())
    found = pc.unique(services).to_pylist()
    if len(found) == 1 and found[0] is not None:
        return ask(column, found[0])
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    out = pa.nulls(len(column), pa.utf8())
    for service in (one for one in found if one is not None):
        asked = pc.if_else(pc.equal(services, service), column, pa.scalar(None, column.type))
        out = pc.coalesce(out, ask(asked, service).cast(pa.utf8()))
    return out
