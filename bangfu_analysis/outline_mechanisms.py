"""What the report says of the mechanisms of hardship work: for each that the wave has rows of, a table, a figure and sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from bangfu_analysis.analysis.disclosure import suppress
from bangfu_analysis.analysis.mechanisms import (
    Mechanism,
    first_split,
    mechanism,
    mechanism_rows,
    running,
    tabulate_mechanism,
)
from bangfu_analysis.codebook import Codebook
from bangfu_analysis.exhibits.labels import labels_of, title_of
from bangfu_analysis.exhibits.results import records
from bangfu_analysis.exhibits.rounding import half_up, percent
from bangfu_analysis.exhibits.tables import HIDDEN, NOT_APPLICABLE, Cell, DisplayTable, mark_notes
from bangfu_analysis.exhibits.wording import counted, in_percent, money
from bangfu_analysis.pages.blocks import Exhibit, drawing
from bangfu_analysis.tidy.frames import Frames

if TYPE_CHECKING:
    from bangfu_analysis.pages.theme import Figure

SECTION = "帮扶工作"
OF_PEOPLE = ("persons", "households", "person_times", "pairs")  # small counts of these could identify somebody
UNKNOWN, TOTAL, MOST_NAMED = "未详", "合计", 4
INDICATOR_COLUMNS = {"指标": "text", "数值": "amount", "计数单位": "text", "占比（%）": "percent", "占比的基数": "text"}
Body = tuple[tuple[str, ...], tuple[str, ...], tuple[tuple[Cell, ...], ...]]  # headings, kinds of numbers, rows
SHORT = {"units": "个", "posts": "个"}  # as their labels say of what


def mechanism_exhibits(frames: Frames, codebook: Codebook, source: str) -> list[Exhibit]:
    """One exhibit a mechanism of the codebook that the frames have rows of, in its order; small counts are hidden."""
    plans = [mechanism(codebook, name) for name in codebook.mechanisms]
    shown = [plan for plan in plans if plan.frame in frames and len(mechanism_rows(frames, plan))]
    return [_exhibit(frames, codebook, plan, source) for plan in sorted(shown, key=lambda plan: plan.number)]


def _exhibit(frames: Frames, codebook: Codebook, plan: Mechanism, source: str) -> Exhibit:
    by = first_split(frames, plan)
    whole = _safe(tabulate_mechanism(frames, codebook, plan.name), plan)
    parts = _by_size(_safe(tabulate_mechanism(frames, codebook, plan.name, by=by), plan), plan) if by else None
    title = plan.label if parts is None else f"{plan.label}（按{title_of(codebook, f'{plan.frame}.{by}')}）"
    table = _indicator_table(whole, codebook, plan) if parts is None else _group_table(parts, whole, codebook, plan)
    few = len(mechanism_rows(frames, plan)) / 2  # what most rows leave open they have nothing to say of
    open_cells = records(whole[whole["left_out_n"].between(1, few)])
    gaps = [f"{_label(plan, row.indicator)}有{row.left_out_n}行没有填写，不计入。" for row in open_cells]
    printed = DisplayTable(title, *table, (*_notes(table[-1]), *gaps), source=f"数据来源：{source}")
    words = f"{plan.label}方面，{_sentence(whole, parts, codebook, plan)}。"
    caption, figure = _figure(frames, whole, parts, codebook, plan, source)
    result = whole if parts is None else parts
    return Exhibit(f"mechanism_{plan.name}", SECTION, title, result, printed, words, caption, figure)


def _safe(result: pd.DataFrame, plan: Mechanism) -> pd.DataFrame:
    """Counts of few people hidden; what stands beside a hidden count in its group (money, what comes to one) too."""
    shown = [name for name, indicator in (plan.indicators or {}).items() if indicator.open]
    people = result["counted_in"].isin(OF_PEOPLE) & ~result["indicator"].isin(shown)
    hidden = pd.Series(False, index=result.index)
    if people.any():
        hidden[people] = suppress(result[people], group=["indicator", "counted_in"])["suppressed"].to_numpy(dtype=bool)
    levels = [c for c in result if c not in _MEASURES]
    if levels:
        small = result[levels[0]][hidden]
        with_people = result[levels[0]].isin(small) | (result[levels[0]].isna() & bool(small.isna().any()))
        hidden |= with_people & result["counted_in"].str.contains("yuan")
    numbers = {c: result[c].mask(hidden) for c in ("n", "share", "estimate")}
    return result.assign(**numbers, suppressed=hidden)


def _by_size(parts: pd.DataFrame, plan: Mechanism) -> pd.DataFrame:
    """The groups by the first number of the table, the largest first; what has an order of its own keeps it."""
    levels = parts[parts.columns[0]]
    if isinstance(levels.dtype, pd.CategoricalDtype) and levels.cat.ordered:
        return parts
    own = parts[parts["indicator"].eq(_to_draw(parts, plan))].groupby(parts.columns[0], observed=True)["n"].sum()
    ranked = [*own.sort_values(ascending=False, kind="stable").index]
    ranked += [level for level in levels.dropna().unique() if level not in ranked]
    return parts.assign(**{parts.columns[0]: pd.Categorical(levels.astype(object), ranked, ordered=True)})


def _drawn_name(plan: Mechanism) -> str:
    return str((plan.chart or {}).get("of", ""))


def _to_draw(parts: pd.DataFrame, plan: Mechanism) -> str:
    """The indicator that the chart is of; the first of the table's columns where there are no rows of that."""
    return next((name for name in (_drawn_name(plan), *plan.columns) if parts["indicator"].eq(name).any()), "")


