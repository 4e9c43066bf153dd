"""Values that the codebook does not know, with the nearest code: lines for mapping.yaml, to be confirmed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence

from bangfu_analysis.cleaning.choices import read_choice, read_choices
from bangfu_analysis.cleaning.identity import name_key
from bangfu_analysis.codebook import Variable
from bangfu_analysis.findings import quoted
from bangfu_analysis.reading.tables import Column, SheetReading, Table
from bangfu_analysis.text import squeeze
from bangfu_analysis.words import MOST_ROWS, package_words, withheld

UNKNOWN = "value_unknown"
LONGEST = 12


def proposed_values(sheets: Sequence[SheetReading]) -> str:
    """The `values:` part of a mapping.yaml in which every unknown value is a comment with its nearest code; "" if none is.

    A value that is the name of a person on the same rows, or too long to be an answer, is left to `issues`; what may
    be a name, or stands in few rows and is no misspelt word, is not quoted.
    """
    names = {name_key(raw) for _, _, variable, raws in _columns(sheets) if variable.kind == "name" for raw in raws}
    unknown: dict[str, Counter[str]] = {}
    nearest: dict[tuple[str, str], str] = {}
    for table, column, variable, raws in _columns(sheets):
        if variable.kind not in ("choice", "choices") or column.tick:
            continue
        target = f"{variable.frame}.{variable.name}"
        for raw, times in Counter(raws).items():
            if _is_unknown(raw, variable, names):
                word = quoted(raw).strip()
                unknown.setdefault(target, Counter())[word] += times
                nearest[target, word] = f"{nearest_codes(word, variable)[0]}    # {table.file} [{table.sheet}]"
    lines = [
        line
        for target, words in unknown.items()
        for line in (f"  {target}:", *(_line(word, nearest[target, word], n) for word, n in words.items()))
    ]
    return "\n".join(["# 下列写法不在码本中。核对后去掉行首的 #。", "values:", *lines]) if lines else ""


def _line(word: str, nearest: str, n: int) -> str:
    words = package_words()
    if words.permit(word) or words.near(word) or (n >= MOST_ROWS and not words.names_in(word)):
        return f'    # "{word}": {nearest}，{n} 处'
    return f"    # {withheld(word)}（可能含个人信息，请看原表） {nearest.partition(' ')[2].lstrip()}，{n} 处"


def _columns(sheets: Iterable[SheetReading]) -> Iterator[tuple[Table, Column, Variable, list[Hashable]]]:
    for sheet in sheets:
        for table in sheet.tables:
            for column in table.columns:
                if column.variable is not None and column.index in table.body:
                    yield table, column, column.variable, table.body[column.index].dropna().tolist()


def _is_unknown(raw: object, variable: Variable, names: set[str | None]) -> bool:
    if len(squeeze(str(raw))) > LONGEST or squeeze(str(raw)) in names:
        return False
    read = read_choice if variable.kind == "choice" else read_choices
    return read(raw, variable).problem == UNKNOWN


def nearest_codes(word: str, variable: Variable, schemes: frozenset[str] | None = None) -> list[str]:
    """The codes whose spellings are most like `word`, best first."""
    from rapidfuzz import process

    found = process.extract(squeeze(word), list(variable.spellings), limit=8)
    return list(dict.fromkeys(variable.spellings[near][0].code for near, _, _ in found))
