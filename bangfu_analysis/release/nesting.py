"""Which categories lie inside which, and all levels of each variable: from codebook and columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import suppress
from itertools import permutations, product
from typing import Any, NamedTuple, TypeAlias

import pandas as pd

from bangfu_analysis.codebook import Band, Codebook
from bangfu_analysis.errors import CodebookError
from bangfu_analysis.release.cells import (
    ANSWERED,
    ANY,
    IN_TABLES,
    OVER_WAVES,
    Cut,
    Where,
    code_of,
    condition,
    name_of,
    one_of_several,
    several_codes,
)
from bangfu_analysis.tidy.derive import add_bands

Implied: TypeAlias = dict[Where, set[tuple[str, str | None]]]


class Nest(NamedTuple):
    """How categories hang together.

    `implied`: who meets these conditions meets each of those; `covering`: by the names of finer variables
    (`age_five_year`, `age_five_year+sex`) and a coarser condition, the finer conditions that make it up;
    `levels`: all levels of each variable.
    """

    implied: Implied
    covering: Mapping[tuple[str, Where], frozenset[Where]]
    levels: Mapping[str, Sequence[str]]


def nest_of(
    cuts: Sequence[Cut], codebook: Codebook | None = None, people: pd.DataFrame | None = None,
    others: Sequence[Mapping[str, Any]] = (),
) -> Nest:
    """How the categories of `cuts` and of `others` (release.json) hang together.

    By the codebook's bands, by conditions of several codes; of `people`, the rows that are counted: all
    values of a condition's column, which unit lies in which area.
    `{(age_five_year, from_20)}` implies `(age_ten_year, under_30)`; with `(sex, male)`, one of age_by_sex.
    """
    implied: Implied = {}
    covering: dict[tuple[str, Where], frozenset[Where]] = {}
    before = {n: c for record in others for n, c in record["levels"].items() if not n.endswith(ANSWERED)}
    levels = {**before, **_levels_of(cuts, codebook, people)}
    asked = {name.removesuffix(ANY) for name in levels}
    asked |= {name for cut in cuts for name, _ in condition(cut.where)}
    if codebook:
        for variable in sorted({band.variable for band in codebook.bands.values()}):
            _add_bands_of(variable, codebook, asked, implied, covering)
    if people is not None:
        _add_places(people, asked, implied, covering)
    for variable, codes in (item for cut in cuts for item in cut.where.items()):
        words = sorted({str(code_of(code)) for code in several_codes(codes)})
        if len(words) > 1:
            variable = IN_TABLES.get(variable, variable)
            whole = one_of_several(variable, words), "yes"
            parts = [frozenset({(variable, word)}) for word in words]
            covering[variable, frozenset({whole})] = frozenset(parts)
            for part in parts:
                implied.setdefault(part, set()).add(whole)
    for variable, common in ((name, one) for name, one in OVER_WAVES.items() if one in levels):
        into = _carried(variable, levels.get(variable, []), codebook)
        for code, one in into.items():
            implied.setdefault(frozenset({(variable, code)}), set()).add((common, one))
        for one in into.values():
            parts = [frozenset({(variable, code)}) for code, to in into.items() if to == one]
            covering[variable, frozenset({(common, one)})] = frozenset(parts)
    return Nest(implied, covering, levels)


def _carried(variable: str, codes: Iterable[str], codebook: Codebook | None) -> dict[str, str]:
    """What each code of one wave is called over all waves, by the crosswalk."""
    entries = codebook.crosswalk.get("carried", []) if codebook else []
    named = "district" if variable == "district" else "unit"
    into = {str(old): str(e["to"]) for e in entries if e["variable"] == named for old in e["from"]}
    found = {}
    for code in codes:
        found[code] = into.get(code, code)
        while found[code] in into and into[found[code]] != found[code]:
            found[code] = into[found[code]]
    return found


def _add_places(
    people: pd.DataFrame, asked: Set[str], implied: Implied,
    covering: dict[tuple[str, Where], frozenset[Where]],
) -> None:
    """Which unit lies in which other, which area: everybody knows that of the places where he works."""
    for finer, coarser in permutations([name for name in OVER_WAVES if name in asked & {*people}], 2):
        pairs = people[[finer, coarser]].astype(object).drop_duplicates()
        inside = pairs[~pairs.duplicated(finer, keep=False)].dropna()
        for code, rows in pairs.groupby(coarser):
            parts = inside.loc[inside[coarser].eq(code), finer]
            for part in parts:
                implied.setdefault(frozenset({(finer, str(part))}), set()).add((coarser, str(code)))
            if len(parts) == len(rows):
                covered = frozenset(frozenset({(finer, str(part))}) for part in parts)
                covering[finer, frozenset({(coarser, str(code))})] = covered


def _add_bands_of(
    variable: str, codebook: Codebook, asked: Set[str], implied: Implied,
    covering: dict[tuple[str, Where], frozenset[Where]],
) -> None:
    """What those bands of a variable that are asked for say of each other, on every value it may have."""
    bands = [band for band in codebook.bands.values() if band.variable == variable]
    names = [IN_TABLES.get(variable, variable)] if _is_coded(bands) else []
    names = [name for name in (*names, *(band.name for band in bands)) if name in asked]
    if not names or len({*names, "sex"} & asked) < 2:
        return
    every = add_bands(_every_value(variable, bands, codebook), codebook).astype(object)
    every, variable = every.rename(columns=IN_TABLES), IN_TABLES.get(variable, variable)
    for finer in [*([name] for name in names), *([name, "sex"] for name in names)]:
        groups = every.dropna(subset=finer).groupby(finer)
        others = [name for name in (*names, "sex") if name in asked and name not in finer]
        first, kinds = groups[others].first(), groups[others].nunique(dropna=False)
        parts: dict[tuple[str, str], set[Where]] = {}
        for codes, row in first.where(kinds.eq(1)).iterrows():
            own = _where(finer, codes if isinstance(codes, tuple) else (codes,))
            told = {c for each in own if len(own) > 1 for c in implied.get(frozenset({each}), ())}
            for whole in {(str(name), str(code)) for name, code in row.dropna().items()} - told:
                implied.setdefault(own, set()).add(whole)
                parts.setdefault(whole, set()).add(own)
        for (name, code), own_parts in parts.items():
            rows = every.loc[every[name].eq(code), finer].drop_duplicates()
            if name != "sex" and {_where(finer, row) for row in rows.itertuples(index=False)} == own_parts:
                covering["+".join(sorted(finer)), frozenset({(name, code)})] = frozenset(own_parts)


def _where(names: Sequence[str], codes: Iterable[object]) -> Where:
    return frozenset((name, code_of(code)) for name, code in zip(names, codes, strict=True))


def _levels_of(
    cuts: Iterable[Cut], codebook: Codebook | None, people: pd.DataFrame | None
) -> dict[str, list[str]]:
    """All levels of each variable: those of the columns; of one that is no column, of codebook or people."""
    found: dict[str, dict[str, None]] = {}
    for cut in cuts:
        for name in (d for d in cut.dimensions if d not in cut.apart):
            column = cut.frame[name]
            kept = isinstance(column.dtype, pd.CategoricalDtype)
            values = column.cat.categories if kept else column.dropna().unique()
            found.setdefault(name_of(cut, name), {}).update(dict.fromkeys(str(code_of(v)) for v in values))
        for name in set(cut.where) - set(found):
            held = people[name].dropna() if people is not None and name in people else None
            codes = several_codes(cut.where[name]) if held is None else held.unique().tolist()
            said = sorted({str(code_of(code)) for code in codes})
            found[IN_TABLES.get(name, name)] = dict.fromkeys(_in_codebook(name, codebook) or said)
    return {name: list(codes) for name, codes in sorted(found.items())}


def _in_codebook(name: str, codebook: Codebook | None) -> list[str]:
    with suppress(CodebookError):  # a unit has no codes
        return list(codebook.labels(name)) if codebook else []
    return []


def _every_value(variable: str, bands: Sequence[Band], codebook: Codebook) -> pd.DataFrame:
    """A frame with each code of the variable, or a number on each side of each bound, for both sexes."""
    levels = [level for band in bands for level in band.levels]
    if _is_coded(bands):
        values: list[object] = list(codebook.variable("workers", IN_TABLES.get(variable, variable)).codes)
    else:
        bounds = sorted({level[key] for level in levels for key in ("from", "below") if key in level})
        values = [bound - step for bound in bounds for step in (0.001, 0)]
    schemes: list[str | None] = [*sorted({scheme for band in bands for scheme in band.schemes})] or [None]
    rows = [row for row in product(values, ("male", "female"), schemes) if _is_of(row[0], row[2], codebook)]
    frame = pd.DataFrame(rows, columns=[variable, "sex", "hardship_scheme"])
    return frame.astype({variable: "category"} if _is_coded(bands) else {})


def _is_coded(bands: Sequence[Band]) -> bool:
    return any("codes" in level for band in bands for level in band.levels)


def _is_of(code: object, scheme: str | None, codebook: Codebook) -> bool:
    return scheme is None or code in codebook.schemes[scheme]["levels"]
