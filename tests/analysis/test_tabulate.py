import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from bangfu_analysis.analysis.change import trend
from bangfu_analysis.analysis.tabulate import cause_table, hardship_rate, means, tabulate
from bangfu_analysis.errors import ArgumentError, ColumnMissing

EDUCATION = ["junior", "senior", "college"]
CAUSES = ["illness", "schooling", "other"]


def people(**columns):
    size = len(next(iter(columns.values())))
    return pd.DataFrame({"wave": "2009", "person_id": [f"p{i}" for i in range(size)], **columns})


def coded(values, codes, ordered=False):
    return pd.Categorical(values, codes, ordered=ordered)


def result(**columns):
    return pd.DataFrame(columns)


def test_every_level_is_kept_in_codebook_order_and_the_unanswered_are_outside_the_base():
    workers = people(education=coded(["senior", "junior", "senior", None], EDUCATION, ordered=True))
    assert_frame_equal(
        tabulate(workers, "education"),
        result(
            education=coded(EDUCATION, EDUCATION, ordered=True),
            n=[1, 2, 0],
            base_n=[3, 3, 3],
            share=[1 / 3, 2 / 3, 0.0],
            left_out_n=[1, 1, 1],
        ),
    )


def test_shares_and_left_out_are_counted_inside_each_group():
    workers = people(
        sex=coded(["male", "male", "female", "female", None], ["male", "female"]),
        education=coded(["junior", "senior", "senior", None, "junior"], EDUCATION[:2]),
    )
    assert_frame_equal(
        tabulate(workers, "education", within="sex"),
        result(
            sex=coded(["male", "male", "female", "female"], ["male", "female"]),
            education=coded(["junior", "senior"] * 2, EDUCATION[:2]),
            n=[1, 1, 0, 1],
            base_n=[2, 2, 1, 1],
            share=[0.5, 0.5, 0.0, 1.0],
            left_out_n=[0, 0, 1, 1],
        ),
    )


def test_a_share_of_nobody_is_missing():
    workers = people(education=coded([None, None], EDUCATION))
    table = tabulate(workers, "education")
    assert table["n"].tolist() == [0, 0, 0]
    assert table["share"].isna().all()
    assert table["left_out_n"].tolist() == [2, 2, 2]


def test_text_columns_come_back_as_text_sorted_and_the_frame_is_not_changed():
    workers = people(reporting_unit=["乙厂", "甲厂", "乙厂"])
    before = workers.copy()
    table = tabulate(workers, ["reporting_unit"])
    assert table["reporting_unit"].tolist() == sorted(["乙厂", "甲厂"])
    assert table["reporting_unit"].dtype == workers["reporting_unit"].dtype
    assert_frame_equal(workers, before)


def test_rows_that_share_an_index_label_are_counted_each():
    first, second = (people(education=coded(e, EDUCATION)) for e in (["junior", None], [None, "junior"]))
    table = tabulate(pd.concat([first, second]), "education")
    assert table["n"].sum() == 2
    assert table["left_out_n"].iloc[0] == 2


def answers():
    return pd.DataFrame(
        {
            "wave": "2009",
            "person_id": ["a", "a", "b", "b", "c", "d"],
            "cause": coded(["illness", "schooling", "illness", "illness", "schooling", None], CAUSES),
        }
    )


def test_persons_are_the_base_of_any_mention_and_an_answer_given_twice_counts_once():
    table = tabulate(answers(), "cause", multiple="persons")
    assert table["n"].tolist() == [2, 2, 0]
    assert table["base_n"].tolist() == [3, 3, 3]
    assert table["left_out_n"].tolist() == [1, 1, 1]
    assert table["share"].sum() > 1


def test_answers_are_the_base_where_answers_are_counted():
    table = tabulate(answers(), "cause", multiple="answers")
    assert table["n"].tolist() == [2, 2, 0]
    assert table["base_n"].tolist() == [4, 4, 4]
    assert table["share"].sum() == 1


