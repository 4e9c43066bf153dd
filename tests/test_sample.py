"""The true people add up to what was published, and the files are what was written for them."""

import datetime
import re
import tomllib
import unicodedata
import zipfile
from collections import Counter
from pathlib import Path
from random import Random

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from bangfu_analysis.cleaning.identity import check_character
from bangfu_analysis.codebook import load_codebook, read_yaml
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.text import heading_key
from tools.sample import HERE, true_people, write_sample_study
from tools.sample.later import units_of
from tools.sample.layouts import Page
from tools.sample.ledgers import population_counts
from tools.sample.people import Wave, draw_waves
from tools.sample.writing import write_workbook

ROOT = Path(__file__).parents[1]
COMMITTED = ROOT / "data" / "raw" / "daoli"
PLAN, WORDS = read_yaml(HERE / "plan.yaml"), read_yaml(HERE / "words.yaml")
WAVES, LATER = ("2007", "2008", "2009"), ("2010", "2018")
SETTINGS = {**PLAN["waves"], **PLAN["later"]}
UNITS = dict.fromkeys(WAVES, WORDS["units"])
for wave, before in (("2010", "2009"), ("2018", "2010")):
    UNITS[wave] = units_of(UNITS[before], PLAN["later"][wave]["units"])
CELLS = {("male", False): 612, ("male", True): 140, ("female", True): 196, ("female", False): 110}
SCHOOLED = {
    "illiterate": 0, "primary": 0, "junior_secondary": 0, "vocational_secondary": 1, "senior_secondary": 1
}


@pytest.fixture(scope="module")
def truth():
    return true_people()


@pytest.fixture(scope="module")
def people():
    return {wave.name: wave for wave in draw_waves(Random(1), PLAN, WORDS)}


def counted(truth, wave):
    return truth[wave][truth[wave]["fate"] == "counted"]


def published(sexes_ages_educations):
    """Counts of 特困 as the report has them: 50 and 40 count as 以上."""
    rows = list(sexes_ages_educations)
    cells = Counter((sex, age >= (50 if sex == "male" else 40)) for sex, age, _ in rows)
    return dict(cells), Counter(SCHOOLED.get(education, 2) for *_, education in rows)


def test_the_true_people_of_2009_are_the_published_figures(truth):
    people = counted(truth, "2009")
    extreme = people[people["level"] == "extreme"]
    cells, schooling = published(extreme[["sex", "age", "education"]].itertuples(index=False))
    assert (len(people), people["person_no"].nunique(), len(extreme)) == (3456, 3456, 1058)
    assert cells == CELLS
    assert schooling == {0: 692, 1: 345, 2: 21}


def test_any_other_seed_gives_the_published_figures_too(people):
    extreme = [p for p in people["2009"].people if p.level == "extreme"]
    cells, schooling = published((p.sex, p.age, p.education) for p in extreme)
    assert (len(people["2009"].people), cells, schooling) == (3456, CELLS, {0: 692, 1: 345, 2: 21})


def test_ages_are_full_years_and_some_stand_on_the_very_edge(truth):
    people = counted(truth, "2009")
    day = datetime.date(2009, 6, 30)
    born = people["birth_date"]
    had_it = born.map(lambda b: (b.month, b.day) <= (day.month, day.day))
    assert (people["age"] == born.map(lambda b: day.year - b.year) - ~had_it).all()
    by_day = people[people["level"] == "extreme"].groupby("birth_date")["age"].agg(set)
    assert {50} == by_day[datetime.date(1959, 6, 30)] and {49} == by_day[datetime.date(1959, 7, 1)]
    assert {40} == by_day[datetime.date(1969, 6, 30)] and {39} == by_day[datetime.date(1969, 7, 1)]


@pytest.mark.parametrize("wave", WAVES)
def test_what_is_lost_is_lost_by_others_than_extreme_and_the_level_never(truth, wave):
    people = counted(truth, wave)
    lost = people[people["lost"] != ""]
    assert 60 < len(lost) < 250
    assert set(lost["level"]) == {"general"}
    assert set("|".join(lost["lost"]).split("|")) <= {
        "education", "household_size", "income_personal_monthly", "employment_status", "cause", "birth_date",
        "age", "sex",
    }  # fmt: skip


@pytest.mark.parametrize("wave", WAVES)
def test_others_come_over_and_above_the_true_people(truth, wave):
    people = set(counted(truth, wave)["person_no"])
    by_fate = truth[wave].groupby("fate")["person_no"].agg(set)
    assert by_fate["duplicate"] <= people
    assert not people & (by_fate["struck"] | by_fate["exited"])
    assert not truth[wave].duplicated(["file", "sheet", "row"]).any()


