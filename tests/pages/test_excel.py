import re
import zipfile

import openpyxl
import pandas as pd
import pytest

from bangfu_analysis.errors import BangfuError
from bangfu_analysis.exhibits.tables import DisplayTable
from bangfu_analysis.files import write
from bangfu_analysis.pages.chart import Chart
from bangfu_analysis.pages.excel import sheet_names, tables_book

LEVEL = DisplayTable(
    "困难职工的困难类别",
    ("困难类别", "人数", "占比（%）"),
    ("text", "count", "percent"),
    (("特困", 1058, 30.6), ("困难", 2398, 69.4), ("合计", 3456, 100.0), ("未详", 3, "—")),
    ("占比的基数为3456人。",),
    "单位：人、%",
    "数据来源：名册",
)
TREND = DisplayTable(
    "变化",
    ("批次", "人数", "困难率（%）"),
    ("text", "count", "percent"),
    (("2008", 3300, 9.8), ("2009", 3456, 10.2)),
)
ONE = DisplayTable("一行", ("单位", "人数"), ("text", "count"), (("甲", 1),))
DANGEROUS = ("=1+1", "+cmd", "@x", "-2+3", "http://a.example", "mailto:a@b", "{=1}", "1e5", "007")


def opened(tables, folder, **charts):
    path = write(folder / "tables.xlsx", tables_book(tables, charts, title="附表"))
    return openpyxl.load_workbook(path)


def chart(shape, values, rows, series=("",), **more):
    grid = pd.DataFrame(values, list(rows), list(series), dtype=float)
    return Chart(shape, grid, grid.astype(str), "占比（%），n = 5人", **more)


def values(sheet, first, last, width):
    return [[cell.value for cell in row[:width]] for row in sheet.iter_rows(min_row=first, max_row=last)]


def test_contents_link_to_every_table_and_back(tmp_path):
    book = opened({"level": LEVEL, "trend": TREND}, tmp_path)
    assert book.sheetnames == ["目录", "1 困难职工的困难类别", "2 变化"]
    contents = book["目录"]
    assert values(contents, 1, 5, 3) == [
        ["附表", None, None],
        [None] * 3,
        ["序号", "表名", "行数"],
        [1, "困难职工的困难类别", 4],
        [2, "变化", 2],
    ]
    assert [contents.cell(r, 2).hyperlink.location for r in (4, 5)] == [
        "'1 困难职工的困难类别'!A1",
        "'2 变化'!A1",
    ]
    assert book["2 变化"]["A2"].hyperlink.location == "'目录'!A1"


def test_a_table_keeps_its_numbers_as_numbers_and_its_words_as_words(tmp_path):
    sheet = opened({"level": LEVEL}, tmp_path)["1 困难职工的困难类别"]
    assert values(sheet, 1, 9, 3) == [
        ["困难职工的困难类别", None, None],
        ["返回目录", None, "单位：人、%"],
        ["困难类别", "人数", "占比（%）"],
        ["特困", 1058, 30.6],
        ["困难", 2398, 69.4],
        ["合计", 3456, 100],
        ["未详", 3, "—"],
        [None] * 3,
        ["注：占比的基数为3456人。", None, None],
    ]
    assert sheet["A10"].value == "数据来源：名册"
    assert [sheet.cell(4, c).number_format for c in (1, 2, 3)] == ["@", "0", "0.0"]
    assert sheet.freeze_panes == "B4"


def test_three_lines_and_no_grid(tmp_path):
    sheet = opened({"level": LEVEL}, tmp_path)["1 困难职工的困难类别"]
    head, body, last = (sheet.cell(row, 2).border for row in (3, 4, 7))
    assert (head.top.style, head.bottom.style) == ("thick", "thin")
    assert (body.top.style, body.bottom.style, body.left.style) == (None, None, None)
    assert last.bottom.style == "thick"
    assert sheet.sheet_view.showGridLines is False


