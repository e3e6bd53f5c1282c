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


def table(columns: list[str], rows: list[list[object]], total: int = 0) -> Markup:
    """A table of at most 200 rows; a last row counts the rest of them, or of `total` if not all are given."""
    style = "text-align:left"
    head = element("tr", *(element("th", column, style=style) for column in columns))
    body = [element("tr", *(element("td", cell, style=style) for cell in row)) for row in rows[:_MAX_ROWS]]
    left = max(len(rows), total) - len(body)
    if left:
        body.append(element("tr", element("td", f"and {left:,} more")))
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


def _partition(value: Any) -> Markup:
    from smplist.analysis.partition import Pieces

    return Markup(Pieces(value)._repr_html_())


def _answers(value: Any) -> Markup:
    columns = [value.outcome, value.list, value.source]
    invalid = frozenset(value.invalid)
    rows: list[list[object]] = [
        [i, *("" if column[i] is None else column[i] for column in columns), "no address" if i in invalid else ""]
        for i in range(min(len(value), _MAX_ROWS))
    ]
    text = f"{len(value):,} rows, {len(invalid):,} invalid: {value.service}"
    return element("div", element("p", element("b", text)), table(["row", "outcome", "list", "source", ""], rows, len(value)))


def _compiled(value: Any) -> Markup:
    rows: list[list[object]] = [["revision", value.revision], ["classes", value.classes], ["bytes", len(value)]]
    return table(["CompiledPolicy", ""], rows)


def _range_set(value: Any) -> Markup:
    shown: list[list[object]] = [[one, f"{one.size:,}"] for one in value.ranges[:_MAX_ROWS]]
    title = f"{value.size:,} addresses in {len(value):,} range{'' if len(value) == 1 else 's'}"
    return element("div", element("p", element("b", title)), table(["range", "addresses"], shown, len(value)))


_VIEWS = {
    "Plan": _plan,
    "Policy": _policy,
    "Partition": _partition,
    "Answers": _answers,
    "CompiledPolicy": _compiled,
    "RangeSet": _range_set,
}


def render(value: Any) -> str:
    """The HTML of a value; deterministic."""
    return str(_VIEWS.get(type(value).__name__, _fields)(value))
