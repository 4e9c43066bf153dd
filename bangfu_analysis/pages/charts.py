"""An exhibit -> its chart: what exhibits.yaml calls bars, lines, pyramid and so on, a function each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.analysis.domains import require
from bangfu_analysis.errors import ArgumentError, ColumnMissing, did_you_mean, listed
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.findings import headlines
from bangfu_analysis.exhibits.labels import MISSING, WORDS, unit_of
from bangfu_analysis.exhibits.measures import dimensions, measure, sorted_by_size
from bangfu_analysis.exhibits.tables import HIDDEN, NOT_APPLICABLE
from bangfu_analysis.exhibits.wording import counted, money, year
from bangfu_analysis.pages.chart import FORMS, Chart, Rows, base_of
from bangfu_analysis.pages.theme import MAIN, MUTED, PALETTE, SEXES, grade_colours

MOST_LINES, MOST_SLOPES = 6, 12
OUTSIDE = ("new", "returned", "came", "exited", "died")  # states of people who are not on file
OF_ITEMS = ["top_share", "mean", "definition"]  # columns of a scale that its chart leaves to the table
PLAIN: dict[str, Any] = {"comparable": True, "left_out_n": 0, "base_n": pd.NA}  # where nothing else is said
COMPONENTS = ["rate", "composition", "total"]


def chart_of(exhibit: Exhibit, *, title: str | None = None) -> Chart:
    """The chart of an exhibit, of its protected frame; without a `title` it says what was found.

    ArgumentError where the exhibit names no chart, or one that its frame does not fit.
    """
    kind, frame = exhibit.drawn
    if kind not in CHARTS:
        near = f"没有叫 {kind} 的图" if kind else "没有图"
        names = f"请在 exhibits.yaml 中写 draw，可用：{listed(CHARTS)}。{did_you_mean(kind, list(CHARTS))}"
        raise ArgumentError(f"表图 {exhibit.id} {near}。{names}")
    rows = Rows(exhibit, frame)
    chart, chinese = CHARTS[kind](rows), exhibit.lang == "zh"
    named = exhibit.figure_title if chinese else " × ".join(map(rows.title, dimensions(frame)[:2]))
    head = headlines([exhibit]).get(exhibit.id, "") if chinese and title is None else ""
    subtitle = f"{named}；{chart.subtitle}" if named and head else chart.subtitle
    starred = rows.when((chart.texts == HIDDEN).any(axis=None), "hidden")
    notes = (*chart.notes, starred, rows.when(exhibit.source, "source", exhibit.source))
    title = (head or named) if title is None else title
    return replace(chart, title=title, subtitle=subtitle, notes=tuple(filter(None, notes)), lang=exhibit.lang)


def charts_of(exhibits: Iterable[Exhibit]) -> dict[str, Chart]:
    """The charts, without titles, of the exhibits that have something to draw: a chart is named, and two
    numbers at least may be shown, of lines two of one line.
    """
    charts = dict[str, Chart]()
    for exhibit in exhibits:
        kind, frame = exhibit.drawn
        chart = chart_of(exhibit, title="") if kind and len(frame) else None
        if chart is None:
            continue
        shown = chart.values.notna().sum()
        if (shown.max() if chart.shape == "lines" else shown.sum()) > (kind != "parts"):
            charts[exhibit.id] = chart
    return charts


def has_chart(exhibit: Exhibit) -> bool:
    """Whether there is something to draw."""
    return bool(charts_of([exhibit]))


def _bars(rows: Rows, *, of: str = "share", key: str = "bar", by_size: bool = False) -> Chart:
    """A bar a level, a panel a group; without groups each with its count. Sorted, levels of nobody go; a
    group of which no bar is seen goes where another one is.
    """
    *groups, down = rows.dimensions()
    across, full = "".join(groups), rows
    if across:
        seen = rows.frame[of].gt(0).fillna(False).groupby(rows.frame[across], observed=True).transform("any")
        rows = rows.of(rows.frame[seen]) if seen.any() else rows
    unseen, every = rows.when(len(rows.frame) < len(full.frame), "unseen"), len(rows.frame)
    if by_size or rows.exhibit.recipe.sort == "size":
        rows = rows.of(sorted_by_size(_of_somebody(rows.frame, down), down))
    texts = _with_counts(rows, rows.texts(of), key) if not across and "n" in rows.frame else ()
    values, printed = rows.grids(of, down, across, across, texts)
    heads = list(map(str, values.columns)) if across else []
    heads = rows.with_bases(across, heads) if across and "base_n" in rows.frame else heads
    caption = rows.measured(of, "of_group" if across else {"rate": "of_two", "mean": "of_known"}.get(key, ""))
    notes = (*full.notes(across), rows.when(len(rows.frame) < every, "nobody"), unseen)
    form = FORMS[measure(of, rows.frame).kind]
    return Chart("bars", values, printed, caption, notes, form=form, heads=tuple(heads))


def _of_somebody(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows of the levels that somebody is in, or may be (hidden)."""
    some = frame["n"].astype("Int64").ne(0).fillna(True)
    return frame[some.groupby(frame[name], observed=True).transform("any")]


