"""One form a sheet: labels, values and the family table inside."""

from typing import Any

import pytest

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.reading.locate import read_sheet
from bangfu_analysis.reading.tables import SheetReading
from bangfu_analysis.reading.workbook import sheet_of

CODEBOOK = load_codebook()
ID = "99010219650312001X"
FORM: list[list[Any]] = [
    ["困难职工档案表", None, None, None, None, None],
    ["姓名", "甲一", "性别", "男", "出生年月", "1965.3"],
    ["身份证号", ID, "民族", "汉族", "文化程度", "初中"],
    ["工作单位", "某厂", "健康状况", "健康", "政治面貌", "群众"],
    ["家庭人口", 3, "家庭月人均收入（元）", 300, "困难类别", "特困"],
    ["家庭成员", "姓名", "关系", "年龄", "身份", "月收入"],
    [None, "乙二", "妻", 40, "下岗", 200],
    [None, "甲三", "子", 15, "学生", None],
    ["致困原因", "疾病", "联系电话", "13900000000", None, None],
    ["填表人：某", None, None, None, None, None],
]
MERGED = ((1, 1, 1, 6), (6, 1, 8, 1))


def read(
    rows: list[list[Any]], name: str = "Sheet1", merged: tuple[tuple[int, int, int, int], ...] = MERGED
) -> SheetReading:
    reading = read_sheet(sheet_of([tuple(r) for r in rows], "档案.xlsx", name, merged=merged), CODEBOOK)
    assert sum(reading.rows.values()) == reading.row_count
    assert sum(reading.cells.values()) == reading.cells_filled
    return reading


def values(reading: SheetReading) -> dict[str, Any]:
    table = reading.tables[0]
    return {c.variable.name: table.body.loc[0, c.index] for c in table.columns if c.variable is not None}


def test_labels_and_their_values_make_one_row() -> None:
    reading = read(FORM)
    table = reading.tables[0]
    assert (reading.kind, table.is_form, table.body.index.tolist()) == ("form", True, [0])
    assert values(reading) == {
        "name": "甲一", "sex": "男", "birth_date": "1965.3", "id_number": ID, "ethnicity": "汉族",
        "education": "初中",
        "employer": "某厂", "health": "健康", "political_status": "群众", "household_size": 3,
        "income_per_capita_monthly": 300, "hardship_level": "特困", "cause": "疾病", "phone": "13900000000",
    }  # fmt: skip
    assert {c.variable.name: c.address(0) for c in table.columns if c.variable}["education"] == "F3"


def test_the_family_inside_is_a_members_table_of_the_form_s_person() -> None:
    members = read(FORM).tables[1]
    assert (members.kind, members.body.index.tolist()) == ("members", [7, 8])
    assert [c.variable.name for c in members.columns if c.variable] == [
        "name",
        "relation",
        "age",
        "status",
        "income_monthly",
    ]
    assert members.head_of is not None
    assert members.head_of.to_dict() == {7: 0, 8: 0}


def test_labels_are_headers_values_body_and_the_rest_notes() -> None:
    reading = read(FORM)
    assert {k: v for k, v in reading.cells.items() if v} == {"header": 20, "body": 23, "note": 2}
    assert {k: v for k, v in reading.rows.items() if v} == {"kept": 7, "headers": 1, "notes": 2}


def test_a_sheet_called_after_its_person_is_named_by_its_position() -> None:
    reading = read(FORM, name="甲一")
    assert (reading.sheet, reading.tables[0].sheet) == ("第1张表", "第1张表")


def test_a_blank_form_names_nobody() -> None:
    blank = [
        [c if n % 2 == 0 else None for n, c in enumerate(row)] if r not in (0, 5) else row
        for r, row in enumerate(FORM)
    ]
    reading = read(blank[:6] + [[None] * 6, [None] * 6] + blank[8:])
    assert (reading.kind, len(reading.tables[0].body), len(reading.tables[1].body)) == ("form", 0, 0)


def test_values_may_stand_below_their_labels_where_labels_stand_side_by_side() -> None:
    rows = [["姓名", "甲一", "身份证号", ID], ["性别", "男", "民族", "汉族"],
            ["文化程度", "初中", "困难类别", "特困"],
            ["工作单位", "致困原因", None, None], ["某厂", "疾病", None, None]]  # fmt: skip
    found = values(read(rows, merged=()))
    assert (found["employer"], found["level" if "level" in found else "hardship_level"]) == ("某厂", "特困")


@pytest.mark.parametrize("name", ["填表说明", "数据字典"])
def test_a_sheet_that_explains_the_columns_is_no_form(name: str) -> None:
    rows = [
        ["项目", "说明"],
        *([label, "请如实填写本栏"] for label in (
            "姓名", "性别", "身份证号", "民族", "文化程度", "困难类别"
        )),
    ]
    assert read(rows, name=name, merged=()).rows["kept"] == 0


def test_several_forms_on_a_sheet_are_several_people() -> None:
    second = [[{"甲一": "丁四"}.get(c, c) for c in row] for row in FORM[:5]]
    reading = read([*FORM[:5], *second], merged=())
    assert [t.body.loc[0, 1] for t in reading.tables] == ["甲一", "丁四"]


