"""An export of an online questionnaire -> the frames `questions` and `responses`.

By text, by number or by score, 问卷星 or 腾讯问卷 or any sheet with one header row and one row per respondent. What an
export by number does not say (labels of single answers, the stem of a matrix) a questionnaire's codebook adds: see
tidy/questionnaires.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bangfu_analysis.codebook import Codebook, Variable
from bangfu_analysis.errors import FileRefused
from bangfu_analysis.findings import Finding
from bangfu_analysis.reading.answers import (
    ANSWERED, BLANK, SKIPPED, STATUSES, Answers, Floats, Ints, label_and_fill, pieces, read_column, safe_text, shape_of,
)  # fmt: skip
from bangfu_analysis.reading.option_order import by_precedence, printed_order
from bangfu_analysis.reading.question_headings import (
    PRIVATE, Heading, grouped, looks_like_questionnaire, read_heading, stem_and_row,
)  # fmt: skip
from bangfu_analysis.reading.tables import Sheet, column_letters
from bangfu_analysis.text import halfwidth, heading_key, is_blank

KINDS = ("single", "multiple", "matrix", "ranking", "number", "text", "meta")
LAYOUTS = {"按文本": False, "按序号": True, "按分数": False}
QUESTION_COLUMNS = ("question_id", "block", "number", "text", "kind", "item", "options")
RESPONSE_COLUMNS = ("respondent_id", "question_id", "item", "option", "value", "text", "status")
_DURATION = re.compile(r"(?:(\d+)(?:小时|时))?(?:(\d+)分钟?)?(?:(\d+(?:\.\d+)?)秒?)?")
_CLOCK = re.compile(r"(\d+):(\d{1,2}):(\d{1,2})")
_PROVINCE = re.compile(r"[(（]([^()（）]+)[)）]")
MOST_CELLS_LISTED = 1000


@dataclass(frozen=True)
class Question:
    """One row of `questions` and the answers to it, long: `row` (respondent), `option` (place in `options`, -1 none),
    `value`, `fill` (place in `texts`, -1 none), `status`.
    """

    number: str
    text: str
    kind: str
    item: str = ""
    options: tuple[str, ...] = ()
    row: Ints = field(default_factory=lambda: np.empty(0, np.intp))
    option: Ints = field(default_factory=lambda: np.empty(0, np.intp))
    value: Floats = field(default_factory=lambda: np.empty(0))
    fill: Ints = field(default_factory=lambda: np.empty(0, np.intp))
    texts: tuple[str, ...] = ()
    status: Ints = field(default_factory=lambda: np.empty(0, np.intp))
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class QuestionnaireReading:
    """The two frames without `wave`, and the fate of every row and filled cell, as SheetReading wants them.

    `questions`: source_file, source_sheet (str), source_row (Int64, the header), question_id, block, number, text, item
    (str), kind (categorical), options (lists of str). `question_id` is unique; `block` is that of the whole question,
    the same for the items of one matrix. `responses`: source_file, source_sheet, respondent_id, question_id, item, option,
    status (categorical), source_row (Int64), value (Float64), text (str); question by question, in order of the sheet.
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
    """The frames of one sheet. FileRefused where the sheet is empty.

    `mapping`: question_id, printed number or heading -> variable as `workers.age`, whose range then holds for the numbers
    of that question; a heading that the codebook knows needs no mapping.
    """
    top = next((i for i, row in enumerate(sheet.cells) if not all(map(is_blank, row))), None)
    if top is None:
        raise FileRefused(f"{sheet.file} [{sheet.name}]：工作表是空的，没有问卷。请检查导出的文件。")
    struck = _struck_rows(sheet)
    body = [(r, row) for i, (r, row) in enumerate(zip(sheet.row_numbers, sheet.cells, strict=True)) if i > top]
    filled = [(r, row) for r, row in body if not all(map(is_blank, row))]
    kept = [(r, row) for r, row in filled if r not in struck]
    columns = _columns(sheet.cells[top], [row for _, row in kept])
    at = np.array([r for r, _ in kept], dtype=np.int64)
    questions = list(_questions(sheet, columns, codebook))
    ids, blocks = _ids(questions)
    checked = [_in_range(q, _variable(q, i, codebook, mapping or {})) for q, i in zip(questions, ids, strict=True)]
    placed = [_addressed(q, i, sheet, at, columns) for q, i in zip(checked, ids, strict=True)]
    respondents, doubts = _respondents(placed, at)
    origin = {"source_file": sheet.file, "source_sheet": "" if sheet.is_text else sheet.name}
    lost = [(r, row) for r, row in filled if r in struck]
    findings = [f for q in placed for f in q.findings] + doubts + _set_aside(sheet, top, columns, lost)
    return QuestionnaireReading(
        _questions_frame(placed, ids, blocks, origin, sheet.row_numbers[top]),
        _responses_frame(placed, ids, origin, at, respondents),
        **_account(sheet, top, columns, len(body), kept, lost),
        findings=tuple(f.at(sheet.file, origin["source_sheet"], f.source_row, f.cell) for f in findings),
    )
