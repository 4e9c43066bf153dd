"""Drawn workbooks damaged in ways that keep them workbooks: every clean ends, balances, and writes where it
should.
"""

from pathlib import Path
from random import Random

import openpyxl
import pytest
from drawn import SETTINGS, draw_wave
from openpyxl.worksheet.worksheet import Worksheet

from bangfu_analysis.study import clean_wave

WORDS = (
    "",
    " ",
    "姓名",
    "合计",
    "小计",
    "家庭成员",
    "序号",
    "同上",
    "〃",
    "#REF!",
    "=1+1",
    "√",
    "万元",
    "填报单位：",
    "注：",
    0,
    -1,
    1e308,
    10**20,
    True,
    "单" * 300,
)


def swap_columns(sheet: Worksheet, rng: Random) -> None:
    one, other = rng.sample(range(1, max(sheet.max_column, 2) + 1), 2)
    for row in range(1, sheet.max_row + 1):
        a, b = sheet.cell(row, one), sheet.cell(row, other)
        if "MergedCell" not in (type(a).__name__, type(b).__name__):
            a.value, b.value = b.value, a.value


def spill_words(sheet: Worksheet, rng: Random) -> None:
    for _ in range(rng.randint(1, 30)):
        cell = sheet.cell(rng.randint(1, sheet.max_row + 2), rng.randint(1, sheet.max_column + 2))
        if type(cell).__name__ != "MergedCell":
            cell.value = rng.choice(WORDS)


def merge_somewhere(sheet: Worksheet, rng: Random) -> None:
    for _ in range(rng.randint(1, 4)):
        row, column = rng.randint(1, sheet.max_row), rng.randint(1, sheet.max_column)
        sheet.merge_cells(
            start_row=row, start_column=column, end_row=row + rng.randint(0, 4),
            end_column=column + rng.randint(0, 4),
        )


def move_cells(sheet: Worksheet, rng: Random) -> None:
    row, column = rng.randint(1, sheet.max_row), rng.randint(1, sheet.max_column)
    sheet.move_range(
        f"A{row}:{sheet.cell(row, column).coordinate}", rows=rng.randint(0, 3), cols=rng.randint(0, 3)
    )


def hide(sheet: Worksheet, rng: Random) -> None:
    sheet.row_dimensions[rng.randint(1, sheet.max_row)].hidden = True
    sheet.column_dimensions["C"].hidden = True
    if sum(s.sheet_state == "visible" for s in sheet.parent.worksheets) > 1:
        sheet.sheet_state = "hidden"


def repeat_rows(sheet: Worksheet, rng: Random) -> None:
    source = rng.randint(1, sheet.max_row)
    values = [cell.value for cell in sheet[source]]
    for _ in range(rng.randint(1, 3)):
        sheet.append(values)


MUTATIONS = (
    swap_columns, spill_words, merge_somewhere, move_cells, hide, repeat_rows,
    lambda sheet, rng: sheet.insert_rows(rng.randint(1, sheet.max_row), rng.randint(1, 3)),
    lambda sheet, rng: sheet.insert_cols(rng.randint(1, sheet.max_column)),
    lambda sheet, rng: sheet.delete_rows(rng.randint(1, sheet.max_row), rng.randint(1, 4)),
    lambda sheet, rng: sheet.delete_cols(rng.randint(1, sheet.max_column)),
    lambda sheet, rng: setattr(sheet, "title", rng.choice(("汇总", "2008年", "一厂", "说明", "Sheet1"))),
)  # fmt: skip


def mutate(source: Path, target: Path, rng: Random) -> None:
    book = openpyxl.load_workbook(source)
    for _ in range(rng.randint(1, 5)):
        rng.choice(MUTATIONS)(rng.choice(book.worksheets), rng)
    book.save(target)
    if rng.random() < 0.1:
        data = bytearray(target.read_bytes())
        del data[rng.randrange(len(data)) :]
        target.write_bytes(bytes(data))


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    folder = tmp_path_factory.mktemp("originals")
    draw_wave(folder)
    return sorted(folder.glob("*.xlsx"))


@pytest.mark.parametrize(
    "seed", [*range(5), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(5, 55))]
)
def test_ten_damaged_workbooks_are_cleaned_in_balance_and_nothing_else_is_written(originals, tmp_path, seed):
    rng, wave = Random(seed), tmp_path / "raw" / "2009"
    wave.mkdir(parents=True)
    (wave / "wave.toml").write_text(SETTINGS, encoding="utf-8")
    for number in range(10):
        mutate(rng.choice(originals), wave / f"{number}.xlsx", rng)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    sources = clean_wave(wave, out=tmp_path / "out")["sources"]
    assert set(sources["source_file"]) == {f"{number}.xlsx" for number in range(10)}
    assert (sources.filter(regex="^rows_").sum(axis=1) == sources["rows"].fillna(0)).all()
    assert (sources.filter(regex="^cells_(?!filled)").sum(axis=1) == sources["cells_filled"].fillna(0)).all()
    after = {path for path in tmp_path.rglob("*") if path.is_file() and tmp_path / "out" not in path.parents}
    assert after == set(before)
    assert all(path.read_bytes() == content for path, content in before.items())
