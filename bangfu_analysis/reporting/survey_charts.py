"""Tables of a questionnaire -> figures: Likert bars centred on the neutral answer, multiple responses, funnels, waves.

Every chart takes a table of analysis.questionnaires, whose labels are printed as they are, and returns a Figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from bangfu_analysis.errors import ArgumentError, ColumnMissing
from bangfu_analysis.reporting.rounding import percent
from bangfu_analysis.reporting.theme import (
    INK,
    MAIN,
    MUTED,
    PALE,
    captioned,
    line_mm,
    look,
    new_figure,
    plain,
    row_places,
    text_colour,
    wrapped,
)

LABEL_WIDTH = {"column": 16, "full": 30, "slide": 30}
LEAST_NUMBERED = 5.0
NEGATIVE, POSITIVE = colormaps["Oranges"], colormaps["Blues"]
WORDS = {
    "zh": {
        "n": "n = {0}人", "left": "未答{0}人不计入", "source": "数据来源：{0}", "bar": "{0}%（{1}人）", "many": "可多选，各项占作答人数之比相加大于100%",
        "ticks": "共选{0}项次", "small": "小于{0}%的占比未标数字", "step": "{0}%（{1}/{2}人）", "hidden": "* 人数过少，为保护个人信息而隐去",
        "centre": "竖线左侧为负面、右侧为正面评价，中间选项两侧各半", "funnel": "各步占比以通过上一步并作答的人数为基数", "join": "；",
    },
    "en": {
        "n": "n = {0}", "left": "{0} gave no answer, left out", "source": "Source: {0}", "bar": "{0}% ({1})",
        "many": "several answers possible; shares of respondents add up to more than 100%", "ticks": "{0} answers in all",
        "small": "shares under {0}% bear no number", "step": "{0}% ({1}/{2})", "hidden": "* too few persons to show",
        "centre": "negative answers left of the line, positive right, the neutral one half and half",
        "funnel": "each share is of those who passed the step before and answered", "join": "; ",
    },
}  # fmt: skip


def diverging_bars(
    table: pd.DataFrame,
    *,
    by: str = "item",
    neutral: str | None = None,
    lang: str = "zh",
    title: str = "",
    source: str = "",
    size: str = "full",
) -> Figure:
    """One bar per level of `by` of a `likert` table, stacked and centred on the neutral grade, with n behind its name.

    `neutral`: the grade in the middle; without it the middle one of an odd number of grades, and the border between the
    halves of an even number. ArgumentError for a grade that is not there or a table with several rows per bar and grade.
    """
    _require(table, [by, "option", "base_n", "share"], "diverging_bars")
    grades = [str(g) for g in table["option"].cat.categories]
    if neutral is not None and neutral not in grades:
        raise ArgumentError.naming("neutral", neutral, grades)
    if table.duplicated([by, "option"]).any():
        raise ArgumentError(f"diverging_bars：每个 {by} 的每个等级应只有一行。请先筛选，或用 by 指明分组列。")
    bars = [(str(name), part) for name, part in table.groupby(by, observed=True, sort=False)]
    labels = [wrapped(f"{name} (n = {_count(part['base_n'].iloc[0])})", LABEL_WIDTH[size]) for name, part in bars]
    places, lines = row_places(labels)
    middle = grades.index(neutral) if neutral else (len(grades) - 1) / 2
    with look(size):
        figure = new_figure(size, (8 + lines) * line_mm(size))
        axes = plain(figure.subplots())
        for place, (_, part) in zip(places, bars, strict=True):
            _diverging(axes, place, part, grades, middle)
        axes.axvline(0, color=INK, linewidth=0.8, zorder=0)
        axes.set_yticks(places, labels)
        axes.set(xticks=[], ylim=(lines, 0))
        _legend(axes, len(grades), size)
        small = WORDS[lang]["small"].format(f"{LEAST_NUMBERED:g}")
        return captioned(
            figure,
            title,
            [_joined([_left(table, lang), WORDS[lang]["centre"], small], lang), *_ends(table, lang, source)],
            size,
        )


def multiple_bars(
    table: pd.DataFrame,
    *,
    lang: str = "zh",
    title: str = "",
    source: str = "",
    size: str = "full",
    ordered: bool = False,
) -> Figure:
    """Percent of respondents per option of `multiple_response`, the largest first (`ordered`: as printed), base in the note."""
    _require(table, ["option", "n", "base_n", "share", "answers_n"], "multiple_bars")
    rows = table if ordered else table.sort_values("share", ascending=False, kind="stable", na_position="last")
    words = WORDS[lang]
    numbers = [_or_hidden(s, words["bar"], n) for s, n in zip(rows["share"], rows["n"], strict=True)]
    with look(size):
        figure = _bars(rows["option"].astype("str").tolist(), rows["share"], numbers, size)
        base = [
            words["n"].format(_count(table["base_n"].iloc[0])),
            _left(table, lang),
            words["ticks"].format(_count(table["answers_n"].iloc[0])),
        ]
        return captioned(figure, title, [_joined([*base, words["many"]], lang), *_ends(table, lang, source)], size)


def funnel_bars(
    table: pd.DataFrame, *, lang: str = "zh", title: str = "", source: str = "", size: str = "full"
) -> Figure:
    """The steps of `funnel` from above to below: dark who passed, pale the step's base, on one scale of persons."""
    _require(table, ["step", "n", "base_n", "share"], "funnel_bars")
    labels = [wrapped(step, LABEL_WIDTH[size]) for step in table["step"].astype("str")]
    places, lines = row_places(labels)
    words, bases = WORDS[lang], _heights(table["base_n"])
    numbers = [_or_hidden(r.share, words["step"], r.n, r.base_n) for r in table.itertuples()]
    with look(size):
        figure = new_figure(size, (6 + lines) * line_mm(size))
        axes = plain(figure.subplots(), keep="left")
        behind = axes.barh(places, bases, color=PALE, height=1.0)
        axes.barh(places, _heights(table["n"]), color=MAIN, height=1.0)
        axes.bar_label(behind, numbers, padding=3)
        axes.set_yticks(places, labels)
        axes.set(xticks=[], xlim=(0, max([*bases, 1]) * (1.9 if size == "column" else 1.35)), ylim=(lines, 0))
        return captioned(
            figure, title, [_joined([words["funnel"], _left(table, lang)], lang), *_ends(table, lang, source)], size
        )


