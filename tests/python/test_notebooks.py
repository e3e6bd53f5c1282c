# SPDX-License-Identifier: MIT
"""Notebooks: each runs from above, shows what is stored in it, ends with a picture, and holds nothing of the machine it ran on.

python tests/python/test_notebooks.py --write [NAME...]    # run notebooks, all or these, and store what they show
"""

from __future__ import annotations

import argparse
import base64
import copy
import importlib.util
import io
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path
from typing import Any

import pytest
import smplist
from conftest import ROOT
from PIL import Image
from PIL.PngImagePlugin import PngInfo

NOTEBOOKS = sorted((ROOT / "docs/notebooks").glob("*.ipynb"))
NAMES = [notebook.stem for notebook in NOTEBOOKS]
RUNNER = ("nbclient", "nbformat", "ipykernel")
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
WIDGET = "application/vnd.jupyter.widget-view+json"  # lives as long as its kernel; what is kept is the HTML beside it
QUIET = "remove-stderr"  # a cell with this tag starts a program that talks; the site and these tests do not listen
MACHINE = re.compile(r"\b0x[0-9a-f]{6,}|(?<![\w/.<:])/(?:home|root|tmp|usr|work|var|opt|private|Users)/|\d (?:ms|µs)\b")
PNG = "image/png"
SECONDS = 300  # for one cell
BYTES = 400_000  # of a notebook: it is read by people and kept in version control

Notebook = dict[str, Any]
Cell = dict[str, Any]


def read(path: Path) -> Notebook:
    """A notebook as it is stored."""
    found: Notebook = json.loads(path.read_text(encoding="utf-8"))
    return found


