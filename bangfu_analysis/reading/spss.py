"""SPSS .sav and Stata .dta: in as a sheet by number, out from coded answers. Needs the extra `stats`
(pyreadstat).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from string import ascii_lowercase
from types import ModuleType
from typing import Any

import pandas as pd

from bangfu_analysis.errors import FileRefused, one_of
from bangfu_analysis.reading.tables import Sheet

SUFFIXES = (".sav", ".dta")
MISSING_LABELS = {-3: "跳过", -2: "空"}
STATA_MISSING = {"a": -3, "b": -2}
STATA_LETTERS = frozenset(ascii_lowercase)
_SKIPPED = re.compile(r"跳|不适用|skip|not applicable|inapplicable|n/a", re.IGNORECASE)


def read_statistics_file(path: Path, file: str) -> Sheet:
    """A .sav or .dta as a Sheet whose header is the variable labels (else names), with its names and value
    labels.

    A value that the file declares missing is (跳过) where its label says so, else (空); its label is left
    out. Stata's .a without a label is (跳过). The variables of a multiple-response set are headed
    `set—variable`, and hold 1 and 0 where it counts one value. FileRefused where it cannot be read.
    """
    package = _pyreadstat()
    read = package.read_sav if path.suffix.lower() == ".sav" else package.read_dta
    try:
        frame, meta = read(str(path), user_missing=True)
    except (package.ReadstatError, UnicodeDecodeError) as fault:
        raise FileRefused(
            f"{file}：不是可以读取的 SPSS/Stata 文件。请用原软件另存一次（SPSS 选 UTF-8）。"
        ) from fault
    headings, labels, columns = [], dict[int, dict[int, str]](), []
    sets = {name: set_of for set_of in meta.mr_sets.values() for name in set_of["variable_list"]}
    for i, name in enumerate(frame.columns, start=1):
        labels_of = meta.variable_value_labels.get(name, {})
        ranges = meta.missing_ranges.get(name, ())
        label = meta.column_names_to_labels.get(name) or name
        cells = [None if v is None or v != v or v == "" else v for v in frame[name].astype(object)]
        if meta.readstat_variable_types[name] != "string":
            cells = [_missing(v, labels_of, ranges) or v for v in cells]
        codes_of = {c: str(w) for c, w in labels_of.items() if isinstance(c, int | float) and int(c) == c}
        kept_labels = {int(c): word for c, word in codes_of.items() if _missing(c, labels_of, ranges) is None}
        if set_of := sets.get(name):
            nth = set_of["variable_list"].index(name) + 1
            title = set_of["label"] or name.rstrip("0123456789_")
            label = f"{title}—{label if set_of['is_dichotomy'] else f'选择{nth}'}"
            if set_of["is_dichotomy"]:
                one, absent = str(set_of["counted_value"]), (None, "(跳过)", "(空)")
                counted, kept_labels = set_of["counted_value"], {}
                cells = [c if c in absent else int(str(c) == one or c == counted) for c in cells]
        headings.append(label)
        columns.append(cells)
        labels |= {i: kept_labels} if kept_labels else {}
    body = list(zip(*columns, strict=True))
    codes = dict(enumerate(map(str, frame.columns), start=1))
    numbers = tuple(range(1, len(body) + 2))
    return Sheet(file, path.stem, [tuple(headings), *body], numbers, labels=labels, codes=codes)


def write_statistics_file(
    path: Path, frame: pd.DataFrame, headings: Mapping[str, str], labels: Mapping[str, Mapping[int, str]]
) -> Path:
    """Coded answers (tidy.questionnaires.coded_answers) as .sav or .dta; returns the path.

    .sav: -3 and -2 are user-missing, labelled. .dta: they are the extended missing values .a and .b.
    """
    package = _pyreadstat()
    one_of("path", path.suffix.lower(), SUFFIXES)
    numeric = [c for c in frame.columns if pd.api.types.is_numeric_dtype(frame[c])]
    if path.suffix.lower() == ".sav":
        known = {c: {**labels.get(c, {}), **MISSING_LABELS} for c in numeric}
        about = {"column_labels": dict(headings), "variable_value_labels": known}
        package.write_sav(frame, str(path), **about, missing_ranges=dict.fromkeys(numeric, [*MISSING_LABELS]))
        return path
    marks = {code: mark for mark, code in STATA_MISSING.items()}
    marked = {c: frame[c].astype(object).map(lambda v: marks.get(v, v)) for c in numeric}
    used = {c: [mark for mark in STATA_MISSING if column.eq(mark).any()] for c, column in marked.items()}
    about = {"column_labels": dict(headings), "variable_value_labels": dict(labels)}
    used = {c: found for c, found in used.items() if found}
    package.write_dta(frame.assign(**marked), str(path), **about, missing_user_values=used)
    return path


def _missing(value: Any, labels: Mapping[Any, str], ranges: Sequence[Mapping[str, Any]]) -> str | None:
    """(跳过) or (空) for a value that the file declares missing."""
    within = isinstance(value, int | float) and any(span["lo"] <= value <= span["hi"] for span in ranges)
    if not within and value not in STATA_LETTERS and not (value in MISSING_LABELS and value in labels):
        return None
    label = labels.get(value, "")
    skipped = _SKIPPED.search(label) or (not label and value in ("a", -3))
    return "(跳过)" if skipped else "(空)"


def _pyreadstat() -> ModuleType:
    try:
        return import_module("pyreadstat")
    except ImportError as fault:
        advice = "请运行 pip install 'bangfu-analysis[stats]'。"
        raise FileRefused(f"读写 SPSS/Stata 文件需要 pyreadstat。{advice}") from fault
