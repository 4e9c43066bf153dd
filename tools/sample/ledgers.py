"""What comes with the rosters: the table of all workers, the ledger of aid, wave.toml."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import product
from random import Random
from typing import Any

from tools.sample.layouts import Page
from tools.sample.people import Person, Wave

GIVER = "道里区总工会"
SEXES = {"male": ("男", 58), "female": ("女", 42)}
Cell = tuple[str, str, int]


def population_counts(wave: Wave, workers: int, words: Mapping[str, Any]) -> dict[Cell, int]:
    """Workers by unit, sex and five-year band (0 the youngest), `workers` in all, nowhere fewer than those in
    hardship.
    """
    units, bands = words["units"].items(), enumerate(words["age_bands"].values())
    cells = product(units, SEXES.items(), bands)
    weights = {
        (unit, sex, i): share * by_sex * weight
        for (unit, (share, *_)), (sex, (_, by_sex)), (i, weight) in cells
    }
    base = Counter(
        (p.unit, p.sex, min(max((p.age - 15) // 5, 0), len(words["age_bands"]) - 1)) for p in wave.people
    )
    rest, whole = workers - len(wave.people), sum(weights.values())
    shares = {cell: rest * weight // whole for cell, weight in weights.items()}
    left_over = rest - sum(shares.values())
    largest = set(sorted(weights, key=lambda cell: -(rest * weights[cell] % whole))[:left_over])
    return {cell: base[cell] + shares[cell] + (cell in largest) for cell in weights}


def population_page(wave: Wave, workers: int, words: Mapping[str, Any]) -> Page:
    """The table of all workers, the unit merged over its rows."""
    page, labels = Page("职工人数"), list(words["age_bands"])
    page.put(0, [f"道里区职工人数统计表（{wave.name}年）"])
    page.put(1, [f"制表：道里区总工会        截至{wave.day.year}年6月30日        单位：人"])
    page.put(2, ["单位", "性别", "年龄段", "职工人数"])
    counts, height = population_counts(wave, workers, words), len(SEXES) * len(labels)
    for row, ((unit, sex, band), n) in enumerate(counts.items(), 3):
        first = (row - 3) % height == 0
        page.put(row, [unit if first else None, SEXES[sex][0], labels[band], n])
        if first:
            page.merge(row, 0, row + height - 1, 0)
    page.put(len(counts) + 3, ["合计", None, None, sum(counts.values())])
    return page


def aid_page(wave: Wave, known: Sequence[Person], aid: Mapping[str, Any], rng: Random) -> Page:
    """The ledger of aid: group acts, then acts for `known` people by name and ID number."""
    page = Page("帮扶台账")
    page.put(0, [f"道里区总工会{wave.name}年度困难职工帮扶台账"])
    row = page.put(1, aid["headings"])
    for kind, months, occasion, n, counted, yuan, goods, fund, note in aid["groups"][wave.name]:
        act = [_months_before(wave.day, months), kind, occasion]
        row = page.put(row, [row - 1, *act, None, None, n, counted, yuan, goods, fund, GIVER, note])
    for kind, months, occasion, cause, n, low, high, fund in aid["persons"]:
        able = [p for p in known if not cause or any(c.startswith(cause) for c in p.causes)]
        for p in rng.sample(able, min(n, len(able))):
            day = _months_before(wave.day, months) + datetime.timedelta(days=rng.randrange(20))
            yuan = rng.randrange(low, high + 1, 100)
            line = [day, kind, occasion, p.name, p.id_number, None, None, yuan, None, fund, GIVER]
            row = page.put(row, [row - 1, *line])
    page.put(row, ["填表人：吴某        审核人：周某"])
    return page


def _months_before(day: datetime.date, months: int) -> datetime.date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return datetime.date(year, month + 1, 5)


def settings_text(wave: Wave, settings: Mapping[str, Any], texts: Mapping[str, str]) -> str:
    """wave.toml, by the text of the published waves or, where the wave has a scheme of its own, of the later
    ones.
    """
    levels, told = (
        Counter(p.level for p in wave.people),
        {"wave": wave, "settings": settings, "total": len(wave.people)},
    )
    if "scheme" not in settings:
        return texts["published"].format(**told, extreme=levels["extreme"])
    lines = "".join(f"{name} = {yuan}\n" for name, yuan in settings["lines"].items())
    stated = "".join(f"{level}_total = {n}\n" for level, n in sorted(levels.items()))
    return texts["later"].format(**told, lines=lines, stated=stated)
