import datetime
import os
import sys
import tomllib

import pytest

from bangfu_analysis.errors import CallError, WaveSettingsError
from bangfu_analysis.wave import IGNORED, load_wave, not_read, shown, wave_files

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="links, pipes and bytes in names of POSIX")


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


def told(folder):
    return {shown(path, folder): why for path, why in not_read(folder).items()}


def test_system_and_temporary_files_are_told_and_our_own_are_not(tmp_path):
    junk = ["Thumbs.db", "desktop.ini", ".DS_Store", "._名册.xlsx", "~$名册.xlsx", "~WRL1.tmp", "a.bak"]
    for name in [*junk, "名册.xlsx", "wave.toml", ".lock", ".gitkeep", ".~0a1b2c3d"]:
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "_out").mkdir()
    (tmp_path / "_out" / "tables.xlsx").write_bytes(b"x")
    assert [p.name for p in wave_files(tmp_path)] == ["名册.xlsx"]
    assert told(tmp_path) == dict.fromkeys(junk, IGNORED)


@POSIX
def test_links_and_pipes_are_told(tmp_path):
    (tmp_path / "别处").mkdir()
    (tmp_path / "别处" / "名册.xlsx").write_bytes(b"x")
    wave = tmp_path / "2009"
    wave.mkdir()
    (wave / "链接").symlink_to(tmp_path / "别处")
    (wave / "断.xlsx").symlink_to(tmp_path / "没有.xlsx")
    (wave / "通.xlsx").symlink_to(tmp_path / "别处" / "名册.xlsx")
    os.mkfifo(wave / "管道.xlsx")
    assert [p.name for p in wave_files(wave)] == ["通.xlsx"]
    found = told(wave)
    assert [*found] == ["断.xlsx", "管道.xlsx", "链接"]
    assert "不存在" in found["断.xlsx"] and "管道" in found["管道.xlsx"] and "别处的文件夹" in found["链接"]
    assert all("未读取。请" in why for why in found.values())


@POSIX
def test_a_folder_that_cannot_be_opened_is_told(tmp_path, monkeypatch):
    closed, scandir = tmp_path / "锁", os.scandir
    closed.mkdir()

    def refusing(path):
        if os.fspath(path) == str(closed):
            raise PermissionError(13, "Permission denied", str(closed))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert wave_files(tmp_path) == []
    assert "文件夹打不开" in told(tmp_path)["锁"]


@POSIX
@pytest.mark.parametrize(
    ("raw", "name"), [("名册.xlsx".encode("gb18030"), "名册.xlsx"), (b"\xff\xff.csv", "\\xff\\xff.csv")]
)
def test_names_that_are_no_utf8_are_shown_in_characters_that_can_be_written(tmp_path, raw, name):
    path = tmp_path / os.fsdecode(raw)
    path.write_bytes(b"x")
    assert [shown(p, tmp_path) for p in wave_files(tmp_path)] == [name]
    assert name.encode()
