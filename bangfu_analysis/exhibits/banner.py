"""A questionnaire with all questions down and chosen breaks across, as CTABLES and Displayr print it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.analysis import questionnaires as tables
from bangfu_analysis.analysis.domains import rows_where
from bangfu_analysis.analysis.tallies import compare_columns
from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.exhibits.labels import labels_of
from bangfu_analysis.exhibits.questionnaires import Survey, cut_of, means_of, title_of
from bangfu_analysis.release.cells import Cut, several_codes
from bangfu_analysis.tidy.derive import add_bands
from bangfu_analysis.tidy.questionnaire_book import with_concepts
from bangfu_analysis.tidy.questionnaires import RESPONDENT, wide_answers

ALL = ""  # the break that is everybody
USUAL = ("sex", "age_ten_year", "education_band", "employment_status", "reporting_unit", "employer")
MOST_BREAKS, FEW_USUAL, FEW_LEVELS, MOST_LEVELS = 4, 10, 6, 40


@dataclass(frozen=True)
class Plan:
    """What a banner shows of one questionnaire: `breaks`, each respondent's level under their id; whose
    `weight`; `asked`: the question that asked for each break.
    """

    survey: Survey
    breaks: tuple[pd.Series[Any], ...]
    labels: Mapping[str, str]
    asked: Mapping[str, str]
    weight: pd.Series[Any] | None
    where: Mapping[str, Any]


@dataclass(frozen=True)
class Banner:
    """A protected banner. `frame`: a row per question, row of the table, break and level: question_id, title,
    kind, break ("" of everybody), level, row (option, net, mean), option, n, base_n, left_out_n, share; of
    means mean and sd; letter and higher_than (see `compare_columns`); under weights estimate, base_weighted,
    base_effective. `breaks`: name -> label; `notes`: who is in it, and how it was tested.
    """

    title: str
    frame: pd.DataFrame
    breaks: Mapping[str, str]
    notes: tuple[str, ...]


def plan_of(
    survey: Survey, codebook: Codebook, by: Sequence[str] = (), where: Mapping[str, Any] | None = None,
    weight: str = "",
) -> Plan:
    """What to show by the breaks named `by`: question_ids, `Q2_band`, `Q6=运动` for one option, roster
    variables that a question asks for and their bands, or any of these by its label. Without any, who the
    respondents are (sex, age, …), else the first questions of a few options. Numbers are cut in bands.
    ArgumentError names what is there.
    """
    people = respondents(survey, codebook)
    names_of = {str(text): str(id) for id, text in survey.questions.set_index("question_id")["text"].items()}
    names = [str(c) for c in people]
    names_of |= {codebook.title(c): c for c in names if c in codebook.bands or c in codebook.of("workers")}
    names_of |= {c: c for c in names}

    def named(name: str) -> str:
        if name not in names_of:
            raise ArgumentError.naming("by/where", name, [c for c in people if c not in RESPONDENT])
        return names_of[name]

    condition = {
        named(name): _codes(people[named(name)], codes, codebook) for name, codes in (where or {}).items()
    }
    inside = people[rows_where(people, condition)]
    usual = [name for name in USUAL if name in people and 0 < inside[name].nunique() <= FEW_USUAL]
    few = survey.questions["kind"].eq("single") & survey.questions["options"].map(len).between(2, FEW_LEVELS)
    first = survey.questions.loc[few, "question_id"].astype("str").tolist()[: max(0, 2 - len(usual))]
    breaks = tuple(_levels(inside[named(name)]) for name in list(by) or [*usual[:MOST_BREAKS], *first])
    labels = {own: _label(own, names_of) for own in (*(str(b.name) for b in breaks), *condition)}
    asked = {item.concept: id for id, item in survey.book.items.items() if item.concept}
    asked |= {band.name: asked[band.variable] for band in codebook.bands.values() if band.variable in asked}
    asked = {name: asked.get(name, name.partition("=")[0].removesuffix("_band")) for name in labels}
    if condition:
        kept = survey.responses["respondent_id"].isin(inside.index)
        survey = replace(survey, responses=survey.responses[kept])
    if weight not in names_of:
        return Plan(survey, breaks, labels, asked, None, condition)
    others = replace(survey, questions=survey.questions[survey.questions["question_id"].ne(names_of[weight])])
    return Plan(others, breaks, labels, asked, inside[names_of[weight]], condition)


def _codes(values: pd.Series[Any], codes: Any, codebook: Codebook) -> list[Any]:
    """The codes of a condition, given as codes or by their labels."""
    levels = pd.Series(values.astype("category").cat.categories, name=values.name)
    labels = dict(zip(labels_of(codebook, levels), levels, strict=True))
    return [labels.get(str(code), code) for code in several_codes(codes)]


def _label(code: str, names: Mapping[str, str]) -> str:
    """The words of a variable; of a band or an option those of its question."""
    id, _, option = code.partition("=")
    of = (code, id.removesuffix("_band"))
    words = next((text for one in of for text, name in names.items() if name == one and text != code), code)
    return f"{words}：{option}" if option else words


def respondents(survey: Survey, codebook: Codebook) -> pd.DataFrame:
    """A row a respondent, under their id: every answer, and what these say of the roster's variables and
    bands.
    """
    wide = wide_answers(survey.questions, survey.responses)
    people = add_bands(with_concepts(wide, survey.book, codebook), codebook)
    return people.set_index(people["respondent_id"].astype("str"))


def _levels(values: pd.Series[Any]) -> pd.Series[Any]:
    """The levels of a break that somebody has; a number in bands."""
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
        words, place = tables.banded(values.to_numpy(dtype=float, na_value=np.nan))
        values = pd.Series(pd.Categorical.from_codes(place, pd.Index(words)), values.index, name=values.name)
    levels = values.astype("category").cat.remove_unused_categories()
    if not 0 < (n := len(levels.cat.categories)) <= MOST_LEVELS:
        message = f"“{values.name}”有 {n} 个取值，不能作分组列（1 至 {MOST_LEVELS} 个）。请改用分组后的变量。"
        raise ArgumentError(f"questionnaire：{message}")
    return levels


def cuts_of(plan: Plan) -> Iterator[tuple[Any, str, Cut]]:
    """The counts to be protected: (question, break, cut); of numbers in bands, of their means too."""
    places = plan.survey.responses.groupby("question_id", observed=True, sort=False).indices
    for _, row in plan.survey.questions[plan.survey.questions["kind"] != "meta"].iterrows():
        id = str(row["question_id"])
        survey = replace(plan.survey, responses=plan.survey.responses.iloc[places.get(id, [])])
        responses = survey.responses
        measured = responses["value"].nunique() > tables.MOST_VALUES or tables.recommends(row, responses)
        people = responses.loc[responses["status"].ne("skipped"), "respondent_id"].astype("str").unique()
        others = [by for by in plan.breaks if plan.asked[str(by.name)] != id]
        for by in (None, *(by for by in others if len(set(by.reindex(people).dropna())) > 1)):
            name = ALL if by is None else str(by.name)
            cut = cut_of(survey, row, plan.where, by=by, weight=plan.weight)
            yield row, name, cut
            if row["kind"] == "number" and measured:
                frame = means_of(survey, row.to_frame().T, by=by, weight=plan.weight)
                yield row, name, replace(
                    cut, id=f"{cut.id}|mean", frame=frame.drop(columns=["item", "median"]),
                    dimensions=cut.within, within=(), kind="mean", variable="option",
                )


def banner(
    plan: Plan, cuts: Sequence[tuple[Any, str, Cut]], frames: Mapping[str, pd.DataFrame], codebook: Codebook,
    **test: Any,
) -> Banner:
    """Protected `frames` (by the ids of `cuts`) as one; `test`: correction and level of the letters
    (compare_columns).

    A net or a mean of grades is made of what is shown.
    """
    parts = []
    for row, name, cut in cuts:
        frame = frames[cut.id]
        rows = frame.drop(columns=name or []).assign(
            question_id=row["question_id"], title=title_of(row), kind=row["kind"], row="option",
            level=labels_of(codebook, frame[name]) if name else ALL, **{"break": name},
        )
        if cut.measured:
            rows = rows.rename(columns={"estimate": "mean"}).assign(row="mean", option="均值")
        parts.append(rows.astype({"option": "str"}))
    answers = pd.concat(parts, ignore_index=True)
    answers = pd.concat([answers, _of_parts(answers, plan)], ignore_index=True)
    base, keys = "base_n" if plan.weight is None else "base_effective", ["question_id", "row", "option"]
    tested = answers["row"].ne("mean")
    compared = [answers[answers["break"].eq(ALL) | ~tested].assign(letter="", higher_than="")]
    for by in plan.breaks:
        levels = labels_of(codebook, pd.Series(by.cat.categories, name=by.name))
        rows = answers[answers["break"].eq(str(by.name)) & tested]
        placed = rows.assign(level=pd.Categorical(rows["level"], levels))
        compared.append(compare_columns(placed, "level", keys, base=base, **test).astype({"level": "str"}))
    frame = pd.concat(compared).sort_index()
    return Banner(plan.survey.title, frame, plan.labels, _notes(plan, codebook, **test))


def _notes(
    plan: Plan, codebook: Codebook, correction: str = "bonferroni", level: float = 0.05
) -> tuple[str, ...]:
    some = {name: labels_of(codebook, pd.Series(codes, name=name)) for name, codes in plan.where.items()}
    conditions = [f"{plan.labels[name]}为{'、'.join(words)}" for name, words in some.items()]
    weighted = "" if plan.weight is None else f"占比按“{plan.weight.name}”加权，检验用有效样本量(Σw)²÷Σw²；"
    return (
        f"“{plan.survey.title}”：" + (f"只含{'，'.join(conditions)}的答卷。" if conditions else "全部答卷。"),
        f"{weighted}字母表示该列占比在{level:g}水平上显著高于字母所指的列：同一分组内两两比例之差的z检验（合并方差），"
        f"{correction}校正；占比为0或100%的、不足2人的列不检验。",
        "每题占比的基数为该题作答人数，未作答的不计，因跳转没有问到的也不计。矩阵题的均值按选项的次序从1起计分。",
    )


def _of_parts(frame: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Nets, and the means of grades, missing where a part of them is; the net promoter score is the mean of
    100, 0 and -100.
    """
    answers, parts = frame[frame["row"].eq("option")], list[tuple[str, str, str, str, float]]()
    about = plan.survey.questions.set_index("question_id")["kind"]
    for id, rows in answers.groupby("question_id", sort=False, observed=True):
        kind, options, item = about[id], [*rows["option"].unique()], plan.survey.book.items.get(str(id))
        bands = {} if item is None or kind == "multiple" else item.bands
        nets = {name: [item.options[code] for code in codes] for name, codes in bands.items()} if item else {}
        if kind == "matrix" and len(options) == tables.GRADES_WITH_TOP_TWO:
            nets |= {"+".join(some): some for some in (options[-2:], options[:2])}
        parts += [(str(id), part, "net", name, 1.0) for name, some in nets.items() for part in some]
        if options == tables.PROMOTERS:
            parts += [(str(id), o, "mean", "净推荐值", 100.0 * (i - 1)) for i, o in enumerate(options)]
        elif kind == "matrix" or (kind == "number" and not any("–" in o for o in options)):
            scored = zip(options, tables.scores(options), strict=True)
            parts += [(str(id), o, "mean", "均值", score) for o, score in scored]
    of = pd.DataFrame(parts, columns=["question_id", "option", "made", "into", "score"])
    rows = answers.merge(of, on=["question_id", "option"])
    rows = rows.assign(mean=rows["share"] * rows["score"], squares=rows["share"] * rows["score"] ** 2)
    groups = rows.groupby(["question_id", "break", "level", "made", "into"], sort=False, observed=True)
    counts = [c for c in ("share", "estimate") if c in rows]
    full, first = groups["share"].count().eq(groups.size()), groups.first()
    sums = groups[["n", *counts, "mean", "squares"]].sum().where(full)
    net, n = first.index.get_level_values("made") == "net", first["base_n"].astype(float)
    sd = np.sqrt((sums["squares"] - sums["mean"] ** 2).clip(lower=0) * n / (n - 1).where(n > 1))
    summary = first.assign(
        **{c: sums[c].where(net) for c in counts}, n=sums["n"].where(net, first["base_n"]),
        mean=sums["mean"].mask(net), sd=sd.mask(net),
    )  # fmt: skip
    named = summary.reset_index().drop(columns=["row", "option", "squares", "score"])
    return named.rename(columns={"made": "row", "into": "option"})
