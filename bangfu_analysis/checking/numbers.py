"""The numbers in figures that running text states, with unit and qualifiers: 近1000多个, 3.7万人, 63%～68%.
str -> Stated.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stated:
    """A number as the text states it.

    `start` and `end` are places in the canonical text, `text` what stands there; `value` counts single units
    (10万元 is 100000, 85% is 85.0); what the words allow lies in [`low`, `high`]. `unit` is one of 人, 户,
    元, %, 百分点 or the measure word itself ("" for none); `step` is one unit of the last digit written.
    `said` holds the qualifiers: about, nearly, over, least, under, range. `per`: the unit that a rate is of
    (人 of 每人200元).
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

    def may_be(self, low: float, high: float) -> bool:
        """Whether what the words allow meets [`low`, `high`]."""
        slack = 1e-9 * max(1.0, abs(low))
        return self.low - slack <= high and low <= self.high + slack


_FULL = str.maketrans("０１２３４５６７８９％．,;:∶?!()“”‘’〜~", "0123456789%.，；：：？！（）\"\"''～～")
_SIMPLE = str.maketrans(
    "戶貧佔個萬億歲東區縣職難總計數較減長應從業學與達約餘無價值結構電係發過間關單雙戰養費",
    "户贫占个万亿岁东区县职难总计数较减长应从业学与达约余无价值结构电系发过间关单双战养费",
)
_GROUPED = re.compile(r"(?<![\d,.])\d{1,3}(?:,\d{3})+(?![\d,])")
_DASHED = re.compile(r"(?<=[\d%元人岁])\s*[-—–―－]+\s*(?=\d)")
_SCALES = {"百": 1e2, "千": 1e3, "万": 1e4, "亿": 1e8}
_SAME = {**dict.fromkeys(("名", "生", "人口", "位", "口", "个人"), "人"), "家庭": "户", "户家庭": "户", "个百分点": "百分点"}
_WORDS = (
    "人次|户次|件次|个百分点|百分点|个月|个人|户家庭|家庭|平方米|立方米|公里|公斤|公顷|小时|[元%‰成倍人名位口户家个所项次期"
    "条种类篇对份件台套间例场岁年月日天周吨届批点处张本部只座支辆头片块站县市区省局厂镇乡村州组班门款包桶袋箱斤笔层起宗]"
)
_DIGITS, _MORE = r"\d+(?:\.\d+)?", "(?:多|余|来)?"
_NUMBER = re.compile(
    rf"(?P<first>{_DIGITS})(?P<mid>{_MORE})(?P<scale>[百千万亿]*)(?P<more>{_MORE})(?P<low_unit>[%元人岁](?=[～至到]))?"
    rf"(?:[～至到](?P<second>{_DIGITS})(?P<scale2>[百千万亿]*))?(?P<unit>{_WORDS})?(?P<post>多|左右|上下|以[上下内])?"
)
_BEFORE = {
    "about": "大约|大概|约|估计",
    "nearly": "将近|接近|(?<![最附邻亲远靠临])近",
    "least": "超过|超|逾|至少|不少于|不低于|多于|高于|突破",
    "under": "不足|不到|不满|低于|少于|最多|至多|不超过",
}
_AFTER = {"about": "左右|上下|来", "over": "多|余", "least": "以上", "under": "以[下内]"}
_QUALIFIED = {name: re.compile(f"(?:{words})[占有为达需计是]?$") for name, words in _BEFORE.items()}
_EACH = re.compile(r"每一?(?P<one>[^\d，。；：、])[^，。；：、\d]{0,12}$|(?P<mean>[人户])均[^，。；：、\d]{0,10}$")
_NO_QUANTITY = re.compile(  # ordinals, dates, times, numbers of tables, documents and lines, grades
    r"第\d+|\"[^\"，。\d]{0,6}\d+[^\"，。]{0,4}\"|(?:19|20)[\dxX]{2}(?:年|[-—/.](?=\d{1,2}[月日\-/.]))"
    r"|\d{1,2}月(?:份|底|初|\d{1,2}[日号])|(?<![\d个])\d{1,2}月(?!\d)|\d{1,2}：\d{2}(?!\d)|\d+[号级]"
    r"|[表图][\d-]+|(?<![问课难话标专主])题\d+|附[件表图]?\d+|〔\d+〕|\d{3,5}(?=热线|报警|救急|电话|专线)"
    r"|(?<![\d.])(?:4050|110|119|120|12345|12351)(?![\d.%～户元名个多余万])(?!人[^员])"
)


def canonical(text: str) -> str:
    """`text` without white space, numbers without thousands marks, punctuation in full width, digits in half.
    """
    plain = _GROUPED.sub(lambda found: found.group().replace(",", ""), text)
    return re.sub(r"\s+", "", _DASHED.sub("～", plain.translate(_FULL).translate(_SIMPLE)))


def stated_numbers(text: str) -> list[Stated]:
    """The quantities in figures in canonical `text`, in order; ordinals, dates, 110 and 4050 are none."""
    open_text = _NO_QUANTITY.sub(lambda found: "□" * len(found.group()), text)
    found = (_stated(found, open_text[: found.start()]) for found in _NUMBER.finditer(open_text))
    return [one for one in found if one is not None]


def _stated(found: re.Match[str], before: str) -> Stated | None:
    """The number; the lower end of a range takes the 万 of the upper one (5～6万)."""
    word = found["unit"] or found["low_unit"] or ""
    unit, times = ("%", 10.0) if word == "成" else (_SAME.get(word, word), 1.0)
    scale = times * math.prod(_SCALES[character] for character in found["scale"] or found["scale2"] or "")
    low = float(found["first"]) * scale
    high = float(found["second"]) * times * math.prod(_SCALES[c] for c in found["scale2"]) if found["second"] else low
    decimals = found["first"].partition(".")[2]
    if high < low:
        return None
    said = {name for name, words in _QUALIFIED.items() if words.search(before)}
    for after in (found["mid"], found["more"], found["post"]):
        said |= {name for name, words in _AFTER.items() if after and re.fullmatch(words, after)}
    step = scale * 10.0 ** -len(decimals)
    if high > low:
        said, reach = said | {"range"}, (low, high)
    else:  # 约4.61万元 is rounded to its digits
        reach = _reach(low, step, said - ({"about"} if len(decimals) > 1 else set()))
    each = _EACH.search(before) if unit == "元" else None
    per = (each["one"] or each["mean"]) if each else ""
    value = (low + high) / 2
    return Stated(
        found.start(), found.end(), found.group(), value, *reach, unit, step, frozenset(said), _SAME.get(per, per)
    )


def _reach(value: float, step: float, said: set[str]) -> tuple[float, float]:
    """The interval of values that the words allow."""
    slack = step / 2 if step != 1 and not said else 0.0
    if step >= 1000 and (value / step).is_integer():
        slack = min(slack, value * 0.02)
    low, high = value - slack, value + slack
    if "about" in said:
        low, high = value * 0.9, value * 1.1
    if "nearly" in said:
        low = value * 0.85
    if "over" in said:
        high = max(high, value + (10.0 ** math.floor(math.log10(value)) if value else 1.0))
    return (-math.inf if "under" in said else low), (math.inf if "least" in said else high)
