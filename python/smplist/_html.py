# SPDX-License-Identifier: MIT
"""Values as HTML for notebooks: one function makes every element, and it escapes. No scripts, no styles from elsewhere."""

from __future__ import annotations

from html import escape
from typing import Any

from smplist._visible import visible

MAX_ROWS = 200

# nothing is fetched and nothing runs, whatever a name in a policy says
_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 15px/1.45 system-ui, sans-serif; margin: 2em; }}
table {{ border-collapse: collapse; margin: 1em 0; }}
th, td {{ border-bottom: 1px solid #ccc; padding: .25em .8em .25em 0; vertical-align: top; }}
pre {{ font-size: 13px; overflow-x: auto; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


class Markup(str):
    """Text that is HTML already; only `element` and `image` make it."""

    __slots__ = ()


def element(tag: str, *children: object, style: str = "") -> Markup:
    """An element with its children; everything that is not `Markup` is escaped, and signs that hide are made visible."""
    inside = "".join(child if isinstance(child, Markup) else escape(visible(str(child), "\n\t")) for child in children)
    return Markup(f"<{tag}{f' style={chr(34)}{escape(style)}{chr(34)}' if style else ''}>{inside}</{tag}>")


def table(columns: list[str], rows: list[list[object]], more: int = 0) -> Markup:
    """A table of at most 200 rows; a last row counts the rest, and `more` that are not even here."""
    left = "text-align:left"
    head = element("tr", *(element("th", column, style=left) for column in columns))
    body = [element("tr", *(element("td", cell, style=left) for cell in row)) for row in rows[:MAX_ROWS]]
    rest = more + max(0, len(rows) - MAX_ROWS)
    if rest:
        body.append(element("tr", element("td", f"and {rest:,} more")))
    return element("table", element("thead", head), element("tbody", *body))


def image(png: bytes, words: str) -> Markup:
    """A picture that needs no file; `words` are for who cannot see it."""
    from base64 import b64encode

    return Markup(f'<img alt="{escape(words)}" src="data:image/png;base64,{b64encode(png).decode()}" style="max-width:100%"/>')


def text_of(text: str) -> Markup:
    """Text as it stands, to be opened by whoever wants all of it."""
    return element("details", element("summary", "All of it as text"), element("pre", text))


def page(title: str, *parts: object) -> str:
    """A whole page that needs nothing else: what is not `Markup` is escaped, the bytes are always the same."""
    body = "\n".join(part if isinstance(part, Markup) else escape(str(part)) for part in parts)
    return _PAGE.format(title=escape(title), body=body)


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

    return Pieces(value)._markup()


def _answers(value: Any) -> Markup:
    columns = [getattr(value, part) for part in value.parts]
    invalid = frozenset(value.invalid)
    rows: list[list[object]] = [
        [i, *("" if column[i] is None else column[i] for column in columns), "no address" if i in invalid else ""]
        for i in range(min(len(value), MAX_ROWS))
    ]
    text = f"{len(value):,} rows, {len(invalid):,} invalid: {value.service}"
    return element("div", element("p", element("b", text)), table(["row", *value.parts, ""], rows, len(value) - len(rows)))


def _compiled(value: Any) -> Markup:
    rows: list[list[object]] = [["revision", value.revision], ["classes", value.classes], ["bytes", len(value)]]
    return table(["CompiledPolicy", ""], rows)


def _range_set(value: Any) -> Markup:
    shown: list[list[object]] = [[one, f"{one.size:,}"] for one in value.ranges[:MAX_ROWS]]
    title = f"{value.size:,} addresses in {len(value):,} range{'' if len(value) == 1 else 's'}"
    return element("div", element("p", element("b", title)), table(["range", "addresses"], shown, len(value) - len(shown)))


_VIEWS = {
    "Plan": _plan,
    "Policy": _policy,
    "Partition": _partition,
    "Answers": _answers,
    "CompiledPolicy": _compiled,
    "RangeSet": _range_set,
}


def markup(value: Any) -> Markup:
    """The HTML of a value as a part of something larger."""
    return _VIEWS.get(type(value).__name__, _fields)(value)


def render(value: Any) -> str:
    """The HTML of a value; deterministic."""
    return str(markup(value))
