"""An export of an online questionnaire -> the frames `questions` and `responses`.

By text, by number or by score, 问卷星 or 腾讯问卷 or any sheet with one header row and one row per respondent. What an
export by number does not say (labels of single answers, the stem of an old matrix) a questionnaire's codebook adds: see
tidy/questionnaires.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.codebook import Codebook, Variable
from bangfu_analysis.errors import FileRefused
from bangfu_analysis.findings import Finding, quoted
from bangfu_analysis.reading.answers import STATUSES, Answers, Ints, read_column, shape_of
from bangfu_analysis.reading.question_headings import PRIVATE, grouped, looks_like_questionnaire, read_heading
from bangfu_analysis.reading.questions import KINDS, Fault, Question, questions_of
from bangfu_analysis.reading.tables import CELL_FATES, ROW_FATES, Sheet, column_letters
from bangfu_analysis.text import heading_key, is_blank

LAYOUTS = {"按文本": False, "按序号": True, "按分数": False}
LONGEST_ID = 10  # a longer one could be a phone or an ID number


@dataclass(frozen=True)
class QuestionnaireReading:
    """The two frames without `wave`, and the fate of every row and filled cell, as SheetReading wants them.

    `questions`: source_file, source_sheet (str), source_row (Int64, the header's), cell (of the heading), question_id, block,
    number, text (str), kind (categorical), item (str), options (lists of str). `question_id` is unique; `block` names the whole question, the
    same for the items of one matrix. `responses`: source_file, source_sheet, respondent_id, question_id, item, option, status
    (categorical), source_row (Int64), value (Float64), text (str); question by question, in the order of the sheet.
    """

    questions: pd.DataFrame
    responses: pd.DataFrame
    rows: Mapping[str, int]
    cells: Mapping[str, int]
    row_count: int
    cells_filled: int
    header_row: int
    first_row: int | None
    last_row: int | None
    findings: tuple[Finding, ...] = ()


def is_questionnaire(sheet: Sheet) -> bool:
    """True where the first filled row heads an online questionnaire's export (see looks_like_questionnaire)."""
    header = next((row for row in sheet.cells if not all(map(is_blank, row))), ())
    return looks_like_questionnaire(cell for cell in header if not is_blank(cell))


def read_questionnaire(
    sheet: Sheet, codebook: Codebook, mapping: Mapping[str, str] | None = None
) -> QuestionnaireReading:
    """The frames of one sheet, whose first filled row is the header. FileRefused where the sheet is empty.

    `mapping`: question_id, printed number or heading -> variable as `workers.age`, whose range then holds for the
    numbers of that question; a heading that the codebook knows needs no mapping. CodebookError for an unknown variable.
    """
    filled = [i for i, row in enumerate(sheet.cells) if not all(map(is_blank, row))]
    if not filled:
        raise FileRefused(f"{sheet.file} [{sheet.name}]：工作表是空的，没有问卷。请检查导出的文件。")
    struck = {sheet.row_numbers[i] for i in filled[1:] if _is_struck(sheet, i)}
    body = [i for i in filled[1:] if sheet.row_numbers[i] not in struck]
    at = np.array([sheet.row_numbers[i] for i in body], dtype=np.int64)
    columns, headless = _columns(sheet.cells[filled[0]], [sheet.cells[i] for i in body])
    questions = list(_questions(sheet, columns, codebook))
    ids, blocks = _ids(questions)
    ranges = [_range_of(q, i, codebook, mapping or {}) for q, i in zip(questions, ids, strict=True)]
    checked = [_in_range(q, v) if v else q for q, v in zip(questions, ranges, strict=True)]
    respondents, doubt = _respondents(sheet, checked, at)
    lost = [_row_finding(sheet, row) for row in sorted(struck)] + [_column_finding(sheet, c) for c in headless]
    rows, cells = _account(sheet, filled, columns, headless, struck)
    return QuestionnaireReading(
        questions=_questions_frame(checked, ids, blocks, sheet, sheet.row_numbers[filled[0]]),
        responses=_responses_frame(checked, ids, sheet, at, respondents),
        rows=rows,
        cells=cells,
        row_count=sum(rows.values()),
        cells_filled=sum(cells.values()),
        header_row=sheet.row_numbers[filled[0]],
        first_row=int(at[0]) if len(at) else None,
        last_row=int(at[-1]) if len(at) else None,
        findings=(
            *lost,
            *doubt,
            *(f for q, i in zip(checked, ids, strict=True) for f in _findings(sheet, q, i, at)),
        ),
    )


def _columns(header: Sequence[object], body: Sequence[Sequence[object]]) -> tuple[list[Answers], list[Answers]]:
    """Columns with a heading, and filled ones without."""
    cells = list(zip(*body, strict=True)) or [()] * len(header)
    read = [
        read_column(j, read_heading(h or ""), c) for j, (h, c) in enumerate(zip(header, cells, strict=True), start=1)
    ]
    named = [column for column in read if column.heading.raw]
    return named, [c for c in read if not c.heading.raw and c.counts[1:].sum()]


def _questions(sheet: Sheet, columns: Sequence[Answers], codebook: Codebook) -> Iterator[Question]:
    by_place = {column.index: column for column in columns}
    coded = _is_coded(sheet.file, columns)
    for group in grouped((column.index, column.heading) for column in columns):
        for question in questions_of([by_place[i] for i, _ in group], codebook, coded=coded):
            yield replace(question, first=group[0][0])


def _is_coded(file: str, columns: Sequence[Answers]) -> bool:
    """Do single answers come as option numbers? The file's name says so, or no question is answered in options' words."""
    for word, coded in LAYOUTS.items():
        if word in file:
            return coded
    asked = [c for c in columns if c.given and not c.heading.role and not PRIVATE.search(c.heading.text)]
    if any(c.heading.part and not c.heading.is_blank for c in asked):
        return True
    return not any(shape_of([c], coded=True)[0] in ("multiple", "ranking") or _has_labels(c) for c in asked)


def _has_labels(column: Answers) -> bool:
    return not column.is_numeric and shape_of([column], coded=True)[0] == "single"


def _ids(questions: Sequence[Question]) -> tuple[list[str], list[str]]:
    """question_id and block of each: Q6 by printed number, U2 the second without one, meta under its heading.

    What repeats gets b, c, … behind it; items of one block are Q7_1, Q7_2, ….
    """
    blocks, ids, seen = list[str](), list[str](), dict[str, int]()
    unnumbered = accumulate(int(q.kind != "meta" and not q.number) for q in questions)
    previous: Question | None = None
    for question, nth in zip(questions, unnumbered, strict=True):
        stem = (
            question.column.heading.raw
            if question.kind == "meta"
            else f"Q{question.number}"
            if question.number
            else f"U{nth}"
        )
        if previous is not None and question.first == previous.first:
            blocks.append(blocks[-1])
        else:
            seen[stem] = seen.get(stem, 0) + 1
            blocks.append(stem + _suffix(seen[stem]))
        ids.append(f"{blocks[-1]}_{blocks.count(blocks[-1])}" if question.item else blocks[-1])
        previous = question
    return ids, blocks


def _suffix(nth: int) -> str:
    return "" if nth == 1 else column_letters(nth).lower()


def _range_of(question: Question, name: str, codebook: Codebook, mapping: Mapping[str, str]) -> Variable | None:
    """The variable whose range holds: mapped by the researcher, or known to the codebook by the question's heading."""
    target = next((mapping[k] for k in (name, question.number, question.text) if k and k in mapping), "")
    if target:
        frame, _, variable = target.rpartition(".")
        return codebook.variable(frame or "workers", variable)
    known = {(v.low, v.high): v for v in codebook.by_heading.get(heading_key(question.text), ())}
    return next(iter(known.values())) if len(known) == 1 else None


def _in_range(question: Question, variable: Variable) -> Question:
    """Numbers outside the variable's plausible range are given up, each with its cell."""
    if question.kind != "number" or (variable.low is None and variable.high is None):
        return question
    low = -np.inf if variable.low is None else variable.low
    high = np.inf if variable.high is None else variable.high
    wrong = np.flatnonzero((question.value < low) | (question.value > high))
    message = f"超出“{variable.label}”的合理范围 {low:g}～{high:g}，记为缺失。请核对原答卷。"
    fault = (Fault(question.column, wrong, "out_of_range", message),) if len(wrong) else ()
    value = np.where(np.isin(np.arange(len(question.value)), wrong), np.nan, question.value)
    return replace(question, value=value, faults=(*question.faults, *fault))


def _respondents(sheet: Sheet, questions: Sequence[Question], at: Ints) -> tuple[list[str], list[Finding]]:
    """The export's 序号, or the sheet's row numbers where it has none that is short, complete and unique."""
    rows = [str(row) for row in at]
    numbered = [q.column for q in questions if q.kind == "meta" and q.column.heading.role == "row"]
    if not numbered:
        return rows, []
    words = [numbered[0].words[i] for i in numbered[0].codes]
    if len(set(words)) == len(words) and "" not in words and max(map(len, words), default=0) <= LONGEST_ID:
        return words, []
    message = "序号有空缺、重复或过长，答卷改用所在行号编号。请核对导出的文件。"
    place = column_letters(numbered[0].index)
    return rows, [Finding("row_numbers_unusable", message).at(sheet.file, _sheet_name(sheet), None, place)]


def _questions_frame(
    questions: Sequence[Question], ids: list[str], blocks: list[str], sheet: Sheet, header_row: int
) -> pd.DataFrame:
    words: dict[str, Sequence[Any]] = {
        "source_file": [sheet.file] * len(ids), "source_sheet": [_sheet_name(sheet)] * len(ids),
        "cell": [_cell(sheet, q.column.index, header_row) for q in questions],
        "question_id": ids, "block": blocks, "number": [q.number or None for q in questions],
        "text": [q.text or None for q in questions], "item": [q.item or None for q in questions],
    }  # fmt: skip
    frame = pd.DataFrame({name: pd.Series(column, dtype="str") for name, column in words.items()})
    frame.insert(2, "source_row", pd.Series([header_row] * len(ids), dtype="Int64"))
    frame.insert(8, "kind", pd.Series(pd.Categorical([q.kind for q in questions], categories=list(KINDS))))
    return frame.assign(options=pd.Series([list(q.options) for q in questions], dtype=object))


def _responses_frame(
    questions: Sequence[Question], ids: list[str], sheet: Sheet, at: Ints, respondents: list[str]
) -> pd.DataFrame:
    sizes = [len(q.row) for q in questions]
    rows = _joined([q.row for q in questions])
    options = {o: i for i, o in enumerate(dict.fromkeys(o for q in questions for o in q.options))}
    items = {t: i for i, t in enumerate(dict.fromkeys(q.item for q in questions if q.item))}
    places = [np.array([*(options[o] for o in q.options), -1])[q.option] for q in questions]
    return pd.DataFrame(
        {
            "source_file": _categorical(rows * 0, [sheet.file]),
            "source_sheet": _categorical(rows * 0, [_sheet_name(sheet)]),
            "source_row": pd.Series(at[rows], dtype="Int64"),
            "respondent_id": _categorical(rows, respondents),
            "question_id": _categorical(np.repeat(np.arange(len(ids)), sizes), ids),
            "item": _categorical(np.repeat([items.get(q.item, -1) for q in questions], sizes), list(items)),
            "option": _categorical(_joined(places), list(options)),
            "value": _missing_as_na(np.concatenate([q.value for q in questions])),
            "text": _texts(questions),
            "status": _categorical(_joined([q.status for q in questions]), list(STATUSES)),
        }
    )


def _categorical(codes: Ints, categories: list[str]) -> Any:
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(pd.Index(categories, dtype="str")))


