import shutil

import nbformat
import pytest

from bangfu_analysis import notebook_runs
from bangfu_analysis.cli import main
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.notebook_runs import with_parameters


def a_notebook(*cells):
    parameters = nbformat.v4.new_code_cell(
        'study = "daoli"\nwave = "2009"', metadata={"tags": ["parameters"]}
    )
    return nbformat.v4.new_notebook(cells=[parameters, *map(nbformat.v4.new_code_cell, cells)])


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "data" / "raw" / "道外" / "2010").mkdir(parents=True)
    (tmp_path / "notebooks").mkdir()
    nbformat.write(a_notebook("print(study, wave)"), tmp_path / "notebooks" / "01.ipynb")
    nbformat.write(a_notebook("1 / 0"), tmp_path / "notebooks" / "02.ipynb")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_notebook_runs_on_the_wave_and_one_that_fails_stops_none(project, capsys):
    assert main(["notebooks", "道外", "2010"]) == 1
    out = capsys.readouterr().out
    assert "02.ipynb：ZeroDivisionError" in out
    made = project / "reports" / "道外" / "2010" / "notebooks"
    assert nbformat.read(made / "01.ipynb", as_version=4).cells[1].outputs[0]["text"] == "道外 2010\n"
    page = (made / "01.html").read_text(encoding="utf-8")
    assert "道外 2010" in page
    assert "http" not in page.replace("http-equiv", "")


def test_a_study_elsewhere_is_run_by_its_path(project, tmp_path):
    wave = tmp_path / "别处" / "调查" / "2010"
    wave.mkdir(parents=True)
    (wave / "wave.toml").write_text("reference_date = 2010-06-30\n", encoding="utf-8")
    (project / "notebooks" / "02.ipynb").unlink()
    assert main(["notebooks", str(wave.parent), "2010"]) == 0
    made = nbformat.read(wave / "_out" / "release" / "notebooks" / "01.ipynb", as_version=4)
    assert made.cells[1].outputs[0]["text"] == f"{wave.parent} 2010\n"


def test_what_a_notebook_skips_is_told_with_the_reason(project, capsys):
    said = "2010 批次没有问卷，从略。"
    nbformat.write(a_notebook(f"print('共 3 页。\\n{said}')"), project / "notebooks" / "02.ipynb")
    assert main(["notebooks", "道外", "2010"]) == 0
    *_, path, skipped = capsys.readouterr().out.splitlines()
    assert (path[-8:], skipped) == ("02.ipynb", f"  {said}")


def test_without_notebooks_of_its_own_a_project_runs_those_of_the_package(project, monkeypatch):
    shutil.rmtree(project / "notebooks")
    home = project / "别处"
    (home / "notebooks").mkdir(parents=True)
    code = "from pathlib import Path; print(Path.cwd())"
    nbformat.write(a_notebook(code), home / "notebooks" / "03.ipynb")
    monkeypatch.setattr(notebook_runs, "HOME", home)
    assert main(["notebooks", "道外", "2010"]) == 0
    made = nbformat.read(project / "reports/道外/2010/notebooks/03.ipynb", as_version=4)
    assert made.cells[1].outputs[0]["text"] == f"{project.resolve()}\n"


def test_an_unknown_parameter_is_an_error_with_a_suggestion():
    with pytest.raises(ArgumentError, match="是否想写 wave"):
        with_parameters(a_notebook(), {"wav": "2010"}, "01.ipynb")


def test_an_unknown_wave_names_those_there_are(project, capsys):
    assert main(["notebooks", "道外", "2031"]) == 2
    assert "现有批次" in capsys.readouterr().err


def test_a_new_wave_takes_over_settings_and_mapping_to_be_confirmed(tmp_path, capsys):
    last = tmp_path / "道外" / "2009"
    last.mkdir(parents=True)
    (last / "wave.toml").write_text(
        'reference_date = 2009-06-30\nscope = "道外区"\n[line]\nurban = 245\n[stated]\nhardship_total = 9\n',
        encoding="utf-8",
    )
    headings = "headings: {家庭总收: workers.income_household_annual}\n"
    read_as = "read_as:\n  名册.csv: roster\n"
    (last / "mapping.yaml").write_text(read_as + headings, encoding="utf-8")
    names = ["exhibits.yaml", "_out/release/report.docx", "_out/frames/report_last.json"]
    written = {name: name.encode() for name in names}
    for name, content in written.items():
        (last / name).parent.mkdir(parents=True, exist_ok=True)
        (last / name).write_bytes(content)
    assert main(["new-wave", str(tmp_path / "道外"), "2010"]) == 0
    assert written == {name: (tmp_path / "道外" / "2010" / name).read_bytes() for name in written}
    text = (tmp_path / "道外" / "2010" / "wave.toml").read_text(encoding="utf-8")
    assert "reference_date = 2010-06-30" in text
    assert "# hardship_total = 9" in text
    assert "\nurban = 245" in text
    mapping = (tmp_path / "道外" / "2010" / "mapping.yaml").read_text(encoding="utf-8")
    assert mapping == f"# read_as:\n#   名册.csv: roster\n{headings}"
    assert main(["new-wave", str(tmp_path / "道外"), "2010"]) == 2
    assert "已有文件夹" in capsys.readouterr().err
