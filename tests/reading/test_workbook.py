"""Every format gives the same cells, and the structure that it can tell."""

import csv
import datetime
import io
from pathlib import Path

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill

from bangfu_analysis.errors import FileRefused
from bangfu_analysis.reading.tables import Sheet
from bangfu_analysis.reading.workbook import read_sheets, sheet_of

ROWS = [["姓名", "性别", "致困原因"], ["甲一", "男", "疾病\n子女上学"], ["乙二", "女", "下岗失业"]]


def as_text(rows: list[list[str]], delimiter: str = ",") -> str:
    into = io.StringIO()
    csv.writer(into, delimiter=delimiter).writerows(rows)
    return into.getvalue()


def read(folder: Path, name: str, data: bytes) -> list[Sheet]:
    path = folder / name
    path.write_bytes(data)
    return read_sheets(path, name)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_text_is_read_in_every_encoding_and_delimiter(tmp_path: Path, encoding: str, delimiter: str) -> None:
    (sheet,) = read(tmp_path, "导出.csv", as_text(ROWS, delimiter).encode(encoding))
    assert [tuple(row) for row in sheet.cells] == [tuple(row) for row in ROWS]
    assert (sheet.name, sheet.is_text) == ("", True)


def test_rows_of_a_text_are_numbered_by_the_line_on_which_they_start(tmp_path: Path) -> None:
    (sheet,) = read(tmp_path, "导出.csv", as_text(ROWS).encode("utf-8"))
    assert sheet.row_numbers == (1, 2, 4)
    assert sheet.cells[1][2] == "疾病\n子女上学"


def test_a_line_of_another_delimiter_is_cut_by_it_and_told(tmp_path: Path) -> None:
    (sheet,) = read(tmp_path, "导出.csv", "姓名;性别;致困原因\n甲一;男;疾病\n乙二,女,失业\n".encode())
    assert tuple(sheet.cells[2]) == ("乙二", "女", "失业")
    assert sheet.told == ((3, 1, "delimiter_other", {"other": ","}),)


def test_traditional_headings_of_a_big5_text_are_simplified(tmp_path: Path) -> None:
    rows = [["姓名", "性別", "身份證號", "致困原因"], ["甲一", "男", "99010219650312001X", "失業"]]
    (sheet,) = read(tmp_path, "導出.csv", as_text(rows).encode("big5"))
    assert sheet.cells[0] == ("姓名", "性别", "身份证号", "致困原因")
    assert sheet.cells[1][3] == "失业"


def test_a_page_keeps_cells_outside_rows_and_tables_within_tables(tmp_path: Path) -> None:
    page = "<table><td>姓名<td>性别<tr><td>甲<br>乙<td>男<table><tr><td>内</table></table>"
    (sheet,) = read(tmp_path, "a.xls", page.encode())
    assert [*sheet.cells] == [("姓名", "性别"), ("甲\n乙", "男"), ("内", None)]


def test_text_and_html_and_xml_that_wear_an_xls_name_are_read(tmp_path: Path) -> None:
    (text,) = read(tmp_path, "a.xls", as_text(ROWS, "\t").encode("gb18030"))
    cells = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in ROWS)
    page = f"<html><table><tr><td colspan=3>花名册</td></tr>{cells}</table></html>"
    (html,) = read(tmp_path, "b.xls", page.encode("gb18030"))
    space = (
        'xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"'
    )
    lines = "".join(
        "<Row>" + "".join(f'<Cell><Data ss:Type="String">{c}</Data></Cell>' for c in row) + "</Row>"
        for row in ROWS
    )
    book = (
        f'<?xml version="1.0"?><Workbook {space}><Worksheet '
        f'ss:Name="表"><Table>{lines}</Table></Worksheet></Workbook>'
    )
    (xml,) = read(tmp_path, "c.xls", book.encode())
    assert [*text.cells] == [tuple(row) for row in ROWS]
    assert [*html.cells][1:] == [tuple(row) for row in ROWS]
    assert html.merged == ((1, 1, 1, 3),)
    assert xml.name == "表"
    assert [row[0] for row in xml.cells] == ["姓名", "甲一", "乙二"]


def test_a_page_without_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="网页文件，其中没有表格"):
        read(tmp_path, "b.xls", b"<html><body>404</body></html>")


