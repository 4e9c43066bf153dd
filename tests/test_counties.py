"""A study of counties: each as if it were alone, one that fails costs itself, all of them in one dataset."""

import sys
from concurrent.futures import Future

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from bangfu_analysis.analysis.tabulate import cause_table, tabulate
from bangfu_analysis.cleaning.identity import check_character
from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.counties import clean_study, dataset_of, scan_study
from bangfu_analysis.errors import ArgumentError, CallError
from bangfu_analysis.study import clean_wave
from bangfu_analysis.tidy.derive import with_bands
from bangfu_analysis.wave import places


class Here:
    """An executor that works at once; `kills` names counties whose worker is gone."""

    def __init__(self, kills=()):
        self.kills, self.asked = kills, []

    def submit(self, work, folder):
        future = Future()
        self.asked.append(folder)
        if any(name in folder for name in self.kills):
            future.set_exception(BrokenPipeError("worker"))
        else:
            future.set_result(work(folder))
        return future


def id_number(nth):
    """A valid number of region 99."""
    first = f"99010119700312{nth:03d}"
    return first + check_character(first)


def study_in(folder, counties):
    """A county a name, with the people of the given numbers on its roster."""
    for name, people in counties.items():
        wave = folder / "全国" / name / "2025"
        wave.mkdir(parents=True)
        (wave / "wave.toml").write_text('reference_date = 2025-06-30\nscheme = "s2018"\n', encoding="utf-8")
        rows = [f"王{i},{id_number(i)},深度困难,因病" for i in people]
        text = "\n".join(["姓名,身份证号,困难类别,致困原因", *rows]) + "\n"
        (wave / "名册.csv").write_text(text, encoding="utf-8")
    return folder / "全国"


def test_a_county_whose_worker_is_gone_costs_itself_and_the_next_run_makes_it_up(tmp_path):
    study = study_in(tmp_path, {"甲县": range(5), "乙县": range(4, 8)})
    first = clean_study(study, executor=Here(kills=["乙县"]))
    assert dict(zip(first["county"], first["outcome"], strict=True)) == {"甲县": "cleaned", "乙县": "failed"}
    assert "请重新运行" in first.set_index("county").at["乙县", "reason"]
    second = clean_study(study, executor=Here()).set_index("county")
    assert second["outcome"].to_dict() == {"甲县": "unchanged", "乙县": "cleaned"}
    assert second["n"].to_dict() == {"甲县": 5, "乙县": 4} and second["elsewhere_n"].tolist() == [1, 1]
    together = pd.read_parquet(dataset_of(study) / "workers")
    assert len(together) == 9 and together["county"].value_counts().to_dict() == {"甲县": 5, "乙县": 4}
    assert together["person_id"].nunique() == 8
    twice = pd.read_parquet(dataset_of(study) / "duplicates.parquet")
    assert set(twice["county"]) == {"甲县", "乙县"} and len(set(twice["person_id"])) == 1
    alone = clean_wave(study / "甲县" / "2025", out=tmp_path / "alone")["workers"]
    assert_frame_equal(pd.read_parquet(places(study / "甲县" / "2025").frames / "workers.parquet"), alone)


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_the_counties_together_are_counted_on_disk_as_in_pandas(tmp_path, engine):
    study = study_in(tmp_path, {"230102": range(5), "230103": range(4, 8)})
    clean_study(study, executor=Here())
    scans = scan_study(study, engine)
    frames = {name: pd.read_parquet(dataset_of(study) / name) for name in ("workers", "causes")}
    workers = with_bands(frames["workers"], load_codebook())
    counties = pd.CategoricalDtype(["230102", "230103"])  # which pandas takes for numbers
    workers = workers.assign(county=workers["county"].astype(str).astype(counties))
    for by in ("county", ["county", "hardship_level"], "age_five_year", "unit", "below_line", "age_by_sex"):
        assert_frame_equal(tabulate(scans["workers"], by), tabulate(workers, by))
    found = cause_table(scans["workers"], scans["causes"], by="county")
    assert_frame_equal(found, cause_table(workers, frames["causes"], by="county"))


def test_a_study_that_is_not_cleaned_has_nothing_to_scan(tmp_path):
    with pytest.raises(CallError, match="clean --all"):
        scan_study(study_in(tmp_path, {"甲县": range(2)}))


def test_an_engine_that_is_none_is_told(tmp_path):
    study = study_in(tmp_path, {"甲县": range(2)})
    clean_study(study, executor=Here())
    with pytest.raises(ArgumentError, match="duckdb"):
        scan_study(study, "ducks")


def test_an_engine_that_is_not_installed_is_told(tmp_path, monkeypatch):
    study = study_in(tmp_path, {"甲县": range(2)})
    clean_study(study, executor=Here())
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(ArgumentError, match="没有安装 duckdb"):
        scan_study(study)


def test_a_folder_without_counties_is_told(tmp_path):
    with pytest.raises(CallError, match="县区/批次"):
        clean_study(tmp_path)
