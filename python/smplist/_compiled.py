# SPDX-License-Identifier: MIT
"""What a compiled policy does with files and pickles."""

from __future__ import annotations

import os
import pickle
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smplist._core import CompiledPolicy


def save(compiled: CompiledPolicy, path: str | os.PathLike[str]) -> None:
    """Write the bytes beside `path` and put them in its place: whole, or not at all."""
    target = Path(path)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(compiled.to_bytes())
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def restore(data: Any) -> CompiledPolicy:
    """The compiled policy of a pickle; its bytes are checked like a stranger's."""
    from smplist._core import CompiledPolicy

    return CompiledPolicy.from_bytes(data)


def reduce(compiled: CompiledPolicy, protocol: int) -> tuple[Any, tuple[Any]]:
    """Protocol 5 hands the bytes over out of band, older ones copy them."""
    return restore, (pickle.PickleBuffer(compiled) if protocol >= 5 else compiled.to_bytes(),)