def _with_counts(rows: Rows, texts: Sequence[str], key: str) -> list[str]:
    """`30.6%（1058人）`; … with the count where no base is known; marks as they are."""
    labels, frame = [], rows.frame
    for text, n, base in zip(texts, frame["n"], frame.get("base_n", frame["n"]), strict=True):
        if pd.isna(n) or text in (HIDDEN, NOT_APPLICABLE):
            labels.append(HIDDEN if pd.isna(n) else text)
        else:
            labels.append(f"{MISSING} ({n})" if text == MISSING else rows.words(key, text, int(n), base))
    return labels


def _rates(rows: Rows) -> Chart:
    """Rates as bars, the highest first, each with its count and its base."""
    order = rows.frame.sort_values(["share", "n"], ascending=False, kind="stable", na_position="last")
    chart = _bars(rows.of(order), key="rate")
    no_base = rows.when((order["share"].isna() & order["n"].notna()).any(), "no_base")
    return replace(chart, notes=(*chart.notes, no_base))


def _four(rows: Rows) -> Chart:
    """The reports' four cells: men cut at 50, women at 40; the sexes differ in shade."""
    chart, name = _bars(rows), rows.dimensions()[-1]
    levels = rows.exhibit.codebook.bands[name].levels
    sexes = {str(level["code"]): str(level.get("sex")) for level in levels}
    shades = [SEXES.get(sexes.get(str(code), ""), MAIN) for code in rows.frame[name]]
    return replace(chart, colours=dict(zip(chart.rows, shades, strict=True)))


def _funnel(rows: Rows) -> Chart:
    """Who passed each step, before who passed the step before and answered."""
    values, texts = rows.grids("n", "step", texts=_with_counts(rows, rows.texts("share"), "rate"))
    notes, behind = (rows.words("funnel"), *rows.notes()), rows.frame["base_n"].fillna(0).astype(float)
    return Chart("bars", values, texts, rows.measured("n", "of_two"), notes, form="0", behind=tuple(behind))


def _amounts(rows: Rows) -> Chart:
    """Rows of `label` and `n`, all in one unit (`counted_in`); ArgumentError where they are in several."""
    frame, book = rows.frame, rows.exhibit.codebook
    require(frame, ["label", "n", "counted_in"], where="amount_bars")
    if len(units := set(frame["counted_in"])) > 1:
        mixed = "各行的计数单位不同（人、户、人次等），不能画在同一条轴上。请先按 counted_in 筛选。"
        raise ArgumentError(f"amount_bars：{mixed}")
    texts = [amount(rows, n, unit) for n, unit in zip(frame["n"], frame["counted_in"], strict=True)]
    numbers = [HIDDEN if pd.isna(n) else n for n in frame["n"]]
    subtitle = rows.words("unit", "、".join(unit_of(book, unit, rows.exhibit.lang) for unit in units))
    values, printed = rows.grid(numbers, "label"), rows.grid(texts, "label", fill=HIDDEN)
    return Chart("bars", values, printed, subtitle, form="General")


