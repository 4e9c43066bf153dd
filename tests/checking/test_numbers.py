"""What running text states in figures, with units, qualifiers and ranges; what only looks like a number is
left out.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bangfu_analysis.checking.passages import canonical, stated_numbers


def read(text):
    return [(one.value, one.unit) for one in stated_numbers(canonical(text))]


@given(st.integers(2, 99_999_999), st.sampled_from(["人", "户", "元"]))
def test_a_number_in_groups_or_in_full_width_is_the_same(n, unit):
    wide = str(n).translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    assert read(f"共{n:,}{unit}。") == read(f"共{wide}{unit}。") == [(n, unit)]


@given(st.integers(2, 9999), st.integers(0, 99), st.sampled_from([("万", 10_000), ("亿", 10**8)]))
def test_a_scale_counts_and_its_last_digit_bounds_what_it_may_be(whole, cents, scale):
    word, size = scale
    (one,) = stated_numbers(f"共{whole}.{cents:02d}{word}元。")
    assert one.value == pytest.approx((whole + cents / 100) * size)
    assert one.low <= one.value <= one.high
    assert one.high - one.low <= size / 100 + 1e-6


@given(st.integers(2, 10**6), st.integers(1, 10**6))
def test_a_range_spans_from_its_lower_to_its_upper_end(low, more):
    (one,) = stated_numbers(canonical(f"每户{low}-{low + more}元"))
    assert (one.low, one.high) == (low, low + more)
    assert one.per == "户"


@given(st.text())
def test_any_text_can_be_read_and_what_is_found_stands_there(text):
    plain = canonical(text)
    for one in stated_numbers(plain):
        assert plain[one.start : one.end] == one.text
        assert one.low <= one.value <= one.high or one.said


@pytest.mark.parametrize(
    ("text", "value", "unit", "said"),
    [
        ("提供近1000多个岗位", 1000, "个", {"nearly", "over"}),
        ("1万余名", 10_000, "人", {"over"}),
        ("63%～68%", 65.5, "%", {"range"}),
        ("约10%", 10, "%", {"about"}),
        ("３．７万人", 37_000, "人", set()),
        ("12,038万元", 120_380_000, "元", set()),
        ("300人左右", 300, "人", {"about"}),
        ("2000元以上", 2000, "元", {"least"}),
        ("不足5人", 5, "人", {"under"}),
        ("共3成", 30, "%", set()),
        ("4.21亿立方米", 421_000_000, "立方米", set()),
        ("上升0.3个百分点", 0.3, "百分点", set()),
        ("累计4300人次", 4300, "人次", set()),
        ("共1000戶", 1000, "户", set()),
    ],
)
def test_units_and_qualifiers_are_read(text, value, unit, said):
    (one,) = stated_numbers(canonical(text))
    assert (one.value, one.unit, set(one.said)) == (pytest.approx(value), unit, said)


def test_about_with_two_decimals_is_rounded_and_not_vague():
    vague, rounded = stated_numbers("约300人，约4.61万元")
    assert (vague.low, vague.high) == pytest.approx((270, 330))
    assert (rounded.low, rounded.high) == pytest.approx((46_050, 46_150))


@pytest.mark.parametrize(
    "text",
    [
        "生活救急110", "“4050”人员", "4050人员", "2009年4月11日", "20xx年11月26日", "见表3、图12",
        "〔2011〕15号", "第2轮", "题70", "60级", "上午9:30", "12351热线",
    ],
)  # fmt: skip
def test_what_counts_nothing_is_left_out(text):
    assert read(text) == []


@pytest.mark.parametrize(
    ("text", "per"), [("每人200元", "人"), ("户均500元", "户"), ("每名学生3000元", "人"), ("共200元", "")]
)
def test_a_rate_says_of_whom(text, per):
    assert [one.per for one in stated_numbers(canonical(text))] == [per]
