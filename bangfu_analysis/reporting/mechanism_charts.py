"""Tables of mechanisms -> figures: amounts in their unit, rates with both their numbers, a debt that runs on.

Every chart takes rows with `label`, `n`, `counted_in` (and `share`, `base_n` for rates; `date` for a run) and the arguments of `charts`.
"""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from bangfu_analysis.analysis.domains import require
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.reporting.chart_page import Page, chart, more_note
from bangfu_analysis.reporting.results import hidden
from bangfu_analysis.reporting.rounding import percent
from bangfu_analysis.reporting.theme import ACCENT, MAIN, plain
from bangfu_analysis.reporting.wording import counted, in_percent, money

WORDS = {
    "zh": {"lacking": "尚缺金额，元", "run": "累计欠款减去收到的款项"},
    "en": {"lacking": "still lacking, yuan", "run": "owed so far less what came in"},
}


@chart
def amount_bars(table: pd.DataFrame, page: Page) -> Figure:
    """One bar a row, as long as its `n`, with number and unit; all rows are counted in one unit, or it is an error."""
    require(table, ["label", "n", "counted_in"], where="amount_bars")
    if len(set(table["counted_in"])) > 1:
        raise ArgumentError(
            "amount_bars：各行的计数单位不同（人、户、人次等），不能画在同一条轴上。请先按 counted_in 筛选。"
        )
    texts = [amount(n, unit, page) for n, unit in zip(table["n"], table["counted_in"], strict=True)]
    lengths = table["n"].astype("Float64").fillna(0).tolist()
    return _bars(table, page, lengths, texts)


@chart
def rate_bars(table: pd.DataFrame, page: Page) -> Figure:
    """One bar a row, as long as its `share`, on a scale to 100 %, with the share, its number and its base."""
    require(table, ["label", "n", "base_n", "counted_in", "share"], where="rate_bars")
    rows = zip(table["share"], table["n"], table["base_n"], table["counted_in"], strict=True)
    texts = [
        "*" if pd.isna(n) else f"{in_percent(percent(share))}（{int(n)}/{amount(base, unit, page)}）"
        for share, n, base, unit in rows
    ]
    return _bars(table, page, (table["share"].astype("Float64").fillna(0) * 100).tolist(), texts, full=100.0)


@chart
def running_line(table: pd.DataFrame, page: Page) -> Figure:
    """Steps of a running sum by `date`, each with its amount; what lies above the line at zero is still lacking."""
    require(table, ["date", "n"], where="running_line")
    figure = page.figure(18)
    axes = plain(figure.subplots(), keep="bottom")
    axes.step(table["date"], table["n"], where="post", color=MAIN)
    axes.plot(table["date"], table["n"], "o", color=MAIN)
    axes.axhline(0, color=ACCENT, linewidth=0.8)
    for day, n in zip(table["date"], table["n"], strict=True):
        axes.annotate(money(float(n)), (day, float(n)), xytext=(0, 6), textcoords="offset points", ha="center")
    axes.set_xticks(table["date"], [f"{day:%Y-%m-%d}" for day in table["date"]])
    axes.set_yticks([])
    axes.margins(x=0.08, y=0.2)
    axes.set_title(WORDS[page.lang]["lacking"], loc="left", fontsize="medium")
    return page.captioned(figure, "", [WORDS[page.lang]["run"]])


def amount(n: float, unit: str, page: Page) -> str:
    """`947人`, `18.94万元`; * where it is hidden."""
    if pd.isna(n):
        return "*"
    return (
        money(n) if unit == "yuan" and page.lang == "zh" else counted(n, " " * (page.lang == "en") + _unit(unit, page))
    )


def _unit(unit: str, page: Page) -> str:
    word = page.codebook.labels("aid.counted_in", page.lang).get(unit, unit)
    return "个" if word.startswith("个") else word  # the heading says of what


def _bars(table: pd.DataFrame, page: Page, lengths: list[float], texts: list[str], full: float = 0.0) -> Figure:
    stubs, places, lines = page.rows(table["label"].tolist())
    shown = len(stubs)
    figure = page.figure(5 + lines)
    axes = plain(figure.subplots(), keep="left")
    bars = axes.barh(places, lengths[:shown], color=MAIN, height=1.0)
    axes.bar_label(bars, texts[:shown], padding=2)
    axes.set_yticks(places, stubs)
    longest = max([full, *lengths[:shown], 1e-9])
    axes.set(xticks=[], xlim=(0, longest * (1.9 if page.size == "column" else 1.45 if full else 1.3)), ylim=(lines, 0))
    notes = [page.words("hidden") if hidden(table).any() else "", more_note(len(table) - shown, page)]
    return page.captioned(figure, "", notes)
