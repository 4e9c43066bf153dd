"""The data rows of a block as a frame, whose family each row is, and what is told of the block."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from bangfu_analysis.distinct import Objects
from bangfu_analysis.findings import Finding, quoted
from bangfu_analysis.reading.grid import Booleans
from bangfu_analysis.reading.headings import columns_for, words_for_head
from bangfu_analysis.reading.owners import owners_of
from bangfu_analysis.reading.rows import LIKE, Block, totals_of
from bangfu_analysis.reading.tables import Column, Table, Total
from bangfu_analysis.reading.vocabulary import Heading, Vocabulary
from bangfu_analysis.text import DITTO, squeeze

_NO_DITTO = re.compile(r"\d|[\u3400-\u540b\u540d-\u9fff]+$")  # a number, or characters without 同
_TEXT_DITTO = frozenset("”“\"'′＂〞.…")  # beside a number it may count inches or seconds
_NUMERIC = ("money", "count", "number", "age", "date", "id_number", "yes_no", "row_number")


def table_of(block: Block, meta: Mapping[str, object]) -> tuple[Table, list[Finding]]:
    """The table of the data rows, merges filled and dittos resolved, and what was filled without a merge."""
    grid = block.grid
    values, rows = grid.values[:, block.first : block.last], block.data
    gapless = bool(rows) and rows[-1] - rows[0] + 1 == len(rows)  # and so copied at once
    values = values[rows[0] : rows[-1] + 1].copy(order="F") if gapless else values.T[:, rows].T
    _fill_merges(block, values)
    findings = []
    for place, column in enumerate(block.columns):
        kind = column.variable.kind if column.variable is not None else "text"
        texts = (v for v in grid.texts[column.index - 1] if len(v) <= 8 and not _NO_DITTO.match(v))
        if any(_is_ditto(squeeze(text)) for text in texts):
            begins = _sections(block) if kind == "unit" else set()
            _resolve_dittos(values, place, numeric=kind in _NUMERIC, begins=begins)
        if column.variable is not None and column.variable.fill and (n := _fill_down(values, place)):
            v, at = column.variable, column.index - 1
            findings.append(grid.told("filled_down", block.top, at, variable=v.name, label=v.label, n=n))
    index, columns = pd.Index([grid.number(r) for r in rows], dtype="int64"), [c.index for c in block.columns]
    body = pd.DataFrame(values, index=index, columns=columns, dtype=object, copy=False)
    numbers, totals = (grid.number(block.top), grid.number(block.body - 1)), totals_of(block)
    table = Table(grid.sheet.file, grid.name, block.kind, block.columns, body, numbers, None, totals, meta)
    return replace(table, is_text=grid.sheet.is_text), findings


def _fill_merges(block: Block, values: Objects) -> None:
    """Real merges that reach over several rows: their value stands in each data row."""
    where = {row: n for n, row in enumerate(block.data)}
    for (top, left), (low, _) in block.grid.merges.items():
        if low > top >= block.body and block.first <= left < block.last and low < block.end:
            for row in range(top + 1, low + 1):
                if row in where and values[where[row], left - block.first] is None:
                    values[where[row], left - block.first] = block.grid.values[top, left]


def _is_ditto(word: str) -> bool:
    return word == "同左" or DITTO.fullmatch(word) is not None


def _sections(block: Block) -> set[int]:
    """The places among the data rows after a line with a unit's name: what 同上 means there nobody knows."""
    lines = {r: block.grid.text(r, block.grid.columns_of(r, block.first, block.last)[0]) for r in block.notes}
    units = [r for r, text in lines.items() if LIKE["section_unit"].fullmatch(LIKE["numbered"].sub("", text))]
    return {bisect_left(block.data, row) for row in units}


def _resolve_dittos(values: Objects, place: int, *, numeric: bool, begins: set[int]) -> None:
    for n in range(len(values)):
        said = values[n, place]
        word = squeeze(said) if isinstance(said, str) and len(said) <= 8 else ""
        if word == "同左" and place:
            values[n, place] = values[n, place - 1]
        elif n and n not in begins and _is_ditto(word) and not (numeric and _TEXT_DITTO & {*word}):
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


