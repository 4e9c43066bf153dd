"""Where a sheet holds replies to a questionnaire, and whether it does, by the shape of its answers.

One row a reply, answers that recur down their columns, no row that sums up others. A header row is one
whose cells are strangers to the columns below it. What a platform heads its own columns with only adds to
the evidence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bangfu_analysis.reading.answers import Answers, Ints, read_column
from bangfu_analysis.reading.grid import Grid
from bangfu_analysis.reading.question_groups import grouped
from bangfu_analysis.reading.question_headings import LIKE, WORDS, Heading, names_person, read_heading
from bangfu_analysis.reading.vocabulary import Vocabulary
from bangfu_analysis.text import halfwidth, heading_key, squeeze

LIKELY: str = WORDS["likely"]
SAMPLE, MOST_HEADERS = 500, 4
MOST_ASKED = 1000  # characters of a heading in which a hint is looked for
LEAST_REPLIES = 4


@dataclass(frozen=True)
class Layout:
    """`headings` by column of the grid ("" where there is none); rows of the grid: those of the header, of
    replies, and others.

    `columns`: [first, last) of the replies; `aside`: row, first and last column of what stands around them.
    """

    headings: tuple[Heading, ...]
    header: tuple[int, ...]
    notes: tuple[int, ...]
    body: Ints
    columns: tuple[int, int]
    aside: tuple[tuple[int, int, int], ...] = ()


def layout_of(grid: Grid) -> Layout | None:
    """The replies of a sheet; None where it holds no table at all."""
    first, last = _band(grid)
    counts = grid.filled[:, first:last].sum(axis=1)
    rows = [int(row) for row in np.flatnonzero(counts)]
    if not rows:
        return None
    wide = max(counts[rows[: MOST_HEADERS + 4]])
    top = next(i for i, row in enumerate(rows) if counts[row] > max(min(1, wide - 1), min(2, wide // 3)))
    header = [rows[top]]
    for row in rows[top + 1 : top + MOST_HEADERS]:
        if grid.sheet.codes or not _goes_on(grid, header[-1], row, first, last):
            break
        header.append(row)
    below = rows[top + len(header) :]
    end = _end(grid, below, counts, first)
    aside = [(row, first, last) for row in below[end:]]
    sides = [side for side in ((0, first), (last, grid.width)) if side[0] < side[1]]
    aside += [(int(row), *side) for side in sides for row in np.flatnonzero(grid.counts)]
    notes = tuple(rows[:top])
    headings = _headings(grid, header, first, last)
    body = np.array(below[:end], dtype=np.intp)
    return Layout(headings, tuple(header), notes, body, (first, last), tuple(aside))


def is_questionnaire(layout: Layout, grid: Grid, words: Vocabulary) -> bool | None:
    """True where the sheet surely holds replies, None where it looks like it, False where not.

    A roster has people with ID numbers, headings that the codebook knows and names that are no numbered
    question.
    """
    headings = [h for h in layout.headings if h.raw]
    roles = [h for h in headings if h.role]
    asked = [(j, h) for j, h in enumerate(layout.headings) if h.raw and not h.role]
    known = [v.name for _, h in asked if (v := words.find("workers", heading_key(h.raw)))]
    summed = any(LIKE["sums"].match(squeeze(h.text)) for _, h in asked)
    if summed or ({"id_number", "name"} & {*known} and len(known) >= 0.8 * len(asked)):
        return False
    if {"id_number", "name"} <= {*known} and len({*known}) >= 5 and not any(h.number for h in headings):
        return False  # a roster with its causes to be ticked: 致困原因（打√，可多选）
    numbered = sum(bool(h.number) for h in headings)
    telling = [h for h in roles if h.is_telling]
    if {"id_number", "name"} <= {*known} and not (numbered or telling):  # a roster of ticks
        return False
    if telling and (len(roles) + numbered >= 3 or numbered):
        return True
    named = any(names_person(h.text) and not h.number for _, h in asked)
    if numbered >= 3 and numbered >= 0.6 * len(headings) and not named:
        return True
    place, words_of = f"{grid.sheet.file} {grid.name}", [halfwidth(h.raw) for h in headings]
    plain = not named and not any(LIKE["numeral"].fullmatch(w) for w in words_of)
    if grid.sheet.codes and "id_number" not in known:
        return True
    blocks, hints = _blocks(grid, layout), sum(_hints(h) for _, h in asked)
    built = len(blocks) + hints  # questions of several columns, or that say what they are
    if "id_number" not in known and built > 1 and sum(map(len, blocks)) + hints >= 0.4 * len(asked):
        return True
    if LIKE["called"].search(place) and plain and len(headings) >= 3 and len(layout.body) > 1:
        return True
    recurring = [j for j, _ in asked if _recurs(grid, layout.body, j)]
    asking = [h for _, h in asked if LIKE["asking"].search(h.text) or _hints(h) or h.number]
    if not asked or len(layout.body) < LEAST_REPLIES or len(recurring) < 0.5 * len(asked) or len(asked) < 2:
        return False
    if len(asking) >= 2 and len(asking) >= 0.5 * len(asked):
        return True
    timed = any(h.role in ("time", "seconds") for h in roles)
    strange = [h for _, h in asked if not words.knows(heading_key(h.text))]
    if timed and len(strange) >= 2 and (built or not named) and (len(roles) >= 3 or telling or asking):
        return True
    return None if len(strange) >= 0.5 * len(asked) and len(asked) >= 3 else False


def _hints(heading: Heading) -> bool:
    """Whether a heading says of what kind its question is: （多选题）."""
    return LIKE["hint"].search(heading.text[:MOST_ASKED]) is not None


def _blocks(grid: Grid, layout: Layout) -> list[list[Answers]]:
    """The questions of three columns or more with one stem and answers alike: ticks, ranks, grades."""
    places = [j for j, heading in enumerate(layout.headings) if heading.raw]
    stems = Counter(stem for j in places for stem in layout.headings[j].splits)
    if max(stems.values(), default=0) < 3:
        return []
    columns = [read_column(j + 1, layout.headings[j], grid.values[layout.body[:SAMPLE], j]) for j in places]
    return [group for group in grouped(columns) if len(group) > 2]


def _band(grid: Grid) -> tuple[int, int]:
    """The columns between two blank ones that hold most cells, and those beside them that go on in the same
    rows.
    """
    blank = [-1, *(int(j) for j in np.flatnonzero(~grid.filled.any(axis=0))), grid.width]
    parts = [(a + 1, b) for a, b in zip(blank, blank[1:], strict=False) if b > a + 1]
    best = max(parts, key=lambda part: int(grid.filled[:, slice(*part)].sum()), default=(0, grid.width))
    high = grid.filled[:, slice(*best)].any(axis=1).sum()
    same = [part for part in parts if grid.filled[:, slice(*part)].any(axis=1).sum() >= 0.8 * high]
    return min(a for a, _ in [best, *same]), max(b for _, b in [best, *same])


def _goes_on(grid: Grid, above: int, row: int, first: int, last: int) -> bool:
    """A further header row: under codes or gaps of the one above, or codes itself, and strange to the
    answers below.
    """
    columns = grid.columns_of(row, first, last)
    coded = [_share_coded(grid, r, first, last) for r in (above, row)]
    gaps = [j for j in columns if not grid.filled[above, j]]
    both = [(grid.text(above, j), grid.text(row, j)) for j in columns]
    if len(columns) > 2 and (all(a == b for a, b in both) or all(LIKE["same"].fullmatch(b) for _, b in both)):
        return True
    if max(coded) < 0.6 and not gaps:
        return False
    strange = []
    for j in columns:
        below = Counter(map(str, (v for v in grid.values[row + 1 : row + SAMPLE, j] if v is not None)))
        if len(below) <= below.total() / 2:
            strange.append(len(below) == 1 or str(grid.values[row, j]) not in below)  # the only one is a tick
    if not strange:
        return coded[1] >= 0.8 and len(columns) > 1 and coded[0] < 0.6
    texts = all(isinstance(grid.values[row, j], str) for j in columns)
    return texts and sum(strange) >= 0.9 * len(strange) and (len(strange) > 1 or coded[1] >= 0.8)


def _share_coded(grid: Grid, row: int, first: int, last: int) -> float:
    cells = [str(grid.values[row, j]).strip() for j in grid.columns_of(row, first, last)]
    return sum(LIKE["codes"].fullmatch(cell) is not None for cell in cells) / max(len(cells), 1)


def _headings(grid: Grid, header: Sequence[int], first: int, last: int) -> tuple[Heading, ...]:
    """What each column is headed with: the words of its levels, carried on over gaps; and its code."""
    coded = [_share_coded(grid, row, first, last) >= 0.6 for row in header]
    worded = [row for row, code in zip(header, coded, strict=True) if not code] or header[:1]
    codes = [row for row, code in zip(header, coded, strict=True) if code and row not in worded]
    found, carried = [], dict.fromkeys(worded, "")
    for j in range(grid.width):
        levels: list[str] = []
        for row, under in zip(worded, [*worded[1:], None], strict=True):
            cell = str(grid.values[row, j] or "").strip() if first <= j < last else ""
            if not cell and under is not None and first <= j < last and grid.filled[under, j]:
                cell = carried[row]
            carried[row] = cell
            again = levels and (cell in levels or LIKE["same"].fullmatch(cell))
            levels += [cell] if cell and not again else []
        own = grid.sheet.codes.get(j + 1, "")
        code = next((str(grid.values[row, j] or "").strip() for row in codes if first <= j < last), own)
        found.append(read_heading("—".join(levels) or code, "" if code in levels and not own else code))
    return tuple(found)


def _end(grid: Grid, below: Sequence[int], counts: Ints, first: int) -> int:
    """How many rows below the header are replies: not sums at the foot, nor a small table under a blank
    row.
    """
    usual = float(np.median([counts[row] for row in below])) if below else 0.0
    for i, row in enumerate(below):
        if i and row > below[i - 1] + 1 and all(counts[r] <= usual / 2 for r in below[i:]) and usual >= 3:
            return i
        if len(below) - i <= 3 and LIKE["summed"].fullmatch(grid.text(row, first)):
            return i
    return len(below)


def _recurs(grid: Grid, body: Ints, j: int) -> bool:
    """Few different answers, or few parts of answers, each given again and again."""
    cells = [str(v) for v in grid.values[body[:SAMPLE], j] if v is not None]
    parts = [part for cell in cells for part in LIKE["parted"].split(cell) if part]
    return any(len(s) > 2 and len(set(s)) <= max(2, len(s) / 3) for s in (cells, parts))
