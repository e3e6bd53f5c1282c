# SPDX-License-Identifier: MIT
"""The site builds without a warning from every page, shows both languages, and needs nothing from elsewhere."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
from conftest import ROOT

DOCS = ROOT / "docs"
NEEDED = ("sphinx", "furo", "myst_parser", "myst_nb", "breathe")
MISSING = [name for name in NEEDED if importlib.util.find_spec(name) is None] + ["doxygen"] * (shutil.which("doxygen") is None)
SECONDS = 1200  # a busy machine takes minutes

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"the site needs {', '.join(MISSING)}: pip install '.[docs]', and doxygen")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as the README says, but elsewhere; a warning is an error."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-E", "-W", "--keep-going", "-q", str(DOCS), str(folder)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", cwd=ROOT, timeout=SECONDS)
    assert ended.returncode == 0, ended.stdout
    return folder


def shown(page: Path) -> str:
    """The text of a page, without its tags."""
    return re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8"))


def test_every_page_is_there(site: Path) -> None:
    """Each Markdown file and each notebook under docs is a page."""
    pages = [page.relative_to(DOCS) for page in (*DOCS.rglob("*.md"), *DOCS.rglob("*.ipynb"))]
    assert len(pages) > 40
    assert [str(page) for page in pages if not (site / page.with_suffix(".html")).exists()] == []


def test_both_languages_are_there(site: Path) -> None:
    """The C++ and the Python reference have names to link to, with their sentences."""
    api = site / "reference/api"
    evaluate = (api / "cpp-plan.html").read_text(encoding="utf-8")
    assert re.search(r'id="[^"]*smplist8evaluate', evaluate) and "The plan of a client for a service." in evaluate
    policy = (api / "cpp-policy.html").read_text(encoding="utf-8")
    assert re.search(r'id="[^"]*smplist6policyE"', policy) and "An immutable policy; copies share it." in policy
    assert 'id="smplist.Policy.evaluate"' in (api / "python.html").read_text(encoding="utf-8")
    for page in api.glob("cpp-*.html"):
        assert "smplist::detail::" not in shown(page), page.name


def test_every_public_header_is_there(site: Path) -> None:
    """A header with a namespace outside of `detail` has its place in the reference, or it is named here."""
    pages = "".join(page.read_text(encoding="utf-8") for page in (DOCS / "reference/api").glob("cpp-*.md"))
    named = set(re.findall(r"\{header\} (\S+)", pages))
    xml = site / ".doctrees/doxygen/xml"
    declaring = {
        where
        for file in [*xml.glob("class*.xml"), *xml.glob("struct[!s]*.xml"), *xml.glob("namespacesmplist*.xml")]
        for where in re.findall(r'<location file="(smplist/[^"]+)" line', file.read_text(encoding="utf-8"))
    }
    assert len(declaring) > 40
    assert sorted(declaring - named) == []


def test_citations_lead_to_clauses(site: Path) -> None:
    """`[S-21]` is a link, in a page and in a sentence of a header alike."""
    for page in ("explanation/analysis.html", "reference/api/cpp-plan.html", "reference/api/python.html"):
        assert re.search(r'href="[^"]*semantics.html#s-\d\d"', (site / page).read_text(encoding="utf-8")), page


def test_notebooks_are_shown_as_they_are_stored(site: Path) -> None:
    """What cells printed stands on the page, and so does every picture."""
    for notebook in (DOCS / "notebooks").glob("*.ipynb"):
        page = site / "notebooks" / f"{notebook.stem}.html"
        text, html = unescape(shown(page)), page.read_text(encoding="utf-8")
        outputs = [
            output for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"] for output in cell.get("outputs", [])
        ]
        printed = ["".join(output["text"]).rstrip("\n") for output in outputs if output["output_type"] == "stream"]
        assert [lines for lines in printed if lines not in text] == [], notebook.name
        pictures = sum("image/png" in output.get("data", {}) for output in outputs)
        assert len(re.findall(r'<img [^>]*src="\.\./_images/\w+\.png"', html)) == pictures > 0, notebook.name


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    """No script, style, font or picture of a page or a style sheet has a host."""
    loads = re.compile(r'<(?:script|img|iframe|source)\b[^>]*\ssrc="([^"]*)"|<link\b[^>]*\shref="([^"]*)"')
    foreign = set()
    for page in site.rglob("*.html"):
        for found in loads.findall(page.read_text(encoding="utf-8")):
            foreign |= {(str(page), address) for address in found if re.match(r"(?:[a-z]+:)?//", address)}
    for sheet in site.rglob("*.css"):
        for address in re.findall(r"(?:url\(|@import\s+)[\"']?((?:https?:)?//[^\"')]+)", sheet.read_text(encoding="utf-8")):
            foreign.add((str(sheet), address))
    assert foreign == set()
