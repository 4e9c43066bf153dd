"""Every kind of sheet that was once misread, in a layout of our own with its truth (truth/kinds.yaml)."""

import re
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import yaml
from openpyxl.styles import Font
from openpyxl.worksheet.cell_range import CellRange

from bangfu_analysis.cleaning.identity import check_character
from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.reading.locate import read_file
from bangfu_analysis.report import report_wave
from bangfu_analysis.tidy.frames import tidy_frames
from bangfu_analysis.wave import load_wave

KINDS = yaml.safe_load((Path(__file__).parent / "truth" / "kinds.yaml").read_text(encoding="utf-8"))
CODEBOOK = load_codebook()
WAVE = 'reference_date = 2024-12-31\nscope = "某区"\nscheme = "s2018"\n'


def spelt(cell):
    """A cell with its ID numbers in full."""

    def number(found):
        first = f"990102{found[1]}01{'1' if found[2] == 'm' else '2'}"
        return first + check_character(first)

    return re.sub(r"@(\d{8})([mf])", number, cell) if isinstance(cell, str) else cell


def write(folder, kind):
    book = openpyxl.Workbook()
    for name, rows in kind["sheets"].items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append([spelt(cell) for cell in row])
        for cell, shown in kind.get("formats", {}).get(name, {}).items():
            sheet[cell].number_format = shown
        for cell in kind.get("red", {}).get(name, ()):
            sheet[cell].font = Font(color="FFFF0000")
        for merged in kind.get("merge", {}).get(name, ()):
            sheet.merge_cells(merged)
        if painted := kind.get("paint", {}).get(name):  # as the format painter does it: the values stay below
            sheet.merged_cells.add(CellRange(painted))
    del book["Sheet"]
    book.save(folder / "上报.xlsx")
    (folder / "wave.toml").write_text(WAVE, encoding="utf-8")


def plain(frame, sheet, row, column):
    there = frame[(frame["source_sheet"] == sheet) & (frame["source_row"] == row)]
    assert len(there), f"no row {row}"
    value = there.iloc[0][column]
    return None if pd.isna(value) else str(value)[:10] if column.endswith("date") else value


@pytest.mark.parametrize("name", KINDS)
def test_it_is_read_as_it_should_be(tmp_path, name):
    kind, wave = KINDS[name], tmp_path / "2024"
    wave.mkdir()
    write(wave, kind)
    sheets = read_file(wave / "上报.xlsx", "上报.xlsx", CODEBOOK)
    frames = tidy_frames(sheets, CODEBOOK, load_wave(wave), b"k" * 32)
    assert {frame: len(frames[frame]) for frame in kind.get("rows", {})} == kind.get("rows", {})
    for frame, sheet, row, column, value in kind.get("expect", ()):
        assert plain(frames[frame], sheet, row, column) == value, (frame, row, column)
    told = set(frames["issues"]["source_sheet"] + "!" + frames["issues"]["cell"].fillna(""))
    assert {*kind.get("issues", ())} <= told
    assert kind.get("said", "") in "".join(frames["issues"]["message"])
    assert kind.get("not_said", "\0") not in "".join(frames["issues"]["message"])
    if kind.get("report"):
        assert report_wave(wave).files["报告"].exists()
