"""What stands around a table: title, unit, date, money unit, sections, and the names of its sheet and file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath
from typing import NamedTuple

import pandas as pd

from bangfu_analysis.codebook import Codebook, Variable
from bangfu_analysis.findings import Finding, quoted
from bangfu_analysis.reading.grid import Grid
from bangfu_analysis.reading.rows import NOTE, Block
from bangfu_analysis.reading.tables import Column, Table
from bangfu_analysis.text import squeeze

_COLON = re.compile(r"[:：]")
_UNIT_KEYS = "填报单位|上报单位|报送单位|填表单位|填报工会|上报工会|发放单位|单位名称|工会名称"
_DATE_KEYS = (
    "填报日期|填表日期|报送日期|填报时间|填表时间|制表日期|统计日期|统计时间|所属月份|截止日期|截至日期|日期|时间"
)
_MONEY_KEYS = "金额单位|货币单位|计量单位|单位"
_META = re.compile(rf"({_UNIT_KEYS}|{_DATE_KEYS}|{_MONEY_KEYS})(?:[(（][^)）]*[)）])?\s*[:：]\s*(.*)$", re.DOTALL)
_KEY_ALONE = re.compile(rf"({_UNIT_KEYS}|填报日期|填表日期|报送日期|填报时间)(?:[(][^)]*[)])?()")
_BETWEEN = re.compile(r"\s+(?=[^\s:：]{2,8}(?:[(（][^)）]*[)）])?[:：])")
_FACTORS = {"万元": 10_000.0, "千元": 1_000.0, "元": 1.0}
_MONEY_ALONE = re.compile(r"^[(]?(?:金额|货币|计量)?(?:单位)?(?:人民币)?([万千]元)[)]?$")
_MONEY_IN_NAME = re.compile(r"单位[:_-]?([万千]?元)|[(_-]([万千]?元)(?:[)_-]|$)")
_COUNTED = frozenset({"人", "户", "人次", "%", "个", "名", "岁", *_FACTORS})
_DATE_ALONE = re.compile(r"^[(（]?(\d{4}年(?:\d{1,2}月)?(?:\d{1,2}日)?|\d{4}[-/.]\d{1,2}(?:[-/.]\d{1,2})?)[)）]?$")

# What stands around a unit in a title or the name of a sheet or file, and how the name of a unit ends.
_AROUND = re.compile(
    r"\d{4}年?度?|^\d+|(帮扶系统|管理系统|困难|特困|职工|家庭|成员|人员|花名册|名册|名单|登记|汇总|统计|明细|档案|基本|情况|信息|调查|摸底|"
    r"数据|上报|报送|导出|导入|副本|附件|最终|版|表|册|的)+\d*$"
)
_UNIT_NAME = re.compile(
    r"[\u4e00-\u9fff]{2,40}(公司|集团|厂|局|矿|店|场|站|院|校|所|社|会|中心|街道|区|县|乡|镇|银行|大楼|宾馆|超市|饭店|系统|机关|车间|学校|处|队|段|馆)$"
)
_NUMBERED = re.compile(r"^[(]?(?:[一二三四五六七八九十]+|\d{1,2})[)、.]+|[:：]$|[(][^()]*[)]$")
_SECTION_UNIT = re.compile(r".{2,20}(?:厂|公司|集团|局|院|所|中心|校|社区|街道|工会|店|站|处|队|矿|场|段|行|社|委|办|部|科)$")
_OTHERS = re.compile("[、和及与]困难|困难(?:职工)?[、和及与]")
LONGEST_TITLE = 60


def meta_of(grid: Grid, start: int, top: int, first: int, last: int) -> Mapping[str, object]:
    """What the lines above the header say: title, unit, date, money_factor."""
    meta: dict[str, object] = {}
    for row in range(start, top):
        columns = grid.columns_of(row, first, last)
        parts = [part for c in columns for part in _BETWEEN.split(str(grid.values[row, c])) if part.strip()]
        said = False
        for part, following in zip(parts, [*parts, ""][1:], strict=True):
            if pair := _META.search(part) or (following and _KEY_ALONE.fullmatch(squeeze(part))):
                said = True
                behind = "" if _COLON.search(following) or _KEY_ALONE.fullmatch(squeeze(following)) else following
                _note(meta, pair.group(1), pair.group(2) or behind)
            elif alone := _DATE_ALONE.match(squeeze(part)):
                said = True
                meta.setdefault("date", alone.group(1))
            elif alone := _MONEY_ALONE.match(squeeze(part)):
                said = True
                meta.setdefault("money_factor", _FACTORS[alone.group(1)])
        if columns and not said and len(columns) <= 2:
            meta.setdefault("title", grid.text(row, columns[0]))
    return meta


def factor_in(*names: str) -> dict[str, object]:
    """The money unit that the names of a sheet and a file say, as meta_of gives it: 名册（单位：万元） ->
    money_factor.
    """
    said = next(filter(None, (_MONEY_IN_NAME.search(squeeze(name)) for name in names)), None)
    return {"money_factor": _FACTORS[said[1] or said[2]]} if said else {}


def unit_in(name: str) -> str:
    """The unit that a title or a sheet's or file's name says, or "": 第一机械厂 and
    2009年困难职工名册-纺织总厂 -> 纺织总厂; 花名册 -> "".
    """
    pieces = [_AROUND.sub("", piece) for piece in re.split(r"[\s“”\"《》()（）\[\]_,:、.\-]+", squeeze(name))]
    return max((piece for piece in pieces if _UNIT_NAME.search(piece)), key=len, default="")


def _note(meta: dict[str, object], key: str, value: str) -> None:
    first, *rest = re.split(r"\s{2,}", re.sub(r"[(（](?:盖章|公章|签章)[)）]", "", value).strip()) or [""]
    units = re.split(r"[、,/，]", squeeze(value).strip("()（）。").replace("人民币", ""))
    if key in _MONEY_KEYS.split("|") and set(units) <= _COUNTED:
        for unit in units:
            if unit in _FACTORS:
                meta.setdefault("money_factor", _FACTORS[unit])
    elif key in _DATE_KEYS.split("|"):
        bare = squeeze(value)
        if any(character.isdigit() for character in bare):
            meta.setdefault("date", bare)
    elif first and (key in _UNIT_KEYS.split("|") or key == "单位"):
        meta.setdefault("unit", first)
        if rest and (alone := _DATE_ALONE.match(squeeze(rest[-1]))):
            meta.setdefault("date", alone.group(1))


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
        if columns and len(text) <= LONGEST_TITLE and not NOTE.match(text):
            found.append(Line(row, text, (row, columns[0])))
    return found


def with_context(table: Table, block: Block, codebook: Codebook) -> tuple[Table, list[Finding]]:
    """`table` with what the lines around it say where its cells leave it open, and a finding for each such
    line.

    A variable with `around` in the codebook takes the word of the nearest line above a row that says just
    one; it fills blank cells, or a column of its own to the right of all others. So does a unit over its
    people.
    """
    table, findings = _with_composed(_with_units(table, block, codebook), block, codebook), []
    frame = codebook.kinds.get(table.kind, {}).get("frame")
    lines = [*lines_around(block), *_sums(table, block)]
    for variable in [v for v in codebook.variables if v.around and v.frame == frame] if len(table.body) else ():
        said = {line.row: (line, word) for line in lines if (word := word_of(line.text, variable))}
        table, found = _filled(table, block, variable, said) if said else (table, [])
        findings += found
    return table, findings


def _with_composed(table: Table, block: Block, codebook: Codebook) -> Table:
    """Cells that say two things (肢体残疾二级; a remark 兼残疾) stand under the second variable too, where it
    has no column.

    Where the variable says what stands before the second thing (`also_after`), only a whole spelling counts
    behind it.
    """
    said = {c.variable.name for c in table.columns if c.variable is not None}
    for column in [c for c in table.columns if c.variable and c.variable.also and c.variable.also not in said]:
        other = codebook.variable(column.meaning.frame, column.meaning.also)
        found = table.body[column.index].map(partial(_other_part, column.meaning, other), "ignore")
        if found.notna().any():
            index = max(block.grid.width, *(c.index for c in table.columns)) + 1
            columns = (*table.columns, Column(index, f"（{other.label}）", other, "matched", slot=column.slot))
            body = pd.concat([table.body, found.astype(object).rename(index)], axis=1)
            table = replace(table, columns=columns, body=body)
    return table


def _other_part(variable: Variable, other: Variable, cell: object) -> str | None:
    if not variable.also_after:
        return found[0] if (found := re.search("|".join(says for says, _ in other.keywords), str(cell))) else None
    behind = re.match(rf"(?:{variable.also_after})(.+?)[。.;]?$", squeeze(str(cell)))
    return behind[1] if behind and all(map(other.find, re.split("[、,和及]", behind[1]))) else None


def _sums(table: Table, block: Block) -> list[Line]:
    """The headings of sums of aid, which may say its kind: 助学金额."""
    sums = [c for c in table.columns if c.variable is not None and c.variable.name == "amount_yuan"]
    return [Line(block.top, c.heading, (block.body - 1, c.index - 1)) for c in sums]


def word_of(text: str, variable: Variable) -> str:
    """The one word of `variable.around` that a title says; "" where it says none, several, or one beside
    others.
    """
    pattern = "|".join(map(re.escape, sorted(variable.around, key=len, reverse=True)))
    found = re.findall(pattern, text)
    codes = {level.code for word in found for level in variable.spellings[word]}
    return found[0] if len(codes) == 1 and not _OTHERS.search(re.sub(pattern, "", text)) else ""


def _filled(
    table: Table, block: Block, variable: Variable, said: Mapping[int, tuple[Line, str]]
) -> tuple[Table, list[Finding]]:
    """The blank cells of `variable` filled: `said` are the lines that say a word, by the row from which on
    they hold.
    """
    own = [c for c in table.columns if c.variable is not None and c.variable.name == variable.name]
    if any(c.tick for c in own):
        return table, []
    index = own[0].index if own else max(block.grid.width, *(c.index for c in table.columns)) + 1
    cells = table.body[index] if own else pd.Series(None, index=table.body.index, dtype=object)
    rows = {block.grid.number(row): row for row in block.data}
    nearest = {row: max((n for n in said if n < rows[row]), default=None) for row in cells.index[cells.isna()]}
    words = {row: said[n][1] for row, n in nearest.items() if n is not None}
    whole = cells.where(cells.notna(), pd.Series(words, index=cells.index, dtype=object))
    new = () if own else (Column(index, f"（表外：{variable.label}）", variable, "matched"),)
    body = pd.concat([table.body.drop(columns=index, errors="ignore"), whole.rename(index)], axis=1)
    findings = [
        block.grid.told(
            "from_context", *line.at, variable=variable.name, value=word,
            text=quoted(line.text), label=variable.label, n=n, word=word,
        )
        for line, word in said.values()
        if (n := sum(at == line.row for at in nearest.values()))
    ]
    return replace(table, columns=(*table.columns, *new), body=body), findings


def _with_units(table: Table, block: Block, codebook: Codebook) -> Table:
    """A roster that names each unit in a line of its own over its people gets it as a column 填报单位, to the
    right of all others.

    Such a line is the bare name over people without a unit of their own, or a 填报单位： line between them.
    """
    grid = block.grid
    named = {c.variable.name for c in block.columns if c.variable is not None}
    told = {r: str(unit) for r in block.notes if (unit := meta_of(grid, r, r + 1, block.first, block.last).get("unit"))}
    bare = {} if "employer" in named else {r: t for r in block.notes if (t := _section(block, r))}
    units = {block.top: str(table.meta["unit"]), **told} if told and "unit" in table.meta else {**bare, **told}
    if table.kind != "roster" or "reporting_unit" in named or not units or min(units) > min(block.data, default=-1):
        return table
    values = [units[max(r for r in units if r < row)] for row in block.data]
    index = grid.width + 1
    variable = codebook.variable("workers", "reporting_unit")
    beside = pd.DataFrame({index: pd.Series(values, index=table.body.index, dtype=object)}, dtype=object)
    column = Column(index, "（分组行的单位）", variable, "matched")
    return replace(table, columns=(*table.columns, column), body=pd.concat([table.body, beside], axis=1))


def _section(block: Block, row: int) -> str:
    columns = block.grid.columns_of(row, block.first, block.last)
    text = _NUMBERED.sub("", block.grid.text(row, columns[0]))
    return text if len(columns) == 1 and _SECTION_UNIT.fullmatch(text) and any(d > row for d in block.data) else ""
