# SPDX-License-Identifier: MIT
"""What compiled policies and their answers do with files, pickles and tables."""

from __future__ import annotations

import importlib
import os
import pickle
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from smplist._core import Answers, CompiledPolicy


def save(compiled: CompiledPolicy, path: str | os.PathLike[str]) -> None:
    """Write the bytes to a file: whole, or not at all."""
    from smplist.files import write_whole

    write_whole(path, compiled.to_bytes())


def restore(data: Any) -> CompiledPolicy:
    """The compiled policy of a pickle; its bytes are checked like a stranger's."""
    from smplist._core import CompiledPolicy

    return CompiledPolicy.from_bytes(data)


def reduce(compiled: CompiledPolicy, protocol: int) -> tuple[Any, tuple[Any]]:
    """Protocol 5 hands the bytes over out of band, older ones copy them."""
    return restore, (pickle.PickleBuffer(cast(Any, compiled)) if protocol >= 5 else compiled.to_bytes(),)


def to_frame(answers: Answers) -> Any:
    """A pandas table of categories; needs the extra `frame`."""
    try:
        pyarrow = importlib.import_module("pyarrow")
    except ImportError as error:
        raise ImportError("to_frame needs pandas and pyarrow: pip install smplist[frame]") from error
    return pyarrow.table(answers).to_pandas()
