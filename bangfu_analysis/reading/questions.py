"""The columns of one question -> what each different answer means: entries, which are the rows of `responses`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

import numpy as np

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.reading.answers import (
    ANSWERED,
    SKIPPED,
    STATUSES,
    Answers,
    Ints,
    label_and_fill,
    pieces,
    safe_text,
    shape_of,
)  # fmt: skip
from bangfu_analysis.reading.option_order import by_precedence, printed_order
from bangfu_analysis.reading.question_headings import PRIVATE, stem_and_row
from bangfu_analysis.text import halfwidth, heading_key

KINDS = ("single", "multiple", "matrix", "ranking", "number", "text", "meta")
YES_NO = {"是", "否", "有", "无", "没有", "会", "不会"}
LONGEST_NUMBER = 1e10
_DURATION = re.compile(r"(?:(\d+)(?:小时|时))?(?:(\d+)分钟?)?(?:(\d+(?:\.\d+)?)秒?)?")
_CLOCK = re.compile(r"(\d+):(\d{1,2}):(\d{1,2})")
_TIME = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[ T]*(?:(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?)?")
_PROVINCE = re.compile(r"[(（]([^()（）]+)[)）]")


class Entry(NamedTuple):
    """One answer. Several ticked options are several entries."""

    option: str | None = None
    value: float | None = None
    text: str | None = None
    status: str = "answered"


Meaning = tuple[Entry, ...]
NOT_ANSWERED: dict[int, Meaning] = {i: (Entry(status=status),) for i, status in enumerate(STATUSES) if i != ANSWERED}


class Fault(NamedTuple):
    """Cells that could not be read: the places of their words in the column; none where the whole column is meant."""

    problem: str
    message: str
    places: frozenset[int] = frozenset()
    action: str = "missing"


@dataclass(frozen=True, eq=False)
class Question:
    """One row of `questions`; row i of the sheet answers `meanings[codes[i]]`. `column`: its first; `first`: its block's."""

    column: Answers
    kind: str
    codes: Ints
    meanings: Sequence[Meaning]
    text: str
    item: str = ""
    options: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    first: int = 0


def questions_of(group: Sequence[Answers], codebook: Codebook, *, coded: bool) -> Iterator[Question]:
    """The question (one a matrix item) that a group of neighbouring columns is."""
    head = group[0].heading
    if head.role:
        yield _meta(group[0])
    elif _is_private(group, codebook):
        yield from map(_private, group)
    elif head.is_blank:
        yield from (replace(_answered(c, [c], coded=False), item=c.heading.part) for c in group)
    elif head.part:
        yield from _option_block(group)
    elif len(group) > 1 and not group[1].heading.part:
        yield from _matrix(group, coded=coded)
    else:
        yield _with_fills(_answered(group[0], group[:1], coded=coded), group)


def _question(column: Answers, kind: str, mean: Callable[[str, float], Meaning]) -> Question:
    """Every answered word read by `mean`."""
    words = zip(column.words, column.numbers, column.state, strict=True)
    meanings = [NOT_ANSWERED.get(state) or mean(word, number) for word, number, state in words]
    return Question(column, kind, column.codes, meanings, column.heading.text)


def _answered(column: Answers, pool: Sequence[Answers], *, coded: bool, matrix: bool = False) -> Question:
    """A column whose cells hold whole answers; what they are is decided from all columns of its question."""
    shape, mark = shape_of(pool, coded=coded)
    labels = dict(sorted((code, label) for c in pool for code, label in c.labels.items()))
    shape = "single" if labels or (matrix and shape == "text" and not coded) else shape
    options = tuple(dict.fromkeys(labels.values())) or _options(pool, shape, mark)

    def mean(word: str, number: float) -> Meaning:
        if labels and not np.isnan(number):
            return (Entry(labels.get(int(number)), number),)
        return _meaning(word, number, shape, mark, options)

    found = _question(column, shape, mean)
    wrong = _unreadable(column, found.meanings) if shape in ("number", "single") and not options else frozenset()
    message = "这一列是数字，此格不是数字；原文已放入 text，value 记为缺失。请核对。"
    return replace(found, options=options, faults=(Fault("not_a_number", message, wrong),) if wrong else ())


