# SPDX-License-Identifier: MIT
"""Packages that smplist does without until something needs them."""

from __future__ import annotations

import importlib
from typing import Any


def need(package: str, asked: str, extra: str) -> Any:
    """A package that `asked` cannot do without.

    Raises
    ------
    ImportError
        If it is missing; the message says what to install.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise ImportError(f"{asked} needs {package}: pip install smplist[{extra}]") from error
