"""Every verb that takes tables of other engines gives what it gives of the same rows in pandas."""

import shutil
import sys

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from pandas.testing import assert_frame_equal

import bangfu_analysis as bangfu
from bangfu_analysis.analysis.cells import cells
from bangfu_analysis.analysis.scans import kinds_of
from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import ArgumentError, BangfuError, ColumnMissing
from bangfu_analysis.survey.design import SurveyDesign

ENGINES = ["polars", "duckdb", "dask", pytest.param("pyspark", marks=pytest.mark.spark)]
CLUSTERED = SurveyDesign(weight="w", strata="stratum", cluster="psu", fpc="units")
DESIGNS = {
    "clustered": CLUSTERED,
    "two stages": SurveyDesign(strata="stratum", cluster=["psu", "house"], fpc=["units", "houses"]),
    "rows in strata": SurveyDesign(weight="w", strata="stratum"),
    "fractions": SurveyDesign(strata="stratum", fpc="fraction"),
    "plain": SurveyDesign(),
}


def roster(rows=3000):
    """People in two waves, with missing values, weights of 0 and levels that nobody has."""
    rng = np.random.default_rng(771)
    kinds = kinds_of("workers", load_codebook())
    stratum = rng.integers(0, 5, rows)
    psu = stratum * 10 + rng.integers(0, 10, rows)
    income = np.where(rng.random(rows) < 0.1, np.nan, 2009 + rng.gamma(4, 5, rows))
    sex = pd.Series(rng.choice(["male", "female"], rows)).mask(rng.random(rows) < 0.05)
    education = pd.Series(rng.choice(["illiterate", "bachelor", "junior_college"], rows))
    district = pd.Series(rng.choice(["道里", "道外", "南岗"], rows), dtype="str")
    cause = pd.Series(rng.choice(["illness", "schooling"], rows))
    level = pd.Series(rng.choice(["deep", "relative"], rows))
    return pd.DataFrame(
        {
            "wave": pd.Series(np.where(np.arange(rows) % 2, "2024", "2025"), dtype="str"),
            "person_id": pd.Series([f"p{i // 2 if i % 5 else i}" for i in range(rows)], dtype="str"),
            "sex": sex.astype(kinds["sex"]),
            "education": education.mask(rng.random(rows) < 0.1).astype(kinds["education"]),
            "district": district.mask(rng.random(rows) < 0.03),
            "hardship_scheme": pd.Series("s2018", index=range(rows), dtype="str"),
            "hardship_level": level.astype(kinds["hardship_level"]),
            "cause_main": cause.mask(rng.random(rows) < 0.1).astype(kinds["cause_main"]),
            "has_dibao": pd.Series(rng.random(rows) < 0.3).astype("boolean").mask(rng.random(rows) < 0.1),
            "stratum": stratum, "psu": psu, "house": psu * 100 + rng.integers(0, 20, rows),
            "units": 20 + stratum, "houses": 50, "fraction": 0.1 + stratum / 100,
            "w": np.where(rng.random(rows) < 0.02, 0.0, rng.uniform(5, 50, rows)),
            "income": income,
            "size": pd.Series(rng.integers(1, 6, rows)).astype("Int64").mask(rng.random(rows) < 0.1),
        }
    )  # fmt: skip


PEOPLE = roster()
CAUSES = pd.DataFrame(
    {
        "wave": PEOPLE["wave"], "person_id": PEOPLE["person_id"],
        "cause": np.where(PEOPLE["stratum"] > 2, "illness", "schooling"),
    }
).astype({"cause": PEOPLE["cause_main"].dtype})[PEOPLE["psu"] % 7 > 0]  # fmt: skip
ONCE = PEOPLE.drop_duplicates(["wave", "person_id"])
LEFT = PEOPLE.loc[PEOPLE["wave"].eq("2024"), "person_id"].drop_duplicates().iloc[::3]
EXITS = pd.DataFrame({"wave": "2025", "person_id": LEFT}).assign(
    exit_reason=np.where(LEFT.str.endswith("0"), "died", "income")
)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    for name, frame in {"people": PEOPLE, "causes": CAUSES, "exits": EXITS, "once": ONCE}.items():
        frame.to_parquet(folder / f"{name}.parquet")
    return folder


@pytest.fixture(scope="module", params=ENGINES)
def lazily(request, files):
    """The rows of a file on an engine, as they come from parquet."""
    if request.param == "polars":
        return lambda name: pl.scan_parquet(files / f"{name}.parquet")
    if request.param == "duckdb":
        return lambda name: duckdb.read_parquet(str(files / f"{name}.parquet"))
    if request.param == "dask":
        import dask
        import dask.dataframe as dd

        dask.config.set(scheduler="synchronous")
        return lambda name: dd.read_parquet(files / f"{name}.parquet").repartition(npartitions=3)
    if shutil.which("java") is None:
        pytest.skip("no Java")
    SparkSession = pytest.importorskip("pyspark.sql").SparkSession
    spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    return lambda name: spark.read.parquet(str(files / f"{name}.parquet"))


