"""What a wave leaves open, chosen from lists instead of written as YAML."""

from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from bangfu_analysis.errors import CodebookError
from bangfu_analysis.first_steps import new_wave
from bangfu_analysis.opened import wave_policy
from bangfu_analysis.study import clean_wave, wave_codebook, write_settings

OWN = ["家里有人瘫着", "深困型", "三中", "某技"]
ROWS = [[f"甲{c}", f"99010219650312{n:03d}", *OWN] for n, c in enumerate("一二三四五六")]
HEADINGS = ["姓名", "身份证号", "致困原由", "困难类别", "填报单位", "自报特长与手艺"]


@pytest.fixture
def wave(tmp_path: Path) -> Path:
    folder = tmp_path / "study" / "2024"
    folder.mkdir(parents=True)
    (folder / "wave.toml").write_text('reference_date = 2024-06-30\nscheme = "s2018"\n', encoding="utf-8")
    pd.DataFrame(ROWS, columns=HEADINGS).to_excel(folder / "名册.xlsx", index=False)
    units = pd.DataFrame([["区教育工会", 900], ["第三中学", 100]], columns=["单位", "职工人数"])
    units.to_excel(folder / "职工人数.xlsx", index=False)
    return folder


def table(path: Path) -> dict[tuple[str, str], list[object]]:
    sheet = openpyxl.load_workbook(path)["设置"]
    return {(row[0].value, row[2].value): [cell.value for cell in row] for row in sheet.iter_rows(min_row=2)}


def options(path: Path, word: str) -> list[object]:
    book = openpyxl.load_workbook(path)
    row = next(row[0].row for row in book["设置"].iter_rows(min_row=2) if row[2].value == word)
    return [cell.value for cell in book["选项"][row - 1] if cell.value]


def choose(path: Path, choices: dict[str, str]) -> None:
    book = openpyxl.load_workbook(path)
    for row in book["设置"].iter_rows(min_row=2):
        row[4].value = choices.get(str(row[2].value), row[4].value)
    book.save(path)


def test_what_is_unknown_is_there_with_what_it_may_be_in_chinese(wave: Path) -> None:
    path = write_settings(wave)
    found = table(path)
    assert ("列名", "致困原由") in found
    assert found["写法", "深困型"][3] == "名册.xlsx [Sheet1]"
    assert options(path, "致困原由")[0] == "困难职工·致困原因"
    assert options(path, "三中")[-1] == options(path, "深困型")[-1] == "忽略"
    assert not any("甲" in str(word) for _, word in found)


def test_what_was_chosen_is_replayed_and_stays_when_the_book_is_written_again(wave: Path) -> None:
    path = write_settings(wave)
    choose(path, {"致困原由": "困难职工·致困原因", "深困型": "深度困难", "三中": "第三中学"})
    choose(path, {"自报特长与手艺": "忽略"})
    frames = clean_wave(wave)
    assert frames["workers"]["hardship_level"].tolist() == ["deep"] * 6
    assert set(frames["workers"]["reporting_unit"]) == {"第三中学"}
    assert "自报特长与手艺" in wave_codebook(wave).ignored_headings
    assert "家里有人瘫着" in set(frames["issues"]["raw"]), "the column is a cause now, and its value is asked"
    again = table(write_settings(wave))
    assert again["列名", "致困原由"][4] == "困难职工·致困原因"
    assert ("写法", "家里有人瘫着") in again, "what is new comes behind"
    assert list(again)[0] == list(table(path))[0]


def test_a_choice_that_is_none_and_a_mapping_that_says_otherwise_name_places(wave: Path) -> None:
    path = write_settings(wave)
    choose(path, {"深困型": "最深"})
    with pytest.raises(CodebookError, match=r"设置\.xlsx \[设置\] E\d+：“最深”不是可选的内容"):
        wave_codebook(wave)
    choose(path, {"深困型": "深度困难"})
    mapping = wave / "mapping.yaml"
    mapping.write_text("values:\n  workers.hardship_level: {深困型: relative}\n", encoding="utf-8")
    with pytest.raises(CodebookError, match=r"设置\.xlsx .*E\d+：.*mapping\.yaml.*relative.*两处不一致"):
        wave_codebook(wave)


def test_a_value_of_two_rows_or_one_that_may_name_somebody_is_masked(wave: Path) -> None:
    rows = [*ROWS, ["甲七", "990102196503120077", "甲一", "王小二", "三中", ""]]
    pd.DataFrame(rows, columns=HEADINGS).to_excel(wave / "名册.xlsx", index=False)
    assert "王小二" not in {word for _, word in table(write_settings(wave))}


