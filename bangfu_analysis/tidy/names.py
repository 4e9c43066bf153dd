"""Names in the wrong place: a column shifted by one, a name inside a remark. They must not leave the raw files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from bangfu_analysis.cleaning.readings import Reading
from bangfu_analysis.findings import Finding
from bangfu_analysis.text import mask, squeeze
from bangfu_analysis.tidy.values import CleanTable, finding_at

WORDED = ("reporting_unit", "district", "employer")
_SHORTEST, _LONGEST = 2, 4  # characters of a Chinese name


def known_names(*frames: pd.DataFrame) -> frozenset[str]:
    """The names of workers and members of a wave, in memory only."""
    named = [frame["name_key"].dropna().unique() for frame in frames if "name_key" in frame]
    return frozenset(name for names in named for name in names if len(name) >= _SHORTEST)


def without_names(
    rows: pd.DataFrame, names: frozenset[str], cleans: Sequence[CleanTable]
) -> tuple[pd.DataFrame, list[Finding]]:
    """`rows` with every unit or district that is somebody's name made missing, and a finding for each such cell."""
    reading = Reading(None, "name_in_cell", "missing", "此处像是人名，为保护个人信息未予保留。请核对是否错列。")
    findings: list[Finding] = []
    cleared = {}
    for variable in [v for v in WORDED if v in rows]:
        said = rows[variable].dropna().unique()
        is_name = rows[variable].isin([value for value in said if squeeze(str(value)) in names])
        cleared[variable] = rows[variable].where(~is_name, None)
        for table, row in zip(rows.loc[is_name, "table"], rows.loc[is_name, "row"], strict=True):
            column = cleans[table].column("workers", variable)
            if column is not None:
                findings.append(finding_at(cleans[table].table, int(row), column, reading, mask("人名")))
    return rows.assign(**cleared), findings


def masked(findings: Sequence[Finding], names: frozenset[str]) -> list[Finding]:
    """The findings with every quote that holds a known name masked."""
    holding = {raw for raw in {finding.raw for finding in findings} if _holds(raw, names)}
    return [_masked(finding) if finding.raw in holding else finding for finding in findings]


def _masked(finding: Finding) -> Finding:
    hidden = mask(finding.raw)
    value = mask(finding.value) if finding.value == finding.raw else finding.value
    return replace(finding, raw=hidden, value=value, message=finding.message.replace(finding.raw, hidden))


def _holds(text: str, names: frozenset[str]) -> bool:
    said = squeeze(text)
    return any(
        said[start : start + length] in names
        for length in range(_SHORTEST, _LONGEST + 1)
        for start in range(len(said) - length + 1)
    )
