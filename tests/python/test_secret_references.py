# SPDX-License-Identifier: MIT
"""What is behind a reference to a secret, and that no message repeats one. [S-24]"""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest
from smplist._secrets import SecretError, read_secret

CANARY = "canary7f3a"


def test_each_kind_of_reference_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable, a file without the break at its end, and an entry of the keyring, whose user may have a slash."""
    monkeypatch.setenv("NAME", CANARY)
    (tmp_path / "secret").write_text(f" {CANARY} \r\n")
    asked = []
    ring = types.ModuleType("keyring")
    ring.get_password = lambda service, user: asked.append((service, user)) or CANARY  # type: ignore[attr-defined,func-returns-value]
    monkeypatch.setitem(sys.modules, "keyring", ring)
    assert read_secret("env:NAME") == read_secret("keyring:smplist/ann/x") == CANARY
    assert read_secret(f"file:{tmp_path}/secret") == f" {CANARY} "
    assert asked == [("smplist", "ann/x")]


def test_what_is_no_secret_is_refused_without_its_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing behind it, too much, no text; and what is no reference may be the secret itself."""
    monkeypatch.delenv("NAME", raising=False)
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "large").write_text(CANARY * 10_000)
    (tmp_path / "bytes").write_bytes(b"\xff" + CANARY.encode())
    ring = types.ModuleType("keyring")
    ring.get_password = lambda service, user: None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", ring)
    for reference, said in {
        "env:NAME": "'NAME' is not set",
        "env:": "not a reference",
        CANARY: "not a reference",
        f"ENV:{CANARY}": "not a reference",
        f"keyring:{CANARY}": "not a reference",
        "keyring:smplist/ann": "keyring set smplist ann",
        f"file:{tmp_path}/none": "No such file",
        f"file:{tmp_path}": "Is a directory",
        f"file:{tmp_path}/empty": "is empty",
        f"file:{tmp_path}/large": "too large",
        f"file:{tmp_path}/bytes": "not UTF-8",
    }.items():
        with pytest.raises(SecretError, match=said) as refused:
            read_secret(reference)
        assert CANARY not in str(refused.value) and len(str(refused.value).splitlines()) == 1
