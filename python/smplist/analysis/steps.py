# SPDX-License-Identifier: MIT
"""A plan as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from smplist.analysis.report import Report

if TYPE_CHECKING:
    from smplist._core import Plan


class Steps(Report):
    """A plan as a table: one row for every attempt, in order, then one for every source that is left out, with the reason."""

    columns: ClassVar[tuple[str, ...]] = (
        "position", "stage", "list", "source", "url", "via", "families", "notes", "reason",
    )  # fmt: skip
    types: ClassVar[Mapping[str, str]] = {"position": "integer"}

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan.to_dict())
        self._text = str(plan)

    def rows(self) -> list[dict[str, Any]]:
        """Attempts are numbered from 1; a source that is left out has no number, but a reason."""
        nothing = dict.fromkeys(self.columns)
        attempts = [
            {**nothing, **{key: a[key] for key in ("stage", "list", "source", "url", "via")}, "position": i,
             "families": " to ".join(a["families"]), "notes": " ".join(a["notes"])}
            for i, a in enumerate(self._data["attempts"], 1)
        ]  # fmt: skip
        left_out = [{**nothing, **{key: s[key] for key in ("stage", "list", "source", "reason")}} for s in self._data["ignored"]]
        return attempts + left_out

    def to_text(self) -> str:
        """The plan in words."""
        return self._text
