"""The exhibit: one protected frame as table, words, chart and file; a study adds its own without code."""

import datetime
import io
import zipfile
from functools import partial

import docx
import openpyxl
import pandas as pd
import pptx
import pytest
from docx.oxml.ns import qn
from docx.table import Table

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import ArgumentError, CallError
from bangfu_analysis.exhibits.data import WaveData
from bangfu_analysis.exhibits.exhibit import as_exhibit
from bangfu_analysis.opened import OpenWave
from bangfu_analysis.release.policy import load_policy
from bangfu_analysis.study import read_workbook
from bangfu_analysis.tidy.schemas import FRAME_COLUMNS, typed
from bangfu_analysis.tidy.waves import stack_waves
from bangfu_analysis.wave import Wave

CODEBOOK = load_codebook()
N = 60


@pytest.fixture
def now(tmp_path):
    folder = tmp_path / "调查" / "2009"
    folder.mkdir(parents=True)
    people = pd.DataFrame(
        {
            "wave": "2009", "source_file": "a.csv", "source_sheet": "", "source_row": range(2, N + 2),
            "person_id": [f"p{i:016x}" for i in range(N)], "id_basis": "row",
            "sex": ["male", "female", "female"] * (N // 3), "age": [30, 45, 55, 62] * (N // 4),
            "education": ["primary", "bachelor"] * (N // 2), "employer": ["甲厂"] * (N - 3) + ["乙站"] * 3,
            "district": ["共乐街道", "顾乡街道", "共乐街道"] * (N // 3), "hardship_scheme": "s2000",
            "hardship_level": ["extreme", "general", "general", "general", "extreme"] * (N // 5),
            "cause_main": ["illness", "schooling", "illness_self"] * (N // 3),
        }
    )
    frames = {name: typed(pd.DataFrame(), name, CODEBOOK) for name in [*FRAME_COLUMNS, "issues", "sources"]}
    frames["workers"] = typed(people, "workers", CODEBOOK)
    causes = people[["wave", "person_id", "source_file", "source_sheet", "source_row"]]
    frames["causes"] = typed(causes.assign(cause=people["cause_main"], rank=1), "causes", CODEBOOK)
    wave = Wave(folder, datetime.date(2009, 6, 30), scope="道里区")
    stacked = partial(stack_waves, {"2009": frames}, [wave], CODEBOOK)
    return OpenWave(WaveData(wave, CODEBOOK, frames, stacked), load_policy())


def test_table_words_and_chart_come_from_the_same_protected_frame(now):
    exhibit = now.count("unit")
    hidden = exhibit.frame["suppressed"]
    assert hidden.any() and exhibit.frame.loc[hidden, "n"].isna().all()
    assert "*" in [cell for row in exhibit.table.rows for cell in row]
    assert "乙站3人" not in exhibit.text and "3人" not in exhibit.text.replace("33人", "").replace("53人", "")
    drawn = [text.get_text() for axes in exhibit.chart().axes for text in axes.texts]
    assert "*" in drawn


def test_causes_within_age_are_a_table_a_chart_and_a_slide_in_three_lines(now, tmp_path):
    exhibit = now.causes(by="age_ten_year", mention="main")
    assert exhibit.chart().axes
    slide = pptx.Presentation(str(exhibit.save(tmp_path / "原因.pptx"))).slides[0]
    assert any(shape.has_chart for shape in slide.shapes)
    assert exhibit.title in [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]


@pytest.mark.parametrize("suffix", ["xlsx", "docx", "html", "csv", "md", "png", "svg", "pdf"])
def test_it_is_saved_as_the_suffix_says_and_the_same_twice(now, tmp_path, suffix):
    exhibit = now.count("education_band", within="hardship_level", title="文化程度")
    first, second = (exhibit.save(tmp_path / f"{n}.{suffix}").read_bytes() for n in "ab")
    assert len(first) > 200 and (first == second or suffix == "pdf")


def test_word_and_workbook_hold_the_numbers_of_the_table(now, tmp_path):
    exhibit = now.count("education_band", title="文化程度")
    document = docx.Document(str(exhibit.save(tmp_path / "a.docx")))
    word = Table(next(document.element.body.iter(qn("w:tbl"))), document)  # inside a content control
    assert [[c.text for c in row.cells] for row in word.rows][1:] == exhibit.table.texts()
    sheet = openpyxl.load_workbook(exhibit.save(tmp_path / "a.xlsx")).worksheets[-1]
    assert {cell.value for row in sheet.iter_rows() for cell in row} >= {30, 50.0, "初中以下"}
    svg = exhibit.save(tmp_path / "a.svg").read_text(encoding="utf-8")
    assert "<text" in svg and "大专以上" in svg


def test_what_is_saved_is_added_to_the_release_and_bare_names_go_to_the_figures(now):
    path = now.count("sex").save("性别.csv")
    assert path.parent.name == "figures"
    record = (path.parent.parent / "release.json").read_text(encoding="utf-8")
    assert '"sex"' in record and '"n": 40' in record


def test_an_unknown_column_suffix_or_exhibit_suggests_the_nearest(now, tmp_path):
    with pytest.raises(KeyError, match="education_band"):
        now.count("education_bnad")
    with pytest.raises(ArgumentError, match=r"\.xlsx"):
        now.count("sex").save(tmp_path / "a.xslx")
    with pytest.raises(CallError, match="是否想写 level"):
        now.exhibit("levle")


def test_what_a_wave_lacks_is_said_in_a_sentence(now):
    lacking = now.exhibit("flow_accounts")
    assert "只有 2009 一个批次" in lacking.text and lacking.frame.empty
    assert "只有 2009 一个批次" in lacking._repr_html_()
    assert lacking.chart() is not None


def test_four_lines_of_yaml_add_a_table_to_the_report(now):
    row = "- {id: street, section: causes, make: causes, mention: main,\n"
    row += "   by: district, draw: heatmap,\n   text: by_group, title: 各街道的原因}\n"
    (now.settings.folder.parent / "exhibits.yaml").write_text(row, encoding="utf-8")
    street = now.exhibit("street")
    assert street.title == "各街道的原因"
    assert "共乐街道 人数" in street.table.columns
    assert street.chart().axes


def test_labels_are_english_on_demand(now):
    table = now.count("sex").in_language("en").table
    assert table.columns[0] == "sex" and "Total" in [row[0] for row in table.rows]


def test_a_frame_with_an_unregistered_number_is_refused_by_name():
    with pytest.raises(ArgumentError, match="odd"):
        as_exhibit(pd.DataFrame({"sex": ["male"], "odd": [0.5]}), CODEBOOK)


def test_one_file_is_read_without_settings(tmp_path):
    rows = "".join(f"甲某{n},男,99010219600101{101 + 2 * n:03d}X,初中\n" for n in range(3))
    (tmp_path / "名册.csv").write_text("姓名,性别,身份证号,文化程度\n" + rows, encoding="utf-8")
    frames = read_workbook(str(tmp_path / "名册.csv"), reference_date="2009-06-30")
    assert frames["workers"]["education_band"].tolist() == ["junior_secondary_or_less"] * 3


def test_no_part_of_a_document_names_a_hidden_number(now, tmp_path):
    content = now.count("unit", title="单位").save(tmp_path / "a.pptx").read_bytes()
    parts = zipfile.ZipFile(io.BytesIO(content))
    assert not any(b">5.0<" in parts.read(name) for name in parts.namelist())  # 3 of 60
