"""Doubtful replies as a list the researcher decides on; nothing is dropped without a decision that names it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from bangfu_analysis.errors import ArgumentError, ColumnMissing, listed
from bangfu_analysis.tidy.questionnaires import one_questionnaire, question

REASONS = ("too_fast", "straight_line", "attention", "same_answers", "over_quota")
DECISIONS = ("keep", "drop")
COLUMNS = ["respondent_id", "reason", "question_id", "message", "decision"]


@dataclass(frozen=True)
class ScreeningRules:
    """What is doubtful. A rule left out is not applied.

    `fastest_seconds`: quicker is too fast; `straight_items`: least matrix items with one answer throughout;
    `attention`: question_id -> the answer asked for (an option, or a number); `same_answers`: least answered questions for
    two equal replies to count; `quota`: question_id -> option -> most respondents, in the order of the sheet.
    """

    fastest_seconds: float | None = None
    straight_items: int | None = None
    attention: Mapping[str, str | float] = field(default_factory=dict)
    same_answers: int | None = None
    quota: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def screen(questions: pd.DataFrame, responses: pd.DataFrame, rules: ScreeningRules) -> pd.DataFrame:
    """One row per doubtful respondent and reason: respondent_id, reason (categorical), question_id, message, decision (missing).

    ArgumentError where a rule names a question that is not there, or no duration is in the export.
    """
    one_questionnaire(questions)
    found = [
        _too_fast(questions, responses, rules.fastest_seconds),
        _straight(questions, responses, rules.straight_items),
        *(_inattentive(questions, responses, q, right) for q, right in rules.attention.items()),
        _same(questions, responses, rules.same_answers),
        *(_over(questions, responses, q, o, most) for q, limits in rules.quota.items() for o, most in limits.items()),
    ]
    rows = pd.concat([_none(), *found], ignore_index=True)
    return rows.assign(reason=pd.Categorical(rows["reason"], REASONS))


def replay(
    questions: pd.DataFrame, responses: pd.DataFrame, decisions: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The responses without those decided "drop", and the base of every question before and after.

    `decisions`: respondent_id, reason, decision (keep, drop; missing keeps). The second frame: question_id, number, text,
    base_before, base_after (respondents who answered). ArgumentError for a word that is no decision, a drop without
    reason, or a respondent that the export does not hold.
    """
    if absent := [c for c in ("respondent_id", "reason", "decision") if c not in decisions]:
        raise ColumnMissing.naming(absent, [str(c) for c in decisions.columns], where="筛查决定")
    dropped = _dropped(decisions, {str(r) for r in responses["respondent_id"].cat.categories})
    kept = responses[~responses["respondent_id"].isin(dropped)].reset_index(drop=True)
    before, after = _bases(responses), _bases(kept)
    bases = questions[["question_id", "number", "text"]].assign(
        base_before=questions["question_id"].map(before).fillna(0).astype("int64"),
        base_after=questions["question_id"].map(after).fillna(0).astype("int64"),
    )
    return kept, bases


def _dropped(decisions: pd.DataFrame, known: set[str]) -> set[str]:
    words = decisions["decision"].astype("str").str.strip()
    if odd := sorted(set(words.dropna()) - {*DECISIONS, ""}):
        raise ArgumentError.naming("decision", odd[0], DECISIONS)
    drop = decisions[words.eq("drop").fillna(False)]
    if drop["reason"].isna().any():
        raise ArgumentError("筛查决定：有的 drop 没有写 reason。删去一份答卷必须说明理由，请补充。")
    names = {str(r) for r in drop["respondent_id"]}
    if gone := sorted(names - known):
        raise ArgumentError(f"筛查决定：问卷中没有答卷 {listed(gone)}。请核对 respondent_id 是否属于这份导出。")
    return names


def _bases(responses: pd.DataFrame) -> pd.Series:
    answered = responses[responses["status"] == "answered"]
    counts = answered.groupby("question_id", observed=True)["respondent_id"].nunique()
    return counts.rename(index=str)


