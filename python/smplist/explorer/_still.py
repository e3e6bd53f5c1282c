# SPDX-License-Identifier: MIT
"""The explorer where nothing runs: the same as HTML that stands still."""

from __future__ import annotations

from smplist._html import Markup, element, image, markup, text_of
from smplist.explorer._model import Explored


def still(explored: Explored) -> Markup:
    """The answer of the moment: plan and map; deterministic, without scripts."""
    asked, answer = explored.question, explored.answer()
    parts: list[object] = [element("p", element("b", explored.policy.title or "Policy"), f" {explored.policy.revision}")]
    if asked["down"]:
        parts.append(element("p", f"Switched off: {', '.join(asked['down'])}"))
    if answer["error"]:
        parts.append(element("p", answer["error"]))
    elif plan := explored.plan():
        parts += [markup(plan), text_of(answer["text"].rstrip("\n"))]
    return element("div", *parts, image(explored.picture()._repr_png_(), "a map of the policy"))


class Still:
    """What `explore` gives without anywidget."""

    def __init__(self, explored: Explored) -> None:
        self._explored = explored

    def to_html(self) -> str:
        """The explorer as HTML."""
        return str(still(self._explored))

    _repr_html_ = to_html

    def __repr__(self) -> str:
        return f"<explorer of {self._explored.policy.title or 'a policy'}: pip install smplist[notebook] to try it out>"
