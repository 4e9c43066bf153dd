"""An exhibit -> its chart: which chart draws what exhibits.yaml calls bars, lines, pyramid and so on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import ArgumentError, did_you_mean, listed
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.measures import dimensions
from bangfu_analysis.pages import (
    charts,
    charts_compare,
    charts_flows,
    charts_waves,
    mechanism_charts,
    survey_charts,
)
from bangfu_analysis.pages.theme import Figure, captioned, new_figure

Draw = Callable[..., Figure]


def _scale(table: pd.DataFrame, codebook: Codebook, **options: Any) -> Figure:
    extra = [c for c in ("top_share", "mean", "definition") if c in table]
    return survey_charts.diverging_bars(table.drop(columns=extra), codebook, **options)


def _heatmap(table: pd.DataFrame, codebook: Codebook, **options: Any) -> Figure:
    by = next(c for c in dimensions(table) if c not in ("cause", "wave"))
    draw = charts_waves.wave_heatmap if "wave" in table else charts_compare.cause_heatmap
    return draw(table, codebook, by=by, **options)


def _panels(table: pd.DataFrame, codebook: Codebook, **options: Any) -> Figure:
    return charts_compare.causes_by_group(table, codebook, by=dimensions(table)[0], **options)


def _stacked(table: pd.DataFrame, codebook: Codebook, **options: Any) -> Figure:
    by = dimensions(table)[0] if len(dimensions(table)) > 1 else None
    return charts.level_split(table, codebook, by=by, **options)


def _parts(table: pd.DataFrame, codebook: Codebook, **options: Any) -> Figure:
    steps = table.assign(wave_before=table["wave"].shift()).dropna(subset=["wave_before", "movement"])
    components = ["rate", "composition", "total"]
    long = steps.rename(columns={"movement": "total"}).melt(["wave_before", "wave"], components, "component", "estimate")
    return charts_waves.decomposition_bars(long.astype({"component": "category"}), codebook, **options)


CHARTS: dict[str, Draw] = {
    "bars": charts.bar_of_shares,
    "columns": charts.ordered_bars,
    "ranked": charts.cause_bars,
    "rates": charts.unit_rates,
    "four": charts.age_by_sex,
    "stacked": _stacked,
    "pyramid": charts.age_pyramid,
    "pyramids": charts_waves.pyramids,
    "panels": _panels,
    "heatmap": _heatmap,
    "dots": charts.interval_dots,
    "effects": charts.effect_dots,
    "means": charts.mean_bars,
    "lines": charts_compare.trend_lines,
    "slope": charts_waves.slope,
    "flow": charts_flows.alluvial,
    "parts": _parts,
    "scale": _scale,
    "single": charts.ordered_bars,
    "multiple": survey_charts.multiple_bars,
    "ranking": survey_charts.multiple_bars,
    "funnel": survey_charts.funnel_bars,
    "amount_bars": mechanism_charts.amount_bars,
    "rate_bars": mechanism_charts.rate_bars,
    "running_line": mechanism_charts.running_line,
}


def draw(exhibit: Exhibit, *, size: str = "full", title: str | None = None) -> Figure:
    """The chart of an exhibit, of its protected frame; ArgumentError where its recipe names none."""
    if not len(exhibit.frame):
        return captioned(new_figure(size, 12.0), "", [exhibit.text], size)
    if not exhibit.recipe.draw:
        raise ArgumentError(f"表图 {exhibit.id} 没有图。请在 exhibits.yaml 中写 draw，可用：{listed(CHARTS)}。")
    named, table = exhibit.figure_title if title is None else title, exhibit.focused
    if exhibit.recipe.draw == "flow":  # its two waves stand in the frame of `transitions`, not in that of a report
        waves: Any = exhibit.facts["waves"]
        table = table.assign(wave_before=waves[0], wave=waves[1])
    draw_it = partial(chart_of, exhibit.recipe.draw, table, exhibit.codebook, lang=exhibit.lang)
    return draw_it(title=named if exhibit.lang == "zh" else None, source=exhibit.source, size=size)


def chart_of(name: str, table: pd.DataFrame, codebook: Codebook, **options: Any) -> Figure:
    """The chart called `name`, of a result frame; ArgumentError suggests the nearest name."""
    if name not in CHARTS:
        raise ArgumentError(f"没有叫 {name} 的图。可用：{listed(CHARTS)}。{did_you_mean(name, list(CHARTS))}")
    return CHARTS[name](table, codebook, **options)


def has_chart(exhibit: Exhibit) -> bool:
    """Whether there is something to draw: a chart is named, and two numbers at least may be shown."""
    if not exhibit.recipe.draw:
        return False
    if exhibit.recipe.draw == "mechanism":
        return len(getattr(exhibit, "drawn")[1]) > 1  # noqa: B009  # of MechanismExhibit alone
    rows = exhibit.focused
    values = rows[next(m for m in ("share", "movement", "estimate", "n") if m in rows)]
    if exhibit.recipe.draw == "parts":
        return bool(values.notna().any())
    return int(values.notna().sum()) > 1
