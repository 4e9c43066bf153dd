"""Which pseudonyms may be one person, and how probably: by the keyed hashes of the frames `keys`.

How much it says that two records agree in the name and the unit (say) is not assumed but counted among
those whose whole ID numbers tell: how often they would have been put together rightly, and how often
wrongly, had the numbers been lost.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bangfu_analysis.analysis.arrays import Codes, Floats, Truths

EVIDENCE = {"name_unit": 1, "name_employer": 2, "name_birth": 4, "name_id": 8}
BIRTH, ID = EVIDENCE["name_birth"], EVIDENCE["name_id"]
FOUND = ["person_id", "other_id", "probability", "evidence"]
MOST = 50  # a key that more persons bear tells nobody apart


def candidates(keys: pd.DataFrame) -> pd.DataFrame:
    """Pairs that may be one person: person_id, other_id, probability, evidence (the keys that agree).

    `keys`: the frames of that name of all waves, stacked. A pair is in no wave together, has not two whole
    numbers, and agrees in a key; where both give an ID number, in that, else where both give the birth, in
    that. The probability is (right + 1/2) / (right + wrong + 1) of persons with whole numbers that agree in
    the same keys, so that few say little. Of several candidates in a wave one at most is the person: their
    odds are shared out.
    """
    people, waves = pd.Index(keys["person_id"].unique()), pd.Index(keys["wave"].unique())
    person = people.get_indexer(pd.Index(keys["person_id"]))
    stock = np.zeros((len(people), len(waves)), dtype=bool)
    stock[person, waves.get_indexer(pd.Index(keys["wave"]))] = True

    def ever(said: pd.Series) -> Truths:
        return np.asarray(np.bincount(person, said.to_numpy(dtype=bool), len(people)) > 0)

    whole = ever(keys["whole"])
    known = np.sum([bit * ever(keys[kind].notna()) for kind, bit in EVIDENCE.items()], axis=0)
    pairs, again = _alike(keys.assign(person=person), len(people))
    one, other, bits = pairs.to_numpy().T
    both, numbered = known[one] & known[other], whole[one] & whole[other]
    apart = ~(stock[one] & stock[other]).any(axis=1)
    by_birth = (bits & BIRTH > 0) | (both & BIRTH == 0)
    asked = apart & ~numbered & ((bits & ID > 0) | ((both & ID == 0) & by_birth))
    right, wrong = again[whole & (stock.sum(axis=1) > 1)], bits[apart & numbered]
    both = np.where(bits & ID > 0, both & (bits | BIRTH), both)  # whom the number shows may have moved
    chance = _measured(both[asked], bits[asked], right, wrong)
    one, other = one[asked], other[asked]
    evidence = ["+".join(kind for kind, bit in EVIDENCE.items() if bit & said) for said in bits[asked]]
    found = (people[one], people[other], _shared_out(one, other, chance, stock), evidence)
    return pd.DataFrame(dict(zip(FOUND, found, strict=True))).astype({"probability": float})


def _alike(keys: pd.DataFrame, count: int) -> tuple[pd.DataFrame, Codes]:
    """Pairs of persons with the bits of the keys that they share; of each person those of two waves."""
    parts, again = [], np.zeros(count, dtype=np.intp)
    for kind, bit in EVIDENCE.items():
        said = keys[["person", kind]].dropna()
        said = said.assign(**{kind: said[kind].str.split()}).explode(kind)
        borne = said.groupby(["person", kind]).size().rename("waves").reset_index()
        again[borne.loc[borne["waves"] > 1, "person"].unique()] += bit
        several = borne[borne.groupby(kind)["person"].transform("size").between(2, MOST)][["person", kind]]
        both = several.merge(several, on=kind, suffixes=("", "_other"))
        both = both.loc[both["person"] < both["person_other"], ["person", "person_other"]]
        parts.append(both.drop_duplicates().assign(bit=bit))
    together = pd.concat(parts, ignore_index=True).astype(np.intp)
    return together.groupby(["person", "person_other"])["bit"].sum().reset_index(), again


def _measured(known: Codes, agree: Codes, right: Codes, wrong: Codes) -> Floats:
    """The share of the right among those that agree in the same of the keys known on both sides.

    To agree in more is no weaker: where few do, what a part of the agreement shows alone stands for it.
    """
    found = np.zeros(len(agree))
    for mask, bits in {*zip(known.tolist(), agree.tolist(), strict=True)}:
        parts = [part for part in range(1, bits + 1) if part & bits == part]
        rates = []
        for part in parts:
            rights, wrongs = (int((seen & (mask & ~bits | part) == part).sum()) for seen in (right, wrong))
            rates.append((rights + 0.5) / (rights + wrongs + 1))
        found[(known == mask) & (agree == bits)] = max(rates)
    return found


def _shared_out(one: Codes, other: Codes, chance: Floats, stock: Truths) -> Floats:
    """The probabilities, given that of all candidates that a person has in a wave one at most is right."""
    odds, rivals = chance / (1 - chance), []
    for own, theirs in ((one, other), (other, one)):
        pair, wave = np.nonzero(stock[theirs])
        rivals.append(pd.DataFrame({"pair": pair, "wave": wave, "own": own[pair], "odds": odds[pair]}))
    every = pd.concat(rivals, ignore_index=True)
    summed = every.groupby(["own", "wave"])["odds"].transform("sum").groupby(every["pair"]).max()
    return np.asarray(odds / (1 + summed.reindex(range(len(odds))).to_numpy()))
