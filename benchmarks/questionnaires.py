"""An export of 50,000 respondents and 60 questions, read into frames and tabulated; ratios to the bare read
of its cells (seconds of the processor, so that what else the machine does is left out).

Run: python benchmarks/questionnaires.py [respondents]
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import python_calamine
import xlsxwriter

from bangfu_analysis.analysis.questionnaires import every_question
from bangfu_analysis.codebook import Codebook, load_codebook
from bangfu_analysis.exhibits.banner import banner, cuts_of, plan_of
from bangfu_analysis.exhibits.questionnaires import Survey
from bangfu_analysis.pages.excel import banner_book
from bangfu_analysis.reading.grid import Grid
from bangfu_analysis.reading.questionnaires import read_questionnaire
from bangfu_analysis.reading.tables import SheetReading
from bangfu_analysis.reading.workbook import read_sheets
from bangfu_analysis.release.gate import protect
from bangfu_analysis.release.policy import load_policy
from bangfu_analysis.tidy.questionnaire_book import draft_book
from bangfu_analysis.tidy.questionnaires import questionnaire_frames

GRADES = np.array(["非常不满意", "不满意", "一般", "满意", "非常满意"])


def export(rows: int) -> dict[str, np.ndarray]:
    """30 single, 12 multiple (10 options), 12 matrix items, 3 rankings (5 options), 2 numbers and 1 open
    question.
    """
    rng = np.random.default_rng(20090701)
    columns = {
        "序号": np.arange(1, rows + 1).astype(str),
        "所用时间": np.array([f"{s}秒" for s in rng.integers(20, 900, rows)]),
    }
    columns["来自IP"] = np.array([f"10.0.0.{i % 250}(黑龙江-哈尔滨)" for i in range(rows)])
    for i in range(1, 31):
        columns[f"{i}、单选题{i}"] = np.array([f"选项{o}" for o in "甲乙丙丁戊"])[rng.integers(0, 5, rows)]
    for i in range(31, 43):
        ticks = rng.random((rows, 10)) < 0.25
        ticks[:, 0] |= ~ticks.any(axis=1)
        columns[f"{i}、多选题{i}"] = np.array(
            ["┋".join(f"措施{o + 1}" for o in np.flatnonzero(row)) for row in ticks]
        )
    for i in range(12):
        columns[f"43、满意度—项目{i}" if i == 0 else f"43、项目{i}"] = GRADES[rng.integers(0, 5, rows)]
    for i in range(44, 47):
        orders = rng.permuted(np.tile(np.arange(5), (rows, 1)), axis=1)
        columns[f"{i}、排序题{i}"] = np.array(["→".join(f"因素{o}" for o in order) for order in orders])
    for i in (47, 48):
        columns[f"{i}、评分{i}"] = rng.integers(0, 101, rows).astype(str)
    columns["49、您的建议"] = np.array(
        [f"建议之{n}" if n < 20_000 else "(空)" for n in rng.integers(0, 40_000, rows)]
    )
    return columns


def write(columns: dict[str, np.ndarray], path: Path) -> None:
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("Sheet1")
        sheet.write_row(0, 0, list(columns))
        for i, row in enumerate(zip(*columns.values(), strict=True), start=1):
            sheet.write_row(i, 0, row)


def crossed(reading: SheetReading, codebook: Codebook, folder: Path) -> bytes:
    """questionnaire.xlsx by four breaks, protected."""
    book = draft_book(*questionnaire_frames(reading), codebook)
    survey = Survey("问卷", *questionnaire_frames(reading), book, "responses/2009")
    plan = plan_of(survey, codebook, [f"Q{i}" for i in range(1, 5)])
    cuts = list(cuts_of(plan))
    frames = protect([cut for _, _, cut in cuts], load_policy(), codebook=codebook).frames
    return banner_book([banner(plan, cuts, frames, codebook)], title="问卷")


def timed(what: str, call: Callable[[], object], bare: float | None = None) -> tuple[float, object]:
    start = time.process_time()
    found = call()
    taken = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what:<34}{taken:7.2f} s  {taken / (bare or taken):5.2f} ×  peak so far {peak:6.0f} MB")
    return taken, found


def main(rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "问卷_按文本.xlsx"
        columns = export(rows)
        write(columns, path)
        bare, _ = timed(
            "calamine to_python",
            lambda: python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python(),
        )
        codebook = load_codebook()
        _, sheets = timed("read_sheets", lambda: read_sheets(path, path.name), bare)
        _, reading = timed(
            "read_questionnaire (from cells)", lambda: read_questionnaire(Grid(sheets[0]), codebook), bare
        )  # type: ignore[index]
        frames = questionnaire_frames(reading)  # type: ignore[arg-type]
        _, tables = timed("all questions tabulated", lambda: every_question(*frames), bare)
        timed("the banner, by four breaks", lambda: crossed(reading, codebook, Path(folder)), bare)  # type: ignore[arg-type]
    asked = tables["question_id"].nunique()  # type: ignore[attr-defined, arg-type]
    print(len(columns), "columns,", len(reading.responses), "responses,", asked, "tables")  # type: ignore[attr-defined, arg-type]
    print(f"frame {reading.responses.memory_usage(deep=True).sum() / 2**20:.0f} MB")  # type: ignore[attr-defined]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
