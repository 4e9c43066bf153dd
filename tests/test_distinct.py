"""Cells kept once each say the same as before."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bangfu_analysis.distinct import PIECE, Rows, distinct_cells, objects
from bangfu_analysis.text import is_blank

CELLS = st.sampled_from(
    ["", " ", None, "男", "1", 1.0, 0.0, 2.5, True, False, float("nan"), "\u200b", "合计"]
)


def same(one, other):
    return (one is None and is_blank(other)) or (
        one == other and isinstance(one, bool) == isinstance(other, bool)
    )


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=8), st.integers(0, 2 * PIECE))
def test_rows_say_what_was_put_in_and_each_distinct_cell_is_there_once(rows, more):
    rows = rows + [("男", 1.0, "")] * more + rows[:3]
    kept = Rows(rows)
    assert len(kept) == len(rows)
    assert all(same(a, b) for ours, t in zip(kept, rows, strict=True) for a, b in zip(ours, t, strict=True))
    for j, distinct in enumerate(kept.distinct):
        assert not any(map(is_blank, distinct))
        used = {(type(v), v) for v in kept.column(j) if v is not None}
        assert len(used) == len(set(kept.places[:, j].tolist()) - {-1})


@given(st.lists(st.lists(CELLS, max_size=4), max_size=8), st.integers(0, 2 * PIECE))
def test_what_a_shorter_row_lacks_is_blank(rows, more):
    rows = rows[:4] + [["男"]] * more + rows[4:]
    wide = max(map(len, rows), default=0)
    filled = Rows([*row, *[None] * (wide - len(row))] for row in rows)
    assert list(Rows(rows)) == list(filled)


@given(st.lists(CELLS, max_size=12))
def test_distinct_cells_say_what_the_cells_say(cells):
    places, found = distinct_cells(objects(cells))
    assert all(
        n < 0 if cell is None or cell != cell else same(found[n], cell)
        for n, cell in zip(places, cells, strict=True)
    )
    assert len({(type(v), v) for v in found}) == len(found)


def test_changed_rows_leave_the_others_as_they_were():
    rows = Rows([("a", 1.0), ("b", 2.0)])
    changed = rows.but({(1, 0): "#REF!"})
    assert list(changed) == [("a", 1.0), ("#REF!", 2.0)]
    assert list(rows) == [("a", 1.0), ("b", 2.0)]
    assert list(rows.placed(np.full((2, 2), -1, dtype=np.int32))) == [(None, None), (None, None)]
