# SPDX-License-Identifier: MIT
"""Includes go down: a header includes lower floors, what stands left of it on its own floor, and its own family."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "include" / "smplist"
# one row per floor, inside a floor left before right; a family folder stands just before its table header
FLOORS = [
    "version error",
    "address mac date",
    "range range_set",
    "service host proxy source",
    "order list suppression",
    "client location draft canonical validate policy",
    "reason plan route match evaluation scope evaluate failover",
    "compile",
    "analysis/finding analysis/answer analysis/partition analysis/asked analysis/holdings analysis/placed_list analysis/lint "
    "analysis/suppress analysis/space analysis/orders analysis/expectation analysis/verify analysis/compare analysis/vectors "
    "analysis/ambiguity analysis/change analysis/evidence analysis/pairs analysis/pair_tally analysis/diff analysis/quiet "
    "analysis/failures analysis/audience analysis/cut_sets analysis/survivability analysis/weigh analysis",
    "smplist",
]
SIDE = ["document", "json", "format", "arrow"]
FAMILIES = {
    "order": "order",
    "location": "location",
    "compile": "compile",
    "analysis/rules": "analysis/lint",
    "document": "document",
    "arrow": "arrow",
}
FOREIGN = {"fmt": {"format"}, "nlohmann": {"json"}}


def place(name: str) -> tuple[int, int]:
    """Floor and position of a header without its suffix; the cellar is below all, side rooms above."""
    for family, table in FAMILIES.items():
        if name.startswith(f"{family}/"):
            floor, position = place(table)
            return floor, position - 1 if position else position
    if name.startswith("detail/"):
        return -1, 0
    for floor, row in enumerate(FLOORS):
        names = row.split()
        if name in names:
            return floor, 2 * names.index(name) + 1
    if name in SIDE:
        return len(FLOORS), 2 * SIDE.index(name) + 1
    raise SystemExit(f"{name}.hpp has no floor; add it to FLOORS")


def main() -> int:
    """Report every include that goes up."""
    wrong = []
    for path in sorted(ROOT.rglob("*.hpp")):
        name = path.relative_to(ROOT).with_suffix("").as_posix()
        own = place(name)
        text = path.read_text(encoding="utf-8")
        if len(text.splitlines()) > 460:
            wrong.append(f"{name}.hpp has more than 460 lines")
        for included in re.findall(r"#include <smplist/(.+)\.hpp>", text):
            same_family = any(name.startswith(f"{f}/") and included.startswith(f"{f}/") for f in FAMILIES)
            if not same_family and (included.startswith("detail/") is False and place(included) > own):
                wrong.append(f"{name}.hpp includes {included}.hpp, which stands above it")
            if own[0] == -1 and not included.startswith("detail/"):
                wrong.append(f"{name}.hpp is in the cellar and includes {included}.hpp")
        for library, allowed in FOREIGN.items():
            if f"#include <{library}/" in text and name not in allowed:
                wrong.append(f"{name}.hpp includes {library}")
    print("\n".join(wrong) or f"floors hold for {len(list(ROOT.rglob('*.hpp')))} headers")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
