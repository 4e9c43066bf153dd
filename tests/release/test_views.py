"""Whatever an exhibit is shown as says what release.json says, and nothing of what is hidden.

Twins: two waves that differ in hidden numbers alone. Each view of both must be the same bytes, so that no
embedded workbook, chart cache, attribute, alternative text or sentence can hold a hidden number.
"""

import datetime
import io
import json
import re
from functools import partial

import docx
import openpyxl
import pandas as pd
import pptx
import pytest
from docx.oxml.ns import qn
from docx.table import Table
from pandas.testing import assert_frame_equal

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.exhibits.data import WaveData
from bangfu_analysis.opened import OpenWave, open_wave
from bangfu_analysis.release.cells import rows_of
from bangfu_analysis.release.policy import load_policy
from bangfu_analysis.tidy.schemas import FRAME_COLUMNS, typed
from bangfu_analysis.tidy.waves import stack_waves
from bangfu_analysis.wave import Wave

CODEBOOK = load_codebook()
SUFFIXES = ["docx", "xlsx", "pptx", "html", "svg", "csv", "md", "png"]
UNITS, WORKERS = ["甲厂", "乙厂", "丙站"], [400, 300, 40]
QUESTIONS = {
    "count": lambda wave: wave.count("unit"),
    "within": lambda wave: wave.count("unit", within="sex"),
    "causes": lambda wave: wave.causes("unit", mention="main"),
}


def wave_of(folder, few):
    """A wave of 乙厂 and 丙站 with 23 people, `few` of them of 丙站, beside 40 of 甲厂."""
    folder = folder / "调查" / "2009"
    folder.mkdir(parents=True)
    sizes = [40, 23 - few, few]
    size = sum(sizes)
    people = pd.DataFrame(
        {
            "wave": "2009", "source_file": "a.csv", "source_sheet": "", "source_row": range(2, size + 2),
            "person_id": [f"p{i:016x}" for i in range(size)], "id_basis": "row",
            "employer": [unit for unit, n in zip(UNITS, sizes, strict=True) for _ in range(n)],
            "sex": ["male" if i % 2 or i >= 45 else "female" for i in range(size)], "age": 45,
            "hardship_scheme": "s2000", "hardship_level": "general", "income_per_capita_monthly": 300,
            "cause_main": ["illness" if i % 2 else "schooling" for i in range(40)] + ["illness"] * 23,
        }
    )
    frames = {name: typed(pd.DataFrame(), name, CODEBOOK) for name in [*FRAME_COLUMNS, "issues", "sources"]}
    frames["workers"] = typed(people, "workers", CODEBOOK)
    shared = people[["wave", "person_id", "source_file", "source_sheet", "source_row"]]
    frames["causes"] = typed(shared.assign(cause=people["cause_main"], rank=1), "causes", CODEBOOK)
    known = pd.DataFrame({"wave": "2009", "unit": UNITS, "n": WORKERS})
    frames["population"] = typed(known, "population", CODEBOOK)
    wave = Wave(folder, datetime.date(2009, 6, 30), scope="道里区")
    stacked = partial(stack_waves, {"2009": frames}, [wave], CODEBOOK)
    return OpenWave(WaveData(wave, CODEBOOK, frames, stacked), load_policy())


def assert_twins_show_the_same(folder, name, suffixes):
    one, other = (wave_of(folder / str(few), few) for few in (3, 4))
    first, second = (QUESTIONS[name](wave) for wave in (one, other))
    assert first.frame["suppressed"].any()
    assert_frame_equal(first.frame, second.frame)
    assert (first.text, first._repr_html_(), first.table) == (second.text, second._repr_html_(), second.table)
    for suffix in suffixes:
        saved = [each.save(folder / f"{at}.{suffix}").read_bytes() for at, each in enumerate((first, second))]
        assert saved[0] == saved[1], suffix
    records = [(wave.places.report / "release.json").read_bytes() for wave in (one, other)]
    assert records[0] == records[1]


def test_no_view_of_a_count_holds_a_hidden_number(tmp_path):
    assert_twins_show_the_same(tmp_path, "count", ["docx", "pptx", "svg"])


@pytest.mark.slow
@pytest.mark.parametrize("name", [*QUESTIONS])
def test_no_view_of_any_exhibit_holds_a_hidden_number(tmp_path, name):
    assert_twins_show_the_same(tmp_path, name, SUFFIXES)


def test_the_place_of_a_hidden_row_does_not_tell_its_size(tmp_path):
    orders = [wave_of(tmp_path / str(few), few).rate("unit").frame["unit"].tolist() for few in (3, 4)]
    assert orders == [["甲厂", "乙厂", "丙站"]] * 2  # 3 or 4 of 40 lie on either side of 40 of 400


