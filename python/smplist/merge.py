# SPDX-License-Identifier: MIT
"""Sources and lists of one policy into another."""

from __future__ import annotations

from typing import Any

from smplist._core import Policy


def merge(new: Policy, into: Policy) -> Policy:
    """A policy with the sources and custom lists of a new one.

    A source or list of a name that is there already replaces it, where it stands; others follow behind. Whatever else the new
    policy says does not count; if it has lists, custom lists are what counts.

    Parameters
    ----------
    new
        Whose sources and lists come.
    into
        Where they come to.

    Raises
    ------
    PolicyError
        If both together are no policy.
    """
    document, added = into.to_dict(), new.to_dict()
    document["sources"] |= added["sources"]
    lists: list[dict[str, Any]] = document["internal"]["custom"]["lists"]
    places = {entry["name"]: at for at, entry in enumerate(lists)}
    for entry in added["internal"]["custom"]["lists"]:
        if entry["name"] in places:
            lists[places[entry["name"]]] = entry
        else:
            lists.append(entry)
    if added["internal"]["custom"]["lists"]:
        document["internal"]["mode"] = "custom"
    return Policy.from_dict(document)
