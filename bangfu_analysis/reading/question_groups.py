"""Columns -> the questions that they are together, and these as Questions.

What recurs in the headings of neighbours is the stem, what differs the part: those of one printed number,
however they spell their stem; or of one stem (or one code), where their answers are alike: ticks, ranks, the
same options. A heading that is nothing but the stem of the columns after it joins them (Kobo). A part is an
option, a place, a row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import takewhile

import numpy as np

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.reading.answers import (
    ANSWERED,
    MOST_CODES,
    MOST_OPTIONS,
    SKIPPED,
    Answers,
    Ints,
    safe_text,
)
from bangfu_analysis.reading.question_headings import LIKE, splits_of
from bangfu_analysis.reading.questions import (
    NOT_ANSWERED,
    Entry,
    Fault,
    Meaning,
    Question,
    is_private,
    meta_question,
    not_numbers,
    private_question,
    question_of,
    whole_question,
)
from bangfu_analysis.text import squeeze

MOSTLY = 0.95  # of the cells of a column of ticks are ticks; the others are told


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


def is_ticks(column: Answers) -> bool:
    """Nearly every answer says that the option which the heading names was chosen, or that it was not."""
    said = np.array([column.ticked(i) for i in column.given])
    counts = column.counts[column.given]
    return bool(len(said)) and counts[~np.isnan(said)].sum() >= MOSTLY * counts.sum()


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
    opened = next(((stem, part) for (mark, stem), part in splits_of(head).items() if mark == "[]"), None)
    if opened is None:
        return [first, *(_part_of(c, head.text, c.heading.part) for c in parts)]
    return [_part_of(first, *opened), *(_part_of(c, opened[0], c.heading.part) for c in parts)]


def _spelt_once(first: Answers, rest: Sequence[Answers]) -> list[Answers]:
    """`7、stem—row` and `7、row`: the stem stands in the first alone."""
    for (mark, stem), part in reversed(splits_of(first.heading).items()):
        rows, seen = [_part_of(first, stem, part)], {first.heading.text}
        for column in rest:
            text = column.heading.text
            if column.heading.part or text in seen:
                break
            seen.add(text)
            rows.append(_part_of(column, stem, splits_of(column.heading).get((mark, stem), text)))
        if len(rows) > 1 and (mark == "—" or (mark != "code" and _are_alike(rows))):
            return rows
    return []


def _stemmed(columns: Sequence[Answers]) -> list[Answers]:
    """The longest run of columns with one stem and answers alike; of two as long, that of the longer stem."""
    runs = []
    for key, part in splits_of(columns[0].heading).items():
        stem, seen = "" if key[0] == "code" else key[1], {part}
        run = [_part_of(columns[0], stem, part)]
        for column in columns[1:]:
            own, other = splits_of(column.heading).get(key, ""), column.heading
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
    own = [part for (_, stem), part in splits_of(columns[1].heading).items() if stem == head.text]
    if own and LIKE["open_part"].search(own[0]) and not columns[1].is_numeric:
        return [columns[0], _part_of(columns[1], head.text, own[0], is_open=True)]
    return []


def _part_of(column: Answers, stem: str, part: str, *, is_open: bool = False) -> Answers:
    is_open = is_open or column.heading.is_open
    return replace(column, heading=replace(column.heading, text=stem, part=part, is_open=is_open))


def _are_alike(run: Sequence[Answers]) -> bool:
    """Ticks (beside them may stand what was filled in), small whole numbers, or options that recur."""
    told = [c for c in run if c.given and (is_ticks(c) or not LIKE["open_part"].search(c.heading.part))]
    if not told or len(told) < len(run) / 2:
        return False
    if all(map(is_ticks, told)):
        return True
    if all(c.is_numeric for c in told):
        numbers = np.concatenate([c.numbers[c.given] for c in told])
        return bool(((numbers == np.round(numbers)) & (np.abs(numbers) <= MOST_CODES)).all())
    said = [{c.said(i) for i in c.given} for c in told]
    others = [set().union(*(s for j, s in enumerate(said) if j != i)) for i in range(len(said))]
    shared = [len(words & other) for words, other in zip(said, others, strict=True)]
    few = len(set().union(*said)) <= MOST_OPTIONS
    return few and all(2 * n >= len(words) for n, words in zip(shared, said, strict=True))




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
        yield from _block(group, coded=coded)
    elif len(group) > 1 and not group[1].heading.is_open:
        for question in _block(group[1:], coded=coded):
            yield replace(question, faults=(*question.faults, *_at_odds(group[0], question, group[1:])))
    else:
        yield _with_fills(question_of(group[0], group[:1], coded=coded), group)


def _together(group: Sequence[Answers]) -> tuple[Ints, list[list[int]]]:
    """Several columns as one: row -> place among the different combinations of words; and these."""
    combinations, codes = np.unique(np.column_stack([c.codes for c in group]), axis=0, return_inverse=True)
    return codes.reshape(-1).astype(np.intp), combinations.tolist()


def _block(group: Sequence[Answers], *, coded: bool) -> Iterator[Question]:
    """One column an option (ticks, ranks), a row of a matrix, or a place of a ranking."""
    closed = [c for c in group if c.given and not c.heading.is_open]
    ticks, parts = [c for c in closed if is_ticks(c)], [c.heading.part for c in group]
    asked = [c for c in closed if not LIKE["open_part"].search(c.heading.part)]
    if ticks and all(c in ticks or (c not in asked and not c.is_numeric) for c in closed):
        yield _several(group, "multiple", Answers.ticked)
    elif closed and all(LIKE["place"].fullmatch(part) or LIKE["pick"].fullmatch(part) for part in parts):
        yield _placed(group)
    elif closed and not any(c.labels or (c in asked and not c.is_numeric) for c in closed):
        yield from _numbers(group)
    else:
        for column in group:
            found = question_of(column, group, coded=coded, matrix=True)
            kind = found.kind if found.kind in ("multiple", "ranking") else "matrix"
            yield replace(found, kind=kind, item=column.heading.part)


def _numbers(group: Sequence[Answers]) -> Iterator[Question]:
    """Numbers under options: ticks, ranks 1..k of each respondent, or the rows of a matrix."""
    cells = [list(zip(group, row, strict=True)) for row in _together(group)[1]]
    rows = [[c.numbers[i] for c, i in row if c.state[i] == ANSWERED] for row in cells]
    ranks = [sorted(v for v in row if v > 0) for row in rows]
    if all(v == 1 for row in ranks for v in row):
        yield _several(group, "multiple", lambda column, place: float(column.numbers[place]))
    elif all(row == list(range(1, len(row) + 1)) for row in ranks):
        yield _several(group, "ranking", lambda column, place: float(column.numbers[place]))
    else:
        for column in group:
            entries = [(Entry(value=None if np.isnan(n) else float(n)),) for n in column.numbers]
            found = whole_question(column, "matrix", entries.__getitem__)
            yield replace(found, item=column.heading.part, faults=not_numbers(column))


def _several(group: Sequence[Answers], kind: str, value_of: Callable[[Answers, int], float]) -> Question:
    """A multiple choice or a ranking of one column an option. Nothing ticked at all is blank, as an export
    by text says.
    """
    codes, combinations = _together(group)
    names = [LIKE["text_of"].sub("", c.heading.part) for c in group]
    worded = [c.heading.is_open or (not c.is_numeric and not is_ticks(c)) for c in group]
    # Where no cell says no, an empty one does.
    by_mark = [not any(value_of(c, i) == 0 for i in c.given) for c in group]
    meanings, odd = [], [set[int]() for _ in group]
    for row in combinations:
        values, texts = dict[str, float](), dict[str, str]()
        for n, (column, place, name) in enumerate(zip(group, row, names, strict=True)):
            if column.state[place] != ANSWERED:
                values |= {name: 0.0} if by_mark[n] and name not in values else {}
            elif worded[n] and not (column.is_numeric and name not in values):
                texts[name], values[name] = safe_text(column.words[place]), values.get(name) or 1.0
            elif np.isnan(value := value_of(column, place)):
                odd[n].add(place)
            else:
                values[name] = value
        skipped = any(c.state[i] == SKIPPED for c, i in zip(group, row, strict=True))
        meanings.append(_several_meaning(values, texts, skipped, kind))
    faults = tuple(Fault("not_an_option", at, c) for c, at in zip(group, odd, strict=True) if at)
    text, options = group[0].heading.text, tuple(dict.fromkeys(names))
    return Question(group[0], kind, codes, meanings, text, options=options, faults=faults)


def _several_meaning(values: dict[str, float], texts: dict[str, str], skipped: bool, kind: str) -> Meaning:
    if not any(values.values()):
        return NOT_ANSWERED[SKIPPED] if skipped else (Entry(status="blank"),)
    shown = [(value, option) for option, value in values.items()]
    shown = sorted(pair for pair in shown if pair[0]) if kind == "ranking" else shown
    return tuple(Entry(option, value, texts.get(option)) for value, option in shown)


def _placed(group: Sequence[Answers]) -> Question:
    """`第1位`, `第2位` (a ranking) or `选择1`, `选择2` (a multiple choice): the options stand in the cells.
    """
    kind = "multiple" if all(LIKE["pick"].fullmatch(c.heading.part) for c in group) else "ranking"
    codes, combinations = _together(group)
    labels = [label for c in group for _, label in sorted(c.labels.items())]
    options = list(dict.fromkeys(labels or sorted(c.said(i) for c in group for i in c.given)))
    meanings: list[Meaning] = []
    for row in combinations:
        cells = list(zip(group, row, strict=True))
        said = list(dict.fromkeys(c.said(i) for c, i in cells if c.state[i] == ANSWERED))
        ranks = {option: float(rank) for rank, option in enumerate(said, start=1)}
        ticks = {option: float(option in said) for option in options}
        skipped = any(c.state[i] == SKIPPED for c, i in cells)
        meanings.append(_several_meaning(ranks if kind == "ranking" else ticks, {}, skipped, kind))
    return Question(group[0], kind, codes, meanings, group[0].heading.text, options=tuple(options))


def _at_odds(whole: Answers, question: Question, group: Sequence[Answers]) -> Iterator[Fault]:
    """Cells of the column that joins the options ticked in the others, and names other ones."""
    if question.kind != "multiple":
        return
    names = {squeeze(option) for option in question.options}
    parts = [{squeeze(p) for p in re.split(r"[\s;,，；、┋|]+", word)} for word in whole.words]
    if not any(names & part for part in parts):
        return
    chosen = [{squeeze(e.option or "") for e in meaning if e.value} for meaning in question.meanings]
    pairs = {*zip(whole.codes.tolist(), question.codes.tolist(), strict=True)}
    if wrong := {n for n, m in pairs if whole.state[n] == ANSWERED and parts[n] & names != chosen[m]}:
        yield Fault("parts_disagree", wrong, whole)


def _with_fills(question: Question, group: Sequence[Answers]) -> Question:
    """A choice whose 其他 has a column of its own: what it says is the text of that option, or of the
    single answer.
    """
    if len(group) == 1:
        return question
    codes, combinations = _together(group)
    meanings = []
    for first, *rest in combinations:
        filled = [(c, i) for c, i in zip(group[1:], rest, strict=True) if c.state[i] == ANSWERED]
        beside = {c.heading.part: safe_text(c.words[i]) for c, i in filled}
        entries = question.meanings[first]
        only = next(iter(beside.values()), None) if len(entries) == 1 else None
        meanings.append(tuple(e._replace(text=beside.get(e.option or "", only) or e.text) for e in entries))
    return replace(question, codes=codes, meanings=meanings)