def _meaning(word: str, number: float, shape: str, mark: str, options: Sequence[str]) -> Meaning:
    if shape == "multiple":
        ticked = dict(label_and_fill(piece) for piece in pieces(word, mark))
        return tuple(Entry(option, float(option in ticked), ticked.get(option) or None) for option in options)
    if shape == "ranking":
        ranked = enumerate(map(label_and_fill, pieces(word, mark)), start=1)
        return tuple(Entry(label, rank, fill or None) for rank, (label, fill) in ranked)
    if options:
        label, fill = label_and_fill(word)
        return (Entry(label, None, fill or None),)
    return (Entry(text=safe_text(word)) if shape == "text" or np.isnan(number) else Entry(value=number),)


def _unreadable(column: Answers, meanings: Sequence[Meaning]) -> frozenset[int]:
    return frozenset(i for i in column.given if meanings[i][0].value is None and meanings[i][0].status == "answered")


def _options(pool: Sequence[Answers], shape: str, mark: str) -> tuple[str, ...]:
    given = [(column.words[i], int(column.counts[i])) for column in pool for i in column.given]
    if shape in ("multiple", "ranking"):
        return by_precedence(([label_and_fill(p)[0] for p in pieces(word, mark)], n) for word, n in given)
    if shape == "single" and not all(column.is_numeric for column in pool):
        return printed_order(list(dict.fromkeys(label_and_fill(word)[0] for word, _ in given)))
    return ()


def _matrix(group: Sequence[Answers], *, coded: bool) -> Iterator[Question]:
    stem, first_item = stem_and_row(group[0].heading)
    for column in group:
        item = first_item if column is group[0] else column.heading.text
        found = _answered(column, group, coded=coded, matrix=True)
        kind = found.kind if found.kind in ("multiple", "ranking") else "matrix"
        yield replace(found, kind=kind, text=stem, item=item)


def _together(group: Sequence[Answers]) -> tuple[Ints, list[list[int]]]:
    """Several columns as one: row -> place among the different combinations of words; and these."""
    combinations, codes = np.unique(np.column_stack([c.codes for c in group]), axis=0, return_inverse=True)
    return codes.reshape(-1).astype(np.intp), combinations.tolist()


def _option_block(group: Sequence[Answers]) -> Iterator[Question]:
    """Columns `6、(运动)`: ticks 0/1, ranks 1..k, or the rows of a matrix in an old export."""
    codes, combinations = _together(group)
    said = [_ticked(group, combination) for combination in combinations]
    kind = _kind_of_block([values for values, _, _ in said])
    if kind == "matrix":
        for column in group:
            shown = _question(column, "matrix", lambda w, n: _meaning(w, n, "number", "", ()))
            yield replace(shown, item=column.heading.part)
        return
    options = tuple(dict.fromkeys(c.heading.part for c in group))
    meanings = [_block_meaning(*what, kind) for what in said]
    yield Question(group[0], kind, codes, meanings, group[0].heading.text, options=options)


def _ticked(group: Sequence[Answers], combination: Sequence[int]) -> tuple[dict[str, float], dict[str, str], bool]:
    """Option -> number and option -> text beside it, of one row; and whether it was skipped."""
    values, texts, skipped = dict[str, float](), dict[str, str](), False
    for column, place in zip(group, combination, strict=True):
        part, answered = column.heading.part, column.state[place] == ANSWERED
        skipped |= bool(column.state[place] == SKIPPED)
        if column.is_numeric and not (column.heading.is_open and part in values):
            if answered:
                values[part] = float(column.numbers[place])
        elif answered:
            texts[part] = safe_text(column.words[place])
            values[part] = values.get(part) or 1.0
        elif column.given and part not in values:
            values[part] = 0.0
    return values, texts, skipped


