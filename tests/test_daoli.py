"""The sample study, cleaned, against its true people: person by person, and then the published counts."""

from functools import cache
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.study import wave_frames
from bangfu_analysis.tidy.derive import add_bands

pytestmark = pytest.mark.xdist_group("demo")

WAVES = ["2007", "2008", "2009", "2010", "2018"]
SAME_NAME = ["sex", "birth_date", "age", "education", "district", "household_size", "income_personal_monthly",
             "has_dibao", "income_per_capita_monthly", "income_household_annual", "is_single_parent",
             "rigid_expense_annual"]  # fmt: skip
OTHER_NAME = {"level": "hardship_level", "employment": "employment_status"}
# For the 1,058 of 2009 these must be right for everybody; the rest may lose what the truth says is lost.
SURE = ["sex", "age", "education", "hardship_level"]
PUBLISHED = {
    "age_by_sex": {"men_under_50": 612, "men_50_up": 140, "women_40_up": 196, "women_under_40": 110},
    "education_band": {"junior_secondary_or_less": 692, "senior_secondary": 345, "college_or_more": 21},
}


@pytest.fixture(scope="module")
def cleaned(daoli):
    return cache(lambda wave: wave_frames(daoli / wave))


@pytest.fixture(scope="module")
def beside(cleaned):
    """Wave -> its true people and its cleaned workers, row by row."""
    return cache(lambda wave: beside_truth(cleaned(wave)["workers"], truth_of(wave)))


@cache
def truth_of(wave):
    return pd.read_parquet(
        Path(__file__).parent / "truth" / f"daoli_{wave}.parquet"
    ).rename(columns=OTHER_NAME)


def places_of(truth):
    """(file, sheet, row) -> place in `truth`, of where each true person's rows stand; merged people may keep
    either.
    """
    found = {}
    for place, row in enumerate(truth.itertuples()):
        for also in filter(None, [f"{row.file}|{row.sheet}|{row.row}", *str(row.also or "").split(";")]):
            file, sheet, line = also.rsplit("|", 2)
            found[file, sheet, int(line)] = place
    return found


def beside_truth(workers, truth):
    places = places_of(truth)
    lines = workers["source_row"].fillna(0)  # a form that is the whole sheet
    at = [places.get(key) for key in zip(workers["source_file"], workers["source_sheet"], lines, strict=True)]
    assert None not in at, "a cleaned worker stands where no true person does"
    return truth.iloc[at].reset_index(drop=True), workers.reset_index(drop=True)


def as_text(values):
    return pd.Series([None if pd.isna(v) else str(v)[:10].removesuffix(".0") for v in values], dtype=object)


@pytest.mark.parametrize("wave", WAVES)
def test_every_true_person_is_found_once(beside, wave):
    truth = truth_of(wave)
    true, _ = beside(wave)
    assert sorted(true["person_no"]) == sorted(truth.loc[truth["fate"] == "counted", "person_no"])


@pytest.mark.parametrize("wave", WAVES)
@pytest.mark.parametrize("variable", [*SAME_NAME, *OTHER_NAME.values()])
def test_values_are_the_true_ones_or_said_to_be_missing(beside, wave, variable):
    true, mine = beside(wave)
    if variable not in true:
        assert mine[variable].isna().all()
        return
    want, got = as_text(true[variable]), as_text(mine[variable])
    lost, doubtful = (listing(true, c, variable) for c in (["lost", "not_given", "doubtful"], ["doubtful"]))
    differs = want.ne(got)
    shown = pd.DataFrame({"want": want, "got": got, "file": mine["source_file"], "row": mine["source_row"]})
    assert not (differs & ~lost).any(), shown[differs & ~lost].head()
    assert not (differs & got.notna() & ~doubtful).any(), shown[differs & got.notna() & ~doubtful].head()


