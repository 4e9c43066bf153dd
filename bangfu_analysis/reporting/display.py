"""Result frame -> a table as it is printed: labels, order, rounding, marks, notes.

Word, Excel and HTML all take the `DisplayTable`; none of them rounds or words anything itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import ArgumentError, ColumnMissing
from bangfu_analysis.reporting.labels import MISSING, dimensions, labels_of, sorted_by_size, title_of
from bangfu_analysis.reporting.rounding import half_up, percent, percents

NOT_APPLICABLE, HIDDEN = "—", "*"
Cell = str | int | float
# measure -> kind of number, label in Chinese and English
MEASURES: Mapping[str, tuple[str, str, str]] = {
    "n": ("count", "人数", "n"),
    "base_n": ("count", "基数", "base"),
    "share": ("percent", "占比（%）", "share (%)"),
    "change": ("points", "变化（百分点）", "change (points)"),
    "growth": ("percent", "增长率（%）", "growth (%)"),
    "estimate": ("number", "估计值", "estimate"),
    "se": ("number", "标准误", "standard error"),
    "ci_low": ("number", "置信下限", "lower limit"),
    "ci_high": ("number", "置信上限", "upper limit"),
    "df": ("number", "自由度", "df"),
    "deff": ("number", "设计效应", "design effect"),
    "statistic": ("number", "统计量", "statistic"),
    "p_value": ("p", "p 值", "p value"),
}
DECIMALS = {"count": 0, "percent": 1, "points": 1, "number": 2, "p": 3}
WORDS = {
    "zh": {
        "total": "合计", "unknown": "未详", "unit": "单位：人、%", "source": "数据来源：", "all": "职工总数", "rate": "困难率（%）",
        "base": "占比的基数为{base}人", "left": "，未详{left}人不计入", "stop": "。",
        "many": "一人可有多项，各项占比之和大于100%。", "adjusted": "占比按最大余数法取一位小数，各项之和为100.0%。",
        "rounded": "因四舍五入，各项占比之和不等于100.0%。", NOT_APPLICABLE: "— 表示不适用。", HIDDEN: "* 表示人数过少，为保护个人信息而隐去。",
        MISSING: "… 表示缺数。", "by": "按{0}分组", "and": "、",
    },
    "en": {
        "total": "Total", "unknown": "Not known", "unit": "Persons, %", "source": "Source: ", "all": "all workers", "rate": "rate (%)",
        "base": "Shares are of {base} persons", "left": "; {left} not known are left out", "stop": ".",
        "many": "A person may name several; shares add up to more than 100%.",
        "adjusted": "Shares are rounded by largest remainder and add up to 100.0%.",
        "rounded": "Shares do not add up to 100.0% because of rounding.", NOT_APPLICABLE: "— not applicable.",
        HIDDEN: "* too few persons to show.", MISSING: "… missing.", "by": "By {0}", "and": " and ",
    },
}  # fmt: skip


@dataclass(frozen=True)
class TableStyle:
    """House style. `total`: last (union habit), first (yearbook habit) or none; `order`: codebook or size (其他 last);
    `rounding` of shares that are parts of one base: largest_remainder (they add up to 100.0) or half_up.
    """

    total: str = "last"
    order: str = "codebook"
    rounding: str = "largest_remainder"

    def __post_init__(self) -> None:
        known = {
            "total": ("last", "first", "none"), "order": ("codebook", "size"), "rounding": ("largest_remainder", "half_up"),
        }  # fmt: skip
        for name, options in known.items():
            if getattr(self, name) not in options:
                raise ArgumentError.naming(name, getattr(self, name), options)


@dataclass(frozen=True)
class DisplayTable:
    """A table as printed. `rows` hold words and numbers already rounded; a mark (— * …) stands where there is no number.

    `kinds` says per column what a number is: text, count, percent, points, number, p.
    """

    title: str
    columns: tuple[str, ...]
    kinds: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    unit: str = ""
    source: str = ""

    def texts(self) -> list[list[str]]:
        """The rows as text, with the decimals of each column."""
        return [[as_text(cell, kind) for cell, kind in zip(row, self.kinds, strict=True)] for row in self.rows]


def display_table(
    result: pd.DataFrame,
    codebook: Codebook,
    *,
    lang: str = "zh",
    title: str = "",
    within: str | Sequence[str] = (),
    across: str | None = None,
    source: str = "",
    style: TableStyle | None = None,
) -> DisplayTable:
    """A result frame as a printed table: dimension columns labelled, then its measures.

    `within` are the columns that make the base of a share (as given to `tabulate`); a table of rates, where each row has
    a base of its own, has all its dimensions there and prints its bases. `across` puts one of `within` into the columns.
    Where the counts of a base add up to it, a total is printed; `left_out_n` becomes a row 未详 outside the base.
    Missing numbers become marks, explained in the notes: — not applicable (a share of nobody), * suppressed, … missing.

    ArgumentError where `base_n` varies inside a base, or an option is unknown; ColumnMissing where a column is absent.
    """
    style = style or TableStyle()
    if lang not in WORDS:
        raise ArgumentError.naming("lang", lang, WORDS)
    groups = [within] if isinstance(within, str) else list(within)
    names = dimensions(result)
    _check(result, names, groups, across)
    table = sorted_by_size(result, names[-1]) if style.order == "size" and names else result
    rates = set(names) == set(groups)
    adds_up, left_out = not rates and _adds_up(table, groups), _left_out(table, groups, rates)
    plan = _Plan(codebook, lang, style, tuple(groups), rates, adds_up, left_out)
    printed = _across(table, plan, across) if across else _stacked(table, plan)
    named = title or WORDS[lang]["by"].format(WORDS[lang]["and"].join(title_of(codebook, c, lang) for c in names))
    unit = WORDS[lang]["unit"] if "n" in result else ""
    notes = (*_notes(table, plan), *_mark_notes(printed.rows, lang))
    return replace(
        printed, title=named, notes=notes, unit=unit, source=f"{WORDS[lang]['source']}{source}" if source else ""
    )


def as_text(cell: Cell, kind: str) -> str:
    """One cell as printed."""
    if isinstance(cell, str):
        return cell
    sign = "+" if kind == "points" and cell > 0 else ""
    return f"{sign}{cell:.{DECIMALS[kind]}f}".replace("-", "−")


@dataclass(frozen=True)
class _Plan:
    """What is decided once for a table: its words, its bases (`rates`: one a row), whether its counts add up to them."""

    codebook: Codebook
    lang: str
    style: TableStyle
    groups: tuple[str, ...]
    rates: bool
    adds_up: bool
    left_out: int


def _check(result: pd.DataFrame, names: list[str], groups: list[str], across: str | None) -> None:
    wanted = [*groups, *([across] if across else [])]
    if absent := [c for c in wanted if c not in result]:
        raise ColumnMissing.naming(absent, [str(c) for c in result.columns], where="display_table")
    if across and (across not in groups or len(names) < 2):
        raise ArgumentError(
            f"display_table：across={across!r} 应是 within 中的一列，且另有一列作行。within 现为 {groups}。"
        )
    if "base_n" in result and _bases(result, groups)["base_n"].nunique(dropna=False).gt(1).any():
        raise ArgumentError(
            f"display_table：within={groups} 内的基数 base_n 不一致。请把 tabulate 的 within 同样传入；"
            f"困难率等每行各有基数的表，请写 within={names}。"
        )


def _bases(table: pd.DataFrame, groups: Sequence[str]) -> Any:
    return table.groupby(list(groups) or (lambda _: 0), observed=True, sort=False, dropna=False)


def _adds_up(table: pd.DataFrame, groups: list[str]) -> bool:
    """Whether the counts of every base add up to it; hidden counts are taken to."""
    if not {"n", "base_n"} <= set(table.columns):
        return False
    counted, base_n = _bases(table, groups)["n"].sum(), _bases(table, groups)["base_n"].first()
    return bool((counted <= base_n if _hidden(table).any() else counted == base_n).all())


def _left_out(table: pd.DataFrame, groups: list[str], rates: bool) -> int:
    if "left_out_n" not in table or not len(table):
        return 0
    return int(table["left_out_n"].max() if rates else _bases(table, groups)["left_out_n"].first().sum())


def _hidden(table: pd.DataFrame) -> pd.Series[bool]:
    return table["suppressed"].astype(bool) if "suppressed" in table else pd.Series(False, index=table.index)


def _measures(table: pd.DataFrame, plan: _Plan) -> list[str]:
    return [m for m in MEASURES if m in table and (m != "base_n" or plan.rates)]


def _stacked(table: pd.DataFrame, plan: _Plan) -> DisplayTable:
    """Every dimension a column; one block of rows per base."""
    names, measures = dimensions(table), _measures(table, plan)
    renamed = {"base_n": WORDS[plan.lang]["all"], "share": WORDS[plan.lang]["rate"]} if plan.rates else {}
    heads = [renamed.get(m, MEASURES[m][1 + (plan.lang == "en")]) for m in measures]
    blocks = [table] if plan.rates or not len(table) else [block for _, block in _bases(table, plan.groups)]
    return DisplayTable(
        title="",
        columns=(*(title_of(plan.codebook, c, plan.lang) for c in names), *heads),
        kinds=(*("text" for _ in names), *(MEASURES[m][0] for m in measures)),
        rows=tuple(row for block in blocks for row in _block(block, names, measures, plan)),
    )


def _across(table: pd.DataFrame, plan: _Plan, across: str) -> DisplayTable:
    """The levels of `across` side by side, each with its measures."""
    rest = replace(plan, groups=tuple(c for c in plan.groups if c != across))
    slices = [part for _, part in table.groupby(across, observed=True, sort=True)]
    parts = [_stacked(part.drop(columns=across), rest) for part in slices]
    heads = [labels_of(plan.codebook, part[across].iloc[:1], plan.lang)[0] for part in slices]
    stub = len(dimensions(table)) - 1
    columns = [f"{head} {column}" for head, part in zip(heads, parts, strict=True) for column in part.columns[stub:]]
    return DisplayTable(
        title="",
        columns=(*parts[0].columns[:stub], *columns),
        kinds=(*parts[0].kinds[:stub], *(kind for part in parts for kind in part.kinds[stub:])),
        rows=_side_by_side(parts, stub, plan),
    )


def _side_by_side(parts: list[DisplayTable], stub: int, plan: _Plan) -> tuple[tuple[Cell, ...], ...]:
    """The rows of all parts joined by their labels; a row that a part lacks (a level of another scheme) is — there."""
    cells = [{row[:stub]: row[stub:] for row in part.rows} for part in parts]
    labels = list(dict.fromkeys(label for part in cells for label in part))
    if any(list(part) != labels for part in cells):
        place = {WORDS[plan.lang]["total"]: -1 if plan.style.total == "first" else 1, WORDS[plan.lang]["unknown"]: 2}
        labels.sort(key=lambda label: place.get(str(label[0]), 0))
    absent = (NOT_APPLICABLE,) * (len(parts[0].columns) - stub)
    return tuple((*label, *(cell for part in cells for cell in part.get(label, absent))) for label in labels)


def _block(block: pd.DataFrame, names: list[str], measures: list[str], plan: _Plan) -> list[tuple[Cell, ...]]:
    """The rows of one base, with its total and its 未详."""
    stubs = list(zip(*(labels_of(plan.codebook, block[c], plan.lang) for c in names), strict=True)) or [()] * len(block)
    columns = [_numbers(block, m, plan) for m in measures]
    rows = [(*stub, *cells) for stub, cells in zip(stubs, zip(*columns, strict=True), strict=True)]
    if not names or not len(block):
        return rows
    extra = dict.fromkeys(measures, NOT_APPLICABLE)
    whole = []
    if plan.adds_up:
        base = _base_cell(block)
        total = {**extra, "n": base, "share": 100.0 if base != 0 else NOT_APPLICABLE}
        whole = [(*_stub(stubs, plan, "total"), *(total[m] for m in measures))]
    ordered = {"last": [*rows, *whole], "first": [*whole, *rows], "none": rows}[plan.style.total]
    if not plan.left_out:
        return ordered
    left = {**extra, "n": int(block["left_out_n"].iloc[0])}
    return [*ordered, (*_stub(stubs, plan, "unknown"), *(left[m] for m in measures))]


def _base_cell(block: pd.DataFrame) -> Cell:
    base_n = block["base_n"].iloc[0]
    return HIDDEN if pd.isna(base_n) else int(base_n)


def _stub(stubs: list[Any], plan: _Plan, word: str) -> tuple[str, ...]:
    """The group's labels with 合计 or 未详 in the first column that does not belong to the group."""
    first = stubs[0]
    kept = min(len(plan.groups), len(first) - 1)
    return (*first[:kept], WORDS[plan.lang][word], *("" for _ in first[kept + 1 :]))


