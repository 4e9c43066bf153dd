"""Result frames of two dimensions -> one Figure: causes by group, trends over waves, unit × cause.

The arguments are those of `charts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.reporting.charts_notes import (
    WORDS,
    base_of,
    groups_of,
    heights,
    hidden_note,
    joined,
    left_note,
    only_dimension,
    printed_percents,
    source_note,
)
from bangfu_analysis.reporting.labels import dimensions, labels_of, sorted_by_size, title_of
from bangfu_analysis.reporting.theme import (
    DASHES,
    MAIN,
    MARKERS,
    MUTED,
    PALETTE,
    captioned,
    line_mm,
    look,
    new_figure,
    plain,
    row_places,
    rows_that_fit,
    text_colour,
    wrapped,
)

MOST_LINES = 6
GAP = {"column": 0.075, "full": 0.07, "slide": 0.07}  # least distance of two names, as a share of the axis
PANELS_A_ROW = {"column": 2, "full": 5, "slide": 5}
LINE_COLOURS = (PALETTE[0], PALETTE[1], "#2c7bb0", "#8f6700", "#5b6770", "#7d5aa6")  # dark enough for words on white
COMPARE_WORDS = {
    "zh": {"largest": "只画最后一批中最大的{0}项", "break": "线断处困难类别口径改变，前后不可比", "more": "另有{0}个单位未画出，见表", "share": "占比（%）", "n": "人数", "and": "、", "left": "未详不计入（人）：{0}"},
    "en": {
        "largest": "only the {0} largest of the last wave are drawn", "break": "lines break where the definition changed",
        "more": "{0} more units are not drawn, see the table", "share": "share (%)", "n": "persons", "and": ", ", "left": "not known, left out: {0}",
    },
}  # fmt: skip


class End(NamedTuple):
    """Where a line ends, what is printed there, and its colour."""

    x: float
    y: float
    text: str
    colour: str

    @property
    def known(self) -> bool:
        """Whether any point of the line has a value that may be shown."""
        return self.y == self.y


def causes_by_group(
    table: pd.DataFrame,
    codebook: Codebook,
    *,
    by: str,
    lang: str = "zh",
    title: str | None = None,
    source: str = "",
    size: str = "full",
) -> Figure:
    """One panel per level of `by` with the shares of its causes, all in the order of their size over all groups.

    `table` is `cause_table(workers, causes, by)`: shares are of the workers of the group.
    """
    name = only_dimension(table, besides=by)
    groups = groups_of(sorted_by_size(_named(table, name), name), codebook, by, lang)
    causes = labels_of(codebook, groups[0][1][name], lang) if groups else []
    across = min(PANELS_A_ROW[size], max(len(groups), 1))
    down = -(-len(groups) // across) or 1
    words = [wrapped(cause, 18 if size == "column" else 24) for cause in causes]
    places, lines = row_places(words)
    with look(size):
        figure = new_figure(size, (5 + down * (3 + lines)) * line_mm(size))
        panels = figure.subplots(down, across, squeeze=False, sharey=True).ravel()
        longest = max([*heights(table), 0.1])
        for axes, (label, part) in zip(panels, groups, strict=False):
            bars = plain(axes, keep="left").barh(places, heights(part), color=MAIN, height=1.0)
            axes.bar_label(bars, printed_percents(part), padding=2)
            head = f"{wrapped(label, 75 // across)}\nn = {base_of(part)}"
            axes.set_title(head, fontsize="medium")
            axes.set(xticks=[], xlim=(0, longest * (1.3 + 0.12 * across)), ylim=(lines, 0))
            axes.set_yticks(places, words)
        for axes in panels[len(groups) :]:
            axes.remove()
        many = any(part["share"].sum() > 1 + 1e-9 for _, part in groups)
        notes = [
            joined([WORDS[lang]["many"] if many else "", left_note(table, lang, by), hidden_note(table, lang)], lang),
            source_note(source, lang),
        ]
        heading = _versus(codebook, name, by, lang) if title is None else title
        return captioned(figure, heading, notes, size)


def trend_lines(
    table: pd.DataFrame,
    codebook: Codebook,
    *,
    measure: str = "share",
    lang: str = "zh",
    title: str | None = None,
    source: str = "",
    size: str = "full",
) -> Figure:
    """`measure` (share or n) over the waves, one line per level, named at its right end; n of each wave under it.

    `table` is the result of `trend`. A line breaks before a wave that is not `comparable` with the one before. Beyond
    MOST_LINES levels only the largest of the last wave are drawn, and the note says so. The axis begins at 0.
    """
    if measure not in ("share", "n"):
        raise ArgumentError.naming("measure", measure, ("share", "n"))
    names = [c for c in dimensions(table) if c != "wave"]
    if len(names) > 1:
        raise ArgumentError(f"trend_lines：除 wave 外最多一个分组列，结果表中有 {names}。请先选定一组。")
    name = names[0] if names else None
    drawn = _largest(_printed(table, measure), name, measure)
    waves = list(dict.fromkeys(table["wave"]))
    places = _places(waves)
    with look(size):
        figure = new_figure(size, 20 * line_mm(size))
        axes = plain(figure.subplots(), keep="bottom")
        series = groups_of(drawn, codebook, name, lang)
        ends = [
            _line(axes, i, part, measure, dict(zip(waves, places, strict=True))) for i, (_, part) in enumerate(series)
        ]
        axes.set_ylim(bottom=0, top=max(axes.get_ylim()[1] * 1.08, 0.1))
        _name_ends(axes, ends, [label for label, _ in series], size)
        _mark_breaks(axes, table, waves, places)
        axes.set_xticks(places, [_wave_label(table, wave, measure) for wave in waves])
        axes.set_yticks([])
        axes.set_xlim(
            places[0] - 0.12 * (places[-1] - places[0] or 1), places[-1] + 0.04 * (places[-1] - places[0] or 1)
        )
        axes.set_ylabel(COMPARE_WORDS[lang][measure])
        heading = (title_of(codebook, name, lang) if name else "") if title is None else title
        return captioned(figure, heading, _trend_notes(table, drawn, name, lang, source), size)


def cause_heatmap(
    table: pd.DataFrame,
    codebook: Codebook,
    *,
    by: str,
    lang: str = "zh",
    title: str | None = None,
    source: str = "",
    size: str = "full",
) -> Figure:
    """Rows: the groups of `by` (units) with their n; columns: causes by size; in a cell: % of the group's workers.

    The darker, the larger; hidden cells bear *, groups of nobody —. Groups that do not fit are left to the table.
    ArgumentError for the narrow size, where the numbers would overlap, and where nobody is in the table.
    """
    import seaborn as sns  # seconds to import

    if size == "column":
        raise ArgumentError("cause_heatmap：75 毫米的栏宽放不下各项原因的数字，请用 size='full' 或 'slide'。")
    if not table["n"].fillna(1).any():
        raise ArgumentError("cause_heatmap：表中各格都是 0 人，没有可画的数。请检查筛选条件，或不画这张图。")
    name = only_dimension(table, besides=by)
    groups = groups_of(sorted_by_size(_named(table, name), name), codebook, by, lang)
    groups = sorted(groups, key=lambda group: -float(group[1]["base_n"].fillna(0).iloc[0]))
    rows = [wrapped(f"{label} (n = {base_of(part)})", 34) for label, part in groups]
    tallest = max(rows, key=lambda row: row.count("\n"), default="")
    shown = groups[: rows_that_fit([tallest] * len(rows), size, beside=13)]
    values = pd.DataFrame([heights(part) for _, part in shown])
    texts = pd.DataFrame([printed_percents(part) for _, part in shown])
    causes = [wrapped(c, 12) for c in labels_of(codebook, shown[0][1][name], lang)]
    with look(size):
        figure = new_figure(size, (14 + row_places([tallest] * len(shown))[1]) * line_mm(size))
        axes = figure.subplots()
        sns.heatmap(
            values,
            annot=texts,
            fmt="",
            cmap=sns.light_palette(MAIN, as_cmap=True),
            cbar=False,
            linewidths=0.5,
            ax=axes,
            annot_kws={"fontsize": "small"},
        )
        for text, colour in zip(axes.texts, axes.collections[0].get_facecolor(), strict=True):
            text.set_color(text_colour(colour))
        plain(axes).set_xticks([i + 0.5 for i in range(len(causes))], causes, rotation=90 if len(causes) > 6 else 0)
        axes.set_yticks([i + 0.5 for i in range(len(shown))], rows[: len(shown)], rotation=0)
        more = COMPARE_WORDS[lang]["more"].format(len(groups) - len(shown)) if len(groups) > len(shown) else ""
        notes = [
            joined([COMPARE_WORDS[lang]["share"], left_note(table, lang, by), hidden_note(table, lang), more], lang),
            source_note(source, lang),
        ]
        heading = _versus(codebook, name, by, lang) if title is None else title
        return captioned(figure, heading, notes, size)


def _named(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows of the levels that somebody named, or may have (hidden)."""
    somebody = table["n"].astype("Int64").ne(0).fillna(True)
    return table[somebody.groupby(table[name], observed=True).transform("any")]


