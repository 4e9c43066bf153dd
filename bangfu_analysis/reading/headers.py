"""Where on a sheet tables begin: bands of columns, header blocks of one to four levels, the lines above them.
"""

from __future__ import annotations

import re

import numpy as np

from bangfu_analysis.reading.context import meta_of, unit_in
from bangfu_analysis.reading.grid import Grid
from bangfu_analysis.reading.owners import slot_of
from bangfu_analysis.reading.vocabulary import LIKE, OPTIONED, Heading, Vocabulary
from bangfu_analysis.text import heading_key

MOST_LEVELS = 4
MOST_CHARACTERS = 300  # of a heading; no expression looks at more
_UNTITLED = re.compile(r"[:：]|\d{4}")


def bands(grid: Grid, words: Vocabulary) -> list[tuple[int, int]]:
    """Ranges of columns that hold tables of their own: cut at blank columns that have a header on either
    side.
    """
    merges = [(left + 1, far + 1) for (top, left), (_, far) in grid.merges.items() if grid.counts[top] > 1]
    across = {c for merge in merges for c in range(*merge)}
    blank = [int(c) for c in np.flatnonzero(~grid.filled.any(axis=0)) if c not in across]
    cuts = [0, *blank, grid.width]
    parts = [
        (a + (n > 0), b) for n, (a, b) in enumerate(zip(cuts, cuts[1:], strict=False)) if b > a + (n > 0)
    ]
    if len(parts) < 2:
        return [(0, grid.width)]
    found: list[tuple[int, int]] = []
    for first, last in parts:
        headed = found and _has_header(grid, (first, last), words) and _has_header(grid, found[-1], words)
        if not found or (headed and _stands_alone(grid, found[-1], (first, last), words)):
            found.append((first, last))
        else:
            found[-1] = (found[-1][0], last)
    return [(0 if n == 0 else first, last) for n, (first, last) in enumerate(found)]


def _has_header(grid: Grid, band: tuple[int, int], words: Vocabulary) -> bool:
    return any(is_header(grid, row, *band, words) for row in _candidates(grid, *band))


def _stands_alone(grid: Grid, left: tuple[int, int], right: tuple[int, int], words: Vocabulary) -> bool:
    """The columns on the right are no more of the same rows: another header row, names of their own, or other
    rows filled.
    """
    rows = [r for r in _candidates(grid, *right) if is_header(grid, r, *right, words)]
    found = (words.find("workers", grid.key(rows[0], c)) for c in grid.columns_of(rows[0], *right))
    said = {v.name for v in found if v}
    if not is_header(grid, rows[0], *left, words) or said & {"row_number", "name", "id_number"}:
        return True
    body = next(r for r in range(rows[0] + 1, grid.height + 1) if r not in rows)
    here, there = (grid.filled[body:, a:b].any(axis=1) for a, b in (left, right))
    return bool((there & ~here).any() or there.sum() < 0.8 * here.sum())


def _candidates(grid: Grid, first: int, last: int) -> list[int]:
    """Rows that may be a header: the first two hundred, and any that follow within four a row of at most two
    cells.
    """
    counts = grid.filled[:, first:last].sum(axis=1)
    sparse = np.flatnonzero(counts <= 2)
    near = {int(r) + n for r in sparse for n in range(1, 5)} if len(sparse) < 20_000 else set()
    chosen = sorted(set(range(min(200, grid.height))) | {r for r in near if r < grid.height})
    return [r for r in chosen if counts[r] > 1]


def is_header(grid: Grid, row: int, first: int, last: int, words: Vocabulary) -> bool:
    """A row that says mostly headings and no numbers."""
    columns = grid.columns_of(row, first, last)
    texts = [c for c in columns if isinstance(grid.values[row, c], str)]
    numbers = len(columns) - len(texts)
    if numbers > 0.1 * len(columns):
        return False
    # 填表人： at the foot
    signed = [c for c in texts if ":" in grid.text(row, c) and LIKE["note"].match(grid.text(row, c))]
    others = [c for c in texts if c not in signed]
    known = sum(words.knows(grid.key(row, c)) or _is_cut(grid, row, c, words) for c in others)
    if known >= 3 and known >= 0.4 * len(columns):
        return True
    return known >= 2 and known >= 0.6 * len(columns) and not numbers


def _is_cut(grid: Grid, row: int, column: int, words: Vocabulary) -> bool:
    """A heading cut in two: 文化 over 程度."""
    upper, lower = grid.key(row, column), grid.key(row + 1, column)
    return bool(upper and lower) and not lower.isascii() and words.knows(upper + lower)


