# SPDX-License-Identifier: MIT
"""Expressions of polars: importing this module gives every expression the namespace `smplist`.

>>> import polars as pl
>>> import smplist.engines.polars
>>> policy = smplist.load("docs/examples/acme/policy.yaml").compile()
>>> frame = pl.DataFrame({"ip": ["10.20.3.4", None, "bogus"]})
>>> frame.select(pl.col("ip").smplist.first(policy, service="file_reputation"))["ip"].to_list()
['sps-manila', None, None]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smplist._core import Answers, CompiledPolicy, Policy
from smplist._extras import need
from smplist.engines._question import PARTS, prepare

need("polars", "smplist.engines.polars", "polars")

import polars as pl  # noqa: E402


@pl.api.register_expr_namespace("smplist")
class Smplist:
    """What `pl.col("ip").smplist` offers. The column holds addresses as text, bytes or unsigned 32-bit numbers.

    Everywhere, `policy` is a policy or a compiled one (compile it once if it is asked often); `location` is where all rows are;
    `epoch` reshuffles random orders; `availability` maps endpoints to up, down or unknown; `keys` is a column of clients' ids,
    which fix random orders. Null and bad rows are null. The answers are categories and have the column's length.

    Every method raises ValueError at once if a service, a location or an availability is none. A column of a type that holds no
    addresses is a TypeError when the frame is collected.
    """

    def __init__(self, expr: pl.Expr) -> None:
        self._expr = expr

    def list(self, policy: Policy | CompiledPolicy, service: str = "file_reputation", **asked: Any) -> pl.Expr:
        """The list of the first attempt: a custom list, `standard` or `network`; null if there is no attempt."""
        return self._ask("list", policy, service, **asked)

    def first(self, policy: Policy | CompiledPolicy, service: str, **asked: Any) -> pl.Expr:
        """The source that is asked first: the first that is not down; null if there is none."""
        return self._ask("source", policy, service, **asked)

    def outcome(self, policy: Policy | CompiledPolicy, service: str, **asked: Any) -> pl.Expr:
        """Where the first attempt comes from, `none_reachable` if there is none; null for null and bad rows alone."""
        return self._ask("outcome", policy, service, **asked)

    def evaluate(self, policy: Policy | CompiledPolicy, service: str, **asked: Any) -> pl.Expr:
        """All three at the price of one: a struct of `outcome`, `list` and `source`."""
        return self._ask(None, policy, service, **asked)

    def _ask(
        self,
        part: str | None,
        policy: Policy | CompiledPolicy,
        service: str,
        *,
        keys: pl.Expr | str | None = None,
        location: str = "internal",
        epoch: int = 0,
        availability: Mapping[str, str] | None = None,
    ) -> pl.Expr:
        compiled, question = prepare(policy, service, location, epoch, availability)

        def answer(columns: Sequence[pl.Series]) -> pl.Series:
            name = columns[0].name
            keys = columns[1] if len(columns) > 1 else None
            answers = question.ask(compiled, _readable(columns[0]), keys=keys, parts=(part,) if part else PARTS)
            return _struct(answers, name) if part is None else pl.Series(name, getattr(answers, part))

        given: list[pl.Expr | str] = [self._expr] if keys is None else [self._expr, keys]
        return pl.map_batches(
            given,
            answer,
            pl.Categorical() if part else pl.Struct({name: pl.Categorical() for name in PARTS}),
            is_elementwise=True,
        )


def _readable(column: pl.Series) -> pl.Series:
    """The column; one that is nothing but null has no type that the core knows."""
    return column.cast(pl.String) if column.dtype == pl.Null else column


def _struct(answers: Answers, name: str) -> pl.Series:
    return pl.DataFrame(answers).to_struct(name)
