# SPDX-License-Identifier: MIT
"""The explorer as people meet it: JupyterLab on loopback, a real browser, the first notebook."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import smplist
from conftest import ROOT
from net.servers import free_port, stop
from smplist.analysis.failures import availability

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
MISSING = [
    name for name in ("jupyterlab", "playwright", "anywidget", "matplotlib", "pandas") if importlib.util.find_spec(name) is None
]
MISSING += [] if BROWSER else ["chromium"]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"the browser test needs {', '.join(MISSING)}")

NOTEBOOK = "docs/notebooks/01-getting-started.ipynb"
SECONDS = 120  # for the server to answer, and for the page to show something
EXPLORER = ".smplist-explorer"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a JupyterLab of our own, with a copy of the examples and of the notebook; it ends with the tests."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "docs/examples", folder / "docs/examples")
    (folder / "docs/notebooks").mkdir()
    shutil.copy(ROOT / NOTEBOOK, folder / NOTEBOOK)
    # all cells are in the page, also those that nobody has scrolled to
    settings = folder / "own/JUPYTERLAB_SETTINGS_DIR/@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    settings.write_text('{"windowingMode": "none"}', encoding="utf-8")
    port = free_port()
    words = {
        "--ip": "127.0.0.1", "--port": port, "--ServerApp.root_dir": folder, "--ServerApp.port_retries": 0,
        "--IdentityProvider.token": "", "--LabApp.news_url": "",
        "--LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    }  # fmt: skip
    own = {
        name: str(folder / "own" / name)
        for name in (
            "IPYTHONDIR",
            "JUPYTER_CONFIG_DIR",
            "JUPYTER_RUNTIME_DIR",
            "JUPYTERLAB_SETTINGS_DIR",
            "JUPYTERLAB_WORKSPACES_DIR",
        )
    }
    package = str(Path(smplist.__file__).resolve().parents[1])
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", *(f"{k}={v}" for k, v in words.items())]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, env=os.environ | own | {"PYTHONPATH": package},
        )  # fmt: skip
    try:
        yield _answering(f"http://127.0.0.1:{port}", server, folder / "log")
    finally:
        stop(server)


def _answering(address: str, server: subprocess.Popen[bytes], log: Path) -> str:
    """The address, once somebody answers there."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/api", timeout=5).close()
            return address
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"JupyterLab does not answer:\n{log.read_text(encoding='utf-8', errors='replace')[-3000:]}")


