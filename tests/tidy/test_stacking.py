"""Frames of several waves, one below the other: no code of an older wave is lost."""

import pandas as pd

from bangfu_analysis.tidy.frames import stacked


def test_codes_that_only_an_older_wave_knows_stay_behind_those_of_the_last():
    older = pd.DataFrame({"grade": pd.Categorical(["model", "old"], ["old", "model"], ordered=True)})
    newer = pd.DataFrame({"grade": pd.Categorical([], ["qualified", "model"], ordered=True)})
    both = stacked([{"units": older}, {"units": newer}])["units"]["grade"]
    assert both.tolist() == ["model", "old"]
    assert both.cat.categories.tolist() == ["qualified", "model", "old"] and both.cat.ordered
