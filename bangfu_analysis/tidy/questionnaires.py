"""Questionnaire frames: stacked over sheets, one row per respondent, and coded for SPSS or Stata."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from bangfu_analysis.errors import ArgumentError, ColumnMissing
from bangfu_analysis.reading.answers import Floats, Ints
from bangfu_analysis.reading.questionnaires import QuestionnaireReading
from bangfu_analysis.reading.tables import SheetReading

MULTIPLE = ("indicators", "sets")
RESPONDENT = ["wave", "source_file", "source_sheet", "respondent_id"]
SKIPPED_CODE, BLANK_CODE, SKIPPED_WORD = -3, -2, "(跳过)"


@dataclass(frozen=True)
class CodedAnswers:
    """What a statistics package wants: numbers with -3 skipped and -2 blank, headings, labels of values.

    `frame`: one row per respondent, ASCII column names; `headings`: column -> heading as an export by number has it;
    `labels`: column -> code -> label. Columns of open answers are text.
    """

    frame: pd.DataFrame
    headings: Mapping[str, str]
    labels: Mapping[str, Mapping[int, str]]


def stack_questionnaires(
    readings: Iterable[QuestionnaireReading | SheetReading], wave: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`questions` and `responses` of a wave: the readings on end, `wave` in front. Categories are joined, not copied to text."""
    read = list(readings)
    questions, responses = ([getattr(r, name) for r in read] for name in ("questions", "responses"))
    return _with_wave(_stacked(questions), wave), _with_wave(_stacked(responses), wave)


def wide_answers(questions: pd.DataFrame, responses: pd.DataFrame, *, multiple: str = "indicators") -> pd.DataFrame:
    """One row per respondent of one questionnaire, in the order of the sheet.

    Columns: the respondent's keys, source_row, then one per question_id: a single choice an ordered categorical of its
    options (codes where an export by number knows no labels), numbers and unlabelled ratings Float64, open answers and
    words str, meta columns under their heading. A multiple choice is `Q6=运动` (boolean) per option, or with
    multiple="sets" one frozenset; a ranking `Q2=距离` (Int64, the rank). Who gave no answer is missing throughout.
    ArgumentError for an unknown `multiple` or where the frames hold several questionnaires.
    """
    if multiple not in MULTIPLE:
        raise ArgumentError.naming("multiple", multiple, MULTIPLE)
    one_questionnaire(questions)
    keys = [k for k in RESPONDENT if k in responses]
    person = _person(responses, keys)
    first = ~pd.Series(person).duplicated().to_numpy()
    base = responses.loc[first, [*keys, "source_row"]].reset_index(drop=True)
    columns: dict[str, Any] = {}
    for question, answers, who in _by_question(questions, responses, person):
        columns |= _wide_columns(question, answers, who, len(base), multiple)
    return pd.concat([base, pd.DataFrame(columns, index=base.index)], axis=1)


def coded_answers(questions: pd.DataFrame, responses: pd.DataFrame) -> CodedAnswers:
    """The questionnaire by number: -3 skipped, -2 blank; single choices as codes (their place among the options where the
    export gave labels only), a multiple choice one 0/1 column and a ranking one rank per option. `text` of an option goes
    to a column of its own; an open answer that was skipped says (跳过). Meta columns are kept.
    """
    one_questionnaire(questions)
    person = _person(responses, [k for k in RESPONDENT if k in responses])
    size = len(np.unique(person))
    columns: dict[str, Any] = {}
    headings: dict[str, str] = {}
    labels: dict[str, dict[int, str]] = {}
    for nth, (question, answers, who) in enumerate(_by_question(questions, responses, person), start=1):
        name = f"meta_{nth}" if question["kind"] == "meta" else str(question["question_id"]).replace(".", "_")
        for suffix, heading, values in _coded_columns(question, answers, who, size):
            columns[name + suffix], headings[name + suffix] = values, heading
        if question["kind"] in ("single", "matrix") and len(question["options"]):
            labels[name] = dict(enumerate(question["options"], start=1))
    return CodedAnswers(pd.DataFrame(columns), headings, labels)


def one_questionnaire(questions: pd.DataFrame) -> None:
    """ArgumentError where `questions` holds those of several sheets: pick one by source_file first."""
    if questions["question_id"].duplicated().any():
        files = questions["source_file"].unique()
        raise ArgumentError(
            f"这里有 {len(files)} 个文件的问卷，题号会混淆。请先按 source_file（和 source_sheet）选出一份再分析。"
        )


def question(questions: pd.DataFrame, question_id: str) -> pd.Series:
    """The row of one question; ArgumentError names those there are."""
    found = questions[questions["question_id"].eq(question_id)]
    if len(found) != 1:
        raise ArgumentError.naming("question_id", question_id, questions["question_id"])
    return found.iloc[0]


