"""What a chart is: numbers by row and series in one of six shapes, and the words around them. Data only.

`charts` makes one of an exhibit, `figures` draws it, slides and tables.xlsx make native ones of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.analysis.arrays import Floats
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.labels import labels_of, phrase, title_of
from bangfu_analysis.exhibits.measures import dimensions, measure, over_full
from bangfu_analysis.exhibits.tables import NOT_APPLICABLE, Cell, as_text, printed_cells, shared

FORMS = {  # of numbers in native charts
    "percent": '0.0"%"', "points": "+0.0;-0.0;0.0", "count": "0", "number": "0.00", "amount": "General",
}  # fmt: skip
NONE = float("nan")


@dataclass(frozen=True)
class Chart:
    """What is drawn: `values` by row and series, missing where hidden; `texts` as the tables print them.

    `shape`: bars, stacked, pyramid, lines, heatmap or flow. `subtitle`: what is measured, of whom. `form`:
    the number format of a native chart. `heads`: what stands over each series of bars and each side of a
    pyramid; `panels`: over each pair of sides. `low`, `high`: intervals. `behind`: pale bars behind the
    others. `colours`: of labels. `middle`: the series that stacked bars are centred on. `cuts`: lines across
    the sides of a pyramid, at a row, with words. `comparable`: points that compare with the one before.
    """

    shape: str
    values: pd.DataFrame
    texts: pd.DataFrame
    subtitle: str
    notes: tuple[str, ...] = ()
    title: str = ""
    form: str = FORMS["percent"]
    heads: tuple[str, ...] = ()
    panels: tuple[str, ...] = ()
    low: pd.DataFrame | None = None
    high: pd.DataFrame | None = None
    behind: tuple[float, ...] = ()
    colours: Mapping[str, str] = field(default_factory=dict)
    middle: float | None = None
    cuts: tuple[tuple[float, str], ...] = ()
    comparable: pd.DataFrame | None = None
    lang: str = "zh"

    @property
    def rows(self) -> list[str]:
        """The labels of the rows."""
        return list(map(str, self.values.index))

    @property
    def series(self) -> list[str]:
        """The labels of the series."""
        return list(map(str, self.values.columns))

    @property
    def numbers(self) -> Floats:
        """The values, 0 where there is nothing to draw."""
        return np.asarray(np.nan_to_num(self.values.to_numpy(float)))

    @property
    def native_series(self) -> list[str]:
        """What a native chart calls its series: each with its panel, an only one as what is measured."""
        if len(self.series) == 1:
            return [self.series[0] or self.subtitle.partition("，")[0]]
        waves = [panel.partition("\n")[0] for panel in self.panels for _ in range(2)]
        return [" ".join(words) for words in zip(waves, self.series, strict=True)] if waves else self.series

    @property
    def native_values(self) -> Floats:
        """The numbers of a native chart: men to the left of zero, what is hidden missing."""
        signs = [-1 if self.shape == "pyramid" and not n % 2 else 1 for n in range(len(self.series))]
        return np.asarray(self.values.to_numpy(float) * signs)

    @property
    def native_form(self) -> str:
        """The number format of a native chart, which writes men without a minus."""
        return f"{self.form};{self.form}" if self.shape == "pyramid" else self.form

    def called(self, rows: Sequence[str]) -> Chart:
        """The same chart with its rows called so."""
        grids = ("values", "texts", "low", "high", "comparable")
        held = {name: grid for name in grids if (grid := getattr(self, name)) is not None}
        return replace(self, **{name: grid.set_axis(list(rows)) for name, grid in held.items()})


@dataclass(frozen=True)
class Rows:
    """The rows of an exhibit that a chart draws, and how they are printed."""

    exhibit: Exhibit
    frame: pd.DataFrame

    def words(self, key: str, *values: object) -> str:
        """A phrase in the language of the exhibit."""
        return phrase("charts", key, self.exhibit.lang, *values)

    def when(self, holds: object, key: str, *values: object) -> str:
        """The phrase where something `holds`, else nothing."""
        return self.words(key, *values) if holds else ""

    def title(self, name: str) -> str:
        """The printed name of a column."""
        return title_of(self.exhibit.codebook, name, self.exhibit.lang)

    def labels(self, codes: Any, name: str) -> list[str]:
        """The printed labels of codes of a column."""
        return labels_of(self.exhibit.codebook, pd.Series(codes, name=name), self.exhibit.lang)

    def of(self, frame: pd.DataFrame) -> Rows:
        """Other rows of the same exhibit."""
        return replace(self, frame=frame)

    def dimensions(self, *besides: str, most: int = 2) -> list[str]:
        """The columns to draw; ArgumentError where there are none or more than `most`."""
        names = [name for name in dimensions(self.frame) if name not in besides]
        if not 1 <= len(names) <= most:
            message = f"最多要{most}个分组列，结果表中有 {dimensions(self.frame)}"
            raise ArgumentError(f"这张图{message}。请先用 tabulate 汇总。")
        return names

    def parts(self, by: str) -> list[pd.DataFrame]:
        """The rows of each level of `by`, in order; all of them where it names no column."""
        if not by or not len(self.frame):
            return [self.frame]
        return [part for _, part in self.frame.groupby(by, observed=True, sort=False, dropna=False)]

    def cells(self, of: str, by: str = "") -> list[Cell]:
        """A measure as every page prints it, numbers and marks; by group, as bases are."""
        one = measure(of, self.frame)
        every = [pd.Series(printed_cells(part, one), part.index, dtype=object) for part in self.parts(by)]
        return list(pd.concat(every)[self.frame.index])

    def texts(self, of: str, by: str = "") -> list[str]:
        """The cells of a measure as text."""
        kind = measure(of, self.frame).kind
        return [as_text(cell, kind) for cell in self.cells(of, by)]

    def grid(self, cells: Iterable[Any], down: str, across: str = "", fill: Any = NONE) -> pd.DataFrame:
        """Cells by the labels of the columns `down` and `across`, in the order in which they come.

        Marks are no numbers. ArgumentError where two rows share a place.
        """
        if self.frame.duplicated([down, *filter(None, [across])]).any():
            raise ArgumentError(f"每个 {down}（{across}）应只有一行。请先筛选或汇总。")
        i, lines = pd.factorize(self.frame[down], use_na_sentinel=False)
        one = pd.Series("", self.frame.index)
        j, columns = pd.factorize(self.frame[across] if across else one, use_na_sentinel=False)
        number = isinstance(fill, float)
        grid = np.full((len(lines), len(columns)), fill, dtype=float if number else object)
        grid[i, j] = [NONE if number and isinstance(cell, str) else cell for cell in cells]
        named = self.labels(columns, across) if across else [""] * len(columns)
        return pd.DataFrame(grid, self.labels(lines, down), named)

    def grids(
        self, of: str, down: str, across: str = "", by: str = "", texts: Sequence[str] = ()
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The numbers of a measure and how they are printed (or `texts`)."""
        printed = self.grid(texts or self.texts(of, by), down, across, NOT_APPLICABLE)
        return self.grid(self.cells(of, by), down, across), printed

    def with_bases(self, by: str, labels: Sequence[str], form: str = "{} ({})") -> list[str]:
        """The labels of the levels of `by` with the size of the base of each."""
        return [form.format(label, base_of(part)) for label, part in zip(labels, self.parts(by), strict=True)]

    def heading(self, of: str) -> str:
        """What is measured, as the table heads it."""
        layout, lang = self.exhibit.layout, self.exhibit.lang
        rate = phrase("tables", "rate", lang) if layout.rate and of == "share" else ""
        head = layout.headings.get(of) or rate or measure(of, self.frame).heading(lang)
        noun = self.exhibit.recipe.noun if of == "estimate" else ""
        return f"{noun}，{head}" if noun else head

    def measured(self, of: str, key: str = "") -> str:
        """What is measured, and of whom: `占比（%），n = 3316人`."""
        if not key and self.one_base:
            return self.words("of", self.heading(of), base_of(self.frame))
        return self.words(key, self.heading(of)) if key else self.heading(of)

    @property
    def one_base(self) -> bool:
        """Whether all rows are of one base that is known."""
        return "base_n" in self.frame and len(self.frame["base_n"].dropna().unique()) == 1

    def notes(self, by: str = "") -> tuple[str, ...]:
        """Who is left out, and what adds up to more than 100 %; of all groups of `by` together."""
        has_left_out = "left_out_n" in self.frame and len(self.frame)
        left = sum(int(part["left_out_n"].fillna(0).max()) for part in self.parts(by)) if has_left_out else 0
        many = (by or self.one_base) and any(map(over_full, self.parts(by)))
        return self.when(left, "left", left), self.when(many, "many")


def base_of(rows: pd.DataFrame) -> str:
    """The size of the base of a group's rows; * where it is hidden."""
    return str(shared(rows["base_n"]))