def _shares_of(rows: Rows) -> Chart:
    """Rows of `label`, `n` of `base_n`: a bar a share, on a scale to 100 %, with both numbers."""
    frame = rows.frame
    require(frame, ["label", "n", "base_n", "counted_in", "share"], where="rate_bars")
    cells = zip(rows.texts("share"), frame["n"], frame["base_n"], frame["counted_in"], strict=True)
    texts = [
        HIDDEN if pd.isna(n) else rows.words("part", text, int(n), amount(rows, base, unit))
        for text, n, base, unit in cells
    ]
    values = rows.grid(rows.cells("share"), "label").where(frame["n"].notna().to_numpy()[:, None])
    subtitle, behind = rows.measured("share", "of_two"), (100.0,) * len(frame)
    return Chart("bars", values, rows.grid(texts, "label", fill=HIDDEN), subtitle, behind=behind)


def amount(rows: Rows, n: float, unit: str) -> str:
    """`947人`, `18.94万元`; * where it is hidden."""
    if pd.isna(n):
        return HIDDEN
    lang, book = rows.exhibit.lang, rows.exhibit.codebook
    if lang == "zh":
        return money(n) if unit == "yuan" else counted(n, unit_of(book, unit))
    return counted(n, f" {unit_of(book, unit, lang)}")


def _running(rows: Rows) -> Chart:
    """What is still lacking of a debt, by date."""
    dated = rows.of(rows.frame.assign(date=[f"{day:%Y-%m-%d}" for day in rows.frame["date"]]))
    numbers = dated.frame["n"].astype(float).tolist()
    texts = dated.grid(list(map(money, numbers)), "date", fill=HIDDEN)
    subtitle, notes = rows.words("lacking"), (rows.words("run"),)
    return Chart("bars", dated.grid(numbers, "date"), texts, subtitle, notes, form="General")


def _parts(rows: Rows) -> Chart:
    """What a change is made of, a panel a component: of each two waves, or of each stratum of two waves."""
    frame, step = rows.frame, ["wave_before", "wave"]
    if "component" not in frame:
        steps = frame.assign(wave_before=frame["wave"].shift()).dropna(subset=["wave_before", "movement"])
        steps = steps.rename(columns={"movement": "total"})
        frame = steps.melt(step, COMPONENTS, "component", "estimate")
    require(frame, [*step, "estimate"], where="parts")
    strata = [name for name in dimensions(frame) if name not in (*step, "component")]
    if strata and len(frame.drop_duplicates(step)) > 1:
        raise ArgumentError("parts：分组的分解一次画一对批次。请先选定，如 table[table['wave'] == '2010']。")
    ends = [f"{before}–{wave}" for before, wave in frame[step].itertuples(index=False)]
    long = rows.of(frame.assign(step=ends))
    values, texts = long.grids("estimate", strata[0] if strata else "step", "component")
    subtitle, heads = rows.words("points"), tuple(map(str, values.columns))
    return Chart("bars", values, texts, subtitle, form=FORMS["points"], heads=heads)


def _dots(rows: Rows) -> Chart:
    """Estimates on their confidence intervals with the size of their bases; effects of a model likewise."""
    of = next(name for name in ("effect", "share", "estimate") if name in rows.frame)
    ends = ("effect_low", "effect_high") if of == "effect" else ("ci_low", "ci_high")
    require(rows.frame, [*ends, "n"], where="dots")
    if "compared_with" in rows.frame:
        against = [rows.when(other != "—", "against", other) for other in rows.frame["compared_with"]]
        rows = rows.of(rows.frame.assign(effect_of=rows.frame["effect_of"] + against))
    (down,) = rows.dimensions("compared_with", most=1)
    printed = zip(*(rows.texts(name) for name in (of, *ends)), strict=True)
    intervals = [text if text == HIDDEN else f"{text} ({low}–{high})" for text, low, high in printed]
    values, texts = rows.grids(of, down, texts=intervals)
    low, high = (rows.grid(rows.cells(name), down) for name in ends)
    bases = rows.frame["base_n" if "base_n" in rows.frame else "n"]
    subtitle, notes = rows.heading(of), (rows.words("dots"), rows.notes()[0])
    chart = Chart("bars", values, texts, subtitle, notes, form=FORMS["number"], low=low, high=high)
    return chart.called([f"{label} (n = {n})" for label, n in zip(chart.rows, bases, strict=True)])


