import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from bangfu_analysis.analysis.questionnaires import (
    answered,
    every_question,
    funnel,
    likert,
    likert_summary,
    multiple_response,
    net_promoters,
    number_distribution,
    number_summary,
    question_table,
    ranking,
    single_choice,
)  # fmt: skip
from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.reading.grid import Grid
from bangfu_analysis.reading.questionnaires import read_questionnaire
from bangfu_analysis.reading.tables import Sheet
from bangfu_analysis.survey.design import SurveyDesign
from bangfu_analysis.survey.estimate import estimate_share
from bangfu_analysis.tidy.questionnaires import was_asked, wide_answers


def survey(header, *rows, file="问卷_按文本_.xlsx"):
    cells = [tuple(header), *map(tuple, rows)]
    found = read_questionnaire(
        Grid(Sheet(file, "Sheet1", cells, tuple(range(1, len(cells) + 1)))), load_codebook()
    )
    return found.questions, found.responses


def rows(table):
    shown = table.astype(object).where(table.notna(), None)
    return [tuple(row) for row in shown.itertuples(index=False)]


AWARE = survey(
    ["1、知晓低保政策", "2、申请过", "3、得到过", "4、满意"],
    ["知道", "是", "是", "满意"],
    ["知道", "是", "是", "不满意"],
    ["知道", "是", "否", "(跳过)"],
    ["知道", "否", "(跳过)", "(跳过)"],
    ["知道", "(空)", "(跳过)", "(跳过)"],
    ["不知道", "(跳过)", "(跳过)", "(跳过)"],
    ["(空)", "(跳过)", "(跳过)", "(跳过)"],
)


def test_the_base_of_a_single_choice_is_who_answered_and_blanks_are_left_out():
    assert rows(single_choice(*AWARE, "Q2")) == [("是", 3, 4, 1, 0.75), ("否", 1, 4, 1, 0.25)]


def test_single_choices_by_number_are_counted_by_code():
    table = single_choice(*survey(["1、性别"], [2], [1], [2], file="问卷_按序号_.xlsx"), "Q1")
    assert rows(table) == [("1", 1, 3, 0, 1 / 3), ("2", 2, 3, 0, 2 / 3)]


def test_multiple_responses_are_percent_of_respondents_and_of_answers():
    table = multiple_response(*survey(["1、选"], ["甲┋乙"], ["甲"], ["(空)"], ["(跳过)"], ["甲┋丙"]), "Q1")
    assert_frame_equal(
        table,
        pd.DataFrame(
            {
                "option": pd.Categorical(["甲", "乙", "丙"], ["甲", "乙", "丙"]),
                "n": [3, 1, 1], "base_n": 3, "left_out_n": 1, "share": [1, 1 / 3, 1 / 3],
                "answers_n": 5, "share_of_answers": [0.6, 0.2, 0.2],
            }
        ),
    )  # fmt: skip


@given(st.lists(st.sets(st.sampled_from("甲乙丙丁"), min_size=1), min_size=1, max_size=8))
def test_shares_of_answers_add_up_to_one_and_of_respondents_to_the_mean_number_of_ticks(replies):
    table = multiple_response(*survey(["1、选【多选题】"], *[["┋".join(sorted(r))] for r in replies]), "Q1")
    assert table["share_of_answers"].sum() == pytest.approx(1)
    assert table["share"].sum() == pytest.approx(sum(map(len, replies)) / len(replies))


GRADES = ["非常不满意", "不满意", "一般", "满意", "非常满意"]
MATRIX = survey(
    ["1、满意度—态度", "1、速度"],
    ["非常满意", "一般"], ["满意", "(空)"], ["一般", "不满意"], ["非常不满意", "非常满意"],
)  # fmt: skip


def test_a_matrix_has_a_row_an_item_and_grade_and_every_grade_is_there():
    table = likert(*MATRIX, "Q1")
    assert table["option"].cat.categories.tolist() == GRADES and len(table) == 10
    assert rows(table[table["item"] == "速度"])[:3] == [
        ("速度", "非常不满意", 0, 3, 1, 0.0),
        ("速度", "不满意", 1, 3, 1, 1 / 3),
        ("速度", "一般", 1, 3, 1, 1 / 3),
    ]


def test_the_summary_names_what_it_calls_the_top():
    summary = likert_summary(likert(*MATRIX, "Q1"))
    assert rows(summary) == [
        ("态度", 2, 4, 0, 0.5, 0.25, 0.25, 3.25, "满意+非常满意"),
        ("速度", 1, 3, 1, 1 / 3, 1 / 3, 0.0, 10 / 3, "满意+非常满意"),
    ]
    wider = likert_summary(likert(*MATRIX, "Q1"), top=["一般", "满意", "非常满意"], bottom=["非常不满意"])
    assert wider["definition"].tolist() == ["一般+满意+非常满意"] * 2 and wider["n"].tolist() == [3, 2]


