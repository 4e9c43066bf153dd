"""Words in the wrong place: a column shifted by one, a name inside a remark. They must not leave the raw
files.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import pandas as pd

from bangfu_analysis.cleaning.readings import told
from bangfu_analysis.codebook import Variable
from bangfu_analysis.findings import Finding
from bangfu_analysis.text import mask, squeeze
from bangfu_analysis.tidy.values import CleanTable, finding_at
from bangfu_analysis.words import MOST_ROWS, Words, like_a_name, withheld

WORDED = ("unit", "text")
_SHORTEST = 2  # characters of a name
_QUOTE = re.compile("“([^”]*)”")
_SURE = 3  # characters of a name that is no word of a unit's name or of a sentence


def known_names(*frames: pd.DataFrame) -> frozenset[str]:
    """The names of workers and members of a wave, in memory only."""
    named = [frame["name_key"].dropna().unique() for frame in frames if "name_key" in frame]
    return frozenset(name for names in named for name in names if len(name) >= _SHORTEST)


def without_names(
    rows: pd.DataFrame, names: frozenset[str], cleans: Sequence[CleanTable],
    variables: Mapping[str, Variable], words: Words,
) -> tuple[pd.DataFrame, list[Finding]]:
    """`rows` with every unit or text that is somebody's name made missing, names inside one masked, a finding
    each.

    A name is one of `names`, or what looks like one in a text that stands in fewer than MOST_ROWS rows.
    """
    whole, part = told("name_in_cell"), told("name_in_cell/part")
    findings: list[Finding] = []
    cleared = {}
    for variable in [v for v in variables.values() if v.kind in WORDED and v.name in rows]:
        times = rows[variable.name].value_counts()
        said = {value: _nameless(str(value), names, words, int(n)) for value, n in times.items()}
        changed = {value: nameless for value, nameless in said.items() if nameless != value}
        hit = rows[variable.name].isin([*changed])
        cleared[variable.name] = rows[variable.name].where(~hit, rows[variable.name].map(changed))
        for table, row, value in rows.loc[hit, ["table", "row", variable.name]].itertuples(index=False):
            column = cleans[table].column(variable.frame, variable.name)
            if column is not None:
                reading = whole if changed[value] is None else part._replace(value=changed[value])
                findings.append(finding_at(cleans[table].table, int(row), column, reading, mask("人名")))
    return rows.assign(**cleared), findings


def _nameless(text: str, names: frozenset[str], words: Words, rows: int) -> str | None:
    """A text without names, None where it is nothing else."""
    said = squeeze(text)
    if said in names:
        return None
    whole = rows >= MOST_ROWS or said in words.known
    found = [] if whole else words.names_in(text)
    if said in found:
        return None
    return _blotted(text, {*found, *_held(said, names), *(set(words.unknown(said)) & names)})


def _held(text: str, names: frozenset[str]) -> list[str]:
    """The known names of three characters and more inside a text."""
    pieces = {text[a : a + size] for size in _lengths(names) for a in range(len(text) - size + 1)}
    return [name for name in pieces & names if len(name) >= _SURE]


@lru_cache(maxsize=4)
def _lengths(names: frozenset[str]) -> frozenset[int]:
    return frozenset(map(len, names))


def _blotted(text: str, names: set[str]) -> str:
    for name in sorted(names, key=lambda name: (-len(name), name)):
        text = text.replace(name, "*" * len(name))
    return text


def permitted(findings: Sequence[Finding], names: frozenset[str], words: Words) -> list[Finding]:
    """The findings with every quote withheld that is not made of known words.

    What stands in MOST_ROWS cells of a variable, or is a known word misspelt, and holds no name, is quoted
    too.
    """
    times = Counter((finding.variable, finding.raw) for finding in findings)
    shown: dict[tuple[str, bool], bool] = {}

    def may(text: str, often: bool) -> bool:
        if (text, often) not in shown:
            shown[text, often] = _is_permitted(text, names, words, often=often)
        return shown[text, often]

    return [_quoting(f, may, times[f.variable, f.raw] >= MOST_ROWS) for f in findings]


def _is_permitted(text: str, names: frozenset[str], words: Words, *, often: bool) -> bool:
    said = squeeze(text)
    if said in names or _held(said, names):
        return False
    return words.permit(text) or words.near(text) or (often and not like_a_name(said) and not words.names_in(said))


def _quoting(finding: Finding, may: Callable[[str, bool], bool], often: bool) -> Finding:
    def fit(text: str) -> str:
        return text if may(text, often and text == finding.raw) else withheld(text)

    if not finding.raw and not finding.value and "“" not in finding.message:
        return finding
    message = _QUOTE.sub(lambda quote: f"“{fit(quote[1])}”", finding.message)
    raw, value = fit(finding.raw), fit(finding.value)
    if (raw, value, message) == (finding.raw, finding.value, finding.message):
        return finding
    return replace(finding, raw=raw, value=value, message=message)
