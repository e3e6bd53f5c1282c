# SPDX-License-Identifier: MIT
"""Findings of a policy document as rows: placed, suppressed, compared with a baseline, and in the forms of other programs."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, overload
from urllib.parse import quote

from smplist._core import Document, Finding, Policy, Proxy, __version__, lint_rules
from smplist._visible import visible
from smplist.analysis.report import Report, many

BASELINE_SCHEMA = "smplist-baseline/1"
_SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_OTHERS_MAY = 0o077  # read, write or run, group and others


class Findings(Report):
    """What lint finds, rule by rule. It has an order, positions and a length, equals a list of the same findings, and is a table.

    No `Sequence` by its base: programs that read tables would take it for a column.
    """

    columns: ClassVar[tuple[str, ...]] = (
        "rule", "severity", "list", "range", "addresses", "different_outcome", "text", "fix", "example", "pointer", "regions",
        "suppressed",
    )  # fmt: skip
    types: ClassVar[Mapping[str, str]] = {"addresses": "count", "different_outcome": "flag", "regions": "integer"}
    shown: ClassVar[tuple[str, ...]] = ("severity", "rule", "list", "text", "fix")

    def __init__(self, found: Iterable[Finding]) -> None:
        super().__init__({})
        self._found = tuple(found)

    @overload
    def __getitem__(self, at: int) -> Finding: ...
    @overload
    def __getitem__(self, at: slice) -> Findings: ...
    def __getitem__(self, at: int | slice) -> Finding | Findings:
        return Findings(self._found[at]) if isinstance(at, slice) else self._found[at]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __eq__(self, other: object) -> bool:
        return self._found == tuple(other) if isinstance(other, (Findings, list, tuple)) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._found)

    def __repr__(self) -> str:
        count = Counter(one.rule for one in self._found)
        return f"Findings({', '.join(f'{n} {rule}' for rule, n in count.items())})"

    def rows(self) -> list[dict[str, Any]]:
        """One dict for each finding; `regions` counts the runs of addresses that it is about."""
        own = [c for c in self.columns if c != "regions"]
        return [{**{c: getattr(one, c) for c in own}, "regions": one.region_count} for one in self]

    def to_dict(self) -> list[Any]:  # type: ignore[override]
        """The findings as JSON has them."""
        return [one.to_dict() for one in self]

    def to_json(self) -> str:
        """The findings as one line of JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def to_text(self) -> str:
        """Each finding with what to do about it."""
        if not self:
            return "no findings"
        return "\n".join(f"{one.severity} {one.rule}: {one.text}" + (f"\n  do: {one.fix}" if one.fix else "") for one in self)

    def _title(self) -> str:
        return many(len(self), "finding")


def _proxies(policy: Policy) -> list[tuple[str, str, Proxy]]:
    """Every proxy with its place and the custom list that it belongs to, if it belongs to one."""
    places = [(f"/internal/custom/lists/{i}/proxy", each.name, each.proxy) for i, each in enumerate(policy.lists)]
    places += [("/internal/proxy", "", policy.standard.proxy), ("/network/proxy", "", policy.network.proxy)]
    return [(pointer, name, proxy) for pointer, name, proxy in places if proxy is not None]


def password_files(policy: Policy) -> list[Finding]:
    """The findings of `password-file-permissions`: the one rule that looks at the file system.

    A file that is not here is none: a policy is often checked on another computer than the one that uses it.
    """
    found = []
    for pointer, name, proxy in _proxies(policy):
        if os.name != "posix" or proxy.password is None or not proxy.password.startswith("file:"):
            continue
        path = proxy.password.removeprefix("file:")
        try:
            mode = os.stat(path).st_mode & 0o777
        except (OSError, ValueError):
            continue
        if mode & _OTHERS_MAY:
            text = f"the password file {path!r} has the permissions {mode:03o}: not its owner alone can use it"
            found.append(Finding.make("password-file-permissions", f"{pointer}/password", text, f"chmod 600 {path}", name))
    return found


