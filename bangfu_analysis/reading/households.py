"""Whose family each row is: heads and members on rows of their own, and the tables that come of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from bangfu_analysis.reading.grid import Booleans
from bangfu_analysis.reading.headings import Heading, Vocabulary, columns_for
from bangfu_analysis.reading.owners import owners_of
from bangfu_analysis.reading.rows import Block
from bangfu_analysis.reading.tables import Column, Table


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
    if block.kind != "roster" or not own or not block.data or not (flat or block.grid.merges):
        return [table]
    relation = block.place_of("relation", "members")
    beside = [c.index for c in flat if c.index - 1 != relation]
    if beside or relation is None:
        heads = _begins(table, block, own, beside)
        said = _said_self(table, flat, heads)
    else:
        heads = said = _heads_by_relation(block, relation)
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
    return [replace(table, body=table.body.drop(index=family.index)), members]


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
    listed = table.body[list(beside)].notna().any(axis=1).to_numpy(dtype=bool)
    names = table.body[[c + 1 for c in own]].fillna("").to_numpy()
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
            found |= cells.isin(_words_for_head(column)).to_numpy()
        elif column.means("members", "name") and heads_name is not None:
            found |= (cells == table.body[heads_name.index].ffill()).to_numpy(dtype=bool)
    return found


def _words_for_head(relation: Column) -> frozenset[str]:
    said = relation.meaning.spellings.items()
    return frozenset(word for word, levels in said if any(level.code == "head" for level in levels))


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
    return [replace(table, columns=kept, body=heads.loc[head_of.unique()]), members]


def _lent(table: Table, headings: Sequence[Heading], words: Vocabulary) -> list[Column]:
    """The members' columns that say of the head what the roster's own columns do not."""
    taken = {c.meaning.name for c in table.columns if c.means("workers")}
    found = []
    for column, owner in zip(table.columns, owners_of(headings, words), strict=False):
        flat = owner.person == "member" and column.slot is None
        variable = words.find("workers", owner.key) if flat else None
        if variable is not None and variable.name not in taken and variable.kind != "private":
            found.append(replace(column, variable=variable, fate="matched"))
            taken.add(variable.name)
    return found


def _heads_by_relation(block: Block, relation: int) -> Booleans:
    """Heads where all stand in the same columns: the relation 本人, or a 序号 with the relation blank."""
    grid = block.grid
    column = next(c for c in block.columns if c.index - 1 == relation)
    number = next((c.index - 1 for c in block.columns if c.variable and c.variable.kind == "row_number"), -1)
    words = [grid.text(row, relation) for row in block.data]
    said = np.isin(words, [*_words_for_head(column)])
    blank = np.array([not word for word in words], dtype=bool)
    if not said.any() and not blank.any():
        return ~blank
    return said | (blank if number < 0 else blank & grid.filled[block.data, number])
