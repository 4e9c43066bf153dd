"""One result frame -> one Figure: levels, ages, education, causes, units. Nothing is computed but the order of bars.

Every chart takes a result frame and the codebook, and `lang` (zh, en), `title` (None: the variable's name; "" for
none), `source` and `size` (column, full, slide). It returns a matplotlib Figure that pyplot does not know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import ColumnMissing
from bangfu_analysis.reporting.charts_notes import (
    WORDS,
    bar_labels,
    base_note,
    base_of,
    groups_of,
    heights,
    joined,
    left_note,
    only_dimension,
    printed_percents,
    rate_labels,
    source_note,
)
from bangfu_analysis.reporting.labels import dimensions, labels_of, sorted_by_size, title_of
from bangfu_analysis.reporting.theme import (
    ACCENT,
    HATCHES,
    INK,
    MAIN,
    MUTED,
    PALETTE,
    captioned,
    look,
    new_figure,
    plain,
    text_colour,
    wrapped,
)

MOST_BARS = 40
LABEL_WIDTH = {"column": 16, "full": 30, "slide": 30}  # half-width characters


def bar_of_shares(
    table: pd.DataFrame,
    codebook: Codebook,
    *,
    lang: str = "zh",
    title: str | None = None,
    source: str = "",
    size: str = "full",
) -> Figure:
    """One horizontal bar per level of the table's only dimension, in the order of the table, with share and count."""
    name = only_dimension(table)
    with look(size):
        figure = new_figure(size, 18 + 6.5 * len(table))
        axes = figure.subplots()
        horizontal_bars(axes, table, labels_of(codebook, table[name], lang), bar_labels(table, lang), size)
        heading = title_of(codebook, name, lang) if title is None else title
        return captioned(figure, heading, [base_note(table, lang, source)], size)


def ordered_bars(
    table: pd.DataFrame,
    codebook: Codebook,
    *,
    lang: str = "zh",
    title: str | None = None,
    source: str = "",
    size: str = "full",
) -> Figure:
    """One upright bar per level in codebook order, for variables whose levels go up: education, age bands."""
    name = only_dimension(table)
    with look(size):
        figure = new_figure(size, 65)
        axes = plain(figure.subplots(), keep="bottom")
        words = [wrapped(label, _upright_width(size, len(table))) for label in labels_of(codebook, table[name], lang)]
        bars = axes.bar(range(len(table)), heights(table), color=MAIN, width=0.6)
        axes.bar_label(
            bars, [label.replace("（", "\n（").replace(" (", "\n(") for label in bar_labels(table, lang)], padding=2
        )
        axes.set_xticks(range(len(table)), words)
        axes.set_yticks([])
        axes.margins(y=0.2)
        axes.set_ylim(bottom=0)
        heading = title_of(codebook, name, lang) if title is None else title
        return captioned(figure, heading, [base_note(table, lang, source)], size)


def cause_bars(
    table: pd.DataFrame,
    codebook: Codebook,
    *,
    lang: str = "zh",
    title: str | None = None,
    source: str = "",
    size: str = "full",
) -> Figure:
    """Causes as horizontal bars, the largest first and 其他 last; causes nobody named are left out and the note says so."""
    name = only_dimension(table)
    named = sorted_by_size(table[table["n"].ne(0).fillna(True)], name)
    with look(size):
        figure = new_figure(size, 18 + 5.5 * max(len(named), 1))
        axes = figure.subplots()
        horizontal_bars(axes, named, labels_of(codebook, named[name], lang), bar_labels(named, lang), size)
        notes = [base_note(table, lang, source), WORDS[lang]["unnamed"] if len(named) < len(table) else ""]
        return captioned(figure, title_of(codebook, name, lang) if title is None else title, notes, size)


