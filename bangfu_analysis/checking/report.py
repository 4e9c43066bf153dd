"""A finished report (.docx or text) -> the relations between its numbers, and which of them do not hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bangfu_analysis.checking.lists import parts_and_shares
from bangfu_analysis.checking.passages import Passage, Relation, canonical, read_passages, relation
from bangfu_analysis.checking.reckonings import reckonings
from bangfu_analysis.checking.tables import table_relations
from bangfu_analysis.cleaning.numerals import read_numeral
from bangfu_analysis.codebook import patterns

LABELS = {
    "parts": "分项与合计", "product": "人数与标准", "share": "占比", "hundred": "占比之和",
    "qualifier": "限定词", "numbering": "序号", "change": "增减", "table": "表内关系", "twice": "前后不一",
}
COLUMNS = ["place", "relation", "found", "expected", "sentence"]
_P = patterns("report")


@dataclass(frozen=True)
class Checked:
    """What was checked: `faults`, one row per relation that does not hold; how many numbers were read, and
    how many checked.
    """

    faults: pd.DataFrame
    read_n: int
    checked_n: int


def check_report(path: str | Path) -> Checked:
    """Read the report at `path` and hold its stated numbers against one another.

    `faults`: one row per relation that does not hold, in the order of the text, all columns str: `place`
    (paragraph, line or table), `relation` (a key of LABELS), `found`, `expected` and the `sentence`. Numbers
    that the words leave open (约, 近, 余, ranges, 3.7万) hold where any value that they allow does; where it
    is not sure what a number is of, nothing is said. FileRefused where the file cannot be read.
    """
    return check_passages(read_passages(Path(path)))


def check_passages(passages: Sequence[Passage]) -> Checked:
    """As check_report, of passages that are read already."""
    faults, read, used = [], 0, set[tuple[int, int]]()
    rules = (parts_and_shares, reckonings)
    found = [
        (i, one) for i, passage in enumerate(passages)
        for rule in ((table_relations,) if passage.table else rules) for one in rule(passage)
    ]
    found += [*_options(passages), *_numbering(passages), *_twice(passages)]
    for i, one in sorted(found, key=lambda each: (each[0], min(each[1].used, default=0))):
        used |= {(i, place) for place in one.used}
        if not one.holds:
            table, at = passages[i].table, min(one.used, default=0)
            sentence = "｜".join(table[0]) if table else passages[i].sentence_at(at)
            faults.append((passages[i].place, one.kind, one.found, one.expected, sentence))
    for passage in passages:
        cells = [cell for row in passage.table for cell in row]
        read += sum(bool(re.search(r"\d", cell)) for cell in cells) if cells else len(passage.stated)
    frame = pd.DataFrame(faults, columns=COLUMNS, dtype="str").drop_duplicates(ignore_index=True)
    return Checked(frame, read, len(used))


def _options(passages: Sequence[Passage]) -> Iterator[tuple[int, Relation]]:
    """Shares that stand one a line, under a question."""
    run: list[Passage] = []
    for i, passage in enumerate([*passages, Passage("", "")]):
        units = [one.unit for one in passage.numbers(passage.skeleton)] if not passage.table else []
        if units == ["%"] and len(passage.text) < 40:
            run.append(passage)
            continue
        if len(run) > 1:
            joined = "，".join(line.text.rstrip("。；，") for line in run)
            yield from ((i - len(run), one) for one in parts_and_shares(Passage("", canonical(joined))))
        run = []


def _numbering(passages: Sequence[Passage]) -> Iterator[tuple[int, Relation]]:
    """Headings that leave one out: 一、二、四、."""
    last = {"first": 0, "second": 0}
    for i, passage in enumerate(passages):
        head = None if passage.table else _P["heading"].match(passage.text)
        if head is None:
            continue
        level = "first" if head["first"] else "second"
        number, before = int(read_numeral(head[level]) or 0), last[level]
        if before and number > before + 1:
            told = f"“{head.group()}”为第{number}项", f"第{before + 1}项"
            yield i, Relation("numbering", frozenset(), False, *told)
        last = {"first": number, "second": 0} if level == "first" else last | {"second": number}


def _twice(passages: Sequence[Passage]) -> Iterator[tuple[int, Relation]]:
    """全市建档困难职工3456户 and, elsewhere, 3546户, where neither paragraph says of when."""
    seen: dict[tuple[str, str], tuple[int, ...]] = {}
    timeless = ((i, p) for i, p in enumerate(passages) if not p.table and not _P["when"].search(p.text))
    for i, passage in timeless:
        for found in _P["scoped"].finditer(passage.skeleton):
            one = passage.number(found[3])
            key = (found[1] + found[2], one.unit)
            first = seen.setdefault(key, (i, one.start))
            before = next(n for n in passages[first[0]].stated if n.start == first[1])
            if first != (i, one.start) and not one.per and one.unit in ("人", "户", "个", "家"):
                met, there = one.may_be(before.low, before.high), f"{passages[first[0]].place}为{before.text}"
                yield i, relation("twice", [one], met, f"{key[0]}{one.text}", there)
