"""Tables of a questionnaire: single, multiple, matrix, ranking, number, open answers, funnel.

One vocabulary: n, base_n, left_out_n, share. The base of a question is who was asked and answered; who was
asked and left it blank is in `left_out_n`; whom a branch skipped is in neither. All of them take `by`, a
Series of respondents' levels under their respondent_id, whose name heads a column of the table: respondents
without a level are in no group, levels of nobody stay. With `weight` (a Series under respondent_id) `share`
and means are weighted, `estimate` and `base_weighted` are sums of weights beside the unweighted n and base_n,
and `base_effective` is (sum w)^2 / sum w^2 (Kish 1965).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Unpack

import numpy as np
import pandas as pd

from bangfu_analysis.analysis.tallies import Frame, Groups, counted, number_word, people, placed
from bangfu_analysis.errors import ArgumentError, listed, one_of
from bangfu_analysis.reading.answers import Floats, Ints
from bangfu_analysis.tidy.questionnaires import one_questionnaire, places_of, question

MEASURES = ["n", "base_n", "left_out_n", "share"]
GRADES_WITH_TOP_TWO = 5
MOST_VALUES, ABOUT_BANDS = 20, 8
PROMOTERS = ["贬损者", "中立者", "推荐者"]  # 0 to 6, 7 and 8, 9 and 10
_RECOMMENDS = re.compile(r"推荐|\bNPS\b|recommend", re.IGNORECASE)


def single_choice(questions: Frame, responses: Frame, question_id: str, **groups: Unpack[Groups]) -> Frame:
    """One row per option in printed order (nobody's too): option, n, base_n, left_out_n, share.

    Where an export by number knows no labels, options are the codes.
    """
    row, answers = _asked(questions, responses, question_id, ("single", "matrix", "number"))
    levels = _levels([row], answers)
    return counted(answers, levels, placed(answers, levels), **groups)


def multiple_response(
    questions: Frame, responses: Frame, question_id: str, **groups: Unpack[Groups]
) -> Frame:
    """One row per option: option, n (respondents who chose it), base_n (respondents who answered),
    left_out_n, share (percent of respondents; adds up to more than 1), answers_n (all ticks),
    share_of_answers (percent of ticks; adds up to 1).
    """
    row, answers = _asked(questions, responses, question_id, ("multiple",))
    chosen = answers["value"].fillna(1).gt(0).to_numpy()
    options = [str(option) for option in row["options"]]
    table = counted(answers, options, places_of(options, answers), chosen, **groups)
    each = np.arange(len(table)) // max(len(options), 1)  # the group of each row
    ticks = table["n"].groupby(each).transform("sum")
    return table.assign(answers_n=ticks, share_of_answers=table["n"] / ticks.where(ticks > 0))


def likert(questions: Frame, responses: Frame, block: str | Sequence[str], **groups: Unpack[Groups]) -> Frame:
    """The distribution of a matrix, or of questions on one scale: a row per item and grade: item, option, n,
    base_n, left_out_n, share. `block`: that of the matrix, a question_id or several.

    Grades come in printed order; ratings in numbers are grades in rising order.
    """
    items_asked = [_asked(questions, responses, name, ()) for name in _members(questions, block)]
    grades = _levels([row for row, _ in items_asked], pd.concat([answers for _, answers in items_asked]))
    items = [str(row["item"]) if pd.notna(row["item"]) else str(row["text"]) for row, _ in items_asked]
    tables = [counted(answers, grades, placed(answers, grades), **groups) for _, answers in items_asked]
    names = pd.CategoricalDtype(list(dict.fromkeys(items)))
    table = pd.concat(tables, keys=items, names=["item"]).reset_index("item").reset_index(drop=True)
    return table.astype({"item": names})


def likert_summary(
    distribution: Frame, *, top: Sequence[str] | None = None, bottom: Sequence[str] | None = None
) -> Frame:
    """One row per item of `likert`: n and share of the top grades, bottom_share, net (top - bottom), mean and
    base_n.

    Grades run from the worst to the best. `top` and `bottom` name what counts; without them the two best and
    two worst of five grades. `definition` says in words which grades were taken (满意率 of 满意+基本满意 is
    not that of 满意 alone). `mean` is of scores 1..k, or of the numbers themselves where the grades are
    numbers. ArgumentError for other than five grades without `top`, or an unknown grade.
    """
    grades = [str(g) for g in distribution["option"].cat.categories]
    if (top is None or bottom is None) and len(grades) != GRADES_WITH_TOP_TWO:
        message = f"有 {len(grades)} 个等级（{listed(grades)}），不是五级。请写明 top 和 bottom 各取哪些。"
        raise ArgumentError(f"likert_summary：{message}")
    best, worst = list(top or grades[-2:]), list(bottom or grades[:2])
    for grade in (*best, *worst):
        one_of("top/bottom", grade, grades)
    option, keys = distribution["option"], [c for c in distribution.columns if c not in ("option", *MEASURES)]
    score = option.astype("str").map(dict(zip(grades, scores(grades), strict=True))).astype(float)
    summed = distribution.assign(
        n=distribution["n"].where(option.isin(best), 0), worst=distribution["n"].where(option.isin(worst), 0),
        sum=score * distribution["n"],
    )
    sums = summed.groupby([*keys, "base_n", "left_out_n"], observed=True, sort=False)
    table = sums[["n", "worst", "sum"]].sum().reset_index()
    base = table["base_n"].where(table["base_n"] > 0)
    return table.assign(
        share=table["n"] / base, bottom_share=table["worst"] / base, net=(table["n"] - table["worst"]) / base,
        mean=table["sum"] / base, definition="+".join(best),
    )[[*keys, *MEASURES, "bottom_share", "net", "mean", "definition"]]


def ranking(questions: Frame, responses: Frame, question_id: str, **groups: Unpack[Groups]) -> Frame:
    """One row per option: option, n (ranked first), base_n (respondents who ranked any), left_out_n, share
    (first place), ranked_n, share_ranked (put at any place), mean_rank (of those who ranked it; missing where
    nobody did) and ranking_score: the 综合得分 as 问卷星 counts it, the sum of weights over base_n, where of
    k options the first place weighs k, the next k - 1, and so on, and who did not rank an option gives it
    nothing.
    """
    row, answers = _asked(questions, responses, question_id, ("ranking",))
    options, rank = [str(o) for o in row["options"]], answers["value"].to_numpy(dtype=float, na_value=np.nan)
    place = places_of(options, answers)
    first = counted(answers, options, place, rank == 1, **groups)
    any_place = counted(answers, options, place, amount=rank, **groups)
    base = any_place.get("estimate", any_place["n"])
    mean = any_place["amount"] / base.where(base > 0)
    score = any_place["share"] * (len(options) + 1 - mean.fillna(0))
    return first.assign(
        ranked_n=any_place["n"], share_ranked=any_place["share"], mean_rank=mean, ranking_score=score
    )


def number_summary(questions: Frame, responses: Frame, question_id: str, **groups: Unpack[Groups]) -> Frame:
    """One row (a group): n = base_n (who gave a number), left_out_n (asked, no number), mean, sd (of a
    sample), median. With `weight` the mean and the sd are weighted, the median is not.
    """
    _, answers = _asked(questions, responses, question_id, ("number", "matrix", "meta"))
    values = answers["value"].to_numpy(dtype=float, na_value=np.nan)
    table = counted(answers, [""], np.where(np.isnan(values), -1, 0), **groups).drop(columns="option")
    who, group, worth = people(answers, **groups)
    parts = [(group[who] == g) & ~np.isnan(values) for g in range(len(table))]
    rows = [_figures(pd.Series(values[part]), None if worth is None else worth[who[part]]) for part in parts]
    return table.drop(columns="share").join(pd.DataFrame(rows, index=table.index))


def _figures(values: pd.Series[Any], worth: Floats | None) -> dict[str, Any]:
    mean, sd, n = values.mean(), values.std(), len(values)
    if worth is not None and n > 1:
        mean = np.average(values, weights=worth)
        sd = np.sqrt(np.average((values - mean) ** 2, weights=worth) * n / (n - 1))
    return {"mean": mean, "sd": sd, "median": values.median()}


def number_distribution(
    questions: Frame, responses: Frame, question_id: str, **groups: Unpack[Groups]
) -> Frame:
    """How the numbers lie: option (a value, or a band), n, base_n, left_out_n, share.

    The values themselves where they are at most 20, else about eight bands of a round width, from each edge
    to below the next, the last edge included.
    """
    _, answers = _asked(questions, responses, question_id, ("number", "matrix"))
    names, place = banded(answers["value"].to_numpy(dtype=float, na_value=np.nan))
    return counted(answers, names, place, **groups)


def banded(values: Floats) -> tuple[list[str], Ints]:
    """Names of the values or bands of `number_distribution`, and the place of each number among them (-1: in
    none).
    """
    distinct = np.unique(values[~np.isnan(values)])
    if len(distinct) <= MOST_VALUES:
        return [*map(number_word, distinct)], pd.Index(distinct).get_indexer(pd.Index(values))
    bounds = _round_edges(distinct)
    place = np.clip(np.searchsorted(bounds, values, side="right") - 1, 0, len(bounds) - 2)
    return [f"{low:g}–{high:g}" for low, high in pairwise(bounds)], np.where(np.isnan(values), -1, place)


def net_promoters(questions: Frame, responses: Frame, question_id: str, **groups: Unpack[Groups]) -> Frame:
    """Promoters (9, 10), passives (7, 8) and detractors (0 to 6) of a question answered from 0 to 10, a row
    each: option, n, base_n, left_out_n, share. The score is the share of promoters less that of detractors.

    Reichheld (2003), The one number you need to grow. ArgumentError where an answer lies outside 0 to 10.
    """
    _, answers = _asked(questions, responses, question_id, ("number", "single", "matrix"))
    values = answers["value"].to_numpy(dtype=float, na_value=np.nan)
    if ((values < 0) | (values > 10)).any():
        message = f"{question_id} 有不在 0 到 10 之间的答案，不能计算净推荐值。请换一题。"
        raise ArgumentError(f"net_promoters：{message}")
    place = np.where(np.isnan(values), -1, np.searchsorted([6, 8, 10], values))
    return counted(answers, PROMOTERS, place, **groups)


def answered(questions: Frame, responses: Frame, question_id: str, **groups: Unpack[Groups]) -> Frame:
    """How many of those asked answered, whatever they said: option (已作答, 未作答), n, base_n (asked),
    left_out_n, share.
    """
    _, answers = _asked(questions, responses, question_id, ())
    place = answers["status"].ne("answered").to_numpy().astype(np.intp)
    return counted(answers, ["已作答", "未作答"], place, **groups)


def question_table(questions: Frame, responses: Frame, question_id: str, **groups: Unpack[Groups]) -> Frame:
    """Any question tabulated as its kind wants it: the columns of `single_choice` (a row of a matrix too),
    `multiple_response`, `ranking`, `number_distribution`, or `net_promoters` where it asks from 0 to 10
    whether one would recommend; of open answers and words, `answered`.
    """
    row = question(questions, question_id)
    made = net_promoters if recommends(row, responses) else TABLES.get(str(row["kind"]), answered)
    return made(questions, responses, question_id, **groups)


def every_question(questions: Frame, responses: Frame, **groups: Unpack[Groups]) -> Frame:
    """`question_table` of all questions but meta, on end: question_id, number, text, item, kind, then the
    tables' columns; of numbers, mean, sd and median as well.
    """
    about, tables = ["question_id", "number", "text", "item", "kind"], []
    for _, row in questions[questions["kind"] != "meta"].iterrows():
        table = question_table(questions, responses, str(row["question_id"]), **groups)
        if row["kind"] == "number":
            stats = number_summary(questions, responses, str(row["question_id"]), **groups)
            each = np.repeat(np.arange(len(stats)), len(table) // max(len(stats), 1))
            table = table.assign(**{name: stats[name].to_numpy()[each] for name in ("mean", "sd", "median")})
        tables.append(table.astype({"option": "str"}).assign(**{name: row[name] for name in about}))
    if not tables:
        return pd.DataFrame(columns=[*about, "option", *MEASURES])
    every = pd.concat(tables, ignore_index=True)
    return every[[*about, *(c for c in every.columns if c not in about)]]


def funnel(questions: Frame, responses: Frame, steps: Sequence[tuple[str, str, Sequence[str]]]) -> Frame:
    """知晓 → 申请 → 享受 → 满意: each step of those who passed the one before.

    `steps`: (name, question_id, options that count as passing). One row per step: step, n (passed), base_n
    (passed all before and answered this), left_out_n (passed all before and did not answer), share (n of
    base_n), share_of_first (n of the first step's base). ArgumentError for an unknown question or option.
    """
    passed: set[str] | None = None
    rows: list[tuple[str, int, int, int]] = []
    for step, question_id, options in steps:
        row, answers = _asked(questions, responses, question_id, (), skipped=passed is not None)
        levels = _levels([row], answers)
        for option in options:
            one_of(f"steps[{step}]", option, levels)
        people = answers["respondent_id"].astype("str")
        inside = people.isin(people if passed is None else passed)
        ticked = answers["value"].fillna(1).gt(0) | (row["kind"] != "multiple")
        chosen = np.isin(placed(answers, levels), [levels.index(option) for option in options]) & ticked
        base, passed = set(people[inside & (answers["status"] == "answered")]), set(people[inside & chosen])
        rows.append((step, len(passed), len(base), len(set(people[inside]) - base)))
    table = pd.DataFrame(rows, columns=["step", "n", "base_n", "left_out_n"])
    bases = table["base_n"].where(table["base_n"] > 0)
    first = table["n"] / bases.iloc[0] if len(table) else table["n"]
    ordered = table.assign(step=pd.Categorical(table["step"], table["step"]))
    return ordered.assign(share=table["n"] / bases, share_of_first=first)


TABLES: Mapping[str, Callable[..., Frame]] = {
    "single": single_choice, "matrix": single_choice, "multiple": multiple_response, "ranking": ranking,
    "number": number_distribution,
}


def recommends(row: Any, responses: Frame) -> bool:
    """Does a question ask, from 0 to 10, whether one would recommend?"""
    if row["kind"] not in ("number", "single") or not _RECOMMENDS.search(str(row["text"])):
        return False
    values = responses.loc[responses["question_id"] == row["question_id"], "value"]
    answers = values.dropna().unique().astype(float)
    return bool(len(answers) and (answers % 1 == 0).all() and answers.min() >= 0 and 5 < answers.max() <= 10)


def scores(grades: Sequence[str]) -> list[float]:
    """The grades as numbers where they are numbers, else 1, 2, …."""
    try:
        return [float(g) for g in grades]
    except ValueError:
        return [float(i) for i in range(1, len(grades) + 1)]


def _round_edges(values: Floats) -> list[float]:
    """From the lowest to the highest in steps of 1, 2 or 5 times a power of ten, about eight."""
    low, high = values.min(), values.max()
    rough = (high - low) / ABOUT_BANDS
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= rough)
    first = np.floor(low / step) * step
    return [float(first + i * step) for i in range(int(np.floor((high - first) / step)) + 2)]


def _members(questions: Frame, block: str | Sequence[str]) -> list[str]:
    """The question_ids of a block, or those given."""
    one_questionnaire(questions)
    names = [block] if isinstance(block, str) else list(block)
    members = questions[questions["block"].isin(names) | questions["question_id"].isin(names)]
    if absent := [name for name in names if name not in {*members["block"], *members["question_id"]}]:
        raise ArgumentError.naming("block", absent[0], questions["block"].unique())
    return members["question_id"].astype("str").tolist()


def _asked(
    questions: Frame, responses: Frame, question_id: str, kinds: Sequence[str], *, skipped: bool = False
) -> tuple[Any, Frame]:
    """The question, and the answers of those it was put to (with `skipped`, of everybody)."""
    one_questionnaire(questions)
    row = question(questions, question_id)
    if kinds and row["kind"] not in kinds:
        message = f"{question_id} 的题型是 {row['kind']}，这里需要 {listed(kinds)}。"
        raise ArgumentError(f"{message}请改用相应的函数，或在问卷码本中更正 kind。")
    answers = responses[responses["question_id"] == question_id]
    return row, answers if skipped else answers[answers["status"] != "skipped"]


def _levels(rows: Sequence[Any], answers: Frame) -> list[str]:
    """Options as printed; without any, the numbers given, rising."""
    options = list(dict.fromkeys(str(o) for row in rows for o in row["options"]))
    return options or [number_word(number) for number in sorted(answers["value"].dropna().unique())]
