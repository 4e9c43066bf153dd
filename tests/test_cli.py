"""The commands, as a researcher calls them: what they print, where they write, and their exit status."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from bangfu_analysis.cli import main

ROOT = Path(__file__).parents[1]
SETTINGS = 'reference_date = 2009-06-30\nscope = "道里区"\nscheme = "s2000"\n'
ROSTER = "姓名,性别,出生日期,文化程度,工作单位,困难类别,致困原因\n" + "".join(
    f"某{c},男,196{i}-01-02,初中,纺织总厂,特困,疾病\n" for i, c in enumerate("甲乙丙丁戊")
)


@pytest.fixture
def wave(tmp_path):
    folder = tmp_path / "data" / "raw" / "道里 区" / "2009"
    folder.mkdir(parents=True)
    (folder / "wave.toml").write_text(SETTINGS, encoding="utf-8")
    return folder


def run(capsys, *arguments):
    status = main([str(a) for a in arguments])
    told = capsys.readouterr()
    return status, told.out, told.err


def test_a_clean_writes_one_parquet_a_frame_into_the_project(wave, capsys):
    (wave / "名册.csv").write_text(ROSTER, encoding="gb18030")
    status, out, err = run(capsys, "clean", wave)
    processed = wave.parents[2] / "processed" / "道里 区" / "2009"
    assert (status, err) == (0, "")
    assert str(processed) in out
    assert len(pd.read_parquet(processed / "workers.parquet")) == 5
    assert {"workers", "members", "causes", "aid", "population", "totals", "issues", "sources"} <= {
        path.stem for path in processed.glob("*.parquet")
    }
    assert sorted(p.name for p in wave.iterdir()) == ["wave.toml", "名册.csv"]


def test_out_is_the_folder_that_receives_the_frames(wave, tmp_path, capsys):
    (wave / "名册.csv").write_text(ROSTER, encoding="utf-8")
    assert run(capsys, "clean", wave, "--out", tmp_path / "别处", "--jobs", "2")[0] == 0
    assert (tmp_path / "别处" / "workers.parquet").exists()
    assert not (tmp_path / "data" / "processed").exists()


def test_a_wave_outside_a_project_gets_its_own_out_folder(tmp_path, capsys):
    folder = tmp_path / "二〇〇九 批"
    folder.mkdir()
    (folder / "wave.toml").write_text(SETTINGS, encoding="utf-8")
    (folder / "名册.csv").write_text(ROSTER, encoding="utf-8")
    for _ in range(2):  # the second run must not read its own outputs
        assert run(capsys, "clean", folder)[0] == 0
    assert len(pd.read_parquet(folder / "_out" / "frames" / "workers.parquet")) == 5


def test_a_missing_wave_toml_stops_with_one_to_paste(wave, capsys):
    (wave / "wave.toml").unlink()
    status, _, err = run(capsys, "clean", wave)
    assert status == 2
    assert "没有 wave.toml" in err
    assert "reference_date = 2009-06-30" in err


def test_an_empty_folder_is_said_to_be_empty(wave, capsys):
    status, _, err = run(capsys, "clean", wave)
    assert status == 1
    assert "没有可读取的文件" in err


def encrypted(path):
    path.write_bytes(
        bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 1000 + "EncryptedPackage".encode("utf-16-le")
        + b"\0" * 2000
    )


def no_spreadsheet(path):
    path.write_bytes(b"%PDF-1.7 something" * 20)


def broken_archive(path):
    path.write_bytes(b"PK\3\4" + b"\0" * 200)


def empty_file(path):
    path.write_bytes(b"")


def no_table(path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active["B3"] = "请各单位于月底前报送。"
    book.save(path)


@pytest.mark.parametrize("make", [encrypted, no_spreadsheet, broken_archive, empty_file, no_table])
def test_a_file_that_cannot_be_read_is_named_and_the_rest_goes_on(wave, capsys, make):
    (wave / "名册.csv").write_text(ROSTER, encoding="utf-8")
    make(wave / "坏 文件.xlsx")
    status, _, err = run(capsys, "clean", wave)
    assert status == 1
    assert "坏 文件.xlsx" in err
    assert "请" in err
    processed = wave.parents[2] / "processed" / "道里 区" / "2009"
    sources = pd.read_parquet(processed / "sources.parquet").set_index("source_file")
    assert sources.loc["坏 文件.xlsx", "reason"]
    assert len(pd.read_parquet(processed / "workers.parquet")) == 5


@pytest.mark.parametrize(
    "arguments",
    [
        ["clean"],
        ["nothing"],
        ["clean", ".", "--job", "2"],
        ["clean", ".", "--jobs", "none"],
        ["report", "no such folder"],
    ],
)
def test_a_wrong_call_ends_with_status_2(capsys, arguments):
    try:
        status = main(arguments)
    except SystemExit as end:
        status = end.code
    assert status == 2
    assert capsys.readouterr().err


def test_an_empty_path_is_not_the_working_folder(capsys):
    with pytest.raises(SystemExit):
        main(["clean", ".", "--out", ""])
    assert "路径是空的" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [(["raport", "."], "report"), (["clean", ".", "--ot", "x"], "--out"), (
        ["report", ".", "--wy=1"], "--why"
    )],
)
def test_the_nearest_command_or_option_is_suggested(capsys, arguments, nearest):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert f"是否想写 {nearest}？" in capsys.readouterr().err


def test_inspect_shows_what_each_heading_means_and_writes_nothing(wave, capsys):
    (wave / "名册.csv").write_text(
        ROSTER.replace("文化程度", "文化程渡").replace("特困", "特别难", 1), encoding="utf-8"
    )
    status, out, _ = run(capsys, "inspect", wave)
    assert status == 0
    assert "B 性别 → workers.sex" in out or "2 性别 → workers.sex" in out
    assert "文化程渡" in out
    assert '# "特别难": extreme' in out
    assert f"请运行 bangfu inspect --settings {wave}，在 设置.xlsx 中选定" in out
    assert "workers.education" in out
    assert list(wave.parents[2].iterdir()) == [wave.parents[1]]


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({"名册.csv": ROSTER}, 0), ({"说明.csv": "填表说明\n一、各单位工会填写\n"}, 1), ({"空.csv": ""}, 1),
        ({"名册.csv": ROSTER, "说明.csv": "填表说明\n一、各单位工会填写\n"}, 1),
        ({"名册.csv": ROSTER, "坏.xlsx": "PK\3\4"}, 1), ({}, 1),
    ],
)  # fmt: skip
def test_inspect_has_the_exit_status_of_clean(wave, capsys, files, wanted):
    for name, text in files.items():
        (wave / name).write_text(text, encoding="utf-8")
    assert [run(capsys, command, wave)[0] for command in ("clean", "inspect")] == [wanted, wanted]


def test_a_line_of_mapping_settles_a_heading_and_a_value(wave, capsys):
    (wave / "名册.csv").write_text(
        ROSTER.replace("文化程度", "文化程渡").replace("初中", "初小五年"), encoding="utf-8"
    )
    (wave / "mapping.yaml").write_text(
        "headings: {文化程渡: workers.education}\nvalues:\n  workers.education: {初小五年: primary}\n",
        encoding="utf-8",
    )
    assert run(capsys, "clean", wave)[0] == 0
    workers = pd.read_parquet(wave.parents[2] / "processed" / "道里 区" / "2009" / "workers.parquet")
    assert workers["education"].astype(str).unique().tolist() == ["primary"]


def test_queries_go_out_and_answers_are_replayed(wave, capsys):
    (wave / "名册.csv").write_text(ROSTER.replace("初中", "XX", 1), encoding="utf-8")
    status, out, _ = run(capsys, "queries", wave)
    assert status == 0
    whole = wave.parents[3] / "data" / "processed" / "道里 区" / "2009" / "queries.xlsx"
    assert str(whole) in out

    import openpyxl

    book = openpyxl.load_workbook(whole)
    sheet = book.worksheets[0]
    heads = [cell.value for cell in sheet[1]]
    assert sheet.cell(2, heads.index("单元格") + 1).value == "D2"
    sheet.cell(2, heads.index("请填正确内容") + 1).value = "高中"
    book.save(wave / "corrections.xlsx")
    frames = []
    for _ in range(2):
        assert run(capsys, "clean", wave)[0] == 0
        folder = wave.parents[2] / "processed" / "道里 区" / "2009"
        frames.append({path.name: path.read_bytes() for path in folder.glob("*.parquet")})
    assert frames[0] == frames[1]
    workers, issues = (pd.read_parquet(folder / f"{name}.parquet") for name in ("workers", "issues"))
    assert workers["education"].astype(str).tolist()[0] == "senior_secondary"
    assert issues["problem"].tolist() == ["correction_applied"]


def test_answers_to_a_changed_cell_to_none_and_to_one_that_says_the_same_are_told_apart(wave, capsys):
    import openpyxl

    text = ROSTER.replace("初中", "XX", 1)
    (wave / "名册.csv").write_text(text, encoding="utf-8")
    run(capsys, "queries", wave)
    book = openpyxl.load_workbook(
        wave.parents[3] / "data" / "processed" / "道里 区" / "2009" / "queries.xlsx"
    )
    sheet = book.worksheets[0]
    heads = [cell.value for cell in sheet[1]]
    sheet.cell(2, heads.index("请填正确内容") + 1).value = "高中"
    other = {"D99": "高中", "B2": "男"}  # a cell that is not there; an answer that says what the cell says
    for cell, answer in other.items():
        told = {"单元格": cell, "请填正确内容": answer}
        sheet.append([told.get(name, sheet.cell(2, i + 1).value) for i, name in enumerate(heads)])
    book.save(wave / "corrections.xlsx")
    (wave / "名册.csv").write_text(text.replace("XX", "YY"), encoding="utf-8")
    assert run(capsys, "clean", wave)[0] == 0
    issues = pd.read_parquet(wave.parents[2] / "processed" / "道里 区" / "2009" / "issues.parquet")
    assert {"correction_conflict", "correction_not_found", "correction_no_change"} <= set(issues["problem"])


@pytest.mark.xdist_group("demo")
def test_the_demo_writes_the_sample_study_where_there_is_none(demo):
    folder, status, out, err = demo
    assert (status, err) == (0, "")
    assert (folder / "reports" / "daoli" / "2009" / "report.docx").exists()
    assert "report.docx" in out
    assert (folder / "data" / "raw" / "daoli" / "2009" / "wave.toml").exists()


def test_importing_the_package_loads_nothing_that_draws_or_checks():
    code = (
        "import sys, bangfu_analysis; heavy = {'matplotlib', 'seaborn', 'scipy', 'pandera', 'openpyxl', "
        "'docx', 'pandas'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_file_of_a_built_wheel_is_missing():
    """What is read at run time lies in the package folder: codebooks, fonts, templates, word lists."""
    kinds = {path.suffix for path in (ROOT / "bangfu_analysis").rglob("*") if path.is_file()} - {".pyc"}
    assert {".yaml", ".ttf", ".docx", ".j2"} <= kinds
    assert zipfile.is_zipfile(ROOT / "bangfu_analysis" / "pages" / "template.docx")
