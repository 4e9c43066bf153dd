"""What a newcomer meets first: every public verb is there, says what it does, and its examples are true."""

import ast
import doctest
import importlib
import inspect
import os
import re
from pathlib import Path

import pytest

import bangfu_analysis as bangfu

HOUSE = Path(bangfu.__file__).parent
ROOMS = ("analysis", "survey", "exhibits", "release")
MODULES = sorted(f"{room}.{path.stem}" for room in ROOMS for path in (HOUSE / room).glob("[a-z]*.py"))
ENVIRONMENT = {**os.environ, "MYPYPATH": str(HOUSE.parent)}


@pytest.mark.parametrize("name", bangfu.__all__)
def test_every_public_name_exists_and_says_what_it_is(name):
    found = getattr(bangfu, name)
    assert inspect.getdoc(found)
    assert name in dir(bangfu)


def test_what_is_not_there_is_refused_by_name():
    with pytest.raises(AttributeError, match="has no attribute 'estimate_meen'，是否想写 estimate_mean"):
        bangfu.estimate_meen  # noqa: B018


def test_importing_the_package_loads_nothing_heavy():
    source = ast.parse(Path(bangfu.__file__).read_text(encoding="utf-8"))
    imported = [node.module for node in ast.walk(source) if isinstance(node, ast.ImportFrom)]
    assert [name for name in imported if name not in ("importlib", "difflib", "pathlib")] == []


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_are_true(name):
    module = importlib.import_module(f"bangfu_analysis.{name}")
    assert doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE).failed == 0


@pytest.mark.parametrize("name", [name for name, home in bangfu._HOME_OF.items() if ".survey." in home])
def test_every_verb_under_a_design_has_an_example(name):
    assert ">>>" in inspect.getdoc(getattr(bangfu, name))


def test_a_path_may_be_given_as_text_everywhere():
    functions = [getattr(bangfu, n) for n in bangfu.__all__ if inspect.isfunction(getattr(bangfu, n))]
    kinds = {
        (f.__name__, str(p.annotation)) for f in functions for p in inspect.signature(f).parameters.values()
    }
    assert not [told for told in kinds if re.search(r"\bPath\b", told[1]) and "str" not in told[1]]


def test_files_and_folders_are_found_by_their_names_as_text(tmp_path, monkeypatch):
    (tmp_path / "名册.csv").write_text("姓名,性别,致困原因\n王甲,男,因病\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert [reading.kind for reading in bangfu.inspect("名册.csv")] == ["roster"]
    (tmp_path / "wave.toml").write_text("reference_date = 2009-06-30\n", encoding="utf-8")
    assert len(bangfu.clean_wave(".")["workers"]) == 1


def test_where_is_wherever_by_is():
    functions = [getattr(bangfu, n) for n in bangfu.__all__ if inspect.isfunction(getattr(bangfu, n))]
    doors = (bangfu.OpenWave, bangfu.OpenStudy)
    functions += [getattr(opened, name) for opened in doors for name in vars(opened)
                  if inspect.isfunction(getattr(opened, name))]
    asked = {f.__qualname__: set(inspect.signature(f).parameters) for f in functions}
    assert [name for name, has in asked.items() if "by" in has and not {"where", "data"} & has] == []
