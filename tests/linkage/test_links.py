import openpyxl
import pandas as pd
import pytest

from bangfu_analysis.errors import BangfuError, FileRefused
from bangfu_analysis.linkage.candidates import COMPARED, FOUND, match_by_name
from bangfu_analysis.linkage.links import (
    ANSWER,
    common_ids,
    decided,
    link_frames,
    link_quality,
    read_decisions,
    review_links,
    write_review,
)

PEOPLE = [("a", True, "1"), ("b", False, "2"), ("c", False, "2"), ("d", True, "2"), ("e", False, "3")]
HASHES = ["name_id", "name_birth", "name_employer", "name_unit"]


def keys():
    rows = [
        {"person_id": p, "whole": whole, "wave": w, "source_file": f"{w}.xlsx", "source_sheet": "名册",
         "cell": f"A{i + 2}", "code": f"code{p}", **dict.fromkeys(HASHES)}
        for i, (p, whole, w) in enumerate(PEOPLE)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def pairs(*rows):
    return pd.DataFrame([(*row, "name_unit") for row in rows], columns=FOUND)


def decisions(found):
    return {
        frozenset((one, other)): str(said)
        for one, other, said in found[["person_id", "other_id", "decision"]].to_numpy()
    }


def test_the_probable_are_linked_the_doubtful_reviewed_the_rest_dropped():
    found = decided(keys(), pairs(("a", "b", 0.99), ("a", "e", 0.5), ("b", "e", 0.1)))
    assert decisions(found) == {frozenset("ab"): "linked", frozenset("ae"): "to_review"}
    assert found.loc[0, ["source_file", "cell", "source_file_other", "cell_other"]].tolist() == [
        "1.xlsx",
        "A2",
        "2.xlsx",
        "A3",
    ]


def test_two_whole_id_numbers_are_two_people():
    chained = decided(keys(), pairs(("a", "e", 0.99), ("d", "e", 0.98)))
    assert decisions(chained) == {frozenset("ae"): "linked", frozenset("de"): "conflict"}


def test_nobody_stands_twice_in_a_wave_by_a_link():
    found = decided(keys(), pairs(("a", "b", 0.99), ("a", "c", 0.97)))
    assert decisions(found) == {frozenset("ab"): "linked", frozenset("ac"): "conflict"}


def test_answers_come_before_probabilities():
    answers = {frozenset(["codea", "codec"]): "confirmed", frozenset(["codea", "codeb"]): "rejected"}
    found = decided(keys(), pairs(("a", "b", 0.99), ("a", "c", 0.05)), answers)
    assert decisions(found) == {frozenset("ac"): "confirmed", frozenset("ab"): "rejected"}


def test_linked_people_share_the_id_of_the_whole_number():
    found = decided(keys(), pairs(("a", "b", 0.99), ("b", "e", 0.98)))
    people = common_ids(found, keys())
    assert people.to_numpy().tolist() == [["a", "a"], ["b", "a"], ["e", "a"]]
    assert common_ids(found.head(0), keys()).empty


def test_expected_errors_are_sums_of_probabilities():
    found = decided(keys(), pairs(("a", "b", 0.96), ("a", "e", 0.5)))
    quality = link_quality(found, keys()).iloc[0]
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
    found = decided(keys(), pairs(("a", "b", 0.7), ("a", "e", 0.5)))
    path = answered(write_review(found, tmp_path / "links.xlsx"), "否", "是")
    answers = read_decisions([path])
    assert answers == {frozenset(["codea", "codeb"]): "rejected", frozenset(["codea", "codee"]): "confirmed"}
    again = decided(keys(), pairs(("a", "b", 0.7), ("a", "e", 0.5)), answers)
    assert read_decisions([write_review(again, tmp_path / "again.xlsx")]) == answers


def test_review_sheets_name_both_cells(tmp_path):
    sheet = openpyxl.load_workbook(
        write_review(decided(keys(), pairs(("a", "b", 0.7))), tmp_path / "r.xlsx")
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
    path = answered(write_review(decided(keys(), pairs(("a", "b", 0.7))), tmp_path / "links.xlsx"), "也许")
    with pytest.raises(BangfuError, match=r"links.xlsx \[1_待核对\] 第 2 行：.*应填是或否，实际是“也许”"):
        read_decisions([path])
    openpyxl.Workbook().save(tmp_path / "other.xlsx")
    book = openpyxl.load_workbook(tmp_path / "other.xlsx")
    book.worksheets[0]["A1"] = "编号"
    book.save(tmp_path / "other.xlsx")
    with pytest.raises(FileRefused, match="第 1 行：应为列名"):
        read_decisions([tmp_path / "other.xlsx"])


def test_an_answer_links_whom_nothing_else_does_and_links_by_name_come_answered(tmp_path):
    by_name = pairs(("a", "b", 0.99), ("a", "e", 0.5)).assign(evidence="splink")
    links = review_links(keys(), by_name, {frozenset(["coded", "codee"]): "confirmed"}, tmp_path / "r.xlsx")
    assert decisions(links.pairs) == {
        frozenset("de"): "confirmed", frozenset("ab"): "linked", frozenset("ae"): "conflict",
    }  # fmt: skip
    assert links.pairs["probability"].isna().tolist() == [True, False, False]
    kept = read_decisions([links.review])
    assert kept == {frozenset(["coded", "codee"]): "confirmed", frozenset(["codea", "codeb"]): "confirmed"}
    assert common_ids(decided(keys(), pairs(), kept), keys())["person_id"].tolist() == ["a", "b", "d", "e"]


def test_all_frames_of_all_waves_are_linked_and_the_last_says_how():
    stacked = keys().assign(name_unit=["x", "x", "y", "z", None])
    people = pd.DataFrame({"person_id": ["a", "b"], "wave": ["1", "2"]})
    every = {"keys": stacked, "aid": people}
    waves = {wave: {name: f[f["wave"].eq(wave)] for name, f in every.items()} for wave in "123"}
    linked = link_frames(waves, {frozenset(["codea", "codeb"]): "confirmed"})
    assert linked["2"]["aid"]["person_id"].tolist() == ["a"]
    assert decisions(linked["3"]["links"]) == {frozenset("ab"): "confirmed"}
    assert "links" not in linked["1"]


def test_one_wave_has_nobody_to_match():
    one = pd.DataFrame({"wave": ["1"], "person_id": ["a"], "whole": [True], **dict.fromkeys(COMPARED)})
    assert match_by_name(one).empty


def test_too_few_records_to_learn_from_are_left_unlinked_without_a_fault():
    pytest.importorskip("splink")
    same = {"name": "某甲", "born": "1960-01-02", "sex": "male", "unit": "甲厂", "id_digits": None}
    two = pd.DataFrame({"wave": ["1", "2"], "person_id": ["a", "b"], "whole": [True, False]})
    found = match_by_name(two.assign(**same))
    assert list(found) == FOUND
    assert not found["probability"].ge(0.95).any()
