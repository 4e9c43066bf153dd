"""A heading of a questionnaire taken apart: its number or code, its words, the option or row that it names,
and how it may split.

`6、兴趣爱好` is a question; `第6题(运动)`, `6、(运动)` an option or row of one; `9、(1)类别` one blank of
several; `G01Q02[SQ001]. 题干 [甲]` bears a code. What a platform heads its own columns with has a role.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from bangfu_analysis.codebook import patterns, read_yaml
from bangfu_analysis.text import halfwidth, squeeze

LIKE = patterns("questionnaires")
_OPENS = {")": "(（", "）": "(（", "]": "[［", "］": "[［", "】": "【"}
WORDS: Mapping[str, Any] = read_yaml(Path(__file__).with_name("questionnaires.yaml"))
META_ROLE = {name: role for role, names in WORDS["roles"].items() for name in names}
TELLING = frozenset(WORDS["telling"])  # headings that only an export of an online questionnaire has


@dataclass(frozen=True)
class Heading:
    """A heading taken apart: printed number, text without it, or the `part` (option, row, blank) that it
    names.

    `code`: the variable's name where the export gives one. `role`: "" for a question, else that of a meta
    column. `is_open`: the part is text beside an option.
    """

    raw: str
    number: str = ""
    text: str = ""
    part: str = ""
    is_open: bool = False
    is_blank: bool = False
    role: str = ""
    code: str = ""

    @property
    def is_telling(self) -> bool:
        """Only an export of an online questionnaire has such a heading."""
        return bool({squeeze(self.raw).lower(), squeeze(self.code).lower()} & TELLING)

    @cached_property
    def splits(self) -> dict[tuple[str, str], str]:
        """(mark, stem) -> part: every way in which the heading may name a question and a part of it, the
        code's way last.
        """
        found: dict[tuple[str, str], str] = {}
        text = LIKE["text_of"].sub("", self.text)
        if tail := _tail(text.rstrip(":：")):
            found |= {("[]", tail[0]): tail[1]} if tail[0] else {}
        for mark in LIKE["parting"].finditer(text):
            stem, part = text[: mark.start()].strip(), text[mark.end() :].strip()
            if stem and part:
                found[mark.group().strip(), stem] = part
        if (indexed := LIKE["indexed"].fullmatch(self.code)) and self.text != self.code:
            found["code", indexed[1]] = text
        return found


def read_heading(raw: object, code: str = "") -> Heading:
    """One heading taken apart; what bears no number and no code is all text."""
    words = LIKE["tag"].sub("", str(raw)).strip()
    if found := None if code else LIKE["code"].match(words):
        code, words = found.group(1), words[found.end() :]
    key = squeeze(words).lower()
    role = META_ROLE.get(key) or META_ROLE.get(squeeze(code).lower(), "")
    role = "words" if key.startswith("地理位置") else role
    number = None if role or LIKE["bare_code"].fullmatch(words) else LIKE["number"].match(words)
    if number is None:
        bare = words if LIKE["bare_code"].fullmatch(words) else ""
        return Heading(words, text=words, role=role, code=code or bare)
    label, rest = next(n for n in number.groups() if n), words[number.end() :].strip()
    if number["q"] and re.match(r"A\d+", rest):
        part, _, extra = rest.partition("|")
        return Heading(words, label, part=part, is_open=extra == "open", code=code)
    bare = rest.rstrip(":：")
    if (whole := _tail(bare)) and not whole[0]:
        part = whole[1].strip()
        is_open = part.endswith((":", "：")) or bare != rest
        return Heading(words, label, part=part.rstrip(":："), is_open=is_open, code=code)
    if blank := LIKE["blank_of"].fullmatch(rest):
        return Heading(words, label, text=rest, part=blank.group(1).strip(), is_blank=True, code=code)
    return Heading(words, label, text=rest, code=code)


def _tail(text: str) -> tuple[str, str] | None:
    """The text before the bracket that closes it, and what stands within; None where none does."""
    if not text or text[-1] not in _OPENS:
        return None
    opens, depth = _OPENS[text[-1]], 0
    for i in range(len(text) - 1, -1, -1):
        depth += (text[i] in _OPENS and _OPENS[text[i]] == opens) - (text[i] in opens)
        if depth == 0:
            return text[:i].strip(), text[i + 1 : -1].strip()
    return None


def names_person(text: str) -> bool:
    """True where a heading asks for a name, an account or a contact."""
    return LIKE["private"].search(halfwidth(text)) is not None
