"""Empty workbooks for units: what they ask, and that what comes back filled is read by the same cleaner."""

import datetime

import openpyxl
import pandas as pd
import pytest

from bangfu_analysis.cleaning.identity import check_character
from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import CodebookError
from bangfu_analysis.pages.templates import NOTES, template_columns, write_templates
from bangfu_analysis.study import clean_wave
from bangfu_analysis.tidy.schemas import ledgers

CODEBOOK = load_codebook()
ROWS = 9
SCHEME = "s2000"
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫"


def id_number(n, born):
    body = f"990102{born:%Y%m%d}{101 + 2 * n:03d}"
    return body + check_character(body)


def birthday(n):
    return datetime.date(1960 + n, 5, 1 + n)


def levels_of(variable):
    return [level for level in variable.levels if level.scheme in ("", SCHEME)]


def filled(variable, n):
    """What row `n` says in a column of `variable`, and what the frame should hold."""
    levels = [level for level in levels_of(variable) if (variable.name, level.code) != ("relation", "head")]
    if variable.name == "sex":
        return "男", "male"
    if variable.kind in ("choice", "choices"):
        return levels[n % len(levels)].label, levels[n % len(levels)].code
    if variable.name == "birth_date":
        return birthday(n), birthday(n)
    answers = {
        "yes_no": ("是", True) if n % 2 else ("否", False),
        "count": (n % 8 + 1, n % 8 + 1),
        "age": (30 + n, 30 + n),
        "number": (40.5 + n, 40.5 + n),
        "money": (300 + n, 300 + n),
        "date": (datetime.date(2009, 1, 1 + n),) * 2,
        "name": (f"{SURNAMES[n]}某甲", None),
        "id_number": (id_number(n, birthday(n)), None),
        "private": (f"{SURNAMES[n]}某乙", None),
        "unit": (f"第{n}工会",) * 2,
        "text": (f"第{n}项",) * 2,
        "row_number": (n + 1, None),
    }
    return answers[variable.kind]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write_templates(CODEBOOK, tmp_path_factory.mktemp("空 白 表"))


@pytest.fixture(scope="module")
def wave(written, tmp_path_factory):
    """A wave of all templates, each filled with ROWS rows."""
    folder = tmp_path_factory.mktemp("调查") / "2009"
    folder.mkdir()
    (folder / "wave.toml").write_text(f'reference_date = 2009-06-30\nscheme = "{SCHEME}"\n', encoding="utf-8")
    for name, path in zip(CODEBOOK.templates, written, strict=True):
        book = openpyxl.load_workbook(path)
        for n in range(ROWS):
            for place, asked in enumerate(template_columns(CODEBOOK, name), start=1):
                cell = book.worksheets[0].cell(4 + n, place)
                cell.value = filled(asked.variable, n)[0]
        book.save(folder / path.name)
    return clean_wave(folder)


def test_every_heading_is_one_of_the_codebook(wave):
    assert not wave["issues"]["problem"].str.contains("unmatched|unknown_value|unknown_code").any()
    sources = wave["sources"]
    assert sorted(sources["kind"].value_counts().items()) == sorted(
        {
            **pd.Series([t["kind"] for t in CODEBOOK.templates.values()]).value_counts(),
            "notes": len(CODEBOOK.templates),
        }.items()
    )
    assert (sources.loc[sources["kind"].ne("notes"), "rows_kept"] == ROWS).all()


@pytest.mark.parametrize("name", [n for n, t in CODEBOOK.templates.items() if t["kind"] in ledgers(CODEBOOK)])
def test_what_was_filled_in_comes_back_in_its_frame(wave, name):
    entry, columns = CODEBOOK.templates[name], template_columns(CODEBOOK, name)
    frame = wave[CODEBOOK.kinds[entry["kind"]]["frame"]]
    own = frame[frame["source_file"] == f"{entry['title']}.xlsx"].reset_index(drop=True)
    assert len(own) == ROWS
    for asked in columns:
        wanted = [filled(asked.variable, n)[1] for n in range(ROWS)]
        if asked.variable.name in own and wanted[0] is not None:
            found = own[asked.variable.name]
            values = found.dt.date if asked.variable.kind == "date" else found
            assert values.tolist() == wanted, asked.heading


def test_people_are_linked_and_named_nowhere(wave):
    known = {*wave["workers"]["person_id"], *wave["exits"]["person_id"]}
    assert len(known) == ROWS
    assert {*wave["members"]["person_id"]} <= known
    for frame in ("aid", "pairs", "episodes", "dibao", "startups"):
        assert {*wave[frame]["person_id"]} == known, frame
    text = pd.Series([v for f in wave.values() for c in f.select_dtypes("str") for v in f[c].dropna()])
    assert not text.str.contains("某甲|某乙|9901").any()


def test_lists_ranges_and_instructions_stand_beside_the_table(written):
    by_title = {path.stem: openpyxl.load_workbook(path) for path in written}
    sheet, notes = by_title["困难职工帮扶台账"].worksheets
    assert (
        sheet["A1"].value == "困难职工帮扶台账" and "填报单位：" in sheet["A2"].value and notes.title == NOTES
    )
    rules = {str(rule.sqref).split(":")[0]: rule for rule in sheet.data_validations.dataValidation}
    headings = {cell.value: cell.column_letter for cell in sheet[3]}
    assert rules[f"{headings['计数单位']}4"].formula1 == '"人,户,人次,对,个单位,处,个岗位,次,例,项,份,元"'
    assert rules[f"{headings['数量']}4"].type == "whole"
    long = by_title["困难职工花名册"]
    place = next(c.column_letter for c in long.worksheets[0][3] if c.value == "致困原因")
    assert f"{place}4" not in {
        str(r.sqref).split(":")[0] for r in long.worksheets[0].data_validations.dataValidation
    }
    said = "\n".join(str(row[0].value) for row in notes.iter_rows() if row[0].value)
    assert "“帮扶金额（元）”" in said and "不能相加" in said


def test_the_same_codebook_gives_the_same_bytes(written, tmp_path):
    assert [p.read_bytes() for p in write_templates(CODEBOOK, tmp_path)] == [p.read_bytes() for p in written]


def test_a_template_that_is_not_known_is_named():
    with pytest.raises(CodebookError, match="没有 salary.*roster"):
        template_columns(CODEBOOK, "salary")