def listing(true, columns, variable):
    """Whose row names `variable` in one of `columns` (lists of names split by |)."""
    told = zip(*(true[column].fillna("") for column in columns), strict=True)
    return pd.Series([variable in "|".join(names).split("|") for names in told])


def test_the_published_figures_of_2009_are_counts_of_distinct_people(cleaned):
    frames = cleaned("2009")
    workers = add_bands(frames["workers"], load_codebook())
    assert frames["population"]["n"].sum() == 33724
    assert workers["person_id"].nunique() == len(workers) == 3456
    assert workers["hardship_level"].notna().all()
    worst = workers[workers["hardship_level"] == "extreme"]
    assert len(worst) == 1058
    for band, counts in PUBLISHED.items():
        assert worst[band].value_counts().to_dict() == counts


def test_everybody_said_to_be_in_extreme_hardship_is_whole(cleaned):
    worst = cleaned("2009")["workers"].query("hardship_level == 'extreme'")
    assert worst[SURE].notna().all(axis=None)


@pytest.mark.parametrize("wave", WAVES)
def test_the_accounts_of_every_sheet_balance(cleaned, wave):
    sources = cleaned(wave)["sources"]
    rows = [c for c in sources if c.startswith("rows_")]
    cells = [c for c in sources if c.startswith("cells_") and c != "cells_filled"]
    assert (sources[rows].sum(axis=1) == sources["rows"]).all()
    assert (sources[cells].sum(axis=1) == sources["cells_filled"]).all()


def test_one_stated_total_is_found_to_be_wrong(cleaned):
    totals = cleaned("2009")["totals"]
    assert (totals["verdict"] == "differs").sum() == 1
    assert (cleaned("2009")["issues"]["problem"] == "total_differs").sum() == 1


def test_a_good_part_of_the_people_stay_from_wave_to_wave(cleaned):
    people = [set(cleaned(wave)["workers"]["person_id"]) for wave in WAVES]
    stayed = [len(before & after) / len(after) for before, after in pairwise(people)]
    assert all(0.6 < share < 0.95 for share in stayed[:3])
    assert 0.15 < stayed[3] < 0.3


@pytest.mark.parametrize("wave", ["2010", "2018"])
def test_who_left_is_known_with_the_reason_and_is_not_counted(cleaned, wave):
    truth, exits = truth_of(wave).query("fate == 'exited'"), cleaned(wave)["exits"]
    places = [*zip(truth["file"], truth["row"], strict=True)]
    found = exits.set_index(["source_file", "source_row"]).loc[places, "exit_reason"]
    assert len(exits) == len(truth)
    assert found.tolist() == truth["exit_reason"].tolist()
    assert not set(exits["person_id"]) & set(cleaned(wave)["workers"]["person_id"])


def test_those_who_come_back_have_the_same_pseudonym_as_before_they_left(beside):
    seen = {w: dict(zip(beside(w)[0]["person_no"], beside(w)[1]["person_id"], strict=True)) for w in WAVES}
    back = (set(seen["2007"]) | set(seen["2008"])) & set(seen["2010"]) - set(seen["2009"])
    same = [seen["2010"][no] in (seen["2008"].get(no), seen["2007"].get(no)) for no in back]
    assert len(back) == 118
    assert sum(same) / len(same) > 0.9  # the others' numbers are damaged: those are for linking


def test_no_frame_holds_a_name_an_id_number_or_a_phone(cleaned):
    import re

    long_number = re.compile(r"\d{9,}")
    for frames in map(cleaned, WAVES):
        for name, frame in frames.items():
            text = frame.select_dtypes(include=["str"]).drop(columns=["person_id"], errors="ignore")
            held = text.apply(lambda column: column.fillna("").str.contains(long_number))
            assert not held.any(axis=None), f"{name}: {held.any()[held.any()].index.tolist()}"
            assert not {
                "name", "id_number", "phone", "address", "card", "name_key", "identity"
            } & set(frame.columns)