def test_other_than_five_grades_need_a_definition():
    table = likert(*survey(["1、评议—甲", "1、乙"], ["满意", "基本满意"], ["不满意", "满意"]), "Q1")
    with pytest.raises(
        ArgumentError, match="有 3 个等级（不满意、基本满意、满意），不是五级。请写明 top 和 bottom"
    ):
        likert_summary(table)
    assert likert_summary(table, top=["基本满意", "满意"], bottom=["不满意"])["share"].tolist() == [0.5, 1.0]
    with pytest.raises(ArgumentError, match="'很满意' 无效"):
        likert_summary(table, top=["很满意"], bottom=["不满意"])


def test_ratings_in_numbers_have_their_own_mean():
    table = likert(*survey(["1、打分—甲", "1、乙"], [10, 8], [8, 0], [3, 8], file="问卷_按分数_.xlsx"), "Q1")
    assert table["option"].cat.categories.tolist() == ["0", "3", "8", "10"]
    assert likert_summary(table, top=["8", "10"], bottom=["0"])["mean"].tolist() == [7.0, 16 / 3]


def test_a_ranking_tells_first_places_mean_ranks_and_who_ranked_at_all():
    table = ranking(*survey(["1、次序"], ["甲→乙"], ["乙"], ["甲→丙→乙"], ["(空)"]), "Q1")
    assert rows(table) == [
        ("甲", 2, 3, 1, 2 / 3, 2, 2 / 3, 1.0, 6 / 3),
        ("丙", 0, 3, 1, 0.0, 1, 1 / 3, 2.0, 2 / 3),
        ("乙", 1, 3, 1, 1 / 3, 3, 1.0, 2.0, 6 / 3),
    ]


STEPS = [("知晓", "Q1", ["知道"]), ("申请", "Q2", ["是"]), ("享受", "Q3", ["是"]), ("满意", "Q4", ["满意"])]


def test_each_step_of_a_funnel_has_a_base_of_its_own():
    table = funnel(*AWARE, STEPS)
    assert rows(table) == [
        ("知晓", 5, 6, 1, 5 / 6, 5 / 6),
        ("申请", 3, 4, 1, 0.75, 0.5),
        ("享受", 2, 3, 0, 2 / 3, 2 / 6),
        ("满意", 1, 2, 0, 0.5, 1 / 6),
    ]
    with pytest.raises(ArgumentError, match=r"参数 steps\[申请\] 的取值 '申请过' 无效。可选：是、否"):
        funnel(*AWARE, [STEPS[0], ("申请", "Q2", ["申请过"])])


def test_any_table_can_be_made_for_each_group_of_respondents():
    questions, responses = survey(
        ["1、性别", "2、选"], ["男", "甲┋乙"], ["女", "甲"], ["男", "乙"], ["(空)", "甲"]
    )
    sex = wide_answers(questions, responses).set_index("respondent_id")["Q1"]
    table = multiple_response(questions, responses, "Q2", by=sex)
    assert rows(table[["Q1", "option", "n", "base_n"]]) == [
        ("男", "甲", 1, 2),
        ("男", "乙", 2, 2),
        ("女", "甲", 1, 1),
        ("女", "乙", 0, 1),
    ]
    empty = multiple_response(questions, responses, "Q2", by=sex.cat.add_categories(["未知"]))
    assert empty.loc[empty["Q1"] == "未知", ["n", "base_n"]].to_numpy().tolist() == [[0, 0], [0, 0]]
    assert empty.loc[empty["Q1"] == "未知", "share"].isna().all()


def test_a_question_of_another_kind_is_refused_in_words():
    with pytest.raises(ArgumentError, match="Q1 的题型是 single，这里需要 multiple"):
        multiple_response(*AWARE, "Q1")
    with pytest.raises(ArgumentError, match="参数 block 的取值 'Q9' 无效"):
        likert(*AWARE, "Q9")


def test_the_callers_frames_are_not_changed():
    questions, responses = AWARE
    before = responses.copy()
    funnel(questions, responses, STEPS)
    single_choice(questions, responses, "Q1")
    assert_frame_equal(responses, before)


@given(st.lists(st.tuples(*[st.sampled_from(words) for words in (
    ["好", "差", "(空)", "(跳过)"], ["甲", "甲┋乙", "(空)", "(跳过)"])]),
    min_size=4, max_size=20))  # fmt: skip
