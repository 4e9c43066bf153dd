"""A wave with a questionnaire: read, given its codebook, screened by what the researcher decides, and
reported.
"""

import shutil
from dataclasses import replace

import docx
import pytest
import xlsxwriter

from bangfu_analysis.errors import CodebookError
from bangfu_analysis.exhibits.questionnaires import replies
from bangfu_analysis.opened import open_wave
from bangfu_analysis.report import report_wave
from bangfu_analysis.study import (
    clean_wave,
    draft_questionnaire,
    questionnaire_book,
    wave_frames,
)

HEADER = [
    "序号",
    "所用时间",
    "1、您的性别",
    "2、需要【多选题】",
    "3、满意度—态度",
    "3、速度",
    "4、知道吗",
    "5、申请过吗",
]
ROW = ["120秒", "男", "讲座┋体检", "满意", "一般", "知道", "是"]
REPLIES = [
    [str(i), *ROW] if i % 3 else [str(i), "9秒", "女", "体检", "一般", "不满意", "不知道", "(跳过)"]
    for i in range(1, 31)
]
FILE = "12_按文本_问卷_30_30.xlsx"


def write(path, hidden=()):
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Sheet1")
        for i, row in enumerate([HEADER, *REPLIES]):
            sheet.write_row(i, 0, row)
        for row in hidden:
            sheet.set_row(row - 1, None, None, {"hidden": True})


@pytest.fixture
def wave(tmp_path):
    folder = tmp_path / "data" / "raw" / "问卷 调查" / "2009"
    folder.mkdir(parents=True)
    (folder / "wave.toml").write_text('reference_date = 2009-06-30\nscope = "某区"\n', encoding="utf-8")
    write(folder / FILE, hidden=[4])
    return folder


def sources_of(frames):
    row = frames["sources"].iloc[0]
    fates = [c for c in frames["sources"] if c.startswith("rows_")]
    assert row["rows"] == row[fates].sum()
    assert (
        row["cells_filled"]
        == row[[c for c in frames["sources"] if c.startswith("cells_") and c != "cells_filled"]].sum()
    )
    return int(row["rows_kept"]), int(row["rows_set_aside"])


def problems(frames):
    return list(zip(frames["issues"]["problem"], frames["issues"]["cell"], strict=True))


def test_hidden_rows_count_and_are_flagged(wave):
    frames = clean_wave(wave)
    assert sources_of(frames) == (30, 0)
    assert ("row_hidden", "A4") in problems(frames)


def test_a_draft_is_written_once_and_laid_over_the_frames(wave):
    path = draft_questionnaire(wave)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"1": "男", "2": "女"', '"5": "男", "9": "女"'), encoding="utf-8")
    assert draft_questionnaire(wave).read_text(encoding="utf-8") != text  # an edited one stays
    answers = wave_frames(wave)["responses"].query("question_id == 'Q1'")
    assert answers.groupby(answers["option"].astype(str))["value"].unique().map(list).to_dict() == {
        "女": [9],
        "男": [5],
    }


def test_decisions_are_replayed_at_every_clean_and_every_row_stays_accounted_for(wave):
    whole = wave_frames(wave)
    settings = "rules: {fastest_seconds: 30}\ndecisions:\n"
    first = '- {respondent_id: "3", reason: too_fast, decision: drop}\n'
    (wave / "screening.yaml").write_text(settings + first, encoding="utf-8")
    fewer = wave_frames(wave)
    assert sources_of(whole) == (30, 0) and sources_of(fewer) == (29, 1)
    assert "3" not in set(fewer["responses"]["respondent_id"])
    assert ("respondent_dropped", "A4") in problems(fewer) and ("too_fast", "A7") in problems(fewer)
    said = fewer["issues"].loc[fewer["issues"]["problem"] == "screened", "message"].tolist()
    assert said == ["问卷共收回 30 份，按筛查决定剔除 1 份，进入统计 29 份。"]
    keep = '- {respondent_id: "6", reason: too_fast, decision: keep}\n'
    (wave / "screening.yaml").write_text(settings + keep, encoding="utf-8")
    again = wave_frames(wave)
    assert sources_of(again) == (30, 0)
    assert ("too_fast", "A7") not in problems(again) and ("too_fast", "A4") in problems(again)


def test_decisions_that_cannot_be_carried_out_stop_the_clean_in_words(wave):
    (wave / "screening.yaml").write_text("rules: {fastest: 30}\n", encoding="utf-8")
    with pytest.raises(
        CodebookError, match="screening.yaml 第 1 行：rules 未知的键 fastest。可用：fastest_seconds"
    ):
        clean_wave(wave)
    (wave / "screening.yaml").write_text("file: 别的.xlsx\n", encoding="utf-8")
    with pytest.raises(CodebookError, match=f"screening.yaml .*file 写的是 .别的.xlsx.，可用：{FILE}"):
        clean_wave(wave)


