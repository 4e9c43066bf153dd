"""One result frame -> one Figure: levels, ages, education, causes, units, estimates. Only the order of bars
is computed.

Every chart takes a result frame and the codebook, and `lang` (zh, en), `title` (None: the variable's name; ""
for none), `source` and `size` (column, full, slide). It returns a matplotlib Figure that pyplot does not
know.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bangfu_analysis.analysis.domains import require
from bangfu_analysis.errors import ColumnMissing
from bangfu_analysis.exhibits.labels import text_width, widest_line
from bangfu_analysis.exhibits.measures import (
    base_of,
    dimensions,
    heights,
    hidden,
    share_texts,
    sorted_by_size,
)
from bangfu_analysis.exhibits.rounding import half_up
from bangfu_analysis.pages import theme
from bangfu_analysis.pages.chart_page import LEAST_NUMBERED, Page, chart, lying_bars, only_dimension
from bangfu_analysis.pages.theme import ACCENT, GOLD, MAIN, plain

MOST_UPRIGHT = {"column": 5, "full": 12, "slide": 12}
LINE_WIDTH = {"column": 40, "full": 90, "slide": 90}  # half-width characters under bars or over them
SEXES = {"male": MAIN, "female": GOLD}


@chart
def bar_of_shares(table: pd.DataFrame, page: Page) -> Figure:
    """One horizontal bar per level of the table's only dimension, in the order of the table, with share and
    count.

    Levels (units) that do not fit on a page are left to the table, and the note says so.
    """
    return _shares(table, page, page.bar_texts(table), page.notes(table))


@chart
def ordered_bars(table: pd.DataFrame, page: Page) -> Figure:
    """One upright bar per level in codebook order, for variables whose levels go up: education, age bands.

    Where there are too many to stand side by side in `size`, the bars lie, as in `bar_of_shares`.
    """
    name, texts, places = only_dimension(table), page.bar_texts(table), range(len(table))
    if len(table) > MOST_UPRIGHT[page.size]:
        return _shares(table, page, texts, page.notes(table))
    figure, axes = page.axes(18, keep="bottom")
    bars = axes.bar(places, heights(table), color=MAIN, width=0.6)
    axes.bar_label(bars, [text.replace("（", "\n（").replace(" (", "\n(") for text in texts], padding=2)
    width = max(6, LINE_WIDTH[page.size] // max(len(table), 1))
    axes.set_xticks(places, [theme.wrapped(label, width) for label in page.labels(table[name])])
    axes.set_yticks([])
    axes.margins(y=0.2)
    axes.set_ylim(bottom=0)
    return page.captioned(figure, page.name(name), page.notes(table))


@chart
def cause_bars(table: pd.DataFrame, page: Page) -> Figure:
    """Causes as horizontal bars, the largest first and 其他 last; causes nobody named are left out and the
    note says so.
    """
    named = sorted_by_size(table[table["n"].astype("Int64").ne(0).fillna(True)], only_dimension(table))
    unnamed = page.when(len(named) < len(table), "unnamed")
    return _shares(named, page, page.bar_texts(named), [*page.notes(table), unnamed])


@chart
def unit_rates(table: pd.DataFrame, page: Page) -> Figure:
    """Rates (`hardship_rate` by unit or district) as bars, the highest first, each with its count and its
    base.

    A unit without a denominator has no bar; units that do not fit are left to the table, and the note says
    so.
    """
    ranked = table.sort_values(["share", "n"], ascending=False, kind="stable", na_position="last")
    no_base = page.when((table["share"].isna() & table["n"].notna()).any(), "no_base")
    return _shares(ranked, page, page.rate_texts(ranked), [*page.notes(table), no_base])


@chart
def age_by_sex(table: pd.DataFrame, page: Page) -> Figure:
    """The reports' four cells: men under 50, men 50 and over, women 40 and over, women under 40; the sexes
    differ in shade.
    """
    name = only_dimension(table)
    sex_of = {str(level["code"]): level.get("sex") for level in page.codebook.bands[name].levels}
    colours = [SEXES[sex_of.get(str(code)) or "male"] for code in table[name]]
    return _shares(table, page, page.bar_texts(table), page.notes(table), colours)


@chart
def level_split(table: pd.DataFrame, page: Page, *, by: str | None = None) -> Figure:
    """Shares of the levels stacked to 100 %: one bar, or one per level of `by` (a unit, a wave, an age band).

    Levels are named in a legend above, with their numbers where there is one bar; narrow segments bear none
    inside.
    """
    name = only_dimension(table, besides=by)
    groups = [(label, part) for label, part in page.groups(table, by) if base_of(part) != "0"]
    stubs, places, lines = page.rows([f"{label} (n = {base_of(part)})" if by else "" for label, part in groups])
    rows = groups[: len(stubs)]
    levels = page.labels(rows[0][1][name]) if rows else []
    if len(rows) == 1:
        levels = [f"{level} {text}" for level, text in zip(levels, page.bar_texts(rows[0][1]), strict=True)]
    colours = [theme.PALETTE[i % len(theme.PALETTE)] for i in range(len(levels))]
    figure, axes = stacked_bars(page, stubs, places, lines, [part for _, part in rows], levels, colours)
    axes.set_xlim(0, 100)
    narrow = table["share"].between(0, LEAST_NUMBERED / 100, inclusive="neither").any()
    notes = [*page.notes(table, by), page.when(by and narrow, "small", LEAST_NUMBERED)]
    return page.captioned(figure, page.name(name), [*notes, page.more(len(groups) - len(rows))])


@chart
def age_pyramid(table: pd.DataFrame, page: Page) -> Figure:
    """Men to the left, women to the right, by age band, counts at the bars.

    `table` is `tabulate(workers, "age_five_year", within="sex")`, or has both columns as `by`.
    A dashed line marks where the reports cut: men 50, women 40 (band `age_by_sex` of the codebook).
    """
    ages = [c for c in dimensions(table) if c != "sex"]
    if "sex" not in table or len(ages) != 1:
        raise ColumnMissing.naming(["sex"], dimensions(table), where="age_pyramid（需要 sex 与一个年龄分组）")
    words = page.labels(table[ages[0]].drop_duplicates())
    apart = len(table[["base_n", "left_out_n"]].drop_duplicates()) > 1  # each sex has a base of its own
    most = float(max(table["n"].dropna(), default=0) or 1) * (1.6 if page.size == "column" else 1.4)
    figure = page.figure(8 + 1.5 * len(words))
    men, women = figure.subplots(1, 2, sharey=True)
    for axes, sex in ((men, "male"), (women, "female")):
        side = table[table["sex"].eq(sex)]
        _pyramid_side(axes, side, SEXES[sex], (most, 0) if sex == "male" else (0, most))
        base = f" (n = {base_of(side)})" if apart and len(side) else ""
        axes.set_title(page.words(sex) + base, fontsize="medium")
        _mark_cut(axes, page, ages[0], sex)
    women.tick_params(labelleft=True)
    men.tick_params(labelleft=False)
    women.set_yticks(range(len(words)), words, ha="center")
    women.tick_params(axis="y", pad=5 + theme.POINTS[page.size] * 0.27 * max(map(text_width, words), default=0))
    return page.captioned(figure, page.name(ages[0]), page.notes(table, "sex" if apart else None))


@chart
def mean_bars(table: pd.DataFrame, page: Page) -> Figure:
    """One horizontal bar per group, as long as its mean, with the mean and how many it is of; hidden ones
    bear *.
    """
    require(table, ["estimate", "n"], where="mean_bars")
    name = only_dimension(table)
    known = table["estimate"].astype(float)
    texts = [
        "*" if pd.isna(value) else f"{half_up(value, 2):.2f} (n = {n})"
        for value, n in zip(known, table["n"], strict=True)
    ]
    notes = [page.when(hidden(table).any(), "hidden")]
    labels = page.labels(table[name])
    return lying_bars(page, labels, known.fillna(0).tolist(), texts, page.name(name), notes)


@chart
def interval_dots(table: pd.DataFrame, page: Page) -> Figure:
    """Estimates as dots on their confidence intervals, one row per level, with the estimate and its
    unweighted base.

    `table`: one dimension, `share` or `estimate`, `ci_low`, `ci_high`, `n`, as from `estimate_share` or
    `estimate_mean`; shares are drawn in percent. Where it has a column `roster` (the value in the full
    roster), a tick marks it.
    """
    require(table, ["ci_low", "ci_high", "n"], where="interval_dots")
    name = only_dimension(table.drop(columns="roster", errors="ignore"))
    return _dots(table, page, name, "share" if "share" in table else "estimate")


@chart
def effect_dots(table: pd.DataFrame, page: Page) -> Figure:
    """The effects of a model on their confidence intervals, a row each, beside a line at 0: of an exhibit of
    `fit_model`.
    """
    require(table, ["effect_of", "compared_with", "n"], where="effect_dots")
    known = table["compared_with"].ne("—")
    against = table["compared_with"].map(lambda other: page.words("against", other))
    words = table["effect_of"].mask(known, table["effect_of"] + against)
    rows = table.rename(columns={"effect_low": "ci_low", "effect_high": "ci_high"}).assign(effect_of=words)
    figure = _dots(rows, page, "effect_of", "effect" if "effect" in table else "estimate")
    figure.axes[0].axvline(0, color=theme.INK, linewidth=0.8, zorder=0)
    return figure


def _dots(table: pd.DataFrame, page: Page, name: str, measure: str) -> Figure:
    factor, decimals = (1, 2) if measure == "estimate" else (100, 1)
    labels = page.labels(table[name])
    bases = table["base_n" if "base_n" in table else "n"]  # a share's n is of its level alone
    stubs, places, lines = page.rows([f"{label} (n = {n})" for label, n in zip(labels, bases, strict=True)])
    shown = table.head(len(stubs))
    low, value, high, roster = (_floats(shown, c) * factor for c in ("ci_low", measure, "ci_high", "roster"))
    figure, axes = page.axes(6 + lines, keep="bottom")
    axes.hlines(places, low, high, color=MAIN)
    axes.plot(value, places, "o", color=MAIN)
    axes.plot(roster, places, "|", color=ACCENT, markersize=2 * theme.POINTS[page.size], markeredgewidth=1.5)
    axes.set_yticks(places, stubs)
    axes.set(ylim=(lines, 0), xlabel=page.measure(measure))
    beside = plain(axes.twinx())
    beside.set_yticks(places, [_interval(*row, decimals) for row in zip(value, low, high, strict=True)])
    beside.set_ylim(lines, 0)
    notes = [page.words("dots"), page.when("roster" in table, "roster"), *page.notes(table)[1:]]
    return page.captioned(figure, page.name(name), [*notes, page.more(len(table) - len(shown))])


def _floats(table: pd.DataFrame, column: str) -> Any:
    """A column as floats; without it, nothing to draw."""
    return table[column].to_numpy(float, na_value=np.nan) if column in table else np.full(len(table), np.nan)


def _interval(value: float, low: float, high: float, decimals: int) -> str:
    if pd.isna(value):
        return "*"
    return "{} ({}–{})".format(*(f"{half_up(number, decimals):.{decimals}f}" for number in (value, low, high)))


def _shares(
    table: pd.DataFrame, page: Page, texts: Sequence[str], notes: Sequence[str], colours: str | Sequence[str] = MAIN
) -> Figure:
    """Lying bars of `share`, labelled by the table's only dimension."""
    name = only_dimension(table)
    return lying_bars(page, page.labels(table[name]), heights(table), texts, page.name(name), notes, colours=colours)


