"""What is told of a located block: its columns, rows and cells."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bangfu_analysis.findings import Finding, quoted
from bangfu_analysis.reading.headings import Heading
from bangfu_analysis.reading.rows import Block

WHO = {"spouse": "配偶", "child": "子女", "member": "家庭成员", "helper": "帮扶责任人", "staff": "经办人员"}


def findings_of(block: Block, headings: Sequence[Heading]) -> list[Finding]:
    """Columns that matched nothing or are hidden, rows set aside or hidden, cells with a comment, a strike or
    no value.
    """
    told = [*_column_findings(block, headings), *_row_findings(block), *_cell_findings(block)]
    return [*told, *_legend_findings(block)]


def _column_findings(block: Block, headings: Sequence[Heading]) -> list[Finding]:
    grid, found = block.grid, []
    if block.kind == "other" or not block.data:
        return []
    seen: set[str] = set()
    for column, heading in zip(block.columns, headings, strict=True):
        place, shown = column.index - 1, quoted(heading.shown)
        head = next((r for r in range(block.body - 1, block.top - 1, -1) if grid.filled[r, place]), block.body - 1)
        if column.fate == "unmatched" and heading.shown and heading.shown in seen:
            found.append(grid.told("heading_duplicate", head, place, heading=shown))
        elif column.fate == "unmatched":
            hint = f"可能是：{'、'.join(column.suggestions)}。" if column.suggestions else ""
            found.append(grid.told("heading_unmatched", head, place, heading=shown or "（空）", hint=hint))
        elif column.fate == "withheld" and grid.filled[block.data, place].any():
            found.append(grid.told("column_of_other", head, place, heading=shown, whose=WHO[column.owner]))
        if column.index in grid.sheet.hidden_columns:
            found.append(grid.told("column_hidden", block.body - 1, place, heading=shown))
        seen.add(heading.shown)
    return found


def _row_findings(block: Block) -> list[Finding]:
    grid = block.grid
    rows = list(block.aside.items())
    if grid.sheet.hidden_rows and block.kind != "other":
        rows += [(row, "row_hidden") for row in block.data if row + 1 in grid.sheet.hidden_rows]
    return [grid.told(problem, row, _first(block, row)) for row, problem in rows]


def _cell_findings(block: Block) -> list[Finding]:
    grid, rows = block.grid, {*block.data, *block.aside, *block.totals}
    if block.kind == "other":
        return []
    struck = [(r, c) for r, c in grid.sheet.struck if r - 1 not in block.aside and grid.text(r - 1, c - 1)]
    marks = {
        "formula_uncalculated": grid.sheet.uncalculated, "cell_comment": grid.sheet.commented,
        "part_struck": grid.sheet.part_struck, "under_merge": grid.sheet.under_merge, "cell_struck": struck,
    }
    return [
        grid.told(problem, r - 1, c - 1)
        for problem, places in marks.items()
        for r, c in sorted(places)
        if r - 1 in rows and block.first < c <= block.last
    ]


def _legend_findings(block: Block) -> list[Finding]:
    """A line that gives colours a meaning (标红为已脱困) names the rows that bear them; nothing is changed by
    it.
    """
    grid, found = block.grid, []
    bearing: dict[str, set[int]] = {}
    for (row, _), colour in grid.sheet.colours.items():
        bearing.setdefault(colour, set()).add(row - 1)
    for row in [*range(block.above, block.top), *block.notes] if block.kind != "other" else ():
        for place in grid.columns_of(row, block.first, block.last):
            said = _COLOURED.findall(grid.text(row, place))
            rows = sorted(r for colour in set(said) for r in bearing.get(colour, ()) if r in set(block.data))
            if said:
                where = "、".join(str(grid.number(r)) for r in rows[:50]) or "（没有找到，或此格式读不出颜色）"
                found.append(grid.told("colour_legend", row, place, where=where))
    return found


_COLOURED = re.compile("(?<=标)[红黄绿蓝灰橙]|[红黄绿蓝灰橙](?=色|字|底)")


def _first(block: Block, row: int) -> int:
    return block.grid.columns_of(row, block.first, block.last)[0]
