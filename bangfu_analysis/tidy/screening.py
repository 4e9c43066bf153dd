"""Doubtful replies as a list the researcher decides on; nothing is dropped without a decision that names it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.errors import ArgumentError, ColumnMissing, listed, one_of
from bangfu_analysis.findings import Finding
from bangfu_analysis.reading.question_headings import META_ROLE, WORDS
from bangfu_analysis.reading.tables import SheetReading
from bangfu_analysis.text import squeeze
from bangfu_analysis.tidy.questionnaires import one_questionnaire, places_of, question, questionnaire_frames
from bangfu_analysis.tidy.values import told_at

REASONS: Mapping[str, str] = WORDS["doubts"]
DECISIONS = ("keep", "drop")
USUAL = {"fastest_share": 0.3, "straight_items": 5}  # what a wave without rules of its own is asked about
COLUMNS = ["respondent_id", "reason", "question_id", "message", "decision"]
DURATIONS = frozenset(name for name, role in META_ROLE.items() if role == "seconds")
MEASURES = ("seconds", "speed", "longest_run", "run_share", "variance")


@dataclass(frozen=True)
class ScreeningRules:
    """What is doubtful. A rule left out is not applied.

    `fastest_seconds`: quicker is too fast, as is less than `fastest_share` of the median; `straight_items`:
    least matrix items with one answer throughout a block; `longest_run`: this many equal answers on end, over
    all blocks; `least_variance`: less of it, within the blocks, is flat (see `reply_quality`); `attention`:
    question_id -> the answer asked for (an option, or a number); `same_answers`: least answered questions for
    two equal replies to count; `quota`: question_id -> option -> most respondents, in the order of the sheet.
    """

    fastest_seconds: float | None = None
    fastest_share: float | None = None
    straight_items: int | None = None
    longest_run: int | None = None
    least_variance: float | None = None
    attention: Mapping[str, str | float] = field(default_factory=dict)
    same_answers: int | None = None
    quota: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def screen(questions: pd.DataFrame, responses: pd.DataFrame, rules: ScreeningRules) -> pd.DataFrame:
    """One row per doubtful respondent and reason: respondent_id, reason (categorical), question_id, message,
    decision (missing).

    ArgumentError where a rule names a question that is not there, or no duration is in the export.
    """
    one_questionnaire(questions)
    quality = reply_quality(questions, responses)
    answered = responses[responses["status"] == "answered"]
    found = [
        _beyond(quality, "seconds", rules.fastest_seconds, "too_fast", "用时少于 {:g} 秒"),
        _beyond(quality, "speed", rules.fastest_share, "too_fast", "用时少于中位数的 {:.0%}"),
        _beyond(quality, "longest_run", rules.longest_run, "long_run", "连续 {:g} 项以上答案相同"),
        _beyond(quality, "variance", rules.least_variance, "flat", "各项答案的方差小于 {:g}"),
        _straight(questions, answered, rules.straight_items),
        *(_inattentive(questions, answered, *rule) for rule in rules.attention.items()),
        _same(questions, answered, rules.same_answers),
        *(_over(questions, responses, q, *limit) for q, of in rules.quota.items() for limit in of.items()),
    ]
    rows = [(str(who), *why, None) for people, *why in chain.from_iterable(found) for who in people]
    table = pd.DataFrame(rows, columns=COLUMNS, dtype="str")
    return table.assign(reason=pd.Categorical(table["reason"], list(REASONS)))


def replay(
    questions: pd.DataFrame, responses: pd.DataFrame, decisions: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The responses without those decided "drop", and the base of every question before and after.

    `decisions`: respondent_id, reason, decision (keep, drop; missing keeps). The second frame: question_id,
    number, text, base_before, base_after (respondents who answered). ArgumentError for a word that is no
    decision, a drop without reason, or a respondent that the export does not hold.
    """
    if absent := [c for c in ("respondent_id", "reason", "decision") if c not in decisions]:
        raise ColumnMissing.naming(absent, [str(c) for c in decisions.columns], where="筛查决定")
    dropped = _dropped(decisions, {str(r) for r in responses["respondent_id"].unique()})
    kept = responses[~responses["respondent_id"].isin(dropped)].reset_index(drop=True)
    bases = questions[["question_id", "number", "text"]]
    for name, frame in (("base_before", responses), ("base_after", kept)):
        answered = frame[frame["status"] == "answered"].groupby("question_id", observed=True)["respondent_id"]
        people = answered.nunique().rename(index=str)
        bases = bases.assign(**{name: bases["question_id"].map(people).fillna(0).astype("int64")})
    return kept, bases