def _stacked(rows: Rows) -> Chart:
    """Shares of the levels stacked to 100 %, a bar a group; without groups, a bar a level says it better."""
    *groups, across = rows.dimensions()
    if not groups:
        return _bars(rows)
    rows, down = rows.of(rows.frame[rows.frame["base_n"].ne(0).fillna(True)]), groups[0]
    values, texts = rows.grids("share", down, across, down)
    chart = Chart("stacked", values, texts, rows.measured("share", "of_group"), rows.notes(down))
    return chart.called(rows.with_bases(down, chart.rows))


def _scale(rows: Rows) -> Chart:
    """The grades of each item stacked; around the middle only where they run from bad to good."""
    grades = [str(grade) for grade in rows.frame["option"].cat.categories]
    chart = _stacked(rows.of(rows.frame.drop(columns=OF_ITEMS, errors="ignore")))
    middle = (len(grades) - 1) / 2 if two_sided(grades) else None
    values, texts = (grid.reindex(columns=grades) for grid in (chart.values, chart.texts))
    notes = (*chart.notes, rows.when(middle is not None, "centre"))
    chart = replace(chart, values=values, texts=texts, notes=notes, middle=middle)
    return replace(chart, colours=grade_colours(grades, middle))


def two_sided(grades: Sequence[str]) -> bool:
    """Whether grades run from one side to its opposite (不满意, 满意), not from less to more of one thing."""
    ends = (grades[0], grades[-1]), (grades[-1], grades[0])
    return any(bad in one and good in other for one, other in ends for bad, good in WORDS["opposites"])


def _pyramid(rows: Rows) -> Chart:
    """Men to the left, women to the right, by age: counts, rates, or in percent of each wave, side by side.

    A dashed line marks where the reports cut: men 50, women 40 (band `age_by_sex` of the codebook).
    """
    ages = [name for name in dimensions(rows.frame) if name not in ("sex", "wave")]
    if "sex" not in rows.frame or len(ages) != 1:
        where = "pyramid（需要 sex 与一个年龄分组）"
        raise ColumnMissing.naming(["sex"], dimensions(rows.frame), where=where)
    by, rate = "wave" if "wave" in rows.frame else "", rows.exhibit.layout.rate
    of = "share" if by or rate else "n"
    parts = rows.parts(by)
    grids = [rows.of(part).grids(of, ages[0], "sex") for part in parts]
    values, texts = (pd.concat(every, axis=1) for every in zip(*grids, strict=True))
    heads = list(map(str, values.columns))
    bases = [base_of(part) for part in rows.parts("sex")]
    apart = not by and not rate and len(set(bases)) > 1
    heads = rows.with_bases("sex", heads) if apart else heads
    panels = [f"{part['wave'].iloc[0]}\nn = {base_of(part)}" for part in parts] if by else []
    subtitle = rows.measured(of, "of_group" if apart else "bare" if by else "")
    notes, cuts = rows.notes(by or "sex" * apart), _cuts(rows, ages[0])
    chart = Chart("pyramid", values, texts, subtitle, notes, form=FORMS[measure(of, rows.frame).kind])
    return replace(chart, heads=tuple(heads), panels=tuple(panels), cuts=cuts)


def _cuts(rows: Rows, band: str) -> tuple[tuple[float, str], ...]:
    """Where the ages at which `age_by_sex` cuts men and women stand between two levels of a band."""
    bands = rows.exhibit.codebook.bands
    starts = [level.get("from") for level in bands[band].levels] if band in bands else []
    halves = [level for level in bands["age_by_sex"].levels if "from" in level and level["from"] in starts]
    at = {str(level["sex"]): level["from"] for level in halves}
    every = [(starts.index(at[sex]) - 0.5, rows.words("cut", at[sex])) for sex in SEXES if sex in at]
    return tuple(every) if len(every) == len(SEXES) else ()


