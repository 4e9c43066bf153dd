from dataclasses import replace

import pytest
from pandas.testing import assert_frame_equal

from bangfu_analysis.codebook import load_codebook, read_yaml
from bangfu_analysis.errors import CodebookError
from bangfu_analysis.reading.grid import Grid
from bangfu_analysis.reading.questionnaires import read_questionnaire
from bangfu_analysis.reading.tables import Sheet
from bangfu_analysis.tidy.questionnaire_book import (
    Item,
    QuestionnaireBook,
    Scale,
    apply_book,
    book_from,
    book_yaml,
    draft_book,
    item_scores,
    pair_exports,
    with_concepts,
)  # fmt: skip
from bangfu_analysis.tidy.questionnaires import wide_answers

TEXT = [
    ["序号", "1、性别", "2、爱好", "3、满意度—态度", "3、速度"],
    ["1", "女", "书┋棋", "满意", "不满意"],
    ["2", "男", "球", "不满意", "满意"],
    ["3", "男", "(跳过)", "(空)", "满意"],
]
NUMBER = [
    ["序号", "1、性别", "2、(球)", "2、(书)", "2、(棋)", "3、满意度—态度", "3、速度"],
    ["1", 2, 0, 1, 1, 5, 1],
    ["2", 1, 1, 0, 0, 1, 5],
    ["3", 1, -3, -3, -3, -2, 5],
]
COLUMNS = ["respondent_id", "question_id", "item", "option", "value", "text", "status"]


def read(cells, file):
    found = read_questionnaire(
        Grid(Sheet(file, "Sheet1", [*map(tuple, cells)], tuple(range(1, len(cells) + 1)))), load_codebook()
    )
    return found.questions, found.responses


def by_text():
    return read(TEXT, "问卷_按文本_.xlsx")


def by_number():
    return read(NUMBER, "问卷_按序号_.xlsx")


def test_a_draft_written_as_yaml_and_read_back_is_the_same_book(tmp_path):
    book = draft_book(*by_text())
    bands = {"男": (1,), "女": (2,)}
    rich = replace(
        book,
        items={**book.items, "Q1": replace(book.items["Q1"], concept="sex", bands=bands, reversed=True)},
        funnels={"低保": (("知晓", "Q1", ("男",)),)},
    )
    path = tmp_path / "questionnaire.yaml"
    path.write_text(book_yaml(rich), encoding="utf-8")
    assert book_from(read_yaml(path)) == rich
    assert book.scales == {"Q3": Scale(("Q3_1", "Q3_2"))}


def test_a_draft_from_numbers_leaves_the_labels_to_be_filled_in():
    assert draft_book(*by_number()).items["Q1"] == Item("1", "性别", "single", options={1: "", 2: ""})


def test_the_two_exports_of_one_survey_agree_cell_for_cell_under_their_common_book():
    book = pair_exports(by_text(), by_number())
    assert book.items["Q1"].options == {1: "男", 2: "女"}
    assert book.items["Q2"].options == {1: "球", 2: "书", 3: "棋"}
    (text_questions, texts, _), (number_questions, numbers, _) = (
        apply_book(*e, book) for e in (by_text(), by_number())
    )
    assert_frame_equal(texts[COLUMNS], numbers[COLUMNS])
    same = ["question_id", "block", "number", "text", "kind", "item", "options"]
    assert_frame_equal(text_questions[same], number_questions[same])
    first = texts[texts["question_id"] == "Q1"]
    assert first[["option", "value"]].to_numpy().tolist() == [["女", 2.0], ["男", 1.0], ["男", 1.0]]


def test_exports_of_different_surveys_are_refused():
    odd = [NUMBER[0], NUMBER[1], ["2", 1, 1, 0, 0, 1, 5], ["3", 2, -3, -3, -3, -2, 5]]
    with pytest.raises(CodebookError, match="Q1：同一选项在两份导出中对应不同的代码"):
        pair_exports(by_text(), read(odd, "问卷_按序号_.xlsx"))


def test_an_answer_that_the_book_does_not_know_is_given_up_and_told():
    book = QuestionnaireBook({"Q1": Item("1", "性别", options={1: "男"})})
    _, responses, lost = apply_book(*by_text(), book)
    assert lost["option"].tolist() == ["女"]
    given_up = responses[responses["respondent_id"].isin(lost["respondent_id"])]
    assert given_up.loc[given_up["question_id"].eq("Q1"), ["option", "value"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"items": {"Q1": {"label": "x"}}}, "items.Q1 未知的键 label"),
        ({"items": {"Q1": {"kind": "scale"}}}, "kind 写的是 'scale'，可用：single"),
        ({"items": {"Q1": {"options": {1: "男", 2: "男"}}}}, "两个代码的文字相同"),
        ({"items": {"Q1": {"options": {1: "男"}, "bands": {"b": [3]}}}}, "bands 没有代码 3"),
        ({"items": {"Q1": {}}, "scales": {"s": {"items": ["Q2"]}}}, "scales.s 没有题目 Q2。可选：Q1"),
    ],
)
def test_faults_of_an_edited_book_are_named(content, words):
    with pytest.raises(CodebookError, match=words):
        book_from(content)


def test_a_book_of_another_questionnaire_is_refused():
    with pytest.raises(CodebookError, match="没有的题目 Q9"):
        apply_book(*by_text(), QuestionnaireBook({"Q9": Item()}))


def test_reversed_items_are_turned_in_the_scores_of_a_scale():
    book = pair_exports(by_text(), by_number())
    turned = replace(book, items={**book.items, "Q3_2": replace(book.items["Q3_2"], reversed=True)})
    _, responses, _ = apply_book(*by_text(), turned)
    scores = item_scores(responses, turned, "Q3")
    assert (
        scores.astype(object).where(scores.notna(), None).to_numpy().tolist() == [[5, 5], [1, 1], [None, 1]]
    )
    with pytest.raises(CodebookError, match="没有量表 sat。可选：Q3"):
        item_scores(responses, turned, "sat")


def test_a_linked_question_becomes_the_rosters_variable_in_its_codes():
    book = pair_exports(by_text(), by_number())
    linked = replace(book, items={**book.items, "Q1": replace(book.items["Q1"], concept="sex")})
    wide = with_concepts(wide_answers(*apply_book(*by_text(), linked)[:2]), linked, load_codebook())
    assert wide["sex"].tolist() == ["female", "male", "male"]
    assert wide["sex"].cat.categories.tolist() == ["male", "female"]