def apply_decisions(reading: SheetReading, content: Mapping[str, Any]) -> SheetReading:
    """A questionnaire's reading as screening.yaml and 设置.xlsx have it: `rules`, as ScreeningRules, and
    `decisions`, as `replay` takes them.

    Rows of dropped respondents are set aside, each with a finding that gives the reason; what a rule finds
    and nobody has decided is a finding too; one more tells the base before and after. ArgumentError as
    `replay`.
    """
    questions, responses = questionnaire_frames(reading)
    columns, rules = ["respondent_id", "reason", "decision"], ScreeningRules(**content.get("rules") or {})
    decisions = pd.DataFrame(content.get("decisions") or [], columns=columns, dtype="str")
    unknown = decisions.loc[~decisions["respondent_id"].isin(responses["respondent_id"]), "respondent_id"]
    if len(unknown) and has_unusable_numbers(reading):  # no decision is followed where some name nobody
        unfollowed = told_at("decisions_not_followed", reading.file, reading.sheet, ids=listed(unknown))
        reading = replace(reading, findings=(*reading.findings, unfollowed))
        decisions = decisions.iloc[:0]
    kept, _ = replay(questions, responses, decisions)
    doubts = screen(questions, responses, rules).merge(decisions, "left", columns[:2])
    dropped = decisions[decisions["decision"].eq("drop")]
    waiting = doubts[doubts["decision_y"].isna() & ~doubts["respondent_id"].isin(dropped["respondent_id"])]
    first = responses.drop_duplicates("respondent_id").set_index("respondent_id")
    rows = first["source_row"].rename(index=str)
    away = rows[rows.index.isin(dropped["respondent_id"])]
    cells = sum(reading.cells_by_row.get(int(row), 0) for row in away)
    findings = (*reading.findings, *_told(reading, rows, dropped, waiting))
    moved, emptied = _moved(reading.rows, "kept", len(away)), _moved(reading.cells, "body", cells)
    return replace(reading, responses=kept, findings=findings, rows=moved, cells=emptied)


def doubts(reading: SheetReading, rules: Mapping[str, Any]) -> pd.DataFrame:
    """The doubtful replies of a questionnaire by `rules`, as `screen` has them; without rules by USUAL."""
    questions, responses = questionnaire_frames(reading)
    timed = reply_quality(questions, responses)["seconds"].notna().any()
    usual = {name: cut for name, cut in USUAL.items() if timed or name != "fastest_share"}
    return screen(questions, responses, ScreeningRules(**(rules or usual)))


def has_unusable_numbers(reading: SheetReading) -> bool:
    """Whether the respondents of a questionnaire bear the numbers of rows, as their own cannot be used."""
    return any(finding.problem == "row_numbers_unusable" for finding in reading.findings)


def _told(
    reading: SheetReading, rows: pd.Series, dropped: pd.DataFrame, waiting: pd.DataFrame
) -> Iterator[Finding]:
    """What became of the decisions, and what still waits for one, each with its row."""
    reasons = dropped["reason"].replace(REASONS).groupby(dropped["respondent_id"]).agg("、".join)
    n = (len(rows), len(reasons), len(rows) - len(reasons))
    sums = "问卷共收回 {} 份，按筛查决定剔除 {} 份，进入统计 {} 份。".format(*n)
    yield Finding("screened", sums, "info", source_file=reading.file, source_sheet=reading.sheet)
    gone = [("respondent_dropped", who, f"按筛查决定剔除，理由：{why}") for who, why in reasons.items()]
    undecided = "，尚无决定。请在 设置.xlsx 中选定，或在 screening.yaml 中写明 keep 或 drop"
    waits = waiting[["reason", "respondent_id", "message"]].itertuples(index=False)
    for problem, who, message in (*gone, *((why, who, what + undecided) for why, who, what in waits)):
        row, text = int(rows[str(who)]), f"答卷 {who}：{message}。"
        yield Finding(problem, text, variable="respondent_id").at(reading.file, reading.sheet, row, f"A{row}")


