# SPDX-License-Identifier: MIT
"""The partition as a table and as a certificate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from smplist.analysis.report import Report, asked_first, brief

if TYPE_CHECKING:
    from smplist._core import Partition

_SHOWN = 8


class Pieces(Report):
    """The partition as a table: one row for every run of addresses with one answer, for clients with that address alone."""

    columns = (
        "service", "location", "family", "first", "last", "addresses", "answer", "outcome", "asked_first", "attempts",
    )  # fmt: skip
    types: ClassVar[Mapping[str, str]] = {"addresses": "count", "answer": "integer", "attempts": "integer"}

    def __init__(self, partition: Partition) -> None:
        super().__init__({})
        self._partition = partition

    def to_dict(self) -> dict[str, Any]:
        """All of the partition."""
        data: dict[str, Any] = self._partition.to_dict()
        return data

    def to_json(self) -> str:
        """All of the partition."""
        return self._partition.to_json()

    def rows(self) -> list[dict[str, Any]]:
        """Columns of the partition, and what the answer is in short."""
        columns = self._partition.columns()
        answers = [_summary(answer.to_dict()) for answer in self._partition.answers()]
        return [
            dict(zip(columns, row, strict=True)) | answers[number]
            for row, number in zip(zip(*columns.values(), strict=True), columns["answer"], strict=True)
        ]

    def to_text(self) -> str:
        """How many pieces and answers; then, per service and location, the addresses by answer, the largest first."""
        rows = self.rows()
        cut = self._partition
        lines = [
            f"{len(cut.pieces('ipv4')):,} IPv4 pieces, {len(cut.pieces('ipv6')):,} IPv6 pieces, {len(cut.answers()):,} answers"
        ]
        words = [brief(answer.to_dict()) for answer in cut.answers()]
        groups: dict[tuple[Any, ...], dict[int, int]] = {}
        for row in rows:
            by_answer = groups.setdefault((row["service"], row["location"], row["family"]), {})
            by_answer[row["answer"]] = by_answer.get(row["answer"], 0) + row["addresses"]
        for (service, location, family), by_answer in groups.items():
            lines += ["", f"{service}, {location}, {family}:"]
            ranked = sorted(by_answer.items(), key=lambda pair: (-pair[1], pair[0]))
            lines += [f"  {count:,} addresses: {words[number]}" for number, count in ranked[:_SHOWN]]
            if len(ranked) > _SHOWN:
                lines.append(f"  and {len(ranked) - _SHOWN:,} more answers")
        return "\n".join(lines) + "\n"


def _summary(answer: dict[str, Any]) -> dict[str, Any]:
    """The outcome, the sources of which one is asked first, and the number of attempts."""
    return {
        "outcome": answer["outcome"],
        "asked_first": " or ".join(asked_first(answer)) or None,
        "attempts": sum(len(stage["attempts"]) for stage in answer["stages"]),
    }


def certificate(partition: Partition) -> dict[str, Any]:
    """All of it with the policy it is about: `docs/reference/check_certificate.py` verifies it without smplist."""
    return {
        "schema": "smplist-certificate/1",
        **partition.to_dict(),
        "canonical": partition.policy.to_json(),
        "resolved": {host: list(families) for host, families in partition.resolved.items()},
    }
