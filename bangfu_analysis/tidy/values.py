"""A located table -> its readings: every mapped cell read once, every problem a finding with its address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from bangfu_analysis.cleaning.columns import read_column
from bangfu_analysis.cleaning.readings import Reading, Readings
from bangfu_analysis.codebook import Codebook, Variable
from bangfu_analysis.findings import Finding, quoted
from bangfu_analysis.reading.tables import Column, SheetReading, Table, address
from bangfu_analysis.text import squeeze
from bangfu_analysis.tidy.schemas import dtype_of
from bangfu_analysis.wave import Wave

NOT_READ = ("private", "ignored", "row_number", "name")


@dataclass(frozen=True)
class CleanTable:
    """A table whose cells are read: `readings` by column index, aligned with `rows`, the rows of the table's body."""

    table: Table
    rows: list[int]
    readings: Mapping[int, Readings]
    findings: tuple[Finding, ...]

    def columns(self, frame: str, name: str = "") -> list[Column]:
        """The read columns that mean variables of `frame`, or its variable `name`, in sheet order."""
        return [
            c
            for c in self.table.columns
            if c.variable is not None and c.variable.frame == frame and c.variable.name == (name or c.variable.name)
        ]

    def values(self, column: Column) -> npt.NDArray[np.object_]:
        """The value of every row, None where missing."""
        return self.readings[column.index].values


def infer_scheme(sheets: Iterable[SheetReading], codebook: Codebook, wave: Wave) -> tuple[str, list[Finding]]:
    """The scheme of hardship categories: as wave.toml says, else the only one that every readable label fits.

    An empty scheme comes with an issue, unless no label is there at all.
    """
    if wave.scheme:
        return wave.scheme, []
    variable = codebook.variable("workers", "hardship_level")
    said = {squeeze(str(v)) for v in _cells_of(sheets, variable) if v is not None}
    known = [word for word in said if word in variable.spellings]
    fitting = [s for s in codebook.schemes if all(_in_scheme(variable, w, s) for w in known)]
    if not known:
        return "", []
    if len(fitting) == 1:
        return fitting[0], []
    message = "困难类别的写法对不上唯一的口径，无法确定各类别的含义。请在 wave.toml 中写明 scheme（s2000、s2008、s2012 或 s2018）。"
    return "", [Finding("scheme_unknown", message, severity="error", variable="hardship_level")]


def _cells_of(sheets: Iterable[SheetReading], variable: Variable) -> Iterable[object]:
    for sheet in sheets:
        for table in sheet.tables:
            for column in table.columns:
                if column.variable == variable and not table.body.empty:
                    yield from table.body[column.index].dropna().unique()


def _in_scheme(variable: Variable, word: str, scheme: str) -> bool:
    return any(level.scheme == scheme for level in variable.spellings[word])


def clean_table(table: Table, codebook: Codebook, wave: Wave, scheme: str) -> CleanTable:
    """Read every mapped column of `table` once per distinct value."""
    rows = [int(row) for row in table.body.index]
    schemes = frozenset([scheme]) if scheme else frozenset(codebook.schemes)
    readings: dict[int, Readings] = {}
    findings: list[Finding] = []
    for column in table.columns:
        variable = column.variable
        if variable is None or variable.kind in NOT_READ:
            continue
        raws = table.body[column.index].tolist()
        read = read_column(
            raws, variable, reference=wave.reference_date, factor=column.factor, said_period=column.period,
            schemes=schemes, epoch1904=bool(table.meta.get("epoch1904")), tick=column.tick,
        )  # fmt: skip
        readings[column.index] = read
        findings += _findings(table, rows, column, raws, read)
    return CleanTable(table, rows, readings, tuple(findings))


def _findings(
    table: Table, rows: Sequence[int], column: Column, raws: Sequence[object], read: Readings
) -> list[Finding]:
    """One for each cell with a problem; what a merge repeats beside a household's family members is told once."""
    places = np.flatnonzero(read.problems).tolist()
    if table.kind == "roster" and table.head_of is not None and _is_of_workers(column):
        places = [n for n in places if table.head_of[rows[n]] == rows[n]]
    return [finding_at(table, rows[n], column, read[n], raws[n]) for n in places]


def _is_of_workers(column: Column) -> bool:
    return column.variable is not None and column.variable.frame == "workers"


def finding_at(table: Table, row: int, column: Column, reading: Reading, raw: object = "") -> Finding:
    """The finding that `reading` makes of the cell at `row` and `column`; the quote is masked where it identifies."""
    variable = column.variable
    assert variable is not None, "only mapped columns are read"
    cell = address(table, row, column)
    place = f"{table.file} [{table.sheet}] {cell}" if table.sheet else f"{table.file} {cell}"
    said = quoted(raw, identifying=variable.identifying)
    shown = "" if reading.value is None or variable.identifying else str(reading.value)
    return Finding(
        problem=reading.problem,
        message=f"{place}：{variable.label}“{said}”：{reading.message}",
        severity=reading.severity,
        action=reading.action or "kept",
        source_file=table.file,
        source_sheet=table.sheet,
        source_row=None if table.is_form else row,
        cell=cell,
        variable=variable.name,
        raw=said,
        value=shown,
    )


def provenance(clean: CleanTable, wave: Wave, rows: Sequence[int]) -> pd.DataFrame:
    """The provenance columns of `rows`, one row each."""
    table = clean.table
    lines = [None if table.is_form else row for row in rows]
    frame = pd.DataFrame({"source_row": pd.array(lines, dtype="Int64")})
    return frame.assign(wave=wave.name, source_file=table.file, source_sheet=table.sheet)


def plain_rows(clean: CleanTable, frame: str, wave: Wave) -> pd.DataFrame:
    """The rows of a table of `frame` as they are: provenance and one column per variable, first column of a name wins."""
    data = provenance(clean, wave, clean.rows)
    for column in clean.columns(frame):
        assert column.variable is not None
        if column.index in clean.readings and column.variable.name not in data:
            data[column.variable.name] = _series(clean.readings[column.index], column.variable)
    return data


def _series(readings: Readings, variable: Variable) -> pd.Series:
    """The values as their frame holds them; dates, codes in tuples and identities stay objects until they are settled."""
    if variable.kind in ("date", "choices", "id_number"):
        return pd.Series(readings.values, dtype=object)
    distinct = pd.Series([reading.value for reading in readings.distinct], dtype=object).astype(dtype_of(variable))
    return pd.Series(distinct.array.take(readings.places))
