"""What an exhibit of the report is made from, and of: the frames of the wave and of all waves up to it, and one finding of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bangfu_analysis.analysis.disclosure import suppress
from bangfu_analysis.analysis.tabulate import hardship_rate
from bangfu_analysis.codebook import Codebook
from bangfu_analysis.exhibits.tables import TableStyle, display_table
from bangfu_analysis.pages.blocks import Exhibit, drawing
from bangfu_analysis.tidy.derive import add_bands
from bangfu_analysis.tidy.frames import Frames
from bangfu_analysis.tidy.questionnaire_book import QuestionnaireBook
from bangfu_analysis.tidy.waves import stack_waves
from bangfu_analysis.wave import Wave

BASIC, CAUSES, TRENDS = "基本情况", "致困原因", "变化趋势"


@dataclass(frozen=True)
class ReportData:
    """All that a report is made from: this wave's frames with bands, and the stacked frames of all waves up to it."""

    wave: Wave
    codebook: Codebook
    frames: Frames
    workers: pd.DataFrame
    all_workers: pd.DataFrame
    all_exits: pd.DataFrame
    all_population: pd.DataFrame
    definitions: pd.DataFrame
    book: QuestionnaireBook = QuestionnaireBook({})

    @property
    def place(self) -> str:
        """The scope in words."""
        return self.wave.scope or self.wave.study

    def source(self, section: str = "") -> str:
        """What tables and figures of a section print as their source."""
        names = [self.waves[0], self.wave.name] if section == TRENDS else [self.wave.name]
        years, when = all(map(str.isdigit, names)), "—".join(names)
        return f"{self.place}{when}年困难职工名册" if years else f"{self.place}困难职工名册（{when}）"

    @property
    def waves(self) -> list[str]:
        """The names of all waves, first first."""
        return sorted(self.all_workers["wave"].unique())

    @property
    def worst(self) -> str:
        """The code of the level that the reports single out (特困 in s2000); "" where the scheme is not known."""
        schemes = self.workers["hardship_scheme"].dropna().unique()
        return str(self.codebook.schemes[schemes[0]]["worst"]) if len(schemes) == 1 else ""


def report_data(
    waves: Mapping[str, Frames], settings: Sequence[Wave], codebook: Codebook, book: QuestionnaireBook | None = None
) -> ReportData:
    """The data of a report on the last of the waves from the frames and settings of all, `book` its questionnaire's."""
    *_, wave = settings
    frames, every = waves[wave.name], stack_waves(waves, settings, codebook)
    own, everyone = (add_bands(with_unit(each["workers"]), codebook) for each in (frames, every))
    exits, population, told = (every[name] for name in ("exits", "population", "definitions"))
    asked = book or QuestionnaireBook({})
    return ReportData(wave, codebook, frames, own, everyone, exits, population, told, asked)


def with_unit(workers: pd.DataFrame) -> pd.DataFrame:
    """`workers` with `unit`: the employer where it is known, else the reporting unit."""
    return workers.assign(unit=workers["employer"].where(workers["employer"].notna(), workers["reporting_unit"]))


def exhibit(
    data: ReportData,
    id: str,
    section: str,
    title: str,
    result: pd.DataFrame,
    *,
    say: Callable[[pd.DataFrame], str] | None = None,
    draw: str = "",
    about: pd.DataFrame | None = None,
    about_title: str = "",
    within: str = "",
    style: TableStyle | None = None,
    **options: Any,
) -> Exhibit:
    """Table of `result` (its groups `within` across), with small counts hidden; words and figure of it, or of `about`."""
    rates = within != "" and not result.duplicated(within).any()
    across, source = (within if within and not rates else None), data.source(section)
    safe = suppress(result, group=[across] if across else [])
    printed = safe.drop(columns=["change", "growth"], errors="ignore") if across else safe
    book, groups = data.codebook, within or ()
    table = display_table(printed, book, title=title, within=groups, across=across, source=source, style=style)
    shown, figure_title = safe if about is None else suppress(about, group=[]), about_title or title
    figure = drawing(draw, shown, book, title=figure_title, source=source, **options) if draw else None
    return Exhibit(id, section, title, safe, table, say(shown) if say else "", figure_title, figure)


def overall_rate(data: ReportData) -> pd.DataFrame:
    """`hardship_rate` of the wave as one row; `base_n` is missing where no denominator is known."""
    return rate_of(data.workers, data.frames["population"])


def rate_of(workers: pd.DataFrame, population: pd.DataFrame) -> pd.DataFrame:
    """`hardship_rate` without groups, or the count alone where no denominator is known."""
    if population["n"].notna().any():
        return hardship_rate(workers, population)
    unknown = {"base_n": pd.array([None], "Int64"), "share": [float("nan")], "left_out_n": [0]}
    return pd.DataFrame({"n": [len(workers)], **unknown})


def named(result: pd.DataFrame) -> pd.DataFrame:
    """A table of causes without those that nobody names in any group."""
    counts = result.groupby("cause", observed=False)["n"].transform("sum")
    kept = result[counts > 0]
    return kept.assign(cause=kept["cause"].cat.remove_unused_categories()).reset_index(drop=True)
