"""Tables of mechanisms -> figures: amounts in their unit, rates with both their numbers, a debt that runs on.

Every chart takes rows with `label`, `n`, `counted_in` (and `share`, `base_n` for rates; `date` for a run) and
the arguments of `charts`.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from bangfu_analysis.analysis.domains import require
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.exhibits.measures import hidden
from bangfu_analysis.exhibits.rounding import percent
from bangfu_analysis.exhibits.wording import counted, in_percent, money
from bangfu_analysis.pages.chart_page import Page, chart, lying_bars
from bangfu_analysis.pages.theme import ACCENT, MAIN


@chart
def amount_bars(table: pd.DataFrame, page: Page) -> Figure:
    """One bar a row, as long as its `n`, with number and unit; all rows are counted in one unit, or it is an
    error.
    """
    require(table, ["label", "n", "counted_in"], where="amount_bars")
    if len(set(table["counted_in"])) > 1:
        told = "各行的计数单位不同（人、户、人次等），不能画在同一条轴上。请先按 counted_in 筛选。"
        raise ArgumentError(f"amount_bars：{told}")
    texts = [amount(n, unit, page) for n, unit in zip(table["n"], table["counted_in"], strict=True)]
    return _bars(table, page, table["n"], texts)


@chart
def rate_bars(table: pd.DataFrame, page: Page) -> Figure:
    """One bar a row, as long as its `share`, on a scale to 100 %, with the share, its number and its base."""
    require(table, ["label", "n", "base_n", "counted_in", "share"], where="rate_bars")
    rows = table[["share", "n", "base_n", "counted_in"]].itertuples(index=False)
    texts = [
        "*" if pd.isna(n) else f"{in_percent(percent(share))}（{int(n)}/{amount(base, unit, page)}）"
        for share, n, base, unit in rows
    ]
    return _bars(table, page, table["share"] * 100, texts, full=100.0, room=1.45)


@chart
def running_line(table: pd.DataFrame, page: Page) -> Figure:
    """Steps of a running sum by `date`, each with its amount; what lies above the line at zero is still
    lacking.
    """
    require(table, ["date", "n"], where="running_line")
    figure, axes = page.axes(18, keep="bottom")
    axes.step(table["date"], table["n"], where="post", color=MAIN)
    axes.plot(table["date"], table["n"], "o", color=MAIN)
    axes.axhline(0, color=ACCENT, linewidth=0.8)
    for day, n in zip(table["date"], table["n"], strict=True):
        axes.annotate(money(float(n)), (day, float(n)), xytext=(0, 6), textcoords="offset points", ha="center")
    axes.set_xticks(table["date"], [f"{day:%Y-%m-%d}" for day in table["date"]])
    axes.set_yticks([])
    axes.margins(x=0.08, y=0.2)
    axes.set_title(page.words("lacking"), loc="left", fontsize="medium")
    return page.captioned(figure, "", [page.words("run")])


def amount(n: float, unit: str, page: Page) -> str:
    """`947人`, `18.94万元`; * where it is hidden."""
    if pd.isna(n):
        return "*"
    if unit == "yuan" and page.lang == "zh":
        return money(n)
    return counted(n, " " * (page.lang == "en") + _unit(unit, page))


def _unit(unit: str, page: Page) -> str:
    word = page.codebook.labels("aid.counted_in", page.lang).get(unit, unit)
    return "个" if word.startswith("个") else word  # the heading says of what


def _bars(
    table: pd.DataFrame, page: Page, lengths: pd.Series[Any], texts: list[str], full: float = 0.1, room: float = 1.3
) -> Figure:
    long, notes = lengths.astype("Float64").fillna(0).tolist(), [page.when(hidden(table).any(), "hidden")]
    return lying_bars(page, table["label"].tolist(), long, texts, "", notes, full=full, room=room)
