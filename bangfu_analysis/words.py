"""Words by permission: what a raw cell says is quoted where every word is known; and what may be a name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from bangfu_analysis.codebook import Codebook, load_codebook
from bangfu_analysis.text import mask_long_numbers, squeeze

_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章苏潘葛范彭郎鲁韦马苗凤方俞任袁柳鲍史唐费廉岑薛雷"
    "贺倪汤滕殷罗毕郝邬于傅皮卞齐康伍余顾孟黄穆萧尹姚邵汪祁毛禹狄米贝臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童"
    "颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯管卢莫经房裘缪干解应宗丁宣邓郁单杭洪包左崔吉钮龚程邢裴陆荣翁荀羊惠甄曲封芮储靳汲松井段"
    "富巫乌焦巴弓牧隗谷车侯宓蓬全郗班仰秋仲伊宫宁仇栾暴甘厉戎祖武符刘景詹束龙叶幸司韶黎薄宿白蒲邰鄂索籍赖卓蔺屠蒙乔苍闻莘党翟谭贡"
    "劳逄姬申冉宰雍桑桂濮牛扈燕冀浦温别庄晏柴瞿阎慕连茹习艾鱼向古戈廖庾暨耿弘匡文寇广欧师巩聂关荆闫肖"
)
_COMPOUND = "欧阳|司马|上官|诸葛|慕容|尉迟|皇甫|令狐|宇文|长孙|司徒|夏侯|东方|公孙|端木|轩辕|南宫|独孤|呼延"
_NAME = re.compile(rf"(?:[{_SURNAMES}][\u4e00-\u9fff]{{1,2}}|(?:{_COMPOUND})[\u4e00-\u9fff]{{1,2}})")
_FOREIGN = re.compile(r"[\u4e00-\u9fff]{2,}(?:[·•・‧][\u4e00-\u9fff]{2,})+")
_NO_PERSON = re.compile(
    r".*(?:厂|公司|集团|局|校|学|院|银行|矿|所|站|社|中心|会|办|处|社区|街道|街|路|屯|村|乡|镇|区|县|市|大楼|商场|百货|宾馆|酒店|部队|系统|车间|分厂|段|队|场|部门|库)"
)
_HANZI = re.compile(r"[\u4e00-\u9fff]")
MOST_ROWS = 3  # what stands in so many rows is no single person's
NEAR = 1  # characters that a misspelt word may differ in


class Words:
    """The words that are known: a codebook's, and `more` (units that the population sheet names)."""

    def __init__(self, codebook: Codebook, more: Iterable[str] = ()) -> None:
        said = [word for v in codebook.variables for level in v.levels for word in (level.label, *level.says)]
        said += [word for v in codebook.variables for word in (v.label, *v.headings, *v.unsure, *v.inner)]
        said += [str(level["label"]) for band in codebook.bands.values() for level in band.levels]
        said += [str(entry.get("label", "")) for entry in codebook.schemes.values()]
        known = frozenset(squeeze(word) for word in (*said, *codebook.words, *more)) - {""}
        self.alone = frozenset(word for word in known if len(word) == 1 and word in _SURNAMES)
        self.known = known - self.alone  # 孙 is a word, but not in 孙梓轩
        self._longest = max(map(len, self.known), default=1)

    def unknown(self, text: str) -> list[str]:
        """The runs of Chinese characters that no known words make up, as few characters as possible.

        >>> from bangfu_analysis.codebook import load_codebook
        >>> Words(load_codebook()).unknown("丈夫李梓轩患病3年")
        ['李梓轩']
        """
        said = squeeze(text)
        best = [(0, 0)] * (len(said) + 1)  # unknown characters from here on, and how far the first word goes
        for at in range(len(said) - 1, -1, -1):
            alone = int(_HANZI.match(said[at]) is not None)
            lengths = range(1, min(self._longest, len(said) - at) + 1)
            known = [length for length in lengths if said[at : at + length] in self.known]
            words = [(best[at + length][0], -length) for length in known]
            best[at] = min([(best[at + 1][0] + alone, 1), *words])
        return [run for run in _runs(said, best) if run not in self.alone]

    def permit(self, text: str) -> bool:
        """Whether every word of a text is known, and no number in it may be a person's."""
        return mask_long_numbers(text) == text and not self.unknown(text)

    def near(self, text: str) -> bool:
        """Whether a text is a known word misspelt, and no name."""
        said = squeeze(text)
        if len(said) < 2 or like_a_name(said):
            return False
        from rapidfuzz import process
        from rapidfuzz.distance import Levenshtein

        found = process.extractOne(said, self.known, scorer=Levenshtein.distance, score_cutoff=NEAR)
        return found is not None and len(found[0]) >= 2

    def names_in(self, text: str) -> list[str]:
        """What looks like the name of a person in the text of a unit, a place or an activity."""
        said = squeeze(text)
        found = _FOREIGN.findall(said)
        if _NO_PERSON.fullmatch(said):
            return found
        return [*found, *(run for run in self.unknown(said) if like_a_name(run) and run not in found)]


@lru_cache(maxsize=1)
def package_words() -> Words:
    """The words of the package's codebook."""
    return Words(load_codebook())


def _runs(said: str, best: list[tuple[int, int]]) -> list[str]:
    runs, at, run = [], 0, ""
    while at < len(said):
        step = best[at][1]
        if step == 1 and _HANZI.match(said[at]):
            run += said[at]
        else:
            runs += [run] if run else []
            run = ""
        at += abs(step)
    return [*runs, *([run] if run else [])]


def like_a_name(text: str) -> bool:
    """Whether a text may be nothing but a person's name.

    >>> like_a_name("李梓轩"), like_a_name("古丽娜尔·吐尔逊"), like_a_name("松江木材厂")
    (True, True, False)
    """
    return bool((_NAME.fullmatch(text) and not _NO_PERSON.fullmatch(text)) or _FOREIGN.fullmatch(text))


def withheld(text: str) -> str:
    """What stands for a text that is not quoted."""
    return f"〔文字{len(squeeze(text))}字〕"