def _joined(parts: Sequence[Ints]) -> Ints:
    return np.concatenate(parts).astype(np.intp) if parts else np.empty(0, dtype=np.intp)


def _missing_as_na(values: Any) -> Any:
    return pd.arrays.FloatingArray(np.nan_to_num(values), np.isnan(values))


def _texts(questions: Sequence[Question]) -> pd.Series:
    """Open answers: each question's few texts laid end to end, then taken by place."""
    starts = np.cumsum([0, *(len(q.texts) for q in questions)])
    places = _joined([np.where(q.fill >= 0, q.fill + start, -1) for q, start in zip(questions, starts, strict=False)])
    pool = pd.array([text for q in questions for text in q.texts], dtype="str")
    return pd.Series(pool.take(places, allow_fill=True))


def _account(
    sheet: Sheet, filled: list[int], columns: Sequence[Answers], headless: Sequence[Answers], struck: set[int]
) -> tuple[dict[str, int], dict[str, int]]:
    rows = dict.fromkeys(ROW_FATES, 0) | {
        "kept": len(filled) - 1 - len(struck), "set_aside": len(struck), "headers": 1, "blank": filled[-1] + 1 - len(filled),
    }  # fmt: skip
    in_struck = [c for i in filled[1:] if sheet.row_numbers[i] in struck for c in sheet.cells[i] if not is_blank(c)]
    cells = dict.fromkeys(CELL_FATES, 0) | {
        "header": len(columns),
        "body": sum(int(c.counts[1:].sum()) for c in columns),
        "set_aside": len(in_struck) + sum(int(c.counts[1:].sum()) for c in headless),
    }
    return rows, cells