_MEASURES = ("indicator", "counted_in", "n", "base_n", "left_out_n", "share", "estimate", "suppressed")


def unit_of(counted_in: str, codebook: Codebook) -> str:
    """`persons` -> 人, `yuan/persons` -> 元/人."""
    words = codebook.labels("aid.counted_in") | SHORT
    return "/".join(words.get(part, part) for part in counted_in.split("/"))


def _label(plan: Mechanism, name: str) -> str:
    return (plan.indicators or {})[name].label


def _number(row: Any) -> Cell:
    if row.suppressed:
        return HIDDEN
    value = row.estimate if pd.isna(row.n) else row.n
    return half_up(value, 2) if pd.isna(row.n) or value % 1 else int(value)


def _indicator_table(whole: pd.DataFrame, codebook: Codebook, plan: Mechanism) -> Body:
    """A row an indicator: its number, its unit and, where one has a share, that and of what."""
    rows = []
    for row in records(whole):
        of = (plan.indicators or {})[str(row.indicator)].of
        shared = bool(of) and pd.notna(row.share)
        share = percent(row.share) if shared else HIDDEN if row.suppressed and of else NOT_APPLICABLE
        base = _label(plan, of) if shared else NOT_APPLICABLE
        label, unit = _named(row, codebook, plan)
        rows.append((label, _number(row), unit, share, base))
    columns, kinds = zip(*INDICATOR_COLUMNS.items(), strict=True)
    wide = len(columns) if any(share != NOT_APPLICABLE for *_, share, _ in rows) else 3
    return columns[:wide], kinds[:wide], tuple(row[:wide] for row in rows)


def _named(row: Any, codebook: Codebook, plan: Mechanism) -> tuple[str, str]:
    """Label and unit of an indicator; of what comes to one `平均每人助学金`, and the unit of what comes."""
    above, _, below = str(row.counted_in).partition("/")
    one = codebook.labels("aid.counted_in").get(below, below).removeprefix("个")
    return (f"平均每{one}" if one else "") + _label(plan, str(row.indicator)), unit_of(above, codebook)


def _group_table(parts: pd.DataFrame, whole: pd.DataFrame, codebook: Codebook, plan: Mechanism) -> Body:
    """A row a group, and a total; a column an indicator and unit, so that no column adds unlike things."""
    by = parts.columns[0]
    wanted = [(name, unit) for name in plan.columns for unit in whole.loc[whole["indicator"] == name, "counted_in"]]
    heads = [f"{_label(plan, name)}（{unit_of(unit, codebook)}）" for name, unit in wanted]
    blocks = [part for _, part in parts.groupby(by, observed=True, dropna=False, sort=True)]
    labelled = [*((_group_label(part[by], codebook), part) for part in blocks), (TOTAL, whole)]
    rows = tuple((label, *_cells(part, wanted)) for label, part in labelled)
    _, *columns = zip(*rows, strict=True)
    kinds = ["count" if all(isinstance(cell, int | str) for cell in column) else "number" for column in columns]
    return (title_of(codebook, by), *heads), ("text", *kinds), rows


def _group_label(values: pd.Series[Any], codebook: Codebook) -> str:
    return UNKNOWN if values.isna().all() else labels_of(codebook, values.iloc[:1])[0]


def _cells(rows: pd.DataFrame, wanted: Sequence[tuple[str, str]]) -> list[Cell]:
    found = {(row.indicator, row.counted_in): _number(row) for row in records(rows)}
    return [found.get(each, NOT_APPLICABLE) for each in wanted]


