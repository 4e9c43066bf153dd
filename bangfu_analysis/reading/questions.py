"""One column of a questionnaire -> what each of its different answers means: entries, which are the rows of
`responses`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from bangfu_analysis.reading.answers import (
    ANSWERED,
    BLANK,
    SKIPPED,
    STATUSES,
    Answers,
    Ints,
    label_and_fill,
    pieces,
    safe_text,
    shape_of,
    strays,
)
from bangfu_analysis.reading.option_order import by_precedence, printed_order

KINDS = ("single", "multiple", "matrix", "ranking", "number", "text", "meta")
OTHER = "其他"


class Entry(NamedTuple):
    """One answer. Several ticked options are several entries."""

    option: str | None = None
    value: float | None = None
    text: str | None = None
    status: str = "answered"


Meaning = tuple[Entry, ...]
NOT_ANSWERED: dict[int, Meaning] = {
    i: (Entry(status=status),) for i, status in enumerate(STATUSES) if i != ANSWERED
}


class Fault(NamedTuple):
    """Cells that could not be read: the places of their words in the column (the question's first, unless
    it is given); none where the whole column is meant.
    """

    problem: str
    message: str
    places: frozenset[int] = frozenset()
    action: str = "missing"
    column: Answers | None = None


@dataclass(frozen=True, eq=False)
class Question:
    """One row of `questions`; row i of the sheet answers `meanings[codes[i]]`. `column`: its first;
    `first`: its block's.
    """

    column: Answers
    kind: str
    codes: Ints
    meanings: Sequence[Meaning]
    text: str
    item: str = ""
    options: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    first: int = 0


def whole_question(column: Answers, kind: str, mean: Callable[[int], Meaning]) -> Question:
    """Every answered word read by `mean`, which is given its place. Nobody skips a meta column: it is blank.
    """
    states = np.where((column.state == SKIPPED) & (kind == "meta"), BLANK, column.state).tolist()
    meanings = [NOT_ANSWERED.get(state) or mean(i) for i, state in enumerate(states)]
    return Question(column, kind, column.codes, meanings, column.heading.text)


def question_of(column: Answers, pool: Sequence[Answers], *, coded: bool, matrix: bool = False) -> Question:
    """A column whose cells hold whole answers; what they are is decided from all columns of its question."""
    shape, mark = shape_of(pool, coded=coded)
    labels = dict(sorted((code, label) for c in pool for code, label in c.labels.items()))
    shape = "single" if labels or (matrix and shape == "text" and not coded) else shape
    said = _labels(pool, shape, mark)
    own = strays(said) if shape in ("single", "multiple") else frozenset()
    options = tuple(dict.fromkeys(labels.values())) or _options(pool, shape, mark, own)

    def mean(i: int) -> Meaning:
        word, number = column.words[i], column.numbers[i]
        if labels and not np.isnan(number):
            return (Entry(labels.get(int(number)), number),)
        if shape == "number":
            return (Entry(value=None if np.isnan(column.amounts[i]) else float(column.amounts[i])),)
        return _meaning(word, number, shape, mark, options, own)

    found = whole_question(column, shape, mean)
    faults = not_numbers(column) if shape == "number" or (shape == "single" and not options) else ()
    return replace(found, options=options, faults=faults)


def _meaning(
    word: str, number: float, shape: str, mark: str, options: Sequence[str], own: frozenset[str]
) -> Meaning:
    if shape == "multiple":
        chosen = dict(_of_own(label_and_fill(piece), own) for piece in pieces(word, mark))
        return tuple(Entry(option, float(option in chosen), chosen.get(option) or None) for option in options)
    if shape == "ranking":
        ranked = enumerate(map(label_and_fill, pieces(word, mark)), start=1)
        return tuple(Entry(label, rank, fill or None) for rank, (label, fill) in ranked)
    if options:
        label, fill = _of_own(label_and_fill(word), own)
        return (Entry(label, None, fill or None),)
    return (Entry(text=safe_text(word)) if shape == "text" or np.isnan(number) else Entry(value=number),)


def _of_own(said: tuple[str, str], own: frozenset[str]) -> tuple[str, str]:
    return (OTHER, safe_text(said[0])) if said[0] in own else said


def not_numbers(column: Answers) -> tuple[Fault, ...]:
    """What is no number among numbers, told by its kind alone: it may be anything, a name as well."""
    odd = [i for i in column.given if np.isnan(column.amounts[i])]
    digits = {i for i in odd if re.search(r"\d", column.words[i])}
    told = (("范围或带字的数", digits), ("文字", {*odd} - digits))
    message = "这一列是数字，此格是{}，没有确定的数，value 记为缺失。请核对原答卷。"
    return tuple(Fault("not_a_number", message.format(kind), frozenset(at)) for kind, at in told if at)


def _labels(pool: Sequence[Answers], shape: str, mark: str) -> Counter[str]:
    """Every label given, and by how many."""
    counts = Counter[str]()
    for column in pool:
        for i in column.given:
            for piece in pieces(column.words[i], mark) if mark else [column.words[i]]:
                counts[label_and_fill(piece)[0]] += int(column.counts[i])
    return counts


def _options(pool: Sequence[Answers], shape: str, mark: str, own: frozenset[str]) -> tuple[str, ...]:
    given = [(column.words[i], int(column.counts[i])) for column in pool for i in column.given]
    if shape in ("multiple", "ranking"):
        return by_precedence(
            ([_of_own(label_and_fill(p), own)[0] for p in pieces(word, mark)], n) for word, n in given
        )
    if shape == "single" and not all(column.is_numeric for column in pool):
        return printed_order(list(dict.fromkeys(_of_own(label_and_fill(word), own)[0] for word, _ in given)))
    return ()
