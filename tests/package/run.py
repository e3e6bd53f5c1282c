# SPDX-License-Identifier: MIT
"""Strangers' projects: each gets smplist in its own way, builds against it, and runs what it built."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SECONDS = 240  # for one command
TAIL = 25  # lines of the output of a command that went wrong
# what could lead a stranger to another smplist than the one meant
LEADS_ASTRAY = {
    "CMAKE_PREFIX_PATH",
    "CPATH",
    "CPLUS_INCLUDE_PATH",
    "PKG_CONFIG_PATH",
    "PYTHONPATH",
    "smplist_DIR",
    "smplist_ROOT",
}


class Wrong(Exception):
    """What a project expected and did not get."""


@dataclass(frozen=True)
class Stranger:
    """One project: its sources, the folder it builds in, where smplist is installed, and what its commands see."""

    source: Path
    build: Path
    prefix: Path
    environment: Mapping[str, str]

    def run(self, *command: str | Path, given: str = "", refused: bool = False) -> str:
        """The standard output of a command that must succeed; all output of one that must be refused."""
        # a session of its own, so that the children of a command that hangs end with it
        process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, encoding="utf-8", env=dict(self.environment), cwd=self.build, start_new_session=True,
        )  # fmt: skip
        what = " ".join(Path(word).name for word in command[:2])
        try:
            out, err = process.communicate(given, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            raise Wrong(f"'{what}' took more than {SECONDS} s\n{tail(out + err)}") from None
        if (process.returncode != 0) != refused:
            ended = "was accepted" if refused else f"ended with {process.returncode}"
            raise Wrong(f"'{what}' {ended}\n{tail(out + err)}")
        return out + err if refused else out

    def cmake(self, *defines: str, source: str = ".") -> str:
        """Configure and build with CMake; what it said while configuring."""
        said = self.configure(*defines, source=source)
        self.run("cmake", "--build", ".", "--parallel", "2")
        return said

    def configure(self, *defines: str, source: str = ".", refused: bool = False) -> str:
        """Configure with CMake, with smplist's prefix on its path; what CMake said, its lines joined."""
        on_path = f"-DCMAKE_PREFIX_PATH={self.prefix}"
        said = self.run("cmake", "-S", self.source / source, "-B", ".", on_path, *defines, refused=refused)
        return " ".join(said.split())

    def found_in(self, folder: Path) -> None:
        """CMake must have taken smplist from this folder."""
        cache = (self.build / "CMakeCache.txt").read_text(encoding="utf-8")
        expect("smplist_DIR", re.findall(r"^smplist_DIR:\w+=(.*)$", cache, re.M), [str(folder)])


def tail(text: str) -> str:
    """The last lines of an output, indented."""
    return "\n".join(f"    {line}" for line in text.rstrip().splitlines()[-TAIL:])


def expect(what: str, is_so: object, wanted: object) -> None:
    """Compare, and say what differs."""
    if is_so != wanted:
        raise Wrong(f"{what} differs\n{tail(f'is:     {is_so}')}\n{tail(f'wanted: {wanted}')}")


def expect_words(said: str, *wanted: str) -> None:
    """An output must name these."""
    missing = [word for word in wanted if word not in said]
    if missing:
        raise Wrong(f"the message does not name {', '.join(missing)}\n{tail(said)}")


def headers(include: Path) -> list[str]:
    """Every header below a folder."""
    return sorted(path.relative_to(include).as_posix() for path in include.rglob("*.hpp"))


def version() -> str:
    """The version, from the one place where it is written."""
    text = (ROOT / "include/smplist/version.hpp").read_text(encoding="utf-8")
    return ".".join(re.findall(r"#define SMPLIST_VERSION_\w+ (\d+)", text))


def install(stranger: Stranger) -> None:
    """Not a stranger: what those who find a package find."""
    stranger.run("cmake", "-S", ROOT, "-B", ".")
    stranger.run("cmake", "--install", ".", "--prefix", stranger.prefix)
    expect("the list of installed headers", headers(stranger.prefix / "include"), headers(ROOT / "include"))
    # CMake before 3.23 knows no file sets and finds the headers by this alone
    targets = (stranger.prefix / "share/cmake/smplist/smplist-core.cmake").read_text(encoding="utf-8")
    expect_words(targets, 'INTERFACE_INCLUDE_DIRECTORIES "${_IMPORT_PREFIX}/include"')


