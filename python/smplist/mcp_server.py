# SPDX-License-Identifier: MIT
"""The server of `smplist mcp`: tools that read policies of one folder and answer as the command line's JSON does."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Literal, ParamSpec

from mcp.server.mcpserver import MCPServer
from mcp.types import CallToolResult, TextContent, ToolAnnotations
from pydantic import Field

from smplist._core import Client, Document, Policy, __version__
from smplist._errors import ParseError, PolicyError, Problem
from smplist.analysis.report import SERVICES, many
from smplist.files import decode, form_of, parse_document

MOST_BYTES = 8_000_000  # of a document
MOST_ITEMS = 100  # of one list in an answer
MOST_TEXT = 60  # lines
MOST_ANSWER = 200_000  # characters of JSON
_MOST_NAME = 200  # of a path in a message

_ABOUT = """\
smplist says which protection source a client asks, in what order, and why. A policy is a YAML or JSON document: give its path
inside the served folder, or its text. Every answer has `result`, exactly the JSON of the command line, and `left_out`: for each
JSON Pointer to a list that was too long, how many of its items are not there. Nothing is written, and no network is opened."""

Service = Literal["file_reputation", "web_reputation"]
Family = Literal["ipv4", "ipv6"]
# plain texts, empty if not given: of anything else that may be a text, the SDK would read JSON as what it says
Where = Annotated[str, Field(description="Path of the policy, relative to the served folder.")]
Text = Annotated[str, Field(description="The policy itself, YAML or JSON, instead of a path.")]
Down = Annotated[
    list[str] | None, Field(description="What has failed: SOURCE, SOURCE/SERVICE, host:NAME, or but for explain proxy:HOST:PORT.")
]
_P = ParamSpec("_P")


class Refused(ValueError):
    """What cannot be answered, and what to do."""


class Folder:
    """The one folder that documents are read from."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(root).resolve(strict=True)

    def read(self, path: str) -> str:
        """The text of a file inside; a path that leads out, by whatever way, is refused unread.

        Raises
        ------
        Refused
            If the path leads out of the folder, or to nothing that can be read.
        PolicyError
            If the file is not UTF-8.
        """
        name = repr(path[:_MOST_NAME])
        if "\0" in path or os.path.isabs(path) or Path(path).drive:
            raise Refused(f"{name} is no path relative to the served folder; write it as seen from there, or give the text")
        try:
            # the target of every link counts, whether it is there or not; what is opened below is no link any more
            real = (self.root / path).resolve()
            if not real.is_relative_to(self.root):
                raise Refused(f"{name} is outside of the served folder; start smplist mcp where it is, or give the text")
            return decode(_bytes(real, name), path)
        except (OSError, RuntimeError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else "its links lead nowhere"
            raise Refused(f"cannot read {name}: {reason}; paths are relative to the served folder") from None

    def document(self, path: str, text: str, what: str = "the policy") -> tuple[Document, str]:
        """A document from a path or a text, and what it is called.

        Raises
        ------
        Refused
            If it is neither, both, or cannot be read.
        PolicyError
            With everything that is wrong.
        """
        if bool(path) == bool(text):
            raise Refused(f"{what} is given by its path or by its text; give one of both")
        if path:
            return parse_document(self.read(path), path, form_of(path)), path
        if len(text) > MOST_BYTES:
            raise Refused(_too_large("the text"))
        return parse_document(text, "text"), "text"

    def policy(self, path: str, text: str, what: str = "the policy") -> Policy:
        """A policy, likewise."""
        return self.document(path, text, what)[0].policy()


def _too_large(name: str) -> str:
    return f"{name} is larger than {MOST_BYTES // 1_000_000} MB; ask the command line about it"


def _bytes(real: Path, name: str) -> bytes:
    """A file's bytes; neither a link that has just come nor a pipe that never ends is followed."""
    file = os.open(real, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(file, "rb") as opened:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is no file")
        if found.st_size > MOST_BYTES:
            raise Refused(_too_large(name))
        return opened.read(MOST_BYTES)


def bounded(value: Any, most: int = MOST_ITEMS) -> tuple[Any, dict[str, int]]:
    """A value of JSON whose lists have at most so many items, and how many are left out of which (JSON Pointer)."""
    left_out: dict[str, int] = {}

    def cut(part: Any, pointer: str) -> Any:
        if isinstance(part, dict):
            return {key: cut(item, f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}") for key, item in part.items()}
        if not isinstance(part, list):
            return part
        if len(part) > most:
            left_out[pointer] = len(part) - most
        return [cut(item, f"{pointer}/{i}") for i, item in enumerate(part[:most])]

    return cut(value, ""), left_out


def _short(text: str) -> str:
    """The first lines of a text; the rest counted."""
    lines = text.rstrip("\n").split("\n")
    rest = len(lines) - MOST_TEXT
    return "\n".join([*lines[:MOST_TEXT], *([f"... and {many(rest, 'line')} more"] if rest > 0 else [])])


def _rest(left_out: dict[str, int]) -> str:
    """What is left out, in words."""
    if not left_out:
        return ""
    told = [f"{count:,} of {pointer or 'the list'}" for pointer, count in left_out.items()]
    more = f" and of {many(len(told) - 5, 'more list')}" if len(told) > 5 else ""
    return f"\n(the result leaves out {', '.join(told[:5])}{more})"


def answer(result: Any, text: str, gone: dict[str, int] | None = None) -> CallToolResult:
    """An answer that is not too long: the longer it is, the fewer items of each list are in it. `gone` is left out already."""
    most = MOST_ITEMS
    shown, left_out = bounded(result, most)
    while most > 1 and len(json.dumps(shown, ensure_ascii=False)) > MOST_ANSWER:
        most //= 2
        shown, left_out = bounded(result, most)
    for pointer, count in (gone or {}).items():
        left_out[pointer] = left_out.get(pointer, 0) + count
    return CallToolResult(
        content=[TextContent(type="text", text=_short(text) + _rest(left_out))],
        structured_content={"result": shown, "left_out": left_out},
    )


def _refusal(text: str, errors: Iterable[Problem] = ()) -> CallToolResult:
    told, left_out = bounded([error.to_dict() for error in errors])
    return CallToolResult(
        content=[TextContent(type="text", text=_short(text))], structured_content={"errors": told, "left_out": left_out},
        is_error=True,
    )  # fmt: skip


def _safe(tool: Callable[_P, CallToolResult]) -> Callable[_P, CallToolResult]:
    """A tool that says what is wrong, where and what to do, whatever happens."""

    @wraps(tool)
    def safe(*args: _P.args, **kwargs: _P.kwargs) -> CallToolResult:
        try:
            return tool(*args, **kwargs)
        except PolicyError as error:
            return _refusal(str(error), error.errors)
        except (Refused, ParseError, ValueError) as error:
            return _refusal(str(error))
        except MemoryError:
            return _refusal("this does not fit into memory; ask about a smaller policy")
        except Exception as error:  # what nobody thought of is a defect, and still no traceback
            return _refusal(f"unexpected {type(error).__name__}; report it")

    return safe


class Tools:
    """The tools, each a question of the command line."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder

    def explain(self, path: Where = "", text: Text = "",
                addresses: Annotated[list[str] | None, Field(description="The client's addresses.")] = None,
                client_id: Annotated[str, Field(description="The client's id; it keys random orders.")] = "",
                location: Annotated[Literal["internal", "external"] | None, Field(description="It wins over evidence.")] = None,
                gateways: Annotated[list[str] | None, Field(description="Gateways that it uses, each IP or IP,MAC.")] = None,
                reached: Annotated[list[str] | None, Field(description="Servers that it reached, each HOST:PORT.")] = None,
                stack: Annotated[list[Family] | None, Field(description="Its families; stated, not computed.")] = None,
                service: Annotated[Service | None, Field(description="One service; both without it.")] = None,
                down: Down = None,
                epoch: Annotated[int, Field(ge=0, le=2**64 - 1, description="Reshuffles random orders.")] = 0,
                ) -> CallToolResult:  # fmt: skip
        """Which sources will a client ask, in what order, through what, and why? Without location and evidence it is external."""
        from smplist.analysis.failures import availability
        from smplist.cli.explain import plan_json

        policy = self.folder.policy(path, text)
        known_of_client: dict[str, Any] = {"gateways": gateways or None, "reached": reached or None, "stack": stack or None}
        client = Client(addresses or [], id=client_id, location=location, **known_of_client)
        known = availability(policy, down or [])
        plans = [policy.evaluate(client, one, epoch=epoch) for one in ([service] if service else SERVICES)]
        told = [json.loads(plan_json(plan, known)) for plan in plans]
        return answer(told[0] if service else told, "\n".join(plan.explain(known) for plan in plans))

    def check(self, path: Where = "", text: Text = "",
              today: Annotated[str | None, Field(description="The day on which suppressions are judged, 2027-03-31.")] = None,
              ) -> CallToolResult:  # fmt: skip
        """What is wrong with a policy: every error, or else every finding of lint, with line, column, reason and advice."""
        from datetime import date

        from smplist.cli.check import text_of_row, verdict
        from smplist.findings import rows_of

        try:
            document, name = self.folder.document(path, text)
            policy = document.policy()
        except PolicyError as error:
            rows = [{"file": path or "text", "severity": "error", **one.to_dict()} for one in error.errors]
            return answer(rows, f"unusable: {many(len(rows), 'error')}\n{error}")
        # permissions of password files are no business of an assistant: they are outside of the folder
        found = rows_of(document, policy, name, today or date.today().isoformat(), on_disk=lambda _: [])
        shown = [row for row in found if not row["suppressed"]]
        hidden = [row for row in found if row["suppressed"]]
        return answer(shown, "\n".join([verdict(1, shown, hidden), *map(text_of_row, shown)]))

    def diff(self, old_path: Where = "", old_text: Text = "", new_path: Where = "", new_text: Text = "",
             where: Annotated[list[str] | None, Field(description="Only clients all of whose addresses are in these.")] = None,
             ) -> CallToolResult:  # fmt: skip
        """Every client whose answer changes from the old policy to the new one, as exact regions with counts."""
        from smplist.analysis.diff import diff

        old, new = (
            self.folder.policy(old_path, old_text, "the old policy"),
            self.folder.policy(new_path, new_text, "the new policy"),
        )
        found = diff(old, new, where=where or None)
        told, rest = found.beginning(MOST_ITEMS)
        return answer(told, found.to_text(), {"/regions": rest} if rest else None)

    def verify(self, path: Where = "", text: Text = "",
               expectations_path: Annotated[str, Field(description="Path of the expectations, likewise.")] = "",
               expectations_text: Annotated[str, Field(description="The expectations, instead of a path.")] = "",
               ) -> CallToolResult:  # fmt: skip
        """Prove expectations over all clients there can be, or show for each one that fails a client that refutes it."""
        from smplist._core import Expectations
        from smplist.analysis.verify import prove

        policy = self.folder.policy(path, text)
        document, _ = self.folder.document(expectations_path, expectations_text, "what is expected")
        proofs = prove(policy, Expectations.from_document(document))
        return answer(proofs.to_dict(), proofs.to_text())

    def survivability(self, path: Where = "", text: Text = "",
                      unit: Annotated[Literal["source", "host", "proxy", "any"], Field(description="What fails.")] = "any",
                      keep: Annotated[int | None, Field(ge=0, description="A server can go if nobody falls below it.")] = None,
                      down: Down = None) -> CallToolResult:  # fmt: skip
        """How many failures leave clients with nothing, which ones, whom, and which servers can be retired."""
        from smplist.analysis.survivability import survivability

        report = survivability(self.folder.policy(path, text), unit=unit, keep=keep, down=down or [])
        return answer(report.to_dict(), report.to_text())


def server(folder: str | os.PathLike[str]) -> MCPServer[Any]:
    """A server of the policies of a folder.

    Raises
    ------
    OSError
        If there is no such folder.
    """
    made: MCPServer[Any] = MCPServer("smplist", instructions=_ABOUT, version=__version__, log_level="CRITICAL")
    tools = Tools(Folder(folder))
    reads = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
    for tool in (tools.explain, tools.check, tools.diff, tools.verify, tools.survivability):
        made.add_tool(_safe(tool), annotations=reads)
    return made


def serve(folder: str | os.PathLike[str]) -> None:
    """Answer over standard input and output until the input ends."""
    server(folder).run("stdio")
