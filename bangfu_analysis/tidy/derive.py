"""What follows from a worker's row: full years, report bands, income per head, hardship by a scheme's rule.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from bangfu_analysis.codebook import Band, Codebook
from bangfu_analysis.errors import ArgumentError, ColumnMissing


def full_years(birth: pd.Series[Any], reference: datetime.date) -> pd.Series[Any]:
    """Full years (周岁) lived on `reference`: one more from the birthday on; 29 February has its birthday on
    1 March.

    Returns Int64 with the index of `birth` (dates); missing where the birth is missing or lies after
    `reference`.
    """
    when = pd.to_datetime(birth)
    month = when.dt.month
    before = (month > reference.month) | (month.eq(reference.month) & (when.dt.day > reference.day))
    years = (reference.year - when.dt.year - before.where(when.notna())).astype("Float64").astype("Int64")
    return years.where(years >= 0).rename("age")


def add_bands(workers: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    """`workers` with one categorical column (ordered, but for age_by_sex) per band of a variable that the
    frame has.

    A band reads codes (education) or [from, below) of a number (age), and `sex` where a level names one. A
    value that no level takes (education `other`) is missing, and so outside the base of a table.
    `hardship_level` keeps only the levels of the schemes that occur, so that tables hold no rows of schemes
    nobody used.
    """
    bands = bands_of(workers.columns, codebook)
    known = {"hardship_level", "hardship_scheme"} <= set(workers.columns)
    narrowed = {"hardship_level": levels_in_use(workers, codebook)} if known else {}
    return workers.assign(**narrowed, **{band.name: _banded(workers, band) for band in bands})


def bands_of(columns: Iterable[str], codebook: Codebook) -> list[Band]:
    """The bands that can be read from these columns of workers."""
    return [b for b in codebook.bands.values() if {b.variable, *_beside(b)} <= set(columns)]


def income_per_head(workers: pd.DataFrame, *, after_rigid: bool = False) -> pd.Series[Any]:
    """Yuan per person per month: yearly household income / 12 / household size (Float64, missing where one
    is).

    `after_rigid`: unavoidable yearly spending is taken off first, as the rules since 2018 want; it may fall
    below 0.
    """
    needed = ["income_household_annual", "household_size", *(["rigid_expense_annual"] if after_rigid else [])]
    if absent := [c for c in needed if c not in workers]:
        raise ColumnMissing.naming(absent, [str(c) for c in workers.columns], where="income_per_head")
    income = workers["income_household_annual"].astype("Float64")
    left = income - workers["rigid_expense_annual"].astype("Float64") if after_rigid else income
    size = workers["household_size"].astype("Float64")
    return (left / 12 / size.where(size > 0)).rename("income_per_head")


def hardship_by_income(
    workers: pd.DataFrame, codebook: Codebook, *, scheme: str, line: float
) -> pd.Series[Any]:
    """The level that the income rule of `scheme` gives each worker (ordered categorical, worst first).

    `line` is yuan per person per month. The rule is the scheme's `income_rule` in the codebook: the first
    level whose multiple of the line lies above the income per head. Levels that no income decides (意外致困)
    are never given; above all multiples, and where income is missing, the result is missing. s2018: (income -
    unavoidable spending) / 12 / size under 1 line is deep, under 2 lines relative.
    """
    ruled = [name for name, entry in codebook.schemes.items() if "income_rule" in entry]
    if scheme not in ruled:
        raise ArgumentError.naming("scheme", scheme, ruled)
    if not line > 0:
        raise ArgumentError(f"hardship_by_income：line 应为大于 0 的低保标准（元/人·月），实际是 {line!r}。")
    rule = codebook.schemes[scheme]["income_rule"]
    income = income_per_head(workers, after_rigid=bool(rule["after_rigid"]))
    steps = {str(step["code"]): step["below"] * line for step in rule["levels"]}
    level = pd.Series(pd.NA, index=workers.index, dtype="object")
    for code, bound in steps.items():
        level = level.mask(level.isna() & (income < bound).fillna(False), code)
    return level.astype(pd.CategoricalDtype(list(steps), ordered=True)).rename("hardship_by_income")


def _banded(workers: pd.DataFrame, band: Band) -> pd.Series[Any]:
    found = pd.Series(pd.NA, index=workers.index, dtype="object")
    for level in band.levels:
        found = found.mask(_falls_in(workers, band.variable, level), str(level["code"]))
    return found.astype(kind_of(band))


def kind_of(band: Band) -> pd.CategoricalDtype:
    """The type of a band's column: ordered, unless its levels differ by sex."""
    return pd.CategoricalDtype(band.codes, ordered=not _needs_sex(band))


def _falls_in(workers: pd.DataFrame, variable: str, level: Mapping[str, Any]) -> pd.Series[Any]:
    """Which rows a level of a band takes; a missing value falls nowhere."""
    values, codes = workers[variable], level.get("codes")
    of_scheme = codes.items() if isinstance(codes, Mapping) else ()
    tests = [values.ge(level["from"])] if "from" in level else []
    tests += [values.lt(level["below"])] if "below" in level else []
    tests += [workers["sex"].eq(level["sex"])] if "sex" in level else []
    tests += [values.isin(codes)] if codes and not of_scheme else []
    if of_scheme:  # the codes that the scheme of the row gives
        rows = [workers["hardship_scheme"].eq(s).fillna(False) & values.isin(these) for s, these in of_scheme]
        tests.append(pd.concat(rows, axis=1).any(axis=1))
    inside = values.notna()
    for test in tests:
        inside &= test.fillna(False).astype(bool)
    return inside


def _beside(band: Band) -> list[str]:
    """The columns that a band reads beside its variable."""
    return ["sex"] * _needs_sex(band) + ["hardship_scheme"] * bool(band.schemes)


def _needs_sex(band: Band) -> bool:
    return any("sex" in level for level in band.levels)


def levels_in_use(workers: pd.DataFrame, codebook: Codebook) -> pd.Series[Any]:
    """`hardship_level` with the codes of the schemes that occur; unchanged where none is known."""
    used = set(workers["hardship_scheme"].dropna())
    codes = [str(code) for n, entry in codebook.schemes.items() if n in used for code in entry["levels"]]
    here = workers["hardship_level"].dropna().unique()
    rest = [code for code in codebook.variable("workers", "hardship_level").codes if code in here]
    kept = pd.CategoricalDtype(list(dict.fromkeys([*codes, *rest])))
    return workers["hardship_level"].astype(kept) if codes else workers["hardship_level"]


def with_bands(
    workers: pd.DataFrame, codebook: Codebook, population: pd.DataFrame | None = None
) -> pd.DataFrame:
    """`workers` with `unit` and one column per band of the codebook; see `with_unit` and `add_bands`. A table
    of `scan_study` has them.
    """
    if not isinstance(workers, pd.DataFrame):
        return workers
    return add_bands(with_unit(workers, population), codebook)


def with_unit(workers: pd.DataFrame, population: pd.DataFrame | None = None) -> pd.DataFrame:
    """`workers` with `unit`: the employer where it is known, else the reporting unit.

    Where `population` lists units, and the reporting unit is one of them but the employer is not (a school
    under the union of its system), the reporting unit is taken: rates are of the units that have
    denominators.
    """
    employer, reporting = workers["employer"], workers["reporting_unit"]
    known: Any = population["unit"].dropna() if population is not None and "unit" in population else []
    under = reporting.isin(known) & ~employer.isin(known)
    return workers.assign(unit=employer.where(employer.notna() & ~under, reporting))
