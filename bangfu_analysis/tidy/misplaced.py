"""Rows whose cells stand one column beside their own are given up: no value may land in another column."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from bangfu_analysis.cleaning.columns import read_column
from bangfu_analysis.cleaning.readings import BLANK, Reading, Readings, told
from bangfu_analysis.reading.tables import Column
from bangfu_analysis.tidy.values import CleanTable, finding_at
from bangfu_analysis.wave import Wave

_WORDED = ("unit", "text", "name", "remark")  # columns that take any text prove nothing
_PROOF = 3  # cells that must fit the column beside their own
_SHIFTED = told("row_cells_shifted")


def without_shifted(clean: CleanTable, wave: Wave) -> CleanTable:
    """`clean` with the cells of a row that is shifted by one column given up, from where the shift begins."""
    columns = [c for c in clean.table.columns if c.index in clean.readings and c.variable is not None]
    typed = [c for c in columns if c.variable is not None and c.variable.kind not in _WORDED and not c.tick]
    given_up = [clean.readings[c.index].of_each(_is_given_up).astype(bool) for c in typed]
    doubtful = np.flatnonzero(np.sum(given_up, axis=0) >= 2)
    if clean.table.is_form or len(given_up) < _PROOF or not len(doubtful):
        return clean
    cells = dict(zip(doubtful, clean.table.body.iloc[doubtful].to_dict("records"), strict=True))
    by_index = {column.index: column for column in typed}

    @cache
    def is_read(kind: type, cell: object, index: int) -> bool:
        return not _is_given_up(_read(cell, by_index[index], wave))

    starts = {}
    for n in doubtful:
        own = [c for c, lost in zip(typed, given_up, strict=True) if lost[n]]
        if any(_fits(cells[n], typed, own[0], step, is_read) for step in (1, -1)):
            starts[int(n)] = own[0]
    if not starts:
        return clean
    findings = (*clean.findings, *_told(clean, starts))
    return replace(clean, readings=_blanked(clean, starts), findings=findings)


def _is_given_up(reading: Reading) -> bool:
    return reading.value is None and reading.action == "missing"


def _fits(
    cells: Mapping[Any, object], typed: list[Column], first: Column, step: int,
    is_read: Callable[[type, object, int], bool],
) -> bool:
    """The cells from `first` on are what the columns `step` before them ask for, three of them or more."""
    asked = [c for c in typed if (c.index >= first.index if step > 0 else c.index > first.index)]
    beside = [(cell, c) for c in asked if (cell := cells.get(c.index + step)) is not None]
    return len(beside) >= _PROOF and all(is_read(type(cell), cell, c.index) for cell, c in beside)


def _read(cell: object, column: Column, wave: Wave) -> Reading:
    return read_column([cell], column.meaning, reference=wave.reference_date, factor=column.factor)[0]


def _start(clean: CleanTable, n: int, first: Column) -> int:
    """Where the shift begins: right of the last blank cell before the first that does not fit."""
    cells = clean.table.body.iloc[n]
    return max((i for i in cells.index[cells.isna()] if i < first.index), default=first.index)


def _blanked(clean: CleanTable, starts: Mapping[int, Column]) -> dict[int, Readings]:
    since = {n: _start(clean, n, first) for n, first in starts.items()}
    found = {}
    for index, read in clean.readings.items():
        rows = [n for n, start in since.items() if index >= start]
        places = read.places.copy()
        places[rows] = len(read.distinct)
        found[index] = Readings([*read.distinct, BLANK], places) if rows else read
    return found


def _told(clean: CleanTable, starts: Mapping[int, Column]) -> Iterator[Any]:
    for n, first in starts.items():
        row = clean.rows[n]
        yield finding_at(clean.table, row, first, _SHIFTED, clean.table.body.at[row, first.index])
