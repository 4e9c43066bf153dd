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
    LEAST_NUMBERED,
    WORDS,
    bar_labels,
    base_note,
    base_of,
    groups_of,
    heights,
    hidden_note,
    joined,
    left_note,
    only_dimension,
    printed_percents,
    rate_labels,
    source_note,
    split_notes,
)
from bangfu_analysis.reporting.labels import dimensions, labels_of, sorted_by_size, title_of
from bangfu_analysis.reporting.theme import (
    ACCENT,
    HATCHES,
    MAIN,
    PALETTE,
    POINTS,
    captioned,
    line_mm,
    look,
    new_figure,
    plain,
    row_places,
    rows_that_fit,
    text_colour,
    text_width,
    wrapped,
)

MOST_UPRIGHT = {"column": 5, "full": 12, "slide": 12}
LABEL_WIDTH = {"column": 18, "full": 30, "slide": 30}  # half-width characters


def bar_of_shares(
    table: pd.DataFrame,
    codebook: Codebook,
    *,
    lang: str = "zh",
    title: str | None = None,
    source: str = "",
    size: str = "full",
) -> Figure:
    """One horizontal bar per level of the table's only dimension, in the order of the table, with share and count.

    Levels (units) that do not fit on a page are left to the table, and the note says so.
    """
    name = only_dimension(table)
    labels = labels_of(codebook, table[name], lang)
    fitting = rows_that_fit([wrapped(label, LABEL_WIDTH[size]) for label in labels], size)
    more = WORDS[lang]["more"].format(len(table) - fitting) if len(table) > fitting else ""
    with look(size):
        figure, _ = lying_bars(table.head(fitting), labels[:fitting], bar_labels(table, lang)[:fitting], size)
        heading = title_of(codebook, name, lang) if title is None else title
        return captioned(figure, heading, [base_note(table, lang, source), more], size)


