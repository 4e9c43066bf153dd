"""What the report says of the mechanisms of hardship work: for each that the wave has rows of, a table, a
figure, words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.analysis import mechanisms as analysis
from bangfu_analysis.analysis.mechanisms import Indicator, Mechanism, mechanism_rows, tabulate_mechanism
from bangfu_analysis.exhibits.data import WaveData
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.labels import WORDS, title_of, unit_of
from bangfu_analysis.exhibits.measures import hidden, records
from bangfu_analysis.exhibits.recipes import Recipe
from bangfu_analysis.exhibits.tables import HIDDEN, NOT_APPLICABLE, Cell, DisplayTable, Layout, mark_notes
from bangfu_analysis.exhibits.wording import counted, half_up, money, percent, share_of
from bangfu_analysis.release.cells import Cut

OF_PEOPLE = ("persons", "households", "person_times", "pairs", "cases")  # few could identify somebody
UNKNOWN, TOTAL, ONCE, MOST_NAMED = "未详", "合计", "不重复计", 4


@dataclass(frozen=True)
class MechanismExhibit(Exhibit):
    """An exhibit of one mechanism: its rows are indicators, each in a unit of its own, over all or by group.

    Where there are groups (`by`), the frame holds these, and the cut beside it the indicators over all.
    """

    plan: Mechanism = Mechanism("", "", 0)
    by: str = ""
    run: pd.DataFrame | None = None
    gaps: tuple[str, ...] = ()

    def with_frames(self, frames: Mapping[str, pd.DataFrame]) -> Exhibit:
        """The same exhibit of protected frames; what would tell a hidden number (what comes to one of it, a
        share of it, cases of hidden people) is hidden too.
        """
        return super().with_frames({cut.id: self._beside(frames[cut.id]) for cut in self.cuts})

    def _beside(self, frame: pd.DataFrame) -> pd.DataFrame:
        indicators, gone = self.plan.indicators, frame["suppressed"]
        groups = frame[self.by].astype(object).fillna(UNKNOWN) if self.by in frame else [""] * len(frame)
        pairs = [(group, indicators[name]) for group, name in zip(groups, frame["indicator"], strict=True)]
        lost = {(group, of.name) for (group, of), hid in zip(pairs, gone, strict=True) if hid}
        of_people = {*OF_PEOPLE} - {"cases"}
        few = {group for group, name in lost if indicators[name].counted_in in of_people}
        tied = [any((group, part) in lost for part in of.per) for group, of in pairs]
        cases = [group in few and of.counted_in == "cases" for group, of in pairs]
        gone = gone | np.array(tied, dtype=bool) | np.array(cases, dtype=bool)
        of_lost = gone | np.array([(group, of.of) in lost for group, of in pairs], dtype=bool)
        counts = {name: frame[name].mask(gone) for name in ("n", "amount", "estimate")}
        shares = {name: frame[name].mask(of_lost) for name in ("base_n", "share")}
        return frame.assign(**counts, **shares, suppressed=gone)

    @property
    def whole(self) -> pd.DataFrame:
        """The indicators over all groups."""
        return self.cuts[-1].frame

    @property
    def groups(self) -> pd.DataFrame:
        """The indicators by group, the largest by the first number of the table in front; what has an order
        of its own keeps it.
        """
        parts = self.frame
        levels = parts[self.by]
        if isinstance(levels.dtype, pd.CategoricalDtype) and levels.cat.ordered:
            return parts
        drawn = parts[parts["indicator"].eq(self._to_draw(parts))]
        sizes = drawn.groupby(self.by, observed=True)["amount"].sum()
        largest = sizes.sort_values(ascending=False, kind="stable").index
        ranked = dict.fromkeys([*largest, *levels.dropna().unique()])
        return parts.assign(**{self.by: pd.Categorical(levels.astype(object), [*ranked], ordered=True)})

    @property
    def overlap(self) -> bool:
        """Whether somebody stands in several groups, so that these do not add up to the whole."""
        return bool(self.cut.multiple)

    @cached_property
    def table(self) -> DisplayTable:
        """A row an indicator; where there are groups, a row a group and a column an indicator."""
        table = self._group_table() if self.by else self.whole_table
        return replace(table, title=self.title, notes=(*table.notes, *self.gaps))

    @property
    def whole_table(self) -> DisplayTable:
        """All indicators over all groups, a row each: number, unit and, where one has a share, that and of
        what.
        """
        rows = list[tuple[Cell, ...]]()
        for row in records(self.whole):
            of, (label, unit) = self._of(row).of, self._named(row)
            share: Cell = HIDDEN if getattr(row, "suppressed", False) and of else NOT_APPLICABLE
            base = NOT_APPLICABLE
            if of and pd.notna(row.share):
                share, base = percent(row.share), self.plan.indicators[of].label
            rows.append((label, _number(row), unit, share, base))
        wide = 5 if any(share != NOT_APPLICABLE for *_, share, _ in rows) else 3
        columns, kinds = zip(*[*WORDS["indicator_columns"].items()][:wide], strict=True)
        return self._printed([*columns], [*kinds], [row[:wide] for row in rows])

    def _group_table(self) -> DisplayTable:
        """A row a group, and a total; a column an indicator and unit, so that no column adds unlike things.
        """
        whole, plan = self.whole, self.plan
        units = {name: whole.loc[whole["indicator"].eq(name), "counted_in"] for name in plan.columns}
        wanted = [(name, unit) for name in plan.columns for unit in units[name]]
        heads = [f"{plan.indicators[name].label}（{unit_of(self.codebook, unit)}）" for name, unit in wanted]
        blocks = [part for _, part in self.groups.groupby(self.by, observed=True, dropna=False, sort=True)]
        labels = [*(self._group(part[self.by]) for part in blocks), ONCE if self.overlap else TOTAL]
        rows = list[tuple[Cell, ...]]()
        for label, part in zip(labels, [*blocks, whole], strict=True):
            numbers = {(row.indicator, row.counted_in): _number(row) for row in records(part)}
            rows.append((label, *(numbers.get(each, NOT_APPLICABLE) for each in wanted)))
        _, *cells = zip(*rows, strict=True)
        kinds = ["number" if any(isinstance(cell, float) for cell in column) else "count" for column in cells]
        return self._printed([title_of(self.codebook, self.by), *heads], ["text", *kinds], rows)

    def _printed(self, columns: list[str], kinds: list[str], rows: list[tuple[Cell, ...]]) -> DisplayTable:
        cells = {cell for row in rows for cell in row}
        notes = ["— 表示不适用或没有填写。"] if NOT_APPLICABLE in cells else []
        notes += mark_notes([[HIDDEN]]) if HIDDEN in cells else []
        parts = (tuple(columns), tuple(kinds), tuple(rows), tuple(notes))
        return DisplayTable(self.plan.label, *parts, source=f"数据来源：{self.source}")

    def _of(self, row: Any) -> Indicator:
        return self.plan.indicators[str(row.indicator)]

    def _group(self, levels: pd.Series[Any]) -> str:
        return UNKNOWN if levels.isna().all() else self.labels(levels)[0]

    def _named(self, row: Any) -> tuple[str, str]:
        """Label and unit of an indicator; of what comes to one `平均每人助学金`, and the unit of what comes.
        """
        above, _, below = str(row.counted_in).partition("/")
        one = self.codebook.labels("aid.counted_in").get(below, below).removeprefix("个")
        return (f"平均每{one}" if one else "") + self._of(row).label, unit_of(self.codebook, above)

    @cached_property
    def text(self) -> str:
        """The indicators in one sentence, the largest groups named."""
        return f"{self.plan.label}方面，{self._sentence(self.whole)}。"

    @property
    def deed(self) -> str:
        """What was done: the indicators of the table, those that reach people of the roster, and what is
        missing.
        """
        named = self.plan.indicators
        reached = {name for name, indicator in named.items() if indicator.of and named[indicator.of].quiet}
        rows = self.whole[self.whole["indicator"].isin({*self.plan.columns, *reached})]
        return f"{self.plan.label}：{self._sentence(rows if len(rows) else self.whole)}。{''.join(self.gaps)}"

    def _sentence(self, rows: pd.DataFrame) -> str:
        """Each indicator with its unit, its share and of what; the largest groups behind the one that is
        drawn; and where shares of one base, as those of separate questions, go beyond it.
        """
        bases = rows["indicator"].map({name: i.of for name, i in self.plan.indicators.items()})
        beyond = rows["share"].groupby(bases[bases.ne("")]).sum().gt(1 + 1e-9).any()
        words = "；".join(self._clause(row) for row in records(rows[~hidden(rows)]))
        return words + ("（各项可有重叠，占同一基数的比重之和大于100%）" if beyond else "")

    def _clause(self, row: Any) -> str:
        indicator, (label, unit) = self._of(row), self._named(row)
        text = label + self._amount(row)
        if indicator.measure == "per":
            in_yuan = str(row.counted_in).startswith("yuan")
            text = label + (money(row.estimate) if in_yuan else f"{half_up(row.estimate, 2):g}{unit}")
        elif indicator.of and pd.notna(row.share):
            base = self.plan.indicators[indicator.of]
            size = counted(row.base_n, unit) if base.quiet else ""  # said nowhere else
            text += f"，占{base.label}{size}的{share_of(row.share)}"
        return text + (self._largest(row) if row.indicator == self.plan.chart.get("of") else "")

    def _amount(self, row: Any) -> str:
        if pd.isna(row.amount) or pd.notna(row.estimate):
            return ""
        unit = unit_of(self.codebook, row.counted_in)
        return money(row.amount) if row.counted_in == "yuan" else counted(row.amount, unit)

    def _largest(self, row: Any) -> str:
        """The largest groups of an indicator; of groups that overlap the table tells."""
        if not self.by or self.overlap:
            return ""
        parts = self.groups.dropna(subset=self.by)
        groups = parts[parts["indicator"].eq(row.indicator) & parts["counted_in"].eq(row.counted_in)]
        groups = groups[groups["amount"].gt(0).fillna(False)]
        most = groups.sort_values("amount", ascending=False, kind="stable").head(MOST_NAMED)
        if len(most) < 2:
            return ""
        few = "其中" if len(groups) <= MOST_NAMED else f"其中居前{len(most)}位的是"
        amounts = zip(self.labels(most[self.by]), map(self._amount, records(most)), strict=True)
        return f"，{few}{'、'.join(map(''.join, amounts))}"

    def _to_draw(self, parts: pd.DataFrame) -> str:
        """The indicator that the chart is of; the first of the table's columns where there are no rows of it.
        """
        wanted = (self.plan.chart.get("of", ""), *self.plan.columns)
        return next((name for name in wanted if parts["indicator"].eq(name).any()), "")

    @property
    def drawn(self) -> tuple[str, pd.DataFrame]:
        """The kind of the chart that the mechanism asks for, and what it draws; fewer than two rows are no
        chart.
        """
        if self.run is not None:
            return "running_line", self.run
        if self.plan.chart.get("draw") == "rates" or not self.by:
            table = self.whole[self.whole["share"].notna()]
            table = table.assign(label=[self._of(row).label for row in records(table)])
        else:  # the groups of one indicator, in one unit
            parts = self.groups.sort_values(self.by, kind="stable")
            rows = parts[parts["amount"].gt(0).fillna(False)]
            rows = rows[rows["indicator"].eq(self._to_draw(rows))]
            rows = rows[rows["counted_in"].eq(rows["counted_in"].iloc[0])] if len(rows) else rows
            labels = [self._group(rows[self.by].iloc[[i]]) for i in range(len(rows))]
            table = rows.assign(label=labels, n=rows["amount"])
        return "rate_bars" if len(set(table["indicator"])) > 1 else "amount_bars", table

    @property
    def figure_title(self) -> str:
        """The mechanism, and which of its indicators is drawn where it is one of several."""
        kind, table = self.drawn
        if kind == "running_line" or not self.by or not len(table):
            return self.plan.label
        names = [self.plan.indicators[str(name)].label for name in table["indicator"].unique()]
        return f"{self.plan.label}：{names[0] if len(names) == 1 else '各项占比'}"


def mechanism_exhibits(data: WaveData, recipe: Recipe) -> list[Exhibit]:
    """One exhibit a mechanism of the codebook that the frames have rows of, in its order, of raw frames."""
    plans = [analysis.mechanism(data.codebook, name) for name in data.codebook.mechanisms]
    wanted = [plan for plan in plans if not recipe.of or plan.name == recipe.of]
    shown = [plan for plan in wanted if plan.frame in data.frames and len(mechanism_rows(data.frames, plan))]
    return [_exhibit(data, recipe, plan) for plan in sorted(shown, key=lambda plan: plan.number)]


def _exhibit(data: WaveData, recipe: Recipe, plan: Mechanism) -> MechanismExhibit:
    frames, codebook, name = data.frames, data.codebook, f"mechanism_{plan.name}"
    by, whole = analysis.first_split(frames, plan), tabulate_mechanism(frames, codebook, plan.name)
    column, title = f"{plan.frame}.{by}" if by else "", plan.label
    population = f"{plan.frame}/{data.wave.name}/{plan.name}"  # members of two lists are of other units
    cut, beside = _cut(name, whole, plan, population), tuple[Cut, ...]()
    cut = replace(cut, contributions=analysis.held_by_persons(frames, plan, whole))
    if by:
        title = f"{plan.label}（按{title_of(codebook, column)}）"
        beside = (replace(cut, id=f"{name}_overall"),)
        parts = tabulate_mechanism(frames, codebook, plan.name, by=by)
        several = frozenset(() if _adds_up(parts, whole) else [column])
        held = analysis.held_by_persons(frames, plan, parts, by)
        cut = _cut(name, parts, plan, population, column)
        cut = replace(cut, multiple=several, contributions=held)
    few = len(mechanism_rows(frames, plan)) / 2  # what most rows leave open they have nothing to say of
    gaps = tuple(
        f"{plan.indicators[row.indicator].label}有{row.left_out_n}行没有填写，不计入。"
        for row in records(whole[whole["left_out_n"].between(1, few)])
    )
    run = analysis.running(frames, plan) if plan.chart.get("draw") == "running" else None
    named = replace(recipe, id=cut.id, title=title, draw="mechanism")
    return MechanismExhibit(
        replace(cut, title=title), named, Layout(), codebook, data.source("各单位报送的帮扶台账"),
        beside=beside, plan=plan, by=column, run=run, gaps=gaps,
    )


def _adds_up(parts: pd.DataFrame, whole: pd.DataFrame) -> bool:
    """Whether the groups of every indicator add up to it: a person helped twice may stand in two groups."""
    kinds = ["indicator", "counted_in"]
    sums = parts.groupby(kinds)["n"].sum().astype(float)
    return bool(sums.sub(whole.set_index(kinds)["n"].astype(float), fill_value=0.0).abs().lt(1e-6).all())


def _cut(name: str, result: pd.DataFrame, plan: Mechanism, population: str, *by: str) -> Cut:
    """Only people are counted for protection; what is measured in yuan or hours stands in `amount`."""
    shown = [name for name, indicator in plan.indicators.items() if indicator.open]
    people = result["counted_in"].isin(OF_PEOPLE) & ~result["indicator"].isin(shown)
    frame = result.assign(amount=result["n"].fillna(result["estimate"]), n=result["n"].where(people))
    frame = frame.drop(columns="left_out_n")  # rows of the ledger, no people
    kinds = ("indicator", "counted_in")
    return Cut(name, plan.label, frame, (*kinds, *by), (), population, kind="rate", apart=kinds)


def _number(row: Any) -> Cell:
    if getattr(row, "suppressed", False):
        return HIDDEN
    integer = pd.isna(row.estimate) and not row.amount % 1
    return int(row.amount) if integer else half_up(row.amount, 2)
