"""The vectorised variance against R's recursion written out stratum by stratum, on random designs."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bangfu_analysis.analysis.domains import Domains
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.survey.design import SurveyDesign, resolve
from bangfu_analysis.survey.variance import covariance, variance_of


def recursion(z, stages, rule):
    """svyrecvar of R's survey: between units of each stratum, then within each unit, times n/N.

    `stages` is a list of (stratum, unit, n, N), each one value a row.
    """
    stratum, unit, taken, population = (np.asarray(x) for x in stages[0])
    every = z.sum() / sum(taken[stratum == h][0] for h in np.unique(stratum))
    parts = []
    for h in np.unique(stratum):
        rows = stratum == h
        n, size = taken[rows][0], population[rows][0]
        left = 1.0 if np.isinf(size) else (size - n) / size
        if left < 1e-7:
            parts.append(0.0)
            continue
        totals = np.array([z[rows & (unit == u)].sum() for u in np.unique(unit[rows])])
        totals = np.append(totals, np.zeros(int(n) - len(totals)))
        totals = totals - (every if rule == "adjust" and n == 1 else totals.mean())
        alone = n == 1 and rule == "average"
        parts.append(np.nan if alone else (totals**2).sum() * left * (n / (n - 1) if n > 1 else 1))
    known = [p for p in parts if not np.isnan(p)]
    variance = sum(known) * len(parts) / len(known) if known else np.nan  # nothing to go by
    if len(stages) > 1:
        for u in np.unique(unit):
            rows = unit == u
            inner = [[np.asarray(x)[rows] for x in stage] for stage in stages[1:]]
            variance += recursion(z[rows], inner, rule) * taken[rows][0] / population[rows][0]
    return variance


def population_of(rng, strata, lonely):
    """Three strata of clusters of people, the number of each in the population, and a stratum with one
    cluster.
    """
    rows = []
    for h in range(strata):
        clusters = 1 if lonely and h == 0 else int(rng.integers(2, 5))
        for c in range(clusters):
            people, extra = int(rng.integers(2, 6)), int(rng.integers(0, 9))
            rows += [(h, c, i, clusters + 3 * (h % 2), people + extra) for i in range(people)]
    frame = pd.DataFrame(rows, columns=["h", "c", "person", "clusters", "people"])
    weight, y = rng.uniform(1, 9, len(frame)), rng.normal(50, 9, len(frame))
    domain = rng.integers(0, 3, len(frame))
    return frame.assign(w=weight, y=y, g=domain)


def stages_of(frame, fpc):
    clusters = frame.groupby("h")["c"].transform("nunique")
    first = [
        frame["h"], frame["h"] * 100 + frame["c"], clusters,
        frame["clusters"] if fpc else clusters * 0 + np.inf,
    ]
    people = frame.groupby(["h", "c"])["person"].transform("nunique")
    second = [first[1], first[1] * 100 + frame["person"], people, frame["people"]]
    return [first, second] if fpc else [first]


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    fpc=st.booleans(),
    rule=st.sampled_from(["adjust", "remove", "certainty", "average"]),
)
@example(seed=1440, fpc=False, rule="average")  # a group that meets lonely units alone
# a group that nobody is in, beside one that meets a lonely unit
@example(seed=976, fpc=False, rule="average")
def test_any_design_gives_the_variance_of_the_recursion(seed, fpc, rule):
    rng = np.random.default_rng(seed)
    frame = population_of(rng, strata=int(rng.integers(2, 5)), lonely=True)
    columns = {"fpc": ["clusters", "people"], "cluster": ["c", "person"]} if fpc else {"cluster": "c"}
    design = SurveyDesign(weight="w", strata="h", nest=True, lonely_psu=rule, **columns)
    z, code = (frame["w"] * frame["y"]).to_numpy(), frame["g"].to_numpy()
    sample = resolve(frame, design)
    wanted = []
    for g in range(3):
        rows = code == g
        inside = [[np.asarray(x)[rows] for x in stage] for stage in stages_of(frame, fpc)]
        wanted.append(recursion(z[rows], inside, rule) if rows.any() else 0.0)

    def found():
        groups = Domains(code, pd.DataFrame(index=range(3)))
        return variance_of(sample, None, lambda part: ([z[part]], []), lambda total: [np.ones(3)], groups)[1]

    if np.isnan(wanted).any():
        with pytest.raises(ArgumentError, match="没有可用的同伴"):
            found()
        return
    np.testing.assert_allclose(found(), wanted, rtol=1e-9, atol=1e-9)
    for g in range(3):
        single = covariance(sample, [np.where(code == g, z, 0.0)], code == g)[0, 0]
        np.testing.assert_allclose(single, wanted[g], rtol=1e-9, atol=1e-9)


def test_units_that_are_rows_and_many_groups_give_what_the_dense_table_gives(monkeypatch):
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {"h": rng.integers(0, 9, 400), "c": rng.integers(0, 40, 400), "y": rng.normal(size=400)}
    )
    groups = Domains(rng.integers(0, 30, 400), pd.DataFrame(index=range(30)))
    sample = resolve(frame, SurveyDesign(strata="h", cluster="c", nest=True))
    slopes, y = rng.normal(size=(2, 30)), frame["y"].to_numpy()

    def columns(part):
        return [y[part], np.ones(len(y[part]))], []

    dense = variance_of(sample, None, columns, lambda *totals: slopes, groups)[1]
    monkeypatch.setattr("bangfu_analysis.survey.variance.DENSE", 0)
    np.testing.assert_allclose(
        variance_of(sample, None, columns, lambda *totals: slopes, groups)[1], dense, rtol=1e-12
    )


def test_the_covariance_of_groups_adds_up_to_the_variance_of_their_sum():
    rng = np.random.default_rng(6)
    frame = population_of(rng, 4, lonely=False)
    sample = resolve(frame, SurveyDesign(strata="h", cluster="c", nest=True))
    parts = [np.where(frame["g"] == g, frame["y"], 0.0) for g in range(3)]
    assert covariance(sample, parts).sum() == pytest.approx(covariance(sample, [frame["y"].to_numpy()])[0, 0])
