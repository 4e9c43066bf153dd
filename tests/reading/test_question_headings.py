import pytest

from bangfu_analysis.reading.question_headings import (
    Heading,
    grouped,
    looks_like_questionnaire,
    read_heading,
    stem_and_row,
)


@pytest.mark.parametrize(
    ("raw", "number", "text"),
    [
        ("3、性别 ", "3", "性别"),
        ("1.您的性别:", "1", "您的性别:"),
        ("1.1 文化程度", "1.1", "文化程度"),
        ("5．工种", "5", "工种"),
        ("Q2、工龄", "2", "工龄"),
        ("1.5吨以下货车几辆", "", "1.5吨以下货车几辆"),
        ("2009年收入", "", "2009年收入"),
        ("补充意见", "", "补充意见"),
    ],
)
def test_a_number_is_taken_off_only_where_a_mark_says_that_it_is_one(raw, number, text):
    assert read_heading(raw) == Heading(raw.strip(), number, text)


@pytest.mark.parametrize(
    ("raw", "number", "part", "is_open"),
    [
        ("第6题(运动)", "6", "运动", False),
        ("8、(内存)", "8", "内存", False),
        ("第8题(ACG文化(动漫、游戏等))", "8", "ACG文化(动漫、游戏等)", False),
        ("25、(其他（请补充）:)", "25", "其他（请补充）", True),
        ("Q2|A1", "2", "A1", False),
        ("Q2|A1|open", "2", "A1", True),
    ],
)
def test_an_option_in_brackets_is_a_part_of_its_question(raw, number, part, is_open):
    assert read_heading(raw) == Heading(raw, number, part=part, is_open=is_open)


def test_text_that_only_begins_and_ends_with_brackets_is_no_part():
    assert read_heading("4、(一)工资(元)").text == "(一)工资(元)"


def test_meta_columns_have_a_role_and_a_numbered_question_of_that_name_has_none():
    assert [read_heading(h).role for h in ("来自IP", "所用时间", "答题时长", "地理位置省", "3、来源")] == [
        "ip", "seconds", "seconds", "words", "",
    ]  # fmt: skip


def groups(*headings):
    return [[h.raw for _, h in g] for g in grouped(enumerate(map(read_heading, headings), start=1))]


def test_a_matrix_opened_by_a_dash_takes_the_columns_of_its_number():
    assert groups("7、满意度—态度", "7、速度", "8、其他") == [["7、满意度—态度", "7、速度"], ["8、其他"]]


def test_numbers_that_repeat_without_a_dash_are_separate_questions():
    assert groups("1、性别", "1、年龄", "2、工种", "1、收入") == [["1、性别"], ["1、年龄"], ["2、工种"], ["1、收入"]]


def test_blanks_of_one_question_stay_together():
    assert groups("9、(1)类别", "9、(2)数量", "10、(甲)") == [["9、(1)类别", "9、(2)数量"], ["10、(甲)"]]


def test_a_dash_of_two_characters_is_punctuation_and_the_last_single_one_parts_stem_from_row():
    assert stem_and_row(read_heading("7、政策——知晓—低保")) == ("政策——知晓", "低保")
    assert stem_and_row(read_heading("7、政策——知晓")) == ("", "政策——知晓")


@pytest.mark.parametrize(
    ("headings", "answer"),
    [
        (["序号", "提交答卷时间", "所用时间", "来源", "1、性别"], True),
        (["编号", "开始答题时间", "结束答题时间", "答题时长", "1.性别"], True),
        (["1、性别", "2、年龄", "3、工种"], True),
        (["序号", "姓名", "性别", "身份证号", "致困原因"], False),
        (["姓名", "1、基本工资", "2、津贴", "3、奖金"], False),
        (["序号", "来源", "金额"], False),
        (["说明"], False),
    ],
)
def test_a_questionnaire_is_told_from_a_roster_by_its_headings(headings, answer):
    assert looks_like_questionnaire(headings) is answer
