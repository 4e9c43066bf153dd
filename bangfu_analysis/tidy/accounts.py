"""Every row and cell accounted for; stated totals against computed ones."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from bangfu_analysis.cleaning.amounts import read_count, read_money
from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import BalanceBroken
from bangfu_analysis.findings import Finding
from bangfu_analysis.reading.tables import (
    CELL_FATES,
    ROW_FATES,
    Column,
    SheetReading,
    Table,
    Total,
    column_letters,
)
from bangfu_analysis.text import squeeze
from bangfu_analysis.tidy.values import CleanTable
from bangfu_analysis.wave import SETTINGS_FILE, Wave

_PERSONS = re.compile(r"(\d+)(?:人|名|户)")
_SUMMED = ("money", "count", "number")
NAN = float("nan")


def sources_frame(sheets: Sequence[SheetReading], away: pd.DataFrame, wave: Wave) -> pd.DataFrame:
    """One row per sheet: what it is and how many of its rows and cells met which fate.

    `away` are the rows merged into others. Raises BalanceBroken unless both sums of every sheet hold exactly.
    """
    merged = away.groupby(["source_file", "source_sheet"]).size().to_dict() if len(away) else {}
    return pd.DataFrame([_source(sheet, merged.get((sheet.file, sheet.sheet), 0), wave) for sheet in sheets])


def _source(sheet: SheetReading, merged: int, wave: Wave) -> dict[str, Any]:
    rows = _all_set_aside(sheet.rows, "kept") if sheet.set_aside else dict(sheet.rows)
    cells = _all_set_aside(sheet.cells, "body") if sheet.set_aside else dict(sheet.cells)
    rows = rows | {"kept": rows.get("kept", 0) - merged, "merged": rows.get("merged", 0) + merged}
    _balance(sheet, rows, cells)
    return {
        "wave": wave.name, "source_file": sheet.file, "source_sheet": sheet.sheet, "kind": sheet.kind,
        "header_rows": sheet.header_rows, "first_row": sheet.first_row, "last_row": sheet.last_row,
        "rows": sheet.row_count, **{f"rows_{fate}": rows.get(fate, 0) for fate in ROW_FATES},
        "cells_filled": sheet.cells_filled, **{f"cells_{fate}": cells.get(fate, 0) for fate in CELL_FATES},
        "reason": sheet.reason or sheet.set_aside, "confidence": sheet.confidence,
    }  # fmt: skip


def _all_set_aside(counts: Mapping[str, int], fate: str) -> dict[str, int]:
    """The counts of a sheet that enters no frame: what would have been kept is set aside."""
    return {**counts, fate: 0, "set_aside": counts.get("set_aside", 0) + counts.get(fate, 0)}


def _balance(sheet: SheetReading, rows: Mapping[str, int], cells: Mapping[str, int]) -> None:
    off = [
        f"{what} {total}，分项之和 {sum(parts.values())}"
        for what, total, parts in (("行数", sheet.row_count, rows), ("非空单元格", sheet.cells_filled, cells))
        if total != sum(parts.values()) or min(parts.values(), default=0) < 0
    ]
    if off:
        raise BalanceBroken(
            f"{sheet.file} [{sheet.sheet}]：账目不平（{'；'.join(off)}），清洗已停止，未写出任何数据。请反馈此文件的版式。"
        )


def unspent(tables: Sequence[Table], frames: Sequence[pd.DataFrame]) -> list[Finding]:
    """Every row kept of `tables` that is no row of a frame, merged into one, nor an issue: each is told, none is lost."""
    place = ["source_file", "source_sheet", "source_row"]
    placed = [frame[place].dropna() for frame in frames if set(place) <= set(frame.columns)]
    spent = {key for rows in placed for key in zip(*(rows[c].tolist() for c in place), strict=True)}
    message = "这一行读入后没有进入任何数据框。请核对原表的这一行，并反馈此文件的版式。"
    return [
        Finding(
            "row_without_place", message, "error", source_file=table.file, source_sheet=table.sheet,
            source_row=row, cell=f"A{row}",
        ) for table in tables for row in (() if table.is_form else table.body.index)
        if (table.file, table.sheet, row) not in spent
    ]


def stated_totals(clean: CleanTable, wave: Wave) -> pd.DataFrame:
    """Every number in the 小计/合计 rows of a table, held against the rows that it covers.

    `what` is `rows` (people or lines counted) or the variable summed; `verdict` is cannot_tell where a covered cell
    is missing.
    """
    found = [line for total in clean.table.totals for line in _of_total(clean, total)]
    source = {"wave": wave.name, "source_file": clean.table.file, "source_sheet": clean.table.sheet}
    return pd.DataFrame([source | line for line in found])


def _of_total(clean: CleanTable, total: Total) -> list[dict[str, Any]]:
    columns = {column.index: column for column in clean.table.columns}
    own = set(clean.rows)
    covered = [row for row in total.covers if row in own]
    lines = [_persons(clean.table, total, index, value, covered) for index, value in total.values.items()]
    lines += [_sum(clean, total, columns[i], v, covered) for i, v in total.values.items() if i in columns]
    told = {line["cell"] for line in lines if line}
    return [line for line in (*lines, *_unmatched(total, columns, told)) if line]


def _unmatched(total: Total, columns: Mapping[int, Column], told: set[str]) -> list[dict[str, Any]]:
    """A line for every stated number under a column that is not summed: what it counts cannot be told."""
    found = {i: read_count(v).value for i, v in total.values.items() if not isinstance(v, str) or v.strip().isdecimal()}
    return [
        _line(total, cell, "", float(n), NAN, "cannot_tell") for i, n in found.items()
        if isinstance(n, int | float) and (cell := f"{column_letters(i)}{total.row}") not in told
        if i in columns and columns[i].fate in ("matched", "unmatched")
    ]


def _persons(table: Table, total: Total, index: int, value: object, covered: Sequence[int]) -> dict[str, Any]:
    said = _PERSONS.search(squeeze(str(value)))
    if said is None or any(c.index == index and _is_summed(c) for c in table.columns):
        return {}
    heads = covered if table.head_of is None else [row for row in covered if table.head_of.get(row) == row]
    return _verdict(total, index, "rows", float(said.group(1)), float(len(heads)), complete=bool(heads))


def _is_summed(column: Column) -> bool:
    return column.variable is not None and column.variable.kind in _SUMMED


def _sum(clean: CleanTable, total: Total, column: Column, value: object, covered: Sequence[int]) -> dict[str, Any]:
    if not _is_summed(column) or column.index not in clean.readings:
        return {}
    stated = (
        read_money(value, factor=column.factor)
        if column.variable and column.variable.kind == "money"
        else read_count(value)
    )
    if not isinstance(stated.value, int | float):
        return {}
    at = dict(zip(clean.rows, clean.readings[column.index], strict=True))
    values = [at[row].value for row in covered]
    complete = bool(covered) and not any(at[row].value is None and at[row].problem for row in covered)
    name = column.variable.name if column.variable else ""
    computed = sum(v for v in values if isinstance(v, int | float))
    return _verdict(total, column.index, name, float(stated.value), float(computed), complete=complete)


def _verdict(total: Total, index: int, what: str, stated: float, computed: float, *, complete: bool) -> dict[str, Any]:
    agrees = abs(stated - computed) <= 0.005 * max(1.0, abs(stated)) if what not in ("rows",) else stated == computed
    verdict = "agrees" if agrees else "differs" if complete else "cannot_tell"
    return _line(total, f"{column_letters(index)}{total.row}", what, stated, computed, verdict)


def _line(total: Total, cell: str, what: str, stated: float, computed: float, verdict: str) -> dict[str, Any]:
    said = {"stated": stated, "computed": computed, "verdict": verdict}
    return {"source_row": total.row, "cell": cell, "what": what, **said}


def stated_in_settings(workers: pd.DataFrame, population: pd.DataFrame, codebook: Codebook, wave: Wave) -> pd.DataFrame:
    """The totals that wave.toml states: workers_total, hardship_total and <code of hardship_level>_total."""
    counted = {"hardship_total": len(workers), "workers_total": population["n"].sum() if len(population) else None}
    levels = workers["hardship_level"].value_counts()
    counted |= {f"{code}_total": levels.get(code, 0) for code in codebook.variable("workers", "hardship_level").codes}
    lines = []
    for name, stated in wave.stated.items():
        computed = counted.get(name)
        verdict = "cannot_tell" if computed is None else "agrees" if computed == stated else "differs"
        lines.append(
            {"what": name, "cell": f"stated.{name}", "stated": stated, "computed": computed, "verdict": verdict}
        )
    source = {"wave": wave.name, "source_file": SETTINGS_FILE, "source_sheet": ""}
    return pd.DataFrame([source | line for line in lines])