def _none() -> pd.DataFrame:
    return pd.DataFrame({c: pd.Series(dtype="str") for c in COLUMNS})


def _rows(respondents: pd.Series, reason: str, question_id: str, message: str) -> pd.DataFrame:
    frame = pd.DataFrame({"respondent_id": respondents.astype("str").to_numpy()}, dtype="str")
    more = {"reason": reason, "question_id": question_id, "message": message, "decision": None}
    return frame.assign(**{k: pd.Series(v, index=frame.index, dtype="str") for k, v in more.items()})[COLUMNS]


def _of(questions: pd.DataFrame, responses: pd.DataFrame, question_id: str) -> pd.DataFrame:
    question(questions, question_id)
    return responses[responses["question_id"] == question_id]


def _too_fast(questions: pd.DataFrame, responses: pd.DataFrame, least: float | None) -> pd.DataFrame:
    if least is None:
        return _none()
    names = [q for q in ("所用时间", "答题时长", "time_used") if q in set(questions["question_id"])]
    if not names:
        raise ArgumentError("fastest_seconds：导出文件没有“所用时间”或“答题时长”，无法按用时筛查。请去掉这一规则。")
    rows = _of(questions, responses, names[0])
    return _rows(
        rows.loc[rows["value"].lt(least).fillna(False), "respondent_id"], "too_fast", names[0], f"用时少于 {least:g} 秒"
    )


def _straight(questions: pd.DataFrame, responses: pd.DataFrame, least: int | None) -> pd.DataFrame:
    matrices = questions[questions["kind"] == "matrix"].groupby("block", sort=False)["question_id"]
    found = [_none()]
    for block, names in matrices if least is not None else ():
        rows = responses[responses["question_id"].isin(list(names)) & (responses["status"] == "answered")]
        answer = rows["option"].astype("str").fillna(rows["value"].astype("str"))
        by = answer.groupby(rows["respondent_id"].astype("str"), sort=False)
        flat = by.nunique().eq(1) & by.size().ge(least or 0)
        found.append(_rows(pd.Series(flat.index[flat]), "straight_line", str(block), f"{block} 各项答案全部相同"))
    return pd.concat(found, ignore_index=True)


def _inattentive(questions: pd.DataFrame, responses: pd.DataFrame, name: str, right: str | float) -> pd.DataFrame:
    rows = _of(questions, responses, name)
    rows = rows[rows["status"] == "answered"]
    passed = rows["option"].eq(right) if isinstance(right, str) else rows["value"].eq(right).fillna(False)
    return _rows(rows.loc[~passed, "respondent_id"], "attention", name, f"注意力检测题 {name} 未按要求作答")


def _same(questions: pd.DataFrame, responses: pd.DataFrame, least: int | None) -> pd.DataFrame:
    """Replies whose every answer (meta aside) equals that of an earlier one."""
    if least is None:
        return _none()
    meta = questions.loc[questions["kind"] == "meta", "question_id"]
    rows = responses[~responses["question_id"].isin(meta) & (responses["status"] == "answered")]
    marks = pd.util.hash_pandas_object(
        rows[["question_id", "option", "value", "text"]].astype({"value": "Float64"}), index=False
    )
    who = rows["respondent_id"].astype("str")
    total = marks.groupby(who, sort=False).agg(lambda m: np.add.reduce(m.to_numpy()))
    enough = rows.groupby(who, sort=False)["question_id"].nunique().ge(least)
    again = total[enough].duplicated()
    return _rows(pd.Series(again.index[again]), "same_answers", "", "全部答案与前面的一份答卷相同")


def _over(questions: pd.DataFrame, responses: pd.DataFrame, name: str, option: str, most: int) -> pd.DataFrame:
    options = list(question(questions, name)["options"])
    if option not in options:
        raise ArgumentError.naming(f"quota[{name}]", option, options)
    rows = _of(questions, responses, name)
    chosen = rows.loc[rows["option"].eq(option) & rows["value"].fillna(1).gt(0), "respondent_id"]
    return _rows(chosen.iloc[most:], "over_quota", name, f"“{option}”超出配额 {most} 份")
