import openpyxl
import pandas as pd
import pytest

from bangfu_analysis.errors import BangfuError, FileRefused
from bangfu_analysis.tidy.links import ANSWER, common_ids, decided, link_quality, read_decisions, write_review
from bangfu_analysis.tidy.matching import match_probabilities

PEOPLE = [("a", True, "1"), ("b", False, "2"), ("c", False, "2"), ("d", True, "2"), ("e", False, "3")]


def records():
    rows = [
        {"record": i, "person_id": p, "whole": whole, "wave": w, "source_file": f"{w}.xlsx", "source_sheet": "名册",
         "cell": f"A{i + 2}", "code": f"code{p}", **dict.fromkeys(["name", "born", "sex", "unit", "id_digits"])}
        for i, (p, whole, w) in enumerate(PEOPLE)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def pairs(*rows):
    return pd.DataFrame(rows, columns=["left", "right", "probability"])


def decisions(found):
    return {
        frozenset((one, other)): str(said)
        for one, other, said in found[["person_id", "other_id", "decision"]].to_numpy()
    }


def test_the_probable_are_linked_the_doubtful_reviewed_the_rest_dropped():
    found = decided(records(), pairs((0, 1, 0.99), (0, 4, 0.5), (1, 4, 0.1)))
    assert decisions(found) == {frozenset("ab"): "linked", frozenset("ae"): "to_review"}
    assert found.loc[0, ["source_file", "cell", "source_file_other", "cell_other"]].tolist() == [
        "1.xlsx",
        "A2",
        "2.xlsx",
        "A3",
    ]


def test_two_whole_id_numbers_are_two_people():
    assert decided(records(), pairs((0, 3, 0.999))).empty
    chained = decided(records(), pairs((0, 4, 0.99), (3, 4, 0.98)))
    assert decisions(chained) == {frozenset("ae"): "linked", frozenset("de"): "conflict"}


def test_nobody_stands_twice_in_a_wave_by_a_link():
    found = decided(records(), pairs((0, 1, 0.99), (0, 2, 0.97)))
    assert decisions(found) == {frozenset("ab"): "linked", frozenset("ac"): "conflict"}


def test_answers_come_before_probabilities():
    answers = {frozenset(["codea", "codec"]): "confirmed", frozenset(["codea", "codeb"]): "rejected"}
    found = decided(records(), pairs((0, 1, 0.99), (0, 2, 0.05)), answers)
    assert decisions(found) == {frozenset("ac"): "confirmed", frozenset("ab"): "rejected"}


def test_linked_people_share_the_id_of_the_whole_number():
    found = decided(records(), pairs((0, 1, 0.99), (1, 4, 0.98)))
    people = common_ids(found, records())
    assert people.to_numpy().tolist() == [["a", "a"], ["b", "a"], ["e", "a"]]
    assert common_ids(found.head(0), records()).empty


def test_expected_errors_are_sums_of_probabilities():
    found = decided(records(), pairs((0, 1, 0.96), (0, 4, 0.5)))
    quality = link_quality(found, records()).iloc[0]
    assert quality[["by_id_n", "linked_n", "to_review_n"]].tolist() == [0, 1, 1]
    assert quality["false_n"] == pytest.approx(0.04)
    assert quality["false_rate"] == pytest.approx(0.04)
    assert quality["miss_rate"] == pytest.approx(0.5 / (1 - 0.04 + 0.5))


def answered(path, *said):
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    column = [cell.value for cell in sheet[1]].index(ANSWER) + 1
    for row, answer in enumerate(said, 2):
        sheet.cell(row, column).value = answer
    book.save(path)
    return path


def test_a_review_sheet_is_answered_and_replayed_and_shows_what_was_answered(tmp_path):
    found = decided(records(), pairs((0, 1, 0.7), (0, 4, 0.5)))
    path = answered(write_review(found, tmp_path / "links.xlsx"), "否", "是")
    answers = read_decisions([path])
    assert answers == {frozenset(["codea", "codeb"]): "rejected", frozenset(["codea", "codee"]): "confirmed"}
    again = decided(records(), pairs((0, 1, 0.7), (0, 4, 0.5)), answers)
    assert read_decisions([write_review(again, tmp_path / "again.xlsx")]) == answers


def test_review_sheets_name_both_cells(tmp_path):
    sheet = openpyxl.load_workbook(
        write_review(decided(records(), pairs((0, 1, 0.7))), tmp_path / "r.xlsx")
    ).worksheets[0]
    assert [cell.value for cell in sheet[2]][1:10] == [
        "1",
        "1.xlsx",
        "名册",
        "A2",
        "2",
        "2.xlsx",
        "名册",
        "A3",
        "0.700",
    ]


def test_an_answer_that_is_none_is_an_error_with_its_row(tmp_path):
    path = answered(write_review(decided(records(), pairs((0, 1, 0.7))), tmp_path / "links.xlsx"), "也许")
    with pytest.raises(BangfuError, match=r"links.xlsx \[1_待核对\] 第 2 行：.*应填是或否，实际是“也许”"):
        read_decisions([path])
    openpyxl.Workbook().save(tmp_path / "other.xlsx")
    book = openpyxl.load_workbook(tmp_path / "other.xlsx")
    book.worksheets[0]["A1"] = "编号"
    book.save(tmp_path / "other.xlsx")
    with pytest.raises(FileRefused, match="第一行应为列名"):
        read_decisions([tmp_path / "other.xlsx"])


def test_one_wave_has_nobody_to_match():
    assert match_probabilities(records().head(1)).empty


def test_too_few_records_to_learn_from_are_left_unlinked_without_a_fault():
    pytest.importorskip("splink")
    same = {"name": "某甲", "born": "1960-01-02", "sex": "male", "unit": "甲厂", "id_digits": None}
    found = match_probabilities(records().assign(**same)[lambda rows: rows["person_id"].isin(["a", "b"])])
    assert list(found) == ["left", "right", "probability"]
    assert not found["probability"].ge(0.95).any()
