"""What stands around a table: title, unit, date, money unit, sections, and the names of its sheet and file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import NamedTuple

import pandas as pd

from bangfu_analysis.codebook import Codebook, Variable, simplified
from bangfu_analysis.findings import Finding, quoted
from bangfu_analysis.reading.grid import Grid
from bangfu_analysis.reading.rows import LIKE, Block
from bangfu_analysis.reading.tables import Column, Table
from bangfu_analysis.text import squeeze

_FACTORS = {"万元": 10_000.0, "千元": 1_000.0, "百元": 100.0, "元": 1.0}
_COUNTED = frozenset({"人", "户", "人次", "%", "个", "名", "岁", "年", "月", *_FACTORS})
_LAST_LINES = 8  # below a table, where its money unit may stand
LONGEST_TITLE = 60


def meta_of(grid: Grid, start: int, top: int, first: int, last: int) -> Mapping[str, object]:
    """What the lines above the header say: title, unit, date, money_factor."""
    meta: dict[str, object] = {}
    for row in range(start, top):
        columns = grid.columns_of(row, first, last)
        texts = (simplified(str(grid.values[row, c])) for c in columns)
        parts = [p for text in texts for p in LIKE["between"].split(text) if p.strip()]
        found: dict[str, object] = {}
        said = False
        for part, following in zip(parts, [*parts, ""][1:], strict=True):
            bare = squeeze(part)
            if pair := LIKE["meta"].search(part) or (following and LIKE["key_alone"].fullmatch(bare)):
                keyed = LIKE["colon"].search(following) or LIKE["key_alone"].fullmatch(squeeze(following))
                found = _keyed(pair[1], pair[2] or ("" if keyed else following))
            elif alone := LIKE["date_alone"].match(bare):
                found = {"date": alone[1]}
            elif alone := LIKE["money_alone"].match(bare):
                found = {"money_factor": _FACTORS[alone[1]]}
            else:
                continue
            said, meta = True, meta | {k: v for k, v in found.items() if k not in meta}
        if columns and not said and len(columns) <= 2:
            title = grid.text(row, columns[0])
            meta = {"title": title} | factor_in(title) | meta
    return meta


def _keyed(key: str, value: str) -> dict[str, object]:
    """What a label of a line above the header (填报单位, 日期, 金额单位) and its value say."""
    first, *rest = re.split(r"\s{2,}", re.sub(r"[(（](?:盖章|公章|签章)[)）]", "", value).strip()) or [""]
    units = re.split(r"[、,/，]", squeeze(value).strip("()（）。").replace("人民币", ""))
    if LIKE["money_key"].fullmatch(key) and set(units) <= _COUNTED:
        return next(({"money_factor": _FACTORS[unit]} for unit in units if unit in _FACTORS), {})
    if LIKE["date_key"].fullmatch(key):
        return {"date": squeeze(value)} if any(map(str.isdigit, value)) else {}
    if not first or not (LIKE["unit_key"].fullmatch(key) or key == "单位"):
        return {}
    alone = LIKE["date_alone"].match(squeeze(rest[-1])) if rest else None
    return {"unit": first, **({"date": alone[1]} if alone else {})}


def factor_in(*names: str) -> dict[str, object]:
    """The money unit that the names of a sheet and a file say, as meta_of gives it: 名册（单位：万元） ->
    money_factor.
    """
    found = (LIKE["money_in_name"].search(simplified(squeeze(name))) for name in names)
    said = next(filter(None, found), None)
    return {"money_factor": _FACTORS[said[1] or said[2]]} if said else {}


def factor_below(grid: Grid, body: int, end: int) -> dict[str, object]:
    """The money unit that a line right under a table says (注：金额单位为万元), as meta_of gives it."""
    for row in range(max(body, end - _LAST_LINES), end):
        columns = grid.columns_of(row, 0, grid.width)
        if len(columns) == 1 and (said := LIKE["money_below"].search(simplified(grid.text(row, columns[0])))):
            return {"money_factor": _FACTORS[said[1]]}
    return {}


def unit_in(name: str) -> str:
    """The unit that a title or a sheet's or file's name says, or "": 第一机械厂 and
    2009年困难职工名册-纺织总厂 -> 纺织总厂; 花名册 -> "".
    """
    pieces = [LIKE["around"].sub("", p) for p in re.split(r"[\s“”\"《》()（）\[\]_,:、.\-]+", squeeze(name))]
    return max(filter(LIKE["unit_name"].search, pieces), key=len, default="")


class Line(NamedTuple):
    """A text that stands around a table: the grid row from which on it holds, and the cell where it stands.
    """

    row: int
    text: str
    at: tuple[int, int]


def lines_around(block: Block) -> list[Line]:
    """From the outermost inwards: the names of file and sheet, the lines above the header, those between the
    rows.
    """
    grid, corner = block.grid, (block.top, block.first)
    names = (PurePosixPath(grid.sheet.file).stem, grid.sheet.name)
    found = [Line(n - len(names), squeeze(name), corner) for n, name in enumerate(names)]
    for row in [*range(block.above, block.top), *block.notes]:
        columns = grid.columns_of(row, block.first, block.last)
        text = "".join(grid.text(row, c) for c in columns)
        if columns and len(text) <= LONGEST_TITLE and not LIKE["note"].match(text):
            found.append(Line(row, text, (row, columns[0])))
    return found


def with_context(table: Table, block: Block, codebook: Codebook) -> tuple[Table, list[Finding]]:
    """`table` with what the lines around it say where its cells leave it open, and a finding for each such
    line.

    A variable with `around` in the codebook takes the word of the nearest line above a row that says just
    one; it fills blank cells, or a column of its own to the right of all others. So does a unit over its
    people. The heading of a sum of aid may say its kind: 助学金额.
    """
    table, findings = _with_composed(_with_units(table, block, codebook), block, codebook), []
    frame = codebook.kinds.get(table.kind, {}).get("frame")
    sums = [c for c in table.columns if c.variable is not None and c.variable.name == "amount_yuan"]
    lines = [*lines_around(block), *(Line(block.top, c.heading, (block.body - 1, c.index - 1)) for c in sums)]
    around = [v for v in codebook.variables if v.around and v.frame == frame]
    for variable in around if len(table.body) else ():
        said = {line.row: (line, word) for line in lines if (word := word_of(line.text, variable))}
        table, found = _filled(table, block, variable, said) if said else (table, [])
        findings += found
    return table, findings


def beside(
    table: Table, block: Block, heading: str, variable: Variable, cells: pd.Series, slot: int | None = None
) -> Table:
    """`table` with a column more, to the right of all others; tables of one block may share their body."""
    index = max(block.grid.width, *(c.index for c in table.columns)) + 1
    column = Column(index, heading, variable, "matched", slot=slot)
    shared = table.body.drop(columns=index, errors="ignore")
    body = pd.concat([shared, cells.astype(object).rename(index)], axis=1)
    return replace(table, columns=(*table.columns, column), body=body)


def _with_composed(table: Table, block: Block, codebook: Codebook) -> Table:
    """Cells that say two things (肢体残疾二级; a remark 兼残疾) stand under the second variable too, where it
    has no column.

    Where the variable says what stands before the second thing (`also_after`), only a whole spelling counts
    behind it.
    """
    said = {c.variable.name for c in table.columns if c.variable is not None}
    also = [c for c in table.columns if c.variable and c.variable.also and c.variable.also not in said]
    for column in also:
        other = codebook.variable(column.meaning.frame, column.meaning.also)
        cells = table.body[column.index]
        parts = {cell: _other_part(column.meaning, other, cell) for cell in cells.dropna().unique()}
        found = cells.map(parts)
        if found.notna().any():
            table = beside(table, block, f"（{other.label}）", other, found, column.slot)
    return table


def _other_part(variable: Variable, other: Variable, cell: object) -> str | None:
    if other.kind == "id_number":  # 姓名及身份证号
        number = re.search(r"\d{17}[\dXx]|(?<!\d)\d{15}(?!\d)", squeeze(str(cell)))
        return number[0] if number else None
    if not variable.also_after:
        return found[0] if (found := re.search("|".join(s for s, _ in other.keywords), str(cell))) else None
    behind = re.match(rf"(?:{variable.also_after})(.+?)[。.;]?$", squeeze(str(cell)))
    return behind[1] if behind and all(map(other.find, re.split("[、,和及]", behind[1]))) else None


def word_of(text: str, variable: Variable) -> str:
    """The one word of `variable.around` that a title says; "" where it says none, several, or one beside
    others.
    """
    if text in variable.spellings and any(word.startswith(text) for word in variable.around):
        return text  # a sheet called 深度
    pattern = "|".join(map(re.escape, sorted(variable.around, key=len, reverse=True)))
    found = re.findall(pattern, text)
    codes = {level.code for word in found for level in variable.spellings[word]}
    return found[0] if len(codes) == 1 and not LIKE["others"].search(re.sub(pattern, "", text)) else ""


def _filled(
    table: Table, block: Block, variable: Variable, said: Mapping[int, tuple[Line, str]]
) -> tuple[Table, list[Finding]]:
    """The blank cells of `variable` filled: `said` are the lines that say a word, by the row from which on
    they hold.
    """
    own = [c for c in table.columns if c.variable is not None and c.variable.name == variable.name]
    if any(c.tick for c in own):
        return table, []
    cells = table.body[own[0].index] if own else pd.Series(None, index=table.body.index, dtype=object)
    rows = {block.grid.number(row): row for row in block.data}
    empty = cells.index[cells.isna()]
    nearest = {row: max((n for n in said if n < rows[row]), default=None) for row in empty}
    words = {row: said[n][1] for row, n in nearest.items() if n is not None}
    whole = cells.where(cells.notna(), pd.Series(words, index=cells.index, dtype=object))
    findings, about = [], {"variable": variable.name, "label": variable.label}
    for line, word in said.values():
        if n := [*nearest.values()].count(line.row):
            text = {"value": word, "word": word, "text": quoted(line.text)}
            findings.append(block.grid.told("from_context", line.at[0], line.at[1], n=n, **about, **text))
    if own:
        others = table.body.drop(columns=own[0].index)
        return replace(table, body=pd.concat([others, whole], axis=1)), findings
    return beside(table, block, f"（表外：{variable.label}）", variable, whole), findings


def _with_units(table: Table, block: Block, codebook: Codebook) -> Table:
    """A roster that names each unit in a line of its own over its people gets it as a column 填报单位, to the
    right of all others.

    Such a line is the bare name over people without a unit of their own, or a 填报单位： line between them.
    """
    span = (block.first, block.last)
    named = {c.variable.name for c in block.columns if c.variable is not None}
    told = {r: str(unit) for r in block.notes if (unit := meta_of(block.grid, r, r + 1, *span).get("unit"))}
    own = block.place_of("employer")
    above = block.totals if block.totals[:1] < block.data[:1] else ()  # 测试甲厂 | 2人, over its people
    bare = {r: t for r in sorted((*block.notes, *above)) if (t := _section(block, r))}
    if own is not None and block.grid.filled[block.data, own].any():
        bare = {}
    if told and "unit" in table.meta:
        bare = {block.top: str(table.meta["unit"])}
    units = {**bare, **told}
    has_own = table.kind != "roster" or "reporting_unit" in named
    if has_own or not units or min(units) > min(block.data, default=-1):
        return table
    values = [units[max(r for r in units if r < row)] for row in block.data]
    cells = pd.Series(values, index=table.body.index, dtype=object)
    return beside(table, block, "（分组行的单位）", codebook.variable("workers", "reporting_unit"), cells)


def _section(block: Block, row: int) -> str:
    columns = block.grid.columns_of(row, block.first, block.last)
    text = LIKE["numbered"].sub("", block.grid.text(row, columns[0]))
    alone = all(LIKE["figure"].fullmatch(block.grid.text(row, c)) for c in columns[1:])
    is_unit = alone and LIKE["section_unit"].fullmatch(text) is not None
    return text if is_unit and any(d > row for d in block.data) else ""
