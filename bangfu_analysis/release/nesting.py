"""Which categories lie inside which, and all levels of each variable: from codebook and columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from functools import lru_cache
from itertools import permutations, product
from typing import Any, NamedTuple, TypeAlias

import pandas as pd

from bangfu_analysis.codebook import Band, Codebook
from bangfu_analysis.errors import CodebookError
from bangfu_analysis.release import cells
from bangfu_analysis.tidy.derive import add_bands

POPULATION = "population"  # as a condition: of which people this holds
PLACES = ("unit", "reporting_unit", "employer", "district")
Implied: TypeAlias = dict[cells.Where, set[tuple[str, str | None]]]


class Nest(NamedTuple):
    """How categories hang together.

    `implied`: who meets these conditions meets each of those; `covering`: by the names of finer variables
    (`age_five_year`, `age_five_year+sex`) and a coarser condition, the finer conditions that make it up;
    `levels`: all levels of each variable.
    """

    implied: Implied
    covering: Mapping[tuple[str, cells.Where], frozenset[cells.Where]]
    levels: Mapping[str, Sequence[str]]


class Inside(NamedTuple):
    """Finer conditions (levels of `by`) inside a coarser one, and whether they make it up."""

    by: str
    whole: tuple[str, str | None]
    parts: frozenset[cells.Where]
    complete: bool = True
    of: cells.Where = frozenset()  # {(POPULATION, which)}, where it holds of one alone


def nest_of(
    cuts: Sequence[cells.Cut], codebook: Codebook | None = None, people: pd.DataFrame | None = None,
    others: Sequence[Mapping[str, Any]] = (), named: Set[str] = frozenset(),
) -> Nest:
    """How the categories of `cuts` and of `others` (release.json) hang together.

    By the codebook's bands, by conditions of several codes (variables that are `named`); of `people`, the
    rows that are counted: all values of a condition's column, which unit lies in which area.
    `{(age_five_year, from_20)}` implies `(age_ten_year, under_30)`; with `(sex, male)`, one of age_by_sex.
    """
    before = {name: codes for record in others for name, codes in record["levels"].items()}
    levels_before = {name: codes for name, codes in before.items() if not name.endswith(cells.ANSWERED)}
    levels = {**levels_before, **_levels_of(cuts, codebook, people)}
    names = {name.removesuffix(cells.ANY) for name in (*levels, *named)}
    banded = sorted({band.variable for band in codebook.bands.values()}) if codebook else []
    insides = [each for name in banded if codebook for each in _bands_of(name, codebook, frozenset(names))]
    insides += _places(people, names) if people is not None else []
    insides += _several(names)
    implied: Implied = {}
    for part, whole in ((part | each.of, each.whole) for each in insides for part in each.parts):
        implied.setdefault(part, set()).add(whole)
    covering = {(each.by, each.of | {each.whole}): each.parts for each in insides if each.complete}
    return Nest(implied, covering, levels)


def _several(names: Iterable[str]) -> Iterator[Inside]:
    """Conditions of several codes of a variable."""
    for several in sorted(names):
        name, codes = cells.one_of(several)
        if codes:
            yield Inside(name, (several, "yes"), _each(name, codes))


def _each(name: str, codes: Iterable[str]) -> frozenset[cells.Where]:
    return frozenset(frozenset({(name, code)}) for code in codes)


def _places(people: pd.DataFrame, asked: Set[str]) -> Iterator[Inside]:
    """Which unit lies in which other, which area: everybody knows that of the places where he works."""
    of = frozenset((POPULATION, f"workers/{wave}") for wave in people.get("wave", pd.Series()).unique())
    names = [name for name in (*PLACES, *cells.AREAS) if name in asked & {*people}]
    for finer, coarser in permutations(names, 2):
        pairs = people[[finer, coarser]].astype(object).drop_duplicates()
        inside = pairs[~pairs.duplicated(finer, keep=False)].dropna()
        for code, rows in pairs.groupby(coarser):
            parts = inside.loc[inside[coarser].eq(code), finer]
            complete = len(parts) == len(rows)
            yield Inside(finer, (coarser, str(code)), _each(finer, map(str, parts)), complete, of)


def _bands_of(variable: str, codebook: Codebook, asked: Set[str]) -> Sequence[Inside]:
    """What those bands of a variable that are asked for say of each other, on every value it may have."""
    bands = [band for band in codebook.bands.values() if band.variable == variable]
    names = [cells.IN_TABLES.get(variable, variable)] if _is_coded(bands) else []
    names = [name for name in (*names, *(band.name for band in bands)) if name in asked]
    return _nested(variable, codebook, (*names, *asked & {"sex"})) if names else ()


@lru_cache(maxsize=256)  # asked for again at every protection of a report
def _nested(variable: str, codebook: Codebook, names: tuple[str, ...]) -> Sequence[Inside]:
    if len(names) < 2:
        return ()
    bands = [band for band in codebook.bands.values() if band.variable == variable]
    rows = add_bands(_every_value(variable, bands, codebook), codebook)
    every = rows.astype(object).rename(columns=cells.IN_TABLES)
    found: list[Inside] = []
    implied: Implied = {}
    own = [name for name in names if name != "sex"]
    for finer in [*([name] for name in own), *([name, "sex"] for name in own)]:
        groups = every.dropna(subset=finer).groupby(finer)
        others = [name for name in names if name not in finer]
        first, kinds = groups[others].first(), groups[others].nunique(dropna=False)
        parts: dict[tuple[str, Any], set[cells.Where]] = {}
        for codes, row in first.where(kinds.eq(1)).iterrows():
            part = _where(finer, codes if isinstance(codes, tuple) else (codes,))
            known = {c for each in part if len(part) > 1 for c in implied.get(frozenset({each}), ())}
            implied[part] = {(str(name), str(code)) for name, code in row.dropna().items()}
            for whole in implied[part] - known:
                parts.setdefault(whole, set()).add(part)
        for (name, code), inside in parts.items():
            held = every.loc[every[name].eq(code), finer].drop_duplicates().itertuples(index=False)
            complete = name != "sex" and {_where(finer, row) for row in held} == inside
            found.append(Inside("+".join(sorted(finer)), (name, code), frozenset(inside), complete))
    return found


def _where(names: Sequence[str], codes: Iterable[object]) -> cells.Where:
    return frozenset((name, cells.code_of(code)) for name, code in zip(names, codes, strict=True))


def _levels_of(
    cuts: Iterable[cells.Cut], codebook: Codebook | None, people: pd.DataFrame | None
) -> dict[str, list[str]]:
    """All levels of each variable: those of the columns; of one that is no column, of codebook or people."""
    found: dict[str, dict[str, None]] = {}
    for cut in cuts:
        for name in (d for d in cut.dimensions if d not in cut.apart):
            column, variable = cut.frame[name], cells.name_of(cut, name)
            kept = isinstance(column.dtype, pd.CategoricalDtype)
            values = column.cat.categories if kept else column.dropna().unique()
            parts = [code for key, codes in cut.merged.items() if key[1] == variable for code in codes]
            said = [part for value in values for part in cells.parts_of(str(cells.code_of(value)))]
            own = dict.fromkeys([*said, *parts])
            found.setdefault(variable, {}).update(own)
        for name in set(cut.where) - set(found):
            held = people[name].dropna() if people is not None and name in people else None
            codes = cells.several_codes(cut.where[name]) if held is None else held.unique().tolist()
            said = sorted({str(cells.code_of(code)) for code in codes})
            with suppress(CodebookError):  # a unit has no codes
                said = list(codebook.labels(name) if codebook else ()) or said
            found[cells.IN_TABLES.get(name, name)] = dict.fromkeys(said)
    return {name: list(codes) for name, codes in sorted(found.items())}


def _every_value(variable: str, bands: Sequence[Band], codebook: Codebook) -> pd.DataFrame:
    """A frame with each code of the variable, or a number on each side of each bound, for both sexes."""
    levels = [level for band in bands for level in band.levels]
    if _is_coded(bands):
        name = cells.IN_TABLES.get(variable, variable)
        values: list[object] = list(codebook.variable("workers", name).codes)
    else:
        bounds = sorted({level[key] for level in levels for key in ("from", "below") if key in level})
        values = [bound - step for bound in bounds for step in (0.001, 0)]
    schemes: list[str | None] = [*sorted({scheme for band in bands for scheme in band.schemes})] or [None]
    of = {scheme: codebook.schemes[scheme]["levels"] if scheme else values for scheme in schemes}
    rows = [row for row in product(values, ("male", "female"), schemes) if row[0] in of[row[2]]]
    frame = pd.DataFrame(rows, columns=[variable, "sex", "hardship_scheme"])
    return frame.astype({variable: "category"} if _is_coded(bands) else {})


def _is_coded(bands: Sequence[Band]) -> bool:
    return any("codes" in level for band in bands for level in band.levels)
