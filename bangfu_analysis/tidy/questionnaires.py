"""Questionnaire frames: stacked over sheets, one row per respondent, and coded for SPSS or Stata."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from bangfu_analysis.errors import ArgumentError, ColumnMissing, one_of
from bangfu_analysis.reading.answers import Floats, Ints
from bangfu_analysis.reading.spss import write_statistics_file
from bangfu_analysis.reading.tables import SheetReading

MULTIPLE = ("indicators", "sets")
RESPONDENT = ["wave", "source_file", "source_sheet", "respondent_id"]
SKIPPED_CODE, BLANK_CODE, SKIPPED_WORD = -3, -2, "(跳过)"


Coded = tuple[pd.DataFrame, dict[str, str], dict[str, dict[int, str]]]  # answers, headings, labels of codes


def questionnaire_frames(reading: SheetReading) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`questions` and `responses` of the reading of a questionnaire."""
    assert reading.questions is not None and reading.responses is not None
    return reading.questions, reading.responses


def without_copied_exports(readings: Sequence[SheetReading]) -> list[SheetReading]:
    """The readings; an export whose replies all stand in an earlier one (副本, (1)) is set aside, with one
    finding.
    """
    if sum(reading.questions is not None for reading in readings) < 2:
        return list(readings)
    first: dict[tuple[int, int], str] = {}
    return [_unless_copied(reading, first) for reading in readings]


def _unless_copied(reading: SheetReading, first: dict[tuple[int, int], str]) -> SheetReading:
    if reading.responses is None or reading.set_aside:
        return reading
    replies = reading.responses.drop(columns=["source_file", "source_sheet", "source_row"])
    mark = (len(replies), int(pd.util.hash_pandas_object(replies, index=False).sum()))
    original = first.setdefault(mark, reading.file)
    reason = f"内容与 {original} 完全相同，是同一份问卷的副本"
    message = f"{reading.file}：{reason}，未再计入。"
    return reading if original == reading.file else reading.told("sheet_sent_twice", message, aside=reason)


