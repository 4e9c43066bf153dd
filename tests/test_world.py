"""What happens outside the program ends in a sentence, with what was written whole."""

import errno
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
from interrupted import FULL, ended_at_write

from bangfu_analysis import cli, study
from bangfu_analysis.cli import main

SETTINGS = 'reference_date = 2009-06-30\nscheme = "s2000"\n'
ROWS = "姓名,性别,身份证号,文化程度,工作单位,困难类别\n" + "".join(
    f"张{name},男,99010119{70 + n}0101{n:04d},怪学历,一厂,特困\n" for n, name in enumerate("一二三四五六七八")
)


@pytest.fixture
def wave(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("BANGFU_KEY_FILE", str(tmp_path / "key"))
    folder = tmp_path / "某调查" / "2009"
    folder.mkdir(parents=True)
    (folder / "wave.toml").write_text(SETTINGS, encoding="utf-8")
    (folder / "名册.csv").write_text(ROWS, encoding="utf-8")
    return folder


def told(capsys, *arguments: object) -> tuple[int, str]:
    status = main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return status, said.out + said.err


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        (KeyboardInterrupt(), 130, "已中断"),
        (MemoryError(), 2, "内存不足"),
        (OSError(errno.ENOSPC, "No space left on device", "/盘/表"), 2, "/盘/表：磁盘已满"),
        (OSError(errno.EIO, "Input/output error", "/盘/表"), 2, "系统提示"),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 0, ""),
        (OSError(errno.EINVAL, "Invalid argument"), 0, ""),
    ],
)
def test_the_world_is_known(wave, monkeypatch, capsys, fault, status, words):
    def fails(*_, **__):
        raise fault

    monkeypatch.setitem(cli.RUN, "clean", fails)
    assert main(["clean", str(wave)]) == status
    assert words in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="a shell's pipe")
def test_a_closed_pipe_is_no_fault(wave):
    command = f'("{sys.executable}" -m bangfu_analysis.cli inspect "{wave}"; echo status $? >&2) | head -c 1'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "status 0"


@pytest.mark.parametrize(("encoding", "printed"), [("cp936", "cp936"), ("cp437", "utf-8"), ("utf-8",) * 2])
def test_the_console_keeps_its_own_encoding_if_it_knows_chinese(monkeypatch, encoding, printed):
    monkeypatch.delenv("PYTHONIOENCODING", raising=False)
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    cli._say_what_can_be_said(stream)
    print("困难职工 \U0002ceb4", file=stream, flush=True)
    assert stream.encoding == printed
    assert stream.buffer.getvalue().decode(printed).startswith("困难职工")


@pytest.mark.parametrize("out", [".", "成果", "名册.csv/x"])
def test_outputs_never_go_among_the_files_received(wave, capsys, out):
    status, said = told(capsys, "clean", wave, "--out", wave / out)
    assert status == 2 and "请用 --out 另选文件夹" in said
    assert sorted(path.name for path in wave.iterdir()) == ["wave.toml", "名册.csv"]


@pytest.mark.parametrize("out", ["data/raw/某县/x", "data/raw/某县", "data/raw"])
def test_outputs_go_to_no_folder_of_files_received(wave, tmp_path, capsys, out):
    received = tmp_path / "data" / "raw" / "某县" / "2009"
    shutil.copytree(wave, received)
    status, said = told(capsys, "clean", received, "--out", tmp_path / out)
    assert status == 2 and "请用 --out 另选文件夹" in said
    assert [path.name for path in received.parent.iterdir()] == ["2009"]


@pytest.mark.parametrize("name", ["../2010", "a/b", "CON", "2010 ", ""])
def test_a_wave_is_not_made_outside_its_study(wave, capsys, name):
    status, said = told(capsys, "new-wave", wave.parent, name)
    assert status == 2 and "不能用作文件夹名" in said
    assert [path.name for path in wave.parent.iterdir()] == ["2009"]


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
def test_pipes_and_damaged_files_cost_themselves_only(wave, capsys):
    os.mkfifo(wave / "管道.csv")
    (wave / "坏.xlsx").write_bytes(b"PK\x03\x04" + b"x" * 100)
    (wave / "Thumbs.db").write_bytes(b"x")
    (wave / "怪.csv").write_text("甲,乙,丙\n1,2,3\n4,5,6\n", encoding="utf-8")
    status, said = told(capsys, "clean", wave, "--jobs", "3")
    assert status == 1
    assert all(f"没有读到数据：{name}" in said for name in ("坏.xlsx", "管道.csv"))
    assert all(f"没有采用：{name}" in said for name in ("Thumbs.db", "怪.csv"))
    frames = study.wave_frames(wave)
    assert len(frames["workers"]) == 8 and len(frames["sources"]) == 5
    assert told(capsys, "inspect", wave / "管道.csv")[0] == 2


def test_a_wave_without_workers_says_so(wave, capsys):
    (wave / "名册.csv").write_text("说明：请各单位填报\n", encoding="utf-8")
    status, said = told(capsys, "clean", wave)
    assert status == 1 and "workers 为 0 行" in said


def test_a_damaged_mark_means_make_again(wave):
    first = {path.name: path.read_bytes() for path in _cleaned(wave)}
    for damage in ("{", '{"inputs": 1, "files": []}'):
        (wave / "_out" / "frames" / "inputs.json").write_text(damage, encoding="utf-8")
        assert {path.name: path.read_bytes() for path in _cleaned(wave)} == first


def _cleaned(wave: Path) -> list[Path]:
    study.wave_frames(wave)
    made = (wave / "_out" / "frames").iterdir()
    return sorted(path for path in made if path.suffix in (".parquet", ".json"))


def test_a_workbook_with_answers_is_never_written_over(wave, capsys):
    assert told(capsys, "queries", wave)[0] == 0
    single = next((wave / "_out" / "frames" / "queries").iterdir())
    book = openpyxl.load_workbook(single)
    book.worksheets[0].cell(2, 8).value = "初中"
    book.save(single)
    answered = single.read_bytes()
    assert told(capsys, "queries", wave)[0] == 0
    assert single.read_bytes() == answered
    assert (single.parent / f"{single.stem}_新.xlsx").exists()


STEPS = [0, 7, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 26) if n != 7)]


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
@pytest.mark.parametrize("fault", [None, FULL], ids=["killed", "full"])
@pytest.mark.parametrize("step", STEPS)
def test_whoever_stops_at_a_write_leaves_what_was_and_the_next_run_gives_the_same(wave, step, fault):
    def stored():
        found = sorted(path for path in (wave / "_out" / "frames").iterdir() if path.name != ".lock")
        return {path.name: path.read_bytes() for path in found}

    study.wave_frames(wave)
    before = stored()
    (wave / "wave.toml").write_text(SETTINGS + 'scope = "某区"\n', encoding="utf-8")
    assert ended_at_write(step, fault, "clean", wave) in (0, 2, 9)
    whole = {name: content for name, content in stored().items() if name.endswith(".parquet")}
    assert all(len(content) == len(before[name]) for name, content in whole.items())
    study.wave_frames(wave)
    after = stored()
    (wave / "wave.toml").write_text(SETTINGS, encoding="utf-8")
    study.wave_frames(wave)
    assert stored() == before and sorted(after) == sorted(before)
