"""Columns -> the questions that they are together.

What recurs in the headings of neighbours is the stem, what differs the part: those of one printed number,
however they spell their stem; or of one stem (or one code), where their answers are alike: ticks, ranks, the
same options. A heading that is nothing but the stem of the columns after it joins them (Kobo). A part is an
option, a place, a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import takewhile

import numpy as np

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.reading.answers import MOST_CODES, MOST_OPTIONS, Answers
from bangfu_analysis.reading.meta_questions import is_private, meta_question, private_question
from bangfu_analysis.reading.question_headings import LIKE
from bangfu_analysis.reading.questions import Question, at_odds, block_questions, question_of, with_fills


def grouped(columns: Sequence[Answers]) -> Iterator[list[Answers]]:
    """Each question's columns, in order. Those of a block bear the stem as their heading's `text`, their
    own as `part`; before them may stand one without a part, which says the same in one cell, or the choice
    that they fill in.
    """
    place = 0
    while place < len(columns):
        left = columns[place:]
        alone = [left[0]]
        group = alone if left[0].heading.role else _numbered(left) or _stemmed(left) or _joined(left) or alone
        yield group
        place += len(group)


def _numbered(columns: Sequence[Answers]) -> list[Answers]:
    """The columns of one printed number that are one question; none where a number merely repeats."""
    head = columns[0].heading
    first, *rest = takewhile(lambda c: c.heading.number == head.number and not c.heading.role, columns)
    if not head.number or not rest:
        return []
    if head.is_blank:
        return [first, *takewhile(lambda c: c.heading.is_blank, rest)]
    parts, seen = [], {head.part}
    for column in rest:
        own = column.heading
        if own.is_blank or not own.part or (own.part in seen and not own.is_open):
            break
        seen.add(own.part)
        parts.append(column)
    if head.part or all(c.heading.is_open for c in parts):
        return [first, *parts] if parts or head.part else _spelt_once(first, rest)
    opened = next(((stem, part) for (mark, stem), part in head.splits.items() if mark == "[]"), None)
    if opened is None:
        return [first, *(_part_of(c, head.text, c.heading.part) for c in parts)]
    return [_part_of(first, *opened), *(_part_of(c, opened[0], c.heading.part) for c in parts)]


def _spelt_once(first: Answers, rest: Sequence[Answers]) -> list[Answers]:
    """`7、stem—row` and `7、row`: the stem stands in the first alone."""
    for (mark, stem), part in reversed(first.heading.splits.items()):
        rows, seen = [_part_of(first, stem, part)], {first.heading.text}
        for column in rest:
            text = column.heading.text
            if column.heading.part or text in seen:
                break
            seen.add(text)
            rows.append(_part_of(column, stem, column.heading.splits.get((mark, stem), text)))
        if len(rows) > 1 and (mark == "—" or (mark != "code" and _are_alike(rows))):
            return rows
    return []


def _stemmed(columns: Sequence[Answers]) -> list[Answers]:
    """The longest run of columns with one stem and answers alike; of two as long, that of the longer stem."""
    runs = []
    for key, part in columns[0].heading.splits.items():
        stem, seen = "" if key[0] == "code" else key[1], {part}
        run = [_part_of(columns[0], stem, part)]
        for column in columns[1:]:
            own, other = column.heading.splits.get(key, ""), column.heading
            if not own or own in seen or other.role or other.number != columns[0].heading.number:
                break
            seen.add(own)
            run.append(_part_of(column, stem, own))
        runs.append(run)
    for run in sorted(runs, key=lambda run: (-len(run), -len(run[0].heading.text))):
        if alike := next((run[:n] for n in range(len(run), 1, -1) if _are_alike(run[:n])), None):
            return alike
    return []


def _joined(columns: Sequence[Answers]) -> list[Answers]:
    """A column whose heading is the stem of the block after it, or to which the next is what was filled in
    beside 其他.
    """
    if len(columns) < 2:
        return []
    head, block = columns[0].heading, _stemmed(columns[1:])
    if block and block[0].heading.text in (head.text, head.code) and head.text:
        return [columns[0], *block]
    parts = [part for (_, stem), part in columns[1].heading.splits.items() if stem == head.text]
    if parts and LIKE["open_part"].search(parts[0]) and not columns[1].is_numeric:
        return [columns[0], _part_of(columns[1], head.text, parts[0], is_open=True)]
    return []


def _part_of(column: Answers, stem: str, part: str, *, is_open: bool = False) -> Answers:
    is_open = is_open or column.heading.is_open
    return replace(column, heading=replace(column.heading, text=stem, part=part, is_open=is_open))


def _are_alike(run: Sequence[Answers]) -> bool:
    """Ticks (beside them may stand what was filled in), small whole numbers, or options that recur."""
    answered = [c for c in run if c.given and (c.is_ticks or not LIKE["open_part"].search(c.heading.part))]
    if not answered or len(answered) < len(run) / 2:
        return False
    if all(c.is_ticks for c in answered):
        return True
    if all(c.is_numeric for c in answered):
        numbers = np.concatenate([c.numbers[c.given] for c in answered])
        return bool(((numbers == np.round(numbers)) & (np.abs(numbers) <= MOST_CODES)).all())
    words_of = [{c.said(i) for i in c.given} for c in answered]
    others = [set().union(*(s for j, s in enumerate(words_of) if j != i)) for i in range(len(words_of))]
    shared = [len(words & other) for words, other in zip(words_of, others, strict=True)]
    few = len(set().union(*words_of)) <= MOST_OPTIONS
    return few and all(2 * n >= len(words) for n, words in zip(shared, words_of, strict=True))


def questions_of(group: Sequence[Answers], codebook: Codebook, *, coded: bool) -> Iterator[Question]:
    """The question (one a matrix item) that a group of neighbouring columns is."""
    head = group[0].heading
    if head.role:
        yield meta_question(group[0])
    elif head.is_blank:
        for column in group:
            private = is_private([column], codebook)
            alone = private_question(column) if private else question_of(column, [column], coded=False)
            yield replace(alone, item=column.heading.part)
    elif is_private(group, codebook):
        yield private_question(group[0])
    elif head.part:
        yield from block_questions(group, coded=coded)
    elif len(group) > 1 and not group[1].heading.is_open:
        for question in block_questions(group[1:], coded=coded):
            yield replace(question, faults=(*question.faults, *at_odds(group[0], question)))
    else:
        yield with_fills(question_of(group[0], group[:1], coded=coded), group)
