"""JupyterLab itself, in a browser: notebooks are opened, all cells run, charts seen and a table copied.

Not among the everyday tests: `pip install -e ".[test,browser]"` and a Chromium (on Debian /usr/bin/chromium;
BANGFU_CHROMIUM names another), then `pytest -m browser`.
"""

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[1]
CHROMIUM = os.environ.get("BANGFU_CHROMIUM") or shutil.which("chromium")
SWITCHES = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
SETTINGS = {
    # Cells out of sight stay in the page; nothing is fetched.
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
OWN = "我的 分析/自己的问题.ipynb"  # a notebook in another folder of the project
PATIENCE = 240  # seconds for a notebook: the first cleans the sample study


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Address of a JupyterLab on loopback, over a project with the notebooks and the sample study."""
    folder = tmp_path_factory.mktemp("调查 项目")
    for name in ("data/raw", "notebooks"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "我的 分析").mkdir()
    shutil.copy(ROOT / "notebooks" / "11_your_own_question.ipynb", folder / OWN)
    for name, setting in SETTINGS.items():
        path = folder / ".settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(setting))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    settings = {
        "JUPYTERLAB_SETTINGS_DIR": folder / ".settings",
        "JUPYTER_CONFIG_DIR": folder / ".config",
        "JUPYTER_DATA_DIR": folder / ".data",
        "IPYTHONDIR": folder / ".ipython",
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}",
               "--allow-root",
               f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}"]  # fmt: skip
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | {n: str(place) for n, place in settings.items()}
    with (
        (folder / "lab.log").open("w") as log,
        subprocess.Popen(command, env=environment, stdout=log, stderr=log) as server,
    ):
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/api/status?token={token}")
        yield lambda notebook: f"{address}/lab/tree/{notebook}?token={token}&reset"
        server.terminate()


def wait_for(address, seconds=60):
    until = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > until:
                raise
            time.sleep(0.3)


@pytest.fixture(scope="module")
def page():
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM:
        pytest.skip("no Chromium: set BANGFU_CHROMIUM")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        rights = ["clipboard-read", "clipboard-write"]
        yield browser.new_page(viewport={"width": 1400, "height": 1000}, permissions=rights)
        browser.close()


def start_kernel(page, seconds=60):
    """Wait until the status bar says that the kernel is idle; agree to the kernel where Lab asks for it."""
    until = time.monotonic() + seconds
    while not page.locator("#jp-main-statusbar").get_by_text("| Idle").count():
        assert time.monotonic() < until, "no kernel"
        if (select := page.locator(".jp-Dialog .jp-mod-accept")).count():
            select.first.click()
        page.wait_for_timeout(300)


def run_all(page, address):
    """Open a notebook, run all its cells, and wait until the last is done."""
    page.goto(address)
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    start_kernel(page)
    page.click('.lm-MenuBar-item:has-text("Run")')
    page.click('.lm-Menu-item[data-command="runmenu:run-all"]')
    done = (
        "() => [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].every(p => "
        "/^\\[\\d+\\]:?$/.test(p.textContent.trim()))"
    )
    page.wait_for_function(done, timeout=PATIENCE * 1000)
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', timeout=60_000)
    assert page.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"]').count() == 0


READ = "notebooks/01_read_and_check.ipynb"


@pytest.mark.parametrize(
    "notebook", [READ, "notebooks/02_who_is_in_hardship.ipynb", "notebooks/03_why.ipynb", OWN]
)
def test_a_notebook_runs_in_jupyterlab_and_shows_its_charts(lab, page, notebook, tmp_path):
    run_all(page, lab(notebook))
    assert page.locator(".jp-OutputArea table").count() >= 2
    page.screenshot(path=str(tmp_path / "lab.png"))
    if notebook == READ:  # tables alone
        return
    charts = page.locator(".jp-OutputArea img[src^='data:image/png']")
    assert charts.count() >= 1
    assert charts.first.evaluate("image => image.naturalWidth") > 300


COPY = """table => { const range = document.createRange(); range.selectNode(table);
    const chosen = getSelection(); chosen.removeAllRanges(); chosen.addRange(range);
    document.execCommand("copy"); }"""
PASTE = """async () => { const [held] = await navigator.clipboard.read();
    return await (await held.getType("text/html")).text(); }"""


def test_a_table_is_copied_with_its_lines_and_sides(lab, page):
    run_all(page, lab(OWN))
    page.locator(".jp-OutputArea table").last.evaluate(COPY)
    copied = page.evaluate(PASTE)
    assert "女困难职工的文化程度" in copied and '<td align="right"' in copied
    assert len(re.findall(r"border-width: [\w ]*1\.5pt", copied)) >= 4  # under the title and the last row
