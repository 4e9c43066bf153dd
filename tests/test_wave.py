import datetime
import tomllib

import pytest

from bangfu_analysis.errors import CallError, WaveSettingsError
from bangfu_analysis.wave import load_wave


def a_wave(tmp_path, text):
    folder = tmp_path / "道里 区" / "2009"
    folder.mkdir(parents=True)
    if text is not None:
        (folder / "wave.toml").write_text(text, encoding="utf-8")
    return folder


def test_settings_are_read_with_the_wave_and_study_names_of_the_folders(tmp_path):
    wave = load_wave(
        a_wave(tmp_path, 'reference_date = 2009-06-30\nscope = "道里区"\n[stated]\nhardship_total = 3456\n')
    )
    assert (wave.study, wave.name, wave.scope) == ("道里 区", "2009", "道里区")
    assert wave.reference_date == datetime.date(2009, 6, 30)
    assert wave.stated == {"hardship_total": 3456}


def test_a_missing_wave_toml_prints_one_that_can_be_pasted(tmp_path):
    with pytest.raises(WaveSettingsError) as fault:
        load_wave(a_wave(tmp_path, None))
    message = str(fault.value)
    assert "没有 wave.toml" in message
    pasted = message.split("\n\n", 1)[1]
    assert tomllib.loads(pasted)["reference_date"] == datetime.date(2009, 6, 30)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("reference_date = ", "第 1 行：“reference_date =”读不成 TOML"),
        ('scope = "道里区"', "缺少 reference_date"),
        ('reference_date = "2009-06-30"', "不加引号"),
        ("reference_date = 2009-06-30\nschema = 's2000'", "是否想写 scheme"),
        ("reference_date = 2009-06-30\nline = 245", "一节，如 [line]"),
        ("reference_date = 2009-06-30\n[sample]\nweigth = 'w'", "第 3 行：sample 未知的键 weigth。"),
    ],
)
def test_what_is_wrong_in_wave_toml_is_said_with_the_remedy(tmp_path, text, words):
    with pytest.raises(WaveSettingsError, match=".*") as fault:
        load_wave(a_wave(tmp_path, text))
    assert words in str(fault.value)


def test_a_folder_that_is_not_there_is_a_wrong_call(tmp_path):
    with pytest.raises(CallError, match="找不到批次文件夹"):
        load_wave(tmp_path / "2031")
