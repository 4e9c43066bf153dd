"""Tables against themselves: totals, subtotals, 其中, sums across, shares of a column. Passage -> Relations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bangfu_analysis.checking.passages import Passage, Relation
from bangfu_analysis.codebook import patterns

_P, _ROWS = patterns("report"), patterns("report_rows")


@dataclass(frozen=True)
class Table:
    """A table's headings, the rows below them with what each is, and the columns that hold counts."""

    heads: Sequence[str]
    rows: Sequence[tuple[str, ...]]
    kinds: Sequence[str]
    columns: Sequence[int]

    def cells(self, column: int, rows: Sequence[int]) -> list[float]:
        """The numbers of a column in some rows; of an empty or hidden cell none."""
        return [value for row in rows if (value := _value(self.rows[row][column])) is not None]

    def relation(
        self, at: tuple[int, int], others: Sequence[tuple[int, int]], holds: bool, expected: str
    ) -> Relation:
        """That the cell `at` is what others make it."""
        row = self.rows[at[0]]
        name = next((cell for cell in row if cell and _value(cell) is None), f"第{at[0] + 1}行")
        found = f"{name}“{self.heads[at[1]] or f'第{at[1] + 1}列'}”为{row[at[1]]}"
        return Relation("table", frozenset(r * 1000 + c for r, c in (at, *others)), holds, found, expected)


def table_relations(passage: Passage) -> Iterator[Relation]:
    """The relations of one table; of one whose parts may overlap (可多选) none."""
    rows = [tuple(re.sub(r"\s", "", cell) for cell in row) for row in passage.table]
    width = max((len(row) for row in rows), default=0)
    rows = [row for row in rows if len(row) == width]
    filled = (
        i for i, row in enumerate(rows)
        if i and any(_value(c) is not None or _P["table_hidden"].fullmatch(c) for c in row)
    )
    start = next(filled, len(rows))
    heads = ["".join(dict.fromkeys(row[column] for row in rows[:start])) for column in range(width)]
    words = passage.text[-60:] + "".join(map("".join, rows))
    if not heads or re.search("项目|指标", heads[0]) or _P["table_several"].search(words):
        return
    body = rows[start:]
    columns = [column for column in range(width) if _is_count(heads[column], [row[column] for row in body])]
    table = Table(heads, body, [_kind(row) for row in body], columns)
    for check in (_totals, _within, _across, _shares):
        yield from check(table)


def _value(cell: str) -> float | None:
    plain = _P["table_units"].sub("", cell)
    return float(plain) if re.fullmatch(r"-?\d+(?:\.\d+)?", plain) else None


def _step(cell: str) -> float:
    return float(10.0 ** -len(_P["table_units"].sub("", cell).partition(".")[2]))


def _is_count(head: str, cells: Sequence[str]) -> bool:
    """Whether a column holds counts that can be added up."""
    plain = [cell for cell in cells if cell and not _P["table_hidden"].fullmatch(cell)]
    return bool(plain) and not _P["table_no_sum"].search(head) and all(_value(c) is not None for c in plain)


def _kind(row: tuple[str, ...]) -> str:
    words = [cell for cell in row if cell and _value(cell) is None][:3]
    return next((kind for kind, pattern in _ROWS.items() if any(map(pattern.fullmatch, words))), "part")


def _adds_up(table: Table, column: int, rows: Sequence[int], stated: str) -> tuple[bool, float]:
    """Whether a column's cells make what is stated, up to rounding and what is hidden; and what they make."""
    shown, total = table.cells(column, rows), _value(stated) or 0.0
    step = min([_step(stated), *(_step(table.rows[row][column]) for row in rows)])
    slack = len(shown) * step / 2 if step < 1 else 1e-6
    hidden = any(_P["table_hidden"].fullmatch(table.rows[row][column]) for row in rows)
    return sum(shown) <= total + slack and (hidden or sum(shown) >= total - slack), sum(shown)


