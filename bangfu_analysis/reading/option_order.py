"""In which order a questionnaire printed its options, as far as an export by text betrays it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from bangfu_analysis.codebook import patterns
from bangfu_analysis.reading.question_headings import WORDS

MOST_LISTS = 2000  # the commonest combinations settle the order
LIKE = patterns("questionnaires")


def printed_order(labels: Sequence[str]) -> tuple[str, ...]:
    """Labels of a single choice: along a known scale, by their letters (A、…), by their numbers, else as
    they appear.

    By numbers where seven in ten have one (3000元以下, 3001-5000元, 15000元以上); the others follow in order
    of appearance.
    """
    for scale in WORDS["scales"]:
        if len(labels) > 1 and set(labels) <= set(scale):
            return tuple(sorted(labels, key=scale.index))
    if all(LIKE["lettered"].match(label) for label in labels):
        return tuple(sorted(labels))
    numbered = [label for label in labels if LIKE["numeral"].search(label)]
    if len(numbered) < 0.7 * len(labels):
        return tuple(labels)
    return (*sorted(numbered, key=_size), *(label for label in labels if label not in numbered))


def by_precedence(lists: Iterable[tuple[Sequence[str], int]]) -> tuple[str, ...]:
    """Options of a multiple choice: services write the ticked ones in printed order, so majorities of pairs
    give it.

    `lists`: (ticked options, how many respondents). Pairs nobody ticked together keep the order of
    appearance.
    """
    rows = [(list(dict.fromkeys(options)), n) for options, n in lists]
    place = {o: i for i, o in enumerate(dict.fromkeys(o for options, _ in rows for o in options))}
    before = np.zeros((len(place), len(place)))
    for options, n in sorted(rows, key=lambda row: -row[1])[:MOST_LISTS]:
        at = [place[o] for o in options]
        for i, first in enumerate(at):
            before[first, at[i + 1 :]] += n
    later = before > before.T
    left, order = list(range(len(place))), []
    while left:
        free = next((i for i in left if not later[left, i].any()), left[0])
        order.append(free)
        left.remove(free)
    names = list(place)
    return tuple(names[i] for i in order)


def _size(label: str) -> tuple[float, int]:
    found = LIKE["numeral"].search(label)
    side = -1 if LIKE["below"].search(label) else int(bool(LIKE["above"].search(label)))
    return (float(found.group()) if found else 0.0, side)
