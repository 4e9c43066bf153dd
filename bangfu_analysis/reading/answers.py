"""One column of a questionnaire export as its different answers: which are missing, which are numbers, which are several.

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

from bangfu_analysis.reading.question_headings import HINT, OPEN_WORDS, Heading
from bangfu_analysis.text import halfwidth, is_blank, mask_doors, mask_long_numbers

Ints = NDArray[np.intp]
Floats = NDArray[np.float64]
STATUSES = ("answered", "skipped", "blank")
ANSWERED, SKIPPED, BLANK = range(3)
STATED = {"(跳过)": SKIPPED, "(空)": BLANK}
CODED = {-3.0: SKIPPED, -2.0: BLANK}
STRONG, WEAK = ("┋", "→"), ("|", ";", "；", "、")
MOST_CODES, MOST_OPTIONS = 30, 20
_PLAIN_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
_FILL = re.compile(r"〖([^〗]*)〗?")
_DATE = re.compile(r"\d{4}[-/.年]\d{1,2}([-/.月]\d{1,2}日?)?")
_ID_LIKE = re.compile(r"\d{11,}[Xx]?")


@dataclass(frozen=True, eq=False)
class Answers:
    """A column: `codes` (row -> place in `words`) and its different cells as text; place 0 is the empty cell.

    `labels`: number -> what it means, where the file says so.
    """

    index: int
    heading: Heading
    codes: Ints
    words: tuple[str, ...]
    labels: Mapping[int, str] = field(default_factory=dict)

    @cached_property
    def numbers(self) -> Floats:
        """The number each word is, NaN where it is none."""
        return np.array([_number(word) for word in self.words])

    @cached_property
    def state(self) -> Ints:
        """answered, skipped or blank, per word. -3 and -2 are numbers where the column knows other negative ones."""
        coded = CODED if {n for n in self.numbers if n < 0} <= set(CODED) else {}
        stated = [STATED.get(halfwidth(word)) if len(word) <= 6 else None for word in self.words]
        found = [coded.get(n, ANSWERED) if s is None else s for s, n in zip(stated, self.numbers, strict=True)]
        return np.array([BLANK, *found[1:]], dtype=np.intp)

    @cached_property
    def counts(self) -> Ints:
        """How many rows give each word."""
        return np.bincount(self.codes, minlength=len(self.words))

    @property
    def given(self) -> list[int]:
        """Places of the words that are answers of at least one row."""
        return [int(i) for i in np.flatnonzero((self.state == ANSWERED) & (self.counts > 0))]

    @property
    def is_numeric(self) -> bool:
        """Every answer is a number (true of no answer at all)."""
        return not np.isnan(self.numbers[self.given]).any()

    def per_row(self, per_word: NDArray[Any]) -> NDArray[Any]:
        """What is known of words, row by row."""
        return per_word[self.codes]


def read_column(index: int, heading: Heading, cells: Sequence[object] | NDArray[Any]) -> Answers:
    """Cells -> Answers. A cell of spaces is blank; 1.0 is 1; dates are ISO 8601."""
    column = np.empty(len(cells), dtype=object)
    column[:] = cells
    codes, uniques = pd.factorize(column)
    words = [_word(u) for u in uniques]
    place = {word: i for i, word in enumerate(dict.fromkeys(["", *words]))}
    target = np.array([place[w] for w in words] + [0])  # the last serves code -1, an empty cell
    return Answers(index, heading, target[codes].astype(np.intp), tuple(place))


def shape_of(columns: Sequence[Answers], *, coded: bool) -> tuple[str, str]:
    """(single, multiple, ranking, number or text; separator) of the pooled columns of one question.

    `coded`: the sheet gives option numbers, so that small whole numbers are a single choice.
    """
    heading = columns[0].heading.text
    found = HINT.search(heading)
    hint = found.group(1) if found else ""
    counts = Counter[str]()
    for column in columns:
        counts.update({column.words[i]: int(column.counts[i]) for i in column.given})
    bare = [_FILL.sub("", word) for word in counts]
    if separator := separator_of(bare, strong_only=bool(OPEN_WORDS.search(heading))):
        return ("ranking" if separator == "→" else "multiple"), separator
    if hint in ("多选", "排序"):
        return ("multiple", "┋") if hint == "多选" else ("ranking", "→")
    numeric, total = sum(n for word, n in counts.items() if not np.isnan(_number(word))), counts.total()
    if total and (numeric == total or (total >= 10 and numeric >= 0.9 * total and hint != "单选")):
        is_code = (
            coded and numeric == total and all(n.is_integer() and 1 <= n <= MOST_CODES for n in map(_number, bare))
        )
        return ("single" if is_code else "number"), ""
    is_open = hint in ("填空", "简答") or (hint != "单选" and _is_open(heading, counts, alone=len(columns) == 1))
    return ("text" if is_open else "single"), ""


def separator_of(words: Iterable[str], *, strong_only: bool = False) -> str:
    """What parts several answers in one cell; "" where nothing does.

    ┋ is never part of a label. → may be: it counts where the cells together are a ranking. | ; 、 count only outside
    brackets, where the pieces are no more than the different cells and some piece stands in several of them (for 、: in
    several that it joins).
    """
    cells = list(words)
    if any("┋" in cell for cell in cells):
        return "┋"
    if any("→" in cell for cell in cells) and _are_ranks([pieces(cell, "→") for cell in cells]):
        return "→"
    for mark in () if strong_only else WEAK:
        if any(mark in cell for cell in cells) and _pieces_recur({tuple(pieces(cell, mark)) for cell in cells}, mark):
            return mark
    return ""


def pieces(word: str, mark: str) -> list[str]:
    """The answers in one cell, parted at `mark` outside 〖〗 and, for a weak mark, outside every bracket."""
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
    """`其他【请注明】〖宠物〗` -> (其他【请注明】, 宠物). A number of eleven digits or more is masked in either."""
    fill = _FILL.search(piece) if "〖" in piece else None
    label = _ID_LIKE.sub("***", (_FILL.sub("", piece) if fill else piece).strip())
    return label, safe_text(fill.group(1).strip()) if fill else ""


def safe_text(words: str) -> str:
    """An open answer with long numbers (they may be a phone or an ID) and house numbers masked; a date stays."""
    return words if _DATE.fullmatch(words) else mask_doors(mask_long_numbers(words))


def _word(cell: object) -> str:
    if is_blank(cell):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, datetime | date | time) else str(cell).strip()


def _number(word: str) -> float:
    text = halfwidth(word) if len(word) <= 20 else ""
    return float(text) if _PLAIN_NUMBER.fullmatch(text) else np.nan


def _are_ranks(cells: Sequence[Sequence[str]]) -> bool:
    """Half of the cells or more join several of a few options, which change places (the steps of a path hardly do) or stand all in each."""
    options = {option for cell in cells for option in cell}
    places = {place for cell in cells for place in enumerate(cell)}
    mixed = 2 * len(places) >= 3 * len(options) or all(set(cell) == options for cell in cells)
    return mixed and len(options) <= MOST_CODES and 2 * sum(len(cell) > 1 for cell in cells) >= len(cells)


def _pieces_recur(cells: set[tuple[str, ...]], mark: str) -> bool:
    different = {p for cell in cells for p in cell}
    telling = [p for cell in cells if mark != "、" or len(cell) > 1 for p in set(cell)]
    return len(set(telling)) < len(telling) and len(different) <= min(len(cells), MOST_CODES)


def _is_open(heading: str, counts: Counter[str], *, alone: bool) -> bool:
    """Open text: the heading asks for words, or most answers are given once, or there are many and a third are."""
    bare = Counter[str]()
    for word, n in counts.items():
        bare[_FILL.sub("", word)] += n
    once, total = sum(n == 1 for n in bare.values()), bare.total()
    if not total or (alone and OPEN_WORDS.search(heading) and (len(bare) > 2 or once == len(bare))):
        return True
    if (total >= 10 and once > total / 2) or any("\n" in word for word in bare):
        return True
    return len(bare) > MOST_OPTIONS and once > len(bare) / 3