def stacked_bars(
    page: Page, stubs: Sequence[str], places: Sequence[float], lines: float, parts: Sequence[pd.DataFrame],
    levels: Sequence[str], colours: Sequence[str], *, starts: Iterable[float] = repeat(0.0), least: float = LEAST_NUMBERED,
) -> tuple[Figure, Axes]:  # fmt: skip
    """Bars of the shares of each of `parts`, level by level from where it `starts`, under a legend of
    `levels`.

    Segments of at least `least` percent bear their number. As many legend entries as fit stand beside each
    other, right of the bars' labels.
    """
    taken, longest = widest_line(stubs), max(map(text_width, levels), default=1)
    columns = max(1, min(len(levels), (LINE_WIDTH[page.size] + 10 - taken) // (longest + 6)))
    figure, axes = page.axes(5.5 + 1.4 * -(-len(levels) // columns) + lines)
    for place, part, left in zip(places, parts, starts, strict=False):
        for height, text, level, colour in zip(heights(part), share_texts(part), levels, colours, strict=True):
            axes.barh(place, height, left=left, color=colour, edgecolor="white", height=1.0, label=level)
            if height >= least:
                axes.text(left + height / 2, place, text, ha="center", va="center", color=theme.text_colour(colour))
            left += height
    axes.set_yticks(places, stubs)
    axes.set(xticks=[], ylim=(lines, 0))
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(
        handles[: len(levels)], labels[: len(levels)], ncols=columns, loc="lower left", bbox_to_anchor=(0.0, 1.0),
        borderaxespad=0.3, borderpad=0.0, handlelength=1.4, columnspacing=1.4,
    )  # fmt: skip
    return figure, axes


def _pyramid_side(axes: Axes, side: pd.DataFrame, colour: str, limits: tuple[float, float]) -> None:
    plain(axes).set(xticks=[], xlim=limits)  # before the bars, whose texts stand where the axis goes
    counts = side["n"].astype("Float64")
    bars = axes.barh(range(len(side)), counts.fillna(0).to_numpy(dtype=float), color=colour, height=0.8)
    axes.bar_label(bars, ["*" if pd.isna(n) else f"{int(n)}" for n in counts], padding=2)


def _mark_cut(axes: Axes, page: Page, band: str, sex: str) -> None:
    """A line between the bands below and above the cut of `age_by_sex`, where the band has one."""
    bands = page.codebook.bands
    cuts = [lv["from"] for lv in bands["age_by_sex"].levels if lv.get("sex") == sex and "from" in lv]
    starts = [level.get("from") for level in bands[band].levels]
    edge, side = (0.0, "left") if sex == "male" else (1.0, "right")
    for cut in (c for c in cuts if c in starts):
        y = starts.index(cut) - 0.5
        axes.axhline(y, color=ACCENT, linewidth=0.9, linestyle="--")
        axes.text(
            edge, y, page.words("cut", cut), ha=side, va="bottom", color=ACCENT, fontsize="small",
            transform=axes.get_yaxis_transform(),
        )  # fmt: skip