def _versus(codebook: Codebook, name: str, by: str, lang: str) -> str:
    return f"{title_of(codebook, name, lang)} × {title_of(codebook, by, lang)}"


def _printed(table: pd.DataFrame, measure: str) -> pd.DataFrame:
    """The table with `printed`: its numbers as the tables print them, wave by wave."""
    counts = pd.Series(["*" if pd.isna(n) else str(n) for n in table["n"]], index=table.index)
    parts = [part for _, part in table.groupby("wave", observed=True, sort=False)]
    shares = pd.concat([pd.Series(printed_percents(part), index=part.index) for part in parts])
    return table.assign(printed=shares if measure == "share" else counts)


def _largest(table: pd.DataFrame, name: str | None, measure: str) -> pd.DataFrame:
    """The rows of the MOST_LINES levels that are largest in the last wave, in codebook order."""
    if name is None or table[name].nunique() <= MOST_LINES:
        return table
    last = table[table["wave"].eq(table["wave"].iloc[-1])]
    kept = last.sort_values(measure, ascending=False, kind="stable")[name].head(MOST_LINES)
    return table[table[name].isin(list(kept))]


def _places(waves: Sequence[Any]) -> list[float]:
    """Years stand at their distance in time; other names of waves at equal steps."""
    years = [str(wave) for wave in waves]
    return (
        [float(y) for y in years]
        if all(y.isdigit() and len(y) == 4 for y in years)
        else [float(i) for i in range(len(years))]
    )


