import pytest
from hypothesis import given
from hypothesis import strategies as st

from bangfu_analysis.cleaning.numerals import has_unit, read_neighbours, read_numeral

DIGITS = "零一二三四五六七八九"


def written(number: int) -> str:
    """The full Chinese writing of 0 to 99,999,999 (10 is 一十)."""
    if number == 0:
        return "零"
    if number >= 10_000:
        low = number % 10_000
        return written(number // 10_000) + "万" + ("零" if 0 < low < 1000 else "") + (
            written(low) if low else ""
        )
    text, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        gap = gap or (digit == 0 and bool(text))
        if digit:
            text += ("零" if gap and text else "") + DIGITS[digit] + name
            gap = False
    return text


@given(st.integers(0, 99_999_999))
def test_chinese_numerals_round_trip(number):
    assert read_numeral(written(number)) == number


@given(st.integers(0, 9_999_999))
def test_digits_read_one_by_one_are_the_number_they_write(number):
    text = str(number)
    assert read_numeral("".join(DIGITS[int(digit)] for digit in text)) == number
    assert read_numeral(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("一千二", 1200), ("三百五", 350), ("一千零二", 1002), ("十二", 12), ("二十", 20), ("廿三", 23),
        ("两万", 20000),
        ("一万二", 12000), ("1.2万", 12000), ("3千", 3000), ("3千5百", 3500), ("1千2", 1200),
        ("一百零五", 105), ("0万", 0),
        ("壹仟贰佰", 1200), ("一亿二千万", 1.2e8), ("一万半", 15000), ("半万", 5000), ("二〇〇九", 2009),
        ("3k", 3000), ("2w", 20000),
    ],
)  # fmt: skip
def test_mixed_and_elliptic_numerals_are_read(text, number):
    assert read_numeral(text) == pytest.approx(number)


@pytest.mark.parametrize("text", ["", "千", "三百五千", "十百", "半", "1.2.3", "三5", "甲", "几百", "1200元"])
def test_what_is_no_single_number_is_none(text):
    assert read_numeral(text) is None


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("五六百", (500, 600)), ("十五六", (15, 16)), ("三四", (3, 4)), ("两三千", (2000, 3000)),
        ("十几", (11, 19)), ("二十几", (21, 29)),
    ],
)  # fmt: skip
def test_neighbouring_digits_are_a_range(text, pair):
    assert read_neighbours(text) == pair


@pytest.mark.parametrize("text", ["一九八九", "六五", "五百", "56", "几"])
def test_years_and_plain_numbers_are_no_range(text):
    assert read_neighbours(text) is None


def test_a_numeral_says_its_own_unit_from_one_hundred_up():
    assert [has_unit(text) for text in ("0.3万", "三百", "十二", "1200")] == [True, True, False, False]
