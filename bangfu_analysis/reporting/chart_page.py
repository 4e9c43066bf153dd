"""What every chart shares: how it is called, in which words and size it is printed, and what is written beside its marks."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.reporting.labels import labels_of, title_of
from bangfu_analysis.reporting.results import dimensions, hidden, over_full, printed_percents
from bangfu_analysis.reporting.rounding import percent
from bangfu_analysis.reporting.theme import captioned, line_mm, look, new_figure, row_places, rows_that_fit, wrapped

LABEL_WIDTH = {"column": 18, "full": 30, "slide": 30}  # half-width characters
LEAST_NUMBERED = 6  # per cent: a narrower segment has no room for its number
WORDS = {
    "zh": {
        "n": "n = {0}人", "n_steps": "n（人）：{0}", "left": "未详{0}人不计入", "source": "数据来源：{0}", "bar": "{0}%（{1}人）", "rate": "{0}%（{1}/{2}人）",
        "many": "一人可有多项，各项占比之和大于100%", "hidden": "* 人数过少，为保护个人信息而隐去", "more": "另有{0}个未画出，见表",
        "cut": "{0}岁", "male": "男", "female": "女", "unnamed": "无人提及的致困原因未画出", "none": "没有可画的数", "join": "；",
        "no_base": "… 没有职工总数，不能计算", "small": "小于{0}%的占比未标数字",
        "largest": "只画最后一批中最大的{0}项", "break": "线断处口径改变，前后不可比", "left_by_wave": "未详不计入（人）：{0}",
        "break_levels": "前后批次口径不同，只示新旧类别的对应", "break_dotted": "虚线表示其间口径改变，前后不可比",
        "one_end": "另有{0}项首末批次不全，未画出", "parts": "变化的分解", "points": "单位：百分点；各组比率的变化与构成变化之和为合计",
        "census": "各批次为全部在册人员，变化是普查数之差，没有抽样误差", "intervals": "竖线为置信区间",
        "and": "、", "dots": "横线为置信区间", "roster": "竖线为全部名册的实际值",
    },
    "en": {
        "n": "n = {0}", "n_steps": "n: {0}", "left": "{0} not known, left out", "source": "Source: {0}", "bar": "{0}% ({1})", "rate": "{0}% ({1}/{2})",
        "many": "a person may name several; shares add up to more than 100%", "hidden": "* too few persons to show",
        "more": "{0} more are not drawn, see the table", "cut": "{0} years", "male": "men", "female": "women",
        "unnamed": "causes that nobody named are not drawn", "none": "nothing to draw", "join": "; ",
        "no_base": "… number of workers unknown", "small": "shares under {0}% bear no number",
        "largest": "only the {0} largest of the last wave are drawn",
        "break": "lines break where the definition changed", "break_levels": "classes of different definitions: read as old to new",
        "break_dotted": "dotted: the definition changed on the way", "one_end": "{0} not in both waves, not drawn",
        "parts": "What the change is made of", "points": "percentage points; rates and composition add up to the total",
        "census": "all on file in each wave: changes of a census, without sampling error", "intervals": "bars are confidence intervals", "left_by_wave": "not known, left out: {0}", "and": ", ",
        "dots": "lines are confidence intervals", "roster": "ticks are the values in the full roster",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Page:
    """Where a chart stands: its labels' codebook, language, title (None: the variable's name), source and print size."""

    codebook: Codebook
    lang: str = "zh"
    title: str | None = None
    source: str = ""
    size: str = "full"

    def __post_init__(self) -> None:
        if self.lang not in WORDS:
            raise ArgumentError.naming("lang", self.lang, WORDS)

    def words(self, key: str, *values: object) -> str:
        """A phrase in the language of the page."""
        return WORDS[self.lang][key].format(*values)

    def joined(self, notes: Sequence[str]) -> str:
        """The notes that there are, in one line."""
        return self.words("join").join(filter(None, notes))

    def labels(self, codes: pd.Series[Any]) -> list[str]:
        """The printed labels of a column of codes."""
        return labels_of(self.codebook, codes, self.lang)

    def stubs(self, labels: Sequence[str]) -> list[str]:
        """Labels in lines that fit to the left of the bars."""
        return [wrapped(label, LABEL_WIDTH[self.size]) for label in labels]

    def rows(self, labels: Sequence[str]) -> tuple[list[str], list[float], float]:
        """As many labels as fit on a page one below the other, where they stand, and their height in all; in lines."""
        stubs = self.stubs(labels)
        shown = stubs[: rows_that_fit(stubs, self.size)]
        return shown, *row_places(shown)

    def figure(self, lines: float) -> Figure:
        """An empty figure, so many lines of text high."""
        return new_figure(self.size, lines * line_mm(self.size))

    def name(self, *columns: str) -> str:
        """The printed name of a column, or of two that are crossed."""
        return " × ".join(title_of(self.codebook, column, self.lang) for column in columns)

    def captioned(self, figure: Figure, heading: str, notes: Sequence[str]) -> Figure:
        """The figure with its title (else `heading`) above, its notes and its source below."""
        source = self.words("source", self.source) if self.source else ""
        title = heading if self.title is None else self.title
        return captioned(figure, title, [self.joined(notes), source], self.size)


def chart(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """A chart out of a function of (table, page, own options), called with codebook, lang, title, source, size for a page.

    It is drawn in our look, and `help` prints how it is called.
    """

    @wraps(draw, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
    def drawn(
        table: pd.DataFrame, codebook: Codebook, *, lang: str = "zh", title: str | None = None, source: str = "",
        size: str = "full", **options: Any,
    ) -> Figure:  # fmt: skip
        with look(size):
            return draw(table, Page(codebook, lang, title, source, size), **options)

    shared = [*inspect.signature(drawn, follow_wrapped=False).parameters.values()][:-1]
    own = [p for p in inspect.signature(draw).parameters.values() if p.kind is p.KEYWORD_ONLY]
    drawn.__dict__["__signature__"] = inspect.Signature([*shared, *own], return_annotation=Figure)  # what help() prints
    return drawn


def only_dimension(table: pd.DataFrame, *, besides: str | None = None) -> str:
    """The one column that the chart draws; ArgumentError where there are more or fewer."""
    names = [c for c in dimensions(table) if c != besides]
    if len(names) != 1 or (besides and besides not in table):
        raise ArgumentError(
            f"这张图需要一个分组列{f'（另有 {besides}）' if besides else ''}，结果表中有 {dimensions(table)}。请先用 tabulate 汇总。"
        )
    return names[0]


def groups_of(table: pd.DataFrame, page: Page, by: str | None) -> list[tuple[str, pd.DataFrame]]:
    """Label and rows of every level of `by`, in order; one without a label where `by` is None."""
    if by is None:
        return [("", table.reset_index(drop=True))] if len(table) else []
    parts = [part.reset_index(drop=True) for _, part in table.groupby(by, observed=True, sort=False)]
    return [(page.labels(part[by].iloc[:1])[0], part) for part in parts]


def base_of(table: pd.DataFrame) -> str:
    """The size of the base of a group's rows; * where it is hidden."""
    base_n = table["base_n"].iloc[0]
    return "*" if pd.isna(base_n) else str(int(base_n))


