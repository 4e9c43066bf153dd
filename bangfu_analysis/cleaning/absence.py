"""Cells that give no value: blank, 不详, masked, put off (待核实), error cells, lost characters. object ->
Reading.
"""

from __future__ import annotations

import re
from datetime import date, datetime

from bangfu_analysis.cleaning.readings import BLANK, Reading, told
from bangfu_analysis.codebook import patterns
from bangfu_analysis.text import DITTO, halfwidth, is_blank, squeeze

NONE_WORDS = frozenset({"无", "没有", "暂无", "没", "无。", "(无)", "均无", "none", "None", "NONE"})
LOST = "□■�"
LIKE = patterns("cells")

def text_of(raw: object) -> str:
    """A cell as text: whole floats without `.0`, dates as ISO, booleans as 是 and 否."""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, bool):
        return "是" if raw else "否"
    if isinstance(raw, float) and raw.is_integer():
        return str(int(raw))
    if isinstance(raw, datetime):
        return raw.date().isoformat()
    return raw.isoformat() if isinstance(raw, date) else str(raw)


def read_absence(raw: object, *, parts: bool = False) -> Reading | None:
    """The Reading of a cell that gives no value; None where there is something to read.

    Blank cells, strokes (/, -, —) and 无 are plainly missing. 不详, 未知, ? say that the value is missing:
    no value is given up, so the finding is `kept` and only informs. Masked (XX, **), put-off (待核实, 见附件)
    and error cells are given up. `parts`: a masked run inside the text is enough (numbers, dates, ID
    numbers), not only the whole.
    """
    if is_blank(raw):
        return BLANK
    if not isinstance(raw, str):
        return None
    text = squeeze(raw).strip("'’‘`")
    if text in ("", "*") or text in NONE_WORDS or LIKE["strokes"].fullmatch(text):
        return BLANK
    if LIKE["stated"].fullmatch(text):
        return told("stated_missing")
    problem = _absent_problem(text, parts)
    return told(problem) if problem else None


def _absent_problem(text: str, parts: bool) -> str:
    if LIKE["error"].fullmatch(text):
        return "error_cell"
    if LIKE["masked"].search(text) if parts else LIKE["all_masked"].fullmatch(text):
        return "masked"
    if DITTO.fullmatch(text) or text in ("同左", "同下", "同右"):
        return "ditto_unresolved"
    if LIKE["put_off"].search(text):
        return "unreadable"
    return "lost_character" if parts and any(mark in text for mark in LOST) else ""


def plain_text(raw: object) -> str:
    """A readable text: half width, no padding between Chinese characters, single spaces between other words.
    """
    spaced = re.sub(r"\s+", " ", halfwidth(text_of(raw)).strip("'’‘`"))
    return re.sub(
        r"(?<=[\u3007\u3400-\u9fff、，。：；（）]) (?=[\u3007\u3400-\u9fff、，。：；（）])", "", spaced
    ).strip()
