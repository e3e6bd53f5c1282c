# SPDX-License-Identifier: MIT
"""What a shell offers behind TAB for values that click cannot know: files, and what a policy can lose."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator

import click
import click.types
from click.shell_completion import CompletionItem

from smplist.cli._paths import FOLDERS, READ, WRITTEN

_MOST_BYTES = 500_000  # nobody waits at a prompt for a larger policy


class _File(click.types.StringParamType):
    """A file: the shell knows best."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
        return [CompletionItem(incomplete, type="file")]


class _Folder(click.types.StringParamType):
    """A folder: the same."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
        return [CompletionItem(incomplete, type="dir")]


class _Failure(click.types.StringParamType):
    """What a policy can lose: its sources, and with `/`, `host:` and `proxy:` begun, their services, hosts and proxies."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
        names = [name for name in _failures(ctx, incomplete) if name.startswith(incomplete)]
        # a name that must be quoted is not offered: shells insert it as it stands
        return [CompletionItem(name) for name in names if shlex.quote(name) == name]


def _failures(ctx: click.Context, incomplete: str) -> Iterator[str]:
    """The failures of the policy on the line, if it is a file that can be read; of another one nothing is said."""
    from smplist.files import load

    # behind an option whose value is not there yet, click leaves arguments where they are
    path = os.path.expanduser(str(ctx.params.get("policy") or next(iter(ctx.args), "")))
    try:
        if not os.path.isfile(path) or os.path.getsize(path) > _MOST_BYTES:
            return
        policy = load(path)
    except Exception:  # a prompt is no place for what is wrong with a policy
        return
    if incomplete.startswith("host:"):
        yield from dict.fromkeys(f"host:{source.host}" for source in policy.sources.values())
    elif incomplete.startswith("proxy:"):
        proxies = [policy.standard.proxy, policy.network.proxy, *(entry.proxy for entry in policy.lists)]
        yield from dict.fromkeys(f"proxy:{proxy.host}:{proxy.port}" for proxy in proxies if proxy)
    elif "/" in incomplete:
        from smplist.analysis.report import SERVICES

        for name, source in policy.sources.items():
            yield from (f"{name}/{service}" for service in SERVICES if getattr(source, service) is not None)
    else:
        yield from policy.sources


_FILE = _File()
# by the name of an argument or an option, as functions of commands have it
TYPES: dict[str, click.types.StringParamType] = {
    **dict.fromkeys((*READ, *WRITTEN), _FILE),
    **dict.fromkeys(FOLDERS, _Folder()),
    **dict.fromkeys(("down", "sources"), _Failure()),
}


def teach(command: click.Command) -> click.Command:
    """A command whose texts can be completed; only for completion, where nothing is converted."""
    for param in command.params:
        if type(param.type) in (click.types.StringParamType, click.Path) and param.name in TYPES:
            param.type = TYPES[param.name]
    return command