def unit_rates(
    table: pd.DataFrame,
    codebook: Codebook,
    *,
    lang: str = "zh",
    title: str | None = None,
    source: str = "",
    size: str = "full",
) -> Figure:
    """Rates (`hardship_rate` by unit or district) as bars, the highest first, each with its count and its base.

    A unit without a denominator has no bar; beyond MOST_BARS units the rest is left to the table, and the note says so.
    """
    name = only_dimension(table)
    ranked = table.sort_values(["share", "n"], ascending=False, kind="stable", na_position="last").reset_index(
        drop=True
    )
    shown = ranked.head(MOST_BARS)
    words, labels = WORDS[lang], rate_labels(shown, lang)
    with look(size):
        figure = new_figure(size, 18 + 5.2 * max(len(shown), 1))
        horizontal_bars(figure.subplots(), shown, labels_of(codebook, shown[name], lang), labels, size)
        more = words["more"].format(len(ranked) - len(shown)) if len(ranked) > len(shown) else ""
        nobase = words["nobase"] if shown["share"].isna().any() else ""
        notes = [joined([left_note(table, lang), more, nobase], lang), source_note(source, lang)]
        return captioned(figure, title_of(codebook, name, lang) if title is None else title, notes, size)


def level_split(
    table: pd.DataFrame,
    codebook: Codebook,
    *,
    by: str | None = None,
    lang: str = "zh",
    title: str | None = None,
    source: str = "",
    size: str = "full",
) -> Figure:
    """Shares of the levels stacked to 100 %: one bar, or one per level of `by` (a unit, a wave, an age band).

    Levels are named in a legend above, with their numbers where there is one bar; segments under 6 % bear none inside.
    """
    name = only_dimension(table, besides=by)
    rows = [(label, part) for label, part in groups_of(table, codebook, by, lang) if base_of(part) != "0"]
    levels = labels_of(codebook, rows[0][1][name], lang) if rows else []
    numbers = bar_labels(rows[0][1], lang) if len(rows) == 1 else [""] * len(levels)
    with look(size):
        figure = new_figure(size, 28 + 7 * len(rows))
        axes = plain(figure.subplots())
        for place, (_, part) in enumerate(rows):
            _stack(axes, place, part, [f"{a} {b}".strip() for a, b in zip(levels, numbers, strict=True)])
        axes.set_xticks([])
        words = [f"{wrapped(label, LABEL_WIDTH[size])}\nn = {base_of(part)}" for label, part in rows]
        axes.set_yticks(range(len(rows)), words if by else [""] * len(rows))
        axes.set(xlim=(0, 100), ylim=(len(rows) - 0.4, -0.6))
        handles, named = axes.get_legend_handles_labels()
        figure.legend(
            handles[: len(levels)], named[: len(levels)], loc="outside upper left", ncols=_columns(named, size)
        )
        small = (
            WORDS[lang]["small"].format(6)
            if by and (table["share"].between(0, 0.06, inclusive="neither")).any()
            else ""
        )
        note = base_note(table, lang, source) if not by else joined([left_note(table, lang), small], lang)
        notes = [note, source_note(source, lang) if by else ""]
        return captioned(figure, title_of(codebook, name, lang) if title is None else title, notes, size)


def age_pyramid(
    table: pd.DataFrame,
    codebook: Codebook,
    *,
    lang: str = "zh",
    title: str | None = None,
    source: str = "",
    size: str = "full",
) -> Figure:
    """Men to the left, women to the right, by age band (`tabulate(workers, ["sex", "age_five_year"])`), counts at the bars.

    A dashed line marks where the reports cut: men 50, women 40 (band `age_by_sex` of the codebook).
    """
    ages = [c for c in dimensions(table) if c != "sex"]
    if "sex" not in table or len(ages) != 1:
        raise ColumnMissing.naming(["sex"], dimensions(table), where="age_pyramid（需要 sex 与一个年龄分组）")
    bands = table[ages[0]].drop_duplicates()
    most = float(table["n"].astype("Float64").max(skipna=True) or 1)
    with look(size):
        figure = new_figure(size, 30 + 5 * len(bands))
        men, women = figure.subplots(1, 2, sharey=True)
        for axes, code, word, colour in ((men, "male", "men", MAIN), (women, "female", "women", PALETTE[3])):
            side = table[table["sex"].eq(code)]
            _pyramid_side(axes, side, colour, most)
            axes.set_title(WORDS[lang][word], fontsize="medium")
            _mark_cut(axes, codebook, ages[0], code, WORDS[lang]["cut"])
        men.invert_xaxis()
        women.tick_params(labelleft=True)
        men.tick_params(labelleft=False)
        women.set_yticks(range(len(bands)), labels_of(codebook, bands, lang), ha="center")
        women.tick_params(axis="y", pad=24 * (2.0 if size == "slide" else 1.0))
        heading = title_of(codebook, ages[0], lang) if title is None else title
        return captioned(figure, heading, [base_note(table, lang, source)], size)


