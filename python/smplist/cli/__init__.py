# SPDX-License-Identifier: MIT
"""The command line. One file and one row of `COMMANDS` for each subcommand; nothing is imported before it is needed."""

from __future__ import annotations

import importlib
import io
import os
import re
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NoReturn

import click

from smplist import _stopping
from smplist.cli._paths import Guarded
from smplist.cli._streams import (
    OUT,
    WRITING,
    ReaderGone,
    close_streams,
    emit,
    open_streams,
    printed,
    say,
    tell,
    trouble,
)  # fmt: skip

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

# name: (module, one sentence)
COMMANDS = {
    "check": ("check", "Parse, validate and lint policies."),
    "explain": ("explain", "Which sources will this client ask, and why?"),
    "evaluate": ("evaluate", "A plan for every row of a file of clients."),
    "ambiguity": ("ambiguity", "Where does the answer depend on a rule that nobody states?"),
    "partition": ("partition", "Every answer of a policy, and who gets it."),
    "coverage": ("coverage", "What do the clients of a file use of a policy?"),
    "replay": ("replay", "Which clients of a file would get another answer?"),
    "diff": ("diff", "Every client whose answer changes from one policy to another."),
    "blame": ("blame", "Which commit last changed the answer of a client?"),
    "verify": ("verify", "Prove expectations over all clients, or show one that refutes them."),
    "vectors": ("vectors", "A finite test set, against which any agent can be certified."),
    "mutants": ("mutants", "Would the expectations notice a small mistake in the policy?"),
    "survive": ("survive", "How many failures leave clients with nothing, and which?"),
    "load": ("load", "Which share of the clients does every source get, before and after failures?"),
    "simulate": ("simulate", "Whom does a client ask, and when, while things fail?"),
    "whoami": ("whoami", "What is this machine, as a client?"),
    "test-connection": ("test_connection", "Which sources answer from this machine, and why do the others not?"),
    "plot": ("plot", "Draw a policy: maps of all addresses, loads, ladders, changes."),
    "fmt": ("fmt", "Write a policy in its usual layout."),
    "convert": ("convert", "Turn a policy into JSON or YAML, or a range table into a policy."),
    "compile": ("compile", "Write a policy as one file that opens at once."),
    "publish": ("publish", "Make a policy the current revision of a folder, signed."),
    "notify": ("notify", "Tell clients that there is a new revision."),
    "status": ("status", "Who holds which revision, who is behind, who is off?"),
    "schema": ("schema", "Print the JSON Schema of a policy, a client, a plan, expectations or events."),
    "completion": ("completion", "Let a shell complete subcommands, options and their values."),
    "mcp": ("mcp", "Answer an assistant: explain, check, diff, verify, survivability as tools."),
}

EXIT_FINDINGS = 1
EXIT_UNUSABLE = 2


# what stands in an empty document, whose reader does not know what it should have been
_WRITE_A_POLICY = "the document is empty; write a policy; `smplist schema` says"
_WRITE = {"expectations": "expectations", "events": "events", "client": "a client"}


def _examples_whole(said: str) -> str:
    """A help whose examples stay on their lines, so that they can be copied."""
    return re.sub(r"\n\n( *)Example:", "\n\n\\1\b\n\\1Example:", said)


class LazyGroup(click.Group):
    """Lists the subcommands from the table and imports the one that runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"smplist.cli.{COMMANDS[cmd_name][0]}").command
        assert isinstance(command, click.Command)
        command.help = _examples_whole(command.help or "")
        command.context_class = Guarded
        if ctx.resilient_parsing:  # a shell asks what may follow
            from smplist.cli._complete import teach

            return teach(command)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first word names; another word is refused with the name that is meant."""
        if args and args[0] not in COMMANDS and args[0][:1] != "-" and not ctx.resilient_parsing:
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, 1)
            ctx.fail(f"No such command {args[0]!r}.{f' Did you mean {near[0]!r}?' if near else ''}")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """Names out of the table, without importing anything, and options."""
        from click.shell_completion import CompletionItem

        names = [CompletionItem(name, help=said) for name, (_, said) in COMMANDS.items() if name.startswith(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, sentence) for name, (_, sentence) in COMMANDS.items()])


def _show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from smplist import __version__

        emit(f"smplist {__version__}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "color": True})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Print the version.")
def cli() -> None:
    """Which protection source will a client ask, in what order, through what, and why?

    Example: smplist explain policy.yaml --address 10.20.3.4 --location internal
    """


cli.help = _examples_whole(cli.help or "")


def fail(message: str) -> NoReturn:
    """End with a message and the exit code for something unusable."""
    tell(message)
    sys.exit(EXIT_UNUSABLE)


def load_policy(path: str) -> Any:
    """A policy from a path, `-` being standard input; whatever is wrong with it ends the program with every error."""
    return read_document(path, lambda document: document.policy())


def open_document(path: str) -> Any:
    """The document at a path, `-` being standard input; of a published folder, `DIR` or `DIR@REVISION`, that of a revision."""
    from smplist.files import load_document, parse_document

    if published := _published(path):
        path = published
    return parse_document(text_of(path), "stdin") if path == "-" else load_document(path)


def text_of(path: str) -> str:
    """The text at a path, `-` being standard input."""
    from smplist.files import decode, read_text

    return decode(sys.stdin.buffer.read(), "stdin") if path == "-" else read_text(path)


