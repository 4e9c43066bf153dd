import datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal, assert_series_equal

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import ArgumentError, ColumnMissing
from bangfu_analysis.exhibits.labels import labels_of
from bangfu_analysis.tidy.derive import add_bands, full_years, hardship_by_income, income_per_head

CODEBOOK = load_codebook()


def workers(**columns):
    frame = pd.DataFrame(columns)
    types = {"age": "Int64", "household_size": "Int64", "income_household_annual": "Float64"}
    types |= {"rigid_expense_annual": "Float64"}
    types |= {
        v: pd.CategoricalDtype(CODEBOOK.variable("workers", v).codes)
        for v in ("sex", "education", "hardship_level")
    }
    return frame.astype({c: t for c, t in types.items() if c in frame})


def test_a_year_is_full_on_the_birthday():
    births = pd.Series(pd.to_datetime(["1959-06-30", "1959-07-01", "1960-02-29", "2010-01-01", None]))
    expected = pd.Series([50, 49, 49, pd.NA, pd.NA], dtype="Int64", name="age")
    assert_series_equal(full_years(births, datetime.date(2009, 6, 30)), expected)


def test_a_leap_day_has_its_birthday_on_the_first_of_march():
    born = pd.Series(pd.to_datetime(["1960-02-29"]))
    ages = [full_years(born, datetime.date(2009, *day)).item() for day in ((2, 28), (3, 1))]
    assert ages == [48, 49]


@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2009, 6, 30)), st.integers(0, 3000))
def test_a_person_never_grows_younger(born, days):
    day = datetime.date(2009, 6, 30)
    births = pd.Series(pd.to_datetime([born]))
    assert full_years(births, day).item() <= full_years(births, day + datetime.timedelta(days)).item()


def test_fifty_and_forty_count_as_over_and_the_sexes_are_cut_apart():
    frame = workers(sex=["male", "male", "female", "female", None], age=[49, 50, 40, 39, 40])
    bands = add_bands(frame, CODEBOOK)["age_by_sex"]
    assert bands.tolist()[:4] == ["men_under_50", "men_50_up", "women_40_up", "women_under_40"]
    assert pd.isna(bands.iloc[4])
    assert bands.cat.categories.tolist() == CODEBOOK.bands["age_by_sex"].codes
    assert not bands.cat.ordered


def test_every_age_falls_in_one_band_and_a_missing_one_in_none():
    frame = workers(age=[14, 19, 20, 59, 60, 110, None])
    bands = add_bands(frame, CODEBOOK)
    assert bands["age_five_year"].tolist()[:6] == [
        "under_20", "under_20", "from_20", "from_55", "from_60", "from_60"
    ]
    assert bands["age_ten_year"].tolist()[:6] == [
        "under_30", "under_30", "under_30", "fifties", "from_60", "from_60"
    ]
    assert bands[["age_five_year", "age_ten_year"]].iloc[6].isna().all()
    assert "age_by_sex" not in bands


def test_vocational_schools_are_senior_secondary_and_other_is_in_no_band():
    frame = workers(
        education=[
            "illiterate", "junior_secondary", "vocational_secondary", "senior_secondary", "bachelor", "other"
        ]
    )
    bands = add_bands(frame, CODEBOOK)["education_band"]
    low, middle, high = CODEBOOK.bands["education_band"].codes
    assert bands.tolist()[:5] == [low, low, middle, middle, high]
    assert pd.isna(bands.iloc[5])
    assert bands.cat.ordered


def test_hardship_level_keeps_the_levels_of_the_schemes_that_occur():
    frame = workers(hardship_level=["extreme", None]).assign(hardship_scheme="s2000")
    before = frame.copy()
    assert add_bands(frame, CODEBOOK)["hardship_level"].cat.categories.tolist() == ["extreme", "general"]
    assert_frame_equal(frame, before)
    unknown = frame.assign(hardship_scheme=pd.Series([None, None], dtype="str"))
    assert_series_equal(add_bands(unknown, CODEBOOK)["hardship_level"], frame["hardship_level"])


def test_income_per_head_is_missing_where_income_or_size_is():
    frame = workers(
        income_household_annual=[24000, None, 12000], household_size=[2, 2, None],
        rigid_expense_annual=[36000, 0, 0],
    )
    expected = pd.Series([1000, pd.NA, pd.NA], dtype="Float64", name="income_per_head")
    assert_series_equal(income_per_head(frame), expected)
    assert income_per_head(frame, after_rigid=True).iloc[0] == -500
    with pytest.raises(ColumnMissing, match="income_per_head：数据框中没有列 rigid_expense_annual"):
        income_per_head(frame.drop(columns="rigid_expense_annual"), after_rigid=True)


def test_below_the_line_is_deep_below_two_lines_relative_and_the_line_itself_is_not_below():
    frame = workers(
        income_household_annual=[5999, 6000, 11999, 12000, None], household_size=[1] * 5,
        rigid_expense_annual=[0] * 5,
    )
    level = hardship_by_income(frame, CODEBOOK, scheme="s2018", line=500)
    assert level.astype(object).where(level.notna(), None).tolist() == [
        "deep", "relative", "relative", None, None
    ]
    assert level.cat.categories.tolist() == ["deep", "relative"]


def test_a_scheme_without_an_income_rule_and_a_line_of_nothing_are_refused():
    frame = workers(income_household_annual=[1], household_size=[1], rigid_expense_annual=[0])
    with pytest.raises(ArgumentError, match="参数 scheme 的取值 's2000' 无效。可选：s2018"):
        hardship_by_income(frame, CODEBOOK, scheme="s2000", line=500)
    with pytest.raises(ArgumentError, match="line 应为大于 0 的低保标准（元/人·月），实际是 0"):
        hardship_by_income(frame, CODEBOOK, scheme="s2018", line=0)


def test_levels_stand_in_the_order_of_their_scheme():
    frame = workers(hardship_level=["accidental", "deep"]).assign(hardship_scheme="s2018")
    levels = add_bands(frame, CODEBOOK)["hardship_level"]
    assert list(levels.cat.categories) == ["deep", "relative", "accidental"]
    assert labels_of(CODEBOOK, levels[:1]) == ["意外致困"]
