"""Which exhibits stand in the body of a report, each as sentence, figure or table; the annex has all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.measures import dimensions, hidden
from bangfu_analysis.exhibits.wording import percent

ANNEX = "annex"  # in `show` of a recipe: in tables.xlsx only, unless it bears a finding of page 1
NEARLY_ALL = 0.95
MOST_HIDDEN = 0.5
FEW_LEVELS = 4  # that a sentence tells as well as a figure
IN_SENTENCES = ("ranking",)  # whose first places the sentence names
ENOUGH = 3  # questions of other kinds, beside which single ones (who answered) are left to the annex
Drawn = Callable[[Exhibit], bool]


def body(
    shown: Sequence[Exhibit], *, found: Collection[str], kept: Collection[str] = (), drawn: Drawn
) -> list[Exhibit]:
    """The exhibits of the body, `show` of each saying how it stands.

    Out go those that say nothing new (one level, all alike, hidden, the numbers of another), but none that
    bears a finding (`found`), is of the study's own exhibits.yaml, or whose text was edited (`kept`: ids).
    In the report of a survey alone every question has its place.
    """
    chosen: list[Exhibit] = []
    counts = {each.id: _pairs(each) for each in shown}
    funnels = [each for each in shown if each.recipe.draw == "funnel"]
    survey = [each.id for each in shown if each.recipe.make == "questionnaire"]
    alone = not any(each.cut.population.startswith("workers") for each in shown)
    singles = [each.id for each in shown if each.id in survey and each.recipe.draw == "single"]
    # The first question stays: it says how many replied.
    left = {*singles} - {survey[0]} if not alone and len(survey) - len(singles) >= ENOUGH else set[str]()
    for each in shown:
        aside = each.recipe.show == (ANNEX,) or each.id in left
        new = not (_is_dull(each) or _is_hidden(each) or _repeats(each.id, [*chosen, *funnels], counts))
        says = not aside and (new or each.id in survey[:1] or (alone and each.id in survey))
        if says or each.recipe.added or each.id in {*found, *kept}:
            chosen.append(replace(each, recipe=replace(each.recipe, show=_form(each, drawn))))
    return chosen


def _form(each: Exhibit, drawn: Drawn) -> tuple[str, ...]:
    """What its recipe asks for; else the sentence where that says all, the figure, or the table."""
    if parts := tuple(part for part in each.recipe.show if part != ANNEX):
        return parts
    rows = each.focused
    few = len(dimensions(rows)) == 1 and len(_seen(rows)) <= FEW_LEVELS
    few = bool(each.text) and (few or each.recipe.draw in IN_SENTENCES)
    return ("text",) if few else ("text", "figure") if drawn(each) else ("text", "table")


def _seen(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows that somebody is in, or that a number of another kind stands in."""
    return frame[frame["n"].fillna(0).gt(0)] if "n" in frame else frame


def _is_dull(each: Exhibit) -> bool:
    """One level, nearly all in one level, or the same share everywhere."""
    names, frame = dimensions(each.frame), each.frame
    if "composition" in frame:  # what a fair comparison takes off is nothing
        return percent(frame["composition"].iloc[-1]) == 0
    if not names or not {"n", "share"} <= set(frame) or "indicator" in names or "wave" in names:
        return False
    seen = _seen(frame)
    alike = len(frame) > 2 and bool(frame["share"].eq(frame["share"].iloc[0]).all())
    return len(seen) < 2 or alike or (len(names) == 1 and bool(frame["share"].ge(NEARLY_ALL).any()))


def _is_hidden(each: Exhibit) -> bool:
    """Whether most of its shares are hidden, or would give away what is: its figure would be stars."""
    rows = each.focused
    if "share" not in rows or "indicator" in rows:  # most indicators have no share to hide
        return False
    return bool(hidden(rows).any() and rows["share"].isna().mean() > MOST_HIDDEN)


def _repeats(id: str, others: Sequence[Exhibit], counts: Mapping[str, set[tuple[int, int]]]) -> bool:
    """Whether another has its counts: all of them, or of two levels the one, as the other is the rest."""
    pairs_here, rest = counts[id], [counts[other.id] for other in others if other.id != id]
    return len(pairs_here) > 1 and any(len(pairs_here - pairs) <= (len(pairs_here) == 2) for pairs in rest)


def _pairs(each: Exhibit) -> set[tuple[int, int]]:
    """The counts with their bases, whatever they are called."""
    frame = each.frame
    if not {"n", "base_n"} <= set(frame) or "wave" in frame or "indicator" in frame:
        return set()
    counts = frame[["n", "base_n"]].dropna().astype(int)
    return set(counts.itertuples(index=False, name=None))


def absurd(exhibit: Exhibit) -> str:
    """Why an exhibit cannot be right: more people than the base, parts over their whole; "" where it can."""
    frame, cut = exhibit.frame, exhibit.cut
    if not {"n", "base_n"} <= set(frame) or "indicator" in frame or "flow" in frame:
        return ""
    over = frame[frame["n"].gt(frame["base_n"]).fillna(False)]
    if len(over):
        row = over.iloc[0]
        where = "、".join(str(row[name]) for name in cut.dimensions if name in frame) or "合计"
        return f"{where}的人数{row['n']}多于基数{row['base_n']}，请核对职工人数和单位的对应"
    if cut.kind != "count" or cut.multiple:
        return ""
    groups = frame.groupby([*cut.within] or (lambda _: 0), observed=True)
    one_base = groups["base_n"].nunique().eq(1)
    over_all = one_base & (groups["n"].sum() > groups["base_n"].max())
    return "各项之和多于合计，请核对" if over_all.any() else ""