def _published(path: str) -> str | None:
    """Where the policy of a revision is, if a path is `DIR` or `DIR@REVISION` of a published folder. [S-83]"""
    folder, at, revision = (path, "", "") if os.path.isdir(path) else path.rpartition("@")
    if not _is_published(folder) or (at and not folder):
        return None
    from smplist.fleet.manifest import Refused
    from smplist.fleet.publish import Folder

    try:
        manifest = Folder(folder).revision(revision or "current")
        Folder(folder).content(manifest, "policy.json")
    except (LookupError, Refused) as error:
        fail(f"smplist: {path}: {error}")
    return os.path.join(folder, manifest.path("policy.json"))


def _is_published(folder: str) -> bool:
    """Whether a path is a published folder, found without importing what publishes."""
    return os.path.isfile(os.path.join(folder, "current.json"))


def of_revision(folder: str, revision: str) -> str:
    """The path of a revision of a published folder; any other path ends the program."""
    if not _is_published(folder):
        fail(f"smplist: {folder} is no published folder; give one that `smplist publish` made")
    return f"{folder}@{revision}"


def read_document(path: str, make: Callable[[Any], Any], done: str = "loaded", kind: str = "policy") -> Any:
    """What `make` makes of a document; whatever is wrong with it ends the program with every error."""
    return read_with(path, lambda given: make(open_document(given)), done, kind)


def read_with(path: str, read: Callable[[str], Any], done: str, kind: str) -> Any:
    """What `read` makes of a path; whatever is wrong with what stands there ends the program with every error.

    `kind` is which schema the document should have.
    """
    from smplist._errors import PolicyError

    try:
        return read(path)
    except PolicyError as error:
        count = len(error.errors)
        said = (
            str(error).replace(_WRITE_A_POLICY, f"the document is empty; write {_WRITE[kind]}; `smplist schema {kind}` says")
            if kind in _WRITE
            else error
        )
        fail(f"{said}\nsmplist: {path}: {count} error{'s' if count != 1 else ''}, nothing was {done}")
    except OSError as error:
        fail(f"smplist: cannot read {path}: {error.strerror or error}")
    except MemoryError:
        fail(f"smplist: {path} does not fit into memory")


def check_down(policy: Any, down: Iterable[str]) -> None:
    """End with a message if one of `--down` is nothing that this policy can lose."""
    from smplist.analysis.failures import read_failure

    for item in down:
        try:
            read_failure(policy, item)
        except ValueError as error:
            fail(f"smplist: --down {item}: {error}")


def report_text(report: Any, form: str) -> str:
    """A report in a form that every report has; it ends with one line break."""
    text: str = getattr(report, f"to_{form}")()
    return text.rstrip("\n") + "\n"


def write_file(path: str, content: str | bytes) -> None:
    """A file, whole or not at all; what cannot be written ends the program with the reason."""
    from smplist.files import write_whole

    try:
        write_whole(path, content)
    except OSError as error:
        fail(trouble(error, path))
    _stopping.last_words(f"{path} is written")


def echo_report(report: Any, form: str) -> None:
    """A report on standard output; CSV row by row, as there may be millions."""
    if form == "csv":
        report.write_csv(sys.stdout)
    else:
        (say if form in ("text", "markdown") else emit)(report_text(report, form), nl=False)


def main() -> None:
    """The entry point: no traceback reaches a user, a closed pipe is no error, and nothing is left half written."""
    _stopping.caught()
    _stopping.arm()
    open_streams()
    code = _code_of(lambda: cli.main(prog_name="smplist", standalone_mode=False))
    code = _code_of(close_streams, code)
    _stopping.disarm()
    if code > _stopping.BEHIND and "threading" in sys.modules and sys.modules["threading"].active_count() > 1:
        os._exit(code)  # nobody waits for a thread that reads standard input, or a name that does not resolve
    sys.exit(code)


def _code_of(work: Callable[[], object], code: int = 0) -> int:
    """The exit code after some work: `code` if it is done, or if that was worse already."""
    try:
        done = work()
        return done if isinstance(done, int) else code
    except _stopping.Stopped as stopped:
        begun = "\n" if sys.stderr.isatty() else ""  # behind the ^C of the terminal
        tell(f"{begun}{_stopping.last_words('what is printed is not all of it') if printed() else _stopping.last_words()}")
        return stopped.code
    except ReaderGone:
        return code if code >= EXIT_UNUSABLE else 0
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else 0
    except click.ClickException as error:
        said = io.StringIO()
        error.show(file=said)
        tell(said.getvalue().rstrip("\n"))
        return error.exit_code
    except OSError as error:
        tell(_of_os(error))
    except ImportError as error:
        tell(f"smplist: {error}")
    except Exception as error:  # what nobody thought of is a defect, and still no traceback
        if os.environ.get("SMPLIST_TRACEBACK"):
            raise
        tell(f"smplist: unexpected {type(error).__name__}; set SMPLIST_TRACEBACK=1 for where, and report it")
    return EXIT_UNUSABLE


def _of_os(error: OSError) -> str:
    """What the system refuses, of what, and what to do."""
    if error.filename == OUT or error.errno in WRITING:
        return trouble(error)
    return f"smplist: {error.strerror or error}{f': {error.filename}' if error.filename else ''}"
