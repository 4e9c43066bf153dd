"""The sample wave with a column blanked, or without one of its files: a report is made of what is left."""

import contextlib
import random
import shutil
from pathlib import Path

import openpyxl
import pytest

import bangfu_analysis as bangfu
from bangfu_analysis.study import could_not_read

SAMPLE = Path(__file__).parents[1] / "data" / "raw" / "daoli"
WORKBOOKS = sorted(path.name for path in (SAMPLE / "2009").glob("*.xlsx"))


def columns_of(name):
    """Every filled column of a workbook of the wave: file, sheet and number."""
    book = openpyxl.load_workbook(SAMPLE / "2009" / name, read_only=True)
    with contextlib.closing(book):
        return [(name, sheet.title, n) for sheet in book for n in range(1, (sheet.max_column or 0) + 1)]


COLUMNS = [column for name in WORKBOOKS for column in columns_of(name)]
FILES = sorted(p.name for p in (SAMPLE / "2009").iterdir() if p.suffix in (".xlsx", ".csv"))
drawn = random.Random(20)
ROSTERS = [column for column in COLUMNS if "困难职工" in column[0] or "导入" in column[0]]


def wave_in(folder):
    """The wave alone in a study of its own."""
    study = folder / "data" / "raw" / "道里"
    shutil.copytree(SAMPLE / "2009", study / "2009")
    shutil.copy(SAMPLE / "codebook.yaml", study)
    return study / "2009"


def blank(path, sheet, column):
    """Empty a column below its heading, which lies in one of the first rows."""
    book = openpyxl.load_workbook(path)
    for row in book[sheet].iter_rows(min_row=5, min_col=column, max_col=column):
        for cell in row:
            if not isinstance(cell, openpyxl.cell.cell.MergedCell):
                cell.value = None
    book.save(path)


def told_of(folder):
    """What a reader of the report is given: every exhibit's words and cells, and why a file gave nothing."""
    wave = bangfu.open_wave(folder)
    shown = wave.exhibits()
    assert len(shown) > 10
    cells = [cell for each in shown for row in each.table.texts() for cell in row]
    assert cells and not [cell for cell in cells if cell in ("nan", "None", "<NA>")]
    words = [each.text for each in shown]
    assert "nan" not in "".join(words) and any(words)
    return wave, could_not_read(wave.frames)


@pytest.mark.parametrize("file, sheet, column", drawn.sample(ROSTERS, 5))
def test_a_blanked_column_of_the_sample_still_gives_a_report(tmp_path, file, sheet, column):
    folder = wave_in(tmp_path)
    blank(folder / file, sheet, column)
    told_of(folder)


def test_a_file_that_is_missing_is_missing_in_the_report_alone(tmp_path):
    folder = wave_in(tmp_path)
    (folder / drawn.choice(FILES)).unlink()
    _, unread = told_of(folder)
    assert unread.empty


@pytest.mark.slow
@pytest.mark.parametrize("file, sheet, column", COLUMNS)
def test_any_blanked_column_still_gives_a_report(tmp_path, file, sheet, column):
    test_a_blanked_column_of_the_sample_still_gives_a_report(tmp_path, file, sheet, column)


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
def test_any_missing_file_still_gives_a_report(tmp_path, file):
    folder = wave_in(tmp_path)
    (folder / file).unlink()
    told_of(folder)
