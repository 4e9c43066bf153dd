"""How each sheet was read, for a person to look over, and the lines of mapping.yaml that would settle what
was not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache

import pandas as pd

from bangfu_analysis.reading.questionnaire_layout import LIKELY
from bangfu_analysis.reading.tables import Column, SheetReading, Table, column_letters
from bangfu_analysis.text import mask_long_numbers
from bangfu_analysis.words import package_words, withheld

COLUMNS = (
    "file", "sheet", "taken_for", "confidence", "header_rows", "rows", "column", "heading", "variable",
    "status", "suggestions", "reason",
)


def describe(readings: Iterable[SheetReading]) -> pd.DataFrame:
    """One row per column of every table, and one per sheet without a table.

    Columns, all text but `rows` (Int64, data rows) and `confidence` (0 to 1): file, sheet, taken_for (the
    kind of the table), header_rows, column (letter; "" in a text file its number), heading, variable
    (frame.name), status (matched, ignored, unmatched, empty), suggestions (frame.name, nearest first),
    reason.
    """
    rows = [row for reading in readings for row in _described(reading)]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    text = {c: "str" for c in COLUMNS if c not in ("rows", "confidence")}
    return frame.astype({**text, "rows": "Int64", "confidence": "float64"})


def _described(reading: SheetReading) -> Iterator[tuple[object, ...]]:
    sheet = (reading.file, reading.sheet)
    if reading.questions is not None:
        yield from _questions(reading, reading.questions)
    elif not reading.tables:
        blank = ("",) * 5
        yield (*sheet, reading.kind, reading.confidence, reading.header_rows, 0, *blank, reading.reason)
    for table in reading.tables:
        rows = "" if table.is_form else "-".join(dict.fromkeys(str(row) for row in table.header_rows))
        kind = "form" if table.is_form else table.kind
        about = (*sheet, kind, reading.confidence, rows, len(table.body))
        for c in table.columns:
            heading, suggestions = _fit(c.heading), "、".join(c.suggestions)
            yield (*about, _letter(table, c), heading, _target(c), c.fate, suggestions, reading.reason)


def _questions(reading: SheetReading, questions: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    """A row a question: where it stands, its number and words, its question_id and kind."""
    about = (reading.file, reading.sheet, reading.kind, reading.confidence, reading.header_rows)
    replies = reading.rows["kept"]
    for _, asked in questions.iterrows():
        words = "、".join(str(asked[key]) for key in ("number", "text", "item") if pd.notna(asked[key]))
        meaning = f"questions.{asked['question_id']}（{asked['kind']}）"
        letters = str(asked["cell"]).rstrip("0123456789")
        yield *about, replies, letters, words, meaning, "matched", "", reading.reason


@lru_cache(maxsize=4096)
def _fit(heading: str) -> str:
    """The heading, unless it holds what may be a person's name."""
    heading = mask_long_numbers(heading)
    words = package_words()
    return heading if words.near(heading) or not words.names_in(heading) else withheld(heading)


def _letter(table: Table, column: Column) -> str:
    letters = column_letters(column.place or column.index)
    return f"{letters}{column.row}" if table.is_form else str(column.index) if table.is_text else letters


def _target(column: Column) -> str:
    if column.variable is None:
        return ""
    tick = f"={column.tick}" if column.tick else ""
    slot = f"#{column.slot}" if column.slot is not None else ""
    return f"{column.variable.frame}.{column.variable.name}{slot}{tick}"


def proposed_mapping(readings: Iterable[SheetReading]) -> str:
    """Text for the wave's mapping.yaml: one line for each heading that matched nothing, the nearest entry as
    a proposal.

    Every line is a comment until the researcher takes off the `#`; "" where all is known.
    """
    readings = list(readings)
    files = [json.dumps(reading.file, ensure_ascii=False) for reading in readings if LIKELY in reading.reason]
    likely = [f"#   {file}: questionnaire\n" for file in files]
    lines = {key: _proposal(key, column, place) for key, column, place in unknown_headings(readings)}
    head = "# 下列文件看起来像问卷。如果是，请去掉行首的 #。\n# read_as:\n"
    text = "".join([head, *likely]) if likely else ""
    if lines:
        text += "# 下列表头没有对应的变量。核对后去掉行首的 #；不需要的列写 ignore。\nheadings:\n"
    return text + "".join(f"{line}\n" for line in lines.values())


def unknown_headings(readings: Iterable[SheetReading]) -> Iterator[tuple[str, Column, str]]:
    """Key, column and place of every heading that matched nothing, each once."""
    seen: set[str] = set()
    for reading in readings:
        for table in reading.tables if LIKELY not in reading.reason else ():
            matched = {column.heading for column in table.columns if column.fate != "unmatched"}
            for column in table.columns:
                is_unknown = column.fate == "unmatched" and column.key and column.heading not in matched
                if is_unknown and column.key not in seen and _fit(column.heading) == column.heading:
                    seen.add(column.key)
                    yield column.key, column, reading.place


def _proposal(key: str, column: Column, where: str) -> str:
    quoted = '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'
    first, *others = column.suggestions or ("ignore",)
    also = f"，或 {'、'.join(others)}" if others else ""
    return f"  # {quoted}: {first}    # {where}{also}"