def _notes(rows: Sequence[tuple[Cell, ...]]) -> tuple[str, ...]:
    cells = {cell for row in rows for cell in row if isinstance(cell, str)}
    told = mark_notes([tuple(cells & {HIDDEN})])
    return ("— 表示不适用或没有填写。", *told) if NOT_APPLICABLE in cells else tuple(told)


def _sentence(whole: pd.DataFrame, parts: pd.DataFrame | None, codebook: Codebook, plan: Mechanism) -> str:
    """Each indicator with its unit, its share and of what; the largest groups behind the indicator that is drawn."""
    drawn = _drawn_name(plan)
    told = []
    for row in records(whole[~whole["suppressed"]]):
        indicator = (plan.indicators or {})[str(row.indicator)]
        label, unit = _named(row, codebook, plan)
        text = f"{label}{_said(row, codebook)}"
        if indicator.measure == "per":
            in_yuan = str(row.counted_in).startswith("yuan")
            text = label + (money(row.estimate) if in_yuan else f"{half_up(row.estimate, 2):g}{unit}")
        elif indicator.of and pd.notna(row.share):
            base = (plan.indicators or {})[indicator.of]
            size = counted(row.base_n, unit_of(row.counted_in, codebook)) if base.quiet else ""  # said nowhere else
            text += f"，占{base.label}{size}的{in_percent(percent(row.share))}"
        if parts is not None and row.indicator == drawn:
            text += _largest(parts, drawn, str(row.counted_in), codebook)
        told.append(text)
    return "；".join(told) + ("（各项可有重叠，占同一基数的比重之和大于100%）" if _overlapping(whole, plan) else "")


def _overlapping(whole: pd.DataFrame, plan: Mechanism) -> bool:
    """Whether shares of one base go beyond the whole, as those of separate questions may."""
    bases = whole["indicator"].map({name: i.of for name, i in (plan.indicators or {}).items()})
    return bool(whole["share"].groupby(bases[bases.ne("")]).sum().gt(1 + 1e-9).any())


def _said(row: Any, codebook: Codebook) -> str:
    if pd.isna(row.n):
        return ""
    return money(row.n) if row.counted_in == "yuan" else counted(row.n, unit_of(row.counted_in, codebook))


def _largest(parts: pd.DataFrame, name: str, unit: str, codebook: Codebook) -> str:
    by = parts.columns[0]
    own = parts[parts["indicator"].eq(name) & parts["counted_in"].eq(unit)].dropna(subset=by)
    own = own[own["n"].gt(0).fillna(False)]
    most = own.sort_values("n", ascending=False, kind="stable").head(MOST_NAMED)
    if len(most) < 2:
        return ""
    few = "其中" if len(own) <= MOST_NAMED else f"其中居前{len(most)}位的是"
    rows = zip(labels_of(codebook, most[by]), records(most), strict=True)
    return f"，{few}{'、'.join(f'{label}{_said(row, codebook)}' for label, row in rows)}"


def _figure(
    frames: Frames, whole: pd.DataFrame, parts: pd.DataFrame | None, codebook: Codebook, plan: Mechanism, source: str
) -> tuple[str, Callable[[], Figure] | None]:
    """The chart that the mechanism asks for, where there is more than one thing to draw, under its title."""
    chart = plan.chart or {}
    if chart.get("draw") == "running":
        table = running(frames, plan)
    elif chart.get("draw") == "rates" or parts is None:
        rates = whole[whole["share"].notna()]
        table = rates.assign(label=[_label(plan, str(i)) for i in rates["indicator"]])
    else:
        table = _drawn(parts.sort_values(parts.columns[0], kind="stable"), codebook, plan)
    if len(table) < 2:
        return "", None
    title = plan.label if "indicator" not in table or parts is None else f"{plan.label}：{_drawn_label(table, plan)}"
    kind = "running_line" if "date" in table else "rate_bars" if len(set(table["indicator"])) > 1 else "amount_bars"
    return title, drawing(kind, table, codebook, title=title, source=source)


def _drawn(parts: pd.DataFrame, codebook: Codebook, plan: Mechanism) -> pd.DataFrame:
    """The groups of the indicator to draw (the first of `columns` that has numbers, where it has none), in one unit."""
    numbers = parts[parts["n"].gt(0).fillna(False)]
    own = numbers[numbers["indicator"].eq(_to_draw(numbers, plan))]
    own = own[own["counted_in"].eq(own["counted_in"].iloc[0])] if len(own) else own
    return own.assign(label=[_group_label(own[parts.columns[0]].iloc[[i]], codebook) for i in range(len(own))])


def _drawn_label(table: pd.DataFrame, plan: Mechanism) -> str:
    names = [_label(plan, str(name)) for name in table["indicator"].unique()]
    return names[0] if len(names) == 1 else "各项占比"
