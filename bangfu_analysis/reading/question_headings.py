"""A heading of a questionnaire taken apart: its number or code, its words, the option or row that it names,
and how it may split.

`6、兴趣爱好` is a question; `第6题(运动)`, `6、(运动)` an option or row of one; `9、(1)类别` one blank of
several; `G01Q02[SQ001]. 题干 [甲]` bears a code. What a platform heads its own columns with has a role.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from bangfu_analysis.codebook import read_yaml
from bangfu_analysis.text import halfwidth, squeeze

_NUMBER = re.compile(
    r"第(?P<old>\d+)题[、.．:：]?|(?P<list>\d+(?:\.\d+)*)(?:[、:：\t]|[.．](?!\d))|(?P<own>\d+(?:\.\d+)+)\s+"
    r"|[Qq](?P<q>\d+)(?:[、.．:：|_]|\s+|$|(?=[\u4e00-\u9fff]))"
)
_CODE = re.compile(r"(?![Qq]\d+\.)([A-Za-z]\w*(?:\[\w+\])*)\.\s+(?=\S)", re.ASCII)
_BARE_CODE = re.compile(r"[A-Za-z]\w*?(?:[_.]\w+|\[\w+\])+|[A-Za-z]+\d+", re.ASCII)
_BLANK_OF = re.compile(r"[(（]\d+[)）](.+)", re.DOTALL)
_INDEXED = re.compile(r"(.+?)[_.\[](?:SQ|[rc])?\d+\]?(?:_TEXT)?", re.ASCII)
_OPENS = {")": "(（", "）": "(（", "]": "[［", "］": "[［", "】": "【"}
_PARTING = re.compile(r"(?<!—)—(?!—)|\s[-–]\s|[-–_/:：|]|->|(?<=\D)\.(?=\D)")
WORDS: Mapping[str, Any] = read_yaml(Path(__file__).with_name("questionnaires.yaml"))
META_ROLE = {name: role for role, names in WORDS["roles"].items() for name in names}
TELLING = frozenset(WORDS["telling"])  # headings that only an export of an online questionnaire has
# A name is private whatever the answers look like; an account or a contact unless it is a choice.
NAMED = re.compile(
    r"姓\s*名|名字|称呼|叫什么|(?:填[表写报]|联系|经办|负责|提交|答题|调查)人|签[名字]|\bname\b|护照|passport", re.IGNORECASE
)
PRIVATE = re.compile(
    rf"{NAMED.pattern}|身份证|证件号|手\s*机|电\s*话|联系方式|银行卡|卡号|[账帐]号|微信|昵称|QQ|邮箱|邮件|地址|住址|门牌|openid|unionid|工号|学号"
    r"|(?:职工|员工|会员)(?:编?号|代码)|车牌|设备(?:号|id|编号|标识)|imei|\bmac\b|\bdevice|e-?mail|\bphone|\bmobile|\btel\b|wechat"
    r"|\baddress",
    re.IGNORECASE,
)
# Kinds that a heading states itself, as 【多选题】 or （可多选）.
HINT = re.compile(
    r"[\[【(（][^\])】）]*?(多选|不定项|单选|排序|填空|简答)|[\[【(（](?:最多|至多|限|请?选择?)[^\])】）]{0,4}?[选择]?[^\])】）]{0,2}项"
    r"|select all|choose all|all that apply|check all",
    re.IGNORECASE,
)
OPEN_WORDS = re.compile(r"补充|建议|意见[:：?？。]?$|意见[或和与]|请说明|请填写|请写|留言|还想|其他想|具体是")
ASKING = re.compile(r"[?？您]|你[的们认觉是有对在会想]|可多选|多选|单选|排序题|\b(?:do|did|are|how|what|which|would) you\b|\byour\b", re.I)
OPEN_PART = re.compile(r"其他|其它|other|文本|text|请注明|补充", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,80}>|&nbsp;")
_TEXT_OF = re.compile(r"\s*[-—–_]?\s*(?:文本|text)\s*$", re.IGNORECASE)


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


def read_heading(raw: object, code: str = "") -> Heading:
    """One heading taken apart; what bears no number and no code is all text."""
    words = _TAG.sub("", str(raw)).strip()
    if found := None if code else _CODE.match(words):
        code, words = found.group(1), words[found.end() :]
    key = squeeze(words).lower()
    role = "words" if key.startswith("地理位置") else META_ROLE.get(key) or META_ROLE.get(squeeze(code).lower(), "")
    number = None if role or _BARE_CODE.fullmatch(words) else _NUMBER.match(words)
    if number is None:
        return Heading(words, text=words, role=role, code=code or (words if _BARE_CODE.fullmatch(words) else ""))
    label, rest = next(n for n in number.groups() if n), words[number.end() :].strip()
    if number["q"] and re.match(r"A\d+", rest):
        part, _, extra = rest.partition("|")
        return Heading(words, label, part=part, is_open=extra == "open", code=code)
    bare = rest.rstrip(":：")
    if (whole := _tail(bare)) and not whole[0]:
        part = whole[1].strip()
        is_open = part.endswith((":", "：")) or bare != rest
        return Heading(words, label, part=part.rstrip(":："), is_open=is_open, code=code)
    if blank := _BLANK_OF.fullmatch(rest):
        return Heading(words, label, text=rest, part=blank.group(1).strip(), is_blank=True, code=code)
    return Heading(words, label, text=rest, code=code)


@lru_cache(maxsize=4096)
def splits_of(heading: Heading) -> dict[tuple[str, str], str]:
    """(mark, stem) -> part: every way in which the heading may name a question and a part of it, the code's
    way last.
    """
    found: dict[tuple[str, str], str] = {}
    text = _TEXT_OF.sub("", heading.text)
    if tail := _tail(text.rstrip(":：")):
        found |= {("[]", tail[0]): tail[1]} if tail[0] else {}
    for mark in _PARTING.finditer(text):
        stem, part = text[: mark.start()].strip(), text[mark.end() :].strip()
        if stem and part:
            found[mark.group().strip(), stem] = part
    if (indexed := _INDEXED.fullmatch(heading.code)) and heading.text != heading.code:
        found["code", indexed[1]] = text
    return found


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
    return PRIVATE.search(halfwidth(text)) is not None
