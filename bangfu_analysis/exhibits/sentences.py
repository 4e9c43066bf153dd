"""Result frame -> sentences of the report, in Chinese. Every number comes from the frame; none is typed.

Numbers are rounded as `display` rounds them, so that text and table agree. Percentages have one decimal;
differences of percentages are percentage points: between the two figures where a sentence prints both, so
that a reader with a pencil finds the same; else the frame's `change`, as the table prints it. Growth is
computed from the counts. What is said of change is what the numbers are: a census describes, it proves no
trend.
"""

from __future__ import annotations

from itertools import pairwise

import pandas as pd

from bangfu_analysis.analysis.domains import require
from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import ArgumentError
from bangfu_analysis.exhibits.labels import WORDS, labels_of, title_of
from bangfu_analysis.exhibits.measures import (
    dimensions,
    hidden,
    over_full,
    printed_percents,
    records,
    sorted_by_size,
)
from bangfu_analysis.exhibits.rounding import half_up, percent
from bangfu_analysis.exhibits.wording import counted, in_percent, money, moved, points, since, year

ORDERS = ("auto", "codebook", "size")
_BY_SIZE = ("cause", "cause_main", "reporting_unit", "district", "employer", "unit", "source_file")
_MOST_IN_A_LIST = 5  # of more, 分别占 leaves the reader counting: each count stands with its share
MISSING_MOVES = 0.05  # of the people: a change of those without a value that is told beside a trend
SMALL = "人数少于5人，或为防止推算而从略"


def overall(rate: pd.DataFrame, *, place: str, subject: str = "困难职工", base: str = "职工") -> str:
    """`道里区共有职工33724人，其中困难职工3456人，占10.2%。` from `hardship_rate` without groups (one row).
    """
    require(rate, ["n", "base_n", "share"], where="overall")
    row = rate.iloc[0]
    if pd.isna(row["n"]):
        return f"{place}的{subject}{SMALL}。"
    if pd.isna(row["base_n"]):
        return f"{place}共有{subject}{counted(row['n'])}；{base}总数未详，不计算占比。"
    return f"{place}共有{base}{counted(row['base_n'])}，其中{subject}{counted(row['n'])}，占{in_percent(percent(row['share']))}。"


def split(result: pd.DataFrame, codebook: Codebook, *, subject: str, unit: str = "人", order: str = "auto") -> str:
    """How `subject` divides by one variable, from `tabulate`: counts and shares of the base, 未详 stated.

    `特困职工1058人中，初中以下692人、高中345人、大专以上21人，分别占65.4%、32.6%、2.0%。` `order`: codebook
    (age, education), size (causes, units; 其他 last), auto chooses by the variable. Levels that nobody has
    are not named. Hidden cells are named without a number.
    """
    name = _only_dimension(result, "split")
    table = _ordered(result, name, order)
    titled, known = _title(codebook, name), table["base_n"].dropna()
    if known.empty:
        return f"{subject}按{titled}分的{SMALL}。"
    base, left = int(known.iloc[0]), int(table["left_out_n"].fillna(0).max())
    if not base:
        return f"{subject}的{titled}均未填报，共{counted(left, unit)}。"
    told = f"中{titled}有记录的{counted(base, unit)}，其中" if left else f"{counted(base, unit)}中，"
    many = "（一人可有多项，各项占比之和大于100%）" if over_full(table) else ""
    tail = f"；另有{counted(left, unit)}{titled}未详，不计入占比" if left else ""
    return subject + told + _listed(table, name, codebook, unit) + many + tail + "。"


