from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bangfu_analysis.reading.answers import (
    label_and_fill,
    pieces,
    read_column,
    safe_text,
    separator_of,
    shape_of,
)
from bangfu_analysis.reading.question_headings import read_heading


def column(cells, heading="1、题"):
    return read_column(1, read_heading(heading), cells)


def shape(cells, heading="1、题", *, coded=False):
    return shape_of([column(cells, heading)], coded=coded)


def states(cells):
    found = column(cells)
    return found.state[found.codes].tolist()


def test_skipped_blank_and_empty_cells_are_different_from_answers():
    assert states(["是", "(跳过)", "（空）", "", None, "  ", -3.0, "-2", float("nan")]) == [
        0, 1, 2, 2, 2, 2, 1, 2, 2
    ]


def test_minus_two_is_an_answer_where_the_column_knows_other_negative_numbers():
    assert states([-5, -3, -2, 0, 4]) == [0, 0, 0, 0, 0]


def test_numbers_read_the_same_from_text_and_from_cells():
    found = column(["1", 1, 1.0, "１", 2.5, datetime(2009, 7, 1, 8, 30)])
    assert (
        np.array(found.words)[found.codes].tolist() == ["1", "1", "1", "１", "2.5", "2009-07-01T08:30:00"]
    )
    assert found.numbers[found.codes][:5].tolist() == [1, 1, 1, 1, 2.5]


@pytest.mark.parametrize(
    ("cells", "heading", "coded", "kind"),
    [
        (["男", "女", "男"], "1、性别", False, ("single", "")),
        (["A┋B", "A"], "1、选", False, ("multiple", "┋")),
        (["A→B", "B"], "1、排", False, ("ranking", "→")),
        (["A→B→C"], "1、排", False, ("ranking", "→")),
        (["农村→城市", "没有流动", "别处"], "1、去向", False, ("single", "")),
        (["我的→设置", "我的→消息→公告", "首页→公告"], "1、入口", False, ("single", "")),
        (["先登记→再核实", "没有", "多办几次"], "1、您有何建议", False, ("text", "")),
        (["A", "B"], "1、选【多选题】", False, ("multiple", "┋")),
        (["A|B", "B|C", "A", "C"], "1、选", False, ("multiple", "|")),
        (["A;B", "B;C", "A", "C"], "1、选", False, ("multiple", ";")),
        (["运动、阅读", "阅读、影视", "运动", "运动、影视"], "1、选", False, ("multiple", "、")),
        (["党员、团员", "团员", "群众"], "1、面貌", False, ("single", "")),
        (["1", "5", "3"], "1、评分", False, ("number", "")),
        (["1", "5", "3"], "1、评分", True, ("single", "")),
        (["0", "80", "35"], "1、滑动", True, ("number", "")),
        (["工资、福利", "工资", "福利", "住房、工资"], "1、您有何建议", False, ("text", "")),
        ([f"意见{i}" for i in range(10)], "1、想法", False, ("text", "")),
        ([f"{i}" for i in range(19)] + ["约20"], "1、工龄", False, ("number", "")),
        (["第一行\n第二行", "无"], "1、想法", False, ("text", "")),
        (["多", "少"], "1、意见：", False, ("text", "")),
        (["有", "没有", "有"], "1、您有没有意见", False, ("single", "")),
        ([], "1、没人答", False, ("text", "")),
    ],
)
def test_the_kind_of_a_question_is_decided_from_the_whole_column(cells, heading, coded, kind):
    assert shape(cells, heading, coded=coded) == kind


def test_a_separator_within_brackets_or_a_fill_in_is_text():
    assert pieces("ACG(动漫、游戏)、体育", "、") == ["ACG(动漫、游戏)", "体育"]
    assert pieces("甲┋其他〖乙┋丙〗", "┋") == ["甲", "其他〖乙┋丙〗"]
    assert separator_of(["ACG文化(动漫、游戏等)", "体育"]) == ""
    assert separator_of(["A. 男", "B. 女"] * 5) == ""


def test_what_is_filled_in_beside_an_option_is_parted_from_its_label():
    assert label_and_fill("其他【请注明】〖宠物〗") == ("其他【请注明】", "宠物")
    assert label_and_fill("体育") == ("体育", "")


def test_long_numbers_in_open_answers_are_masked_and_dates_are_not():
    assert safe_text("请打99012345678") == "请打***********"
    assert safe_text("1966-07-01") == "1966-07-01"
    assert label_and_fill("99012345678901234X") == ("***", "")


@given(st.lists(st.sampled_from(["运动", "阅读", "影视", "其他"]), min_size=1, max_size=6))
def test_joining_and_parting_answers_gives_them_back(options):
    assert pieces("┋".join(options), "┋") == options
