"""Doubtful replies as a list the researcher decides on; nothing is dropped without a decision that names it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.errors import ArgumentError, ColumnMissing, listed
from bangfu_analysis.findings import Finding
from bangfu_analysis.reading.tables import SheetReading
from bangfu_analysis.tidy.questionnaires import one_questionnaire, question, questionnaire_frames

REASONS = {
    "too_fast": "作答过快", "straight_line": "各项答案相同", "attention": "未通过检测题", "same_answers": "与另一份答案相同", "over_quota": "超出配额",
}  # fmt: skip
DECISIONS = ("keep", "drop")
COLUMNS = ["respondent_id", "reason", "question_id", "message", "decision"]
DURATIONS = ("所用时间", "答题时长", "time_used")


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
    found = []
    if rules.fastest_seconds is not None:
        found += _too_fast(questions, responses, rules.fastest_seconds)
    if rules.straight_items is not None:
        found += _straight(questions, responses, rules.straight_items)
    for name, right in rules.attention.items():
        found += _inattentive(questions, responses, name, right)
    if rules.same_answers is not None:
        found += _same(questions, responses, rules.same_answers)
    for name, limits in rules.quota.items():
        for option, most in limits.items():
            found += _over(questions, responses, name, option, most)
    rows = pd.DataFrame([(*row, None) for row in found], columns=COLUMNS, dtype="str")
    return rows.assign(reason=pd.Categorical(rows["reason"], list(REASONS)))


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
    dropped = _dropped(decisions, {str(r) for r in responses["respondent_id"].unique()})
    kept = responses[~responses["respondent_id"].isin(dropped)].reset_index(drop=True)
    bases = [questions["question_id"].map(_bases(frame)).fillna(0).astype("int64") for frame in (responses, kept)]
    return kept, questions[["question_id", "number", "text"]].assign(base_before=bases[0], base_after=bases[1])


def apply_decisions(reading: SheetReading, content: Mapping[str, Any]) -> SheetReading:
    """A questionnaire's reading as screening.yaml has it: `rules`, as ScreeningRules, and `decisions`, as `replay` takes them.

    Rows of dropped respondents are set aside, each with a finding that gives the reason; what a rule finds and nobody has
    decided is a finding too; one more tells the base before and after. ArgumentError for an unknown rule, and as `replay`.
    """
    questions, responses = questionnaire_frames(reading)
    rules, options = content.get("rules") or {}, [f.name for f in fields(ScreeningRules)]
    if unknown := sorted({*content} - {"rules", "decisions"} | {*rules} - {*options}):
        raise ArgumentError(
            f"screening.yaml：未知的项 {listed(unknown)}。可用：decisions、rules（{listed(options)}）。"
        )
    columns = ["respondent_id", "reason", "decision"]
    decisions = pd.DataFrame(content.get("decisions") or [], columns=columns, dtype="str")
    kept, _ = replay(questions, responses, decisions)
    doubts = screen(questions, responses, ScreeningRules(**rules)).merge(decisions, "left", columns[:2])
    dropped = decisions[decisions["decision"].eq("drop")]
    waiting = doubts[doubts["decision_y"].isna() & ~doubts["respondent_id"].isin(dropped["respondent_id"])]
    rows = responses.drop_duplicates("respondent_id").set_index("respondent_id")["source_row"].rename(index=str)
    away = rows[rows.index.isin(dropped["respondent_id"])]
    cells = sum(reading.cells_by_row.get(int(row), 0) for row in away)
    return replace(
        reading, responses=kept, rows=_moved(reading.rows, "kept", len(away)), cells=_moved(reading.cells, "body", cells),
        findings=(*reading.findings, *_told(reading, rows, dropped, waiting)),
    )  # fmt: skip


def _told(reading: SheetReading, rows: pd.Series, dropped: pd.DataFrame, waiting: pd.DataFrame) -> list[Finding]:
    """What became of the decisions, and what still waits for one, each with its row."""
    reasons = dropped["reason"].replace(REASONS).groupby(dropped["respondent_id"]).agg("、".join)
    told = [
        ("respondent_dropped", str(who), f"按 screening.yaml 的决定剔除，理由：{why}。") for who, why in reasons.items()
    ]
    for _, row in waiting.iterrows():
        told.append(
            (
                row["reason"],
                row["respondent_id"],
                f"{row['message']}，尚无决定。请在 screening.yaml 中写明 keep 或 drop。",
            )
        )
    whole = (
        f"问卷共收回 {len(rows)} 份，按 screening.yaml 剔除 {len(reasons)} 份，进入统计 {len(rows) - len(reasons)} 份。"
    )
    found = [
        Finding("screened", whole, severity="info", action="kept", source_file=reading.file, source_sheet=reading.sheet)
    ]
    for problem, who, message in told:
        about = Finding(problem, f"答卷 {who}：{message}", action="kept", variable="respondent_id")
        found.append(about.at(reading.file, reading.sheet, int(rows[who]), f"A{rows[who]}"))
    return found


def _moved(counts: Mapping[str, int], fate: str, n: int) -> dict[str, int]:
    return {**counts, fate: counts[fate] - n, "set_aside": counts["set_aside"] + n}


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
    return answered.groupby("question_id", observed=True)["respondent_id"].nunique().rename(index=str)


Found = list[tuple[str, str, str, str]]  # respondent_id, reason, question_id, message


def _each(respondents: Sequence[object] | pd.Series | pd.Index, reason: str, name: str, message: str) -> Found:
    return [(str(who), reason, name, message) for who in respondents]


def _of(questions: pd.DataFrame, responses: pd.DataFrame, question_id: str) -> pd.DataFrame:
    question(questions, question_id)
    return responses[responses["question_id"] == question_id]


def _too_fast(questions: pd.DataFrame, responses: pd.DataFrame, least: float) -> Found:
    names = [q for q in DURATIONS if q in set(questions["question_id"])]
    if not names:
        raise ArgumentError("fastest_seconds：导出文件没有“所用时间”或“答题时长”，无法按用时筛查。请去掉这一规则。")
    rows = _of(questions, responses, names[0])
    fast = rows.loc[rows["value"].lt(least).fillna(False), "respondent_id"]
    return _each(fast, "too_fast", names[0], f"用时少于 {least:g} 秒")


def _straight(questions: pd.DataFrame, responses: pd.DataFrame, least: int) -> Found:
    found: Found = []
    for block, names in questions[questions["kind"] == "matrix"].groupby("block", sort=False)["question_id"]:
        rows = responses[responses["question_id"].isin(list(names)) & (responses["status"] == "answered")]
        answer = rows["option"].astype("str").fillna(rows["value"].astype("str"))
        by = answer.groupby(rows["respondent_id"].astype("str"), sort=False)
        flat = by.nunique().eq(1) & by.size().ge(least)
        found += _each(flat.index[flat], "straight_line", str(block), f"{block} 各项答案全部相同")
    return found


def _inattentive(questions: pd.DataFrame, responses: pd.DataFrame, name: str, right: str | float) -> Found:
    rows = _of(questions, responses, name)
    rows = rows[rows["status"] == "answered"]
    passed = rows["option"].eq(right) if isinstance(right, str) else rows["value"].eq(right).fillna(False)
    return _each(rows.loc[~passed, "respondent_id"], "attention", name, f"注意力检测题 {name} 未按要求作答")


def _same(questions: pd.DataFrame, responses: pd.DataFrame, least: int) -> Found:
    """Replies whose every answer (meta aside) equals that of an earlier one."""
    meta = questions.loc[questions["kind"] == "meta", "question_id"]
    rows = responses[~responses["question_id"].isin(meta) & (responses["status"] == "answered")]
    marks = pd.util.hash_pandas_object(rows[["question_id", "option", "value", "text"]], index=False)
    who = rows["respondent_id"].astype("str")
    total = marks.groupby(who, sort=False).agg(lambda m: np.add.reduce(m.to_numpy()))
    again = total[rows.groupby(who, sort=False)["question_id"].nunique().ge(least)].duplicated()
    return _each(again.index[again], "same_answers", "", "全部答案与前面的一份答卷相同")


def _over(questions: pd.DataFrame, responses: pd.DataFrame, name: str, option: str, most: int) -> Found:
    options = list(question(questions, name)["options"])
    if option not in options:
        raise ArgumentError.naming(f"quota[{name}]", option, options)
    rows = _of(questions, responses, name)
    chosen = rows.loc[rows["option"].eq(option) & rows["value"].fillna(1).gt(0), "respondent_id"]
    return _each(chosen.iloc[most:], "over_quota", name, f"“{option}”超出配额 {most} 份")