def _moved(counts: Mapping[str, int], fate: str, n: int) -> dict[str, int]:
    return {**counts, fate: counts[fate] - n, "set_aside": counts["set_aside"] + n}


def _dropped(decisions: pd.DataFrame, people: set[str]) -> set[str]:
    words = decisions["decision"].astype("str").str.strip()
    if odd := sorted(set(words.dropna()) - {*DECISIONS, ""}):
        raise ArgumentError.naming("decision", odd[0], DECISIONS)
    drop = decisions[words.eq("drop").fillna(False)]
    if drop["reason"].isna().any():
        raise ArgumentError("筛查决定：有的 drop 没有写 reason。删去一份答卷必须说明理由，请补充。")
    names = {str(r) for r in drop["respondent_id"]}
    if gone := sorted(names - people):
        fault = f"问卷中没有答卷 {listed(gone)}。请核对 respondent_id 是否属于这份导出。"
        raise ArgumentError(f"筛查决定：{fault}")
    return names


Found = list[tuple[Iterable[object], str, str, str]]  # respondents, reason, question_id, message


def reply_quality(questions: pd.DataFrame, responses: pd.DataFrame) -> pd.DataFrame:
    """How each reply was given, one row a respondent, for a threshold to be chosen (see `thresholds`).

    respondent_id; seconds, and speed (share of the median of all); items (answered items of matrices),
    longest_run (of equal answers on end, over all blocks in the order of the sheet) and run_share (of the
    items), variance (of the options' places, or of the ratings, within each block; the mean over blocks).
    Missing where the export has no duration, or the reply no block. Measures of straight-lining as in Meade
    and Craig (2012), Identifying careless responses.
    """
    people = pd.Index(responses["respondent_id"].astype("str").unique(), name="respondent_id")
    timed = [q for q in questions["question_id"] if squeeze(str(q)).lower() in DURATIONS]
    clock = responses[responses["question_id"].isin(timed[:1])]
    seconds = clock.set_index(clock["respondent_id"].astype("str"))["value"].reindex(people).astype("Float64")
    rated = _ratings(questions, responses)
    spread = rated.groupby(["respondent_id", "block"], sort=False)["score"].var(ddof=0)
    items = rated.groupby("respondent_id", sort=False).size()
    table = pd.DataFrame({"seconds": seconds, "speed": seconds / seconds.median()}, index=people).assign(
        items=items.reindex(people).fillna(0).astype("Int64"),
        longest_run=_longest_runs(rated).reindex(people).astype("Int64"),
        run_share=lambda t: t["longest_run"] / t["items"].mask(t["items"].eq(0)),
        variance=spread.groupby(level=0, sort=False).mean().reindex(people).astype("Float64"),
    )
    return table.reset_index()


def thresholds(quality: pd.DataFrame, measure: str, cuts: Sequence[float]) -> pd.DataFrame:
    """How many replies each cut would call doubtful: measure, threshold, n, base_n (with a value), share.

    Of longest_run and run_share those at the cut or above, of all else those below it.
    """
    one_of("measure", measure, MEASURES)
    values = quality[measure].dropna().astype(float)
    above = measure in ("longest_run", "run_share")
    n = [int((values >= cut if above else values < cut).sum()) for cut in cuts]
    table = pd.DataFrame({"measure": measure, "threshold": list(cuts), "n": n, "base_n": len(values)})
    return table.assign(share=table["n"] / table["base_n"].where(table["base_n"] > 0))


