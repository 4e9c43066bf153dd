import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bangfu_analysis.analysis.flows import (
    flow_accounts,
    flows,
    life_table,
    movements,
    spells,
    transitions,
)
from bangfu_analysis.errors import ArgumentError, ColumnMissing, NotComparable
from bangfu_analysis.linkage.links import link

PEOPLE = {"1": "abcd", "2": "bce", "3": "aef"}
STATES = {"1": "uuvv", "2": "uvv", "3": "uuv"}


def stacked(people=PEOPLE, states=STATES):
    rows = [(w, p, s) for w in people for p, s in zip(people[w], states[w], strict=True)]
    frame = pd.DataFrame(rows, columns=["wave", "person_id", "x"])
    return frame.assign(
        x=pd.Categorical(frame["x"], ["u", "v", "nobody"]), hardship_scheme="s2000", hardship_level=frame["x"]
    )


WORKERS = stacked()
EXITS = pd.DataFrame({"wave": ["2", "3"], "person_id": ["d", "b"], "exit_reason": ["died", "retired"]})


def went(wave):
    moved = movements(WORKERS, EXITS)
    return dict(moved.loc[moved["wave"].eq(wave), ["person_id", "flow"]].itertuples(index=False))


def test_every_known_person_is_in_one_flow_of_each_step():
    assert went("2") == {"a": "exited", "b": "stayed", "c": "stayed", "d": "died", "e": "new"}
    assert went("3") == {"a": "returned", "b": "exited", "c": "exited", "e": "stayed", "f": "new"}


def test_who_left_is_recorded_only_where_the_exits_of_that_wave_name_them():
    moved = movements(WORKERS, EXITS)
    assert moved.loc[moved["recorded"], "person_id"].tolist() == ["d", "b"]


def test_who_was_in_an_earlier_list_of_exits_alone_has_returned():
    earlier = pd.DataFrame({"wave": ["1"], "person_id": ["e"]})
    moved = movements(WORKERS, earlier)
    assert moved.loc[moved["person_id"].eq("e"), "flow"].tolist() == ["returned", "stayed"]


def test_exit_and_entry_rates_are_of_the_wave_before_and_returns_of_those_away():
    table = flows(WORKERS, EXITS).set_index(["wave", "flow"])
    assert table.loc[("2", "exited"), ["n", "base_n", "share"]].tolist() == [1, 4, 0.25]
    assert table.loc[("2", "new"), "base_n"] == 4
    assert table.loc[("3", "returned"), ["n", "base_n", "share"]].tolist() == [1, 1, 1.0]
    assert pd.isna(table.loc[("2", "returned"), "share"])


def test_a_persons_group_is_that_of_the_wave_before():
    table = flows(WORKERS, EXITS, by="x").set_index(["wave", "x", "flow"])
    assert table.loc[("3", "v", "stayed"), ["n", "base_n"]].tolist() == [1, 2]
    assert table.loc[("3", "u", "returned"), ["n", "base_n"]].tolist() == [1, 1]


def test_the_accounts_agree_and_say_what_no_list_records():
    accounts = flow_accounts(WORKERS, EXITS)
    assert accounts["difference"].tolist() == [0, 0]
    measures = ["previous_n", "new_n", "returned_n", "exited_n", "died_n", "stock_n"]
    assert accounts[measures].to_numpy().tolist() == [
        [4, 1, 0, 1, 1, 3],
        [3, 1, 1, 2, 0, 3],
    ]
    assert accounts["unrecorded_n"].tolist() == [1, 1]


def test_a_person_who_stands_twice_in_a_wave_breaks_the_accounts():
    twice = link(WORKERS, {"f": "e"})
    accounts = flow_accounts(twice, EXITS)
    assert accounts["difference"].tolist() == [0, 1]