def header_blocks(grid: Grid, first: int, last: int, words: Vocabulary) -> list[tuple[int, int]]:
    """Header blocks [top, body) of a band, from the top; a repetition of the header before it begins none but
    for another unit.
    """
    found: list[tuple[int, int]] = []
    of = ""
    for row in _candidates(grid, first, last):
        if (found and row < found[-1][1]) or not is_header(grid, row, first, last, words):
            continue
        unit = _unit_above(grid, row, found[-1][1] if found else 0, first, last)
        again = found and row == found[-1][1] and _in_english(grid, row, grid.columns_of(row, first, last))
        same = again or (found and unit in ("", of) and _same(grid, found[-1], row, first, last, words))
        of = unit or of
        if same:
            continue
        top, body, least = row, row + 1, found[-1][1] if found else 0
        while (
            top > least and row - top + 1 < MOST_LEVELS and _is_parent_row(grid, top - 1, first, last, words)
        ):
            top -= 1
        while body < grid.height and body - top < MOST_LEVELS and _goes_on(grid, body, first, last, words):
            body += 1
        if body < grid.height and _counts_columns(grid, body, first, last):
            body += 1
        found.append((top, body))
    return found or _plain_header(grid, first, last, words)


def _unit_above(grid: Grid, row: int, least: int, first: int, last: int) -> str:
    """The unit that the lines right above a header name, or their title."""
    for top in range(row - 1, max(least, row - 4) - 1, -1):
        meta = meta_of(grid, top, row, first, last) if len(grid.columns_of(top, first, last)) <= 3 else {}
        if unit := meta.get("unit") or unit_in(str(meta.get("title", ""))):
            return str(unit)
    return ""


def _same(grid: Grid, block: tuple[int, int], row: int, first: int, last: int, words: Vocabulary) -> bool:
    """`row` says most of what a row of the header says, and no heading in another's place."""
    for above in range(*block):
        columns = grid.columns_of(above, first, last)
        unlike = [c for c in columns if grid.key(above, c) != grid.key(row, c)]
        if len(columns) > 1 and len(unlike) <= 0.4 * len(columns):
            return not any(words.knows(grid.key(row, c)) and words.knows(grid.key(above, c)) for c in unlike)
    return False


def _plain_header(grid: Grid, first: int, last: int, words: Vocabulary) -> list[tuple[int, int]]:
    """Without known headings: the first row of three or more short texts over at least half of the width.

    A row that says label and value in one cell (姓名：某某) heads nothing, and would put a name into a
    heading.
    """
    width = int(grid.filled[:, first:last].any(axis=0).sum())
    for row in _candidates(grid, first, last):
        columns = grid.columns_of(row, first, last)
        texts = [grid.values[row, c] for c in columns]
        pairs = [grid.text(row, c).partition(":") for c in columns]
        if any(colon and words.knows(heading_key(label)) for label, colon, _ in pairs):
            continue
        if len(columns) >= max(3, 0.5 * width) and all(isinstance(t, str) and len(t) <= 30 for t in texts):
            return [(row, row + 1)]
    return []


def _is_parent_row(grid: Grid, row: int, first: int, last: int, words: Vocabulary) -> bool:
    """A row of headings over the headings below: no title, no 填报单位： line, no data."""
    columns = grid.columns_of(row, first, last)
    if not columns or any(not isinstance(grid.values[row, c], str) for c in columns):
        return False
    texts = [grid.text(row, c) for c in columns]
    if any(_UNTITLED.search(t) or len(t) > 20 for t in texts):
        return False
    spans = {c: grid.merges[row, c] for c in columns if (row, c) in grid.merges}
    if any(low > row for low, _ in spans.values()):
        return True
    if len(columns) == 1:
        known = bool(words.person(grid.key(row, columns[0]))) or slot_of(texts[0]) is not None
        return known or (columns[0] > first and columns[0] in spans)
    below = sum(bool(grid.filled[row + 1, c]) for c in columns)
    return below >= len(columns) - 1 if not spans else True


