# SPDX-License-Identifier: MIT
"""The explorer where nothing runs: the same as HTML that stands still."""

from __future__ import annotations

from smplist._html import Markup, element, image, markup, text_of
from smplist.explorer._model import Explored
from smplist.plots import map_diff, map_ipv4, map_ipv6


def still(explored: Explored) -> Markup:
    """The answer of the moment: plan and map; deterministic, without scripts."""
    asked, answer = explored.question, explored.answer()
    policy = explored.policy.what_if(down=asked["down"]) if asked["down"] else explored.policy
    words = {"service": asked["service"], "within": asked["within"]}
    if asked["by"] == "change":
        picture = map_diff(explored.policy, policy, family=asked["family"], **words)
    else:
        picture = (map_ipv4 if asked["family"] == "ipv4" else map_ipv6)(policy, asked["by"], **words)
    parts: list[object] = [element("p", element("b", explored.policy.title or "Policy"), f" {explored.policy.revision}")]
    if asked["down"]:
        parts.append(element("p", f"Switched off: {', '.join(asked['down'])}"))
    if answer["error"]:
        parts.append(element("p", answer["error"]))
    elif plan := explored.plan():
        parts += [markup(plan), text_of(answer["text"].rstrip("\n"))]
    return element("div", *parts, image(picture._repr_png_(), "a map of the policy"))


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
