from hypothesis import given
from hypothesis import strategies as st

from bangfu_analysis.exhibits.rounding import half_up, percents


@given(st.lists(st.integers(0, 2000), min_size=1, max_size=12).filter(lambda counts: sum(counts) > 0))
def test_parts_add_up_to_100_and_none_is_off_by_a_whole_step(counts):
    shares = [n / sum(counts) for n in counts]
    printed = percents(shares)
    assert half_up(sum(printed)) == 100.0
    assert all(abs(p - 100 * s) < 0.1 + 1e-9 for p, s in zip(printed, shares, strict=True))


def test_equal_counts_print_equally_where_that_is_possible():
    counts = [673, 1047, 673, 163, 90, 116, 0, 130, 436, 115]
    printed = percents([n / sum(counts) for n in counts])
    assert printed[0] == printed[2] == 19.5
    assert percents([1 / 3] * 3) == [33.4, 33.3, 33.3]
