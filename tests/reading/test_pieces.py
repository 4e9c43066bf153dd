"""A large workbook, parsed in pieces, is the same workbook."""

import io
import re
import zipfile
from dataclasses import replace
from datetime import date

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.styles import Font

from bangfu_analysis.reading import workbook
from bangfu_analysis.reading.workbook import read_sheets

CELLS = st.sampled_from(
    [None, None, "男", "第一机械厂", 1, 0, 2.5, True, date(2019, 6, 30), "=1/0", "=1=1", "<row r="]
)
SHEETS = st.lists(st.tuples(st.integers(1, 40), st.integers(1, 30), CELLS), max_size=25)


def saved(path, *sheets):
    """Sheets of (row, column, value), the second row of each struck through, A1:B2 of each merged."""
    book = openpyxl.Workbook()
    for n, cells in enumerate(sheets):
        sheet = book.active if n == 0 else book.create_sheet()
        for row, column, value in cells:
            sheet.cell(row, column, value).font = Font(strike=row == 2)
        sheet.merge_cells("A1:B2")
    book.save(path)
    return path


def read(path):
    return [replace(sheet, cells=list(sheet.cells)) for sheet in read_sheets(path, path.name)]


def both(path):
    """Read whole, and in pieces."""
    with pytest.MonkeyPatch.context() as patch:
        whole = read(path)
        patch.setattr(workbook, "LARGE_SHEET", 0)
        return whole, read(path)


@given(SHEETS, SHEETS)
def test_pieces_together_are_the_workbook(tmp_path_factory, one, other):
    whole, together = both(saved(tmp_path_factory.mktemp("书") / "书.xlsx", one, other))
    assert together == whole


def test_every_piece_parses_rows_of_its_own(tmp_path, monkeypatch):
    path = saved(tmp_path / "书.xlsx", [(r, c, r * c) for r in range(3, 300) for c in range(2, 5)])
    heights = []
    inner = workbook._parsed
    monkeypatch.setattr(workbook, "LARGE_SHEET", 0)
    monkeypatch.setattr(workbook, "_parsed", lambda package, names: _noted(heights, inner(package, names)))
    read(path)
    assert len(heights) == workbook.PIECES and sum(heights) == 297 and min(heights) > 50


def _noted(heights, parsed):
    heights.extend(sheet.height for sheet in parsed[1].values())
    return parsed


def test_a_sheet_that_is_small_is_left_whole_beside_a_large_one(tmp_path, monkeypatch):
    path = saved(tmp_path / "书.xlsx", [(r, 1, f"第{r}行") for r in range(1, 900)], [(1, 1, "姓名")])
    with zipfile.ZipFile(path) as package:
        sizes = [package.getinfo(f"xl/worksheets/sheet{n}.xml").file_size for n in (1, 2)]
    whole = read(path)
    monkeypatch.setattr(workbook, "LARGE_SHEET", sum(sizes) // 2)
    assert read(path) == whole


def test_rows_that_do_not_follow_each_other_are_all_read(tmp_path, monkeypatch):
    """No program writes so; then openpyxl reads the workbook, slower."""
    path = saved(tmp_path / "书.xlsx", [(r, 1, r) for r in range(3, 10)])
    turned = io.BytesIO()
    with zipfile.ZipFile(path) as package, zipfile.ZipFile(turned, "w") as into:
        for name in package.namelist():
            xml = package.read(name)
            if name.endswith("sheet1.xml"):
                rows = re.findall(rb"<row .*?</row>", xml)
                xml = xml.replace(b"".join(rows), b"".join(reversed(rows)))
            into.writestr(name, xml)
    path.write_bytes(turned.getvalue())
    monkeypatch.setattr(workbook, "LARGE_SHEET", 0)
    (sheet,) = read(path)
    assert {row[0] for row in sheet.cells} - {None} == set(range(3, 10))


@pytest.mark.parametrize("damaged", ["xl/theme/theme1.xml", "docProps/core.xml"])
def test_a_damaged_part_that_holds_no_values_stops_nothing(tmp_path, monkeypatch, damaged):
    path = saved(tmp_path / "书.xlsx", [(r, 1, f"第{r}行") for r in range(3, 30)])
    with zipfile.ZipFile(path) as package:
        info = package.getinfo(damaged)
    data, start = bytearray(path.read_bytes()), info.header_offset + 30 + len(damaged)
    data[start : start + info.compress_size] = b"\xff" * info.compress_size
    path.write_bytes(data)
    monkeypatch.setattr(workbook, "LARGE_SHEET", 0)
    (sheet,) = read(path)
    assert [row[0] for row in sheet.cells][2:] == [f"第{r}行" for r in range(3, 30)]