def book_with_structure(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in [
        ["姓名", "性别", "月收入"], ["甲一", "男", 1], ["乙二", "女", 2], ["丙三", "女", 3], ["丁四", "男", 4]
    ]:
        sheet.append(row)
    sheet.row_dimensions[2].hidden = True
    sheet.column_dimensions["B"].hidden = True
    sheet["A3"].font = Font(strike=True)
    sheet["A4"] = CellRichText(TextBlock(InlineFont(strike=True), "丙"), "三")
    sheet["A5"].comment = Comment("见附件", "x")
    sheet["C4"], sheet["C5"] = "=1+1", "#REF!"
    sheet["C5"].data_type = "e"
    sheet["D1"], sheet["D2"] = "备注", "一"
    sheet.merge_cells("D2:D4")
    book.create_sheet("旧").sheet_state = "hidden"
    book.save(path)


def test_what_values_do_not_tell_is_told_of_an_xlsx(tmp_path: Path) -> None:
    book_with_structure(tmp_path / "x.xlsx")
    sheet, hidden = read_sheets(tmp_path / "x.xlsx", "x.xlsx")
    assert sheet.hidden_rows == {2}
    assert sheet.hidden_columns == {2}
    assert (sheet.struck, sheet.part_struck, sheet.cells[3][0]) == ({(3, 1)}, {(4, 1)}, "三")
    assert sheet.commented == {(5, 1)}
    assert sheet.uncalculated == {(4, 3)}
    assert sheet.cells[4][2] == "#REF!"
    assert sheet.merged == ((2, 4, 4, 4),)
    assert (sheet.structure, sheet.visible, hidden.visible) == ("", True, False)


def test_dates_of_a_1904_workbook_are_the_dates_that_excel_shows(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.active["A1"] = datetime.date(1965, 3, 12)
    book.save(tmp_path / "mac.xlsx")
    (sheet,) = read_sheets(tmp_path / "mac.xlsx", "mac.xlsx")
    value = sheet.cells[0][0]
    assert isinstance(value, datetime.date)
    assert (value.year, value.month, value.day) == (1965, 3, 12)


def test_an_xls_is_read_with_its_merges_and_says_what_it_cannot_tell(tmp_path: Path) -> None:
    import xlwt

    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("名册")
    sheet.write_merge(0, 0, 0, 2, "花名册")
    for r, row in enumerate(ROWS, start=1):
        for c, value in enumerate(row):
            sheet.write(r, c, value)
    book.save(str(tmp_path / "x.xls"))
    (read_back,) = read_sheets(tmp_path / "x.xls", "x.xls")
    assert [tuple(row) for row in read_back.cells[1:]] == [tuple(row) for row in ROWS]
    assert read_back.merged == ((1, 1, 1, 3),)
    assert "隐藏的行列" in read_back.structure


def test_an_ods_is_read_with_spans_and_hidden_rows(tmp_path: Path) -> None:
    from odf import opendocument
    from odf.table import CoveredTableCell, Table, TableCell, TableRow
    from odf.text import P

    book, table = opendocument.OpenDocumentSpreadsheet(), Table(name="名册")
    for n, row in enumerate([["花名册", "", ""], *ROWS]):
        line = TableRow(visibility="collapse") if n == 2 else TableRow()
        for c, value in enumerate(row):
            cell = TableCell(valuetype="string", **({"numbercolumnsspanned": 3} if n == 0 else {}))
            if n == 0 and c:
                cell = CoveredTableCell()
            elif value:
                cell.addElement(P(text=value.replace("\n", "")))
            line.addElement(cell)
        table.addElement(line)
    book.spreadsheet.addElement(table)
    book.save(str(tmp_path / "x.ods"))
    (sheet,) = read_sheets(tmp_path / "x.ods", "x.ods")
    assert [row[0] for row in sheet.cells] == ["花名册", "姓名", "甲一", "乙二"]
    assert sheet.merged == ((1, 1, 1, 3),)
    assert sheet.hidden_rows == {3}


def test_what_a_number_format_writes_behind_a_number_is_part_of_it(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    formats = ['General"万元"', '0.0"千元"', '0!.0,"万元"', '0.00"元"', '0.0_ "万"']
    for row, code in enumerate(formats, start=1):
        sheet.cell(row, 1, 3.5).number_format = code
    book.save(tmp_path / "x.xlsx")
    (read_back,) = read_sheets(tmp_path / "x.xlsx", "x.xlsx")
    assert [row[0] for row in read_back.cells] == ["3.5万元", "3.5千元", 3.5, 3.5, "3.5万元"]


def test_values_hidden_under_a_merge_are_told_where_they_differ(tmp_path: Path) -> None:
    plain = sheet_of([("甲", 1), ("乙", 1), ("丙", 2)], "x.xlsx", "名册", merged=((1, 2, 3, 2),))
    assert (plain.under_merge, [row[1] for row in plain.cells]) == ({(3, 2)}, [1, None, None])


def test_colours_that_a_legend_may_speak_of_are_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["标红为已脱困"], ["姓名"], ["甲一"], ["乙二"], ["丙三"]):
        sheet.append(row)
    sheet["A3"].font = Font(color="FFFF0000")
    sheet["A4"].fill = PatternFill("solid", fgColor="FFFFFF00")
    sheet["A5"].font = Font(color="FF000000")
    book.save(tmp_path / "x.xlsx")
    (read_back,) = read_sheets(tmp_path / "x.xlsx", "x.xlsx")
    assert read_back.colours == {(3, 1): "红", (4, 1): "黄"}
