# SPDX-License-Identifier: MIT
"""Names as a picture shows them: short, on one line, and nothing in them is a command to anybody."""

from __future__ import annotations

import unicodedata
from collections.abc import Container
from functools import cache

LONGEST = 40
_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Mn", "Me"))
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}


@cache
def _glyphs() -> Container[int]:
    """What the font of the pictures has a shape for."""
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont("DejaVu Sans")).get_charmap())


def _shown(sign: str) -> str:
    """A sign, or its escape if nobody would see it, if it would move its neighbours, or if the font does not have it."""
    if " " <= sign <= "~":
        return "\\\\" if sign == "\\" else sign
    code = ord(sign)
    hidden = unicodedata.category(sign) in _HIDDEN or sign.isspace() or code not in _glyphs()
    if not hidden:
        return sign
    return _SHORT.get(sign) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}")


def label(text: str, longest: int = LONGEST) -> str:
    """A text of somebody else's: at most `longest` signs, its middle left out if it has more.

    Control signs, bidirectional marks, combining marks and signs that DejaVu Sans does not have become visible escapes
    (`\\u202e`); a backslash is doubled, so that nothing looks like an escape that is none.
    """
    if len(text) > 2 * longest:  # escapes only make it longer
        text = text[:longest] + "\ue000" + text[-longest:]
    signs = ["…" if sign == "\ue000" else _shown(sign) for sign in text]
    if sum(map(len, signs)) <= longest and "…" not in signs:
        return "".join(signs)
    return _cut(signs, longest)


def _cut(signs: list[str], longest: int) -> str:
    """The beginning and the end, no escape in halves."""
    total = sum(map(len, signs))
    if total <= longest:
        return "".join(signs)
    head: list[str] = []
    tail: list[str] = []
    room = longest - 1
    for sign in signs:
        if sum(map(len, head)) + len(sign) > room * 2 // 3:
            break
        head.append(sign)
    room -= sum(map(len, head))
    for sign in reversed(signs):
        if sum(map(len, tail)) + len(sign) > room:
            break
        tail.insert(0, sign)
    return "".join([*head, "…", *tail])