def test_an_unknown_way_to_count_is_refused_by_name():
    with pytest.raises(
        ArgumentError, match="参数 multiple 的取值 'person' 无效。可选：persons、answers。是否想写 persons？"
    ):
        tabulate(answers(), "cause", multiple="person")


def test_a_column_that_is_absent_is_named_with_the_nearest():
    with pytest.raises(
        ColumnMissing, match="tabulate：数据框中没有列 educaton。现有列：.*是否想写 education？"
    ):
        tabulate(people(education=["a"]), "educaton")
    with pytest.raises(ArgumentError, match="参数 by 是空的"):
        tabulate(people(education=["a"]), [])


def test_causes_of_workers_without_any_are_left_out_and_groups_have_their_own_base():
    workers = people(sex=coded(["male", "male", "female"], ["male", "female"]))
    causes = pd.DataFrame(
        {"wave": "2009", "person_id": ["p0", "p0", "p2"], "cause": coded(
            ["illness", "other", "illness"], CAUSES
        )}
    )
    table = cause_table(workers, causes, "sex")
    assert table.columns.tolist() == ["sex", "cause", "n", "base_n", "share", "left_out_n"]
    assert table["n"].tolist() == [1, 0, 1, 1, 0, 0]
    assert table["base_n"].tolist() == [1] * 6
    assert table["left_out_n"].tolist() == [1, 1, 1, 0, 0, 0]


def test_the_main_cause_is_the_workers_own_and_shares_add_up_to_one():
    workers = people(cause_main=coded(["illness", "other", None], CAUSES))
    table = cause_table(workers, pd.DataFrame(), mention="main")
    assert table["n"].tolist() == [1, 0, 1]
    assert table["share"].sum() == 1
    with pytest.raises(ArgumentError, match="参数 mention 的取值 'first' 无效"):
        cause_table(workers, pd.DataFrame(), mention="first")


def test_a_total_beside_a_table_by_unit_is_not_counted_twice():
    workers = people(reporting_unit=["甲厂", "甲厂", "乙厂", None])
    population = pd.DataFrame({"unit": ["甲厂", "乙厂", "丙厂", None], "n": [10, 20, 5, 40]})
    overall = hardship_rate(workers, population)
    assert (overall["n"].item(), overall["base_n"].item(), overall["share"].item()) == (4, 40, 0.1)
    by_unit = hardship_rate(workers, population, "reporting_unit").set_index("reporting_unit")
    assert by_unit["base_n"].to_dict() == {"甲厂": 10, "乙厂": 20, "丙厂": 5}
    assert by_unit["n"].to_dict() == {"甲厂": 2, "乙厂": 1, "丙厂": 0}
    assert by_unit["share"].to_dict() == {"甲厂": 0.2, "乙厂": 0.05, "丙厂": 0.0}
    assert by_unit["left_out_n"].unique().tolist() == [1]


def test_a_unit_without_a_denominator_has_no_rate():
    workers = people(reporting_unit=["甲厂", "丁厂"])
    table = hardship_rate(workers, pd.DataFrame({"unit": ["甲厂"], "n": [10]}), "reporting_unit")
    lost = table[table["reporting_unit"] == "丁厂"]
    assert lost["n"].item() == 1
    assert lost[["base_n", "share"]].isna().all(axis=None)


def test_denominators_are_summed_over_the_dimensions_not_asked_for_wave_by_wave():
    workers = pd.concat([people(sex=["male", "female"]), people(sex=["male", "male"]).assign(wave="2008")])
    population = pd.DataFrame(
        {
            "wave": ["2009", "2009", "2009", "2009", "2008"],
            "unit": ["甲", "甲", "乙", "乙", None],
            "sex": ["male", "female", "male", "female", "male"],
            "n": [1, 2, 3, 4, 8],
        }
    )
    table = hardship_rate(workers, population, ["wave", "sex"])
    known = table.dropna(subset=["base_n"]).set_index(["wave", "sex"])["base_n"]
    assert known.to_dict() == {("2008", "male"): 8, ("2009", "female"): 6, ("2009", "male"): 4}


