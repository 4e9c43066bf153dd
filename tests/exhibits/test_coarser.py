"""Rare options are folded and neighbours joined before large counts are hidden, on every page."""

import itertools
import json

import numpy as np
import pandas as pd
import pytest

from bangfu_analysis.exhibits import coarser
from bangfu_analysis.exhibits.coarser import coarse, few_enough
from bangfu_analysis.exhibits.recipes import recipe
from bangfu_analysis.release.audit import audit
from tests.release.test_saving import drawn_wave

CAUSES = {"schooling": 60, "disability": 50, "low_income": 40, "housing": 9, "accident": 2, "disaster": 1}


@pytest.fixture
def wave(tmp_path):
    """A wave of 162 people with these causes, two of them in every third person's words."""
    drawn = drawn_wave(tmp_path, sum(CAUSES.values()), 3)
    main = pd.Series(np.repeat([*CAUSES], [*CAUSES.values()]))
    workers = drawn.data.frames["workers"]
    workers["cause_main"] = pd.Categorical(main, workers["cause_main"].cat.categories)
    told = workers[["wave", "person_id", "source_file", "source_sheet", "source_row"]].assign(rank=1)
    kind = drawn.data.frames["causes"]["cause"].dtype
    causes = pd.concat([told.assign(cause=main), told[::3].assign(cause="schooling", rank=2)])
    drawn.data.frames["causes"] = causes.drop_duplicates(["person_id", "cause"]).astype({"cause": kind})
    return drawn


def test_rare_causes_are_one_row_and_no_large_one_is_hidden(wave):
    exhibit = wave.causes(mention="main")
    assert exhibit.frame["n"].tolist() == [60, 50, 40, 12] and not exhibit.frame["suppressed"].any()
    assert exhibit.table.texts()[3][:2] == ["其他（合并）", "12"]
    told = next(note for note in exhibit.table.notes if "其他（合并）含" in note)
    assert all(exhibit.codebook.labels("cause")[code] in told for code in ("housing", "accident", "disaster"))
    assert "其他" not in exhibit.text and "…" not in exhibit.text
    drawn = [text.get_text() for axes in exhibit.chart().axes for text in axes.get_yticklabels()]
    assert "其他（合并）" in drawn


def test_who_names_several_rare_causes_counts_once(wave):
    exhibit = wave.causes(mention="any")
    other = exhibit.frame.loc[exhibit.frame["cause"].astype(str).str.endswith("∪"), "n"]
    causes = wave.frames["causes"]
    rare = causes[~causes["cause"].isin(["schooling", "disability", "low_income"])]
    assert other.tolist() == [rare["person_id"].nunique()]


def test_a_joined_level_is_its_parts_together_for_the_record_too(wave):
    exhibit = wave.causes(mention="main")
    exhibit.save("causes.csv")
    wave.count("sex", within="district", where={"cause_main": "housing"}).save("more.csv")
    record = json.loads((wave.places.report / "release.json").read_text(encoding="utf-8"))
    joined = [c for c in record["counts"] if [*c["where"]] == ["cause=accident∪disaster∪housing"]]
    assert [count["n"] for count in joined] == [12]
    housing = [c["n"] for c in record["counts"] if c["where"] == {"cause": "housing"}]
    assert not any(housing)  # 9 would tell the 3 others
    found = audit(record)
    assert np.isfinite(found["low"]).all() and found["gap"].min() >= 5 - 1e-6


def test_levels_that_go_up_are_joined_with_their_neighbours(wave):
    levels = ["illiterate", "primary", "junior_secondary", "senior_secondary", "junior_college"]
    kind = wave.data.frames["workers"]["education"].dtype
    sizes = [2, 50, 58, 50, 2]
    drawn = pd.Series(np.repeat(levels, sizes)).astype(kind)
    wave.data.frames["workers"]["education"] = drawn
    frame = wave.count("education").frame.query("n > 0")
    assert frame["n"].tolist() == [52, 58, 52]
    assert frame["education"].astype(str).str.split("∪").tolist() == [levels[:2], levels[2:3], levels[3:]]


def test_a_band_of_the_codebook_takes_the_place_of_many_small_levels(wave):
    ages = [*range(20, 60, 5)] * 2 + [45] * 74 + [52] * 72
    wave.data.frames["workers"]["age"] = pd.array(ages, "Int64")
    exhibit = wave.count("age_five_year", title="年龄（五岁组）")
    assert "age_ten_year" in exhibit.frame and exhibit.title == "年龄"
    assert "为保护个人信息按年龄" in "".join(exhibit.table.notes)


def test_more_counts_than_can_be_protected_at_once_are_made_fewer(wave, monkeypatch):
    monkeypatch.setattr(coarser, "MOST_CELLS", 12)
    many = [recipe(id=f"by_{n}", make="count", by=n) for n in ("education", "unit", "district")]
    made = [each for one in many for each in coarse(wave.data, one, 5)]
    fewer = few_enough(wave.data, made)
    assert sum(len(each.frame) for each in made) > 12 >= sum(len(each.frame) for each in fewer)
    assert [each.frame["n"].sum() for each in fewer] == [each.frame["n"].sum() for each in made]


def test_what_has_no_few_stays_as_it_is(wave):
    one = recipe(id="sex", make="count", by="sex")
    assert coarse(wave.data, one, 5)[0].recipe == one


@pytest.mark.parametrize("sizes", [*itertools.product((0, 2, 40), repeat=3), (3,), (), (0, 3), (2, 3)])
def test_of_however_few_levels_at_least_two_are_left_or_none_are_joined(sizes):
    table = pd.DataFrame({"n": sizes}, index=[f"c{i}" for i in range(len(sizes))], dtype=float)
    groups = coarser._neighbours(table, 5)
    joined = [code for group in groups for code in group]
    held = [code for code in table.index if table.loc[code, "n"]]
    assert len(joined) == len(set(joined)) and set(joined) <= set(held)
    assert not groups or len(held) - len(joined) + len(groups) >= 2
