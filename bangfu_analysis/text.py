"""One canonical form of a Chinese string: width, spaces, punctuation. str -> str."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache

_INVISIBLE = re.compile(r"[\u200b-\u200f\u2028-\u202e\u2060\ufeff\u00ad]")
_MINUS = re.compile(r"[\u2212\uff0d\ufe63\u2010-\u2013]")
_SPACE = re.compile(r"\s+")
_STARS = re.compile(r"[*★☆﹡※]|^#+|#+$")
_BRACKET = re.compile(r"[(\[【<〈]([^()\[\]【】<>〈〉]*)[)\]】>〉](?:含本人)?$")
_ENCLOSED = re.compile(r"[(\[【<〈]([^()\[\]【】<>〈〉]{2,})[)\]】>〉]")
_NUMBERED = re.compile(
    r"(?:[(\[]?(?:\d{1,2}|[一二三四五六七八九十]{1,2})(?:[)\]][、.]?|[、.](?!\d))"
    r"|(?!\d+[年月日岁人个类级号次户元万千百十位口季周天小])\d{1,2}(?=[\u4e00-\u9fff]))(?=.)"
)
_UNIT_BEHIND = re.compile(r"(?<=.)[/,、:-]([万千百]?元|元/[年月]|m2|平方米|周?岁)$")
_LONG_NUMBER = re.compile(r"\d[\d\s-]{5,}[\dXx]|\d(?:[\s.-]?\d){9,}[Xx]?|[〇零○一二三四五六七八九]{7,}")
_CONTACT = re.compile(
    r"[Qq]{2}[号:：]?\s*\d{5,}|(?:微信号?|[Ww][Xx]|[Ww]e[Cc]hat)[号:：]?\s*[A-Za-z][\w-]{4,}|"
    r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+|"
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·•]?[A-HJ-NP-Z0-9]{5,6}(?![A-Za-z0-9])",
    re.ASCII,
)
_PERSONAL_NUMBER = re.compile(r"(?<!\d)(?:1[3-9]\d{9}|\d{15}|\d{17}[\dXx]|\d{16}|\d{19})(?!\d)|\d{17}")
_DATE = re.compile(r"(?:19|20)\d\d-\d{1,2}-\d{1,2}")
_N = r"(?:(?<!\d)\d+|(?<![一二三四五六七八九十])[一二三四五六七八九十]+)"
_DOOR = re.compile(
    rf"(?:路|街|巷|胡同|里|村|屯|弄|小区|花园|家园)[^、,;。]{{0,4}}?{_N}(?:号(?![厂矿井线院])|栋|幢|楼|单元|室|组{_N}号|-\d)|"
    rf"{_N}(?:号楼|栋|幢|单元)|(?<!\d)\d+室"
)
DITTO = re.compile(
    r"\(?(?:同上|同前|上同|同上[行栏格列]|与上同|ditto|do\.?)\)?[。.]?"
    r"|\.{2,6}|…{1,2}|↑{1,3}|[-~]*[〃″〞‖々]{1,3}[-~]*|[-~]*(?:[”“\"]|''|′′|＂){1,2}[-~]*",
    re.IGNORECASE,
)
_WORD_CHARACTER = re.compile(r"\w", re.UNICODE)


def halfwidth(text: str) -> str:
    """NFKC without invisible characters, with every minus sign as `-`; inner spaces stay, outer go."""
    return _MINUS.sub("-", _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))).strip()


@lru_cache(maxsize=65536)
def squeeze(text: str) -> str:
    """`halfwidth` without any white space: the form in which headings and coded values are compared."""
    # A second NFKC, since taking a space out may bring a letter and its accent together.
    return unicodedata.normalize("NFKC", _SPACE.sub("", halfwidth(_SPACE.sub("", _INVISIBLE.sub("", text)))))


@lru_cache(maxsize=8192)
def heading_key(text: str) -> str:
    """A heading without stars, trailing colon and closing bracket, unnumbered: `﹡家庭年收入（万元）：`,
    `5.【家庭年收入】` -> `家庭年收入`.
    """
    return _split_heading(text)[0]


@lru_cache(maxsize=8192)
def heading_unit(text: str) -> str:
    """What the closing bracket of a heading says: `家庭年收入（万元）` -> `万元`; "" without one."""
    return _split_heading(text)[1]


def _split_heading(text: str) -> tuple[str, str]:
    bare = _STARS.sub("", squeeze(text)).rstrip(":：")
    bare = bare[numbered.end() :] if (numbered := _NUMBERED.match(bare)) else bare
    bare = whole.group(1) if (whole := _ENCLOSED.fullmatch(bare)) else bare
    if unit := _UNIT_BEHIND.search(bare):
        return bare[: unit.start()], unit.group(1)
    bracket = _BRACKET.search(bare)
    if bracket is None or bracket.start() == 0:
        return bare, ""
    key, inner = _split_heading(bare[: bracket.start()])
    return key, inner or bracket.group(1)


def is_blank(value: object) -> bool:
    """True for None, "", NaN and for a text of nothing but spaces or invisible characters."""
    if value is None or value != value:
        return True
    return isinstance(value, str) and not _INVISIBLE.sub("", value).strip()


def mask(text: str) -> str:
    """Every letter, digit and character replaced by `*`; only the shape stays (`9.9E+17` -> `*.**+**`)."""
    return _WORD_CHARACTER.sub("*", text)


def is_address(text: str) -> bool:
    """True where a text names a door (安升街12号3单元401室), not only an area or a street."""
    return _DOOR.search(halfwidth(text)) is not None


def mask_doors(text: str) -> str:
    """`text` with what names a door masked: 住安升街12号3单元401室 -> 住安升***********."""
    return re.sub(rf"(?:{_DOOR.pattern})[\d号楼栋幢单元室层-]*", lambda found: mask(found[0]), text)


def mask_long_numbers(text: str) -> str:
    """`text` with every number of seven or more digits masked, and accounts and number plates: they may be a
    person's. 1965-03-12 is a date.
    """
    said = _CONTACT.sub(lambda found: mask(found[0]), text)
    return _LONG_NUMBER.sub(lambda found: found[0] if _DATE.fullmatch(found[0]) else mask(found[0]), said)


def source_label(name: str) -> str:
    """What a file or a sheet is called: its name, or a number that stands for it where that tells of a
    person.

    >>> source_label("工业系统2007.xlsx"), source_label("13912345678.xlsx")
    ('工业系统2007.xlsx', '来源4a8be3.xlsx')
    """
    said = squeeze(name)
    if not _PERSONAL_NUMBER.search(said):
        return name
    stem, dot, ending = name.rpartition(".")
    suffix = dot + ending if stem and ending.isascii() and len(ending) <= 5 else ""
    return f"来源{hashlib.sha256(said.encode()).hexdigest()[:6]}{suffix}"
