# SPDX-License-Identifier: MIT
"""Signs that nobody sees, or that move their neighbours, made visible."""

from __future__ import annotations

import unicodedata

# control and format signs (bidirectional marks, zero widths, tags), halves of pairs, private and unassigned ones, separators
HIDDEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escape_of(sign: str) -> str:
    """`\\n`, `\\x1b`, `\\u202e` or `\\U000e0041`."""
    code = ord(sign)
    return _SHORT.get(sign) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}")


def visible(text: str, kept: str = "") -> str:
    """A text whose hidden signs are escapes; those in `kept` stay as they are."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(escape_of(c) if c not in kept and unicodedata.category(c) in HIDDEN else c for c in text)
