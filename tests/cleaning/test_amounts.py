from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bangfu_analysis.cleaning.amounts import read_age, read_count, read_money, read_number
from bangfu_analysis.cleaning.readings import BLANK, Reading
from bangfu_analysis.codebook import Variable


def asked(kind, **of):
    return Variable("workers", "asked", "某项", "asked", kind, **of)


MONTHLY = asked("money", period="month", low=0, high=100000, none_means="zero")
PERSONS, AGE, SUM = asked("count", low=1, high=20), asked("age", low=14, high=110), asked("money")


def monthly(raw):
    return read_money(raw, MONTHLY)


@pytest.mark.parametrize(
    ("raw", "yuan"),
    [
        ("1200元/月", 1200), ("￥1,200", 1200), ("１２００", 1200), ("1200.00", 1200), ("1200 ", 1200),
        ("1，200", 1200), ("1 200", 1200),
        ("'1200", 1200), ("0.3万", 3000), ("3千", 3000), ("一千二", 1200), ("三百五", 350),
        ("每月1200元", 1200), ("月1200", 1200),
        ("1200元/人·月", 1200), ("1200元整", 1200), ("人民币壹仟贰佰元整", 1200), ("1200（含低保）", 1200),
        ("低保360", 360),
        (1200, 1200), (1200.5, 1200.5), (0, 0), ("0", 0), ("无", 0), ("无收入", 0), ("没有", 0),
    ],
)  # fmt: skip
def test_money_in_any_spelling_is_no_finding(raw, yuan):
    assert monthly(raw) == Reading(float(yuan))


@pytest.mark.parametrize(
    ("raw", "yuan", "problem", "action"),
    [
        ("1.2万/年", 1000, "period_converted", "repaired"),
        ("年收入2万", 1666.67, "period_converted", "repaired"),
        ("3000一年", 250, "period_converted", "repaired"),
        ("约2万", 20000, "approximate", "kept"),
        ("2万左右", 20000, "approximate", "kept"),
        ("2万多", 20000, "approximate", "kept"),
        ("2万以上", 20000, "approximate", "kept"),
        ("近2万", 20000, "approximate", "kept"),
        ("不足2万", 20000, "approximate", "kept"),
        ("800-1000", 900, "range", "inferred"),
        ("800～1000", 900, "range", "inferred"),
        ("800至1000元", 900, "range", "inferred"),
        ("1-2万", 15000, "range", "inferred"),
        ("五六百", 550, "range", "inferred"),
        ("450+300", 750, "sum", "repaired"),
        ("工资800低保360", 1160, "sum", "repaired"),
        ("工资800低保360共1160", 1160, "sum", "repaired"),
        ("12OO", 1200, "letter_in_number", "repaired"),
    ],
)
def test_money_that_is_worked_out_says_how(raw, yuan, problem, action):
    reading = monthly(raw)
    assert (reading.value, reading.problem, reading.action) == (yuan, problem, action)


@pytest.mark.parametrize("raw", ["/", "-", "—", "--", "", "  ", None, float("nan")])
def test_strokes_and_blanks_are_missing_without_a_finding(raw):
    assert monthly(raw) == BLANK


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("待核实", "unreadable"), ("见附件", "unreadable"), ("其它情况见备注", "unreadable"),
        ("XX", "masked"), ("1**0", "masked"),
        ("#REF!", "error_cell"), ("1□00", "lost_character"), ("低保", "income_without_amount"),
        ("退休金", "income_without_amount"),
        (-500, "out_of_range"), ("-500", "out_of_range"), ("(500)", "out_of_range"), (100001, "out_of_range"),
        ("45岁", "not_a_number"),
        ("50元/天", "other_period"), ("1200,300", "not_a_number"), ("本人800爱人600", "not_a_number"),
        ("2009年收入2万", "not_a_number"),
        (True, "not_a_number"), (float("inf"), "not_a_number"), (datetime(2009, 1, 1), "date_in_number"),
        ("同上", "ditto_unresolved"),
    ],
)  # fmt: skip
def test_money_that_cannot_be_read_is_given_up_with_its_reason(raw, problem):
    reading = monthly(raw)
    assert (reading.value, reading.problem, reading.action) == (None, problem, "missing")


@pytest.mark.parametrize(
    "raw", ["无固定收入", "没有稳定收入", "无经济来源", "无固定工作", "收入不固定", "无工资"]
)
def test_no_steady_income_is_not_nothing(raw):
    assert (monthly(raw).value, monthly(raw).problem, monthly(raw).action) == (
        None, "no_steady_income", "missing"
    )
    assert monthly("无任何收入") == Reading(0.0)


def test_a_stated_missing_value_informs_and_gives_nothing_up():
    reading = monthly("不详")
    assert (reading.value, reading.problem, reading.action, reading.severity) == (
        None,
        "stated_missing",
        "kept",
        "info",
    )


