# SPDX-License-Identifier: MIT
"""A policy to try out in a notebook: type an address, see whom it asks and why, switch sources off, see the map change."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from typing import Any

from smplist._core import Policy
from smplist._extras import need

__all__ = ["explore"]


def explore(policy: Policy, address: str = "", *, location: str = "internal", service: str = "file_reputation",
            down: Iterable[str] = (), within: str | None = None) -> Any:  # fmt: skip
    """An explorer of a policy, for JupyterLab, Jupyter Notebook and VS Code.

    It shows the plan of one client as a ladder, where its list is among all addresses, and what is left when sources are
    switched off. Nothing is fetched, and every answer is the core's: the browser only draws. Where widgets do not run, and
    without anywidget, it is HTML that stands still.

    Parameters
    ----------
    address
        The client to begin with; any can be typed later.
    location
        `internal` or `external`.
    service
        `file_reputation` or `web_reputation`.
    down
        Sources that are off to begin with: `SOURCE` or `SOURCE/SERVICE`.
    within
        A prefix to zoom the map to, such as ``10.0.0.0/8``.

    Returns
    -------
    An `anywidget.AnyWidget` whose traits `question` and `answer` hold what it shows, or an object with `to_html()` alone.

    Raises
    ------
    ImportError
        Without matplotlib, whose pictures it shows.
    ValueError
        If the first question has something that there is not.
    """
    need("matplotlib", "explore", "notebook")
    from smplist.explorer._model import Explored

    asked = {"address": address, "location": location, "service": service, "down": list(down), "within": within or ""}
    first = Explored(policy, asked)
    if find_spec("anywidget") is None:
        from smplist.explorer._still import Still

        return Still(first)
    from smplist.explorer._widget import Explorer

    return Explorer(first)