def heights(table: pd.DataFrame) -> list[float]:
    """Shares in percent; hidden and missing ones have no length."""
    return [float(share) * 100 for share in table["share"].fillna(0)]


def share_texts(table: pd.DataFrame) -> list[str]:
    """The shares of one base as the tables print them; * hidden, — of nobody."""
    cells = zip(printed_percents(table), hidden(table), strict=True)
    return ["*" if unseen else "—" if pd.isna(p) else f"{p:.1f}" for p, unseen in cells]


def bar_texts(table: pd.DataFrame, page: Page) -> list[str]:
    """Percent and count of each row; * where hidden."""
    cells = zip(share_texts(table), table["n"], strict=True)
    return [s if s in ("*", "—") else page.words("bar", s, int(n)) for s, n in cells]


def rate_texts(table: pd.DataFrame, page: Page) -> list[str]:
    """Rate with count and base of each row; … where there is no base, * where the count is hidden."""
    rows = zip(table["share"], table["n"], table["base_n"], strict=True)
    return [
        "*" if pd.isna(n) else f"… ({n})" if pd.isna(share) else page.words("rate", f"{percent(share):.1f}", n, base_n)
        for share, n, base_n in rows
    ]


def notes_of(table: pd.DataFrame, page: Page, by: str | None = None) -> list[str]:
    """n of the one base, who is left out, what adds up to more than 100 %, marks; of all groups of `by` together."""
    if not len(table):
        return [page.words("none")]
    parts = [part for _, part in table.groupby(by, observed=True)] if by else [table]
    one_base = not by and "base_n" in table and len(table["base_n"].drop_duplicates()) == 1
    many = (by or one_base) and any(over_full(part) for part in parts)
    left = sum(int(part["left_out_n"].max()) for part in parts) if "left_out_n" in table else 0
    return [
        page.words("n", base_of(table)) if one_base else "",
        page.words("left", left) if left else "",
        page.words("many") if many else "",
        page.words("hidden") if hidden(table).any() else "",
    ]


def more_note(undrawn: int, page: Page) -> str:
    """How many rows had no room and are left to the table."""
    return page.words("more", undrawn) if undrawn > 0 else ""