def test_a_copy_of_the_export_is_counted_once(wave):
    shutil.copy(wave / FILE, wave / "12_按文本_问卷_30_30(1).xlsx")
    frames = clean_wave(wave)
    assert len(set(frames["responses"]["source_file"])) == 1
    assert sorted(frames["sources"]["rows_kept"]) == [0, 30]
    assert "sheet_sent_twice" in set(frames["issues"]["problem"])


def test_the_report_tells_scales_choices_and_funnels_as_the_codebook_names_them(wave):
    text = draft_questionnaire(wave).read_text(encoding="utf-8")
    funnel = 'funnels:\n  帮扶: [["知晓", "Q4", ["知道"]], ["申请", "Q5", ["是"]]]\n'
    scale = "scales:\n  服务: {items: [Q3_1, Q3_2], top: [满意], bottom: [不满意]}\n"
    (wave / "questionnaire.yaml").write_text(text[: text.index("scales:")] + scale + funnel, encoding="utf-8")
    report = report_wave(wave)
    words = "\n".join(p.text for p in docx.Document(str(report.files["报告"])).paragraphs)
    assert "问卷共收回30份，全部有效。“您的性别”一题有30人作答，其中男（20人，占66.7%）" in words
    assert "服务的2个项目中，回答“满意”的占比最高的是态度（66.7%，30人作答）" in words
    assert (
        "“需要【多选题】”一题（可多选）有30人作答，共选50项次，选择最多的依次是体检（30人，占100.0%）、"
        "讲座（20人，占66.7%）"
        in words
    )
    assert "帮扶逐步看，知晓20人（占30人的66.7%）、申请20人（占20人的100.0%）" in words
    headings = [
        p.text for p in docx.Document(str(report.files["报告"])).paragraphs if p.style.name == "Heading 2"
    ]
    assert headings == ["您的性别", "需要【多选题】", "服务", "知道吗", "申请过吗", "帮扶"]
    assert words.startswith("某区“问卷”调查报告") and "根据“问卷”收到的1个文件" in words
    assert list(report.files["图"].glob("survey_*.png"))


def survey_of(wave, **frames):
    """The exhibits of the wave's questionnaire by title, of its frames or of `frames`."""
    opened = open_wave(wave)
    data = replace(opened.data, frames={**opened.data.frames, **frames})
    own = [each for each in opened.recipes() if each.make == "questionnaire"]
    return {each.title: each for each in replace(opened, data=data).released(own)[0]}


def only(frames, respondents):
    return frames["responses"][frames["responses"]["respondent_id"].isin(list(respondents))]


def test_tables_have_both_bases_of_a_multiple_choice_and_hide_small_counts(wave):
    frames = clean_wave(wave)
    found = survey_of(wave)
    assert {"满意度", "需要【多选题】", "您的性别", "知道吗", "申请过吗"} <= set(found)
    table = found["需要【多选题】"].table
    assert table.rows == (("体检", 30, 100.0, 60.0), ("讲座", 20, 66.7, 40.0))
    assert "基数为30人" in table.notes[0]
    starred = survey_of(wave, responses=only(frames, "1245678"))["满意度"].table
    assert "*" in starred.rows[0] and any("为保护个人信息" in note for note in starred.notes)


def test_a_wave_without_a_questionnaire_has_no_such_section(wave):
    (wave / FILE).unlink()
    (wave / "名册.csv").write_text("姓名,性别\n甲某某,男\n", encoding="utf-8")
    assert survey_of(wave) == {}


def test_replies_set_aside_are_told(wave):
    (wave / "screening.yaml").write_text(
        'decisions: [{respondent_id: "3", reason: 试填, decision: drop}]', encoding="utf-8"
    )
    frames = clean_wave(wave)
    assert replies(frames["sources"]) == "问卷共收回30份，剔除1份，有效29份。"
    assert list(questionnaire_book(wave, frames).scales) == ["Q3"]


def test_a_rare_option_is_folded_and_the_other_questions_stay(tmp_path):
    folder = tmp_path / "调查" / "2009"
    folder.mkdir(parents=True)
    (folder / "wave.toml").write_text("reference_date = 2009-06-30\n", encoding="utf-8")
    wants = [f"2、需要什么？（多选题）—{one}" for one in ("医疗", "生活", "助学", "法律")]
    heads = ["编号", "1、您的性别", *wants]
    with xlsxwriter.Workbook(folder / "12_按序号_问卷_200_200.xlsx") as book:
        sheet = book.add_worksheet("Sheet1")
        sheet.write_row(0, 0, heads)
        for i in range(200):
            row = [i + 1, "男" if i % 2 else "女", i % 2, int(i % 3 > 0), int(i % 5 > 0), int(i < 3)]
            sheet.write_row(i + 1, 0, row)
    told = {each.title: each for each in open_wave(folder).exhibits()}
    assert "男（100人，占50.0%）" in told["您的性别"].text
    wanted = told["需要什么？（多选题）"]
    assert "∪" not in wanted.text and "助学（160人" in wanted.text
    assert [row[0] for row in wanted.table.texts()] == ["助学", "生活", "其他（合并）", "未详"]