def test_three_in_four_people_stay_from_wave_to_wave(truth):
    sets = [set(counted(truth, wave)["person_no"]) for wave in WAVES]
    stayed = [len(now & then) / len(then) for then, now in zip(sets, sets[1:], strict=False)]
    assert all(0.75 <= share <= 0.80 for share in stayed)
    before, after = (counted(truth, wave) for wave in WAVES[1:])
    both = before.merge(after, on="person_no", suffixes=("", "_next"))
    assert (both["birth_date"] == both["birth_date_next"]).all()
    assert 0 < (both["level"] != both["level_next"]).mean() < 0.2


def test_illness_rises_over_the_waves_and_with_age(truth):
    def share(people):
        return people["causes"].str.startswith("illness").mean()

    shares = [share(counted(truth, wave)) for wave in WAVES]
    last = counted(truth, "2009")
    assert shares == sorted(shares)
    assert share(last[last["age"] >= 50]) > share(last[last["age"] < 35]) + 0.1


def test_the_workers_of_a_district_add_up_and_nowhere_fall_below_those_in_hardship(people):
    wave: Wave = people["2009"]
    counts = population_counts(wave, 33724, WORDS)
    assert sum(counts.values()) == 33724
    by_unit = Counter(p.unit for p in wave.people)
    assert all(
        sum(n for (u, *_), n in counts.items() if u == unit) > n_hard for unit, n_hard in by_unit.items()
    )


def test_the_same_pages_give_the_same_bytes(tmp_path):
    page = Page(
        "一", {(0, 0): "姓名", (1, 0): datetime.date(1959, 7, 1), (2, 0): 3.5}, [(3, 0, 4, 0)], {1}, {2}
    )
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_workbook(tmp_path / name / "x.xlsx", [page])
    assert (tmp_path / "a" / "x.xlsx").read_bytes() == (tmp_path / "b" / "x.xlsx").read_bytes()


def unpacked(path):
    """A file's bytes; of a workbook those of its parts, since how tightly they are packed is the machine's
    zlib's.
    """
    if path.suffix != ".xlsx":
        return path.read_bytes()
    with zipfile.ZipFile(path) as package:
        return [(part.filename, part.date_time, package.read(part)) for part in package.infolist()]


def test_the_committed_study_is_what_the_function_writes_byte_for_byte(tmp_path):
    written = write_sample_study(tmp_path)
    files = sorted(p.relative_to(written) for p in written.rglob("*") if p.is_file())
    assert files == sorted(p.relative_to(COMMITTED) for p in COMMITTED.rglob("*") if p.is_file())
    assert [p for p in files if unpacked(written / p) != unpacked(COMMITTED / p)] == []


def test_a_study_that_is_not_made_is_named_with_those_that_are(tmp_path):
    with pytest.raises(ArgumentError, match="daoli、jilin-forestry"):
        write_sample_study(tmp_path, study="paris")




@pytest.mark.parametrize("wave", SETTINGS)
def test_the_committed_truth_is_what_the_function_writes(truth, wave):
    committed = pd.read_parquet(ROOT / "tests" / "truth" / f"daoli_{wave}.parquet")
    assert_frame_equal(committed, truth[wave], check_dtype=False)
    assert not {"name", "id_number", "phone"} & set(committed)


@pytest.mark.parametrize("wave", SETTINGS)
def test_a_wave_has_four_layouts_and_headings_of_its_own(wave):
    def layout(plan):
        ticks = any(c.startswith("tick:") for c in plan["columns"])
        levels = any("/" in heading for heading in plan["columns"].values())
        kinds = (plan.get("sheets"), plan.get("members"), plan.get("slots"))
        return ticks, levels, *kinds, plan["file"].endswith("csv")

    own = [PLAN["files"][key] for key in SETTINGS[wave]["files"]]
    others = [PLAN["files"][key] for name in SETTINGS if name != wave for key in SETTINGS[name]["files"]]
    assert len({layout(plan) for plan in own}) >= 4
    assert not {plan["file"] for plan in own} & {plan["file"] for plan in others}
    assert sorted(unit for plan in own for unit in plan["units"]) == sorted(UNITS[wave])
    assert all(own_plan["columns"] != plan["columns"] for own_plan in own for plan in others)


@pytest.mark.parametrize("key", PLAN["files"])
def test_every_heading_is_one_that_the_codebook_knows(key):
    codebook = load_codebook()
    members = codebook.of("members")
    for variable, heading in PLAN["files"][key]["columns"].items():
        leaf = heading_key(heading.split("/")[-1])
        if variable.startswith("tick:"):
            says = codebook.variable("workers", "cause").spellings
            assert [level.code for level in says.get(leaf, ())] in ([variable[5:]], [])
        elif variable.startswith("m:"):
            known = members[variable[2:]]
            assert leaf in (*known.headings, *known.inner)
        else:
            known = codebook.variable("workers", variable)
            under = heading_key("".join(heading.split("/")[-2:]))  # 家庭 over 年收入
            assert {leaf, under} & {*known.headings, *known.other_period}