WHO = {
    "spouse": "配偶", "child": "子女", "parent": "父母", "member": "家庭成员", "helper": "帮扶责任人",
    "staff": "经办人员",
}  # fmt: skip


def findings_of(block: Block, headings: Sequence[Heading]) -> list[Finding]:
    """Columns that matched nothing or are hidden, rows set aside or hidden, cells with a comment, a strike or
    no value.
    """
    grid, rows = block.grid, [*block.aside.items()]
    if grid.sheet.hidden_rows and block.kind != "other":
        rows += [(row, "row_hidden") for row in block.data if row + 1 in grid.sheet.hidden_rows]
    of_rows = [grid.told(key, row, grid.columns_of(row, block.first, block.last)[0]) for row, key in rows]
    if block.kind == "other":
        of_block = [grid.told("table_set_aside", block.top, block.first, n=len(block.data))]
        return [*of_rows, *(of_block if block.data else ())]
    return [*_column_findings(block, headings), *of_rows, *_cell_findings(block), *_legend_findings(block)]


def _column_findings(block: Block, headings: Sequence[Heading]) -> list[Finding]:
    grid, found = block.grid, []
    if not block.data:
        return []
    seen: set[str] = set()
    for column, heading in zip(block.columns, headings, strict=True):
        place, shown = column.index - 1, quoted(heading.shown)
        head = max((r for r in range(block.top, block.body) if grid.filled[r, place]), default=block.body - 1)
        if column.fate == "unmatched" and heading.shown and heading.shown in seen:
            found.append(grid.told("heading_duplicate", head, place, heading=shown))
        elif column.fate == "unmatched":
            hint = f"可能是：{'、'.join(column.suggestions)}。" if column.suggestions else ""
            found.append(grid.told("heading_unmatched", head, place, heading=shown or "（空）", hint=hint))
        elif column.fate == "withheld" and grid.filled[block.data, place].any():
            found.append(grid.told("column_of_other", head, place, heading=shown, whose=WHO[column.owner]))
        if column.index in grid.sheet.hidden_columns:
            found.append(grid.told("column_hidden", block.body - 1, place, heading=shown))
        seen.add(heading.shown)
    return found


def _cell_findings(block: Block) -> list[Finding]:
    grid, rows = block.grid, {*block.data, *block.aside, *block.totals}
    struck = [(r, c) for r, c in grid.sheet.struck if r - 1 not in block.aside and grid.text(r - 1, c - 1)]
    marks = {
        "formula_uncalculated": grid.sheet.uncalculated, "cell_comment": grid.sheet.commented,
        "part_struck": grid.sheet.part_struck, "under_merge": grid.sheet.under_merge, "cell_struck": struck,
    }
    return [
        grid.told(problem, r - 1, c - 1)
        for problem, places in marks.items()
        for r, c in sorted(places)
        if r - 1 in rows and block.first < c <= block.last
    ]


def _legend_findings(block: Block) -> list[Finding]:
    """A line that gives colours a meaning (标红为已脱困) names the rows that bear them; nothing is changed by
    it.
    """
    grid, found = block.grid, []
    bearing: dict[str, set[int]] = {}
    for (row, _), colour in grid.sheet.colours.items():
        bearing.setdefault(colour, set()).add(row - 1)
    for row in [*range(block.above, block.top), *block.notes]:
        for place in grid.columns_of(row, block.first, block.last):
            said = LIKE["coloured"].findall(grid.text(row, place))
            rows = sorted(r for colour in set(said) for r in bearing.get(colour, ()) if r in set(block.data))
            if said:
                where = "、".join(str(grid.number(r)) for r in rows[:50])
                where = where or "（没有找到，或此格式读不出颜色）"
                found.append(grid.told("colour_legend", row, place, where=where))
    return found


