# SPDX-License-Identifier: MIT
"""The explorer as a widget: the browser puts questions, this answers with what the core says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from smplist._visible import visible
from smplist.explorer._model import BY, LOCATIONS, MOST_SOURCES, Explored
from smplist.explorer._still import still

_HERE = Path(__file__).parent


class Explorer(anywidget.AnyWidget):
    """The explorer of a policy. `question` may be set from Python too; `answer` is what is shown for it."""

    _esm = _HERE / "explorer.js"
    _css = _HERE / "explorer.css"

    fixed = traitlets.Dict().tag(sync=True)
    question = traitlets.Dict().tag(sync=True)
    answer = traitlets.Dict().tag(sync=True)
    map = traitlets.Dict().tag(sync=True)
    cells = traitlets.Bytes().tag(sync=True)

    def __init__(self, explored: Explored) -> None:
        self._explored = explored
        policy = explored.policy
        fixed = {
            "title": visible(policy.title) or "Policy", "revision": policy.revision, "sources": explored.sources, "by": list(BY),
            "locations": list(LOCATIONS), "most": MOST_SOURCES,
        }  # fmt: skip
        super().__init__(fixed=fixed, question=explored.question, **self._shown())

    def _shown(self) -> dict[str, Any]:
        frame, cells = self._explored.map()
        return {"answer": self._explored.answer(), "map": frame, "cells": cells}

    @traitlets.observe("question")
    def _asked(self, change: Any) -> None:
        if change["new"] == self._explored.question:
            return
        try:
            self._explored.ask(change["new"])
        except (ValueError, TypeError) as error:
            self.answer = {**self.answer, "error": visible(str(error))}
            return
        with self.hold_sync():
            self.question = self._explored.question
            for name, value in self._shown().items():
                setattr(self, name, value)

    def to_html(self) -> str:
        """What is shown now, as HTML that stands still."""
        return str(still(self._explored))

    def __repr__(self) -> str:
        return f"<explorer of {self._explored.policy.title or 'a policy'}>"

    def _repr_mimebundle_(self, **words: Any) -> Any:
        bundle = super()._repr_mimebundle_(**words)
        if bundle:
            bundle[0]["text/html"] = self.to_html()  # for whoever reads the notebook without running it
        return bundle
