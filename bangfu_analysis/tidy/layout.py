"""How a wave was laid out, and what is new against the last one: headings, values, kinds of sheet. No one's
data is in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import listed
from bangfu_analysis.reading.inspection import describe
from bangfu_analysis.reading.tables import SheetReading
from bangfu_analysis.text import heading_key
from bangfu_analysis.tidy.frames import Frames

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
    words = seen["heading"].map(lambda text: heading_key(text.rpartition("/")[2]))
    found = seen.rename(columns={"file": "source_file", "sheet": "source_sheet"}).assign(
        wave=wave, heading=words.where(seen["status"].eq("matched"), ""),
        variable=seen["variable"].str.replace("[#=].*", "", regex=True),
    )
    return found.drop_duplicates(["source_file", "source_sheet", "header_rows", "heading", "variable", "status"])


def layout_changes(before: Frames, now: Frames, codebook: Codebook) -> pd.DataFrame:
    """What is new or gone against the wave before; no row where nothing is.

    Columns, all text: subject (口径, 列名, 项目, 取值, 版式, 数值), event (unknown, new, gone, same),
    variable, item (several with |), where (a place that shows it), message (Chinese, short). A heading is new
    where no column of the last wave was headed so; a value is where none of its rows had the code.
    """
    was, here = (frames["layout"][frames["layout"]["status"].eq("matched")] for frames in (before, now))
    rows = [
        *_scheme(before, now), *_unknown(now), *_variables(was, here, codebook),
        *(row for frame in _WITH_VALUES for row in _values(before[frame], now[frame], frame, codebook)),
        *_headings(was, here, codebook), *_layouts(before["layout"], now["layout"]),
        *([] if before is now else _copies(before["workers"], now["workers"])),
    ]
    return pd.DataFrame(rows, columns=CHANGES).astype("str")


def _scheme(before: Frames, now: Frames) -> Iterator[Row]:
    old, new = (listed(sorted(f["workers"]["hardship_scheme"].dropna().unique())) or "不详" for f in (before, now))
    if old != new:
        yield "口径", "new", "workers.hardship_scheme", new, "", f"困难类别口径：{old} → {new}，困难类别不能直接比较"


def _unknown(now: Frames) -> Iterator[Row]:
    """Columns and values that the codebook does not know."""
    found = now["issues"][now["issues"]["problem"].isin(_UNKNOWN)]
    for (problem, variable), part in found.groupby(["problem", "variable"], dropna=False):
        where = f"{part['source_file'].iloc[0]} {part['cell'].iloc[0]}"
        subject = _UNKNOWN[str(problem)]
        message = f"未认出的{subject}：{len(part)} 处，如 {where}（运行 bangfu inspect 查看）"
        yield subject, "unknown", str(variable), "", where, message


def _variables(was: pd.DataFrame, here: pd.DataFrame, codebook: Codebook) -> Iterator[Row]:
    for change, word, old, new in (("new", "新增项目", was, here), ("gone", "没有了的项目", here, was)):
        for name in _fresh(old["variable"], new["variable"]):
            yield "项目", change, name, "", _where(new, "variable", name), f"{word}：{_label(name, codebook)}"


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
    for column in [str(c) for c in now if isinstance(now[c].dtype, pd.CategoricalDtype) and c not in _NO_ANSWERS]:
        old, new = (part[column].dropna().astype(str) for part in (before, now))
        variable = codebook.variable("workers" if frame == "causes" else frame, column)
        both = (("new", "新出现的取值", old, new), ("gone", "没有再出现的取值", new, old))
        for change, word, one, other in both if len(old) and len(new) else ():
            if codes := _fresh(one, other):
                message = f"{word}：{variable.label}“{listed(map(variable.label_of, codes))}”"
                yield "取值", change, f"{frame}.{column}", "|".join(codes), "", message


def _layouts(was: pd.DataFrame, here: pd.DataFrame) -> Iterator[Row]:
    for column, word in (("kind", "表的种类"), ("header_rows", "表头所在行")):
        for item, where in ((item, _where(here, column, item)) for item in _fresh(was[column], here[column])):
            yield "版式", "new", "", item, where, f"新的{word}：{item}（如 {where}）"


def _copies(was: pd.DataFrame, here: pd.DataFrame) -> Iterator[Row]:
    """Files in which nine in ten of those who were there before have every income unchanged: the last wave's,
    saved anew.
    """
    both = here.merge(was, on="person_id", suffixes=("", "_was"))
    now, before = (both[[name + end for name in INCOMES]].astype("Float64").fillna(-1) for end in ("", "_was"))
    both = both.assign(same=now.eq(before.set_axis(now.columns, axis=1)).all(axis=1))
    known = both[now.ne(-1).any(axis=1)]
    for file, part in known.groupby("source_file"):
        if len(part) >= _MANY and part["same"].mean() >= 0.9:
            said = f"收入与上一批次一字不差：{len(part)} 人中有 {int(part['same'].sum())} 人，请核对是否照抄了上一批次"
            yield "数值", "same", "workers.income_household_annual", "", str(file), said


def _fresh(old: pd.Series[Any], new: pd.Series[Any]) -> list[str]:
    return sorted(set(new) - set(old) - {""})


def _where(layout: pd.DataFrame, column: str, item: str) -> str:
    return str(layout.loc[layout[column].eq(item), "source_file"].iloc[0])


def _label(name: str, codebook: Codebook) -> str:
    frame, _, variable = name.partition(".")
    known = codebook.of(frame)  # a question is in no codebook, and bears its own number
    return known[variable].label if variable in known else variable