def _totals(table: Table) -> Iterator[Relation]:
    """合计 and 小计, column by column; where none of several columns holds, the rows are no plain parts:
    nothing.
    """
    parts = [i for i, kind in enumerate(table.kinds) if kind == "part"]
    marks = [i for i, kind in enumerate(table.kinds) if kind in ("sub", "total")]
    nested = [i for i, kind in enumerate(table.kinds) if kind == "within"]
    for at in marks:
        last = max([-1, *(i for i in marks if i < at)])
        following = min([len(parts) + 99, *(i for i in marks if i > at)])
        ways = [[i for i in parts if last < i < at], [i for i in parts if at < i < following]]
        if table.kinds[at] == "total":
            depths = range(4 if nested else 1)  # how many rows after 其中 belong to it
            ways = [[i for i in parts if not any(n < i <= n + more for n in nested)] for more in depths]
        if table.kinds.count("total") > 1 and table.kinds[at] == "total":
            continue
        relations = []
        for column in table.columns:
            made = [_adds_up(table, column, way, table.rows[at][column]) for way in ways if way]
            if made and _value(table.rows[at][column]) is not None:
                cells = [(i, column) for i in next(way for way in ways if way)]
                met = any(agrees for agrees, _ in made)
                relations.append(table.relation((at, column), cells, met, f"{made[0][1]:.10g}"))
        if len(relations) == 1 or any(one.holds for one in relations):
            yield from relations


def _within(table: Table) -> Iterator[Relation]:
    """A row or a column 其中 is not over the part before it."""
    rows = [i for i, k in enumerate(table.kinds) if k == "within" and i and table.kinds[i - 1] == "part"]
    pairs = [((i, column), (i - 1, column)) for i in rows for column in table.columns]
    inside = [c for c in table.columns if "其中" in table.heads[c] and c - 1 in table.columns]
    inside = [c for c in inside if "其中" not in table.heads[c - 1]]
    pairs += [((i, column), (i, column - 1)) for column in inside for i in range(len(table.rows))]
    for at, whole in pairs:
        cells = [_value(table.rows[row][column]) for row, column in (at, whole)]
        if cells[0] is not None and cells[1] is not None:
            yield table.relation(at, [whole], cells[0] <= cells[1], f"不大于{table.rows[whole[0]][whole[1]]}")


def _across(table: Table) -> Iterator[Relation]:
    """A column 合计 against those beside it, where most rows agree or they are the sexes."""
    sums = [c for c in table.columns if _P["table_sum_head"].fullmatch(re.sub("（.*）", "", table.heads[c]))]
    parts = [column for column in table.columns if column not in sums and "其中" not in table.heads[column]]
    if len(sums) != 1 or len(parts) < 2:
        return
    relations = []
    for i, row in enumerate(table.rows):
        cells = [_value(row[column]) for column in (*parts, sums[0])]
        *made, stated = [cell or 0.0 for cell in cells]
        slack = len(parts) * _step(row[sums[0]]) / 2 if "." in row[sums[0]] else 1e-6
        if None not in cells:
            met = abs(sum(made) - stated) <= slack
            others = [(i, column) for column in parts]
            relations.append(table.relation((i, sums[0]), others, met, f"{sum(made):.10g}"))
    sexes = sorted(re.sub("性|职工", "", table.heads[column]) for column in parts) == ["女", "男"]
    if sexes or 2 * sum(one.holds for one in relations) > len(relations):
        yield from relations


def _shares(table: Table) -> Iterator[Relation]:
    """A column of shares of the count before it, where two rows in three are shares of its total."""
    for column, head in enumerate(table.heads):
        count = max((c for c in table.columns if c < column), default=None)
        is_share = _P["table_share"].search
        if count is None or not is_share(head) or any(map(is_share, table.heads[count:column])):
            continue
        by_kind = {kind: [i for i, o in enumerate(table.kinds) if o == kind] for kind in ("total", "part")}
        total = sum(table.cells(count, by_kind["total"][:1] or by_kind["part"]))
        relations = []
        for i, row in enumerate(table.rows):
            n, share = _value(row[count]), _value(row[column])
            if n is not None and share is not None and total and table.kinds[i] != "note":
                met = abs(100 * n / total - share) <= _step(row[column]) + 1e-9
                relations.append(table.relation((i, column), [(i, count)], met, f"{100 * n / total:.1f}%"))
        if 3 * sum(one.holds for one in relations) >= 2 * len(relations):
            yield from relations
