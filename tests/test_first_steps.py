"""What a newcomer asks first: a wave's settings, a variable's codes, the state of the machine."""

import builtins

import pytest

from bangfu_analysis import __version__, first_steps
from bangfu_analysis.cli import main
from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.first_steps import codes_of, faults_of_machine
from bangfu_analysis.wave import load_wave

ROSTER = "北城区困难职工花名册\n填报日期：2024年6月20日\n姓名,性别,困难类别,致困原因\n"
ROSTER += "某甲,男,深度困难,疾病\n某乙,女,相对困难,疾病\n"


@pytest.fixture
def wave(tmp_path):
    folder = tmp_path / "data" / "raw" / "beicheng" / "2024"
    folder.mkdir(parents=True)
    (folder / "名册.csv").write_text(ROSTER, encoding="utf-8")
    return folder


def test_without_questions_the_settings_are_what_the_files_say(wave, capsys):
    assert main(["start", str(wave), "--yes"]) == 0
    settings = load_wave(wave)
    assert str(settings.reference_date) == "2024-06-20"
    assert (settings.scope, settings.scheme, settings.line) == ("北城区", "s2018", {})
    assert str(wave / "wave.toml") in capsys.readouterr().out


def test_a_wrong_answer_is_told_and_asked_again(wave, monkeypatch):
    answers = iter(["2024-06-31", "2024-6", "2023-12-31", '道外"区', "s2017", "", "七百", "735"])
    asked = []
    monkeypatch.setattr(builtins, "input", lambda question: asked.append(question) or next(answers))
    assert main(["start", str(wave)]) == 0
    settings = load_wave(wave)
    assert str(settings.reference_date) == "2023-12-31"
    assert (settings.scope, settings.line) == ('道外"区', {"urban": 735})
    assert settings.scheme == "s2018"  # an empty answer takes what stood in brackets
    assert [question for question in asked if question.startswith("“")] != []
    assert any("没有口径“s2017”，可写 s2000、s2008" in question for question in asked)


def test_settings_that_are_there_already_stay(wave, capsys):
    (wave / "wave.toml").write_text("reference_date = 2020-01-01\n", encoding="utf-8")
    assert main(["start", str(wave), "--yes"]) == 2
    assert "已经有了" in capsys.readouterr().err
    assert (wave / "wave.toml").read_text(encoding="utf-8") == "reference_date = 2020-01-01\n"


def test_a_folder_named_by_its_year_gives_the_date_where_no_sheet_does(wave):
    (wave / "名册.csv").write_text("姓名,性别,致困原因\n某甲,男,疾病\n", encoding="utf-8")
    assert main(["start", str(wave), "--yes"]) == 0
    assert str(load_wave(wave).reference_date) == "2024-06-30"
    assert load_wave(wave).scope == "beicheng"


def test_codes_are_listed_with_their_labels_and_headings(wave, capsys):
    assert main(["codes", "workers.health"]) == 0
    lines = capsys.readouterr().out.splitlines()
    codes = [line.split("    ")[0] for line in lines[1:-1]]
    assert codes == load_codebook().variable("workers", "health").codes
    assert lines[-1].startswith("列名：健康状况")


def test_a_wave_adds_its_own_codes(wave, capsys):
    said = "values:\n  workers.education: {高级技校: vocational_secondary}\n"
    (wave / "mapping.yaml").write_text(said, encoding="utf-8")
    assert main(["codes", "education", str(wave)]) == 0
    assert "高级技校" in capsys.readouterr().out


def test_a_band_is_listed_and_a_wrong_name_gets_the_nearest(capsys):
    assert [line.split("    ")[0] for line in codes_of("education_band", load_codebook())][1:] == [
        "junior_secondary_or_less", "senior_secondary", "college_or_more"
    ]  # fmt: skip
    assert main(["codes", "workers.helth"]) == 2
    assert "是否想写 health？" in capsys.readouterr().err
    assert main(["codes", "cause_groop"]) == 2
    assert "是否想写 cause_group？" in capsys.readouterr().err


def test_the_doctor_names_files_open_elsewhere_long_paths_and_a_spoilt_key(tmp_path, monkeypatch):
    monkeypatch.setattr(first_steps, "MOST_CHARACTERS", len(str(tmp_path)))
    for name in ("~$名册.xlsx", ".~lock.报告.docx#"):
        (tmp_path / name).touch()
    (tmp_path / "key").write_text("不是密钥", encoding="utf-8")
    monkeypatch.setenv("BANGFU_KEY_FILE", str(tmp_path / "key"))
    wrong = [sentence for well, sentence in faults_of_machine(tmp_path) if not well]
    assert len(wrong) == 3
    assert "化名密钥文件" in wrong[0] and "个字符" in wrong[1] and wrong[2].endswith("名册.xlsx、报告.docx")


def test_the_doctor_finds_this_machine_well(wave, capsys):
    assert main(["doctor", str(wave)]) == 0
    assert all(line.startswith("好：") for line in capsys.readouterr().out.splitlines())


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit, match="^0$"):
        main(["--version"])
    assert capsys.readouterr().out == f"bangfu {__version__}\n"
