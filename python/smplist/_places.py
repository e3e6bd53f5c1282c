# SPDX-License-Identifier: MIT
"""Documents that Python reads itself: their values, and where each stands, so that a refusal says where."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Sequence
from typing import Any

from smplist import _yaml
from smplist._core import Document
from smplist._errors import PolicyError, Problem
from smplist._yaml import Keys
from smplist.files import looks_like_json

_KINDS = {Keys: "a mapping", list: "a list", str: "text", bool: "true or false", int: "a whole number", float: "a number"}
_DURATION = re.compile(r"(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,7})s)?(?:([0-9]{1,9})ms)?")
_UNITS = (3_600_000, 60_000, 1_000, 1)


def _found(value: object) -> str:
    return _KINDS.get(type(value), "nothing")


class Reader:
    """A document, its value, and everything that is found wrong with it."""

    def __init__(self, text: str, file: str = "", form: str | None = None, line: int = 1) -> None:
        """JSON or YAML as `form` says, else as it looks; `line` is where it begins in its file.

        Raises
        ------
        PolicyError
            If the text is neither.
        """
        self.file = file
        self.problems: list[Problem] = []
        self._before = line - 1
        try:
            if form == "json" or (form is None and looks_like_json(text)):
                self._document = Document.from_json(text, file)
                self.value: Any = json.loads(text, object_pairs_hook=Keys.of)
            else:
                tree = _yaml.tree(text, file)
                self._document = Document.from_tree(tree, file)
                self.value = _yaml.value_of(tree)
        except PolicyError as error:
            raise PolicyError([self._moved(problem) for problem in error.errors], file) from None

    def _moved(self, found: Problem) -> Problem:
        place = found.line + self._before if found.line else 0
        return Problem(found.code, place, found.column, found.pointer, found.reason, found.advice)

    def wrong(self, pointer: str, code: str, reason: str, advice: str) -> None:
        """Something is wrong with what stands there."""
        line, column = self._document.locate(pointer)
        self.problems.append(self._moved(Problem(code, line, column, pointer, reason, advice)))

    def expect(self, value: object, kind: type, pointer: str) -> bool:
        """Whether a value is of a type, which is wrong if not."""
        if type(value) is kind:
            return True
        self.wrong(pointer, "wrong_type", f"expected {_KINDS[kind]}, found {_found(value)}", f"write {_KINDS[kind]}")
        return False

    def keys(self, value: object, pointer: str, known: Sequence[str], needed: Sequence[str] = ()) -> Keys | None:
        """The mapping at a place, if it is one; keys that are unknown, missing or there twice are wrong."""
        if not self.expect(value, Keys, pointer):
            return None
        assert isinstance(value, Keys)
        for key in value:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                advice = f"did you mean {near[0]!r}?" if near else f"remove it; the keys here are {', '.join(known)}"
                self.wrong(f"{pointer}/{_escaped(key)}", "unknown_key", f"unknown key {key!r}", advice)
        for key in value.twice:
            self.wrong(f"{pointer}/{_escaped(key)}", "duplicate_key", f"the key {key!r} stands twice", "keep one of them")
        for key in needed:
            if key not in value:
                self.wrong(pointer, "missing_key", f"the key {key!r} is missing", "write it")
        return value

    def word(self, value: object, pointer: str, known: Sequence[str]) -> str | None:
        """One of a few words."""
        if not self.expect(value, str, pointer):
            return None
        assert isinstance(value, str)
        if value in known:
            return value
        near = difflib.get_close_matches(value, known, 1)
        advice = f"did you mean {near[0]!r}?" if near else f"write {', '.join(known)}"
        self.wrong(pointer, "unknown_word", f"unknown word {value!r}", advice)
        return None

    def duration(self, value: object, pointer: str, least: int = 0) -> int | None:
        """Milliseconds out of a text such as `1h30m`, `5s` or `250ms`."""
        said = value if isinstance(value, str) else ""
        parts = _DURATION.fullmatch(said)
        if not said or parts is None:
            shown = repr(value) if isinstance(value, str) else _found(value)
            self.wrong(pointer, "wrong_type", f"not a duration: {shown}", "write it as 250ms, 5s, 1m30s or 1h")
            return None
        length = sum(int(count or 0) * unit for count, unit in zip(parts.groups(), _UNITS, strict=True))
        if length < least:
            self.wrong(pointer, "wrong_type", f"{said!r} is too short", f"write at least {least}ms")
            return None
        return length

    def end(self) -> None:
        """Raise everything that is wrong, in the order of the document; nothing if nothing is.

        Raises
        ------
        PolicyError
            If something is wrong.
        """
        if self.problems:
            raise PolicyError(sorted(self.problems, key=lambda p: (p.line, p.column)), self.file)


def _escaped(key: str) -> str:
    """A key in a JSON Pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def duration_text(length: int) -> str:
    """Milliseconds as a document writes them: `1h30m`, `5s`, `250ms`, `0s`."""
    parts = []
    for unit, name in zip(_UNITS, ("h", "m", "s", "ms"), strict=True):
        count, length = divmod(length, unit)
        if count:
            parts.append(f"{count}{name}")
    return "".join(parts) or "0s"
