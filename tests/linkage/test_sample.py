"""The flows of the sample study, held to the truth of its people."""

from pathlib import Path

import pandas as pd
import pytest

from bangfu_analysis.analysis.flows import flow_accounts
from bangfu_analysis.study import study_frames

TRUTH, WAVES = Path(__file__).parents[1] / "truth", ("2007", "2008", "2009", "2010", "2018")
pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def accounts(daoli):
    frames = study_frames(daoli / WAVES[-1])
    every = pd.concat([pd.read_parquet(TRUTH / f"daoli_{wave}.parquet").assign(wave=wave) for wave in WAVES])
    people = every.rename(columns={"person_no": "person_id"})
    true = [people[people["fate"].eq(fate)] for fate in ("counted", "exited")]
    return flow_accounts(frames["workers"], frames["exits"]), flow_accounts(*true)


@pytest.mark.parametrize("flow", ["new", "returned", "exited"])
def test_the_flows_of_the_sample_are_those_of_its_people(accounts, flow):
    told, true = accounts
    assert (told[f"{flow}_n"] - true[f"{flow}_n"]).abs().max() <= 3
    assert true[f"{flow}_n"].between(told[f"{flow}_low"], told[f"{flow}_high"]).all()


def test_nobody_of_the_sample_returns_who_never_left(accounts):
    told, true = accounts
    assert told.loc[told["wave"].eq("2009"), ["returned_n", "returned_low"]].eq(0).all(axis=None)
    assert told.loc[told["wave"].eq("2010"), "returned_n"].item() == 118
    assert true.loc[true["wave"].eq("2010"), "returned_n"].item() == 118
