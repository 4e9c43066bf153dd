"""Several waves as one: stacked, what was renamed or merged carried over, what cannot be compared said.

What may be compared, and how, is data: `crosswalk` and the bands by scheme of the codebook
(codebooks/crosswalk.yaml).
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import pandas as pd

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import listed
from bangfu_analysis.tidy.derive import income_per_head
from bangfu_analysis.tidy.frames import Frames, stacked
from bangfu_analysis.wave import Wave

DEFINITIONS = ["variable", "level", "wave", "definition", "comparable", "note"]
CARRIED = ["frame", "variable", "wave", "was", "now", "n", "note"]
_ORGANISATIONS = ("unit", "reporting_unit", "employer", "giver")
Entry = Mapping[str, Any]


def stack_waves(waves: Mapping[str, Frames], settings: Sequence[Wave], codebook: Codebook) -> Frames:
    """The frames of all waves, each in one, on what the waves share.

    `settings`: the wave.toml of each wave. Values that the crosswalk carries over (units renamed or merged,
    regions redrawn, categories dropped) are the ones that all waves know; `workers` has `income_to_line`
    (Float64: income per head over the wave's line, the rule of the band income_level). Two frames are added:
    `definitions` (see `definitions`), and `carried`, what was carried over: frame, variable, wave, was, now,
    n, note.
    """
    dates = {wave.name: wave.reference_date for wave in settings}
    lines = {wave.name: low_income_line(wave, codebook) for wave in settings}
    frames, moved = stacked(list(waves.values())), []
    for name, frame in frames.items():
        frames[name], found = carried_over(frame, codebook, dates)
        moved.append(found.assign(frame=name))
    frames["workers"] = frames["workers"].assign(income_to_line=income_to_line(frames["workers"], lines))
    frames["definitions"] = definitions(frames["workers"], codebook, dates, lines)
    frames["carried"] = pd.concat(moved, ignore_index=True)[CARRIED]
    return frames


def low_income_line(wave: Wave, codebook: Codebook) -> float | None:
    """The low-income line of a wave, yuan per person per month: of [line], what the crosswalk names first;
    None where absent.
    """
    known = [wave.line[name] for name in codebook.crosswalk["line"] if name in wave.line]
    chosen = known or (list(wave.line.values()) if len(wave.line) == 1 else [])
    return float(chosen[0]) if chosen else None


def income_to_line(workers: pd.DataFrame, lines: Mapping[str, float | None]) -> pd.Series[Any]:
    """Income per head a month over the line of the wave (Float64); missing where the income or the line is.

    Income is that of the household by its members; where that is not known, the income per head as stated.
    """
    stated = workers["income_per_capita_monthly"].astype("Float64")
    line = workers["wave"].astype(object).map(dict(lines)).astype("Float64")
    return (income_per_head(workers).fillna(stated) / line.where(line > 0)).rename("income_to_line")


def carried_over(
    frame: pd.DataFrame, codebook: Codebook, dates: Mapping[str, datetime.date]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`frame` with the crosswalk's dated values taken as those that they are compared with, and what was
    taken so.

    An entry says that in waves of `valid_from` to `valid_to` the values `from` mean `to`. It is used only
    where the waves lie on both sides of these days, so that nothing is lost where all know the same values.
    """
    moved, (first, last) = list[pd.DataFrame](), (datetime.date.min, datetime.date.max)
    for entry in sorted(codebook.crosswalk["carried"], key=lambda e: e.get("valid_to", last)):
        since, until = entry.get("valid_from", first), entry.get("valid_to", last)
        inside = [wave for wave, day in dates.items() if since <= day <= until]
        names = _ORGANISATIONS if entry["variable"] == "unit" else (entry["variable"],)
        used = "wave" in frame and 0 < len(inside) < len(dates)
        for column in (name for name in names if used and name in frame):
            here = frame["wave"].isin(inside) & frame[column].isin(entry["from"]).fillna(False)
            counts = frame[here].groupby(["wave", column], observed=True).size().rename("n").reset_index()
            found = counts.assign(variable=column, now=entry["to"], note=entry["why"])
            moved.append(found.rename(columns={column: "was"})[CARRIED[1:]])
            taken = frame[column].astype(object).mask(here, str(entry["to"])).astype(frame[column].dtype)
            frame = frame.assign(**{column: taken})
    return frame, pd.concat(moved) if moved else pd.DataFrame(columns=CARRIED[1:])


def definitions(
    workers: pd.DataFrame, codebook: Codebook, dates: Mapping[str, datetime.date],
    lines: Mapping[str, float | None] | None = None,
) -> pd.DataFrame:
    """What a variable means in each wave, and whether that compares with the wave before: one row per
    variable and wave.

    Of hardship_level, of every band by scheme, of income_level, and of the variables that the crosswalk
    breaks. Columns: variable, level ("" for all levels), wave, definition (a scheme, a line; "" where the
    wave has none), comparable (False in the first wave), note (Chinese: why not; "" where it is).
    """
    waves = sorted(dates)
    used = {wave: _scheme(workers[workers["wave"].eq(wave)]) for wave in waves}
    rows = _rows("hardship_level", used, codebook, lambda before, now: before == now != "")
    for band in codebook.bands.values():
        if band.schemes:
            known = {wave: scheme if scheme in band.schemes else "" for wave, scheme in used.items()}
            reasons = {w: band.apart.get(used[w], f"{_named(used[w], codebook)}不在对照表中") for w in waves}
            rows += _rows(band.name, known, codebook, lambda before, now: bool(before and now), reasons)
    if lines is not None:
        told = {wave: f"{lines[wave]:g}" if lines.get(wave) else "" for wave in waves}
        reasons = dict.fromkeys(waves, "wave.toml 的 [line] 中没有低保标准")
        rows += _rows("income_level", told, codebook, lambda before, now: bool(before and now), reasons)
    for entry in codebook.crosswalk["breaks"]:
        rows += _broken(entry, waves, dates, codebook)
    return pd.DataFrame(rows, columns=DEFINITIONS).astype({"comparable": bool})


def _scheme(workers: pd.DataFrame) -> str:
    return listed(sorted(workers["hardship_scheme"].dropna().unique()))


def _named(scheme: str, codebook: Codebook) -> str:
    if scheme not in codebook.schemes:
        return f"口径 {scheme}" if scheme else "口径不详"
    return f"{scheme} {codebook.schemes[scheme]['label']}"


def _rows(
    variable: str, told: Mapping[str, str], codebook: Codebook, same: Any, reasons: Mapping[str, str] | None = None
) -> list[tuple[object, ...]]:
    """One row a wave; `told`: what each wave's definition is, `reasons`: why a wave without one has none."""
    rows, before = list[tuple[object, ...]](), ""
    for wave, own in told.items():
        comparable = bool(before) and same(told[before], own)
        waves = [before, wave] if before else [wave]
        if reasons or not before:
            without = [w for w in waves if reasons and not told[w]]
            why = {reasons[w]: [v for v in without if reasons[v] == reasons[w]] for w in without} if reasons else {}
            note = "；".join(f"{'、'.join(names)} 批次：{reason}" for reason, names in why.items())
        else:
            note = f"{before} 为 {_named(told[before], codebook)}，{wave} 为 {_named(own, codebook)}"
        rows.append((variable, "", wave, own, comparable, "" if comparable else note))
        before = wave
    return rows


def _broken(
    entry: Entry, waves: Sequence[str], dates: Mapping[str, datetime.date], codebook: Codebook
) -> list[tuple[object, ...]]:
    """Rows of a dated break, of its variable and (where all levels break) of the bands of it; none where no
    wave crosses it.
    """
    day = entry["valid_from"]
    crossed = [wave for before, wave in pairwise(waves) if dates[before] < day <= dates[wave]]
    bands = [] if "levels" in entry else [b.name for b in codebook.bands.values() if b.variable == entry["variable"]]
    return [
        (name, level, wave, "见说明", False, entry["why"]) for wave in crossed
        for name in [entry["variable"], *bands] for level in entry.get("levels", [""])
    ]
