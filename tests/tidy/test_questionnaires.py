import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.reading.grid import Grid
from bangfu_analysis.reading.questionnaires import read_questionnaire
from bangfu_analysis.reading.tables import Sheet
from bangfu_analysis.tidy.questionnaires import coded_answers, question, stack_questionnaires, wide_answers

HEADER = ["序号", "来源", "1、满意吗", "2、爱好", "3、次序", "4、打分", "5、建议"]
ROWS = [
    ["11", "微信", "满意", "球┋其他〖棋〗", "乙→甲", "80", "多办讲座"],
    ["12", "链接", "一般", "(跳过)", "(空)", "(跳过)", "(空)"],
    ["14", "微信", "满意", "球", "甲", "0", "无"],
]


def reading(header=HEADER, rows=ROWS, file="问卷_按文本_.xlsx"):
    cells = [tuple(header), *map(tuple, rows)]
    return read_questionnaire(
        Grid(Sheet(file, "Sheet1", cells, tuple(range(1, len(cells) + 1)))), load_codebook()
    )


def test_the_wide_view_has_a_row_a_respondent_with_ordered_answers_and_indicators():
    given = reading()
    wide = wide_answers(given.questions, given.responses).drop(
        columns=["source_file", "source_sheet", "source_row"]
    )
    grades = pd.CategoricalDtype(["一般", "满意"], ordered=True)
    expected = pd.DataFrame(
        {
            "respondent_id": pd.Categorical(["11", "12", "14"]),
            "序号": pd.array([11, 12, 14], dtype="Float64"),
            "来源": pd.Series(["微信", "链接", "微信"], dtype="str"),
            "Q1": pd.Categorical(["满意", "一般", "满意"], dtype=grades),
            "Q2=球": pd.array([True, None, True], dtype="boolean"),
            "Q2=其他": pd.array([True, None, False], dtype="boolean"),
            "Q3=乙": pd.array([1, None, None], dtype="Int64"),
            "Q3=甲": pd.array([2, None, 1], dtype="Int64"),
            "Q4": pd.array([80, None, 0], dtype="Float64"),
            "Q5": pd.Series(["多办讲座", None, "无"], dtype="str"),
        }
    )
    assert_frame_equal(wide, expected)


def test_stacked_questionnaires_keep_their_categories_and_their_files():
    readings = [reading(), reading(["1、性别"], [["男"]], file="乙.xlsx")]
    questions, responses = stack_questionnaires(readings, "2009")
    assert responses["respondent_id"].dtype == "category" and responses["option"].dtype == "category"
    assert responses.columns[0] == "wave" and set(responses["wave"]) == {"2009"}
    assert len(responses) == sum(len(r.responses) for r in readings)
    assert questions["source_file"].unique().tolist() == ["问卷_按文本_.xlsx", "乙.xlsx"]
    with pytest.raises(ArgumentError, match="这里有 2 个文件的问卷，题号会混淆"):
        wide_answers(questions, responses)


def test_after_picking_one_file_the_wide_view_holds_its_respondents_only():
    questions, responses = stack_questionnaires(
        [reading(), reading(["1、性别"], [["男"]], file="乙.xlsx")], "2009"
    )
    wide = wide_answers(
        questions[questions["source_file"] == "乙.xlsx"], responses[responses["source_file"] == "乙.xlsx"]
    )
    assert wide["Q1"].tolist() == ["男"] and wide["wave"].tolist() == ["2009"]


def test_frames_read_back_from_parquet_serve_as_well(tmp_path):
    given = reading()
    given.questions.to_parquet(tmp_path / "questions.parquet")
    given.responses.to_parquet(tmp_path / "responses.parquet")
    back = [pd.read_parquet(tmp_path / f"{name}.parquet") for name in ("questions", "responses")]
    assert_frame_equal(wide_answers(*back), wide_answers(given.questions, given.responses))
    assert_frame_equal(coded_answers(*back)[0], coded_answers(given.questions, given.responses)[0])


def test_coded_answers_tell_skipped_from_blank_and_keep_fill_ins_beside():
    given = reading()
    coded, headings, labels = coded_answers(given.questions, given.responses)
    frame = coded.drop(columns=["meta_1", "meta_2", "Q5", "Q2_2t"])
    assert frame.to_dict("list") == {
        "Q1": [2, 1, 2], "Q2_1": [1, -3, 1], "Q2_2": [1, -3, 0], "Q3_1": [1, -2, -2], "Q3_2": [2, -2, 1],
        "Q4": [80, -3, 0],
    }  # fmt: skip
    assert coded["Q2_2t"].tolist()[0] == "棋"
    assert labels == {"Q1": {1: "一般", 2: "满意"}}
    assert headings["Q2_2t"] == "2、(其他:)"


def test_an_unknown_question_is_named_with_its_neighbours():
    with pytest.raises(ArgumentError, match="参数 question_id 的取值 'Q9' 无效。可选：序号、来源、Q1、Q2"):
        question(reading().questions, "Q9")


def test_the_callers_frames_are_not_changed():
    given = reading()
    before = given.responses.copy(), given.questions.copy()
    stack_questionnaires([given], "2009")
    wide_answers(given.questions, given.responses)
    assert_frame_equal(given.responses, before[0])
    assert_frame_equal(given.questions, before[1])
