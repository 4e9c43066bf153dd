"""The schema of every frame: which columns, of which type, with which codes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import pandas as pd

from bangfu_analysis.codebook import Codebook, Variable, read_yaml
from bangfu_analysis.errors import BangfuError, listed
from bangfu_analysis.findings import findings_frame

FRAMES_FILE = read_yaml(Path(__file__).with_name("frames.yaml"))
DATE = "datetime64[ms]"
PROVENANCE = {"wave": "str", "source_file": "str", "source_sheet": "str", "source_row": "Int64"}
FRAME_COLUMNS: Mapping[str, list[str]] = FRAMES_FILE["columns"]
_OWN_TYPES = {c: t if isinstance(t, str) else pd.CategoricalDtype(t) for c, t in FRAMES_FILE["types"].items()}
PEOPLE = ("workers", "exits", "causes", "keys")
KEYS = dict.fromkeys(("workers", "keys"), ["wave", "person_id"])


@lru_cache(maxsize=256)
def dtypes(frame: str, codebook: Codebook) -> dict[str, Any]:
    """Column -> dtype of one frame of the contract, provenance first."""
    if frame == "issues":
        return dict(findings_frame([], "").dtypes)
    if frame in FRAMES_FILE["whole"]:
        return {**PROVENANCE, **FRAMES_FILE["whole"][frame]}
    source = codebook.of("workers" if frame in ("exits", "causes") else frame)
    kept = [v.name for v in source.values() if v.kind not in FRAMES_FILE["not_kept"]]
    if frame not in FRAME_COLUMNS:  # a ledger
        columns = ["person_id"] * ("id_number" in source) + kept
    elif frame in ("workers", "exits", "members"):  # and what lists ask for here and there, or a study keeps
        more = [column for column in kept if column not in FRAMES_FILE["elsewhere"]]
        columns = list(dict.fromkeys([*FRAME_COLUMNS[frame], *more]))
    else:
        columns = FRAME_COLUMNS[frame]
    known = {**source, **({"cause_main": source["cause"]} if "cause" in source else {})}
    return PROVENANCE | {c: _OWN_TYPES[c] if c in _OWN_TYPES else dtype_of(known[c]) for c in columns}


def ledgers(codebook: Codebook) -> list[str]:
    """The frames whose columns the codebook alone decides: units, aid, activities, and those of further
    mechanisms.
    """
    return list(dict.fromkeys(v.frame for v in codebook.variables if v.frame not in FRAME_COLUMNS))


def dtype_of(variable: Variable) -> Any:
    """The dtype of a column of the variable's values."""
    one_a_row = variable.kind == "choice" or variable.name == "cause"  # several causes in a cell, each a row
    if variable.levels and one_a_row:
        return pd.CategoricalDtype(variable.codes, ordered=variable.ordered)
    return FRAMES_FILE["kinds"][variable.kind]


def typed(rows: pd.DataFrame, frame: str, codebook: Codebook) -> pd.DataFrame:
    """`rows` with exactly the columns and dtypes of `frame`; absent columns are added as missing, others
    dropped.
    """
    return _of_types(rows, frame, codebook) if len(rows) else _empty(frame, codebook).copy()


@lru_cache(maxsize=256)
def _empty(frame: str, codebook: Codebook) -> pd.DataFrame:
    return _of_types(pd.DataFrame(), frame, codebook)


def _of_types(rows: pd.DataFrame, frame: str, codebook: Codebook) -> pd.DataFrame:
    wanted = dtypes(frame, codebook)
    full = rows.reindex(columns=list(wanted))
    return pd.DataFrame({c: _cast(full[c], t) for c, t in wanted.items()}).reset_index(drop=True)


def _cast(values: pd.Series[Any], dtype: Any) -> pd.Series[Any]:
    if values.dtype == dtype:
        return values
    if values.isna().all():
        return pd.Series(index=values.index, dtype=dtype)
    objects: Any = values.astype(object)
    if isinstance(dtype, pd.CategoricalDtype):
        return pd.Series(pd.Categorical(objects, dtype=dtype), index=values.index)
    plain = pd.to_datetime(objects, errors="raise") if dtype == DATE else objects.where(values.notna(), None)
    return cast("pd.Series[Any]", plain.astype(dtype))


def check(rows: pd.DataFrame, frame: str, codebook: Codebook) -> pd.DataFrame:
    """`rows` unchanged where they keep to the schema of `frame`; BangfuError lists the faults otherwise.

    All faults are gathered at once (pandera, lazy).
    """
    import pandera.pandas as pa  # takes seconds to import

    if frame in FRAMES_FILE["questionnaires"]:  # categories are the answers given: columns alone can be held
        named = dict.fromkeys([*PROVENANCE, *FRAMES_FILE["questionnaires"][frame]], pa.Column(nullable=True))
        schema = pa.DataFrameSchema(named, name=frame)
    else:
        wanted, unique = dtypes(frame, codebook), KEYS.get(frame, [])
        other = list(rows.dtypes.items()) != list(wanted.items())
        if rows.empty and not other:
            return rows  # most frames of most waves: pandera takes a second for a score of them
        kept = wanted if other else {c: wanted[c] for c in unique}  # and long over each column
        columns = {c: pa.Column(t, nullable=True) for c, t in kept.items()}
        if "person_id" in wanted:
            pattern = pa.Check.str_matches(r"^p[0-9a-f]{16}$")
            columns["person_id"] = pa.Column("str", pattern, nullable=frame not in PEOPLE)
        schema = pa.DataFrameSchema(columns, strict=other, ordered=other, unique=unique or None, name=frame)
    try:
        schema.validate(rows, lazy=True)
    except pa.errors.SchemaErrors as faults:
        cases = faults.failure_cases[["column", "check"]].drop_duplicates()
        what = listed(f"{case.column}（{case.check}）" for case in cases.itertuples())
        fault = f"数据框 {frame} 不符合约定的结构：{what}。这是程序的错误，请连同 sources 一并反馈。"
        raise BangfuError(fault) from faults
    return rows
