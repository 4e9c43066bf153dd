"""The report on all counties: counted on disk as in pandas, protected beside the others, by area."""

import json

import pandas as pd
import pytest

from bangfu_analysis import area_report
from bangfu_analysis.area_report import report_study
from bangfu_analysis.cleaning.identity import check_character
from bangfu_analysis.cli import main
from bangfu_analysis.counties import clean_study, dataset_of, homes_of
from bangfu_analysis.errors import ArgumentError, CallError
from bangfu_analysis.files import write
from bangfu_analysis.opened import open_wave
from bangfu_analysis.pages import charts
from bangfu_analysis.study import clean_wave

COUNTIES = {"黑龙江省/哈尔滨市/道里区": 31, "黑龙江省/大庆市/让胡路区": 24, "北京市/朝阳区": 13}


class Here:
    """An executor that cleans in this process."""

    def submit(self, work, folder):
        clean_wave(folder)
        return type("Done", (), {"result": staticmethod(lambda: ("cleaned", ""))})


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Two waves of three counties in provinces and cities."""
    folder = tmp_path_factory.mktemp("national") / "全国"
    for nth, (county, people) in enumerate(COUNTIES.items()):
        for year in (2024, 2025):
            wave = folder / county / str(year)
            wave.mkdir(parents=True)
            settings = f'reference_date = {year}-06-30\nscheme = "s2018"\n'
            (wave / "wave.toml").write_text(settings, encoding="utf-8")
            rows = ["姓名,性别,身份证号,工作单位,困难类别,致困原因"]
            for i in range(year - 2024, people):
                first = f"99{nth:04}{1960 + i % 40}0312{i:03}"
                level, cause = "深度困难" if i % 3 else "相对困难", "疾病" if i % 2 else "子女上学"
                who = f"王{chr(0x5B50 + i)},{'男女'[i % 2]},{first}{check_character(first)}"
                rows.append(f"{who},第一机械厂,{level},{cause}")
            (wave / "名册.csv").write_text("\n".join(rows), encoding="utf-8")
            (wave / "职工人数.csv").write_text("单位,职工人数\n第一机械厂,900\n合计,900\n", encoding="utf-8")
    clean_study(folder, executor=Here())
    return folder


def counts(made):
    """The release of a report: where -> n of the wave."""
    told = json.loads(made.files["发布记录"].read_text(encoding="utf-8"))["counts"]
    own = (count for count in told if count["population"] == "workers/2025")
    return {frozenset(count["where"].items()): count["n"] for count in own}


def counted_alone(seen):
    """What stands for writing a report: its release, and who was opened."""

    def write_files(opened, files, _, recipes, *__):
        released = opened.released(recipes)[1]
        write(files["发布记录"], json.dumps(released.record))
        seen.append(opened)
        return [], released.left_out, ()

    return write_files


def test_a_country_is_reported_by_province_without_rows(study, monkeypatch):
    monkeypatch.setattr(charts, "charts_of", lambda _: {})  # drawing takes most of the time
    made = report_study(study, level="province")
    assert made.files["报告"].exists() and made.files["附表"].exists()
    told = counts(made)
    assert told[frozenset()] == sum(COUNTIES.values()) - 3
    assert told[frozenset({("province", "黑龙江省")})] == 53
    workers = pd.read_parquet(dataset_of(study) / "workers").query("wave == '2025'")
    for name in ("sex", "hardship_level", "cause_main"):
        for code, n in workers[name].value_counts().items():
            assert told.get(frozenset({(name.replace("cause_main", "cause"), code)}), n) in (n, None)
    reasons = "\n".join(made.left_out)
    assert "逐人" in reasons and "问卷" in reasons and "按省列出" in reasons
    tables = json.loads(made.files["发布记录"].read_text(encoding="utf-8"))["tables"]
    expected = {"unit", "unit_waves", "area_count", "cause_any", "trend_total", "flow_accounts"}
    assert expected <= {table["id"] for table in tables}


def test_a_city_is_reported_by_county_beside_what_its_counties_have_released(study, monkeypatch):
    county = open_wave(study / "黑龙江省" / "哈尔滨市" / "道里区" / "2025")
    county.record(county.protect(county.exhibit("cause_group").cuts))
    monkeypatch.setattr(area_report, "write_files", counted_alone(seen := []))
    city = report_study(study, area="哈尔滨市", out=study.parent / "own")
    assert counts(city)[frozenset({("city", "哈尔滨市")})] == 30
    assert counts(city)[frozenset({("county", "道里区")})] == 30
    assert city.files["报告"].parent == study.parent / "own" / "release"
    others = [count["where"] for record in seen[0].other_releases() for count in record["counts"]]
    assert any(where.get("county") == "道里区" and "cause_group" in where for where in others)


def test_a_county_without_denominators_leaves_no_rate(study, monkeypatch):
    (study / "北京市" / "朝阳区" / "2025" / "职工人数.csv").unlink()
    clean_study(study, executor=Here())
    monkeypatch.setattr(area_report, "write_files", counted_alone([]))
    made = report_study(study)
    assert "朝阳区/2025 没有职工人数" in made.left_out[0]
    assert not made.frames["population"]["n"].notna().any()


def test_what_is_no_area_level_or_wave_is_told(study, capsys):
    with pytest.raises(CallError, match="哈尔滨市"):
        report_study(study, area="哈尔滨")
    with pytest.raises(ArgumentError, match="可选：province、city、county。"):
        report_study(study, level="town")
    with pytest.raises(ArgumentError, match="2025"):
        report_study(study, wave="1999")
    assert main(["report", "--all", str(study), "--area", "哈尔滨"]) == 2
    assert "没有地区" in capsys.readouterr().err


def test_areas_of_the_same_name_are_called_by_what_is_above_them(tmp_path):
    counties = ("江苏省/南京市/鼓楼区", "福建省/福州市/鼓楼区", "北京市/朝阳区")
    waves = [tmp_path / county / "2025" for county in counties]
    homes = [home.as_posix() for home in homes_of(waves, tmp_path).values()]
    assert homes == [
        "province=江苏省/city=南京市/county=江苏省_南京市_鼓楼区/2025.parquet",
        "province=福建省/city=福州市/county=福建省_福州市_鼓楼区/2025.parquet",
        "province=北京市/city=北京市/county=朝阳区/2025.parquet",
    ]
