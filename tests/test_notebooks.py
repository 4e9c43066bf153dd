"""Every notebook asks one question, holds no output and no `def`, and runs from top to bottom."""

import re
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

import bangfu_analysis as bangfu
from bangfu_analysis.pages.charts import CHARTS

pytestmark = pytest.mark.xdist_group("demo")

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def project(tmp_path_factory, own_project):
    """A project with the sample study, so that nothing is written into the clone."""
    folder = tmp_path_factory.mktemp("调查 项目")
    own_project(folder)
    (folder / "notebooks").mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def kernel(project):
    """One kernel for all notebooks, emptied before each: what takes long is to load the package."""
    manager = KernelManager()
    manager.start_kernel(cwd=str(project / "notebooks"))
    yield manager
    manager.shutdown_kernel(now=True)


def test_there_are_at_least_five():
    assert len(NOTEBOOKS) >= 5


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_committed_clean_with_question_and_parameters_first(path):
    cells = nbformat.read(path, as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert "**问题**" in cells[0].source
    assert "**读入**" in cells[0].source
    assert cells[1].metadata.tags == ["parameters"]
    assert not any(cell.outputs or cell.execution_count for cell in code)
    assert not any(
        line.lstrip().startswith(("def ", "lambda")) for cell in code for line in cell.source.splitlines()
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs(path, kernel):
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell("%reset -f"))
    client = NotebookClient(notebook, km=kernel, timeout=240)
    client.execute()
    client.kc.stop_channels()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert outputs
    drawn = [o for o in outputs if "Figure" in str(o.get("data", {}).get("text/plain", ""))]
    assert all("image/png" in output["data"] for output in drawn)
    assert drawn or path.stem[:2] in ("01", "05")
    cells = shown_cells(outputs)
    codes = {level.code for variable in bangfu.load_codebook().variables for level in variable.levels}
    codes |= {code for band in bangfu.load_codebook().bands.values() for code in band.codes}
    assert not {cell for cell in cells if re.search("[a-z]", cell)} & codes
    assert not [cell for cell in cells if re.fullmatch(r"-?\d+\.\d{4,}", cell)]


def shown_cells(outputs):
    """The cells of all tables that a notebook shows."""
    pages = [output["data"]["text/html"] for output in outputs if "text/html" in output.get("data", {})]
    return [cell for page in pages for cell in re.findall(r"<t[dh][^>]*>([^<]*)</t[dh]>", "".join(page))]


def test_the_gallery_names_every_chart_and_shows_all_but_one():
    page = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    pictures = sorted((ROOT / "docs" / "images" / "gallery").glob("*.png"))
    assert {path.stem for path in pictures} == {*CHARTS} - {"running_line"}
    assert all(f"`draw: {name}`" in page for name in CHARTS)
    assert sum(path.stat().st_size for path in pictures) < 600_000