def test_a_rate_without_any_denominator_says_what_the_population_holds():
    population = pd.DataFrame({"unit": ["甲厂"], "sex": [None], "n": [10]})
    with pytest.raises(ArgumentError, match="没有按 sex 的职工人数，无法计算困难率。现有的分组列：unit。"):
        hardship_rate(people(sex=["male"]), population, "sex")


@settings(max_examples=40)
@given(st.lists(st.sampled_from([*EDUCATION, None]), min_size=1))
def test_counts_do_not_depend_on_row_order_and_lose_nobody(education):
    forward, backward = (
        tabulate(people(education=coded(e, EDUCATION)), by=["education"])
        for e in (education, education[::-1])
    )
    assert_frame_equal(forward, backward)
    assert forward["n"].sum() + forward["left_out_n"].iloc[0] == len(education)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([*CAUSES, None])), min_size=1))
def test_people_who_answered_and_people_who_did_not_are_everybody(rows):
    frame = pd.DataFrame(rows, columns=["person_id", "cause"])
    frame = frame.assign(cause=coded(frame["cause"], CAUSES))
    table = tabulate(frame, "cause", multiple="persons")
    assert table["base_n"].iloc[0] + table["left_out_n"].iloc[0] == frame["person_id"].nunique()
    assert (table["n"] <= table["base_n"]).all()


def test_where_names_the_rows_that_every_count_is_of():
    workers = pd.DataFrame({
        "person_id": list("abcde"), "sex": ["male", "female", "female", "male", "female"],
        "unit": ["甲厂", "甲厂", "乙厂", "乙厂", "乙厂"], "pay": [1.0, 2.0, 3.0, 4.0, 5.0],
        "cause_main": ["illness"] * 5, "wave": ["1", "1", "1", "2", "2"],
    })
    women, told = workers[workers["sex"] == "female"], {"sex": "female"}
    causes = workers[["person_id"]].assign(cause="illness")
    for whole, part in [
        (tabulate(workers, "unit", where=told), tabulate(women, "unit")),
        (means(workers, "pay", "unit", where=told), means(women, "pay", "unit")),
        (cause_table(workers, causes, "unit", where=told), cause_table(women, causes, "unit")),
        (trend(workers, "unit", where=told), trend(women, "unit")),
    ]:
        assert_frame_equal(whole, part)


def test_a_rate_where_something_holds_has_the_denominator_of_those():
    workers = pd.DataFrame({"sex": ["male", "female"], "reporting_unit": ["甲厂", "甲厂"]})
    rows = [("甲厂", "male", 8), ("甲厂", "female", 4), ("甲厂", None, 12)]
    population = pd.DataFrame(rows, columns=["unit", "sex", "n"])
    found = hardship_rate(workers, population, "reporting_unit", where={"sex": "female"})
    assert found[["n", "base_n", "share"]].to_numpy().tolist() == [[1, 4, 0.25]]
    with pytest.raises(ColumnMissing, match="education"):
        hardship_rate(workers.assign(education="primary"), population, where={"education": "primary"})


def test_a_band_that_is_not_derived_yet_says_how():
    with pytest.raises(ColumnMissing, match=r"它由 age 推出：请先 add_bands"):
        tabulate(pd.DataFrame({"age": [30, 40]}), "age_ten_year")


def test_who_has_no_unit_is_left_out_of_his_own_wave_alone():
    workers = pd.DataFrame({"wave": ["1", "1", "2", "2", "2"], "unit": ["甲", "甲", "甲", None, None]})
    population = pd.DataFrame({"wave": ["1", "2", "3"], "unit": "甲", "n": 10})
    table = hardship_rate(workers, population, ["wave", "unit"])
    assert table["left_out_n"].tolist() == [0, 2, 0]
    assert table["n"].tolist() == [2, 1, 0]
