"""The notebooks run on a wave: executed copies and HTML beside the report."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

from bangfu_analysis.errors import ArgumentError, one_of
from bangfu_analysis.files import write
from bangfu_analysis.progress import steps
from bangfu_analysis.release.scanner import scan, withdraw
from bangfu_analysis.study import wave_search
from bangfu_analysis.wave import find_wave, places, project_of

SHIPPED = Path(__file__).parent / "sample"  # in a wheel: what lies beside the package in a clone
HOME = SHIPPED if SHIPPED.is_dir() else Path(__file__).parents[1]  # has data/raw/daoli, notebooks, docs
_SKIPPED = re.compile(r"(?<![^<>\n])[^<>\n]*从略。")
_ASSIGNED = re.compile(r"^(\w+)\s*=", re.MULTILINE)
_HEAD = '<!doctype html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title></head>\n'
_PAGE = _HEAD + "<body>{body}</body></html>\n"


class Ran(NamedTuple):
    """What went wrong in a notebook ("" where nothing did), and what it skipped, with the reasons."""

    fault: str
    skipped: tuple[str, ...]


def run_notebooks(study: str, wave: str) -> dict[Path, Ran]:
    """Run every notebook of the project on a wave; returns executed copy -> what became of it.

    `study` is a folder of data/raw, or the path of a study elsewhere: then the notebooks are those of the
    working folder or one above it. Where there are none, those of the package are run. The copies and a
    self-contained HTML of each are written to `places(wave).report`/notebooks. CallError where there is no
    such wave, ArgumentError where a notebook does not take the parameters.
    """
    folder = find_wave(study, wave)
    project = project_of(folder.parent)
    roots = [project] if project else [Path.cwd(), *Path.cwd().parents]
    sources = next(filter(None, (sorted((root / "notebooks").glob("*.ipynb")) for root in (*roots, HOME))))
    target = places(folder).report / "notebooks"
    parameters = {"study": study if project else str(folder.parent), "wave": wave}
    done = {}
    for source in steps("运行笔记本", sources):
        done[target / source.name] = _run(source, target / source.name, parameters, roots[0])
    written = [*done, *(path.with_suffix(".html") for path in done)]
    withdraw(scan(written, wave_search(folder)))
    return done


def _run(source: Path, target: Path, parameters: Mapping[str, object], at: Path) -> Ran:
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError
    from nbconvert import HTMLExporter

    notebook = with_parameters(nbformat.read(source, as_version=4), parameters, source.name)
    fault = ""
    try:
        NotebookClient(
            notebook, timeout=1800, resources={"metadata": {"path": str(at)}},
            extra_arguments=["--log-level=ERROR"],  # the kernel warns of its own plumbing
        ).execute()
    except CellExecutionError as error:
        fault = f"{source.name}：{error.ename}：{error.evalue}"
    write(target, nbformat.writes(notebook) + "\n")
    body, _ = HTMLExporter(template_name="basic").from_notebook_node(notebook)
    write(target.with_suffix(".html"), _PAGE.format(title=html.escape(source.stem), body=body))
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    shown = (str(o.get("text") or o.get("data", {}).get("text/html", "")) for o in outputs)
    return Ran(fault, tuple(dict.fromkeys(told for text in shown for told in _SKIPPED.findall(text))))


def with_parameters(notebook: Any, parameters: Mapping[str, object], name: str) -> Any:
    """A copy of the notebook whose cell tagged `parameters` gives `parameters`; ArgumentError names those it
    does not know.
    """
    changed = deepcopy(notebook)
    cells = [cell for cell in changed.cells if "parameters" in cell.metadata.get("tags", [])]
    if len(cells) != 1:
        message = f"应有且只有一个标记为 parameters 的单元格，实际有 {len(cells)} 个。请补上标记。"
        raise ArgumentError(f"{name}：{message}")
    parameters_there = _ASSIGNED.findall(cells[0].source)
    for key, value in parameters.items():
        one_of(f"{name} 的参数", key, parameters_there)
        line = f"{key} = {value!r}".replace("\\", "\\\\")
        cells[0].source = re.sub(rf"(?m)^{key}\s*=.*$", line, cells[0].source)
    return changed
