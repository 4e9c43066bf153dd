from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bangfu_analysis.exhibits.rounding import half_up, percent


@given(st.integers(-(10**6), 10**6), st.integers(0, 3))
def test_halves_go_away_from_zero_and_nothing_moves_by_more_than_half_a_step(tenths, decimals):
    value = tenths / 10**4
    printed = half_up(value, decimals)
    assert abs(Decimal(str(printed)) - Decimal(repr(value))) <= Decimal(1).scaleb(-decimals) / 2


def test_shares_are_rounded_one_by_one_and_need_not_add_up():
    assert [percent(share) for share in (1 / 3, 1 / 3, 1 / 3)] == [33.3, 33.3, 33.3]
    assert (percent(0.0005), half_up(-0.05), half_up(2.675, 2)) == (0.1, -0.1, 2.68)
