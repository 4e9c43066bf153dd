"""Result frames of several waves -> one Figure: slopes, pyramids, units by wave, decompositions.

The arguments are those of `charts`; lines over the waves are `charts_compare.trend_lines`, flows of people
`charts_flows.alluvial`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bangfu_analysis.analysis.domains import require
from bangfu_analysis.errors import ArgumentError, ColumnMissing
from bangfu_analysis.exhibits.measures import base_of, dimensions, heights, hidden, share_texts
from bangfu_analysis.exhibits.rounding import half_up
from bangfu_analysis.pages import theme
from bangfu_analysis.pages.chart_page import Page, chart, only_dimension
from bangfu_analysis.pages.charts import SEXES
from bangfu_analysis.pages.charts_compare import LINE_COLOURS, heatmap
from bangfu_analysis.pages.theme import plain

COMPONENTS = {"rate": theme.BLUE, "composition": theme.ACCENT, "total": theme.MAIN}
MOST_SLOPES = 12


@chart
def slope(table: pd.DataFrame, page: Page) -> Figure:
    """Shares in the first wave and in the last, a line for each level, with its share at both ends and its
    name at the right.

    `table` is the result of `trend` (or rates by unit and wave). Beyond MOST_SLOPES the largest of the last
    wave are drawn. Lines are dotted where a wave on the way is not comparable with the one before.
    """
    name = only_dimension(table, besides="wave")
    ends = [sorted(table["wave"].unique())[i] for i in (0, -1)]
    if ends[0] == ends[1]:
        raise ArgumentError(f"slope：要至少两个批次，表中只有 {ends[0]}。")
    sides = [table[table["wave"].eq(wave)].drop_duplicates(name).set_index(name) for wave in ends]
    ranked = sides[1].sort_values("share", ascending=False, kind="stable").index
    levels = [level for level in ranked if level in sides[0].index]
    drawn = levels[:MOST_SLOPES]
    figure, axes = page.axes(10 + 1.5 * len(drawn))
    labels = page.stubs(page.labels(pd.Series(drawn, name=name, dtype=object)))
    values = [(side["share"].astype(float) * 100).reindex(drawn).to_list() for side in sides]
    printed = [dict(zip(side.index, share_texts(side.reset_index()), strict=True)) for side in sides]
    broken = _broken_levels(table, name)
    for i, level in enumerate(drawn):
        colour, dots = LINE_COLOURS[i % len(LINE_COLOURS)], ":" if level in broken else "-"
        axes.plot([0, 1], [values[0][i], values[1][i]], marker="o", clip_on=False, color=colour, linestyle=dots)
    axes.set_ylim(0, max([*values[0], *values[1], 0.1]) * 1.08)
    line = axes.get_ylim()[1] / (5 + 1.5 * len(drawn))
    _name_points(axes, 0, values[0], [printed[0][level] for level in drawn], line)
    named = [f"{printed[1][level]} {label}" for label, level in zip(labels, drawn, strict=True)]
    _name_points(axes, 1, values[1], named, line)
    axes.set_xticks([0, 1], [f"{wave}\n{_base_text(side)}".strip() for wave, side in zip(ends, sides, strict=True)])
    axes.set(yticks=[], xlim=(-0.1, 1.05))
    one_base = all(_base_text(side) for side in sides)
    lost = table[name].nunique() - len(levels)
    notes = [
        page.measure("share"),
        *(page.notes(table, "wave")[1:] if one_base else _of_many_bases(table, page)),
        page.when(broken & set(drawn), "break_dotted"),
        page.more(len(levels) - len(drawn)),
        page.when(lost > 0, "one_end", lost),
    ]
    return page.captioned(figure, page.name(name), notes)


def _base_text(side: pd.DataFrame) -> str:
    return f"n = {base_of(side)}" if len(set(side["base_n"])) == 1 else ""


def _broken_levels(table: pd.DataFrame, name: str) -> set[Any]:
    if "comparable" not in table:
        return set()
    later = table[table["wave"].ne(table["wave"].min())]
    return set(later.loc[~later["comparable"].astype(bool), name])


def _of_many_bases(table: pd.DataFrame, page: Page) -> list[str]:
    """The sum of the bases of each wave, where every row has a base of its own; and marks."""
    sums = table.groupby("wave", observed=True)["base_n"].sum().astype("Int64")
    counted = page.words("n_steps", page.words("and").join(f"{wave} {n}" for wave, n in sums.items()))
    return [counted, page.when(hidden(table).any(), "hidden")]


def _name_points(axes: Axes, x: int, values: Sequence[float], texts: Sequence[str], line: float) -> None:
    """Each text beside its point, to the left at 0 and to the right at 1, pushed apart so that no two
    overlap.
    """
    order = sorted(range(len(texts)), key=lambda i: values[i] if values[i] == values[i] else 0.0)
    high = [(texts[i].count("\n") + 1.1) * line for i in order]
    places: list[float] = []
    for k, i in enumerate(order):
        least = places[-1] + (high[k - 1] + high[k]) / 2 if places else 0.0
        places.append(max(values[i] if values[i] == values[i] else 0.0, least))
    roof = axes.get_ylim()[1]
    for k in reversed(range(len(places))):
        places[k] = min(places[k], roof)
        roof = places[k] - (high[k] + high[max(k - 1, 0)]) / 2
    for i, y in zip(order, places, strict=True):
        theme.beside(axes, texts[i], (x, y), 14 * x - 7, color=LINE_COLOURS[i % len(LINE_COLOURS)])


@chart
def pyramids(table: pd.DataFrame, page: Page) -> Figure:
    """Population pyramids of several waves side by side, in percent of each wave, all on one scale.

    `table` is `tabulate(workers, ["sex", "age_five_year"], within="wave")`.
    """
    ages = [c for c in dimensions(table) if c not in ("sex", "wave")]
    if not {"sex", "wave"} <= set(table) or len(ages) != 1:
        where = "pyramids（需要 wave、sex 与一个年龄分组）"
        raise ColumnMissing.naming(["wave", "sex"], dimensions(table), where=where)
    groups = page.groups(table, "wave")
    words = page.labels(table[ages[0]].drop_duplicates())
    most = max([*heights(table), 0.1]) * 1.5
    figure = page.figure(9 + 1.5 * len(words))
    for axes, (wave, part) in zip(figure.subplots(1, len(groups), sharey=True, squeeze=False)[0], groups, strict=True):
        plain(axes).set(xticks=[-most / 2, most / 2], xlim=(-most, most))
        axes.set_xticklabels([page.words("male"), page.words("female")])
        for sex, sign in (("male", -1), ("female", 1)):
            side = part[part["sex"].eq(sex)].reset_index(drop=True)
            lengths = [sign * height for height in heights(side)]
            bars = axes.barh(range(len(side)), lengths, color=SEXES[sex], height=0.8)
            texts = [text if text != "0.0" else "" for text in share_texts(side)]
            axes.bar_label(bars, texts, padding=2, fontsize="small")
        axes.set_title(f"{wave}\nn = {base_of(part)}", fontsize="medium")
        axes.set_yticks(range(len(words)), words)
    return page.captioned(figure, page.name(ages[0]), [page.measure("share"), *page.notes(table, "wave")])


@chart
def wave_heatmap(table: pd.DataFrame, page: Page, *, by: str) -> Figure:
    """Rows: the levels of `by` (units), the highest of the last wave first; columns: waves; in a cell: the
    share in percent.

    `table`: one row per wave and level (`hardship_rate(workers, population, by=["wave", "unit"])`). The
    darker, the larger; hidden cells bear *, what a wave does not have —. Rows that do not fit are left to
    the table.
    """
    require(table, ["wave", by, "share"], where="wave_heatmap")
    if only_dimension(table, besides=by) != "wave" or not table["share"].notna().any():
        told = f"要一行一个 wave 与 {by}，且至少有一个占比。请先用 hardship_rate 或 trend 汇总。"
        raise ArgumentError(f"wave_heatmap：{told}")
    cells = table.assign(printed=share_texts(table)).astype({by: object, "wave": object})
    table_of = partial(cells.pivot_table, index=by, columns="wave", aggfunc="first", dropna=False)
    shares, printed = table_of(values="share"), table_of(values="printed")
    order = shares.sort_values(list(shares.columns[::-1]), ascending=False, kind="stable").index
    labels = page.labels(pd.Series(order, name=by, dtype=object))
    values, cells = shares.loc[order].fillna(0).astype(float), printed.loc[order].fillna("—")
    figure, more = heatmap(page, labels, [str(wave) for wave in shares.columns], values, cells, lines=9, beside=10)
    notes = [page.measure("share"), *_of_many_bases(table, page), more]
    return page.captioned(figure, page.name(by, "wave"), notes)


@chart
def decomposition_bars(table: pd.DataFrame, page: Page) -> Figure:
    """What a change is made of, in percentage points: bars to the left (less) and right (more), one group a
    pair of waves.

    `table` is the result of `decomposition`; with `detail`, one step and its strata in place of waves, the
    rates' and the composition's part.
    """
    needed = ["wave_before", "wave", "component", "estimate"]
    require(table, needed, where="decomposition_bars（需要 decomposition 的结果）")
    strata = [c for c in dimensions(table) if c not in ("wave_before", "wave", "component")]
    every = _groups_of_change(table, strata, page)
    parts = list(dict.fromkeys(table["component"].astype(str)))
    labels = page.labels(pd.Series(parts, name="component"))
    groups = every[: theme.rows_that_fit(["\n" * (len(parts) - 1)] * len(every), page.size)]
    group_height = len(parts) + 0.6
    figure, axes = page.axes(7 + len(groups) * group_height, keep="left")
    for i, (part, label) in enumerate(zip(parts, labels, strict=True)):
        values = [float(rows.loc[rows["component"].eq(part), "estimate"].sum()) * 100 for _, rows in groups]
        places = [g * group_height + i for g in range(len(groups))]
        bars = axes.barh(places, values, color=COMPONENTS.get(part, theme.MUTED), height=0.9, label=label)
        axes.bar_label(bars, [f"{half_up(value, 2):+.2f}".replace("-", "\u2212") for value in values], padding=2)
    middles = [g * group_height + (len(parts) - 1) / 2 for g in range(len(groups))]
    axes.set_yticks(middles, page.stubs([label for label, _ in groups]))
    axes.axvline(0, color=theme.INK, linewidth=0.6)
    axes.spines["left"].set_visible(False)
    axes.set_xticks([])
    axes.margins(x=0.2)
    axes.invert_yaxis()
    axes.legend(ncols=len(parts), loc="lower left", bbox_to_anchor=(0.0, 1.0), handlelength=1.2, columnspacing=1.0)
    notes = [page.words("points"), page.more(len(every) - len(groups))]
    return page.captioned(figure, page.words("parts"), notes)


def _groups_of_change(table: pd.DataFrame, strata: Sequence[str], page: Page) -> list[tuple[str, pd.DataFrame]]:
    grouped: Any = partial(table.groupby, observed=True, sort=False)
    steps = [(f"{before}–{wave}", rows) for (before, wave), rows in grouped(["wave_before", "wave"])]
    if not strata:
        return steps
    if len(steps) > 1:
        told = "分组的分解一次画一对批次，请先选定，例如 table[table['wave'] == '2010']。"
        raise ArgumentError(f"decomposition_bars：{told}")
    return [(page.labels(rows[strata[0]].iloc[:1])[0], rows) for _, rows in grouped(strata[0])]