def assert_same(found, expected):
    """Order, types and counts equal, figures to twelve digits."""
    assert_frame_equal(found, expected, check_exact=False, rtol=1e-12, atol=0)
    for column in ("n", "base_n", "left_out_n"):
        if column in expected:
            assert found[column].equals(expected[column])


def the_same(verb, lazily, *names, **settings):
    frames = {"people": PEOPLE, "causes": CAUSES, "exits": EXITS, "once": ONCE}
    assert_same(verb(*map(lazily, names), **settings), verb(*(frames[name] for name in names), **settings))


COUNTS = [
    {"by": "sex"},
    {"by": ["education", "district"], "within": "sex"},
    {"by": "district", "where": {"sex": "female", "education": ["bachelor", "illiterate"]}},
    {"by": "has_dibao", "within": "hardship_level"},
]


@pytest.mark.parametrize("settings", COUNTS)
def test_counts(lazily, settings):
    the_same(bangfu.tabulate, lazily, "people", **settings)


@pytest.mark.parametrize("multiple", ["persons", "answers"])
def test_counts_of_people_with_several_answers(lazily, multiple):
    the_same(bangfu.tabulate, lazily, "people", by="cause_main", within="district", multiple=multiple)
    the_same(bangfu.tabulate, lazily, "causes", by="cause", multiple=multiple)


def test_rates_and_causes(lazily):
    population = pd.DataFrame({"sex": ["male", "female"], "district": None, "n": [40_000, 50_000]})
    found = bangfu.hardship_rate(lazily("people"), population, "sex", where={"sex": "male"})
    assert_same(found, bangfu.hardship_rate(PEOPLE, population, "sex", where={"sex": "male"}))
    assert_same(bangfu.hardship_rate(lazily("people"), population), bangfu.hardship_rate(PEOPLE, population))
    the_same(bangfu.cause_table, lazily, "people", "causes", by="district", where={"sex": "female"})
    the_same(bangfu.cause_table, lazily, "people", "causes", by="sex", mention="main")


def test_trends_and_flows(lazily):
    the_same(bangfu.trend, lazily, "people", by="hardship_level", where={"sex": "male"})
    the_same(bangfu.trend, lazily, "people", by="cause_main", within="sex", multiple="persons")
    the_same(bangfu.flows, lazily, "people")
    assert_same(bangfu.flows(lazily("people"), lazily("exits")), bangfu.flows(ONCE, EXITS))
    the_same(bangfu.flow_accounts, lazily, "once", "exits")
    settings = {"by": ["has_dibao", "district"], "where": {"sex": "female"}}
    the_same(bangfu.flows, lazily, "once", "exits", **settings)


@pytest.mark.parametrize("name", DESIGNS)
def test_estimates(lazily, name):
    where = {"education": ["bachelor", "illiterate"]}
    settings = {"design": DESIGNS[name], "by": ["sex", "district"], "where": where}
    the_same(bangfu.estimate_mean, lazily, "people", variable="income", **settings)
    the_same(bangfu.estimate_total, lazily, "people", variable="size", **settings)
    the_same(bangfu.estimate_total, lazily, "people", design=DESIGNS[name], by="sex")
    the_same(bangfu.estimate_ratio, lazily, "people", numerator="income", denominator="size", **settings)
    the_same(bangfu.estimate_share, lazily, "people", variable="has_dibao", **settings)
    the_same(bangfu.estimate_share, lazily, "people", variable="education", design=DESIGNS[name], ci="wilson")
    settings["where"] = {"district": "道里"}  # groups that the condition leaves out stay, as in pandas
    the_same(bangfu.estimate_mean, lazily, "people", variable="income", **settings)


@pytest.mark.parametrize("name", DESIGNS)
def test_a_cube_answers_every_question_as_the_rows_do(name):
    design, by = DESIGNS[name], ["sex", "education", "has_dibao"]
    cube = cells(PEOPLE, by, variables=["income", "size", ("income", "size")], design=design)
    assert len(cube) < len(PEOPLE) or name == "two stages"
    asked = {"design": design, "by": "sex", "where": {"education": "bachelor"}}
    for verb, variable in ((bangfu.estimate_mean, "income"), (bangfu.estimate_total, "size")):
        assert_same(verb(cube, variable, **asked), verb(PEOPLE, variable, **asked))
    asked |= {"numerator": "income", "denominator": "size"}
    assert_same(bangfu.estimate_ratio(cube, **asked), bangfu.estimate_ratio(PEOPLE, **asked))
    shares = {"variable": "has_dibao", "design": design, "by": "education"}
    assert_same(bangfu.estimate_share(cube, **shares), bangfu.estimate_share(PEOPLE, **shares))
    counts = {"by": "education", "within": "sex", "where": {"has_dibao": True}}
    assert_same(bangfu.tabulate(cube, **counts), bangfu.tabulate(PEOPLE, **counts))


