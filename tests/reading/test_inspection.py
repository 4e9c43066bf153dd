"""What `bangfu inspect` shows, and the mapping it proposes."""

import pandas as pd
import yaml

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.reading.inspection import describe, proposed_mapping
from bangfu_analysis.reading.locate import read_sheet
from bangfu_analysis.reading.tables import SheetReading
from bangfu_analysis.reading.workbook import sheet_of

ROWS = [
    ("姓名", "性别", "身份证号", "困难职工类形", "血型"), ("甲一", "男", "99010219650312001X", "特困", "A")
]


def reading() -> SheetReading:
    return read_sheet(sheet_of(list(ROWS), "表.xlsx", "名册"), load_codebook())


def test_every_column_is_one_row_with_what_it_means() -> None:
    frame = describe([reading()])
    assert frame["variable"].tolist() == ["workers.name", "workers.sex", "workers.id_number", "", ""]
    assert frame["status"].tolist() == ["matched", "matched", "matched", "unmatched", "unmatched"]
    assert frame["column"].tolist() == ["A", "B", "C", "D", "E"]
    assert frame.loc[3, "suggestions"].startswith("workers.hardship_level")
    assert isinstance(frame["rows"].dtype, pd.Int64Dtype)


def test_a_sheet_without_a_table_is_one_row_with_its_reason() -> None:
    notes = read_sheet(sheet_of([("填表说明",), ("本表由基层工会填写",)], "表.xlsx", "说明"), load_codebook())
    frame = describe([notes])
    assert frame[["taken_for", "reason"]].values.tolist() == [["notes", "没有找到表格，按说明文字处理"]]


def test_the_proposed_mapping_is_yaml_that_settles_the_headings_once_confirmed() -> None:
    proposed = proposed_mapping([reading()])
    assert yaml.safe_load(proposed) == {"headings": None}
    confirmed = yaml.safe_load(proposed.replace('# "', '"'))
    assert confirmed["headings"]["困难职工类形"] == "workers.hardship_level"
    again = read_sheet(sheet_of(list(ROWS), "表.xlsx", "名册"), load_codebook(confirmed))
    assert "困难职工类形" not in proposed_mapping([again])


def test_a_stroke_within_a_heading_is_no_level_of_it() -> None:
    rows = [(*ROWS[0][:4], "类形/血型"), ROWS[1]]
    proposed = proposed_mapping([read_sheet(sheet_of(rows, "表.xlsx", "名册"), load_codebook())])
    assert '"类形/血型"' in proposed and '"血型"' not in proposed
    confirmed = yaml.safe_load(proposed.replace('# "', '"'))
    again = read_sheet(sheet_of(rows, "表.xlsx", "名册"), load_codebook(confirmed))
    assert "类形/血型" not in proposed_mapping([again])


def test_nothing_is_proposed_where_all_is_known() -> None:
    known = read_sheet(sheet_of([row[:3] for row in ROWS], "表.xlsx", "名册"), load_codebook())
    assert proposed_mapping([known]) == ""


def test_the_questions_of_a_questionnaire_are_told_with_their_kinds():
    cells = [
        ("序号", "所用时间", "1、性别", "2、爱好"), ("1", "30秒", "男", "球┋棋"), ("2", "40秒", "女", "球")
    ]
    reading = read_sheet(sheet_of(cells, "1_按文本_问卷.xlsx", "Sheet1"), load_codebook())
    told = describe([reading])
    assert told["rows"].tolist() == [2] * 4
    assert told[["column", "heading", "variable"]].to_numpy().tolist()[2:] == [
        ["C", "1、性别", "questions.Q1（single）"],
        ["D", "2、爱好", "questions.Q2（multiple）"],
    ]
