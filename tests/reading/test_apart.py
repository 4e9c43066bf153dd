"""A file that hangs, crashes or wants too much costs itself only."""

import faulthandler
import multiprocessing
import os
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from bangfu_analysis.errors import CallError
from bangfu_analysis.reading import apart
from bangfu_analysis.reading.apart import CRASH_WHY, MEMORY_WHY, TIME_WHY, beside, read_apart

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="memory and processor time are limited on Linux")


def read(path: Path) -> str:
    """What a file's name says is done."""
    match path.name:
        case "hangs":
            time.sleep(600)
        case "spins":
            while True:
                pass
        case "crashes":
            faulthandler.disable()
            os.abort()
        case "swells":
            bytearray(40_000_000_000)
        case "is killed":
            os.kill(os.getpid(), 9)
        case "raises":
            raise ValueError(path.name)
        case "leaves":
            sys.exit(3)
    return path.name


def outcomes(*names: str) -> list[str]:
    return list(read_apart([Path(name) for name in names], read, lambda path, why: f"{path.name}: {why}"))


@LINUX
def test_whatever_a_file_does_the_others_are_read(monkeypatch):
    monkeypatch.setattr(apart, "SECONDS", 0.3)
    names = ["a", "hangs", "crashes", "b", "swells", "is killed", "raises", "spins", "leaves", "c"]
    assert outcomes(*names) == [
        "a",
        f"hangs: {TIME_WHY}",
        f"crashes: {CRASH_WHY}",
        "b",
        f"swells: {MEMORY_WHY}",
        f"is killed: {MEMORY_WHY}",
        "raises: 读取它时程序出错（ValueError）",
        f"spins: {TIME_WHY}",
        "leaves: 读取它时程序出错（SystemExit）",
        "c",
    ]


@LINUX
def test_many_files_are_read_by_two_processes_and_answered_in_order(monkeypatch):
    monkeypatch.setattr(apart, "MANY", 4)
    names = ["a", "b", "is killed", "c", "crashes", "d"]
    told = {"is killed": f"is killed: {MEMORY_WHY}", "crashes": f"crashes: {CRASH_WHY}"}
    assert outcomes(*names) == [told.get(name, name) for name in names]
    assert len(set(read_apart([Path()] * 4, lambda path: os.getpid(), lambda path, why: 0))) == 2
    assert len(set(read_apart([Path()] * 3, lambda path: os.getpid(), lambda path, why: 0))) == 1


def test_what_a_person_can_mend_is_raised_where_it_was_asked():
    def refuses(path: Path) -> str:
        raise CallError(f"{path.name}：有误")

    with pytest.raises(CallError, match="甲：有误"):
        list(read_apart([Path("甲")], refuses, lambda path, why: why))


def test_a_process_started_afresh_as_on_windows_reads_the_same(monkeypatch):
    monkeypatch.setattr(apart, "START", "spawn")
    done = list(read_apart([Path("一/二.xlsx"), Path("三")], os.path.basename, lambda path, why: why))
    assert done == ["二.xlsx", "三"]
    assert sys.modules["__main__"].__name__ == "__main__"


def test_nothing_to_read_starts_nothing():
    assert outcomes() == []


def read_beside(name: str) -> tuple[str, int]:
    if os.getpid() == HERE and name == "is killed":
        return name, HERE
    return read(Path(name)), os.getpid()


HERE = os.getpid()


@pytest.mark.parametrize("start, long", [("fork", False), ("spawn", True)])
def test_work_is_done_beside_by_another_process(monkeypatch, start, long):
    if start not in multiprocessing.get_all_start_methods():
        pytest.skip("no process can be copied here")
    monkeypatch.setattr(apart, "START", start)
    with beside(partial(read_beside, "a"), long=long) as done:
        name, process = done()
    assert name == "a" and process != HERE


def test_short_work_waits_where_a_process_cannot_be_copied(monkeypatch):
    monkeypatch.setattr(apart, "START", "spawn")
    with beside(partial(read_beside, "a"), long=False) as done:
        assert done() == ("a", HERE)


@LINUX
def test_work_that_was_killed_beside_is_done_here():
    with beside(partial(read_beside, "is killed"), long=True) as done:
        assert done() == ("is killed", HERE)
    with beside(partial(read_beside, "raises"), long=True) as done, pytest.raises(ValueError, match="raises"):
        done()


def test_what_a_person_can_mend_is_raised_when_asked():
    def refuses() -> str:
        raise CallError("甲：有误")

    with beside(refuses, long=False) as done, pytest.raises(CallError, match="甲：有误"):
        done()
