# SPDX-License-Identifier: MIT
"""Which commit last changed the answer of a client: the history of a policy file in git, compared by meaning."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from smplist._core import Address, AddressRange, Policy, PolicyDiff, RangeSet
from smplist._errors import PolicyError
from smplist.analysis.diff import count, summary
from smplist.analysis.report import SERVICES, Progress, Report, range_text
from smplist.files import decode, form_of, load, parse_document

_SECONDS = 120
_EVERYTHING = ("0.0.0.0/0", "::/0")
# nothing of a stranger's repository runs, nothing is asked on the terminal, nothing is written
_GIT = ("git", "--no-pager", "--no-replace-objects", "-c", "core.fsmonitor=false", "-c", "log.showSignature=false")
_ENVIRONMENT = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1"}


class _Version(NamedTuple):
    """A version of the file: the commit that made it, and where the file stood then."""

    commit: dict[str, str] | None  # None: the file as it is, not committed
    path: str


class Blame(Report):
    """For every run of addresses with one answer, the commit that last changed it; `smplist.blame` makes it."""

    columns = ("service", "location", "first", "last", "count", "commit", "date", "author", "subject", "answer")
    types: ClassVar[Mapping[str, str]] = {"count": "count"}

    def rows(self) -> list[dict[str, Any]]:
        """One dict per run of addresses and service; external clients, by stack, have no addresses."""
        out = []
        for piece in self._data["pieces"]:
            commit = self._data["commits"].get(piece["commit"]) or {}
            out.append({
                "service": piece["service"], "location": piece["location"], "first": piece["first"], "last": piece["last"],
                "count": int(piece["addresses"]) if piece["addresses"] else None, "commit": piece["commit"],
                **{key: commit.get(key) for key in ("date", "author", "subject")}, "answer": piece["answer"],
            })  # fmt: skip
        return out

    def to_text(self) -> str:
        """The commits, the newest first, each with what it last changed."""
        pieces = self._data["pieces"]
        seen = list(dict.fromkeys(piece["commit"] for piece in pieces))
        newest = [c for c in (None, *self._data["commits"]) if c in seen]
        changes = "1 change" if len(newest) == 1 else f"{len(newest)} changes"
        lines = [f"{self._data['versions']} versions, {changes} behind today's answers"]
        for commit in newest:
            lines.append(_headline(self._data["commits"].get(commit), commit))
            own = [piece for piece in pieces if piece["commit"] == commit]
            lines += [f"  {text}" for text in _shown(own)]
        lines += [
            f"skipped {s['commit'][:12]}: {s['reason']}; its change counts for the next version" for s in self._data["skipped"]
        ]
        return "\n".join(lines)


def _headline(commit: Mapping[str, str] | None, name: str | None) -> str:
    if name is None:
        return "older than the versions looked at; --max-count looks at more"
    if commit is None or not commit["author"]:
        return "not committed yet"
    return f"{name[:12]} {commit['date'][:10]} {commit['author']}: {commit['subject']}"


def _shown(pieces: list[dict[str, Any]], most: int = 12) -> Iterator[str]:
    for piece in pieces[:most]:
        service = piece["service"].replace("_", " ")
        if piece["first"] is None:
            yield f"outside, {' and '.join(piece['stack'])}, {service}: {piece['answer']}"
        else:
            place = range_text(piece["first"], piece["last"])
            yield f"{place} ({count(int(piece['addresses']))}), {service}: {piece['answer']}"
    if len(pieces) > most:
        yield f"and {len(pieces) - most} more; --format csv has them all"


class GitError(ValueError):
    """The history cannot be read: no git, no repository, or a file that it does not know."""


def _git(folder: Path, *words: str) -> bytes:
    import subprocess  # not at start-up

    try:
        ended = subprocess.run(
            [*_GIT, *words], cwd=folder, capture_output=True, timeout=_SECONDS, check=False, stdin=subprocess.DEVNULL,
            env={**os.environ, **_ENVIRONMENT},
        )  # fmt: skip
    except FileNotFoundError:
        raise GitError("git is not installed, or not on the path") from None
    except subprocess.TimeoutExpired:
        raise GitError(f"git did not answer within {_SECONDS} seconds") from None
    if ended.returncode:
        said = ended.stderr.decode("utf-8", "replace").strip().splitlines() or [f"exit code {ended.returncode}"]
        raise GitError(f"git: {said[0].removeprefix('fatal: ')}")
    return ended.stdout


def _history(file: Path, most: int) -> list[_Version]:
    """The versions of a file along the first parents, the newest first, over renames."""
    wanted = "--format=%x01%H%x00%an%x00%aI%x00%s%x00"
    out = _git(
        file.parent, "log", "--follow", "--first-parent", "--diff-merges=first-parent", "--name-only", "-z", "--no-ext-diff",
        "--no-textconv", "--diff-filter=d", f"--max-count={most}", wanted, "--", file.name,
    )  # fmt: skip
    versions = []
    for entry in out.decode("utf-8", "replace").split("\x01")[1:]:
        commit, author, date, subject, *names = entry.split("\x00")
        path = next((name.lstrip("\n") for name in names if name.strip()), "")
        if path:
            versions.append(_Version({"commit": commit, "author": author, "date": date, "subject": subject}, path))
    return versions


class _Ledger:
    """What is not yet put down to a commit, and what is."""

    def __init__(self, cut: Any) -> None:
        everything = RangeSet([AddressRange(text) for text in _EVERYTHING])
        self.open = {service: everything for service in SERVICES}
        self.blamed: dict[str, list[tuple[AddressRange, str | None]]] = {service: [] for service in SERVICES}
        self.outside: dict[tuple[str, tuple[str, ...]], str | None] = {}
        self.cut = cut

    def compare(self, older: Any, newer: Any, commit: str) -> None:
        """Puts down to a commit what it changed and nothing newer did."""
        found = PolicyDiff(older, newer, pair_kinds=0)
        for service in SERVICES:
            self._take(service, found.changed_addresses(service), commit)
        for one in json.loads(found.rest_json())["external"]:
            self.outside.setdefault((one["service"], tuple(one["stack"])), commit)

    def rest(self, commit: str | None) -> None:
        """What is left was so from the first version on, or is older than what was looked at."""
        for service in SERVICES:
            self._take(service, self.open[service], commit)
            for stack in (("ipv4",), ("ipv6",), ("ipv4", "ipv6")):
                self.outside.setdefault((service, stack), commit)

    @property
    def done(self) -> bool:
        return not any(ranges.ranges for ranges in self.open.values()) and len(self.outside) == 3 * len(SERVICES)

    def _take(self, service: str, changed: RangeSet, commit: str | None) -> None:
        now = self.open[service] & changed
        self.blamed[service] += [(r, commit) for r in now.ranges]
        self.open[service] = self.open[service] - changed

    def pieces(self) -> Iterator[dict[str, Any]]:
        """The runs of addresses with one answer today, cut where another commit made it."""
        columns = self.cut.columns()
        answers = [summary(answer.to_dict()) for answer in self.cut.answers()]
        for service in SERVICES:
            rows = [
                (AddressRange(f"{columns['first'][i]}-{columns['last'][i]}"), columns["answer"][i])
                for i in range(len(columns["service"]))
                if columns["service"][i] == service and columns["location"][i] == "internal"
            ]
            for part, number, commit in _overlay(rows, sorted(self.blamed[service], key=lambda item: item[0].first)):
                yield {
                    "service": service, "location": "internal", "stack": None, "first": str(part.first), "last": str(part.last),
                    "addresses": str(part.size), "commit": commit, "answer": answers[number],
                }  # fmt: skip
        for one in self.cut.classes():
            stack = tuple(map(str, one.stack))
            for service in SERVICES if one.location == "external" and stack else ():
                answer = summary(self.cut.answer(one, service).to_dict())
                yield {
                    "service": service, "location": "external", "stack": list(stack), "first": None, "last": None,
                    "addresses": None, "commit": self.outside[service, stack], "answer": answer,
                }  # fmt: skip


def _overlay(rows: list[tuple[AddressRange, int]], blamed: list[tuple[AddressRange, str | None]]
             ) -> Iterator[tuple[AddressRange, int, str | None]]:  # fmt: skip
    """Two tilings of the same addresses, one laid over the other."""
    i = j = 0
    while i < len(rows) and j < len(blamed):
        (mine, number), (theirs, commit) = rows[i], blamed[j]
        first, last = max(mine.first, theirs.first), min(mine.last, theirs.last)
        if first <= last:
            yield AddressRange(f"{first}-{last}"), number, commit
        if mine.last == last:
            i += 1
        if theirs.last == last:
            j += 1


def _versions(
    file: Path, most: int, progress: Progress | None
) -> tuple[list[tuple[dict[str, str], Any]], list[dict[str, str]], bool]:
    """The versions that load, the newest first, those that do not, and whether the first one of all is among them."""
    history = _history(file, most + 1)
    if not history:
        raise GitError(f"git knows no version of {file.name}; commit it first")
    loaded: list[tuple[dict[str, str], Any]] = []
    skipped: list[dict[str, str]] = []
    for done, version in enumerate(history[:most]):
        assert version.commit is not None
        if progress is not None:
            progress(done, min(most, len(history)))
        try:
            text = decode(_git(file.parent, "cat-file", "blob", f"{version.commit['commit']}:{version.path}"))
            policy = parse_document(text, version.path, form_of(version.path)).policy()
        except PolicyError as error:
            reason = f"it does not load: {error.errors[0].reason}"
            skipped.append({"commit": version.commit["commit"], "reason": reason})
            continue
        loaded.append((version.commit, policy))
    return loaded, skipped, len(history) <= most


def blame(file: str | os.PathLike[str], *, address: str | Address | None = None, max_count: int = 1000,
          progress: Progress | None = None) -> Blame:  # fmt: skip
    """For every run of addresses with one answer, the commit that last changed that *answer*.

    A commit that moves comments, splits ranges or declares sources that nobody asks changes no answer and is never blamed. The
    history is that of the first parents: what came with a merge is put down to the merge. A version that does not load is
    stepped over, and its change counts for the next one that does.

    Parameters
    ----------
    file
        A policy file in the working tree of a git repository. It is taken as it stands, also if it is not committed.
    address
        Only the runs that hold this address.
    max_count
        How many commits to look at.
    progress
        Called with the number of versions read and of all.

    Raises
    ------
    GitError
        A `ValueError`: there is no git, no repository, or no version of the file.
    OSError, PolicyError
        If the file cannot be read, or is no policy.
    """
    if max_count < 1:
        raise ValueError("max_count is at least 1")
    asked = None if address is None else Address(str(address))
    path = Path(os.path.abspath(file))
    now: Policy = load(path)
    loaded, skipped, complete = _versions(path, max_count, progress)
    here = {"commit": "working-tree", "author": "", "date": "", "subject": ""}
    versions = loaded if loaded and loaded[0][1] == now else [(here, now), *loaded]
    cut = now.partition()
    ledger = _Ledger(cut)
    newer = cut
    for (commit, _), (_, policy) in pairwise(versions):
        if ledger.done:
            break
        older = policy.partition()
        ledger.compare(older, newer, commit["commit"])
        newer = older
    ledger.rest(versions[-1][0]["commit"] if complete else None)
    pieces = list(ledger.pieces())
    if asked is not None:
        pieces = [p for p in pieces if p["first"] and asked in AddressRange(f"{p['first']}-{p['last']}")]
    named = {commit["commit"]: commit for commit, _ in versions}
    return Blame({"versions": len(versions), "commits": named, "pieces": pieces, "skipped": skipped})
