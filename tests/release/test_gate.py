import pandas as pd

from bangfu_analysis.analysis.tabulate import tabulate
from bangfu_analysis.release.cells import Cut
from bangfu_analysis.release.gate import protect
from bangfu_analysis.release.policy import load_policy


def people(**counts):
    rows = [(sex, cause) for (sex, cause), n in counts["cells"].items() for _ in range(n)]
    return pd.DataFrame(rows, columns=["sex", "cause"]).astype("category")


def test_in_a_hidden_row_everything_but_dimensions_is_hidden_whatever_it_is_called():
    workers = people(cells={("male", "illness"): 3, ("male", "housing"): 30, ("male", "low_income"): 9})
    frame = tabulate(workers, "cause").assign(weighted_n=9.7, median=500.0, note="")
    safe = protect([Cut("causes", "致困原因", frame, ("cause",))], load_policy()).frames["causes"]
    small = safe[safe["suppressed"]]
    assert {"illness"} < set(small["cause"])
    assert small.drop(columns=["cause", "suppressed"]).isna().all(axis=None)
    assert safe[~safe["suppressed"]]["weighted_n"].notna().all()


def test_the_record_names_every_count_by_its_conditions():
    men = {("male", "illness"): 30, ("male", "housing"): 9}
    workers = people(cells=men | {("female", "illness"): 12, ("female", "housing"): 3})
    cut = Cut("t", "表", tabulate(workers, ["sex", "cause"], within="sex"), ("sex", "cause"), ("sex",))
    record = protect([cut], load_policy()).record
    counts = {(c["population"], *sorted(c["where"].items())): c["n"] for c in record["counts"]}
    assert counts["workers", ("cause", "illness"), ("sex", "male")] == 30
    assert counts["workers", ("cause", "housing"), ("sex", "female")] is None
    assert counts["workers", ("sex", "male")] == 39
    assert record["levels"] == {"cause": ["housing", "illness"], "sex": ["female", "male"]}