def _kind_of_block(rows: Iterable[dict[str, float]]) -> str:
    ranks = [sorted(v for v in values.values() if v) for values in rows]
    if all(v == 1 for row in ranks for v in row):
        return "multiple"
    return "ranking" if all(row == list(range(1, len(row) + 1)) for row in ranks) else "matrix"


def _block_meaning(values: dict[str, float], texts: dict[str, str], skipped: bool, kind: str) -> Meaning:
    """Nothing ticked at all is blank, as the export by text says."""
    if not any(values.values()):
        return NOT_ANSWERED[SKIPPED] if skipped else (Entry(status="blank"),)
    shown = sorted((v, o) for o, v in values.items() if v) if kind == "ranking" else [(v, o) for o, v in values.items()]
    return tuple(Entry(option, value, texts.get(option)) for value, option in shown)


def _with_fills(question: Question, group: Sequence[Answers]) -> Question:
    """A choice whose 其他 has a column of its own: what it says is the text of that option, or of the single answer."""
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


def _is_private(group: Sequence[Answers], codebook: Codebook) -> bool:
    """A name, account or contact: by its heading, unless it is a choice; or numbers as long as a phone's."""
    head, column = group[0].heading, group[0]
    if len(group) > 1 and not head.is_blank:
        return False
    given = column.given
    largest = np.nanmax(column.numbers[given]) if given and column.is_numeric else np.nan
    if largest >= LONGEST_NUMBER:
        return True
    known = codebook.by_heading.get(heading_key(head.text), ())
    if not PRIVATE.search(halfwidth(head.text)) and not any(v.identifying for v in known):
        return False
    words = {label_and_fill(column.words[i])[0] for i in given}
    total = int(column.counts[given].sum())
    is_choice = words <= YES_NO or "┋" in "".join(words) or (total >= 10 and len(words) <= total / 3)
    return not (is_choice or largest < 1000)


def _private(column: Answers) -> Question:
    message = "这一列可能是姓名、账号或联系方式，内容不写入数据。若并非如此，请改写表头后重新导入。"
    found = _question(column, "meta" if column.heading.role else "text", lambda *_: (Entry(),))
    return replace(found, item=column.heading.part, faults=(Fault("identifying_column", message, action="kept"),))


def _meta(column: Answers) -> Question:
    """A column about the answering: numbers and seconds in `value`, words and times in `text`; of an IP 省-市 only."""
    role = column.heading.role
    if role == "private":
        return _private(column)
    found = _question(column, "meta", lambda word, number: (_meta_entry(role, word, number),))
    nothing = [m[0].value is None and not m[0].text and m[0].status == "answered" for m in found.meanings]
    wrong = frozenset(i for i in column.given if nothing[i] and role != "ip")
    message = "读不出数字或时间，记为缺失。应为如 158秒 或 2025/1/22 22:28:12。请核对。"
    return replace(found, faults=(Fault("meta_unreadable", message, wrong),) if wrong else ())


def _meta_entry(role: str, word: str, number: float) -> Entry:
    if role == "words" and word.upper() == "N/A":
        return Entry(status="blank")
    if role in ("time", "ip", "words"):
        return Entry(text={"time": _iso, "ip": _province, "words": safe_text}[role](word) or None)
    value = _seconds(word) if role == "seconds" else number
    return Entry(value=None if np.isnan(value) else value)


def _seconds(word: str) -> float:
    """158秒, 2分38秒, 00:02:38 or 158 -> 158.0; NaN where it is none."""
    text = halfwidth(word).replace(" ", "")
    found = _CLOCK.fullmatch(text) or (_DURATION.fullmatch(text) if text else None)
    if found is None:
        return np.nan
    return sum(float(part or 0) * by for part, by in zip(found.groups(), (3600, 60, 1), strict=True))


def _iso(word: str) -> str:
    found = _TIME.match(halfwidth(word))
    try:
        return datetime(*(int(part or 0) for part in found.groups())).isoformat() if found else ""  # type: ignore[arg-type]
    except ValueError:
        return ""


def _province(word: str) -> str:
    found = _PROVINCE.search(word)
    return found.group(1).strip() if found and not re.search(r"\d", found.group(1)) else ""
