import numpy as np
import pandas as pd
import pytest

from bangfu_analysis.analysis.domains import domains, level_codes, numbers, rows_where
from bangfu_analysis.errors import ArgumentError, ColumnMissing
from bangfu_analysis.survey.design import SurveyDesign
from bangfu_analysis.survey.estimate import estimate_mean


def frame():
    kind = pd.Categorical(["b", "a", None, "b"], ["a", "b", "c"])
    return pd.DataFrame(
        {"kind": kind, "unit": ["乙", "甲", "甲", "乙"], "y": pd.array([1, 2, None, 4], "Int64")}
    )


def test_no_group_is_one_group():
    found = domains(frame())
    assert found.code.tolist() == [0, 0, 0, 0]
    assert found.levels.shape == (1, 0)


def test_categories_keep_their_order_and_their_empty_levels():
    found = domains(frame(), ["kind", "unit"])
    assert found.levels.to_numpy().tolist() == [[k, u] for k in "abc" for u in ("乙", "甲")]
    assert found.levels["kind"].dtype == frame()["kind"].dtype
    assert found.code.tolist() == [2, 1, 6, 2]


def test_text_groups_are_those_seen():
    found = domains(frame(), "unit", where=frame()["y"] < 2)
    assert found.levels["unit"].tolist() == ["乙"]
    assert found.code.tolist() == [0, 1, 1, 1]


@pytest.mark.parametrize(
    "where",
    [{"y": [2, 4]}, frame()["y"] > 1, np.array([False, True, False, True]), [False, True, False, True]],
)
def test_where_in_every_form_and_missing_is_no(where):
    assert rows_where(frame(), where).tolist() == [False, True, False, True]


def test_numbers_are_float_with_missing():
    np.testing.assert_array_equal(numbers(frame(), "y"), [1, 2, np.nan, 4])


def test_levels_of_text_are_sorted_and_missing_has_no_code():
    codes, levels = level_codes(pd.Series(["b", None, "a"]))
    assert codes.tolist() == [1, -1, 0]
    assert levels.tolist() == ["a", "b"]


def test_words_of_errors():
    with pytest.raises(ColumnMissing, match="by：数据框中没有列 uni.*是否想写 unit"):
        domains(frame(), "uni")
    with pytest.raises(ArgumentError, match="或 4 个真假值，得到 2 个"):
        rows_where(frame(), [True, False])


@pytest.mark.parametrize("values", [[3, 1, 3, 7], [3, 1, 3, 10**12], [-5, -5, 2, 0], []])
def test_integers_have_the_codes_of_their_order_however_far_apart(values):
    codes, levels = level_codes(pd.Series(values, dtype="int64"))
    assert levels.tolist() == sorted(set(values))
    assert levels[codes].tolist() == values


def test_a_design_may_be_held_in_categories_with_empty_levels():
    data = pd.DataFrame({"h": ["a", "a", "b", "b", "b"], "y": [1.0, 4, 2, 8, 9]})
    held = data.assign(h=pd.Categorical(data["h"], ["z", "b", "a"]))
    design = SurveyDesign(strata="h")
    pd.testing.assert_frame_equal(
        estimate_mean(held, "y", design=design), estimate_mean(data, "y", design=design)
    )
