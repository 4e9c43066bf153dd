"""How far a long step is: bars on a terminal, what took how long at its end, and nothing elsewhere."""

import sys
import time
from contextlib import contextmanager

import pytest

from bangfu_analysis import cli
from bangfu_analysis.progress import SHOWN, doing, steps


@pytest.fixture
def listened():
    """What a listener hears, in order."""
    heard = []

    @contextmanager
    def show(what, total):
        heard.append(f"{what} {total}")
        yield lambda: heard.append(what)
        heard.append(f"{what}。")

    before = SHOWN.set(show)
    yield heard
    SHOWN.reset(before)


def test_a_step_is_told_with_each_of_its_parts_and_its_end(listened):
    for file in steps("读取", ["甲", "乙"]):
        with doing("整理"):
            assert file
    inner = ["整理 0", "整理。"]
    assert listened == ["读取 2", *inner, "读取", *inner, "读取", "读取。"]


def run(monkeypatch, *, terminal):
    def slow(_):
        with doing("整理数据"):
            time.sleep(0.6)
        assert [*steps("读取文件", [1, 2, 3])] == [1, 2, 3]

    monkeypatch.setitem(cli.RUN, "doctor", slow)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    assert cli.main(["doctor"]) == 0


def test_a_terminal_shows_bars_and_what_took_long(monkeypatch, capsys):
    run(monkeypatch, terminal=True)
    told = capsys.readouterr().err
    assert "整理数据…" in told and "读取文件 0/3 |" in told
    assert told.splitlines()[-1].endswith("用时 1 秒，其中整理数据 1 秒。")


def test_elsewhere_nothing_is_shown(monkeypatch, capsys):
    run(monkeypatch, terminal=False)
    assert capsys.readouterr().err == ""
