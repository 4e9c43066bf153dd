"""Result frames of two dimensions -> one Figure: causes by group, trends over waves, unit × cause.

The arguments are those of `charts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import isnan
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.exhibits.measures import (
    base_of,
    dimensions,
    heights,
    hidden,
    share_texts,
    sorted_by_size,
)
from bangfu_analysis.pages import theme
from bangfu_analysis.pages.chart_page import Page, chart, only_dimension
from bangfu_analysis.pages.theme import ACCENT, MAIN, plain, wrapped

MOST_LINES = 6
GAP = {"column": 0.075, "full": 0.07, "slide": 0.07}  # least distance of two names, as a share of the axis
PANELS_A_ROW = {"column": 2, "full": 5, "slide": 5}
End = tuple[float, float, str, str]  # where a line ends (y is NaN where no point may be shown), its text and its colour
LINE_COLOURS = (MAIN, ACCENT, "#2c7bb0", "#8f6700", "#5b6770", "#7d5aa6")  # dark enough for words on white


@chart
def causes_by_group(table: pd.DataFrame, page: Page, *, by: str) -> Figure:
    """One panel per level of `by` with the shares of its causes, all in the order of their size over all
    groups.

    `table` is `cause_table(workers, causes, by)`: shares are of the workers of the group.
    """
    name, groups = _causes(table, page, by)
    across = min(PANELS_A_ROW[page.size], max(len(groups), 1))
    causes = page.labels(groups[0][1][name]) if groups else []
    stubs = [wrapped(cause, 18 if page.size == "column" else 24) for cause in causes]
    places, lines = theme.row_places(stubs)
    figure, panels = page.panels(len(groups), across, 3 + lines, above=5)
    longest = max([*heights(table), 0.1]) * (1.3 + 0.12 * across)
    for axes, (label, part) in zip(panels, groups, strict=True):
        bars = plain(axes, keep="left").barh(places, heights(part), color=MAIN, height=1.0)
        axes.bar_label(bars, share_texts(part), padding=2)
        axes.set_title(f"{wrapped(label, 75 // across)}\nn = {base_of(part)}", fontsize="medium")
        axes.set(xticks=[], xlim=(0, longest), ylim=(lines, 0))
        axes.set_yticks(places, stubs)
    return page.captioned(figure, page.name(name, by), page.notes(table, by))


@chart
def cause_heatmap(table: pd.DataFrame, page: Page, *, by: str) -> Figure:
    """Rows: the groups of `by` (units) with their n; columns: causes by size; in a cell: % of the group's
    workers.

    The darker, the larger; hidden cells bear *, groups of nobody —. Groups that do not fit are left to the
    table. ArgumentError for the narrow size, where the numbers would overlap, and where nobody is in the
    table.
    """
    if page.size == "column":
        raise ArgumentError("cause_heatmap：75 毫米的栏宽放不下各项原因的数字，请用 size='full' 或 'slide'。")
    if not table["n"].fillna(1).any():
        raise ArgumentError("cause_heatmap：表中各格都是 0 人，没有可画的数。请检查筛选条件，或不画这张图。")
    name, groups = _causes(table, page, by)
    groups = sorted(groups, key=lambda group: -float(group[1]["base_n"].fillna(0).iloc[0]))
    labels = [f"{label} (n = {base_of(part)})" for label, part in groups]
    values, printed = (pd.DataFrame([cells(part) for _, part in groups]) for cells in (heights, share_texts))
    columns = [wrapped(cause, 12) for cause in page.labels(groups[0][1][name])]
    figure, more = heatmap(page, labels, columns, values, printed, lines=14, beside=13, upright=len(columns) > 6)
    notes = [page.measure("share"), *page.notes(table, by), more]
    return page.captioned(figure, page.name(name, by), notes)


@chart
def trend_lines(table: pd.DataFrame, page: Page, *, measure: str = "share") -> Figure:
    """`measure` (share or n) over the waves, one line per level, named at its right end; n of each wave under
    it.

    `table` is the result of `trend`. A line breaks before a wave that is not `comparable` with the one
    before. Beyond MOST_LINES levels only the largest of the last wave are drawn, and the note says so. The
    axis begins at 0.
    """
    if measure not in ("share", "n"):
        raise ArgumentError.naming("measure", measure, ("share", "n"))
    names = [c for c in dimensions(table) if c != "wave"]
    if len(names) > 1:
        raise ArgumentError(f"trend_lines：除 wave 外最多一个分组列，结果表中有 {names}。请先选定一组。")
    name = names[0] if names else None
    drawn = _largest(_printed(table, measure), name, measure)
    place = _places(table["wave"])
    first, last = min(place.values()), max(place.values())
    figure, axes = page.axes(20, keep="bottom")
    ends = [_line(axes, i, label, part, measure, place) for i, (label, part) in enumerate(page.groups(drawn, name))]
    axes.set_ylim(bottom=0, top=max(axes.get_ylim()[1] * 1.08, 0.1))
    _name_ends(axes, ends, page.size)
    _mark_breaks(axes, table, place)
    axes.set_xticks([*place.values()], _apart({at: _wave_label(table, wave, measure) for wave, at in place.items()}))
    axes.set_yticks([])
    axes.set_xlim(first - 0.12 * (last - first or 1), last + 0.04 * (last - first or 1))
    axes.set_ylabel(page.measure(measure))
    return page.captioned(figure, page.name(*names), _trend_notes(table, drawn, page))


def _causes(table: pd.DataFrame, page: Page, by: str) -> tuple[str, list[tuple[str, pd.DataFrame]]]:
    """The column of causes, and the groups of `by` with those causes, by size, that somebody named or may
    have (hidden).
    """
    name = only_dimension(table, besides=by)
    somebody = table["n"].astype("Int64").ne(0).fillna(True)
    named = table[somebody.groupby(table[name], observed=True).transform("any")]
    return name, page.groups(sorted_by_size(named, name), by)


def heatmap(
    page: Page, labels: Sequence[str], columns: Sequence[str], values: pd.DataFrame, printed: pd.DataFrame,
    *, lines: float, beside: int, upright: bool = False,
) -> tuple[Figure, str]:  # fmt: skip
    """A cell per value, the darker the larger, with what is printed in it; the figure, and a note of the rows
    that do not fit.

    `lines` of text stand above and below the rows; `beside` is what `rows_that_fit` takes for that.
    """
    import seaborn as sns  # seconds to import

    rows = [wrapped(label, 34) for label in labels]
    tallest = max(rows, key=lambda row: row.count("\n"), default="")
    shown = theme.rows_that_fit([tallest] * len(rows), page.size, beside=beside)
    rows = rows[:shown]
    figure = page.figure(lines + theme.row_places([tallest] * len(rows))[1])
    axes = figure.subplots()
    sns.heatmap(
        values.head(shown), annot=printed.head(shown), fmt="", cmap=sns.light_palette(MAIN, as_cmap=True), cbar=False,
        linewidths=0.5, ax=axes, annot_kws={"fontsize": "small"},
    )  # fmt: skip
    for text, colour in zip(axes.texts, axes.collections[0].get_facecolor(), strict=True):
        text.set_color(theme.text_colour(colour))
    plain(axes).set_xticks([i + 0.5 for i in range(len(columns))], columns, rotation=90 if upright else 0)
    axes.set_yticks([i + 0.5 for i in range(len(rows))], rows, rotation=0)
    axes.set(xlabel="", ylabel="")
    return figure, page.more(len(labels) - len(rows))


def _printed(table: pd.DataFrame, measure: str) -> pd.DataFrame:
    """The table with `printed`: its numbers as the tables print them, wave by wave."""
    if measure == "n":
        return table.assign(printed=["*" if pd.isna(n) else str(n) for n in table["n"]])
    parts = [part for _, part in table.groupby("wave", observed=True, sort=False)]
    return table.assign(printed=pd.concat([pd.Series(share_texts(part), index=part.index) for part in parts]))


def _largest(table: pd.DataFrame, name: str | None, measure: str) -> pd.DataFrame:
    """The rows of the MOST_LINES levels that are largest in the last wave before each break, in codebook
    order.
    """
    if name is None or table[name].nunique() <= MOST_LINES:
        return table
    waves = list(dict.fromkeys(table["wave"]))
    starts = table.groupby("wave")["comparable"].any().to_dict() if "comparable" in table else {}
    ends = [wave for wave, after in zip(waves, [*waves[1:], None], strict=True) if not starts.get(after, after)]
    last = table[table["wave"].isin(ends)].sort_values(measure, ascending=False, kind="stable")
    return table[table[name].isin(list(last.groupby("wave")[name].head(MOST_LINES)))]


def _places(waves: pd.Series[Any]) -> dict[Any, float]:
    """Years stand at their distance in time; other names of waves at equal steps."""
    names = list(dict.fromkeys(waves))
    years = all(len(str(name)) == 4 and str(name).isdigit() for name in names)
    return {name: float(str(name)) if years else float(i) for i, name in enumerate(names)}


def _line(axes: Axes, i: int, label: str, part: pd.DataFrame, measure: str, place: Mapping[Any, float]) -> End:
    """Draw one level, in pieces where it is not comparable; returns its last known point."""
    factor = 100 if measure == "share" else 1
    known = part["base_n"].ne(0).fillna(True) if "base_n" in part else part["wave"].notna()
    values = part[measure].where(known).astype("Float64").to_numpy(dtype=float, na_value=float("nan")) * factor
    x = [place[wave] for wave in part["wave"]]
    new = part["comparable"].eq(False).to_list() if "comparable" in part else [False] * len(part)
    starts = [0, *(k for k in range(1, len(part)) if new[k]), len(part)]
    kinds: dict[str, Any] = {"color": LINE_COLOURS, "linestyle": theme.DASHES, "marker": theme.MARKERS}
    look = {key: every[i % len(every)] for key, every in kinds.items()}
    for start, end in zip(starts, starts[1:], strict=False):
        axes.plot(x[start:end], values[start:end], clip_on=False, **look)
    if {"ci_low", "ci_high"} <= set(part) and measure == "share":
        low, high = (part[c].to_numpy(dtype=float, na_value=float("nan")) * factor for c in ("ci_low", "ci_high"))
        axes.vlines(x, low, high, color=look["color"], linewidth=0.8, clip_on=False)
    last = max((k for k, value in enumerate(values) if value == value), default=-1)
    return x[last], float(values[last]), f"{label} {part['printed'].iloc[last]}".strip(), look["color"]


def _name_ends(axes: Axes, ends: Sequence[End], size: str) -> None:
    """Write each line's name and last value behind its last point, pushed apart so that no two overlap."""
    gap = axes.get_ylim()[1] * GAP[size]
    below: dict[float, float] = {}
    for x, y, text, colour in sorted(ends, key=lambda end: -1 if isnan(end[1]) else end[1]):
        below[x] = max(0 if isnan(y) else y, gap / 2, below.get(x, -gap) + gap)
        theme.beside(axes, text, (x, below[x]), 7, color=colour)


