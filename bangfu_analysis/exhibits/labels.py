"""What a code or a column is called on a page, in Chinese or English, and how wide the words are."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd

from bangfu_analysis.codebook import Codebook, read_yaml
from bangfu_analysis.errors import CodebookError
from bangfu_analysis.release.cells import JOINT, parts_of

MISSING = "…"
LANGS = ("zh", "en")
WORDS = read_yaml(Path(__file__).with_name("words.yaml"))
STATES: dict[str, list[str]] = WORDS["states"]


def phrase(part: str, key: str, lang: str, *values: object) -> str:
    """What words.yaml says in Chinese or English, with `values` filled in."""
    return str(WORDS[part][key][lang == "en"]).format(*values)


def title_of(codebook: Codebook, name: str, lang: str = "zh") -> str:
    """The printed name of a column: the codebook's, or the name itself where the codebook has none."""
    if name in WORDS["titles"]:
        return phrase("titles", name, lang)
    if name.endswith("_before"):
        word, now = "上期" if lang == "zh" else "earlier ", name.removesuffix("_before")
        return word + title_of(codebook, now, lang)
    try:
        return codebook.title(name, lang)
    except CodebookError:
        return name


def labels_of(codebook: Codebook, values: pd.Series[Any], lang: str = "zh") -> list[str]:
    """The printed labels of a column of codes, in order; what has no label (a unit's name, a wave) stays as
    it is.

    Where hardship levels of one scheme share a code with another scheme's, the scheme that holds all codes
    names them.
    """
    name = str(values.name).removesuffix("_before")
    texts = {code: words[lang == "en"] for code, words in {**STATES, **WORDS["levels"].get(name, {})}.items()}
    texts |= WORDS["kinds"] if name == "taken_for" else {}
    with suppress(CodebookError):  # a unit or a wave has no codes
        texts |= codebook.labels("cause" if name == "cause_main" else name, lang)
    if name == "hardship_level":
        held = set(values.cat.categories) if isinstance(values.dtype, pd.CategoricalDtype) else set()
        texts |= _scheme_labels(codebook, set(values.dropna()) - set(STATES), held, lang)
    if pd.api.types.is_bool_dtype(values.dtype):
        texts = {truth: words[lang == "en"] for truth, words in WORDS["truths"].items()}
    def label(code: str) -> str:
        if code.endswith(JOINT):
            return STATES["joined"][lang == "en"]
        words = [texts.get(part, part) for part in parts_of(code)]
        *first, last = words or [code]
        return "及".join(filter(None, ["、".join(first), last]))  # one row of a list, that 、 would split

    return [MISSING if pd.isna(v) else label(str(v)) for v in values.astype(object)]


def unit_of(codebook: Codebook, counted_in: str, lang: str = "zh") -> str:
    """`persons` -> 人, `yuan/persons` -> 元/人; of 个单位 the heading says what they are."""
    words = codebook.labels("aid.counted_in", lang)
    named = (words.get(part, part) for part in counted_in.split("/"))
    return "/".join("个" if word.startswith("个") else word for word in named)


def labels_in(codebook: Codebook, table: pd.DataFrame, column: str, lang: str = "zh") -> list[str]:
    """The printed labels of a column of a table whose other columns may say what its codes are codes of.

    A `variable` or `term` is called by its title; a `level` or `reference` is one of that variable, or of the
    column before.
    """
    of = next((c for c in ("variable", "term") if c in table), "")
    if column == of:
        return [title_of(codebook, str(name).rpartition(".")[2], lang) for name in table[column]]
    if column == "reference" or (column == "level" and of):
        ahead = str(table.columns[max(list(table.columns).index(column) - 1, 0)])
        names = table[of] if of else [ahead] * len(table)
        codes = zip(table[column], names, strict=True)
        return [labels_of(codebook, pd.Series([code], name=name), lang)[0] for code, name in codes]
    return labels_of(codebook, table[column], lang)


def _scheme_labels(codebook: Codebook, codes: set[str], held: set[str], lang: str) -> dict[str, str]:
    """The labels of the scheme that has all `codes`; of several, of one whose levels are all `held` by the
    column's type.
    """
    levels = codebook.variable("workers", "hardship_level").levels
    by_scheme = ([lv for lv in levels if lv.scheme == scheme] for scheme in codebook.schemes)
    labels = [{lv.code: lv.label if lang == "zh" else lv.label_en for lv in group} for group in by_scheme]
    fitting = [named for named in labels if codes <= set(named)]
    return next((named for named in fitting if set(named) <= held), fitting[0] if fitting else {})


def text_width(text: str) -> int:
    """How many half-width characters a text takes."""
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in text)


def widest_line(texts: Iterable[str]) -> int:
    """The half-width characters of the longest line of texts that are wrapped already."""
    return max((text_width(line) for text in texts for line in text.split("\n")), default=0)
