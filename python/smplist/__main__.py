# SPDX-License-Identifier: MIT
"""`python -m smplist`: the command line, and where the headers are."""

from __future__ import annotations

import sys

import smplist


def main() -> None:
    """Answer `--includes` and `--cmakedir` for build scripts; everything else is the command line."""
    if sys.argv[1:] == ["--includes"]:
        print(f"-I{smplist.get_include()}")
    elif sys.argv[1:] == ["--cmakedir"]:
        print(smplist.get_cmake_dir())
    else:
        from smplist.cli import main as command_line

        command_line()


if __name__ == "__main__":
    main()
