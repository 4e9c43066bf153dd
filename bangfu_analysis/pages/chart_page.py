"""What every chart shares: how it is called, in which words and size it is printed, what is written beside
its marks, lying bars.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.exhibits.labels import LANGS, labels_of, phrase, title_of
from bangfu_analysis.exhibits.measures import base_of, dimensions, hidden, measures, over_full, share_texts
from bangfu_analysis.exhibits.rounding import percent
from bangfu_analysis.pages import theme

LABEL_WIDTH = {"column": 18, "full": 30, "slide": 30}  # half-width characters
LEAST_NUMBERED = 6  # per cent: a narrower segment has no room for its number


@dataclass(frozen=True)
class Page:
    """Where a chart stands: its labels' codebook, language, title (None: the variable's name), source and
    print size.
    """

    codebook: Codebook
    lang: str = "zh"
    title: str | None = None
    source: str = ""
    size: str = "full"

    def __post_init__(self) -> None:
        if self.lang not in LANGS:
            raise ArgumentError.naming("lang", self.lang, LANGS)

    def words(self, key: str, *values: object) -> str:
        """A phrase in the language of the page."""
        return phrase("charts", key, self.lang, *values)

    def when(self, holds: object, key: str, *values: object) -> str:
        """The phrase where something `holds`, else nothing."""
        return self.words(key, *values) if holds else ""

    def measure(self, name: str) -> str:
        """The printed heading of a measure."""
        return measures()[name].heading(self.lang)

    def labels(self, codes: pd.Series[Any]) -> list[str]:
        """The printed labels of a column of codes."""
        return labels_of(self.codebook, codes, self.lang)

    def stubs(self, labels: Sequence[str]) -> list[str]:
        """Labels in lines that fit to the left of the bars."""
        return [theme.wrapped(label, LABEL_WIDTH[self.size]) for label in labels]

    def rows(self, labels: Sequence[str]) -> tuple[list[str], list[float], float]:
        """As many labels as fit on a page one below the other, where they stand, and their height in all; in
        lines.
        """
        stubs = self.stubs(labels)
        shown = stubs[: theme.rows_that_fit(stubs, self.size)]
        return shown, *theme.row_places(shown)

    def figure(self, lines: float) -> Figure:
        """An empty figure, so many lines of text high."""
        return theme.new_figure(self.size, lines * theme.line_mm(self.size))

    def axes(self, lines: float, keep: str = "") -> tuple[Figure, Axes]:
        """A figure, so many lines of text high, with axes that have a frame only at the side `keep`."""
        figure = self.figure(lines)
        return figure, theme.plain(figure.subplots(), keep=keep)

    def panels(self, number: int, across: int, lines: float, above: float = 0.0) -> tuple[Figure, list[Axes]]:
        """A figure of `number` axes with one scale, `across` beside each other, each row so many lines of
        text high.
        """
        down = -(-number // across) or 1
        figure = self.figure(above + down * lines)
        grid = figure.subplots(down, across, squeeze=False, sharey=True).ravel()
        for spare in grid[number:]:
            spare.remove()
        return figure, list(grid[:number])

    def name(self, *columns: str) -> str:
        """The printed name of a column, or of two that are crossed."""
        return " × ".join(title_of(self.codebook, column, self.lang) for column in columns)

    def captioned(self, figure: Figure, heading: str, notes: Sequence[str]) -> Figure:
        """The figure with its title (else `heading`) above, its notes and its source below."""
        source = self.when(self.source, "source", self.source)
        title, line = heading if self.title is None else self.title, self.words("join").join(filter(None, notes))
        return theme.captioned(figure, title, [line, source], self.size)

    def groups(self, table: pd.DataFrame, by: str | None) -> list[tuple[str, pd.DataFrame]]:
        """Label and rows of every level of `by`, in order; one without a label where `by` is None."""
        if by is None:
            return [("", table.reset_index(drop=True))] if len(table) else []
        parts = [part.reset_index(drop=True) for _, part in table.groupby(by, observed=True, sort=False)]
        return [(self.labels(part[by].iloc[:1])[0], part) for part in parts]

    def bar_texts(self, table: pd.DataFrame) -> list[str]:
        """Percent and count of each row; * where hidden."""
        cells = zip(share_texts(table), table["n"], strict=True)
        return [s if s in ("*", "—") else self.words("bar", s, int(n)) for s, n in cells]

    def rate_texts(self, table: pd.DataFrame) -> list[str]:
        """Rate with count and base of each row; … where there is no base, * where the count is hidden."""
        rows = zip(table["share"], table["n"], table["base_n"], strict=True)
        known = [f"… ({n})" if pd.isna(s) else self.words("rate", f"{percent(s):.1f}", n, base) for s, n, base in rows]
        return [text if pd.notna(n) else "*" for text, n in zip(known, table["n"], strict=True)]

    def notes(self, table: pd.DataFrame, by: str | None = None) -> list[str]:
        """n of the one base, who is left out, what adds up to more than 100 %, marks; of all groups of `by`
        together.
        """
        if not len(table):
            return [self.words("none")]
        parts = [part for _, part in table.groupby(by, observed=True)] if by else [table]
        one_base = not by and "base_n" in table and len(table["base_n"].dropna().unique()) == 1
        many = (by or one_base) and any(over_full(part) for part in parts)
        left = sum(int(part["left_out_n"].fillna(0).max()) for part in parts) if "left_out_n" in table else 0
        return [
            self.words("n", base_of(table)) if one_base else "",
            self.when(left, "left", left),
            self.when(many, "many"),
            self.when(hidden(table).any(), "hidden"),
        ]

    def more(self, undrawn: int) -> str:
        """How many rows had no room and are left to the table."""
        return self.when(undrawn > 0, "more", undrawn)


def chart(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """A chart out of a function of (table, page, own options), called with codebook, lang, title, source,
    size for a page.

    It is drawn in our look, and `help` prints how it is called.
    """

    @wraps(draw, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
    def drawn(
        table: pd.DataFrame, codebook: Codebook, *, lang: str = "zh", title: str | None = None, source: str = "",
        size: str = "full", **options: Any,
    ) -> Figure:  # fmt: skip
        with theme.look(size):
            return draw(table, Page(codebook, lang, title, source, size), **options)

    shared = [*inspect.signature(drawn, follow_wrapped=False).parameters.values()][:-1]
    own = [p for p in inspect.signature(draw).parameters.values() if p.kind is p.KEYWORD_ONLY]
    drawn.__dict__["__signature__"] = inspect.Signature([*shared, *own], return_annotation=Figure)  # what help() prints
    return drawn


def only_dimension(table: pd.DataFrame, *, besides: str | None = None) -> str:
    """The one column that the chart draws; ArgumentError where there are more or fewer."""
    names = [c for c in dimensions(table) if c != besides]
    if len(names) != 1 or (besides and besides not in table):
        also = f"（另有 {besides}）" if besides else ""
        raise ArgumentError(f"这张图需要一个分组列{also}，结果表中有 {dimensions(table)}。请先用 tabulate 汇总。")
    return names[0]


def lying_bars(
    page: Page, labels: Sequence[str], lengths: Sequence[float], texts: Sequence[str], heading: str, notes: Sequence[str],
    *, colours: str | Sequence[str] = theme.MAIN, full: float = 0.1, room: float = 1.3,
) -> Figure:  # fmt: skip
    """Bars from above to below, `labels` at the left, `texts` behind the bars; as many as fit on a page, and
    a note of the others.

    The axis reaches to the longest bar, at least to `full`, with `room` times as much for the texts.
    """
    stubs, places, lines = page.rows(labels)
    drawn = list(lengths[: len(stubs)])
    figure, axes = page.axes(5 + lines, keep="left")
    bars = axes.barh(places, drawn, color=colours, height=1.0)
    axes.bar_label(bars, list(texts[: len(stubs)]), padding=2)
    axes.set_yticks(places, stubs)
    axes.set(xticks=[], xlim=(0, max([*drawn, full]) * (1.9 if page.size == "column" else room)), ylim=(lines, 0))
    return page.captioned(figure, heading, [*notes, page.more(len(labels) - len(stubs))])
