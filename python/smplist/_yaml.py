# SPDX-License-Identifier: MIT
"""YAML 1.2 as a tree with positions, from the events of ruamel.yaml: no recursion, no objects, no surprises."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from smplist._core import Document
from smplist._errors import PolicyError, Problem

# the core schema of YAML 1.2 (10.3.2), in the order of node kinds of the engine: null, boolean, integer, real
_PLAIN = (
    re.compile(r"null|Null|NULL|~|"),
    re.compile(r"true|True|TRUE|false|False|FALSE"),
    re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"),
    re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"),
)
_MEANINGS: tuple[Callable[[str], Any], ...] = (
    lambda _: None,
    "true".__eq__,
    lambda digits: int(digits, 0 if digits[:2] in ("0x", "0o") else 10),
    float,
)
# what is not printable (YAML 1.2, 5.1)
_NOT_TEXT = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TEXT, _ARRAY, _OBJECT = 4, 5, 6
_MAX_DEPTH = 64
_MAX_NODES = 20_000_000
_MAX_LINE = 1_000_000  # characters; the scanner takes a minute for a line of a hundred million

_Node = tuple[int, Any, int, int, bool, bool]


class Keys(dict[str, Any]):
    """A mapping that remembers which of its keys a document has twice."""

    twice: tuple[str, ...] = ()

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, Any]]) -> Keys:
        """From all the pairs; the last of a key counts."""
        listed = list(pairs)
        made = cls(listed)
        made.twice = tuple(key for key, times in Counter(key for key, _ in listed).items() if times > 1)
        return made


def _fail(file: str, mark: Any, code: str, reason: str, advice: str) -> PolicyError:
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
    return PolicyError([Problem(code, line, column, "", reason, advice)], file)


def _expect_readable(text: str, file: str) -> None:
    """Refuse what the scanner has no good words for, or takes too long over."""
    if wrong := _NOT_TEXT.search(text):
        at = wrong.start()
        place = (text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
        if text[at] == "\x00":
            reason, advice = "a NUL byte", "this is not a text file; give a policy document"
        else:
            reason, advice = (
                f"a character that YAML does not allow: U+{ord(text[at]):04X}",
                "write it as an escape in double quotes",
            )
        raise PolicyError([Problem("control_character", *place, "", reason, advice)], file)
    if len(text) > _MAX_LINE:
        for number, line in enumerate(text.split("\n"), 1):
            if len(line) > _MAX_LINE:
                reason = f"the line has {len(line):,} characters, and YAML is read up to {_MAX_LINE:,} in a line"
                raise PolicyError([Problem("too_many", number, 1, "", reason, "break it, or write the policy as JSON")], file)


def _joined(event: Any, file: str) -> str:
    """The value of a scalar; pairs of escapes that make one character, as JSON writes them, become it."""
    try:
        value: str = event.value.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise _fail(file, event.start_mark, "not_utf8", "half of a surrogate pair", "write the character itself") from None
    return value


def _scalar(event: Any) -> _Node:
    """The kind of a scalar by its text, if it is plain; quoted and block scalars are text."""
    mark = event.start_mark
    place = (mark.line + 1, mark.column + 1)
    value: str = event.value
    if event.style in (None, ""):
        for kind, pattern in enumerate(_PLAIN):
            if pattern.fullmatch(value):
                return (kind, value.lower() if kind == 1 else value, *place, False, True)
        return (_TEXT, value, *place, False, event.start_mark.line == event.end_mark.line)
    as_written = event.end_mark.index - mark.index == len(value) + 2
    return (_TEXT, value, *place, event.style in "'\"", event.style in "'\"" and as_written)


class _Builder:
    """Turns events into nested tuples with a stack of its own."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.root: _Node | None = None
        self.stack: list[tuple[_Node, list[Any]]] = []
        self.key: tuple[str, int, int] | None = None
        self.keys: list[tuple[str, int, int] | None] = []
        self.anchors: dict[str, tuple[_Node, int]] = {}
        self.open_anchors: list[tuple[str | None, int]] = []
        self.nodes = 0

    def take(self, node: _Node, mark: Any) -> None:
        """Put a finished value where it belongs, or keep it as the next key."""
        self.nodes += 1
        if not self.stack:
            self.root = node
            return
        parent, members = self.stack[-1]
        if parent[0] == _ARRAY:
            members.append(("", node[2], node[3], node))
        elif self.key is None:
            if node[0] in (_ARRAY, _OBJECT):
                raise _fail(self.file, mark, "wrong_type", "a key is not text", "write a plain word before the colon")
            self.key = (node[1], node[2], node[3])
        else:
            members.append((*self.key, node))
            self.key = None

    def scalar(self, event: Any) -> None:
        node = _scalar(event)
        if event.anchor:
            self.anchors[event.anchor] = (node, 1)
        self.take(node, event.start_mark)

    def open(self, event: Any, kind: int) -> None:
        mark = event.start_mark
        if len(self.stack) >= _MAX_DEPTH:
            raise _fail(self.file, mark, "too_deep", "nested more than 64 deep", "no policy needs this; remove the nesting")
        members: list[Any] = []
        self.stack.append(((kind, members, mark.line + 1, mark.column + 1, False, True), members))
        self.keys.append(self.key)
        self.open_anchors.append((event.anchor, self.nodes))
        self.key = None

    def close(self, event: Any) -> None:
        node, _ = self.stack.pop()
        self.key = self.keys.pop()
        anchor, before = self.open_anchors.pop()
        if anchor:
            self.anchors[anchor] = (node, self.nodes - before + 1)
        self.take(node, event.start_mark)

    def alias(self, event: Any) -> None:
        if event.anchor not in self.anchors:
            raise _fail(self.file, event.start_mark, "syntax", "the alias has no anchor before it", "define it first")
        node, size = self.anchors[event.anchor]
        self.nodes += size
        if self.nodes > _MAX_NODES:
            raise _fail(self.file, event.start_mark, "too_many", "aliases unfold to too much", "write the values out")
        self.take(node, event.start_mark)


