from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bangfu_analysis.analysis.domains import Domains
from bangfu_analysis.errors import ArgumentError, ColumnMissing
from bangfu_analysis.survey.design import SurveyDesign, design_weights, resolve
from bangfu_analysis.survey.estimate import estimate_mean, estimate_total
from bangfu_analysis.survey.replicates import Replicates


def frame():
    return pd.DataFrame(
        {
            "h": ["a"] * 6 + ["b"] * 6,
            "c": [1, 1, 2, 2, 3, 3] * 2,
            "N": [10] * 6 + [6] * 6,
            "f": [0.3] * 6 + [0.5] * 6,
            "w": [10 / 3] * 6 + [2.0] * 6,
            "y": [4.0, 6, 3, 9, 5, 8, 12, 14, 11, 19, 10, 13],
        }
    )


def se(design, data=None):
    return estimate_mean(frame() if data is None else data, "y", design=design)["se"].item()


def test_a_fraction_and_a_count_are_the_same_population():
    by_count = SurveyDesign(weight="w", strata="h", cluster="c", fpc="N", nest=True)
    by_fraction = SurveyDesign(weight="w", strata="h", cluster="c", fpc="f", nest=True)
    assert se(by_count) == pytest.approx(se(by_fraction), rel=1e-12)
    assert se(by_count) < se(SurveyDesign(weight="w", strata="h", cluster="c", nest=True))


def test_weights_come_from_the_finite_population_where_none_are_named():
    design = SurveyDesign(strata="h", cluster="c", fpc="N", nest=True)
    np.testing.assert_allclose(design_weights(frame(), design), frame()["w"])


def test_a_stratum_taken_whole_adds_no_variance():
    data = frame().assign(N=[3] * 6 + [6] * 6)
    whole = estimate_total(
        data, "y", design=SurveyDesign(strata="h", cluster="c", fpc="N", nest=True), by="h"
    )
    assert whole["se"].iloc[0] == 0
    assert whole["se"].iloc[1] > 0


def test_clusters_that_repeat_between_strata_need_nest():
    with pytest.raises(ArgumentError, match="跨了几个层.*nest=True"):
        se(SurveyDesign(strata="h", cluster="c"))
    apart = frame().assign(c=lambda f: f["h"] + f["c"].astype(str))
    nested = SurveyDesign(strata="h", cluster="c", nest=True)
    assert se(SurveyDesign(strata="h", cluster="c"), apart) == se(nested)


def test_degrees_of_freedom_are_units_less_strata_and_rows_of_weight_zero_do_not_count():
    data = frame().assign(w=lambda f: np.where((f["h"] == "a") & (f["c"] == 1), 0.0, f["w"]))
    design = SurveyDesign(weight="w", strata="h", cluster="c", nest=True)
    assert estimate_mean(frame(), "y", design=design)["df"].item() == 4
    found = estimate_mean(data, "y", design=design)
    assert found["df"].item() == 3
    assert found["n"].item() == 10


@pytest.mark.parametrize("rule", ["adjust", "remove", "certainty", "average"])
def test_a_lonely_unit_follows_the_rule(rule):
    data = frame().assign(h=["a"] * 6 + ["b"] * 5 + ["c"], c=[1, 1, 2, 2, 3, 3] + [1, 1, 2, 2, 3] + [1])
    design = SurveyDesign(strata="h", cluster="c", nest=True, lonely_psu=rule)
    z = data["y"].to_numpy()
    totals = pd.Series(z).groupby([data["h"], data["c"]]).sum()
    known = sum(3 * totals[h].var() for h in "ab")
    wanted = {"adjust": known + (z[-1] - z.sum() / 7) ** 2, "average": known * 3 / 2}.get(rule, known)
    assert estimate_total(data, "y", design=design)["se"].item() == pytest.approx(np.sqrt(wanted))


def test_a_lonely_unit_fails_by_default_and_says_what_to_do():
    data = frame().assign(c=[1, 1, 2, 2, 3, 3] + [1] * 6)
    with pytest.raises(ArgumentError, match="1 个层只有一个抽样单元.*lonely_psu='adjust'"):
        se(SurveyDesign(strata="h", cluster="c", nest=True), data)
    outside = estimate_mean(
        data, "y", design=SurveyDesign(strata="h", cluster="c", nest=True), where={"h": "a"}
    )
    assert outside["se"].item() > 0  # the lonely stratum is not spoken of


