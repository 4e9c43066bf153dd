import pytest

from bangfu_analysis.reading.question_headings import Heading, names_person, read_heading


@pytest.mark.parametrize(
    ("raw", "number", "text"),
    [
        ("3、性别 ", "3", "性别"),
        ("1.您的性别:", "1", "您的性别:"),
        ("1.1 文化程度", "1.1", "文化程度"),
        ("5．工种", "5", "工种"),
        ("Q2、工龄", "2", "工龄"),
        ("1.5吨以下货车几辆", "", "1.5吨以下货车几辆"),
        ("2009年收入", "", "2009年收入"),
        ("补充意见", "", "补充意见"),
    ],
)
def test_a_number_is_taken_off_only_where_a_mark_says_that_it_is_one(raw, number, text):
    assert read_heading(raw) == Heading(raw.strip(), number, text)


@pytest.mark.parametrize(
    ("raw", "number", "part", "is_open"),
    [
        ("第6题(运动)", "6", "运动", False),
        ("8、(内存)", "8", "内存", False),
        ("第8题(ACG文化(动漫、游戏等))", "8", "ACG文化(动漫、游戏等)", False),
        ("25、(其他（请补充）:)", "25", "其他（请补充）", True),
        ("Q2|A1", "2", "A1", False),
        ("Q2|A1|open", "2", "A1", True),
    ],
)
def test_an_option_in_brackets_is_a_part_of_its_question(raw, number, part, is_open):
    assert read_heading(raw) == Heading(raw, number, part=part, is_open=is_open)


def test_text_that_only_begins_and_ends_with_brackets_is_no_part():
    assert read_heading("4、(一)工资(元)").text == "(一)工资(元)"


def test_meta_columns_have_a_role_and_a_numbered_question_of_that_name_has_none():
    assert [read_heading(h).role for h in ("来自IP", "所用时间", "答题时长", "地理位置省", "3、来源")] == [
        "ip", "seconds", "seconds", "words", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "code", "number", "text"),
    [
        ("G01Q02[SQ001]. 您需要哪些帮助？ [甲]", "G01Q02[SQ001]", "", "您需要哪些帮助？ [甲]"),
        ("Q2_1", "Q2_1", "", "Q2_1"),
        ("Q3. 您满意吗？", "", "3", "您满意吗？"),
        ("1\t我的感受", "", "1", "我的感受"),
    ],
)
def test_the_code_that_an_export_gives_is_no_part_of_the_words(raw, code, number, text):
    found = read_heading(raw)
    assert (found.code, found.number, found.text) == (code, number, text)


@pytest.mark.parametrize(
    ("raw", "mark", "stem", "part"),
    [
        ("7、满意度—态度", "—", "满意度", "态度"),
        ("请评价-办事快", "-", "请评价", "办事快"),
        ("请评价 [办事快]", "[]", "请评价", "办事快"),
        ("请评价（办事（很）快）", "[]", "请评价", "办事（很）快"),
        ("needs/legal", "/", "needs", "legal"),
        ("请评价：办事快", "：", "请评价", "办事快"),
        ("请评价 - 其他 - 文本", "-", "请评价", "其他"),
    ],
)
def test_a_heading_may_be_a_stem_and_a_part_in_any_punctuation(raw, mark, stem, part):
    assert read_heading(raw).splits[mark, stem] == part


def test_a_dash_of_two_characters_is_punctuation():
    assert not read_heading("7、政策——知晓").splits
    assert read_heading("7、政策——知晓—低保").splits == {("—", "政策——知晓"): "低保"}


@pytest.mark.parametrize(
    "heading",
    [
        "您的称呼", "Name", "填表人", "您的手机", "工号", "您的微信", "Your phone number", "您孩子叫什么",
        "签名", "车牌", "设备号",
    ],
)
def test_what_names_a_person_is_known_by_its_heading_in_many_words(heading):
    assert names_person(heading)
    assert not names_person("您的性别") and not names_person("surname of none? no: renamed")
