"""One column of a questionnaire -> what each different answer means: entries, the rows of `responses`.

Columns about the answering (times, seconds, places), and those that say who answered: these are not written.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
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
    pieces,
    safe_text,
    shape_of,
    strays,
)
from bangfu_analysis.reading.question_headings import LIKE, WORDS, names_person
from bangfu_analysis.text import halfwidth, heading_key, squeeze

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
    it is given); none where the whole column is meant. It is told as told.yaml has it under `key`.
    """

    key: str
    places: Collection[int] = ()
    column: Answers | None = None
    words: Mapping[str, str] = {}


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
    return tuple(Fault("not_a_number/answer", at, words={"kind": kind}) for kind, at in told if at)


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


YES_NO = {"是", "否", "有", "无", "没有", "会", "不会"}
LONGEST_NUMBER = 1e10


def is_private(group: Sequence[Answers], codebook: Codebook) -> bool:
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
    if set(counts) <= YES_NO or LIKE["hint"].search(text) or "┋" in "".join(counts):
        return False
    named = LIKE["named"].search(halfwidth(text)) is not None
    is_choice = counts.total() >= 10 and len(counts) <= counts.total() / 3 and not named
    return not (is_choice or largest < 1000)


def private_question(column: Answers) -> Question:
    """A column of which only who answered is kept."""
    found = whole_question(column, "meta" if column.heading.role else "text", lambda _: (Entry(),))
    return replace(found, item=column.heading.part, faults=(Fault("identifying_column"),))


def meta_question(column: Answers) -> Question:
    """A column about the answering: numbers and seconds in `value`, words and times in `text`; of an IP
    省-市 only.
    """
    role = column.heading.role
    if role == "private":
        return private_question(column)
    found = whole_question(column, "meta", lambda i: (_meta_entry(role, column.words[i], column.numbers[i]),))
    nothing = [m[0].value is None and not m[0].text and m[0].status == "answered" for m in found.meanings]
    wrong = [i for i in column.given if nothing[i] and role not in ("ip", "row")]
    return replace(found, faults=(Fault("meta_unreadable", wrong),) if wrong else ())


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
    found = LIKE["clock"].fullmatch(text) or LIKE["duration"].fullmatch(text)
    if found is None or not text:
        return np.nan
    return sum(float(part or 0) * by for part, by in zip(found.groups(), (3600, 60, 1), strict=True))


def _iso(word: str) -> str:
    """The moment to the minute: the second would tell a reply from all others."""
    found = LIKE["moment"].match(halfwidth(word))
    year, month, day, hour, minute, _ = [int(part or 0) for part in (found.groups() if found else [0] * 6)]
    try:
        return datetime(year, month, day, hour, minute).isoformat(timespec="minutes")
    except ValueError:
        return ""


def _province(word: str) -> str:
    found = LIKE["province"].search(word)
    return found[1].strip() if found and not re.search(r"\d", found[1]) else ""


def looks_personal(counts: Mapping[str, int]) -> bool:
    """Do answers (word -> how many gave it) look like names, accounts, contacts, plates or devices? Most
    different ones do.
    """
    total = sum(counts.values())
    lengths = {len(word) for word in counts if word.isdigit()}
    numbered = len(lengths) == 1 and min(lengths) >= 6 and all(map(str.isdigit, counts))
    if numbered and 4 < len(counts) >= 0.95 * total:
        return True
    undated = [halfwidth(word) for word in counts if not LIKE["dated"].fullmatch(word)]
    handles = sum(LIKE["handle"].fullmatch(word) is not None for word in undated)
    unspaced = (word if word.isascii() else squeeze(word) for word in counts)
    names = sum(LIKE["full_name"].fullmatch(word) is not None for word in unspaced)
    return len(counts) > 2 and (handles >= 0.6 * len(counts) > 0.3 * total or names >= 0.8 * len(counts))


