"""The data rows of a block as a frame: merges filled, dittos resolved, and who is whose family member."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.distinct import Objects
from bangfu_analysis.findings import Finding
from bangfu_analysis.reading.grid import Grid
from bangfu_analysis.reading.headers import meta_of
from bangfu_analysis.reading.rows import Block
from bangfu_analysis.reading.tables import Column, Table
from bangfu_analysis.text import squeeze

_DITTO = frozenset({"〃", "″", "同上", "-〃-", '-"-', "‖", "〞", "”", "“", '"', "''", "′′", "々"})
_TEXT_DITTO = frozenset({'"', "”", "“", "''", "′′", '-"-', "〞"})
_NUMERIC = ("money", "count", "number", "age", "date", "id_number", "yes_no", "row_number")
_NUMBERED = re.compile(r"^[(]?(?:[一二三四五六七八九十]+|\d{1,2})[)、.]+|[:：]$|[(][^()]*[)]$")
_UNIT = re.compile(r".{2,20}(?:厂|公司|集团|局|院|所|中心|校|社区|街道|工会|店|站|处|队|矿|场|段|行|社|委|办|部|科)$")


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
            label = column.variable.label
            findings.append(
                grid.finding(
                    "filled_down",
                    block.top,
                    column.index - 1,
                    f"“{label}”一列有 {n} 个空格，按“同上”取上一行的值。若空格表示未填，请在原表中注明。",
                    severity="info",
                    action="inferred",
                    variable=column.variable.name,
                )
            )
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
    if not (_DITTO | {"同左"}).isdisjoint(distinct):
        return True
    return len(distinct) <= 500 and any(isinstance(v, str) and squeeze(v) in _DITTO for v in distinct)


def _resolve_dittos(values: Objects, place: int, *, numeric: bool) -> None:
    for n in range(len(values)):
        said = values[n, place]
        word = squeeze(said) if isinstance(said, str) and len(said) <= 8 else ""
        if word == "同左" and place:
            values[n, place] = values[n, place - 1]
        elif word in _DITTO and n and not (numeric and word in _TEXT_DITTO):
            values[n, place] = values[n - 1, place]


def _fill_down(values: Objects, place: int) -> int:
    """Repeat the value above in blanks, where the column names each group once: a fifth blank, no name twice running."""
    column = values[:, place]
    blank = np.array([value is None for value in column], dtype=bool)
    if len(column) < 2 or blank[0] or blank.mean() < 0.2 or (~blank[1:] & (column[1:] == column[:-1])).any():
        return 0
    last = np.maximum.accumulate(np.where(blank, 0, np.arange(len(column))))
    values[:, place] = column[last]
    return int(blank.sum())


def with_sections(table: Table, block: Block, codebook: Codebook) -> Table:
    """A roster that names each unit in a line of its own over its people gets it as a column 填报单位, to the right of all others.

    Such a line is the bare name over people without a unit of their own, or a 填报单位： line between them.
    """
    grid = block.grid
    named = {c.variable.name for c in block.columns if c.variable is not None}
    told = {r: str(unit) for r in block.notes if (unit := meta_of(grid, r, r + 1, block.first, block.last).get("unit"))}
    bare = {} if "employer" in named else {r: t for r in block.notes if (t := _section(block, r))}
    units = {block.top: str(table.meta["unit"]), **told} if told and "unit" in table.meta else {**bare, **told}
    if block.kind != "roster" or "reporting_unit" in named or not units or min(units) > min(block.data, default=-1):
        return table
    values = [units[max(r for r in units if r < row)] for row in block.data]
    index = grid.width + 1
    variable = codebook.variable("workers", "reporting_unit")
    beside = pd.DataFrame({index: pd.Series(values, index=table.body.index, dtype=object)}, dtype=object)
    column = Column(index, "（分组行的单位）", variable, "matched")
    return replace(table, columns=(*table.columns, column), body=pd.concat([table.body, beside], axis=1))


def _section(block: Block, row: int) -> str:
    columns = block.grid.columns_of(row, block.first, block.last)
    text = _NUMBERED.sub("", block.grid.text(row, columns[0]))
    return text if len(columns) == 1 and _UNIT.fullmatch(text) and any(d > row for d in block.data) else ""
