"""What is told of a located block: its columns, rows and cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bangfu_analysis.findings import Finding, quoted
from bangfu_analysis.reading.headings import Heading
from bangfu_analysis.reading.rows import Block

WHO = {"spouse": "配偶", "child": "子女", "member": "家庭成员", "helper": "帮扶责任人", "staff": "经办人员"}


def findings_of(block: Block, headings: Sequence[Heading]) -> list[Finding]:
    """Columns that matched nothing or are hidden, rows set aside or hidden, cells with a comment, a strike or no value."""
    told = [*_column_findings(block, headings), *_row_findings(block), *_cell_findings(block)]
    return [*told, *_legend_findings(block)]


def _column_findings(block: Block, headings: Sequence[Heading]) -> list[Finding]:
    grid, found = block.grid, []
    if block.kind == "other" or not block.data:
        return []
    seen: set[str] = set()
    for column, heading in zip(block.columns, headings, strict=True):
        place = column.index - 1
        if column.fate == "unmatched":
            again = heading.shown in seen and heading.shown
            hint = f"可能是：{'、'.join(column.suggestions)}。" if column.suggestions else ""
            message = (
                f"表头“{quoted(heading.shown)}”重复出现，无法区分，第二列未使用。请改写表头，或在 mapping.yaml 中说明。"
                if again
                else f"表头“{quoted(heading.shown) or '（空）'}”没有对应的变量，该列未使用。{hint}请在 mapping.yaml 的 headings 中写一行。"
            )
            problem = "heading_duplicate" if again else "heading_unmatched"
            row = next((r for r in range(block.body - 1, block.top - 1, -1) if grid.filled[r, place]), block.body - 1)
            found.append(grid.finding(problem, row, place, message))
        elif column.fate == "withheld" and grid.filled[block.data, place].any():
            message = (
                f"“{quoted(heading.shown)}”一列是{WHO[column.owner]}的，不作为职工的。"
                "如是职工本人的，请改写表头，或在 mapping.yaml 的 headings 中写一行。"
            )
            row = next((r for r in range(block.body - 1, block.top - 1, -1) if grid.filled[r, place]), block.body - 1)
            found.append(grid.finding("column_of_other", row, place, message, severity="info"))
        if column.index in grid.sheet.hidden_columns:
            message = f"“{quoted(heading.shown)}”是隐藏列，照常读取。请核对是否应当计入。"
            found.append(grid.finding("column_hidden", block.body - 1, place, message, severity="info"))
        seen.add(heading.shown)
    return found


def _row_findings(block: Block) -> list[Finding]:
    grid, found = block.grid, []
    for row, (problem, reason) in block.aside.items():
        severity = "warning" if problem == "row_struck" else "info"
        found.append(grid.finding(problem, row, _first(block, row), f"{reason}。", severity=severity))
    if grid.sheet.hidden_rows and block.kind != "other":
        for row in block.data:
            if row + 1 in grid.sheet.hidden_rows:
                message = "这一行是隐藏行，照常计入。若应删除，请取消隐藏后删去。"
                found.append(grid.finding("row_hidden", row, _first(block, row), message, severity="info"))
    return found


def _cell_findings(block: Block) -> list[Finding]:
    grid, rows = block.grid, {*block.data, *block.aside, *block.totals}
    if block.kind == "other":
        return []
    struck = [(r, c) for r, c in grid.sheet.struck if r - 1 not in block.aside and grid.text(r - 1, c - 1)]
    marks: list[tuple[Iterable[tuple[int, int]], str, str, str, str]] = [
        (grid.sheet.uncalculated, "formula_uncalculated", "公式从未计算，没有值。请用 Excel 打开、重算并保存。", "missing", "warning"),
        (grid.sheet.commented, "cell_comment", "有批注（内容未读入）。请核对批注是否说明此人应当删除或更正。", "kept", "info"),
        (grid.sheet.part_struck, "part_struck", "有一部分带删除线，只按未划去的内容计。请核对。", "inferred", "warning"),
        (grid.sheet.under_merge, "under_merge", "合并单元格之下还藏有另一个值，没有采用，按合并后所显示的值计。请取消合并核对。", "conflict", "warning"),
        (struck, "cell_struck", "这一格带删除线，仍按所写的内容计。请核对是否作废。", "kept", "info"),
    ]  # fmt: skip
    return [
        grid.finding(problem, r - 1, c - 1, message, action=action, severity=severity)
        for places, problem, message, action, severity in marks for r, c in sorted(places)
        if r - 1 in rows and block.first < c <= block.last
    ]


def _legend_findings(block: Block) -> list[Finding]:
    """A line that gives colours a meaning (标红为已脱困) names the rows that bear them; nothing is changed by it."""
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
                message = f"这里写明颜色另有含义，带这种颜色的是第 {where} 行，仍照常计入。请核对这些人是否应当计入。"
                found.append(grid.finding("colour_legend", row, place, message))
    return found


_COLOURED = re.compile("(?<=标)[红黄绿蓝灰橙]|[红黄绿蓝灰橙](?=色|字|底)")


def _first(block: Block, row: int) -> int:
    return block.grid.columns_of(row, block.first, block.last)[0]
