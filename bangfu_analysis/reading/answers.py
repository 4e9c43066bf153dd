"""One column of a questionnaire export as its different answers: which are missing, which are numbers,
which are several.

A column of 50,000 cells holds few different texts; each is read once and the rows carry codes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bangfu_analysis.cleaning.amounts import Quantity, read_quantity
from bangfu_analysis.reading.question_headings import LIKE, WORDS, Heading
from bangfu_analysis.text import halfwidth, is_blank, mask_doors, mask_long_numbers, squeeze

Ints = NDArray[np.intp]
Floats = NDArray[np.float64]
Labels = Mapping[int, str]
STATUSES = ("answered", "skipped", "blank")
ANSWERED, SKIPPED, BLANK = range(3)
STATED = {word: STATUSES.index(status) for status, words in WORDS["stated"].items() for word in words}
CODED = {-3.0: SKIPPED, -2.0: BLANK}
LETTERS = "A"  # ABD: the letters of what was ticked
ARROWS = ("→", "->", ">", "＞")
STRONG, WEAK = ("┋", *ARROWS), ("|", ";", "；", "、", ",", "，", "\n", "/", " ")
MOST_CODES, MOST_OPTIONS, MOST_WORDS = 30, 20, 2000
MOSTLY = 0.95  # of the cells of a column of ticks are ticks; the others are told
FEW_OPTIONS = 12  # as many numbers with a unit (1次, 2次, …) are a choice
YES, NO = frozenset(WORDS["ticked"]), frozenset(WORDS["unticked"])


@dataclass(frozen=True, eq=False)
class Answers:
    """A column: `codes` (row -> place in `words`) and its different cells as text; place 0 is the empty cell.

    `labels`: number -> what it means, where the file says so.
    """

    index: int
    heading: Heading
    codes: Ints
    words: tuple[str, ...]
    labels: Labels = field(default_factory=dict)

    @cached_property
    def numbers(self) -> Floats:
        """The number each word is, NaN where it is none."""
        return np.array([_number(word) for word in self.words])

    @cached_property
    def amounts(self) -> Floats:
        """The number each word says as people write it (18岁, 约500, 一千出头), NaN where it says none or a
        range; of a column of dates their years.
        """
        dates = [LIKE["dated"].fullmatch(word) for word in self.words]
        if 2 * sum(found is not None for found in dates) > len(self.words):
            return np.array([float(found[1]) if found else np.nan for found in dates])
        plain = zip(self.words, self.numbers, strict=True)
        return np.array([said_number(word) if np.isnan(number) else number for word, number in plain])

    @cached_property
    def state(self) -> Ints:
        """answered, skipped or blank, per word. -3 and -2 are numbers where the column knows other negative
        ones.
        """
        coded = CODED if {n for n in self.numbers if n < 0} <= set(CODED) else {}
        stated = [STATED.get(halfwidth(word)) if len(word) <= 6 else None for word in self.words]
        pairs = zip(stated, self.numbers, strict=True)
        found = [coded.get(n, ANSWERED) if s is None else s for s, n in pairs]
        return np.array([BLANK, *found[1:]], dtype=np.intp)

    @cached_property
    def counts(self) -> Ints:
        """How many rows give each word."""
        return np.bincount(self.codes, minlength=len(self.words))

    def status(self, place: int) -> str:
        """One of STATUSES."""
        return STATUSES[self.state[place]]

    @property
    def given(self) -> list[int]:
        """Places of the words that are answers of at least one row."""
        return [int(i) for i in np.flatnonzero((self.state == ANSWERED) & (self.counts > 0))]

    @property
    def is_numeric(self) -> bool:
        """Every answer is a number (true of no answer at all)."""
        return not np.isnan(self.numbers[self.given]).any()

    @cached_property
    def is_ticks(self) -> bool:
        """Nearly every answer says that the option which the heading names was chosen, or that it was not."""
        ticked, counts = np.array([self.ticked(i) for i in self.given]), self.counts[self.given]
        return bool(self.given) and counts[~np.isnan(ticked)].sum() >= MOSTLY * counts.sum()

    def said(self, place: int) -> str:
        """The label of a word: what its number means where the file says so, else itself without what was
        filled in.
        """
        number = self.numbers[place]
        own = None if np.isnan(number) else self.labels.get(int(number))
        return own or label_and_fill(self.words[place])[0]

    def ticked(self, place: int) -> float:
        """1 where a word says that the option which the heading names was chosen, 0 that it was not, NaN
        where neither.
        """
        words = [squeeze(word).lower() for word in (self.said(place), self.words[place])]
        if any(w in YES or (w and w == squeeze(self.heading.part).lower()) for w in words):
            return 1.0
        return 0.0 if any(w in NO for w in words) else np.nan


def read_column(
    index: int, heading: Heading, cells: Sequence[object] | NDArray[Any], labels: Labels | None = None
) -> Answers:
    """Cells -> Answers. A cell of spaces is blank; 1.0 is 1; dates are ISO 8601."""
    column = np.empty(len(cells), dtype=object)
    column[:] = cells
    codes, uniques = pd.factorize(column)
    words = [_word(u) for u in uniques]
    place = {word: i for i, word in enumerate(dict.fromkeys(["", *words]))}
    target = np.array([place[w] for w in words] + [0])  # the last serves code -1, an empty cell
    return Answers(index, heading, target[codes].astype(np.intp), tuple(place), labels or {})


def shape_of(columns: Sequence[Answers], *, coded: bool) -> tuple[str, str]:
    """(single, multiple, ranking, number or text; separator) of the pooled columns of one question.

    `coded`: the sheet gives option numbers, so that small whole numbers are a single choice.
    """
    heading = columns[0].heading.text
    found = LIKE["hint"].search(heading)
    hint = (found.group(1) or "多选").replace("不定项", "多选") if found else ""
    counts = Counter[str]()
    for column in columns:
        counts.update({column.words[i]: int(column.counts[i]) for i in column.given})
    amounts = {column.words[i]: float(column.amounts[i]) for column in columns for i in column.given}
    numbers = (heading, counts, amounts, hint)
    if hint not in ("多选", "排序") and (kind := _kind_of_numbers(*numbers, coded=coded)):
        return kind, ""
    bare = list(dict.fromkeys(LIKE["fill"].sub("", word) for word in counts))
    strong_only = hint in ("单选", "填空", "简答") or bool(LIKE["open_words"].search(heading))
    if separator := separator_of(bare, hinted=hint in ("多选", "排序"), strong_only=strong_only):
        ranked = separator in ARROWS or hint == "排序"
        ranked = ranked or (not hint and _all_in_each([pieces(b, separator) for b in bare]))
        return ("ranking" if ranked else "multiple"), separator
    if hint in ("多选", "排序"):
        return ("multiple", "┋") if hint == "多选" else ("ranking", "→")
    alone = len(columns) == 1
    is_open = hint in ("填空", "简答") or (hint != "单选" and _is_open(heading, counts, alone=alone))
    return ("text" if is_open else "single"), ""


def _kind_of_numbers(
    heading: str, counts: Counter[str], amounts: Mapping[str, float], hint: str, *, coded: bool
) -> str:
    """number or single (codes, or a few amounts that are a choice) where nine answers in ten are numbers,
    else "".
    """
    total, numeric = counts.total(), sum(n for word, n in counts.items() if not np.isnan(amounts[word]))
    plain = sum(n for word, n in counts.items() if not np.isnan(_number(word)))
    different = sum(not np.isnan(amount) for amount in amounts.values())
    least = 1.0 if total < 10 or hint == "单选" else 0.5 if different > FEW_OPTIONS else 0.9
    if not total or numeric < least * total:
        return ""
    rated = LIKE["rated"].search(heading) is not None and max(amounts.values()) > 5
    codes = all(v.is_integer() and 1 <= v <= MOST_CODES for v in amounts.values())
    if coded and not rated and plain == total and codes:
        return "single"
    banded = any(np.isnan(amounts[word]) and n > 1 and re.search(r"\d", word) for word, n in counts.items())
    few = len(counts) <= FEW_OPTIONS and total > 2 * len(counts)
    return "" if few and (banded or plain < total / 2) else "number"


def separator_of(words: Iterable[str], *, hinted: bool = False, strong_only: bool = False) -> str:
    """What parts several answers in one cell; "" where nothing does.

    ┋ is never part of a label. → may be: it counts where the cells together are a ranking. The weak marks
    count only outside brackets, where the pieces recur (see _pieces_recur) or each cell ends with the mark;
    with a hint (可多选) less will do.
    """
    cells = list(words)[:MOST_WORDS]
    if any("┋" in cell for cell in cells):
        return "┋"
    for arrow in ARROWS:
        if any(arrow in cell for cell in cells) and _are_ranks([pieces(cell, arrow) for cell in cells]):
            return arrow
    if hinted and any(len(c) > 1 for c in cells) and all(LIKE["letters"].fullmatch(cell) for cell in cells):
        return LETTERS
    fitting = dict[str, int]()
    for mark in () if strong_only else WEAK:
        parted = {tuple(pieces(cell, mark)) for cell in cells if mark in cell}
        if not parted or max(map(len, parted)) < 2 and not all(cell.endswith(mark) for cell in cells):
            continue
        if all(LIKE["lettered"].fullmatch(parts[0]) for parts in parted):  # A. 男
            continue
        every = parted | {tuple(pieces(cell, mark)) for cell in cells}
        ended = all(cell.endswith(mark) for cell in cells if mark != " ")
        if ended or _pieces_recur(every, mark, hinted=hinted):
            fitting[mark] = len({piece for cell in every for piece in cell})
    return min(fitting, key=lambda mark: fitting[mark], default="")


def pieces(word: str, mark: str) -> list[str]:
    """The answers in one cell, parted at `mark` outside 〖〗 and, for a weak mark, outside every bracket."""
    if mark == LETTERS:
        return list(word)
    opens, closes = ("〖", "〗") if mark in STRONG else ("〖(（【[", "〗)）】]")
    if not any(c in word for c in opens):
        return [piece for part in word.split(mark) if (piece := part.strip())]
    parts, depth = [""], 0
    for c in word:
        depth = max(0, depth + (c in opens) - (c in closes))
        if c == mark and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return [piece for part in parts if (piece := part.strip())]


def label_and_fill(piece: str) -> tuple[str, str]:
    """`其他【请注明】〖宠物〗` -> (其他【请注明】, 宠物). A number of eleven digits or more is masked in
    either.
    """
    fill = LIKE["fill"].search(piece) if "〖" in piece else None
    if own := LIKE["other"].fullmatch(piece):
        return own[1].strip(), safe_text(own[2])
    label = LIKE["id_like"].sub("***", (LIKE["fill"].sub("", piece) if fill else piece).strip())
    return label, safe_text(fill.group(1).strip()) if fill else ""


def safe_text(words: str) -> str:
    """An open answer with long numbers (they may be a phone or an ID) and house numbers masked; a date
    stays.
    """
    return words if LIKE["date"].fullmatch(words) else mask_doors(mask_long_numbers(words))


def said_number(word: str) -> float:
    """The number that a person's answer is, read as a roster's cell is; NaN for a range, a band or no
    number.
    """
    read = read_quantity(word, "answer") if 0 < len(word) <= 20 else None
    return read.value if isinstance(read, Quantity) and read.how not in ("range", "band") else np.nan


def strays(counts: Mapping[str, int]) -> frozenset[str]:
    """Labels of a choice that are words of one person's own (a free 其他): given once, far longer than the
    others or sentences.
    """
    filled = frozenset(label for label in counts if LIKE["filled"].fullmatch(label))
    again, once = ([label for label, n in counts.items() if (n > 1) is many] for many in (True, False))
    if len(again) < 2 or sum(counts.values()) < 10:
        return frozenset()
    longest = max(6, 2 * max(map(len, again)))
    free = frozenset(
        o for o in once if len(o) > longest or LIKE["free"].match(o) or LIKE["handle"].fullmatch(halfwidth(o))
    )
    return free | filled if len(filled) > 1 else free  # one alone may be printed so


def _word(cell: object) -> str:
    if is_blank(cell):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, datetime | date | time) else str(cell).strip()


def _number(word: str) -> float:
    text = halfwidth(word) if len(word) <= 20 else ""
    return float(text) if LIKE["plain_number"].fullmatch(text) else np.nan


def _are_ranks(cells: Sequence[Sequence[str]]) -> bool:
    """Half of the cells or more join several of a few options, which change places (the steps of a path
    hardly do) or stand all in each.
    """
    options = {option for cell in cells for option in cell}
    places = {place for cell in cells for place in enumerate(cell)}
    mixed = 2 * len(places) >= 3 * len(options) or all(set(cell) == options for cell in cells)
    return mixed and len(options) <= MOST_CODES and 2 * sum(len(cell) > 1 for cell in cells) >= len(cells)


def _all_in_each(cells: Sequence[Sequence[str]]) -> bool:
    """Each cell joins all of three options or more, in different orders."""
    sets, orders = {frozenset(cell) for cell in cells}, {tuple(cell) for cell in cells}
    return len(sets) == 1 < len(orders) and len(cells[0]) > 2


def _pieces_recur(cells: set[tuple[str, ...]], mark: str, *, hinted: bool) -> bool:
    """The pieces are no more than the different cells and stand in several; of a mark that sentences and
    labels know, nearly each piece that it joins is joined by it again, and of a space, more cells are made
    of fewer words.
    """
    different = {p for cell in cells for p in cell}
    joined = Counter(p for cell in cells if len(cell) > 1 for p in set(cell))
    if hinted:
        recur = joined.total() > len(joined) or len(different) <= 3 * len(cells)
        return len(different) <= MOST_CODES and recur
    if len(different) > min(len(cells), MOST_CODES) or mark == "/":
        return False
    if mark in ("|", ";", "；"):
        return sum(len(set(cell)) for cell in cells) > len(different)
    again = sum(n > 1 for n in joined.values())
    if mark in ("、", "\n"):
        return again > 0
    words = all(piece.isascii() and " " not in piece for piece in different)
    return again >= 0.8 * len(joined) and (mark != " " or (words and len(different) < len(cells)))


def _is_open(heading: str, counts: Counter[str], *, alone: bool) -> bool:
    """Open text: the heading asks for words, or most answers are given once, or there are many and a third
    are.
    """
    bare = Counter[str]()
    for word, n in counts.items():
        bare[LIKE["fill"].sub("", word)] += n
    once, total = sum(n == 1 for n in bare.values()), bare.total()
    if not total or (alone and LIKE["open_words"].search(heading) and (len(bare) > 2 or once == len(bare))):
        return True
    if (total >= 10 and once > total / 2) or any("\n" in word for word in bare):
        return True
    return len(bare) > MOST_OPTIONS and once > len(bare) / 3
