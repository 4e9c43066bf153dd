"""The sample study, cleaned, against its true people: person by person, and then the published counts."""

from pathlib import Path

import pandas as pd
import pytest

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.study import clean_wave
from bangfu_analysis.tidy.derive import add_bands

ROOT = Path(__file__).parents[1]
RAW = ROOT / "data" / "raw" / "daoli"
WAVES = ["2007", "2008", "2009"]
SAME_NAME = ["sex", "birth_date", "age", "education", "district", "household_size", "income_personal_monthly", "has_dibao",
             "income_per_capita_monthly", "income_household_annual", "is_single_parent"]  # fmt: skip
OTHER_NAME = {"level": "hardship_level", "employment": "employment_status"}
# For the 1,058 of 2009 these must be right for everybody; the rest may lose what the truth says is lost.
SURE = ["sex", "age", "education", "hardship_level"]
PUBLISHED = {
    "age_by_sex": {"men_under_50": 612, "men_50_up": 140, "women_40_up": 196, "women_under_40": 110},
    "education_band": {"junior_secondary_or_less": 692, "senior_secondary": 345, "college_or_more": 21},
}


@pytest.fixture(scope="module")
def cleaned(tmp_path_factory):
    return {wave: clean_wave(RAW / wave, out=tmp_path_factory.mktemp(wave)) for wave in WAVES}


def truth_of(wave):
    return pd.read_parquet(Path(__file__).parent / "truth" / f"daoli_{wave}.parquet").rename(columns=OTHER_NAME)


def places_of(truth):
    """(file, sheet, row) -> place in `truth`, of where each true person's rows stand; merged people may keep either."""
    found = {}
    for place, row in enumerate(truth.itertuples()):
        for also in filter(None, [f"{row.file}|{row.sheet}|{row.row}", *str(row.also or "").split(";")]):
            file, sheet, line = also.rsplit("|", 2)
            found[file, sheet, int(line)] = place
    return found


def beside_truth(workers, truth):
    places = places_of(truth)
    at = [places.get((w.source_file, w.source_sheet, int(w.source_row))) for w in workers.itertuples()]
    assert None not in at, "a cleaned worker stands where no true person does"
    return truth.iloc[at].reset_index(drop=True), workers.reset_index(drop=True)


def as_text(values):
    return pd.Series([None if pd.isna(v) else str(v)[:10].removesuffix(".0") for v in values], dtype=object)


@pytest.mark.parametrize("wave", WAVES)
def test_every_true_person_is_found_once(cleaned, wave):
    truth = truth_of(wave)
    true, _ = beside_truth(cleaned[wave]["workers"], truth)
    assert sorted(true["person_no"]) == sorted(truth.loc[truth["fate"] == "counted", "person_no"])


@pytest.mark.parametrize("wave", WAVES)
@pytest.mark.parametrize("variable", [*SAME_NAME, *OTHER_NAME.values()])
def test_values_are_the_true_ones_or_said_to_be_missing(cleaned, wave, variable):
    true, mine = beside_truth(cleaned[wave]["workers"], truth_of(wave))
    want, got = as_text(true[variable]), as_text(mine[variable])
    lost, doubtful = (listing(true, columns, variable) for columns in (["lost", "not_given", "doubtful"], ["doubtful"]))
    differs = want.ne(got)
    shown = pd.DataFrame({"want": want, "got": got, "file": mine["source_file"], "row": mine["source_row"]})
    assert not (differs & ~lost).any(), shown[differs & ~lost].head()
    assert not (differs & got.notna() & ~doubtful).any(), shown[differs & got.notna() & ~doubtful].head()


def listing(true, columns, variable):
    """Whose row names `variable` in one of `columns` (lists of names split by |)."""
    named = true[columns].fillna("").agg("|".join, axis=1).str.split("|")
    return named.map(lambda names: variable in names)


def test_the_published_figures_of_2009_are_counts_of_distinct_people(cleaned):
    frames = cleaned["2009"]
    workers = add_bands(frames["workers"], load_codebook())
    assert frames["population"]["n"].sum() == 33724
    assert workers["person_id"].nunique() == len(workers) == 3456
    assert workers["hardship_level"].notna().all()
    worst = workers[workers["hardship_level"] == "extreme"]
    assert len(worst) == 1058
    for band, counts in PUBLISHED.items():
        assert worst[band].value_counts().to_dict() == counts


def test_everybody_said_to_be_in_extreme_hardship_is_whole(cleaned):
    worst = cleaned["2009"]["workers"].query("hardship_level == 'extreme'")
    assert worst[SURE].notna().all(axis=None)


@pytest.mark.parametrize("wave", WAVES)
def test_the_accounts_of_every_sheet_balance(cleaned, wave):
    sources = cleaned[wave]["sources"]
    rows = [c for c in sources if c.startswith("rows_")]
    cells = [c for c in sources if c.startswith("cells_") and c != "cells_filled"]
    assert (sources[rows].sum(axis=1) == sources["rows"]).all()
    assert (sources[cells].sum(axis=1) == sources["cells_filled"]).all()


def test_one_stated_total_is_found_to_be_wrong(cleaned):
    totals = cleaned["2009"]["totals"]
    assert (totals["verdict"] == "differs").sum() == 1
    assert (cleaned["2009"]["issues"]["problem"] == "total_differs").sum() == 1


def test_a_good_part_of_the_people_stay_from_wave_to_wave(cleaned):
    for before, after in (("2007", "2008"), ("2008", "2009")):
        stayed = set(cleaned[before]["workers"]["person_id"]) & set(cleaned[after]["workers"]["person_id"])
        assert 0.6 < len(stayed) / len(cleaned[after]["workers"]) < 0.95


def test_no_frame_holds_a_name_an_id_number_or_a_phone(cleaned):
    import re

    long_number = re.compile(r"\d{9,}")
    for frames in cleaned.values():
        for name, frame in frames.items():
            text = frame.select_dtypes(include=["str"]).drop(columns=["person_id"], errors="ignore")
            held = text.apply(lambda column: column.fillna("").str.contains(long_number))
            assert not held.any(axis=None), f"{name}: {held.any()[held.any()].index.tolist()}"
            assert not {"name", "id_number", "phone", "address", "card", "name_key", "identity"} & set(frame.columns)