@pytest.mark.parametrize("variable", WORDS["says"])
def test_every_spelling_is_one_that_the_codebook_knows(variable):
    names = {"level": "hardship_level", "employment": "employment_status"}
    codebook = load_codebook()
    if variable in ("yes", "no"):
        return
    frame = "members" if variable == "relation" else "workers"
    known = codebook.variable(frame, names.get(variable, variable))
    for code, says in WORDS["says"][variable].items():
        for word in says:
            levels = known.spellings.get(re.sub(r"\s", "", word), ())
            assert code in [level.code for level in levels], f"{word} does not say {code}"


def texts():
    for path in COMMITTED.rglob("*"):
        if path.suffix in (".csv", ".tsv"):
            encoding = "gb18030" if path.suffix == ".csv" else "utf-16"
            yield from re.split(r"[,\t\r\n]", path.read_bytes().decode(encoding))
        elif path.suffix == ".xlsx":
            yield from re.findall(
                r"<t[^>]*>([^<]*)</t>", zipfile.ZipFile(path).read("xl/sharedStrings.xml").decode()
            )


def test_every_id_number_is_of_region_99_and_nearly_all_are_valid():
    bare = (re.sub(r"[\s']", "", unicodedata.normalize("NFKC", text)) for text in texts())
    numbers = [text.upper() for text in bare if re.fullmatch(r"\d{14,17}[\dXx]", text)]
    whole = [number for number in numbers if len(number) == 18]
    assert len(numbers) > 16000
    assert {number[:6] for number in numbers} == {"990102"}
    assert sum(number[17] != check_character(number[:17]) for number in whole) < 150


def test_the_settings_state_the_totals(truth):
    for wave in SETTINGS:
        settings = tomllib.loads((COMMITTED / wave / "wave.toml").read_text(encoding="utf-8"))
        people = counted(truth, wave)
        assert settings["reference_date"] == datetime.date(int(wave), 6, 30)
        assert settings["stated"]["hardship_total"] == len(people)
        told = {f"{level}_total": n for level, n in people["level"].value_counts().items()}
        assert (
            settings["stated"].items()
            <= {**told, "hardship_total": len(people), "workers_total": SETTINGS[wave]["workers"]}.items()
        )


def test_later_waves_keep_their_own_scheme_and_rule(truth):
    assert {wave: set(counted(truth, wave)["level"]) for wave in LATER} == {
        "2010": {"above_line", "dibao", "no_dibao"},
        "2018": {"deep", "relative", "accidental"},
    }
    before, now = (counted(truth, wave) for wave in LATER)
    assert (before["income_per_capita_monthly"].lt(300) == before["level"].ne("above_line")).all()
    left = (now["income_household_annual"] - now["rigid_expense_annual"]) / 12 / now["household_size"]
    assert left[now["level"] == "deep"].lt(600).all()
    assert left[now["level"] == "relative"].between(600, 1200, inclusive="left").all()
    assert now.loc[now["level"] == "accidental", "causes"].str.startswith("accident").all()


def test_people_come_back_after_a_wave_away_but_the_dead_do_not(truth):
    here = {wave: set(counted(truth, wave)["person_no"]) for wave in SETTINGS}
    assert len((here["2007"] | here["2008"]) & here["2010"] - here["2009"]) == PLAN["later"]["2010"]["return"]
    earlier = here["2007"] | here["2008"] | here["2009"]
    assert len(earlier & here["2018"] - here["2010"]) == PLAN["later"]["2018"]["return"]
    dead = {wave: set(truth[wave].query("exit_reason == 'died'")["person_no"]) for wave in LATER}
    assert [len(dead[wave]) for wave in LATER] == [PLAN["later"][wave]["died"] for wave in LATER]
    assert not dead["2010"] & (here["2010"] | here["2018"])
    assert dead["2010"] <= here["2009"] and dead["2018"] <= here["2010"]


def test_renamed_merged_and_split_units_are_those_that_the_study_s_codebook_carries_over(truth):
    carried = read_yaml(COMMITTED / "codebook.yaml")["crosswalk"]["carried"]
    moved = {(old, entry["to"]) for entry in carried for old in entry["from"]}
    drawn = {
        (old, new) if "valid_to" in entry else (new, old)
        for wave in LATER
        for new, (*_, came_of) in PLAN["later"][wave]["units"].items()
        for old in came_of
        for entry in carried
        if old in entry["from"] or new in entry["from"]
    }
    assert moved == drawn
    assert set(counted(truth, "2018")["unit"]) <= set(UNITS["2018"])
