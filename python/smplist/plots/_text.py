# SPDX-License-Identifier: MIT
"""Names as a picture shows them: short, on one line, and nothing in them is a command to anybody."""

from __future__ import annotations

import unicodedata
from collections.abc import Container
from functools import cache
from itertools import accumulate

from smplist._visible import HIDDEN, escape_of

LONGEST = 40
_HIDDEN = HIDDEN | {"Mn", "Me"}


@cache
def _glyphs() -> Container[int]:
    """What the font of the pictures has a shape for."""
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont("DejaVu Sans")).get_charmap())


def _shown(sign: str) -> str:
    """A sign, or its escape if nobody would see it, if it would move its neighbours, or if the font does not have it."""
    if " " <= sign <= "~":
        return "\\\\" if sign == "\\" else sign
    hidden = unicodedata.category(sign) in _HIDDEN or sign.isspace() or ord(sign) not in _glyphs()
    return escape_of(sign) if hidden else sign


def _signs(text: str) -> list[str]:
    """The signs, each as it is shown; a blank after a blank is one that SVG would swallow."""
    return ["\\x20" if sign == before == " " else _shown(sign) for before, sign in zip(" " + text, text, strict=False)]


def label(text: str, longest: int = LONGEST) -> str:
    """A text of somebody else's: at most `longest` signs, its middle left out if it has more.

    Control signs, bidirectional marks, combining marks, blanks after a blank and signs that DejaVu Sans does not have become
    visible escapes (`\\u202e`); a backslash is doubled, so that nothing looks like an escape that is none.
    """
    if len(text) <= longest:
        signs = _signs(text)
        if sum(map(len, signs)) <= longest:
            return "".join(signs)
    room = longest - 1
    head = _as_fit(_signs(text[:longest]), room * 2 // 3)
    tail = _as_fit(_signs(text[-longest:])[::-1], room - sum(map(len, head)))
    return "".join([*head, "…", *reversed(tail)])


def _as_fit(signs: list[str], room: int) -> list[str]:
    """The first signs that fit, no escape in halves."""
    used = list(accumulate(map(len, signs)))
    return [sign for sign, end in zip(signs, used, strict=True) if end <= room]
