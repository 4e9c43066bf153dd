"""Further sentences: on several waves, on the questions of a questionnaire, and on a fitted model, which
proves no cause. Rules as in `sentences`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from bangfu_analysis.codebook import Codebook
from bangfu_analysis.exhibits.labels import STATES, labels_of, phrase, title_of
from bangfu_analysis.exhibits.measures import dimensions, hidden, most_unseen, records
from bangfu_analysis.exhibits.sentences import NOT_COMPARED, SMALL
from bangfu_analysis.exhibits.wording import (
    counted,
    half_up,
    in_percent,
    money,
    percent,
    points,
    share_of,
    since,
    with_count,
    year,
)
from bangfu_analysis.release.cells import is_other
from bangfu_analysis.survey.models import Model

if TYPE_CHECKING:
    from bangfu_analysis.exhibits.exhibit import Exhibit

CAME_AND_LEFT = (("new", "新建档"), ("exited", "退出"))
SIGNS = {"new": "＋", "returned": "＋", "exited": "－", "died": "－"}
MOST_MOVED = 2
UNSAID, SPLITS = "未注明", ("kind", "fund_source")
SURE = 0.05  # p-value below which a difference is told
SHARES = {"estimate": "effect", "ci_low": "effect_low", "ci_high": "effect_high"}
NO_CAUSE = "以上是被调查者中的关联，没有问到的情况也可能同时起作用，不能说明因果。"


def account(of: Exhibit) -> str:
    """The identity of the last wave in numbers, and how sure it is.

    Facts: before, deaths (whether they are told apart from exits), difference and bounds of `flow_accounts`;
    beside: unrecorded, unfollowed.
    """
    facts, wave = of.facts, of.frame["wave"].iloc[-1]
    last_wave = of.frame[of.frame["wave"].eq(wave)]
    numbers = last_wave.set_index("flow")["n"]
    shown = {"died"} if facts["deaths"] else set[str]()
    shown |= {"returned"} if len(of.frame["wave"].unique()) > 1 else set()  # two waves have nobody to return
    flows = {s: numbers[s] for s in SIGNS if s not in ("returned", "died") or s in shown}
    ends = [last_wave[name].max() for name in ("previous_n", "stock_n")]
    step = f"{year(facts['before'])}至{year(wave)}"
    if any(pd.isna(n) for n in [*flows.values(), *ends]):
        return f"{step}进出的人数中有的{SMALL}，见表。"
    counts = "、".join(f"{STATES[state][0]}{counted(n)}" for state, n in flows.items())
    sums = f"{ends[0]}{''.join(f'{SIGNS[state]}{n}' for state, n in flows.items())}＝{ends[1]}"
    last = {cut.id: cut.frame["n"].iloc[-1] for cut in of.beside}
    differs = int(facts["difference"])
    unknown, unrecorded = (0 if pd.isna(last[k]) else int(last[k]) for k in ("unfollowed", "unrecorded"))
    off = f"，与名册相差{counted(abs(differs))}，请核对重复登记" if differs else ""
    whom = "退出者均" if unrecorded == flows["exited"] else f"退出者中{counted(unrecorded)}"
    gaps = [f"{whom}没有退档记录"] if unrecorded else []
    gaps += [f"进出者中{counted(unknown)}没有完整的身份证号{_bounds(facts)}"] if unknown else []
    aside = f"；其中{'，'.join(gaps)}" if gaps else ""
    return f"{step}，{counts}：{sums}{off}{aside}。"


def _bounds(facts: Mapping[str, Any]) -> str:
    """Between which numbers who came and who left lie, as some have no whole ID number."""
    ends = [(word, facts.get(f"{flow}_low"), facts.get(f"{flow}_high")) for flow, word in CAME_AND_LEFT]
    uncertain = [(word, low, high) for word, low, high in ends if low is not None and low != high]
    return "".join(f"，{word}实际在{low}至{high}人之间" for word, low, high in uncertain)


def moves(of: Exhibit) -> str:
    """Where the people of each earlier state are now, from `transitions`. Who came is not said again."""
    before, now = of.cut.dimensions
    stock = of.frame[~of.frame[before].isin(["new", "returned", "came"])]
    clauses = []
    for _, block in stock.groupby(before, observed=True):
        part = of.printed(block, now)
        part = part[part["n"].gt(0).fillna(False) & ~hidden(part)]
        if part.empty or part["base_n"].isna().any():  # hidden, as the whole of a few
            continue
        words = [f"{with_count(row.label, row.n)}（{in_percent(row.percent)}）" for row in records(part)]
        whom = f"原{of.labels(part[before])[0]}的{counted(part['base_n'].iloc[0])}"
        clauses.append(f"{whom}，现为{'、'.join(words)}")
    first, last = map(year, of.facts["waves"])
    return f"{first}在册的人到{last}：{'；'.join(clauses)}。" if clauses else ""


def standardized(of: Exhibit) -> str:
    """The last change with and without the change of the workers' mix: `crude`, `standardized` to one mix,
    rate and composition.
    """
    before, now = (of.frame.iloc[place] for place in (-2, -1))
    crude, fair = ([percent(row[m]) for row in (before, now)] for m in ("crude", "standardized"))
    parts = {"各组比率变化": percent(now["rate"]), "职工构成变化": percent(now["composition"])}
    clauses = [f"{word}使其{points(step)}" if step else f"{word}几乎没有影响" for word, step in parts.items()]
    when, then, this = since(before["wave"], now["wave"]), year(before["wave"]), year(now["wave"])
    return (
        f"只计性别和年龄有记录的人，{this}困难率为{in_percent(crude[1])}，"
        f"{points(half_up(crude[1] - crude[0]), when)}；"
        f"按{this}职工的性别年龄构成计算，{then}应为{in_percent(fair[0])}，"
        f"同一构成下{points(half_up(fair[1] - fair[0]), when)}。困难率的变化中，{'，'.join(clauses)}。"
    )


def movers(of: Exhibit) -> str:
    """The units whose rate rose and fell most since the wave before."""
    rates, what = of.frame, of.recipe.noun or "困难率"
    before, last = sorted(rates["wave"].unique())[-2:]
    now = rates[rates["wave"].eq(last)].dropna(subset=["change"])
    if now.empty:
        return f"各单位的{what}与{year(before)}口径不同或缺数，{NOT_COMPARED}"
    labels, steps = now[dimensions(now)[-1]].astype(str), now["change"].map(percent).astype(float)
    moved = now.assign(step=steps, label=labels).sort_values("step")
    ways = {"下降": moved[moved["step"] < 0], "上升": moved[moved["step"] > 0].iloc[::-1]}
    ways = {word: part for word, part in ways.items() if len(part)}
    clauses = []
    for word, part in ways.items():
        most = [f"{row.label}（{abs(row.step):.1f}个百分点）" for row in records(part.head(MOST_MOVED))]
        clauses.append(f"{what}{word}{'最多' if len(part) > 1 else ''}的是{'、'.join(most)}")
    counts = "、".join(f"{word}的{len(part)}个" for word, part in ways.items())
    head = f"两批都有数的{len(moved)}个单位中，与{year(before)}相比{what}{counts or '没有变化'}"
    return "；".join([head, *clauses]) + "。"


def scale(of: Exhibit) -> str:
    """The items with the most and the fewest in the top grades; items of which a grade is hidden are not
    compared.
    """
    frame = of.frame
    if "top_share" not in frame:
        return ""
    unsafe = hidden(frame).groupby(frame["item"], observed=True).transform("any")
    items = frame[~unsafe].drop_duplicates("item").dropna(subset=["top_share"])
    ranked = list(records(items.sort_values("top_share", ascending=False, kind="stable")))
    if len(ranked) < 2:
        return ""
    clauses = [
        f"{degree}的是{row.item}（{share_of(row.top_share)}，{counted(row.base_n)}作答）"
        for degree, row in (("最高", ranked[0]), ("最低", ranked[-1]))
    ]
    grades = "”或“".join(str(ranked[0].definition).split("+"))
    return f"{of.title}的{frame['item'].nunique()}个项目中，回答“{grades}”的占比{'，'.join(clauses)}。"


def most_chosen(of: Exhibit, *, manner: str = "", verb: str = "选择") -> str:
    """`“最需要的帮助”一题（可多选）有395人作答，共选812项次，选择最多的依次是…。` of single, multiple,
    number, ranking.
    """
    frame = of.frame
    named = ~frame["option"].astype("str").map(is_other).astype(bool)
    shown = frame[frame["n"].fillna(0).gt(0) & ~hidden(frame) & named]
    shown = shown.sort_values("n", ascending=False, kind="stable").head(3)
    shown = shown.assign(label=of.labels(shown["option"]))
    if not len(shown) or frame["base_n"].dropna().empty:
        return ""
    ticks = frame["answers_n"].dropna().tolist() if "answers_n" in frame else []
    many = f"，共选{counted(ticks[0], '项次')}" if ticks else ""
    base = f"{counted(frame['base_n'].dropna().iloc[0])}作答{many}"
    options = "、".join(f"{r.label}（{counted(r.n)}，占{share_of(r.share)}）" for r in records(shown))
    order = "依次是" if len(shown) > 1 else "是"
    unsure = shown["n"].min() < most_unseen(frame, several=bool(of.cut.multiple))
    most = f"{'列出的各项中' if unsure else ''}{verb}最多的{order}"
    every = not (manner or unsure) and len(shown) == len(frame)
    return f"“{of.title}”一题{manner}有{base}，{'其中' if every else most}{options}。"


def steps(of: Exhibit) -> str:
    """Who passed each step, of whom."""
    clauses = [
        f"{row.step}{counted(row.n)}（占{counted(row.base_n)}的{share_of(row.share)}）"
        for row in records(of.frame[of.frame["share"].notna()])
    ]
    return f"{of.title}逐步看，{'、'.join(clauses)}。" if clauses else ""


def promoters(of: Exhibit) -> str:
    """`“…”一题有60人作答，推荐者占40.0%，贬损者占25.0%，净推荐值15.0。`"""
    share = of.frame.set_index(of.frame["option"].astype("str"))["share"]
    if share.isna().any():
        return ""
    best, worst = share["推荐者"], share["贬损者"]
    shares = f"推荐者（9至10分）占{share_of(best)}，贬损者（0至6分）占{share_of(worst)}"
    shares += f"，净推荐值{half_up(100 * (best - worst)):.1f}"
    return f"“{of.title}”一题有{counted(of.frame['base_n'].iloc[0])}作答，{shares}。"


def how_many(of: Exhibit) -> str:
    """`“您的建议”一题问到405人，120人作答（29.6%）。`"""
    first = of.frame.iloc[0]
    if pd.isna(first["n"]):
        return ""
    base, answered = counted(first["base_n"]), counted(first["n"])
    return f"“{of.title}”一题问到{base}，{answered}作答（{share_of(first['share'])}）。"


def effects_of(model: Model, codebook: Codebook, lang: str = "zh") -> pd.DataFrame:
    """A row a compared level (and a number, by one more of it): effect_of, compared_with, n, p_value, effect.

    Where the answer is yes or no the effect and its limits are differences of shares, in effect, effect_low
    and effect_high, else in estimate, ci_low, ci_high.
    """
    rows = model.effects[model.effects["reference"].eq("") | model.effects["se"].gt(0)]
    words = [_words(codebook, row.variable, row.level, row.reference, lang) for row in records(rows)]
    named = pd.DataFrame(words, columns=["effect_of", "compared_with"])
    figures = rows[["n", *SHARES, "p_value"]].reset_index(drop=True).astype({"n": "int64"})
    return named.join(figures.rename(columns=SHARES if model.family in ("logit", "cloglog") else {}))


def _words(codebook: Codebook, variable: str, level: object, reference: object, lang: str) -> tuple[str, str]:
    title = title_of(codebook, variable, lang)
    if reference == "":
        return phrase("tables", "one_more", lang, title), "—"
    one, other = labels_of(codebook, pd.Series([level, reference], name=variable), lang)
    return phrase("tables", "level", lang, title, one), other


def effects(of: Exhibit) -> str:
    """`其他条件相同时看是否低保的占比：性别：女，比男高3.2个百分点（置信区间1.1至5.3）。…`, and no cause."""
    frame = of.frame
    what, unit, place = ("占比", "个百分点", 1) if "effect" in frame else ("平均数", "", 2)

    def printed(value: float) -> str:
        return f"{percent(value) if unit else half_up(value, 2):.{place}f}"

    words, shown = [], frame.rename(columns={new: old for old, new in SHARES.items()})
    for row in records(shown[shown["p_value"].lt(SURE)]):
        against = "" if row.compared_with == "—" else f"比{row.compared_with}"
        more = "高" if row.estimate > 0 else "低"
        limits = f"（置信区间{printed(row.ci_low)}至{printed(row.ci_high)}）"
        words.append(f"{row.effect_of}，{against}{more}{printed(abs(row.estimate))}{unit}{limits}")
    unsure = shown.loc[~shown["p_value"].lt(SURE), "effect_of"].tolist()
    rest = [f"{'、'.join(unsure)}，没有可以确认的差别"] if unsure else []
    return f"其他条件相同时看{of.facts['answer']}的{what}：{'；'.join([*words, *rest])}。{NO_CAUSE}"


def numbers(of: Exhibit) -> str:
    """Mean and median of the number that one question asked for; of several the table tells."""
    rows = list(records(of.frame[~hidden(of.frame)]))
    if len(rows) != 1 or pd.isna(rows[0].estimate):
        return ""
    middle = f"，中位数{half_up(rows[0].median, 2):g}" if pd.notna(rows[0].median) else ""  # else of too few
    return f"“{rows[0].item}”一题有{counted(rows[0].n)}作答，均值{half_up(rows[0].estimate, 2):g}{middle}。"


def given(of: Exhibit) -> str:
    """The sentence that came with the exhibit; else that of its amounts."""
    return str(of.facts["words"]) if "words" in of.facts else _aid(of)


def _aid(of: Exhibit) -> str:
    """`各单位台账登记的帮扶资金和物资合计18.94万元；按帮扶种类分，…`: in all, by kind and by source."""
    by_name = {cut.dimensions: cut.frame for cut in of.cuts}
    (total,) = by_name[()]["amount"]
    if pd.isna(total):
        return ""
    parts = [_split(of.codebook, by_name[f"aid.{name}",], f"aid.{name}") for name in SPLITS]
    return f"各单位台账登记的帮扶资金和物资合计{money(float(total))}{''.join(parts)}。"


def _split(codebook: Codebook, frame: pd.DataFrame, name: str) -> str:
    """`；按资金来源分，…`, what is not said last; nothing where one level has all."""
    shown = frame[~frame["suppressed"]]
    if len(frame) < 2 or shown.empty:
        return ""
    labels = codebook.labels(name)
    pairs = shown[[name, "amount"]].itertuples(index=False)
    amounts = [(labels.get(str(code), UNSAID), float(amount)) for code, amount in pairs]
    amounts.sort(key=lambda pair: pair[0] == UNSAID)
    parts = "、".join(f"{label}{money(amount)}" for label, amount in amounts)
    rest = "，其余不列出" if len(shown) < len(frame) else ""
    return f"；按{codebook.title(name)}分，{parts}{rest}"


SAY: dict[str, Callable[[Exhibit], str]] = {
    "account": account, "moves": moves, "standardized": standardized, "movers": movers,
    "single": most_chosen, "multiple": partial(most_chosen, manner="（可多选）"),
    "ranking": partial(most_chosen, verb="排在第一位"), "number": partial(most_chosen, verb="人数"),
    "promoters": promoters, "answered": how_many, "numbers": numbers, "scale": scale, "funnel": steps,
    "effects": effects, "given": given,
}
