import pytest
from hypothesis import given
from hypothesis import strategies as st

from bangfu_analysis.cleaning.choices import read_choice, read_choices, read_tick, read_yes_no
from bangfu_analysis.cleaning.readings import BLANK, Reading
from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import CodebookError

WORKERS = load_codebook().of("workers")
CODES = {"1": "illness", "3": "schooling", "10": "other"}
NUMBERED = load_codebook({"values": {"cause": CODES}}).of("workers")[
    "cause"
]


def said(variable, raw, **settings):
    return read_choice(raw, WORKERS[variable], **settings)


@pytest.mark.parametrize(
    ("variable", "raw", "code"),
    [
        ("education", "初  中", "junior_secondary"), ("education", "初中。", "junior_secondary"),
        ("education", "A.初中", "junior_secondary"),
        ("education", "文盲/半文盲", "illiterate"), ("education", "职高", "vocational_secondary"),
        ("education", "高职", "junior_college"),
        ("education", "□小学■初中□高中", "junior_secondary"), ("sex", " 女", "female"),
        ("sex", "男√ 女", "male"), ("sex", "□男■女", "female"),
        ("employment_status", "下（待）岗", "laid_off"), ("industry", "农、林、牧、渔业", "agriculture"),
        ("employer_ownership", "国有机关/事业单位", "public_institution"), ("disability_type", "无", "none"),
        ("education", "其它", "other"),
    ],
)  # fmt: skip
def test_a_spelling_of_the_codebook_is_its_code(variable, raw, code):
    assert said(variable, raw) == Reading(code)


@pytest.mark.parametrize(
    ("variable", "raw", "problem"),
    [
        ("education", "大专在读", "in_progress"), ("education", "大专及以上", "band"),
        ("education", "高中(含中专、技校)", "band"),
        ("education", "高中/中专", "several_values"), ("education", "XX", "masked"),
        ("education", "其它情况见备注", "unreadable"),
        ("education", "□", "lost_character"), ("education", "初□", "lost_character"),
        ("education", "1", "value_unknown"),
        ("education", "中学", "value_unknown"), ("sex", "男□女□", "boxes"), ("sex", "男■女■", "boxes"),
        ("sex", 0, "value_unknown"),
        ("education", "#N/A", "error_cell"), ("education", True, "value_unknown"),
    ],
)  # fmt: skip
def test_what_names_no_one_level_is_given_up_with_its_reason(variable, raw, problem):
    reading = said(variable, raw)
    assert (reading.value, reading.problem, reading.action) == (None, problem, "missing")


@pytest.mark.parametrize(
    ("variable", "raw", "code"),
    [
        ("hardship_level", "全国级相对困难职工家庭", "relative"), ("marital_status", "已離異", "divorced"),
        ("hukou_type", "外埠农业户口", "agricultural"), ("hukou_type", "居民户口", "resident"),
        ("disability_type", "肢体残疾贰级", "physical"), ("disability_type", "三级言语残疾", "speech"),
        ("disability_grade", "听力残疾二级", "grade_2"), ("education", "函授本科毕业", "bachelor"),
        ("employment_status", "退休工人", "retired"), ("enterprise_status", "已停產", "stopped"),
        ("housing_type", "商品房两套", None), ("hardship_level", "非特困职工", None),
        ("hukou_type", "集体户", None),
        ("disability_type", "二级残疾", None), ("employment_status", "未退休", None),
    ],
)  # fmt: skip
def test_what_stands_around_a_spelling_changes_nothing_but_a_denial_does(variable, raw, code):
    assert (said(variable, raw).value, bool(said(variable, raw).problem)) == (code, code is None)


@given(st.sampled_from([v for v in WORKERS.values() if v.levels and v.kind == "choice"]), st.data())
def test_taking_off_what_may_stand_around_never_changes_what_is_spelled(variable, data):
    spelling = data.draw(st.sampled_from(sorted(variable.spellings)))
    around = data.draw(st.sampled_from(["非", "未", "不", "曾"]))
    assert variable.find(spelling) == variable.spellings[spelling]
    denied = variable.find(around + spelling)
    own = [level for level in denied if any(w.startswith(around) for w in level.says)]  # 非农户, 未审核中
    assert denied in (variable.spellings.get(around + spelling, ()), tuple(own))