def _ratings(questions: pd.DataFrame, responses: pd.DataFrame) -> pd.DataFrame:
    """respondent_id, block and score of every answered item of a matrix, reply by reply, in the order of the
    sheet.
    """
    answered = responses[responses["status"].eq("answered")]
    types: dict[str, Any] = {"respondent_id": "str", "block": "str", "score": "float64"}
    parts = [pd.DataFrame(columns=[*types]).astype(types)]
    for _, item in questions[questions["kind"].eq("matrix")].iterrows():
        rows = answered[answered["question_id"].eq(item["question_id"])]
        place = places_of(item["options"], rows).astype(float)
        score = np.where(place >= 0, place, rows["value"].to_numpy(dtype=float, na_value=np.nan))
        part = rows[["respondent_id"]].assign(block=str(item["block"]), score=score)
        parts.append(part.astype(types).dropna())
    return pd.concat(parts).sort_values("respondent_id", kind="stable").reset_index(drop=True)


def _longest_runs(rated: pd.DataFrame) -> pd.Series:
    """The most equal scores on end of each respondent."""
    changed = rated[["respondent_id", "score"]].ne(rated[["respondent_id", "score"]].shift()).any(axis=1)
    sizes = rated.groupby(changed.cumsum())["respondent_id"].agg(["first", "size"])
    return sizes.groupby("first")["size"].max()


def _beyond(quality: pd.DataFrame, measure: str, cut: float | None, reason: str, message: str) -> Found:
    if cut is None:
        return []
    if measure in ("seconds", "speed") and quality["seconds"].isna().all():
        raise ArgumentError(f"{reason}：导出文件没有“所用时间”或“答题时长”，无法按用时筛查。请去掉这一规则。")
    values = quality[measure].astype(float)
    doubtful = quality.loc[values >= cut if measure == "longest_run" else values < cut, "respondent_id"]
    return [(doubtful, reason, "", message.format(cut))]


def _straight(questions: pd.DataFrame, answered: pd.DataFrame, least: int | None) -> Found:
    found: Found = []
    for block, names in questions[questions["kind"] == "matrix"].groupby("block", sort=False)["question_id"]:
        rows = answered[answered["question_id"].isin(list(names))]
        answer = rows["option"].astype("str").fillna(rows["value"].astype("str"))
        by = answer.groupby(rows["respondent_id"].astype("str"), sort=False)
        flat = by.nunique().eq(1) & by.size().ge(np.inf if least is None else least)
        found.append((flat.index[flat], "straight_line", str(block), f"{block} 各项答案全部相同"))
    return found


def _inattentive(questions: pd.DataFrame, answered: pd.DataFrame, name: str, right: str | float) -> Found:
    rows = answered[answered["question_id"] == question(questions, name)["question_id"]]
    passed = rows["option"].eq(right) if isinstance(right, str) else rows["value"].eq(right).fillna(False)
    return [(rows.loc[~passed, "respondent_id"], "attention", name, f"注意力检测题 {name} 未按要求作答")]


def _same(questions: pd.DataFrame, answered: pd.DataFrame, least: int | None) -> Found:
    """Replies whose every answer (meta aside) equals that of an earlier one."""
    if least is None:
        return []
    rows = answered[~answered["question_id"].isin(questions.loc[questions["kind"] == "meta", "question_id"])]
    marks = pd.util.hash_pandas_object(rows[["question_id", "option", "value", "text"]], index=False)
    who = rows["respondent_id"].astype("str")
    total = marks.groupby(who, sort=False).agg(lambda m: np.add.reduce(m.to_numpy()))
    again = total[rows.groupby(who, sort=False)["question_id"].nunique().ge(least)].duplicated()
    return [(again.index[again], "same_answers", "", "全部答案与前面的一份答卷相同")]


def _over(questions: pd.DataFrame, responses: pd.DataFrame, name: str, option: str, most: int) -> Found:
    asked = question(questions, name)
    one_of(f"quota[{name}]", option, asked["options"])
    rows = responses[responses["question_id"] == asked["question_id"]]
    chosen = rows.loc[rows["option"].eq(option) & rows["value"].fillna(1).gt(0), "respondent_id"]
    return [(chosen.iloc[most:], "over_quota", name, f"“{option}”超出配额 {most} 份")]
