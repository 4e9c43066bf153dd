"""Questionnaire frames: stacked over sheets, one row per respondent, and coded for SPSS or Stata."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from bangfu_analysis.errors import ArgumentError, ColumnMissing
from bangfu_analysis.reading.answers import Ints
from bangfu_analysis.reading.spss import write_statistics_file
from bangfu_analysis.reading.tables import SheetReading

BY_OPTION: Mapping[str, Any] = {"multiple": "boolean", "ranking": "Int64"}  # kinds with a column an option
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
    kept = []
    for reading in readings:
        if reading.responses is not None and not reading.set_aside:
            replies = reading.responses.drop(columns=["source_file", "source_sheet", "source_row"])
            mark = (len(replies), int(pd.util.hash_pandas_object(replies, index=False).sum()))
            if (original := first.setdefault(mark, reading.file)) != reading.file:
                reason = f"内容与 {original} 完全相同，是同一份问卷的副本"
                message = f"{reading.file}：{reason}，未再计入。"
                reading = reading.told("sheet_sent_twice", message, aside=reason)
        kept.append(reading)
    return kept


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
    frames = [without_own_words(*both) for both in read]
    joined: dict[str, Any] = {}
    for column in map(str, frames[0]):
        parts: list[Any] = [frame[column] for frame in frames]
        is_coded = parts[0].dtype == "category"
        joined[column] = union_categoricals(parts) if is_coded else pd.concat(parts, ignore_index=True)
    responses = pd.DataFrame(joined)
    questions.insert(0, "wave", pd.Series(wave, index=questions.index, dtype="str"))
    responses.insert(0, "wave", pd.Series(wave, index=responses.index, dtype="category"))
    return questions, responses


def without_own_words(questions: pd.DataFrame, responses: pd.DataFrame) -> pd.DataFrame:
    """The responses without the `text` of questions that are neither meta nor marked `keep_text`."""
    kept = questions.loc[questions["kind"].eq("meta") | questions["keep_text"], "question_id"]
    return responses.assign(text=responses["text"].where(responses["question_id"].isin(kept)))


def wide_answers(questions: pd.DataFrame, responses: pd.DataFrame) -> pd.DataFrame:
    """One row per respondent of one questionnaire, in the order of the sheet.

    Columns: the respondent's keys, source_row, then one per question_id: a single choice an ordered
    categorical of its options (codes where an export by number knows no labels), numbers and unlabelled
    ratings Float64, open answers and words str, meta columns under their heading. A multiple choice is
    `Q6=运动` (boolean) per option; a ranking `Q2=距离` (Int64, the rank). Who gave no answer is missing
    throughout. ArgumentError where the frames hold several questionnaires.
    """
    person, base = _people(questions, responses)
    columns: dict[str, Any] = {}
    for row, answers in _by_question(questions, responses, person):
        name = str(row["question_id"])
        if (dtype := BY_OPTION.get(row["kind"])) is None:
            columns[name] = _one_answer(row, answers.reindex(base.index))
        else:
            table = _by_option(row, answers, base.index)
            columns |= {f"{name}={o}": table[o].astype("Float64").astype(dtype) for o in row["options"]}
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


def _by_option(row: Any, answers: pd.DataFrame, people: pd.Index) -> pd.DataFrame:
    """Respondents x options: the value of an option, NaN where none. Who answered a multiple choice and did
    not choose an option said no to it.
    """
    options, place = list(row["options"]), places_of(row["options"], answers)
    table = np.full((len(people), len(options)), np.nan)
    if row["kind"] == "multiple":
        table[answers.index[answers["status"].eq("answered")]] = 0
    values, chosen = answers["value"].fillna(1).to_numpy(dtype=float), place >= 0
    table[answers.index[chosen], place[chosen]] = values[chosen]
    return pd.DataFrame(table, people, options)


def _coded_columns(row: Any, answers: pd.DataFrame, people: pd.Index) -> Iterator[tuple[str, str, Any]]:
    """Suffix of the column's name, the part of the question it is (an option), and its values."""
    kind = row["kind"]
    first = answers[~answers.index.duplicated()].reindex(people)
    missing = first["status"].map({"skipped": SKIPPED_CODE}).astype(float).fillna(BLANK_CODE)
    if kind in BY_OPTION:
        table = _by_option(row, answers, people)
        for n, option in enumerate(row["options"], start=1):
            yield f"_{n}", option, table[option].fillna(missing)
            if (text := answers.loc[answers["option"].eq(option), "text"].reindex(people)).notna().any():
                yield f"_{n}t", f"{option}:", text
        return
    if kind == "text" or (kind == "meta" and first["text"].notna().any()):
        yield "", "", first["text"].mask(first["status"] == "skipped", SKIPPED_WORD)
        return
    values = first["value"].astype(float)
    if len(row["options"]):
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
