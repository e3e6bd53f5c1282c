# SPDX-License-Identifier: MIT
"""The site: these pages as they are, with what doxygen reads in the headers and autodoc in the Python package.

    python -m sphinx -W --keep-going docs build/site

Nothing is fetched, neither while it is built nor while it is read.
"""

from __future__ import annotations

import builtins
import functools
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

DOCS = Path(__file__).parent
ROOT = DOCS.parent
VERSION = re.findall(r"define SMPLIST_VERSION_[A-Z]+ (\d+)", (ROOT / "include/smplist/version.hpp").read_text(encoding="utf-8"))
logger = logging.getLogger(__name__)
RULES = "explanation/semantics"
CITATION = re.compile(r"(\[S-\d\d\])")

project = "smplist"
author = "The smplist authors"
copyright = author
version = release = ".".join(VERSION)

extensions = ["myst_nb", "breathe", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
nb_execution_mode = "off"  # what is stored is shown: a test runs the notebooks
default_role = "code"  # `so` in a docstring is what it is in Markdown

napoleon_use_rtype = False  # what is returned is a sentence here, no type
myst_heading_anchors = 6  # headings have the anchors that code hosts give them
breathe_default_project = "smplist"
cpp_maximum_signature_line_length = 100
python_maximum_signature_line_length = 100

html_theme = "furo"
html_title = f"smplist {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False


# the C++ half -------------------------------------------------------------------------------------------------------------------


def read_headers(app: Sphinx, config: Config) -> None:
    """Let doxygen read the public headers, into the folder of what Sphinx keeps from build to build."""
    out = Path(app.doctreedir) / "doxygen"
    shutil.rmtree(out, ignore_errors=True)  # nothing of headers that are gone
    out.mkdir(parents=True)
    settings = (DOCS / "Doxyfile").read_text(encoding="utf-8") + f'\nOUTPUT_DIRECTORY = "{out}"\n'
    ended = subprocess.run(["doxygen", "-"], input=settings, stderr=subprocess.PIPE, encoding="utf-8", cwd=ROOT, check=True)
    for line in ended.stderr.splitlines():
        if "scope for class std::" not in line and "scope for class fmt::" not in line:  # specializations, of no account here
            logger.warning("doxygen: %s", line)
    config.breathe_projects = {"smplist": str(out / "xml")}


class HeaderPart(NamedTuple):
    """A declaration of a header, by line; `name` is what breathe asks for."""

    line: int
    kind: str
    name: str


@functools.cache
def compound(file: Path) -> ElementTree.Element:
    """What a file of doxygen is about."""
    return ElementTree.parse(file).getroot()[0]


def place(element: ElementTree.Element) -> tuple[str, int]:
    """The header and the line where something is declared."""
    location = element.find("location")
    assert location is not None
    return str(location.get("file")), int(location.get("line", "0"))


def parts(xml: Path, header: str) -> list[HeaderPart]:
    """What a header declares in its namespaces, in its order; neither details nor what stands in a class."""
    compounds = [compound(file) for pattern in ("class*.xml", "struct*.xml") for file in xml.glob(pattern)]
    classes = {str(one.findtext("compoundname")): one for one in compounds if one.get("kind") in ("class", "struct")}
    found = {
        HeaderPart(place(one)[1], str(one.get("kind")), name)
        for name, one in classes.items()
        if place(one)[0] == header and name.rpartition("::")[0] not in classes
    }
    for file in xml.glob("namespace*.xml"):
        for member in compound(file).iter("memberdef"):
            name = str(member.findtext("qualifiedname"))
            if place(member)[0] == header and member.get("kind") != "define":
                arguments = str(member.findtext("argsstring") or "") if member.get("kind") == "function" else ""
                found.add(HeaderPart(place(member)[1], str(member.get("kind")), name + arguments))
    return sorted(found)


class Header(SphinxDirective):
    """`{header} smplist/range.hpp`: what the header says of itself, and everything that it declares."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The sentence of its `\\file`, and the directives of breathe, one for each declaration."""
        xml = Path(self.config.breathe_projects["smplist"])
        header = self.arguments[0]
        file = next(one for one in map(compound, xml.glob("*_8hpp.xml")) if place(one)[0] == header)
        said = (file.find(f"{length}description") for length in ("brief", "detailed"))
        lines = [" ".join(" ".join("".join(text.itertext()).split()) for text in said if text is not None), ""]
        for part in parts(xml, header):
            options = [":members:", ":undoc-members:"] if part.kind in ("class", "struct") else []
            lines += [f"```{{doxygen{part.kind}}} {part.name}", *options, "```", ""]
        return self.parse_text_to_nodes("\n".join(lines))


# the Python half ----------------------------------------------------------------------------------------------------------------


plain: dict[str, list[str]] = {}  # what stands at members without sections


def keep_plain(_app: Sphinx, what: str, name: str, _object: object, _options: object, lines: list[str]) -> None:
    """Before napoleon, which takes what stands before a colon for a type."""
    if what in ("attribute", "property"):
        plain[name] = list(lines)


def restore_plain(_app: Sphinx, _what: str, name: str, _object: object, _options: object, lines: list[str]) -> None:
    """After napoleon."""
    lines[:] = plain.pop(name, lines)


def tidy_signature(_app: Sphinx, _what: str, _name: str, _object: object, _options: object, arguments: str | None,
                   returns: str | None) -> tuple[str | None, str | None]:  # fmt: skip
    """A signature of the compiled module as one would write it: no `self`, no long ways to say `int`."""

    def tidy(text: str | None) -> str | None:
        if text is None:
            return None
        text = re.sub(r"\(self: [\w.]+(, )?", "(", text)
        text = text.replace("typing.SupportsInt | typing.SupportsIndex", "int")
        return re.sub(r"\b(smplist\._core|smplist|collections\.abc|typing|datetime)(\.|::)(?=\w)", "", text)

    return tidy(arguments), tidy(returns)


# the pages ----------------------------------------------------------------------------------------------------------------------


def prepare_page(app: Sphinx, page: str, source: list[str]) -> None:
    """The README is the index of the site, each clause of the rules has an anchor, and the decisions their table."""
    folder = Path(page).parent

    def of_readme(link: re.Match[str]) -> str:
        return f"]({link[1]}index.md" if (DOCS / folder / link[1]).resolve() == DOCS else link[0]

    source[0] = re.sub(r"\]\(((?:\.\./)*)\.\./README\.md", of_readme, source[0])
    if page == RULES:
        source[0] = re.sub(r"^\*\*(S-\d\d)\*\*", r"(\1)=\n**\1**", source[0], flags=re.M)
    if page == "decisions/README":
        source[0] += "\n```{toctree}\n:hidden:\n:glob:\n\n0*\n```\n"


def parents(node: nodes.Node) -> Iterator[nodes.Node]:
    """What a node stands in, from the inside."""
    while node.parent is not None:
        node = node.parent
        yield node


def clause(page: str, citation: str) -> nodes.Node:
    """A citation, to be resolved once all pages are read."""
    name = citation[1:-1].lower()
    target = {"refdomain": "std", "reftype": "ref", "reftarget": name, "refexplicit": True, "refwarn": True, "refdoc": page}
    return addnodes.pending_xref("", nodes.inline("", citation), **target)


def link_citations(app: Sphinx, document: nodes.document) -> None:
    """A citation in a text, such as [S-21], leads to its clause, and `list` in a signature to no member of that name."""
    for link in list(document.findall(addnodes.pending_xref)):
        if link.get("refdomain") == "py" and hasattr(builtins, link["reftarget"]):
            link.replace_self(link.children)
    for text in list(document.findall(nodes.Text)):
        if any(
            isinstance(above, (nodes.title, nodes.reference, nodes.literal_block, nodes.FixedTextElement))
            for above in parents(text)
        ):
            continue
        pieces = CITATION.split(text.astext())
        if len(pieces) > 1:
            text.parent.replace(
                text, [clause(app.env.docname, piece) if CITATION.fullmatch(piece) else nodes.Text(piece) for piece in pieces]
            )


def setup(app: Sphinx) -> None:
    """What Sphinx calls first."""
    app.add_directive("header", Header)
    app.connect("config-inited", read_headers)
    app.connect("autodoc-process-signature", tidy_signature)
    app.connect("autodoc-process-docstring", keep_plain, priority=400)
    app.connect("autodoc-process-docstring", restore_plain, priority=600)
    app.connect("source-read", prepare_page)
    app.connect("doctree-read", link_citations)
