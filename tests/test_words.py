import pytest

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.text import mask_long_numbers, source_label
from bangfu_analysis.words import Words, like_a_name

WORDS = Words(load_codebook(), ["王府井百货"])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("郑逸尘个体修理部", ["郑逸尘"]),
        ("个体（孙梓轩）", ["孙梓轩"]),  # 孙 is a word of its own elsewhere
        ("慕容铭泽饭店", ["慕容铭泽"]),
        ("看望患病职工王雪", ["王雪"]),
        ("由妻子李芷若照料", ["李芷若"]),
        ("松江木材厂", []),
        ("王家屯街道", []),
        ("王府井百货", []),
        ("孙子上学", []),
    ],
)
def test_what_may_be_a_name_is_found_among_known_words(text, names):
    assert WORDS.names_in(text) == names


def test_a_name_written_with_dots_is_one():
    assert like_a_name("热依汉古丽·阿布都克里木")
    assert WORDS.names_in("古丽娜尔·吐尔逊商店")[0].startswith("古丽娜尔·吐尔逊")


@pytest.mark.parametrize("text", ["初中", "约1200元/月", "本人大病", "2009-06-30", "丈夫患病3年"])
def test_texts_of_known_words_are_quoted(text):
    assert WORDS.permit(text)


@pytest.mark.parametrize("text", ["郑逸尘", "儿子郑逸尘患病", "电话13912345678", "黑A12345"])
def test_other_texts_are_not(text):
    assert not WORDS.permit(text)


def test_a_misspelt_word_is_near_but_a_name_is_not():
    assert WORDS.near("初种") and WORDS.near("大转")
    assert not WORDS.near("高升")


@pytest.mark.parametrize("text", ["QQ12345", "微信wxid_abcdef", "abc@qq.com", "黑A7B3H2", "+86 13912345678"])
def test_accounts_plates_and_long_numbers_are_masked(text):
    assert not set(mask_long_numbers(f"请找{text}谢谢")) & set("2345abcdqB")


def test_the_name_of_a_file_with_a_persons_number_is_a_number():
    assert source_label("郑逸尘990101196503120012.xlsx").startswith("来源")
    assert source_label("287651234_按文本_会员问卷_420_412.xlsx") == "287651234_按文本_会员问卷_420_412.xlsx"
    assert source_label("名册20240630.xlsx") == "名册20240630.xlsx"
