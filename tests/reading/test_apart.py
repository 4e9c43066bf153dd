"""A file that hangs, crashes or wants too much costs itself only."""

import faulthandler
import os
import sys
import time
from pathlib import Path

import pytest

from bangfu_analysis.errors import CallError
from bangfu_analysis.reading import apart
from bangfu_analysis.reading.apart import CRASH_WHY, MEMORY_WHY, TIME_WHY, read_apart

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
