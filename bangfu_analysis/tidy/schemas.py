"""The schema of every frame: which columns, of which type, with which codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pandas as pd

from bangfu_analysis.codebook import Codebook, Variable
from bangfu_analysis.errors import BangfuError, listed
from bangfu_analysis.findings import ACTIONS, COLUMNS, SEVERITIES
from bangfu_analysis.reading.tables import CELL_FATES, ROW_FATES

DATE = "datetime64[ms]"
PROVENANCE = {"wave": "str", "source_file": "str", "source_sheet": "str", "source_row": "Int64"}
ID_BASES = ("id_number", "id15_name", "name_birth_unit", "row")
PRECISIONS = ("day", "month", "year")
VERDICTS = ("agrees", "differs", "cannot_tell")
_BY_KIND = {
    "yes_no": "boolean", "count": "Int64", "age": "Int64", "number": "Float64", "money": "Float64",
    "date": DATE, "text": "str", "unit": "str", "choices": "str",
}

NOT_KEPT = ("private", "ignored", "row_number", "name", "id_number", "remark")

# Columns in order. A column not typed here has the type of its codebook variable.
_WORKERS = [
    "person_id", "id_basis", "sex", "birth_date", "birth_date_precision", "age", "ethnicity", "education",
    "marital_status", "political_status", "hukou_type", "reporting_unit", "district", "employer",
    "employer_ownership", "enterprise_status", "industry", "employment_status", "skill_level", "model_worker",
    "health", "disability_type", "disability_grade", "medical_insurance", "housing_type", "floor_area",
    "household_size", "income_personal_monthly", "income_per_capita_monthly", "income_household_annual",
    "rigid_expense_annual", "debt", "hardship_scheme", "hardship_level", "cause_main", "has_dibao",
    "is_single_parent", "is_zero_employment", "file_date", "exit_date", "exit_reason",
]
FRAME_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "workers": tuple(_WORKERS),
    "exits": tuple(_WORKERS),
    "members": ("person_id", "member_no", "relation", "sex", "birth_date", "age", "health", "status", "income_monthly"),
    "causes": ("person_id", "cause", "rank"),
    "keys": ("person_id", "cell", "whole", "name_id", "name_birth", "name_employer", "name_unit", "code"),
    "population": ("district", "unit", "sex", "age_band", "education", "n"),
    "totals": ("what", "cell", "stated", "computed", "verdict"),
}
_OWN_TYPES: Mapping[str, Any] = {
    "person_id": "str", "id_basis": pd.CategoricalDtype(list(ID_BASES)), "hardship_scheme": "str",
    "birth_date_precision": pd.CategoricalDtype(list(PRECISIONS)), "member_no": "Int64", "rank": "Int64",
    "whole": "boolean", **dict.fromkeys(("name_id", "name_birth", "name_employer", "name_unit", "code"), "str"),
    "what": "str", "cell": "str", "stated": "Float64", "computed": "Float64", "verdict": pd.CategoricalDtype(list(VERDICTS)),
}
_ELSEWHERE = ("cause", "cause_other", "file_status", "work_start")  # of workers, and told by other columns and frames
PEOPLE = ("workers", "exits", "causes", "keys")
KEYS = dict.fromkeys(("workers", "keys"), ["wave", "person_id"])

LAYOUT = ("kind", "header_rows", "heading", "variable", "status")

QUESTIONNAIRE_FRAMES = {
    "questions": ["question_id", "number", "text", "kind", "item", "options"],
    "responses": ["respondent_id", "question_id", "item", "option", "value", "text", "status"],
}


def dtypes(frame: str, codebook: Codebook) -> dict[str, Any]:
    """Column -> dtype of one frame of the contract, provenance first."""
    if frame == "sources":
        return _sources_types()
    if frame == "issues":
        return _issues_types()
    if frame == "layout":
        return PROVENANCE | dict.fromkeys(LAYOUT, "str")
    source = codebook.of("workers" if frame in ("exits", "causes") else frame)
    own = FRAME_COLUMNS.get(frame) or ledger_columns(frame, codebook)
    return PROVENANCE | {c: _column_type(c, source) for c in [*own, *_further(frame, codebook)]}


def _further(frame: str, codebook: Codebook) -> list[str]:
    """What else the codebook keeps of people: variables that lists ask for here and there, or a study's own.
    """
    of = {"workers": "workers", "exits": "workers", "members": "members"}.get(frame, "")
    kept = [v.name for v in codebook.of(of).values() if v.kind not in NOT_KEPT]
    return [name for name in kept if name not in (*FRAME_COLUMNS[frame], *_ELSEWHERE)] if of else []


def ledgers(codebook: Codebook) -> list[str]:
    """The frames whose columns the codebook alone decides: units, aid, activities, and those of further
    mechanisms.
    """
    return [frame for frame in dict.fromkeys(v.frame for v in codebook.variables) if frame not in FRAME_COLUMNS]


def ledger_columns(frame: str, codebook: Codebook) -> list[str]:
    """The columns of such a frame: its variables that leave the raw files, behind the pseudonym where it
    names people.
    """
    kept = [v.name for v in codebook.of(frame).values() if v.kind not in NOT_KEPT]
    return ["person_id", *kept] if "id_number" in codebook.of(frame) else kept


def _column_type(column: str, variables: Mapping[str, Any]) -> Any:
    if column in _OWN_TYPES:
        return _OWN_TYPES[column]
    variable = variables["cause" if column == "cause_main" else column]
    if column in ("cause", "cause_main"):
        return pd.CategoricalDtype(variable.codes, ordered=variable.ordered)
    return dtype_of(variable)


def dtype_of(variable: Variable) -> Any:
    """The dtype of a column of the variable's values."""
    if variable.levels and variable.kind == "choice":
        return pd.CategoricalDtype(variable.codes, ordered=variable.ordered)
    return _BY_KIND[variable.kind]


