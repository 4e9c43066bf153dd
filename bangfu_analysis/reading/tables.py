"""What reading hands on: sheets of cells, and tables of addressed cells. Data only, no logic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, reduce

import pandas as pd

from bangfu_analysis.codebook import Variable
from bangfu_analysis.findings import Finding

Cells = Sequence[Sequence[object]]
ROW_FATES = ("kept", "set_aside", "merged", "totals", "notes", "headers", "blank")
CELL_FATES = ("header", "body", "total", "note", "repeated_header", "set_aside")


@dataclass(frozen=True)
class Sheet:
    """One sheet as received.

    `cells[i][j]`: Python values (str, int, float, bool, datetime, date, time, timedelta, None), every row
    equally long; an error cell is its text (`#REF!`). Row i is the row a person calls `row_numbers[i]` (Excel
    row; physical line of a text file); column j is Excel column j + 1. Positions below are 1-based indices
    into `cells`. `labels`: column index -> code -> what it means, and `codes`: column index -> variable's
    name, where the file says so (SPSS, Stata). `structure` is "" where hidden rows, strikes and merges are
    known, else why they are not. `told`: what was met in a cell: row, column, key of told.yaml, words for it.
    `lost`: why a sheet that the file declares holds no cells here, `lost_kind` what that makes it.
    """

    file: str
    name: str
    cells: Cells
    row_numbers: tuple[int, ...]
    visible: bool = True
    is_text: bool = False
    merged: tuple[tuple[int, int, int, int], ...] = ()  # first row, first column, last row, last column
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    struck: frozenset[tuple[int, int]] = frozenset()
    part_struck: frozenset[tuple[int, int]] = frozenset()  # the cell says what of it is not struck
    commented: frozenset[tuple[int, int]] = frozenset()
    under_merge: frozenset[tuple[int, int]] = frozenset()  # another value lies hidden there
    colours: Mapping[tuple[int, int], str] = field(default_factory=dict)  # where a legend speaks of colours
    uncalculated: frozenset[tuple[int, int]] = frozenset()
    epoch1904: bool = False
    structure: str = ""
    told: tuple[tuple[int, int, str, Mapping[str, str]], ...] = ()
    lost: str = ""
    lost_kind: str = "unreadable"
    labels: Mapping[int, Mapping[int, str]] = field(default_factory=dict)
    codes: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Column:
    """One column of a table (of a form: one labelled cell).

    `index`: Excel column; `heading`: levels joined with `/`; `variable`: what it means, None where it is not
    known; `fate`: matched, ignored, withheld (another's than the worker's, told), unmatched (issue), empty;
    `slot`: number n of 家庭成员n; `tick`: the code that a tick in this column stands for; `factor`: what a
    bare number is multiplied with (万元 -> 10000); `period`: month or year where the heading says another
    than the variable's; `suggestions`: nearest codebook entries as frame.name; `row`: for a form, the row of
    its value, and `place` its Excel column (`index` then only numbers the labels); `owner`: whose it is
    (worker, spouse, child, member, helper, staff, other); `key`: of its lowest level, which may have a `/` of
    its own.
    """

    index: int
    heading: str
    variable: Variable | None = None
    fate: str = "unmatched"
    slot: int | None = None
    tick: str = ""
    factor: float = 1.0
    period: str = ""
    suggestions: tuple[str, ...] = ()
    row: int | None = None
    place: int | None = None
    owner: str = "worker"
    key: str = ""

    def means(self, frame: str, *names: str) -> bool:
        """True where it is a variable of `frame`, one of `names` where any are given."""
        v = self.variable
        return v is not None and v.frame == frame and (not names or v.name in names)

    def address(self, row: int) -> str:
        """`F12`; in a text file the row is the physical line on which the record starts."""
        return f"{column_letters(self.place or self.index)}{row if self.row is None else self.row}"

    @property
    def meaning(self) -> Variable:
        """The variable of a column that has one."""
        assert self.variable is not None, "only mapped columns are asked"
        return self.variable


@dataclass(frozen=True)
class Total:
    """A stated 小计/合计 row: its label, row number, raw values by column index, and the body rows that it
    covers.
    """

    label: str
    row: int
    values: Mapping[int, object]
    covers: tuple[int, ...]


@dataclass(frozen=True)
class Table:
    """A located table.

    `body`: raw values, merges filled and dittos resolved; index = row number a person sees, columns =
    Column.index, dtype object, None where empty; only rows that hold data (totals, notes, repeated headers
    and set-aside rows are not in it). `head_of`: for rosters with family rows, index row -> the row of the
    household's head (itself for a head). `meta`: unit (填报单位), date, title, money_factor as the lines
    above the header say them, and epoch1904 where days count from 1904. `is_form`: one form a sheet: `body`
    has the single row 0 and each Column its own `row`.
    """

    file: str
    sheet: str
    kind: str
    columns: tuple[Column, ...]
    body: pd.DataFrame
    header_rows: tuple[int, int]
    head_of: pd.Series | None = None
    totals: tuple[Total, ...] = ()
    meta: Mapping[str, object] = field(default_factory=dict)
    is_text: bool = False
    is_form: bool = False


@dataclass(frozen=True)
class SheetReading:
    """How one sheet was read: its tables, and the fate of every row and every filled cell.

    `rows`, `cells`: fate -> count, summing to all rows (up to the last filled one) and to all filled cells.
    The tables of a hidden sheet are here too, with `set_aside` saying why they enter no frame. `confidence`:
    0 to 1. A questionnaire has no tables but `questions` and `responses` (the frames, without `wave`), and
    `cells_by_row`: how many cells each respondent's row fills.
    """

    file: str
    sheet: str
    kind: str
    tables: tuple[Table, ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict)
    cells: Mapping[str, int] = field(default_factory=dict)
    row_count: int = 0
    cells_filled: int = 0
    header_rows: str = ""
    first_row: int | None = None
    last_row: int | None = None
    reason: str = ""
    set_aside: str = ""
    confidence: float = 1.0
    findings: tuple[Finding, ...] = ()
    questions: pd.DataFrame | None = None
    responses: pd.DataFrame | None = None
    cells_by_row: Mapping[int, int] = field(default_factory=dict)

    def told(self, problem: str, message: str, *, aside: str = "", severity: str = "warning") -> SheetReading:
        """The same with one more finding about the sheet; `aside`: why it enters no frame."""
        found = Finding(problem, message, severity, source_file=self.file, source_sheet=self.sheet)
        read = replace(self, findings=(*self.findings, found))
        if not aside:
            return read
        fates = ((self.rows, "kept"), (self.cells, "body"))  # what would have been kept is set aside
        rows, cells = ({**n, f: 0, "set_aside": n.get("set_aside", 0) + n.get(f, 0)} for n, f in fates)
        return replace(read, set_aside=aside, reason=aside, rows=rows, cells=cells)

    @property
    def place(self) -> str:
        """File and sheet as a message names them."""
        return f"{self.file} [{self.sheet}]" if self.sheet else self.file


def mapped_columns(sheets: Iterable[SheetReading]) -> Iterator[tuple[Table, Column]]:
    """Every column of the sheets' tables that means something and is there, with its table."""
    tables = (table for sheet in sheets for table in sheet.tables)
    return ((t, c) for t in tables for c in t.columns if c.variable is not None and c.index in t.body)


def column_number(letters: str) -> int:
    """A -> 1, AA -> 27."""
    return reduce(lambda number, letter: number * 26 + ord(letter) - 64, letters, 0)


@lru_cache(maxsize=1024)
def column_letters(index: int) -> str:
    """1 -> A, 27 -> AA."""
    letters = ""
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
