"""Tables of a questionnaire: single, multiple, matrix, ranking, funnel. One vocabulary: n, base_n, left_out_n, share.

The base of a question is who was asked and answered; who was asked and left it blank is in `left_out_n`; whom a branch
skipped is in neither. `across` makes any of these tables by any variable of the respondents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.analysis.domains import require
from bangfu_analysis.analysis.tabulate import tabulate
from bangfu_analysis.errors import ArgumentError, listed, one_of
from bangfu_analysis.tidy.questionnaires import one_questionnaire, question

MEASURES = ["n", "base_n", "left_out_n", "share"]
GRADES_WITH_TOP_TWO = 5
MOST_VALUES, ABOUT_BANDS = 20, 8


def single_choice(questions: pd.DataFrame, responses: pd.DataFrame, question_id: str) -> pd.DataFrame:
    """One row per option in printed order (nobody's too): option, n, base_n, left_out_n, share.

    Where an export by number knows no labels, options are the codes.
    """
    row, answers = _asked(questions, responses, question_id, ("single", "matrix"))
    return _distribution(answers, _levels([row], answers))


def multiple_response(questions: pd.DataFrame, responses: pd.DataFrame, question_id: str) -> pd.DataFrame:
    """One row per option: option, n (respondents who chose it), base_n (respondents who answered), left_out_n, share
    (percent of respondents; adds up to more than 1), answers_n (all ticks), share_of_answers (percent of ticks; adds up to 1).
    """
    row, answers = _asked(questions, responses, question_id, ("multiple",))
    chosen = answers.loc[answers["value"].fillna(1).gt(0), "option"].cat.set_categories(list(row["options"]))
    table = chosen.value_counts(sort=False).rename_axis("option").rename("n").reset_index()
    ticks = int(table["n"].sum())
    of_answers = table["n"] / ticks if ticks else np.nan
    return _with_shares(table, answers).assign(answers_n=ticks, share_of_answers=of_answers)


def likert(
    questions: pd.DataFrame, responses: pd.DataFrame, block: str | Sequence[str], *, leave_out: Sequence[str] = ()
) -> pd.DataFrame:
    """The distribution of a matrix, or of questions on one scale: a row per item and grade: item, option, n, base_n,
    left_out_n, share. `block`: that of the matrix, a question_id or several.

    `leave_out`: options that are no grade (说不清 where it is non-response); who chose them is in left_out_n. Grades come in
    printed order; ratings in numbers are grades in rising order. ArgumentError for an option that is not there.
    """
    asked = [_asked(questions, responses, name, ()) for name in _members(questions, block)]
    levels = _levels([row for row, _ in asked], pd.concat([answers for _, answers in asked]))
    for option in leave_out:
        one_of("leave_out", option, levels)
    grades = [level for level in levels if level not in leave_out]
    items = [str(row["item"]) if pd.notna(row["item"]) else str(row["text"]) for row, _ in asked]
    tables = [_distribution(answers, grades) for _, answers in asked]
    names = pd.CategoricalDtype(list(dict.fromkeys(items)))
    table = pd.concat(tables, keys=items, names=["item"]).reset_index("item").reset_index(drop=True)
    return table.astype({"item": names})


def likert_summary(
    distribution: pd.DataFrame, *, top: Sequence[str] | None = None, bottom: Sequence[str] | None = None
) -> pd.DataFrame:
    """One row per item of `likert`: n and share of the top grades, bottom_share, net (top - bottom), mean and base_n.

    Grades run from the worst to the best. `top` and `bottom` name what counts; without them the two best and two worst of
    five grades. `definition` says in words which grades were taken (满意率 of 满意+基本满意 is not that of 满意 alone).
    `mean` is of scores 1..k, or of the numbers themselves where the grades are numbers. ArgumentError for other than
    five grades without `top`, or an unknown grade.
    """
    grades = [str(g) for g in distribution["option"].cat.categories]
    if (top is None or bottom is None) and len(grades) != GRADES_WITH_TOP_TWO:
        raise ArgumentError(
            f"likert_summary：有 {len(grades)} 个等级（{listed(grades)}），不是五级。请写明 top 和 bottom 各取哪些。"
        )
    best, worst = list(top or grades[-2:]), list(bottom or grades[:2])
    for grade in (*best, *worst):
        one_of("top/bottom", grade, grades)
    option, keys = distribution["option"], [c for c in distribution.columns if c not in ("option", *MEASURES)]
    score = option.astype("str").map(dict(zip(grades, _scores(grades), strict=True))).astype(float)
    counted = distribution.assign(
        n=distribution["n"].where(option.isin(best), 0), worst=distribution["n"].where(option.isin(worst), 0), sum=score * distribution["n"],
    )  # fmt: skip
    sums = counted.groupby([*keys, "base_n", "left_out_n"], observed=True, sort=False)[["n", "worst", "sum"]].sum()
    table = sums.reset_index()
    base = table["base_n"].where(table["base_n"] > 0)
    return table.assign(
        share=table["n"] / base, bottom_share=table["worst"] / base, net=(table["n"] - table["worst"]) / base,
        mean=table["sum"] / base, definition="+".join(best),
    )[[*keys, *MEASURES, "bottom_share", "net", "mean", "definition"]]  # fmt: skip


def ranking(questions: pd.DataFrame, responses: pd.DataFrame, question_id: str) -> pd.DataFrame:
    """One row per option: option, n (ranked first), base_n (respondents who ranked any), left_out_n, share (first place),
    ranked_n, share_ranked (put at any place), mean_rank (of those who ranked it; missing where nobody did) and ranking_score:
    the 综合得分 as 问卷星 counts it, the sum of weights over base_n, where of k options the first place weighs k, the next
    k - 1, and so on, and who did not rank an option gives it nothing.
    """
    row, answers = _asked(questions, responses, question_id, ("ranking",))
    option = answers["option"].cat.set_categories(list(row["options"]))
    by = answers["value"].groupby(option, observed=False)
    first = answers["value"].eq(1).groupby(option, observed=False)
    table = pd.DataFrame({"n": first.sum(), "ranked_n": by.count(), "mean_rank": by.mean()}).rename_axis("option")
    whole = {"n": "int64", "ranked_n": "int64", "mean_rank": "float64"}
    full = _with_shares(table.reset_index().astype(whole), answers)
    share = full["ranked_n"] / full["base_n"].where(full["base_n"] > 0)
    weights = full["ranked_n"] * (len(full) + 1 - full["mean_rank"].fillna(0))
    score = weights / full["base_n"].where(full["base_n"] > 0)
    full = full.assign(share_ranked=share, ranking_score=score)
    return full[["option", *MEASURES, "ranked_n", "share_ranked", "mean_rank", "ranking_score"]]


def number_summary(questions: pd.DataFrame, responses: pd.DataFrame, question_id: str) -> pd.DataFrame:
    """One row: n = base_n (who gave a number), left_out_n (asked, no number), mean, sd (of a sample), min, p25, median, p75, max."""
    _, answers = _asked(questions, responses, question_id, ("number", "matrix", "meta"))
    values = answers["value"].dropna().astype(float)
    left = answers["respondent_id"].nunique() - len(values)
    figures = {"mean": values.mean(), "sd": values.std(), "min": values.min(), "p25": values.quantile(0.25)}
    figures |= {"median": values.median(), "p75": values.quantile(0.75), "max": values.max()}
    return pd.DataFrame([{"n": len(values), "base_n": len(values), "left_out_n": left, **figures}])


def number_distribution(
    questions: pd.DataFrame, responses: pd.DataFrame, question_id: str, *, edges: Sequence[float] | None = None
) -> pd.DataFrame:
    """How the numbers lie: option (a value, or a band), n, base_n, left_out_n, share.

    `edges`: a band from each to below the next, the last edge included; without them the values themselves where they are
    at most 20, else about eight bands of a round width.
    """
    _, answers = _asked(questions, responses, question_id, ("number", "matrix"))
    values = answers["value"].astype(float)
    if edges is None and values.nunique() <= MOST_VALUES:
        return _distribution(answers, _levels([], answers))
    bounds = _round_edges(values) if edges is None else list(edges)
    names = [f"{low:g}–{high:g}" for low, high in pairwise(bounds)]
    place = np.clip(np.searchsorted(bounds, values, side="right") - 1, 0, len(names) - 1)
    within = np.where(values.between(bounds[0], bounds[-1]), place, -1).astype(np.intp)
    bands = pd.Categorical.from_codes(within, dtype=pd.CategoricalDtype(names, ordered=True))
    return tabulate(pd.DataFrame({"option": bands}), "option")[["option", *MEASURES]]


def net_promoters(questions: pd.DataFrame, responses: pd.DataFrame, question_id: str) -> pd.DataFrame:
    """Promoters (9, 10), passives (7, 8) and detractors (0 to 6) of a question answered from 0 to 10, a row each: option,
    n, base_n, left_out_n, share, and `nps`: the share of promoters less that of detractors, in points from -100 to 100.

    Reichheld (2003), The one number you need to grow. ArgumentError where an answer lies outside 0 to 10.
    """
    _, answers = _asked(questions, responses, question_id, ("number", "single", "matrix"))
    if not answers["value"].dropna().between(0, 10).all():
        raise ArgumentError(f"net_promoters：{question_id} 有不在 0 到 10 之间的答案，不能计算净推荐值。请换一题。")
    groups = pd.cut(answers["value"].astype(float), [-1, 6, 8, 10], labels=["贬损者", "中立者", "推荐者"])
    table = tabulate(pd.DataFrame({"option": groups}), "option")[["option", *MEASURES]]
    share = table.set_index("option")["share"]
    return table.assign(nps=100 * (share["推荐者"] - share["贬损者"]))


def answered(questions: pd.DataFrame, responses: pd.DataFrame, question_id: str) -> pd.DataFrame:
    """How many of those asked answered, whatever they said: option (已作答, 未作答), n, base_n (asked), left_out_n, share."""
    _, answers = _asked(questions, responses, question_id, ())
    told = answers.drop_duplicates("respondent_id")["status"].eq("answered")
    words = pd.Categorical(np.where(told, "已作答", "未作答"), ["已作答", "未作答"])
    return tabulate(pd.DataFrame({"option": words}), "option")[["option", *MEASURES]]


def question_table(questions: pd.DataFrame, responses: pd.DataFrame, question_id: str) -> pd.DataFrame:
    """Any question tabulated as its kind wants it: the columns of `single_choice` (a row of a matrix too), `multiple_response`,
    `ranking`, or `number_distribution` with mean, sd and median; of open answers and words, `answered`.
    """
    row = question(questions, question_id)
    table = TABLES.get(str(row["kind"]), answered)(questions, responses, question_id)
    if row["kind"] == "number" or (row["kind"] == "matrix" and not len(row["options"])):
        summary = number_summary(questions, responses, question_id).iloc[0]
        table = table.assign(**{name: summary[name] for name in ("mean", "sd", "median")})
    return table


def every_question(questions: pd.DataFrame, responses: pd.DataFrame) -> pd.DataFrame:
    """`question_table` of all questions but meta, on end: question_id, number, text, item, kind, then the tables' columns."""
    asked = questions[questions["kind"] != "meta"]
    about = ["question_id", "number", "text", "item", "kind"]
    tables = [
        question_table(questions, responses, str(row["question_id"]))
        .astype({"option": "str"})
        .assign(**{name: row[name] for name in about})
        for _, row in asked.iterrows()
    ]
    if not tables:
        return pd.DataFrame(columns=[*about, "option", *MEASURES])
    whole = pd.concat(tables, ignore_index=True)
    return whole[[*about, *(c for c in whole.columns if c not in about)]]


def funnel(
    questions: pd.DataFrame, responses: pd.DataFrame, steps: Sequence[tuple[str, str, Sequence[str]]]
) -> pd.DataFrame:
    """知晓 → 申请 → 享受 → 满意: each step of those who passed the one before.

    `steps`: (name, question_id, options that count as passing). One row per step: step, n (passed), base_n (passed all before
    and answered this), left_out_n (passed all before and did not answer), share (n of base_n), share_of_first (n of the
    first step's base). ArgumentError for an unknown question or option.
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
        chosen = _graded(answers, levels).isin(list(options)) & ticked
        base, passed = set(people[inside & (answers["status"] == "answered")]), set(people[inside & chosen])
        rows.append((step, len(passed), len(base), len(set(people[inside]) - base)))
    table = pd.DataFrame(rows, columns=["step", "n", "base_n", "left_out_n"])
    bases = table["base_n"].where(table["base_n"] > 0)
    first = table["n"] / bases.iloc[0] if len(table) else table["n"]
    ordered = table.assign(step=pd.Categorical(table["step"], table["step"]))
    return ordered.assign(share=table["n"] / bases, share_of_first=first)


def across(
    table: Callable[[pd.DataFrame], pd.DataFrame], responses: pd.DataFrame, respondents: pd.DataFrame, by: str
) -> pd.DataFrame:
    """Any table of this module for each level of `by`, a column of `respondents` (one row each, with respondent_id).

    `across(lambda r: multiple_response(questions, r, "Q6"), responses, people, "sex")`. Levels come in the order of the
    categories, those of nobody included; respondents without a value are in none. Returns `by` and the table's columns.
    """
    require(respondents, ["respondent_id", by], where="across")
    group = respondents[by].astype("category")
    own = {level: respondents.loc[group.eq(level), "respondent_id"] for level in group.cat.categories}
    if not own:
        raise ArgumentError(f"across：列 {by} 没有任何取值，无法分组。请换一列。")
    parts = {level: table(responses[responses["respondent_id"].isin(who)]) for level, who in own.items()}
    rows: pd.DataFrame = pd.concat(parts, names=[by]).reset_index(by).reset_index(drop=True)
    return rows.assign(**{by: rows[by].astype(group.dtype)})


TABLES: Mapping[str, Callable[[pd.DataFrame, pd.DataFrame, str], pd.DataFrame]] = {
    "single": single_choice,
    "matrix": single_choice,
    "multiple": multiple_response,
    "ranking": ranking,
    "number": number_distribution,
}


def _round_edges(values: pd.Series) -> list[float]:
    """From the lowest to the highest in steps of 1, 2 or 5 times a power of ten, about eight."""
    low, high = values.min(), values.max()
    rough = (high - low) / ABOUT_BANDS
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= rough)
    first = np.floor(low / step) * step
    return [float(first + i * step) for i in range(int(np.floor((high - first) / step)) + 2)]


def _members(questions: pd.DataFrame, block: str | Sequence[str]) -> list[str]:
    """The question_ids of a block, or those given."""
    one_questionnaire(questions)
    names = [block] if isinstance(block, str) else list(block)
    found = questions[questions["block"].isin(names) | questions["question_id"].isin(names)]
    if absent := [name for name in names if name not in {*found["block"], *found["question_id"]}]:
        raise ArgumentError.naming("block", absent[0], questions["block"].unique())
    return found["question_id"].astype("str").tolist()


def _asked(
    questions: pd.DataFrame, responses: pd.DataFrame, question_id: str, kinds: Sequence[str], *, skipped: bool = False
) -> tuple[Any, pd.DataFrame]:
    """The question, and the answers of those it was put to (with `skipped`, of everybody)."""
    one_questionnaire(questions)
    row = question(questions, question_id)
    if kinds and row["kind"] not in kinds:
        raise ArgumentError(
            f"{question_id} 的题型是 {row['kind']}，这里需要 {listed(kinds)}。请改用相应的函数，或在问卷码本中更正 kind。"
        )
    answers = responses[responses["question_id"] == question_id]
    return row, answers if skipped else answers[answers["status"] != "skipped"]


def _levels(rows: Sequence[Any], answers: pd.DataFrame) -> list[str]:
    """Options as printed; without any, the numbers given, rising."""
    options = list(dict.fromkeys(str(o) for row in rows for o in row["options"]))
    return options or [f"{number:g}" for number in sorted(answers["value"].dropna().unique())]


def _graded(answers: pd.DataFrame, levels: Sequence[str]) -> pd.Series:
    """Each answer as one of `levels`: its option, else its number."""
    if answers["option"].notna().any():
        return answers["option"].cat.set_categories(list(levels), ordered=True)
    words = answers["value"].map(lambda v: f"{v:g}", na_action="ignore").astype(object)
    return words.where(words.isin(list(levels)), None).astype(pd.CategoricalDtype(list(levels), ordered=True))


def _distribution(answers: pd.DataFrame, levels: Sequence[str]) -> pd.DataFrame:
    return tabulate(pd.DataFrame({"option": _graded(answers, levels)}), "option")[["option", *MEASURES]]


def _scores(grades: Sequence[str]) -> list[float]:
    try:
        return [float(g) for g in grades]
    except ValueError:
        return [float(i) for i in range(1, len(grades) + 1)]


def _with_shares(table: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """The table with its base: respondents who answered; and those who were asked and did not."""
    base = int(answers.loc[answers["status"] == "answered", "respondent_id"].nunique())
    left = int(answers["respondent_id"].nunique()) - base
    full = table.assign(base_n=base, left_out_n=left, share=table["n"] / base if base else np.nan)
    return full[["option", *MEASURES, *(c for c in table.columns if c not in ("option", "n"))]]
