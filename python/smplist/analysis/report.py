# SPDX-License-Identifier: MIT
"""What all reports share: data first; the table, the text and the HTML are made from it."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from smplist._core import Address, Client
    from smplist._html import Markup

SERVICES = ("file_reputation", "web_reputation")
EXHAUSTED = {
    "allow_and_rescan": "the file is flagged, allowed for now and scanned again on reconnect",
    "local_lists_only": "local lists are all that is left",
}
"""What is done when nobody answers, in words. [S-66]"""

Progress = Callable[[int, int], object]
"""What long work calls with how much is done, and of how much."""


class Report:
    """An answer of an analysis. A subclass says what its rows are and how they read.

    The data is what the command line prints as JSON. A report is a value: equal data are equal reports.
    """

    columns: ClassVar[tuple[str, ...]] = ()
    """The columns of `rows()` and `to_frame()`, in order."""
    types: ClassVar[Mapping[str, str]] = {}
    """Those that are not text: `integer`, `flag` or `count`."""
    shown: ClassVar[tuple[str, ...]] = ()
    """The columns of the HTML, if it has not all."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data

    def to_dict(self) -> dict[str, Any]:
        """The report as dicts, lists and texts, exactly as the command line's JSON; a copy."""
        return copy.deepcopy(self._data)

    def to_json(self) -> str:
        """The report as one line of JSON."""
        return json.dumps(self._data, ensure_ascii=False)

    def rows(self) -> list[dict[str, Any]]:
        """One dict per row of the table; its keys are `columns`."""
        raise NotImplementedError

    def to_text(self) -> str:
        """For people: a few lines, the most important first."""
        raise NotImplementedError

    def each_row(self) -> Iterator[dict[str, Any]]:
        """The rows, one at a time."""
        yield from self.rows()

    def write_csv(self, out: Any) -> None:
        """Write the rows as CSV; a cell that a spreadsheet would take for a formula gets an apostrophe before it."""
        import csv  # not at start-up

        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        for row in self.each_row():
            writer.writerow([cell(row[column]) for column in self.columns])

    def to_csv(self) -> str:
        """The rows as CSV with a header."""
        out = io.StringIO()
        self.write_csv(out)
        return out.getvalue()

    def to_frame(self) -> Any:
        """The rows as a pandas table; needs the extra `frame`."""
        from smplist import _tables  # not at start-up

        return _tables.to_frame(self.columns, self.types, self.rows())

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        """The rows as an Arrow stream, for polars, pyarrow, DuckDB and whatever else reads it; needs no library."""
        from smplist import _tables  # not at start-up

        return _tables.to_arrow(self.columns, self.types, self.rows())

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.rows())} rows)"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._data == self._data if isinstance(other, Report) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.to_json())

    def to_html(self) -> str:
        """A whole page: the first line of the text, the first 200 rows as a table, and the text folded away."""
        from smplist._html import page, text_of  # not at start-up

        return page(self._title(), self._markup(), text_of(self.to_text().rstrip("\n")))

    def to_markdown(self) -> str:
        """The first line of the text, and the rows as a table of Markdown."""
        head = [f"**{markdown(self._title())}**", "", f"| {' | '.join(map(markdown, self.columns))} |"]
        lines = [f"| {' | '.join(markdown(_plain(row[c])) for c in self.columns)} |" for row in self.each_row()]
        return "\n".join([*head, f"|{'---|' * len(self.columns)}", *lines] if lines else head[:1])

    def _repr_html_(self) -> str:
        return str(self._markup())

    def _markup(self) -> Markup:
        from smplist._html import MAX_ROWS, element, table

        rows, shown = self.each_row(), self.shown or self.columns
        cells = [["" if row[c] is None else row[c] for c in shown] for row in islice(rows, MAX_ROWS)]
        whole = table(list(shown), cells, sum(1 for _ in rows))
        return element("div", element("p", element("b", self._title())), whole)

    def _title(self) -> str:
        return self.to_text().partition("\n")[0]


