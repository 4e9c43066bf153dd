"""An export of an online questionnaire -> the frames `questions` and `responses`.

By text, by number or by score, 问卷星 or 腾讯问卷 or any sheet with one header row and one row per
respondent. What an export by number does not say (labels of single answers, the stem of an old matrix) a
questionnaire's codebook adds: see tidy/questionnaire_book.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
import pandas as pd

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import FileRefused
from bangfu_analysis.findings import Finding, quoted
from bangfu_analysis.reading.answers import STATUSES, Answers, Ints, read_column, shape_of
from bangfu_analysis.reading.grid import Grid, Ledger
from bangfu_analysis.reading.question_groups import grouped, questions_of
from bangfu_analysis.reading.question_headings import names_person
from bangfu_analysis.reading.questionnaire_layout import Layout, layout_of
from bangfu_analysis.reading.questions import KINDS, Entry, Fault, Question
from bangfu_analysis.reading.tables import SheetReading, column_letters
from bangfu_analysis.text import heading_key

LAYOUTS = {"按文本": False, "按序号": True, "按分数": False}
LONGEST_ID = 10  # a longer one could be a phone or an ID number


def read_questionnaire(
    grid: Grid, codebook: Codebook, *, include_hidden: bool = False, layout: Layout | None = None
) -> SheetReading:
    """The frames of one sheet whose replies lie where `layout` says, and the fate of every row and cell.

    `questions`: source_file, source_sheet, source_row (the header's), cell (of the heading), question_id
    (unique), block (names the whole question, the same for the items of one matrix), number, text, kind
    (categorical), item, options (lists of str), keep_text (are words kept: of none yet). `responses`:
    source_file, source_sheet, respondent_id, question_id, item, option, status (categorical), source_row
    (Int64), value (Float64), text (str); question by question, in the order of the sheet. Numbers keep to
    the range of the variable whose heading the question has. FileRefused where the sheet is empty.
    """
    layout = layout or layout_of(grid)
    if layout is None:
        raise FileRefused(f"{grid.sheet.file} [{grid.name}]：工作表是空的，没有问卷。请检查导出的文件。")
    marked = frozenset() if include_hidden else grid.sheet.struck
    rows = layout.body.tolist() if marked else []
    struck = [row for row in rows if {(row + 1, j + 1) for j in grid.columns_of(row)} <= marked]
    body = np.setdiff1d(layout.body, struck).astype(np.intp)
    columns = [
        read_column(j + 1, layout.headings[j], grid.values[body, j], grid.sheet.labels.get(j + 1, {}))
        for j in range(*layout.columns)
    ]
    named = [c for c in columns if c.heading.raw]
    headless = [c for c in columns if not c.heading.raw and c.counts[1:].sum()]
    questions = [*_questions(named, codebook, coded=_is_coded(grid.sheet.file, named))]
    at = np.array([grid.number(int(row)) for row in body], dtype=np.int64)
    respondents, doubts = _respondents(grid, questions, at)
    fates, cells = _account(grid, layout, struck, body, headless)
    heads = [grid.number(row) for row in (layout.header[0], layout.header[-1])]
    filled = grid.filled[body][:, [c.index - 1 for c in named]].sum(axis=1)
    odd = _sheet_findings(grid, layout, struck, body, columns)
    findings = (*doubts, *odd, *_faults(grid, questions, body))
    return SheetReading(
        grid.sheet.file, grid.name, "questionnaire", rows=fates, cells=cells, row_count=grid.height,
        cells_filled=int(grid.filled.sum()), header_rows="-".join(dict.fromkeys(map(str, heads))),
        first_row=int(at[0]) if len(at) else None, last_row=int(at[-1]) if len(at) else None,
        findings=findings, questions=_questions_frame(grid, questions, layout.header[0]),
        responses=_responses_frame(grid, questions, at, respondents),
        cells_by_row=dict(zip(at.tolist(), filled.tolist(), strict=True)),
    )


def _questions(columns: Sequence[Answers], codebook: Codebook, *, coded: bool) -> Iterator[Question]:
    """The questions that the columns are, each with its question_id and block: Q6 by printed number, else the
    code that the export gives, U2 the second without either, meta under its heading.

    What repeats gets b, c, … behind it; items of one block are Q7_1, Q7_2, …, or under their own codes.
    """
    ids, times, unnamed = set[str](), Counter[str](), count(1)
    for group in grouped(columns):
        first, *others = questions_of(group, codebook, coded=coded)
        stem = first.column.heading.raw if first.kind == "meta" else _stem_id(first) or f"U{next(unnamed)}"
        times[stem] += 1
        block = stem + ("" if times[stem] == 1 else column_letters(times[stem]).lower())
        for n, question in enumerate((first, *others), start=1):
            head = question.column.heading
            code = "" if head.number else _ascii(head.code)
            item = code if code and code not in ids else f"{block}_{n}"
            name = item if question.item else block
            ids.add(name)
            yield replace(_in_range(question, codebook), id=name, block=block)


def _is_coded(file: str, columns: Sequence[Answers]) -> bool:
    """Do single answers come as option numbers? The file's name says so, or no question is answered in
    options' words.
    """
    for word, coded in LAYOUTS.items():
        if word in file:
            return coded
    asked = [c for c in columns if c.given and not c.heading.role and not names_person(c.heading.text)]
    if any(c.heading.part and not c.heading.is_blank for c in asked):
        return True
    shapes = [(shape_of([column], coded=True)[0], column.is_numeric) for column in asked]
    return not any(s in ("multiple", "ranking") or (s == "single" and not numeric) for s, numeric in shapes)


def _stem_id(question: Question) -> str:
    """Q6, or the code that the question's columns share (G01Q02 of G01Q02[SQ001])."""
    head = question.column.heading
    if head.number:
        return f"Q{head.number}"
    is_part = head.code and (head.part or question.item)
    shared = is_part and re.fullmatch(r"(.+?)(?:[_.]\w+|\[\w+\])", head.code)
    return _ascii(shared[1] if shared else head.code)


def _ascii(code: str) -> str:
    return re.sub(r"[^\w.]+", "_", code).strip("_")


def _in_range(question: Question, codebook: Codebook) -> Question:
    """Numbers outside the plausible range of the variable that the heading means are given up, each with
    its cell.
    """
    known = {(v.low, v.high): v for v in codebook.by_heading.get(heading_key(question.text), ())}
    if question.kind != "number" or len(known) != 1 or (None, None) in known:
        return question
    ((low, high), variable) = known.popitem()
    values = [entries[0].value for entries in question.meanings]
    least, most = -np.inf if low is None else low, np.inf if high is None else high
    given = {i: value for i in question.column.given if (value := values[i]) is not None}
    wrong = {i for i, value in given.items() if not least <= value <= most}
    meanings = [(Entry(),) if i in wrong else entries for i, entries in enumerate(question.meanings)]
    bounds = f"{'' if low is None else f'{low:g}'}～{'' if high is None else f'{high:g}'}"
    fault = Fault("out_of_range/answer", wrong, words={"label": variable.label, "bounds": bounds})
    return replace(question, meanings=meanings, faults=(*question.faults, *([fault] if wrong else [])))


def _respondents(grid: Grid, questions: Sequence[Question], at: Ints) -> tuple[list[str], list[Finding]]:
    """The export's 序号, or the sheet's row numbers where it has none that is short, complete and unique."""
    numbered = [q.column for q in questions if q.column.heading.role == "row"]
    words = [numbered[0].words[i] for i in numbered[0].codes] if numbered else []
    longest = max(map(len, words), default=0)
    if numbered and len(set(words)) == len(words) and "" not in words and longest <= LONGEST_ID:
        return words, []
    doubts = [grid.told("row_numbers_unusable", None, column.index - 1) for column in numbered[:1]]
    return [str(row) for row in at], doubts


def _questions_frame(grid: Grid, questions: Sequence[Question], header: int) -> pd.DataFrame:
    names = ["source_file", "source_sheet", "source_row", "cell", "question_id", "block"]
    names += ["number", "text", "kind", "item", "options", "keep_text"]
    place, rows = (grid.sheet.file, grid.name, grid.number(header)), []
    for q in questions:
        heading, about = q.column.heading, (q.text or None, q.kind, q.item or None, [*q.options], False)
        cell = grid.cell(header, q.column.index - 1)
        rows.append((*place, cell, q.id, q.block, heading.number or None, *about))
    types: dict[str, Any] = {**dict.fromkeys(names, "str"), "source_row": "Int64", "options": "object"}
    types |= {"keep_text": "bool", "kind": pd.CategoricalDtype([*KINDS])}
    return pd.DataFrame(rows, columns=names).astype(types)


def _responses_frame(
    grid: Grid, questions: Sequence[Question], at: Ints, respondents: list[str]
) -> pd.DataFrame:
    """Each different answer is one row of a small table; the respondents' rows are taken from it."""
    entries = [(q.id, q.item or None, *e) for q in questions for entries in q.meanings for e in entries]
    table = pd.DataFrame(entries, columns=["question_id", "item", *Entry._fields])
    options = list(dict.fromkeys(option for q in questions for option in q.options))
    items = list(dict.fromkeys(q.item for q in questions if q.item))
    ids = [question.id for question in questions]
    levels = {"question_id": ids, "item": items, "option": options, "status": list(STATUSES)}
    typed = {name: pd.Categorical(table[name], pd.Index(k, dtype="str")) for name, k in levels.items()}
    table = table.assign(**typed).astype({"value": "Float64", "text": "str"})
    rows, places = _expanded(questions)
    responses = table.take(places).reset_index(drop=True)
    responses.insert(0, "respondent_id", _categorical(rows, respondents))
    responses.insert(0, "source_row", pd.Series(at[rows], dtype="Int64"))
    responses.insert(0, "source_sheet", _categorical(rows * 0, [grid.name]))
    responses.insert(0, "source_file", _categorical(rows * 0, [grid.sheet.file]))
    return responses


def _expanded(questions: Sequence[Question]) -> tuple[Ints, Ints]:
    """Respondent (position) and place of the entry, for every row of the frame."""
    rows, places, before = [np.empty(0, dtype=np.intp)], [np.empty(0, dtype=np.intp)], 0
    for question in questions:
        sizes = np.array([len(entries) for entries in question.meanings], dtype=np.intp)
        starts, each = before + np.cumsum(sizes) - sizes, sizes[question.codes]
        nth = np.arange(each.sum()) - np.repeat(np.cumsum(each) - each, each)
        rows.append(np.repeat(np.arange(len(each)), each))
        places.append(np.repeat(starts[question.codes], each) + nth)
        before += int(sizes.sum())
    return np.concatenate(rows), np.concatenate(places)


def _categorical(codes: Ints, categories: list[str]) -> Any:
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(pd.Index(categories, dtype="str")))


