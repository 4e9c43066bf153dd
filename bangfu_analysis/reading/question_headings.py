"""The headings of a questionnaire export -> which columns make one question.

`6、兴趣爱好` is a question; `第6题(运动)`, `6、(运动)` is an option or row of one; `7、stem—row` opens a matrix whose next
columns read `7、row`; `9、(1)类别` is one blank of several. 问卷星 writes 、, 腾讯问卷 a half-width dot or `Q2|A1|open`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bangfu_analysis.text import halfwidth, squeeze

_NUMBER = re.compile(
    r"第(?P<old>\d+)题[、.．:：]?|(?P<list>\d+(?:\.\d+)*)(?:[、:：]|[.．](?!\d))|(?P<own>\d+(?:\.\d+)+)\s+"
    r"|[Qq](?P<q>\d+)(?:[、.．:：|_]|$)"
)
_BLANK_OF = re.compile(r"[(（]\d+[)）](.+)", re.DOTALL)
_STEM = re.compile(r"(?<!—)—(?!—)")
META = {
    "row": ("序号", "编号", "seq", "答卷编号"),
    "number": ("总分",),
    "time": ("提交答卷时间", "提交时间", "开始答题时间", "结束答题时间", "答题时间", "start", "finish"),
    "seconds": ("所用时间", "答题时长", "time_used"),
    "ip": ("来自ip", "ip"),
    "words": (
        "来源", "来源详情", "语言", "清洗数据", "用户类型", "自定义字段", "source", "ip_province", "ip_city", "browser", "os",
    ),
    "private": ("用户标识", "昵称", "ua", "referrer", "微信昵称", "openid", "用户id"),
}  # fmt: skip
META_ROLE = {name: role for role, names in META.items() for name in names}
# Headings that only an export of an online questionnaire has.
TELLING = {*META["time"], *META["seconds"], "来自ip", "来源详情", "清洗数据", "用户标识", "ip_province"} - {
    "start",
    "finish",
}
PRIVATE = re.compile(
    r"姓名|名字|身份证|证件号|手机号|电话|联系方式|联系人|银行卡|卡号|[账帐]号|微信号|昵称|QQ|邮箱|邮件|e-?mail|地址|住址|门牌|openid",
    re.IGNORECASE,
)
_CALLED, _NUMERAL = re.compile(r"问卷|答卷|测评|\.(?:sav|dta)\b"), re.compile(r"\d+(?:\.\d+)?")
# Kinds that a heading states itself, as 【多选题】 or （可多选）.
HINT = re.compile(r"[\[【(（](?:请)?(?:可|限)?(多选|单选|排序|填空|简答)")
OPEN_WORDS = re.compile(r"补充|建议|意见[:：?？。]?$|意见[或和与]|请说明|请填写|请写|留言|还想|其他想|具体是")


@dataclass(frozen=True)
class Heading:
    """A heading taken apart: printed number, text without it, or the `part` (option, row, blank) that it names.

    `role`: "" for a question, else the role of a meta column. `is_open`: the part is text beside an option.
    """

    raw: str
    number: str = ""
    text: str = ""
    part: str = ""
    is_open: bool = False
    is_blank: bool = False
    role: str = ""


def read_heading(raw: object) -> Heading:
    """One heading taken apart; what bears no number is all text."""
    words = str(raw).strip()
    key = squeeze(words).lower()
    role = "words" if key.startswith("地理位置") else META_ROLE.get(key, "")
    found = None if role else _NUMBER.match(words)
    if found is None:
        return Heading(words, text=words, role=role)
    number, rest = next(n for n in found.groups() if n), words[found.end() :].strip()
    if found["q"] and re.match(r"A\d+", rest):
        part, _, extra = rest.partition("|")
        return Heading(words, number, part=part, is_open=extra == "open")
    if _closes_at_end(bare := rest.rstrip(":：")):
        part = bare[1:-1].strip()
        return Heading(words, number, part=part.rstrip(":："), is_open=part.endswith((":", "：")) or bare != rest)
    if blank := _BLANK_OF.fullmatch(rest):
        return Heading(words, number, text=rest, part=blank.group(1).strip(), is_blank=True)
    return Heading(words, number, text=rest)


def grouped(headings: Iterable[tuple[int, Heading]]) -> list[list[tuple[int, Heading]]]:
    """Neighbouring columns that are one question, each group in order. A number that repeats elsewhere is another one."""
    groups: list[list[tuple[int, Heading]]] = []
    for place, heading in headings:
        if groups and _continues(groups[-1], heading):
            groups[-1].append((place, heading))
        else:
            groups.append([(place, heading)])
    return groups


def stem_and_row(heading: Heading) -> tuple[str, str]:
    """`stem—row` in two; the stem is "" where the heading has no single dash (an old export by number)."""
    dashes = list(_STEM.finditer(heading.text))
    if not dashes:
        return "", heading.part or heading.text
    return heading.text[: dashes[-1].start()].strip(), heading.text[dashes[-1].end() :].strip()


def looks_like_questionnaire(headings: Iterable[object]) -> bool:
    """A meta column that only such exports have beside another or a numbered question; or mostly numbered questions."""
    read = [read_heading(h) for h in headings]
    telling = sum(squeeze(h.raw).lower() in TELLING for h in read)
    metas, numbered = sum(bool(h.role) for h in read), sum(bool(h.number) for h in read)
    if telling and (metas + numbered >= 3 or numbered):
        return True
    identifying = any(PRIVATE.search(halfwidth(h.text)) and not h.number for h in read)
    return numbered >= 3 and numbered >= 0.6 * len(read) and not identifying


def is_named_questionnaire(name: str, headings: Iterable[object]) -> bool:
    """A file or sheet called 问卷, or one of SPSS or Stata, whose headings are words and name nobody (as a roster's do)."""
    words = [halfwidth(str(h)) for h in headings]
    return bool(_CALLED.search(name)) and not any(PRIVATE.search(w) or _NUMERAL.fullmatch(w) for w in words)


def _continues(group: list[tuple[int, Heading]], heading: Heading) -> bool:
    first = group[0][1]
    if not heading.number or heading.number != first.number or heading.role:
        return False
    if first.is_blank or heading.is_blank:
        return first.is_blank and heading.is_blank
    if heading.part:
        return heading.part not in {h.part for _, h in group} or heading.is_open
    return not first.part and bool(_STEM.search(first.text)) and heading.text not in {h.text for _, h in group}


def _closes_at_end(text: str) -> bool:
    """True where one pair of brackets holds the whole text."""
    if not text or text[0] not in "(（" or text[-1] not in ")）":
        return False
    depth = 0
    for i, c in enumerate(text):
        depth += (c in "(（") - (c in ")）")
        if depth == 0:
            return i == len(text) - 1
    return False
