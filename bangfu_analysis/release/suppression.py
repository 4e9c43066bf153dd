"""Which numbers to hide so that no hidden one can be reckoned closely from those shown and from the sums.

Benders' cuts after M. Fischetti and J.-J. Salazar-González, Journal of the American Statistical
Association 95 (2000), with sliding protection: the least and the most that a reader may think of a hidden
number lie at least a width apart. HiGHS seeks the cheapest pattern; a reader's guess at each hidden
number is a linear program, whose dual says what else must be hidden. Bounded by rounds and nodes, never
by time, so that reruns hide the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse.csgraph import connected_components

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Sum = tuple[Sequence[int], int]  # the places of the parts, and of the whole
ROUNDS, NODES, GAP, FEW, NEAR = 12, 2000, 0.01, 3, 1e-6


@dataclass(frozen=True)
class Numbers:
    """Numbers that a reader may know, by place.

    `value`, never below 0; `cost` of hiding each; `width` that must lie between the least and the most
    that a reader may think of it, where it is hidden; `small`: hidden in any case; `unprinted`: hidden,
    because nobody prints them; `fixed`: shown in any case.
    """

    value: Floats
    cost: Floats
    width: Floats
    small: Flags
    unprinted: Flags
    fixed: Flags

    def at(self, places: npt.NDArray[np.intp]) -> Numbers:
        """Those at `places` alone."""
        return Numbers(*(getattr(self, field.name)[places] for field in fields(self)))

    @property
    def forced(self) -> Flags:
        """Hidden in any case."""
        return self.small | self.unprinted


def hide(numbers: Numbers, sums: Sequence[Sum]) -> Flags:
    """Which numbers to hide: what is small or unprinted, and as few others as protect all that is hidden."""
    matrix = _matrix(sums, len(numbers.value))
    _, part = connected_components(matrix.T @ matrix, directed=False)
    hidden = numbers.forced
    for each in np.unique(part[numbers.small]):
        places = np.flatnonzero(part == each)
        sums_here = matrix[:, places]
        hidden[places] = _pattern(numbers.at(places), sums_here[sums_here.getnnz(axis=1) > 0])
    return hidden


def _matrix(sums: Sequence[Sum], size: int) -> sparse.csr_matrix:
    """A row a sum: its parts less its whole, which is 0 of the true numbers."""
    entries = [(row, place, 1.0) for row, (parts, _) in enumerate(sums) for place in parts]
    entries += [(row, whole, -1.0) for row, (_, whole) in enumerate(sums)]
    rows, places, signs = np.array(entries).T if entries else np.empty((3, 0))
    return sparse.csr_matrix((signs, (rows.astype(int), places.astype(int))), shape=(len(sums), size))


def completed(value: Floats, sums: Sequence[Sum]) -> tuple[Floats, list[Sum]]:
    """`value` with its missing numbers (nan) as the sums have them; the sums that hold of these numbers."""
    matrix, absent = _matrix(sums, len(value)), np.isnan(value)
    unknown = matrix[:, absent]
    rows = unknown.getnnz(axis=1) > 0
    if rows.any():
        off = sparse.eye_array(int(rows.sum()))  # where no numbers agree with all sums, the fewest fail
        system = sparse.hstack([unknown[rows], off, -off], format="csr")
        aim = np.concatenate([np.zeros(unknown.shape[1]), np.ones(2 * off.shape[0])])
        right = -(matrix[rows][:, ~absent] @ value[~absent])
        solution = linprog(aim, A_eq=system, b_eq=right, method="highs").x
        value = value.copy()
        value[absent] = solution[: unknown.shape[1]].clip(0)
    holds = np.abs(matrix @ np.nan_to_num(value)) <= NEAR * (1 + abs(matrix) @ np.nan_to_num(value))
    return np.nan_to_num(value), [each for each, fits in zip(sums, holds, strict=True) if fits]


def _pattern(numbers: Numbers, matrix: sparse.csr_matrix) -> Flags:
    """The cheapest pattern found that protects all it hides; where the rounds run out, the last one is added
    to.
    """
    can = numbers.forced | ~numbers.fixed
    width = numbers.width.copy()
    for place, reached, _ in _weak(numbers, matrix, can, width):
        width[place] = reached if reached > NEAR else 0.0  # nothing can do better
    # What follows from fixed numbers is known, hidden or not; so is an empty level that a table leaves out.
    large = (numbers.value >= numbers.width) | ~numbers.small
    open_to_all = (width == 0) & (numbers.width > 0) & large
    numbers = replace(numbers, small=numbers.small & ~open_to_all, fixed=numbers.fixed | open_to_all)
    can = can & ~open_to_all
    cuts: list[Floats] = []
    hidden, seen = numbers.small, np.zeros(len(can), dtype=bool)
    for _ in range(ROUNDS):
        while fresh := np.flatnonzero(hidden & ~seen & (width > NEAR)).tolist():
            seen |= hidden
            cuts += [cut for place in fresh for cut in _first_cuts(numbers, matrix, place, width)]
            hidden = _cheapest(numbers, can, cuts)
        weak = list(_weak(numbers, matrix, hidden, width))
        if not weak:
            return hidden
        cuts += [cut for _, _, cut in weak]
        hidden = _cheapest(numbers, can, cuts)
    # What is hidden stays so: it can only get better.
    while weak := list(_weak(numbers, matrix, hidden, width)):
        hidden = _cheapest(replace(numbers, small=hidden), can, [cut for *_, cut in weak])
    return hidden


def _cheapest(numbers: Numbers, can: Flags, cuts: Sequence[Floats]) -> Flags:
    """The cheapest pattern that all cuts allow; everything, where the nodes run out before one is found."""
    cost = np.where(numbers.unprinted, 0.0, numbers.cost * (1 + 1e-6 * np.arange(len(can)) / len(can)))
    solution = milp(
        cost,
        constraints=[LinearConstraint(sparse.csr_matrix(np.array(cuts)), 0.0, np.inf)] if cuts else [],
        integrality=np.ones(len(cost)),
        bounds=Bounds(numbers.forced.astype(float), can.astype(float)),
        options={"node_limit": NODES, "mip_rel_gap": GAP},
    )
    return can if solution.x is None else np.asarray(solution.x > 0.5)


def _first_cuts(numbers: Numbers, matrix: sparse.csr_matrix, place: int, width: Floats) -> Iterator[Floats]:
    """Of each sum that a hidden number stands in, another is hidden; those hidden have room for its width."""
    wanted, fall = width[place], min(numbers.value[place], width[place])
    column = matrix[:, [place]].tocoo()
    for row, sign in zip(column.row, column.data, strict=True):
        others = matrix[[row]].toarray()[0]
        room = np.where(others == sign, np.minimum(numbers.value, wanted), wanted) * (others != 0)
        yield _cut(place, (others != 0) * wanted, wanted)
        yield _cut(place, room, wanted - fall)


def _cut(place: int, room: Floats, wanted: float) -> Floats:
    """The room that hidden numbers leave for that at `place` makes up what it wants, if hidden itself."""
    cut = np.minimum(room, max(wanted, 0.0))
    cut[place] = -max(wanted, 0.0)
    return cut


def _weak(
    numbers: Numbers, matrix: sparse.csr_matrix, hidden: Flags, width: Floats
) -> Iterator[tuple[int, float, Floats]]:
    """The hidden numbers that a reader can reckon more closely than their width: (place, width left, cut)."""
    places = np.flatnonzero(hidden)
    sums_met = matrix[matrix[:, places].getnnz(axis=1) > 0]
    columns, wanted = sums_met[:, places], width[places] - NEAR
    up = np.full(len(hidden), width.max())
    down = np.minimum(numbers.value, up)
    bounds = np.column_stack([-down, up])[places]
    least, most = _tables_apart(columns, bounds, wanted)
    for at in np.flatnonzero(most - least < wanted).tolist():
        if most[at] - least[at] >= wanted[at]:
            continue  # two of the tables found meanwhile lie far enough apart
        room = np.zeros(len(hidden))
        for sign in (1.0, -1.0):
            aim = np.zeros(len(hidden))
            aim[places[at]] = -sign
            table, price = _farthest(aim[places], columns, bounds)
            least, most = np.minimum(least, table), np.maximum(most, table)
            left = aim - sums_met.T @ price
            room += np.maximum(left, 0) * down + np.maximum(-left, 0) * up
        if (reached := most[at] - least[at]) < wanted[at]:
            place = int(places[at])
            yield place, reached, _cut(place, room, width[place] - room[place])


def _tables_apart(matrix: sparse.csr_matrix, bounds: Floats, wanted: Floats) -> tuple[Floats, Floats]:
    """How far tables that a reader may think of go below and above the true one, aimed at many at once."""
    least = most = np.zeros(len(wanted))
    draw = np.random.default_rng(0)
    while (narrow := most - least < wanted).any():
        aim = narrow * draw.choice([-1.0, 1.0], len(wanted))
        for table in (_farthest(sign * aim, matrix, bounds)[0] for sign in (1.0, -1.0)):
            least, most = np.minimum(least, table), np.maximum(most, table)
        if (most - least >= wanted).sum() - (~narrow).sum() < FEW:
            break
    return least, most


def _farthest(aim: Floats, matrix: sparse.csr_matrix, bounds: Floats) -> tuple[Floats, Floats]:
    """The change to a possible table that makes `aim` least, and the prices of the sums."""
    solution = linprog(aim, A_eq=matrix, b_eq=np.zeros(matrix.shape[0]), bounds=bounds, method="highs")
    return solution.x, solution.eqlin.marginals