def _stacked(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    if not frames:
        raise ArgumentError("stack_questionnaires：没有问卷。请至少给一份读入的问卷。")
    return pd.DataFrame(
        {
            c: union_categoricals([f[c] for f in frames])
            if frames[0][c].dtype == "category"
            else pd.concat([f[c] for f in frames], ignore_index=True)
            for c in frames[0].columns
        }
    )


def _with_wave(frame: pd.DataFrame, wave: str) -> pd.DataFrame:
    kind = "category" if frame["source_file"].dtype == "category" else "str"
    out = frame.copy(deep=False)
    out.insert(0, "wave", pd.Series(wave, index=frame.index, dtype=kind))
    return out


def _person(responses: pd.DataFrame, keys: list[str]) -> Ints:
    """0..n-1 per row, respondents in order of appearance."""
    if absent := [c for c in ("respondent_id", "question_id") if c not in responses]:
        raise ColumnMissing.naming(absent, [str(c) for c in responses.columns], where="responses")
    return np.asarray(responses.groupby(keys, observed=True, sort=False).ngroup(), dtype=np.intp)


def _by_question(questions: pd.DataFrame, responses: pd.DataFrame, person: Ints) -> Iterable[Any]:
    places = responses.groupby("question_id", observed=True, sort=False).indices
    for _, row in questions.iterrows():
        at = places.get(row["question_id"], np.empty(0, dtype=np.intp))
        yield row, responses.iloc[at], person[at]


def _wide_columns(row: Any, answers: pd.DataFrame, who: Ints, size: int, multiple: str) -> dict[str, Any]:
    name, kind, options = str(row["question_id"]), row["kind"], list(row["options"])
    several = answers.duplicated("respondent_id").any() or kind in ("multiple", "ranking")
    if several:
        return _wide_several(name, kind, options, answers, who, size, multiple)
    if kind in ("single", "matrix") and answers["option"].notna().any():
        codes = np.full(size, -1)
        codes[who] = _places(options, answers)
        return {name: pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(options, ordered=True))}
    if kind == "text" or (kind == "meta" and answers["text"].notna().any()):
        words = np.full(size, None, dtype=object)
        words[who] = answers["text"].to_numpy(dtype=object)
        return {name: pd.Series(words, dtype="str")}
    return {name: _numbers(answers["value"], who, size)}


def _wide_several(
    name: str, kind: str, options: list[str], answers: pd.DataFrame, who: Ints, size: int, multiple: str
) -> dict[str, Any]:
    table = _table(options, answers, who, size)
    if kind == "ranking":
        return {f"{name}={o}": pd.array(table[:, i], dtype="Float64").astype("Int64") for i, o in enumerate(options)}
    silent: Any = np.isnan(table).all(axis=1)
    if multiple == "sets":
        chosen = [
            None if s else frozenset(o for o, v in zip(options, row, strict=True) if v > 0)
            for s, row in zip(silent, table, strict=True)
        ]
        return {name: pd.Series(chosen, dtype=object)}
    return {
        f"{name}={o}": pd.arrays.BooleanArray(table[:, i] > 0, np.isnan(table[:, i])) for i, o in enumerate(options)
    }


def _table(options: Sequence[str], answers: pd.DataFrame, who: Ints, size: int) -> Floats:
    """Respondents x options: the value of an option, NaN where none."""
    table = np.full((size, len(options)), np.nan)
    place = _places(options, answers)
    named = place >= 0
    values = answers["value"].fillna(1).to_numpy(dtype=float)
    table[who[named], place[named]] = values[named]
    return table


def _places(options: Sequence[str], answers: pd.DataFrame) -> Ints:
    """The place of each answer's option among `options`, -1 where it has none."""
    known = pd.Index(list(options), dtype="str").get_indexer(answers["option"].cat.categories)
    return np.asarray(np.append(known, -1)[answers["option"].cat.codes])


def _numbers(values: pd.Series, who: Ints, size: int) -> Any:
    column = np.full(size, np.nan)
    column[who] = values.to_numpy(dtype=float, na_value=np.nan)
    return pd.arrays.FloatingArray(np.nan_to_num(column), np.isnan(column))


def _coded_columns(row: Any, answers: pd.DataFrame, who: Ints, size: int) -> Iterable[tuple[str, str, Any]]:
    options, kind = list(row["options"]), row["kind"]
    status = np.full(size, BLANK_CODE)
    status[who] = np.where(
        answers["status"] == "skipped", SKIPPED_CODE, np.where(answers["status"] == "blank", BLANK_CODE, 0)
    )
    texts = answers["text"].notna()
    if kind in ("multiple", "ranking"):
        table = _table(options, answers, who, size)
        for i, option in enumerate(options):
            missing = np.where(status == 0, 0 if kind == "multiple" else BLANK_CODE, status)
            yield f"_{i + 1}", _heading(row, option), np.where(np.isnan(table[:, i]), missing, table[:, i])
            if (beside := texts & answers["option"].eq(option)).any():
                yield f"_{i + 1}t", _heading(row, f"{option}:"), _words(answers[beside], who[beside.to_numpy()], size)
        return
    if kind == "text" or (kind == "meta" and texts.any()):
        words = _words(answers, who, size)
        yield "", _heading(row, ""), words.mask(status == SKIPPED_CODE, SKIPPED_WORD)
        return
    values = answers["value"].to_numpy(dtype=float, na_value=np.nan)
    if options:
        places = _places(options, answers) + 1.0
        values = np.where(places > 0, places, values)
    column = np.full(size, np.nan)
    column[who] = values
    missing = np.where(status == 0, BLANK_CODE, status)
    yield "", _heading(row, ""), np.where(np.isnan(column), np.nan if kind == "meta" else missing, column)
    if texts.any():
        yield "_t", _heading(row, "其他:"), _words(answers[texts], who[texts.to_numpy()], size)


def _words(answers: pd.DataFrame, who: Ints, size: int) -> Any:
    words = np.full(size, None, dtype=object)
    words[who] = answers["text"].to_numpy(dtype=object)
    return pd.Series(words, dtype="str")


def _heading(row: Any, part: str) -> str:
    number = f"{row['number']}、" if pd.notna(row["number"]) else ""
    if part:
        return f"{number}({part})"
    text = row["text"] if pd.notna(row["text"]) else ""
    if row["kind"] != "matrix":
        return f"{number}{text}"
    first = str(row["question_id"]).endswith("_1")
    return f"{number}{text}—{row['item']}" if first else f"{number}{row['item']}"