def _lines(rows: Rows, *, ends: bool = False) -> Chart:
    """A line a level over the waves, broken where the definition changed.

    With `ends`, of the first and last wave alone, and of the levels that both have.
    """
    across = "".join(rows.dimensions("wave")) if len(dimensions(rows.frame)) > 1 else ""
    measures = [name for name in ("share", "estimate", "n") if name in rows.frame]
    of = next((name for name in measures if rows.frame[name].notna().any()), "n")
    every = rows.frame.assign(**{name: value for name, value in PLAIN.items() if name not in rows.frame})
    held, lost = _at_ends(every, across) if ends else (every, 0)
    rows, drawn = rows.of(held), rows.of(_largest(held, across, of, MOST_SLOPES if ends else MOST_LINES))
    values, texts = drawn.grids(of, "wave", across, "wave")
    comparable = drawn.grid(drawn.frame["comparable"].astype(float), "wave", across, 1.0).astype(bool)
    ends_of = ("ci_low", "ci_high") if of == "share" and "ci_low" in held else ()
    limits = [drawn.grid(drawn.frame[name].astype(float) * 100, "wave", across) for name in ends_of]
    few = rows.when(len(drawn.frame) < len(held), "largest", len(values.columns))
    notes = (few, rows.when(lost, "one_end", lost), *_trend_notes(rows))
    bases = held.groupby("wave", observed=True)["base_n"].nunique()
    shared = of == "share" and bases.eq(1).any() and bases.le(1).all()
    subtitle, form = rows.measured(of, "of_wave" if shared else "bare"), FORMS[measure(of, held).kind]
    chart = Chart("lines", values, texts, subtitle, notes, form=form, comparable=comparable)
    chart = replace(chart, low=limits[0], high=limits[1]) if limits else chart
    return chart.called(rows.with_bases("wave", chart.rows, "{}\nn = {}")) if shared else chart


def _at_ends(frame: pd.DataFrame, name: str) -> tuple[pd.DataFrame, int]:
    """The rows of the first and the last wave, of levels that both have; how many have one end only."""
    first, last = frame["wave"].iloc[0], frame["wave"].iloc[-1]
    if first == last:
        raise ArgumentError(f"slope：要至少两个批次，表中只有 {first}。")
    held = frame[frame["wave"].isin([first, last])]
    both = held[held[name].duplicated(keep=False)]
    unbroken_lines = frame[frame["wave"].ne(first)].groupby(name, observed=True)["comparable"].all()
    unbroken = both[name].astype(object).map(unbroken_lines).astype(bool)
    lost = frame[name].nunique() - both[name].nunique()
    return both.assign(comparable=unbroken | both["wave"].eq(first)), lost


def _largest(frame: pd.DataFrame, name: str, of: str, most: int) -> pd.DataFrame:
    """The rows of the levels that are largest in the last wave before each break, in their order."""
    if not name or frame[name].nunique() <= most:
        return frame
    waves = list(dict.fromkeys(frame["wave"]))
    goes_on = frame.groupby("wave")["comparable"].any()
    ends = [wave for wave, after in zip(waves[:-1], waves[1:], strict=True) if not goes_on[after]]
    last = frame[frame["wave"].isin([*ends, waves[-1]])].sort_values(of, ascending=False, kind="stable")
    return frame[frame[name].isin(list(last.groupby("wave")[name].head(most)))]


def _trend_notes(rows: Rows) -> tuple[str, ...]:
    """Where lines break and why, who is left out of each wave, and of whom the waves are."""
    frame = rows.frame
    broken = not frame.loc[frame["wave"].ne(frame["wave"].iloc[0]), "comparable"].all()
    chinese = "break_note" in frame and rows.exhibit.lang == "zh"  # why it breaks is said in Chinese only
    left = frame.loc[frame["base_n"].ne(0).fillna(True)].groupby("wave", observed=True)["left_out_n"].max()
    cases = rows.words("and").join(f"{wave} {n}" for wave, n in left.dropna().items())
    return (
        rows.when(broken, "break"),
        *filter(None, frame["break_note"].unique() if chinese else ()),
        rows.when(left.any(), "left_by_wave", cases),
        rows.words("intervals" if "ci_low" in frame else "census"),
    )