def test_every_way_to_a_share_has_one_base(replies):
    questions, responses = survey(["1、评价", "2、需要【多选题】"], ("好", "甲┋乙"), ("差", "乙"), *replies)
    wide, asked = wide_answers(questions, responses), was_asked(questions, responses)
    single, several = single_choice(questions, responses, "Q1"), multiple_response(questions, responses, "Q2")
    estimated = estimate_share(wide, "Q1", design=SurveyDesign(), where=asked["Q1"])
    ticked = estimate_share(wide, "Q2=甲", design=SurveyDesign(), where=asked["Q2"]).iloc[[-1]]
    for table, other in ((single, estimated), (several.iloc[[0]], ticked)):
        assert table[["n", "base_n", "left_out_n"]].to_numpy().tolist() == (
            other[["n", "base_n", "left_out_n"]].to_numpy().tolist()
        )
        assert table["share"].tolist() == pytest.approx(other["share"].tolist())


def test_the_score_of_a_ranking_is_counted_as_the_service_counts_it():
    questions, responses = survey(["1、次序"], ["甲→乙→丙"], ["乙→甲→丙"], ["甲→丙→乙"], ["乙→甲"], ["(空)"])
    table = ranking(questions, responses, "Q1").set_index("option")
    # three options: the first place weighs 3, the second 2, the third 1; over the four who ranked any
    assert table["ranking_score"].to_dict() == {
        "甲": (3 + 2 + 3 + 2) / 4, "乙": (2 + 3 + 1 + 3) / 4, "丙": (1 + 1 + 2) / 4
    }


NUMBERS = survey(["1、年龄", "2、推荐（0-10）", "3、您的建议"], *[
    [str(20 + i), str(i % 11), f"第{i}条，多办实事" if i % 3 else "(空)"] for i in range(40)],
    ["(空)", "(跳过)", "(跳过)"])  # fmt: skip


def test_numbers_have_their_mean_median_and_distribution():
    values = pd.Series(range(20, 60), dtype=float)
    row = number_summary(*NUMBERS, "Q1").iloc[0]
    assert (row["n"], row["left_out_n"]) == (40, 1)
    assert row[["mean", "sd", "median"]].tolist() == [values.mean(), values.std(), values.median()]
    bands = number_distribution(*NUMBERS, "Q1")
    assert rows(bands[["option", "n"]])[:2] == [("20–25", 5), ("25–30", 5)] and bands["n"].sum() == 40
    few = number_distribution(*NUMBERS, "Q2")
    assert few["option"].astype(str).tolist() == [str(i) for i in range(11)] and few["n"].sum() == 40


@given(st.lists(st.integers(0, 10**6), min_size=25, max_size=60, unique=True))
def test_bands_hold_every_number_once(numbers):
    frames = survey(["1、收入", "2、性别"], *[[str(n), "男"] for n in numbers])
    assert number_distribution(*frames, "Q1")["n"].sum() == len(numbers)


def test_promoters_less_detractors_and_what_is_no_rating_from_0_to_10_is_refused():
    table = net_promoters(*NUMBERS, "Q2")
    said = [i % 11 for i in range(40)]
    assert table["n"].tolist() == [
        sum(v <= 6 for v in said), sum(v in (7, 8) for v in said), sum(v > 8 for v in said)
    ]
    with pytest.raises(ArgumentError, match="Q1 有不在 0 到 10 之间的答案"):
        net_promoters(*NUMBERS, "Q1")


def test_of_open_answers_it_is_told_how_many_answered():
    table = answered(*NUMBERS, "Q3")
    assert (
        rows(table[["option", "n", "base_n", "left_out_n"]]) == [("已作答", 26, 40, 0), ("未作答", 14, 40, 0)]
    )


def test_every_question_is_tabulated_by_its_kind():
    questions, responses = survey(
        ["1、性别", "2、需要", "3、次序", "4、评价—态度", "4、速度", "5、年龄", "6、您的建议"],
        ["男", "甲┋乙", "丙→丁", "好", "差", "30", "多办"], ["女", "乙", "丁→丙", "差", "好", "41", "(空)"],
    )  # fmt: skip
    whole = every_question(questions, responses)
    assert whole["question_id"].unique().tolist() == ["Q1", "Q2", "Q3", "Q4_1", "Q4_2", "Q5", "Q6"]
    for name in whole["question_id"].unique():
        own = question_table(questions, responses, name)
        assert whole.loc[whole["question_id"].eq(name), "n"].tolist() == own["n"].tolist()
    assert whole.loc[whole["question_id"].eq("Q5"), "mean"].tolist() == [35.5, 35.5]
    empty = every_question(questions[questions["kind"].eq("meta")], responses)
    assert len(empty) == 0 and {"question_id", "option", "n", "base_n"} <= {*empty.columns}
