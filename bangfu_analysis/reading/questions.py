"""The columns of one question -> its answers, long: one entry a respondent, or one an option for several answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.reading.answers import (
    ANSWERED,
    BLANK,
    SKIPPED,
    Answers,
    Floats,
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


@dataclass(frozen=True)
class Fault:
    """Cells of one column that could not be read: `rows` (positions), what is wrong and what became of them.

    No rows: the whole column is meant. `raw` per row is looked up in the column.
    """

    column: Answers
    rows: Ints
    problem: str
    message: str
    action: str = "missing"


@dataclass(frozen=True)
class Question:
    """One row of `questions`, and the answers to it.

    `row` (respondent), `option` (place in `options`, -1 none), `value`, `fill` (place in `texts`, -1 none), `status`:
    equally long. `first`: the first column of its block.
    """

    number: str
    text: str
    kind: str
    row: Ints
    option: Ints
    value: Floats
    fill: Ints
    status: Ints
    column: Answers
    item: str = ""
    options: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    first: int = 0


def questions_of(group: Sequence[Answers], codebook: Codebook, *, coded: bool) -> Iterator[Question]:
    """The question (one a matrix item) that a group of neighbouring columns is."""
    head = group[0].heading
    if head.role:
        yield _meta(group[0])
    elif _is_private(group, codebook):
        yield from (_private(column) for column in group)
    elif head.is_blank:
        yield from (replace(_one(c, coded=False), item=c.heading.part) for c in group)
    elif len(group) == 1 and not head.part:
        yield _one(group[0], coded=coded)
    elif head.part:
        yield from _option_block(group)
    elif group[1].heading.part:
        yield _with_fills(_one(group[0], coded=coded), group[1:])
    else:
        yield from _matrix(group, coded=coded)


def _one(column: Answers, *, coded: bool) -> Question:
    shape, mark = shape_of([column], coded=coded)
    return _answered(column, shape, mark, _options([column], shape, mark), coded=coded)


def _matrix(group: Sequence[Answers], *, coded: bool) -> Iterator[Question]:
    shape, mark = shape_of(group, coded=coded)
    shape = "single" if shape == "text" and not coded else shape
    options = _options(group, shape, mark)
    stem = stem_and_row(group[0].heading)[0]
    for i, column in enumerate(group):
        item = stem_and_row(column.heading)[1] if i == 0 else column.heading.text
        found = _answered(column, shape, mark, options, coded=coded)
        yield replace(found, kind="matrix", text=stem, item=item)


def _options(columns: Sequence[Answers], shape: str, mark: str) -> tuple[str, ...]:
    given = [(column.words[i], int(column.counts[i])) for column in columns for i in column.given]
    if shape in ("multiple", "ranking"):
        lists = [([label_and_fill(p)[0] for p in pieces(word, mark)], n) for word, n in given]
        return by_precedence(lists)
    if shape == "single" and not all(column.is_numeric for column in columns):
        return printed_order(list(dict.fromkeys(label_and_fill(word)[0] for word, _ in given)))
    return ()


def _answered(column: Answers, shape: str, mark: str, options: tuple[str, ...], *, coded: bool) -> Question:
    if shape in ("multiple", "ranking"):
        return _several(column, shape, mark, options)
    labels = [label_and_fill(word) for word in column.words]
    numeric = shape == "number" or (shape == "single" and not options)
    place = {label: i for i, label in enumerate(options)}
    option = np.array([place.get(label, -1) for label, _ in labels])
    value = column.numbers if numeric else np.full(len(labels), np.nan)
    odd = numeric & np.isnan(value)
    texts = [safe_text(w) if shape == "text" or odd[i] else labels[i][1] for i, w in enumerate(column.words)]
    found = _plain(column, shape, option=option, value=value, texts=texts)
    wrong = np.flatnonzero(column.per_row(odd) & (found.status == ANSWERED))
    message = "这一列是数字，此格不是数字；原文已放入 text，value 记为缺失。请核对。"
    faults = (Fault(column, wrong, "not_a_number", message),) if len(wrong) else ()
    return replace(found, options=options, faults=faults)


def _plain(
    column: Answers,
    kind: str,
    *,
    option: Ints | None = None,
    value: Floats | None = None,
    texts: Sequence[str] | None = None,
) -> Question:
    """One entry a respondent; what words mean is given per word and holds for answered rows only."""
    status = column.per_row(column.state)
    yes = status == ANSWERED
    known = tuple(texts) if texts is not None else ()
    fill = np.array([i if text else -1 for i, text in enumerate(known)], dtype=np.intp)
    none = np.full(len(status), -1)
    return Question(
        number=column.heading.number,
        text=column.heading.text,
        kind=kind,
        row=np.arange(len(status)),
        option=np.where(yes, column.per_row(option), -1) if option is not None else none,
        value=np.where(yes, column.per_row(value), np.nan) if value is not None else np.full(len(status), np.nan),
        fill=np.where(yes, column.per_row(fill), -1) if known else none,
        status=status,
        column=column,
        texts=known,
    )


def _several(column: Answers, kind: str, mark: str, options: tuple[str, ...]) -> Question:
    """`A┋B` -> 1 for the ticked and 0 for the other options; `A→B` -> the rank of the ranked ones."""
    place = {label: i for i, label in enumerate(options)}
    values = np.full((len(column.words), len(options)), np.nan if kind == "ranking" else 0.0)
    fills = np.full(values.shape, -1)
    texts: list[str] = []
    for i in column.given:
        for rank, piece in enumerate(pieces(column.words[i], mark), start=1):
            label, fill = label_and_fill(piece)
            values[i, place[label]] = rank if kind == "ranking" else 1.0
            if fill:
                fills[i, place[label]] = len(texts)
                texts.append(fill)
    return _spread(
        column, kind, options, values[column.codes], column.per_row(column.state), fills[column.codes], texts
    )


def _spread(
    column: Answers,
    kind: str,
    options: Sequence[str],
    values: Floats,
    status: Ints,
    fills: NDArray[Any],
    texts: Sequence[str],
) -> Question:
    """Respondents x options -> one entry for each value, and one for a respondent who gave none."""
    answered = status == ANSWERED
    rows, places = np.nonzero(~np.isnan(values) & answered[:, None])
    silent = np.flatnonzero(~answered)
    within = values[rows, places] if kind == "ranking" else places
    order = np.lexsort((np.concatenate([within, silent * 0]), np.concatenate([rows, silent])))
    nothing = np.full(len(silent), -1)
    return Question(
        number=column.heading.number,
        text=column.heading.text,
        kind=kind,
        row=np.concatenate([rows, silent])[order],
        option=np.concatenate([places, nothing])[order],
        value=np.concatenate([values[rows, places], np.full(len(silent), np.nan)])[order],
        fill=np.concatenate([fills[rows, places], nothing])[order],
        status=np.concatenate([np.full(len(rows), ANSWERED), status[silent]])[order],
        column=column,
        options=tuple(options),
        texts=tuple(texts),
    )


def _option_block(group: Sequence[Answers]) -> Iterator[Question]:
    """Columns `6、(运动)`: ticks 0/1, ranks 1..k, or the rows of a matrix in an old export."""
    beside = {c.heading.part for c in group if c.is_numeric and not c.heading.is_open}
    opens = [c for c in group if not c.is_numeric or (c.heading.is_open and c.heading.part in beside)]
    chosen = [c for c in group if c not in opens]
    alone = [c for c in opens if c.heading.part not in beside]
    state = np.column_stack([c.per_row(c.state) for c in [*chosen, *alone]])
    values = np.column_stack(
        [c.per_row(c.numbers) for c in chosen] + [c.per_row(c.state == ANSWERED).astype(float) for c in alone]
    )
    values = np.where((state == ANSWERED) | (np.arange(state.shape[1]) >= len(chosen)), values, np.nan)
    kind = _kind_of_block(values)
    if kind == "matrix" and not alone:
        for column in chosen:
            yield replace(_answered(column, "number", "", (), coded=True), kind="matrix", item=column.heading.part)
        return
    given = (values > 0).any(axis=1)
    status = np.where(given, ANSWERED, np.where((state == SKIPPED).any(axis=1), SKIPPED, BLANK))
    options = [c.heading.part for c in [*chosen, *alone]]
    fills, texts = _fill_columns(opens, options, values.shape)
    shown = np.where(values > 0, values, np.nan) if kind == "ranking" else values
    yield _spread(group[0], kind, options, shown, status, fills, texts)


def _kind_of_block(values: Floats) -> str:
    known = values[~np.isnan(values)]
    if np.isin(known, (0, 1)).all():
        return "multiple"
    ranks = np.where(values > 0, values, 0.0)
    count = (ranks > 0).sum(axis=1)
    in_order = (ranks.sum(axis=1) == count * (count + 1) / 2) & (ranks.max(axis=1) == count)
    squares = (ranks**2).sum(axis=1) == count * (count + 1) * (2 * count + 1) / 6
    return "ranking" if (in_order & squares).all() else "matrix"


def _fill_columns(
    opens: Sequence[Answers], options: Sequence[str], shape: tuple[int, ...]
) -> tuple[NDArray[Any], list[str]]:
    fills, texts = np.full(shape, -1), list[str]()
    for column in opens:
        place = np.where(column.state == ANSWERED, np.arange(len(column.words)) + len(texts), -1)
        fills[:, options.index(column.heading.part)] = column.per_row(place)
        texts += [safe_text(word) for word in column.words]
    return fills, texts


def _with_fills(question: Question, opens: Sequence[Answers]) -> Question:
    """A single choice by number whose 其他 has a column of its own: what it says is the answer's text."""
    fills, texts = _fill_columns(opens, [c.heading.part for c in opens], (len(question.status), len(opens)))
    return replace(question, fill=fills.max(axis=1), texts=tuple(texts))


