# SPDX-License-Identifier: MIT
"""A million rows for every engine, what one process answers to them, and a Python without a package."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import smplist
from conftest import ROOT

COUNT = 1_000_000
PARTS = ("outcome", "list", "source")
BAD = ["", " ", "unknown", "10.20.3", "010.20.3.4", "10.0.0.300", "10.0.0.1:443", "2001:db8::1::2", "fe80::g", "10.20.3.4 "]
BAD += ["\u0661.1.1.1"]


class Table(NamedTuple):
    """A policy, a column of pyarrow, and ids of clients; a third of the rows has none."""

    compiled: smplist.CompiledPolicy
    column: Any
    keys: Any

    def expected(self, service: str, **asked: Any) -> dict[str, Any]:
        """The three columns of `evaluate_many`, as plain texts of pyarrow."""
        import pyarrow as pa

        answers = self.compiled.evaluate_many(self.column, service, **asked)
        return {part: pa.array(getattr(answers, part)).cast(pa.utf8()) for part in PARTS}


@cache
def acme() -> smplist.Policy:
    """The policy of the examples."""
    return smplist.load(ROOT / "docs/examples/acme/policy.yaml")


def addresses(draw: random.Random, count: int) -> Iterator[str | None]:
    """Both families, most of them out of the lists; each twentieth row is null, and each twentieth bad."""
    kinds = {smplist.Family.IPV4: (socket.AF_INET, 4), smplist.Family.IPV6: (socket.AF_INET6, 16)}
    ranges = [(*kinds[r.family], int(r.first), int(r.last)) for entry in acme().lists for r in entry.ranges]
    for _ in range(count):
        dice = draw.random()
        if dice < 0.1:
            yield None if dice < 0.05 else draw.choice(BAD)
            continue
        kind, size, first, last = ranges[draw.randrange(len(ranges))]
        number = draw.randint(first, last) if dice < 0.8 else draw.getrandbits(8 * size)
        yield socket.inet_ntop(kind, number.to_bytes(size, "big"))


@cache
def table(count: int = COUNT) -> Table:
    """The rows of this seed."""
    import pyarrow as pa

    draw = random.Random(f"{os.environ['SMPLIST_SEED']} engines")
    column = pa.array(addresses(draw, count), pa.utf8())
    return Table(acme().compile(), column, pa.array([f"pc-{i}" if i % 3 else None for i in range(count)], pa.utf8()))


def other_questions(rows: Table) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """A location, an epoch and an availability as arguments, each with its answers about files: other ones than without."""
    plain = rows.expected("file_reputation")
    down = {acme().sources["sps-manila"].identity("file_reputation"): "down"}
    questions: list[dict[str, Any]] = [{"location": "external"}, {"epoch": 3}, {"availability": down}]
    for asked in questions:
        expected = rows.expected("file_reputation", **asked)
        assert expected["source"] != plain["source"], asked
        yield asked, expected


def assert_same(given: Any, expected: Any) -> None:
    """Two columns of pyarrow are the same texts and nulls, whatever they lie in."""
    import pyarrow as pa

    flat = given.combine_chunks() if isinstance(given, pa.ChunkedArray) else given
    flat = flat.cast(pa.utf8())
    if not flat.equals(expected):
        assert len(flat) == len(expected)
        row = next(i for i in range(len(flat)) if flat[i].as_py() != expected[i].as_py())
        raise AssertionError(f"row {row}: {flat[row]} and not {expected[row]}")


def says_without(package: str, code: str, exit_code: int = 1) -> str:
    """The last line that Python says when `code` runs where `package` is not installed."""
    script = f"import sys; sys.modules[{package!r}] = None\n{code}"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=300)
    assert ended.returncode == exit_code, ended.stdout + ended.stderr
    return ended.stderr.splitlines()[-1]
