"""A chart -> a matplotlib Figure of one of six shapes, at a print size: column, full or slide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.labels import phrase, text_width, widest_line
from bangfu_analysis.pages import theme
from bangfu_analysis.pages.chart import Chart
from bangfu_analysis.pages.charts import chart_of
from bangfu_analysis.pages.theme import ACCENT, GREY, INK, MAIN, MUTED, PALE, POINTS, plain, wrapped

LABEL_WIDTH = {"column": 18, "full": 30, "slide": 30}  # half-width characters
PANELS_A_ROW = {"column": 2, "full": 5, "slide": 5}
TITLE = 1.2  # times the size of the text
BLOCK = 0.06  # half the width of a block of a flow, whose ends stand one apart
EDGE_MM = 2.0
End = tuple[int, float, float, str, str]  # -1 left, 1 right; x and y; what is written there, its colour
Floats = Sequence[float] | np.ndarray[Any, np.dtype[np.float64]]


def draw(exhibit: Exhibit, *, size: str = "full", title: str | None = None) -> Figure:
    """The chart of an exhibit; the sentence that says so where its wave has nothing to draw."""
    if len(exhibit.frame):
        return figure_of(chart_of(exhibit, title=title), size)
    nothing = pd.DataFrame()
    return figure_of(Chart("", nothing, nothing, exhibit.text, lang=exhibit.lang), size)


def figure_of(chart: Chart, size: str = "full") -> Figure:
    """A chart as a figure of a print size."""
    with theme.look(size):
        return SHAPES[chart.shape](chart, size) if chart.values.size else _framed(chart, size, 1.0)[0]


def _framed(
    chart: Chart, size: str, lines: float, across: int = 1, down: int = 1, more: int = 0
) -> tuple[Figure, list[Axes]]:
    """A figure whose axes are so many lines of text high, under title and subtitle, above the notes.

    `more`: how many rows had no room and are left to the table.
    """
    width, rest = theme.characters(size), phrase("charts", "more", chart.lang, more) if more else ""
    notes = phrase("charts", "join", chart.lang).join(filter(None, [*chart.notes, rest]))
    texts = wrapped(chart.title, int(width / TITLE)), wrapped(chart.subtitle, width), wrapped(notes, width)
    title, subtitle, under = (text.count("\n") + 1.0 if text else 0.0 for text in texts)
    right = title > 0 and TITLE * text_width(chart.title) + text_width(chart.subtitle) + 4 <= width
    above, under = TITLE * title + subtitle * (not right) + 0.5, under + 0.3
    figure = theme.new_figure(size, (above + lines + under) * theme.line_mm(size))
    height = figure.get_size_inches()[1] * 25.4 / theme.line_mm(size)
    engine: Any = figure.get_layout_engine()
    engine.set(rect=(0, under / height, 1, max(0.1, 1 - (above + under) / height)))
    figure.text(0.01, 1 - 0.35 / height, texts[0], va="top", fontsize=POINTS[size] * TITLE)
    place, at = (0.99, 0.45) if right else (0.01, TITLE * title + 0.4)  # as the unit stands over a table
    figure.text(place, 1 - at / height, texts[1], ha="right" if right else "left", va="top", color=GREY)
    figure.text(0.01, 0.2 / height, texts[2], va="bottom", color=GREY)
    if not chart.values.size:
        return figure, []
    grid = figure.subplots(down, across, squeeze=False, sharey=True).ravel()
    panels = len(chart.series) if chart.shape == "bars" else len(grid)
    for spare in grid[panels:]:
        spare.remove()
    return figure, [plain(axes) for axes in grid[:panels]]


def _rows(chart: Chart, size: str, beside: float) -> tuple[list[str], list[float], float, int]:
    """The labels of the rows that fit beside so many lines, where they stand, their height in all, and how
    many do not fit.
    """
    stubs = [wrapped(label, LABEL_WIDTH[size]) for label in chart.rows]
    shown, places, lines = theme.rows_that_fit(stubs, size, beside)
    return shown, places, lines, len(stubs) - len(shown)


def _mm(text: str, size: str) -> float:
    """How wide the longest line of a text is."""
    return widest_line([text]) * POINTS[size] * 25.4 / 72 / 2


def _room(labels: Sequence[str], size: str) -> float:
    """The millimetres right of the labels of a figure."""
    return theme.WIDTHS_MM[size] * 0.97 - max(_mm(label, size) for label in labels) - EDGE_MM


def _bars(chart: Chart, size: str) -> Figure:
    """Lying bars, numbers behind them, a panel a series; dots on their intervals where there are some."""
    across = min(PANELS_A_ROW[size], len(chart.series))
    down, wide = -(-len(chart.series) // across), int(theme.characters(size) * 0.85 / across)
    heads = ["\n".join(wrapped(line, wide) for line in head.split("\n")) for head in chart.heads]
    head = max((text.count("\n") + 1.2 for text in heads), default=0.0)
    stubs, places, lines, more = _rows(chart, size, 8 + head)
    under = 1.4 if chart.low is not None else 0.0  # an axis
    figure, panels = _framed(chart, size, down * (lines + head + under) + 0.6, across, down, more)
    room, shown = _room(stubs, size) / across - EDGE_MM, len(stubs)
    for n, axes in enumerate(panels):
        axes.set_title("".join(heads[n : n + 1]), loc="left", fontsize=POINTS[size])
        texts = list(chart.texts.iloc[:shown, n])
        if chart.low is not None and chart.high is not None:
            grids = (chart.values, chart.low, chart.high)
            _intervals(axes, places, [grid.iloc[:shown, n].to_numpy(float) for grid in grids], texts)
        else:
            _lengths(axes, chart, places, n, texts)
            axes.set_xlim(*_limits(chart, shown, size, room))
        axes.set(ylim=(lines, 0))
        axes.set_yticks(places, stubs)
    return figure


def _lengths(axes: Axes, chart: Chart, places: Sequence[float], n: int, texts: Sequence[str]) -> None:
    shown = len(places)
    behind = axes.barh(places, chart.behind[:shown], color=PALE, height=0.9) if chart.behind else None
    colours = [chart.colours.get(label, MAIN) for label in chart.rows[:shown]]
    bars = axes.barh(places, chart.numbers[:shown, n], color=colours, height=0.9)
    axes.bar_label(behind or bars, texts, padding=2)
    axes.axvline(0, color=INK, linewidth=0.6)
    axes.set_xticks([])


def _limits(chart: Chart, shown: int, size: str, room: float) -> tuple[float, float]:
    """An axis, `room` millimetres long, on which each bar has its text behind it (before it, below zero)."""
    texts = chart.texts.head(shown).to_numpy()
    wide = np.array([[_mm(text, size) + EDGE_MM for text in row] for row in texts])
    numbers = np.array(chart.behind[:shown])[:, None] if chart.behind else chart.numbers[:shown]
    low, high, most = min(0.0, numbers.min()), max(0.0, numbers.max()), wide.max()
    if low < 0:
        unit = (high - low) / max(room - 2 * most, room / 4)
        return low - most * unit, high + most * unit
    return 0.0, max(float((numbers / np.maximum(room - wide, room / 4)).max()) * room, 0.1)


def _intervals(axes: Axes, places: Sequence[float], dots: Sequence[Floats], texts: Sequence[str]) -> None:
    """Dots on their intervals: the values, the low and the high ends."""
    value, low, high = dots
    axes.hlines(places, low, high, color=MAIN)
    axes.plot(value, places, "o", color=MAIN)
    left, right = axes.get_xlim()
    if left < 0 < right:
        axes.axvline(0, color=INK, linewidth=0.8, zorder=0)
    axes.set_xticks([tick for tick in axes.get_xticks() if left <= tick <= right])
    axes.spines["bottom"].set_visible(True)
    for place, text in zip(places, texts, strict=True):
        theme.beside(axes, text, (1.0, place), 4, xycoords=axes.get_yaxis_transform())


def _stacked(chart: Chart, size: str) -> Figure:
    """Bars of shares, level by level, under a legend, on an axis in percent; numbers where they have room."""
    stubs, places, lines, more = _rows(chart, size, 12)
    columns = _legend_columns(chart.series, theme.characters(size) - widest_line(stubs))
    figure, (axes,) = _framed(chart, size, lines + 1.3 * -(-len(chart.series) // columns) + 2.2, more=more)
    values = chart.numbers[: len(stubs)]
    before = -1.0 if chart.middle is None else chart.middle + 0.5  # so many series stand left of 0
    starts = -(values * np.clip(before - np.arange(len(chart.series)), 0, 1)).sum(axis=1)
    low, high = float(starts.min()), float((starts + values.sum(axis=1)).max(initial=1.0))
    room = _room(stubs, size) / (high - low)
    for i, level in enumerate(chart.series):
        colour = chart.colours.get(level, theme.PALETTE[i % len(theme.PALETTE)])
        lefts = starts + values[:, :i].sum(axis=1)
        axes.barh(places, values[:, i], 0.9, left=lefts, color=colour, edgecolor="white", label=level)
        texts = chart.texts.iloc[: len(stubs), i]
        for place, width, left, text in zip(places, values[:, i], lefts, texts, strict=True):
            if width * room > _mm(text, size) + 0.5:
                middle, ink = left + width / 2, theme.text_colour(colour)
                axes.text(middle, place, text, ha="center", va="center", color=ink, zorder=3)
    axes.set(ylim=(lines, 0), xlim=(low, high))
    axes.set_yticks(places, stubs)
    ticks = [tick for tick in range(-100, 101, 25) if low <= tick <= high + 1e-6]
    axes.set_xticks(ticks, [f"{abs(tick)}%" for tick in ticks])
    axes.axvline(0, color=INK, linewidth=0.8, zorder=2 if chart.middle is not None else 0)
    gaps = {"borderaxespad": 0.2, "borderpad": 0.0, "handlelength": 1.2, "columnspacing": 1.2}
    axes.legend(ncols=columns, loc="lower left", bbox_to_anchor=(0.0, 1.0), **gaps)
    return figure


def _legend_columns(levels: Sequence[str], room: int) -> int:
    """How many entries of a legend stand beside each other in so many half-width characters."""
    if sum(map(text_width, levels)) + 6 * len(levels) <= room:
        return len(levels)
    return max(1, room // (max(map(text_width, levels)) + 6))


def _pyramid(chart: Chart, size: str) -> Figure:
    """Men to the left and women to the right of one line, the youngest below; several beside each other."""
    pairs, rows = len(chart.series) // 2, range(len(chart.rows))
    figure, panels = _framed(chart, size, 1.2 * len(rows) + 2 + 2 * bool(chart.panels), pairs)
    cut = max((_mm(word, size) for _, word in chart.cuts), default=0.0)
    room = _room(chart.rows, size) / pairs / 2 - EDGE_MM
    most = _limits(chart, len(rows), size, room - cut)[1] * room / (room - cut)
    for n, axes in enumerate(panels):
        for side, (sign, colour) in enumerate(zip((-1, 1), theme.SEXES.values(), strict=True)):
            lengths = sign * chart.numbers[:, 2 * n + side]
            axes.barh(rows, lengths, color=colour, height=0.85)
            for row, length, text in zip(rows, lengths, chart.texts.iloc[:, 2 * n + side], strict=True):
                theme.beside(axes, text, (length, row), 2 * sign)
        for sign, (at, words) in zip((-1, 1), chart.cuts, strict=False):
            axes.plot([0, sign * most], [at, at], color=ACCENT, linewidth=0.9, linestyle="--")
            axes.text(sign * most, at, words, ha="left" if sign < 0 else "right", va="bottom", color=ACCENT)
        axes.set(xlim=(-most, most), yticks=rows, yticklabels=chart.rows)
        _heads(axes, [-most / 2, most / 2], chart.heads[2 * n : 2 * n + 2])
        axes.set_title("".join(chart.panels[n : n + 1]), fontsize=POINTS[size])
    return figure


def _heads(axes: Axes, places: Sequence[float], words: Sequence[str], rotation: int = 0) -> None:
    """Words above the axes."""
    axes.set_xticks(places, words, rotation=rotation)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)


def _lines(chart: Chart, size: str) -> Figure:
    """A line a series over the waves at their distance in time, its first and last value at its ends."""
    places, body = _in_time(chart.rows), max(8.0, 1.25 * len(chart.series) + 2)
    figure, (axes,) = _framed(chart, size, body + 3.2)
    grids = [grid.to_numpy(float) for grid in (chart.values, chart.high) if grid is not None]
    top = max([float(grid[~np.isnan(grid)].max(initial=0.1)) for grid in grids]) * 1.08
    axes.set_ylim(0, top)
    ends = [end for i in range(len(chart.series)) for end in _line(axes, chart, i, places)]
    for side in (-1, 1):
        _name_ends(axes, [end for at, *end in ends if at == side], 7 * side, top * 1.25 / body)
    goes_on = [True] if chart.comparable is None else chart.comparable.any(axis=1).tolist()
    for (before, at), compares in zip(pairwise(places), goes_on[1:], strict=False):
        if not compares:
            axes.axvline((before + at) / 2, color=MUTED, linestyle=":", linewidth=0.8)
    span = places[-1] - places[0] or 1
    wide = [(at, _mm(text, size)) for at, *_, text, _ in ends]
    beside = [max((mm for at, mm in wide if at == side), default=0.0) for side in (-1, 1)]
    room = theme.WIDTHS_MM[size] - sum(beside) - 4 * EDGE_MM
    axes.set_xticks(places, _apart(chart.rows, places))
    axes.set_xlim(places[0] - span * (beside[0] + 2 * EDGE_MM) / room, places[-1] + 0.02 * span)
    steps = MaxNLocator(nbins=4).tick_values(0, top) if len(places) > 2 else []
    axes.set_yticks([step for step in steps if step <= top])  # values in between are read off
    axes.grid(axis="y", color=PALE, linewidth=0.6, zorder=0)
    return figure


def _line(axes: Axes, chart: Chart, i: int, places: Sequence[float]) -> list[End]:
    """Draw one series, in pieces where it is not comparable; returns what stands at its two ends."""
    values, texts = chart.values.iloc[:, i].to_numpy(float), list(chart.texts.iloc[:, i])
    looks: dict[str, Any] = {"color": theme.LINE_COLOURS, "linestyle": theme.DASHES, "marker": theme.MARKERS}
    look = {name: every[i % len(every)] for name, every in looks.items()}
    goes_on = [True] if chart.comparable is None else chart.comparable.iloc[:, i].tolist()
    breaks = [k for k, compares in enumerate(goes_on) if k and not compares]
    for start, end in pairwise([0, *breaks, len(places)]):
        axes.plot(places[start:end], values[start:end], clip_on=False, **look)
    if chart.low is not None and chart.high is not None:
        low, high = (grid.iloc[:, i].to_numpy(float) for grid in (chart.low, chart.high))
        axes.vlines(places, low, high, color=look["color"], linewidth=0.8, clip_on=False)
    shown = np.flatnonzero(~np.isnan(values)).tolist() or [len(places) - 1]
    words = (shown[0], texts[shown[0]]), (shown[-1], f"{chart.series[i]} {texts[shown[-1]]}".strip())
    ends = zip((-1, 1), words, strict=True) if len(shown) > 1 else [(1, words[1])]
    heights = np.nan_to_num(values)
    return [(side, places[k], float(heights[k]), label, look["color"]) for side, (k, label) in ends]


def _in_time(waves: Sequence[str]) -> list[float]:
    """Years stand at their distance in time; other names of waves at equal steps."""
    names = [name.partition("\n")[0] for name in waves]
    years = all(len(name) == 4 and name.isdigit() for name in names)
    return [float(name) if years else float(i) for i, name in enumerate(names)]


def _apart(labels: Sequence[str], places: Sequence[float]) -> list[str]:
    """The labels; where any stand close, every second one with its base a line lower."""
    close = any(b - a < 0.12 * (places[-1] - places[0]) for a, b in pairwise(places))
    return [label.replace("\n", "\n\n") if close and i % 2 else label for i, label in enumerate(labels)]


def _name_ends(axes: Axes, ends: Sequence[Sequence[Any]], distance: float, gap: float) -> None:
    """Write what stands at (x, y) beside it, pushed apart so that no two overlap, inside the axes."""
    for x in dict.fromkeys(end[0] for end in ends):
        here = sorted((end for end in ends if end[0] == x), key=lambda end: float(end[1]))
        heights: list[float] = []
        for _, y, *_ in here:
            heights.append(max(y, heights[-1] + gap if heights else gap / 2))
        roof = max(axes.get_ylim()[1], gap * (len(here) - 0.5))
        for k in reversed(range(len(here))):
            heights[k] = min(heights[k], roof)
            roof = heights[k] - gap
        for (_, _, text, colour), height in zip(here, heights, strict=True):
            theme.beside(axes, text, (x, height), distance, color=colour)


def _heatmap(chart: Chart, size: str) -> Figure:
    """A cell a number, the darker the larger, with what is printed in it."""
    import seaborn as sns  # seconds to import

    columns = [wrapped(column, 12) for column in chart.series]
    upright = len(columns) > 6
    head = widest_line(columns) / 2 if upright else max(column.count("\n") + 1 for column in columns)
    stubs, _, _, more = _rows(chart, size, 8 + head)
    tallest = max(stub.count("\n") for stub in stubs) + 1.2
    figure, (axes,) = _framed(chart, size, tallest * len(stubs) + head + 0.8, more=more)
    values, texts = chart.numbers[: len(stubs)], chart.texts.head(len(stubs)).to_numpy()
    shades = sns.light_palette(MAIN, as_cmap=True)
    sns.heatmap(values, annot=texts, fmt="", cmap=shades, cbar=False, linewidths=0.5, ax=axes)
    for text, colour in zip(axes.texts, axes.collections[0].get_facecolor(), strict=True):
        text.set_color(theme.text_colour(colour))
    _heads(plain(axes), [i + 0.5 for i in range(len(columns))], columns, 90 if upright else 0)
    axes.set_yticks([i + 0.5 for i in range(len(stubs))], stubs, rotation=0)
    return figure


def _flow(chart: Chart, size: str) -> Figure:
    """Blocks of people by state before (left) and now (right), and bands from one to the other."""
    figure, (axes,) = _framed(chart, size, 1.9 * max(chart.values.shape) + 8)
    people, t = chart.numbers, np.linspace(0, 1, 40)
    sides = [(chart.rows, people.sum(axis=1)), (chart.series, people.sum(axis=0))]
    tops = [_blocks(axes, chart, x, labels, sizes) for x, (labels, sizes) in enumerate(sides)]
    for i, j in zip(*np.nonzero(people), strict=True):
        left, right = tops[0][i] + people[i, :j].sum(), tops[1][j] + people[:i, j].sum()
        upper = left + (right - left) * (3 * t**2 - 2 * t**3)
        colour, x = chart.colours.get(chart.rows[i], MAIN), BLOCK + t * (1 - 2 * BLOCK)
        axes.fill_between(x, upper, upper + people[i, j], color=colour, alpha=0.4, linewidth=0)
    axes.set(yticks=[], xlim=(-0.45, 1.45))
    axes.invert_yaxis()
    _heads(axes, [0, 1][: len(chart.heads)], chart.heads)
    return figure


def _blocks(axes: Axes, chart: Chart, x: int, labels: Sequence[str], sizes: Floats) -> list[float]:
    """Draw the blocks of one side, those of people who are not on file apart; where each begins."""
    tops, end, line, side = list[float](), 0.0, 0.09 * float(chart.numbers.sum()), 1 if x else -1
    for label, size in zip(labels, sizes, strict=True):
        colour = chart.colours.get(label, MAIN)
        gap = line * (0.9 if colour == MUTED else 0.25)
        tops.append(max(end + gap, tops[-1] + line) if tops else 0.0)
        axes.barh(tops[-1], 2 * BLOCK, left=x - BLOCK, height=size, align="edge", color=colour)
        theme.beside(axes, f"{label} {round(size)}", (x + side * BLOCK, tops[-1] + size / 2), 4 * side)
        end = tops[-1] + size
    return tops


SHAPES: dict[str, Callable[[Chart, str], Figure]] = {
    "bars": _bars, "stacked": _stacked, "pyramid": _pyramid, "lines": _lines, "heatmap": _heatmap,
    "flow": _flow,
}
