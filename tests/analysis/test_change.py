import pandas as pd
import pytest

from bangfu_analysis.analysis.change import change, trend
from bangfu_analysis.errors import ArgumentError, ColumnMissing, NotComparable

LEVELS = ["extreme", "general", "deep", "relative"]


def wave(levels, scheme="s2000"):
    return pd.DataFrame(
        {
            "person_id": [f"p{i}" for i in range(len(levels))],
            "hardship_level": pd.Categorical(levels, LEVELS[:2] if scheme == "s2000" else LEVELS[2:]),
            "hardship_scheme": scheme,
        }
    )


def test_change_is_the_difference_of_shares_and_growth_that_of_counts():
    table = trend(
        {"2009": wave(["extreme"] * 3 + ["general"]), "2008": wave(["extreme", "general"])}, "hardship_level"
    )
    assert table["wave"].tolist() == ["2008", "2008", "2009", "2009"]
    assert table["n"].tolist() == [1, 1, 3, 1]
    assert table["change"].isna().tolist() == [True, True, False, False]
    assert table["change"].tolist()[2:] == [0.25, -0.25]
    assert table["growth"].tolist()[2:] == [2.0, 0.0]
    assert table["comparable"].tolist() == [False, False, True, True]


def test_a_stacked_frame_gives_the_same_as_frames_by_wave():
    frames = {"2008": wave(["extreme", None]), "2009": wave(["general", "general"])}
    stacked = pd.concat([frame.assign(wave=name) for name, frame in frames.items()])
    pd.testing.assert_frame_equal(trend(stacked, "hardship_level"), trend(frames, "hardship_level"))


def test_one_wave_has_no_change():
    table = trend({"2009": wave(["extreme"])}, "hardship_level")
    assert table[["change", "growth"]].isna().all(axis=None)
    assert not table["comparable"].any()


def test_growth_from_nobody_is_missing():
    table = trend({"1": wave(["general"]), "2": wave(["extreme"])}, "hardship_level")
    assert pd.isna(table["growth"].iloc[2])
    assert table["change"].iloc[2] == 1.0


def test_waves_of_two_schemes_are_not_compared_and_both_are_named():
    frames = {"2009": wave(["extreme"]), "2019": wave(["deep"], "s2018")}
    with pytest.raises(
        NotComparable, match="2009 为 s2000，2019 为 s2018。口径不同.*hardship_by_income.*breaks='mark'"
    ):
        trend(frames, "hardship_level")


def test_a_marked_break_keeps_the_shares_and_gives_no_change():
    frames = {
        "2009": wave(["extreme", "general"]), "2019": wave(["deep"], "s2018"), "2020": wave(["deep"], "s2018")
    }
    table = trend(frames, "hardship_level", breaks="mark")
    assert table.groupby("wave")["comparable"].all().to_dict() == {"2009": False, "2019": False, "2020": True}
    assert table.loc[table["wave"] == "2019", ["change", "growth"]].isna().all(axis=None)
    assert table.loc[table["wave"] == "2020", "change"].tolist() == [0.0]


def test_levels_of_another_scheme_are_no_zeros_of_a_wave():
    frames = {"2009": wave(["extreme", "general"]), "2019": wave(["deep", "relative"], "s2018")}
    stacked = pd.concat([f.astype({"hardship_level": object}).assign(wave=n) for n, f in frames.items()])
    table = trend(
        stacked.astype({"hardship_level": pd.CategoricalDtype(LEVELS)}), "hardship_level", breaks="mark"
    )
    assert table[["wave", "hardship_level"]].astype(str).to_numpy().tolist() == [
        ["2009", "extreme"],
        ["2009", "general"],
        ["2019", "deep"],
        ["2019", "relative"],
    ]


def test_a_variable_with_one_meaning_is_compared_across_schemes():
    frames = {
        "2009": wave(["extreme"]).assign(sex="male"), "2019": wave(["deep"], "s2018").assign(sex="male")
    }
    assert trend(frames, "sex")["change"].tolist()[1:] == [0.0]


def test_options_and_columns_that_do_not_exist_are_named():
    with pytest.raises(ArgumentError, match="参数 breaks 的取值 'ignore' 无效。可选：raise、mark"):
        trend({"1": wave(["general"])}, "hardship_level", breaks="ignore")
    with pytest.raises(ColumnMissing, match="trend：数据框中没有列 wave"):
        trend(wave(["general"]), "hardship_level")
    with pytest.raises(ArgumentError, match="没有任何批次"):
        trend({}, "hardship_level")
    with pytest.raises(ColumnMissing, match="change：数据框中没有列 wave"):
        change(pd.DataFrame({"n": [1], "share": [0.5]}))
