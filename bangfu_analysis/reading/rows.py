"""The rows under a header: which are data, totals, notes, repeated headers, or set aside."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from bangfu_analysis.codebook import patterns
from bangfu_analysis.reading.grid import Booleans, Grid
from bangfu_analysis.reading.tables import Column, Total
from bangfu_analysis.text import squeeze

_SUM = "小计|合计|总计|共计|累计"
LIKE = patterns("sheets")
_COUNTED = ("id_number", "date", "age", "money", "count", "number")
LONG_NOTE = 16


@dataclass
class Block:
    """A header and what lies under it: rows [body, end), columns [first, last); the rows of the header are
    [top, body).

    `half`: one of several side by side, whose totals count the others too. Rows [above, top) are the lines
    over it.
    """

    grid: Grid
    top: int
    body: int
    end: int
    first: int
    last: int
    half: bool = False
    columns: tuple[Column, ...] = ()
    kind: str = ""
    above: int = 0
    data: list[int] = field(default_factory=list)
    totals: list[int] = field(default_factory=list)
    notes: list[int] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)
    aside: dict[int, str] = field(default_factory=dict)

    def says(self, column: int, words: Collection[object]) -> Booleans:
        """True for the rows below the header whose cell in a column of the grid is one of `words`."""
        cells = self.grid.values[self.body : self.end, column]
        return np.fromiter((cell in words for cell in cells), bool, len(cells))

    def place_of(self, name: str, frame: str = "workers") -> int | None:
        """The grid column of a variable of `frame`, None where it has none."""
        return next((column.index - 1 for column in self.columns if column.means(frame, name)), None)


def sort_rows(block: Block, *, include_hidden: bool) -> None:
    """Sort the rows under the header into data, totals, notes, repeated headers and what is set aside, with
    the reason.
    """
    grid, span = block.grid, slice(block.first, block.last)
    filled = grid.filled[block.body : block.end, span]
    counts = filled.sum(axis=1)
    special = _repeated(block) & (counts > 0)
    block.repeated = _numbers(block, special)
    totals = (labelled_totals(block) | _sums(block)) & ~special
    few = (counts > 0) & (counts <= max(4, 0.35 * (block.last - block.first)))
    sparse = np.flatnonzero(few & ~special & ~totals)
    notes = np.zeros(len(counts), dtype=bool)
    notes[[n for n in sparse if _is_note(block, block.body + int(n))]] = True
    block.totals, block.notes = _numbers(block, totals), _numbers(block, notes)
    data = np.flatnonzero((counts > 0) & ~special & ~totals & ~notes)
    rows = (data + block.body).tolist()
    _set_aside(block, rows, set(sparse.tolist()), include_hidden=include_hidden)
    block.data = [row for row in rows if row not in block.aside] if block.aside else rows


def _numbers(block: Block, chosen: Booleans) -> list[int]:
    return [block.body + int(n) for n in np.flatnonzero(chosen)]


def _repeated(block: Block) -> Booleans:
    """Rows that equal a row of the header in at least 60 % of its cells, and in two."""
    grid = block.grid
    found = np.zeros(block.end - block.body, dtype=bool)
    for row in range(block.top, block.body):
        columns = grid.columns_of(row, block.first, block.last)
        if len(columns) < 2:
            continue
        needed = max(2, math.ceil(0.6 * len(columns)))
        probes = columns[: len(columns) - needed + 1]  # a row with `needed` equal cells has one of them here
        cells = grid.values[block.body : block.end]
        hits = np.logical_or.reduce([cells[:, c] == grid.values[row, c] for c in probes])
        for n in np.flatnonzero(hits):
            found[n] |= sum(grid.values[block.body + n, c] == grid.values[row, c] for c in columns) >= needed
    return found


def labelled_totals(block: Block) -> Booleans:
    """Rows with 小计, 合计, 其中 or 共 n 人 in one of the leading columns and no ID number."""
    grid = block.grid
    found = np.zeros(block.end - block.body, dtype=bool)
    first = range(block.first, min(block.first + 6, block.last))
    leading = {*first, block.place_of("name"), block.place_of("employer")}
    for c in leading - {None}:
        labels = {*filter(LIKE["total_sign"].search, grid.texts[c])}
        if hits := {v for v in labels if LIKE["total"].match(squeeze(v))}:
            found |= block.says(c, hits)
    if (identity := block.place_of("id_number")) is not None:
        for n in np.flatnonzero(found):
            found[n] = sum(map(str.isdigit, grid.text(block.body + int(n), identity))) < 15
    return found


def _sums(block: Block) -> Booleans:
    """Rows of nobody in a roster of named people: numbers alone, but for a label before them, and no row
    number.
    """
    grid, name, identity = block.grid, block.place_of("name"), block.place_of("id_number")
    found = np.zeros(block.end - block.body, dtype=bool)
    own = [c for c in (name, identity) if c is not None]
    if block.kind != "roster" or not own:
        return found
    named = grid.filled[block.body : block.end, own].any(axis=1)
    if name is not None:
        said = [v for v in grid.distinct[name] if not isinstance(v, str) or v.strip()[:1] < "一"]
        numbers = {v for v in said if LIKE["figure"].fullmatch(squeeze(str(v)))}
        named &= ~block.says(name, numbers) if numbers else True
    filled = grid.filled[block.body : block.end, block.first : block.last].any(axis=1)
    nobody = np.flatnonzero(filled & ~named)
    if 2 * len(nobody) <= filled.sum():
        found[[n for n in nobody if _is_sum(block, block.body + int(n))]] = True
    return found


def _is_sum(block: Block, row: int) -> bool:
    grid = block.grid
    columns = grid.columns_of(row, block.first, block.last)
    at = {c.index - 1: c.variable for c in block.columns if c.variable is not None}
    if grid.hangs(row, at) or any(v.frame == "members" and c in columns for c, v in at.items()):
        return False
    texts = {c: grid.text(row, c) for c in columns}
    if not LIKE["figure"].fullmatch(texts[columns[0]]):
        del texts[columns[0]]
    numbered = any(v.kind == "row_number" and c in texts for c, v in at.items())
    return bool(texts) and not numbered and all(map(LIKE["figure"].fullmatch, texts.values()))


def _is_note(block: Block, row: int) -> bool:
    """A row of few cells that says something about the table and is no line of it."""
    grid = block.grid
    columns = grid.columns_of(row, block.first, block.last)
    first = grid.text(row, columns[0])
    texts = [grid.text(row, c) for c in columns]
    signed = any(LIKE["footer"].match(text) and text.endswith(":") for text in texts)
    if LIKE["note"].match(first) or signed or all(map(LIKE["stated"].match, texts)):
        return True
    if len(columns) > 1:  # 1 | 困难类型填深度、相对。
        counted = LIKE["figure"].fullmatch(first) is not None
        said = len(columns) == 2 and (len(texts[1]) >= LONG_NOTE or texts[1].endswith(("。", ";")))
        return counted and (said or all(map(LIKE["nothing"].fullmatch, texts[1:])))
    value = grid.values[row, columns[0]]
    if not isinstance(value, str) or LIKE["section"].match(first):
        return isinstance(value, str)
    merge = grid.merges.get((row, columns[0]))
    across = merge is not None and merge[1] - columns[0] >= max(1, 0.5 * (block.last - block.first) - 1)
    owner = next((c.variable for c in block.columns if c.index - 1 == columns[0]), None)
    named = owner is not None and owner.identifying and not LIKE["nobody"].match(first)
    said = named or (owner is not None and block.kind != "roster" and owner.kind != "row_number")
    dated = LIKE["date_line"].match(first) is not None and "年" in first
    return len(first) >= LONG_NOTE or across or dated or (not said and block.last - block.first > 2)


def _set_aside(block: Block, data: list[int], sparse: set[int], *, include_hidden: bool) -> None:
    """Move to `aside`: people struck through, examples and hints, lines of a row number alone, strays under
    the signatures.
    """
    grid, span = block.grid, (block.first, block.last)
    struck = set[int]() if include_hidden else _struck(block, data)
    said = [(c.index - 1, c.variable) for c in block.columns if c.variable is not None]
    numbers = [n for n, variable in said if variable.kind == "row_number"]
    signed = [
        n for n in block.notes
        if any(LIKE["footer"].search(grid.text(n, c)) for c in grid.columns_of(n, *span))
    ]
    after = min((n for n in signed if any(d < n for d in data)), default=None)
    before = [row for row in data if row < after] if after is not None else []
    usual = float(np.median(grid.filled[before, block.first : block.last].sum(axis=1))) if before else 0.0
    name = block.place_of("name")
    _examples(block, data)
    later = data[len(before) :] if after is not None else []
    doubted = {*struck, *(block.body + n for n in sparse), *later}
    for row in sorted(doubted.intersection(data)):
        columns = grid.columns_of(row, *span) if row - block.body in sparse else None
        if row in struck:
            block.aside[row] = "row_struck"
        elif columns is not None and numbers and set(columns) <= set(numbers):
            block.aside[row] = "row_number_only"
        elif after is not None and row > after and not any(after < r < row for r in block.repeated):
            named = name is None or (
                isinstance(grid.values[row, name], str) and not grid.text(row, name).isdigit()
            )
            if not named or grid.filled[row, block.first : block.last].sum() < 0.5 * usual:
                block.aside[row] = "row_after_footer"


def _examples(block: Block, data: list[int]) -> None:
    """Move to `aside` the example of a template, and under the header what tells how to fill its columns."""
    grid, first, span = block.grid, data[:1], (block.first, block.last)
    name = block.place_of("name")
    leading = {block.first, block.first if name is None else name}
    for c in leading if block.kind != "other" else ():
        if any("例" in text for text in grid.texts[c]):
            shown = [row for row in data if LIKE["example"].match(grid.text(row, c))]
            block.aside |= dict.fromkeys(shown, "row_example")
    told = [(c.index - 1, c.variable) for c in block.columns if c.variable is not None]
    blank = {c.index - 1 for c in block.columns if not c.heading} if block.kind == "members" else set()
    begun = [n for n, row in enumerate(data) if blank and blank.intersection(grid.columns_of(row, *span))]
    for row in data[begun[0] :] if begun and begun[0] else ():
        block.aside[row] = "row_of_other_table"
    for row in first:
        said = [grid.text(row, c) for c, v in told if v.kind in _COUNTED and grid.filled[row, c]]
        coded = any(grid.text(row, c) in v.spellings for c, v in told if v.kind in ("choice", "choices"))
        told_how = name is not None and LIKE["told_how"].fullmatch(grid.text(row, name))
        if told_how or (len(said) > 1 and not coded and not any(map(LIKE["says"].search, said))):
            block.aside[row] = "row_hint"


def _struck(block: Block, data: Sequence[int]) -> set[int]:
    """The rows whose name, or more than half of whose cells, are struck through."""
    struck, name = block.grid.sheet.struck, block.place_of("name")
    found = set[int]()
    for row in {row - 1 for row, _ in struck} & {*data} if struck else ():
        columns = block.grid.columns_of(row, block.first, block.last)
        marked = [c for c in columns if (row + 1, c + 1) in struck]
        named = name is not None and (row + 1, name + 1) in struck
        found |= {row} if marked and (named or 2 * len(marked) > len(columns)) else set()
    return found


def totals_of(block: Block) -> tuple[Total, ...]:
    """The stated totals: a 小计 covers the data rows since the total before it, any other what is above it;
    at the top, what is below.
    """
    grid = block.grid
    found = []
    since = block.body
    ahead = bool(block.totals and block.data) and block.totals[0] < block.data[0]
    ends = [*block.totals, block.end]
    for row in block.totals:
        columns = grid.columns_of(row, block.first, block.last)
        texts = [grid.text(row, c) for c in columns]
        label = next((t for t in texts if LIKE["total"].match(t)), texts[0])
        label = "" if LIKE["figure"].fullmatch(label) else label
        covers = [r for r in block.data if r < row and (r >= since if "小计" in label else True)]
        if ahead and "小计" in label:
            covers = [r for r in block.data if row < r < min(e for e in ends if e > row)]
        covers = covers or ([] if "小计" in label else block.data)
        values = {c + 1: grid.values[row, c] for c in columns}
        part = block.half or label.startswith("其中") or not LIKE["whole"].search(label)
        covered = () if part else tuple(grid.number(r) for r in covers)
        found.append(Total(label, grid.number(row), values, covered))
        since = row if part else row + 1
    return tuple(found)