def _numbers(block: pd.DataFrame, measure: str, plan: _Plan) -> list[Cell]:
    kind, values = MEASURES[measure][0], block[measure]
    if measure == "share" and plan.adds_up and _may_adjust(block, plan):
        return list(percents(values))
    # A share of nobody, and a change where there is nothing comparable before, are no missing data.
    nobody = block["base_n"].eq(0).fillna(False) if "base_n" in block else pd.Series(False, index=block.index)
    nobody = nobody | (measure in ("change", "growth"))
    cells = zip(values, _hidden(block), nobody, strict=True)
    return [_cell(value, kind, hidden, none) for value, hidden, none in cells]


def _cell(value: Any, kind: str, hidden: bool, nobody: bool) -> Cell:
    if hidden and pd.isna(value):
        return HIDDEN
    if pd.isna(value):
        return NOT_APPLICABLE if nobody else MISSING
    if kind == "count":
        return int(value)
    return percent(value) if kind in ("percent", "points") else half_up(value, DECIMALS[kind])


def _may_adjust(block: pd.DataFrame, plan: _Plan) -> bool:
    return plan.style.rounding == "largest_remainder" and not _hidden(block).any() and bool(block["base_n"].iloc[0])


def _notes(table: pd.DataFrame, plan: _Plan) -> list[str]:
    words = WORDS[plan.lang]
    left = words["left"].format(left=plan.left_out) if plan.left_out else ""
    one_base = {"base_n", "share"} <= set(table.columns) and not plan.groups and not plan.rates and len(table)
    notes = [words["base"].format(base=_base_cell(table)) + left + words["stop"]] if one_base else []
    if plan.adds_up and "share" in table:
        blocks = [b for _, b in _bases(table, plan.groups) if not _hidden(b).any() and b["base_n"].iloc[0]]
        if any(half_up(sum(percent(s) for s in b["share"])) != 100.0 for b in blocks):
            notes.append(words["adjusted" if plan.style.rounding == "largest_remainder" else "rounded"])
    elif _over_full(table, plan):
        notes.append(words["many"])
    return notes


def _over_full(table: pd.DataFrame, plan: _Plan) -> bool:
    if "share" not in table or plan.rates:
        return False
    return bool((_bases(table, plan.groups)["share"].sum() > 1 + 1e-9).any())


def _mark_notes(rows: tuple[tuple[Cell, ...], ...], lang: str) -> list[str]:
    cells = {cell for row in rows for cell in row if isinstance(cell, str)}
    return [WORDS[lang][mark] for mark in (NOT_APPLICABLE, HIDDEN, MISSING) if mark in cells]