@pytest.mark.parametrize("rule", ["remove", "adjust", "certainty", "average"])
def test_lonely_units_are_treated_alike(rule):
    lonely = PEOPLE[PEOPLE["stratum"].ne(2) | PEOPLE["psu"].eq(21)]
    design = SurveyDesign(weight="w", strata="stratum", cluster="psu", lonely_psu=rule)
    cube = cells(lonely, "sex", variables=["income"], design=design)
    expected = bangfu.estimate_mean(lonely, "income", design=design, by="sex")
    assert_same(bangfu.estimate_mean(cube, "income", design=design, by="sex"), expected)


def test_a_value_that_no_codebook_knows_stays():
    table = pl.DataFrame({"sex": ["male", "unheard_of", None], "n": [1, 2, 3]})
    assert bangfu.tabulate(table, "sex")["sex"].tolist() == ["male", "unheard_of"]
    known = pl.DataFrame({"sex": ["male", None]})
    assert bangfu.tabulate(known, "sex").values.tolist() == [["male", 1, 1, 1.0, 1], ["female", 0, 1, 0.0, 1]]


def test_levels_of_the_engine_keep_their_order():
    table = pl.DataFrame({"size": pl.Series(["small", "large"], dtype=pl.Enum(["large", "middle", "small"]))})
    assert bangfu.tabulate(table.lazy(), "size")["n"].tolist() == [1, 0, 1]


LAZY = pl.LazyFrame({"wave": ["1"], "person_id": ["p1"], "sex": ["male"], "income": [1.0], "w": [-1.0]})
CUBE = cells(PEOPLE, ["sex", "person_id", "wave"], variables=["income"], design=CLUSTERED)
WEIGHTED = SurveyDesign(weight="w")
REFUSALS = {
    "negative weights": (ArgumentError, "w", lambda: bangfu.estimate_mean(LAZY, "income", design=WEIGHTED)),
    "a mask": (ArgumentError, "字典", lambda: bangfu.tabulate(LAZY, "sex", where=[True])),
    "an unknown column": (ColumnMissing, "sx", lambda: bangfu.tabulate(LAZY, "sx")),
    "an unknown code": (ArgumentError, "mail", lambda: bangfu.tabulate(PEOPLE, "sex", where={"sex": "mail"})),
    "no table": (ArgumentError, "narwhals", lambda: bangfu.tabulate([1, 2], "sex")),
    "a cube of a cube": (ArgumentError, "不能再汇总", lambda: cells(CUBE, "sex")),
    "replicates": (ArgumentError, "重复权数", lambda: cells(LAZY, design=SurveyDesign(replicates="JK1"))),
    "another design": (ArgumentError, "cluster", lambda: bangfu.estimate_share(CUBE, "sex", design=WEIGHTED)),
    "another weight": (
        ColumnMissing, "psu.n",
        lambda: bangfu.estimate_mean(CUBE, "income", design=SurveyDesign("psu", cluster="psu")),
    ),
    "no such sums": (ColumnMissing, "variables", lambda: bangfu.estimate_mean(CUBE, "age", design=CLUSTERED)),
    "people of a cube": (ArgumentError, "cells", lambda: bangfu.tabulate(CUBE, "sex", multiple="persons")),
    "one engine and another": (ArgumentError, "同一引擎", lambda: bangfu.cause_table(LAZY, CAUSES)),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_is_refused_in_a_sentence(case):
    kind, words, call = REFUSALS[case]
    with pytest.raises(kind, match=words):
        call()


def test_without_narwhals_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "narwhals", None)
    monkeypatch.delitem(sys.modules, "bangfu_analysis.analysis.cells")
    with pytest.raises(ArgumentError, match=r"bangfu-analysis\[scale\]"):
        bangfu.tabulate(LAZY, "sex")
    assert bangfu.tabulate(PEOPLE, "sex")["n"].sum() > 0


ROWS_ALONE = {
    "means": {"variable": "income"}, "transitions": {"variable": "sex"}, "spells": {},
    "estimate_quantile": {"variable": "income", "q": 0.5, "design": CLUSTERED},
    "estimate_difference": {"variable": "income", "between": "sex", "design": CLUSTERED},
    "estimate_change": {"variable": "income", "over": "wave", "design": CLUSTERED},
    "estimate_table": {"by": "sex", "design": CLUSTERED},
    "test_independence": {"row": "sex", "column": "wave", "design": CLUSTERED},
    "fit_model": {"formula": "income ~ sex", "design": CLUSTERED},
    "targeting": {"need": "sex", "helped": "sex"},
    "rake": {"design": CLUSTERED, "margins": {"sex": {"male": 1, "female": 1}}},
    "weighting_report": {"before": CLUSTERED, "after": CLUSTERED, "margins": "sex"},
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS_ALONE)
@pytest.mark.parametrize("frame", [LAZY, CUBE], ids=["lazy", "cube"])
def test_verbs_that_need_rows_say_so(name, frame):
    with pytest.raises(BangfuError, match="pandas"):
        getattr(bangfu, name)(frame, **ROWS_ALONE[name])
