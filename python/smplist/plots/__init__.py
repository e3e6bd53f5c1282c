# SPDX-License-Identifier: MIT
"""Pictures of policies: maps of all addresses, loads, ladders and strips. matplotlib is imported when one is made.

Every picture is a `matplotlib.figure.Figure` made without pyplot. Saved as PNG or SVG it has the same bytes every time, and in
a notebook it shows itself. Names are shortened to 40 signs, and nothing in them is interpreted.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from smplist._core import AddressRange, Policy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["map_ipv4"]

Resolved = Mapping[str, Iterable[str]]


def _part(name: str, asks: str) -> Any:
    """A module that draws; the error of a machine without matplotlib says what to do."""
    try:
        importlib.import_module("matplotlib")
    except ImportError as error:
        raise ImportError(f"{asks} needs matplotlib: pip install smplist[plot]") from error
    return importlib.import_module(f"smplist.plots.{name}")


def map_ipv4(policy: Policy, by: str = "list", *, service: str = "file_reputation", within: str | AddressRange | None = None,
             order: int = 9, resolved: Resolved | None = None) -> Figure:  # fmt: skip
    """IPv4 along a Hilbert curve, coloured by what the addresses have in common.

    The map is exact at the order drawn: runs of addresses are cut at the borders of cells, and a cell that holds several
    answers takes the one with most addresses (of several with as many, the first along the addresses).

    Parameters
    ----------
    by
        `list`: the custom list that serves an address; `source`: the source asked first, or those that a random order draws it
        from; `survivability`: the fewest failures of sources, hosts or proxies that leave nothing.
    service
        For `source` and `survivability`.
    within
        A prefix to zoom to, such as ``10.0.0.0/8``; all of IPv4 without it. The parts of a prefix stand as they do in the
        whole; a prefix of odd length is a rectangle of two squares.
    order
        A map has up to 4^order cells, 1 to 10: 262,144 by default.
    resolved
        The families of hosts whose families the policy does not state. [S-12]

    Raises
    ------
    ImportError
        Without matplotlib.
    ValueError
        If a word, the prefix or the order is none.
    """
    drawn = _part("_map4", "map_ipv4")
    layers = _part("_layers", "map_ipv4")
    layer = layers.of_policy(policy, "ipv4", by, service, resolved or {})
    where = layers.prefix_of("0.0.0.0/0" if within is None else within, "ipv4")
    if not 1 <= order <= 10:
        raise ValueError(f"the order of a map is 1 to 10, not {order}")
    with _part("_sheet", "map_ipv4").settings():
        figure: Figure = drawn.draw(layer, where, order, f"{layers.title_of(policy)}: {layer.title}", _revision(policy))
    return figure


def _revision(policy: Policy) -> str:
    return f"Revision {policy.revision[:19]}."
