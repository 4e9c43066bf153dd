import struct

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import ArgumentError, FileRefused
from bangfu_analysis.reading.grid import Grid
from bangfu_analysis.reading.locate import read_file
from bangfu_analysis.reading.questionnaires import read_questionnaire
from bangfu_analysis.reading.spss import read_statistics_file, write_statistics_file
from bangfu_analysis.reading.tables import Sheet
from bangfu_analysis.tidy.questionnaire_book import apply_book, draft_book
from bangfu_analysis.tidy.questionnaires import coded_answers, write_statistics

HEADER = ["序号", "来源", "1、性别", "2、爱好", "3、次序", "4、满意度—态度", "4、速度", "5、打分", "6、建议"]
ROWS = [
    ["1", "微信", "男", "球┋其他〖棋〗", "乙→甲", "满意", "一般", "80", "多办讲座"],
    ["2", "链接", "女", "(跳过)", "(空)", "(空)", "满意", "(跳过)", "(空)"],
    ["3", "微信", "男", "(空)", "甲", "一般", "一般", "0", "无"],
]
KEPT = ["respondent_id", "question_id", "item", "option", "value", "text", "status"]


def survey():
    cells = [tuple(HEADER), *map(tuple, ROWS)]
    return read_questionnaire(
        Grid(Sheet("问卷_按文本_.xlsx", "Sheet1", cells, (1, 2, 3, 4))), load_codebook()
    )


@pytest.mark.parametrize("suffix", [".sav", ".dta"])
def test_a_survey_written_and_read_back_is_the_same_to_the_kind_of_missing(tmp_path, suffix):
    given = survey()
    coded = coded_answers(given.questions, given.responses)
    path = write_statistics_file(tmp_path / f"survey{suffix}", *coded)
    found = read_questionnaire(Grid(read_statistics_file(path, path.name)), load_codebook())
    _, back, _ = apply_book(found.questions, found.responses, draft_book(found.questions, found.responses))
    _, there, _ = apply_book(given.questions, given.responses, draft_book(given.questions, given.responses))
    left, right = (r[r["question_id"] != "Q6"][KEPT].astype("object").astype("str") for r in (there, back))
    assert_frame_equal(left.reset_index(drop=True), right.reset_index(drop=True))
    words = back.loc[back["question_id"] == "Q6", ["text", "status"]].astype("object").fillna("")
    assert words.to_numpy().tolist() == [["多办讲座", "answered"], ["", "blank"], ["无", "answered"]]


def test_missing_kinds_and_value_labels_are_in_the_sav_itself(tmp_path):
    import pyreadstat

    given = survey()
    coded = coded_answers(given.questions, given.responses)
    path = write_statistics_file(tmp_path / "survey.sav", *coded)
    frame, meta = pyreadstat.read_sav(str(path), user_missing=True)
    assert frame["Q5"].tolist() == [80, -3, 0]
    assert meta.missing_ranges["Q5"] == [{"lo": -3, "hi": -3}, {"lo": -2, "hi": -2}]
    assert meta.variable_value_labels["Q1"] == {1: "男", 2: "女", -3: "跳过", -2: "空"}
    assert meta.column_names_to_labels["Q2_1"] == "2、(球)"
    plain, _ = pyreadstat.read_sav(str(path))
    assert plain["Q5"].isna().tolist() == [False, True, False]


def test_a_sav_in_a_wave_folder_is_a_questionnaire_whose_labels_keep_their_codes(tmp_path):
    import pyreadstat

    frame = pd.DataFrame({"sex": [0.0, 1, -3], "grade": [5.0, 1, -2], "age": [30.0, 41, 52]})
    said = {"sex": {0: "女", 1: "男", -3: "跳过"}, "grade": {1: "差", 3: "中", 5: "好"}}
    heads = {"sex": "性别", "grade": "评价", "age": "年龄"}
    pyreadstat.write_sav(frame, str(tmp_path / "会员.sav"), column_labels=heads, variable_value_labels=said)
    (reading,) = read_file(tmp_path / "会员.sav", "会员.sav", load_codebook())
    assert reading.kind == "questionnaire"
    assert reading.questions["options"].tolist() == [["女", "男"], ["差", "中", "好"], []]
    shown = reading.responses[["question_id", "option", "value", "status"]].astype(object)
    assert shown[:6].where(shown.notna(), None).to_numpy().tolist() == [
        ["sex", "女", 0, "answered"], ["sex", "男", 1, "answered"], ["sex", None, None, "skipped"],
        ["grade", "好", 5, "answered"], ["grade", "差", 1, "answered"], ["grade", None, None, "blank"],
    ]  # fmt: skip
    book = draft_book(reading.questions, reading.responses)
    assert book.items["sex"].options == {0: "女", 1: "男"}
    assert {1: "差", 5: "好"}.items() <= book.items["grade"].options.items()
    written = write_statistics(tmp_path / "again.dta", reading.questions, reading.responses)
    assert read_statistics_file(written, written.name).labels[1] == {0: "女", 1: "男"}


