"""The report of the sample study, opened: the published figures, and what follows when workers are taken out.
"""

from pathlib import Path

import docx
import openpyxl
import pandas as pd
import pytest

from bangfu_analysis.checking.report import check_report
from bangfu_analysis.errors import CallError
from bangfu_analysis.exhibits.body import body
from bangfu_analysis.report import as_pdf, report_wave
from bangfu_analysis.wave import places

pytestmark = pytest.mark.xdist_group("demo")

ROOT = Path(__file__).parents[1]
CSV = "机关事业工会导出.csv"
TAKEN = 20
BANDS = {
    "初中以下": ["illiterate", "primary", "junior_secondary"],
    "高中": ["vocational_secondary", "senior_secondary"],
    "大专以上": ["junior_college", "bachelor", "postgraduate"],
}


WRITTEN, ADDED, KEPT = "坚持一人一档，逐户走访。", "与往年相近。", set()


@pytest.fixture(scope="module")
def report(daoli_report):
    return daoli_report


def write_into(path, section, text):
    """What a researcher does in Word: put text into the control of a section that is left to write."""
    document = docx.Document(str(path))
    document.element.body.xpath(f".//w:sdt[w:sdtPr/w:tag/@w:val='{section}']//w:t")[0].text = text
    document.save(str(path))


@pytest.fixture(scope="module")
def fewer(tmp_path_factory, own_project):
    """The report after a section was written and TAKEN workers, who stand nowhere else, were cut out of a raw
    file.

    With the people who stay.
    """
    wave = own_project(tmp_path_factory.mktemp("少 二十"))
    document = places(wave).report / "report.docx"
    write_into(document, "measures", WRITTEN)
    opened = docx.Document(str(document))
    next(p for p in opened.paragraphs if p.text.startswith("2008年至2009年，")).add_run(ADDED)
    opened.save(str(document))
    truth = pd.read_parquet(ROOT / "tests" / "truth" / "daoli_2009.parquet")
    # The same list lies there twice: its second sending goes, so that the cut can be seen.
    copies = [path for path in wave.glob("*.csv") if path.name != CSV]
    for copy in copies:
        copy.unlink()
    names = {path.name for path in copies}
    own = truth[(truth["fate"] == "counted") & truth["file"].isin({CSV, *names})]
    alone = own[own["also"].map(
        lambda also: {a.split("|")[0] for a in also.split(";") if a} <= {CSV, *names}
    )]
    starts = set(truth.loc[truth["file"].isin({CSV, *names}), "row"])
    taken = alone[alone["row"].add(1).isin(starts)].head(TAKEN)  # records on one line only
    lines = (wave / CSV).read_bytes().split(b"\n")
    cut = {int(row) - 1 for row in taken["row"]}
    (wave / CSV).write_bytes(b"\n".join(line for number, line in enumerate(lines) if number not in cut))
    people = truth[(truth["fate"] == "counted") & ~truth["person_no"].isin(taken["person_no"])]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("bangfu_analysis.report.body", lambda *shown, kept, **more: KEPT.update(kept) or body(
            *shown, kept=kept, **more
        ))
        return report_wave(wave), people


def words_of(report):
    return "\n".join(paragraph.text for paragraph in docx.Document(str(report.files["报告"])).paragraphs)


def tables_of(report):
    """First column -> first number, for every table of the Word report."""
    found = []
    for table in docx.Document(str(report.files["报告"])).tables:
        rows = [[cell.text for cell in row.cells] for row in table.rows]
        found.append({row[0].replace(" ", ""): row[1] for row in rows})
    return found


def test_the_report_says_the_published_figures_of_2009(report):
    words = words_of(report)
    for figure in ("33724人", "困难职工3456人", "特困1058人", "男50岁以下612人", "男50岁以上140人",
                   "女40岁以上196人",
                   "女40岁以下110人", "初中以下692人", "高中345人", "大专以上21人"):  # fmt: skip
        assert figure in words, figure
    assert "占10.2%" in words
    assert "65.4%、32.6%、2.0%" in words
    for heading in (
        "基本情况", "致困原因", "变化趋势", "主要做法及成效", "存在的主要问题", "对策建议", "数据质量"
    ):
        assert heading in words
    assert "虚构" in words


def test_the_report_says_nothing_that_contradicts_itself(report):
    checked = check_report(report.files["报告"])
    assert checked.faults.values.tolist() == []
    assert checked.checked_n > checked.read_n / 3  # most tables are in the annex


def test_tables_and_workbook_hold_the_same_figures(report):
    assert any(t.get("江畔橡胶厂") == "215" for t in tables_of(report))
    book = openpyxl.load_workbook(report.files["附表"])
    numbers = {cell.value for s in book for r in s.iter_rows() for cell in r if isinstance(cell.value, int)}
    assert {3456, 33724, 1058, 2398, 215, 612, 140, 196, 110, 692, 345, 21} <= numbers


def test_every_figure_is_there_as_png_and_svg(report):
    pngs = sorted(path.stem for path in report.files["图"].glob("*.png"))
    assert len(pngs) >= 6  # a figure that says no more than its sentence is not drawn
    assert pngs == sorted(path.stem for path in report.files["图"].glob("*.svg"))
    pictures = [
        r for r in docx.Document(str(report.files["报告"])).part.rels.values() if "image" in r.reltype
    ]
    assert len(pictures) == len(pngs)


def test_taking_workers_out_of_a_raw_file_moves_every_figure(report, fewer):
    smaller, people = fewer
    assert len(people) == 3456 - TAKEN
    words = words_of(smaller)
    worst = people[people["level"] == "extreme"]
    assert f"困难职工{len(people)}人" in words
    assert f"特困{len(worst)}人、困难{len(people) - len(worst)}人" in words
    for label, codes in BANDS.items():
        assert f"{label}{worst['education'].isin(codes).sum()}人" in words
    men, age = worst["sex"] == "male", worst["age"]
    cells = {
        "男50岁以下": men & (age < 50),
        "男50岁以上": men & (age >= 50),
        "女40岁以上": ~men & (age >= 40),
        "女40岁以下": ~men & (age < 40),
    }
    for label, inside in cells.items():
        assert f"{label}{inside.sum()}人" in words
    assert f"2009年困难职工{len(people)}人" in words
    old, new = (r.files["附表"].read_bytes() for r in (report, smaller))
    assert old != new
    by_unit = (
        smaller.frames["workers"]
        .assign(unit=lambda w: w["employer"].fillna(w["reporting_unit"]))["unit"]
        .value_counts()
    )
    table = next(t for t in tables_of(smaller) if by_unit.index[0] in t)
    assert {unit: int(table[unit]) for unit in by_unit.index} == by_unit.to_dict()


def test_what_the_researcher_wrote_stays_when_the_numbers_are_refreshed(fewer):
    smaller, _ = fewer
    assert WRITTEN in docx.Document(str(smaller.files["报告"])).element.body.xml
    assert WRITTEN in smaller.files["网页"].read_text(encoding="utf-8")
    assert ADDED in words_of(smaller)
    assert {"flow_accounts"} == KEPT  # an exhibit whose words were edited stays in the body


def test_a_pdf_without_libreoffice_is_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr("bangfu_analysis.report.OFFICE", ("no-such-office",))
    with pytest.raises(CallError, match="没有找到 LibreOffice.*Word、WPS 中另存为 PDF"):
        as_pdf(tmp_path / "report.docx")