def age_by_sex(
    table: pd.DataFrame,
    codebook: Codebook,
    *,
    lang: str = "zh",
    title: str | None = None,
    source: str = "",
    size: str = "full",
) -> Figure:
    """The reports' four cells: men under 50, men 50 and over, women 40 and over, women under 40; the sexes differ in shade."""
    name = only_dimension(table)
    sexes = {str(level["code"]): level.get("sex") for level in codebook.bands[name].levels}
    with look(size):
        figure = new_figure(size, 18 + 7 * len(table))
        axes = figure.subplots()
        bars = horizontal_bars(axes, table, labels_of(codebook, table[name], lang), bar_labels(table, lang), size)
        for bar, code in zip(bars, table[name], strict=True):
            bar.set_facecolor(PALETTE[3] if sexes[str(code)] == "female" else MAIN)
        heading = title_of(codebook, name, lang) if title is None else title
        return captioned(figure, heading, [base_note(table, lang, source)], size)


def horizontal_bars(axes: Axes, table: pd.DataFrame, labels: Sequence[str], numbers: Sequence[str], size: str) -> Any:
    """Bars of `share` from above to below, labels at the left, numbers behind the bars; returns the bars."""
    plain(axes, keep="left")
    bars = axes.barh(range(len(table)), heights(table), color=MAIN, height=0.62)
    axes.bar_label(bars, list(numbers), padding=2)
    axes.set_yticks(range(len(table)), [wrapped(label, LABEL_WIDTH[size]) for label in labels])
    axes.set_xticks([])
    longest = max([*heights(table), 0.1])
    axes.set(xlim=(0, longest * (1.9 if size == "column" else 1.3)), ylim=(max(len(table), 1) - 0.4, -0.6))
    return bars


def _upright_width(size: str, bars: int) -> int:
    return max(6, int({"column": 40, "full": 90, "slide": 90}[size] / max(bars, 1)))


def _columns(labels: Sequence[str], size: str) -> int:
    longest = max((len(label) for label in labels), default=1)
    return max(1, min(len(labels), int({"column": 26, "full": 56, "slide": 56}[size] / (longest + 3))))


def _stack(axes: Axes, place: int, part: pd.DataFrame, labels: Sequence[str]) -> None:
    left = 0.0
    for i, (height, text, label) in enumerate(zip(heights(part), printed_percents(part), labels, strict=True)):
        colour = PALETTE[i % len(PALETTE)]
        axes.barh(
            place,
            height,
            left=left,
            color=colour,
            hatch=HATCHES[i % len(HATCHES)],
            edgecolor="white",
            height=0.62,
            label=label,
        )
        if height >= 6:
            patch: Mapping[str, Any] = (
                {"facecolor": colour, "edgecolor": "none", "pad": 0.8} if HATCHES[i % len(HATCHES)] else {}
            )
            axes.text(
                left + height / 2, place, text, ha="center", va="center", color=text_colour(colour), bbox=patch or None
            )
        left += height


def _pyramid_side(axes: Axes, side: pd.DataFrame, colour: str, most: float) -> None:
    plain(axes)
    counts = side["n"].astype("Float64")
    bars = axes.barh(range(len(side)), counts.fillna(0).to_numpy(dtype=float), color=colour, height=0.8)
    axes.bar_label(bars, ["*" if pd.isna(n) else f"{int(n)}" for n in counts], padding=2)
    axes.set_xticks([])
    axes.set_xlim(0, most * 1.22)


def _mark_cut(axes: Axes, codebook: Codebook, band: str, sex: str, words: str) -> None:
    """A line between the bands below and above the cut of `age_by_sex`, where the band has one."""
    cuts = [
        level["from"] for level in codebook.bands["age_by_sex"].levels if level.get("sex") == sex and "from" in level
    ]
    starts = [level.get("from") for level in codebook.bands[band].levels]
    for cut in cuts:
        if cut in starts:
            y = starts.index(cut) - 0.5
            axes.axhline(y, color=ACCENT if sex == "male" else INK, linewidth=0.9, linestyle="--")
            axes.text(
                axes.get_xlim()[1],
                y,
                words.format(cut),
                ha="left" if sex == "male" else "right",
                va="bottom",
                color=MUTED,
            )