def test_nothing_from_data_is_a_formula_or_a_link(tmp_path):
    table = DisplayTable(
        "=1+1",
        ("=cmd", "@n"),
        ("text", "count"),
        tuple((word, i) for i, word in enumerate(DANGEROUS)),
        ("=A1",),
    )
    book = opened({"=bad": table}, tmp_path)
    sheet = book.worksheets[1]
    assert [sheet.cell(r, 1).value for r in range(4, 4 + len(DANGEROUS))] == list(DANGEROUS)
    cells = [cell for each in book.worksheets for row in each.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert {cell.hyperlink.target for cell in cells if cell.hyperlink} == {None}
    with zipfile.ZipFile(tmp_path / "tables.xlsx") as parts:
        assert not any(b"<f>" in parts.read(n) for n in parts.namelist() if n.startswith("xl/worksheets"))


def test_the_same_tables_give_the_same_bytes_and_name_nobody(tmp_path):
    first, second = (tables_book({"a": LEVEL, "b": TREND}, {}, title="附表") for _ in range(2))
    assert first == second
    assert opened({"a": LEVEL}, tmp_path).properties.creator in (None, "")


def test_each_table_has_the_native_chart_of_its_shape_and_no_mark_in_it(tmp_path):
    nan = float("nan")
    charts = {
        "level": chart("bars", [[30.6], [nan]], ["特困", "困难"]),
        "trend": chart("lines", [[9.8], [10.2]], ["2008\nn = 3", "2009\nn = 4"], ["困难率"]),
        "split": chart("stacked", [[40, 60], [nan, 70]], ["男", "女"], ["甲", "乙"]),
        "ages": chart("pyramid", [[3, 2], [1, 4]], ["青", "老"], ["男", "女"], form="0"),
        "parts": chart("bars", [[-0.5, 0.2]], ["2008–2009"], ["比率变化", "构成变化"], form="+0.0;-0.0;0.0"),
    }
    book = opened(dict.fromkeys(charts, LEVEL), tmp_path, **charts)
    with zipfile.ZipFile(tmp_path / "tables.xlsx") as parts:
        written = [parts.read(f"xl/charts/chart{n}.xml").decode() for n in range(1, 6)]
    bars, lines, stacked, pyramid, steps = written
    assert "<c:barChart>" in bars and '<c:min val="0"/>' in bars and "<c:lineChart>" in lines
    assert 'grouping val="stacked"' in stacked and 'overlap val="100"' in pyramid and "0;0" in pyramid
    assert '<c:min val="0"/>' not in steps and 'tickLblPos val="low"' in steps
    for sheet, xml in zip(book.worksheets[1:], written, strict=True):
        for first, last in re.findall(r"<c:val><c:numRef><c:f>[^<]*!\$(\w+\$\d+):\$(\w+\$\d+)</c:f>", xml):
            cells = [cell for row in sheet[f"{first}:{last}".replace("$", "")] for cell in row]
            assert {cell.data_type for cell in cells} == {"n"} and any(
                cell.value is not None for cell in cells
            )


def test_sheet_names_are_short_legal_and_different():
    titles = ["同名" * 30, "同名" * 30, "a/b:c*d?[e]\\f", "'引号'", ""]
    names = sheet_names(titles)
    assert names[2:] == ["3 a b c d  e  f", "4 '引号", "5"]
    assert len(set(names)) == 5
    assert max(map(len, names)) == 31


def test_columns_are_wide_enough_for_chinese(tmp_path):
    wide = DisplayTable(
        "宽", ("单位", "人数"), ("text", "count"), (("哈尔滨市第一纺织机械制造有限公司", 1), ("乙", 2))
    )
    sheet = opened({"wide": wide}, tmp_path).worksheets[1]
    assert sheet.column_dimensions["A"].width >= 32


def test_no_tables_is_a_contents_sheet(tmp_path):
    assert opened({}, tmp_path).sheetnames == ["目录"]


def test_a_folder_that_is_a_file_is_said_so(tmp_path):
    (tmp_path / "none").write_text("")
    with pytest.raises(BangfuError, match="tables.xlsx：无法写入"):
        opened({"level": LEVEL}, tmp_path / "none")