def test_a_value_that_is_spelled_like_a_label_stays_a_value() -> None:
    rows = [["姓名", "甲一", "身份证号", ID], ["性别", "男", "民族", "汉族"],
            ["本人月平均收入", "低保", "家庭人口", 3],
            ["困难类别", "特困", "是否单亲", "否"]]  # fmt: skip
    found = values(read(rows, merged=()))
    assert (found["income_personal_monthly"], found["hardship_level"]) == ("低保", "特困")


PEOPLE = [
    ["项目", 1, 2, 3],
    ["姓名", "甲", "乙", "丙"],
    ["性别", "男", "女", "男"],
    ["身份证号", ID, None, "x"],
    ["文化程度", "初中", "初中", "高中"],
    ["爱好", "棋", None, None],
    ["健康状况", "残疾", "健康", "健康"],
]
CARD = [["登记卡", None, None, None], ["姓名", "甲一", "性别", "男"], ["身份证号", ID, "文化程度", "初中"],
        ["工作单位", "某厂", "家庭人口", 3], ["困难类别", "特困", "致困原因", "疾病"]]  # fmt: skip


def test_people_side_by_side_behind_one_column_of_labels_are_a_person_a_column() -> None:
    reading = read(PEOPLE, merged=())
    assert [t.body.loc[0].tolist()[:3] for t in reading.tables] == [
        ["甲", "男", ID],
        ["乙", "女", None],
        ["丙", "男", "x"],
    ]
    assert reading.tables[1].columns[3].address(0) == "C5"
    assert [(f.problem, f.cell) for f in reading.findings] == [("heading_unmatched", "A6")]


def test_a_sheet_that_explains_fields_in_two_columns_is_nobody() -> None:
    rows = [
        [label, "文本", "必填"] for label in ("姓名", "性别", "身份证号", "文化程度", "困难类别", "致困原因")
    ]
    assert read(rows, merged=()).rows["kept"] == 0


@pytest.mark.parametrize("gap", [0, 1])
def test_forms_side_by_side_are_several_people(gap: int) -> None:
    second = [[{"甲一": "丁四"}.get(c, c) for c in row] for row in CARD]
    rows = [[*a, *[None] * gap, *b] for a, b in zip(CARD, second, strict=True)]
    reading = read([*rows, *rows], merged=())
    assert [values(read(rows, merged=()))["name"], len(reading.tables)] == ["甲一", 4]
    assert [t.body.loc[0].tolist()[-1] for t in reading.tables] == ["疾病"] * 4


def test_every_value_may_stand_below_its_label() -> None:
    rows = [["姓名", "性别", "身份证号"], ["甲一", "男", ID], ["文化程度", "工作单位", "家庭人口"],
            ["初中", "某厂", 3], ["困难类别", "致困原因", "健康状况"], ["特困", "残疾", "残疾"],
            ["填表人：某", None, None]]  # fmt: skip
    found = values(read(rows, merged=()))
    assert (
        found["id_number"], found["household_size"], found["cause"], found["health"]
    ) == (ID, 3, "残疾", "残疾")


@pytest.mark.parametrize("across", [1, 3])
def test_a_value_may_stand_behind_a_colon_in_the_label_s_cell(across: int) -> None:
    said = [
        "姓名：甲一",
        "性别: 男",
        f"身份证号：{ID}",
        "文化程度：初中",
        "工作单位：某厂",
        "家庭人口：3人",
        "困难类别：",
        "健康状况：健康",
        "备注",
    ]
    rows = [said[n : n + across] for n in range(0, 9, across)]
    found = values(read([["困难职工卡"] + [None] * (across - 1), *rows], merged=()))
    assert (found["name"], found["id_number"], found["household_size"]) == ("甲一", ID, "3人")


def test_an_id_number_may_be_written_one_digit_a_cell() -> None:
    width = len(ID) + 1
    rows = [[*row, *[None] * (width - len(row))] for row in CARD]
    rows[2] = ["身份证号", *ID]
    reading = read(rows, merged=())
    assert (values(reading)["id_number"], reading.findings) == (ID, ())


def test_a_roster_of_one_person_under_two_header_levels_is_no_form() -> None:
    rows = [["姓名", "性别", "身份证号", "家庭情况", None, "困难情况"],
            [None, None, None, "家庭人口", "家庭月人均收入", "困难类别"],
            ["甲一", "男", ID, 3, 300, "特困"]]  # fmt: skip
    reading = read(rows, merged=())
    assert (reading.kind, reading.header_rows) == ("roster", "1-2")


def test_the_name_of_the_spouse_under_that_of_the_person_makes_no_second_form() -> None:
    rows = [["本人", "姓名", "甲一", "性别", "男"], ["配偶", "姓名", "乙二", "性别", "女"],
            ["情况", "困难类别", "特困", "家庭人口", 3],
            ["单位", "工作单位", "某厂", "文化程度", "初中"]]  # fmt: skip
    reading = read(rows, merged=())
    assert ([t.body.loc[0, 1] for t in reading.tables], values(reading)["sex"]) == (["甲一"], "男")
