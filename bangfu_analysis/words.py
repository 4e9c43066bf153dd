"""Words by permission: what a raw cell says is quoted where every word is known; and what may be a name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from bangfu_analysis.codebook import Codebook, load_codebook, patterns
from bangfu_analysis.text import mask_long_numbers, squeeze

LIKE = patterns("names")
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
        self.alone = frozenset(word for word in known if LIKE["surname"].fullmatch(word))
        self.known = known - self.alone  # 孙 is a word, but not in 孙梓轩
        self._longest = max(map(len, self.known), default=1)

    def unknown(self, text: str) -> list[str]:
        """The runs of Chinese characters that no known words make up, as few characters as possible.

        >>> from bangfu_analysis.codebook import load_codebook
        >>> Words(load_codebook()).unknown("丈夫李梓轩患病3年")
        ['李梓轩']
        """
        plain = squeeze(text)
        best = [(0, 0)] * (len(plain) + 1)  # unknown characters from here on, and how far the first word goes
        for at in range(len(plain) - 1, -1, -1):
            alone = int(_HANZI.match(plain[at]) is not None)
            lengths = range(1, min(self._longest, len(plain) - at) + 1)
            fitting = [length for length in lengths if plain[at : at + length] in self.known]
            words = [(best[at + length][0], -length) for length in fitting]
            best[at] = min([(best[at + 1][0] + alone, 1), *words])
        at, left = 0, ""
        while at < len(plain):
            step = best[at][1]
            left += plain[at] if step == 1 and _HANZI.match(plain[at]) else " "
            at += abs(step)
        return [run for run in left.split() if run not in self.alone]

    def permit(self, text: str) -> bool:
        """Whether every word of a text is known, and no number in it may be a person's."""
        return mask_long_numbers(text) == text and not self.unknown(text)

    def near(self, text: str) -> bool:
        """Whether a text is a known word misspelt, and no name."""
        plain = squeeze(text)
        if len(plain) < 2 or like_a_name(plain):
            return False
        from rapidfuzz import process
        from rapidfuzz.distance import Levenshtein

        nearest = process.extractOne(plain, self.known, scorer=Levenshtein.distance, score_cutoff=NEAR)
        return nearest is not None and len(nearest[0]) >= 2

    def names_in(self, text: str) -> list[str]:
        """What looks like the name of a person in the text of a unit, a place or an activity."""
        plain = squeeze(text)
        names = LIKE["foreign"].findall(plain)
        if LIKE["place"].fullmatch(plain):
            return names
        return [*names, *(run for run in self.unknown(plain) if like_a_name(run) and run not in names)]


@lru_cache(maxsize=1)
def package_words() -> Words:
    """The words of the package's codebook."""
    return Words(load_codebook())


def like_a_name(text: str) -> bool:
    """Whether a text may be nothing but a person's name.

    >>> like_a_name("李梓轩"), like_a_name("古丽娜尔·吐尔逊"), like_a_name("松江木材厂")
    (True, True, False)
    """
    native = LIKE["name"].fullmatch(text) and not LIKE["place"].fullmatch(text)
    return bool(native or LIKE["foreign"].fullmatch(text))


def withheld(text: str) -> str:
    """What stands for a text that is not quoted."""
    return f"〔文字{len(squeeze(text))}字〕"
