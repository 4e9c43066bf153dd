"""The numbers that running Chinese text states, with unit and qualifiers: 近1000多个, 五到六千元, 3.7万人, 63%～68%. str -> Stated."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from bangfu_analysis.cleaning.numerals import UNITS, has_unit, read_neighbours, read_numeral


@dataclass(frozen=True, slots=True)
class Stated:
    """A number as the text states it.

    `start` and `end` are places in the canonical text, `text` what stands there; `value` counts single units (10万元 is
    100000, 85% is 85.0); what the words allow lies in [`low`, `high`]. `unit` is one of 人, 户, 元, %, 百分点 or the measure
    word itself ("" for none); `step` is one unit of the last digit written. `said` holds the qualifiers: about, nearly,
    over, least, under, range. `per`: the unit that a rate is of (人 of 每人200元); `spelled`: in Chinese characters.
    """

    start: int
    end: int
    text: str
    value: float
    low: float
    high: float
    unit: str
    step: float
    said: frozenset[str] = frozenset()
    per: str = ""
    spelled: bool = False

    def may_be(self, low: float, high: float | None = None) -> bool:
        """Whether what the words allow meets [`low`, `high`]."""
        slack = 1e-9 * max(1.0, abs(low))
        return self.low - slack <= (low if high is None else high) and low <= self.high + slack


_FULL = str.maketrans("０１２３４５６７８９％．,;:?!()“”‘’〜~", "0123456789%.，；：？！（）\"\"''～～")
_GROUPED = re.compile(r"(?<![\d,.])\d{1,3}(?:,\d{3})+(?![\d,])")
_DASHED = re.compile(r"(?<=[\d%元人])\s*(?:[-—–―－]+)\s*(?=\d)")
_DIGIT, _CHINESE = r"\d+(?:\.\d+)?", "[零〇一二两三四五六七八九十百千万亿]+"
_NUMERAL = f"(?:(?:{_DIGIT})[百千万亿]*|{_CHINESE})"
_UNIT_OF = {
    **dict.fromkeys(("名", "生", "人口", "位", "口", "个人"), "人"),
    "家庭": "户",
    "户家庭": "户",
    "个百分点": "百分点",
    "圆": "元",
}
_WORDS = (
    "人次|户次|件次|个百分点|百分点|个月|个人|户家庭|家庭|平方米|立方米|公里|公斤|公顷|小时|方面|[元圆%‰成倍人名位口户家个所项次期条种类篇对份件台套间例场岁年"
    "月日天周吨届批级点处张本部只座支辆头片块站县市区省局厂镇乡村州地大轮组班门款包桶袋斤笔层步代吊顿]"
)
_BEFORE = {
    "about": r"大约|大概|约|估计",
    "nearly": r"将近|接近|(?<![最附邻亲远靠临])近",
    "least": r"超过|超|逾|至少|不少于|不低于|多于|高于|突破",
    "under": r"不足|不到|不满|低于|少于|最多|至多|不超过",
}
_AFTER = {"about": r"左右|上下|来", "over": r"多|余", "least": r"以上", "under": r"以下|以内"}
_REACH = r"(?:占|有|为|达|需|计|是)?(?P<far>(?<=占)[^，。；：、\d（）%]{0,10})?"
_QUALIFIED = {name: re.compile(f"(?:{words}){_REACH}$") for name, words in _BEFORE.items()}
_MORE = "多|余|来"
_NUMBER = re.compile(
    rf"(?P<hundredth>百分之)?(?P<first>{_NUMERAL})(?P<mid>{_MORE})?(?P<scale>[百千万亿]+)?(?P<more>{_MORE})?"
    rf"(?P<low_unit>[%元人])?(?:[～至到](?P<second>{_NUMERAL}))?(?P<unit>{_WORDS})?(?P<post>多(?=[，。；、）]|$)|左右|上下|以[上下内])?"
)
_EACH = re.compile(r"每一?(?P<one>人次|[^\d，。；：、])[^，。；：、\d]{0,12}$|(?P<mean>[人户])均[^，。；：、\d]{0,10}$")
_SLASHED = re.compile(r"^(?:/|每)(人|户|名|位|年|月)")
_TIME_UNITS = frozenset("年月日天周") | {"个月", "小时"}
# What looks like a number and counts nothing: ordinals, dates, numbers of tables, names of festivals, lines and policies.
_ALONE = r"(?<![\d零一二两三四五六七八九十百千万])"
_NO_QUANTITY = re.compile(
    "|".join(
        [
            rf"第{_NUMERAL}",
            r"\"[^\"，。]{0,6}?(?:[一二三四五六七八九十]+|\d+)[^\"，。]{0,4}\"",
            r"(?:19|20)[\dxX]{2}(?:年|[-—/.](?=\d{1,2}[月日\-/.]))(?:\d{1,2}月)?(?:\d{1,2}日)?|[〇零一二三四五六七八九]{4}年",
            rf"(?:\d{{1,2}}|[一二三四五六七八九十]{{1,2}})月(?:份|底|初|{_NUMERAL}[日号])|(?<![\d个])\d{{1,2}}月(?!\d)|\d{{1,2}}[：:]\d{{2}}",
            r"[表图题][\d-]+|附[件表图]?\d+|〔\d+〕\d*号?|\d+号",
            r"(?<![\d.])4050(?![\d.%～元户名个多余万]|人(?!员))",
            r"(?<!\d)(?:110|119|120|12351|12345)(?![\d.%～个人户名元多余万])|\d{3,5}(?=热线|报警|救急|电话|专线)",
            f"{_ALONE}(?:五一|十一(?=[、，和及节期长国黄])|十[一二三四五]五|十分|百分百|百姓|千方百计|千家万户|三[产农]|万[一分众家户])(?!元)",
            r"[三两四]个(?:代表|维护|意识|自信|全面)|八项规定|五位一体|两学一做|三严三实|两不愁|进一步|统一|唯一|之一|[一二三四五六七八九十]家子",
            f"{_ALONE}一(?:[帮助对][一扶]|[人户企厂校]一[^，。；、]{{1,4}}?[策档卡册]|[定些般直致起时度律旦切样向同边面贯番])",
        ]
    )
)


def canonical(text: str) -> str:
    """`text` without white space, numbers without thousands marks, punctuation in full width and digits in half."""
    plain = _GROUPED.sub(lambda found: found.group().replace(",", ""), text)
    return re.sub(r"\s+", "", _DASHED.sub("～", plain.translate(_FULL)))


def stated_numbers(text: str) -> list[Stated]:
    """The quantities in canonical `text`, in order. Ordinals, dates, 110, 4050, 五一 and vague words (数百, 一些) are none."""
    open_text = _NO_QUANTITY.sub(lambda found: "□" * len(found.group()), text)
    return [stated for found in _NUMBER.finditer(open_text) if (stated := _stated(found, open_text))]


def _stated(found: re.Match[str], text: str) -> Stated | None:
    before = text[: found.start()]
    spelled = not found["first"][0].isdigit()
    unit = "%" if found["hundredth"] else _unit(found)
    low, high = _ends(found, bare=bool(before) and before[-1] in "近上")
    vague = before.endswith("几") or (before.endswith("数") and found["first"][0] in UNITS)
    if low is None or high is None or vague or (spelled and (not unit or low == high == 1)):
        return None
    times = 10.0 if found["unit"] == "成" else 1.0
    value, step = (low + high) / 2 * times, _step(found) * times
    said = _said(found, before, unit) | ({"range"} if low != high else set())
    reach = _reach(value, step, said) if low == high else (low * times, high * times)
    per = _per(before, text[found.end() :], unit)
    return Stated(found.start(), found.end(), found.group(), value, *reach, unit, step, frozenset(said), per, spelled)


def _unit(found: re.Match[str]) -> str:
    word = found["unit"] or found["low_unit"] or ""
    return "%" if word == "成" else _UNIT_OF.get(word, word)


def _ends(found: re.Match[str], bare: bool) -> tuple[float | None, float | None]:
    """The number, or both ends of a range; the lower end takes the 千 or 万 of the upper one (五到六千)."""
    first, scale = found["first"] + (found["scale"] or ""), ""
    if found["second"]:
        scale = "".join(re.findall(r"[十百千万亿]+$", found["second"])) if not has_unit(first) else ""
        low, high = read_numeral(first + scale), read_numeral(found["second"])
        return (low, high) if low is not None and high is not None and low < high else (None, None)
    if bare and first in ("百", "千", "万"):
        first = "一" + first
    return read_neighbours(first) or (read_numeral(first),) * 2


def _step(found: re.Match[str]) -> float:
    """One unit of the last digit written: 0.1 of 10.2%, 1000 of 3.7万."""
    digits = re.match(_DIGIT, found["first"])
    scale = math.prod(UNITS[c] for c in found["first"][digits.end() :] + (found["scale"] or "")) if digits else 1
    decimals = len(digits.group().partition(".")[2]) if digits else 0
    return float(10.0**-decimals * scale)


def _said(found: re.Match[str], before: str, unit: str) -> set[str]:
    said = {name for name, words in _QUALIFIED.items() if words.search(before)}
    for word in (found["mid"], found["more"], found["post"]):
        said |= {name for name, words in _AFTER.items() if word and re.fullmatch(words, word)}
    return said - {"nearly"} if unit in _TIME_UNITS else said  # 近三年: the last three years


def _reach(value: float, step: float, said: set[str]) -> tuple[float, float]:
    """The interval of values that the words allow."""
    size = 10.0 ** math.floor(math.log10(value)) if value else 1.0
    slack = step / 2 if step != 1 and said == set() else 0.0
    if step >= 1000 and (value / step).is_integer():
        slack = min(slack, value * 0.02)
    low, high = value - slack, value + slack
    if "about" in said:
        low, high = value * 0.9, value * 1.1
    if "nearly" in said:
        low = value * 0.85
    if "over" in said:
        high = max(high, value + size)
    return (-math.inf if "under" in said else low), (math.inf if "least" in said else high)


def _per(before: str, after: str, unit: str) -> str:
    each, slashed = _EACH.search(before), _SLASHED.match(after)
    word = (each["one"] or each["mean"]) if each else slashed[1] if slashed else ""
    return _UNIT_OF.get(word, word) if unit == "元" else ""
