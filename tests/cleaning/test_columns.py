from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bangfu_analysis.cleaning.columns import read_column
from bangfu_analysis.cleaning.readings import BLANK, Reading
from bangfu_analysis.codebook import load_codebook

CODEBOOK = load_codebook()
WORKERS = CODEBOOK.of("workers")
REFERENCE = date(2009, 6, 30)
ONE_OF_EACH = list({variable.kind: variable for variable in CODEBOOK.variables}.values())


def column(name, values, **settings):
    return list(read_column(values, WORKERS[name], reference=REFERENCE, **settings))


def test_every_kind_of_variable_is_tried_here():
    assert {v.kind for v in ONE_OF_EACH} == {variable.kind for variable in load_codebook().variables}


@given(
    st.lists(
        st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.dates(), st.times()),
        max_size=6,
    )
)
def test_readings_stand_in_the_order_of_the_cells(values):
    for variable in ONE_OF_EACH:
        readings = list(read_column(values, variable, reference=REFERENCE))
        alone = [read_column([value], variable, reference=REFERENCE)[0] for value in values]
        assert readings == alone


def test_values_of_different_types_are_told_apart():
    assert [r.value for r in column("sex", [1, True, 1.0, "1"])] == ["male", None, "male", "male"]
    assert [r.value for r in column("has_dibao", [1, True, 0, False])] == [True, True, False, False]


@pytest.mark.parametrize("error", ["#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"])
def test_error_cells_are_given_up_in_every_column_that_is_kept(error):
    for variable in ONE_OF_EACH:
        reading = read_column([error], variable, reference=REFERENCE)[0]
        if variable.kind in ("private", "ignored", "row_number", "remark"):
            assert reading == BLANK
        else:
            assert (reading.problem, reading.action) == ("error_cell", "missing")


def test_texts_lose_their_padding_and_keep_their_words():
    raw = ["市 粮　油公司", " 第一机械厂\n", "Harbin  Works", "建国街道（南）", 3.0]
    assert [r.value for r in column("employer", raw)] == [
        "市粮油公司",
        "第一机械厂",
        "Harbin Works",
        "建国街道(南)",
        "3",
    ]


def test_long_numbers_do_not_pass_through_texts():
    reading = column("employer", ["百货大楼13900000000"])[0]
    assert (reading.value, reading.problem, reading.action) == (
        "百货大楼***********", "long_number_masked", "repaired"
    )


def test_a_lost_character_in_a_text_is_kept_and_told():
    reading = column("employer", ["松□木材厂"])[0]
    assert (reading.value, reading.problem, reading.action) == ("松□木材厂", "lost_character", "kept")


def test_names_give_a_key_only():
    readings = column("name", ["张　三", "3", None])
    assert [r.value for r in readings] == ["张三", None, None]
    assert [r.problem for r in readings] == ["", "", ""]


def test_a_tick_column_says_its_code_where_it_is_ticked():
    readings = column("cause", ["√", None, "/", 1, "×"], tick="illness")
    assert [r.value for r in readings] == [("illness",), None, None, ("illness",), None]
    assert [r.value for r in column("education", ["√", ""], tick="primary")] == ["primary", None]


def test_the_settings_of_a_heading_reach_the_cells():
    assert column("income_household_annual", [1.2], factor=10000.0) == [Reading(12000.0)]
    assert column("income_personal_monthly", [12000], period="year") == [Reading(1000.0)]
    assert column("hardship_level", ["低保户"], schemes=frozenset({"s2000"}))[0].problem == "other_scheme"
    assert column("birth_date", [23813 - 1462], epoch1904=True)[0].value == date(1965, 3, 12)
    assert column("file_date", ["2009-12-01"])[0].value == date(2009, 12, 1)
    assert column("birth_date", ["2009-12-01"])[0].problem == "future_date"


@pytest.mark.parametrize(
    ("name", "raw", "value", "problem"),
    [
        ("income_personal_monthly", "1.2万（年）", 1000.0, "period_converted"),
        ("income_personal_monthly", "1200（约）", 1200.0, "approximate"),
        ("income_personal_monthly", "6000（500/月）", 6000.0, "note_ignored"),
        ("income_personal_monthly", "约2.4万/年", 2000.0, "approximate"),
        ("income_personal_monthly", "1200+", 1200.0, "approximate"),
        ("income_personal_monthly", "$1200", None, "not_a_number"),
        ("income_personal_monthly", "月薪1200", 1200.0, ""),
        ("floor_area", "45（使用面积）", 45.0, "note_ignored"),
        ("birth_date", "民国五十四年三月", date(1965, 3, 1), "republic_year"),
        ("birth_date", "1965—03", date(1965, 3, 1), ""),
        ("education", "大学（专科）", "junior_college", ""),
        ("education", "初中（高中）", None, "several_values"),
        ("education", "本科以上", "bachelor", ""),
        ("education", "大专及以上", None, "band"),
        ("has_dibao", "有低保", True, ""),
        ("has_dibao", "1.是", True, ""),
        ("has_dibao", "1.0", True, ""),
        ("medical_insurance", "没有医保", ("uninsured",), ""),
    ],
)
def test_what_stands_in_brackets_or_before_a_value_is_read_or_told(name, raw, value, problem):
    reading = column(name, [raw])[0]
    assert (reading.value, reading.problem) == (value, problem)


def test_a_relation_may_say_that_a_child_is_at_school():
    relation = CODEBOOK.variable("members", "relation")
    assert read_column(["女儿（在读）"], relation, reference=REFERENCE)[0].value == "child"
