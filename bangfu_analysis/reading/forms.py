"""One form a sheet, or several: a label with its value to the right, below or behind a colon, and a family
table inside.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from bangfu_analysis.codebook import Variable
from bangfu_analysis.reading.grid import Grid
from bangfu_analysis.reading.vocabulary import LIKE, Vocabulary
from bangfu_analysis.text import heading_key, squeeze

LONGEST_LABEL = 12
Cell = tuple[int, int]
Keys = dict[int, dict[int, str]]  # row -> column -> heading key


@dataclass(frozen=True)
class Form:
    """Rows [start, end), columns [first, last) of a sheet that are a form: its labels, and the place of the
    family table in it.

    `at`: the column of all values, where people stand side by side behind one column of labels.
    """

    grid: Grid
    words: Vocabulary
    start: int
    end: int
    first: int
    last: int
    labels: dict[Cell, Variable]
    family: tuple[int, int, int, int] | None  # header row, end, first column, end of columns
    at: int | None = None


def forms_of(grid: Grid, words: Vocabulary, position: int) -> list[Form]:
    """The forms of a sheet, one under another or side by side; none where the sheet is no form.

    Where the sheet is called after the person in the form, the grid's name becomes 第n张表, n being its
    position.
    """
    if grid.height > 400 or grid.width > 60 or LIKE["no_form"].search(grid.sheet.name):
        return []
    keys = _keys(grid, words)
    starts = _starts(grid, words, keys)
    if not starts:
        return []
    ends = [*starts, grid.height][1:]
    parts = [p for a, b in zip(starts, ends, strict=True) for p in _side_by_side(grid, words, keys, a, b)]
    if not all(part.at is not None or _is_form(part) for part in parts):
        # 姓名 of the spouse under that of the person
        parts = [_form(grid, words, keys, 0, grid.height, 0, grid.width)]
        if len(starts) < 2 or not _is_form(parts[0]):
            return []
    names = [squeeze(str(value)) for part in parts if (value := _name_in(part)) is not None]
    named = any(len(name) > 1 and name in squeeze(grid.sheet.name) for name in names)
    return [replace(part, grid=Grid(grid.sheet, f"第{position}张表")) for part in parts] if named else parts


def _keys(grid: Grid, words: Vocabulary) -> Keys:
    """The cells that say a heading of any frame, some with its value behind a colon: each text of a column is
    looked up once.
    """
    found: Keys = {}
    for column, distinct in zip(range(grid.width), grid.texts, strict=False):
        worded = (text for text in distinct if not text[:-1].isdigit())
        texts = {text: heading_key(inline(text)[0] or text) for text in worded}
        known = {text: key for text, key in texts.items() if words.knows(key)}
        for row, value in enumerate(grid.values[:, column]) if known else ():
            if value in known:
                found.setdefault(row, {})[column] = known[value]
    return found


def inline(text: object) -> tuple[str, str]:
    """`姓名：某某` -> its label and value; two times "" where a cell says something else, or more than one
    such thing.
    """
    if not isinstance(text, str) or (":" not in text and "：" not in text):
        return "", ""
    pair = re.split("[:：]", text, maxsplit=2)
    label, value = (pair[0].strip(), pair[1].strip()) if len(pair) == 2 else ("", "")
    fits = value and len(label) <= LONGEST_LABEL and not LIKE["note"].match(squeeze(label))
    return (label, value) if fits else ("", "")


def _side_by_side(grid: Grid, words: Vocabulary, keys: Keys, start: int, end: int) -> list[Form]:
    """The forms of rows [start, end): one, or those whose labels repeat to the right, or people who share a
    column of labels.
    """
    whole = _form(grid, words, keys, start, end, 0, grid.width)
    names = sorted(c for (_, c), v in whole.labels.items() if v.name == "name")
    step = names[1] - names[0] if len(names) > 1 else grid.width
    left = min((c for _, c in whole.labels), default=0)
    places = {(row, column, v.name) for (row, column), v in whole.labels.items()}
    first = {(row, column, name) for row, column, name in places if column < left + step}
    again = {(row, column + n * step, name) for row, column, name in first for n in range(len(names))}
    if len(names) > 1 and len(places & again) >= 0.8 * len(places | again):
        cuts = [0, *(left + n * step for n in range(1, len(names))), grid.width]
        return [_form(grid, words, keys, start, end, a, b) for a, b in zip(cuts, cuts[1:], strict=False)]
    columns = [c for _, c in whole.labels]
    own = {cell: v for cell, v in whole.labels.items() if cell[1] == max(columns, key=columns.count)}
    people = _people(grid, own, max(columns, key=columns.count, default=0), end)
    return [replace(whole, labels=own, family=None, at=column) for column in people] or [whole]


def _people(grid: Grid, labels: dict[Cell, Variable], left: int, end: int) -> list[int]:
    """The columns of two or more people behind one column of labels: most have a sex or an ID number as
    people have.
    """
    rows = {v.name: row for (row, _), v in labels.items()}
    if len(rows) < 5 or "name" not in rows or not {"sex", "id_number"} & {*rows}:
        return []
    sexes = next((v.spellings for v in labels.values() if v.name == "sex"), {})
    found = [c for c in range(left + 1, grid.width) if grid.filled[[*rows.values()], c].mean() >= 0.5]
    answers = [(grid.text(rows.get("sex", end), c), grid.text(rows.get("id_number", end), c)) for c in found]
    fitting = sum(sex in sexes or sum(map(str.isdigit, number)) >= 15 for sex, number in answers)
    return found if len(found) > 1 and fitting > 0.5 * len(found) else []


def _starts(grid: Grid, words: Vocabulary, keys: Keys) -> list[int]:
    """The rows on which a form begins: each that has the label 姓名 in the column where the first has it,
    titles included.
    """
    found: list[int] = []
    place = -1
    for row in sorted(keys):
        names = [c for c, key in keys[row].items() if (v := words.find("workers", key)) and v.name == "name"]
        alone = grid.counts[row] < 2 and not inline(grid.values[row, names[0] if names else 0])[0]
        if not names or alone or place not in (-1, names[0]):
            continue
        if _family_at(grid, words, keys, row, row + 1):
            continue
        top = row
        while place >= 0 and top > row - 3 and grid.counts[top - 1] == 1 and top - 1 > found[-1]:
            top -= 1
        found.append(top if found else 0)
        place = names[0]
    return found


def _form(grid: Grid, words: Vocabulary, every: Keys, start: int, end: int, first: int, last: int) -> Form:
    keys = {r: {c: key for c, key in own.items() if first <= c < last} for r, own in every.items()}
    band = (first, last)
    families = (_family_at(grid, words, keys, row, end, band) for row in range(start, end))
    family = next((f for f in families if f), None)
    inside = range(family[0], family[1]) if family else range(0)
    labels: dict[Cell, Variable] = {}
    for row in range(start, end):
        for c, key in keys.get(row, {}).items() if row not in inside else ():
            variable = words.find("workers", key)
            left, above = labels.get(grid.origin(row, c - 1)), labels.get((row - 1, c))
            is_value = any(v and grid.text(row, c) in v.spellings for v in (left, above))
            if variable is not None and not is_value:
                labels[row, c] = variable
    form = Form(grid, words, start, end, first, last, labels, family)
    answers = {(row, right_of(grid, row, column)) for row, column in labels}
    below = {cell: value_cell(form, *cell) for cell in labels if cell in answers}
    said = {c for c, value in below.items() if value in answers and value[0] > c[0]}  # 月收入 | 低保 | 单亲
    return replace(form, labels={cell: variable for cell, variable in labels.items() if cell not in said})


def _is_form(form: Form) -> bool:
    """Labels of five or more variables over three or more rows, few of them in any one row or beside one
    another.

    Labels side by side over a row of their values may do with two rows.
    """
    rows: dict[int, set[str]] = {}
    for (row, _), variable in form.labels.items():
        rows.setdefault(row, set()).add(variable.name)
    total = len(set().union(*rows.values())) if rows else 0
    over = {row for row in rows if _is_over_values(form, row)}
    few = total < 5 or len(rows) < (2 if over else 3)
    if few or max(map(len, rows.values())) > 0.6 * total or _is_table(form):
        return False
    apart = [cell for cell in form.labels if cell[0] not in over and not inline(form.grid.values[cell])[0]]
    beside = [r for r, c in apart if (r, right_of(form.grid, r, c)) in form.labels]
    name = _name_in(form)
    if any(row + 1 in over for row in beside):  # the two levels of a table's header
        return False
    return len(beside) < 0.5 * len(form.labels) and (name is None or len(str(name)) <= 20)


def _is_table(form: Form) -> bool:
    """Labels that only head columns (or, on their side, rows) of records: half as many cells as labels in a
    row without any.
    """
    grid, columns = form.grid, {column for _, column in form.labels}
    last = max(row for row, _ in form.labels)
    inside = range(form.family[0], form.family[1]) if form.family else range(0)
    deep = (at for at in form.labels if at[0] < last and at in grid.merges)  # heads down to the last level
    if _is_over_values(form, last) and any(grid.merges[at][0] == last for at in deep):
        return True
    under = [row for row in range(last + 1 + _is_over_values(form, last), form.end) if row not in inside]
    if any(grid.filled[row, sorted(columns)].sum() >= max(4, 0.6 * len(columns)) for row in under):
        return True
    return len(columns) == 1 and float(np.median(grid.counts[sorted({row for row, _ in form.labels})])) >= 3


def right_of(grid: Grid, row: int, column: int) -> int:
    """The column to the right of a cell or of its merge."""
    return grid.merges.get((row, column), (row, column))[1] + 1


def value_cell(form: Form, row: int, column: int) -> Cell | None:
    """Where the value of a label stands: in it, to its right, or below where another label or nothing is
    there.
    """
    grid = form.grid
    if form.at is not None or inline(grid.values[row, column])[0]:
        return row, column if form.at is None else form.at
    right = (row, right_of(grid, row, column))
    if right[1] < form.last and right not in form.labels and not _is_over_values(form, row):
        return grid.origin(*right)
    below = (grid.merges.get((row, column), (row, column))[0] + 1, column)
    return below if below[0] < form.end and below not in form.labels and not _in_family(form, below) else None


def _is_over_values(form: Form, row: int) -> bool:
    """Two or more labels and nothing else in a row, over a row of values that has no label and is no
    signature.
    """
    grid, below = form.grid, row + 1
    columns = grid.columns_of(row, form.first, form.last)
    if len(columns) < 2 or below >= form.end or any((row, c) not in form.labels for c in columns):
        return False
    values = grid.columns_of(below, form.first, form.last)
    labelled = any(r == below for r, _ in form.labels) or _in_family(form, (below, 0))
    under = sum(c in values for c in columns)
    headed = not labelled and under >= max(2, 0.5 * len(columns))
    return headed and not LIKE["note"].match(grid.text(below, values[0]))


def _in_family(form: Form, cell: Cell) -> bool:
    return form.family is not None and form.family[0] <= cell[0] < form.family[1]


def _name_in(form: Form) -> object:
    for (row, column), variable in form.labels.items():
        if variable.name == "name" and (cell := value_cell(form, row, column)) is not None:
            return inline(form.grid.values[cell])[1] or form.grid.values[cell]
    return None


def _family_at(
    grid: Grid, words: Vocabulary, keys: Keys, row: int, end: int, band: tuple[int, int | None] = (0, None)
) -> tuple[int, int, int, int] | None:
    """The family table whose header is `row`: three or more headings of members side by side, the relation
    among them.
    """
    own = keys.get(row, {})
    if len(own) < 3:
        return None
    members = {c: v for c, key in own.items() if (v := words.member(key)) is not None}
    while len(members) > 1 and words.person(own[min(members)]) == "member":
        del members[min(members)]
    names = {variable.name for variable in members.values()}
    if len(names) < 3 or "relation" not in names or "name" not in names:
        return None
    first, last = min(members), max(right_of(grid, row, c) for c in grid.columns_of(row, *band))
    parent = grid.covered.get((row, first - 1)) if first else None
    low = grid.merges[parent][0] + 1 if parent is not None else end
    stop = row + 1
    while stop < min(low, end):
        if parent is None and _ends_family(grid, words, stop, grid.columns_of(stop, *band), first):
            break
        stop += 1
    while stop > row + 1 and not grid.counts[stop - 1]:
        stop -= 1
    return row, stop, first, last


def _ends_family(grid: Grid, words: Vocabulary, row: int, columns: list[int], first: int) -> bool:
    if not columns:
        return False
    noted = LIKE["note"].match(grid.text(row, columns[0])) is not None
    return columns[0] < first or noted or words.find("workers", grid.key(row, columns[0])) is not None
