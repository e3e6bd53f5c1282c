# SPDX-License-Identifier: MIT
"""`smplist publish`: a policy becomes the current revision of a folder."""

from __future__ import annotations

import os
from typing import Any

import click

from smplist import _stopping
from smplist.cli import fail, load_policy
from smplist.cli._streams import tell

_OTHERS_MAY = 0o077


@click.command()
@click.argument("policy", required=False)
@click.argument("folder", metavar="[DIR]", required=False)
@click.option("--key", metavar="REFERENCE", help="The private key that signs: env:NAME, file:PATH or keyring:SERVICE/USER.")
@click.option("--fleet", metavar="NAME", help="Whose revisions they are; needed for the first one.")
@click.option("--new-key", metavar="FILE", help="Make a pair of keys instead: FILE, for you alone, and FILE.pub for the clients.")
def command(policy: str | None, folder: str | None, key: str | None, fleet: str | None, new_key: str | None) -> None:
    """Publish a policy into a folder that any web server gives out: immutable, signed, and current by one rename.

    Clients hear of it by `smplist notify`, and not before.

    Exit code 0: published, or current already; 2: something is unusable; what is current is whole.

    Example: smplist publish policy.yaml www --fleet acme --key file:acme.key
    """
    if new_key is not None:
        if policy or key or fleet:
            fail("smplist: --new-key makes keys and publishes nothing; give it alone")
        return _new_key(new_key)
    if policy is None or folder is None:
        fail("smplist: publish needs a policy and a folder; or --new-key FILE")
    if key is None:
        fail("smplist: nothing signs the revision; give --key, and make one with --new-key FILE")
    if os.path.exists(folder) and not os.path.isdir(folder):
        fail(f"smplist: {folder} is no folder; name the one that a web server gives out, or a new one")
    signer = _key(key)
    loaded = load_policy(policy)
    from smplist.fleet.publish import Busy, publish

    _stopping.last_words(f"what is current in {folder} is whole; publish again")

    try:
        made = publish(loaded, folder, signer, fleet)
    except Busy:
        fail(f"smplist: somebody else is publishing to {folder}; try again")
    except OSError as error:
        fail(f"smplist: cannot publish to {folder}: {error.strerror or error}; {_current(folder)}, publish again")
    except ValueError as error:
        fail(f"smplist: {error}")
    if made is None:
        tell(f"{folder}: nothing to do, {loaded.revision} is current")
        return
    tell(f"{folder}: revision {made.sequence} of {made.fleet} is current, {made.revision}")


def _current(folder: str) -> str:
    """What is current after something went wrong."""
    from smplist.fleet.publish import CURRENT, Folder

    try:
        found = Folder(folder).pointer(CURRENT)
    except (OSError, ValueError):
        found = None
    return f"revision {found.manifest.sequence} is current" if found else "nothing is current"


def _key(reference: str) -> Any:
    """The key behind a reference; a file that others may read is worth a word."""
    from smplist._secrets import SecretError, read_secret
    from smplist.fleet.keys import WrongKey, read_private

    try:
        found = read_private(read_secret(reference))
    except (SecretError, WrongKey) as error:
        fail(f"smplist: --key: {error}")
    path = reference.removeprefix("file:")
    if os.name == "posix" and path != reference and os.stat(path).st_mode & _OTHERS_MAY:
        tell(f"smplist: others may use the private key {path}; chmod 600 {path}")
    return found


def _new_key(path: str) -> None:
    from smplist.fleet.keys import new_key

    try:
        name = new_key(path)
    except FileExistsError as error:
        fail(f"smplist: {error.filename} is there already; a key that is replaced is lost, so name another file")
    except OSError as error:
        fail(f"smplist: cannot write {path}: {error.strerror or error}")
    tell(f"{path}: private key {name}; {path}.pub: public key, for the clients")
