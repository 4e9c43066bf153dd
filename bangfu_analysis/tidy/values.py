"""A located table -> its readings: every mapped cell read once, every problem a finding with its address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.cleaning.columns import read_column
from bangfu_analysis.cleaning.readings import Reading, Readings, told
from bangfu_analysis.codebook import Codebook, Variable
from bangfu_analysis.distinct import Objects, objects
from bangfu_analysis.findings import Finding, quoted
from bangfu_analysis.reading.tables import Column, SheetReading, Table, mapped_columns
from bangfu_analysis.text import squeeze
from bangfu_analysis.tidy.schemas import dtype_of
from bangfu_analysis.wave import Wave
from bangfu_analysis.words import LIKE

NOT_READ = ("private", "ignored", "row_number")
# A name in such a column stands there by mistake; what it says would lead to the person and to no value.
_WITHOUT_WORDS = ("age", "count", "number", "money", "date", "yes_no")
NO_VALUES = (*NOT_READ, "name", "id_number", "remark")


Told = tuple[int, int, Reading]  # table and body row of a cell, and what is to be told of it


@dataclass(frozen=True)
class CleanTable:
    """A table whose cells are read: `readings` by column index, aligned with `rows`, the rows of the table's
    body.

    `number`: its place among the tables of the wave, by which the rows of frames find their cells again.
    """

    number: int
    table: Table
    rows: list[int]
    readings: Mapping[int, Readings]
    findings: tuple[Finding, ...]

    @property
    def cells(self) -> list[str]:
        """The address of the first cell of every row. Two people may stand side by side in a row."""
        first = min(self.table.columns, key=lambda column: column.index)
        return [first.address(row) for row in self.rows]

    def columns(self, frame: str, name: str = "") -> list[Column]:
        """The mapped columns that mean variables of `frame`, or its variable `name`, in sheet order."""
        return [c for c in self.table.columns if c.means(frame, *(name,) * bool(name))]

    def column(self, frame: str, name: str, slot: int | None = None) -> Column | None:
        """The first column that means a variable; only the first gives values."""
        return next((c for c in self.columns(frame, name) if c.slot == slot), None)

    def values(self, column: Column) -> Objects:
        """The value of every row, None where missing."""
        return self.readings[column.index].values


@dataclass(frozen=True)
class CleanWave:
    """The tables of a wave by number, and what they were read with; `key` makes the pseudonyms."""

    tables: Sequence[CleanTable]
    codebook: Codebook
    settings: Wave
    key: bytes

    @property
    def name(self) -> str:
        """The wave, as the frames name it."""
        return self.settings.name

    def of_kind(self, kind: str) -> list[CleanTable]:
        """The tables of a kind that have rows."""
        return [clean for clean in self.tables if clean.table.kind == kind and clean.rows]


def infer_scheme(sheets: Iterable[SheetReading], codebook: Codebook, wave: Wave) -> tuple[str, list[Finding]]:
    """The scheme of hardship categories: as wave.toml says, else the only one that every readable label fits.

    An empty scheme comes with an issue, unless no label is there at all.
    """
    if wave.scheme:
        return wave.scheme, []
    variable = codebook.variable("workers", "hardship_level")
    columns = (table.body[c.index] for table, c in mapped_columns(sheets) if c.variable == variable)
    labels = {squeeze(str(value)) for cells in columns for value in cells.dropna().unique()}
    schemes_of = [{level.scheme for level in variable.find(word)} for word in labels if variable.find(word)]
    fitting = [scheme for scheme in codebook.schemes if all(scheme in schemes for schemes in schemes_of)]
    if not schemes_of or len(fitting) == 1:
        return fitting[0] if schemes_of else "", []
    return "", [told_at("scheme_unknown", variable="hardship_level")]


def clean_table(number: int, table: Table, codebook: Codebook, wave: Wave, scheme: str) -> CleanTable:
    """Read every mapped column of `table`, the wave's table `number`, once per distinct value.

    A name's value is its key, for pseudonyms only.
    """
    rows = [int(row) for row in table.body.index]
    cells: dict[Any, Objects] = dict(zip(table.body.columns, table.body.to_numpy().T, strict=True))
    schemes = frozenset([scheme]) if scheme else frozenset(codebook.schemes)
    readings: dict[int, Readings] = {}
    findings: list[Finding] = []
    for column in (c for c in table.columns if c.variable is not None and c.variable.kind not in NOT_READ):
        readings[column.index] = read_column(
            cells[column.index], column.meaning, reference=wave.reference_date, factor=column.factor,
            period=column.period, schemes=schemes, epoch1904=bool(table.meta.get("epoch1904")),
            tick=column.tick,
        )
        findings += _findings(table, rows, column, readings[column.index], cells)
    several = [c for c in table.columns if c.variable is not None]
    listed = sorted((c for c in several if c.meaning.kind == "choices" and not c.tick), key=_owner)
    ticked = [c for c in several if c.meaning.kind == "choice" and c.tick]
    for columns, join in ((listed, _listed), (ticked, _ticked)):
        for first, *more in (list(own) for _, own in groupby(columns, key=_owner)):
            if more:
                said = objects(list(zip(*(readings[c.index].values for c in (first, *more)), strict=True)))
                readings[first.index] = Readings.of(said, join)
                findings += _findings(table, rows, first, readings[first.index], cells)
    return CleanTable(number, table, rows, readings, tuple(findings))


def _owner(column: Column) -> tuple[str, str, int]:
    return column.meaning.frame, column.meaning.name, column.slot or 0


def _listed(rows: Objects) -> list[Reading]:
    """What several columns of one many-valued variable say, each code once."""
    codes = [tuple(dict.fromkeys(code for part in parts for code in part or ())) for parts in rows]
    present = [any(part is not None for part in parts) for parts in rows]
    return [Reading(of_row if one else None) for of_row, one in zip(codes, present, strict=True)]


def _ticked(rows: Objects) -> list[Reading]:
    found = [{value for value in codes if value is not None} for codes in rows]
    return [told("several_values/ticks") if len(v) > 1 else Reading(next(iter(v), None)) for v in found]


def _findings(
    table: Table, rows: Sequence[int], column: Column, read: Readings, cells: Mapping[Any, Objects]
) -> list[Finding]:
    """One for each cell with a problem; what a merge repeats beside a household's family members is told
    once.
    """
    places = np.flatnonzero(read.problems).tolist()
    if table.kind == "roster" and table.head_of is not None and column.means("workers"):
        places = [n for n in places if table.head_of[rows[n]] == rows[n]]
    raws = cells[column.index][places]
    raw_of = dict(zip(read.places[places].tolist(), raws, strict=True))
    shown = {n: _told(column, read.distinct[n], raw) for n, raw in raw_of.items()}
    return [_placed(table, rows[n], column, read[n], *shown[read.places[n]]) for n in places]


def finding_at(table: Table, row: int, column: Column, reading: Reading, raw: object = "") -> Finding:
    """The finding that `reading` makes of the cell at `row` and `column`; the quote is masked where it
    identifies.
    """
    return _placed(table, row, column, reading, *_told(column, reading, raw))


def _told(column: Column, reading: Reading, raw: object) -> tuple[str, str]:
    """What the cell says and what was made of it, fit to be shown."""
    variable = column.meaning
    shown = "" if reading.value is None or variable.identifying else str(reading.value)
    no_words = variable.kind in _WITHOUT_WORDS or variable.name in ("sex", "relation", "marital_status")
    astray = reading.value is None and no_words and LIKE["frequent"].fullmatch(squeeze(str(raw))) is not None
    return quoted(raw, identifying=variable.identifying or astray), shown


def _placed(table: Table, row: int, column: Column, reading: Reading, said: str, shown: str) -> Finding:
    quoting = reading._replace(message=f"{column.meaning.label}“{said}”：{reading.message}")
    place = (table.file, table.sheet, None if table.is_form else row, column.address(row))
    return at_place(quoting, *place, column.meaning.name, raw=said, value=shown)


def at_place(
    reading: Reading, file: str = "", sheet: str = "", row: int | None = None, cell: str = "",
    variable: str = "", *, raw: str = "", value: str = "",
) -> Finding:
    """The finding that `reading` makes of a file, a sheet, a row or a cell."""
    message = f"{place_of(file, sheet, cell)}：{reading.message}" if file else reading.message
    about = (reading.problem, message, reading.severity, reading.action or "kept")
    return Finding(*about, file, sheet, row, cell, variable, raw, value)


def place_of(file: str, sheet: str, cell: str) -> str:
    """A place as messages name it; a text file has no sheet."""
    return f"{file} [{sheet}] {cell}".strip() if sheet else f"{file} {cell}".strip()


def told_at(
    key: str, file: str = "", sheet: str = "", row: int | None = None, cell: str = "", variable: str = "",
    **words: object,
) -> Finding:
    """The finding that told.yaml has under `key`, whose gaps `words` fill, at such a place."""
    return at_place(told(key, **words), file, sheet, row, cell, variable)


def named_units(rows: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    """`rows` with the names of units as the researcher's `units:` has them, and the unit of an employer named
    there.
    """
    if not codebook.units:
        return rows

    def named(name: object) -> object:
        return codebook.units.get(squeeze(str(name)), name)

    asked = [c for c in ("reporting_unit", "unit", "giver", "employer") if c in rows]
    found: dict[str, Any] = {column: rows[column].map(named, na_action="ignore") for column in asked}
    if (own := found.pop("employer", None)) is not None and "reporting_unit" in rows:
        unit = found["reporting_unit"]
        found["reporting_unit"] = unit.where(unit.notna() | own.eq(rows["employer"]), own)
    return rows.assign(**found)


def at_rows(rows: pd.DataFrame, where: pd.Series, reading: Reading) -> list[Told]:
    """`reading` for the cells of the rows in which `where` is true."""
    found = rows.loc[where]
    return [(int(t), int(r), reading) for t, r in zip(found["table"], found["row"], strict=True)]


def at_cells(
    cleans: Sequence[CleanTable], cells: Iterable[Told], frame: str, name: str, slot: int | None = None
) -> list[Finding]:
    """The finding of each of `cells` in the column of a variable; none where its table lacks the variable."""
    found = []
    for number, group in groupby(sorted(cells, key=itemgetter(0)), key=itemgetter(0)):
        column, table, of_table = cleans[number].column(frame, name, slot), cleans[number].table, list(group)
        if column is not None:
            raws = table.body[column.index].loc[[row for _, row, _ in of_table]]
            cells_of = zip(of_table, raws, strict=True)
            found += [finding_at(table, row, column, reading, raw) for (_, row, reading), raw in cells_of]
    return found


def gathered(cleans: Sequence[CleanTable], frame: str, wave: str, slot: int | None = None) -> pd.DataFrame:
    """The rows of all tables as they are, one after another: provenance, `table`, `row` and `cell` (their
    first), and a column per variable that any has.
    """
    sizes = np.array([len(clean.rows) for clean in cleans], dtype=int)
    row = np.concatenate([np.array([], np.int64), *(np.asarray(clean.rows, np.int64) for clean in cleans)])
    form = np.repeat([clean.table.is_form for clean in cleans], sizes).astype(bool)
    data: dict[str, Any] = {
        "source_row": pd.Series(row, dtype="Int64").mask(form),
        "wave": wave,
        "source_file": np.repeat(objects([clean.table.file for clean in cleans]), sizes),
        "source_sheet": np.repeat(objects([clean.table.sheet for clean in cleans]), sizes),
        "table": np.repeat([clean.number for clean in cleans], sizes).astype(int),
        "row": row,
        "cell": objects([cell for clean in cleans for cell in clean.cells]),
    }
    variables = {c.meaning.name: c.meaning for clean in cleans for c in clean.columns(frame)}
    kept = {name: variable for name, variable in variables.items() if variable.kind not in NO_VALUES}
    data |= {name: _series(readings_of(cleans, frame, name, slot), v) for name, v in kept.items()}
    return pd.DataFrame(data, index=range(len(row)))


def readings_of(cleans: Sequence[CleanTable], frame: str, name: str, slot: int | None = None) -> Readings:
    """The readings of a variable over all tables, aligned with `gathered`; blank where a table has no such
    column.
    """
    columns = [(clean, clean.column(frame, name, slot)) for clean in cleans]
    parts = [clean.readings[c.index] if c else Readings.blank(len(clean.rows)) for clean, c in columns]
    return Readings.joined(parts)


def _series(readings: Readings, variable: Variable) -> pd.Series:
    """The values as their frame holds them; dates and codes in tuples stay objects until they are settled."""
    if variable.kind in ("date", "choices"):
        return pd.Series(readings.values, dtype=object)
    distinct = pd.Series([r.value for r in readings.distinct], dtype=object).astype(dtype_of(variable))
    return pd.Series(distinct.array.take(readings.places))