def test_every_view_prints_what_the_release_says(tmp_path):
    wave = wave_of(tmp_path, 3)
    exhibit = wave.count("unit")
    files = {suffix: exhibit.save(tmp_path / f"表.{suffix}") for suffix in SUFFIXES}
    counts = json.loads((wave.places.report / "release.json").read_text(encoding="utf-8"))["counts"]
    told = {count["where"]["unit"]: count["n"] for count in counts if [*count["where"]] == ["unit"]}
    said = {unit: "*" if n is None else str(n) for unit, n in told.items() if unit}
    assert said == {"甲厂": "40", "乙厂": "*", "丙站": "*"}
    document = docx.Document(str(files["docx"]))
    table = Table(next(document.element.body.iter(qn("w:tbl"))), document)  # inside a content control
    word = [[cell.text for cell in row.cells] for row in table.rows]
    sheet = [[str(c.value) for c in row] for row in openpyxl.load_workbook(files["xlsx"]).worksheets[-1].rows]
    page = files["html"].read_text(encoding="utf-8")
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr[^>]*>(.*?)</tr>", page)]
    for table in (word, sheet, rows):
        assert {row[0]: row[1] for row in table if row and row[0] in said} == said
    drawn = re.findall(r"<text[^>]*>([^<]*)</text>", files["svg"].read_text(encoding="utf-8"))
    assert drawn.count("*") == 2 and any("40" in text for text in drawn)
    slide = pptx.Presentation(str(files["pptx"])).slides[0]
    chart = next(shape.chart for shape in slide.shapes if shape.has_chart)
    book = openpyxl.load_workbook(io.BytesIO(chart.part.chart_workbook.xlsx_part.blob))
    held = {row[0]: row[1:] for row in book.worksheets[0].iter_rows(values_only=True)}
    assert [held[unit] for unit in ("乙厂", "丙站")] == [(None,), (None,)] and held["甲厂"][0]


def grids_of(document):
    """The tables of a document, also those inside controls, as texts."""
    found = (Table(each, document) for each in document.element.body.iter(qn("w:tbl")))
    return [[[cell.text for cell in row.cells] for row in table.rows] for table in found]


def paragraphs_of(document):
    return ["".join(t.text or "" for t in p.iter(qn("w:t"))) for p in document.element.body.iter(qn("w:p"))]


def numbers_of(record):
    """Whatever number of people or households a release.json names."""
    return {each["n"] for each in (*record["counts"], *record["denominators"])} - {None}


def counts_in(texts):
    """The numbers of people or households that texts say."""
    return {int(n) for text in texts for n in re.findall(r"(?<![\d.至在])(\d+)(?=[人户名])", text)}


def without_tags(path, instead=""):
    return re.sub(r"<[^>]+>", instead, path.read_text(encoding="utf-8"))


def words_of_slides(path):
    for slide in pptx.Presentation(str(path)).slides:
        yield from (shape.text_frame.text for shape in slide.shapes if shape.has_text_frame)
        tables = [shape.table for shape in slide.shapes if shape.has_table]
        yield from (cell.text for table in tables for row in table.rows for cell in row.cells)
        yield slide.notes_slide.notes_text_frame.text if slide.has_notes_slide else ""


@pytest.mark.xdist_group("demo")
def test_page_slides_figures_and_workbook_of_a_report_count_what_its_release_does(daoli_report):
    files = daoli_report.files
    known = numbers_of(json.loads(files["发布记录"].read_text(encoding="utf-8")))
    drawn = [without_tags(path, " ") for path in files["图"].glob("*.svg")]
    bases = {int(n) for text in drawn for n in re.findall(r"n ?= ?(\d+)", text)}
    page, slides = without_tags(files["网页"]), words_of_slides(files["幻灯"])
    views = [counts_in([page]), counts_in(slides), counts_in(drawn)]
    people = set()
    for sheet in openpyxl.load_workbook(files["附表"]):
        heads = ()
        for row in sheet.iter_rows(values_only=True):
            heads = row if "人数" in row else heads
            counted = (n for head, n in zip(heads, row, strict=False) if head == "人数")
            people |= {n for n in counted if isinstance(n, int)}
    assert [len(found) > 15 for found in (*views, people)] == [True] * 4 and bases
    assert [found - known for found in (*views, bases, people)] == [set()] * 5


@pytest.mark.xdist_group("demo")
def test_every_count_in_the_words_of_a_report_stands_in_its_release(daoli_report):
    record = json.loads(daoli_report.files["发布记录"].read_text(encoding="utf-8"))
    said = paragraphs_of(docx.Document(str(daoli_report.files["报告"])))
    found = counts_in(said)
    assert len(found) > 80 and found <= numbers_of(record)


@pytest.mark.xdist_group("demo")
def test_every_row_of_a_report_is_shown_where_its_release_has_a_number(daoli_report, daoli):
    record = json.loads(daoli_report.files["发布记录"].read_text(encoding="utf-8"))
    known = {(each["population"], frozenset(each["where"].items())): each["n"] for each in record["counts"]}
    every = [cut for each in open_wave(daoli / "2009").exhibits() for cut in each.cuts]
    cuts = [cut for cut in every if not cut.measured and "n" in cut.frame and "step" not in cut.frame]
    rows = [(row.n, n) for cut in cuts for row, n in zip(rows_of(cut), cut.frame["n"].tolist(), strict=True)]
    told = {(*cell[:2], None if pd.isna(n) else n) for cell, n in rows if cell[:2] in known}
    assert len(told) > 500 and [each for each in told if known[each[:2]] != each[2]] == []
