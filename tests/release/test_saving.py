"""Exhibits saved one after another: each is held against all that the wave has released before."""

import datetime
import json
from functools import partial

import numpy as np
import pandas as pd
import pytest

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import CallError
from bangfu_analysis.exhibits.data import WaveData
from bangfu_analysis.opened import OpenWave
from bangfu_analysis.release.audit import audit
from bangfu_analysis.release.policy import load_policy
from bangfu_analysis.tidy.schemas import FRAME_COLUMNS, typed
from bangfu_analysis.tidy.waves import stack_waves
from bangfu_analysis.wave import Wave, places

CODEBOOK = load_codebook()
BY = ["sex", "education", "education_band", "district", "unit", "reporting_unit"]
BY += ["hardship_level", "age_ten_year"]

REPORT = ("level", "education_band", "cause_by_age_ten_year", "cause_any", "unit")


def drawn_wave(folder, size, seed):
    """A wave of `size` people, some answers missing; a person has up to two causes."""
    draw = np.random.default_rng(seed)

    def codes(name, missing=0.02):
        known = CODEBOOK.variable("workers", name).codes[:8]
        drawn = pd.Series(draw.choice(known, size, p=draw.dirichlet(np.ones(len(known)))))
        return drawn.mask(draw.random(size) < missing)

    people = pd.DataFrame(
        {
            "wave": "2009", "source_file": "a.csv", "source_sheet": "", "source_row": range(2, size + 2),
            "person_id": [f"p{i:016x}" for i in range(size)], "id_basis": "row",
            "sex": draw.choice(["male", "female"], size), "age": draw.integers(20, 75, size),
            "education": codes("education"), "employer": draw.choice(["甲厂", "乙厂", "丙厂", "丁厂"], size),
            "reporting_unit": draw.choice(["东街道", "西街道"], size),
            "district": draw.choice(list("北南"), size), "hardship_scheme": "s2000",
            "hardship_level": draw.choice(["extreme", "general"], size, p=[0.2, 0.8]),
            "income_per_capita_monthly": draw.integers(50, 900, size), "cause_main": codes("cause"),
        }
    )
    frames = {name: typed(pd.DataFrame(), name, CODEBOOK) for name in [*FRAME_COLUMNS, "issues", "sources"]}
    frames["workers"] = typed(people, "workers", CODEBOOK)
    shared = people[["wave", "person_id", "source_file", "source_sheet", "source_row"]]
    main = shared.assign(cause=people["cause_main"], rank=1).dropna()
    more = shared.assign(cause=codes("cause"), rank=2)[draw.random(size) < 0.4].dropna()
    more = more[more["cause"].ne(people["cause_main"].reindex(more.index))]
    frames["causes"] = typed(pd.concat([main, more]), "causes", CODEBOOK)
    wave = Wave(folder, datetime.date(2009, 6, 30), scope="道里区")
    stacked = partial(stack_waves, {"2009": frames}, [wave], CODEBOOK)
    return OpenWave(WaveData(wave, CODEBOOK, frames, stacked), load_policy())


def asked(wave, draw):
    """A question drawn: make x by x within x where."""
    by, within, over = map(str, draw.choice(BY, 3, replace=False))
    codes = wave.workers[over].dropna().unique()
    where = {over: draw.choice(codes, min(len(codes), int(draw.integers(1, 3))), replace=False).tolist()}
    where = where if draw.random() < 0.4 else {}
    makes = {
        "count": lambda: wave.count(by, where=where),
        "within": lambda: wave.count(by, within=within, where=where),
        "causes": lambda: wave.causes(by, mention=str(draw.choice(["main", "any"])), where=where),
        "mean": lambda: wave.mean("income_per_capita_monthly", by, where=where),
    }
    return makes[str(draw.choice(list(makes)))]()


def saved_after_a_report(folder, size, seed, questions):
    wave, draw = drawn_wave(folder, size, seed), np.random.default_rng(seed)
    file = places(folder, None).report / "release.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    report = [each for each in wave.recipes() if each.id in REPORT]
    file.write_text(json.dumps(wave.released(report)[1].record), encoding="utf-8")
    before = json.loads(file.read_text(encoding="utf-8"))
    for _ in range(questions):
        exhibit = asked(wave, draw)
        assert exhibit.save(folder / "表.csv").stat().st_size
    return before, json.loads(file.read_text(encoding="utf-8"))


def assert_safe(*records, threshold=5):
    """No hidden count lies in an interval narrower than the threshold."""
    found = audit(*records)
    assert len(found) and np.isfinite(found["low"]).all() and found["gap"].min() >= threshold - 1e-6, found


def test_exhibits_saved_after_a_report_give_nothing_back(tmp_path):
    assert_safe(*saved_after_a_report(tmp_path, 150, 1, questions=2))


def test_a_damaged_record_stops_the_next_release(tmp_path):
    wave = drawn_wave(tmp_path, 150, 1)
    wave.places.report.mkdir(parents=True)
    (wave.places.report / "release.json").write_text('{"counts": [', encoding="utf-8")
    with pytest.raises(CallError, match=r"release.json：已损坏.*从备份恢复.*未作保护，已停止"):
        wave.count("sex").save(tmp_path / "a.csv")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_drawn_exhibits_saved_after_a_report_give_nothing_back(tmp_path, seed):
    size = [60, 150, 400, 1200][seed % 4]
    assert_safe(*saved_after_a_report(tmp_path, size, seed, questions=12))