def _line(axes: Axes, i: int, part: pd.DataFrame, measure: str, place: dict[Any, float]) -> End:
    """Draw one level, in pieces where it is not comparable; returns its last known point."""
    factor = 100 if measure == "share" else 1
    values = part[measure].astype("Float64").to_numpy(dtype=float, na_value=float("nan")) * factor
    x = [place[wave] for wave in part["wave"]]
    new = part["comparable"].eq(False).to_list() if "comparable" in part else [False] * len(part)
    starts = [0, *(k for k in range(1, len(part)) if new[k]), len(part)]
    colour = LINE_COLOURS[i % len(LINE_COLOURS)]
    for start, end in zip(starts, starts[1:], strict=False):
        axes.plot(
            x[start:end], values[start:end], color=colour, linestyle=DASHES[i % len(DASHES)], marker=MARKERS[i % len(MARKERS)],
            clip_on=False,
        )  # fmt: skip
    known = [k for k, value in enumerate(values) if value == value]
    last = known[-1] if known else -1
    return End(x[last], float(values[last]), part["printed"].iloc[last], colour)


def _name_ends(axes: Axes, ends: Sequence[End], labels: Sequence[str], size: str) -> None:
    """Write each line's name and last value behind its last point, pushed apart so that no two overlap."""
    gap = axes.get_ylim()[1] * GAP[size]
    below: dict[float, float] = {}
    lowest_first = sorted(zip(ends, labels, strict=True), key=lambda named: named[0].y if named[0].known else -1)
    for end, label in lowest_first:
        below[end.x] = max(end.y if end.known else 0, gap / 2, below.get(end.x, -gap) + gap)
        axes.annotate(
            f"{label} {end.text}".strip(), (end.x, below[end.x]), xytext=(7, 0), textcoords="offset points",
            color=end.colour, va="center", ha="left", annotation_clip=False,
        )  # fmt: skip


def _mark_breaks(axes: Axes, table: pd.DataFrame, waves: Sequence[Any], places: Sequence[float]) -> None:
    """A dotted line before every wave but the first that is not comparable with the one before."""
    if "comparable" not in table:
        return
    comparable = table.groupby("wave", observed=True)["comparable"].any()
    for k in range(1, len(waves)):
        if not comparable[waves[k]]:
            axes.axvline((places[k - 1] + places[k]) / 2, color=MUTED, linestyle=":", linewidth=0.8)


def _wave_label(table: pd.DataFrame, wave: Any, measure: str) -> str:
    here = table[table["wave"].eq(wave)]
    known = here["base_n"].dropna()
    return f"{wave}\nn = {int(known.iloc[0])}" if len(known) and measure == "share" else str(wave)


def _left_by_wave(table: pd.DataFrame, lang: str) -> str:
    if "left_out_n" not in table or not table["left_out_n"].any():
        return ""
    left = table.groupby("wave", observed=True)["left_out_n"].max()
    cases = COMPARE_WORDS[lang]["and"].join(f"{wave} {n}" for wave, n in left.items())
    return COMPARE_WORDS[lang]["left"].format(cases)


def _trend_notes(table: pd.DataFrame, drawn: pd.DataFrame, name: str | None, lang: str, source: str) -> list[str]:
    words = COMPARE_WORDS[lang]
    fewer = words["largest"].format(MOST_LINES) if len(drawn) < len(table) else ""
    later = table["wave"].ne(table["wave"].iloc[0])
    broken = words["break"] if "comparable" in table and not table.loc[later, "comparable"].all() else ""
    return [
        joined([fewer, broken, _left_by_wave(table, lang), hidden_note(table, lang)], lang),
        source_note(source, lang),
    ]