def stack_questionnaires(readings: Iterable[SheetReading], wave: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`questions` and `responses` of a wave: the readings on end, `wave` in front. Categories are joined, not
    copied to text.

    `text` stays of meta columns and of questions with `keep_text`, as questionnaire.yaml names them: an
    answer in somebody's own words may say who they are.
    """
    read = [questionnaire_frames(reading) for reading in readings]
    if not read:
        raise ArgumentError("stack_questionnaires：没有问卷。请至少给一份读入的问卷。")
    questions = pd.concat([questions for questions, _ in read], ignore_index=True)
    frames: list[Any] = [without_own_words(*both) for both in read]
    responses = pd.DataFrame({c: _on_end([f[c] for f in frames]) for c in frames[0]})
    questions.insert(0, "wave", pd.Series(wave, index=questions.index, dtype="str"))
    responses.insert(0, "wave", pd.Series(wave, index=responses.index, dtype="category"))
    return questions, responses


def _on_end(parts: list[Any]) -> Any:
    categories = parts[0].dtype == "category"
    return union_categoricals(parts) if categories else pd.concat(parts, ignore_index=True)


def without_own_words(questions: pd.DataFrame, responses: pd.DataFrame) -> pd.DataFrame:
    """The responses without the `text` of questions that are neither meta nor marked `keep_text`."""
    kept = questions.loc[questions["kind"].eq("meta") | questions["keep_text"], "question_id"]
    return responses.assign(text=responses["text"].where(responses["question_id"].isin(kept)))


def wide_answers(
    questions: pd.DataFrame, responses: pd.DataFrame, *, multiple: str = "indicators"
) -> pd.DataFrame:
    """One row per respondent of one questionnaire, in the order of the sheet.

    Columns: the respondent's keys, source_row, then one per question_id: a single choice an ordered
    categorical of its options (codes where an export by number knows no labels), numbers and unlabelled
    ratings Float64, open answers and words str, meta columns under their heading. A multiple choice is
    `Q6=运动` (boolean) per option, or with multiple="sets" one frozenset; a ranking `Q2=距离` (Int64, the
    rank). Who gave no answer is missing throughout. ArgumentError for an unknown `multiple` or where the
    frames hold several questionnaires.
    """
    one_of("multiple", multiple, MULTIPLE)
    person, base = _people(questions, responses)
    columns: dict[str, Any] = {}
    for row, answers in _by_question(questions, responses, person):
        name, kind, options = str(row["question_id"]), row["kind"], list(row["options"])
        table = _table(options, answers, len(base)) if kind in ("multiple", "ranking") else None
        if table is None:
            columns[name] = _one_answer(row, answers.reindex(base.index))
        elif kind == "multiple" and multiple == "sets":
            columns[name] = _sets(table, options)
        else:
            if kind == "multiple":  # who answered and did not choose an option said no to it
                answered = answers.index[answers["status"].eq("answered")].unique()
                table[answered] = np.nan_to_num(table[answered])
            dtype = "Int64" if kind == "ranking" else "boolean"
            columns |= {f"{name}={o}": _floats(table[:, i]).astype(dtype) for i, o in enumerate(options)}
    return pd.concat([base, pd.DataFrame(columns, index=base.index)], axis=1)


def was_asked(questions: pd.DataFrame, responses: pd.DataFrame) -> pd.DataFrame:
    """Boolean, in the rows of `wide_answers`, a column a question: was it put to the respondent, or did a
    branch skip it?

    `estimate_share(wide, "Q4", design=design, where=was_asked(questions, responses)["Q4"])` has the base and
    the `left_out_n` of `single_choice`: a blank is left out, who was skipped is in neither.
    """
    person, base = _people(questions, responses)
    asked = {}
    for row, answers in _by_question(questions, responses, person):
        status = answers["status"].groupby(level=0, sort=False).first().reindex(base.index)
        asked[str(row["question_id"])] = status.ne("skipped")
    return pd.DataFrame(asked, index=base.index.rename("respondent_id"))


def coded_answers(questions: pd.DataFrame, responses: pd.DataFrame) -> Coded:
    """The questionnaire by number: -3 skipped, -2 blank; single choices as codes (their place among the
    options where the export gave labels only), a multiple choice one 0/1 column and a ranking one rank per
    option. `text` of an option goes to a column of its own; an open answer that was skipped says (跳过). Meta
    columns are kept.

    Returns what a statistics package wants: one row per respondent with ASCII column names; column -> heading
    as an export by number has it; column -> code -> label. Columns of open answers are text.
    """
    person, base = _people(questions, responses)
    columns, headings, labels = dict[str, Any](), dict[str, str](), dict[str, dict[int, str]]()
    for nth, (row, answers) in enumerate(_by_question(questions, responses, person), start=1):
        name = f"meta_{nth}" if row["kind"] == "meta" else str(row["question_id"]).replace(".", "_")
        for suffix, part, values in _coded_columns(row, answers, base.index):
            columns[name + suffix], headings[name + suffix] = values, _heading(row, part)
        if row["kind"] in ("single", "matrix") and len(row["options"]):
            labels[name] = {code: option for option, code in option_codes(row, answers).items()}
    return pd.DataFrame(columns, index=base.index), headings, labels


def write_statistics(path: Path, questions: pd.DataFrame, responses: pd.DataFrame) -> Path:
    """One questionnaire as .sav or .dta, with variable and value labels and both kinds of missing; returns
    the path.

    Needs the extra `stats`. ArgumentError for another suffix or several questionnaires.
    """
    return write_statistics_file(path, *coded_answers(questions, responses))


def one_questionnaire(questions: pd.DataFrame) -> None:
    """ArgumentError where `questions` holds those of several sheets: pick one by source_file first."""
    if questions["question_id"].duplicated().any():
        n = questions["source_file"].nunique()
        chosen = "请先按 source_file（和 source_sheet）选出一份再分析"
        raise ArgumentError(f"这里有 {n} 个文件的问卷，题号会混淆。{chosen}。")


def question(questions: pd.DataFrame, question_id: str) -> pd.Series:
    """The row of one question; ArgumentError names those there are."""
    found = questions[questions["question_id"].eq(question_id)]
    if len(found) != 1:
        raise ArgumentError.naming("question_id", question_id, questions["question_id"])
    return found.iloc[0]


def option_codes(question: Any, answers: pd.DataFrame) -> dict[str, int]:
    """The code of each option of a question: that which its answers bear (a file with value labels), else its
    place from 1.
    """
    options, known = list(question["options"]), dict[str, int]()
    if question["kind"] in ("single", "matrix"):
        both = answers.loc[answers["option"].notna() & answers["value"].notna(), ["option", "value"]]
        both = both.drop_duplicates("option")
        known = dict(zip(both["option"].astype("str"), both["value"].astype(int), strict=True))
    start = min((known[option] - i for i, option in enumerate(options) if option in known), default=1)
    return {option: known.get(option, code) for code, option in enumerate(options, start)}


def places_of(options: Sequence[str], answers: pd.DataFrame) -> Ints:
    """The place of each answer's option among `options`, -1 where it has none."""
    known = pd.Index(list(options), dtype="str").get_indexer(answers["option"].cat.categories)
    return np.asarray(np.append(known, -1)[answers["option"].cat.codes])


def _people(questions: pd.DataFrame, responses: pd.DataFrame) -> tuple[Ints, pd.DataFrame]:
    """Respondent 0..n-1 of every row, in order of appearance; and who they are, one row each."""
    one_questionnaire(questions)
    if absent := [c for c in ("respondent_id", "question_id") if c not in responses]:
        raise ColumnMissing.naming(absent, [str(c) for c in responses.columns], where="responses")
    keys = [c for c in RESPONDENT if c in responses]
    grouped = responses.groupby(keys, observed=True, sort=False)
    base = responses.loc[~responses.duplicated(keys), [*keys, "source_row"]].reset_index(drop=True)
    return np.asarray(grouped.ngroup(), dtype=np.intp), base


def _by_question(questions: pd.DataFrame, responses: pd.DataFrame, person: Ints) -> Iterator[tuple[Any, Any]]:
    """Each question, and its answers under their respondents' numbers."""
    places = responses.groupby("question_id", observed=True, sort=False).indices
    for _, row in questions.iterrows():
        at = places.get(row["question_id"], np.empty(0, dtype=np.intp))
        yield row, responses.iloc[at].set_axis(person[at])


def _one_answer(row: Any, answers: pd.DataFrame) -> Any:
    if row["kind"] in ("single", "matrix") and answers["option"].notna().any():
        levels = pd.CategoricalDtype(list(row["options"]), ordered=True)
        return pd.Categorical.from_codes(places_of(row["options"], answers), dtype=levels)
    is_text = row["kind"] == "text" or (row["kind"] == "meta" and answers["text"].notna().any())
    return answers["text" if is_text else "value"]


def _table(options: Sequence[str], answers: pd.DataFrame, size: int) -> Floats:
    """Respondents x options: the value of an option, NaN where none."""
    table, place = np.full((size, len(options)), np.nan), places_of(options, answers)
    values = answers["value"].fillna(1).to_numpy(dtype=float)
    table[answers.index[place >= 0], place[place >= 0]] = values[place >= 0]
    return table


def _sets(table: Floats, options: Sequence[str]) -> pd.Series:
    chosen = [
        None if np.isnan(row).all() else frozenset(o for o, v in zip(options, row, strict=True) if v > 0)
        for row in table
    ]
    return pd.Series(chosen, dtype=object)


def _floats(values: Floats) -> Any:
    return pd.arrays.FloatingArray(np.nan_to_num(values), np.isnan(values))


def _coded_columns(row: Any, answers: pd.DataFrame, people: pd.Index) -> Iterator[tuple[str, str, Any]]:
    """Suffix of the column's name, the part of the question it is (an option), and its values."""
    options, kind = list(row["options"]), row["kind"]
    first = answers[~answers.index.duplicated()].reindex(people)
    missing = first["status"].map({"skipped": SKIPPED_CODE}).astype(float).fillna(BLANK_CODE)
    if kind in ("multiple", "ranking"):
        table = pd.DataFrame(_table(options, answers, len(people)), index=people)
        nothing = missing.mask(first["status"] == "answered", 0) if kind == "multiple" else missing
        for i, option in enumerate(options):
            yield f"_{i + 1}", option, table[i].fillna(nothing)
            if (text := answers.loc[answers["option"].eq(option), "text"].reindex(people)).notna().any():
                yield f"_{i + 1}t", f"{option}:", text
        return
    if kind == "text" or (kind == "meta" and first["text"].notna().any()):
        yield "", "", first["text"].mask(first["status"] == "skipped", SKIPPED_WORD)
        return
    values = first["value"].astype(float)
    if options:
        codes = first["option"].astype("str").map(option_codes(row, answers))
        values = values.fillna(codes.astype(float))
    yield "", "", values if kind == "meta" else values.fillna(missing)
    if first["text"].notna().any():
        yield "_t", "其他:", first["text"]


def _heading(row: Any, part: str) -> str:
    number = f"{row['number']}、" if pd.notna(row["number"]) else ""
    text = row["text"] if pd.notna(row["text"]) else ""
    if part:
        return f"{number}({part})"
    if row["kind"] != "matrix":
        return f"{number}{text}"
    first = str(row["question_id"]).endswith("_1")
    return f"{number}{text}—{row['item']}" if first else f"{number}{row['item']}"