def leading(
    result: pd.DataFrame, codebook: Codebook, *, subject: str, top: int = 3, unit: str = "人", noun: str = ""
) -> str:
    """The `top` largest levels of one variable: `…居前3位的致困原因依次是疾病（1200人，占34.7%）、…。`

    For causes and units, whose full lists are tables. 其他 is never among them.
    """
    name = _only_dimension(result, "leading")
    titled, base_n = noun or _title(codebook, name), result["base_n"].dropna().max()
    chosen = _nameable(_printed(sorted_by_size(result, name), name, codebook), name).head(top)
    if chosen.empty or pd.isna(base_n):
        return f"{subject}的{titled}没有可公布的人数。"
    words = [f"{row.label}（{counted(row.n, unit)}，占{in_percent(row.percent)}）" for row in records(chosen)]
    many = "（一人可有多项）" if over_full(result) else ""
    whom = f"中{titled}有记录的" if "left_out_n" in result and result["left_out_n"].gt(0).any() else ""
    place = f"居前{len(chosen)}位的{titled}依次是" if len(chosen) > 1 else f"{titled}居首位的是"
    return f"{subject}{whom}{counted(base_n, unit)}中，{place}{'、'.join(words)}{many}。"


def by_group(result: pd.DataFrame, codebook: Codebook, *, within: str, subject: str, unit: str = "人") -> str:
    """The largest level in each group of `within`, from `tabulate(..., within=within)`; groups of nobody are
    not named.

    `按年龄看，困难职工中30岁以下最多的是子女上学（12人，占该组的40.0%）；…`
    """
    name = _only_dimension(result.drop(columns=within), "by_group")
    words = []
    for _, block in result.groupby(within, observed=True, sort=True):
        seen = _nameable(block.assign(percent=printed_percents(block)))
        seen = _nameable(seen, name) if len(seen) > 1 else seen
        if seen["percent"].dropna().empty:  # nobody, or a base that is hidden
            continue
        most = seen.loc[seen["n"].eq(seen["n"].max())]
        group = labels_of(codebook, most[within].iloc[:1])[0]
        levels = "、".join(labels_of(codebook, most[name]))
        each, share = "各" if len(most) > 1 else "", most["percent"].iloc[0]
        part = f"，{each}占该组的{in_percent(share)}" if pd.notna(share) else ""  # its base may be hidden
        words.append(f"{group}最多的是{levels}（{each}{counted(most['n'].iloc[0], unit)}{part}）")
    if not words:
        return f"{subject}按{_title(codebook, within)}分组，没有可公布的人数。"
    return f"按{_title(codebook, within)}看，{subject}中{'；'.join(words)}。"


def extremes(rates: pd.DataFrame, codebook: Codebook, *, what: str = "困难率", at_least: int = 30) -> str:
    """The groups with the highest and the lowest rate, from `hardship_rate`.

    Groups with fewer than `at_least` in the base are left aside, as one case moves their rate too far; the
    text says so.
    """
    require(rates, ["n", "base_n", "share"], where="extremes")
    names = dimensions(rates)
    small = rates["base_n"].lt(at_least).fillna(True)
    fit = rates.loc[~small & ~hidden(rates) & rates["share"].notna()]
    titled = "".join(_title(codebook, name) for name in names) + ("组" if len(names) > 1 else "")
    if len(fit) < 2:
        return f"可比较{what}的{titled}不足两个，不作比较。"
    labels = map("".join, zip(*(labels_of(codebook, fit[name]) for name in names), strict=True))
    fit = fit.assign(label=[*labels], percent=printed_percents(fit)).reset_index(drop=True)
    high, low = (fit.iloc[place] for place in (int(fit["share"].argmax()), int(fit["share"].argmin())))
    if high["share"] == low["share"]:
        return f"{len(fit)}个{titled}的{what}相同，均为{in_percent(high['percent'])}。"
    ends = (("最高", high), ("最低", low))
    words = [f"{word}的是{row['label']}，为{in_percent(row['percent'])}" for word, row in ends]
    aside = f"（职工总数未详或不足{at_least}人的{int(small.sum())}个未参与比较）" if small.any() else ""
    return f"各{titled}中，{what}{'，'.join(words)}{aside}。"