def by_subdirectory(stranger: Stranger) -> None:
    """The repository in a product's tree; every header in two units, C++20, warnings are errors."""
    stranger.cmake()
    wanted = ["shared", "10.20.0.0/16 web_reputation", '{"addresses": ["10.20.3.4"], "location": "internal"}']
    expect("the output of 'product'", stranger.run("./product").splitlines(), wanted)


def by_find_package(stranger: Stranger) -> None:
    """An installed smplist, with fmt and nlohmann/json; C++, Python and the command line give the same bytes."""
    stranger.cmake()
    stranger.found_in(stranger.prefix / "share/cmake/smplist")
    expect("the output of 'show'", stranger.run("./show"), "  10.20.0.0/16 ordered\n")

    acme = ROOT / "docs/examples/acme"
    stranger.run(sys.executable, "-m", "smplist", "convert", acme / "policy.yaml", "policy.json")
    with (acme / "clients.csv").open(encoding="utf-8", newline="") as file:
        rows = [{key: cell for key, cell in row.items() if cell} for row in csv.DictReader(file)]
    expect("the number of clients", len(rows), 2000)
    given = "".join(f"{json.dumps(document(row))}\n" for row in rows)
    plans = stranger.run("./explain", "policy.json", given=given).splitlines()
    expect("the number of plans", len(plans), 4000)

    python = stranger.run(sys.executable, "-c", IN_PYTHON, acme / "policy.yaml", given=given)
    expect_same("C++ and Python", plans, python.splitlines())
    words = "".join(f"{json.dumps(options(row))}\n" for row in rows)
    command_line = stranger.run(sys.executable, "-c", ON_THE_COMMAND_LINE, "policy.json", given=words)
    expect_same("C++ and the command line", [f"[{', '.join(pair)}]" for pair in zip(plans[::2], plans[1::2], strict=True)],
                command_line.splitlines())  # fmt: skip
    one = stranger.run(sys.executable, "-m", "smplist", "explain", "policy.json", *options(rows[0]), "--format", "json")
    expect("the output of one process", one, command_line.splitlines()[0] + "\n")


# a plan a line for each client a line and each service
IN_PYTHON = """
import sys, smplist
policy = smplist.load(sys.argv[1])
for line in sys.stdin:
    client = smplist.Client.from_json(line)
    for service in smplist.Service:
        print(policy.evaluate(client, service).to_json())
"""

# `smplist explain` for each line of options; in one process, because two thousand take minutes
ON_THE_COMMAND_LINE = """
import json, sys
from smplist.cli import cli
for line in sys.stdin:
    cli(["explain", sys.argv[1], *json.loads(line), "--format", "json"], standalone_mode=False)
"""


def document(row: Mapping[str, str]) -> dict[str, object]:
    """A row of the table of clients as a document: cells with blanks between are lists."""
    return {key: cell if key in ("id", "location") else cell.split() for key, cell in row.items()}


def options(row: Mapping[str, str]) -> list[str]:
    """The same row as options of `smplist explain`."""
    names = {"addresses": "--address", "gateways": "--gateway"}
    words = [(names.get(key, f"--{key}"), part) for key, cell in row.items() for part in cell.split()]
    return [word for pair in words for word in pair]


def expect_same(what: str, one: list[str], other: list[str]) -> None:
    """Two lists of lines, byte for byte."""
    expect(f"the number of lines of {what}", len(one), len(other))
    for number, (a, b) in enumerate(zip(one, other, strict=True), 1):
        expect(f"line {number} of {what}", a, b)


def core_only(stranger: Stranger) -> None:
    """An installed smplist on a machine without fmt and nlohmann/json, without exceptions and RTTI."""
    without = [f"-DCMAKE_DISABLE_FIND_PACKAGE_{library}=ON" for library in ("fmt", "nlohmann_json")]
    stranger.cmake(*without)
    stranger.found_in(stranger.prefix / "share/cmake/smplist")
    expect("the output of 'core_only'", stranger.run("./core_only"), "https://sps.example:443/tmcss\n")


