"""Each way of getting a hidden number back, tried on what is released. The audit reads release.json alone."""

import numpy as np
import pandas as pd
import pytest

from bangfu_analysis.analysis.change import trend
from bangfu_analysis.analysis.tabulate import cause_table, hardship_rate, tabulate
from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.exhibits.exhibit import as_exhibit
from bangfu_analysis.release.audit import audit
from bangfu_analysis.release.cells import Cut
from bangfu_analysis.release.gate import protect
from bangfu_analysis.release.policy import load_policy
from bangfu_analysis.tidy.derive import add_bands

CODEBOOK, INSIDE = load_codebook(), load_policy()
EDUCATION = CODEBOOK.variable("workers", "education").codes[:7]


def drawn(draw, codes, size):
    return pd.Categorical(draw.choice(codes, size, p=draw.dirichlet(np.ones(len(codes)))), codes)


def people(size, seed, missing=0.0):
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "person_id": [f"p{i}" for i in range(size)],
            "age": pd.array(draw.integers(18, 70, size), "Int64"),
            "sex": pd.Categorical(draw.choice(["male", "female"], size)),
            "education": drawn(draw, EDUCATION, size),
            "cause": drawn(draw, list("abcdef"), size),
            "unit": drawn(draw, list("uvwxyz"), size),
        }
    )
    for name in ("age", "education", "cause"):
        frame[name] = frame[name].mask(draw.random(size) < missing)
    return add_bands(frame, CODEBOOK)


def cut(frame, by, within=(), **where):
    inside = [frame[name].eq(code) for name, code in where.items()]
    chosen = frame[np.logical_and.reduce(inside)] if where else frame
    name = "_".join([*within, *by, *where])
    table = tabulate(chosen, list(by), within=list(within) or None)
    return Cut(name, name, table, (*within, *by), tuple(within), "workers/2009", where)


def released(*cuts, policy=INSIDE, others=()):
    return protect(cuts, policy, codebook=CODEBOOK, others=others)


def narrowest(*records):
    return audit(*records)["gap"].min()


def report_of(frame):
    return [
        cut(frame, ["education"]), cut(frame, ["education_band"], ["sex"]), cut(frame, ["age_five_year"]),
        cut(frame, ["age_ten_year"], ["cause"]), cut(frame, ["age_by_sex"]), cut(frame, ["cause", "sex"]),
        cut(frame, ["cause"], ["unit"]), cut(frame, ["education"], sex="female"),
    ]


@pytest.mark.parametrize("seed", range(4))
def test_no_hidden_count_of_linked_tables_can_be_reckoned(seed):
    safe = released(*report_of(people([80, 300, 900, 2500][seed], seed, missing=0.01 * seed)))
    assert narrowest(safe.record) >= INSIDE.threshold - 1e-6
    shown = [count["n"] for count in safe.record["counts"] if count["n"] is not None]
    assert not [n for n in shown if 0 < n < INSIDE.threshold]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_no_hidden_count_of_many_drawn_reports_can_be_reckoned(seed):
    draw = np.random.default_rng(seed)
    frame = people(int(draw.choice([60, 200, 700, 3000])), seed, float(draw.choice([0, 0.003, 0.03])))
    assert narrowest(released(*report_of(frame)).record) >= INSIDE.threshold - 1e-6


def test_a_subgroup_taken_off_its_whole_gives_nobody_away():
    frame = people(400, 1)
    men = frame.index[frame["sex"].eq("male") & frame["education"].eq("primary")][2:]
    safe = released(cut(frame.drop(men), ["education"]), cut(frame.drop(men), ["education"], sex="female"))
    both = [safe.frames[name].set_index("education")["suppressed"] for name in ("education", "education_sex")]
    assert both[0]["primary"] or both[1]["primary"]


def test_two_notebook_cells_that_differ_by_one_person_are_not_both_shown():
    frame = people(300, 2)
    first = released(cut(frame, ["sex"], cause="a"))
    one = frame.index[frame["cause"].eq("a") & frame["sex"].eq("male")][0]
    later = frame.assign(has_dibao=pd.Categorical([True] * len(frame)))
    later.loc[one, "has_dibao"] = pd.NA
    both = later.assign(has_dibao=later["has_dibao"].astype(object).eq(True))
    second = cut(both, ["sex"], cause="a", has_dibao=True)
    safe = released(second, others=[first.record])
    shown = safe.frames[second.id].set_index("sex")["n"]
    assert pd.isna(shown["male"])


