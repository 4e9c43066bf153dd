"""Columns about the answering (times, seconds, places), and those that say who answered: these are not
written.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.reading.answers import Answers, label_and_fill, safe_text
from bangfu_analysis.reading.question_headings import LIKE, names_person
from bangfu_analysis.reading.questions import Entry, Fault, Question, whole_question
from bangfu_analysis.text import halfwidth, heading_key, squeeze

YES_NO = {"是", "否", "有", "无", "没有", "会", "不会"}
LONGEST_NUMBER = 1e10


def is_private(group: Sequence[Answers], codebook: Codebook) -> bool:
    """A name, account or contact: by its heading, unless it is a choice (a name never is one but of yes and
    no); by what the answers look like; or numbers as long as a phone's.
    """
    head, column = group[0].heading, group[0]
    if len(group) > 1:
        return False
    given = column.given
    largest = np.nanmax(column.numbers[given]) if given and column.is_numeric else np.nan
    if largest >= LONGEST_NUMBER or column.labels:
        return bool(largest >= LONGEST_NUMBER)
    counts = Counter({label_and_fill(column.words[i])[0]: int(column.counts[i]) for i in given})
    if looks_personal(counts):
        return True
    known = codebook.by_heading.get(heading_key(head.text), ())
    text = f"{head.text} {head.part}"
    if not names_person(text) and not any(v.identifying for v in known):
        return False
    if set(counts) <= YES_NO or LIKE["hint"].search(text) or "┋" in "".join(counts):
        return False
    named = LIKE["named"].search(halfwidth(text)) is not None
    is_choice = counts.total() >= 10 and len(counts) <= counts.total() / 3 and not named
    return not (is_choice or largest < 1000)


def private_question(column: Answers) -> Question:
    """A column of which only who answered is kept."""
    found = whole_question(column, "meta" if column.heading.role else "text", lambda _: (Entry(),))
    return replace(found, item=column.heading.part, faults=(Fault("identifying_column"),))


def meta_question(column: Answers) -> Question:
    """A column about the answering: numbers and seconds in `value`, words and times in `text`; of an IP
    省-市 only.
    """
    role = column.heading.role
    if role == "private":
        return private_question(column)
    found = whole_question(column, "meta", lambda i: (_meta_entry(role, column.words[i], column.numbers[i]),))
    nothing = [m[0].value is None and not m[0].text and m[0].status == "answered" for m in found.meanings]
    wrong = [i for i in column.given if nothing[i] and role not in ("ip", "row")]
    return replace(found, faults=(Fault("meta_unreadable", wrong),) if wrong else ())


def _meta_entry(role: str, word: str, number: float) -> Entry:
    if role == "words" and word.upper() == "N/A":
        return Entry(status="blank")
    if role in ("time", "ip", "words"):
        return Entry(text={"time": _iso, "ip": _province, "words": safe_text}[role](word) or None)
    value = _seconds(word) if role == "seconds" else number
    return Entry(value=None if np.isnan(value) or value >= LONGEST_NUMBER else value)


def _seconds(word: str) -> float:
    """158秒, 2分38秒, 00:02:38 or 158 -> 158.0; NaN where it is none."""
    text = halfwidth(word).replace(" ", "")
    found = LIKE["clock"].fullmatch(text) or LIKE["duration"].fullmatch(text)
    if found is None or not text:
        return np.nan
    return sum(float(part or 0) * by for part, by in zip(found.groups(), (3600, 60, 1), strict=True))


def _iso(word: str) -> str:
    """The moment to the minute: the second would tell a reply from all others."""
    found = LIKE["moment"].match(halfwidth(word))
    year, month, day, hour, minute, _ = [int(part or 0) for part in (found.groups() if found else [0] * 6)]
    try:
        return datetime(year, month, day, hour, minute).isoformat(timespec="minutes")
    except ValueError:
        return ""


def _province(word: str) -> str:
    found = LIKE["province"].search(word)
    return found[1].strip() if found and not re.search(r"\d", found[1]) else ""


def looks_personal(counts: Mapping[str, int]) -> bool:
    """Do answers (word -> how many gave it) look like names, accounts, contacts, plates or devices? Most
    different ones do.
    """
    total = sum(counts.values())
    lengths = {len(word) for word in counts if word.isdigit()}
    numbered = len(lengths) == 1 and min(lengths) >= 6 and all(map(str.isdigit, counts))
    if numbered and 4 < len(counts) >= 0.95 * total:
        return True
    undated = [halfwidth(word) for word in counts if not LIKE["dated"].fullmatch(word)]
    handles = sum(LIKE["handle"].fullmatch(word) is not None for word in undated)
    unspaced = (word if word.isascii() else squeeze(word) for word in counts)
    names = sum(LIKE["full_name"].fullmatch(word) is not None for word in unspaced)
    return len(counts) > 2 and (handles >= 0.6 * len(counts) > 0.3 * total or names >= 0.8 * len(counts))
