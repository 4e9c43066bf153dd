"""A finished report (.docx or text) -> a frame of the relations between its numbers that do not hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from bangfu_analysis.checking.lists import chapters, enumerations, items, numbering
from bangfu_analysis.checking.passages import Doubt, Passage, read_passages
from bangfu_analysis.checking.shares import shares_of_counts, shares_of_hundred
from bangfu_analysis.checking.sums import parts_and_totals, products, sums_with_totals
from bangfu_analysis.checking.wording import changes, qualifiers

Relation = Callable[[Passage, Sequence[Passage]], Iterator[Doubt]]
RELATIONS: tuple[Relation, ...] = (
    parts_and_totals, sums_with_totals, products, shares_of_counts, shares_of_hundred, enumerations, items, qualifiers, changes,
)  # fmt: skip
LABELS = {
    "parts": "分项与合计", "product": "人数与标准", "share": "占比", "hundred": "占比之和", "listing": "列举与个数", "qualifier": "限定词",
    "numbering": "序号", "change": "增减", "table": "表内合计",
}  # fmt: skip
VERDICTS = {"fails": "不成立", "doubtful": "存疑"}
COLUMNS = ["place", "relation", "verdict", "found", "expected", "sentence"]


def check_report(path: Path) -> pd.DataFrame:
    """Read the report at `path` and hold its stated numbers against one another.

    Returns one row per relation that does not hold, in the order of the text, all columns str: `place` (paragraph, line or
    table), `relation` (parts, product, share, hundred, listing, qualifier, numbering, change, table), `verdict` (fails;
    doubtful where another reading may hold), `found`, `expected` and the `sentence`. Numbers that the words leave open (约,
    近, 余, ranges, 3.7万) hold where any value that they allow does. FileRefused where the file cannot be read.
    """
    return check_passages(read_passages(path))


def check_passages(passages: Sequence[Passage]) -> pd.DataFrame:
    """As check_report, of passages that are read already."""
    found: list[tuple[int, Passage, Doubt]] = []
    for i, passage in enumerate(passages):
        found += [(i, passage, doubt) for relation in RELATIONS for doubt in relation(passage, passages[:i])]
        found += [(i, passage, doubt) for doubt in _table_totals(passage)]
    whole = [*numbering(passages), *chapters(passages)]
    found += [(passages.index(passage), passage, doubt) for passage, doubt in whole]
    found.sort(key=lambda each: (each[0], each[2].at))
    rows = [(p.place, d.relation, d.verdict, d.found, d.expected, _sentence(p, d)) for _, p, d in found]
    return pd.DataFrame(rows, columns=COLUMNS, dtype="str").drop_duplicates(ignore_index=True)


def _sentence(passage: Passage, doubt: Doubt) -> str:
    if passage.table:
        return "｜".join(passage.table[0])
    start, end = passage.sentence_at(doubt.at)
    return passage.text[start:end]


_EACH = re.compile(r"/|人均|户均|平均")  # a column of what comes to one has no sum


def _table_totals(passage: Passage) -> Iterator[Doubt]:
    """A row 合计 that is not the sum of the rows above it (below it, where it comes first), column by column."""
    rows = [row for row in passage.table if len(row) == len(passage.table[-1])]
    at = next((i for i, row in enumerate(rows) if row and re.sub(r"\s", "", row[0]) in ("合计", "总计")), None)
    if at is None:
        return
    above = [row for row in rows[:at] if any(re.fullmatch(r"[\d,]+(\.\d+)?|\*|…|—", cell) for cell in row[1:])]
    parts = above or [row for row in rows[at + 1 :] if "未详" not in row[0]]
    for column in range(1, len(rows[at])):
        *cells, total = [row[column].replace(",", "") for row in (*parts, rows[at])]
        counts = cells and all(re.fullmatch(r"\d+(\.\d+)?", cell) for cell in (*cells, total))
        if not counts or _EACH.search(rows[0][column]):
            continue
        step = 10.0 ** -max(len(cell.partition(".")[2]) for cell in (*cells, total))
        made = sum(map(float, cells))
        if abs(made - float(total)) > (step / 2 * len(cells) if step < 1 else 0.5):
            yield Doubt("table", 0, f"合计行第{column + 1}列为{rows[at][column]}", f"{made:.10g}")
