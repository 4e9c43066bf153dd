"""What exhibits are made from: the frames of a wave with bands and units, and, where asked for, those of all
waves up to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import pandas as pd

from bangfu_analysis.analysis.domains import gathered
from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import one_of
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.labels import title_of
from bangfu_analysis.exhibits.measures import measures
from bangfu_analysis.exhibits.recipes import Recipe
from bangfu_analysis.exhibits.tables import Layout
from bangfu_analysis.release.cells import AREAS, IN_TABLES, JOINT, Cut, is_other
from bangfu_analysis.tidy.derive import with_bands
from bangfu_analysis.tidy.frames import Frames
from bangfu_analysis.tidy.questionnaire_book import QuestionnaireBook
from bangfu_analysis.wave import Wave


@dataclass(frozen=True)
class WaveData:
    """A wave's frames, settings and codebook; `stacked` gives the frames of all waves of the study up to this
    one. Those of many counties may be tables of `scan_study`, which stay on disk.
    """

    wave: Wave
    codebook: Codebook
    frames: Frames
    stacked: Callable[[], Frames]
    book: QuestionnaireBook = QuestionnaireBook({})
    join: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)

    def joined(self, join: Mapping[str, Sequence[Sequence[str]]]) -> WaveData:
        """The same with levels of variables (of questions: options) joined: of `[a, b]` those of both are
        `a∪b`.
        """
        answers = _with_options(self.frames, join) if "responses" in self.frames else {}
        frames = {**self.frames, **answers}
        return replace(self, frames=frames, stacked=lambda: self.every, join=join) if join else self

    @property
    def on_disk(self) -> bool:
        """Whether the people are tables of `scan_study`, which no level is joined in."""
        return not isinstance(self.frames["workers"], pd.DataFrame)

    @cached_property
    def workers(self) -> pd.DataFrame:
        """The workers of this wave with their bands and `unit`."""
        banded = with_bands(self.frames["workers"], self.codebook, self.frames.get("population"))
        return with_joined(banded, self.join)

    @property
    def causes(self) -> pd.DataFrame:
        """The causes of this wave."""
        return with_joined(self.frames["causes"], self.join)

    @property
    def population(self) -> pd.DataFrame:
        """The denominators of this wave."""
        return with_joined(self.frames["population"], self.join)

    @cached_property
    def every(self) -> Frames:
        """The frames of all waves, those of `workers` with bands and `unit`."""
        frames = self.stacked()
        if self.join:  # of what has its bands
            both = ("workers", "population")
            return {**frames, **{name: with_joined(frames[name], self.join) for name in both}}
        return {**frames, "workers": with_bands(frames["workers"], self.codebook, frames.get("population"))}

    @property
    def people(self) -> pd.DataFrame:
        """The rows that are counted; of a table on disk, which areas lie in which."""
        areas = [name for name in AREAS if name in self.workers.columns]
        return gathered(self.workers, ["wave", *areas])[0]

    @property
    def place(self) -> str:
        """The scope in words."""
        return self.wave.scope or self.wave.study

    @property
    def waves(self) -> list[str]:
        """The names of all waves, first first."""
        return sorted(gathered(self.every["workers"], "wave")[0]["wave"].unique())

    @cached_property
    def breaks(self) -> dict[str, str]:
        """Waves whose roster is of other people than the one before, by another scheme without a shared line,
        and why.
        """
        defined = self.every["definitions"]
        shared = set(defined.loc[defined["variable"].eq("below_line") & defined["comparable"], "wave"])
        rows = defined[defined["variable"].eq("hardship_level")].sort_values("wave").to_dict("records")
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
        carried, merged = self.every["carried"], dict[tuple[str, str, str], list[str]]()
        rows = carried[carried["frame"].eq("workers")].to_dict("records")
        for row in [row for row in rows for _ in rows]:  # merged again after it was merged
            into = merged.setdefault((row["wave"], row["variable"], row["now"]), [row["now"]])
            also = merged.get((row["wave"], row["variable"], row["was"]), [row["was"]])
            into += [code for code in also if code not in into]
        units = [key for key in merged if key[1] in ("employer", "reporting_unit")]
        return merged | {(wave, "unit", now): merged[wave, name, now] for wave, name, now in units}

    @property
    def worst(self) -> str:
        """The code of the level that the reports single out (特困 in s2000); "" where the scheme is not
        known.
        """
        schemes = gathered(self.workers, "hardship_scheme")[0]["hardship_scheme"].dropna().unique()
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
        for name in (*recipe.measures, *recipe.tail, *recipe.headings) if recipe.added else ():
            one_of("measures、tail、headings", name, [c for c in measures() if c in frame])
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


def with_joined(frame: pd.DataFrame, join: Mapping[str, Sequence[Sequence[str]]]) -> pd.DataFrame:
    """`frame` with joined levels: `a∪b` in the place of the first, 其他（合并） last."""
    for name in frame.columns if join else ():
        groups = join.get(IN_TABLES.get(str(name), str(name)), ())
        into = {code: JOINT.join(group) for group in groups for code in group if code}
        if into:
            values = frame[name].astype(object).map(lambda code, into=into: into.get(code, code))
            kind: Any = frame[name].dtype
            if isinstance(kind, pd.CategoricalDtype):
                levels = list(dict.fromkeys(into.get(code, code) for code in kind.categories))
                levels = levels if kind.ordered else sorted(levels, key=is_other)
                kind = pd.CategoricalDtype(levels, ordered=kind.ordered)
            frame = frame.assign(**{str(name): values.astype(kind)})
    return frame


def _with_options(frames: Frames, join: Mapping[str, Sequence[Sequence[str]]]) -> Frames:
    """Questions and responses with joined options; of these a respondent has one answer, the chosen one."""
    questions, responses = frames["questions"], frames["responses"]
    for id in {*questions["question_id"]} & {*join}:
        rows = responses[responses["question_id"].eq(id)]
        chosen = rows["value"].fillna(1).sort_values(ascending=False, kind="stable").index
        new = with_joined(rows.loc[chosen], {"option": join[id]}).drop_duplicates(["respondent_id", "option"])
        responses = pd.concat([responses[responses["question_id"].ne(id)], new.sort_index()])
        responses = responses.astype({"option": "category"})  # of two categoricals it makes texts
        into = {code: JOINT.join(group) for group in join[id] for code in group if code}
        options = [
            [*dict.fromkeys(into.get(o, o) for o in offered)] if own_id == id else offered
            for own_id, offered in zip(questions["question_id"], questions["options"], strict=True)
        ]
        questions = questions.assign(options=pd.Series(options, questions.index, dtype=object))
    return {"questions": questions, "responses": responses}
