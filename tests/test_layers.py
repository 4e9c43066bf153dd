"""Data go one way: a module imports from its own floor or from one above it, and libraries stay behind their
fences.
"""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "bangfu_analysis"
FLOORS = [
    "errors", "text", "files", "settings", "distinct", "findings", "overlays", "codebook", "words", "keys",
    "wave", "progress", "reruns", "cleaning", "reading", "tidy", "analysis", "survey", "linkage", "release",
    "exhibits", "pages", "checking", "questionnaire_settings", "study", "opened", "studies", "report",
    "counties", "area_report", "notebook_runs", "first_steps", "cli",
]  # fmt: skip
# cleaning stands before reading: what kind of question a column is, is told by what its cells mean.
FENCES = {
    "python_calamine": {"reading/workbook.py"},
    "pandera": {"tidy/schemas.py"},
    "matplotlib": {"pages"},
    "seaborn": {"pages"},
    "docx": {"pages", "checking/passages.py"},
    "xlsxwriter": {"pages/excel.py", "pages/templates.py", "tidy/corrections.py"},
    "yaml": {"codebook.py", "settings.py"},
    "pyreadstat": {"reading/spss.py"},
    "openpyxl": {"reading"},
    "splink": {"linkage/candidates.py"},
    "duckdb": {"linkage/candidates.py", "analysis/scans.py"},
    "narwhals": {"analysis/cells.py", "analysis/scans.py"},
}
MODULES = sorted(PACKAGE.rglob("*.py"))


def floor_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


# The one exception: an exhibit draws, saves and shows itself, and imports pages inside the method that does.
SHOWS_ITSELF = {"exhibits/exhibit.py", "exhibits/mechanisms.py"}


def imports_of(path: Path) -> set[str]:
    names = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    itself = path.relative_to(PACKAGE).as_posix() in SHOWS_ITSELF
    for node in tree.body if itself else ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules = [alias.name for alias in node.names if alias.name in FLOORS]
            whole = node.module == "bangfu_analysis"  # from the package: modules of it
            names |= {f"bangfu_analysis.{name}" for name in modules} if whole else {node.module}
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_look_upstream(path):
    if path == PACKAGE / "__init__.py":
        return
    own = FLOORS.index(floor_of(path))
    for name in imports_of(path):
        if name.startswith("bangfu_analysis."):
            assert FLOORS.index(name.split(".")[1]) <= own, f"{path.name} imports {name} from downstream"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_nothing_needs_the_tools_which_no_wheel_holds(path):
    assert not any(name.split(".")[0] == "tools" for name in imports_of(path))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_libraries_stay_behind_their_fences(path):
    place = path.relative_to(PACKAGE).as_posix()
    for name in imports_of(path):
        allowed = FENCES.get(name.split(".")[0])
        if allowed is not None:
            assert any(place == d or place.startswith(d + "/") for d in allowed), f"{place} imports {name}"


def test_no_module_is_a_drawer_for_everything():
    drawers = {"utils", "helpers", "common", "misc", "base", "manager"}
    assert not drawers & {path.stem for path in MODULES}


def test_every_module_has_its_floor():
    assert {floor_of(path) for path in MODULES} - {"__init__", "__main__"} <= set(FLOORS)
