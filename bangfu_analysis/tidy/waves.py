"""Several waves: stacked, with what was renamed carried over and what cannot be compared said; and how the
layout of one differs from the last one's.

What may be compared, and how, is data: `crosswalk` and the bands by scheme of the codebook
(codebooks/crosswalk.yaml). A layout is headings, values, kinds of sheet: no one's data is in it.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pandas as pd

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import listed
from bangfu_analysis.reading.inspection import describe
from bangfu_analysis.reading.tables import SheetReading
from bangfu_analysis.text import heading_key
from bangfu_analysis.tidy.derive import income_per_head
from bangfu_analysis.tidy.frames import Frames, stacked
from bangfu_analysis.wave import Wave

DEFINITIONS = ["variable", "level", "wave", "definition", "comparable", "note"]
CARRIED = ["frame", "variable", "wave", "was", "now", "n", "note"]
_ORGANISATIONS = ("unit", "reporting_unit", "employer", "giver")
Entry = Mapping[str, Any]
_LAST_LEVEL = re.compile(r"/(?![^(（]*[)）])")  # between levels of a heading; not that of (元/月)


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
    lines = [wave.line[name] for name in codebook.crosswalk["line"] if name in wave.line]
    chosen = lines or (list(wave.line.values()) if len(wave.line) == 1 else [])
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
    used_in = workers.dropna(subset="hardship_scheme")
    schemes = {wave: used_in.loc[used_in["wave"].eq(wave), "hardship_scheme"].unique() for wave in waves}
    used = {wave: listed(sorted(found)) for wave, found in schemes.items()}
    named = {wave: _named(scheme, codebook) for wave, scheme in used.items()}
    rows = _rows("hardship_level", used, {}, named)
    for band in codebook.bands.values():
        if band.schemes:
            of_band = {wave: scheme if scheme in band.schemes else "" for wave, scheme in used.items()}
            why = {wave: band.apart.get(used[wave], f"{named[wave]}不在对照表中") for wave in waves}
            rows += _rows(band.name, of_band, why)
    if lines is not None:
        of_line = {wave: f"{lines[wave]:g}" if lines.get(wave) else "" for wave in waves}
        rows += _rows("income_level", of_line, dict.fromkeys(waves, "wave.toml 的 [line] 中没有低保标准"))
    for entry in codebook.crosswalk["breaks"]:
        rows += _broken(entry, waves, dates, codebook)
    return pd.DataFrame(rows, columns=DEFINITIONS).astype({"comparable": bool})


def _named(scheme: str, codebook: Codebook) -> str:
    if scheme not in codebook.schemes:
        return f"口径 {scheme}" if scheme else "口径不详"
    return str(codebook.schemes[scheme]["label"])


def _rows(
    variable: str, used: Mapping[str, str], reasons: Mapping[str, str], named: Mapping[str, str] | None = None
) -> list[tuple[object, ...]]:
    """One row a wave; `used`: what each wave's definition is, `reasons`: why a wave without one has none.

    Two waves compare where both have a definition; where these are `named`, only where they are the same.
    """
    rows, before = list[tuple[object, ...]](), ""
    for wave, definition in used.items():
        without: dict[str, list[str]] = {}
        for each in filter(None, (before, wave)):
            if reasons and not used[each]:
                without.setdefault(reasons[each], []).append(each)
        note = "；".join(f"{'、'.join(waves)} 批次：{reason}" for reason, waves in without.items())
        comparable = bool(before and definition and used[before] and not without)
        if named and before:
            comparable = comparable and used[before] == definition
            note = f"{before}为{named[before]}，{wave}为{named[wave]}"
        rows.append((variable, "", wave, definition, comparable, "" if comparable else note))
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
    of = "" if "levels" in entry else entry["variable"]
    bands = [b.name for b in codebook.bands.values() if b.variable == of]
    return [
        (name, level, wave, "见说明", False, entry["why"]) for wave in crossed
        for name in [entry["variable"], *bands] for level in entry.get("levels", [""])
    ]


CHANGES = ["subject", "event", "variable", "item", "where", "message"]
_UNKNOWN = {"heading_unmatched": "列名", "value_unknown": "取值"}
_WITH_VALUES = ("workers", "members", "causes", "aid")
INCOMES = ("income_personal_monthly", "income_per_capita_monthly", "income_household_annual")
_MANY = 10  # people of a file that are enough to tell a copy from chance
_NO_ANSWERS = ("id_basis", "birth_date_precision", "cause_main")
Row = tuple[str, str, str, str, str, str]


def layout_frame(sheets: Sequence[SheetReading], wave: str) -> pd.DataFrame:
    """The layout of a wave, one row per column of every table and one per sheet without any, all text
    (source_row: missing).

    Columns beyond provenance: kind, header_rows, heading, variable (frame.name), status (matched, ignored,
    unmatched, empty). A heading that the codebook does not know may be anything, a person's name as well: it
    is left empty. A questionnaire is one row: its questions are a frame of their own.
    """
    seen = describe([replace(sheet, questions=None) for sheet in sheets if not sheet.set_aside])
    words = seen["heading"].map(lambda text: heading_key(_LAST_LEVEL.split(text)[-1]))
    found = seen.rename(columns={"file": "source_file", "sheet": "source_sheet"}).assign(
        wave=wave, heading=words.where(seen["status"].eq("matched"), ""),
        variable=seen["variable"].str.replace("[#=].*", "", regex=True),
    )
    place = ["source_file", "source_sheet", "header_rows"]
    return found.drop_duplicates([*place, "heading", "variable", "status"])


def layout_changes(before: Frames, now: Frames, codebook: Codebook) -> pd.DataFrame:
    """What is new or gone against the wave before; no row where nothing is.

    Columns, all text: subject (口径, 列名, 项目, 取值, 版式, 数值), event (unknown, new, gone, same),
    variable, item (several with |), where (a place that shows it), message (Chinese, short). A heading is new
    where no column of the last wave was headed so; a value is where none of its rows had the code.
    """
    was, here = (frames["layout"][frames["layout"]["status"].eq("matched")] for frames in (before, now))
    rows = [
        *_scheme(before, now), *_unknown(now),
        *_fresh("new", "新增项目", "variable", was, here, codebook),
        *_fresh("gone", "没有了的项目", "variable", here, was, codebook),
        *(row for frame in _WITH_VALUES for row in _values(before[frame], now[frame], frame, codebook)),
        *_headings(was, here, codebook),
        *_fresh("new", "新的表的种类", "kind", before["layout"], now["layout"], codebook),
        *_fresh("new", "新的表头所在行", "header_rows", before["layout"], now["layout"], codebook),
        *([] if before is now else _copies(before["workers"], now["workers"])),
    ]
    return pd.DataFrame(rows, columns=CHANGES).astype("str")


def _scheme(before: Frames, now: Frames) -> Iterator[Row]:
    schemes = (f["workers"]["hardship_scheme"].dropna().unique() for f in (before, now))
    old, new = (listed(sorted(scheme)) or "不详" for scheme in schemes)
    if old != new:
        message = f"困难类别口径：{old} → {new}，困难类别不能直接比较"
        yield "口径", "new", "workers.hardship_scheme", new, "", message


def _unknown(now: Frames) -> Iterator[Row]:
    """Columns and values that the codebook does not know."""
    found = now["issues"][now["issues"]["problem"].isin(_UNKNOWN)]
    for (problem, variable), part in found.groupby(["problem", "variable"], dropna=False):
        where = f"{part['source_file'].iloc[0]} {part['cell'].iloc[0]}"
        subject = _UNKNOWN[str(problem)]
        message = f"未认出的{subject}：{len(part)} 处，如 {where}（运行 bangfu inspect 查看）"
        yield subject, "unknown", str(variable), "", where, message


def _headings(was: pd.DataFrame, here: pd.DataFrame, codebook: Codebook) -> Iterator[Row]:
    """Headings that the last wave had not, of variables that it had, those of a variable together."""
    new = here[here["variable"].isin(was["variable"]) & ~here["heading"].isin(was["heading"])]
    for name, part in new.groupby("variable"):
        headings = sorted(set(part["heading"]))
        where = str(part["source_file"].iloc[0])
        message = f"列名的新写法：{_label(str(name), codebook)}“{listed(headings)}”"
        yield "列名", "new", str(name), "|".join(headings), where, message


def _values(before: pd.DataFrame, now: pd.DataFrame, frame: str, codebook: Codebook) -> Iterator[Row]:
    """Codes that one of the waves alone has, of variables that both have."""
    coded = [str(c) for c in now if isinstance(now[c].dtype, pd.CategoricalDtype)]
    for column in [c for c in coded if c not in _NO_ANSWERS]:
        old, new = (part[column].dropna().astype(str) for part in (before, now))
        variable = codebook.variable("workers" if frame == "causes" else frame, column)
        both = (("new", "新出现的取值", old, new), ("gone", "没有再出现的取值", new, old))
        for change, word, one, other in both if len(old) and len(new) else ():
            if codes := sorted(set(other) - set(one) - {""}):
                message = f"{word}：{variable.label}“{listed(map(variable.label_of, codes))}”"
                yield "取值", change, f"{frame}.{column}", "|".join(codes), "", message


def _copies(was: pd.DataFrame, here: pd.DataFrame) -> Iterator[Row]:
    """Files in which nine in ten of those who were there before have every income unchanged: the last wave's,
    saved anew.
    """
    both = here.merge(was, on="person_id", suffixes=("", "_was"))
    now, before = (both[[name + e for name in INCOMES]].astype("Float64").fillna(-1) for e in ("", "_was"))
    both = both.assign(same=now.eq(before.set_axis(now.columns, axis=1)).all(axis=1))
    with_income = both[now.ne(-1).any(axis=1)]
    for file, part in with_income.groupby("source_file"):
        if len(part) >= _MANY and part["same"].mean() >= 0.9:
            same = int(part["same"].sum())
            message = f"收入与上一批次一字不差：{len(part)} 人中有 {same} 人，请核对是否照抄了上一批次"
            yield "数值", "same", "workers.income_household_annual", "", str(file), message


def _fresh(
    event: str, word: str, column: str, old: pd.DataFrame, new: pd.DataFrame, codebook: Codebook
) -> Iterator[Row]:
    """What a column of the layout `new` has and that of `old` has not."""
    for item in sorted(set(new[column]) - set(old[column]) - {""}):
        where = str(new.loc[new[column].eq(item), "source_file"].iloc[0])
        if column == "variable":
            yield "项目", event, item, "", where, f"{word}：{_label(item, codebook)}"
        else:
            yield "版式", event, "", item, where, f"{word}：{item}（如 {where}）"


def _label(name: str, codebook: Codebook) -> str:
    frame, _, variable = name.partition(".")
    known = codebook.of(frame)  # a question is in no codebook, and bears its own number
    return known[variable].label if variable in known else variable
