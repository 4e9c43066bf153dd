"""The published figures that the sample studies hold (truth/facts.yaml), looked for in frames, report.docx
and tables.xlsx.
"""

import re
from functools import cache
from pathlib import Path

import docx
import openpyxl
import pytest
import yaml

from bangfu_analysis.analysis.mechanisms import selected
from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.report import report_wave
from bangfu_analysis.tidy.derive import add_bands
from tools.sample import SEED
from tools.sample.jilin import HEADINGS, roster_rows, write_jilin

pytestmark = pytest.mark.xdist_group("demo")

FACTS = yaml.safe_load((Path(__file__).parent / "truth" / "facts.yaml").read_text(encoding="utf-8"))


def in_frames(frames, fact):
    """The number that the frames hold for a fact."""
    rows = frames[fact["frame"]]
    rows = selected(
        add_bands(rows, load_codebook()) if fact["frame"] == "workers" else rows, fact.get("where")
    )
    if "sum" in fact:
        return rows[fact["sum"]].sum() / (rows[fact["per"]].sum() if "per" in fact else 1)
    return rows[fact["distinct"]].nunique() if "distinct" in fact else len(rows)


@cache
def read_word(path):
    return "\n".join(paragraph.text for paragraph in docx.Document(str(path)).paragraphs)


@cache
def read_book(path):
    return openpyxl.load_workbook(path)


def is_said(report, fact):
    """Whether report.docx says the fact's words, no digit before or behind them."""
    words = read_word(report.files["报告"])
    return bool(re.search(rf"(?<![0-9.]){re.escape(fact['said'])}(?![0-9])", words))


def is_tabulated(report, fact):
    """Whether the sheet of tables.xlsx whose title begins as the fact says holds the number, as a number."""
    sheets = [s for s in read_book(report.files["附表"]) if str(s["A1"].value).startswith(fact["table"])]
    return any(cell.value == fact["value"] for sheet in sheets for row in sheet.iter_rows() for cell in row)


@pytest.fixture(scope="module")
def jilin_report(tmp_path_factory):
    """The report of what the bureaus send in sums: the roster of 37,000 is read in the benchmark, not here.
    """
    return report_wave(write_jilin(tmp_path_factory.mktemp("林 业"), seed=SEED, roster=False) / "2009")


@pytest.fixture(scope="module")
def reports(daoli_report, jilin_report):
    return {"daoli": daoli_report, "jilin-forestry": jilin_report}


PUBLISHED = [(study, number) for study in ("daoli", "jilin-forestry") for number in FACTS[study]]


@pytest.mark.parametrize(("study", "number"), PUBLISHED)
def test_the_frames_hold_what_was_published(reports, study, number):
    fact = FACTS[study][number]
    assert in_frames(reports[study].frames, fact) == fact["value"]


@pytest.mark.parametrize(("study", "number"), [(s, n) for s, n in PUBLISHED if "said" in FACTS[s][n]])
def test_the_report_and_the_workbook_say_what_was_published(reports, study, number):
    fact = FACTS[study][number]
    assert is_said(reports[study], fact), fact["said"]
    assert is_tabulated(reports[study], fact), fact["table"]


def test_a_number_that_is_not_published_is_not_found(reports):
    wrong = {**FACTS["daoli"]["F330"], "value": 948, "said": "特困职工948人"}
    assert in_frames(reports["daoli"].frames, wrong) != 948
    assert not is_said(reports["daoli"], wrong) and not is_tabulated(reports["daoli"], wrong)


def test_every_published_figure_of_persons_households_or_yuan_that_is_left_out_has_its_reason():
    stated = [number for study in ("daoli", "jilin-forestry") for number in FACTS[study]]
    left = [number for numbers in FACTS["left_out"].values() for number in numbers]
    assert len({*stated, *left}) == len(stated) + len(left) == 90


def test_every_mechanism_that_the_study_reports_on_has_its_table(jilin_report):
    titles = "".join(str(sheet["A1"].value) for sheet in read_book(jilin_report.files["附表"]))
    assert all(name in titles for name in ("四清", "低保", "救助站", "棚户区"))


def test_nothing_of_it_is_misread(jilin_report):
    # There is no roster here, and the published funds of the union are less than the help it says it paid
    # for.
    assert jilin_report.frames["issues"]["problem"].tolist() == ["aid_above_funds", "total_differs"]
    assert set(jilin_report.frames["sources"]["kind"]) == {
        "units",
        "population",
        "aid",
        "funds",
        "instruments",
        "dibao",
        "stations",
        "activities",
        "startups",
    }


def test_the_roster_is_of_37000_people_with_numbers_of_their_own():
    rows = list(roster_rows(SEED))
    ids = {row[HEADINGS.index("身份证号")] for row in rows}
    assert len(rows) == len(ids) == 37000
    assert all(number.startswith("990203") and len(number) == 18 for number in ids)
    assert next(roster_rows(SEED)) == rows[0]
