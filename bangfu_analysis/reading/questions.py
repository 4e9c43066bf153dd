"""The columns of one question -> what each different answer means: entries, which are the rows of
`responses`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

import numpy as np

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.reading.answers import (
    ANSWERED,
    BLANK,
    SKIPPED,
    STATUSES,
    Answers,
    Ints,
    label_and_fill,
    looks_personal,
    pieces,
    safe_text,
    shape_of,
    strays,
)  # fmt: skip
from bangfu_analysis.reading.option_order import by_precedence, printed_order
from bangfu_analysis.reading.question_groups import is_ticks
from bangfu_analysis.reading.question_headings import HINT, NAMED, OPEN_PART, names_person
from bangfu_analysis.text import halfwidth, heading_key, squeeze

KINDS = ("single", "multiple", "matrix", "ranking", "number", "text", "meta")
YES_NO = {"是", "否", "有", "无", "没有", "会", "不会"}
LONGEST_NUMBER = 1e10
OTHER = "其他"
_PICK = re.compile(r"选择\s*\d+|第?\d+选|mention\s*\d+|choice\s*\d+", re.IGNORECASE)
_PLACE = re.compile(r"(?:rank|排名|排序|顺位|名次)\s*\d+|第?[\d一二三四五六七八九十]+(?:位|名|顺位)", re.IGNORECASE)
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


def questions_of(group: Sequence[Answers], codebook: Codebook, *, coded: bool) -> Iterator[Question]:
    """The question (one a matrix item) that a group of neighbouring columns is."""
    head = group[0].heading
    if head.role:
        yield _meta(group[0])
    elif head.is_blank:
        for column in group:
            alone = _private(column) if _is_private([column], codebook) else _answered(column, [column], coded=False)
            yield replace(alone, item=column.heading.part)
    elif _is_private(group, codebook):
        yield _private(group[0])
    elif head.part:
        yield from _block(group, coded=coded)
    elif len(group) > 1 and not group[1].heading.is_open:
        for question in _block(group[1:], coded=coded):
            yield replace(question, faults=(*question.faults, *_at_odds(group[0], question, group[1:])))
    else:
        yield _with_fills(_answered(group[0], group[:1], coded=coded), group)


def _question(column: Answers, kind: str, mean: Callable[[int], Meaning]) -> Question:
    """Every answered word read by `mean`, which is given its place. Nobody skips a meta column: it is blank."""
    states = np.where((column.state == SKIPPED) & (kind == "meta"), BLANK, column.state).tolist()
    meanings = [NOT_ANSWERED.get(state) or mean(i) for i, state in enumerate(states)]
    return Question(column, kind, column.codes, meanings, column.heading.text)


def _answered(column: Answers, pool: Sequence[Answers], *, coded: bool, matrix: bool = False) -> Question:
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

    found = _question(column, shape, mean)
    faults = _not_numbers(column) if shape == "number" or (shape == "single" and not options) else ()
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


def _not_numbers(column: Answers) -> tuple[Fault, ...]:
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


def _together(group: Sequence[Answers]) -> tuple[Ints, list[list[int]]]:
    """Several columns as one: row -> place among the different combinations of words; and these."""
    combinations, codes = np.unique(np.column_stack([c.codes for c in group]), axis=0, return_inverse=True)
    return codes.reshape(-1).astype(np.intp), combinations.tolist()


def _block(group: Sequence[Answers], *, coded: bool) -> Iterator[Question]:
    """One column an option (ticks, ranks), a row of a matrix, or a place of a ranking."""
    closed = [c for c in group if c.given and not c.heading.is_open]
    ticks = [c for c in closed if is_ticks(c)]
    others = [c for c in closed if c not in ticks]
    if ticks and all(OPEN_PART.search(c.heading.part) and not c.is_numeric for c in others):
        yield _several(group, "multiple", Answers.ticked)
    elif all(_PLACE.fullmatch(c.heading.part) or _PICK.fullmatch(c.heading.part) for c in group) and closed:
        yield _placed(group)
    elif closed and not any(c.labels for c in closed) and all(c.is_numeric or OPEN_PART.search(c.heading.part) for c in closed):
        yield from _numbers(group)
    else:
        for column in group:
            found = _answered(column, group, coded=coded, matrix=True)
            kind = found.kind if found.kind in ("multiple", "ranking") else "matrix"
            yield replace(found, kind=kind, item=column.heading.part)


def _numbers(group: Sequence[Answers]) -> Iterator[Question]:
    """Numbers under options: ticks, ranks 1..k of each respondent, or the rows of a matrix."""
    _, combinations = _together(group)
    rows = [[c.numbers[i] for c, i in zip(group, row, strict=True) if c.state[i] == ANSWERED] for row in combinations]
    ranks = [sorted(v for v in row if v > 0) for row in rows]
    if all(v == 1 for row in ranks for v in row):
        yield _several(group, "multiple", _rank)
    elif all(row == list(range(1, len(row) + 1)) for row in ranks):
        yield _several(group, "ranking", _rank)
    else:
        for column in group:
            entries = [(Entry(value=None if np.isnan(n) else float(n)),) for n in column.numbers]
            found = _question(column, "matrix", entries.__getitem__)
            yield replace(found, item=column.heading.part, faults=_not_numbers(column))


def _rank(column: Answers, place: int) -> float:
    return float(column.numbers[place])


def _several(group: Sequence[Answers], kind: str, value_of: Callable[[Answers, int], float]) -> Question:
    """A multiple choice or a ranking of one column an option. Nothing ticked at all is blank, as an export
    by text says.
    """
    codes, combinations = _together(group)
    names = [re.sub(r"\s*[-—–_]?\s*(?:文本|text)\s*$", "", c.heading.part, flags=re.I) for c in group]
    worded = [c.heading.is_open or (not c.is_numeric and not is_ticks(c)) for c in group]
    by_mark = [not any(value_of(c, i) == 0 for i in c.given) for c in group]  # an empty cell says that it was not chosen
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
    faults = [Fault("not_an_option", message, frozenset(at), column=c) for c, at in zip(group, odd, strict=True) if at]
    options = tuple(dict.fromkeys(names))
    return Question(group[0], kind, codes, meanings, group[0].heading.text, options=options, faults=tuple(faults))


def _several_meaning(values: dict[str, float], texts: dict[str, str], skipped: bool, kind: str) -> Meaning:
    if not any(values.values()):
        return NOT_ANSWERED[SKIPPED] if skipped else (Entry(status="blank"),)
    shown = sorted((v, o) for o, v in values.items() if v) if kind == "ranking" else [(v, o) for o, v in values.items()]
    return tuple(Entry(option, value, texts.get(option)) for value, option in shown)


def _placed(group: Sequence[Answers]) -> Question:
    """`第1位`, `第2位` (a ranking) or `选择1`, `选择2` (a multiple choice): the options stand in the cells."""
    ranked = not all(_PICK.fullmatch(c.heading.part) for c in group)
    codes, combinations = _together(group)
    labels = [label for c in group for _, label in sorted(c.labels.items())]
    options = dict.fromkeys(labels or sorted(c.said(i) for c in group for i in c.given))
    meanings: list[Meaning] = []
    for row in combinations:
        cells = list(zip(group, row, strict=True))
        said = dict.fromkeys(c.said(i) for c, i in cells if c.state[i] == ANSWERED)
        if not said:
            state = SKIPPED if any(c.state[i] == SKIPPED for c, i in cells) else BLANK
            meanings.append(NOT_ANSWERED[state])
        elif ranked:
            meanings.append(tuple(Entry(option, float(rank)) for rank, option in enumerate(said, start=1)))
        else:
            meanings.append(tuple(Entry(option, float(option in said)) for option in options))
    kind = "ranking" if ranked else "multiple"
    return Question(group[0], kind, codes, meanings, group[0].heading.text, options=tuple(options))


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


def _is_private(group: Sequence[Answers], codebook: Codebook) -> bool:
    """A name, account or contact: by its heading, unless it is a choice (a name never is one but of yes and
    no); by what the answers look like; or numbers as long as a phone's.
    """
    head, column = group[0].heading, group[0]
    if len(group) > 1:
        return False
    given = column.given
    largest = np.nanmax(column.numbers[given]) if given and column.is_numeric else np.nan
    if largest >= LONGEST_NUMBER or column.labels:
        return bool(largest >= LONGEST_NUMBER)
    counts = Counter({label_and_fill(column.words[i])[0]: int(column.counts[i]) for i in given})
    if looks_personal(counts):
        return True
    known = codebook.by_heading.get(heading_key(head.text), ())
    text = f"{head.text} {head.part}"
    if not names_person(text) and not any(v.identifying for v in known):
        return False
    if set(counts) <= YES_NO or HINT.search(text) or "┋" in "".join(counts):
        return False
    is_choice = counts.total() >= 10 and len(counts) <= counts.total() / 3 and not NAMED.search(halfwidth(text))
    return not (is_choice or largest < 1000)


def _private(column: Answers) -> Question:
    message = "这一列可能是姓名、账号或联系方式，内容不写入数据。若并非如此，请改写表头后重新导入。"
    found = _question(column, "meta" if column.heading.role else "text", lambda _: (Entry(),))
    return replace(found, item=column.heading.part, faults=(Fault("identifying_column", message, action="kept"),))


def _meta(column: Answers) -> Question:
    """A column about the answering: numbers and seconds in `value`, words and times in `text`; of an IP
    省-市 only.
    """
    role = column.heading.role
    if role == "private":
        return _private(column)
    found = _question(column, "meta", lambda i: (_meta_entry(role, column.words[i], column.numbers[i]),))
    nothing = [m[0].value is None and not m[0].text and m[0].status == "answered" for m in found.meanings]
    wrong = frozenset(i for i in column.given if nothing[i] and role not in ("ip", "row"))
    message = "读不出数字或时间，记为缺失。应为如 158秒 或 2025/1/22 22:28:12。请核对。"
    return replace(found, faults=(Fault("meta_unreadable", message, wrong),) if wrong else ())


def _meta_entry(role: str, word: str, number: float) -> Entry:
    if role == "words" and word.upper() == "N/A":
        return Entry(status="blank")
    if role in ("time", "ip", "words"):
        return Entry(text={"time": _iso, "ip": _province, "words": safe_text}[role](word) or None)
    value = _seconds(word) if role == "seconds" else number
    return Entry(value=None if np.isnan(value) or value >= LONGEST_NUMBER else value)


def _seconds(word: str) -> float:
    """158秒, 2分38秒, 00:02:38 or 158 -> 158.0; NaN where it is none."""
    text = halfwidth(word).replace(" ", "")
    found = _CLOCK.fullmatch(text) or (_DURATION.fullmatch(text) if text else None)
    if found is None:
        return np.nan
    return sum(float(part or 0) * by for part, by in zip(found.groups(), (3600, 60, 1), strict=True))


def _iso(word: str) -> str:
    """The moment to the minute: the second would tell a reply from all others."""
    found = _TIME.match(halfwidth(word))
    try:
        moment = datetime(*(int(part or 0) for part in found.groups())) if found else None  # type: ignore[arg-type]
    except ValueError:
        return ""
    return moment.isoformat(timespec="minutes") if moment else ""


def _province(word: str) -> str:
    found = _PROVINCE.search(word)
    return found.group(1).strip() if found and not re.search(r"\d", found.group(1)) else ""
