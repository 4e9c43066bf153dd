"""The data rows of a block as a frame: merges filled, dittos resolved, and who is whose family member."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bangfu_analysis.distinct import Objects
from bangfu_analysis.findings import Finding
from bangfu_analysis.reading.grid import Grid
from bangfu_analysis.reading.rows import Block
from bangfu_analysis.reading.tables import Column
from bangfu_analysis.text import DITTO, squeeze

_TEXT_DITTO = frozenset("”“\"'′＂〞.…")  # beside a number it may count inches or seconds
_NUMERIC = ("money", "count", "number", "age", "date", "id_number", "yes_no", "row_number")


def body_of(block: Block) -> tuple[pd.DataFrame, list[Finding]]:
    """The data rows with merges filled and dittos resolved, and what was filled without a merge."""
    grid = block.grid
    values = _copied(grid.values[:, block.first : block.last], block.data)
    _fill_merges(block, values)
    findings = []
    for place, column in enumerate(block.columns):
        kind = column.variable.kind if column.variable is not None else "text"
        if _has_ditto(grid, column):
            _resolve_dittos(values, place, numeric=kind in _NUMERIC)
        if column.variable is not None and column.variable.fill and (n := _fill_down(values, place)):
            v, at = column.variable, column.index - 1
            findings.append(grid.told("filled_down", block.top, at, variable=v.name, label=v.label, n=n))
    index = pd.Index([grid.number(r) for r in block.data], dtype="int64")
    return pd.DataFrame(
        values, index=index, columns=[c.index for c in block.columns], dtype=object, copy=False
    ), findings


def _copied(values: Objects, rows: list[int]) -> Objects:
    """The rows as an array of its own, by column; rows without a gap are copied at once."""
    if rows and rows[-1] - rows[0] + 1 == len(rows):
        return values[rows[0] : rows[-1] + 1].copy(order="F")
    return values.T[:, rows].T


def _fill_merges(block: Block, values: Objects) -> None:
    """Real merges that reach over several rows: their value stands in each data row."""
    where = {row: n for n, row in enumerate(block.data)}
    for (top, left), (low, _) in block.grid.merges.items():
        if low > top >= block.body and block.first <= left < block.last and low < block.end:
            for row in range(top + 1, low + 1):
                if row in where and values[where[row], left - block.first] is None:
                    values[where[row], left - block.first] = block.grid.values[top, left]


def _has_ditto(grid: Grid, column: Column) -> bool:
    distinct = grid.distinct[column.index - 1]
    texts = (v for v in distinct if isinstance(v, str) and len(v) <= 8 and not v[:1].isdigit())
    return any(_is_ditto(squeeze(text)) for text in texts)


def _is_ditto(word: str) -> bool:
    return word == "同左" or DITTO.fullmatch(word) is not None


def _resolve_dittos(values: Objects, place: int, *, numeric: bool) -> None:
    for n in range(len(values)):
        said = values[n, place]
        word = squeeze(said) if isinstance(said, str) and len(said) <= 8 else ""
        if word == "同左" and place:
            values[n, place] = values[n, place - 1]
        elif n and _is_ditto(word) and not (numeric and _TEXT_DITTO & {*word}):
            values[n, place] = values[n - 1, place]


def _fill_down(values: Objects, place: int) -> int:
    """Repeat the value above in blanks, where the column names each group once: a fifth blank, no name twice
    running.
    """
    column = values[:, place]
    blank = np.array([value is None for value in column], dtype=bool)
    if len(column) < 2 or blank[0] or blank.mean() < 0.2 or (~blank[1:] & (column[1:] == column[:-1])).any():
        return 0
    last = np.maximum.accumulate(np.where(blank, 0, np.arange(len(column))))
    values[:, place] = column[last]
    return int(blank.sum())
