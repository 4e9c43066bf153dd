"""A large workbook, of which each distinct cell is parsed once, is the same workbook."""

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

from bangfu_analysis.errors import FileRefused
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
    """Read whole, and each distinct cell once."""
    with pytest.MonkeyPatch.context() as patch:
        whole = read(path)
        patch.setattr(workbook, "LARGE_SHEET", 0)
        return whole, read(path)


@given(SHEETS, SHEETS)
def test_cells_told_apart_are_the_workbook(tmp_path_factory, one, other):
    whole, together = both(saved(tmp_path_factory.mktemp("书") / "书.xlsx", one, other))
    assert together == whole


def changed(path, change):
    """The workbook with the XML of its first sheet changed, which is returned."""
    into = io.BytesIO()
    with zipfile.ZipFile(path) as package, zipfile.ZipFile(into, "w") as new:
        parts = {name: package.read(name) for name in package.namelist()}
        parts["xl/worksheets/sheet1.xml"] = change(parts["xl/worksheets/sheet1.xml"])
        for name, xml in parts.items():
            new.writestr(name, xml)
    path.write_bytes(into.getvalue())
    return parts["xl/worksheets/sheet1.xml"]


def test_each_distinct_cell_is_parsed_once(tmp_path, monkeypatch):
    path = saved(tmp_path / "书.xlsx", [(r, c, r % 7) for r in range(3, 300) for c in range(2, 5)])
    parsed = []
    inner = workbook._placed
    monkeypatch.setattr(workbook, "LARGE_SHEET", 0)
    monkeypatch.setattr(workbook, "PIECE", 500)
    monkeypatch.setattr(workbook, "_placed", lambda *of: parsed.extend(of[0].to_python()[0]) or inner(*of))
    (sheet,) = read(path)
    assert sorted(parsed) == [*range(7)]
    assert [row[1:] for row in sheet.cells[2:]] == [(r % 7,) * 3 for r in range(3, 300)]


@pytest.mark.parametrize(
    ("usual", "other"),
    [(b'<c r="B4"', b'<c cm="0" r="B4"'), (b'<c r="B4"', b"<c"), (b'r="B4"', b"r='B4'"), (b"<c r", b"<c  r"),
     (b"<v>", b"<!--x--><v>"), (b"<sheetData>", b"<sheetData> <!-- -->"), (b'r="B4"', b'r="b4"')],
)
def test_cells_that_no_program_writes_so_are_read_as_they_are(tmp_path, usual, other):
    path = saved(tmp_path / "书.xlsx", [(r, c, r * c) for r in range(3, 9) for c in range(2, 5)])
    assert other in changed(path, lambda xml: xml.replace(usual, other))
    whole, told_apart = both(path)
    assert told_apart == whole


def test_a_sheet_that_is_small_is_left_whole_beside_a_large_one(tmp_path, monkeypatch):
    path = saved(tmp_path / "书.xlsx", [(r, 1, f"第{r}行") for r in range(1, 900)], [(1, 1, "姓名")])
    with zipfile.ZipFile(path) as package:
        sizes = [package.getinfo(f"xl/worksheets/sheet{n}.xml").file_size for n in (1, 2)]
    whole = read(path)
    monkeypatch.setattr(workbook, "LARGE_SHEET", sum(sizes) // 2)
    assert read(path) == whole


def test_rows_that_do_not_follow_each_other_are_all_read(tmp_path, monkeypatch):
    """No program writes so."""
    path = saved(tmp_path / "书.xlsx", [(r, 1, r) for r in range(3, 10)])
    rows = re.findall(rb"<row .*?</row>", changed(path, lambda xml: xml))
    changed(path, lambda xml: xml.replace(b"".join(rows), b"".join(reversed(rows))))
    monkeypatch.setattr(workbook, "LARGE_SHEET", 0)
    (sheet,) = read(path)
    assert {row[0] for row in sheet.cells} - {None} == set(range(3, 10))


def test_two_cells_at_one_address_are_refused_however_large_the_sheet(tmp_path, monkeypatch):
    path = saved(tmp_path / "书.xlsx", [(r, c, r * c) for r in range(3, 9) for c in range(2, 5)])
    changed(path, lambda xml: xml.replace(b'r="C4"', b'r="B4"'))
    for size in (workbook.LARGE_SHEET, 0):
        monkeypatch.setattr(workbook, "LARGE_SHEET", size)
        with pytest.raises(FileRefused, match="有两格在同一位置"):
            read(path)


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
