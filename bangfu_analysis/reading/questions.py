"""The columns of a question -> what each different answer means: entries, the rows of `responses`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from bangfu_analysis.reading.answers import Answers, Ints, label_and_fill, pieces, safe_text, shape_of, strays
from bangfu_analysis.reading.question_headings import LIKE, WORDS
from bangfu_analysis.text import squeeze

KINDS = ("single", "multiple", "matrix", "ranking", "number", "text", "meta")
OTHER = "其他"


class Entry(NamedTuple):
    """One answer. Several ticked options are several entries."""

    option: str | None = None
    value: float | None = None
    text: str | None = None
    status: str = "answered"


Meaning = tuple[Entry, ...]
BLANK = Entry(status="blank")


class Fault(NamedTuple):
    """Cells that could not be read: the places of their words in the column (the question's first, unless
    it is given); none where the whole column is meant. It is told as told.yaml has it under `key`.
    """

    key: str
    places: Collection[int] = ()
    column: Answers | None = None
    words: Mapping[str, str] = {}


@dataclass(frozen=True, eq=False)
class Question:
    """One row of `questions`; row i of the sheet answers `meanings[codes[i]]`. `column`: its first; `id` and
    `block`: as the frame names it and its block.
    """

    column: Answers
    kind: str
    codes: Ints
    meanings: Sequence[Meaning]
    text: str
    item: str = ""
    options: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    id: str = ""
    block: str = ""


def whole_question(column: Answers, kind: str, mean: Callable[[int], Meaning]) -> Question:
    """Every answered word read by `mean`, which is given its place. Nobody skips a meta column: it is blank.
    """
    absent = {"skipped": (Entry(status="blank" if kind == "meta" else "skipped"),), "blank": (BLANK,)}
    statuses = map(column.status, range(len(column.words)))
    meanings = [absent.get(status) or mean(i) for i, status in enumerate(statuses)]
    return Question(column, kind, column.codes, meanings, column.heading.text)


def question_of(column: Answers, pool: Sequence[Answers], *, coded: bool, matrix: bool = False) -> Question:
    """A column whose cells hold whole answers; what they are is decided from all columns of its question."""
    shape, mark = shape_of(pool, coded=coded)
    labels = dict(sorted((code, label) for c in pool for code, label in c.labels.items()))
    shape = "single" if labels or (matrix and shape == "text" and not coded) else shape
    free = strays(_labels(pool, mark)) if shape in ("single", "multiple") else frozenset()
    options = tuple(dict.fromkeys(labels.values())) or _options(pool, shape, mark, free)

    def mean(i: int) -> Meaning:
        word, number = column.words[i], column.numbers[i]
        if labels and not np.isnan(number):
            return (Entry(labels.get(int(number)), number),)
        if shape == "number":
            return (Entry(value=None if np.isnan(column.amounts[i]) else float(column.amounts[i])),)
        return _meaning(word, number, shape, mark, options, free)

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
    kinds = (("范围或带字的数", digits), ("文字", {*odd} - digits))
    return tuple(Fault("not_a_number/answer", at, words={"kind": kind}) for kind, at in kinds if at)


def _labels(pool: Sequence[Answers], mark: str) -> Counter[str]:
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


MOST_LISTS = 2000  # the commonest combinations settle the order


def printed_order(labels: Sequence[str]) -> tuple[str, ...]:
    """Labels of a single choice: along a known scale, by their letters (A、…), by their numbers, else as
    they appear.

    By numbers where seven in ten have one (3000元以下, 3001-5000元, 15000元以上); the others follow in order
    of appearance.
    """
    for scale in WORDS["scales"]:
        if len(labels) > 1 and set(labels) <= set(scale):
            return tuple(sorted(labels, key=scale.index))
    if all(LIKE["lettered"].match(label) for label in labels):
        return tuple(sorted(labels))
    numbered = [label for label in labels if LIKE["numeral"].search(label)]
    if len(numbered) < 0.7 * len(labels):
        return tuple(labels)
    return (*sorted(numbered, key=_size), *(label for label in labels if label not in numbered))


def by_precedence(lists: Iterable[tuple[Sequence[str], int]]) -> tuple[str, ...]:
    """Options of a multiple choice: services write the ticked ones in printed order, so majorities of pairs
    give it.

    `lists`: (ticked options, how many respondents). Pairs nobody ticked together keep the order of
    appearance.
    """
    rows = [(list(dict.fromkeys(options)), n) for options, n in lists]
    place = {o: i for i, o in enumerate(dict.fromkeys(o for options, _ in rows for o in options))}
    before = np.zeros((len(place), len(place)))
    for options, n in sorted(rows, key=lambda row: -row[1])[:MOST_LISTS]:
        at = [place[o] for o in options]
        for i, first in enumerate(at):
            before[first, at[i + 1 :]] += n
    later = before > before.T
    left, order = list(range(len(place))), []
    while left:
        free = next((i for i in left if not later[left, i].any()), left[0])
        order.append(free)
        left.remove(free)
    names = list(place)
    return tuple(names[i] for i in order)


def _size(label: str) -> tuple[float, int]:
    found = LIKE["numeral"].search(label)
    side = -1 if LIKE["below"].search(label) else int(bool(LIKE["above"].search(label)))
    return (float(found.group()) if found else 0.0, side)


def _together(group: Sequence[Answers]) -> tuple[Ints, list[list[int]]]:
    """Several columns as one: row -> place among the different combinations of words; and these."""
    combinations, codes = np.unique(np.column_stack([c.codes for c in group]), axis=0, return_inverse=True)
    return codes.reshape(-1).astype(np.intp), combinations.tolist()


def block_questions(group: Sequence[Answers], *, coded: bool) -> Iterator[Question]:
    """One column an option (ticks, ranks), a row of a matrix, or a place of a ranking."""
    closed = [c for c in group if c.given and not c.heading.is_open]
    ticks, parts = [c for c in closed if c.is_ticks], [c.heading.part for c in group]
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
    rows = [[c.numbers[i] for c, i in row if c.status(i) == "answered"] for row in cells]
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
    worded = [c.heading.is_open or (not c.is_numeric and not c.is_ticks) for c in group]
    # Where no cell says no, an empty one does.
    by_mark = [not any(value_of(c, i) == 0 for i in c.given) for c in group]
    meanings, odd = [], [set[int]() for _ in group]
    for row in combinations:
        values, texts = dict[str, float](), dict[str, str]()
        for n, (column, place, name) in enumerate(zip(group, row, names, strict=True)):
            if column.status(place) != "answered":
                values |= {name: 0.0} if by_mark[n] and name not in values else {}
            elif worded[n] and not (column.is_numeric and name not in values):
                texts[name], values[name] = safe_text(column.words[place]), values.get(name) or 1.0
            elif np.isnan(value := value_of(column, place)):
                odd[n].add(place)
            else:
                values[name] = value
        skipped = any(c.status(i) == "skipped" for c, i in zip(group, row, strict=True))
        meanings.append(_several_meaning(values, texts, skipped, kind))
    faults = tuple(Fault("not_an_option", at, c) for c, at in zip(group, odd, strict=True) if at)
    text, options = group[0].heading.text, tuple(dict.fromkeys(names))
    return Question(group[0], kind, codes, meanings, text, options=options, faults=faults)


def _several_meaning(values: dict[str, float], texts: dict[str, str], skipped: bool, kind: str) -> Meaning:
    if not any(values.values()):
        return (Entry(status="skipped") if skipped else BLANK,)
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
        chosen = list(dict.fromkeys(c.said(i) for c, i in cells if c.status(i) == "answered"))
        ranks = {option: float(rank) for rank, option in enumerate(chosen, start=1)}
        ticks = {option: float(option in chosen) for option in options}
        skipped = any(c.status(i) == "skipped" for c, i in cells)
        meanings.append(_several_meaning(ranks if kind == "ranking" else ticks, {}, skipped, kind))
    return Question(group[0], kind, codes, meanings, group[0].heading.text, options=tuple(options))


def at_odds(whole: Answers, question: Question) -> Iterator[Fault]:
    """Cells of the column that joins the options ticked in the others, and names other ones."""
    if question.kind != "multiple":
        return
    names = {squeeze(option) for option in question.options}
    parts = [{squeeze(p) for p in re.split(r"[\s;,，；、┋|]+", word)} for word in whole.words]
    if not any(names & part for part in parts):
        return
    chosen = [{squeeze(e.option or "") for e in meaning if e.value} for meaning in question.meanings]
    pairs = {*zip(whole.codes.tolist(), question.codes.tolist(), strict=True)}
    if wrong := {n for n, m in pairs if whole.status(n) == "answered" and parts[n] & names != chosen[m]}:
        yield Fault("parts_disagree", wrong, whole)


def with_fills(question: Question, group: Sequence[Answers]) -> Question:
    """A choice whose 其他 has a column of its own: what it says is the text of that option, or of the
    single answer.
    """
    if len(group) == 1:
        return question
    codes, combinations = _together(group)
    meanings = []
    for first, *rest in combinations:
        filled = [(c, i) for c, i in zip(group[1:], rest, strict=True) if c.status(i) == "answered"]
        beside = {c.heading.part: safe_text(c.words[i]) for c, i in filled}
        entries = question.meanings[first]
        only = next(iter(beside.values()), None) if len(entries) == 1 else None
        meanings.append(tuple(e._replace(text=beside.get(e.option or "", only) or e.text) for e in entries))
    return replace(question, codes=codes, meanings=meanings)