def change(result: pd.DataFrame, *, subject: str, unit: str = "人", what: str = "占职工总数的比重") -> str:
    """How counts and shares moved over the waves: a frame with one row a wave (`n`, and `share` where there
    is one).

    `2009年困难职工3456人，比上年增加156人，增长4.7%；占职工总数的比重为10.2%，比上年上升0.3个百分点。` With
    three waves or more the series follows; 逐年增加 is said only where every step is one. Hidden or not
    comparable figures are not compared.
    """
    require(result, ["wave", "n"], where="change")
    rows = result.sort_values("wave").reset_index(drop=True)
    if rows["wave"].duplicated().any():
        raise ArgumentError("change：同一批次有多行。请先筛选到每批次一行，或改用 shift。")
    now = rows.iloc[-1]
    if hidden(rows.tail(1)).any():
        return f"{year(now['wave'])}{subject}{SMALL}。"
    text = f"{year(now['wave'])}{subject}{counted(now['n'], unit)}"
    if len(rows) == 1:
        return f"{text}；只有一批数据，不作比较。"
    before = rows.iloc[-2]
    when = since(before["wave"], now["wave"])
    if hidden(rows.tail(2)).any() or not _is_comparable(rows.tail(1)).all():
        return f"{text}；与{year(before['wave'])}口径不同或人数从略，不作比较。"
    text += f"，{moved(before['n'], now['n'], when, unit)}"
    if "share" in rows and pd.notna(now["share"]) and pd.notna(before["share"]):
        printed = percent(now["share"]) - percent(before["share"])
        step = percent(now["change"]) if "change" in rows and pd.notna(now["change"]) else half_up(printed)
        text += f"；{what}为{in_percent(percent(now['share']))}，{points(step, when)}"
    return text + "。" + (_series(rows, subject, unit) if len(rows) > 2 else "")


def shift(result: pd.DataFrame, codebook: Codebook, *, subject: str, top: int = 3) -> str:
    """How the composition moved between the last two waves: the `top` levels whose share moved most, in
    points.

    From `tabulate(..., within="wave")`. 其他 is not named. Nothing that is hidden is compared.
    """
    name = _only_dimension(result.drop(columns="wave"), "shift")
    waves = sorted(result["wave"].dropna().unique())[-2:]
    if len(waves) < 2:
        return f"{subject}只有一批数据，{_title(codebook, name)}构成不作比较。"
    blocks = [result.loc[result["wave"].eq(w)] for w in waves]
    apart = blocks[1].loc[~_is_comparable(blocks[1])]
    if len(apart) == len(blocks[1]) or any(not b["base_n"].gt(0).fillna(False).all() for b in blocks):
        return f"{year(waves[0])}与{year(waves[1])}的{_title(codebook, name)}口径不同或缺数，不作比较{_why(apart)}。"
    blocks[1] = blocks[1].drop(apart.index)
    old, new = (_printed(block, name, codebook).loc[~hidden(block).to_numpy()].set_index(name) for block in blocks)
    both = new.join(old["percent"].rename("before"), how="inner").dropna(subset=["before"])
    both = both.drop("other", errors="ignore")
    steps = both.assign(step=(both["percent"] - both["before"]).map(half_up))
    most = steps.loc[steps["step"].ne(0)].sort_values("step", key=abs, ascending=False, kind="stable").head(top)
    gone = [block["left_out_n"].max() / (block["left_out_n"].max() + block["base_n"].max()) for block in blocks]
    head = f"与{year(waves[0])}相比，{year(waves[1])}{subject}的{_title(codebook, name)}构成"
    aside = f"；{'、'.join(labels_of(codebook, apart[name]))}不作比较{_why(apart)}" if len(apart) else ""
    if abs(gone[1] - gone[0]) >= MISSING_MOVES:
        was, now = (in_percent(percent(share)) for share in gone)
        aside += f"；{_title(codebook, name)}未详的由{was}变为{now}，比较时请留意"
    if most.empty:
        return f"{head}基本持平{aside}。"
    words = [
        f"{row.label}占比由{in_percent(row.before)}{'上升' if row.step > 0 else '下降'}到{in_percent(row.percent)}，{points(row.step)}"
        for row in records(most)
    ]
    return f"{head}中，{'；'.join(words)}{aside}。"