def _sources_types() -> dict[str, Any]:
    counts = [f"rows_{fate}" for fate in ROW_FATES] + ["cells_filled"] + [f"cells_{fate}" for fate in CELL_FATES]
    text = dict.fromkeys(("kind", "header_rows"), "str")
    bounds = dict.fromkeys(("first_row", "last_row", "rows"), "Int64")
    return PROVENANCE | text | bounds | dict.fromkeys(counts, "Int64") | {"reason": "str", "confidence": "Float64"}


def _issues_types() -> dict[str, Any]:
    own: dict[str, Any] = dict.fromkeys(COLUMNS, "str")
    own["source_row"] = "Int64"
    own["severity"] = pd.CategoricalDtype(list(SEVERITIES), ordered=True)
    own["action"] = pd.CategoricalDtype(list(ACTIONS))
    return {"wave": "str"} | own


def typed(rows: pd.DataFrame, frame: str, codebook: Codebook) -> pd.DataFrame:
    """`rows` with exactly the columns and dtypes of `frame`; absent columns are added as missing, others
    dropped.
    """
    wanted = dtypes(frame, codebook)
    if rows.empty:
        return pd.DataFrame({c: pd.Series(dtype=t) for c, t in wanted.items()})
    full = rows.reindex(columns=list(wanted))
    return pd.DataFrame({c: _cast(full[c], t) for c, t in wanted.items()}).reset_index(drop=True)


def _cast(values: pd.Series[Any], dtype: Any) -> pd.Series[Any]:
    if values.dtype == dtype:
        return values
    objects: Any = values.astype(object)
    if isinstance(dtype, pd.CategoricalDtype):
        return pd.Series(pd.Categorical(objects, dtype=dtype), index=values.index)
    objects = pd.to_datetime(objects, errors="raise") if dtype == DATE else objects.where(values.notna(), None)
    return cast("pd.Series[Any]", objects.astype(dtype))


def check(rows: pd.DataFrame, frame: str, codebook: Codebook) -> pd.DataFrame:
    """`rows` unchanged where they keep to the schema of `frame`; BangfuError lists the faults otherwise.

    All faults are gathered at once (pandera, lazy).
    """
    import pandera.pandas as pa  # takes seconds to import

    if frame in QUESTIONNAIRE_FRAMES:  # categories are the answers given, so that only the columns can be held
        named = dict.fromkeys([*PROVENANCE, *QUESTIONNAIRE_FRAMES[frame]], pa.Column(nullable=True))
        return _validated(rows, pa.DataFrameSchema(named, name=frame), frame)
    wanted = dtypes(frame, codebook)
    if rows.empty and list(rows.dtypes.items()) == list(wanted.items()):
        return rows  # most frames of most waves: pandera takes a second for a score of them
    columns = {c: pa.Column(t, nullable=True) for c, t in wanted.items()}
    if "person_id" in columns:
        pattern = pa.Check.str_matches(r"^p[0-9a-f]{16}$")
        columns["person_id"] = pa.Column("str", pattern, nullable=frame not in PEOPLE)
    schema = pa.DataFrameSchema(columns, strict=True, ordered=True, unique=KEYS.get(frame), name=frame)
    return _validated(rows, schema, frame)


def _validated(rows: pd.DataFrame, schema: Any, frame: str) -> pd.DataFrame:
    import pandera.pandas as pa

    try:
        schema.validate(rows, lazy=True)
    except pa.errors.SchemaErrors as faults:
        cases = faults.failure_cases
        what = listed(f"{c.column}（{c.check}）" for c in cases[["column", "check"]].drop_duplicates().itertuples())
        raise BangfuError(
            f"数据框 {frame} 不符合约定的结构：{what}。这是程序的错误，请连同 sources 一并反馈。"
        ) from faults
    return rows