def _goes_on(grid: Grid, row: int, first: int, last: int, words: Vocabulary) -> bool:
    """The row under a header row is its next level: merged into it, or children under a parent, or headings
    again.
    """
    columns = grid.columns_of(row, first, last)
    texts = [c for c in columns if isinstance(grid.values[row, c], str)]
    if not columns:
        return grid.hangs(row, range(first, last))
    if len(texts) < len(columns):
        return False
    if _in_english(grid, row, texts):
        return False
    children = [c for c in columns if _parent(grid, row, c, first)]
    units = [
        c for c in columns
        if LIKE["unit_alone"].match(t := grid.text(row, c)) or (t.startswith("(") and t.endswith(")"))
    ]
    if len(units) == len(columns):
        return True
    known = [
        c for c in columns if c in units or words.knows(grid.key(row, c)) or _is_cut(grid, row - 1, c, words)
    ]
    known += [c for c in columns if c not in known and _is_option(grid, row, c, first, words)]
    if any(grid.filled[row - 1, c] and c not in children and c not in known for c in columns):
        return False
    enough = len(known) >= 0.6 * len(columns) and len(known) >= (1 if children else 2)
    return enough or (len(columns) < last - first and grid.hangs(row, range(first, last)))


def _in_english(grid: Grid, row: int, columns: list[int]) -> bool:
    """The headings of the row above said again in English."""
    said = [grid.text(row, c).isascii() > grid.text(row - 1, c).isascii() for c in columns]
    return len(said) > 2 and all(said)


def _parent(grid: Grid, row: int, column: int, first: int) -> str:
    """The heading that stands over `column` in the row above from a cell further left or merged over several
    columns.
    """
    above = row - 1
    top, left = grid.origin(above, column)
    far = grid.merges.get((top, left), (top, left))[1]
    if (top, left) != (above, column) or far > column:
        return grid.key(top, left) if left < column or far > left else ""
    while left > first and not grid.filled[above, left]:
        left -= 1
    alone = left == column and (column + 1 >= grid.width or grid.filled[above, column + 1])
    return "" if alone else grid.key(above, left)


def _is_option(grid: Grid, row: int, column: int, first: int, words: Vocabulary) -> bool:
    """Whether a heading goes on here: an option of its parent, or known together with it."""
    parent, leaf = _parent(grid, row, column, first), grid.text(row, column)
    if parent and words.knows(parent + grid.key(row, column)):
        return True
    return any(leaf in v.spellings for v in words.codebook.by_heading.get(parent, ()) if v.kind in OPTIONED)


def _counts_columns(grid: Grid, row: int, first: int, last: int) -> bool:
    """The line that numbers the columns of a printed form: 甲 乙 1 2 3."""
    texts = [grid.text(row, c).removesuffix(".0") for c in grid.columns_of(row, first, last)]
    numbers = [int(t) for t in texts if t.isdigit() and len(t) < 3]
    rest = {t for t in texts if not (t.isdigit() and len(t) < 3)}
    counted = len(numbers) > 2 and numbers == [*range(numbers[0], numbers[0] + len(numbers))]
    return counted and len(texts) > 3 and rest <= {*"甲乙丙丁戊"}


def headings_of(grid: Grid, top: int, body: int, first: int, last: int) -> list[Heading]:
    """The heading of every column: merges expanded, an unmerged parent reaching over the blanks to its right.
    """
    levels: list[list[str]] = []
    rows = [r for r in range(top, body) if not _counts_columns(grid, r, first, last)]
    for row in rows:
        line: list[str] = []
        for c in range(first, last):
            at = grid.origin(row, c)
            text = grid.text(*at)[:MOST_CHARACTERS] if at[0] >= top else ""
            # an unmerged parent goes on to the right where the column to the left has a lower level of its
            # own too
            if not text and line and all(any(grid.text(r, at) for r in rows if r > row) for at in (c - 1, c)):
                text = line[-1] if grid.origin(row, c - 1) not in grid.merges else ""
            line.append(text)
        levels.append(line)
    columns = zip(*levels, strict=True)
    unlike = ([t for n, t in enumerate(own) if n == 0 or t != own[n - 1]] for own in columns)
    return [Heading(n, tuple(filter(None, own))) for n, own in enumerate(unlike, first + 1)]


def repeats_of(headings: list[Heading], words: Vocabulary) -> list[tuple[int, int]]:
    """Ranges of places of tables printed side by side without a gap: the same headings twice or more."""
    keys = [v.name if (v := words.find("workers", h.key)) and not h.parents else h.shown for h in headings]
    for parts in (2, 3, 4):
        size, rest = divmod(len(keys), parts)
        if size > 1 and not rest and all(keys[n] and keys[n] == keys[n % size] for n in range(len(keys))):
            return [(n * size, (n + 1) * size) for n in range(parts)]
    return [(0, len(keys))]