def _mark_breaks(axes: Axes, table: pd.DataFrame, place: Mapping[Any, float]) -> None:
    """A dotted line before every wave but the first that is not comparable with the one before."""
    if "comparable" not in table:
        return
    comparable = table.groupby("wave", observed=True)["comparable"].any()
    for before, wave in pairwise(place):
        if not comparable[wave]:
            axes.axvline((place[before] + place[wave]) / 2, color=theme.MUTED, linestyle=":", linewidth=0.8)


def _apart(labels: Mapping[float, str]) -> list[str]:
    """The labels of waves, every second of neighbours that stand close with its base a line lower."""
    close, low = 0.12 * (max(labels) - min(labels)), False
    found = [*labels.values()][:1]
    for (before, _), (at, label) in pairwise(labels.items()):
        low = at - before < close and not low
        found.append(label.replace("\n", "\n\n") if low else label)
    return found


def _wave_label(table: pd.DataFrame, wave: Any, measure: str) -> str:
    known = table.loc[table["wave"].eq(wave), "base_n"].dropna()
    return f"{wave}\nn = {int(known.iloc[0])}" if known.gt(0).any() and measure == "share" else str(wave)


def _trend_notes(table: pd.DataFrame, drawn: pd.DataFrame, page: Page) -> list[str]:
    later = table["wave"].ne(table["wave"].iloc[0])
    broken = "comparable" in table and not table.loc[later, "comparable"].all()
    known = table[table["base_n"].ne(0)] if "left_out_n" in table else table.assign(left_out_n=0)
    left = known.groupby("wave", observed=True)["left_out_n"].max()
    cases = page.words("and").join(f"{wave} {n}" for wave, n in left.items())
    told = "break_note" in table and page.lang == "zh"  # the crosswalk says why, in Chinese only
    why = table["break_note"] if told else pd.Series(dtype="str")
    return [
        page.when(len(drawn) < len(table), "largest", MOST_LINES),
        page.when(broken, "break"),
        *filter(None, why.unique()),
        page.when(left.any(), "left_by_wave", cases),
        page.when(hidden(table).any(), "hidden"),
        page.words("intervals" if "ci_low" in table else "census"),
    ]