def households(
    table: Table, block: Block, headings: Sequence[Heading], words: Vocabulary,
    values: Sequence[frozenset[str]],
) -> list[Table]:
    """A roster itself, with `head_of` where families fill several rows, or a table of heads, one of members.

    Two tables come of it where members stand in the roster's own columns, or where the head's own line (本人)
    among the members' lines says what the roster's columns do not.
    """
    own = [c for c in (block.place_of("name"), block.place_of("id_number")) if c is not None]
    flat = [c for c in table.columns if _is_flat(c)]
    relation = block.place_of("relation", "members")
    nameless = not own and relation is not None  # 家庭成员 is the only column of names
    own = own or [c.index - 1 for c in flat if nameless and c.means("members", "name")]
    if block.kind != "roster" or not own or not block.data or not (flat or block.grid.merges):
        return [table]
    beside = [c.index for c in flat if c.index - 1 != relation]
    if relation is None or (beside and not nameless):
        heads = _begins(table, block, own, beside)
        said = _said_self(table, flat, heads)
    else:
        said = _heads_by_relation(block, relation)
        heads = _households_around(block, own, said)
    heads[0] = True
    head_of = _head_of(table, heads, said)
    if beside and said.any():
        first = _head_of(table, heads, np.zeros_like(said))  # where the household begins
        return _with_self(table, headings, words, first, said)
    if heads.all():
        return [table]
    if beside or relation is None:
        return [replace(table, head_of=head_of)]
    family = head_of[head_of != head_of.index]
    columns = [replace(c, suggestions=()) for c in columns_for("members", headings, words, values)]
    members = _members(table, family, (_left_out(c) if c.fate == "unmatched" else c for c in columns))
    heads_alone = replace(table, totals=_totals_apart(table, family.index))
    return [replace(heads_alone, body=table.body.drop(index=family.index)), members]


def _is_flat(column: Column) -> bool:
    return column.means("members") and column.slot is None


def _left_out(column: Column) -> Column:
    return replace(column, variable=None, fate="ignored")


def _members(table: Table, head_of: pd.Series, columns: Iterable[Column]) -> Table:
    body = table.body.loc[head_of.index]
    return replace(table, kind="members", columns=tuple(columns), body=body, head_of=head_of, totals=())


def _head_of(table: Table, heads: Booleans, said: Booleans) -> pd.Series:
    """Row -> the row of its household's head: that of the head's own line, else the household's first."""
    rows = table.body.index.to_numpy()
    first = np.maximum.accumulate(np.where(heads, np.arange(len(rows)), 0))
    own = {int(first[place]): int(place) for place in np.flatnonzero(said)[::-1]}
    return pd.Series(rows[[own.get(int(n), int(n)) for n in first]], index=table.body.index)


def _begins(table: Table, block: Block, own: Sequence[int], beside: Sequence[int]) -> Booleans:
    """True where a household begins: a name or number of its own that does not repeat the one above it."""
    grid = block.grid
    cells, at = table.body.to_numpy(dtype=object), [c.index for c in table.columns]
    listed = (np.take(cells, [at.index(c) for c in beside], axis=1) != np.array(None)).any(axis=1)
    names = np.take(cells, [at.index(c + 1) for c in own], axis=1)
    again = np.r_[False, (names[1:] == names[:-1]).all(axis=1) & listed[1:] & listed[:-1]]
    filled = grid.filled[block.data][:, list(own)].any(axis=1)
    merged = np.array([grid.hangs(r, own) for r in block.data], dtype=bool)
    return np.asarray(np.where(filled, ~again, ~(merged | listed)), dtype=bool)


def _said_self(table: Table, flat: Sequence[Column], heads: Booleans) -> Booleans:
    """True for the line of the head himself among the members' lines: by his relation, or by his name."""
    found = np.zeros(len(heads), dtype=bool)
    heads_name = next((c for c in table.columns if c.means("workers", "name")), None)
    for column in flat:
        cells = table.body[column.index]
        if column.means("members", "relation"):
            found |= cells.isin(words_for_head(column.meaning)).to_numpy()
        elif column.means("members", "name") and heads_name is not None:
            found |= (cells == table.body[heads_name.index].ffill()).to_numpy(dtype=bool)
    return found


