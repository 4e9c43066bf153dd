"""Names in the wrong place: a column shifted by one, a name inside a remark. They must not leave the raw files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

import pandas as pd

from bangfu_analysis.cleaning.readings import Reading
from bangfu_analysis.codebook import Variable
from bangfu_analysis.findings import Finding
from bangfu_analysis.text import mask, squeeze
from bangfu_analysis.tidy.values import CleanTable, finding_at

WORDED = ("unit", "text")
_SHORTEST, _LONGEST = 2, 4  # characters of a Chinese name
_QUOTE = re.compile("“[^”]*”")
_SURE = 3  # characters of a name that is no word of a unit's name or of a sentence


def known_names(*frames: pd.DataFrame) -> frozenset[str]:
    """The names of workers and members of a wave, in memory only."""
    named = [frame["name_key"].dropna().unique() for frame in frames if "name_key" in frame]
    return frozenset(name for names in named for name in names if len(name) >= _SHORTEST)


def without_names(
    rows: pd.DataFrame, names: frozenset[str], cleans: Sequence[CleanTable], variables: Mapping[str, Variable]
) -> tuple[pd.DataFrame, list[Finding]]:
    """`rows` with every unit or text that is somebody's name made missing, names inside one masked, and a finding each."""
    whole = Reading(None, "name_in_cell", "missing", "此处像是人名，为保护个人信息未予保留。请核对是否错列。")
    part = Reading(None, "name_in_cell", "repaired", "其中有本批次人员的姓名，已遮盖。请核对。")
    findings: list[Finding] = []
    cleared = {}
    for variable in [v for v in variables.values() if v.kind in WORDED and v.name in rows]:
        said = {value: _nameless(str(value), names) for value in rows[variable.name].dropna().unique()}
        changed = {value: nameless for value, nameless in said.items() if nameless != value}
        hit = rows[variable.name].isin([*changed])
        cleared[variable.name] = rows[variable.name].where(~hit, rows[variable.name].map(changed))
        for table, row, value in rows.loc[hit, ["table", "row", variable.name]].itertuples(index=False):
            column = cleans[table].column(variable.frame, variable.name)
            if column is not None:
                reading = whole if changed[value] is None else part._replace(value=changed[value])
                findings.append(finding_at(cleans[table].table, int(row), column, reading, mask("人名")))
    return rows.assign(**cleared), findings


def _nameless(text: str, names: frozenset[str]) -> str | None:
    return None if squeeze(text) in names else _blotted(text, names)


def _blotted(text: str, names: frozenset[str]) -> str:
    """`text` with the known names of three characters and more masked."""
    for length in range(_LONGEST, _SURE - 1, -1):
        for start in range(len(text) - length + 1):
            if text[start : start + length] in names:
                text = text[:start] + "*" * length + text[start + length :]
    return text


def masked(findings: Sequence[Finding], names: frozenset[str]) -> list[Finding]:
    """The findings with every quote that holds a known name masked."""
    texts = {text for finding in findings for text in (finding.raw, finding.value)}
    holding = {text for text in texts if _holds(text, names)}
    return [_masked(finding, holding, names) for finding in findings]


def _masked(finding: Finding, holding: Set[str], names: frozenset[str]) -> Finding:
    if finding.raw not in holding and finding.value not in holding:
        if finding.raw or "“" not in finding.message:
            return finding
        said = _QUOTE.sub(lambda quote: _blotted(quote.group(), names), finding.message)
        return finding if said == finding.message else replace(finding, message=said)
    raw, value = (mask(text) if text in holding else text for text in (finding.raw, finding.value))
    message = finding.message.replace(finding.raw, raw) if finding.raw else finding.message
    return replace(finding, raw=raw, value=value, message=message)


def _holds(text: str, names: frozenset[str]) -> bool:
    said = squeeze(text)
    return any(
        said[start : start + length] in names
        for length in range(_SHORTEST, _LONGEST + 1)
        for start in range(len(said) - length + 1)
    )
