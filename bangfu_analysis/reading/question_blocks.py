"""The columns of one question -> the question, or one a matrix item: a column an option, a place, a row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from bangfu_analysis.codebook import Codebook, patterns
from bangfu_analysis.reading.answers import ANSWERED, SKIPPED, Answers, Ints, safe_text
from bangfu_analysis.reading.question_groups import is_ticks
from bangfu_analysis.reading.question_meta import is_private, meta_question, private_question
from bangfu_analysis.reading.questions import (
    NOT_ANSWERED,
    Entry,
    Fault,
    Meaning,
    Question,
    not_numbers,
    question_of,
    whole_question,
)
from bangfu_analysis.text import squeeze

LIKE = patterns("questionnaires")


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
        yield _several(group, "multiple", _rank)
    elif all(row == list(range(1, len(row) + 1)) for row in ranks):
        yield _several(group, "ranking", _rank)
    else:
        for column in group:
            entries = [(Entry(value=None if np.isnan(n) else float(n)),) for n in column.numbers]
            found = whole_question(column, "matrix", entries.__getitem__)
            yield replace(found, item=column.heading.part, faults=not_numbers(column))


def _rank(column: Answers, place: int) -> float:
    return float(column.numbers[place])


def _several(group: Sequence[Answers], kind: str, value_of: Callable[[Answers, int], float]) -> Question:
    """A multiple choice or a ranking of one column an option. Nothing ticked at all is blank, as an export
    by text says.
    """
    codes, combinations = _together(group)
    names = [re.sub(r"\s*[-—–_]?\s*(?:文本|text)\s*$", "", c.heading.part, flags=re.I) for c in group]
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
    message = "这一格既不是选中也不是未选，没有计入这道题。请核对原答卷。"
    told = zip(group, odd, strict=True)
    faults = tuple(Fault("not_an_option", message, frozenset(at), column=c) for c, at in told if at)
    return _whole(group, kind, codes, meanings, names, faults)


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
    return _whole(group, kind, codes, meanings, options)


def _whole(
    group: Sequence[Answers], kind: str, codes: Ints, meanings: Sequence[Meaning], options: Sequence[str],
    faults: tuple[Fault, ...] = (),
) -> Question:
    """The question that several columns are, without repeated options."""
    text, different = group[0].heading.text, tuple(dict.fromkeys(options))
    return Question(group[0], kind, codes, meanings, text, options=different, faults=faults)


def _at_odds(whole: Answers, question: Question, group: Sequence[Answers]) -> Iterator[Fault]:
    """Cells of the column that joins the options ticked in the others, and names other ones."""
    if question.kind != "multiple":
        return
    names = {squeeze(option) for option in question.options}
    parts = [{squeeze(p) for p in re.split(r"[\s;,，；、┋|]+", word)} for word in whole.words]
    if not any(names & part for part in parts):
        return
    wrong = set()
    for place, code in set(zip(whole.codes.tolist(), question.codes.tolist(), strict=True)):
        chosen = {squeeze(e.option or "") for e in question.meanings[code] if e.value}
        if whole.state[place] == ANSWERED and parts[place] & names != chosen:
            wrong.add(place)
    message = "这一格列出的选项与后面各选项列的勾选不一致，以后者为准。请核对原答卷。"
    if wrong:
        yield Fault("parts_disagree", message, frozenset(wrong), "conflict", whole)


def _with_fills(question: Question, group: Sequence[Answers]) -> Question:
    """A choice whose 其他 has a column of its own: what it says is the text of that option, or of the
    single answer.
    """
    if len(group) == 1:
        return question
    codes, combinations = _together(group)
    meanings = []
    for first, *rest in combinations:
        beside = {
            c.heading.part: safe_text(c.words[i])
            for c, i in zip(group[1:], rest, strict=True)
            if c.state[i] == ANSWERED
        }
        entries = question.meanings[first]
        only = next(iter(beside.values()), None) if len(entries) == 1 else None
        meanings.append(tuple(e._replace(text=beside.get(e.option or "", only) or e.text) for e in entries))
    return replace(question, codes=codes, meanings=meanings)
