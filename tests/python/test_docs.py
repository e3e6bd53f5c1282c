# SPDX-License-Identifier: MIT
"""The documentation is true: its code runs and prints what it says, its links lead somewhere, and every code has its row."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import smplist
from conftest import ROOT
from fleet_servers import missing

PAGES = sorted(
    page
    for part in ("tutorial", "how-to", "reference", "explanation", "decisions")
    for page in (ROOT / "docs" / part).glob("*.md")
)
NOTEBOOKS = sorted((ROOT / "docs/notebooks").glob("*.ipynb"))
ALL_PAGES = [*PAGES, *NOTEBOOKS, ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs/examples").rglob("*.md")]


class Block(NamedTuple):
    """A fenced block, and the `text` block that stands next behind it, if one does."""

    language: str
    code: str
    line: int
    output: str | None


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, each with the output that the page promises."""
    text = page.read_text(encoding="utf-8")
    fences = list(re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S))
    followers = [*fences[1:], None] if fences else []
    for fence, following in zip(fences, followers, strict=True):
        if fence[1] == "text":
            continue
        output = None
        if following and following[1] == "text" and not text[fence.end() : following.start()].strip():
            output = following[2]
        yield Block(fence[1], fence[2], text.count("\n", 0, fence.start()) + 1, output)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository to work in, with `smplist`, `python` and `check-jsonschema` of this environment in `bin`."""
    folder = tmp_path_factory.mktemp("docs") / "smplist"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".git", ".venv", "build", "*.so", "__pycache__", ".*_cache"))
    (folder / "bin").mkdir()
    for name, words in {"smplist": "-m smplist", "python": "", "check-jsonschema": "-m check_jsonschema"}.items():
        script = folder / "bin" / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n', encoding="utf-8")
        script.chmod(0o755)
    return folder


def shell(command: str, folder: Path) -> str:
    """What a shell prints, both streams as on a terminal."""
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    ended = subprocess.run(
        ["bash", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", cwd=folder,
        env=os.environ | {"PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}, timeout=300,
    )  # fmt: skip
    return ended.stdout


def fits(promised: str, printed: str) -> bool:
    """Whether the output is as promised; a line of `...` stands for any number of lines."""
    pattern = "".join(r"(.*\n)*" if line.strip() == "..." else re.escape(line) + "\n" for line in promised.splitlines())
    return re.fullmatch(pattern, printed) is not None


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_pages_print_what_they_say(page: Path, copy: Path) -> None:
    """Every `sh` and `python` block, from the root of the repository, in the order of the page."""
    for block in blocks(page):
        if block.language not in ("sh", "python"):
            continue
        if "pyspark" in block.code and shutil.which("java") is None:
            pytest.skip("Spark needs Java, and there is none")
        if "mosquitto -c" in block.code and missing("mosquitto"):
            pytest.skip("no mosquitto here")
        where = f"{page.name}:{block.line}"
        code = block.code if block.language == "sh" else f"python - <<'END OF BLOCK'\n{block.code}\nEND OF BLOCK\n"
        printed = shell(code, copy)
        assert "Traceback" not in printed, f"{where}\n{printed}"
        if block.output is not None:
            assert fits(block.output, printed), f"{where}\n{block.output}\n--- but it prints\n{printed}"


# behind the function of the README
MAIN = """
#include <fstream>
#include <iostream>
#include <iterator>
int main(int, char** argv) {
  std::ifstream file(argv[1]);
  std::cout << first_url(std::string{std::istreambuf_iterator<char>(file), {}}, "10.20.3.4"_address) << '\\n';
}
"""


def test_the_readme_prints_what_it_says(copy: Path) -> None:
    """Its transcript, its Python and its C++; the two commands at its top are for a new machine."""
    found = list(blocks(ROOT / "README.md"))
    assert [block.language for block in found[:2]] == ["sh", "sh"]
    assert found[1].code == "tests/run\n"
    transcript = re.search(r"^```text\n\$ (.*?)\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    assert transcript is not None
    assert fits(transcript[2], shell(transcript[1], copy))
    python = next(block for block in found if block.language == "python")
    printed = shell(f"python - <<'END'\n{python.code}\nEND\n", copy)
    assert printed.startswith("custom_list\n") and "Traceback" not in printed
    cpp = next(block for block in found if block.language == "cpp")
    (copy / "readme.cpp").write_text(cpp.code + MAIN, encoding="utf-8")
    shell("smplist convert docs/examples/acme/policy.yaml acme.json", copy)
    printed = shell("g++ -std=c++17 -Wall -Wextra -Werror -Iinclude readme.cpp -o readme && ./readme acme.json", copy)
    assert printed == "https://sps.manila.acme.example:443/tmcss\n"
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 200


def test_the_programs_of_the_reference_print_what_they_say(copy: Path) -> None:
    """Each whole C++ program of cpp.md, built as the page says."""
    programs = [
        block for block in blocks(ROOT / "docs/reference/cpp.md") if block.language == "cpp" and "int main(" in block.code
    ]
    assert len(programs) >= 5
    for block in programs:
        (copy / "example.cpp").write_text(block.code, encoding="utf-8")
        build = "g++ -std=c++17 -Wall -Wextra -Werror -DFMT_HEADER_ONLY -Iinclude example.cpp -o example"
        printed = shell(f"{build} && ./example", copy)
        assert block.output is not None and fits(block.output, printed), f"cpp.md:{block.line}\n{printed}"


def prose(page: Path) -> str:
    """The Markdown of a page or a notebook."""
    text = page.read_text(encoding="utf-8")
    if page.suffix != ".ipynb":
        return text
    return "\n\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown")


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", ALL_PAGES, ids=[str(page.relative_to(ROOT)) for page in ALL_PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link names a file that is there, and a heading in it."""
    text = re.sub(r"^```.*?^```$", "", prose(page), flags=re.M | re.S)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


def test_every_error_code_has_its_row() -> None:
    """The table of codes in the reference names each member of `ErrorCode`."""
    page = (ROOT / "docs/reference/python.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.M)) >= {code.value for code in smplist.ErrorCode}
