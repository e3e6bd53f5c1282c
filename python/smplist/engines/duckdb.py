# SPDX-License-Identifier: MIT
"""SQL functions for DuckDB, and the policy as a table of intervals for a join without any function."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from smplist._core import CompiledPolicy, Policy
from smplist._extras import need
from smplist.engines._question import FUNCTIONS, Question, part_of, prepare, texts

if TYPE_CHECKING:
    import duckdb

INTERVALS = "smplist_intervals"

_MAPPED = 0xFFFF << 32
_IPV4 = 1 << 32


def register(
    con: duckdb.DuckDBPyConnection,
    policy: Policy | CompiledPolicy,
    *,
    service: str = "file_reputation",
    location: str = "internal",
    epoch: int = 0,
    availability: Mapping[str, str] | None = None,
) -> None:
    """Give a connection `smplist_list(ip)`, `smplist_first(ip)` and `smplist_outcome(ip)`.

    The address is VARCHAR, BLOB of 4 or 16 bytes, or UINTEGER. A second argument is the service of the row; `service` is that of
    calls without one. NULL in, NULL out; bad rows are NULL, too. A later call takes the place of an earlier one.

    Parameters
    ----------
    policy
        Compiled once, here.
    location
        Where all rows are: internal or external.
    epoch
        Reshuffles random orders, from 0.
    availability
        Endpoints to up, down or unknown.

    Raises
    ------
    ImportError
        If duckdb or pyarrow is missing.
    ValueError
        If the service, the location or an availability is none.
    """
    duckdb = need("duckdb", "smplist.engines.duckdb.register", "duckdb")
    need("pyarrow", "smplist.engines.duckdb.register", "duckdb")
    compiled, question = prepare(policy, service, location, epoch, availability)
    for name, part in FUNCTIONS.items():
        _replace(duckdb, con, name, _function(question, compiled, part))


def _function(question: Question, compiled: CompiledPolicy, part: str) -> Callable[..., Any]:
    return lambda *columns: part_of(question, compiled, part, *columns)


def _replace(duckdb: Any, con: Any, name: str, function: Callable[..., Any]) -> None:
    with contextlib.suppress(duckdb.InvalidInputException):  # the first time there is none
        con.remove_function(name)
    con.create_function(name, function, None, "VARCHAR", type="arrow", null_handling="special")


def to_intervals(
    policy: Policy,
    *,
    service: str = "file_reputation",
    location: str = "internal",
    availability: Mapping[str, str] | None = None,
) -> Any:
    """The whole space of addresses as intervals with one answer each, for joins in any engine.

    IPv4 stands at `::ffff:0:0/96`, where IPv6 has it [S-03]; the intervals ascend, do not overlap and leave no gap.

    Returns
    -------
    pyarrow.Table
        A row for each interval: `first` and `last`, both included, 16 bytes each, which sort as the addresses do; `matched`, the
        custom list that holds them, or null; `outcome` and `list`, the answer of each of its addresses. The first source is no
        column: in a random order it differs from address to address.

    Raises
    ------
    ImportError
        If pyarrow is missing.
    ValueError
        If the service, the location or an availability is none.
    """
    pa = need("pyarrow", "smplist.engines.duckdb.to_intervals", "duckdb")
    firsts, lasts, names = zip(*_intervals(policy), strict=True)
    packed = pa.array(firsts, pa.binary(16))
    answers = Question(service, location, 0, availability or {}).ask(policy.compile(), packed, parts=("outcome", "list"))
    return pa.table(
        {
            "first": packed,
            "last": pa.array(lasts, pa.binary(16)),
            "matched": pa.array(names, pa.utf8()),
            "outcome": texts(answers, "outcome"),
            "list": texts(answers, "list"),
        }
    )


def _intervals(policy: Policy) -> Iterator[tuple[bytes, bytes, str | None]]:
    """First, last and list of every piece, as 16 bytes: IPv6 below the mapped block, IPv4 in it, IPv6 above."""

    def packed(first: int, last: int, name: str | None) -> tuple[bytes, bytes, str | None]:
        return first.to_bytes(16, "big"), last.to_bytes(16, "big"), name

    partition = policy.partition()
    ipv6 = [(int(r.first), int(r.last), name) for r, name, _ in partition.pieces("ipv6")]
    for first, last, name in ipv6:
        if first < _MAPPED:
            yield packed(first, min(last, _MAPPED - 1), name)
    for r, name, _ in partition.pieces("ipv4"):
        yield packed(_MAPPED + int(r.first), _MAPPED + int(r.last), name)
    for first, last, name in ipv6:
        if last >= _MAPPED + _IPV4:
            yield packed(max(first, _MAPPED + _IPV4), last, name)


def register_intervals(
    con: duckdb.DuckDBPyConnection,
    policy: Policy,
    *,
    service: str = "file_reputation",
    location: str = "internal",
    availability: Mapping[str, str] | None = None,
) -> None:
    """Make the temporary table `smplist_intervals` of a connection: see `to_intervals`.

    `... ASOF LEFT JOIN smplist_intervals i ON t.address >= i.first` gives each 16-byte address its interval. Later calls replace
    the table.

    Raises
    ------
    ImportError
        If duckdb or pyarrow is missing.
    ValueError
        If the service, the location or an availability is none.
    """
    need("duckdb", "smplist.engines.duckdb.register_intervals", "duckdb")
    table = to_intervals(policy, service=service, location=location, availability=availability)
    held = f"{INTERVALS}_arrow"
    con.register(held, table)
    try:
        con.execute(f"CREATE OR REPLACE TEMP TABLE {INTERVALS} AS SELECT * FROM {held} ORDER BY first")
    finally:
        con.unregister(held)
