"""The same person under several pseudonyms: records for matching, decisions, common ids, error rates, review sheets.

Records hold names and live in memory only. What is kept of a link are pseudonyms, a probability, a decision, and the cells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import BangfuError
from bangfu_analysis.reading.tables import SheetReading
from bangfu_analysis.text import halfwidth, squeeze
from bangfu_analysis.tidy.corrections import answered_rows, check_code, write_sheets
from bangfu_analysis.tidy.frames import cleaned_people
from bangfu_analysis.tidy.values import first_cell
from bangfu_analysis.wave import Wave

ACCEPT, REVIEW = 0.95, 0.2
DECISIONS = ("linked", "confirmed", "to_review", "rejected", "conflict")
PLACE = ["wave", "source_file", "source_sheet", "cell"]
SAID = {"是": "confirmed", "同": "confirmed", "否": "rejected", "不同": "rejected"}
ANSWER = "是否同一人"
COLUMNS = (
    "编号", "批次甲", "文件甲", "工作表甲", "单元格甲", "批次乙", "文件乙", "工作表乙", "单元格乙", "概率", ANSWER, "核对码",
)  # fmt: skip


def link_records(sheets: Sequence[SheetReading], codebook: Codebook, wave: Wave, key: bytes) -> pd.DataFrame:
    """One row per person of a wave, with what tells people apart: for matching in memory, never to be written.

    person_id, whole (the pseudonym is of a whole ID number), name, born (ISO day), sex, unit, id_digits (17 to 19 characters, as far as
    legible), PLACE, and code: a keyed hash of what is compared, by which a decision finds the record again.
    """
    people, cleans = cleaned_people(sheets, codebook, wave, key)
    rows = people.to_dict("records")
    found = pd.DataFrame(
        {
            "person_id": [row["person_id"] for row in rows],
            "whole": [row["id_basis"] == "id_number" for row in rows],
            "name": [_text(row["name_key"]) for row in rows],
            "born": [_day(row) for row in rows],
            "sex": [_text(row["sex"]) for row in rows],
            "unit": [_text(row["employer"]) or _text(row["reporting_unit"]) for row in rows],
            "id_digits": [_digits(row, cleans) for row in rows],
            "wave": wave.name,
            "source_file": [row["source_file"] for row in rows],
            "source_sheet": [row["source_sheet"] for row in rows],
            "cell": [first_cell(row, cleans) for row in rows],
        },
        dtype=object,
    )
    compared = found[["name", "born", "sex", "unit", "id_digits"]].itertuples(index=False)
    return found.assign(code=[check_code("|".join(str(part or "") for part in parts), key) for parts in compared])


def _text(value: Any) -> str | None:
    return squeeze(str(value)) if isinstance(value, str) and value else None


def _day(row: Mapping[Any, Any]) -> str | None:
    return row["birth_date"].isoformat()[:10] if row["birth_date_precision"] == "day" else None


def _digits(row: Mapping[Any, Any], cleans: Sequence[Any]) -> str | None:
    if pd.notna(row["id_key"]):
        return str(row["id_key"])
    clean = cleans[row["table"]]
    column = clean.column("workers", "id_number")
    raw = clean.table.body.at[row["row"], column.index] if column is not None else ""
    said = re.sub(r"[^0-9X]", "", halfwidth(str(raw)).upper())
    return said if 17 <= len(said) <= 19 else None


def decided(
    records: pd.DataFrame, pairs: pd.DataFrame, answers: Mapping[frozenset[str], str] | None = None
) -> pd.DataFrame:
    """Pairs of pseudonyms that may be one person, the most probable first, with a decision each.

    `pairs`: left, right, probability of `match_probabilities`; `answers`: the two codes of a pair -> confirmed or rejected. Pairs of
    two whole ID numbers are two people. Others are linked from ACCEPT on, to be reviewed from REVIEW on, and dropped below,
    unless an answer decides; a link that would put one person twice into a wave, or under two whole ID numbers, is a conflict.
    Returns person_id, other_id, probability, decision, and PLACE and code of both records (…_other).
    """
    by_record = records.drop(columns=["name", "born", "sex", "unit", "id_digits"])
    both = pairs.merge(by_record.add_suffix("_other"), left_on="right", right_on="record_other").merge(
        by_record, left_on="left", right_on="record"
    )
    apart = both[~(both["whole"] & both["whole_other"]) & both["person_id"].ne(both["person_id_other"])]
    known = [
        (answers or {}).get(frozenset(codes), "") for codes in zip(apart["code"], apart["code_other"], strict=True)
    ]
    said = apart.assign(said=known, probability=apart["probability"].astype(float).round(6))
    said = said[said["said"].ne("") | said["probability"].ge(REVIEW)]
    ranked = said.assign(first=said["said"].ne("confirmed")).sort_values(
        ["first", "probability", "person_id", "person_id_other"], ascending=[True, False, True, True]
    )
    one_each = ranked.loc[
        ~pd.Series(
            list(map(frozenset, zip(ranked["person_id"], ranked["person_id_other"], strict=True))), index=ranked.index
        ).duplicated()
    ]
    decision = _decisions(one_each, records)
    found = one_each.assign(decision=pd.Categorical(decision, list(DECISIONS)), other_id=one_each["person_id_other"])
    places = [*PLACE, "code", *(f"{name}_other" for name in (*PLACE, "code"))]
    return found[["person_id", "other_id", "probability", "decision", *places]].reset_index(drop=True)


def _decisions(pairs: pd.DataFrame, records: pd.DataFrame) -> list[str]:
    waves = {person: set(part) for person, part in records.groupby("person_id")["wave"]}
    whole = set(records.loc[records["whole"].astype(bool), "person_id"])
    group = {person: {person} for person in waves}
    found = []
    for one, other, probability, said in pairs[["person_id", "person_id_other", "probability", "said"]].itertuples(
        index=False
    ):
        together = group[one] | group[other]
        clash = sum(len(waves[p]) for p in together) > len(set().union(*(waves[p] for p in together)))
        if said == "rejected":
            decision = said
        elif group[one] is group[other]:
            decision = said or "linked"
        elif clash or len(together & whole) > 1:
            decision = "conflict"
        else:
            decision = said or ("linked" if probability >= ACCEPT else "to_review")
        if decision in ("linked", "confirmed"):
            group |= dict.fromkeys(together, together)
        found.append(decision)
    return found


def common_ids(pairs: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    """person_id -> linked_id of everybody who is linked to another: that of the whole ID number, else the first in order."""
    whole = set(records.loc[records["whole"].astype(bool), "person_id"])
    group: dict[str, frozenset[str]] = {}
    links = pairs[pairs["decision"].isin(["linked", "confirmed"])]
    for one, other in links[["person_id", "other_id"]].itertuples(index=False):
        together = group.get(one, frozenset([one])) | group.get(other, frozenset([other]))
        group |= dict.fromkeys(together, together)
    chosen = {person: min(together, key=lambda p: (p not in whole, p)) for person, together in sorted(group.items())}
    return pd.DataFrame({"person_id": list(chosen), "linked_id": list(chosen.values())}, dtype="str")


def link_quality(pairs: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    """One row: how many links, and how many of them are expected to be wrong or to be missing, from the probabilities.

    by_id_n: pairs of records of two waves under one pseudonym; linked_n: pairs linked by probability; to_review_n;
    false_n = sum of 1 - p over the linked, missed_n = sum of p over those to review; false_rate and miss_rate of all pairs. A person whose
    records agree in neither name nor birth nor ID number is no candidate, and in no figure.
    """
    seen = records.groupby("person_id")["wave"].nunique()
    linked, review = (pairs.loc[pairs["decision"].eq(d), "probability"] for d in ("linked", "to_review"))
    confirmed = int(pairs["decision"].eq("confirmed").sum())
    by_id, false, missed = int((seen * (seen - 1) // 2).sum()), float((1 - linked).sum()), float(review.sum())
    every = by_id + len(linked) + confirmed
    return pd.DataFrame(
        [
            {
                "by_id_n": by_id, "linked_n": len(linked), "confirmed_n": confirmed, "to_review_n": len(review), "false_n": false,
                "missed_n": missed, "false_rate": false / every if every else 0.0,
                "miss_rate": missed / (every - false + missed) if every else 0.0,
            }
        ]
    )  # fmt: skip


def write_review(pairs: pd.DataFrame, path: Path) -> Path:
    """The pairs to decide, a row each: where both records stand, how probable, and a column to answer in; no names."""
    surprising = pairs["decision"].eq("conflict") & pairs["probability"].ge(ACCEPT)
    asked = pairs[pairs["decision"].isin(["to_review", "confirmed", "rejected"]) | surprising]
    words = {decision: word for word, decision in (("否", "rejected"), ("是", "confirmed"))}
    rows = pd.DataFrame(
        [
            (number, *(row[name] for name in PLACE), *(row[f"{name}_other"] for name in PLACE), f"{row['probability']:.3f}",
             words.get(str(row["decision"]), ""), f"{row['code']}-{row['code_other']}")
            for number, row in enumerate(asked.to_dict("records"), 1)
        ],
        columns=list(COLUMNS),
    )  # fmt: skip
    write_sheets({"待核对": rows}, path, answer=ANSWER, widths=(6, 8, 22, 14, 8, 8, 22, 14, 8, 8, 18, 24))
    return path


def read_decisions(paths: Iterable[Path]) -> dict[frozenset[str], str]:
    """The two codes of each answered pair -> confirmed or rejected. BangfuError names the cell of an answer that is neither 是 nor 否."""
    found = {}
    for path in paths:
        for sheet, row, said in answered_rows(path, COLUMNS, ANSWER):
            answer = squeeze(str(said[ANSWER]))
            if answer not in SAID:
                raise BangfuError(
                    f"{path.name} [{sheet}] 第 {row} 行：{ANSWER}一栏应填是或否，实际是“{answer}”。请改正。"
                )
            found[frozenset(str(said["核对码"]).split("-"))] = SAID[answer]
    return found
