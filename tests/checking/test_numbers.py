"""What running text states: numbers in both scripts, with units, qualifiers and ranges; what only looks like one is left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bangfu_analysis.checking.numbers import canonical, stated_numbers

DIGITS, UNITS = "零一二三四五六七八九", ("", "十", "百", "千")


def read(text):
    return [(one.value, one.unit) for one in stated_numbers(canonical(text))]


def in_chinese(n):
    """How a number below 100 million is written in Chinese characters."""
    if n >= 10_000:
        rest = n % 10_000
        zero = "零" if 0 < rest < 1000 else ""
        return in_chinese(n // 10_000) + "万" + (zero + in_chinese(rest) if rest else "")
    words = "".join(
        DIGITS[int(d)] + (UNITS[i] if d != "0" else "")
        for i, d in zip(range(len(str(n)) - 1, -1, -1), str(n), strict=True)
    )
    while "零零" in words:
        words = words.replace("零零", "零")
    return words.rstrip("零")


@given(st.integers(2, 99_999_999), st.sampled_from(["人", "户", "元"]))
def test_chinese_and_arabic_writing_say_the_same(n, unit):
    assert read(f"共{in_chinese(n)}{unit}。") == read(f"共{n}{unit}。") == read(f"共{n:,}{unit}。") == [(n, unit)]


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
        ("提供近1000多个岗位", 1000, "个", {"nearly", "over"}), ("三万多元", 30_000, "元", {"over"}), ("1万余名", 10_000, "人", {"over"}),
        ("五到六千元", 5500, "元", {"range"}), ("63%～68%", 65.5, "%", {"range"}), ("约占职工总数10%", 10, "%", {"about"}),
        ("３．７万人", 37_000, "人", set()), ("12,038万元", 120_380_000, "元", set()), ("百分之八十五", 85, "%", set()),
        ("近百人", 100, "人", {"nearly"}), ("三四十户", 35, "户", {"range"}), ("至少1-2次", 1.5, "次", {"least", "range"}),
        ("300人左右", 300, "人", {"about"}), ("2000元以上", 2000, "元", {"least"}), ("不足5人", 5, "人", {"under"}),
        ("近三年", 3, "年", set()), ("占三成", 30, "%", set()), ("4.21亿立方米", 421_000_000, "立方米", set()), ("上升0.3个百分点", 0.3, "百分点", set()),
    ],
)  # fmt: skip
def test_units_and_qualifiers_are_read(text, value, unit, said):
    (one,) = stated_numbers(canonical(text))
    assert (one.value, one.unit, set(one.said)) == (pytest.approx(value), unit, said)


@pytest.mark.parametrize(
    "text",
    [
        "生活救急110", "“4050”人员", "4050人员", "欢度“五一”和“十一”", "第二轮“一帮一”", "践行“三个代表”", "一人一底一策", "2009年4月11日",
        "20xx年11月26日", "见表3、图12", "〔2011〕15号", "进一步统一思想", "数百元", "几十人", "一些困难", "千方百计",
    ],
)  # fmt: skip
def test_what_counts_nothing_is_left_out(text):
    assert read(text) == []


@pytest.mark.parametrize(
    ("text", "per"),
    [("每人200元", "人"), ("户均500元", "户"), ("每名学生3000元", "人"), ("200元/人", "人"), ("共200元", "")],
)
def test_a_rate_says_of_whom(text, per):
    assert [one.per for one in stated_numbers(canonical(text))] == [per]