def _account(
    grid: Grid, layout: Layout, struck: list[int], body: Ints, headless: Sequence[Answers]
) -> tuple[dict[str, int], dict[str, int]]:
    ledger = Ledger(grid)
    for row, first, last in layout.aside:
        ledger.mark([row], "set_aside", first, last)
    ledger.mark(layout.notes, "note")
    ledger.mark(layout.header, "header")
    ledger.mark(struck, "set_aside")
    for column in headless:
        ledger.mark(body, "set_aside", column.index - 1, column.index)
    ledger.mark(body, "body")
    return ledger.accounts(set_aside=False)


def _sheet_findings(
    grid: Grid, layout: Layout, struck: list[int], body: Ints, columns: Sequence[Answers]
) -> Iterator[Finding]:
    """Rows struck through or hidden, columns hidden or without a heading, what stands beside; formulas
    never calculated.
    """
    header, beside = layout.header[0], {row for row, *_ in layout.aside}
    if beside:
        row, first, last = next(a for a in layout.aside if grid.columns_of(*a))
        yield grid.told("not_replies", row, grid.columns_of(row, first, last)[0], n=len(beside))
    for row in struck:
        yield grid.told("row_struck/reply", row, grid.columns_of(row)[0])
    for row in (int(row) for row in body if row + 1 in grid.sheet.hidden_rows):
        yield grid.told("row_hidden/reply", row, grid.columns_of(row)[0])
    for column in columns:
        filled = int(column.counts[1:].sum())
        if not column.heading.raw and filled:
            yield grid.told("no_heading", header, column.index - 1, n=filled)
        elif column.index in grid.sheet.hidden_columns:
            yield grid.told("column_hidden/reply", header, column.index - 1)
    for row, place in sorted(grid.sheet.uncalculated):
        yield grid.told("formula_uncalculated", row - 1, place - 1)


def _faults(grid: Grid, questions: Sequence[Question], body: Ints) -> Iterator[Finding]:
    """One for each cell: a number as it stands, of words only their shape, since they may be a name."""
    for question, fault in ((each, fault) for each in questions for fault in each.faults):
        column = fault.column or question.column
        place, about = column.index - 1, {"variable": question.id, "name": question.id, **fault.words}
        if not fault.places:
            yield grid.told(fault.key, None, place, **about)
        for i in np.flatnonzero(np.isin(column.codes, [*fault.places])):
            word, number = column.words[column.codes[i]], column.numbers[column.codes[i]]
            raw = quoted(word, identifying=bool(np.isnan(number)))
            yield grid.told(fault.key, int(body[i]), place, raw=raw, **about)
