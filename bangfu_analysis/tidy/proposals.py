"""Values that the codebook does not know, with the nearest code: lines for mapping.yaml, to be confirmed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from bangfu_analysis.cleaning.choices import read_choice, read_choices
from bangfu_analysis.cleaning.identity import name_key
from bangfu_analysis.codebook import Variable
from bangfu_analysis.findings import quoted
from bangfu_analysis.reading.tables import SheetReading, mapped_columns
from bangfu_analysis.text import squeeze
from bangfu_analysis.words import MOST_ROWS, package_words, withheld

UNKNOWN = "value_unknown"
LONGEST = 12


def proposed_values(sheets: Sequence[SheetReading]) -> str:
    """The `values:` part of a mapping.yaml in which every unknown value is a comment with its nearest code;
    "" if none is.

    A value that is the name of a person on the same rows, or too long to be an answer, is left to `issues`;
    what may be a name, or stands in few rows and is no misspelt word, is not quoted.
    """
    lines: dict[str, list[str]] = {}
    for variable, word, shown, times, place in unknown_values(sheets):
        said = f'    # "{word}": {nearest_codes(word, variable)[0]}    # {place}，{times} 处'
        hidden = f"    # {withheld(word)}（可能含个人信息，请看原表） # {place}，{times} 处"
        lines.setdefault(f"  {variable.frame}.{variable.name}:", []).append(said if shown else hidden)
    parts = [line for target, said in lines.items() for line in (target, *said)]
    return "\n".join(["# 下列写法不在码本中。核对后去掉行首的 #。", "values:", *parts]) if parts else ""


def unknown_values(sheets: Sequence[SheetReading]) -> Iterator[tuple[Variable, str, bool, int, str]]:
    """Variable, value, whether it may be quoted, in how many rows it stands and where first."""
    columns = [(t, c, c.meaning, t.body[c.index].dropna().tolist()) for t, c in mapped_columns(sheets)]
    names = {name_key(raw) for _, _, variable, raws in columns if variable.kind == "name" for raw in raws}
    found: dict[tuple[str, str, str], tuple[Variable, int, str]] = {}
    for table, column, variable, raws in columns:
        if variable.kind not in ("choice", "choices") or column.tick:
            continue
        for raw, times in Counter(raws).items():
            if _is_unknown(raw, variable, names):
                key = (variable.frame, variable.name, quoted(raw).strip())
                _, before, place = found.get(key, (variable, 0, f"{table.file} [{table.sheet}]"))
                found[key] = (variable, before + times, place)
    words = package_words()
    for (_, _, word), (variable, times, place) in found.items():
        often = times >= MOST_ROWS and not words.names_in(word)
        yield variable, word, bool(words.permit(word) or words.near(word) or often), times, place


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