@settings(max_examples=10)
@given(st.lists(st.sets(st.sampled_from("abcdefgh"), min_size=1), min_size=2, max_size=5), st.data())
def test_the_identity_holds_whoever_comes_and_goes(waves, data):
    people = {str(i): sorted(wave) for i, wave in enumerate(waves)}
    frame = stacked(people, {w: "u" * len(people[w]) for w in people})
    gone = [
        (w, p, data.draw(st.sampled_from(["died", "other"]))) for w in people
        for p in set("abcdefgh") - set(people[w])
    ]
    exits = pd.DataFrame(gone, columns=["wave", "person_id", "exit_reason"])
    accounts = flow_accounts(frame, exits)
    assert accounts["difference"].eq(0).all()
    stays = spells(frame, exits)
    assert stays["waves"].sum() == len(frame)
    assert stays["ended"].ne("going_on").sum() == accounts[["exited_n", "died_n"]].to_numpy().sum()


@settings(max_examples=10)
@given(st.lists(st.sets(st.sampled_from("abcdefgh"), min_size=1), min_size=2, max_size=5), st.data())
def test_the_true_flows_lie_within_the_bounds_whichever_of_the_damaged_are_linked(waves, data):
    people = {str(i): sorted(wave) for i, wave in enumerate(waves)}
    true = stacked(people, {w: "u" * len(people[w]) for w in people}).assign(id_basis="id_number")
    fates = data.draw(
        st.lists(st.sampled_from(["whole", "linked", "lost"]), min_size=len(true), max_size=len(true))
    )
    fate = pd.Series(fates, index=true.index)
    other = true["person_id"].str.cat(true["wave"])
    seen = true.assign(
        person_id=true["person_id"].mask(fate.eq("lost"), other),
        id_basis=true["id_basis"].mask(fate.ne("whole"), "name_birth_unit"),
    )
    told, held = flow_accounts(seen), flow_accounts(true)
    for flow in ("new", "returned", "exited"):
        assert held[f"{flow}_n"].between(told[f"{flow}_low"], told[f"{flow}_high"]).all(), flow
        assert told[f"{flow}_n"].between(told[f"{flow}_low"], told[f"{flow}_high"]).all(), flow
        assert (held[f"{flow}_low"] == held[f"{flow}_high"]).all(), flow
    assert (told["exited_n"] - held["exited_n"] <= told["unfollowed_n"]).all()
    assert not held["unfollowed_n"].any()


@settings(max_examples=10)
@given(st.lists(st.sets(st.sampled_from("abcdefgh"), min_size=1), min_size=2, max_size=5), st.data())
def test_no_flow_is_above_its_bound_if_all_links_are_wrong(waves, data):
    people = {str(i): sorted(wave) for i, wave in enumerate(waves)}
    seen = stacked(people, {w: "u" * len(people[w]) for w in people})
    linked = pd.Series(
        data.draw(st.lists(st.booleans(), min_size=len(seen), max_size=len(seen))), index=seen.index
    )
    seen = seen.assign(id_basis="id_number").assign(
        id_basis=lambda f: f["id_basis"].mask(linked, "name_birth_unit")
    )
    true = seen.assign(person_id=seen["person_id"].mask(linked, seen["person_id"].str.cat(seen["wave"])))
    told, held = flow_accounts(seen), flow_accounts(true)
    for flow in ("new", "exited"):
        assert (held[f"{flow}_n"] <= told[f"{flow}_high"]).all(), flow
    assert (held["returned_n"] >= told["returned_low"]).all()


def test_links_make_one_person_of_two_and_leave_the_frame_as_it_was():
    before = WORKERS.copy()
    same = pd.DataFrame({"person_id": ["e", "c"], "linked_id": ["a", "a"]})
    assert link(WORKERS, same)["person_id"].tolist() == list("abadbaaaaf")
    pd.testing.assert_frame_equal(WORKERS, before)
    basis = pd.Categorical(["row"] * 10, ["id_number", "name_birth_unit", "row"])
    assert link(WORKERS.assign(id_basis=basis), same)["id_basis"].eq("name_birth_unit").sum() == 4


def test_transitions_are_shares_of_the_earlier_state_and_drop_levels_nobody_has():
    table = transitions(WORKERS, "x", EXITS)
    assert list(table) == [
        "wave_before", "wave", "x_before", "x", "n", "base_n", "share", "left_out_n", "comparable"
    ]
    first = table[table["wave"].eq("2")]
    assert first["n"].tolist() == [1, 0, 0, 1]
    assert first["base_n"].tolist() == [1, 1, 1, 1]
    assert "nobody" not in table["x"].cat.categories


