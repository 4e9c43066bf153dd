"""What stands around a table fills what its cells leave open: the nearest line that says just one thing."""

import pytest

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.reading.context import word_of
from bangfu_analysis.reading.locate import read_sheet
from bangfu_analysis.reading.workbook import sheet_of

CODEBOOK = load_codebook()
LEVEL = CODEBOOK.variable("workers", "hardship_level")
HEAD = ["姓名", "性别", "单位"]
A, B, C = ["甲一", "男", "一厂"], ["乙二", "女", "一厂"], ["丙三", "女", "二厂"]


def column(rows, name, file="表.xlsx", sheet="Sheet1", table=0):
    width = max(map(len, rows))
    cells = [(*row, *[None] * (width - len(row))) for row in rows]
    reading = read_sheet(sheet_of(cells, file, sheet), CODEBOOK)
    found = reading.tables[table]
    index = next(c.index for c in found.columns if c.variable is not None and c.variable.name == name)
    told = [(f.cell, f.value) for f in reading.findings if f.problem == "from_context"]
    return found.body[index].tolist(), told


@pytest.mark.parametrize(
    ("title", "word"),
    [
        ("某区深度困难职工花名册", "深度困难"),
        ("二、相对困难职工（3人）", "相对困难"),
        ("特困职工名册", "特困"),
        ("深度困难、相对困难职工名册", ""),
        ("特困、困难职工名册", ""),
        ("困难职工名册", ""),
        ("低保标准735元", ""),
    ],
)
def test_a_title_says_one_level_or_none(title, word):
    assert word_of(title, LEVEL) == word


def test_the_nearest_section_goes_before_title_sheet_and_file():
    rows = [["深度困难职工名册"], HEAD, A, ["（二）相对困难"], B, C]
    said, told = column(rows, "hardship_level", file="意外致困.xlsx")
    assert said == ["深度困难", "相对困难", "相对困难"]
    assert told == [("A1", "深度困难"), ("A4", "相对困难")]


@pytest.mark.parametrize("where", [{"file": "2024年/相对困难职工名单.xlsx"}, {"sheet": "相对困难"}])
def test_the_name_of_the_sheet_or_file_says_it_too(where):
    assert column([HEAD, A], "hardship_level", **where)[0] == ["相对困难"]


def test_a_cell_that_says_something_keeps_it_and_a_blank_one_takes_the_section():
    rows = [["一、深度困难"], [*HEAD, "困难类别"], [*A, "意外致困"], B]
    assert column(rows, "hardship_level") == (["意外致困", "深度困难"], [("A1", "深度困难")])


def test_people_who_left_are_told_by_the_sheet_and_the_kind_of_aid_by_its_sum_or_title():
    assert column([HEAD, A], "file_status", sheet="已脱困人员")[0] == ["已脱困"]
    given = [["姓名", "单位", "困难类别", "助学金额"], ["甲一", None, "特困", 500], ["乙二", None, "特困"]]
    assert column(given, "kind", table=1) == (["助学"], [("D1", "助学")])
    visits = [["某年送温暖发放表"], ["姓名", "单位", "金额", "时间"], ["甲一", "一厂", 500, "2024-01"]]
    assert column(visits, "kind")[0] == ["送温暖"]