def test_a_mapping_is_obeyed_and_its_heading_in_no_file_is_told(wave: Path) -> None:
    told = "困难职工类形: workers.hardship_level"
    lines = [told, "致困原由: workers.cause", "自报特长与手艺: workers.cause"]
    content = "".join(f"  {line}\n" for line in [*lines, "困难类别: ignore"])
    (wave / "mapping.yaml").write_text("headings:\n" + content, encoding="utf-8")
    frames = clean_wave(wave)
    told = frames["issues"].loc[frames["issues"]["problem"].eq("mapping_unused"), "raw"]
    assert told.tolist() == ["困难职工类形"]
    assert frames["workers"]["hardship_level"].isna().all()
    assert not frames["issues"]["problem"].eq("heading_unmatched").any()


def add_questionnaire(wave: Path) -> None:
    """Twenty replies, those numbered 3 and 6 given in a hurry."""
    rows = [[i, "20秒" if i in (3, 6) else f"{i + 200}秒", "男女"[i % 2]] for i in range(1, 21)]
    asked = pd.DataFrame(rows, columns=["序号", "所用时间", "1、您的性别"])
    asked.to_excel(wave / "12_按文本_问卷_20_20.xlsx", index=False)


def test_doubtful_replies_and_the_release_are_chosen_from_lists(wave: Path) -> None:
    add_questionnaire(wave)
    path = write_settings(wave)
    assert {word for kind, word in table(path) if kind == "答卷"} == {"3", "6"}
    assert options(path, "3") == ["保留", "剔除"] and options(path, "报告给谁看") == ["内部", "对外"]
    assert len(set(clean_wave(wave)["responses"]["respondent_id"])) == 20, "nothing chosen, nothing dropped"
    choose(path, {"3": "剔除", "6": "保留", "报告给谁看": "对外"})
    assert {*map(str, range(1, 21))} - {*clean_wave(wave)["responses"]["respondent_id"]} == {"3"}
    assert (wave_policy(wave).name, wave_policy(wave).threshold) == ("outside", 10)
    again = write_settings(wave)
    assert table(again)["答卷", "3"][4] == "剔除" and options(again, "3") == ["保留", "剔除"]


def test_yaml_beside_the_book_adds_to_it_and_must_not_say_otherwise(wave: Path) -> None:
    add_questionnaire(wave)
    choose(write_settings(wave), {"3": "剔除", "报告给谁看": "内部"})
    line = '{respondent_id: "%s", reason: too_fast, decision: %s}'
    screening = wave / "screening.yaml"
    screening.write_text(f"decisions: [{line % (6, 'drop')}]", encoding="utf-8")
    assert not {"3", "6"} & set(clean_wave(wave)["responses"]["respondent_id"])
    screening.write_text(f"decisions: [{line % (3, 'keep')}]", encoding="utf-8")
    with pytest.raises(CodebookError, match=r"设置\.xlsx .*E\d+：答卷 3 .*screening\.yaml 中写的是 keep"):
        clean_wave(wave)
    (wave / "release.yaml").write_text("threshold: 6\n", encoding="utf-8")
    assert (wave_policy(wave).name, wave_policy(wave).threshold) == ("inside", 6)
    (wave / "release.yaml").write_text("policy: outside\n", encoding="utf-8")
    with pytest.raises(CodebookError, match=r"release\.yaml：policy .* outside，设置\.xlsx .* inside"):
        wave_policy(wave)


def test_the_next_wave_takes_choices_and_lists_along_but_no_decision_on_a_reply(wave: Path) -> None:
    add_questionnaire(wave)
    choose(write_settings(wave), {"3": "剔除", "报告给谁看": "对外", "三中": "第三中学"})
    path = new_wave(wave.parent, "2025") / "设置.xlsx"
    assert ("答卷", "3") not in table(path)
    assert table(path)["单位", "三中"][4] == "第三中学" and options(path, "三中")[-1] == "忽略"
    assert wave_policy(path.parent).name == "outside"


def test_a_questionnaire_that_has_gone_is_told(wave: Path) -> None:
    add_questionnaire(wave)
    choose(write_settings(wave), {"3": "剔除"})
    next(wave.glob("12_*.xlsx")).unlink()
    with pytest.raises(CodebookError, match="“12_按文本_问卷_20_20.xlsx”不是本批次的问卷"):
        clean_wave(wave)
