import pandas as pd
import pytest

from bangfu_analysis.codebook import load_codebook
from bangfu_analysis.linkage.candidates import MOST, candidates
from bangfu_analysis.tidy.pseudonyms import _SPARED
from bangfu_analysis.tidy.schemas import typed

CODEBOOK = load_codebook()


def keys(rows):
    """wave, person, whole, name_id, name_birth, name_unit -> the frame `keys`."""
    columns = ["wave", "person_id", "whole", "name_id", "name_birth", "name_unit"]
    return typed(pd.DataFrame(rows, columns=columns), "keys", CODEBOOK)


def stayers(n, tell=("i", "b", "u")):
    """People with whole numbers in two waves who agree in everything, so that to agree means much."""
    return [(w, f"s{i}", True, *(f"{t}{i}" for t in tell)) for w in "12" for i in range(n)]


def found(rows):
    table = candidates(keys(rows))
    return {
        frozenset((one, other)): (round(p, 3), evidence)
        for one, other, p, evidence in table.itertuples(index=False)
    }


def test_how_much_agreement_says_is_counted_among_those_whose_numbers_tell():
    lost = [("1", "a", True, "ia", "ba", "ua"), ("2", "d", False, None, None, "ua")]
    assert found(stayers(20) + lost) == {frozenset("ad"): (round(20.5 / 21, 3), "name_unit")}
    namesakes = [("1", "x", True, "ix", "bx", "ux"), ("2", "y", True, "iy", "by", "ux")]
    assert found(stayers(20) + lost + namesakes)[frozenset("ad")][0] == round(20.5 / 22, 3)
    assert found(lost)[frozenset("ad")][0] == 0.5


def test_the_number_decides_before_the_birth_and_the_birth_before_the_unit():
    person = ("1", "a", True, "i1 i2", "ba", "ua")
    assert not found([*stayers(20), person, ("2", "d", False, "i3 i4", "ba", "ua")])
    assert not found([*stayers(20), person, ("2", "d", False, None, "bb", "ua")])
    slip = found([*stayers(20), person, ("2", "d", False, "i3 i2", None, "ub")])
    assert slip == {frozenset("ad"): (round(20.5 / 21, 3), "name_id")}


def test_nobody_is_a_candidate_who_stands_in_the_wave_already():
    both = [(wave, "a", True, "ia", "ba", "ua") for wave in "12"]
    assert not found([*stayers(20), *both, ("2", "d", False, None, None, "ua")])


def test_two_namesakes_in_a_unit_share_the_odds_so_that_neither_is_linked():
    two = [("1", p, True, f"i{p}", f"b{p}", "ua") for p in "ac"]
    chances = found(stayers(20) + two + [("2", "d", False, None, None, "ua")])
    assert set(chances) == {frozenset("ad"), frozenset("cd")}
    assert all(p < 0.5 for p, _ in chances.values())


def test_a_key_that_everybody_bears_says_nothing_and_costs_nothing():
    crowd = [(w, f"p{w}{i}", False, None, None, "same") for w in "12" for i in range(MOST)]
    assert not found(crowd)


def test_of_few_who_agree_in_more_the_part_that_many_agree_in_stands():
    some = stayers(30, "xxu")
    more = [(w, p, whole, None, None, u) for w, p, whole, *_, u in some]
    rows = [*more, ("1", "a", True, None, "ba", "ua"), ("2", "d", False, None, "ba", "ua")]
    assert found(rows)[frozenset("ad")][0] == round(30.5 / 31, 3)


def parts(number):
    """What the keys hold of a number, a part left out, counted from both ends."""
    return {number[:start] + "|" + (number[stop - 18 :] if stop < 18 else "") for start, stop in _SPARED}


@pytest.mark.parametrize("kind", ["digit", "drop", "swap", "insert", "cut"])
def test_a_slip_anywhere_in_a_number_leaves_a_part_that_agrees(kind):
    number = "990101196203045678"
    whole = parts(number)
    for place in range(17):
        there = {
            "digit": number[:place] + str(9 - int(number[place])) + number[place + 1 :],
            "drop": number[:place] + number[place + 1 :],
            "swap": number[:place] + number[place + 1] + number[place] + number[place + 2 :],
            "insert": number[:place] + "7" + number[place:],
            "cut": number[:15],
        }[kind]
        assert whole & parts(there), there


def test_no_wave_and_no_keys_have_no_candidates():
    assert candidates(keys([])).empty
    assert candidates(keys(stayers(3))).empty
    nothing = [None] * 3
    none = candidates(keys([("1", "a", False, *nothing), ("2", "b", False, *nothing)]))
    assert none.empty
    assert none["probability"].dtype == float