def fingerprint(finding: Finding) -> str:
    """What makes a finding the same one after lines and lists have moved: its rule, list, range and text."""
    parts = (finding.rule, finding.list or "", finding.range or "", finding.text)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def rows_of(document: Document, policy: Policy, file: str, today: object,
            on_disk: Callable[[Policy], list[Finding]] = password_files) -> list[dict[str, Any]]:  # fmt: skip
    """All findings of a document, one row each, the most severe first; suppressed ones say so.

    `on_disk` finds what only this computer shows.
    """
    found = policy.suppress([*policy.lint(), *document.lint(), *on_disk(policy)], today)
    rows = []
    for finding in found:
        line, column = document.locate(finding.pointer)
        told = finding.to_dict()
        rows.append(
            {
                "file": file,
                "severity": told["severity"],
                "code": told["rule"],
                "line": line,
                "column": column,
                "pointer": told["pointer"],
                "reason": told["text"],
                "advice": told["fix"],
                "list": told["list"],
                "range": told["range"],
                "addresses": told["addresses"],
                "different_outcome": told["different_outcome"],
                "example": told["example"],
                "regions": told["regions"],
                "region_count": told["region_count"],
                "fingerprint": fingerprint(finding),
                "suppressed": told["suppressed"],
            }
        )
    rank = {"error": 0, "warning": 1, "note": 2}
    return sorted(rows, key=lambda row: rank[row["severity"]])


def baseline_text(rows: Iterable[dict[str, Any]]) -> str:
    """The file that makes the findings of today known ones: sorted, so that it changes little."""
    keys = ("fingerprint", "code", "list", "range", "reason")
    known = {row["fingerprint"]: {key: row[key] for key in keys} for row in rows if "fingerprint" in row}
    ordered = sorted(
        known.values(), key=lambda entry: (entry["code"], entry["list"] or "", entry["range"] or "", entry["reason"])
    )
    return json.dumps({"schema": BASELINE_SCHEMA, "findings": ordered}, ensure_ascii=False, indent=2) + "\n"


def read_baseline(path: str) -> set[str]:
    """The fingerprints of a baseline file.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is no baseline.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        if content["schema"] != BASELINE_SCHEMA:
            raise ValueError
        return {str(entry["fingerprint"]) for entry in content["findings"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError("not a baseline; write one with --write-baseline") from None


def _uri(file: str) -> dict[str, str]:
    """Where a file is, relative to the folder that the command runs in if it is below it."""
    if file == "-":
        return {"uri": "stdin"}
    path = Path(os.path.abspath(file))
    try:
        return {"uri": quote(path.relative_to(Path.cwd()).as_posix()), "uriBaseId": "%SRCROOT%"}
    except ValueError:
        return {"uri": path.as_uri()}


def _sarif_result(row: dict[str, Any], index: dict[str, int]) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": _uri(row["file"])}
    if row["line"]:
        place["region"] = {"startLine": row["line"], "startColumn": row["column"]}
    location: dict[str, Any] = {"physicalLocation": place}
    if row["pointer"]:
        location["logicalLocations"] = [{"fullyQualifiedName": row["pointer"], "kind": "member"}]
    result: dict[str, Any] = {
        "ruleId": row["code"],
        "ruleIndex": index[row["code"]],
        "level": row["severity"],
        "message": {"text": visible(f"{row['reason']}; {row['advice']}")},
        "locations": [location],
    }
    if "fingerprint" in row:
        result["partialFingerprints"] = {"smplistFinding/v1": row["fingerprint"]}
        kept = ("list", "range", "addresses", "different_outcome", "example", "region_count")
        result["properties"] = {key: row[key] for key in kept if row[key] is not None}
        result["suppressions"] = []
        if row["suppressed"]:
            result["suppressions"].append({"kind": "inSource", "status": "accepted", "justification": row["suppressed"]})
        if row.get("known"):
            result["suppressions"].append({"kind": "external", "status": "accepted", "justification": "in the baseline"})
    return result


def to_sarif(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The rows as a SARIF 2.1.0 log: every rule, and results with region, fingerprint and suppressions."""
    rules = [
        {
            "id": code,
            "shortDescription": {"text": sentence},
            "help": {"text": fix},
            "defaultConfiguration": {"level": str(severity)},
        }
        for code, severity, sentence, fix in lint_rules()
    ]
    known = {rule["id"] for rule in rules}
    errors = sorted({row["code"] for row in rows} - known)
    rules += [{"id": code, "shortDescription": {"text": code.replace("_", " ")}, "defaultConfiguration": {"level": "error"}}
              for code in errors]  # fmt: skip
    index = {rule["id"]: at for at, rule in enumerate(rules)}
    driver = {"name": "smplist", "version": __version__, "semanticVersion": __version__, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "the folder that smplist was run in"}}},
        "results": [_sarif_result(row, index) for row in rows],
    }
    return {"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