@pytest.mark.parametrize(
    ("variable", "raw", "yes"),
    [("has_dibao", "农村低保", True), ("has_dibao", "低保边缘户", False), (
        "is_single_parent", "丧偶单亲", True
    )],
)
def test_what_answers_to_a_yes_or_no_in_words_is_a_list(variable, raw, yes):
    assert read_yes_no(raw, WORKERS[variable]) == Reading(yes)


def test_an_unknown_value_names_the_nearest_codes_and_the_way_out():
    message = said("education", "初中三年级").message
    assert "初中（junior_secondary）" in message
    assert "mapping.yaml" in message
    assert "三年级" not in message


def test_a_new_value_is_one_line_of_yaml():
    mapped = load_codebook({"values": {"education": {"中学": "junior_secondary"}}}).of("workers")["education"]
    assert read_choice("中学", mapped) == Reading("junior_secondary")


def test_sex_by_number_follows_the_standard_and_is_inferred():
    assert [(said("sex", raw).value, said("sex", raw).action) for raw in (1, "2")] == [
        ("male", "inferred"),
        ("female", "inferred"),
    ]
    assert said("education", 1).value is None


def test_a_remark_in_brackets_is_left_out_and_told():
    reading = said("employment_status", "退休（病退）")
    assert (reading.value, reading.problem, reading.action) == ("retired", "note_ignored", "inferred")


def test_a_category_counts_only_in_its_scheme():
    assert said("hardship_level", "特困") == Reading("extreme")
    other = said("hardship_level", "低保户", schemes=frozenset({"s2000"}))
    assert (other.value, other.problem, other.action) == (None, "other_scheme", "missing")
    assert "s2012" in other.message


@pytest.mark.parametrize("raw", [None, "", "/", "无", "—"])
def test_absence_is_missing_without_a_finding(raw):
    assert said("marital_status", raw) == BLANK
    assert read_choices(raw, WORKERS["cause"]) == BLANK


def test_no_education_is_told_as_it_may_be_none_at_all_or_left_out():
    assert said("education", "无")[:3] == (None, "value_unknown", "missing")


def test_none_is_no_further_cause_where_the_variable_says_so():
    assert read_choices("无", WORKERS["cause_other"]) == Reading(())
    assert read_choices("无", WORKERS["medical_insurance"]) == Reading(("uninsured",))


@pytest.mark.parametrize(
    "raw",
    [
        "疾病、子女上学", "疾病，子女上学", "疾病;上学", "疾病；上学", "疾病+上学", "疾病和上学", "疾病/上学",
        "疾病 上学", "疾病\n上学", "疾病\t上学",
        "疾病|上学", "疾病┋上学", "疾病→上学", "疾病上学", "①疾病②上学", "1.疾病2.上学", "(1)疾病(2)上学",
        "1、疾病 2、子女上学", "疾病、上学、疾病", "■疾病□残疾■上学", "疾病、上学等",
    ],
)  # fmt: skip
def test_several_causes_are_read_in_their_order(raw):
    assert read_choices(raw, WORKERS["cause"]) == Reading(("illness", "schooling"))


def test_a_label_that_holds_a_separator_is_not_split():
    assert read_choices("企业停产、半停产", WORKERS["cause"]) == Reading(("enterprise_stopped",))
    assert (
        read_choices("停产、半停产，残疾", WORKERS["cause"]) == Reading(("enterprise_stopped", "disability"))
    )


@pytest.mark.parametrize(
    ("raw", "codes"),
    [
        ("丈夫患脑瘤，两个孩子上学", ("illness_family", "schooling")),
        ("本人有病，儿子读大学", ("illness_self", "schooling")),
        ("妻子没有工作，孩子上高中", ("unemployment", "schooling")),
        ("离异，无房", ("single_parent", "housing")), ("无病，遭车祸", ("accident",)),
    ],
)  # fmt: skip
def test_free_text_proposes_codes_by_keywords(raw, codes):
    reading = read_choices(raw, WORKERS["cause"])
    assert reading.value == codes
    assert reading.action == "inferred"


