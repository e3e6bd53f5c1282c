# SPDX-License-Identifier: MIT
"""`smplist plot`: a policy as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import click

from smplist.analysis.report import SERVICES
from smplist.cli import check_down, fail, load_policy

_FORMS = (".png", ".svg")


class _Kind(NamedTuple):
    """What a kind of picture takes: one policy or two, and which options."""

    policies: int
    options: tuple[str, ...]
    sentence: str


KINDS = {
    "map": _Kind(1, ("by", "service", "within", "down"), "all of IPv4 along a Hilbert curve"),
}


@click.command()
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("policies", metavar="POLICY [NEW]", nargs=-1, required=True)
@click.option("-o", "--output", metavar="FILE", required=True, help="The file to write, *.png or *.svg; replaced whole.")
@click.option("--by", type=click.Choice(["list", "source", "survivability"]), help="What the colours of a map say; list.")
@click.option("--service", type=click.Choice(SERVICES), help="Of which service; file_reputation.")
@click.option("--within", metavar="PREFIX", help="Only a prefix, such as 10.0.0.0/8.")
@click.option("--down", multiple=True, metavar="FAILURE",
              help="What has failed: SOURCE[/SERVICE], host:NAME or proxy:HOST:PORT; may stand several times.")  # fmt: skip
@click.option("--size", type=click.IntRange(min=400, max=8000), metavar="PIXELS", help="How wide a PNG is; an SVG has any size.")
def command(kind: str, policies: tuple[str, ...], output: str, size: int | None, **options: Any) -> None:
    """Draw a policy.

    Example: smplist plot map policy.yaml --within 10.0.0.0/8 -o map.svg
    """
    from smplist.files import same_file

    suffix = Path(output).suffix.lower()
    if suffix not in _FORMS:
        fail(f"smplist: {output}: a picture is {' or '.join(_FORMS)}; the suffix says which")
    if size is not None and suffix != ".png":
        fail("smplist: --size is for PNG; an SVG has any size")
    if any(same_file(path, output) for path in policies):
        fail(f"smplist: {output} is the policy itself; write to another file")
    given = {name: value for name, value in options.items() if value not in (None, ())}
    _check(kind, len(policies), given)
    figure = _DRAW[kind]([load_policy(path) for path in policies], given)
    write(figure, output, size)


def _check(kind: str, policies: int, given: dict[str, Any]) -> None:
    """End if a picture cannot use what is given."""
    wanted = KINDS[kind]
    for name in given:
        if name not in wanted.options:
            kinds = " and ".join(k for k, row in KINDS.items() if name in row.options)
            fail(f"smplist: plot {kind} has no use for --{name}, which is for {kinds}")
    if policies != wanted.policies:
        fail(f"smplist: plot {kind} draws {wanted.policies} polic{'y' if wanted.policies == 1 else 'ies'}, not {policies}")


def write(figure: Any, output: str, size: int | None) -> None:
    """A picture into a file, whole or not at all."""
    from smplist.files import write_whole

    dpi = None if size is None else size / figure.get_figwidth()
    content = figure.to_bytes(Path(output).suffix[1:].lower(), dpi)
    try:
        write_whole(output, content)
    except OSError as error:
        fail(f"smplist: cannot write {output}: {error.strerror or error}")


def _fallen(policy: Any, given: dict[str, Any]) -> Any:
    down = given.pop("down", ())
    check_down(policy, down)
    return policy.what_if(down=down) if down else policy


def _map(policies: list[Any], given: dict[str, Any]) -> Any:
    from smplist import plots

    try:
        return plots.map_ipv4(_fallen(policies[0], given), **given)
    except ValueError as error:
        fail(f"smplist: {error}")


_DRAW = {"map": _map}
