# SPDX-License-Identifier: MIT
"""Pictures of policies: maps of all addresses, loads, ladders and strips. matplotlib is imported when one is made.

Every picture is a `matplotlib.figure.Figure` made without pyplot. It has `to_bytes("png")` and `to_bytes("svg")`; saved in any
way, it has the same bytes every time, and in a notebook it shows itself. Names are shortened to 40 signs, and nothing in them is
interpreted: control signs, bidirectional marks and signs that DejaVu Sans does not have become visible escapes.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from smplist._core import AddressRange, Plan, Policy
from smplist._extras import need
from smplist.analysis.report import SERVICES

if TYPE_CHECKING:
    from smplist.analysis.load import Load
    from smplist.analysis.simulate import Timeline
    from smplist.plots._sheet import Picture

__all__ = ["ladder", "load", "map_diff", "map_ipv4", "map_ipv6", "strips", "timeline"]

Resolved = Mapping[str, Iterable[str]]


def _part(name: str, asks: str) -> Any:
    """A module that draws; the error of a machine without matplotlib says what to do."""
    need("matplotlib", asks, "plot")
    return importlib.import_module(f"smplist.plots.{name}")


def _drawn(name: str, asks: str, *words: Any) -> Picture:
    """What a module draws, in the settings of the pictures."""
    module = _part(name, asks)
    with _part("_sheet", asks).settings():
        picture: Picture = module.draw(*words)
    return picture


def _revision(policy: Policy) -> str:
    return f"Revision {policy.revision[:19]}."


def map_ipv4(policy: Policy, by: str = "list", *, service: str = "file_reputation", within: str | AddressRange | None = None,
             order: int = 9, resolved: Resolved | None = None) -> Picture:  # fmt: skip
    """IPv4 along a Hilbert curve, coloured by what the addresses have in common.

    The map is exact at the order drawn: runs of addresses are cut at the borders of cells, and a cell that holds several
    answers takes the one with most addresses (of several with as many, the first along the addresses). The numbers of the
    legend are those of addresses, not of cells. A dark line is between cells that differ, also where one colour is for many.

    Parameters
    ----------
    by
        `list`: the custom list that decides about an address, whether or not a source of it can be asked; `source`: the source
        asked first, or those that a random order draws it from; `survivability`: the fewest failures of sources, hosts or
        proxies that leave nothing. For internal clients that have the one address.
    service
        For `source` and `survivability`: `file_reputation` or `web_reputation`.
    within
        A prefix to zoom to, such as ``10.0.0.0/8``; all of IPv4 without it. The parts of a prefix stand as they do in the
        whole; a prefix of odd length is a rectangle of two squares.
    order
        A map has at most 4^order cells, 1 to 10: 262,144 by default.
    resolved
        The families of hosts whose families the policy does not state. [S-12]

    Raises
    ------
    ImportError
        Without matplotlib.
    ValueError
        If a word, the prefix or the order is none.
    """
    layers = _part("_layers", "plots.map_ipv4")
    layer = layers.of_policy(policy, "ipv4", by, service, resolved or {})
    title = f"{layers.title_of(policy)}: {layer.title}"
    return _drawn("_map4", "plots.map_ipv4", layer, layers.prefix_of(within, "ipv4"), order, title, _revision(policy))


def map_ipv6(policy: Policy, by: str = "list", *, service: str = "file_reputation", within: str | AddressRange | None = None,
             resolved: Resolved | None = None) -> Picture:  # fmt: skip
    """IPv6 as far as lists mention it: a run of addresses is a box, in the order of addresses, line after line.

    IPv6 is too large for a Hilbert curve. The width of a box is the logarithm of its size, at least 12 bits; a gap stands for
    addresses of no list. The 2,000 largest runs are drawn, all are counted.

    Parameters
    ----------
    by, service, resolved
        As for `map_ipv4`.
    within
        A prefix to zoom to, such as ``2001:db8::/32``.

    Raises
    ------
    ImportError
        Without matplotlib.
    ValueError
        If a word or the prefix is none.
    """
    layers = _part("_layers", "plots.map_ipv6")
    layer = layers.of_policy(policy, "ipv6", by, service, resolved or {})
    where = layers.prefix_of(within, "ipv6")
    runs = layers.inside(layer, layers.listed([policy], "ipv6"), where)
    title = f"{layers.title_of(policy)}: {layer.title}"
    return _drawn("_map6", "plots.map_ipv6", layer, runs, where, title, _revision(policy))


def map_diff(old: Policy, new: Policy, *, service: str = "file_reputation", family: str = "ipv4",
             within: str | AddressRange | None = None, order: int = 9, resolved: Resolved | None = None) -> Picture:  # fmt: skip
    """A map of what changes from one policy to another, coloured by the kind of change.

    Kinds are those of `smplist.diff`, but `lost` is wherever nothing is left to ask, and `renamed` where only names change. For
    internal clients that have the one address.

    Parameters
    ----------
    family
        `ipv4`: along a Hilbert curve, as `map_ipv4`; `ipv6`: what changes and what lists mention, as `map_ipv6`.
    service, within, order, resolved
        As for `map_ipv4`.

    Raises
    ------
    ImportError
        Without matplotlib.
    ValueError
        If a word, the prefix or the order is none.
    """
    layers = _part("_layers", "plots.map_diff")
    layers.check_word("family", family, ("ipv4", "ipv6"))
    layer = layers.of_diff(old, new, family, service, resolved or {})
    where = layers.prefix_of(within, family)
    title = f"{layers.title_of(new)}: {layer.title}"
    note = f"Old: {old.revision[:19]}; new: {new.revision[:19]}."
    if family == "ipv4":
        return _drawn("_map4", "plots.map_diff", layer, where, order, title, note)
    runs = layers.inside(layer, layers.listed([old, new], family), where)
    return _drawn("_map6", "plots.map_diff", layer, runs, where, title, note)


def load(report: Load, *, service: str | None = None, population: str | None = None) -> Picture:
    """The share of the clients that ask each source first, before and after failures, as bars.

    The largest 24 sources have a name, the others one bar together; clients that reach nothing have one of their own.

    Parameters
    ----------
    report
        What `Policy.load()` gives. With `down=` it has two bars for every source.
    service, population
        Which part of the report; the first without them.

    Raises
    ------
    ImportError
        Without matplotlib.
    ValueError
        If the report has no such part.
    """
    return _drawn("_load", "plots.load", report, service, population)


def ladder(plan: Plan, *, availability: Mapping[str, str] | None = None) -> Picture:
    """The plan of one client: which sources it asks, in order and stage by stage, what is left out and why.

    Parameters
    ----------
    availability
        `up` or `down` by endpoint, as for `Plan.first_available`: what is down is marked, and so is who is asked now.

    Raises
    ------
    ImportError
        Without matplotlib.
    ValueError
        If a word of `availability` is none.
    """
    return _drawn("_ladder", "plots.ladder", plan, availability or {})


def strips(old: Policy, new: Policy, by: str = "list", *, service: str = "file_reputation",
           resolved: Resolved | None = None) -> Picture:  # fmt: skip
    """What changes, run by run: a strip of the old policy over a strip of the new one, for internal clients with one address.

    A run is drawn to a scale of its own, with an eighth of its length around it on either side, faded. The 14 most important
    runs are drawn, those that lose everything before others and the largest of each family in turn; the rest is counted.

    Parameters
    ----------
    by
        What the colours say: `list`, the list that serves first, which is not that of the address where nobody of it can be
        asked; or `source`, the source asked first.
    service, resolved
        As for `map_ipv4`.

    Raises
    ------
    ImportError
        Without matplotlib.
    ValueError
        If a word is none.
    """
    layers = _part("_layers", "plots.strips")
    layers.check_word("service", service, SERVICES)
    return _drawn("_strips", "plots.strips", old, new, by, service, resolved or {}, f"{layers.title_of(new)}: old and new")


def timeline(report: Timeline) -> Picture:
    """One client through an outage: a lane for each endpoint that it may ask, in the order of its first plan, along the time.

    Parameters
    ----------
    report
        What `smplist.analysis.simulate.simulate` gives.

    Raises
    ------
    ImportError
        Without matplotlib.
    """
    return _drawn("_timeline", "plots.timeline", report.to_dict())
