"""What a newcomer meets first: every public verb is there, says what it does, and its examples are true."""

import ast
import doctest
import importlib
import inspect
from pathlib import Path

import pytest

import bangfu_analysis as bangfu

HOUSE = Path(bangfu.__file__).parent
ROOMS = ("analysis", "survey")
MODULES = sorted(f"{room}.{path.stem}" for room in ROOMS for path in (HOUSE / room).glob("[a-z]*.py"))
DESIGNED = ["design", "estimate", "quantiles", "association", "crosstab", "weighting"]


@pytest.mark.parametrize("name", bangfu.__all__)
def test_every_public_name_exists_and_says_what_it_is(name):
    found = getattr(bangfu, name)
    assert inspect.getdoc(found)
    assert name in dir(bangfu)


def test_what_is_not_there_is_refused_by_name():
    with pytest.raises(AttributeError, match="has no attribute 'estimate_meen'"):
        bangfu.estimate_meen  # noqa: B018


def test_importing_the_package_loads_nothing_heavy():
    source = ast.parse(Path(bangfu.__file__).read_text(encoding="utf-8"))
    imported = [node.module for node in ast.walk(source) if isinstance(node, ast.ImportFrom)]
    assert [name for name in imported if name not in ("importlib", "typing")] == []
    assert not any(isinstance(node, ast.Import) for node in ast.walk(source))


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_are_true(name):
    module = importlib.import_module(f"bangfu_analysis.{name}")
    assert doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE).failed == 0


@pytest.mark.parametrize("name", [name for home in DESIGNED for name in bangfu._HOMES[f"survey.{home}"]])
def test_every_verb_under_a_design_has_an_example(name):
    assert ">>>" in inspect.getdoc(getattr(bangfu, name))
