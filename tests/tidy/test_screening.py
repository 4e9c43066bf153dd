import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import ArgumentError, ColumnMissing
from bangfu_analysis.reading.grid import Grid
from bangfu_analysis.reading.questionnaires import read_questionnaire
from bangfu_analysis.reading.tables import Sheet
from bangfu_analysis.tidy.screening import (
    ScreeningRules,
    apply_decisions,
    replay,
    reply_quality,
    screen,
    thresholds,
)

CELLS = [
    ["序号", "所用时间", "1、性别", "2、满意度—甲", "2、乙", "2、丙", "3、请打6分"],
    ["1", "90秒", "男", "满意", "一般", "满意", "6"],
    ["2", "12秒", "女", "满意", "满意", "满意", "6"],
    ["3", "95秒", "男", "满意", "一般", "满意", "6"],
    ["4", "80秒", "男", "一般", "(空)", "一般", "4"],
    ["5", "70秒", "女", "一般", "满意", "满意", "(跳过)"],
]


def reading(cells=CELLS):
    sheet = Sheet("问卷_按文本_.xlsx", "Sheet1", [*map(tuple, cells)], tuple(range(1, len(cells) + 1)))
    return read_questionnaire(Grid(sheet), load_codebook())


def frames():
    return reading().questions, reading().responses


def flagged(**rules):
    found = screen(*frames(), ScreeningRules(**rules))
    return found[["respondent_id", "reason", "question_id"]].astype("str").to_numpy().tolist()


def test_nothing_is_doubtful_without_a_rule():
    assert flagged() == []


def test_each_rule_names_its_respondents():
    assert flagged(fastest_seconds=30) == [["2", "too_fast", ""]]
    assert flagged(straight_items=3) == [["2", "straight_line", "Q2"]]
    assert flagged(straight_items=2) == [["2", "straight_line", "Q2"], ["4", "straight_line", "Q2"]]
    assert flagged(attention={"Q3": 6.0}) == [["4", "attention", "Q3"]]
    assert flagged(same_answers=4) == [["3", "same_answers", ""]]
    assert flagged(same_answers=6) == []
    assert flagged(quota={"Q1": {"男": 2, "女": 5}}) == [["4", "over_quota", "Q1"]]


def test_findings_wait_for_a_decision_and_delete_nothing():
    questions, responses = frames()
    before = responses.copy()
    found = screen(questions, responses, ScreeningRules(fastest_seconds=30))
    assert found["decision"].isna().all() and found["message"].tolist() == ["用时少于 30 秒"]
    assert_frame_equal(responses, before)


def test_rules_about_what_is_not_there_are_refused():
    questions, responses = frames()
    with pytest.raises(ArgumentError, match="参数 question_id 的取值 'Q8' 无效"):
        screen(questions, responses, ScreeningRules(attention={"Q8": "是"}))
    with pytest.raises(ArgumentError, match="取值 '男性' 无效。可选：男、女"):
        screen(questions, responses, ScreeningRules(quota={"Q1": {"男性": 3}}))
    with pytest.raises(ArgumentError, match="没有“所用时间”或“答题时长”"):
        screen(
            questions[questions["question_id"] != "所用时间"], responses, ScreeningRules(fastest_seconds=9)
        )


def test_decisions_are_replayed_and_bases_before_and_after_are_told():
    questions, responses = frames()
    decisions = pd.DataFrame(
        {"respondent_id": ["2", "4", "3"], "reason": ["too_fast"] * 3, "decision": ["drop", "keep", None]}
    )
    kept, bases = replay(questions, responses, decisions)
    assert sorted(kept["respondent_id"].unique()) == ["1", "3", "4", "5"]
    shown = bases.set_index("question_id")[["base_before", "base_after"]]
    assert shown.loc[["Q1", "Q2_2", "Q3"]].to_numpy().tolist() == [[5, 4], [4, 3], [4, 3]]


def test_a_decision_that_cannot_be_carried_out_is_an_error():
    questions, responses = frames()
    row = {"respondent_id": ["2"], "reason": ["too_fast"], "decision": ["drop"]}
    with pytest.raises(ArgumentError, match="问卷中没有答卷 99"):
        replay(questions, responses, pd.DataFrame({**row, "respondent_id": ["99"]}))
    with pytest.raises(ArgumentError, match="'delete' 无效。可选：keep、drop"):
        replay(questions, responses, pd.DataFrame({**row, "decision": ["delete"]}))
    with pytest.raises(ArgumentError, match="没有写 reason"):
        replay(questions, responses, pd.DataFrame({**row, "reason": [None]}))
    with pytest.raises(ColumnMissing, match="筛查决定：数据框中没有列 decision"):
        replay(questions, responses, pd.DataFrame(row).drop(columns="decision"))


def test_no_decision_is_followed_where_the_numbers_of_the_replies_were_lost():
    decisions = [{"respondent_id": name, "reason": "too_fast", "decision": "drop"} for name in ("1", "5")]
    numberless = reading([CELLS[0], *(["", *row[1:]] for row in CELLS[1:])])
    screened = apply_decisions(numberless, {"decisions": decisions})
    assert screened.responses["respondent_id"].nunique() == 5
    told = {finding.problem: finding for finding in screened.findings}
    assert "（1 等）" in told["decisions_not_followed"].message


def test_how_each_reply_was_given_is_a_table_from_which_thresholds_are_chosen():
    quality = reply_quality(*frames()).set_index("respondent_id")
    assert quality["seconds"].tolist() == [90, 12, 95, 80, 70]
    assert quality["speed"].tolist() == [s / 80 for s in (90, 12, 95, 80, 70)]
    assert quality["items"].tolist() == [3, 3, 3, 2, 3]
    assert quality["longest_run"].tolist() == [1, 3, 1, 2, 2]
    assert quality["variance"].round(4).tolist() == [0.2222, 0, 0.2222, 0, 0.2222]
    cuts = thresholds(quality.reset_index(), "speed", [0.1, 0.3, 0.9])
    assert cuts[["threshold", "n", "base_n", "share"]].to_numpy().tolist() == [
        [0.1, 0, 5, 0], [0.3, 1, 5, 0.2], [0.9, 2, 5, 0.4],
    ]  # fmt: skip
    assert thresholds(quality.reset_index(), "longest_run", [2, 3])["n"].tolist() == [3, 1]
    assert flagged(fastest_share=0.3) == [["2", "too_fast", ""]]
    assert flagged(longest_run=3) == [["2", "long_run", ""]]
    assert flagged(least_variance=0.1) == [["2", "flat", ""], ["4", "flat", ""]]


def test_a_run_goes_over_blocks_and_an_export_without_blocks_or_duration_has_no_measures():
    cells = [
        ["1、甲—一", "1、二", "2、乙—一", "2、二", "2、三"], ["好", "差", "差", "差", "好"],
        ["差", "好", "好", "好", "差"],
    ]
    sheet = Sheet("问卷.xlsx", "S", [*map(tuple, cells)], (1, 2, 3))
    found = read_questionnaire(Grid(sheet), load_codebook())
    assert reply_quality(found.questions, found.responses)["longest_run"].tolist() == [3, 3]
    plain = Sheet("问卷.xlsx", "S", [("1、性别", "2、工种"), ("男", "钳工"), ("女", "钳工")], (1, 2, 3))
    found = read_questionnaire(Grid(plain), load_codebook())
    quality = reply_quality(found.questions, found.responses)
    assert quality[["seconds", "speed", "longest_run", "variance"]].isna().all(axis=None)
    assert thresholds(quality, "longest_run", [5])["base_n"].tolist() == [0]
