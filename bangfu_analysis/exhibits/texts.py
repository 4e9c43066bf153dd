"""The sentences an exhibit may have, by the name that exhibits.yaml gives them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd

from bangfu_analysis.exhibits import models, sentences, sentences_survey, sentences_waves

if TYPE_CHECKING:
    from bangfu_analysis.exhibits.exhibit import Exhibit

Say = Callable[[pd.DataFrame, "Exhibit"], str]


def _overall(frame: pd.DataFrame, of: Exhibit) -> str:
    return sentences.overall(frame, place=str(of.facts["place"]), subject=of.subject)


def _shares(frame: pd.DataFrame, of: Exhibit) -> str:
    order = of.recipe.sort or "auto"
    return sentences.split(frame, of.codebook, subject=of.subject, order=order)


def _leading(frame: pd.DataFrame, of: Exhibit) -> str:
    return sentences.leading(frame, of.codebook, subject=of.subject, noun=of.recipe.noun)


def _by_group(frame: pd.DataFrame, of: Exhibit) -> str:
    return sentences.by_group(frame, of.codebook, within=of.layout.within[0], subject=of.subject)


def _extremes(frame: pd.DataFrame, of: Exhibit) -> str:
    told = sentences.extremes(frame, of.codebook, what=of.recipe.noun or "困难率")
    return told + str(of.facts.get("unjoined", ""))


def _moves(frame: pd.DataFrame, of: Exhibit) -> str:
    waves: Any = of.facts["waves"]
    return sentences_waves.moves(frame, of.codebook, str(of.facts["state"]), waves)


def _account(frame: pd.DataFrame, of: Exhibit) -> str:
    return sentences_waves.account(frame, before=of.facts["before"], facts=of.facts)


def _survey(frame: pd.DataFrame, of: Exhibit) -> str:
    return str(of.facts["replies"]) + sentences_survey.SAY[of.recipe.text[0]](frame, of.title)


def _given(_: pd.DataFrame, of: Exhibit) -> str:
    return str(of.facts["words"])


TEXTS: dict[str, Say] = {
    "overall": _overall,
    "shares": _shares,
    "leading": _leading,
    "by_group": _by_group,
    "extremes": _extremes,
    "change": lambda frame, of: sentences.change(frame, subject=of.subject) + sentences_waves.CENSUS,
    "shift": lambda frame, of: sentences.shift(frame, of.codebook, subject=of.subject),
    "account": _account,
    "moves": _moves,
    "standardized": lambda frame, of: sentences_waves.standardized(frame),
    "movers": lambda frame, of: sentences_waves.movers(frame, what=of.recipe.noun or "困难率"),
    "means": lambda frame, of: sentences.means(frame, of.codebook, what=of.recipe.noun, subject=of.subject),
    **dict.fromkeys(sentences_survey.SAY, _survey),
    "given": _given,
    "effects": lambda frame, of: models.effects(frame, answer=str(of.facts["answer"])),
    "helped": lambda frame, of: sentences.reached(frame, of.codebook),
}
