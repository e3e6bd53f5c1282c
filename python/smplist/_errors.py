# SPDX-License-Identifier: MIT
"""What can go wrong, as exceptions that say where, what and what to do."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from smplist._visible import visible


class ParseError(ValueError):
    """A text is not what it should be.

    Attributes
    ----------
    code : str
        What is wrong, one of `ErrorCode`.
    offset, length : int
        Which bytes of the UTF-8 text are to blame, zero-based; the length may be 0 at the end.
    text : str
        The text; empty where it could be a secret.
    """

    def __init__(self, code: str, offset: int, length: int, text: str, message: str, advice: str) -> None:
        super().__init__(code, offset, length, text, message, advice)
        self.code = code
        self.offset = offset
        self.length = length
        self.text = text
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        said = f"{self.message}; {self.advice}"
        if not self.text or not self.text.isprintable() or len(self.text) > 200:
            return said
        encoded = self.text.encode()
        blank = len(encoded[: self.offset].decode(errors="replace"))
        marked = len(encoded[self.offset : self.offset + self.length].decode(errors="replace"))
        return f"{said}\n  {self.text}\n  {' ' * blank}{'^' * max(1, marked)}"


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a document: `line` and `column` are one-based and count characters; 0 is nowhere.

    As text it is one line, in which control characters and signs that hide are escapes.
    """

    code: str
    line: int
    column: int
    pointer: str
    reason: str
    advice: str

    def __str__(self) -> str:
        place = f"{self.line}:{self.column}: " if self.line else ""
        where = f" ({self.pointer})" if self.pointer else ""
        return visible(f"{place}{self.reason}; {self.advice}{where}")

    def to_dict(self) -> dict[str, Any]:
        """The problem as JSON has it."""
        return {**asdict(self), "code": str(self.code)}

    def to_json(self) -> str:
        """The problem as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False)


class PolicyError(ValueError):
    """A document is wrong; nothing of it was loaded.

    Attributes
    ----------
    errors : tuple of Problem
        Everything that is wrong, in the order of the document.
    file : str
        The file's name, or empty.
    """

    def __init__(self, errors: list[Problem], file: str = "") -> None:
        super().__init__(errors, file)
        self.errors = tuple(errors)
        self.file = file

    def __str__(self) -> str:
        before = f"{self.file}:" if self.file else ""
        return "\n".join(f"{before}{problem}" for problem in self.errors)
