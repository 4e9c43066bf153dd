"""SPSS .sav and Stata .dta: in as a sheet by number, out from coded answers. Needs the extra `stats` (pyreadstat)."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from bangfu_analysis.errors import ArgumentError, FileRefused
from bangfu_analysis.reading.tables import Sheet

SUFFIXES = (".sav", ".dta")
MISSING_LABELS = {-3: "跳过", -2: "空"}
STATA_MISSING = {"a": -3, "b": -2}


def read_statistics_file(path: Path, file: str) -> Sheet:
    """A .sav or .dta as a Sheet whose header is the variable labels (else names), with its value labels.

    Labels of missing kinds are left out. User-missing codes stay as they are (-3, -2); Stata's .a is -3, .b -2.
    FileRefused where it cannot be read.
    """
    package = _pyreadstat()
    read = {".sav": package.read_sav, ".dta": package.read_dta}[_suffix(path)]
    try:
        frame, meta = read(str(path), user_missing=True)
    except (package.ReadstatError, UnicodeDecodeError) as fault:
        raise FileRefused(f"{file}：不是可以读取的 SPSS/Stata 文件。请用原软件另存一次（SPSS 选 UTF-8）。") from fault
    headings = [meta.column_names_to_labels.get(name) or name for name in frame.columns]
    labels = {
        i: {int(c): str(w) for c, w in meta.variable_value_labels[name].items() if _is_code(c)}
        for i, name in enumerate(frame.columns, start=1)
        if name in meta.variable_value_labels
    }
    words = [meta.readstat_variable_types[name] == "string" for name in frame.columns]
    columns = [[_cell(v, w) for v in frame.iloc[:, i].astype(object)] for i, w in enumerate(words)]
    body = list(zip(*columns, strict=True))
    return Sheet(file, path.stem, [tuple(headings), *body], tuple(range(1, len(body) + 2)), labels=labels)


def write_statistics_file(
    path: Path, frame: pd.DataFrame, headings: Mapping[str, str], labels: Mapping[str, Mapping[int, str]]
) -> Path:
    """Coded answers (tidy.questionnaires.coded_answers) as .sav or .dta; returns the path.

    .sav: -3 and -2 are user-missing, labelled. .dta: they are the extended missing values .a and .b.
    """
    package, suffix = _pyreadstat(), _suffix(path)
    numeric = [c for c in frame.columns if pd.api.types.is_numeric_dtype(frame[c])]
    if suffix == ".sav":
        said = {c: {**labels.get(c, {}), **MISSING_LABELS} for c in numeric}
        missing = {c: list(MISSING_LABELS) for c in numeric}
        package.write_sav(
            frame, str(path), column_labels=dict(headings), variable_value_labels=said, missing_ranges=missing
        )
        return path
    marks = {code: mark for mark, code in STATA_MISSING.items()}
    marked = {c: frame[c].astype(object).map(lambda v: marks.get(v, v)) for c in numeric}
    used = {c: [mark for mark in STATA_MISSING if column.eq(mark).any()] for c, column in marked.items()}
    package.write_dta(
        frame.assign(**marked), str(path), column_labels=dict(headings), variable_value_labels=dict(labels),
        missing_user_values={c: found for c, found in used.items() if found},
    )  # fmt: skip
    return path


def _suffix(path: Path) -> str:
    if path.suffix.lower() not in SUFFIXES:
        raise ArgumentError.naming("path", path.suffix, SUFFIXES)
    return path.suffix.lower()


def _cell(value: Any, is_text: bool) -> object:
    if value in STATA_MISSING and not is_text:
        return STATA_MISSING[value]
    return None if value != value or value == "" else value


def _is_code(code: object) -> bool:
    return isinstance(code, int | float) and int(code) == code and int(code) not in MISSING_LABELS


def _pyreadstat() -> ModuleType:
    try:
        return import_module("pyreadstat")
    except ImportError as fault:
        raise FileRefused(
            "读写 SPSS/Stata 文件需要 pyreadstat。请运行 pip install 'bangfu-analysis[stats]'。"
        ) from fault
