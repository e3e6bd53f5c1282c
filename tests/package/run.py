# SPDX-License-Identifier: MIT
"""Strangers' projects: each gets smplist in its own way, builds against it, and runs what it built."""

from __future__ import annotations

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
    """An installed smplist, with fmt and nlohmann/json; 'explain' says what the Python package says."""
    stranger.cmake()
    stranger.found_in(stranger.prefix / "share/cmake/smplist")
    expect("the output of 'show'", stranger.run("./show"), "  10.20.0.0/16 ordered\n")

    policy = ROOT / "docs/examples/acme/policy.yaml"
    stranger.run(sys.executable, "-m", "smplist", "convert", policy, "policy.json")
    client = json.dumps({"addresses": ["10.20.3.4"], "location": "internal"})
    plans = [json.loads(line) for line in stranger.run("./explain", "policy.json", given=f"{client}\n").splitlines()]
    expect("the services in the output of 'explain'", [p["service"] for p in plans], ["file_reputation", "web_reputation"])
    for plan in plans:
        lacking = {"revision", "service", "client", "outcome", "attempts", "ignored", "scope", "trace"} - plan.keys()
        expect("the list of keys that a plan lacks", sorted(lacking), [])
    asked = ("--address", "10.20.3.4", "--location", "internal", "--format", "json")
    said = stranger.run(sys.executable, "-m", "smplist", "explain", policy, *asked)
    expect("the output of 'explain'", plans, json.loads(said))


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
            for line, good in pool.map(lambda item: attempt(*item, work), PROJECTS.items()):
                print(line, flush=True)
                verdicts.append(good)
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
