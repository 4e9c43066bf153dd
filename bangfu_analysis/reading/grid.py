"""A sheet as an array, and the ledger of what became of every row and cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from bangfu_analysis.codebook import told_words
from bangfu_analysis.distinct import Objects, Rows
from bangfu_analysis.errors import BalanceBroken
from bangfu_analysis.findings import Finding
from bangfu_analysis.reading.tables import CELL_FATES, ROW_FATES, Sheet, column_letters
from bangfu_analysis.text import heading_key, squeeze

Booleans = npt.NDArray[np.bool_]
_RANK = {"blank": 0, "notes": 1, "headers": 2, "set_aside": 3, "totals": 4, "kept": 5}
_TO_ROW = {
    "header": "headers", "repeated_header": "headers", "body": "kept", "total": "totals", "note": "notes",
    "set_aside": "set_aside",
}  # fmt: skip


class Grid:
    """The cells of a sheet up to the last filled row and column: `values` (None where blank), `filled`,
    `merges`.

    Rows and columns count from 0. Of cells that say the same one object is kept, in `distinct` by column.
    `merges`: top left -> bottom right, only what lies within the cells.
    """

    def __init__(self, sheet: Sheet, name: str = "") -> None:
        self.sheet = sheet
        self.name = name or sheet.name
        cells = sheet.cells if isinstance(sheet.cells, Rows) else Rows(sheet.cells)
        self.distinct = cells.distinct
        values = np.empty(cells.places.shape, dtype=object, order="F")
        for j in range(values.shape[1]):
            values[:, j] = cells.column(j)
        filled = cells.places >= 0
        rows, wide = np.flatnonzero(filled.any(axis=1)), np.flatnonzero(filled.any(axis=0))
        self.height, self.width = (int(rows[-1]) + 1, int(wide[-1]) + 1) if len(rows) else (0, 0)
        self.values: Objects = values[: self.height, : self.width]
        self.filled: Booleans = filled[: self.height, : self.width]
        self.merges = dict(self._merges())

    def _merges(self) -> Iterable[tuple[tuple[int, int], tuple[int, int]]]:
        for top, left, bottom, right in self.sheet.merged:
            low, far = min(bottom, self.height) - 1, min(right, self.width) - 1
            if top <= self.height and left <= self.width and (low, far) != (top - 1, left - 1):
                yield (top - 1, left - 1), (low, far)

    @cached_property
    def texts(self) -> list[list[str]]:
        """The distinct texts of every column."""
        return [[v for v in distinct.tolist() if type(v) is str] for distinct in self.distinct]

    @cached_property
    def covered(self) -> dict[tuple[int, int], tuple[int, int]]:
        """Every cell within a merge -> the merge's top left, for merges of a reasonable size."""
        found: dict[tuple[int, int], tuple[int, int]] = {}
        for (top, left), (low, far) in self.merges.items():
            if (low - top + 1) * (far - left + 1) <= 100_000:
                found.update({(r, c): (top, left) for r in range(top, low + 1) for c in range(left, far + 1)})
        return found

    def origin(self, row: int, column: int) -> tuple[int, int]:
        """The top left of the merge that a cell lies in, or the cell itself."""
        return self.covered.get((row, column), (row, column))

    def hangs(self, row: int, columns: Iterable[int]) -> bool:
        """True where one of the cells lies in a merge that begins above their row."""
        return any(self.origin(row, column)[0] < row for column in columns)

    @cached_property
    def counts(self) -> npt.NDArray[np.int_]:
        """Filled cells of every row."""
        return np.asarray(self.filled.sum(axis=1), dtype=int)

    def text(self, row: int, column: int) -> str:
        """The cell as squeezed text, "" where blank or beyond the cells."""
        if not (0 <= row < self.height and 0 <= column < self.width) or not self.filled[row, column]:
            return ""
        return squeeze(str(self.values[row, column]))

    def key(self, row: int, column: int) -> str:
        """The heading key of a text cell, "" for anything else."""
        value = self.values[row, column] if row < self.height and column < self.width else None
        return heading_key(value) if isinstance(value, str) and len(value) <= 60 else ""

    def columns_of(self, row: int, first: int = 0, last: int | None = None) -> list[int]:
        """The filled columns of a row within [first, last)."""
        found: list[int] = (np.flatnonzero(self.filled[row, first:last]) + first).tolist()
        return found

    def number(self, row: int) -> int:
        """The row number that a person sees."""
        return self.sheet.row_numbers[row]

    def cell(self, row: int, column: int) -> str:
        """`F12`; the row of a text file is the physical line."""
        return f"{column_letters(column + 1)}{self.number(row)}"

    def told(
        self, key: str, row: int | None, column: int, *, variable: str = "", value: str = "", raw: str = "",
        **words: object,
    ) -> Finding:
        """The finding about one cell (without `row` about its column) that told.yaml has under `key`, the
        problem, or problem/case; `words` fill its gaps. Of a cell the message begins with its place.
        """
        action, severity, said = told_words()[key]
        number = None if row is None else self.number(row)
        cell = column_letters(column + 1) if row is None else self.cell(row, column)
        sheet = "" if self.sheet.is_text else f" [{self.name}]"
        place = f"{self.sheet.file}{sheet} {cell}：" if number is not None else ""
        found = Finding(key.partition("/")[0], place + said.format(**words), severity, action)
        placed = found.at(self.sheet.file, self.name, number, cell)
        return replace(placed, variable=variable, raw=raw, value=value)