def _with_self(
    table: Table, headings: Sequence[Heading], words: Vocabulary, head_of: pd.Series, said: Booleans
) -> list[Table]:
    """A table of heads, to whom their own line lends what the roster lacks, and a table of the others."""
    lent = {c.index: c for c in _lent(table, headings, words)}
    flat = {c.index for c in table.columns if _is_flat(c)}
    shared = [c.index for c in table.columns if c.index not in flat and c.index not in lent]
    whole = table.body[shared].groupby(head_of.to_numpy()).transform("first")
    own = table.body[[*lent]].where(pd.Series(said, index=table.body.index), None)
    own = own.groupby(head_of.to_numpy()).transform("first")
    heads = pd.concat([whole, own], axis=1).reindex(columns=table.body.columns)
    kept = tuple(lent.get(c.index) or (_left_out(c) if c.index in flat else c) for c in table.columns)
    others = head_of[~said & table.body[sorted(flat)].notna().any(axis=1).to_numpy()]
    members = _members(table, others, (c if c.index in flat else _left_out(c) for c in table.columns))
    table = replace(table, totals=_totals_apart(table, others.index))
    return [replace(table, columns=kept, body=heads.loc[head_of.unique()]), members]


def _totals_apart(table: Table, family: pd.Index) -> tuple[Total, ...]:
    """The totals of what heads alone have, and those of columns that members fill too, unchecked."""
    both = {c.index for c in table.columns if table.body.loc[family, c.index].notna().any()}
    own = (replace(t, values={i: v for i, v in t.values.items() if i not in both}) for t in table.totals)
    theirs = ({i: v for i, v in t.values.items() if i in both} for t in table.totals)
    return (*own, *(replace(t, values=v, covers=()) for t, v in zip(table.totals, theirs, strict=True)))


def _lent(table: Table, headings: Sequence[Heading], words: Vocabulary) -> list[Column]:
    """The members' columns that say of the head what the roster's own columns do not."""
    taken = {c.meaning.name for c in table.columns if c.means("workers")}
    found = []
    for column, owner in zip(table.columns, owners_of(tuple(headings), words), strict=False):
        flat = owner.person == "member" and column.slot is None
        variable = words.find("workers", owner.key) if flat else None
        if variable is not None and variable.name not in taken and variable.kind != "private":
            found.append(replace(column, variable=variable, fate="matched"))
            taken.add(variable.name)
    return found


def _households_around(block: Block, own: Sequence[int], said: Booleans) -> Booleans:
    """True where a household begins, given its heads: by the number before the names that each household has
    of its own, else with its head; those above the first head are of his household.
    """
    for place in range(block.first, min(own)):
        cells = pd.Series(block.grid.values[block.data, place], dtype=object).ffill()
        begins = cells.ne(cells.shift()).to_numpy(copy=True)
        if begins.sum() == said.sum() and (np.bincount(begins.cumsum(), said)[1:] == 1).all():
            return begins
    heads = said.copy()
    heads[: int(said.argmax()) + 1] = False  # the first row is set by who asks
    return heads


def _heads_by_relation(block: Block, relation: int) -> Booleans:
    """Heads where all stand in the same columns: the relation 本人, or a 序号 with the relation blank."""
    grid = block.grid
    column = next(c for c in block.columns if c.index - 1 == relation)
    number = next((c.index - 1 for c in block.columns if c.variable and c.variable.kind == "row_number"), -1)
    words = [grid.text(row, relation) for row in block.data]
    said = np.isin(words, [*words_for_head(column.meaning)])
    blank = np.array([not word for word in words], dtype=bool)
    if not said.any() and not blank.any():
        return ~blank
    return said | (blank if number < 0 else blank & grid.filled[block.data, number])