def test_a_small_base_and_its_shares_are_hidden():
    frame = people(200, 3).assign(unit=pd.Categorical(["u"] * 197 + ["v"] * 3))
    safe = released(cut(frame, ["sex"], ["unit"])).frames["unit_sex"].set_index("unit")
    assert safe.loc["v", ["n", "base_n", "share"]].isna().all(axis=None)


def test_those_without_a_value_are_not_found_by_subtraction():
    frame = people(200, 4)
    frame["education"] = frame["education"].mask(frame.index < 2)
    safe = released(cut(frame, ["education"]), cut(frame, ["sex"]))
    table = safe.frames["education"]
    assert table["left_out_n"].isna().all() and table["base_n"].isna().all() and table["share"].isna().all()
    assert table["suppressed"].any()  # or the levels would add up to the base
    assert narrowest(safe.record) >= INSIDE.threshold - 1e-6


def test_levels_joined_in_one_table_do_not_tell_who_has_no_value_by_another():
    frame = people(600, 11)
    ages = frame["education"].astype(object).map({code: "abbc"[at % 4] for at, code in enumerate(EDUCATION)})
    kind = pd.CategoricalDtype(["a∪b", "c"])
    joined = frame.assign(education=ages.replace({"a": "a∪b", "b": "a∪b"}).astype(kind))
    joined.loc[joined.index[joined["cause"].eq("a")][:1], "education"] = pd.NA
    safe = released(cut(joined, ["cause"]), cut(joined, ["cause"], ["education"]))
    whole, parts = safe.frames["cause"], safe.frames["education_cause"].query("cause == 'a'")
    assert whole.query("cause == 'a'")["n"].isna().all() or parts["n"].isna().any()  # or they tell of one


def test_a_mean_does_not_give_its_hidden_count_nor_a_hidden_amount_back():
    frame = people(300, 5).assign(unit=pd.Categorical(["u"] * 200 + ["v"] * 97 + ["w"] * 3), income=500.0)
    means = frame.groupby("unit", observed=True)["income"].agg(["size", "mean", "min", "max"]).reset_index()
    means = means.rename(columns={"size": "n", "mean": "estimate"}).assign(left_out_n=0)
    whole = pd.DataFrame({"n": [300], "estimate": [500.0], "left_out_n": [0]})
    asked = {"population": "workers/2009", "kind": "mean", "variable": "income"}
    safe = released(Cut("by", "", means, ("unit",), **asked), Cut("all", "", whole, (), **asked))
    table = safe.frames["by"].set_index("unit")
    assert table.loc["w", ["n", "estimate"]].isna().all()
    assert table["suppressed"].sum() == 2  # else the mean of all, times all, tells the amount
    assert table[["min", "max"]].isna().all(axis=None)  # each is one person's


def test_a_median_of_few_is_hidden():
    table = pd.DataFrame({"unit": ["u", "v"], "n": [9, 50], "estimate": [300.0, 400.0]})
    asked = {"population": "workers/2009", "kind": "quantile", "variable": "income"}
    safe = released(Cut("m", "", table, ("unit",), **asked)).frames["m"]
    assert safe["estimate"].isna().tolist() == [True, False]
    asked["kind"] = "mean"  # a table of means has medians beside them
    beside = table.assign(median=table["estimate"], left_out_n=0)
    safe = released(Cut("m", "", beside, ("unit",), **asked)).frames["m"]
    assert safe["median"].isna().tolist() == [True, False] and safe["estimate"].notna().all()
    exhibit = as_exhibit(safe.drop(columns="suppressed"), CODEBOOK)
    assert [row[-1] for row in exhibit.table.texts()] == ["*", "400.00"]


def test_a_total_that_one_person_dominates_is_hidden_and_what_would_give_it_back():
    amounts = pd.DataFrame({"disease": ["a", "b", "c", None], "n": [5, 30, 40, 75]})
    amounts["estimate"] = [484200.0, 24000.0, 35000.0, 543200.0]
    parts, whole = amounts.iloc[:3], amounts.iloc[3:].drop(columns="disease")
    held = pd.DataFrame({"largest": [480000.0, 900.0, 1000.0], "second": [1200.0, 850.0, 990.0]})
    asked = {"population": "aid/2009", "kind": "total", "variable": "cost"}
    cuts = Cut("by", "", parts, ("disease",), contributions=held, **asked), Cut("all", "", whole, (), **asked)
    safe = released(*cuts).frames["by"].set_index("disease")
    assert pd.isna(safe.loc["a", "estimate"]) and safe["suppressed"].sum() >= 2


