"""Mechanisms as data: what is counted, in which unit, of what; and that unlike units are never added."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bangfu_analysis.analysis.mechanisms import (
    first_split,
    mechanism,
    running,
    selected,
    tabulate_mechanism,
)
from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.errors import ArgumentError, CodebookError, ColumnMissing
from bangfu_analysis.tidy.schemas import typed

CODEBOOK = load_codebook()


def frame(name, rows):
    return typed(pd.DataFrame(rows), name, CODEBOOK)


def aid(*rows):
    columns = ("kind", "recipient", "person_id", "quantity", "counted_in", "amount_yuan", "goods_value_yuan")
    return frame("aid", [dict(zip(columns, row, strict=True)) for row in rows])


VISITS = aid(
    ("visit", None, None, None, None, 100000, None),
    ("visit", "extreme_worker", None, 947, "persons", None, 189400),
    ("visit", "migrant_worker", None, 51, "persons", None, 10200),
    ("visit", "model_worker", None, 40, "persons", None, 8000),
    ("schooling", "student", None, 14, "persons", 30000, None),
)
WORKERS = frame("workers", [{"person_id": f"p{n:016x}", "hardship_level": "extreme"} for n in range(1058)])


def numbers(result, measure="n"):
    return {
        (i, u): v for i, u, v in zip(result["indicator"], result["counted_in"], result[measure], strict=True)
    }


def test_visits_are_counted_in_persons_and_yuan_and_shared_out_of_the_roster():
    result = tabulate_mechanism({"aid": VISITS, "workers": WORKERS}, CODEBOOK, "visits")
    assert numbers(result)["visited", "persons"] == 1038
    assert numbers(result)["cash", "yuan"] == 100000
    assert numbers(result)["goods", "yuan"] == 207600
    assert numbers(result, "estimate")["goods_per_head", "yuan/persons"] == 200
    assert numbers(result, "base_n")["covered", "persons"] == 1058
    assert numbers(result, "share")["covered", "persons"] == pytest.approx(947 / 1058)


def test_groups_stand_under_the_frame_and_column_that_make_them_and_the_unknown_stay():
    result = tabulate_mechanism({"aid": VISITS}, CODEBOOK, "visits", by="recipient")
    visited = result[result["indicator"] == "visited"]
    assert visited["aid.recipient"].tolist() == ["extreme_worker", "migrant_worker", "model_worker"]
    assert visited["n"].tolist() == [947, 51, 40]
    assert (
        result.loc[result["aid.recipient"].isna() & result["indicator"].eq("cash"), "n"].tolist() == [100000]
    )


def test_a_named_person_without_a_quantity_is_one_person_however_often_helped():
    rows = aid(*[("schooling", "student", pid, None, None, 1000, None) for pid in ("p1", "p1", "p2")],
               ("schooling", "student", None, 14, "persons", 30000, None))  # fmt: skip
    result = tabulate_mechanism({"aid": rows}, CODEBOOK, "schooling")
    assert numbers(result)["students", "persons"] == 16
    assert numbers(result, "estimate")["per_student", "yuan/persons"] == pytest.approx(33000 / 16)


@pytest.mark.parametrize(
    ("name", "who", "n", "amount"),
    [
        ("medical_relief", "treated", 2, 8000), ("living_relief", "relieved", 12, 3500),
        ("training_aid", "trainees", 1, 700),
    ],
)  # fmt: skip
def test_relief_is_told_by_its_kind_in_people_and_yuan(name, who, n, amount):
    named = [("medical", "p1", 5000), ("medical", "p2", 3000), ("living", "p1", 500), ("training", "p3", 700)]
    rows = aid(*[(kind, None, who, None, None, yuan, None) for kind, who, yuan in named],
               ("temporary", None, None, 11, "persons", 3000, None))  # fmt: skip
    result = tabulate_mechanism({"aid": rows}, CODEBOOK, name)
    assert numbers(result)[who, "persons"] == n
    assert numbers(result)["money", "yuan"] == amount


def test_persons_households_and_person_times_stay_apart_and_do_not_add():
    rows = aid(
        *[
            ("medical_card", None, None, n, unit, None, None)
            for n, unit in ((5, "persons"), (3, "households"), (9, "person_times"))
        ]
    )
    result = tabulate_mechanism({"aid": rows}, CODEBOOK, "medical_cards")
    assert (
        numbers(result) == {("cards", "persons"): 5, ("cards", "households"): 3, ("cards", "person_times"): 9}
    )


def test_a_share_of_another_unit_is_refused_when_the_codebook_is_read():
    entry = {"number": 99, "label": "试", "frame": "dibao", "indicators": {
        "households": {"label": "户", "in": "households", "sum": "households"},
        "persons": {"label": "人", "in": "persons", "sum": "persons", "of": "households"}}}  # fmt: skip
    with pytest.raises(CodebookError, match="以 persons 计的“人”不能占以 households 计的“户”"):
        load_codebook({"mechanisms": {"wrong": entry}})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"by": ["colour"]}, "mechanisms.wrong.by 写的是 'colour'，可用：.*households"),
        ({"columns": ["nothing"]}, "columns 写的是 'nothing'，可用：n"),
        ({"shape": "round"}, "未知的键 shape"),
    ],
)
def test_what_an_entry_has_wrong_is_said(change, words):
    entry = {"number": 99, "label": "试", "frame": "dibao", "indicators": {
        "n": {"label": "户", "in": "households"}
    }}
    with pytest.raises(CodebookError, match=words):
        load_codebook({"mechanisms": {"wrong": {**entry, **change}}})


def test_every_mechanism_of_the_codebook_is_whole_and_all_23_are_there():
    plans = [mechanism(CODEBOOK, name) for name in CODEBOOK.mechanisms]
    assert {plan.number for plan in plans} == set(range(1, 24))
    assert all(plan.exhibits or plan.indicators for plan in plans)
    assert [plan.number for plan in plans] == sorted(plan.number for plan in plans)


def test_what_the_roster_shows_has_no_ledger_of_its_own():
    with pytest.raises(ArgumentError, match="age_by_sex"):
        tabulate_mechanism({}, CODEBOOK, "age_sex")
    with pytest.raises(CodebookError, match="没有 salaries"):
        tabulate_mechanism({}, CODEBOOK, "salaries")
    with pytest.raises(ColumnMissing):
        tabulate_mechanism({"aid": VISITS}, CODEBOOK, "visits", by="shoe_size")


def test_conditions_bound_a_number_by_a_number_or_by_another_column():
    rows = frame(
        "services", [{"promised_days": p, "days_taken": t} for p, t in ((5, 5), (5, 6), (3, None), (7, 1))]
    )
    assert len(selected(rows, {"days_taken": {"at_most": "promised_days"}})) == 2
    assert len(selected(rows, {"days_taken": {"over": "promised_days", "times": 0.5}})) == 2
    assert len(selected(rows, {"promised_days": {"from": 5, "below": 7}})) == 2
    result = tabulate_mechanism({"services": rows}, CODEBOOK, "services")
    assert numbers(result, "share")["in_time", "cases"] == 0.5


def test_text_is_searched_where_a_kind_is_free_text():
    kinds = [("再就业招聘大集", 105, 1000), ("技能培训班", None, None), ("专场招聘会", 12, 80)]
    rows = frame("activities", [{"kind": k, "employers": e, "posts": p, "count": 1} for k, e, p in kinds])
    result = tabulate_mechanism({"activities": rows}, CODEBOOK, "job_fairs")
    assert numbers(result)["employers", "units"] == 117 and numbers(result)["posts", "posts"] == 1080
    assert first_split({"activities": rows}, mechanism(CODEBOOK, "job_fairs")) == "kind"


def test_rows_without_a_value_are_left_out_and_counted():
    rows = frame("dibao", [{"households": h, "persons": p} for h, p in ((3, 5), (2, None))])
    result = tabulate_mechanism({"dibao": rows}, CODEBOOK, "dibao")
    assert result.set_index("indicator").loc["persons", ["n", "left_out_n"]].tolist() == [5, 1]
    assert "paid" not in set(result["indicator"])


def test_the_debt_of_a_case_runs_on_by_date():
    days = pd.to_datetime(["2009-11-26", "2009-10-23", "2009-11-02", "2009-11-26"])
    rows = frame(
        "cases",
        {"date": days, "owed_yuan": [None, 30000, 8000, None], "received_yuan": [9000, None, None, 1000]},
    )
    assert running({"cases": rows}, mechanism(CODEBOOK, "case"))["n"].tolist() == [30000, 38000, 28000]


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["visit", "goods"]),
            st.sampled_from(["extreme_worker", "student", None]),
            st.integers(0, 90),
        ),
        min_size=1,
    )
)
def test_groups_add_up_to_the_whole_in_any_order(acts):
    rows = [(kind, who, None, n, "persons", None, None) for kind, who, n in acts]
    whole, again = (tabulate_mechanism({"aid": aid(*r)}, CODEBOOK, "visits") for r in (rows, rows[::-1]))
    parts = tabulate_mechanism({"aid": aid(*rows)}, CODEBOOK, "visits", by="recipient")
    assert numbers(whole) == numbers(again)
    assert parts.loc[parts["indicator"].eq("visited"), "n"].sum() == sum(
        n for kind, _, n in acts if kind == "visit"
    )