def test_a_unit_in_the_cell_beats_the_heading():
    values = [
        read_money(raw, asked("money", period="year"), 10000).value
        for raw in (0.12, "0.12", "1200元", "0.3万", "1.2万元")
    ]
    assert values == [1200, 1200, 1200, 3000, 12000]


def test_a_period_in_the_cell_beats_the_heading():
    month = asked("money", period="month")
    by_year = [read_money(raw, month, heading_period="year") for raw in (12000, "1.2万", "1200元/月")]
    assert by_year == [Reading(1000.0), Reading(1000.0), Reading(1200.0)]


def test_none_is_zero_only_where_the_variable_says_so():
    assert read_money("无", SUM) == BLANK
    assert read_number("无", asked("number")) == BLANK


@given(
    st.integers(0, 99999), st.sampled_from(["{}", "{}元", "￥{:,}", " {}", "{}.00", "{}元/月", "'{}", "{}块"])
)
def test_money_round_trips_over_its_spellings(yuan, spelling):
    assert monthly(spelling.format(yuan)) == Reading(float(yuan))


@pytest.mark.parametrize(
    ("raw", "count"),
    [
        ("4人", 4), ("4口", 4), ("三", 3), ("四口人", 4), ("3.0", 3), (3.0, 3), ("十", 10), ("两人", 2),
        ("三口之家", 3), ("共4人", 4), ("4人（含本人）", 4),
    ],
)  # fmt: skip
def test_counts_are_whole_numbers(raw, count):
    reading = read_count(raw, PERSONS)
    assert reading == Reading(count)
    assert isinstance(reading.value, int)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("一家人", "not_a_number"), (3.5, "not_whole"), ("3.5", "not_whole"), (99, "out_of_range"),
        ("0", "out_of_range"), ("3-4人", "range"), ("5人以上", "range"), ("4元", "not_a_number"),
    ],
)  # fmt: skip
def test_counts_that_are_none_are_given_up(raw, problem):
    reading = read_count(raw, PERSONS)
    assert (reading.value, reading.problem, reading.action) == (None, problem, "missing")


def test_counts_follow_the_unit_of_the_heading():
    assert [read_count(raw, asked("count"), 1000).value for raw in (3.4, "3.4万人")] == [3400, 34000]


@pytest.mark.parametrize(
    ("raw", "age"),
    [("45岁", 45), ("45周岁", 45), ("四十五", 45), ("45.0", 45), ("４５", 45), ("45岁半", 45), (45.9, 45)],
)
def test_ages_are_full_years(raw, age):
    assert read_age(raw, AGE) == Reading(age)


def test_an_infant_is_nought_years_old():
    assert read_age("8个月", asked("age", low=0)) == Reading(0)


def test_nominal_age_is_lowered_by_one_and_flagged():
    for raw in ("虚岁46", "46(虚岁)", "46岁（虚）"):
        reading = read_age(raw, AGE)
        assert (reading.value, reading.problem, reading.action) == (45, "nominal_age", "inferred")
        assert "周岁" in reading.message


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (1965, "birth_year_in_age"), ("1965", "birth_year_in_age"),
        ("1965年", "birth_year_in_age"), ("1965.3", "birth_year_in_age"),
        (datetime(1965, 3, 12), "birth_year_in_age"), ("40-50", "range"),
        ("40多岁", "range"),
        ("45/43", "several_values"), (8, "out_of_range"), (200, "out_of_range"),
        ("XX", "masked"),
    ],
)  # fmt: skip
def test_ages_that_are_none_are_given_up(raw, problem):
    reading = read_age(raw, AGE)
    assert (reading.value, reading.problem, reading.action) == (None, problem, "missing")


def test_measures_lose_their_unit_and_bands_are_no_numbers():
    area = asked("number", low=0, high=1000)
    assert [read_number(raw, area).value for raw in ("60㎡", "60平方米", "60平", 60, "六十")] == [60.0] * 5
    bands = ("20以下(含)", "20(不含)至50(含)", "70以上(不含)")
    assert {read_number(raw, area).problem for raw in bands} == {"range"}


def test_the_message_says_what_was_expected():
    assert read_count(99, PERSONS).message == "数值超出可能的范围（应为 1 到 20），记为缺失。请核对原表。"


@given(
    st.one_of(
        st.text(), st.text("0123456789.+-~,，元万千百十约多年月人岁共()（）/OlxX*□ "), st.integers(),
        st.floats(),
    )
)
def test_any_cell_has_a_reading(raw):
    kinds = ((read_money, "money"), (read_count, "count"), (read_age, "age"), (read_number, "number"))
    for read, kind in kinds:
        reading = read(raw, asked(kind))
        assert isinstance(reading, Reading)
        assert (reading.action == "missing") <= (reading.value is None)
        assert bool(reading.problem) == bool(reading.message) == bool(reading.action)