def _is_private(group: Sequence[Answers], codebook: Codebook) -> bool:
    """A name, account or contact: by its heading, unless it is a choice; or numbers as long as a phone's."""
    head, column = group[0].heading, group[0]
    if len(group) > 1 and not head.is_blank:
        return False
    given = column.given
    if column.is_numeric and len(given) and np.nanmax(column.numbers[given]) >= LONGEST_NUMBER:
        return True
    known = codebook.by_heading.get(heading_key(head.text), ())
    if not PRIVATE.search(halfwidth(head.text)) and not any(v.identifying for v in known):
        return False
    words = {label_and_fill(column.words[i])[0] for i in given}
    total = int(column.counts[given].sum())
    small = column.is_numeric and bool(given) and np.nanmax(column.numbers[given]) < 1000
    return not (small or words <= YES_NO or "┋" in "".join(words) or (total >= 10 and len(words) <= total / 3))


def _private(column: Answers) -> Question:
    message = "这一列可能是姓名、账号或联系方式，内容不写入数据。若并非如此，请改写表头后重新导入。"
    kind = "meta" if column.heading.role else "text"
    nobody = np.empty(0, dtype=np.intp)
    fault = Fault(column, nobody, "identifying_column", message, "kept")
    return replace(_plain(column, kind), item=column.heading.part, faults=(fault,))


