"""Layouts as reporting units draw them: what becomes a table, and where every row and cell goes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.reading.locate import read_file, read_sheet
from bangfu_analysis.reading.tables import SheetReading
from bangfu_analysis.reading.workbook import sheet_of

CODEBOOK = load_codebook()
ID = "99010219650312001X"
HEAD = ["序号", "姓名", "性别", "身份证号", "困难类别"]
Merges = Sequence[tuple[int, int, int, int]]


def read(rows: list[list[Any]], merged: Merges = (), name: str = "Sheet1", **more: Any) -> SheetReading:
    hidden = more.pop("include_hidden", False)
    width = max(map(len, rows))
    cells = [(*row, *[None] * (width - len(row))) for row in rows]
    reading = read_sheet(
        sheet_of(cells, "表.xlsx", name, merged=tuple(merged), **more), CODEBOOK, include_hidden=hidden
    )
    assert sum(reading.rows.values()) == reading.row_count
    assert sum(reading.cells.values()) == reading.cells_filled
    return reading


def said(counts: Any) -> dict[str, int]:
    return {fate: n for fate, n in counts.items() if n}


def named(reading: SheetReading, table: int = 0) -> list[str]:
    return [c.variable.name if c.variable else c.fate for c in reading.tables[table].columns]


def problems(reading: SheetReading) -> list[tuple[str, str]]:
    return [(f.problem, f.cell) for f in reading.findings]


def test_title_unit_date_and_money_lines_are_metadata_and_notes() -> None:
    reading = read(
        [
            ["某区困难职工花名册"],
            ["填报单位：某区总工会（盖章）    填报日期：2009年6月30日", None, None, None, "单位：万元"],
            [*HEAD, "家庭年收入", "月收入（元）"],
            [1, "甲一", "男", ID, "特困", 1.2, 300],
            ["合计", "1人", None, None, None, 1.2],
            ["注：本表一式两份"],
            ["填表人：某甲    审核人：某乙"],
        ]
    )  # fmt: skip
    (table,) = reading.tables
    assert dict(table.meta) == {
        "title": "某区困难职工花名册", "unit": "某区总工会", "date": "2009年6月30日",
        "money_factor": 10_000.0,
    }  # fmt: skip
    assert [c.factor for c in table.columns][-2:] == [10_000.0, 1.0]
    assert said(reading.rows) == {"kept": 1, "totals": 1, "notes": 4, "headers": 1}
    assert said(reading.cells) == {"header": 7, "body": 7, "total": 3, "note": 5}
    assert (reading.kind, reading.header_rows, reading.first_row, reading.last_row) == ("roster", "3", 4, 4)


def test_a_unit_line_may_hold_its_values_in_the_next_cells() -> None:
    reading = read(
        [
            ["工资表"], ["填报单位：", "某厂", None, "所属月份：", "2024.4"], HEAD,
            [1, "甲一", "男", ID, "特困"],
        ]
    )
    assert dict(reading.tables[0].meta) == {"title": "工资表", "unit": "某厂", "date": "2024.4"}


@pytest.mark.parametrize("merged", [True, False])
def test_two_header_levels_are_joined_merged_or_not(merged: bool) -> None:
    rows = [
        ["序号", "基本情况", None, None, "致困原因", None, "困难类别"],
        [None, "姓名", "性别", "年龄", "疾病", "子女上学", None],
        [1, "甲一", "男", 44, "√", None, "特困"],
        [2, "乙二", "女", 45, None, "√", "困难"],
    ]
    merges = [(1, 1, 2, 1), (1, 2, 1, 4), (1, 5, 1, 6), (1, 7, 2, 7)] if merged else []
    reading = read(rows, merges)
    assert [c.heading for c in reading.tables[0].columns] == [
        "序号", "基本情况/姓名", "基本情况/性别", "基本情况/年龄", "致困原因/疾病", "致困原因/子女上学",
        "困难类别",
    ]  # fmt: skip
    assert [c.tick for c in reading.tables[0].columns][4:6] == ["illness", "schooling"]
    assert (reading.header_rows, reading.rows["kept"]) == ("1-2", 2)


def test_three_levels_and_a_line_of_column_numbers_belong_to_the_header() -> None:
    reading = read(
        [
            ["序号", "基本情况", None, None, "收入情况", None],
            [None, "姓名", "性别", "年龄", "本人", "家庭"],
            [None, None, None, None, "月收入（元）", "年收入（元）"],
            ["甲", "乙", 1, 2, 3, 4],
            [1, "甲一", "男", 40, 100, 2000],
        ],
        [(1, 1, 3, 1), (1, 2, 1, 4), (1, 5, 1, 6), (2, 2, 3, 2), (2, 3, 3, 3), (2, 4, 3, 4)],
    )
    assert named(reading) == [
        "row_number", "name", "sex", "age", "income_personal_monthly", "income_household_annual"
    ]
    assert (reading.header_rows, reading.rows["kept"]) == ("1-4", 1)


def test_subtotals_cover_their_block_and_page_headers_are_dropped() -> None:
    head = ["序号", "姓名", "性别", "单位", "月收入"]
    reading = read(
        [
            head, [1, "甲一", "男", "一厂", 500], [2, "乙二", "男", "一厂", 500],
            ["小计", 2, None, None, 1000],
            head, [3, "丙三", "女", "二厂", 300], ["小计", 1, None, None, 300],
            ["合  计", 3, None, None, 1300], ["其中：女", 1],
        ]
    )  # fmt: skip
    (table,) = reading.tables
    assert [(t.label, t.row, t.covers) for t in table.totals] == [
        ("小计", 4, (2, 3)), ("小计", 7, (6,)), ("合计", 8, (2, 3, 6)), ("其中:女", 9, ()),
    ]  # fmt: skip
    assert dict(table.totals[0].values) == {1: "小计", 2: 2, 5: 1000}
    assert said(reading.rows) == {"kept": 3, "totals": 4, "headers": 2}
    assert reading.cells["repeated_header"] == 5


def test_values_are_filled_inside_merges_and_dittos_are_resolved() -> None:
    reading = read(
        [
            [*HEAD, "工作单位", "文化程度"], [1, "甲一", "男", ID, "特困", "一厂", "初中"],
            [2, "乙二", "男", None, "〃", None, "同上"],
        ],
        [(2, 6, 3, 6)],
    )  # fmt: skip
    assert reading.tables[0].body.loc[3].tolist() == [2, "乙二", "男", None, "特困", "一厂", "初中"]


def test_blanks_repeat_the_value_above_only_where_the_column_names_each_group_once() -> None:
    head = ["姓名", "性别", "身份证号", "工作单位"]
    grouped = read([head, ["甲", "男", 1, "一厂"], ["乙", "男", 2], ["丙", "男", 3, "二厂"], ["丁", "女", 4]])
    each = read(
        [head, ["甲", "男", 1, "一厂"], ["乙", "男", 2, "一厂"], ["丙", "男", 3], ["丁", "女", 4, "二厂"]]
    )
    assert grouped.tables[0].body[4].tolist() == ["一厂", "一厂", "二厂", "二厂"]
    assert problems(grouped) == [("filled_down", "D1")]
    assert each.tables[0].body[4].tolist() == ["一厂", "一厂", None, "二厂"]


def test_family_rows_under_a_merged_head_belong_to_the_head() -> None:
    reading = read(
        [
            ["序号", "职工姓名", "性别", "身份证号", "困难类别", "与户主关系", "家庭成员姓名"],
            [1, "甲一", "男", ID, "特困", "妻", "乙二"],
            [None, None, None, None, None, "子", "甲三"],
            [2, "丁四", "女", None, "困难", None, None],
        ],
        [(2, 1, 3, 1), (2, 2, 3, 2), (2, 3, 3, 3), (2, 4, 3, 4), (2, 5, 3, 5)],
    )
    (table,) = reading.tables
    assert table.head_of is not None
    assert table.head_of.to_dict() == {2: 2, 3: 2, 4: 4}
    assert (reading.rows["kept"], named(reading)[5:]) == (3, ["relation", "name"])


def test_family_in_the_roster_s_own_columns_becomes_a_members_table() -> None:
    reading = read(
        [
            ["序号", "姓名", "与户主关系", "性别", "身份证号", "致困原因"],
            [1, "甲一", "本人", "男", ID, "疾病"],
            [None, "乙二", "配偶", "女"],
            [2, "丙三", "户主", "女", None, "残疾"],
        ]
    )
    roster, members = reading.tables
    assert (roster.kind, roster.body.index.tolist(), members.kind) == ("roster", [2, 4], "members")
    assert members.head_of is not None
    assert members.head_of.to_dict() == {3: 2}
    assert named(reading, 1) == ["ignored", "name", "relation", "sex", "id_number", "ignored"]


def test_lines_that_name_a_unit_over_its_people_become_their_reporting_unit() -> None:
    rows = [
        HEAD, ["第一机械厂"], [1, "甲", "男", ID, "特困"], ["小计", 1], ["纺织总厂"],
        [2, "乙", "女", None, "困难"],
    ]
    reading = read(rows, [(2, 1, 2, 5), (5, 1, 5, 5)])
    assert named(reading)[-1] == "reporting_unit"
    assert reading.tables[0].body[6].to_dict() == {3: "第一机械厂", 6: "纺织总厂"}
    assert said(reading.rows) == {"kept": 2, "totals": 1, "notes": 2, "headers": 1}


def test_tables_below_and_beside_one_another_are_told_apart() -> None:
    aid = ["姓名", "帮扶类别", "金额", "发放时间"]
    below = read(
        [
            ["一、名单"],
            HEAD,
            [1, "甲", "男", ID, "特困"],
            ["合计", 1],
            [],
            ["二、发放表"],
            ["单位：万元"],
            aid,
            ["甲", "助学", 0.1, "2009.3"],
        ]
    )
    beside = read(
        [[*HEAD, None, *aid], [1, "甲", "男", ID, "特困", None, "甲", "助学", 500, "2009.3"], [2, "乙", "女"]]
    )
    twice = read([[*HEAD, *HEAD], [1, "甲", "男", ID, "特困", 3, "丙", "男"], [2, "乙", "女"]])
    assert [(t.kind, t.body.index.tolist(), t.meta.get("title")) for t in below.tables] == [
        ("roster", [3], "一、名单"), ("aid", [9], "二、发放表"),
    ]  # fmt: skip
    assert below.header_rows == "2、8"
    assert [(t.kind, t.body.shape) for t in beside.tables] == [("roster", (2, 5)), ("aid", (1, 4))]
    assert [(t.kind, t.body.shape) for t in twice.tables] == [("roster", (2, 5)), ("roster", (1, 5))]


def test_a_second_unit_line_over_the_same_header_names_the_unit_of_the_people_below() -> None:
    reading = read(
        [
            ["填报单位：一厂"], HEAD, [1, "甲", "男", ID, "特困"], [], ["填报单位：二厂"], HEAD,
            [1, "乙", "女", None, "困难"]]
    )  # fmt: skip
    assert [(t.meta["unit"], t.body.index.tolist()) for t in reading.tables] == [("一厂", [3]), ("二厂", [7])]


def test_four_levels_over_a_column_that_nobody_fills_are_one_header() -> None:
    reading = read(
        [
            ["序号", "个人情况", None, None, None, "家庭情况"],
            [None, "基本", None, "收入", None, "人口", "年收入"],
            [None, "姓名", "性别", "月收入", None, None, "万元"],
            [None, None, None, "元"],
            [1, "甲", "男", 500, None, 3, 1.2],
        ],
        [(1, 1, 4, 1), (1, 2, 1, 5), (1, 6, 1, 7), (2, 2, 2, 3), (2, 4, 2, 5), (2, 6, 4, 6)],
    )
    assert reading.header_rows == "1-4"
    assert [name for name in named(reading) if name not in ("empty", "unmatched")] == [
        "row_number", "name", "sex", "income_personal_monthly", "household_size", "income_household_annual",
    ]  # fmt: skip
    assert reading.tables[0].columns[-1].factor == 10_000.0


@pytest.mark.parametrize(
    "unit",
    ["单位：万元", "（单位：万元）", "金额单位：人民币万元", "万元", "单位 万元", "计量单位：人、万元"],
)
def test_the_money_unit_of_a_sheet_is_read_however_it_is_put(unit: str) -> None:
    reading = read(
        [[None, None, None, None, None, unit], [*HEAD, "家庭年收入"], [1, "甲", "男", ID, "特困", 1.2]]
    )
    assert reading.tables[0].columns[-1].factor == 10_000.0


def test_a_list_of_aid_with_id_numbers_and_units_is_aid_and_not_a_roster() -> None:
    head = ["序号", "姓名", "身份证号", "单位", "慰问金（元）", "慰问品", "签字"]
    assert read([head, [1, "甲", ID, "一厂", 500, "米"]]).kind == "aid"


def test_rows_without_any_header_are_set_aside_and_not_taken_for_notes() -> None:
    reading = read([[1, "甲", "男", ID, "特困"], [2, "乙", "女", None, "困难"]])
    assert (reading.kind, said(reading.rows)) == ("other", {"set_aside": 2})


def test_labels_and_values_in_one_cell_put_no_name_into_a_heading() -> None:
    reading = read(
        [
            ["姓名：甲一二", "性别：男", "民族：汉"],
            ["文化程度：初中", "家庭人口：3", "困难类别：特困"],
            ["致困原因：因病"],
        ]
    )
    assert (reading.kind, said(reading.rows)) == ("form", {"kept": 3})
    assert [c.heading for c in reading.tables[0].columns][:3] == ["姓名", "性别", "民族"]


def test_a_struck_cell_of_a_person_who_stays_is_told() -> None:
    reading = read([HEAD, [1, "甲", "男", ID, "特困"]], struck=frozenset({(2, 5)}))
    assert problems(reading) == [("cell_struck", "E2")]


def test_an_empty_template_has_its_kind_and_no_rows() -> None:
    reading = read([["花名册"], HEAD, [1], [2], ["填表人：", None, "审核人："]])
    assert (reading.kind, reading.tables[0].body.shape, reading.rows["kept"]) == ("roster", (0, 5), 0)
    assert problems(reading) == [("row_number_only", "A3"), ("row_number_only", "A4")]


def test_rows_after_the_signatures_that_are_unlike_the_table_are_set_aside() -> None:
    reading = read(
        [HEAD, [1, "甲", "男", ID, "特困"], ["制表人：某"], [1, 2, 3], [], [1, "乙", "女", ID, "特困"]]
    )
    assert reading.tables[0].body.index.tolist() == [2, 6]
    assert problems(reading) == [("row_after_footer", "A4")]


def test_struck_people_are_set_aside_and_hidden_rows_are_flagged() -> None:
    rows = [HEAD, [1, "甲", "男", ID, "特困"], [2, "乙", "女", None, "困难"], [3, "丙", "女", None, "困难"]]
    marks = {"struck": frozenset({(3, 2)}), "hidden_rows": frozenset({4}), "hidden_columns": frozenset({4})}
    reading = read(rows, **marks)
    assert reading.tables[0].body.index.tolist() == [2, 4]
    assert problems(reading) == [("column_hidden", "D1"), ("row_struck", "A3"), ("row_hidden", "A4")]
    assert (reading.rows["set_aside"], reading.cells["set_aside"]) == (1, 4)
    assert read(rows, **marks, include_hidden=True).rows["kept"] == 3


def test_a_hidden_sheet_is_read_and_set_aside() -> None:
    reading = read([HEAD, [1, "甲", "男", ID, "特困"]], visible=False)
    assert len(reading.tables[0].body) == 1
    assert "隐藏的工作表" in reading.set_aside
    assert said(reading.rows) == {"set_aside": 1, "headers": 1}
    assert said(reading.cells) == {"header": 5, "set_aside": 5}


def test_a_table_that_fits_no_frame_is_other_and_set_aside_with_suggestions() -> None:
    reading = read([["商品", "单价", "数量", "困难职工类形"], ["米", 3.5, 10, "x"]])
    assert (reading.kind, said(reading.rows)) == ("other", {"set_aside": 1, "headers": 1})
    assert reading.tables[0].columns[3].suggestions[0] == "workers.hardship_level"
    assert reading.set_aside == reading.reason != ""


def test_words_without_a_table_are_notes_and_a_blank_sheet_is_empty() -> None:
    notes = read([["填表说明"], ["1. 本表由基层工会填写。"]])
    assert (notes.kind, said(notes.rows)) == ("notes", {"notes": 2})
    assert read([[None, " "], ["　", ""]]).kind == "empty"


def test_drop_down_lists_are_notes() -> None:
    assert read([["性别", "文化程度"], ["男", "初中"], ["女", "高中"], [None, "大专"]]).kind == "notes"


def test_an_unmatched_heading_and_a_doubled_one_are_findings() -> None:
    reading = read([[*HEAD, "性别", "帮扶责任单位名"], [1, "甲", "男", ID, "特困", "女", "一厂"]])
    assert problems(reading) == [("heading_duplicate", "F1"), ("heading_unmatched", "G1")]
    assert "mapping.yaml" in reading.findings[1].message
    assert reading.confidence == pytest.approx(5 / 7, abs=0.01)


def test_a_questionnaire_is_recognised_and_its_replies_are_kept() -> None:
    reading = read(
        [
            ["序号", "提交答卷时间", "所用时间", "来源", "1、您的性别"],
            [1, "2025/1/1 1:00:00", "9秒", "微信", "男"],
        ]
    )
    assert (
        (reading.kind, reading.tables, said(reading.rows)) == ("questionnaire", (), {"kept": 1, "headers": 1})
    )


def workbook(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_a_summary_is_never_stacked_with_its_parts_but_stands_alone(tmp_path: Path) -> None:
    part = [HEAD, [1, "甲", "男", ID, "特困"]]
    many = read_file(
        workbook(tmp_path / "a.xlsx", {"汇总表": part, "一厂": part, "二厂": part}), "a.xlsx", CODEBOOK
    )
    alone = read_file(
        workbook(tmp_path / "b.xlsx", {"汇总表": [["困难职工汇总表"], *part]}), "b.xlsx", CODEBOOK
    )
    assert [r.rows["kept"] for r in many] == [0, 1, 1]
    assert "不重复计入" in many[0].set_aside
    assert alone[0].rows["kept"] == 1


def test_a_refused_file_is_one_unreadable_sheet_with_one_finding(tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_bytes(b"%PDF-1.4")
    (reading,) = read_file(tmp_path / "x.xlsx", "x.xlsx", CODEBOOK)
    assert (reading.kind, reading.row_count, reading.rows) == ("unreadable", 0, {})
    assert [(f.problem, f.severity, f.source_file) for f in reading.findings] == [
        ("file_unreadable", "error", "x.xlsx")
    ]


def test_bodies_are_objects_with_the_row_numbers_a_person_sees() -> None:
    body = read([[], ["花名册"], HEAD, [], [1, "甲", "男", ID, None]]).tables[0].body
    expected = pd.DataFrame([[1, "甲", "男", ID, None]], index=[5], columns=[1, 2, 3, 4, 5], dtype=object)
    pd.testing.assert_frame_equal(body, expected)


CELLS = st.one_of(
    st.none(), st.sampled_from([
        "", " ", *HEAD, "家庭成员", "关系", "合计", "小计", "注：", "填表人：", "同上", "〃", "√", "疾病",
        "金额", "男",
    ]),
    st.integers(-5, 3000), st.floats(), st.dates(), st.booleans(), st.text(max_size=4),
)  # fmt: skip


@st.composite
def grids(draw: st.DrawFn) -> tuple[list[list[Any]], list[tuple[int, int, int, int]]]:
    width = draw(st.integers(1, 9))
    rows = draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=12))
    corner = st.tuples(st.integers(1, len(rows)), st.integers(1, width), st.integers(0, 2), st.integers(0, 3))
    merges = [(r, c, r + down, c + right) for r, c, down, right in draw(st.lists(corner, max_size=4))]
    return rows, merges


@settings(max_examples=300, deadline=None)
@given(grids())
def test_whatever_a_sheet_holds_every_row_and_cell_is_accounted_for(
    grid: tuple[list[list[Any]], Merges]
) -> None:
    reading = read(*grid)
    kept = sum(len(t.body) for t in reading.tables if t.kind != "other" and not t.is_form)
    assert reading.rows["kept"] <= kept or reading.kind == "form"
    assert all(len(t.columns) == t.body.shape[1] for t in reading.tables)


def test_a_plain_sheet_named_as_a_questionnaire_is_one_unless_it_names_people() -> None:
    head, answers = ["性别", "您对工会满意吗", "是否入会"], [["男", "满意", "是"], ["女", "一般", "否"]]
    asked = read([head, *answers], name="会员问卷")
    assert asked.kind == "questionnaire" and asked.questions is not None
    assert asked.questions["text"].tolist() == head and asked.questions["kind"].tolist() == ["single"] * 3
    assert read([head, *answers]).kind != "questionnaire"
    assert (
        read(
            [HEAD, [1, "甲一", "男", ID, "特困"], [2, "甲二", "女", ID, "特困"]], name="困难职工问卷"
        ).kind == "roster"
    )


PERSON = [1, "甲一", "男", ID, "特困", 3, 300]
WIDE = [*HEAD, "家庭人口", "家庭月人均收入"]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (["例", "张三", "男", ID, "特困", 3, 300], "row_example"),
        ([1, "例：张三", "男", ID, "特困", 3, 300], "row_example"),
        ([None, "如实填写", "男/女", "18位", "特困/困难", "人", "元"], "row_hint"),
        (["No", "Name", "Sex", "ID", "Level", "Size", "Income"], "row_hint"),
    ],
)
def test_examples_and_hints_under_the_header_are_nobody(row: list[Any], problem: str) -> None:
    reading = read([WIDE, row, PERSON])
    assert (problems(reading), reading.tables[0].body.index.tolist()) == (
        [(problem, reading.findings[0].cell)], [3]
    )


@pytest.mark.parametrize(
    "row",
    [[None] * 5 + [3, 300], ["平均", *[None] * 4, 3, 300], ["特困", 1], [None, "小 计", *[None] * 3, 3]],
)
def test_a_row_of_numbers_alone_is_a_total_and_nobody(row: list[Any]) -> None:
    reading = read([WIDE, PERSON, row])
    assert (
        (said(reading.rows), reading.tables[0].totals[0].row) == ({"kept": 1, "totals": 1, "headers": 1}, 3)
    )


def test_a_person_without_a_name_but_with_a_row_number_is_still_one() -> None:
    assert said(read([WIDE, PERSON, [2, *[None] * 4, 3, 300]]).rows) == {"kept": 2, "headers": 1}


def test_a_total_at_the_top_covers_what_is_below() -> None:
    reading = read([WIDE, ["合计", "1人", None, None, None, 3], PERSON])
    assert reading.tables[0].totals[0].covers == (3,)


def test_headings_cut_over_two_rows_are_read_together() -> None:
    reading = read(
        [
            ["序", "姓名", "性", "身份证", "困难"], ["号", None, "别", "号码", "类别"],
            [1, "甲一", "男", ID, "特困"],
        ]
    )
    assert (named(reading), reading.header_rows) == (
        ["row_number", "name", "sex", "id_number", "hardship_level"],
        "1-2",
    )


def test_a_blank_column_does_not_cut_a_table_whose_rows_go_on_behind_it() -> None:
    rows = [[*row[:3], None, *row[3:4], None, *row[4:]] for row in (WIDE, PERSON, [2, *PERSON[1:]])]
    (table,) = read(rows).tables
    assert [c.variable.name for c in table.columns if c.variable][-2:] == [
        "household_size",
        "income_per_capita_monthly",
    ]


def test_a_unit_stands_in_the_cell_behind_its_label_without_a_colon() -> None:
    reading = read(
        [["填报单位", None, "某厂", "填报日期", "2009-06-30"], HEAD, [1, "甲一", "男", ID, "特困"]]
    )
    assert dict(reading.tables[0].meta) == {"unit": "某厂", "date": "2009-06-30"}


def test_the_last_person_is_no_title_of_the_table_below() -> None:
    reading = read([HEAD, PERSON[:5], ["乙二", "女"], ["二、困难职工"], [*HEAD, "备注"], PERSON[:5]])
    assert [t.body.index.tolist() for t in reading.tables][0][:2] == [2, 3]


def test_a_roster_with_numbered_headings_is_no_questionnaire() -> None:
    heads = ["1、姓名", "2、性别", "3、身份证号", "4、文化程度", "5、困难类别"]
    assert read(
        [heads, ["甲一", "男", ID, "初中", "特困"], ["乙二", "女", None, "初中", "困难"]]
    ).kind == "roster"


def test_several_labels_with_their_values_in_one_cell_are_set_aside_not_notes() -> None:
    assert read([["登记卡"], [f"姓名：甲一    性别：男    身份证号：{ID}"]]).kind == "other"
    assert read([["填表说明"], ["1、姓名：按户口簿填写"]]).kind == "notes"


def test_counts_behind_colons_under_the_table_are_notes() -> None:
    assert said(read([HEAD, PERSON[:5], ["特困户数：2", "困难户数：3"]]).rows) == {
        "kept": 1, "notes": 1, "headers": 1
    }


def test_subtotals_above_their_people_cover_what_follows() -> None:
    unit = [[n, "甲一", "男", ID, "特困"] for n in (1, 2)]
    totals = read([HEAD, ["一厂", "小计", "2人"], *unit, ["二厂", "小计", "2人"], *unit]).tables[0].totals
    assert [total.covers for total in totals] == [(3, 4), (6, 7)]


def test_a_total_under_one_half_of_a_table_counts_both_halves() -> None:
    reading = read([[*HEAD, *HEAD], [*PERSON[:5], *PERSON[:5]], ["合计", "2人"]])
    assert [total.covers for table in reading.tables for total in table.totals] == [()]


def test_the_other_columns_of_the_same_people_below_are_no_new_people() -> None:
    people = [[1, "甲一"], [2, "乙二"]]
    rows = [[*p, *more] for more in (["男", ID], [3, "特困"]) for p in people]
    reading = read([HEAD[:4], *rows[:2], [], ["序号", "姓名", "家庭人口", "困难类别"], *rows[2:]])
    assert [t.body.index.tolist() for t in reading.tables] == [[2, 3], []]
    assert problems(reading) == [("row_again", "A6"), ("row_again", "A7")]


def test_people_between_the_families_of_others_are_set_aside_not_mixed_up() -> None:
    family = [[None, "家庭成员", "与本人关系", "身份证号", "身份"], [None, "丙三", "子", None, "学生"]]
    reading = read([HEAD, PERSON[:5], *family, PERSON[:5], *family])
    assert [t.body.index.tolist() for t in reading.tables] == [[2], [4]]
    assert [p for p in problems(reading) if p[0] != "heading_unmatched"] == [
        ("row_of_other_table", "A5"),
        ("row_of_other_table", "B7"),
    ]


def test_halves_side_by_side_may_spell_their_headings_differently() -> None:
    reading = read(
        [
            [*HEAD, "序 号", "姓  名", "性 别", "身份证号码", "困难类型"],
            [*PERSON[:5], 2, "乙二", "女", None, "困难"],
        ]
    )
    assert [len(t.body) for t in reading.tables] == [1, 1]


def test_records_of_two_rows_are_set_aside() -> None:
    rows = [["序号", "姓名", "性别"], [None, "身份证号", "文化程度"], [1, "甲一", "男"], [None, ID, "初中"]]
    assert (read(rows).kind, read(rows).rows["set_aside"]) == ("other", 2)


def test_a_summary_of_how_many_the_other_sheets_list_is_no_table_of_an_unknown_kind(tmp_path):
    people = [["姓名", "身份证号", "困难类别"], ["甄甲甲", "990101196503120019", "特困"]]
    counts = [["困难职工情况汇总表"], ["单位名称", "困难职工人数"], ["一厂", 1], ["合计", 1]]
    book = workbook(tmp_path / "a.xlsx", {"汇总": counts, "一厂": people})
    summary, _ = read_file(book, "a.xlsx", CODEBOOK)
    assert summary.kind == "notes" and "汇总表" in summary.reason
    assert [finding.problem for finding in summary.findings] == ["sheet_set_aside"]
    alone = workbook(tmp_path / "b.xlsx", {"汇总": counts})
    assert [sheet.kind for sheet in read_file(alone, "b.xlsx", CODEBOOK)] == ["other"]
