import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bangfu_analysis.analysis.rates import (
    difference_of_shares,
    kitagawa,
    poisson_interval,
    share_interval,
    standardize_direct,
    standardized_ratio,
)
from bangfu_analysis.errors import ArgumentError, NotComparable


@given(n=st.integers(1, 500), part=st.floats(0, 1), method=st.sampled_from(
    ["wilson", "wilson_cc", "clopper_pearson"]
))
def test_limits_hold_the_share_and_are_mirrored(n, part, method):
    x = round(part * n)
    found, mirror = (share_interval(k, n, method=method).iloc[0] for k in (x, n - x))
    assert 0 <= found["ci_low"] <= found["share"] + 1e-12
    assert found["share"] - 1e-12 <= found["ci_high"] <= 1
    assert found["ci_low"] == pytest.approx(1 - mirror["ci_high"], abs=1e-9)


def test_a_column_of_shares_has_a_row_each():
    found = share_interval([0, 5, 10], [10, 10, 10])
    assert found["n"].tolist() == [0, 5, 10]
    assert found["ci_low"].iloc[0] == 0
    assert found["ci_high"].iloc[2] == 1


def test_the_difference_turns_its_sign_with_the_order():
    one = difference_of_shares([8, 3], [10, 10]).iloc[0]
    other = difference_of_shares([3, 8], [10, 10]).iloc[0]
    assert one["estimate"] == pytest.approx(-other["estimate"])
    assert one["ci_low"] == pytest.approx(-other["ci_high"])


def test_one_stratum_standardised_is_its_own_rate():
    data = pd.DataFrame({"x": [7], "n": [100], "s": [5]})
    found = standardize_direct(data, count="x", population="n", standard="s").iloc[0]
    assert found["estimate"] == found["crude"] == pytest.approx(0.07)
    exact = poisson_interval(7, 100).iloc[0]
    assert found[["ci_low", "ci_high"]].tolist() == pytest.approx(exact[["ci_low", "ci_high"]].tolist())


def test_groups_are_standardised_apart():
    data = pd.DataFrame({"wave": [1, 1, 2, 2], "x": [2, 9, 4, 3], "n": [50, 60, 70, 20], "s": [3, 1, 3, 1]})
    found = standardize_direct(data, count="x", population="n", standard="s", by="wave")
    assert found["wave"].tolist() == [1, 2]
    np.testing.assert_allclose(
        found["estimate"], [0.75 * 2 / 50 + 0.25 * 9 / 60, 0.75 * 4 / 70 + 0.25 * 3 / 20]
    )


@given(
    st.lists(st.tuples(st.floats(0.1, 1), st.floats(0.1, 1), st.floats(0, 1), st.floats(0, 1)), min_size=1)
)
def test_the_parts_of_kitagawa_add_up_to_the_difference(rows):
    data = pd.DataFrame(rows, columns=["ca", "cb", "ra", "rb"])
    data = data.assign(ca=data["ca"] / data["ca"].sum(), cb=data["cb"] / data["cb"].sum())
    found = kitagawa(
        data, share_a="ca", share_b="cb", rate_a="ra", rate_b="rb"
    ).set_index("component")["estimate"]
    wanted = (data["ca"] * data["ra"]).sum() - (data["cb"] * data["rb"]).sum()
    assert found["total"] == pytest.approx(wanted, abs=1e-12)
    assert found["rate"] + found["composition"] == pytest.approx(wanted, abs=1e-12)


def test_words_of_errors():
    data = pd.DataFrame({"ca": [0.5, 0.5], "cb": [0.4, np.nan], "ra": [0.1, 0.2], "rb": [0.1, 0.2]})
    columns = {"share_a": "ca", "share_b": "cb", "rate_a": "ra", "rate_b": "rb"}
    with pytest.raises(NotComparable, match="有 1 个类别只在一方有数"):
        kitagawa(data, **columns)
    with pytest.raises(ArgumentError, match="构成之和是 0.9，应为 1"):
        kitagawa(data.assign(cb=[0.4, 0.5]), **columns)
    with pytest.raises(ArgumentError, match="0 ≤ x ≤ n"):
        share_interval(5, 4)
    with pytest.raises(ArgumentError, match="method.*'wald'"):
        share_interval(1, 4, method="wald")
    with pytest.raises(ArgumentError, match="method.*'bayer'.*是否想写 byar"):
        standardized_ratio(3, 2.0, method="bayer")
    with pytest.raises(ArgumentError, match="为 0 的层"):
        strata = pd.DataFrame({"x": [1], "n": [0], "s": [1]})
        standardize_direct(strata, count="x", population="n", standard="s")
