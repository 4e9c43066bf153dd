"""What has left the office has left: what a release.json keeps, and what several of them say together."""

import json

import numpy as np
import pandas as pd
import pytest

from bangfu_analysis.analysis.tabulate import tabulate
from bangfu_analysis.first_steps import sample_study
from bangfu_analysis.opened import open_wave
from bangfu_analysis.release.audit import audit
from bangfu_analysis.release.cells import Cut
from bangfu_analysis.release.gate import joined, protect
from bangfu_analysis.release.policy import load_policy
from bangfu_analysis.release.suppression import Numbers, hide

INSIDE = load_policy()
MERGED = {("2007", "unit", "新厂"): ["新厂", "一厂", "二厂"]}


def record(by, size=120, seed=0, data="a", policy=INSIDE):
    draw = np.random.default_rng(seed)
    people = pd.DataFrame({name: pd.Categorical(draw.choice([*"abcd"], size)) for name in ("sex", "cause")})
    cut = Cut("_".join(by), "", tabulate(people, by), tuple(by), population="workers/2009")
    return {**protect([cut], policy).record, "data": data}


def numbers(record):
    return {(*sorted(count["where"].items()),): count["n"] for count in record["counts"]}


def test_a_report_made_again_keeps_what_was_saved_since():
    report, saved = record(["sex"]), record(["cause"])
    again = joined(joined(report, saved), report)
    assert numbers(again) == numbers(report) | numbers(saved) and "earlier" not in again


def test_what_was_released_of_other_data_stands_apart_until_it_is_released_again():
    first, saved = record(["sex"]), record(["cause"])
    now = joined(joined(first, saved), record(["sex"], 119, data="b"))
    assert numbers(now) == numbers(record(["sex"], 119))
    assert numbers(now["earlier"][0]).keys() == numbers(saved).keys() - numbers(now).keys()
    later = joined(now, record(["cause"], 119, data="b"))
    assert "earlier" not in later and numbers(later).keys() == numbers(first) | numbers(saved).keys()


def test_exact_numbers_are_not_forgotten_by_a_policy_that_rounds(tmp_path):
    (tmp_path / "release.yaml").write_text("policy: outside\n", encoding="utf-8")
    outside = load_policy(tmp_path / "release.yaml")
    now = joined(record(["sex"]), record(["sex"], policy=outside))
    assert numbers(now["earlier"][0]) == numbers(record(["sex"]))


def test_a_number_of_other_data_neither_shows_what_is_small_now_nor_forgets_what_was_hidden():
    frame = pd.DataFrame({"unit": pd.Categorical(["u"] * 20 + ["v"] * 20 + ["w"] * 20)})
    first = Cut("t", "", tabulate(frame, ["unit"]), ("unit",))
    fewer = Cut("t", "", tabulate(frame.drop(frame.index[23:40]), ["unit"]), ("unit",))
    before = protect([first], INSIDE).record
    now = protect([fewer], INSIDE, others=[before])
    assert pd.isna(now.frames["t"].set_index("unit").loc["v", "n"])
    assert audit(now.record)["gap"].min() >= INSIDE.threshold - 1e-6


def test_units_merged_later_are_the_same_people_under_both_names():
    own = pd.DataFrame({"unit": pd.Categorical(["一厂"] * 3 + ["二厂"] * 30 + ["三厂"] * 40 + ["四厂"] * 50)})
    first = protect([Cut("unit", "", tabulate(own, ["unit"]), ("unit",), population="workers/2007")], INSIDE)
    later = own.astype(object).replace({"unit": {"一厂": "新厂", "二厂": "新厂"}}).astype("category")
    over = tabulate(later, ["unit"]).assign(wave="2007")
    trend = Cut("waves", "", over, ("wave", "unit"), ("wave",), merged=MERGED)
    second = protect([trend], INSIDE, others=[first.record])
    assert ("unit=一厂∪二厂∪新厂", "yes") in {pair for where in numbers(second.record) for pair in where}
    found = audit(first.record, second.record)
    assert np.isfinite(found["low"]).all() and found["gap"].min() >= INSIDE.threshold - 1e-6


def test_an_empty_level_that_a_table_leaves_out_is_not_hidden_in_the_place_of_another():
    value = np.array([30.0, 40, 70, 0, 22, 22])  # two levels, all of them, those of none; these by another
    flags = {"small": np.arange(6) == 4, "unprinted": np.zeros(6, bool), "fixed": np.zeros(6, bool)}
    numbers = Numbers(value, np.array([9.0, 9, 9, 0, 9, 9]), np.full(6, 5.0), **flags)
    hidden = hide(numbers, [((0, 1), 2), ((0, 1, 3), 2), ((3, 4), 5)])
    assert hidden.tolist() == [False, False, False, False, True, True]


@pytest.mark.slow
def test_the_waves_of_the_sample_study_together_give_nothing_back(tmp_path):
    study, records = sample_study(tmp_path / "data" / "raw", "daoli"), []
    for folder in sorted(path for path in study.iterdir() if path.is_dir()):
        wave = open_wave(folder)
        wave.record(wave.released(wave.recipes())[1])
        records.append(json.loads((wave.places.report / "release.json").read_text(encoding="utf-8")))
    found = audit(*records)
    assert len(found) > 200 and np.isfinite(found["low"]).all()
    assert found["gap"].min() >= INSIDE.threshold - 1e-6