def with_sets(path, sets):
    """The .sav with a record of multiple-response sets (extension 7, subtype 7), which pyreadstat reads and
    cannot write.
    """
    data, record = path.read_bytes(), sets.encode()
    end = data.index(struct.pack("<ii", 999, 0))
    path.write_bytes(data[:end] + struct.pack("<4i", 7, 7, 1, len(record)) + record + data[end:])
    return path


def test_sets_of_several_answers_and_every_kind_of_missing_are_read_under_the_files_own_names(tmp_path):
    import pyreadstat

    frame = pd.DataFrame(
        {
            "v1": [1.0, 2, 99, 98], "b_law": [2.0, 1, 1, 9], "b_skill": [2.0, 2, 1, 9], "c1": [3.0, 1, 2, 9],
            "c2": [1.0, 9, 3, 9],
        }
    )
    said = {"v1": {1: "男", 2: "女", 98: "不适用", 99: "拒答"}, **dict.fromkeys(
        ["c1", "c2"], {1: "电话", 2: "短信", 3: "微信"}
    )}
    heads = {"v1": "性别", "b_law": "法律援助", "b_skill": "技能培训"}
    away = {"v1": [{"lo": 98, "hi": 99}], **{name: [9] for name in ("b_law", "b_skill", "c1", "c2")}}
    path = tmp_path / "会员.sav"
    pyreadstat.write_sav(
        frame, str(path), column_labels=heads, variable_value_labels=said, missing_ranges=away
    )
    label = "需要哪些帮助"
    sets = f"$need=D1 2 {len(label.encode())} {label} b_law b_skill\n$how=C 12 怎样通知 c1 c2\n"
    (reading,) = read_file(with_sets(path, sets), path.name, load_codebook())
    asked = reading.questions[["text", "kind", "options"]].to_numpy().tolist()
    assert asked == [
        ["性别", "single", ["男", "女"]],
        ["需要哪些帮助", "multiple", ["法律援助", "技能培训"]],
        ["怎样通知", "multiple", ["电话", "短信", "微信"]],
    ]
    assert reading.questions["question_id"].iloc[0] == "v1"
    rows = reading.responses.assign(question=reading.responses["question_id"].map(dict(zip(
        reading.questions["question_id"], reading.questions["text"], strict=True))))  # fmt: skip
    chosen = rows[rows["option"].notna() & rows["value"].gt(0)]
    assert chosen.groupby(["question", "option"], observed=True).size().to_dict() == {
        ("性别", "男"): 1, ("性别", "女"): 1, ("需要哪些帮助", "法律援助"): 1,
        ("需要哪些帮助", "技能培训"): 2,
        ("怎样通知", "电话"): 2, ("怎样通知", "短信"): 1, ("怎样通知", "微信"): 2,
    }  # fmt: skip
    assert rows.loc[rows["question"].eq("性别"), "status"].tolist() == [
        "answered", "answered", "blank", "skipped"
    ]
    last = rows[rows["respondent_id"].eq("5")].drop_duplicates("question_id")["status"]
    assert last.tolist() == ["skipped", "blank", "blank"]


def test_all_letters_of_stata_are_missing(tmp_path):
    import pyreadstat

    frame = pd.DataFrame({"sex": pd.Series([1, 2, "a", "b", "c"], dtype=object), "town": list("vwxyz")})
    pyreadstat.write_dta(
        frame, str(tmp_path / "s.dta"), column_labels={"sex": "性别"},
        variable_value_labels={"sex": {1: "男", 2: "女"}}, missing_user_values={"sex": ["a", "b", "c"]},
    )  # fmt: skip
    (reading,) = read_file(tmp_path / "s.dta", "s.dta", load_codebook())
    rows = reading.responses[reading.responses["question_id"].eq("sex")]
    assert rows["status"].tolist() == ["answered", "answered", "skipped", "blank", "blank"]
    towns = reading.responses[reading.responses["question_id"].eq("town")]
    assert set(towns["status"]) == {"answered"}  # a letter in a column of text is text


def test_what_is_no_statistics_file_is_refused_in_words(tmp_path):
    path = tmp_path / "survey.sav"
    path.write_bytes(b"no data")
    with pytest.raises(FileRefused, match="survey.sav：不是可以读取的 SPSS/Stata 文件"):
        read_statistics_file(path, path.name)
    with pytest.raises(ArgumentError, match=r"参数 path 的取值 '.xlsx' 无效。可选：.sav、.dta"):
        write_statistics_file(tmp_path / "a.xlsx", pd.DataFrame(), {}, {})
