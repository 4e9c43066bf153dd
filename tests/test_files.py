"""Everything written is put in place whole, under a name that every system holds, by one run at a time."""

import ast
import errno
import multiprocessing
import os
import time
from pathlib import Path

import pytest

from bangfu_analysis import files
from bangfu_analysis.errors import BangfuError
from bangfu_analysis.files import WriteFailed, locked, safe_name, safe_names, write

PACKAGE = Path(files.__file__).parent
WRITERS = {"write_text", "write_bytes", "to_csv", "to_excel"}


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.name)
def test_nothing_is_written_but_through_the_one_writer(path):
    if path.name == "files.py":
        return
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(call, ast.Call):
            place = f"{path.name}:{call.lineno}"
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            assert isinstance(call.func, ast.Name) or name not in WRITERS, place
            if name == "to_parquet":
                assert not call.args, place
            archive = isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") == "piece"
            if name == "open" and not archive:  # a piece of a workbook is an archive in memory
                given = [*call.args, *(k.value for k in call.keywords)]
                modes = [a.value for a in given if isinstance(a, ast.Constant)]
                assert not any(str(m).startswith(("w", "a", "x", "r+")) for m in modes), place


def test_what_people_may_have_edited_is_kept_beside_the_new(tmp_path):
    path = tmp_path / "report.docx"
    write(path, "一", keep=True)
    assert not list(tmp_path.glob("*.bak"))
    write(path, "二", keep=True)
    write(path, "二", keep=True)
    assert [p.read_text(encoding="utf-8") for p in (path, tmp_path / "report.docx.bak")] == ["二", "一"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO])
@pytest.mark.parametrize("step", ["fsync", "fdopen", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_says_why(tmp_path, monkeypatch, number, step):
    def fails(*_, **__):
        raise OSError(number, os.strerror(number))

    path = write(tmp_path / "表.xlsx", b"old")
    monkeypatch.setattr(Path if step == "replace" else os, step, fails)
    with pytest.raises(WriteFailed, match=r"表\.xlsx：无法写入.*请.*重新运行"):
        write(path, b"new")
    monkeypatch.undo()
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"old"]


def test_a_run_that_was_killed_leaves_nothing_that_the_next_does_not_clear(tmp_path, monkeypatch):
    path = write(tmp_path / "表.xlsx", b"old")
    monkeypatch.setattr(Path, "replace", lambda *_: os._exit(9))
    child = multiprocessing.get_context("fork").Process(target=write, args=(path, b"half"))
    child.start()
    child.join()
    monkeypatch.undo()
    assert child.exitcode != 0 and path.read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 2
    write(path, b"new")
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"new"]


def test_a_folder_that_is_a_file_is_told(tmp_path):
    (tmp_path / "占").write_text("")
    with pytest.raises(WriteFailed, match="是文件，不是文件夹"):
        write(tmp_path / "占" / "a.txt", "")
    with pytest.raises(WriteFailed, match="是文件，不是文件夹"), locked(tmp_path / "占"):
        pass


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("第一中学", "第一中学"),
        ("a/b\\c", "a_b_c"),
        ("COM1", "COM1_"),
        ("nul.总表", "nul_.总表"),
        ("..", "未命名"),
        ("单位. ", "单位"),
        ("\ud800甲", "_甲"),
        ("e\u0301", "é"),
    ],
)
def test_names_are_such_as_every_system_holds(text, name):
    assert safe_name(text) == name


def test_names_never_collide_and_never_grow_too_long():
    found = safe_names(["某某" * 200 + "甲", "某某" * 200 + "乙", "A", "a", "一/二", "一:二"])
    assert len({name.casefold() for name in found.values()}) == len(found)
    assert max(len(f"{name}.xlsx".encode()) for name in found.values()) < 255


def _holds(folder, held, seconds):
    with locked(folder):
        held.set()
        time.sleep(seconds)


def test_a_second_run_waits_or_is_told_and_a_killed_one_leaves_no_lock(tmp_path, monkeypatch):
    held = multiprocessing.Event()
    other = multiprocessing.Process(target=_holds, args=(tmp_path, held, 60))
    other.start()
    assert held.wait(30)
    monkeypatch.setattr(files, "WAIT", 0.2)
    with pytest.raises(BangfuError, match=r"另一个 bangfu 正在处理.*请等它完成"), locked(tmp_path):
        pass
    other.kill()
    other.join()
    with locked(tmp_path), locked(tmp_path):
        assert True