def ordered_bars(
    table: pd.DataFrame,
    codebook: Codebook,
    *,
    lang: str = "zh",
    title: str | None = None,
    source: str = "",
    size: str = "full",
) -> Figure:
    """One upright bar per level in codebook order, for variables whose levels go up: education, age bands.

    Where there are too many to stand side by side in `size`, the bars lie, as in `bar_of_shares`.
    """
    name = only_dimension(table)
    if len(table) > MOST_UPRIGHT[size]:
        return bar_of_shares(table, codebook, lang=lang, title=title, source=source, size=size)
    with look(size):
        figure = new_figure(size, 18 * line_mm(size))
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
    named = sorted_by_size(table[table["n"].astype("Int64").ne(0).fillna(True)], name)
    with look(size):
        figure, _ = lying_bars(named, labels_of(codebook, named[name], lang), bar_labels(named, lang), size)
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

    A unit without a denominator has no bar; units that do not fit are left to the table, and the note says so.
    """
    name = only_dimension(table)
    ranked = table.sort_values(["share", "n"], ascending=False, kind="stable", na_position="last").reset_index(
        drop=True
    )
    units = labels_of(codebook, ranked[name], lang)
    fitting = rows_that_fit([wrapped(unit, LABEL_WIDTH[size]) for unit in units], size)
    shown, words = ranked.head(fitting), WORDS[lang]
    with look(size):
        figure, _ = lying_bars(shown, units[:fitting], rate_labels(shown, lang), size)
        more = words["more"].format(len(ranked) - len(shown)) if len(ranked) > len(shown) else ""
        nobase = words["nobase"] if (shown["share"].isna() & shown["n"].notna()).any() else ""
        notes = [
            joined([left_note(table, lang), more, nobase, hidden_note(table, lang)], lang),
            source_note(source, lang),
        ]
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

    Levels are named in a legend above, with their numbers where there is one bar; narrow segments bear none inside.
    """
    name = only_dimension(table, besides=by)
    every = [(label, part) for label, part in groups_of(table, codebook, by, lang) if base_of(part) != "0"]
    stubs = [wrapped(f"{label} (n = {base_of(part)})", LABEL_WIDTH[size]) if by else "" for label, part in every]
    rows = every[: rows_that_fit(stubs, size)]
    levels = labels_of(codebook, rows[0][1][name], lang) if rows else []
    numbers = bar_labels(rows[0][1], lang) if len(rows) == 1 else [""] * len(levels)
    named = [f"{level} {number}".strip() for level, number in zip(levels, numbers, strict=True)]
    places, lines = row_places(stubs[: len(rows)])
    columns = _legend_columns(named, stubs, size)
    with look(size):
        figure = new_figure(size, (5.5 + 1.4 * -(-len(named) // columns) + lines) * line_mm(size))
        axes = plain(figure.subplots())
        for place, (_, part) in zip(places, rows, strict=True):
            _stack(axes, place, part, named)
        axes.set_yticks(places, stubs[: len(rows)])
        axes.set(xticks=[], xlim=(0, 100), ylim=(lines, 0))
        _legend_above(axes, len(named), columns)
        notes = split_notes(table, by, len(every) - len(rows), lang, source)
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
    """Men to the left, women to the right, by age band, counts at the bars.

    `table` is `tabulate(workers, "age_five_year", within="sex")`, or has both columns as `by`.
    A dashed line marks where the reports cut: men 50, women 40 (band `age_by_sex` of the codebook).
    """
    ages = [c for c in dimensions(table) if c != "sex"]
    if "sex" not in table or len(ages) != 1:
        raise ColumnMissing.naming(["sex"], dimensions(table), where="age_pyramid（需要 sex 与一个年龄分组）")
    bands = table[ages[0]].drop_duplicates()
    sides = {str(code): part for code, part in table.groupby("sex", observed=True)}
    apart = len(table[["base_n", "left_out_n"]].drop_duplicates()) > 1  # each sex has a base of its own
    own_base = {code: f" (n = {base_of(part)})" for code, part in sides.items() if apart}
    most = float(table["n"].astype("Float64").max(skipna=True) or 1)
    with look(size):
        figure = new_figure(size, (8 + 1.5 * len(bands)) * line_mm(size))
        men, women = figure.subplots(1, 2, sharey=True)
        for axes, code, word, colour in ((men, "male", "men", MAIN), (women, "female", "women", PALETTE[3])):
            _pyramid_side(axes, sides.get(code, table.head(0)), colour, most * (1.6 if size == "column" else 1.4))
            axes.set_title(WORDS[lang][word] + own_base.get(code, ""), fontsize="medium")
            _mark_cut(axes, codebook, ages[0], code, WORDS[lang]["cut"])
        women.tick_params(labelleft=True)
        men.tick_params(labelleft=False)
        words = labels_of(codebook, bands, lang)
        women.set_yticks(range(len(bands)), words, ha="center")
        women.tick_params(axis="y", pad=5 + POINTS[size] * 0.27 * max(text_width(word) for word in words))
        heading = title_of(codebook, ages[0], lang) if title is None else title
        left = joined([left_note(table, lang, "sex"), hidden_note(table, lang), source_note(source, lang)], lang)
        return captioned(figure, heading, [left if apart else base_note(table, lang, source)], size)


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
        figure, bars = lying_bars(table, labels_of(codebook, table[name], lang), bar_labels(table, lang), size)
        for bar, code in zip(bars, table[name], strict=True):
            bar.set_facecolor(PALETTE[3] if sexes[str(code)] == "female" else MAIN)
        heading = title_of(codebook, name, lang) if title is None else title
        return captioned(figure, heading, [base_note(table, lang, source)], size)


def lying_bars(table: pd.DataFrame, labels: Sequence[str], numbers: Sequence[str], size: str) -> tuple[Figure, Any]:
    """A figure with bars of `share` from above to below, labels at the left, numbers behind the bars; and the bars."""
    names = [wrapped(label, LABEL_WIDTH[size]) for label in labels]
    places, lines = row_places(names)
    figure = new_figure(size, (5 + lines) * line_mm(size))
    axes = plain(figure.subplots(), keep="left")
    bars = axes.barh(places, heights(table), color=MAIN, height=1.0)
    axes.bar_label(bars, list(numbers), padding=2)
    axes.set_yticks(places, names)
    longest = max([*heights(table), 0.1])
    axes.set(xticks=[], xlim=(0, longest * (1.9 if size == "column" else 1.3)), ylim=(lines, 0))
    return figure, bars


def _upright_width(size: str, bars: int) -> int:
    return max(6, int({"column": 40, "full": 90, "slide": 90}[size] / max(bars, 1)))


def _legend_columns(labels: Sequence[str], stubs: Sequence[str], size: str) -> int:
    """How many legend entries stand beside each other over the bars, right of their labels."""
    taken = max((text_width(line) for stub in stubs for line in stub.split("\n")), default=0)
    room = {"column": 50, "full": 100, "slide": 100}[size] - taken
    longest = max((text_width(label) for label in labels), default=1)
    return max(1, min(len(labels), room // (longest + 6)))


def _stack(axes: Axes, place: float, part: pd.DataFrame, labels: Sequence[str]) -> None:
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
            height=1.0,
            label=label,
        )
        if height >= LEAST_NUMBERED:
            patch: Mapping[str, Any] = (
                {"facecolor": colour, "edgecolor": "none", "pad": 0.8} if HATCHES[i % len(HATCHES)] else {}
            )
            axes.text(
                left + height / 2, place, text, ha="center", va="center", color=text_colour(colour), bbox=patch or None
            )
        left += height


def _legend_above(axes: Axes, levels: int, columns: int) -> None:
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(
        handles[:levels], labels[:levels], ncols=columns, loc="lower left", bbox_to_anchor=(0.0, 1.0),
        borderaxespad=0.3, borderpad=0.0, handlelength=1.4, columnspacing=1.4,
    )  # fmt: skip


def _pyramid_side(axes: Axes, side: pd.DataFrame, colour: str, most: float) -> None:
    plain(axes)
    men = side["sex"].eq("male").any()
    axes.set_xlim(*((most, 0) if men else (0, most)))
    counts = side["n"].astype("Float64")
    bars = axes.barh(range(len(side)), counts.fillna(0).to_numpy(dtype=float), color=colour, height=0.8)
    axes.bar_label(bars, ["*" if pd.isna(n) else f"{int(n)}" for n in counts], padding=2)
    axes.set_xticks([])


def _mark_cut(axes: Axes, codebook: Codebook, band: str, sex: str, words: str) -> None:
    """A line between the bands below and above the cut of `age_by_sex`, where the band has one."""
    cuts = [lv["from"] for lv in codebook.bands["age_by_sex"].levels if lv.get("sex") == sex and "from" in lv]
    starts = [level.get("from") for level in codebook.bands[band].levels]
    edge, side = (0.0, "left") if sex == "male" else (1.0, "right")
    for cut in (c for c in cuts if c in starts):
        y = starts.index(cut) - 0.5
        axes.axhline(y, color=ACCENT, linewidth=0.9, linestyle="--")
        axes.text(
            edge,
            y,
            words.format(cut),
            ha=side,
            va="bottom",
            color=ACCENT,
            fontsize="small",
            transform=axes.get_yaxis_transform(),
        )