def test_a_group_of_which_everybody_has_one_attribute_is_hidden():
    frame = people(200, 6).assign(unit=pd.Categorical(["u"] * 100 + ["v"] * 94 + ["w"] * 6))
    frame["cause"] = frame["cause"].mask(frame["unit"].eq("w"), "a")
    safe = released(cut(frame, ["cause"], ["unit"]), cut(frame, ["unit"]))
    own = safe.frames["unit_cause"].query("unit == 'w'").set_index("cause")
    assert pd.isna(own.loc["a", "n"]) and own["n"].isna().sum() >= 2  # an empty cell hides with it
    assert narrowest(safe.record) >= INSIDE.threshold - 1e-6


def test_a_unit_of_which_everybody_is_in_hardship_is_hidden():
    workers = pd.DataFrame({"unit": pd.Categorical(["u"] * 30 + ["v"] * 6)})
    population = pd.DataFrame({"unit": ["u", "v"], "n": [100, 6]})
    table = hardship_rate(workers, population, "unit")
    rates = Cut("r", "", table, ("unit",), population="workers/2009", kind="rate")
    assert released(rates).frames["r"].set_index("unit").loc["v", ["n", "base_n", "share"]].isna().all()


def test_a_change_does_not_give_a_hidden_wave_back():
    rows = {"1": [40, 3, 60], "2": [50, 20, 30], "3": [20, 30, 50]}
    causes = {wave: pd.Categorical(np.repeat(list("abc"), counts)) for wave, counts in rows.items()}
    frames = {wave: pd.DataFrame({"cause": each}) for wave, each in causes.items()}
    safe = released(Cut("t", "", trend(frames, "cause"), ("wave", "cause"))).frames["t"]
    assert safe.query("wave == '2' and cause == 'b'")["change"].isna().all()
    assert safe.query("wave == '3' and cause == 'b'")["change"].notna().all()


def test_what_another_wave_hid_stays_hidden_and_what_it_showed_is_known():
    frame = people(150, 7)
    first = released(cut(frame, ["cause"], ["unit"]))
    again = released(cut(frame, ["cause"], ["unit"]), cut(frame, ["cause"]), others=[first.record])
    hidden = first.frames["unit_cause"]["suppressed"]
    assert again.frames["unit_cause"]["suppressed"][hidden].all()
    assert narrowest(first.record, again.record) >= INSIDE.threshold - 1e-6


def test_causes_of_which_people_have_several_do_not_add_up_but_stay_below_their_whole():
    workers = people(120, 8)
    causes = pd.concat([workers[["person_id", "cause"]], workers[["person_id"]].assign(cause="a")])
    table = cause_table(workers, causes.assign(cause=causes["cause"].astype("category")), "sex")
    several = Cut("c", "", table, ("sex", "cause"), ("sex",), "workers/2009", multiple=frozenset({"cause"}))
    record = released(several).record
    assert record["multiple"] == ["cause_any"]
    everybody = [c["n"] for c in record["counts"] if c["where"].get("cause_any") == "a"]
    assert everybody == [None, None]  # all of them have it


def test_numbers_are_rounded_where_the_policy_says_so(tmp_path):
    (tmp_path / "release.yaml").write_text("policy: outside\n", encoding="utf-8")
    policy = load_policy(tmp_path / "release.yaml")
    safe = released(cut(people(1000, 9), ["cause"]), policy=policy)
    table = safe.frames["cause"].dropna()
    assert (table["n"] % 5 == 0).all() and np.allclose(table["share"], table["n"] / table["base_n"])
    assert safe.record["policy"] == {"name": "outside", "threshold": 10, "rounding": 5}


def test_reruns_are_the_same():
    frame = people(500, 10, missing=0.01)
    assert released(*report_of(frame)).record == released(*report_of(frame)).record


@pytest.mark.parametrize("seed", range(3))
def test_signs_in_the_name_of_a_unit_are_no_signs_of_the_gate(seed):
    names = ["a@b.cn", "c=d", "e+f", "g_any", "h_rest", "i"]
    frame = people(120, seed)
    frame = frame.assign(unit=frame["unit"].cat.rename_categories(names))
    kinds = ["a@b.cn∪c=d∪", *names[2:]]
    folded = frame["unit"].astype(object).replace(dict.fromkeys(names[:2], kinds[0]))
    joined = frame.assign(unit=pd.Categorical(folded, kinds))
    cuts = [cut(joined, ["unit"]), cut(joined, ["cause"], ["unit"]), cut(frame, ["sex"], unit="e+f")]
    assert narrowest(released(*cuts).record) >= INSIDE.threshold - 1e-6
