"""People of several waves under one id each: links decided, applied to all frames, and reviewed.

What is kept of a link are two pseudonyms, a probability, a decision, and where both stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from bangfu_analysis.analysis.domains import require
from bangfu_analysis.errors import BangfuError
from bangfu_analysis.linkage.candidates import BY_NAME, FOUND, candidates
from bangfu_analysis.text import squeeze
from bangfu_analysis.tidy.corrections import answered_rows, write_sheets
from bangfu_analysis.tidy.frames import Frames

ACCEPT, REVIEW = 0.95, 0.2

LINKED = ("linked", "confirmed")
DECISIONS = (*LINKED, "to_review", "rejected", "conflict")
PLACE = ["wave", "source_file", "source_sheet", "cell"]
SAID = {"是": "confirmed", "同": "confirmed", "否": "rejected", "不同": "rejected"}
WORDS = {"rejected": "否", "confirmed": "是", "linked": "是"}
ANSWER = "是否同一人"
COLUMNS = (
    "编号", "批次甲", "文件甲", "工作表甲", "单元格甲", "批次乙", "文件乙", "工作表乙", "单元格乙",
    "概率", ANSWER, "核对码",
)
Answers = Mapping[frozenset[str], str]


def link_frames(waves: Mapping[str, Frames], answers: Answers | None = None) -> dict[str, Frames]:
    """The frames of a study's waves, in order, everybody under one person_id; the last also has `links`.

    `links` are the pairs of pseudonyms that may be one person and what was decided of each (see `decided`).
    """
    keys = pd.concat([frames["keys"] for frames in waves.values()], ignore_index=True)
    links = decided(keys, candidates(keys), answers)
    same = common_ids(links, keys)
    linked = {
        wave: {name: link(frame, same) if "person_id" in frame else frame for name, frame in frames.items()}
        for wave, frames in waves.items()
    }
    linked[[*waves][-1]]["links"] = links
    return linked


def link(frame: pd.DataFrame, same_person: pd.DataFrame | Mapping[str, str]) -> pd.DataFrame:
    """`frame` with every person_id replaced by the one that it is linked to; rows and order stay.

    `same_person`: person_id -> common id, as a mapping or a frame with the columns `person_id` and
    `linked_id` (see `link_waves`). A linked row of `id_basis` row is named name_birth_unit, for now it can
    be followed.

    >>> link(pd.DataFrame({"person_id": ["p1", "p2"], "wave": ["2008", "2009"]}), {"p2": "p1"})
      person_id  wave
    0        p1  2008
    1        p1  2009
    """
    if isinstance(same_person, pd.DataFrame):
        require(same_person, ["person_id", "linked_id"], where="link")
        same_person = dict(zip(same_person["person_id"], same_person["linked_id"], strict=True))
    linked_id = frame["person_id"].map(same_person).astype(frame["person_id"].dtype)
    linked = frame.assign(person_id=linked_id.fillna(frame["person_id"]))
    if "id_basis" not in frame:
        return linked
    named = linked_id.notna() & frame["id_basis"].eq("row")
    return linked.assign(id_basis=frame["id_basis"].mask(named, "name_birth_unit"))


@dataclass(frozen=True)
class Links:
    """`people` for `link` (person_id, linked_id), `pairs` with decisions, `quality`, the sheet to review."""

    people: pd.DataFrame
    pairs: pd.DataFrame
    quality: pd.DataFrame
    review: Path


def review_links(keys: pd.DataFrame, by_name: pd.DataFrame, answers: Answers, path: Path) -> Links:
    """Links by the keys, and pairs found by name beside them; what is to be reviewed is written to `path`."""
    by_key = candidates(keys)
    sure = by_key[by_key["probability"].ge(ACCEPT)]
    sure_pairs = {*map(frozenset, zip(sure["person_id"], sure["other_id"], strict=True))}
    named = map(frozenset, zip(by_name["person_id"], by_name["other_id"], strict=True))
    new = [pair not in sure_pairs for pair in named]
    links = decided(keys, pd.concat([by_key, by_name[new]]), answers)
    return Links(common_ids(links, keys), links, link_quality(links, keys), write_review(links, path))


def decided(keys: pd.DataFrame, pairs: pd.DataFrame, answers: Answers | None = None) -> pd.DataFrame:
    """Pairs of pseudonyms that may be one person, the most probable first, with a decision each.

    `pairs`: as `candidates` gives them; `answers`: the codes of two records -> confirmed or rejected. Pairs
    are linked from ACCEPT on, to be reviewed from REVIEW on, and dropped below, unless an answer decides;
    what would put one person twice into a wave, or under two whole ID numbers, is a conflict. Returns
    person_id, other_id, probability (missing where only an answer says so), evidence, decision, and PLACE
    and code of the first record of both (…_other).
    """
    ranked = pairs.sort_values("probability", kind="stable")[FOUND].itertuples(index=False, name=None)
    pair_of = {frozenset(pair[:2]): pair for pair in ranked}
    answer_of = _answered(keys, answers or {})
    pair_of |= {pair: (*sorted(pair), np.nan, "") for pair in answer_of if pair not in pair_of}
    every = pd.DataFrame(pair_of.values(), columns=FOUND).round({"probability": 6})
    every = every.assign(said=[answer_of.get(pair, "") for pair in pair_of])
    every = every[every["said"].ne("") | every["probability"].ge(REVIEW)]
    by = ["first", "probability", "person_id", "other_id"]
    first = every.assign(first=every["said"].ne("confirmed"))
    order = first.sort_values(by, ascending=[True, False, True, True])
    decision = pd.Categorical(_decisions(order, keys), list(DECISIONS))
    place = keys.drop_duplicates("person_id").set_index("person_id")[[*PLACE, "code"]]
    placed = order[FOUND].assign(decision=decision).join(place, on="person_id")
    return placed.join(place.add_suffix("_other"), on="other_id").reset_index(drop=True)


def _answered(keys: pd.DataFrame, answers: Answers) -> dict[frozenset[str], str]:
    """The answer to each pair of persons of whom records bear the codes."""
    bearers = keys.groupby("code")["person_id"].unique().to_dict() if answers else {}
    return {
        frozenset(pair): answer
        for codes, answer in answers.items()
        for pair in product(*(bearers.get(code, ()) for code in [*codes, *codes][:2]))
        if pair[0] != pair[1]
    }


def _decisions(pairs: pd.DataFrame, keys: pd.DataFrame) -> list[str]:
    waves = keys.groupby("person_id")["wave"].agg(frozenset).to_dict()
    complete_id = set(keys.loc[keys["whole"].astype(bool), "person_id"])
    group, decisions = _Groups(), []
    for one, other, probability, answer in pairs[[*FOUND[:3], "said"]].itertuples(index=False):
        together = group[one] | group[other]
        clash = sum(len(waves[p]) for p in together) > len(set[str]().union(*(waves[p] for p in together)))
        if answer == "rejected":
            decision = answer
        elif group[one] is group[other]:
            decision = answer or "linked"
        elif clash or len(together & complete_id) > 1:
            decision = "conflict"
        else:
            decision = answer or ("linked" if probability >= ACCEPT else "to_review")
        if decision in LINKED:
            group.join(one, other)
        decisions.append(decision)
    return decisions


class _Groups(dict[str, frozenset[str]]):
    """Person -> all who are that person; by oneself as long as nothing is linked."""

    def __missing__(self, person: str) -> frozenset[str]:
        return self.setdefault(person, frozenset([person]))

    def join(self, one: str, other: str) -> None:
        """All who are either are the same."""
        together = self[one] | self[other]
        self.update(dict.fromkeys(together, together))


def common_ids(links: pd.DataFrame, keys: pd.DataFrame) -> pd.DataFrame:
    """person_id -> linked_id of all who are linked: that of the whole ID number, else the first in order."""
    complete_id = set(keys.loc[keys["whole"].astype(bool), "person_id"])
    group = _Groups()
    for pair in zip(*(links.loc[links["decision"].isin(LINKED), end] for end in FOUND[:2]), strict=True):
        group.join(*pair)
    chosen = {person: min(group[person], key=lambda p: (p not in complete_id, p)) for person in sorted(group)}
    return pd.DataFrame({"person_id": chosen.keys(), "linked_id": chosen.values()}, dtype="str")


def link_quality(links: pd.DataFrame, keys: pd.DataFrame) -> pd.DataFrame:
    """One row: how many links, and how many are expected to be wrong or missing, from the probabilities.

    by_id_n: pairs of records of two waves under one pseudonym; linked_n: pairs linked by probability;
    to_review_n; false_n = sum of 1 - p over the linked, missed_n = sum of p over those to review;
    false_rate and miss_rate of all pairs. A person whose records agree in nothing that is compared is no
    candidate, and in no figure.
    """
    seen = keys.groupby("person_id")["wave"].nunique()
    linked, review = (links.loc[links["decision"].eq(d), "probability"] for d in ("linked", "to_review"))
    confirmed = int(links["decision"].eq("confirmed").sum())
    by_id, false, missed = int((seen * (seen - 1) // 2).sum()), float((1 - linked).sum()), float(review.sum())
    every = by_id + len(linked) + confirmed
    row = {
        "by_id_n": by_id, "linked_n": len(linked), "confirmed_n": confirmed, "to_review_n": len(review),
        "false_n": false, "missed_n": missed, "false_rate": false / every if every else 0.0,
        "miss_rate": missed / (every - false + missed) if every else 0.0,
    }
    return pd.DataFrame([row])


def write_review(links: pd.DataFrame, path: Path) -> Path:
    """The pairs to decide, a row each: where both records stand, how probable, an answer to give; no names.

    Links by name (Splink) are written as answered with 是: kept so in links.xlsx, every later run has them.
    """
    by_name = links["decision"].eq("linked") & links["evidence"].eq(BY_NAME)
    surprising = links["decision"].eq("conflict") & links["probability"].ge(ACCEPT)
    listed = links[links["decision"].isin(["to_review", "confirmed", "rejected"]) | by_name | surprising]
    rows = [
        (number, *(row[name] for name in PLACE), *(row[f"{name}_other"] for name in PLACE),
         f"{row['probability']:.3f}".replace("nan", ""), WORDS.get(str(row["decision"]), ""),
         f"{row['code']}-{row['code_other']}")
        for number, row in enumerate(listed.to_dict("records"), 1)
    ]  # fmt: skip
    sheet = pd.DataFrame(rows, columns=list(COLUMNS))
    widths = (6, 8, 22, 14, 8, 8, 22, 14, 8, 8, 18, 24)
    return write_sheets({"1_待核对": sheet}, path, answer=ANSWER, widths=widths)


def read_decisions(paths: Iterable[Path]) -> dict[frozenset[str], str]:
    """The two codes of each answered pair -> confirmed or rejected.

    BangfuError names the cell of an answer that is neither 是 nor 否.
    """
    decisions = {}
    for path in paths:
        for sheet, row, fields in answered_rows(path, COLUMNS, ANSWER):
            answer = squeeze(str(fields[ANSWER]))
            if answer not in SAID:
                wanted = f"{ANSWER}一栏应填是或否，实际是“{answer}”。请改正。"
                raise BangfuError(f"{path.name} [{sheet}] 第 {row} 行：{wanted}")
            decisions[frozenset(str(fields["核对码"]).split("-"))] = SAID[answer]
    return decisions
