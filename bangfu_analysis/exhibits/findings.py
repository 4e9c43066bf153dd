"""Exhibits -> what was found: candidate sentences, scored; the best of each topic open the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from typing import Any

import pandas as pd

from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.measures import dimensions, hidden, most_unseen
from bangfu_analysis.exhibits.sentences import LEAST_BASE, share_step
from bangfu_analysis.exhibits.wording import (
    counted,
    half_up,
    moved,
    percent,
    points,
    share_of,
    since,
    with_count,
    year,
)
from bangfu_analysis.release.cells import is_other, parts_of

MOST, PER_SECTION = 7, 2
LEAST_STEP = 1.0  # points: a composition that moved less is not worth a sentence on page 1
MOST_MISSING = 0.4  # of the people asked
FIRM = {False: 50, True: 400}  # the base at which a count, or the answers of a sample, weigh half
SECTION = {"causes": 1.5}
WEIGHT = {
    "level": 10.0, "largest": 2.0, "contrast": 2.0, "change": 1.2, "flows": 1.2, "asked": 0.8, "help": 0.5
}
Shown = Mapping[str, Exhibit]


@dataclass(frozen=True)
class Finding:
    """One sentence (with 。) on the exhibit of that id, and its weight."""

    sentence: str
    exhibit: str
    score: float
    topic: str
    head: str = ""  # in a few words, as the title of a chart


def headlines(shown: Sequence[Exhibit]) -> dict[str, str]:
    """What the chart of each exhibit shows, by its id: the head of its weightiest finding."""
    findings = sorted(_proposed(shown), key=lambda one: one.score)
    return {one.exhibit: one.head for one in findings if one.head}


def _proposed(shown: Sequence[Exhibit]) -> list[Finding]:
    by_id = {each.id: each for each in shown}
    able = [each for each in shown if each.recipe.make in PROPOSE]
    return [one for each in able for one in PROPOSE[each.recipe.make](each, by_id)]


def find(shown: Sequence[Exhibit]) -> list[Finding]:
    """The weightiest findings of protected exhibits, in the order of the report.

    One a topic, and beside the rate two a section. The score is the size of what was found (level, largest
    group, contrast, change), times how firm its base is, times the part of the people who answered; what does
    not compare, and what is hidden, is never proposed.
    """
    place, section = [each.id for each in shown], {each.id: each.recipe.section for each in shown}
    chosen, taken = dict[str, Finding](), Counter[str]()
    for one in sorted(_proposed(shown), key=lambda one: -one.score):
        room = len(chosen) < MOST and taken[section[one.exhibit]] < PER_SECTION
        if one.score and room and one.topic not in chosen:
            chosen[one.topic] = one
            taken[section[one.exhibit]] += one.topic != "rate"
    return sorted(chosen.values(), key=lambda one: (one.topic != "rate", place.index(one.exhibit)))


def _finding(
    of: Exhibit, kind: str, topic: str, text: str, *, size: float, base: int, left: int = 0, head: str = ""
) -> Finding:
    """Scored by size (0 to 1) x weight of the kind x how firm the base is x the part that answered."""
    answered = base / (base + left) if base else 0.0
    firm = base / (base + FIRM[of.recipe.make == "questionnaire"])
    score = WEIGHT[kind] * SECTION.get(of.recipe.section, 1.0) * min(size, 1.0) * firm * answered
    return Finding(text, of.id, 0.0 if answered < 1 - MOST_MISSING else score, topic, head)


def _most(frame: pd.DataFrame, column: str) -> Any:
    """The row with the largest number."""
    return frame.sort_values(column, ascending=False, kind="stable").iloc[0]


def _label(of: Exhibit, row: Any, *names: str) -> str:
    return "".join(of.labels(of.frame.loc[[row.name], name])[0] for name in names)


def _topic(name: str) -> str:
    return "cause" if name.startswith("cause") else name


def _trend(shown: Shown, of: str) -> Exhibit | None:
    """The composition by `of` over the waves, or with of="rate" the rate of all."""
    return next((each for each in shown.values() if _trend_of(each) == of), None)


def _trend_of(each: Exhibit) -> str:
    recipe = each.recipe
    return recipe.of if recipe.make == "trend" and not recipe.by and not recipe.where else ""


def _rate(of: Exhibit, shown: Shown) -> Iterator[Finding]:
    """The whole with its change; or the group that is hit most, against the whole."""
    return _hit_most(of, shown) if of.recipe.by else _level(of, shown)


def _level(of: Exhibit, shown: Shown) -> Iterator[Finding]:
    row, waves = of.frame.iloc[0], _trend(shown, "rate")
    if pd.isna(row["n"]):
        return
    text = f"{of.facts['place']}共有{of.recipe.subject}{counted(row['n'])}"
    text += f"，占职工{counted(row['base_n'])}的{share_of(row['share'])}" if pd.notna(row["share"]) else ""
    if waves is not None and len(waves.frame) > 1:
        text += _step(*(waves.frame.iloc[i] for i in (-2, -1)))
        text += f"；{waves.facts['uneven']}" if waves.facts.get("uneven") else ""
    yield _finding(of, "level", "rate", f"{text}。", size=1.0, base=int(row["n"]))


def _step(before: Any, now: Any) -> str:
    """What moved since the wave before, or that the two do not compare."""
    if not now["comparable"]:
        return f"；认定口径已变，不与{year(before['wave'])}比较"
    if pd.isna(before["n"]):
        return ""
    text = f"，{moved(before['n'], now['n'], since(before['wave'], now['wave']), '人')}"
    if pd.notna(now["share"]) and pd.notna(before["share"]):
        text += f"，占比{points(share_step(before, now))}"
    return text


def _hit_most(of: Exhibit, shown: Shown) -> Iterator[Finding]:
    overall = next((e for e in shown.values() if e.recipe.make == "rate" and not e.recipe.by), None)
    frame, names = of.frame, dimensions(of.frame)
    fit = frame[frame["base_n"].ge(LEAST_BASE).fillna(False) & frame["share"].notna() & ~hidden(frame)]
    if overall is None or not overall.frame["share"].gt(0).any() or len(fit) < 2:
        return
    mean, top = overall.frame["share"].iloc[0], _most(fit, "share")
    if percent(top["share"]) <= percent(mean):
        return
    label, share = _label(of, top, *names), share_of(top["share"])
    among = "列出的各组中" if hidden(frame).any() else ""
    text = (
        f"按{'、'.join(map(of.titled, names))}看，{among}困难率最高的是{label}，"
        f"职工{counted(top['base_n'])}中困难职工{counted(top['n'])}，占{share}，高于总体的{share_of(mean)}。"
    )
    size, base, head = log2(top["share"] / mean), int(top["base_n"]), f"{label}最高，为{share}"
    yield _finding(of, "contrast", "_".join(["by", *names]), text, size=size, base=base, head=head)


def _largest(of: Exhibit, shown: Shown) -> Iterator[Finding]:
    """The level that most people have (of categories of hardship: the gravest), and how it moved."""
    frame, name = of.frame, dimensions(of.frame)[-1]
    if len(dimensions(frame)) != 1 or of.recipe.where:
        return
    seen = frame[frame["n"].notna() & frame["share"].notna() & ~frame[name].map(is_other).astype(bool)]
    if len(seen) < 2 or seen["n"].max() < most_unseen(frame, several=bool(of.cut.multiple)):
        return
    worst = seen[seen[name].isin([scheme["worst"] for scheme in of.codebook.schemes.values()])]
    gravest = name == "hardship_level" and len(worst) == 1
    top = worst.iloc[0] if gravest else _most(seen, "n")
    if len(parts_of(str(top[name]))) > 1:  # joined, and each may be small
        return
    base, left, share = int(top["base_n"]), int(top["left_out_n"]), float(top["share"])
    whom = f"{of.recipe.noun or of.titled(name)}有记录的" if left else of.subject
    label, first = f"{_label(of, top, name)}", "" if gravest else "，居首位"
    text = f"{whom}{counted(base)}中，{with_count(label, top['n'])}，占{share_of(share)}{first}"
    text += _children(str(top[name]), of) + _since(name, top, shown, gravest)
    size, head = share * (0.5 if gravest else 1.0), f"{label}占{share_of(share)}{first}"
    yield _finding(of, "largest", _topic(name), f"{text}。", size=size, base=base, left=left, head=head)


def _children(code: str, of: Exhibit) -> str:
    """`（家属大病326人、…）`: what a group of causes is made of."""
    if code not in of.made_of:
        return ""
    causes = of.made_of[code][of.made_of[code]["n"].gt(0).fillna(False)]
    counts = [with_count(*one) for one in zip(of.labels(causes["cause"]), causes["n"], strict=True)]
    return f"（{'、'.join(counts)}）" if len(counts) > 1 else ""


def _since(name: str, top: Any, shown: Shown, gravest: bool) -> str:
    """`，比2007年的31.8%上升5.2个百分点，当时居首位的是…`: since the first wave that compares."""
    trend = _trend(shown, "cause" if name == "cause_main" else name)
    run = _run(trend.frame, name, top[name]) if trend is not None else pd.DataFrame()
    if trend is None or run.empty:
        return ""
    first = run.iloc[0]
    step = half_up(percent(top["share"]) - percent(first["share"]))
    if gravest and abs(step) < LEAST_STEP:
        return ""
    text = f"，比{year(first['wave'])}的{share_of(first['share'])}{points(step)}"
    led = _most(trend.frame[trend.frame["wave"].eq(first["wave"]) & trend.frame["n"].notna()], "n")
    return text if gravest or led["n"] == first["n"] else f"{text}，当时居首位的是{_label(trend, led, name)}"


def _run(frame: pd.DataFrame, name: str, code: str) -> pd.DataFrame:
    """The rows of one level that compare with the last wave, first first; none where these are fewer than
    two, one is hidden or of few, or the share of those without a value moved more than the share told.
    """
    rows = frame[frame[name].eq(code)].sort_values("wave").reset_index(drop=True)
    broken = rows.index[~rows["comparable"].astype(bool)]
    run = rows.iloc[broken.max() :] if len(broken) else rows
    if len(run) < 2 or run["share"].isna().any() or run["base_n"].lt(LEAST_BASE).any():
        return run.iloc[:0]
    ends = run.iloc[[0, -1]]
    missing = ends["left_out_n"] / (ends["left_out_n"] + ends["base_n"])
    return run if abs(missing.diff().iloc[-1]) <= abs(ends["share"].diff().iloc[-1]) else run.iloc[:0]


def _change(of: Exhibit, _: Shown) -> Iterator[Finding]:
    """How the share of a level moved since the first wave that compares."""
    name = _trend_of(of)
    for code in of.frame[name].dropna().unique() if name not in ("", "rate") else ():
        run = _run(of.frame, name, code)
        if run.empty or is_other(code) or not run["n"].iloc[-1]:
            continue
        first, last = run.iloc[0], run.iloc[-1]
        step = half_up(percent(last["share"]) - percent(first["share"]))
        if abs(step) < LEAST_STEP:
            continue
        label, share, base = of.labels(run[name])[0], share_of(last["share"]), int(last["base_n"])
        text = (
            f"{year(last['wave'])}{of.titled(name)}有记录的{counted(base)}中，"
            f"{label}占{share}，比{year(first['wave'])}的{share_of(first['share'])}{points(step)}。"
        )
        head = f"{label}比{year(first['wave'])}{points(step)}，占{share}"
        size, left = abs(step) / 10, int(last["left_out_n"])
        yield _finding(of, "change", _topic(name), text, size=size, base=base, left=left, head=head)


def _flows(of: Exhibit, shown: Shown) -> Iterator[Finding]:
    """Who came and who left since the wave before, where the two compare."""
    rates = _trend(shown, "rate")
    last = of.frame[of.frame["wave"].eq(of.frame["wave"].max())]
    numbers, before = last.set_index("flow")["n"].astype("Int64"), last["previous_n"].max()
    if rates is None or not rates.frame["comparable"].iloc[-1]:
        return
    if numbers[["new", "exited"]].isna().any() or not before > 0:
        return
    share = numbers["exited"] / before
    text = (
        f"{year(of.facts['before'])}在册的{counted(before)}中退出{counted(numbers['exited'])}，"
        f"占{share_of(share)}；本批次新建档{counted(numbers['new'])}。"
    )
    yield _finding(of, "flows", "flows", text, size=percent(share) / 50, base=int(before))


def _help(of: Exhibit, _: Shown) -> Iterator[Finding]:
    """What help came to in all; nothing where that would tell of one person."""
    amount = of.text.removesuffix("。").partition("；")[0]
    if amount:
        yield Finding(f"{amount}。", of.id, WEIGHT["help"], "help")


def _asked(of: Exhibit, _: Shown) -> Iterator[Finding]:
    """What most ask for (several answers), and how far an offer reaches (a funnel)."""
    frame, draw = of.frame, of.recipe.draw
    if draw not in ("multiple", "funnel") or frame["share"].isna().all():
        return
    row = frame.iloc[-1] if draw == "funnel" else _most(frame, "share")
    text = of.text.removeprefix(of.facts["replies"])
    if text and pd.notna(row["base_n"]):
        left, base = int(frame["left_out_n"].fillna(0).max()), int(frame["base_n"].max())
        head = f"{row['option']}占{share_of(row['share'])}，居首位" if draw == "multiple" else ""
        yield _finding(of, "asked", draw, text, size=0.8, base=base, left=left, head=head)


PROPOSE: dict[str, Callable[[Exhibit, Shown], Iterator[Finding]]] = {
    "rate": _rate, "count": _largest, "causes": _largest, "trend": _change, "flows": _flows, "aid": _help,
    "questionnaire": _asked,
}
