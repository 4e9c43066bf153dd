"""What the report says of the mechanisms of hardship work: for each that the wave has rows of, a table, a
figure, words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from bangfu_analysis.analysis.mechanisms import (
    Mechanism,
    first_split,
    mechanism,
    mechanism_rows,
    running,
    tabulate_mechanism,
)
from bangfu_analysis.codebook import Codebook
from bangfu_analysis.exhibits.data import WaveData
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.labels import labels_of, title_of
from bangfu_analysis.exhibits.measures import hidden, records
from bangfu_analysis.exhibits.recipes import Recipe
from bangfu_analysis.exhibits.rounding import half_up, percent
from bangfu_analysis.exhibits.tables import HIDDEN, NOT_APPLICABLE, Cell, DisplayTable, Layout, mark_notes
from bangfu_analysis.exhibits.wording import counted, in_percent, money
from bangfu_analysis.release.cells import Cut

if TYPE_CHECKING:
    from bangfu_analysis.pages.theme import Figure

OF_PEOPLE = ("persons", "households", "person_times", "pairs")  # small counts of these could identify somebody
UNKNOWN, TOTAL, ONCE, MOST_NAMED = "未详", "合计", "不重复计", 4
INDICATOR_COLUMNS = {"指标": "text", "数值": "amount", "计数单位": "text", "占比（%）": "percent", "占比的基数": "text"}
Body = tuple[tuple[str, ...], tuple[str, ...], tuple[tuple[Cell, ...], ...]]  # headings, kinds of numbers, rows
SHORT = {"units": "个", "posts": "个"}  # as their labels say of what


@dataclass(frozen=True)
class MechanismExhibit(Exhibit):
    """An exhibit of one mechanism: its rows are indicators, each in a unit of its own, over all or by group.

    Where there are groups (`by`), the frame holds these, and `overall` the indicators over all.
    """

    plan: Mechanism = Mechanism("", "", 0)
    by: str = ""
    overall: pd.DataFrame | None = None
    run: pd.DataFrame | None = None
    gaps: tuple[str, ...] = ()

    def with_frames(self, frames: Mapping[str, pd.DataFrame]) -> MechanismExhibit:
        """The same exhibit of protected frames; money and what comes to one beside hidden people is hidden
        too.
        """
        frame, overall = frames[self.id], frames[self.beside[0].id] if self.beside else None
        few = frame.loc[frame["suppressed"], self.by].astype(object) if self.by else frame[:0]
        if len(few):
            beside = frame[self.by].astype(object).isin(few.dropna()) | (frame[self.by].isna() & few.isna().any())
            gone = frame["suppressed"] | (beside & frame["counted_in"].str.contains("yuan"))
            numbers = {c: frame[c].mask(gone) for c in ("n", "amount", "share", "estimate")}
            frame = frame.assign(**numbers, suppressed=gone)
        return replace(self, cut=replace(self.cut, frame=frame), overall=overall)

    @property
    def whole(self) -> pd.DataFrame:
        """The indicators over all groups."""
        return self.frame if self.overall is None else self.overall

    @property
    def parts(self) -> pd.DataFrame | None:
        """The indicators by group, the largest groups first; None where there is one group."""
        return _by_size(self.frame, self.plan) if self.by else None

    @property
    def overlap(self) -> bool:
        """Whether somebody stands in several groups, so that these do not add up to the whole."""
        return bool(self.cut.multiple)

    @cached_property
    def table(self) -> DisplayTable:
        """A row an indicator; where there are groups, a row a group and a column an indicator."""
        book, plan, parts = self.codebook, self.plan, self.parts
        body = _indicator_table(self.whole, book, plan) if parts is None else _group_table(parts, self.whole, book, plan, self.overlap)
        notes = (*_notes(body[-1]), *self.gaps)
        return DisplayTable(self.title, *body, notes, source=f"数据来源：{self.source}")

    @property
    def whole_table(self) -> DisplayTable:
        """All indicators over all groups, a row each."""
        body = _indicator_table(self.whole, self.codebook, self.plan)
        return DisplayTable(self.plan.label, *body, _notes(body[-1]), source=f"数据来源：{self.source}")

    @cached_property
    def text(self) -> str:
        """The indicators in one sentence, the largest groups named."""
        return f"{self.plan.label}方面，{self._said(self.whole)}。"

    @property
    def deed(self) -> str:
        """What was done: the indicators of the table, those that reach people of the roster, and what is
        missing.
        """
        named = self.plan.indicators or {}
        told = {name for name, indicator in named.items() if indicator.of and named[indicator.of].quiet}
        own = self.whole[self.whole["indicator"].isin({*self.plan.columns, *told})]
        return f"{self.plan.label}：{self._said(own if len(own) else self.whole)}。{''.join(self.gaps)}"

    def _said(self, rows: pd.DataFrame) -> str:
        return _sentence(rows, self.parts, self.codebook, self.plan, self.overlap)

    @property
    def drawn(self) -> tuple[str, pd.DataFrame]:
        """The kind of the chart that the mechanism asks for, and what it draws; fewer than two rows are no
        chart.
        """
        chart = self.plan.chart or {}
        if self.run is not None:
            return "running_line", self.run
        if chart.get("draw") == "rates" or self.parts is None:
            rates = self.whole[self.whole["share"].notna()]
            table = rates.assign(label=[_label(self.plan, str(i)) for i in rates["indicator"]])
        else:
            table = _drawn(self.parts.sort_values(self.by, kind="stable"), self.codebook, self.plan)
        return "rate_bars" if len(set(table["indicator"])) > 1 else "amount_bars", table

    @property
    def figure_title(self) -> str:
        """The mechanism, and which of its indicators is drawn where it is one of several."""
        kind, table = self.drawn
        if kind == "running_line" or self.parts is None or not len(table):
            return self.plan.label
        return f"{self.plan.label}：{_drawn_label(table, self.plan)}"

    def chart(self, *, size: str = "full", title: str | None = None) -> Figure:
        """The chart of the mechanism."""
        from bangfu_analysis.pages.drawing import chart_of

        kind, table = self.drawn
        named = self.figure_title if title is None else title
        return chart_of(kind, table, self.codebook, title=named, source=self.source, size=size)


def mechanism_exhibits(data: WaveData, recipe: Recipe) -> list[Exhibit]:
    """One exhibit a mechanism of the codebook that the frames have rows of, in its order, of raw frames."""
    plans = [mechanism(data.codebook, name) for name in data.codebook.mechanisms]
    own = [plan for plan in plans if not recipe.of or plan.name == recipe.of]
    shown = [plan for plan in own if plan.frame in data.frames and len(mechanism_rows(data.frames, plan))]
    return [_exhibit(data, recipe, plan) for plan in sorted(shown, key=lambda plan: plan.number)]


def _exhibit(data: WaveData, recipe: Recipe, plan: Mechanism) -> MechanismExhibit:
    frames, codebook, name = data.frames, data.codebook, f"mechanism_{plan.name}"
    by, whole = first_split(frames, plan), tabulate_mechanism(frames, codebook, plan.name)
    column, title = f"{plan.frame}.{by}" if by else "", plan.label
    population = f"{plan.frame}/{data.wave.name}"
    cut, beside = _cut(name, whole, plan, population, ()), tuple[Cut, ...]()
    if by:
        title = f"{plan.label}（按{title_of(codebook, column)}）"
        parts = tabulate_mechanism(frames, codebook, plan.name, by=by)
        cut, beside = _cut(name, parts, plan, population, (column,)), (replace(cut, id=f"{name}_overall"),)
        cut = replace(cut, multiple=frozenset(() if _adds_up(parts, whole) else [column]))
    few = len(mechanism_rows(frames, plan)) / 2  # what most rows leave open they have nothing to say of
    open_cells = records(whole[whole["left_out_n"].between(1, few)])
    gaps = tuple(f"{_label(plan, row.indicator)}有{row.left_out_n}行没有填写，不计入。" for row in open_cells)
    run = running(frames, plan) if (plan.chart or {}).get("draw") == "running" else None
    named = replace(recipe, id=cut.id, title=title, draw="mechanism")
    return MechanismExhibit(
        replace(cut, title=title), named, Layout(), codebook, data.source("各单位报送的帮扶台账"), beside=beside,
        plan=plan, by=column, overall=beside[0].frame if beside else None, run=run, gaps=gaps,
    )


def _adds_up(parts: pd.DataFrame, whole: pd.DataFrame) -> bool:
    """Whether the groups of every indicator add up to it: a person helped twice may stand in two groups."""
    kinds = ["indicator", "counted_in"]
    sums = parts.groupby(kinds)["n"].sum().astype(float)
    return bool(sums.sub(whole.set_index(kinds)["n"].astype(float), fill_value=0.0).abs().lt(1e-6).all())


def _cut(name: str, result: pd.DataFrame, plan: Mechanism, population: str, by: tuple[str, ...]) -> Cut:
    """Only people are counted for protection; what is measured in yuan or hours stands in `amount`."""
    shown = [name for name, indicator in (plan.indicators or {}).items() if indicator.open]
    people = result["counted_in"].isin(OF_PEOPLE) & ~result["indicator"].isin(shown)
    frame = result.assign(amount=result["n"].fillna(result["estimate"]), n=result["n"].where(people))
    frame = frame.drop(columns="left_out_n")  # rows of the ledger, no people
    kinds = ("indicator", "counted_in")
    return Cut(name, plan.label, frame, (*kinds, *by), (), population, kind="rate", apart=kinds)


def _by_size(parts: pd.DataFrame, plan: Mechanism) -> pd.DataFrame:
    """The groups by the first number of the table, the largest first; what has an order of its own keeps it.
    """
    levels = parts[parts.columns[0]]
    if isinstance(levels.dtype, pd.CategoricalDtype) and levels.cat.ordered:
        return parts
    own = parts[parts["indicator"].eq(_to_draw(parts, plan))].groupby(parts.columns[0], observed=True)["amount"].sum()
    ranked = [*own.sort_values(ascending=False, kind="stable").index]
    ranked += [level for level in levels.dropna().unique() if level not in ranked]
    return parts.assign(**{parts.columns[0]: pd.Categorical(levels.astype(object), ranked, ordered=True)})


def _drawn_name(plan: Mechanism) -> str:
    return str((plan.chart or {}).get("of", ""))


def _to_draw(parts: pd.DataFrame, plan: Mechanism) -> str:
    """The indicator that the chart is of; the first of the table's columns where there are no rows of that.
    """
    return next((name for name in (_drawn_name(plan), *plan.columns) if parts["indicator"].eq(name).any()), "")


def unit_of(counted_in: str, codebook: Codebook) -> str:
    """`persons` -> 人, `yuan/persons` -> 元/人."""
    words = codebook.labels("aid.counted_in") | SHORT
    return "/".join(words.get(part, part) for part in counted_in.split("/"))


def _label(plan: Mechanism, name: str) -> str:
    return (plan.indicators or {})[name].label


def _number(row: Any) -> Cell:
    if getattr(row, "suppressed", False):
        return HIDDEN
    whole = pd.isna(row.estimate) and not row.amount % 1
    return int(row.amount) if whole else half_up(row.amount, 2)


def _indicator_table(whole: pd.DataFrame, codebook: Codebook, plan: Mechanism) -> Body:
    """A row an indicator: its number, its unit and, where one has a share, that and of what."""
    rows = []
    for row in records(whole):
        of = (plan.indicators or {})[str(row.indicator)].of
        shared = bool(of) and pd.notna(row.share)
        share = percent(row.share) if shared else HIDDEN if getattr(row, "suppressed", False) and of else NOT_APPLICABLE
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


def _group_table(
    parts: pd.DataFrame, whole: pd.DataFrame, codebook: Codebook, plan: Mechanism, overlap: bool
) -> Body:
    """A row a group, and a total; a column an indicator and unit, so that no column adds unlike things."""
    by = parts.columns[0]
    wanted = [(name, unit) for name in plan.columns for unit in whole.loc[whole["indicator"] == name, "counted_in"]]
    heads = [f"{_label(plan, name)}（{unit_of(unit, codebook)}）" for name, unit in wanted]
    blocks = [part for _, part in parts.groupby(by, observed=True, dropna=False, sort=True)]
    labelled = [*((_group_label(part[by], codebook), part) for part in blocks), (ONCE if overlap else TOTAL, whole)]
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


def _sentence(
    whole: pd.DataFrame, parts: pd.DataFrame | None, codebook: Codebook, plan: Mechanism, overlap: bool
) -> str:
    """Each indicator with its unit, its share and of what; the largest groups behind the indicator that is
    drawn.
    """
    drawn = _drawn_name(plan)
    told = []
    for row in records(whole[~hidden(whole)]):
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
            text += _largest(parts, drawn, str(row.counted_in), codebook, overlap)
        told.append(text)
    return "；".join(told) + ("（各项可有重叠，占同一基数的比重之和大于100%）" if _overlapping(whole, plan) else "")


def _overlapping(whole: pd.DataFrame, plan: Mechanism) -> bool:
    """Whether shares of one base go beyond the whole, as those of separate questions may."""
    bases = whole["indicator"].map({name: i.of for name, i in (plan.indicators or {}).items()})
    return bool(whole["share"].groupby(bases[bases.ne("")]).sum().gt(1 + 1e-9).any())


def _said(row: Any, codebook: Codebook) -> str:
    if pd.isna(row.amount) or pd.notna(row.estimate):
        return ""
    return money(row.amount) if row.counted_in == "yuan" else counted(row.amount, unit_of(row.counted_in, codebook))


def _largest(parts: pd.DataFrame, name: str, unit: str, codebook: Codebook, overlap: bool) -> str:
    by = parts.columns[0]
    own = parts[parts["indicator"].eq(name) & parts["counted_in"].eq(unit)].dropna(subset=by)
    own = own[own["amount"].gt(0).fillna(False)]
    most = own.sort_values("amount", ascending=False, kind="stable").head(MOST_NAMED)
    if len(most) < 2 or overlap:  # of groups that overlap the table tells
        return ""
    few = "其中" if len(own) <= MOST_NAMED else f"其中居前{len(most)}位的是"
    rows = zip(labels_of(codebook, most[by]), records(most), strict=True)
    return f"，{few}{'、'.join(f'{label}{_said(row, codebook)}' for label, row in rows)}"


def _drawn(parts: pd.DataFrame, codebook: Codebook, plan: Mechanism) -> pd.DataFrame:
    """The groups of the indicator to draw (the first of `columns` that has numbers, where it has none), in
    one unit.
    """
    numbers = parts[parts["amount"].gt(0).fillna(False)]
    own = numbers[numbers["indicator"].eq(_to_draw(numbers, plan))]
    own = own[own["counted_in"].eq(own["counted_in"].iloc[0])] if len(own) else own
    labels = [_group_label(own[parts.columns[0]].iloc[[i]], codebook) for i in range(len(own))]
    return own.assign(label=labels, n=own["amount"])


def _drawn_label(table: pd.DataFrame, plan: Mechanism) -> str:
    names = [_label(plan, str(name)) for name in table["indicator"].unique()]
    return names[0] if len(names) == 1 else "各项占比"