@pytest.mark.parametrize(
    ("change", "design", "words"),
    [
        ({"w": np.nan}, {"weight": "w"}, "权数列 w 有 12 行缺失"),
        ({"w": -1.0}, {"weight": "w"}, "权数列 w 有 12 行为负数"),
        ({"w": "三"}, {"weight": "w"}, "变量 w 的类型是 str，不是数值"),
        ({"h": None}, {"strata": "h"}, "设计列 h 有 12 行缺失"),
        ({"N": 2}, {"strata": "h", "cluster": "c", "fpc": "N", "nest": True}, "小于样本中的单元数"),
        ({"N": range(12)}, {"fpc": "N"}, "同一层内有缺失、负数或不同的值"),
        ({}, {"cluster": "c", "fpc": ["N", "N"]}, "fpc 有 2 列，抽样有 1 个阶段"),
    ],
)
def test_what_is_wrong_with_a_design_is_said(change, design, words):
    with pytest.raises(ArgumentError, match=words):
        se(SurveyDesign(**design), frame().assign(**change))


def test_unknown_columns_and_options_are_named_with_the_nearest():
    with pytest.raises(ColumnMissing, match="没有列 ww"):
        se(SurveyDesign(weight="ww"))
    with pytest.raises(ArgumentError, match="lonely_psu.*'adjusted'.*是否想写 adjust"):
        SurveyDesign(lonely_psu="adjusted")
    with pytest.raises(ArgumentError, match="replicates.*'JK2'"):
        SurveyDesign(replicates="JK2")
    with pytest.raises(ArgumentError, match="没有任何行"):
        se(SurveyDesign(), frame().head(0))


def test_the_jackknife_of_a_total_is_the_linearised_variance():
    for strata, kind in ((None, "JK1"), ("h", "JKn")):
        plain = SurveyDesign(weight="w", strata=strata, cluster="c", nest=True)
        made = SurveyDesign(weight="w", strata=strata, cluster="c", nest=True, replicates=kind)
        wanted = estimate_total(frame(), "y", design=plain)
        found = estimate_total(frame(), "y", design=made)
        pd.testing.assert_frame_equal(found, wanted)


def test_the_jackknife_of_a_mean_written_out():
    data, design = frame(), SurveyDesign(weight="w", strata="h", cluster="c", nest=True, replicates="JKn")
    means = []
    for h in "ab":
        for c in (1, 2, 3):
            factor = np.where(data["h"] == h, np.where(data["c"] == c, 0.0, 1.5), 1.0)
            means.append(np.average(data["y"], weights=data["w"] * factor))
    wanted = np.sqrt(((np.array(means) - np.mean(means)) ** 2).sum() * 2 / 3)
    assert se(design) == pytest.approx(wanted, rel=1e-12)


def test_the_rank_of_a_jackknife_in_a_group_is_that_of_its_weights():
    rng = np.random.default_rng(3)
    for rule in ["adjust", "remove"] * 10:
        sizes = [int(rng.integers(2, 5)), *rng.integers(1, 5, 3).tolist()]
        taken = {h: rng.random() < 0.25 and h > 0 for h in range(4)}
        rows = [
            (h, u, n if taken[h] else n + 5) for h, n in enumerate(sizes) for u in range(n) for _ in range(3)
        ]
        data = pd.DataFrame(rows, columns=["h", "u", "N"]).assign(w=lambda f: rng.uniform(1, 5, len(f)))
        design = SurveyDesign("w", "h", "u", "N", nest=True, lonely_psu=rule, replicates="JKn")
        sample, group = resolve(data, design), rng.integers(0, 3, len(data))
        weights = [sample.replicates.weight(r) for r in range(len(sample.replicates.rscales))]
        given = replace(sample.replicates, given=weights)
        wanted = [given.rank(group == g) - 1 for g in range(3)]
        assert sample.degrees(Domains(group, pd.DataFrame(index=range(3)))).tolist() == wanted


def test_replicate_columns_without_the_sampling_weight_in_them():
    data = frame().assign(r1=[2.0, 0] * 6, r2=[0.0, 2] * 6)
    combined = data.assign(r1=data["r1"] * data["w"], r2=data["r2"] * data["w"])
    columns = ["r1", "r2"]
    one = SurveyDesign(weight="w", replicates=Replicates(columns, kind="BRR", combined=False))
    other = SurveyDesign(weight="w", replicates=Replicates(columns, kind="BRR"))
    assert se(one, data) == pytest.approx(se(other, combined))
    assert Replicates(columns, kind="Fay", rho=0.5).scales()[0] == 2
    with pytest.raises(ArgumentError, match="rscales"):
        Replicates(columns, kind="JKn").scales()


def test_the_frame_is_not_changed_and_the_design_is_a_plain_value():
    data = frame()
    design = SurveyDesign(weight="w", strata="h", cluster="c", nest=True)
    resolve(data, design)
    pd.testing.assert_frame_equal(data, frame())
    assert design == SurveyDesign(weight="w", strata="h", cluster="c", nest=True)
    assert hash(design)
