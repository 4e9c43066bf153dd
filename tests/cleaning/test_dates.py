from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bangfu_analysis.cleaning.dates import read_date
from bangfu_analysis.cleaning.readings import BLANK, Reading

REFERENCE = date(2009, 6, 30)


def born(raw, **settings):
    return read_date(raw, reference=REFERENCE, birth=True, **settings)


@pytest.mark.parametrize(
    "raw",
    [
        "1965.3", "1965.03", "1965-3", "1965/3", "1965年3月", "65年3月", "196503", 196503, 1965.03, 1965.3,
        "一九六五年三月", "六五年三月",
        "1965年三月", "1965-03-00", "1965年3月份", "1965.3月", "'1965.3", "１９６５．３",
    ],
)  # fmt: skip
def test_months_keep_the_month(raw):
    assert born(raw) == Reading(date(1965, 3, 1), detail="month")


@pytest.mark.parametrize(
    "raw",
    [
        "19650312", 19650312, "1965.3.12", "65.3.12", "65-3-12", "650312", "1965年3月12日",
        "1965-03-12 00:00:00", "1965-03-12T00:00:00",
        datetime(1965, 3, 12), date(1965, 3, 12), 23813, 23813.0, "23813", "1965 3 12", "1965 年 3 月 12 日",
        "一九六五年三月十二日", "1965/3/12 星期五", "1965年3月12日生", "1965·3·12", "1965.3.12日",
    ],
)  # fmt: skip
def test_days_are_read_in_every_spelling(raw):
    assert born(raw) == Reading(date(1965, 3, 12), detail="day")


@pytest.mark.parametrize("raw", ["1965", 1965, "1965年", "1965-00-00", "一九六五年", 1965.0])
def test_years_keep_the_year(raw):
    assert born(raw) == Reading(date(1965, 1, 1), detail="year")


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (1965.1, "ambiguous_month"), ("3/12/1965", "ambiguous_month"),
        ("1965-02-30", "impossible_date"),
        ("1965-13-01", "impossible_date"), ("1965-13-45", "impossible_date"),
        ("1865-03-12", "impossible_date"),
        ("2065-03-12", "future_date"), ("2009-07-01", "future_date"),
        ("农历三月", "lunar_date"),
        ("1965年农历三月", "lunar_date"), ("20xx年", "masked"), ("8小时", "not_a_date"),
        (8, "not_a_date"),
        ("45岁", "not_a_date"), ("1965.3-6", "not_a_date"), ("#N/A", "error_cell"),
        ("待核实", "unreadable"), (True, "not_a_date"), ("1965□3", "lost_character"),
    ],
)  # fmt: skip
def test_dates_that_cannot_be_read_are_given_up_with_their_reason(raw, problem):
    reading = born(raw)
    assert (reading.value, reading.problem, reading.action) == (None, problem, "missing")


@pytest.mark.parametrize("raw", [None, "", "/", "无", "—"])
def test_blank_dates_are_missing_without_a_finding(raw):
    assert born(raw) == BLANK


def test_two_digit_years_of_births_take_the_century_in_which_the_person_can_live():
    assert [born(raw).value for raw in ("05-3-12", "10-3-12")] == [date(2005, 3, 12), date(1910, 3, 12)]
    assert born("09-3-12").problem == "two_digit_year"


def test_two_digit_years_of_other_dates_are_inferred():
    reading = read_date("09-3-12", reference=REFERENCE)
    assert (
        (reading.value, reading.problem, reading.action) == (date(2009, 3, 12), "two_digit_year", "inferred")
    )


def test_this_year_and_last_year_follow_the_reference_date():
    readings = [read_date(raw, reference=REFERENCE) for raw in ("去年3月", "前年12月5日")]
    assert [(r.value, r.detail, r.action) for r in readings] == [
        (date(2008, 3, 1), "month", "inferred"),
        (date(2007, 12, 5), "day", "inferred"),
    ]


@pytest.mark.parametrize("raw", ["2008年", "2008", 2008, "二〇〇八年", "去年", "2008年春节", "2008-00-00"])
def test_a_year_alone_is_no_first_of_january(raw):
    reading = read_date(raw, reference=REFERENCE)
    assert (reading.value, reading.problem, reading.action, reading.detail) == (
        None, "year_only", "missing", 2008
    )


def test_dates_other_than_births_may_lie_later_in_the_year_of_the_wave():
    assert read_date("2009-12-31", reference=REFERENCE).value == date(2009, 12, 31)
    assert read_date("2010-01-01", reference=REFERENCE).problem == "future_date"


def test_serial_numbers_of_1904_workbooks_count_from_1904():
    assert born(23813 - 1462, epoch1904=True).value == date(1965, 3, 12)


@given(
    st.dates(date(1920, 1, 1), date(2008, 12, 31)),
    st.sampled_from([
        "{0.year}-{0.month}-{0.day}", "{0:%Y%m%d}", "{0.year}年{0.month}月{0.day}日", "{0:%Y/%m/%d}",
        "{0.year}.{0.month}.{0.day}", "{0:%Y-%m-%d} 00:00:00",
    ]),
)  # fmt: skip
def test_dates_round_trip_over_their_spellings(day, spelling):
    assert born(spelling.format(day)) == Reading(day, detail="day")
    assert born((day - date(1899, 12, 30)).days).value == day
    assert born(datetime.combine(day, datetime.min.time()) + timedelta(hours=5)).value == day


@given(
    st.one_of(
        st.text(),
        st.text("0123456789年月日.-/ 一二三十农历今去零〇"),
        st.integers(),
        st.floats(),
        st.dates(),
        st.datetimes(),
    )
)
def test_any_cell_has_a_reading(raw):
    for reading in (born(raw), read_date(raw, reference=REFERENCE)):
        assert (reading.value is None) == (reading.detail not in ("day", "month", "year"))
        assert bool(reading.problem) == bool(reading.message) == bool(reading.action)
