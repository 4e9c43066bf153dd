"""What exhibits are made from: the frames of a wave with bands and units, and, where asked for, those of all
waves up to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import pandas as pd

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.labels import title_of
from bangfu_analysis.exhibits.recipes import Recipe
from bangfu_analysis.exhibits.tables import Layout
from bangfu_analysis.release.cells import Cut
from bangfu_analysis.tidy.derive import add_bands
from bangfu_analysis.tidy.frames import Frames
from bangfu_analysis.tidy.questionnaire_book import QuestionnaireBook
from bangfu_analysis.wave import Wave


@dataclass(frozen=True)
class WaveData:
    """A wave's frames, settings and codebook; `stacked` gives the frames of all waves of the study up to this
    one.
    """

    wave: Wave
    codebook: Codebook
    frames: Frames
    stacked: Callable[[], Frames]
    book: QuestionnaireBook = QuestionnaireBook({})

    @cached_property
    def workers(self) -> pd.DataFrame:
        """The workers of this wave with their bands and `unit`."""
        return with_bands(self.frames["workers"], self.codebook, self.frames.get("population"))

    @cached_property
    def every(self) -> Frames:
        """The frames of all waves, those of `workers` with bands and `unit`."""
        frames = self.stacked()
        workers = with_bands(frames["workers"], self.codebook, frames.get("population"))
        return {**frames, "workers": workers}

    @property
    def place(self) -> str:
        """The scope in words."""
        return self.wave.scope or self.wave.study

    @property
    def waves(self) -> list[str]:
        """The names of all waves, first first."""
        return sorted(self.every["workers"]["wave"].unique())

    @cached_property
    def breaks(self) -> dict[str, str]:
        """Waves whose roster is of other people than the one before, by another scheme without a shared line,
        and why.
        """
        told = self.every["definitions"]
        shared = set(told.loc[told["variable"].eq("below_line") & told["comparable"], "wave"])
        rows = told[told["variable"].eq("hardship_level")].sort_values("wave").to_dict("records")
        return {
            str(now["wave"]): str(now["note"])
            for before, now in pairwise(rows)
            if now["wave"] not in shared
            and before["definition"] and now["definition"] not in ("", before["definition"])
        }

    @cached_property
    def merged(self) -> dict[tuple[str, str, str], list[str]]:
        """(wave, variable, code) -> what the wave itself calls what is counted as this code over the waves.
        """
        told, found = self.every["carried"], dict[tuple[str, str, str], list[str]]()
        rows = told[told["frame"].eq("workers")].to_dict("records")
        for row in [row for row in rows for _ in rows]:  # merged again after it was merged
            into = found.setdefault((row["wave"], row["variable"], row["now"]), [row["now"]])
            also = found.get((row["wave"], row["variable"], row["was"]), [row["was"]])
            into += [code for code in also if code not in into]
        units = [key for key in found if key[1] in ("employer", "reporting_unit")]
        return found | {(wave, "unit", now): found[wave, name, now] for wave, name, now in units}

    @property
    def worst(self) -> str:
        """The code of the level that the reports single out (特困 in s2000); "" where the scheme is not
        known.
        """
        schemes = self.workers["hardship_scheme"].dropna().unique()
        return str(self.codebook.schemes[schemes[0]]["worst"]) if len(schemes) == 1 else ""

    def source(self, what: str = "困难职工名册", *, all_waves: bool = False) -> str:
        """What tables and figures print as their source."""
        names = [self.waves[0], self.wave.name] if all_waves else [self.wave.name]
        years, when = all(map(str.isdigit, names)), "—".join(dict.fromkeys(names))
        return f"{self.place}{when}年{what}" if years else f"{self.place}{what}（{when}）"

    def exhibit(
        self, recipe: Recipe, frame: pd.DataFrame, dimensions: Sequence[str], layout: Layout, *,
        source: str = "困难职工名册", facts: Mapping[str, Any] = MappingProxyType({}),
        focus: Mapping[str, str] = MappingProxyType({}), **cut: Any,
    ) -> Exhibit:
        """An exhibit of the roster, or of what `source` and `population` name; `cut`: what else a Cut needs.
        """
        names = (title_of(self.codebook, name).partition("（")[0] for name in dimensions)
        title = recipe.title or f"{recipe.subject}的{'与'.join(names)}"
        counted = "workers" if recipe.over_waves else f"workers/{self.wave.name}"
        of = {"population": counted, "where": recipe.where, "within": layout.within, **cut}
        of |= {"merged": self.merged} if recipe.over_waves else {}
        full = replace(
            layout, measures=recipe.measures or layout.measures, tail=recipe.tail or layout.tail,
            headings={**layout.headings, **recipe.headings}, notes=(*layout.notes, *recipe.notes),
            order="size" if recipe.sort == "size" else layout.order,
        )  # fmt: skip
        return Exhibit(
            Cut(recipe.id, title, frame, tuple(dimensions), **of), recipe, full, self.codebook,
            self.source(source, all_waves=recipe.over_waves), focus, {"place": self.place, **facts},
        )


def with_bands(
    workers: pd.DataFrame, codebook: Codebook, population: pd.DataFrame | None = None
) -> pd.DataFrame:
    """`workers` with `unit` and one column per band of the codebook; see `with_unit` and `add_bands`."""
    return add_bands(with_unit(workers, population), codebook)


def with_unit(workers: pd.DataFrame, population: pd.DataFrame | None = None) -> pd.DataFrame:
    """`workers` with `unit`: the employer where it is known, else the reporting unit.

    Where `population` lists units, and the reporting unit is one of them but the employer is not (a school
    under the union of its system), the reporting unit is taken: rates are of the units that have
    denominators.
    """
    employer, reporting = workers["employer"], workers["reporting_unit"]
    known: Any = population["unit"].dropna() if population is not None and "unit" in population else []
    under = reporting.isin(known) & ~employer.isin(known)
    return workers.assign(unit=employer.where(employer.notna() & ~under, reporting))
