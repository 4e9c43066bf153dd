"""Waves are stacked on what they share, and what cannot be compared is named."""

import datetime

import pandas as pd
import pytest

from bangfu_analysis.analysis.change import trend
from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import NotComparable
from bangfu_analysis.tidy.derive import add_bands
from bangfu_analysis.tidy.schemas import FRAME_COLUMNS, typed
from bangfu_analysis.tidy.waves import low_income_line, stack_waves
from bangfu_analysis.wave import Wave

OWN = {
    "crosswalk": {
        "carried": [
            {
                "variable": "unit", "from": ["第一棉纺厂", "第二棉纺厂"], "to": "纺织总厂",
                "valid_to": datetime.date(2009, 12, 31), "why": "合并",
            },
            {
                "variable": "district", "from": ["新东街道", "新西街道"], "to": "老街道",
                "valid_from": datetime.date(2012, 1, 1), "why": "分设",
            },
        ]
    }
}  # fmt: skip
CODEBOOK = load_codebook(OWN)


def a_wave(year, scheme, levels, **columns):
    n = len(levels)
    people = {
        "wave": year, "source_file": "a.csv", "source_sheet": "", "source_row": range(2, n + 2),
        "id_basis": "row",
        "person_id": [f"p{year}{i:012x}" for i in range(n)], "hardship_scheme": scheme,
        "hardship_level": levels,
    }  # fmt: skip
    frames = {name: typed(pd.DataFrame(), name, CODEBOOK) for name in FRAME_COLUMNS}
    return frames | {"workers": typed(pd.DataFrame(people | columns), "workers", CODEBOOK)}


def stack(tmp_path, waves, **line):
    settings = [Wave(tmp_path / y, datetime.date(int(y), 6, 30), line=line.get(f"y{y}", {})) for y in waves]
    frames = stack_waves(waves, settings, CODEBOOK)
    return frames | {"workers": add_bands(frames["workers"], CODEBOOK)}


@pytest.fixture
def three(tmp_path):
    return stack(
        tmp_path,
        {
            "2009": a_wave("2009", "s2000", ["extreme", "general", "general", "general"]),
            "2013": a_wave("2013", "s2012", ["dibao", "near_dibao", "accidental"]),
            "2018": a_wave("2018", "s2018", ["deep", "relative", "accidental", "accidental"]),
        },
    )


def test_levels_of_two_schemes_meet_on_the_scale_that_both_share(three):
    first = three["workers"][three["workers"]["wave"].isin(["2009", "2013"])]
    table = trend(first, "below_line", definitions=three["definitions"])
    assert table["n"].tolist() == [1, 3, 1, 1]
    assert table["left_out_n"].tolist() == [0, 0, 1, 1]
    assert table["change"].tolist()[2:] == [0.25, -0.25]
    assert table["comparable"].tolist() == [False, False, True, True]


def test_a_scheme_that_is_not_on_the_scale_is_an_error_that_names_it_and_says_why(three):
    with pytest.raises(
        NotComparable, match="2018 批次：深度困难、相对困难按扣除刚性支出后的收入划分.*income_level"
    ):
        trend(three["workers"], "below_line", definitions=three["definitions"])
    with pytest.raises(NotComparable, match=r"2009为特困与困难（2000年代），2013为低保户口径"):
        trend(three["workers"], "hardship_level", definitions=three["definitions"])


def test_a_marked_break_says_why_and_the_wave_without_the_definition_counts_nobody(three):
    table = trend(three["workers"], "below_line", definitions=three["definitions"], breaks="mark")
    last = table[table["wave"].eq("2018")]
    assert last["base_n"].eq(0).all()
    assert last["break_note"].str.contains("刚性支出").all()
    assert not last["comparable"].any()
    assert table.loc[table["wave"].eq("2013"), "break_note"].eq("").all()


def test_a_wave_left_out_of_the_trend_does_not_hide_the_break(three):
    ends = three["workers"][three["workers"]["wave"].isin(["2009", "2018"])]
    table = trend(ends, "by_accident", definitions=three["definitions"], breaks="mark")
    assert not table["comparable"].any()
    assert table.loc[table["wave"].eq("2009"), "break_note"].str.contains("没有单列").all()


def test_accidents_compare_between_the_two_schemes_that_list_them(three):
    later = three["workers"][three["workers"]["wave"].ne("2009")]
    table = trend(later, "by_accident", definitions=three["definitions"])
    assert table["share"].round(3).tolist() == [0.333, 0.667, 0.5, 0.5]