@pytest.fixture(scope="module")
def page(lab: str) -> Iterator[Any]:
    """The first notebook, run from above."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        try:
            page = browser.new_page(viewport={"width": 1400, "height": 1200})
            page.set_default_timeout(SECONDS * 1000)
            page.goto(f"{lab}/lab/tree/{NOTEBOOK}?reset")
            page.wait_for_selector(".jp-Notebook .jp-Cell")
            page.wait_for_selector("text=Python 3 (ipykernel) | Idle")
            page.get_by_role("menuitem", name="Run", exact=True).click()
            page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
            page.wait_for_selector(f"{EXPLORER} canvas")
            yield page
        finally:
            browser.close()


def test_the_explorer_answers_in_the_browser(page: Any) -> None:
    """An address is typed, a source is switched off, and the page says what the engine says; the map changes."""
    policy = smplist.load(ROOT / "docs/examples/acme/policy.yaml")
    plan = policy.evaluate(smplist.Client(["10.36.4.7"], location="internal"), "file_reputation")
    first, decided = plan.attempts[0].source, plan.decided_by
    assert decided is not None

    page.fill(f"{EXPLORER} input[name=address]", "10.36.4.7")
    page.wait_for_selector(f"{EXPLORER} .ladder >> text=of the list {decided.list}.")
    assert page.locator(f"{EXPLORER} .stage ol b").all_inner_texts() == [one.source for one in plan.attempts]
    assert page.locator(f"{EXPLORER} .stage ol code").all_inner_texts() == [one.url for one in plan.attempts]
    assert page.locator(f"{EXPLORER} li.asked b").all_inner_texts() == [first]
    assert page.locator(f"{EXPLORER} li.down").count() == 0
    drawn = page.evaluate(f"document.querySelector('{EXPLORER} canvas').toDataURL()")

    page.check(f"{EXPLORER} .boxes input[value={first}]")
    page.wait_for_selector(f"{EXPLORER} li.down")
    now = plan.first_available(availability(policy, [first]))
    assert now is not None and now.source != first
    assert page.locator(f"{EXPLORER} li.down b").all_inner_texts() == [first]
    assert page.locator(f"{EXPLORER} li.asked b").all_inner_texts() == [now.source]
    page.wait_for_function(f"before => document.querySelector('{EXPLORER} canvas').toDataURL() !== before", arg=drawn)
    rows = page.locator(f"{EXPLORER} .legend tbody tr").all_inner_texts()
    assert any(row.split("\t")[1:] == [first, "0"] for row in rows), rows

    page.uncheck(f"{EXPLORER} .boxes input[value={first}]")
    page.wait_for_function(f"before => document.querySelector('{EXPLORER} canvas').toDataURL() === before", arg=drawn)


def test_the_explorer_says_what_is_wrong(page: Any) -> None:
    """Half an address is an error in words over the last ladder, and nothing moves; a click is the client there."""
    page.fill(f"{EXPLORER} input[name=address]", "10.36.4.7")
    page.wait_for_selector(f"{EXPLORER} .ladder:not(.stale) >> text=10.36.4.7 is in")
    before = page.locator(f"{EXPLORER} .stage").first.bounding_box(), page.locator(f"{EXPLORER} .ladder").bounding_box()
    page.fill(f"{EXPLORER} input[name=address]", "10.36.4")
    page.wait_for_selector(f"{EXPLORER} .error:not(:empty)")
    page.wait_for_selector(f"{EXPLORER} .ladder.stale .stage")
    after = page.locator(f"{EXPLORER} .stage").first.bounding_box(), page.locator(f"{EXPLORER} .ladder").bounding_box()
    assert after == before
    page.fill(f"{EXPLORER} input[name=address]", "10.1.7.7")
    page.wait_for_selector(f"{EXPLORER} .ladder:not(.stale) .stage")
    assert page.locator(f"{EXPLORER} .error").inner_text() == ""
    page.locator(f"{EXPLORER} .ladder").click()  # leaves the field
    page.click(f"{EXPLORER} canvas", position={"x": 5, "y": 5})
    page.wait_for_function(f"document.querySelector('{EXPLORER} input[name=address]').value.startsWith('10.0.')")


def test_the_map_follows_the_client_in_the_browser(page: Any) -> None:
    """An IPv6 address brings the map of IPv6, and the switch says so."""
    page.fill(f"{EXPLORER} input[name=address]", "2001:db8:52::7")
    page.wait_for_selector(f"{EXPLORER} img:not([hidden])")
    assert page.locator(f"{EXPLORER} select[name=family]").input_value() == "ipv6"
    page.fill(f"{EXPLORER} input[name=address]", "10.36.4.7")
    page.wait_for_selector(f"{EXPLORER} canvas:not([hidden])")
    assert page.locator(f"{EXPLORER} select[name=family]").input_value() == "ipv4"


CONTRAST = """selector => {
  const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  const parts = (color) => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d");
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (rgb) => rgb.slice(0, 3).reduce((sum, part, i) => sum + linear(part / 255) * [0.2126, 0.7152, 0.0722][i], 0);
  const text = document.querySelector(selector);
  let behind = text;
  while (parts(getComputedStyle(behind).backgroundColor)[3] < 255) behind = behind.parentElement;
  const [a, b] = [getComputedStyle(text).color, getComputedStyle(behind).backgroundColor].map((c) => light(parts(c)) + 0.05);
  return Math.max(a, b) / Math.min(a, b);
}"""


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_what_is_wrong_can_be_read_in_both_themes(page: Any, theme: str) -> None:
    """Errors and `down` stand out at 4.5 to 1, and what is faded on the map lets the page through."""
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    page.locator(".lm-Menu-item", has_text="Theme").first.hover()
    page.locator(".lm-Menu-item", has_text=theme).first.click()
    page.wait_for_selector(f"body[data-jp-theme-light={str('Light' in theme).lower()}]", state="attached")
    page.keyboard.press("Escape")
    page.fill(f"{EXPLORER} input[name=address]", "10.36.4.7")
    page.wait_for_selector(f"{EXPLORER} .ladder >> text=10.36.4.7 is in")
    first = page.locator(f"{EXPLORER} li.asked b").inner_text()
    page.check(f"{EXPLORER} .boxes input[value={first}]")
    page.wait_for_selector(f"{EXPLORER} li.down .note")
    seen = page.evaluate(
        f"[...document.querySelector('{EXPLORER} canvas').getContext('2d').getImageData(0, 0, 1024, 1024).data]"
        ".filter((part, at) => at % 4 === 3 && part < 255).length"
    )
    assert seen > 100_000
    for selector in (f"{EXPLORER} .error", f"{EXPLORER} li.down .note"):
        assert page.evaluate(CONTRAST, selector) >= 4.5, selector
    page.uncheck(f"{EXPLORER} .boxes input[value={first}]")
