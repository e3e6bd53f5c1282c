# SPDX-License-Identifier: MIT
"""The partition as a table and as a certificate."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smplist._core import Partition


def to_frame(partition: Partition) -> Any:
    """A pandas table: one row for every run of addresses with one answer."""
    try:
        pandas = importlib.import_module("pandas")
    except ImportError as error:
        raise ImportError("to_frame needs pandas: pip install smplist[frame]") from error
    columns = partition.columns()
    answers = [_summary(answer.to_dict()) for answer in partition.answers()]
    numbers = columns["answer"]
    for name in ("outcome", "first", "attempts"):
        columns["asked_first" if name == "first" else name] = [answers[i][name] for i in numbers]
    columns["addresses"] = [int(count) for count in columns["addresses"]]
    return pandas.DataFrame(columns)


def _summary(answer: dict[str, Any]) -> dict[str, Any]:
    """The outcome, the sources of which one is asked first, and the number of attempts."""
    stages = answer["stages"]
    first = stages[0]["attempts"] if stages else []
    names = [step["source"] for step in (first if stages and stages[0]["order"] == "random" else first[:1])]
    return {
        "outcome": answer["outcome"],
        "first": " or ".join(names) or None,
        "attempts": sum(len(stage["attempts"]) for stage in stages),
    }


def certificate(partition: Partition) -> dict[str, Any]:
    """All of it with the policy it is about: `docs/reference/check_certificate.py` verifies it without smplist."""
    return {
        "schema": "smplist-certificate/1",
        **partition.to_dict(),
        "canonical": partition.policy.to_json(),
        "resolved": {host: list(families) for host, families in partition.resolved.items()},
    }