def _meta(column: Answers) -> Question:
    """A column about the answering: numbers and seconds in `value`, words and times in `text`; of an IP 省-市 only."""
    role = column.heading.role
    if role == "private":
        return _private(column)
    if role in ("row", "number", "seconds"):
        value = np.array(
            [_seconds(w) if role == "seconds" else n for w, n in zip(column.words, column.numbers, strict=True)]
        )
        return _checked(_plain(column, "meta", value=value), np.isnan(value))
    read = {"time": _iso, "ip": _province, "words": safe_text}[role]
    texts = [read(word) for word in column.words]
    found = _plain(column, "meta", texts=texts)
    if role == "words":
        empty = np.array([word.upper() == "N/A" for word in column.words])
        gone = column.per_row(empty)
        return replace(found, fill=np.where(gone, -1, found.fill), status=np.where(gone, BLANK, found.status))
    return found if role == "ip" else _checked(found, np.array([not text for text in texts]))


def _checked(question: Question, unreadable: NDArray[np.bool_]) -> Question:
    column = question.column
    wrong = np.flatnonzero(column.per_row(unreadable) & (question.status == ANSWERED))
    message = "读不出数字或时间，记为缺失。应为如 158秒 或 2025/1/22 22:28:12。请核对。"
    return replace(question, faults=(Fault(column, wrong, "meta_unreadable", message),)) if len(wrong) else question


def _seconds(word: str) -> float:
    """158秒, 2分38秒, 00:02:38 or 158 -> 158.0; NaN where it is none."""
    text = halfwidth(word).replace(" ", "")
    if clock := _CLOCK.fullmatch(text):
        hours, minutes, seconds = clock.groups()
    elif text and (found := _DURATION.fullmatch(text)):
        hours, minutes, seconds = found.groups()
    else:
        return np.nan
    return float(hours or 0) * 3600 + float(minutes or 0) * 60 + float(seconds or 0)


def _iso(word: str) -> str:
    found = _TIME.match(halfwidth(word))
    if not found:
        return ""
    try:
        return datetime(*(int(part or 0) for part in found.groups())).isoformat()  # type: ignore[arg-type]
    except ValueError:
        return ""


def _province(word: str) -> str:
    found = _PROVINCE.search(word)
    return found.group(1).strip() if found and not re.search(r"\d", found.group(1)) else ""
