"""Where outputs go, what counts as a wave's file, and when a wave is cleaned again."""


import openpyxl
import pytest

from bangfu_analysis.errors import CallError
from bangfu_analysis.study import query_units, wave_frames
from bangfu_analysis.wave import find_wave, places, study_waves, wave_files

SETTINGS = "reference_date = {}-06-30\nscheme = 's2000'\n"
ROSTER = "姓名,性别,出生日期,文化程度,困难类别\n" + "".join(
    f"某{c},男,196{i}-01-02,初中,特困\n" for i, c in enumerate("甲乙丙")
)


def a_wave(root, study="道里", wave="2009"):
    folder = root / "data" / "raw" / study / wave
    folder.mkdir(parents=True)
    (folder / "wave.toml").write_text(SETTINGS.format(wave), encoding="utf-8")
    (folder / "名册.csv").write_text(ROSTER, encoding="utf-8")
    return folder


def test_outputs_of_a_wave_under_data_raw_go_to_the_project(tmp_path):
    where = places(a_wave(tmp_path))
    assert where.frames == tmp_path / "data" / "processed" / "道里" / "2009"
    assert where.figures == tmp_path / "figures" / "道里" / "2009"
    assert where.report == tmp_path / "reports" / "道里" / "2009"


def test_outputs_of_another_wave_go_below_it_or_where_out_says(tmp_path):
    assert places(tmp_path / "2009").frames == tmp_path / "2009" / "_out" / "frames"
    assert places(tmp_path / "2009").report == tmp_path / "2009" / "_out" / "release"
    assert places(tmp_path / "2009", tmp_path / "x").frames == tmp_path / "x"
    assert places(tmp_path / "2009", tmp_path / "x").figures == tmp_path / "x" / "figures"
    apart = places(tmp_path / "2009", tmp_path / "x" / "frames")
    assert (
        (apart.report, apart.figures) == (tmp_path / "x" / "release", tmp_path / "x" / "release" / "figures")
    )


def test_only_files_as_received_are_read(tmp_path):
    folder = a_wave(tmp_path)
    for name in (
        "~$名册.xlsx",
        ".DS_Store",
        "mapping.yaml",
        "corrections.xlsx",
        "corrections_纺织总厂.xlsx",
        "_out/workers.parquet",
        "区一/表.xls",
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("", encoding="utf-8")
    assert [path.relative_to(folder).as_posix() for path in wave_files(folder)] == ["区一/表.xls", "名册.csv"]


def test_waves_of_a_study_come_in_the_order_of_their_dates_up_to_this_one(tmp_path):
    folders = [a_wave(tmp_path, wave=year) for year in ("2009", "2007", "2010")]
    assert [wave.name for wave in study_waves(folders[0])] == ["2007", "2009"]


def test_a_wave_is_found_from_a_folder_inside_the_project_or_the_others_are_named(tmp_path, monkeypatch):
    folder = a_wave(tmp_path)
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert find_wave("道里", "2009") == folder
    with pytest.raises(CallError, match="现有批次：道里/2009"):
        find_wave("道里", "2031")


def test_nothing_changed_is_loaded_and_a_changed_file_or_mapping_is_cleaned_again(tmp_path):
    folder = a_wave(tmp_path)
    frames = wave_frames(folder)
    stored = places(folder).frames / "workers.parquet"
    before = stored.stat().st_mtime_ns
    assert wave_frames(folder)["workers"].equals(frames["workers"])
    assert stored.stat().st_mtime_ns == before
    (folder / "名册.csv").write_text(ROSTER + "某丁,女,1970-01-02,高中,困难\n", encoding="utf-8")
    assert len(wave_frames(folder)["workers"]) == 4
    (folder / "mapping.yaml").write_text(
        "values:\n  workers.education: {中学: junior_secondary}\n", encoding="utf-8"
    )
    changed = stored.stat().st_mtime_ns
    wave_frames(folder)
    assert stored.stat().st_mtime_ns != changed


def test_questions_go_to_the_unit_of_their_row_where_a_sheet_holds_several(tmp_path):
    (tmp_path / "wave.toml").write_text('reference_date = 2009-06-30\nscheme = "s2000"\n', encoding="utf-8")
    roster = (
        "填报单位,姓名,出生日期,困难类别\n一厂,张强刚,1965-03-12,甲类\n一厂,李强刚,1965-03-12,特困\n"
        "二厂,王强刚,1965-13-12,特困\n"
    )
    (tmp_path / "名册.csv").write_text(roster, encoding="utf-8")
    books = {path.stem: openpyxl.load_workbook(path).active for path in query_units(tmp_path)}
    assert {name: s["D2"].value for name, s in books.items()} == {"queries": "D2", "一厂": "D2", "二厂": "C4"}
    assert books["二厂"]["F2"].value == "1965-13-12"