def test_income_gives_one_rule_for_all_waves_and_says_which_wave_has_no_line(tmp_path):
    waves = {
        "2009": a_wave("2009", "s2000", ["extreme"] * 3, income_household_annual=[2400, 7200, None],
                       household_size=2, income_per_capita_monthly=[900, 1, 350]),
        "2018": a_wave(
            "2018", "s2018", ["deep"] * 2, income_household_annual=[12000, 36000], household_size=2
        ),
    }  # fmt: skip
    lines = {"y2009": {"extreme": 245, "general": 280}, "y2018": {"dibao": 600, "extreme": 1}}
    both = stack(tmp_path, waves, **lines)
    assert both["workers"]["income_level"].astype(str).tolist() == [
        "under_line", "line_to_edge", "line_to_edge", "under_line", "over_edge",
    ]  # fmt: skip
    assert (
        trend(
            both["workers"], "income_level", definitions=both["definitions"]
        )["comparable"].tolist()[3:] == [True] * 3
    )
    one = stack(tmp_path, waves, y2009={"extreme": 245})
    with pytest.raises(NotComparable, match=r"2018 批次：wave.toml 的 \[line\] 中没有低保标准"):
        trend(one["workers"], "income_level", definitions=one["definitions"])


def test_the_line_is_what_the_crosswalk_names_first_or_the_only_one(tmp_path):
    def of(line):
        return low_income_line(Wave(tmp_path, datetime.date(2009, 1, 1), line=line), CODEBOOK)

    assert of({"extreme": 245, "general": 280}) == 245
    assert of({"市区": 300}) == 300
    assert of({"甲": 1, "乙": 2}) is None
    assert of({}) is None


def test_merged_units_and_split_regions_are_counted_together_and_listed(tmp_path):
    waves = {
        "2009": a_wave(
            "2009", "s2000", ["extreme"] * 3, employer=["第一棉纺厂", "第二棉纺厂", "机械厂"],
            district="老街道",
        ),
        "2013": a_wave(
            "2013", "s2000", ["extreme"] * 2, employer="纺织总厂", district=["新东街道", "新西街道"]
        ),
    }  # fmt: skip
    before = waves["2009"]["workers"].copy()
    frames = stack(tmp_path, waves)
    assert (
        frames["workers"]["employer"].tolist() == ["纺织总厂", "纺织总厂", "机械厂", "纺织总厂", "纺织总厂"]
    )
    assert frames["workers"]["district"].eq("老街道").all()
    told = frames["carried"][["variable", "wave", "was", "now", "n"]].values.tolist()
    assert ["employer", "2009", "第一棉纺厂", "纺织总厂", 1] in told
    assert ["district", "2013", "新西街道", "老街道", 1] in told
    pd.testing.assert_frame_equal(waves["2009"]["workers"], before)


def test_nothing_is_carried_over_where_all_waves_know_the_same_values(tmp_path):
    waves = {y: a_wave(y, "s2000", ["extreme"], employment_status="retired_cadre") for y in ("2008", "2009")}
    assert stack(tmp_path, waves)["workers"]["employment_status"].eq("retired_cadre").all()
    later = waves | {"2013": a_wave("2013", "s2000", ["extreme"], employment_status="migrant_worker")}
    frames = stack(tmp_path, later)
    assert frames["workers"]["employment_status"].tolist() == ["retired", "retired", "migrant_worker"]
    table = trend(frames["workers"], "employment_status", definitions=frames["definitions"], breaks="mark")
    last = table[table["wave"].eq("2013")].set_index("employment_status")["comparable"]
    assert not last["migrant_worker"]
    assert last.drop("migrant_worker").all()


def test_a_dated_break_breaks_every_level(tmp_path):
    waves = {
        y: a_wave(y, "s2000", ["extreme"] * 2, hukou_type="agricultural") for y in ("2009", "2013", "2018")
    }
    frames = stack(tmp_path, waves)
    with pytest.raises(NotComparable, match="取消农业户口"):
        trend(frames["workers"], "hukou_type", definitions=frames["definitions"])
    first = frames["workers"][frames["workers"]["wave"].ne("2018")]
    assert trend(first, "hukou_type", definitions=frames["definitions"])["comparable"].any()
