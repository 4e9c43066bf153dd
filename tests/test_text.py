import pytest
from hypothesis import given
from hypothesis import strategies as st

from bangfu_analysis.text import (
    DITTO,
    heading_key,
    heading_unit,
    is_address,
    is_blank,
    mask,
    mask_doors,
    mask_long_numbers,
    squeeze,
)


@pytest.mark.parametrize(
    ("heading", "key", "unit"),
    [
        ("姓　名", "姓名", ""),
        ("政治\n面貌", "政治面貌", ""),
        ("﹡家庭年收入（万元）：", "家庭年收入", "万元"),
        ("*性别*", "性别", ""),
        ("身份证号(18位)", "身份证号", "18位"),
        ("（一）", "(一)", ""),
        ("【序号】", "序号", ""),
        ("1.姓名", "姓名", ""),
        ("（2）性别", "性别", ""),
        ("④文化程度", "文化程度", ""),
        ("五、工作单位", "工作单位", ""),
        ("(7) 家庭月人均收入（元）", "家庭月人均收入", "元"),
        ("9 致困原因", "致困原因", ""),
        ("12月收入", "12月收入", ""),
        ("2009年收入", "2009年收入", ""),
        ("本人月收入[元/月]", "本人月收入", "元/月"),
    ],
)
def test_a_heading_is_compared_without_padding_stars_colon_and_unit(heading, key, unit):
    assert heading_key(heading) == key
    assert heading_unit(heading) == unit


@given(st.text())
def test_squeezing_twice_changes_nothing_more(text):
    assert squeeze(squeeze(text)) == squeeze(text)
    assert not any(c.isspace() for c in squeeze(text))


@pytest.mark.parametrize("value", [None, "", "  ", "\u3000", "\u200b", float("nan"), "\n"])
def test_spaces_and_invisible_characters_are_blank(value):
    assert is_blank(value)


@pytest.mark.parametrize("value", [0, False, "0", "-", "无"])
def test_what_says_something_is_not_blank(value):
    assert not is_blank(value)


def test_masks_keep_the_shape_alone():
    assert mask("9.90102E+17") == "*.******+**"
    assert mask("张三") == "**"
    assert mask_long_numbers("电话 139 0000 0000，3口") == "电话 *** **** ****，3口"
    assert mask_long_numbers("月收入1200元") == "月收入1200元"


def test_doors_are_masked_and_areas_units_and_dates_are_not():
    assert mask_doors("我住安升街12号3单元401室，请来") == "我住安升***********，请来"
    for words in ("新阳路街道3社区", "第三号煤矿", "红旗街5委", "第108地质队", "2号车间", "五一村"):
        assert mask_doors(words) == words and not is_address(words)
    assert mask_long_numbers("1965-13-45") == "1965-13-45"
    assert mask_long_numbers("139.0451.0000") == "***.****.****"


@pytest.mark.parametrize(
    "word",
    ["同上", "(同上)", "同上。", "上同", "〃", "〃〃", "-〃-", '"', "''", "”", "~”~", "ditto", "...", "↑"],
)
def test_dittos_of_every_form(word):
    assert DITTO.fullmatch(squeeze(word))


@pytest.mark.parametrize("word", ["同意", "同事", "上同心街", "-", "无", "do it", "同上学"])
def test_what_is_no_ditto(word):
    assert not DITTO.fullmatch(squeeze(word))


def test_a_heading_may_close_with_several_brackets() -> None:
    heading = "*家庭年收入（万元）（必填）"
    assert (heading_key(heading), heading_unit(heading)) == ("家庭年收入", "万元")
    assert heading_key("供养人口（人）含本人") == "供养人口"