def _heatmap(rows: Rows) -> Chart:
    """A cell a share, the darker the larger: causes by group, the largest groups first, or waves by unit.

    Units stand by their share in the last wave. ArgumentError where no cell has a number.
    """
    frame = rows.frame
    if frame["share"].isna().all() or not frame["n"].fillna(1).any():
        raise ArgumentError("heatmap：表中各格都没有人，没有可画的数。请检查筛选条件，或不画这张图。")
    label, (down, across) = rows.measured("share", "shade"), rows.dimensions()
    if "wave" in (down, across):
        values, texts = rows.grids("share", down if across == "wave" else across, "wave")
        last_first = [-values[wave].to_numpy(float) for wave in values]
        order = np.lexsort(last_first)
        sums = frame.groupby("wave", observed=True)["base_n"].sum().astype("Int64")
        steps = rows.words("and").join(f"{wave} {n}" for wave, n in sums.items())
        return Chart("heatmap", values.iloc[order], texts.iloc[order], label, (rows.words("n_steps", steps),))
    rows = rows.of(sorted_by_size(_of_somebody(frame, across), across))
    values, texts = rows.grids("share", down, across, down)
    sizes = rows.frame.drop_duplicates(down)["base_n"].astype("Float64").fillna(0).to_numpy(float)
    order, named = np.argsort(-sizes, kind="stable"), rows.with_bases(down, list(map(str, values.index)))
    values, texts = (grid.set_axis(named).iloc[order] for grid in (values, texts))
    return Chart("heatmap", values, texts, label, rows.notes(down))


def _flow(rows: Rows) -> Chart:
    """People by their state in the wave before (down) and in this one (across); hidden cells have no band."""
    frame, ends = rows.frame, ("wave_before", "wave")
    states_of = [c for c in map(str, frame.columns) if f"{c}_before" in frame and c != "wave"]
    if not states_of:
        where = "flow（需要 transitions 的结果）"
        raise ColumnMissing.naming(["…_before"], list(map(str, frame.columns)), where=where)
    now, before = states_of[0], f"{states_of[0]}_before"
    values, texts = rows.grids("n", before, now)
    states, labels = [*frame[before].unique(), *frame[now].unique()], [*values.index, *values.columns]
    tints, colours = cycle(PALETTE), dict[str, str]()
    for state, label in zip(states, map(str, labels), strict=True):
        colours[label] = MUTED if state in OUTSIDE else colours.get(label) or next(tints)
    left = frame["left_out_n"].fillna(0).max()
    notes = rows.when(left, "left", left), rows.when(not frame["comparable"].all(), "break_levels")
    waves = rows.exhibit.facts.get("waves")
    waves = waves if isinstance(waves, tuple) else tuple(frame[end].iloc[0] for end in ends if end in frame)
    heads = tuple(year(wave) if rows.exhibit.lang == "zh" else str(wave) for wave in waves)
    subtitle = rows.words("flow", *(heads or ("", "")))
    return Chart("flow", values, texts, subtitle, notes, form="0", heads=heads, colours=colours)


CHARTS: dict[str, Callable[[Rows], Chart]] = {
    **dict.fromkeys(("bars", "columns", "single"), _bars),
    **dict.fromkeys(("ranked", "panels", "multiple", "ranking"), partial(_bars, by_size=True)),
    **dict.fromkeys(("dots", "effects"), _dots), "amounts": partial(_bars, of="amount"),
    **dict.fromkeys(("pyramid", "pyramids"), _pyramid), "rates": _rates, "four": _four,
    "means": partial(_bars, of="estimate", key="mean"), "funnel": _funnel, "parts": _parts,
    "amount_bars": _amounts, "rate_bars": _shares_of, "running_line": _running, "stacked": _stacked,
    "scale": _scale, "lines": _lines, "slope": partial(_lines, ends=True), "heatmap": _heatmap, "flow": _flow,
}
