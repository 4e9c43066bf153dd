from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.exhibits.wording import (
    counted,
    half_up,
    in_percent,
    money,
    moved,
    percent,
    points,
    since,
    with_count,
    year,
)


def test_counts_name_their_unit_and_have_no_commas():
    assert counted(33724) == "33724人"
    assert counted(18643, "户") == "18643户"
    with pytest.raises(ArgumentError, match="必须写明单位"):
        counted(1, "")


def test_a_name_and_its_count_are_two_numbers_to_a_reader():
    assert (with_count("特困", 1058), with_count("县13", 364)) == ("特困1058人", "“县13”364人")


@pytest.mark.parametrize(
    ("yuan", "said"),
    [
        (0, "0元"), (960, "960元"), (148.94, "148.94元"), (9999.5, "9999.5元"), (10000, "1万元"),
        (207600, "20.76万元"), (120380000, "12038万元"),
    ],
)  # fmt: skip
def test_money_is_in_yuan_or_ten_thousands_with_two_decimals_at_most(yuan, said):
    assert money(yuan) == said


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (3300, 3456, "比上年增加156人，增长4.7%"),
        (3456, 3300, "比上年减少156人，下降4.5%"),
        (3456, 3456, "与上年持平"),
        (100000, 100001, "比上年增加1人，基本持平"),
        (0, 12, "比上年增加12人"),
        (12, 0, "比上年减少12人，下降100.0%"),
    ],
)
def test_movements_of_counts(before, now, said):
    assert moved(before, now, "比上年", "人") == said


@pytest.mark.parametrize(
    ("step", "said"),
    [(0.4, "比上年上升0.4个百分点"), (-0.4, "比上年下降0.4个百分点"), (0.0, "与上年基本持平")],
)
def test_differences_of_shares_are_points(step, said):
    assert points(step, "比上年") == said


def test_years_and_what_lies_between_them():
    assert (year("2009"), year("二轮")) == ("2009年", "二轮")
    assert since("2008", "2009") == "比上年"
    assert since("2007", "2009") == "比2007年"
    assert since("一轮", "二轮") == "比一轮"
    assert in_percent(2) == "2.0%"


@given(st.integers(-(10**6), 10**6), st.integers(0, 3))
def test_halves_go_away_from_zero_and_nothing_moves_by_more_than_half_a_step(tenths, decimals):
    value = tenths / 10**4
    printed = half_up(value, decimals)
    assert abs(Decimal(str(printed)) - Decimal(repr(value))) <= Decimal(1).scaleb(-decimals) / 2


def test_shares_are_rounded_one_by_one_and_need_not_add_up():
    assert [percent(share) for share in (1 / 3, 1 / 3, 1 / 3)] == [33.3, 33.3, 33.3]
    assert (percent(0.0005), half_up(-0.05), half_up(2.675, 2)) == (0.1, -0.1, 2.68)