def _is_struck(sheet: Sheet, i: int) -> bool:
    if not sheet.struck:
        return False
    return all((i + 1, j) in sheet.struck for j, cell in enumerate(sheet.cells[i], start=1) if not is_blank(cell))


def _findings(sheet: Sheet, question: Question, name: str, at: Ints) -> Iterator[Finding]:
    for fault in question.faults:
        column = fault.column
        if not len(fault.rows):
            about = Finding(
                fault.problem, f"{name}：{fault.message}", severity="info", action=fault.action, variable=name
            )
            yield about.at(sheet.file, _sheet_name(sheet), None, column_letters(column.index))
        for i in fault.rows:
            row, raw = int(at[i]), quoted(column.words[column.codes[i]])
            about = Finding(fault.problem, f"{name}：{fault.message}", action=fault.action, variable=name, raw=raw)
            yield about.at(sheet.file, _sheet_name(sheet), row, _cell(sheet, column.index, row))


def _row_finding(sheet: Sheet, row: int) -> Finding:
    message = "整行有删除线，未计入答卷。若应计入，请去掉删除线后重新导入。"
    return Finding("struck_row", message).at(sheet.file, _sheet_name(sheet), row, _cell(sheet, 1, row))


def _column_finding(sheet: Sheet, column: Answers) -> Finding:
    message = f"第 {column_letters(column.index)} 列没有表头，{int(column.counts[1:].sum())} 个格子未读入。请补上题目。"
    return Finding("no_heading", message).at(sheet.file, _sheet_name(sheet), None, column_letters(column.index))


def _sheet_name(sheet: Sheet) -> str:
    return "" if sheet.is_text else sheet.name


def _cell(sheet: Sheet, index: int, row: int) -> str:
    return str(row) if sheet.is_text else f"{column_letters(index)}{row}"
