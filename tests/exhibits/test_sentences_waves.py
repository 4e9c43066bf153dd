"""Sentences on several waves say what the frames hold, and claim a tendency only where the test does."""

import pandas as pd

from bangfu_analysis.analysis.change import change
from bangfu_analysis.analysis.flows import flow_accounts, transitions
from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.recipes import recipe
from bangfu_analysis.exhibits.sentences_waves import SIGNS
from bangfu_analysis.exhibits.tables import Layout, display_table
from bangfu_analysis.release.cells import Cut

CODEBOOK = load_codebook()
BOTH = ("hardship_level_before", "hardship_level")
LEVELS = pd.CategoricalDtype(["extreme", "general"])


def roster(**waves):
    """Wave -> {person: level}."""
    rows = [(wave[1:], who, level) for wave, people in waves.items() for who, level in people.items()]
    frame = pd.DataFrame(rows, columns=["wave", "person_id", "hardship_level"])
    return frame.assign(hardship_scheme="s2000").astype({"hardship_level": LEVELS})


WORKERS = roster(
    w2008={"a": "extreme", "b": "general", "c": "general"}, w2009={"a": "general", "d": "extreme"},
)  # fmt: skip


def said(name, frame, dimensions=(), beside=(), **facts):
    """The sentences of an exhibit of the frame."""
    own = recipe(id="t", make="trend", text=name)
    cut = Cut("t", "", frame, dimensions)
    return Exhibit(cut, own, Layout(), CODEBOOK, facts=facts, beside=beside).text


FACTS = {"deaths": True, "difference": 0}


def account(workers, exits=None, *, unrecorded=1, unfollowed=0, **facts):
    row = flow_accounts(workers, exits)
    row = row.rename(columns={f"{flow}_n": flow for flow in SIGNS})
    long = row.melt(["wave", "previous_n", "stock_n"], list(SIGNS), "flow", "n").astype({"n": "Int64"})
    long = long.assign(n=long["n"].mask(long["flow"].isin(facts.pop("hidden", []))))
    unsure = {"unrecorded": unrecorded, "unfollowed": unfollowed}
    beside = tuple(Cut(name, "", pd.DataFrame({"n": [n]}), ()) for name, n in unsure.items())
    return said("account", long, beside=beside, **{"before": row["wave_before"].iloc[-1], **FACTS, **facts})


def test_the_account_prints_its_sum_and_who_is_unrecorded():
    exits = pd.DataFrame({"wave": ["2009"], "person_id": ["b"], "exit_reason": ["died"]})
    assert account(WORKERS, exits) == (
        "2008年至2009年，新建档1人、退出1人、死亡1人：3＋1－1－1＝2；其中退出者均没有退档记录。"
    )


def test_an_account_says_by_how_many_it_can_be_wrong_and_no_deaths_where_no_reason_is_known():
    words = account(WORKERS, deaths=False, unfollowed=1, unrecorded=0)
    assert "新建档1人、退出2人：3＋1－2＝2；" in words
    assert words.endswith("进出者中1人没有完整的身份证号。")
    assert "完整" not in account(WORKERS, unfollowed=None)  # too few, hidden


def test_an_account_with_hidden_flows_prints_none_of_them():
    words = account(WORKERS, hidden=["new"])
    assert "从略" in words
    assert "＋" not in words and "1人" not in words


def test_moves_follow_those_who_were_there_and_leave_out_who_came():
    table = transitions(WORKERS, "hardship_level", outside=True)
    words = said("moves", table, BOTH, waves=["2008", "2009"])
    assert words == (
        "2008年在册的人到2009年：原特困的1人，现为困难1人（100.0%）；"
        "原困难的2人，现为退出2人（100.0%）。"
    )


def test_the_shares_of_moves_are_those_that_the_table_prints():
    before = {str(i): "extreme" for i in range(7)}
    table = transitions(
        roster(w1=before, w2={**dict.fromkeys("012", "extreme"), **dict.fromkeys("34", "general")}),
        "hardship_level",
        outside=True,
    )
    words = said("moves", table, BOTH, waves=["1", "2"])
    printed = display_table(
        table.drop(columns=["wave_before", "wave", "comparable"]), CODEBOOK,
        Layout(within=("hardship_level_before",)),
    ).rows
    for row in printed:
        assert row[2] == 0 or row[1] == "合计" or f"{row[1]}{row[2]}人（{row[3]:.1f}%）" in words


def test_a_fair_comparison_names_what_is_rate_and_what_is_mix():
    result = pd.DataFrame(
        {
            "wave": ["2008", "2009"], "crude": [0.10, 0.12], "standardized": [0.11, 0.12],
            "rate": [None, 0.01], "composition": [None, 0.01],
        }
    )  # fmt: skip
    words = said("standardized", result)
    assert "2009年困难率为12.0%，比上年上升2.0个百分点" in words
    assert "2008年应为11.0%，同一构成下比上年上升1.0个百分点" in words
    assert "各组比率变化使其上升1.0个百分点，职工构成变化使其上升1.0个百分点" in words


def test_units_are_named_by_how_far_their_rate_moved():
    rates = pd.DataFrame(
        {
            "wave": ["1", "1", "1", "2", "2", "2"], "unit": ["甲厂", "乙厂", "丙厂"] * 2, "n": [10] * 6,
            "share": [0.1, 0.2, 0.3, 0.15, 0.12, 0.2],
        }
    )  # fmt: skip
    words = said("movers", change(rates))
    assert words == (
        "两批都有数的3个单位中，与1相比困难率下降的2个、上升的1个；"
        "困难率下降最多的是丙厂（10.0个百分点）、乙厂（8.0个百分点）；困难率上升的是甲厂（5.0个百分点）。"
    )
    broken = said("movers", change(rates, broken=["2"]))
    assert broken == "各单位的困难率与1口径不同或缺数，不作比较。"