def means(result: pd.DataFrame, codebook: Codebook, *, what: str, subject: str) -> str:
    """The mean of the whole, or the highest and the lowest of the groups, from `means`."""
    shown = result[result["estimate"].notna() & ~hidden(result)]
    if shown.empty:
        return f"{subject}的{what}没有可公布的数。"
    names = dimensions(result)
    if not names:
        row = shown.iloc[0]
        return f"{subject}中{what}有记录的{counted(row['n'])}，平均{half_up(row['estimate'], 2):g}。"
    ranked = shown.sort_values("estimate", ascending=False, kind="stable")
    ends = [("最高", ranked.iloc[[0]]), ("最低", ranked.iloc[[-1]])][: min(len(ranked), 2)]
    told = [
        f"{word}的是{'、'.join(labels_of(codebook, row[n])[0] for n in names)}（{half_up(row['estimate'].iloc[0], 2):g}）"
        for word, row in ends
    ]
    return f"按{'、'.join(_title(codebook, n) for n in names)}看，{subject}的{what}均值{'，'.join(told)}。"


def helped(result: pd.DataFrame, codebook: Codebook) -> str:
    """What was given, by kind of aid: a frame with `kind`, `counted_in`, `quantity` and `amount_yuan` (sums).

    人, 户 and 人次 are named and never added together; a kind counted in two units has two clauses.
    """
    require(result, ["kind", "counted_in", "quantity", "amount_yuan"], where="helped")
    kinds, units = codebook.variable("aid", "kind"), codebook.variable("aid", "counted_in")
    words = []
    for row in records(result.fillna({"quantity": 0, "amount_yuan": 0})):
        number = counted(row.quantity, units.label_of(row.counted_in)) if row.quantity > 0 else ""
        amount = f"发放资金{money(row.amount_yuan)}" if row.amount_yuan > 0 else ""
        if number or amount:
            words.append("，".join(filter(None, [f"{kinds.label_of(row.kind)}{number}", amount])))
    return f"{'；'.join(words)}。" if words else "本期没有可统计的帮扶记录。"


def reached(result: pd.DataFrame, codebook: Codebook) -> str:
    """`在册特困职工中得到救助的占37.8%（1058人中的400人）；…` of a table of `helped` within one column, or
    of all.
    """
    shown = result[result["helped"].eq("helped") & ~hidden(result) & result["base_n"].gt(0).fillna(False)]
    names = [name for name in dimensions(result) if name != "helped"]
    labels = labels_of(codebook, shown[names[0]]) if names else [""]
    groups = [f"{'一般' if label == '困难' else ''}{label or '困难'}职工" for label in labels]
    told = [
        f"在册{group}中得到救助的占{in_percent(percent(row.share))}（{row.base_n}人中的{counted(row.n)}）"
        for group, row in zip(groups, records(shown), strict=True)
    ]
    return f"{'；'.join(told)}。" if told else ""


def received(sources: pd.DataFrame) -> str:
    """`19个文件（其中18个有采用的数据）`: all files that came in and, where not all did, how many gave rows
    to a frame.
    """
    files, used = (part["source_file"].nunique() for part in (sources, sources[sources["rows_kept"].gt(0)]))
    return f"{files}个文件" + (f"（其中{used}个有采用的数据）" if used < files else "")


def quality(sources: pd.DataFrame, issues: pd.DataFrame, totals: pd.DataFrame) -> str:
    """What was read, kept and set aside, what was mended and given up, and which stated totals disagree."""
    unread = int(sources["kind"].eq("unreadable").sum())
    rows = sources.filter(regex="^rows").sum().astype(int)
    lines = [
        f"本次共收到{received(sources)}，工作表{len(sources)}张"
        + (f"，其中{unread}张未能读取" if unread else "，均已读取"),
        f"共{rows['rows']}行：保留{rows['rows_kept']}行，合并重复{rows['rows_merged']}行，单列备查{rows['rows_set_aside']}行，"
        f"合计行{rows['rows_totals']}行，标题和说明{rows['rows_notes']}行，表头{rows['rows_headers']}行，空行{rows['rows_blank']}行",
    ]
    actions = issues["action"].value_counts()
    words = [f"{word}{actions.get(a, 0)}处" for a, word in WORDS["told_actions"].items() if actions.get(a, 0)]
    lines.append(f"记录问题{len(issues)}处" + (f"，其中{'、'.join(words)}" if words else ""))
    verdicts = totals["verdict"].value_counts()
    if len(totals):
        told = "、".join(f"{word}{verdicts.get(v, 0)}项" for v, word in WORDS["verdicts"].items())
        lines.append(f"上报的合计数{len(totals)}项，与名册核对，{told}")
    return "。".join(lines) + "。"


