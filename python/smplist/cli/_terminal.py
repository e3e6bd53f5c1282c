# SPDX-License-Identifier: MIT
"""What only somebody at a terminal sees: how far a long task is, and a plan as a coloured tree."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import IO, TYPE_CHECKING, Any

from smplist._visible import visible
from smplist.cli._streams import tell

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree

_PATIENCE = 1.0  # seconds before there is a line at all
_OFTEN = 0.2  # seconds between two states of it


def lively(stream: IO[str]) -> bool:
    """Whether a stream is a terminal that takes colours and lines that move; NO_COLOR says that nobody wants them."""
    return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") not in ("dumb", "unknown")


class Progress:
    """`120 of 636 mutants, 41 a second, 0:00:12 left` on standard error: on a terminal, and once it takes longer than a second.

    Used in a `with` block, which takes the line away at its end, and called with how much is done, of how much if that is
    known: the callable that analyses take.
    """

    def __init__(self, things: str, beside: IO[str] | None = None) -> None:
        """Of these things; silent if the answer appears meanwhile `beside` it, on a terminal."""
        self._things = things
        self._wanted = lively(sys.stderr) and not (beside is not None and beside.isatty())
        self._started = time.monotonic()
        self._due = self._started + _PATIENCE
        self._bar: Any = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, done: int, of: int | None = None, share: Callable[[], float | None] | None = None) -> None:
        """Say how much is done: `of` is all that there is; where nobody has counted that, `share` tells which part is done."""
        if not self._wanted or (now := time.monotonic()) < self._due:
            return
        self._due = now + _OFTEN
        part = done / of if of else share() if share else None
        said = self._words(done, of, part, now - self._started)
        state: dict[str, Any] = {"completed": part or 0, "total": None if part is None else 1, "description": said}
        if self._bar is None:
            self._open(state)
        self._bar.update(0, **state, refresh=True)

    def say(self, message: str) -> None:
        """A message on standard error, above the line."""
        if self._bar is None:
            tell(message)
        else:
            self._bar.console.print(visible(message, "\n"), markup=False, highlight=False, soft_wrap=True)

    def _open(self, state: dict[str, Any]) -> None:
        from rich.console import Console  # only for what takes long
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bar

        # what is said on standard output is data, and never goes through here
        self._bar = Bar(
            BarColumn(bar_width=20), TextColumn("{task.description}", markup=False), console=Console(file=sys.stderr),
            auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        self._bar.add_task(**state)
        self._bar.start()

    def _words(self, done: int, of: int | None, part: float | None, seconds: float) -> str:
        rate = done / seconds
        parts = [f"{done:,}{f' of {of:,}' if of else ''} {self._things}", f"{rate:,.{0 if rate >= 10 else 1}f} a second"]
        if part:
            parts.append(f"{timedelta(seconds=round(seconds * (1 - part) / part))} left")
        return ", ".join(parts)


_MARKS = {
    r"  \[S-\d+\]$|(?<=\S) \[S-\d+\]$": "dim",
    r"  \(down\)$": "bold red",
    r"  <- asked now$": "bold green",
    r"(?<=  )https?://\S+": "cyan",
}
_LABEL = re.compile(r"(location|families|list|fallback|asks|leaves out|if no answer|same answer|policy)(?![\w-])")


def _styled(line: str, depth: int) -> Text:
    """A line of an explanation, which stood so deep, in colour: label, source, URL, clause, marks. The words stay."""
    from rich.text import Text

    text = Text(line)
    if depth == 2 and (label := _LABEL.match(line)):
        text.stylize("bold blue", 0, label.end())
    if place := re.match(r"\d+\. (\S+)", line):
        text.stylize("bold", place.start(1), place.end(1))
    for pattern, style in _MARKS.items():
        for found in re.finditer(pattern, line):
            text.stylize(style, found.start(), found.end())
    return text


def tree(explanation: str) -> Tree:
    """The text of an explanation as a tree: its first line is the root, and what is indented deeper hangs below."""
    from rich.text import Text
    from rich.tree import Tree

    title, *lines = explanation.rstrip("\n").split("\n")
    root = Tree(Text(title, "bold"), guide_style="dim")
    open_branches = [(-1, root)]
    for line in lines:
        said = line.lstrip(" ")
        depth = len(line) - len(said)
        while open_branches[-1][0] >= depth:
            open_branches.pop()
        open_branches.append((depth, open_branches[-1][1].add(_styled(said, depth))))
    return root


def print_trees(answers: list[tuple[str, list[str]]]) -> None:
    """Headings, each with its explanations as trees."""
    from rich.console import Console

    console = Console(file=sys.stdout, highlight=False, markup=False)
    for heading, explanations in answers:
        if heading:
            console.print(f"\n{heading}", style="italic")
        for explanation in explanations:
            console.print(tree(visible(explanation, "\n")))