def by_pkg_config(stranger: Stranger) -> None:
    """An installed smplist, pkg-config and a compiler."""
    expect("the version", stranger.run("pkg-config", "--modversion", "smplist").strip(), version())
    flags = stranger.run("pkg-config", "--cflags", "smplist").split()
    expect("the include path", [Path(flag.removeprefix("-I")).resolve() for flag in flags], [stranger.prefix / "include"])
    stranger.run(stranger.source / "build.sh", stranger.build / "program")
    wanted = ["16777216", "host_bits_set", "340282366920938463463374607431768211456"]
    expect("the output", stranger.run("./program", "10.0.0.0/8", "10.0.0.1/8", "::/0").splitlines(), wanted)

    # some distributions put headers into a prefix of their own
    apart = stranger.build / "apart"
    stranger.run("cmake", "-S", ROOT, "-B", apart, "-DCMAKE_INSTALL_INCLUDEDIR=/elsewhere/include")
    expect_words((apart / "smplist.pc").read_text(encoding="utf-8"), "includedir=/elsewhere/include\n")


def by_wheel_headers(stranger: Stranger) -> None:
    """The headers that came with `pip install smplist`, for the compiler alone and for CMake."""
    package = stranger.run(sys.executable, "-c", "import smplist; print(smplist.__path__[0], smplist.__version__)")
    folder, _, installed = package.strip().rpartition(" ")
    expect("the list of headers in the wheel", headers(Path(folder, "include")), headers(ROOT / "include"))
    expect("the version of the wheel", installed, version())

    stranger.run(stranger.source / "build.sh", stranger.build / "plain")
    expect("the output of 'plain'", stranger.run("./plain"), f"{version()}\n")
    said = stranger.cmake(f"-DPython_EXECUTABLE={sys.executable}")
    expect_words(said, f"smplist {version()} in {folder}/share/cmake/smplist")
    expect("the output of 'version'", stranger.run("./version"), f"{version()}\n")


def wrong_version(stranger: Stranger) -> None:
    """A version that is not there is refused, with both versions; the one that is there is accepted."""
    expect_words(stranger.configure(refused=True), 'compatible with requested version "99.0"', f"version: {version()}")
    expect_words(stranger.configure(f"-Dwanted={version()}"), f"smplist {version()} is accepted")


def missing_part(stranger: Stranger) -> None:
    """A side room without its library, or one that does not exist, is refused, and the message says what to do."""
    hidden = "-DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json="
    expect_words(stranger.configure(f"{hidden}ON", refused=True), "'json' needs nlohmann_json 3.11")
    expect_words(stranger.configure("-Dwanted=yaml", refused=True), "no component 'yaml', only fmt and json")
    stranger.configure(f"{hidden}OFF", "-Dwanted=json")


# the longest first
PROJECTS: dict[str, Callable[[Stranger], None]] = {
    "by_subdirectory": by_subdirectory,
    "by_find_package": by_find_package,
    "by_wheel_headers": by_wheel_headers,
    "by_find_package/core_only": core_only,
    "by_pkg_config": by_pkg_config,
    "missing_part": missing_part,
    "wrong_version": wrong_version,
}


def environment(work: Path, prefix: Path) -> dict[str, str]:
    """What strangers see: this machine, without the ways to another smplist, and quick tools where there are any."""
    seen = {name: value for name, value in os.environ.items() if name not in LEADS_ASTRAY}
    seen |= {"LC_ALL": "C.UTF-8", "PYTHON": sys.executable, "PKG_CONFIG_PATH": str(prefix / "share/pkgconfig")}
    if shutil.which("ninja"):
        seen["CMAKE_GENERATOR"] = "Ninja"
    if shutil.which("ccache"):
        # the temporary folder has another name each time
        seen |= {"CMAKE_CXX_COMPILER_LAUNCHER": "ccache", "CCACHE_BASEDIR": str(work), "CCACHE_NOHASHDIR": "1"}
    return seen


def attempt(name: str, check: Callable[[Stranger], None], work: Path) -> tuple[str, bool]:
    """Run one project: its line, and whether all went well."""
    prefix, build = work / "prefix", work / name.replace("/", "-")
    build.mkdir()
    start = time.monotonic()
    try:
        check(Stranger(HERE / name, build, prefix, environment(work, prefix)))
    except (Wrong, OSError, ValueError, LookupError) as error:
        return f"FAILED {name}: {error or type(error).__name__}", False
    return f"ok     {name:<26} {time.monotonic() - start:5.1f} s", True


def main() -> int:
    """Install, then every project, two at a time."""
    with tempfile.TemporaryDirectory(prefix="smplist-package-") as temporary:
        work = Path(temporary).resolve()
        line, good = attempt("install", install, work)
        print(line, flush=True)
        verdicts = [good]
        with ThreadPoolExecutor(2) as pool:
            for line, good in pool.map(attempt, PROJECTS, PROJECTS.values(), repeat(work)):
                print(line, flush=True)
                verdicts.append(good)
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
