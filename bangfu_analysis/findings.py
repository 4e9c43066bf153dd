"""The ledger: one row per finding, with the address of the cell it is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from operator import attrgetter

import pandas as pd

from bangfu_analysis.text import is_address, is_blank, mask, mask_long_numbers

SEVERITIES = ("info", "warning", "error")
ACTIONS = ("missing", "repaired", "inferred", "kept", "conflict")
MOST_RAW_CHARACTERS = 40


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem of one cell (or row, sheet, file: then `cell` is that of its first cell, or empty).

    `raw` is what the cell says, masked where it identifies a person; `value` is what was made of it.
    `action`: missing (a value was given up), repaired, inferred, kept (as it is), conflict.
    """

    problem: str
    message: str
    severity: str = "warning"
    action: str = "kept"
    source_file: str = ""
    source_sheet: str = ""
    source_row: int | None = None
    cell: str = ""
    variable: str = ""
    raw: str = ""
    value: str = ""

    def at(self, file: str, sheet: str, row: int | None, cell: str) -> Finding:
        """The same finding with its address."""
        return replace(self, source_file=file, source_sheet=sheet, source_row=row, cell=cell)


COLUMNS = tuple(field.name for field in fields(Finding))
_FIELDS = attrgetter(*COLUMNS)


def quoted(raw: object, *, identifying: bool = False) -> str:
    """What a cell says, fit to be shown: masked if it identifies or is an address, long numbers masked, cut
    at 40 characters.
    """
    if is_blank(raw):
        return ""
    whole = isinstance(raw, float) and raw.is_integer()
    text = f"{raw:.0f}" if whole else str(raw).removesuffix(" 00:00:00")
    text = text[: 10 * MOST_RAW_CHARACTERS]  # before any expression looks at it
    shown = mask(text) if identifying or is_address(text) else mask_long_numbers(text)
    return shown if len(shown) <= MOST_RAW_CHARACTERS else shown[:MOST_RAW_CHARACTERS] + "…"


def findings_frame(findings: Iterable[Finding], wave: str) -> pd.DataFrame:
    """The frame `issues`: `wave` and the fields of Finding, one row per cell and problem, in the order of the
    sources.

    Text columns are `str`, `severity` and `action` categorical, `source_row` Int64.
    """
    rows = pd.DataFrame([_FIELDS(finding) for finding in findings], columns=list(COLUMNS))
    text = {c: "str" for c in COLUMNS if c not in ("source_row", "severity", "action")}
    typed = rows.astype(text).assign(
        source_row=rows["source_row"].astype("Int64"),
        severity=pd.Categorical(rows["severity"], categories=list(SEVERITIES), ordered=True),
        action=pd.Categorical(rows["action"], categories=list(ACTIONS)),
    )
    typed.insert(0, "wave", pd.Series(wave, index=typed.index, dtype="str"))
    place = ["source_file", "source_sheet"]
    ordered = typed.sort_values([*place, "source_row"], kind="stable", na_position="first")
    once = ordered.drop_duplicates([*place, "cell", "problem", "variable", "message"])
    return once.reset_index(drop=True)
