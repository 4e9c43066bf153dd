"""Result frame -> sentences of the report, in Chinese. Every number comes from the frame; none is typed.

Numbers are rounded as `display` rounds them, so that text and table agree. Percentages have one decimal; differences
of percentages are percentage points: between the two figures where a sentence prints both, so that a reader with a pencil
finds the same; else the frame's `change`, as the table prints it. Growth is computed from the counts. What is said of change is what the numbers are: a census describes, it proves no trend.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pandas as pd

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.errors import ArgumentError, ColumnMissing
from bangfu_analysis.reporting.labels import dimensions, labels_of, sorted_by_size, title_of
from bangfu_analysis.reporting.rounding import half_up, percent, percents
from bangfu_analysis.reporting.wording import counted, in_percent, money, moved, points, since, year

ORDERS = ("auto", "codebook", "size")
_BY_SIZE = ("cause", "cause_main", "reporting_unit", "district", "employer", "unit", "source_file")
_MOST_IN_A_LIST = 5  # of more, 分别占 leaves the reader counting: each count stands with its share
SMALL = "人数少于5人，或为防止推算而从略"


def overall(rate: pd.DataFrame, *, place: str, subject: str = "困难职工", base: str = "职工") -> str:
    """`道里区共有职工33724人，其中困难职工3456人，占10.2%。` from `hardship_rate` without groups (one row)."""
    _require(rate, ["n", "base_n", "share"], "overall")
    row = rate.iloc[0]
    if pd.isna(row["base_n"]):
        return f"{place}共有{subject}{counted(row['n'])}；{base}总数未详，不计算占比。"
    return f"{place}共有{base}{counted(row['base_n'])}，其中{subject}{counted(row['n'])}，占{in_percent(percent(row['share']))}。"


def split(result: pd.DataFrame, codebook: Codebook, *, subject: str, unit: str = "人", order: str = "auto") -> str:
    """How `subject` divides by one variable, from `tabulate`: counts and shares of the base, 未详 stated.

    `特困职工1058人中，初中以下692人、高中345人、大专以上21人，分别占65.4%、32.6%、2.0%。` `order`: codebook (age, education),
    size (causes, units; 其他 last), auto chooses by the variable. Levels that nobody has are not named. Hidden cells are
    named without a number.
    """
    name = _only_dimension(result, "split")
    table = _ordered(result, name, order)
    titled = _title(codebook, name)
    if pd.isna(table["base_n"].iloc[0]):
        return f"{subject}{SMALL}，不分{titled}公布。"
    base, left = int(table["base_n"].iloc[0]), int(table["left_out_n"].iloc[0])
    if not base:
        return f"{subject}的{titled}均未填报，共{counted(left, unit)}。"
    head = (
        f"{subject}{counted(base, unit)}中，" if not left else f"{subject}中{titled}有记录的{counted(base, unit)}，其中"
    )
    many = "（一人可有多项，各项占比之和大于100%）" if _is_multiple(table) else ""
    tail = f"；另有{counted(left, unit)}{titled}未详，不计入占比" if left else ""
    return head + _listed(table, name, codebook, unit) + many + tail + "。"


def leading(
    result: pd.DataFrame, codebook: Codebook, *, subject: str, top: int = 3, unit: str = "人", noun: str = ""
) -> str:
    """The `top` largest levels of one variable: `…居前3位的致困原因依次是疾病（1200人，占34.7%）、…。`

    For causes and units, whose full lists are tables. 其他 is never among them.
    """
    name = _only_dimension(result, "leading")
    ranked = sorted_by_size(result, name)
    ranked = ranked.assign(_percent=_percents(ranked)).loc[
        ranked["n"].gt(0).fillna(False) & ranked[name].astype(object).ne("other") & ~_hidden(ranked)
    ]
    chosen = ranked.head(top)
    if chosen.empty or pd.isna(result["base_n"].iloc[0]):
        return f"{subject}的{noun or _title(codebook, name)}没有可公布的人数。"
    words = [
        f"{label}（{counted(n, unit)}，占{in_percent(p)}）"
        for label, n, p in zip(labels_of(codebook, chosen[name]), chosen["n"], chosen["_percent"], strict=True)
    ]
    titled, base = noun or _title(codebook, name), counted(int(result["base_n"].iloc[0]), unit)
    many = "（一人可有多项）" if _is_multiple(result) else ""
    place = f"居前{len(chosen)}位的{titled}依次是" if len(chosen) > 1 else f"{titled}居首位的是"
    return f"{subject}{base}中，{place}{'、'.join(words)}{many}。"


def by_group(result: pd.DataFrame, codebook: Codebook, *, within: str, subject: str, unit: str = "人") -> str:
    """The largest level in each group of `within`, from `tabulate(..., within=within)`; groups of nobody are not named.

    `按年龄看，困难职工中30岁以下最多的是子女上学（12人，占该组的40.0%）；…`
    """
    name = _only_dimension(result.drop(columns=within), "by_group")
    words = []
    for _, block in result.groupby(within, observed=True, sort=True):
        seen = block.loc[~_hidden(block) & block["n"].gt(0).fillna(False)]
        seen = seen.loc[seen[name].astype(object).ne("other")] if len(seen) > 1 else seen
        if seen.empty:
            continue
        most = seen.loc[seen["n"].eq(seen["n"].max())]
        group = labels_of(codebook, most[within].iloc[:1])[0]
        levels = "、".join(labels_of(codebook, most[name]))
        each = "各" if len(most) > 1 else ""
        figures = (
            f"{each}{counted(most['n'].iloc[0], unit)}，{each}占该组的{in_percent(percent(most['share'].iloc[0]))}"
        )
        words.append(f"{group}最多的是{levels}（{figures}）")
    if not words:
        return f"{subject}按{_title(codebook, within)}分组，没有可公布的人数。"
    return f"按{_title(codebook, within)}看，{subject}中{'；'.join(words)}。"


def extremes(rates: pd.DataFrame, codebook: Codebook, *, what: str = "困难率", at_least: int = 30) -> str:
    """The groups with the highest and the lowest rate, from `hardship_rate` by one column.

    Groups with fewer than `at_least` in the base are left aside, as one case moves their rate too far; the text says so.
    """
    name = _only_dimension(rates, "extremes")
    small = rates["base_n"].lt(at_least).fillna(True)
    fit = rates.loc[~small & ~_hidden(rates) & rates["share"].notna()]
    titled = _title(codebook, name)
    if len(fit) < 2:
        return f"可比较{what}的{titled}不足两个，不作比较。"
    words = []
    for degree, value in (("最高", fit["share"].max()), ("最低", fit["share"].min())):
        row = fit.loc[fit["share"].eq(value)].iloc[[0]]
        words.append(f"{degree}的是{labels_of(codebook, row[name])[0]}，为{in_percent(percent(value))}")
    if fit["share"].max() == fit["share"].min():
        return f"{len(fit)}个{titled}的{what}相同，均为{in_percent(percent(fit['share'].iloc[0]))}。"
    aside = f"（职工总数未详或不足{at_least}人的{int(small.sum())}个未参与比较）" if small.any() else ""
    return f"各{titled}中，{what}{'，'.join(words)}{aside}。"


def change(
    result: pd.DataFrame, *, subject: str, wave: str = "wave", unit: str = "人", what: str = "占职工总数的比重"
) -> str:
    """How counts and shares moved over the waves: a frame with one row a wave (`n`, and `share` where there is one).

    `2009年困难职工3456人，比上年增加156人，增长4.7%；占职工总数的比重为10.2%，比上年上升0.3个百分点。` With three waves or more
    the series follows; 逐年增加 is said only where every step is one. Hidden or not comparable figures are not compared.
    """
    _require(result, [wave, "n"], "change")
    rows = result.sort_values(wave).reset_index(drop=True)
    if rows[wave].duplicated().any():
        raise ArgumentError("change：同一批次有多行。请先筛选到每批次一行，或改用 shift。")
    now = rows.iloc[-1]
    if _hidden(rows.tail(1)).any():
        return f"{year(now[wave])}{subject}{SMALL}。"
    text = f"{year(now[wave])}{subject}{counted(now['n'], unit)}"
    if len(rows) == 1:
        return f"{text}；只有一批数据，不作比较。"
    before = rows.iloc[-2]
    when = since(before[wave], now[wave])
    if _hidden(rows.tail(2)).any() or not _comparable(rows.tail(1)):
        return f"{text}；与{year(before[wave])}口径不同或人数从略，不作比较。"
    text += f"，{moved(before['n'], now['n'], when, unit)}"
    if "share" in rows and pd.notna(now["share"]) and pd.notna(before["share"]):
        printed = percent(now["share"]) - percent(before["share"])
        step = percent(now["change"]) if "change" in rows and pd.notna(now["change"]) else half_up(printed)
        text += f"；{what}为{in_percent(percent(now['share']))}，{points(step, when)}"
    return text + "。" + (_series(rows, wave, subject, unit) if len(rows) > 2 else "")


def shift(
    result: pd.DataFrame, codebook: Codebook, *, subject: str, wave: str = "wave", top: int = 3, other: bool = False
) -> str:
    """How the composition moved between the last two waves: the `top` levels whose share moved most, in points.

    From `tabulate(..., within="wave")`. 其他 is named only with `other`. Nothing that is hidden is compared.
    """
    name = _only_dimension(result.drop(columns=wave), "shift")
    waves = sorted(result[wave].dropna().unique())[-2:]
    if len(waves) < 2:
        return f"{subject}只有一批数据，{_title(codebook, name)}构成不作比较。"
    blocks = [result.loc[result[wave].eq(w)] for w in waves]
    if not _comparable(blocks[1]) or any(not b["base_n"].gt(0).fillna(False).all() for b in blocks):
        return f"{year(waves[0])}与{year(waves[1])}的{_title(codebook, name)}口径不同或缺数，不作比较。"
    old, new = (b.assign(_percent=_percents(b)).loc[~_hidden(b)].set_index(name) for b in blocks)
    both = new.join(old["_percent"].rename("_before"), how="inner").dropna(subset=["_before"]).reset_index()
    both = both if other else both.loc[both[name].astype(object).ne("other")]
    steps = both.assign(_step=[half_up(n - o) for o, n in zip(both["_before"], both["_percent"], strict=True)])
    most = steps.loc[steps["_step"].ne(0)].sort_values("_step", key=abs, ascending=False, kind="stable").head(top)
    head = f"与{year(waves[0])}相比，{year(waves[1])}{subject}的{_title(codebook, name)}构成"
    if most.empty:
        return f"{head}基本持平。"
    words = [
        f"{label}占比由{in_percent(o)}{'上升' if s > 0 else '下降'}到{in_percent(n)}，{points(s)}"
        for label, o, n, s in zip(
            labels_of(codebook, most[name]), most["_before"], most["_percent"], most["_step"], strict=True
        )
    ]
    return f"{head}中，{'；'.join(words)}。"


def helped(result: pd.DataFrame, codebook: Codebook) -> str:
    """What was given, by kind of aid: a frame with `kind`, `counted_in`, `quantity` and `amount_yuan` (sums).

    人, 户 and 人次 are named and never added together; a kind counted in two units has two clauses.
    """
    _require(result, ["kind", "counted_in", "quantity", "amount_yuan"], "helped")
    kinds, units = codebook.variable("aid", "kind"), codebook.variable("aid", "counted_in")
    words = []
    for kind, unit, n, yuan in zip(
        *(result[c] for c in ("kind", "counted_in", "quantity", "amount_yuan")), strict=True
    ):
        number = counted(n, units.label_of(unit)) if pd.notna(n) and n > 0 else ""
        amount = f"发放资金{money(yuan)}" if pd.notna(yuan) and yuan > 0 else ""
        if number or amount:
            words.append("，".join(filter(None, [f"{kinds.label_of(kind)}{number}", amount])))
    return f"{'；'.join(words)}。" if words else "本期没有可统计的帮扶记录。"


def quality(sources: pd.DataFrame, issues: pd.DataFrame, totals: pd.DataFrame) -> str:
    """What was read, kept and set aside, what was mended and given up, and which stated totals disagree."""
    files, unread = sources["source_file"].nunique(), int(sources["kind"].eq("unreadable").sum())
    rows = {
        c: int(sources[f"rows_{c}"].sum())
        for c in ("kept", "merged", "set_aside", "totals", "notes", "headers", "blank")
    }
    lines = [
        f"本次共收到文件{files}个、工作表{len(sources)}张" + (f"，其中{unread}张未能读取" if unread else "，均已读取"),
        f"共{int(sources['rows'].sum())}行：保留{rows['kept']}行，合并重复{rows['merged']}行，单列备查{rows['set_aside']}行，"
        f"合计行{rows['totals']}行，标题和说明{rows['notes']}行，表头{rows['headers']}行，空行{rows['blank']}行",
    ]
    actions = issues["action"].value_counts()
    words = [f"{word}{actions.get(a, 0)}处" for a, word in _ACTIONS.items() if actions.get(a, 0)]
    lines.append(f"记录问题{len(issues)}处" + (f"，其中{'、'.join(words)}" if words else ""))
    verdicts = totals["verdict"].value_counts()
    if len(totals):
        told = "、".join(f"{word}{verdicts.get(v, 0)}项" for v, word in _VERDICTS.items())
        lines.append(f"上报的合计数{len(totals)}项，与名册核对，{told}")
    return "。".join(lines) + "。"


_ACTIONS = {
    "missing": "无法辨认而作缺失",
    "repaired": "修正",
    "inferred": "推断",
    "kept": "保留原样",
    "conflict": "互相矛盾",
}
_VERDICTS = {"agrees": "相符", "differs": "不符", "cannot_tell": "无法核对"}


def _listed(table: pd.DataFrame, name: str, codebook: Codebook, unit: str) -> str:
    """`A1人、B2人，分别占…`; one level alone `全部为A`; hidden ones are named at the end."""
    hidden = _hidden(table)
    shares = pd.Series(_percents(table), index=table.index)
    labels = dict(zip(table.index, labels_of(codebook, table[name]), strict=True))
    seen = table.loc[~hidden & table["n"].gt(0).fillna(False)]
    quiet = f"{'、'.join(labels[i] for i in table.index[hidden])}{SMALL}" if hidden.any() else ""
    counts = [f"{labels[i]}{counted(n, unit)}" for i, n in seen["n"].items()]
    if len(counts) == 1 and not quiet and seen["n"].iloc[0] == seen["base_n"].iloc[0]:
        return f"全部为{labels[seen.index[0]]}"
    parts = [in_percent(s) if s else "不足0.1%" for s in shares[seen.index]]
    if len(counts) > _MOST_IN_A_LIST:
        told = "；".join(f"{count}，占{part}" for count, part in zip(counts, parts, strict=True))
    else:
        told = "、".join(counts) + ("，分别占" if len(counts) > 1 else "，占") + "、".join(parts)
    return "；".join(filter(None, [told if counts else "", quiet]))


def _percents(table: pd.DataFrame) -> list[float]:
    """The percentages that the table prints: by largest remainder where the parts add up to the base."""
    shares = table["share"].astype("Float64")
    whole = not _hidden(table).any() and shares.notna().all() and table["n"].sum() == table["base_n"].iloc[0]
    if whole:
        return percents(shares)
    return [percent(s) if pd.notna(s) else float("nan") for s in shares]


def _series(rows: pd.DataFrame, wave: str, subject: str, unit: str) -> str:
    """The whole series, with 逐年 only where every step goes one way and the waves are years."""
    if _hidden(rows).any() or not _comparable(rows.iloc[1:]):
        return ""
    values = [int(n) for n in rows["n"]]
    waves = [str(w) for w in rows[wave]]
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
    _require(result, ["n", "base_n", "share"], where)
    names = dimensions(result)
    if len(names) != 1 or result.empty:
        raise ArgumentError(f"{where}：应是按一个变量分组的非空结果，现有分组列 {names}，{len(result)} 行。请先筛选。")
    return names[0]


def _is_multiple(table: pd.DataFrame) -> bool:
    return bool(table["n"].sum() > table["base_n"].iloc[0])


def _hidden(table: pd.DataFrame) -> pd.Series[bool]:
    return table["suppressed"].astype(bool) if "suppressed" in table else pd.Series(False, index=table.index)


def _comparable(table: pd.DataFrame) -> bool:
    return "comparable" not in table or bool(table["comparable"].fillna(False).all())


def _require(frame: pd.DataFrame, columns: Sequence[str], where: str) -> None:
    if absent := [c for c in columns if c not in frame]:
        raise ColumnMissing.naming(absent, [str(c) for c in frame.columns], where=where)
