"""Exhibits -> what was found: candidate sentences, scored; the best of each topic open the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from typing import Any

import pandas as pd

from bangfu_analysis.exhibits import sentences_survey
from bangfu_analysis.exhibits.exhibit import Exhibit
from bangfu_analysis.exhibits.labels import labels_of, title_of
from bangfu_analysis.exhibits.measures import dimensions, hidden
from bangfu_analysis.exhibits.rounding import half_up, percent
from bangfu_analysis.exhibits.wording import counted, in_percent, moved, points, since, year

MOST, PER_SECTION = 7, 2
LEAST_BASE = 30  # of fewer no group is said to be hit most
LEAST_STEP = 1.0  # points: a composition that moved less is not worth a sentence on page 1
MOST_MISSING = 0.4  # of the people asked
FIRM = {False: 50, True: 400}  # the base at which a count, or the answers of a sample, weigh half
SECTION = {"causes": 1.5}
WEIGHT = {
    "level": 10.0, "largest": 2.0, "contrast": 2.0, "change": 1.2, "flows": 1.2, "help": 1.0, "asked": 0.8
}
Shown = Mapping[str, Exhibit]


@dataclass(frozen=True)
class Finding:
    """One sentence (with 。) on the exhibit of that id: its printed number, its base, its weight."""

    sentence: str
    exhibit: str
    number: float
    base: int | None
    score: float
    topic: str = ""
    head: str = ""  # in a few words, as the title of a chart


def headlines(shown: Sequence[Exhibit]) -> dict[str, str]:
    """What the chart of each exhibit shows, by its id: the head of its weightiest finding."""
    found = sorted(_proposed(shown), key=lambda pair: pair[1].score)
    return {one.exhibit: one.head for _, one in found if one.head}


def _proposed(shown: Sequence[Exhibit]) -> list[tuple[Exhibit, Finding]]:
    by_id = {each.id: each for each in shown}
    return [(each, one) for each in shown for one in PROPOSE.get(each.recipe.make, _nothing)(each, by_id)]


def find(shown: Sequence[Exhibit], most: int = MOST) -> list[Finding]:
    """The `most` weightiest findings of protected exhibits, in the order of the report.

    One a topic, and beside the rate two a section. The score is the size of what was found (level, largest
    group, contrast, change), times how firm its base is, times the part of the people who answered; what does
    not compare, and what is hidden, is never proposed.
    """
    found = _proposed(shown)
    chosen: dict[str, Finding] = {}
    taken: dict[str, int] = {}
    for each, one in sorted(found, key=lambda pair: -pair[1].score):
        section = each.recipe.section
        room = len(chosen) < most and taken.get(section, 0) < PER_SECTION
        if one.score and room and one.topic not in chosen:
            chosen[one.topic] = one
            taken[section] = taken.get(section, 0) + (one.topic != "rate")
    place = {id: i for i, id in enumerate(each.id for each in shown)}
    return sorted(chosen.values(), key=lambda one: (one.topic != "rate", place[one.exhibit]))


def _nothing(_: Exhibit, __: Shown) -> Iterator[Finding]:
    yield from ()


def _scored(kind: str, size: float, of: Exhibit, base: int, left: int = 0) -> float:
    """Size (0 to 1) x weight of the kind x how firm the base is x the part that answered."""
    known = base / (base + left) if base else 0.0
    if known < 1 - MOST_MISSING:
        return 0.0
    firm = base / (base + FIRM[of.recipe.make == "questionnaire"])
    return WEIGHT[kind] * SECTION.get(of.recipe.section, 1.0) * min(size, 1.0) * firm * known


def _share(row: Any) -> str:
    return in_percent(percent(row["share"]))


def _most(frame: pd.DataFrame, column: str) -> Any:
    """The row with the largest number."""
    return frame.sort_values(column, ascending=False, kind="stable").iloc[0]


def _label(of: Exhibit, row: Any, name: str) -> str:
    return labels_of(of.codebook, of.frame.loc[[row.name], name])[0]


def _titled(of: Exhibit, name: str) -> str:
    return title_of(of.codebook, name).partition("（")[0]


def _topic(name: str) -> str:
    return "cause" if name.startswith("cause") else name


def _whole(shown: Shown) -> Exhibit | None:
    """The rate of all."""
    return next((e for e in shown.values() if e.recipe.make == "rate" and not e.recipe.by), None)


def _trend(shown: Shown, of: str) -> Exhibit | None:
    """The composition by `of` over the waves, or with of="rate" the rate of all."""
    return next((e for e in shown.values() if _trend_of(e) == of), None)


def _trend_of(each: Exhibit) -> str:
    recipe = each.recipe
    return recipe.of if recipe.make == "trend" and not recipe.by and not recipe.where else ""


def _rate(of: Exhibit, shown: Shown) -> Iterator[Finding]:
    """The whole with its change; or the group that is hit most, against the whole."""
    yield from _hit_most(of, shown) if of.recipe.by else _level(of, shown)


def _level(of: Exhibit, shown: Shown) -> Iterator[Finding]:
    row = of.frame.iloc[0]
    if pd.isna(row["n"]):
        return
    known = pd.notna(row["share"])
    text = f"{of.facts['place']}共有{of.recipe.subject}{counted(row['n'])}"
    text += f"，占职工{counted(row['base_n'])}的{_share(row)}" if known else ""
    waves = _trend(shown, "rate")
    if waves is not None and len(waves.frame) > 1:
        text += _step(*(waves.frame.iloc[i] for i in (-2, -1)))
    number, base = (percent(row["share"]), int(row["base_n"])) if known else (float(row["n"]), None)
    yield Finding(f"{text}。", of.id, number, base, _scored("level", 1.0, of, int(row["n"])), "rate")


def _step(before: Any, now: Any) -> str:
    """What moved since the wave before, or that the two do not compare."""
    if not now["comparable"]:
        return f"；认定口径已变，不与{year(before['wave'])}比较"
    if pd.isna(before["n"]):
        return ""
    text = f"，{moved(before['n'], now['n'], since(before['wave'], now['wave']), '人')}"
    if pd.notna(now["share"]) and pd.notna(before["share"]):
        text += f"，占比{points(half_up(percent(now['share']) - percent(before['share'])))}"
    return text


def _hit_most(of: Exhibit, shown: Shown) -> Iterator[Finding]:
    whole, frame = _whole(shown), of.frame
    fit = frame[frame["base_n"].ge(LEAST_BASE).fillna(False) & frame["share"].notna() & ~hidden(frame)]
    if whole is None or not whole.frame["share"].gt(0).any() or len(fit) < 2:
        return
    mean, top, names = whole.frame.iloc[0], _most(fit, "share"), dimensions(frame)
    if percent(top["share"]) <= percent(mean["share"]):
        return
    text = (
        f"按{'、'.join(_titled(of, name) for name in names)}看，"
        f"困难率最高的是{''.join(_label(of, top, name) for name in names)}，"
        f"职工{counted(top['base_n'])}中困难职工{counted(top['n'])}，占{_share(top)}，高于总体的{_share(mean)}。"
    )
    score = _scored("contrast", log2(top["share"] / mean["share"]), of, int(top["base_n"]))
    head = f"{''.join(_label(of, top, name) for name in names)}最高，为{_share(top)}"
    topic = "by_" + "_".join(names)
    yield Finding(text, of.id, percent(top["share"]), int(top["base_n"]), score, topic, head)


def _largest(of: Exhibit, shown: Shown) -> Iterator[Finding]:
    """The level that most people have (of categories of hardship: the gravest), and how it moved."""
    frame, name = of.frame, dimensions(of.frame)[-1]
    if len(dimensions(frame)) != 1 or of.recipe.where:
        return
    seen = frame[frame["n"].notna() & frame["share"].notna() & frame[name].astype(object).ne("other")]
    if len(seen) < 2:
        return
    worst = seen[seen[name].isin([scheme["worst"] for scheme in of.codebook.schemes.values()])]
    gravest = name == "hardship_level" and len(worst) == 1
    top = worst.iloc[0] if gravest else _most(seen, "n")
    base, left = int(top["base_n"]), int(top["left_out_n"])
    titled = of.recipe.noun or _titled(of, name)
    whom = f"{titled}有记录的{counted(base)}中" if left else f"{of.subject}{counted(base)}中"
    text = f"{whom}，{_label(of, top, name)}{counted(top['n'])}，占{_share(top)}"
    text += "" if gravest else "，居首位"
    text += _children(str(top[name]), of) + _since(name, top, shown, gravest)
    score = _scored("largest", float(top["share"]) * (0.5 if gravest else 1.0), of, base, left)
    head = f"{_label(of, top, name)}占{_share(top)}" + ("" if gravest else "，居首位")
    yield Finding(f"{text}。", of.id, percent(top["share"]), base, score, _topic(name), head)


def _children(code: str, of: Exhibit) -> str:
    """`（家属大病326人、…）`: what a group of causes is made of."""
    if code not in of.made_of:
        return ""
    own = of.made_of[code][of.made_of[code]["n"].gt(0).fillna(False)]
    labels = labels_of(of.codebook, own["cause"])
    told = [f"{label}{counted(n)}" for label, n in zip(labels, own["n"], strict=True)]
    return f"（{'、'.join(told)}）" if len(told) > 1 else ""


def _since(name: str, top: Any, shown: Shown, gravest: bool) -> str:
    """`，比2007年的31.8%上升5.2个百分点，当时居首位的是…`: since the first wave that compares."""
    trend = _trend(shown, "cause" if name == "cause_main" else name)
    run = _run(trend.frame, name, top[name]) if trend is not None else pd.DataFrame()
    if trend is None or len(run) < 2 or not _holds(run):
        return ""
    first, step = run.iloc[0], half_up(percent(top["share"]) - percent(run["share"].iloc[0]))
    if gravest and abs(step) < LEAST_STEP:
        return ""
    text = f"，比{year(first['wave'])}的{_share(first)}{points(step)}"
    then = trend.frame[trend.frame["wave"].eq(first["wave"]) & trend.frame["n"].notna()]
    led = _most(then, "n")
    if gravest or led["n"] == first["n"]:
        return text
    return f"{text}，当时居首位的是{_label(trend, led, name)}"


def _run(frame: pd.DataFrame, name: str, code: str) -> pd.DataFrame:
    """The rows of one level that compare with the last wave, first first; none where one is hidden."""
    rows = frame[frame[name].eq(code)].sort_values("wave").reset_index(drop=True)
    broken = rows.index[~rows["comparable"].astype(bool)]
    run = rows.iloc[broken.max() :] if len(broken) else rows
    return run if run["share"].notna().all() else run.iloc[:0]


def _holds(run: pd.DataFrame) -> bool:
    """Whether the share of those without a value moved less than the share that is told."""
    ends = run.iloc[[0, -1]]
    missing = ends["left_out_n"] / (ends["left_out_n"] + ends["base_n"])
    return bool(abs(missing.diff().iloc[-1]) <= abs(ends["share"].diff().iloc[-1]))


def _change(of: Exhibit, _: Shown) -> Iterator[Finding]:
    """How the share of a level moved since the first wave that compares."""
    name = _trend_of(of)
    for code in of.frame[name].dropna().unique() if name not in ("", "rate") else ():
        run = _run(of.frame, name, code)
        if len(run) < 2 or code == "other" or not _holds(run):
            continue
        first, last = run.iloc[0], run.iloc[-1]
        step = half_up(percent(last["share"]) - percent(first["share"]))
        if abs(step) < LEAST_STEP:
            continue
        label = labels_of(of.codebook, run[name].iloc[:1])[0]
        text = (
            f"{year(last['wave'])}{_titled(of, name)}有记录的{counted(last['base_n'])}中，"
            f"{label}占{_share(last)}，比{year(first['wave'])}的{_share(first)}{points(step)}。"
        )
        head = f"{label}比{year(first['wave'])}{points(step)}，占{_share(last)}"
        score = _scored("change", abs(step) / 10, of, int(last["base_n"]), int(last["left_out_n"]))
        number, base = percent(last["share"]), int(last["base_n"])
        yield Finding(text, of.id, number, base, score, _topic(name), head)


def _flows(of: Exhibit, shown: Shown) -> Iterator[Finding]:
    """Who came and who left since the wave before, where the two compare."""
    whole = _trend(shown, "rate")
    last = of.frame[of.frame["wave"].eq(of.frame["wave"].max())]
    numbers, before = last.set_index("flow")["n"].astype("Int64"), last["previous_n"].max()
    if whole is None or not whole.frame["comparable"].iloc[-1]:
        return
    if numbers[["new", "exited"]].isna().any() or not before > 0:
        return
    share = percent(numbers["exited"] / before)
    text = (
        f"{year(of.facts['before'])}在册的{counted(before)}中退出{counted(numbers['exited'])}，"
        f"占{in_percent(share)}；本批次新建档{counted(numbers['new'])}。"
    )
    yield Finding(text, of.id, share, int(before), _scored("flows", share / 50, of, int(before)), "flows")


def _help(of: Exhibit, _: Shown) -> Iterator[Finding]:
    """What help came to in all."""
    amount = float(of.frame["amount"].sum())
    whole = str(of.facts["words"]).removesuffix("。").partition("；")[0]
    yield Finding(f"{whole}。", of.id, amount, None, WEIGHT["help"] / 2, "help")


def _asked(of: Exhibit, _: Shown) -> Iterator[Finding]:
    """What most ask for (several answers), and how far an offer reaches (a funnel)."""
    frame, draw = of.frame, of.recipe.draw
    if draw not in ("multiple", "funnel") or frame["share"].isna().all():
        return
    say = sentences_survey.steps if draw == "funnel" else sentences_survey.most_chosen
    named = {"name": of.title} if draw == "funnel" else {"question": of.title, "manner": "（可多选）"}
    row = frame.iloc[-1] if draw == "funnel" else _most(frame, "share")
    text = say(frame, **named)
    if text and pd.notna(row["base_n"]):
        left = int(frame["left_out_n"].fillna(0).max())
        score = _scored("asked", 0.8, of, int(frame["base_n"].max()), left)
        head = f"{row['option']}占{_share(row)}，居首位" if draw == "multiple" else ""
        yield Finding(text, of.id, percent(row["share"]), int(row["base_n"]), score, draw, head)


PROPOSE: dict[str, Callable[[Exhibit, Shown], Iterator[Finding]]] = {
    "rate": _rate, "count": _largest, "causes": _largest, "trend": _change, "flows": _flows, "aid": _help,
    "questionnaire": _asked,
}
