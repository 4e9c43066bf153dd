"""Every row and cell accounted for; stated totals against computed ones."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from bangfu_analysis.cleaning.amounts import read_count, read_money
from bangfu_analysis.codebook import Codebook, Variable
from bangfu_analysis.errors import BalanceBroken
from bangfu_analysis.findings import Finding
from bangfu_analysis.reading.tables import CELL_FATES, ROW_FATES, Column, SheetReading, Table, column_letters
from bangfu_analysis.text import squeeze
from bangfu_analysis.tidy.values import CleanTable, told_at
from bangfu_analysis.wave import SETTINGS_FILE, Wave

_PAGE = re.compile("[本每此]页")
_PERSONS = re.compile(r"(?<!\d)(\d+)(?:人|名|户)")
_SUMMED = ("money", "count", "number")
_NO_COUNT = ("private", "id_number")  # a number there is a person's
NAN = float("nan")
COUNTED = Variable("totals", "stated", "合计", "total", "count")
_UNBOUNDED: dict[str, Any] = {"low": None, "high": None, "period": "", "none_means": "missing"}


def sources_frame(sheets: Sequence[SheetReading], away: pd.DataFrame, wave: Wave) -> pd.DataFrame:
    """One row per sheet: what it is and how many of its rows and cells met which fate.

    `away` are the rows merged into others. Raises BalanceBroken unless both sums of every sheet hold exactly.
    """
    merged = away.groupby(["source_file", "source_sheet"]).size().to_dict() if len(away) else {}
    return pd.DataFrame([_source(sheet, merged.get((sheet.file, sheet.sheet), 0), wave) for sheet in sheets])


def _source(sheet: SheetReading, merged: int, wave: Wave) -> dict[str, Any]:
    rows, cells = Counter(sheet.rows), Counter(sheet.cells)
    rows["kept"], rows["merged"] = rows["kept"] - merged, rows["merged"] + merged
    for what, total, parts in (("行数", sheet.row_count, rows), ("非空单元格", sheet.cells_filled, cells)):
        if total != sum(parts.values()) or min(parts.values(), default=0) < 0:
            off = f"账目不平（{what} {total}，分项之和 {sum(parts.values())}）"
            raise BalanceBroken(f"{sheet.place}：{off}，清洗已停止，未写出任何数据。请反馈此文件的版式。")
    return {
        "wave": wave.name, "source_file": sheet.file, "source_sheet": sheet.sheet, "kind": sheet.kind,
        "header_rows": sheet.header_rows, "first_row": sheet.first_row, "last_row": sheet.last_row,
        "rows": sheet.row_count, **{f"rows_{fate}": rows[fate] for fate in ROW_FATES},
        "cells_filled": sheet.cells_filled, **{f"cells_{fate}": cells[fate] for fate in CELL_FATES},
        "reason": sheet.reason or sheet.set_aside, "confidence": sheet.confidence,
    }


def unspent(tables: Sequence[Table], frames: Sequence[pd.DataFrame]) -> list[Finding]:
    """Every row kept of `tables` that is no row of a frame, merged into one, nor an issue: each is told, none
    is lost.
    """
    place = ["source_file", "source_sheet", "source_row"]
    placed = [frame[place].dropna() for frame in frames if set(place) <= set(frame.columns)]
    spent = {key for rows in placed for key in zip(*(rows[c].tolist() for c in place), strict=True)}
    kept = ((t.file, t.sheet, row) for t in tables for row in (() if t.is_form else t.body.index))
    return [told_at("row_without_place", *key, f"A{key[2]}") for key in kept if key not in spent]


def stated_totals(clean: CleanTable, wave: Wave) -> list[dict[str, Any]]:
    """Every number in the 小计/合计 rows of a table, held against the rows that it covers.

    `what` is `rows` (people or lines counted), the variable summed or ticked, "" where nobody can say what is
    counted; `verdict` is cannot_tell there, and where a covered cell is missing. A printed page is nobody's
    group: of its subtotal (本页小计) the count of rows is listed, and those sums that do not agree.
    """
    columns = {column.index: column for column in clean.table.columns}
    source = {"wave": wave.name, "source_file": clean.table.file, "source_sheet": clean.table.sheet}
    lines = []
    for total in clean.table.totals:
        for index, value in total.values.items():
            line = _line(clean, total.covers, columns.get(index), value)
            agrees = line.get("what") != "rows" and line.get("verdict") == "agrees"
            if line and not (agrees and _PAGE.match(total.label)):
                place = {"source_row": total.row, "cell": f"{column_letters(index)}{total.row}"}
                lines.append(source | place | line)
    return lines


def _line(clean: CleanTable, covers: Sequence[int], column: Column | None, value: object) -> dict[str, Any]:
    """What a cell of a total states and what the rows that it covers give; {} where it states nothing."""
    rows, variable = set(clean.rows), column.variable if column else None
    covered, what, computed, complete = [row for row in covers if row in rows], "", NAN, False
    persons = _PERSONS.search(squeeze(str(value)))
    if column and variable and variable.kind in _SUMMED:
        stated = read_money(value, replace(variable, **_UNBOUNDED), column.factor).value
    else:
        stated = read_count(value, COUNTED).value
    if column and variable and (variable.kind in _SUMMED or column.tick) and column.index in clean.readings:
        at = dict(zip(clean.rows, clean.readings[column.index], strict=True))
        values = [at[row] for row in covered]
        what = variable.name
        computed = float(sum(1 if column.tick else v.value for v in values if v.value is not None))
        complete = bool(covered) and not any(v.value is None and v.problem for v in values)
    elif not (variable and variable.kind in _SUMMED) and (
        persons or (variable and column and column.fate == "matched" and variable.kind not in _NO_COUNT)
    ):
        head_of = clean.table.head_of
        heads = len(covered) if head_of is None else sum(head_of.get(row) == row for row in covered)
        stated = float(persons[1]) if persons else stated
        sure = persons or (variable and variable.kind == "name")
        if stated is not None and (sure or stated == heads):
            what, computed, complete = "rows", float(heads), bool(heads)
    elif column is None or column.fate != "unmatched":
        return {}
    if stated is None:
        return {}
    near = 0.0 if what == "rows" else 0.005 * max(1.0, abs(stated))
    verdict = "agrees" if abs(stated - computed) <= near else "differs" if complete else "cannot_tell"
    return {"what": what, "stated": float(stated), "computed": computed, "verdict": verdict}


def stated_in_settings(
    workers: pd.DataFrame, population: pd.DataFrame, codebook: Codebook, wave: Wave
) -> pd.DataFrame:
    """The totals that wave.toml states: workers_total, hardship_total and <code of hardship_level>_total."""
    everybody = population["n"].sum() if len(population) else None
    counted = {"hardship_total": len(workers), "workers_total": everybody}
    levels = workers["hardship_level"].value_counts()
    counted |= {f"{c}_total": levels.get(c, 0) for c in codebook.variable("workers", "hardship_level").codes}
    rows = pd.DataFrame({"what": wave.stated.keys(), "stated": wave.stated.values()})
    rows = rows.assign(computed=rows["what"].map(counted), cell="stated." + rows["what"].astype("str"))
    verdict = rows["computed"].eq(rows["stated"]).map({True: "agrees", False: "differs"})
    return rows.assign(
        verdict=verdict.where(rows["computed"].notna(), "cannot_tell"), wave=wave.name,
        source_file=SETTINGS_FILE, source_sheet="",
    )