def parse(text: str, file: str = "") -> Document:
    """A YAML 1.2 text as a document.

    Raises
    ------
    PolicyError
        As `tree`.
    """
    return Document.from_tree(tree(text, file), file)


def value_of(node: _Node) -> Any:
    """What a tree means: None, bool, int, float, str, list, and a dict that knows which of its keys stand twice."""
    kind, value = node[:2]
    if kind == _ARRAY:
        return [value_of(member[-1]) for member in value]
    if kind == _OBJECT:
        return Keys.of((name, value_of(member)) for name, _, _, member in value)
    if kind == _TEXT:
        return value
    return _MEANINGS[kind](value)


def tree(text: str, file: str = "") -> _Node:
    """A YAML 1.2 text as nested tuples.

    Raises
    ------
    PolicyError
        If the text is not YAML, has more than one document, tags, or more than 64 levels.
    """
    try:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import YAMLError
        from ruamel.yaml.events import (
            AliasEvent,
            DocumentStartEvent,
            MappingEndEvent,
            MappingStartEvent,
            ScalarEvent,
            SequenceEndEvent,
            SequenceStartEvent,
        )
    except ImportError as missing:
        raise ImportError("reading YAML needs ruamel.yaml: pip install ruamel.yaml (JSON needs nothing)") from missing
    _expect_readable(text, file)
    builder = _Builder(file)
    documents = 0
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _fail(file, event.start_mark, "syntax", "a second document begins", "keep one policy per file")
            if isinstance(event, ScalarEvent) and not event.value.isascii():
                event.value = _joined(event, file)
            if isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent) and event.ctag:
                raise _fail(file, event.start_mark, "syntax", "a tag", "remove it; policies have no types of their own")
            if isinstance(event, ScalarEvent):
                builder.scalar(event)
            elif isinstance(event, MappingStartEvent):
                builder.open(event, _OBJECT)
            elif isinstance(event, SequenceStartEvent):
                builder.open(event, _ARRAY)
            elif isinstance(event, MappingEndEvent | SequenceEndEvent):
                builder.close(event)
            elif isinstance(event, AliasEvent):
                builder.alias(event)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        reason = getattr(error, "problem", None) or "the text cannot be read"
        raise _fail(file, mark, "syntax", f"not YAML: {reason}", "mend the document at this place") from None
    except (RecursionError, ValueError) as error:
        if isinstance(error, PolicyError):
            raise
        raise _fail(file, None, "syntax", "not YAML: the text cannot be read", "mend the document") from None
    if builder.root is None:
        advice = "write a policy; `smplist schema` says what it holds"
        raise PolicyError([Problem("syntax", 1, 1, "", "the document is empty", advice)], file)
    return builder.root
