"""Exhibit -> sentences of the report, in Chinese. Every number comes from its protected frame; none is typed.

Numbers are rounded as the table rounds them, so that text and table agree. Percentages have one decimal;
differences of percentages are percentage points: between the two figures where a sentence prints both, so
that a reader with a pencil finds the same; else the frame's `change`, as the table prints it. Growth is
computed from the counts. What is said of change is what the numbers are: a census describes, it proves no
trend.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd

from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.exhibits.labels import WORDS
from bangfu_analysis.exhibits.measures import (
    dimensions,
    hidden,
    most_unseen,
    over_full,
    records,
    sorted_by_size,
)
from bangfu_analysis.exhibits.wording import (
    counted,
    half_up,
    in_percent,
    moved,
    percent,
    points,
    share_of,
    since,
    with_count,
    year,
)
from bangfu_analysis.release.cells import is_other, parts_of

if TYPE_CHECKING:
    from bangfu_analysis.exhibits.exhibit import Exhibit

BY_SIZE = ("cause", "cause_main", "reporting_unit", "district", "employer", "unit", "source_file")
MOST_IN_A_LIST = 5  # of more, 分别占 leaves the reader counting: each count stands with its share
MOST_NAMED = 3  # of the largest levels, and of those that moved most
LEAST_BASE = 30  # one case moves the rate of fewer too far; no group of fewer is said to be hit most
MISSING_MOVES = 0.05  # of the people: a change of those without a value that is told beside a trend
SMALL = "人数过少，或为防止推算而从略"
NOT_COMPARED = "不作比较。"
ONLY_NAMED = "只计台账中记名、能与名册对上的人，不记名的帮扶不计入"
CENSUS = "名册是全数登记，以上变化是在册人数的实际变化，不是抽样误差。"


def overall(of: Exhibit) -> str:
    """`道里区共有职工33724人，其中困难职工3456人，占10.2%。` of a rate without groups."""
    row, place, subject = of.focused.iloc[0], of.facts["place"], of.subject
    if pd.isna(row["n"]):
        return f"{place}的{subject}{SMALL}。"
    if pd.isna(row["base_n"]):
        return f"{place}共有{subject}{counted(row['n'])}；职工总数未详，不计算占比。"
    workers = f"{place}共有职工{counted(row['base_n'])}"
    return f"{workers}，其中{subject}{counted(row['n'])}，占{share_of(row['share'])}。"


def shares(of: Exhibit) -> str:
    """How the subject divides by one variable: counts and shares of the base, 未详 stated.

    `特困职工1058人中，初中以下692人、高中345人、大专以上21人，分别占65.4%、32.6%、2.0%。` Levels that nobody
    has are not named. Hidden cells are named without a number.
    """
    name, table = _one_dimension(of.focused, "shares"), of.focused
    by_size = of.recipe.sort == "size" or (not of.recipe.sort and name in BY_SIZE)
    table = sorted_by_size(table, name) if by_size else table
    titled, bases = of.titled(name), table["base_n"].dropna()
    if bases.empty:
        return f"{of.subject}按{titled}分的{SMALL}。"
    base, left = int(bases.iloc[0]), int(table["left_out_n"].fillna(0).max())
    if not base:
        return f"{of.subject}的{titled}均未填报，共{counted(left)}。"
    lead = f"中{titled}有记录的{counted(base)}，其中" if left else f"{counted(base)}中，"
    many = "（一人可有多项，各项占比之和大于100%）" if over_full(table) else ""
    tail = f"；另有{counted(left)}{titled}未详，不计入占比" if left else ""
    return f"{of.subject}{lead}{_listed(of.printed(table, name))}{many}{tail}。"


def _listed(printed: pd.DataFrame) -> str:
    """`A1人、B2人，分别占…`; one level alone `全部为A`; hidden ones are named at the end."""
    seen, unseen = _nameable(printed), printed.loc[hidden(printed)]
    quiet = f"{'、'.join(unseen['label'])}{SMALL}" if len(unseen) else ""
    if len(seen) == 1 and not quiet and seen["n"].iloc[0] == seen["base_n"].iloc[0]:
        return f"全部为{seen['label'].iloc[0]}"
    counts = [with_count(row.label, row.n) for row in records(seen)]
    parts = [in_percent(share) if share else "不足0.1%" for share in seen["percent"]]
    if len(counts) > MOST_IN_A_LIST:
        listing = "；".join(f"{count}，占{part}" for count, part in zip(counts, parts, strict=True))
    else:
        listing = "、".join(counts) + ("，分别占" if len(counts) > 1 else "，占") + "、".join(parts)
    return "；".join(filter(None, [listing if counts else "", quiet]))


def leading(of: Exhibit) -> str:
    """The largest levels of one variable: `…居前3位的致困原因依次是疾病（1200人，占34.7%）、…。`

    For causes and units, whose full lists are tables. 其他 is never among them, nor are levels joined, of
    which each may have any part of their number.
    """
    result = of.focused
    name = _one_dimension(result, "leading")
    titled, base_n = of.recipe.noun or of.titled(name), result["base_n"].dropna().max()
    unseen = most_unseen(result, several=bool(of.cut.multiple))
    ranked = _nameable(of.printed(sorted_by_size(result, name), name), name)
    joined = ranked[name].map(lambda code: len(parts_of(str(code))) > 1).astype(bool)
    chosen = ranked[~joined & ranked["n"].ge(max([unseen, *ranked.loc[joined, "n"]]))].head(MOST_NAMED)
    if chosen.empty or pd.isna(base_n):
        return f"{of.subject}的{titled}没有可公布的人数。"
    words = [f"{row.label}（{counted(row.n)}，占{in_percent(row.percent)}）" for row in records(chosen)]
    many = "（一人可有多项）" if over_full(result) else ""
    whom = f"中{titled}有记录的" if "left_out_n" in result and result["left_out_n"].gt(0).any() else ""
    place = f"居前{len(chosen)}位的{titled}依次是" if len(chosen) > 1 else f"{titled}居首位的是"
    return f"{of.subject}{whom}{counted(base_n)}中，{place}{'、'.join(words)}{many}。"


def by_group(of: Exhibit) -> str:
    """The largest level in each group, told once where it is the same in all; groups of nobody, and such of
    which a hidden level may be larger, are not named.

    `按年龄看，困难职工中30岁以下最多的是子女上学（12人，占该组的40.0%）；…`
    """
    within, led = of.layout.within[0], list[tuple[str, str, str]]()
    name = _one_dimension(of.focused.drop(columns=within), "by_group")
    for _, block in of.focused.groupby(within, observed=True, sort=True):
        seen = _nameable(of.printed(block, name))
        seen = _nameable(seen, name) if len(seen) > 1 else seen
        unseen = most_unseen(block, several=bool(of.cut.multiple))
        if seen["percent"].dropna().empty or seen["n"].max() < unseen:  # nobody, or a base that is hidden
            continue
        most = seen.loc[seen["n"].eq(seen["n"].max())]
        each, share = "各" if len(most) > 1 else "", most["percent"].iloc[0]
        part = f"，{each}占该组的{in_percent(share)}" if pd.notna(share) else ""  # its base may be hidden
        size = f"{each}{counted(most['n'].iloc[0])}{part}"
        led.append((of.labels(most[within])[0], "、".join(most["label"]), size))
    if not led:
        return f"{of.subject}按{of.titled(within)}分组，没有可公布的人数。"
    head, leaders = f"按{of.titled(within)}看，{of.subject}中", {leader for _, leader, _ in led}
    if len(led) > 1 and len(leaders) == 1:
        return f"{head}{'、'.join(f'{group}（{size}）' for group, _, size in led)}最多的都是{leaders.pop()}。"
    return f"{head}{'；'.join(f'{group}最多的是{leader}（{size}）' for group, leader, size in led)}。"


def extremes(of: Exhibit) -> str:
    """The groups with the highest and the lowest rate; what is left aside, as its base is small, is said."""
    rates, what = of.focused, of.recipe.noun or "困难率"
    names, unjoined = dimensions(rates), str(of.facts.get("unjoined", ""))
    small = rates["base_n"].lt(LEAST_BASE).fillna(True)
    fit = rates.loc[~small & ~hidden(rates) & rates["share"].notna()]
    nobody, fit = int(fit["share"].eq(0).sum()), fit[fit["share"].gt(0)]
    titled = "".join(map(of.titled, names)) + ("组" if len(names) > 1 else "")
    if len(fit) < 2:
        return f"可比较{what}的{titled}不足两个，不作比较。{unjoined}"
    ends = [fit.iloc[[place]] for place in (int(fit["share"].argmax()), int(fit["share"].argmin()))]
    labels = ["".join(of.labels(end[name])[0] for name in names) for end in ends]
    high, low = (share_of(end["share"].iloc[0]) for end in ends)
    if fit["share"].max() == fit["share"].min():
        return f"{len(fit)}个{titled}的{what}相同，均为{high}。{unjoined}"
    apart = [f"职工总数未详或不足{LEAST_BASE}人的{int(small.sum())}个未参与比较"] if small.any() else []
    apart += [f"另有{nobody}个没有{of.subject}"] if nobody else []
    aside = f"（{'；'.join(apart)}）" if apart else ""
    among = "列出的" if hidden(rates).any() else ""
    ends_named = f"最高的是{labels[0]}，为{high}，最低的是{labels[1]}，为{low}"
    return f"{among}各{titled}中，{what}{ends_named}{aside}。{unjoined}"


def change(of: Exhibit) -> str:
    """How counts and shares moved over the waves: a frame with one row a wave (`n`, and `share` where there
    is one).

    `2009年困难职工3456人，比上年增加156人，增长4.7%；占职工总数的比重为10.2%，比上年上升0.3个百分点。` With
    three waves or more the series follows; 逐年增加 is said only where every step is one. Hidden or not
    comparable figures are not compared.
    """
    rows, subject = of.focused.sort_values("wave").reset_index(drop=True), of.subject
    if rows["wave"].duplicated().any():
        raise ArgumentError("change：同一批次有多行。请先筛选到每批次一行，或改用 shift。")
    now, last = rows.iloc[-1], rows.tail(2)
    if hidden(last).iloc[-1]:
        return f"{year(now['wave'])}{subject}{SMALL}。"
    text = f"{year(now['wave'])}{subject}{counted(now['n'])}"
    if len(rows) == 1:
        return f"{text}；只有一批数据，{NOT_COMPARED}"
    before = rows.iloc[-2]
    when = since(before["wave"], now["wave"])
    if hidden(last).any() or not _comparable(rows).iloc[-1]:
        return f"{text}；与{year(before['wave'])}口径不同或人数从略，{NOT_COMPARED}"
    text += f"，{moved(before['n'], now['n'], when, '人')}"
    if "share" in rows and last["share"].notna().all():
        text += f"；占职工总数的比重为{share_of(now['share'])}，{points(share_step(before, now), when)}"
    apart = of.facts.get("uneven")
    census = f"{apart}，以上变化含这些人的增减。" if apart else CENSUS
    return f"{text}。{_series(rows, subject) if len(rows) > 2 else ''}{census}"


def share_step(before: Any, now: Any) -> float:
    """The change of a share since the wave before in points, as its table has it."""
    printed = half_up(percent(now["share"]) - percent(before["share"]))
    return percent(now["change"]) if pd.notna(now.get("change")) else printed


def _series(rows: pd.DataFrame, subject: str) -> str:
    """The whole series, with 逐年 only where every step goes one way and the waves are years."""
    if hidden(rows).any() or not _comparable(rows).iloc[1:].all():
        return ""
    waves, values = [str(w) for w in rows["wave"]], [int(n) for n in rows["n"]]
    each = "逐年" if all(since(a, b) == "比上年" for a, b in pairwise(waves)) else "逐批"
    steps = [b - a for a, b in pairwise(values)]
    trend = f"，{each}增加" if min(steps) > 0 else f"，{each}减少" if max(steps) < 0 else ""
    head = f"{year(waves[0])}至{year(waves[-1])}各批次{subject}依次为"
    return f"{head}{'、'.join(map(counted, values))}{trend}。"


def shift(of: Exhibit) -> str:
    """How the composition moved between the last two waves: the levels whose share moved most, in points.

    其他 is not named. Nothing that is hidden is compared.
    """
    result = of.focused
    name = _one_dimension(result.drop(columns="wave"), "shift")
    titled, waves = of.titled(name), sorted(result["wave"].dropna().unique())[-2:]
    if len(waves) < 2:
        return f"{of.subject}只有一批数据，{titled}构成不作比较。"
    old, new = (of.printed(result.loc[result["wave"].eq(w)], name) for w in waves)
    apart = new.loc[~_comparable(new)]
    if len(apart) == len(new) or any(not b["base_n"].gt(0).fillna(False).all() for b in (old, new)):
        why = "口径不同或缺数" if len(apart) or not hidden(result).any() else "有的人数从略"
        return f"{year(waves[0])}与{year(waves[1])}的{titled}{why}，不作比较{_why(apart)}。"
    kept = new.drop(apart.index)
    before = old.loc[~hidden(old)].set_index(name)["percent"].rename("before")
    both = kept.loc[~hidden(kept)].set_index(name).join(before, how="inner").dropna(subset=["before"])
    steps = both.drop([code for code in both.index if is_other(code)])
    steps = steps.assign(step=(steps["percent"] - steps["before"]).map(half_up))
    most = steps.loc[steps["step"].ne(0)].sort_values("step", key=abs, ascending=False, kind="stable")
    head = f"与{year(waves[0])}相比，{year(waves[1])}{of.subject}的{titled}构成"
    aside = f"；{'、'.join(apart['label'])}不作比较{_why(apart)}" if len(apart) else ""
    gone = [b["left_out_n"].max() / (b["left_out_n"].max() + b["base_n"].max()) for b in (old, kept)]
    if abs(gone[1] - gone[0]) >= MISSING_MOVES:
        aside += f"；{titled}未详的由{share_of(gone[0])}变为{share_of(gone[1])}，比较时请留意"
    if most.empty:
        return f"{head}基本持平{aside}。"
    words = []
    for row in records(most.head(MOST_NAMED)):
        way = f"{in_percent(row.before)}{'上升' if row.step > 0 else '下降'}到{in_percent(row.percent)}"
        words.append(f"{row.label}占比由{way}，{points(row.step)}")
    return f"{head}中，{'；'.join(words)}{aside}。"


def means(of: Exhibit) -> str:
    """The mean of the whole, or the highest and the lowest of the groups."""
    result, what = of.focused, of.recipe.noun
    shown = result[result["estimate"].notna() & ~hidden(result)]
    if shown.empty:
        return f"{of.subject}的{what}没有可公布的数。"
    names = dimensions(result)
    if not names:
        row = shown.iloc[0]
        return f"{of.subject}中{what}有记录的{counted(row['n'])}，平均{half_up(row['estimate'], 2):g}。"
    ranked = shown.sort_values("estimate", ascending=False, kind="stable")
    ends = [("最高", ranked.iloc[[0]]), ("最低", ranked.iloc[[-1]])][: min(len(ranked), 2)]
    clauses = []
    for word, end in ends:
        group = "、".join(of.labels(end[name])[0] for name in names)
        clauses.append(f"{word}的是{group}（{half_up(end['estimate'].iloc[0], 2):g}）")
    return f"按{'、'.join(map(of.titled, names))}看，{of.subject}的{what}均值{'，'.join(clauses)}。"


def reached(of: Exhibit) -> str:
    """`在册特困职工中得到帮扶的占37.8%（1058人中的400人）；…`, by one column or of all."""
    result = of.focused
    shown = result[result["helped"].eq("helped") & ~hidden(result) & result["base_n"].gt(0).fillna(False)]
    names = [name for name in dimensions(result) if name != "helped"]
    labels = of.labels(shown[names[0]]) if names else [""]
    heads = {"困难": "一般困难"}
    groups = [heads.get(label, label if "困" in label else f"{label}困难") + "职工" for label in labels]
    clauses = [
        f"在册{group}中得到帮扶的占{share_of(row.share)}（{row.base_n}人中的{counted(row.n)}）"
        for group, row in zip(groups, records(shown), strict=True)
    ]
    return f"{'；'.join(clauses)}（{ONLY_NAMED}）。" if clauses else ""


SAY: dict[str, Callable[[Exhibit], str]] = {
    "overall": overall, "shares": shares, "leading": leading, "by_group": by_group, "extremes": extremes,
    "change": change, "shift": shift, "means": means, "helped": reached,
}  # fmt: skip


def received(sources: pd.DataFrame) -> str:
    """`19个文件（其中18个有采用的数据）`: all files that came in and, where not all did, how many gave rows
    to a frame.
    """
    files, used = (part["source_file"].nunique() for part in (sources, sources[sources["rows_kept"].gt(0)]))
    return f"{files}个文件" + (f"（其中{used}个有采用的数据）" if used < files else "")


def quality(sources: pd.DataFrame, issues: pd.DataFrame, totals: pd.DataFrame) -> str:
    """What was read, kept and set aside, what was mended and given up, and which stated totals disagree."""
    unread = int(sources["kind"].eq("unreadable").sum())
    read = f"，其中{unread}张未能读取" if unread else "，均已读取"
    rows = sources.filter(regex="^rows").sum().astype(int)
    fates = "，".join(f"{word}{rows[fate]}行" for fate, word in WORDS["told_rows"].items() if rows[fate])
    actions, verdicts = issues["action"].value_counts(), totals["verdict"].value_counts()
    words = [f"{word}{actions.get(a, 0)}处" for a, word in WORDS["told_actions"].items() if actions.get(a, 0)]
    lines = [
        f"本次共收到{received(sources)}，工作表{len(sources)}张{read}", f"共{rows['rows']}行：{fates}",
        f"记录问题{len(issues)}处" + (f"，其中{'、'.join(words)}" if words else ""),
    ]  # fmt: skip
    if len(totals):
        counts = {word: verdicts.get(v, 0) for v, word in WORDS["verdicts"].items()}
        agreement = "、".join(f"{word}{n}项" for word, n in counts.items() if n)
        lines.append(f"上报的合计数{len(totals)}项，与逐行登记核对，{agreement}")
    return "。".join(lines) + "。"


def _nameable(table: pd.DataFrame, name: str = "") -> pd.DataFrame:
    """The rows that a sentence may name: somebody is in them, nothing is hidden and, with `name`, it is not
    其他.
    """
    seen = table.loc[table["n"].gt(0).fillna(False) & ~hidden(table)]
    return seen.loc[~seen[name].map(is_other).astype(bool)] if name else seen


def _one_dimension(result: pd.DataFrame, where: str) -> str:
    names = dimensions(result)
    if len(names) != 1 or result.empty:
        actual = f"现有分组列 {names}，{len(result)} 行。请先筛选。"
        raise ArgumentError(f"{where}：应是按一个变量分组的非空结果，{actual}")
    return names[0]


def _comparable(table: pd.DataFrame) -> pd.Series[Any]:
    comparable = table["comparable"] if "comparable" in table else pd.Series(True, table.index)
    return comparable.fillna(False).astype(bool)


def _why(broken: pd.DataFrame) -> str:
    """The reasons of a break of definition behind a colon, where the result tells any."""
    notes = [note for note in broken.get("break_note", pd.Series(dtype="str")).unique() if note]
    return f"：{'；'.join(notes)}" if notes else ""