class Ledger:
    """The fate of every row and filled cell of a grid. A cell's first fate stays; a row takes its weightiest
    cells'.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self._rows = np.zeros(grid.height, dtype=np.int8)
        self._cells = np.full((grid.height, grid.width), -1, dtype=np.int8)

    def mark(
        self, rows: Sequence[int] | range | npt.NDArray[Any], fate: str, first: int = 0,
        last: int | None = None,
    ) -> None:
        """Give the cells of `rows` within columns [first, last) the cell fate `fate`, and the rows its
        counterpart.
        """
        chosen = np.asarray(rows, dtype=int)
        if not len(chosen):
            return
        part = self._cells[chosen, first:last]
        part[(part < 0) & self.grid.filled[chosen, first:last]] = CELL_FATES.index(fate)
        self._cells[chosen, first:last] = part
        touched = self.grid.filled[chosen, first:last].any(axis=1)
        rank = _RANK[_TO_ROW[fate]]
        self._rows[chosen] = np.where(touched, np.maximum(self._rows[chosen], rank), self._rows[chosen])

    def accounts(self, *, set_aside: bool) -> tuple[dict[str, int], dict[str, int]]:
        """Rows and cells by fate; a sheet that is `set_aside` has no rows kept. Raises BalanceBroken."""
        cells = {fate: int(np.count_nonzero(self._cells == n)) for n, fate in enumerate(CELL_FATES)}
        lost = int(np.count_nonzero(self.grid.filled)) - sum(cells.values())
        ranks = np.bincount(self._rows, minlength=len(_RANK))
        rows = {fate: int(ranks[_RANK[fate]]) if fate in _RANK else 0 for fate in ROW_FATES}
        if set_aside:
            rows["set_aside"], rows["kept"] = rows["set_aside"] + rows["kept"], 0
            cells["set_aside"], cells["body"] = cells["set_aside"] + cells["body"], 0
        blank = int((self.grid.counts == 0).sum())
        if sum(rows.values()) != self.grid.height or lost or rows["blank"] != blank:
            sheet = self.grid.sheet
            raise BalanceBroken(
                f"{sheet.file} [{self.grid.name}]：{self.grid.height} 行、"
                f"{int(self.grid.filled.sum())} 格中有 {lost} 格"
                "未能说明去向，已停止清理以免丢失数据。请把该文件的空表样寄给维护者。"
            )
        return rows, cells
