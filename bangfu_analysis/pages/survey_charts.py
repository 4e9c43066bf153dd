"""Tables of a questionnaire -> figures: Likert bars centred on the neutral answer, multiple responses,
funnels, waves.

Every chart takes a table of analysis.questionnaires and the arguments of `charts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import pandas as pd
from matplotlib import colormaps
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from bangfu_analysis.analysis.domains import require
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.exhibits.labels import widest_line
from bangfu_analysis.exhibits.measures import base_of, heights, hidden, share_texts, sorted_by_size
from bangfu_analysis.pages import theme
from bangfu_analysis.pages.chart_page import LEAST_NUMBERED, Page, chart
from bangfu_analysis.pages.charts import bar_of_shares, stacked_bars
from bangfu_analysis.pages.theme import MAIN, plain, row_places

NEGATIVE, POSITIVE, NEUTRAL = colormaps["Oranges"], colormaps["Blues"], "#d4d7da"
PANELS_A_ROW = 3
SHARES = ["n", "base_n", "left_out_n", "share", "suppressed"]


@chart
def diverging_bars(table: pd.DataFrame, page: Page, *, by: str = "item", neutral: str | None = None) -> Figure:
    """One bar per level of `by` of a `likert` table, stacked and centred on the neutral grade, with n behind
    its name.

    `neutral`: the grade in the middle; without it the middle one of an odd number of grades, and the border
    between the halves of an even number. ArgumentError for a grade that is not there or a table with several
    rows per bar and grade.
    """
    _require(table, [by, "option", "base_n", "share"], "diverging_bars")
    grades = [str(g) for g in table["option"].cat.categories]
    if neutral is not None and neutral not in grades:
        raise ArgumentError.naming("neutral", neutral, grades)
    if table.duplicated([by, "option"]).any():
        raise ArgumentError(f"diverging_bars：每个 {by} 的每个等级应只有一行。请先筛选，或用 by 指明分组列。")
    bars = page.groups(table, by)
    stubs = page.stubs([f"{name} ({base_of(part)})" for name, part in bars])
    places, lines = row_places(stubs)
    middle = grades.index(neutral) if neutral else (len(grades) - 1) / 2
    rows = [part.set_index(part["option"].astype("str")).reindex(grades).reset_index(drop=True) for _, part in bars]
    widths = [heights(row) for row in rows]
    starts = [_left(each, middle) for each in widths]
    ends = [start + sum(each) for start, each in zip(starts, widths, strict=True)]
    least = _least_numbered(page, stubs, max(ends) - min(starts))
    colours = [_colour(i, middle, len(grades)) for i in range(len(grades))]
    figure, axes = stacked_bars(page, stubs, places, lines, rows, grades, colours, starts=starts, least=least)
    axes.axvline(0, color=theme.INK, linewidth=0.8, zorder=0)
    notes = [*map(page.words, ("base", "percent", "centre")), page.words("small", least)]
    return page.captioned(figure, "", [*notes, page.when(hidden(table).any(), "hidden")])


@chart
def multiple_bars(table: pd.DataFrame, page: Page) -> Figure:
    """Percent of respondents per option of `multiple_response`, the largest first, the base in the note."""
    _require(table, ["option", "n", "base_n", "share"], "multiple_bars")
    rows = sorted_by_size(table[["option", *(c for c in SHARES if c in table)]], "option")
    title = page.title or ""
    return bar_of_shares(rows, page.codebook, lang=page.lang, title=title, source=page.source, size=page.size)


@chart
def funnel_bars(table: pd.DataFrame, page: Page) -> Figure:
    """The steps of `funnel` from above to below: dark who passed, pale the step's base, on one scale of
    persons.
    """
    _require(table, ["step", "n", "base_n", "share"], "funnel_bars")
    stubs = page.stubs(table["step"].astype("str").tolist())
    places, lines = row_places(stubs)
    figure, axes = page.axes(6 + lines, keep="left")
    bases = table["base_n"].fillna(0).astype(float).tolist()
    behind = axes.barh(places, bases, color=theme.PALE, height=1.0)
    axes.barh(places, table["n"].fillna(0).astype(float).tolist(), color=MAIN, height=1.0)
    axes.bar_label(behind, page.rate_texts(table), padding=3)
    axes.set_yticks(places, stubs)
    axes.set(xticks=[], xlim=(0, max([*bases, 1]) * (1.9 if page.size == "column" else 1.35)), ylim=(lines, 0))
    return page.captioned(figure, "", [page.words("funnel"), *page.notes(table, "step")[1:2]])


@chart
def wave_multiples(table: pd.DataFrame, page: Page) -> Figure:
    """Small multiples: a panel per option (or item), a bar per wave on one common scale, n under each wave.

    `table`: any table with wave, option (or item of likert_summary), share and base_n.
    """
    panel = "option" if "option" in table else "item"
    _require(table, ["wave", panel, "share", "base_n"], "wave_multiples")
    panels = page.groups(table, panel)
    across = min(PANELS_A_ROW, len(panels))
    figure, grid = page.panels(len(panels), across, 12)
    for axes, (name, part) in zip(grid, panels, strict=True):
        bars = plain(axes, keep="bottom").bar(range(len(part)), heights(part), width=0.6, color=theme.MUTED)
        bars[-1].set_color(MAIN)
        axes.bar_label(bars, share_texts(part), padding=2)
        words = [f"{wave}\n(n = {base_of(part.iloc[[i]])})" for i, wave in enumerate(part["wave"])]
        axes.set_xticks(range(len(part)), words)
        axes.set(yticks=[], ylim=(0, max([*heights(table), 0.1]) * 1.25))
        axes.set_title(theme.wrapped(name, 75 // across), fontsize="medium", loc="left")
    notes = page.notes(table, "wave")
    told = notes if panel == "option" else notes[1:2] + notes[3:]
    return page.captioned(figure, "", [page.words("percent"), *told])


def _left(widths: Sequence[float], middle: float) -> float:
    """Where a bar begins whose middle grade is centred on 0."""
    return -sum(w if i < middle else w / 2 if i == middle else 0.0 for i, w in enumerate(widths))


def _least_numbered(page: Page, stubs: Sequence[str], span: float) -> int:
    """The narrowest segment, in percent, that has room for its number where `span` percent stand beside such
    labels.
    """
    em = theme.POINTS[page.size] * 25.4 / 72
    a_millimetre = span / (theme.WIDTHS_MM[page.size] - widest_line(stubs) * em / 2)
    one_digit, two_digits = 1.7 * em * a_millimetre, 2.3 * em * a_millimetre
    return max(LEAST_NUMBERED, ceil(one_digit if one_digit < 10 - LEAST_NUMBERED / 2 else two_digits))


def _colour(i: int, middle: float, grades: int) -> str:
    """Orange to the left of the middle, blue to the right, darker outwards; the neutral grade grey."""
    if i == middle:
        return NEUTRAL
    steps = middle if i < middle else grades - 1 - middle
    return to_hex((NEGATIVE if i < middle else POSITIVE)(0.25 + 0.65 * abs(i - middle) / max(steps, 1)))


def _require(table: pd.DataFrame, columns: Sequence[str], where: str) -> None:
    require(table, columns, where=where)
    if not len(table):
        raise ArgumentError(f"{where}：表中没有任何行，无法画图。请检查筛选条件。")