class Counterexample(Report):
    """A report that something holds for all clients, or shows one that it does not hold for."""

    @property
    def client(self) -> Client | None:
        """The client that shows it, or the one that a predicate raised on: evaluate it, and see."""
        from smplist._core import Client

        shown = self._data["counterexample"]
        return None if shown is None else Client.from_dict(shown["client"])

    @property
    def service(self) -> str | None:
        """For which service."""
        shown = self._data["counterexample"]
        return None if shown is None else str(shown["service"])


def _plain(value: object) -> str:
    """A cell: nothing for None, JSON's words for truth."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def cell(value: object) -> object:
    """A cell of CSV: as a cell is, and no text that a spreadsheet would take for a formula."""
    if value is None or isinstance(value, bool):
        return _plain(value)
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


_MARKDOWN = str.maketrans(
    {sign: f"&#{ord(sign)};" for sign in "<>&|`"} | {sign: f"\\{sign}" for sign in "\\*_[]#~"} | dict.fromkeys("\r\n", " ")
)


def markdown(text: str) -> str:
    """Text in a cell of Markdown: nothing in it is markup."""
    return text.translate(_MARKDOWN)


def address_of(family: str, number: int) -> Address:
    """The address of a family that is so many behind its lowest."""
    from ipaddress import ip_address

    from smplist._core import Address

    return Address(ip_address(number.to_bytes(4 if family == "ipv4" else 16, "big")))


def range_text(first: str, last: str) -> str:
    """A range as documents write it: an address, a prefix, or both ends."""
    from smplist._core import AddressRange

    return str(AddressRange.from_ends(first, last))


def many(count: int | str, one: str, more: str | None = None) -> str:
    """`1 class` or `2 classes`: a number of things; without `more`, several have an s."""
    return f"{int(count):,} {one if int(count) == 1 else more or one + 's'}"


def explain_words(client: Mapping[str, Any]) -> str:
    """The options of `smplist explain` that ask about a client."""
    words = [f"--address {address}" for address in client["addresses"]]
    words += [f"--id {client['id']}"] if client.get("id") else []
    words += [f"--location {client['location']}"] if client.get("location") else []
    words += [f"--gateway {g['address']}{',' + g['mac'] if g.get('mac') else ''}" for g in client.get("gateways") or ()]
    words += [f"--reached {server}" for server in client.get("reached") or ()]
    words += [f"--stack {family}" for family in client.get("stack") or ()]
    return " ".join(words)


def replay(client: Mapping[str, Any], service: str) -> str:
    """The command line that shows what a client gets."""
    return f"smplist explain POLICY {explain_words(client)} --service {service}"


def asks(plan: Mapping[str, Any]) -> str:
    """What a plan comes to, in a few words: the outcome, and the sources in the order of one client."""
    steps = [
        f"{a['source']} ({a['url'].partition(':')[0]}{', through ' + a['via'] if a['via'] else ''})" for a in plan["attempts"]
    ]
    return f"{plan['outcome']}: {', '.join(steps)}" if steps else f"{plan['outcome']}: asks nobody"


def asked_first(answer: Mapping[str, Any]) -> list[str]:
    """The source that an answer asks first, or all that a random order draws it from; none if it asks nobody."""
    if not answer["stages"]:
        return []
    stage = answer["stages"][0]
    return [step["source"] for step in (stage["attempts"] if stage["order"] == "random" else stage["attempts"][:1])]


def brief(answer: dict[str, Any]) -> str:
    """An answer in a few words: each stage's list with its sources, `|` between those of a random order."""
    if not answer["stages"]:
        return f"nothing ({answer['outcome']})"
    parts = []
    for stage in answer["stages"]:
        names = (" | " if stage["order"] == "random" else ", ").join(step["source"] for step in stage["attempts"])
        parts.append(f"{stage['attempts'][0]['list']}: {names}")
    return "; then ".join(parts)