def text_of(notebook: Notebook) -> str:
    """A notebook as it is to be stored: sorted, without counters and what editors leave behind."""
    tidy = copy.deepcopy(notebook) | {"metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}
    for cell in tidy["cells"]:
        tags = cell["metadata"].get("tags", [])
        cell["metadata"] = {"tags": tags} if tags else {}
        if cell["cell_type"] == "code":
            cell["execution_count"] = None
            cell["outputs"] = [output for output in cell["outputs"] if output.get("name") != "stderr" or QUIET not in tags]
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)
            output.update({key: nothing for key, nothing in (("execution_count", None), ("metadata", {})) if key in output})
    return json.dumps(tidy, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def missing(path: Path) -> list[str]:
    """What a notebook needs and this machine does not have."""
    code = "".join("".join(cell["source"]) + "\n" for cell in read(path)["cells"] if cell["cell_type"] == "code")
    wanted = {*RUNNER, "matplotlib", *re.findall(r"^(?:import|from) (\w+)", code, re.M)}
    wanted |= {"pandas"} if "to_frame()" in code else set()
    wanted |= {"anywidget"} if "smplist.explore(" in code else set()
    java = ["java"] if "pyspark" in wanted and shutil.which("java") is None else []
    return sorted(name for name in wanted if importlib.util.find_spec(name) is None) + java


def executed(path: Path, folder: Path) -> Notebook:
    """A notebook run by this Python in a copy of its folder, in a fresh kernel from above."""
    import nbformat
    from nbclient import NotebookClient

    here = folder / "docs/notebooks"
    here.mkdir(parents=True, exist_ok=True)
    shutil.copytree(ROOT / "docs/examples", folder / "docs/examples", dirs_exist_ok=True)
    client = NotebookClient(
        nbformat.read(path, as_version=4),
        timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": str(here)}},
        coalesce_streams=True, store_widget_state=False, record_timing=False,
    )  # fmt: skip
    package = Path(smplist.__file__).resolve().parents[1]
    python_path = os.pathsep.join([str(package), *filter(None, [os.environ.get("PYTHONPATH")])])
    client.execute(env=os.environ | {"PYTHONPATH": python_path, "IPYTHONDIR": str(folder / "ipython")})
    shown: Notebook = json.loads(nbformat.writes(client.nb))
    return shown


def same_picture(old: str, new: str) -> bool:
    """To the pixel with the matplotlib that made the old one; of the same size with another, which measures letters otherwise."""
    was, now = (Image.open(io.BytesIO(base64.b64decode(picture))) for picture in (old, new))
    if was.info["Software"] != now.info["Software"]:
        return was.size == now.size
    return was.convert("RGB").tobytes() == now.convert("RGB").tobytes()


def lines(outputs: list[Cell]) -> list[str]:
    """Outputs as lines to compare, without their pictures."""
    rest = [one | {"data": {kind: data for kind, data in one.get("data", {}).items() if kind != PNG}} for one in outputs]
    text = json.dumps(rest, indent=1, ensure_ascii=False, sort_keys=True)
    return re.sub(r"data:image/png;base64,[\w+/=]+", "data:image/png", text).splitlines()


def pictures(outputs: list[Cell]) -> list[str]:
    """The pictures of outputs, in their order."""
    return [one["data"][PNG] for one in outputs if PNG in one.get("data", {})]


def differences(path: Path, was: Notebook, now: Notebook) -> Iterator[str]:
    """What a notebook shows other than what is stored, cell by cell; the last line says what to do."""
    different = False
    for number, (old, new) in enumerate(zip(was["cells"], now["cells"], strict=True), 1):
        before, after = old.get("outputs", []), new.get("outputs", [])
        diff = list(unified_diff(lines(before), lines(after), "stored", "shown", lineterm="", n=1))
        drawn = pictures(before), pictures(after)
        if not diff and (len(drawn[0]) != len(drawn[1]) or not all(map(same_picture, *drawn))):
            diff = ["another picture"]
        if diff:
            different = True
            yield "\n".join([f"{path.name}, cell {number} ({old['id']}) shows something else:", *diff])
    if different:
        yield f"if that is right: python tests/python/test_notebooks.py --write {path.stem}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_notebooks_show_what_is_stored(path: Path, tmp_path: Path) -> None:
    """Every output of every cell, in a fresh kernel: text and HTML to the letter, pictures to the pixel."""
    lacking = missing(path)
    if lacking:
        pytest.skip(f"the notebook needs {', '.join(lacking)}")
    found = list(differences(path, read(path), json.loads(text_of(executed(path, tmp_path)))))
    assert not found, "\n\n".join(found)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_notebooks_are_stored_in_one_form(path: Path) -> None:
    """So that a change of a notebook is the change that one sees; and they are small."""
    text = path.read_text(encoding="utf-8")
    assert text == text_of(json.loads(text)), f"python tests/python/test_notebooks.py --write {path.stem}"
    assert len(text.encode()) < BYTES
    ids = [cell["id"] for cell in json.loads(text)["cells"]]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_notebooks_end_with_a_picture_and_without_an_error(path: Path) -> None:
    """The last code cell draws; no cell failed, warned, or has nothing to show and no reason."""
    cells = [cell for cell in read(path)["cells"] if cell["cell_type"] == "code"]
    assert PNG in cells[-1]["outputs"][-1]["data"]
    for cell in cells:
        for output in cell["outputs"]:
            assert output["output_type"] in ("stream", "display_data", "execute_result"), cell["id"]
            assert output.get("name") != "stderr", cell["id"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_notebooks_hold_nothing_of_the_machine(path: Path) -> None:
    """No absolute path, no address in memory, no time that something took."""
    for cell in read(path)["cells"]:
        for output in cell.get("outputs", []):
            text = "\n".join(lines([output]))
            assert MACHINE.search(text) is None, text


def test_a_difference_is_told_by_cell() -> None:
    """Another text, another picture and a picture less, each by its cell; what is equal is not told."""
    path = NOTEBOOKS[0]
    was, now = read(path), read(path)
    assert list(differences(path, was, now)) == []
    texts = next(cell for cell in now["cells"] if any("text" in output for output in cell.get("outputs", [])))
    texts["outputs"][0]["text"][0] = "something else\n"
    drawing = now["cells"][[bool(pictures(cell.get("outputs", []))) for cell in now["cells"]].index(True)]
    whole = Image.open(io.BytesIO(base64.b64decode(pictures(drawing["outputs"])[0])))
    made_by, out = PngInfo(), io.BytesIO()
    made_by.add_text("Software", whole.info["Software"])
    whole.putpixel((0, 0), 255 - whole.getpixel((0, 0)))  # type: ignore[operator]
    whole.save(out, "png", pnginfo=made_by)
    drawing["outputs"][0]["data"][PNG] = base64.b64encode(out.getvalue()).decode()
    told = list(differences(path, was, now))
    assert len(told) == 3 and f"({texts['id']})" in told[0] and '+   "something else\\n"' in told[0]
    assert f"({drawing['id']})" in told[1] and "another picture" in told[1] and told[2].endswith(f"--write {path.stem}")
    del drawing["outputs"][0]["data"][PNG]
    assert f"({drawing['id']})" in list(differences(path, was, now))[1]


@pytest.mark.parametrize("text", ["<Thing object at 0x7f3a5c0b>", "'/home/me/x.csv'", "3.2 ms"])
def test_traces_of_a_machine_are_known(text: str) -> None:
    """What may not stand in an output is found; addresses, URLs and prefixes are none of it."""
    assert MACHINE.search(text)
    assert not MACHINE.search("https://sps.example:443/tmcss 10.0.0.0/8 (/sources/a/port) </td> 2001:db8:0x")


def main() -> None:
    """Run notebooks and store what they show."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--write", action="store_true", required=True)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all without one; {', '.join(NAMES)}")
    names = parser.parse_args().names or NAMES
    if unknown := sorted(set(names) - set(NAMES)):
        parser.error(f"there is no notebook {unknown[0]!r}")
    for path in NOTEBOOKS:
        if path.stem in names:
            with tempfile.TemporaryDirectory() as folder:
                path.write_text(text_of(executed(path, Path(folder))), encoding="utf-8")
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