def test_transitions_with_the_outside_say_where_people_come_from_and_go_to():
    table = transitions(WORKERS, "x", EXITS, outside=True).set_index(["wave", "x_before", "x"])["n"]
    assert table[("2", "u", "exited")] == 1
    assert table[("2", "v", "died")] == 1
    assert table[("2", "new", "v")] == 1
    assert table[("3", "returned", "u")] == 1
    assert table.groupby("wave").sum().tolist() == [5, 5]


def test_levels_of_two_schemes_make_no_matrix_and_both_are_named():
    frame = WORKERS.assign(hardship_scheme=["s2000"] * 4 + ["s2018"] * 6)
    with pytest.raises(
        NotComparable, match="hardship_level 在 1、2 各批次的口径不同：1 为 s2000，2 为 s2018。.*请"
    ):
        transitions(frame, "hardship_level")
    marked = transitions(frame, "hardship_level", breaks="mark")
    assert marked.groupby("wave")["comparable"].first().tolist() == [False, True]
    assert transitions(frame, "x")["comparable"].all()


def test_spells_say_what_of_them_is_not_seen():
    stays = spells(WORKERS, EXITS)
    assert stays[stays["person_id"].eq("a")].values.tolist() == [
        ["a", 1, "1", "1", 1, "before", "exited"],
        ["a", 2, "3", "3", 1, "returned", "going_on"],
    ]
    assert stays.loc[stays["person_id"].eq("e"), ["waves", "began", "ended"]].to_numpy().tolist() == [
        [2, "new", "going_on"]
    ]


def test_the_life_table_is_that_of_kaplan_and_meier():
    # by hand: 4/5, 4/5 * 1/3; Greenwood 0.8 * sqrt(1/20), 4/15 * sqrt(1/20 + 2/3)
    ended = pd.Categorical(
        ["exited", "going_on", "died", "exited", "going_on"], ["exited", "died", "going_on"]
    )
    stays = pd.DataFrame({"waves": [1, 1, 2, 2, 3], "began": "new", "ended": ended})
    table = life_table(stays)
    assert table[["n", "base_n", "censored_n"]].to_numpy().tolist() == [[1, 5, 1], [2, 3, 0], [0, 1, 1]]
    assert table["estimate"].round(4).tolist() == [0.8, 0.2667, 0.2667]
    assert table["se"].round(4).tolist() == [0.1789, 0.2257, 0.2257]
    assert table["left_out_n"].tolist() == [0, 0, 0]
    assert life_table(stays.assign(began="before"))["n"].tolist() == []
    assert life_table(stays.assign(began="before"), begun_before=True)["n"].sum() == 3


def test_faults_are_named():
    with pytest.raises(ArgumentError, match="至少两个批次，现有：1"):
        flows(WORKERS[WORKERS["wave"].eq("1")])
    with pytest.raises(ColumnMissing, match="education"):
        transitions(WORKERS, "education")
    with pytest.raises(ArgumentError, match="breaks"):
        transitions(WORKERS, "x", breaks="ignore")


def test_definitions_that_changed_are_refused_or_marked_level_by_level():
    told = pd.DataFrame(
        [("x", "u", "2", "", False, "2012年起另列")],
        columns=["variable", "level", "wave", "definition", "comparable", "note"],
    )
    with pytest.raises(NotComparable, match="x 在 1、2 .*：2012年起另列"):
        transitions(WORKERS, "x", definitions=told)
    marked = transitions(WORKERS, "x", breaks="mark", definitions=told)
    first = marked[marked["wave"].eq("2")]
    assert first["comparable"].tolist() == [False, False, False, True]
    assert marked.loc[marked["wave"].eq("3"), "comparable"].all()
    whole = transitions(WORKERS, "x", breaks="mark", definitions=told.assign(level=""))
    assert whole.groupby("wave")["comparable"].any().tolist() == [False, True]
    transitions(WORKERS, "hardship_level", definitions=told)
