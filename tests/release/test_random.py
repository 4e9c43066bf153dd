"""Random sets of linked tables: no hidden count can be reckoned closely from what release.json says.

The audit reads release.json alone; its linear programs share no code with the suppression.
"""

import numpy as np
import pandas as pd
import pytest

from bangfu_analysis.analysis.tabulate import tabulate
from bangfu_analysis.release.audit import audit
from bangfu_analysis.release.cells import Cut
from bangfu_analysis.release.gate import protect
from bangfu_analysis.release.policy import load_policy

INSIDE = load_policy()
SETS = {
    "two ways with margins": ["a b", "a", "b"],
    "three ways": ["a b c", "a b", "b c", "a"],
    "linked at one margin": ["a b", "a c", "unit a"],
    "units in districts": ["unit a", "district a", "unit", "district"],
    "subgroups": ["a b", "a b | c=0", "b | c=1"],
}


def drawn(draw):
    """People in up to five levels of a, b, c, some without a value, in units that lie in districts."""
    size = int(draw.integers(20, 500))
    levels = {name: int(draw.integers(2, 6)) for name in "abc"} | {"unit": int(draw.integers(3, 8))}
    codes = {k: draw.choice(n, size, p=draw.dirichlet(np.ones(n))) for k, n in levels.items()}
    frame = pd.DataFrame({k: pd.Categorical([str(c) for c in codes[k]]) for k in levels})
    missing = draw.random(size) < draw.choice([0, 0, 0.02])
    district = pd.Categorical([f"d{c % 2}" for c in codes["unit"]])
    return frame.assign(a=frame["a"].mask(missing), district=district)


def cut(frame, said):
    by, _, where = said.partition(" | ")
    names, (variable, _, code) = by.split(), where.partition("=")
    chosen = frame[frame[variable].eq(code)] if where else frame
    return Cut(said, said, tabulate(chosen, names), tuple(names), where={variable: code} if where else {})


def gaps(seed):
    """Of a drawn set released in one go, or its tables one after another, each knowing those before."""
    draw = np.random.default_rng(seed)
    frame, tables = drawn(draw), [*SETS.values()][seed % len(SETS)]
    turns = [tables] if seed // len(SETS) % 2 == 0 else [[said] for said in tables]
    whole, *later = [[cut(frame, said) for said in some] for some in turns]
    records = [protect(whole, INSIDE, people=frame).record]
    for cuts in later:
        records.append(protect(cuts, INSIDE, people=frame, others=records).record)
    found = audit(*records)
    shown = [count["n"] for record in records for count in record["counts"] if count["n"] is not None]
    return found, [n for n in shown if 0 < n < INSIDE.threshold]


def assert_safe(seeds):
    for seed in seeds:
        found, small = gaps(seed)
        assert not small, (seed, small)
        assert np.isfinite(found["low"]).all(), (seed, "the release contradicts itself")
        weak = found[found["gap"] < INSIDE.threshold - 1e-6]
        assert weak.empty, (seed, weak)


def test_no_hidden_count_of_random_tables_can_be_reckoned():
    assert_safe(range(5))


@pytest.mark.slow
@pytest.mark.parametrize("hundred", range(10))
def test_no_hidden_count_of_a_thousand_random_sets_can_be_reckoned(hundred):
    assert_safe(range(100 * hundred, 100 * hundred + 100))