def _listed(table: pd.DataFrame, name: str, codebook: Codebook, unit: str) -> str:
    """`A1人、B2人，分别占…`; one level alone `全部为A`; hidden ones are named at the end."""
    printed = _printed(table, name, codebook)
    seen, unseen = _nameable(printed), printed.loc[hidden(printed)]
    quiet = f"{'、'.join(unseen['label'])}{SMALL}" if len(unseen) else ""
    if len(seen) == 1 and not quiet and seen["n"].iloc[0] == seen["base_n"].iloc[0]:
        return f"全部为{seen['label'].iloc[0]}"
    counts = [f"{row.label}{counted(row.n, unit)}" for row in records(seen)]
    parts = [in_percent(share) if share else "不足0.1%" for share in seen["percent"]]
    if len(counts) > _MOST_IN_A_LIST:
        told = "；".join(f"{count}，占{part}" for count, part in zip(counts, parts, strict=True))
    else:
        told = "、".join(counts) + ("，分别占" if len(counts) > 1 else "，占") + "、".join(parts)
    return "；".join(filter(None, [told if counts else "", quiet]))


def _printed(table: pd.DataFrame, name: str, codebook: Codebook) -> pd.DataFrame:
    """The rows of one base with the label and the percentage that the tables print."""
    return table.assign(label=labels_of(codebook, table[name]), percent=printed_percents(table)).reset_index(drop=True)


def _nameable(table: pd.DataFrame, name: str = "") -> pd.DataFrame:
    """The rows that a sentence may name: somebody is in them, nothing is hidden and, with `name`, it is not
    其他.
    """
    seen = table.loc[table["n"].gt(0).fillna(False) & ~hidden(table)]
    return seen.loc[seen[name].astype(object).ne("other")] if name else seen


def _series(rows: pd.DataFrame, subject: str, unit: str) -> str:
    """The whole series, with 逐年 only where every step goes one way and the waves are years."""
    if hidden(rows).any() or not _is_comparable(rows.iloc[1:]).all():
        return ""
    values = [int(n) for n in rows["n"]]
    waves = [str(w) for w in rows["wave"]]
    told = f"{year(waves[0])}至{year(waves[-1])}各批次{subject}依次为"
    each = "逐年" if all(since(a, b) == "比上年" for a, b in pairwise(waves)) else "逐批"
    steps = [b - a for a, b in pairwise(values)]
    trend = f"，{each}增加" if min(steps) > 0 else f"，{each}减少" if max(steps) < 0 else ""
    return told + "、".join(counted(v, unit) for v in values) + trend + "。"


def _ordered(result: pd.DataFrame, name: str, order: str) -> pd.DataFrame:
    if order not in ORDERS:
        raise ArgumentError.naming("order", order, ORDERS)
    by_size = order == "size" or (order == "auto" and name in _BY_SIZE)
    return sorted_by_size(result, name) if by_size else result.reset_index(drop=True)


def _title(codebook: Codebook, name: str) -> str:
    """The name of a variable as running text has it, without what brackets add in a table's heading."""
    return title_of(codebook, name).partition("（")[0]


def _only_dimension(result: pd.DataFrame, where: str) -> str:
    require(result, ["n", "base_n", "share"], where=where)
    names = dimensions(result)
    if len(names) != 1 or result.empty:
        raise ArgumentError(f"{where}：应是按一个变量分组的非空结果，现有分组列 {names}，{len(result)} 行。请先筛选。")
    return names[0]


def _is_comparable(table: pd.DataFrame) -> pd.Series[bool]:
    return table["comparable"].fillna(False) if "comparable" in table else table["n"].isna() | True


def _why(broken: pd.DataFrame) -> str:
    """The reasons of a break of definition behind a colon, where the result tells any."""
    notes = [note for note in broken.get("break_note", pd.Series(dtype="str")).unique() if note]
    return f"：{'；'.join(notes)}" if notes else ""
