# SPDX-License-Identifier: MIT
"""Which protection source will this client ask, in what order, through what, and why?

>>> import smplist
>>> smplist.AddressRange("10.0.0.0/30").size
4
"""

from __future__ import annotations

from smplist import _stopping

if _stopping.is_program():
    _stopping.arm()

from pathlib import Path
from typing import TYPE_CHECKING, Any

from smplist import plots
from smplist._core import (
    Address,
    AddressRange,
    Answer,
    AnswerColumn,
    Answers,
    Attempt,
    AttemptNote,
    AttemptOutcome,
    Availability,
    Client,
    ClientClass,
    CompiledPolicy,
    DecidingRange,
    ErrorCode,
    ExhaustedAction,
    Failover,
    Family,
    Finding,
    Host,
    HostPort,
    IgnoredSource,
    IpPreference,
    ListMode,
    Location,
    MacAddress,
    Order,
    Outcome,
    OverlapRule,
    Partition,
    Plan,
    PlannedStage,
    Policy,
    Profile,
    Proxy,
    RangeSet,
    Reason,
    Scheme,
    Scope,
    Service,
    Severity,
    Source,
    SourceKind,
    SourceList,
    Stage,
    TraceStep,
    __version__,
)
from smplist._errors import ParseError, PolicyError, Problem
from smplist.files import import_ranges, load, loads, schema

if TYPE_CHECKING:
    from smplist.analysis.blame import Blame, GitError, blame
    from smplist.analysis.compare import disjoint, equivalent, refines
    from smplist.analysis.diff import ChangeCheck, Diff, check_change, diff
    from smplist.explorer import explore

__all__ = [
    "Address",
    "AddressRange",
    "Answer",
    "AnswerColumn",
    "Answers",
    "Attempt",
    "AttemptNote",
    "AttemptOutcome",
    "Availability",
    "Blame",
    "ChangeCheck",
    "Client",
    "ClientClass",
    "CompiledPolicy",
    "DecidingRange",
    "Diff",
    "ErrorCode",
    "ExhaustedAction",
    "Failover",
    "Family",
    "Finding",
    "GitError",
    "Host",
    "HostPort",
    "IgnoredSource",
    "IpPreference",
    "ListMode",
    "Location",
    "MacAddress",
    "Order",
    "Outcome",
    "OverlapRule",
    "ParseError",
    "Partition",
    "Plan",
    "PlannedStage",
    "Policy",
    "PolicyError",
    "Problem",
    "Profile",
    "Proxy",
    "RangeSet",
    "Reason",
    "Scheme",
    "Scope",
    "Service",
    "Severity",
    "Source",
    "SourceKind",
    "SourceList",
    "Stage",
    "TraceStep",
    "__version__",
    "blame",
    "check_change",
    "diff",
    "disjoint",
    "equivalent",
    "explore",
    "get_cmake_dir",
    "get_include",
    "import_ranges",
    "load",
    "loads",
    "plots",
    "refines",
    "schema",
]


# the analyses are imported when they are asked for: `smplist --help` answers at once
_LATER = {
    **dict.fromkeys(("Blame", "GitError", "blame"), "smplist.analysis.blame"),
    **dict.fromkeys(("disjoint", "equivalent", "refines"), "smplist.analysis.compare"),
    **dict.fromkeys(("ChangeCheck", "Diff", "check_change", "diff"), "smplist.analysis.diff"),
    "explore": "smplist.explorer",
}


def __getattr__(name: str) -> Any:
    """What an analysis has, imported now and kept."""
    if name not in _LATER:
        raise AttributeError(f"module 'smplist' has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(_LATER[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})


def get_include() -> str:
    """The folder to put on a compiler's include path: it holds `smplist/smplist.hpp`."""
    return str(Path(__file__).parent / "include")


def get_cmake_dir() -> str:
    """The folder that `find_package(smplist CONFIG)` looks for, as `smplist_DIR`."""
    return str(Path(__file__).parent / "share" / "cmake" / "smplist")