def test_a_keyword_rule_is_one_line_of_yaml():
    rule = {"keywords": {"cause": [{"code": "illness", "says": "身体不好"}]}}
    assert read_choices("身体不好", load_codebook(rule).of("workers")["cause"]).value == ("illness",)
    assert read_choices("身体不好", WORKERS["cause"]).problem == "value_unknown"


def test_a_keyword_rule_that_is_no_pattern_is_refused():
    with pytest.raises(CodebookError, match="不是有效的正则表达式"):
        load_codebook({"keywords": {"cause": [{"code": "illness", "says": "("}]}})


def test_what_a_list_holds_besides_is_told():
    reading = read_choices("疾病、种地", WORKERS["cause"])
    assert (reading.value, reading.problem, reading.action) == (("illness",), "partly_read", "kept")


@pytest.mark.parametrize("raw", ["①③", "1、3", "13", 13, 1.3, "1.3"])
def test_numbers_of_options_need_the_list_of_the_form(raw):
    assert read_choices(raw, NUMBERED).value == ("illness", "schooling")
    unknown = read_choices(raw, WORKERS["cause"])
    assert (unknown.value, unknown.problem, unknown.action) == (None, "value_unknown", "missing")
    assert "编号" in unknown.message


def test_the_longest_number_wins():
    assert read_choices("10", NUMBERED).value == ("other",)


@pytest.mark.parametrize(
    "raw", ["是", "有", "√", "✓", "■", "☑", "T", "y", 1, "1", True, "低保户", "享受", "■是□否", "是√ 否□"]
)
def test_yes(raw):
    assert read_yes_no(raw, WORKERS["has_dibao"]) == Reading(True)


@pytest.mark.parametrize(
    "raw",
    [
        "否", "无", "没有", "×", "✗", "□", "☐", "F", "n", 0, "0", False, "未享受低保", "非低保户", "□是 ■否",
        "是□ 否√",
    ],
)
def test_no(raw):
    assert read_yes_no(raw, WORKERS["has_dibao"]) == Reading(False)


def test_yes_and_no_that_are_neither():
    problems = {
        raw: read_yes_no(raw, WORKERS["has_dibao"]).problem for raw in ("2", "□是□否", "■是■否", "XX", "单亲")
    }
    assert problems == {
        "2": "value_unknown",
        "□是□否": "boxes",
        "■是■否": "boxes",
        "XX": "masked",
        "单亲": "value_unknown",
    }
    assert read_yes_no("/", WORKERS["has_dibao"]) == BLANK
    reading = read_yes_no("300元", WORKERS["has_dibao"])
    assert (reading.value, reading.action) == (
        True,
        "inferred",
    )


def test_tick_columns_are_unticked_where_blank():
    assert [read_tick(r).value for r in ("√", 1, "■", None, "", "/", "×", 0, "□")] == [True] * 3 + [False] * 6
    assert read_tick("患病") == Reading(
        True, "tick_in_words", "inferred", "勾选栏中写的不是勾号，按已勾选记录。请核对。", "info"
    )
    assert read_tick("待核实").action == "missing"


CELLS = st.one_of(
    st.text(),
    st.text("疾病上学残1、3和①□■√是否无及以()（）在读低保 "),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.dates(),
)


@given(CELLS)
def test_any_cell_has_a_reading(raw):
    for reading in (
        said("education", raw),
        said("hardship_level", raw),
        read_choices(raw, WORKERS["cause"]),
        read_choices(raw, NUMBERED),
        read_yes_no(raw, WORKERS["has_dibao"]),
        read_tick(raw),
    ):
        assert isinstance(reading, Reading)
        assert (reading.action == "missing") <= (reading.value is None)
        assert bool(reading.problem) == bool(reading.message) == bool(reading.action)


@given(
    st.lists(st.sampled_from(WORKERS["cause"].levels), min_size=1, max_size=4), st.sampled_from("、,;/+|┋\n")
)
def test_labels_joined_by_any_separator_are_their_codes(levels, separator):
    codes = tuple(dict.fromkeys(level.code for level in levels))
    assert read_choices(separator.join(level.label for level in levels), WORKERS["cause"]) == Reading(codes)
