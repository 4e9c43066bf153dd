"""Codes and colours that a sheet itself explains: 困难类别（1深度 2相对）; A为深度困难; 红色为深度困难."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from bangfu_analysis.codebook import Codebook, Variable
from bangfu_analysis.findings import Finding, quoted
from bangfu_analysis.reading.context import beside
from bangfu_analysis.reading.rows import Block
from bangfu_analysis.reading.tables import Column, Table
from bangfu_analysis.text import squeeze

_GRADE, _MARKS = "[一二三四五]", "[★☆▲△●○◆◇]"
_COLOUR = "[红黄绿蓝灰橙](?=[色字底])|(?<=标)[红黄绿蓝灰橙]"
_CODE = rf"(?<![A-Za-z0-9.])(?:[A-Za-z]|\d{{1,2}})(?![A-Za-z0-9])|{_MARKS}|{_GRADE}(?=[类级档等])|{_COLOUR}"
_ALONE = re.compile(rf"[A-Z]|\d{{1,2}}|{_MARKS}|{_GRADE}")
_SEVERAL = re.compile(r"[、,，;；/+\s]+|(?<=[①-⑳])(?=[①-⑳])")
_SUFFIX = re.compile(r"(?<=[A-Za-z0-9一二三四五])(?:\.0|[类级档等])$")
_CODED = ("choice", "choices", "yes_no")


def with_legends(table: Table, block: Block, codebook: Codebook) -> tuple[Table, list[Finding]]:
    """`table` with the label in place of each code that its heading, or a line around it, explains, and a
    finding for each such column; who bears a colour that stands for a level gets it as a column of its own.
    """
    findings = []
    rows = [*range(block.above, block.top), *block.notes]
    lines = [block.grid.text(row, c) for row in rows for c in block.grid.columns_of(row)]
    for column in table.columns:
        if column.variable is None or column.variable.kind not in _CODED or column.index > block.grid.width:
            continue
        variable, distinct = column.variable, block.grid.distinct[column.index - 1]
        coded = [cell for cell in distinct if _codes_in(cell, variable)]
        others = [c.key for c in table.columns if len(c.key) > 1 and c.key != column.key]
        codes = _explained([column.heading, *lines], variable, column.key, others) if coded else {}
        said = {cell: "、".join(codes.get(code, "") for code in _codes_in(cell, variable)) for cell in coded}
        if labels := {cell: text for cell, text in said.items() if codes and all(text.split("、"))}:
            cells = table.body[column.index].map(lambda cell, labels=labels: labels.get(cell, cell))
            rest = table.body.drop(columns=column.index)
            table = replace(table, body=pd.concat([rest, cells.astype(object)], axis=1))
            findings.append(_told(block, column, variable, codes))
    level = codebook.variable("workers", "hardship_level")
    named = any(c.means("workers", level.name) for c in table.columns)
    coloured = block.kind == "roster" and block.grid.sheet.colours and not named
    codes = _explained(lines, level) if coloured else {}
    if codes and (of_rows := _colours(table, block, codes)).notna().any():
        table = beside(table, block, f"（颜色：{level.label}）", level, of_rows)
        findings.append(_told(block, table.columns[0], level, codes))
    return table, findings


def _explained(
    texts: list[str], variable: Variable, key: str = "", others: Sequence[str] = ()
) -> Mapping[str, str]:
    """Code -> label of `variable` as the first text says that explains two or more, each its own.

    Of a line that explains several columns the part from its heading to the next of the `others` counts.
    """
    labels = [*variable.spellings, *(("是", "否") if variable.kind == "yes_no" else ())]
    either = "|".join(map(re.escape, sorted((s for s in labels if not s.isascii()), key=len, reverse=True)))
    code, label = f"(?P<code>{_CODE})", f"(?P<label>{either})"
    before = re.compile(f"{code}[类级档等]?[色字底体标记的]*(?:代表|表示|[为是指填.、:=—)）-]){{0,3}}{label}")
    behind = re.compile(f"{label}[职工家庭户类]*[用填写为以记标是:=—(（-]{{0,3}}{code}")
    following = re.compile(f"(?:{'|'.join(map(re.escape, others)) or '(?!)'})(?=[:(]|代码|填)")
    for text in sorted(texts, key=lambda text: not key or key not in text):
        about = following.split(text.partition(key)[2])[0] if key and key in text else text
        ways = [{f["code"].upper(): f["label"] for f in way.finditer(about)} for way in (before, behind)]
        best, other = sorted(ways, key=len, reverse=True)
        if len(best) > max(1, len(other)) and len({*best.values()}) == len(best):
            return best
    return {}


def _codes_in(cell: object, variable: Variable) -> list[str]:
    """The codes that a cell holds; none where it holds anything else, or what the codebook reads itself."""
    text = str(cell).strip() if cell is not None else ""
    if not text or len(text) > 20 or variable.find(squeeze(text)):
        return []
    parts = [p for p in _SEVERAL.split(text) if p] if variable.kind == "choices" else [text]
    found = [_SUFFIX.sub("", squeeze(part).upper()) for part in parts]
    return found if all(map(_ALONE.fullmatch, found)) else []


def _colours(table: Table, block: Block, codes: Mapping[str, str]) -> pd.Series:
    """The label of the one colour that the cells of each row bear."""
    bearing: dict[int, set[str]] = {}
    for (row, _), colour in block.grid.sheet.colours.items():
        bearing.setdefault(block.grid.number(row - 1), set()).add(codes.get(colour, ""))
    one = {row: next(iter(said)) for row, said in bearing.items() if len(said) == 1}
    return pd.Series([one.get(row) or None for row in table.body.index], index=table.body.index, dtype=object)


def _told(block: Block, column: Column, variable: Variable, codes: Mapping[str, str]) -> Finding:
    said, row = "，".join(f"{code}={label}" for code, label in codes.items()), block.body - 1
    return block.grid.told(
        "from_context/legend", row, column.index - 1, variable=variable.name, label=variable.label,
        text=quoted(said),
    )