def wave_multiples(
    table: pd.DataFrame, *, lang: str = "zh", title: str = "", source: str = "", size: str = "full", columns: int = 3
) -> Figure:
    """Small multiples: a panel per option (or item), a bar per wave on one common scale, n under each wave.

    `table`: any table with wave, option (or item of likert_summary), share and base_n.
    """
    panel = "option" if "option" in table else "item"
    _require(table, ["wave", panel, "share", "base_n"], "wave_multiples")
    panels = [(str(name), part) for name, part in table.groupby(panel, observed=True, sort=False)]
    across = max(1, min(columns, len(panels)))
    down = -(-len(panels) // across)
    top = max([*_heights(table["share"]), 0.01]) * 125
    with look(size):
        figure = new_figure(size, 12 * line_mm(size) * down)
        grid = figure.subplots(down, across, squeeze=False)
        for axes in grid.flat[len(panels) :]:
            axes.set_visible(False)
        for axes, (name, part) in zip(grid.flat, panels, strict=False):
            _wave_panel(plain(axes, keep="bottom"), part, wrapped(name, LABEL_WIDTH[size] * 2 // across + 8), top)
        return captioned(figure, title, [_left(table, lang), *_ends(table, lang, source)], size)


def _diverging(axes: Axes, place: float, part: pd.DataFrame, grades: Sequence[str], middle: float) -> None:
    shares = dict(zip(part["option"].astype("str"), _heights(part["share"]), strict=True))
    widths = [100 * shares.get(grade, 0.0) for grade in grades]
    left = -sum(w if i < middle else w / 2 if i == middle else 0.0 for i, w in enumerate(widths))
    for i, (grade, width) in enumerate(zip(grades, widths, strict=True)):
        colour = _colour(i, middle, len(grades))
        axes.barh(place, width, left=left, color=colour, edgecolor="white", height=1.0, label=grade)
        if width >= LEAST_NUMBERED:
            axes.text(
                left + width / 2,
                place,
                f"{percent(width / 100):.1f}",
                ha="center",
                va="center",
                color=text_colour(colour),
            )
        left += width


def _colour(i: int, middle: float, grades: int) -> str:
    """Orange to the left of the middle, blue to the right, darker outwards; the neutral grade grey."""
    if i == middle:
        return "#d4d7da"
    side = NEGATIVE if i < middle else POSITIVE
    steps = middle if i < middle else grades - 1 - middle
    return to_hex(side(0.25 + 0.65 * abs(i - middle) / max(steps, 1)))


def _bars(names: Sequence[str], shares: Any, numbers: Sequence[str], size: str) -> Figure:
    labels = [wrapped(name, LABEL_WIDTH[size]) for name in names]
    places, lines = row_places(labels)
    heights = [100 * h for h in _heights(shares)]
    figure = new_figure(size, (6 + lines) * line_mm(size))
    axes = plain(figure.subplots(), keep="left")
    axes.bar_label(axes.barh(places, heights, color=MAIN, height=1.0), list(numbers), padding=2)
    axes.set_yticks(places, labels)
    axes.set(xticks=[], xlim=(0, max([*heights, 0.1]) * (1.9 if size == "column" else 1.3)), ylim=(lines, 0))
    return figure


def _wave_panel(axes: Axes, part: pd.DataFrame, name: str, top: float) -> None:
    heights = [100 * h for h in _heights(part["share"])]
    bars = axes.bar(range(len(part)), heights, color=[MUTED] * (len(part) - 1) + [MAIN], width=0.6)
    axes.bar_label(bars, [_or_hidden(s, "{0}%") for s in part["share"]], padding=2)
    words = [f"{wave}\n(n = {_count(n)})" for wave, n in zip(part["wave"].astype("str"), part["base_n"], strict=True)]
    axes.set_xticks(range(len(part)), words)
    axes.set(yticks=[], ylim=(0, top))
    axes.set_title(name, fontsize="medium", loc="left")


def _legend(axes: Axes, grades: int, size: str) -> None:
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(
        handles[:grades], labels[:grades], ncols=grades if size != "column" else 3, loc="lower left", bbox_to_anchor=(0.0, 1.0),
        borderaxespad=0.3, handlelength=1.2, columnspacing=1.0,
    )  # fmt: skip


def _heights(values: Any) -> list[float]:
    return [0.0 if pd.isna(v) else float(v) for v in values]


def _or_hidden(share: Any, words: str, *counts: Any) -> str:
    return "*" if pd.isna(share) else words.format(f"{percent(share):.1f}", *map(_count, counts))


def _count(n: Any) -> str:
    return "*" if pd.isna(n) else str(int(n))


def _left(table: pd.DataFrame, lang: str) -> str:
    """How many left the question blank, where that is one number for the whole chart."""
    left = list(table["left_out_n"].dropna().unique()) if "left_out_n" in table else []
    return WORDS[lang]["left"].format(int(left[0])) if len(left) == 1 and left[0] else ""


def _ends(table: pd.DataFrame, lang: str, source: str) -> list[str]:
    hidden = WORDS[lang]["hidden"] if table["share"].isna().any() else ""
    return [hidden, WORDS[lang]["source"].format(source) if source else ""]


def _joined(parts: Sequence[str], lang: str) -> str:
    return WORDS[lang]["join"].join(part for part in parts if part)


def _require(table: pd.DataFrame, columns: Sequence[str], where: str) -> None:
    if absent := [c for c in columns if c not in table]:
        raise ColumnMissing.naming(absent, [str(c) for c in table.columns], where=where)
    if not len(table):
        raise ArgumentError(f"{where}：表中没有任何行，无法画图。请检查筛选条件。")
