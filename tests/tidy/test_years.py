import datetime

import openpyxl
import pytest

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.reading.locate import read_file
from bangfu_analysis.tidy.frames import tidy_frames
from bangfu_analysis.wave import Wave

HEAD = ["姓名", "性别", "出生日期", "文化程度", "困难类别"]


def frames_of_sheets(tmp_path, names):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for i, name in enumerate(names):
        sheet = book.create_sheet(name)
        sheet.append(HEAD)
        sheet.append([f"某{i}", "男", f"196{i}-01-02", "初中", "特困"])
    (tmp_path / "2009").mkdir()
    book.save(tmp_path / "2009" / "名册.xlsx")
    wave = Wave(tmp_path / "2009", datetime.date(2009, 6, 30), scheme="s2000")
    codebook = load_codebook()
    return tidy_frames(read_file(wave.folder / "名册.xlsx", "名册.xlsx", codebook), codebook, wave, b"k" * 32)


@pytest.mark.parametrize(
    ("names", "kept", "problems"),
    [
        (["2007年", "2008年", "2009年"], ["2009年"], ["sheet_of_another_year"] * 2),
        (["2008年"], ["2008年"], ["sheet_of_another_year"]),
        (["一厂", "二厂"], ["一厂", "二厂"], []),
        (["2008-2009", "二厂"], ["2008-2009", "二厂"], []),
    ],
)
def test_sheets_of_other_years_are_set_aside_beside_one_of_this_year(tmp_path, names, kept, problems):
    frames = frames_of_sheets(tmp_path, names)
    assert frames["workers"]["source_sheet"].tolist() == kept
    assert frames["issues"]["problem"].tolist() == problems
    aside = frames["sources"].set_index("source_sheet")["rows_set_aside"]
    assert aside[aside > 0].index.tolist() == [name for name in names if name not in kept]


def test_people_of_several_years_are_no_roster_of_this_one_and_a_title_of_another_year_is_told(frames_of):
    head = "年度,姓名,身份证号,困难类别\n"
    past = "".join(f"{year},赵一,990101196001101005,困难\n" for year in (2007, 2008, 2009))
    old = "2007年困难职工花名册,,,\n序号,姓名,身份证号,困难类别\n1,钱二,990101196102111018,困难\n"
    frames = frames_of({"历年.csv": head + past, "名册.csv": old})
    assert frames["workers"]["source_file"].tolist() == ["名册.csv"]
    told = frames["issues"].query("problem == 'sheet_of_another_year'")
    assert told["source_file"].tolist() == ["历年.csv", "名册.csv"]
    assert frames["sources"].set_index("source_file").loc["历年.csv", "rows_set_aside"] == 3
