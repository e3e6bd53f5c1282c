# SPDX-License-Identifier: MIT
"""Values as HTML for notebooks: one function makes every element, and it escapes. No scripts, no styles from elsewhere."""

from __future__ import annotations

from html import escape
from typing import Any

_MAX_ROWS = 200


class Markup(str):
    """Text that is HTML already; only `element` makes it."""

    __slots__ = ()


def element(tag: str, *children: object, style: str = "") -> Markup:
    """An element with its children; everything that is not `Markup` is escaped."""
    inside = "".join(child if isinstance(child, Markup) else escape(str(child)) for child in children)
    return Markup(f"<{tag}{f' style={chr(34)}{escape(style)}{chr(34)}' if style else ''}>{inside}</{tag}>")


def table(columns: list[str], rows: list[list[object]]) -> Markup:
    """A table of at most 200 rows; a last row counts the rest."""
    left = "text-align:left"
    head = element("tr", *(element("th", column, style=left) for column in columns))
    body = [element("tr", *(element("td", cell, style=left) for cell in row)) for row in rows[:_MAX_ROWS]]
    if len(rows) > _MAX_ROWS:
        body.append(element("tr", element("td", f"and {len(rows) - _MAX_ROWS:,} more")))
    return element("table", element("thead", head), element("tbody", *body))


def _plan(value: Any) -> Markup:
    d = value.to_dict()
    who = d["client"]["id"] or ", ".join(d["client"]["addresses"]) or "a client without address"
    attempts = [
        [i, a["source"], a["url"], a["via"] or "direct", " to ".join(a["families"]), a["list"]]
        for i, a in enumerate(d["attempts"], 1)
    ]
    ignored = [[i.source, i.list, i.text] for i in value.ignored]
    parts = [
        element("p", element("b", f"{who}: {d['service']}, {d['location']}, {d['outcome']}")),
        table(["#", "source", "url", "via", "families", "list"], attempts),
    ]
    if ignored:
        parts.append(table(["left out", "list", "why"], ignored))
    parts.append(table(["clause", "why"], [[step["clause"], step["text"]] for step in d["trace"]]))
    return element("div", *parts)


def _fields(value: Any) -> Markup:
    document = value.to_dict()
    rows = [[key, content] for key, content in document.items()] if isinstance(document, dict) else [["value", document]]
    return table([type(value).__name__, ""], rows)


def _policy(value: Any) -> Markup:
    rows: list[list[object]] = [
        [entry.name, len(entry.ranges), entry.order, ", ".join(entry.sources), entry.proxy or "direct"] for entry in value.lists
    ]
    title = element("p", element("b", value.title or "Policy"), f" {value.revision}")
    return element("div", title, table(["list", "ranges", "order", "sources", "proxy"], rows))


def render(value: Any) -> str:
    """The HTML of a value; deterministic."""
    views = {"Plan": _plan, "Policy": _policy}
    return str(views.get(type(value).__name__, _fields)(value))
