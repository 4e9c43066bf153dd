"""Tables of a questionnaire: single, multiple, matrix, ranking, funnel. One vocabulary: n, base_n, left_out_n, share.

The base of a question is who was asked and answered; who was asked and left it blank is in `left_out_n`; whom a branch
skipped is in neither. `across` makes any of these tables by any variable of the respondents.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.analysis.tabulate import tabulate
from bangfu_analysis.errors import ArgumentError, ColumnMissing, listed
from bangfu_analysis.tidy.questionnaires import one_questionnaire, question

MEASURES = ["n", "base_n", "left_out_n", "share"]
GRADES_WITH_TOP_TWO = 5


def single_choice(questions: pd.DataFrame, responses: pd.DataFrame, question_id: str) -> pd.DataFrame:
    """One row per option in printed order (nobody's too): option, n, base_n, left_out_n, share.

    Where an export by number knows no labels, options are the codes.
    """
    row, answers = _asked(questions, responses, question_id, ("single", "matrix"))
    levels = _levels([row], answers)
    table = tabulate(pd.DataFrame({"option": _graded(answers, levels)}), "option")
    return table[["option", *MEASURES]]


def multiple_response(questions: pd.DataFrame, responses: pd.DataFrame, question_id: str) -> pd.DataFrame:
    """One row per option: option, n (respondents who chose it), base_n (respondents who answered), left_out_n, share
    (percent of respondents; adds up to more than 1), answers_n (all ticks), share_of_answers (percent of ticks; adds up to 1).
    """
    row, answers = _asked(questions, responses, question_id, ("multiple",))
    shown = answers["value"].fillna(1).to_numpy(dtype=float) > 0
    places = answers["option"].cat.set_categories(list(row["options"])).array
    counts = np.bincount(places.codes[shown & (places.codes >= 0)], minlength=len(places.categories))
    base, left = _bases(answers)
    table = pd.DataFrame({"option": pd.Categorical(places.categories, places.categories), "n": counts})
    return _with_shares(table, base, left).assign(
        answers_n=int(counts.sum()), share_of_answers=counts / max(counts.sum(), 1) if counts.sum() else np.nan
    )


def likert(
    questions: pd.DataFrame, responses: pd.DataFrame, block: str, *, leave_out: Sequence[str] = ()
) -> pd.DataFrame:
    """The distribution of a matrix, or of one question: a row per item and grade: item, option, n, base_n, left_out_n, share.

    `leave_out`: options that are no grade (说不清 where it is non-response); who chose them is in left_out_n. Grades come in
    printed order; ratings in numbers are grades in rising order. ArgumentError for an option that is not there.
    """
    rows = _block(questions, block)
    asked = {str(r["question_id"]): _asked(questions, responses, str(r["question_id"]), ()) for _, r in rows.iterrows()}
    levels = _levels([r for r, _ in asked.values()], pd.concat([a for _, a in asked.values()]))
    if unknown := [o for o in leave_out if o not in levels]:
        raise ArgumentError.naming("leave_out", unknown[0], levels)
    grades = [level for level in levels if level not in leave_out]
    items = [str(r["item"]) if pd.notna(r["item"]) else str(r["text"]) for r, _ in asked.values()]
    tables = [
        tabulate(pd.DataFrame({"option": _graded(answers, grades)}), "option").assign(item=item)
        for (_, answers), item in zip(asked.values(), items, strict=True)
    ]
    table = pd.concat(tables, ignore_index=True)
    return table.assign(item=pd.Categorical(table["item"], list(dict.fromkeys(items))))[["item", "option", *MEASURES]]


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
    if unknown := [g for g in [*best, *worst] if g not in grades]:
        raise ArgumentError.naming("top/bottom", unknown[0], grades)
    score = distribution["option"].astype("str").map(dict(zip(grades, _scores(grades), strict=True))).astype(float)
    counted = distribution.assign(
        best=distribution["n"].where(distribution["option"].isin(best), 0),
        worst=distribution["n"].where(distribution["option"].isin(worst), 0),
        score=score * distribution["n"],
    )
    keys = [c for c in distribution.columns if c not in ("option", *MEASURES)]
    sums = counted.groupby(keys, observed=True, sort=False)[["best", "worst", "score"]].sum().reset_index()
    bases = distribution.drop_duplicates(keys)[[*keys, "base_n", "left_out_n"]]
    table = sums.merge(bases, on=keys)
    base = table["base_n"].where(table["base_n"] > 0)
    return table.assign(
        n=table["best"].astype("int64"), share=table["best"] / base, bottom_share=table["worst"] / base,
        net=(table["best"] - table["worst"]) / base, mean=table["score"] / base, definition="+".join(best),
    )[[*keys, *MEASURES, "bottom_share", "net", "mean", "definition"]]  # fmt: skip


def ranking(questions: pd.DataFrame, responses: pd.DataFrame, question_id: str) -> pd.DataFrame:
    """One row per option: option, n (ranked first), base_n (respondents who ranked any), left_out_n, share (first place),
    ranked_n, share_ranked (put at any place) and mean_rank (among those who ranked it; missing where nobody did).
    """
    row, answers = _asked(questions, responses, question_id, ("ranking",))
    ranked = answers[answers["value"].notna()]
    option = ranked["option"].cat.set_categories(list(row["options"]))
    by = ranked["value"].groupby(option, observed=False)
    table = pd.DataFrame(
        {"n": by.agg(lambda v: int((v == 1).sum())), "ranked_n": by.size(), "mean_rank": by.mean().astype(float)}
    )
    base, left = _bases(answers)
    full = _with_shares(table.rename_axis("option").reset_index().astype({"n": "int64"}), base, left)
    return full.assign(share_ranked=full["ranked_n"] / base if base else np.nan)[
        ["option", *MEASURES, "ranked_n", "share_ranked", "mean_rank"]
    ]


def funnel(
    questions: pd.DataFrame, responses: pd.DataFrame, steps: Sequence[tuple[str, str, Sequence[str]]]
) -> pd.DataFrame:
    """知晓 → 申请 → 享受 → 满意: each step of those who passed the one before.

    `steps`: (name, question_id, options that count as passing). One row per step: step, n (passed), base_n (passed all before
    and answered this), left_out_n (passed all before and did not answer), share (n of base_n), share_of_first (n of the
    first step's base). ArgumentError for an unknown question or option.
    """
    one_questionnaire(questions)
    passed: set[str] | None = None
    rows: list[dict[str, Any]] = []
    for step, question_id, options in steps:
        row, answers = _asked(questions, responses, question_id, (), skipped=passed is not None)
        levels = _levels([row], answers)
        if unknown := [o for o in options if o not in levels]:
            raise ArgumentError.naming(f"steps[{step}]", unknown[0], levels)
        people = answers["respondent_id"].astype("str")
        inside = people.isin(passed) if passed is not None else pd.Series(True, index=answers.index)
        base = set(people[inside & (answers["status"] == "answered")])
        chosen = _graded(answers, levels).isin(list(options)) & (
            answers["value"].fillna(1).gt(0).to_numpy() | (row["kind"] != "multiple")
        )
        through = set(people[inside & chosen])
        rows.append(
            {"step": step, "n": len(through), "base_n": len(base), "left_out_n": len(set(people[inside]) - base)}
        )
        passed = through
    table = pd.DataFrame(rows, columns=["step", "n", "base_n", "left_out_n"])
    first = table["base_n"].iloc[0] if len(table) else 0
    return table.assign(
        step=pd.Categorical(table["step"], list(table["step"])),
        share=table["n"] / table["base_n"].where(table["base_n"] > 0),
        share_of_first=table["n"] / first if first else np.nan,
    )


def across(
    table: Callable[[pd.DataFrame], pd.DataFrame], responses: pd.DataFrame, respondents: pd.DataFrame, by: str
) -> pd.DataFrame:
    """Any table of this module for each level of `by`, a column of `respondents` (one row each, with respondent_id).

    `across(lambda r: multiple_response(questions, r, "Q6"), responses, people, "sex")`. Levels come in the order of the
    categories, those of nobody included; respondents without a value are in none. Returns `by` and the table's columns.
    """
    if absent := [c for c in ("respondent_id", by) if c not in respondents]:
        raise ColumnMissing.naming(absent, [str(c) for c in respondents.columns], where="across")
    group = respondents[by].astype("category")
    levels = list(group.cat.categories)
    parts = [
        table(responses[responses["respondent_id"].isin(respondents.loc[group.eq(level), "respondent_id"])]).assign(
            **{by: level}
        )
        for level in levels
    ]
    if not parts:
        raise ArgumentError(f"across：列 {by} 没有任何取值，无法分组。请换一列。")
    rows = pd.concat(parts, ignore_index=True)
    return rows.assign(**{by: pd.Categorical(rows[by], categories=levels, ordered=group.cat.ordered)})[
        [by, *[c for c in rows.columns if c != by]]
    ]


def _block(questions: pd.DataFrame, block: str) -> pd.DataFrame:
    one_questionnaire(questions)
    rows = questions[questions["block"].eq(block) | questions["question_id"].eq(block)]
    if not len(rows):
        raise ArgumentError.naming("block", block, questions["block"].unique())
    return rows


def _asked(
    questions: pd.DataFrame, responses: pd.DataFrame, question_id: str, kinds: Sequence[str], *, skipped: bool = False
) -> tuple[pd.Series, pd.DataFrame]:
    """The question, and the answers of those it was put to (with `skipped`, of everybody)."""
    row = question(questions, question_id)
    if kinds and row["kind"] not in kinds:
        raise ArgumentError(
            f"{question_id} 的题型是 {row['kind']}，这里需要 {listed(kinds)}。请改用相应的函数，或在问卷码本中更正 kind。"
        )
    answers = responses[responses["question_id"] == question_id]
    return row, answers if skipped else answers[answers["status"] != "skipped"]


def _levels(rows: Sequence[pd.Series], answers: pd.DataFrame) -> list[str]:
    """Options as printed; without any, the numbers given, rising."""
    options = list(dict.fromkeys(str(o) for row in rows for o in row["options"]))
    return options or [f"{number:g}" for number in sorted(answers["value"].dropna().unique())]


def _graded(answers: pd.DataFrame, levels: Sequence[str]) -> pd.Series:
    """Each answer as one of `levels`: its option, else its number."""
    if answers["option"].notna().any():
        words = answers["option"].astype(object)
    else:
        words = answers["value"].map(lambda v: f"{v:g}", na_action="ignore").astype(object)
    return pd.Series(
        pd.Categorical(words.where(words.isin(list(levels)), None), categories=list(levels), ordered=True),
        index=answers.index,
    )


def _scores(grades: Sequence[str]) -> list[float]:
    try:
        return [float(g) for g in grades]
    except ValueError:
        return [float(i) for i in range(1, len(grades) + 1)]


def _bases(answers: pd.DataFrame) -> tuple[int, int]:
    """Respondents who answered, and who were asked and did not."""
    answered = answers.loc[answers["status"] == "answered", "respondent_id"].nunique()
    return int(answered), int(answers["respondent_id"].nunique() - answered)


def _with_shares(table: pd.DataFrame, base: int, left: int) -> pd.DataFrame:
    return table.assign(base_n=base, left_out_n=left, share=table["n"] / base if base else np.nan)[
        ["option", *MEASURES, *[c for c in table.columns if c not in ("option", *MEASURES)]]
    ]
