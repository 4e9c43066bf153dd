"""Laying a study's or a wave's YAML over the package's codebook: it adds, and what it names must exist."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

from bangfu_analysis.errors import listed
from bangfu_analysis.settings import Beside, Words, instead
from bangfu_analysis.text import heading_key, squeeze

HIDDEN = ("id_number", "name", "private", "row_number", "ignored")
KINDS = {  # what the cells of a variable are
    "choice": "选一项", "choices": "可选几项", "yes_no": "是否", "count": "整数", "age": "年龄",
    "number": "数", "money": "金额（元）", "date": "日期", "text": "文字", "unit": "单位或地区",
    "remark": "备注",
    **dict.fromkeys(HIDDEN, "不保留，只留在 data/raw"),
}  # fmt: skip
PACKAGE_ONLY = ("patterns", "told", "traditional")  # read of the package alone
ADDED = frozenset(  # lists that an overlay adds to; every other list it replaces
    ["headings", "unsure", "says", "inner", "other_period", "endings", "around", "ignored_headings", "any_of",
     "carried", "breaks"]
)


def merge(below: Any, above: Any, *, added: bool = False) -> Any:
    """Mappings merge key by key, lists of words add what is new (ADDED; keywords), all else is replaced."""
    if isinstance(below, dict) and isinstance(above, dict):
        rest = {k: merge(below[k], v, added=k in ADDED) if k in below else v for k, v in above.items()}
        return {**below, **rest}
    if added and isinstance(below, list) and isinstance(above, list):
        return below + [item for item in above if item not in below]
    return above


def lay_over(content: dict[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """An overlay that holds to settings.yaml, in long form (variables:, lists:, …) or short (headings:,
    values:).
    """
    long = {key: each for key, each in overlay.items() if key not in ("headings", "values")}
    merged = _merge_levels(content, long)
    for heading, target in overlay.get("headings", {}).items():
        entry: dict[str, Any] = {"ignored_headings": [heading]}
        if target != "ignore":
            frame, name = _split_target(target)
            target, entry = f"{frame}.{name}", {"variables": {frame: {name: {"headings": [heading]}}}}
        merged = merge(merged, {**entry, "mapped": {heading_key(heading): target}})
    for target, words in overlay.get("values", {}).items():
        frame, name = _split_target(target)
        values = merged["variables"][frame][name].get("values")
        levels = merged["lists"].get(values, [])
        new = [{**each, "says": [w for w, code in words.items() if code == each["code"]]} for each in levels]
        merged = _merge_levels(merged, {"lists": {values: new}})
    return merged


@dataclass(frozen=True)
class _Lists:
    """The levels of all lists: those of the codebook, and those of an overlay that has not been checked."""

    below: Mapping[str, list[dict[str, Any]]]
    above: Mapping[str, Any]

    def added(self, name: str) -> list[dict[str, Any]]:
        """The levels of a list that the overlay writes."""
        return [each for each in _some(self.above.get(name)) if isinstance(each, dict)]

    def codes(self, name: str) -> list[str]:
        """The codes of a list, each once."""
        levels = (*self.below.get(name, []), *self.added(name))
        return [*dict.fromkeys(str(level.get("code")) for level in levels)]

    def claims(self, name: str) -> dict[tuple[str, str], str]:
        """(scheme, spelling) -> the code whose label it is, or that the overlay gives it first."""
        labels = self.below.get(name, [])
        owners = {(str(level.get("scheme", "")), str(level["label"])): str(level["code"]) for level in labels}
        for level in self.added(name):
            for word in (level.get("label"), *_some(level.get("says"))):
                owners.setdefault((str(level.get("scheme", "")), squeeze(str(word))), str(level.get("code")))
        return owners

    def claimed(self, at: tuple[str, ...], beside: Beside) -> dict[str, str]:
        """Spelling -> the other code of the same scheme that has it."""
        here, mine = (str(beside.get(part, "")) for part in ("scheme", "code"))
        every = self.claims(at[1]).items()
        return {word: code for (scheme, word), code in every if scheme == here and code != mine}

    def open_to(self, spelling: str, name: str) -> list[str]:
        """The codes of a list that may have a spelling: where it is a label, that one."""
        labels = {code for (_, word), code in self.claims(name).items() if word == squeeze(spelling)}
        return [code for code in self.codes(name) if code in labels or not labels]


@dataclass(frozen=True)
class _Names:
    """What names there are: of the codebook (`content`) and of an overlay that has not been checked (`own`);
    a method is the vocabulary at one place of the overlay.
    """

    content: Mapping[str, Any]
    own: Mapping[str, Mapping[str, Any]]

    @property
    def lists(self) -> _Lists:
        return _Lists(self.content["lists"], self.own.get("lists", {}))

    def both(self, part: str) -> Mapping[str, Any]:
        """A part of the codebook with that of the overlay over it."""
        return _within(merge(self.content.get(part, {}), self.own.get(part, {})))

    def codes(self, at: tuple[str, ...], _: Beside) -> list[str]:
        variable = _within(self.both("variables"), *_split_target(at[1]))
        return self.lists.open_to(at[2], str(variable.get("values")))

    def known(self, at: tuple[str, ...], _: Beside) -> list[str]:
        return [*_within(self.content, *at)]

    def of_variable(self, at: tuple[str, ...]) -> Mapping[str, Any]:
        """The entry of a variable that the codebook has already; {} for a new one."""
        return _within(self.content, "variables", *at[1:3])

    def kinds(self, at: tuple[str, ...], _: Beside) -> list[str]:
        """What a variable that is there has stays."""
        of = self.of_variable(at)
        return [of[at[3]]] if at[3] in of else [*KINDS] if at[3] == "kind" else ["month", "year"]

    def frame_of(self, at: tuple[str, ...]) -> str:
        """The frame that a kind of sheet, a template, a mechanism or one of its indicators is of."""
        entry, indicator = (_within(self.both(at[0]), *keys) for keys in (at[1:2], at[1:4]))
        kind = _within(self.both("kinds"), str(entry.get("kind")))
        return str(indicator.get("frame") or entry.get("frame") or kind.get("frame"))

    def held(self, at: tuple[str, ...], _: Beside) -> list[str] | None:
        """The columns of that frame, those of others with its name."""
        frames, frame = self.both("variables"), self.frame_of(at)
        others = [f"{frame}.{name}" for frame in frames for name in frames[frame]]
        return [*_within(frames, frame), "text", "person_id", *others] if frame in frames else None

    def met(self, at: tuple[str, ...], _: Beside) -> list[str] | None:
        """The codes that a condition may name; "any" is any."""
        of = _within(self.both("variables"), self.frame_of(at), at[-1])
        codes = self.lists.codes(of["values"]) if "values" in of else []
        return ["any", *codes] if codes or of.get("kind") == "yes_no" else None

    def indicators(self, at: tuple[str, ...], _: Beside) -> list[str]:
        return [*_within(self.both(at[0]), at[1], "indicators")]

    def codes_of(self, name: object) -> list[str] | None:
        """The codes of a variable of workers; None where it has no list."""
        variable = _within(self.both("variables"), "workers", str(name))
        if "values" in variable:
            return self.lists.codes(variable["values"])
        return None if variable.get("kind") in ("unit", "text", "date", "name", None) else []

    def banded(self, at: tuple[str, ...], _: Beside) -> list[str] | None:
        if len(at) > 4:  # of a scheme
            return self.of_scheme(("schemes", at[4]), _)
        return self.codes_of(_within(self.both("bands"), at[1]).get("variable"))

    def of_scheme(self, at: tuple[str, ...], _: Beside) -> list[str]:
        levels = [*self.content["lists"]["hardship_level"], *self.lists.added("hardship_level")]
        codes = [str(each.get("code")) for each in levels if each.get("scheme") == at[1]]
        return codes or self.lists.codes("hardship_level")

    def of_list(self, at: tuple[str, ...], _: Beside) -> list[str]:
        of = self.of_variable(at).get("values")
        return [*([of] if of else self.content.get("lists", {})), *self.own.get("lists", {})]

    def shape(self, at: tuple[str, ...], _: Beside) -> Any:
        entries = self.content.get(at[0])
        if len(at) == 1 or not isinstance(entries, dict):
            return entries
        like = [entries.get(at[1], {}), *entries.values()]  # a new one is like the others
        return next((entry[at[2]] for entry in like if at[2] in entry), None)

    def new(self, at: tuple[str, ...], beside: Beside) -> list[str]:
        code, scheme = str(beside.get("code")), beside.get("scheme", "")
        below = {(str(each["code"]), each.get("scheme", "")) for each in self.content["lists"].get(at[1], [])}
        return [] if (code, scheme) in below else [code]


def words_of(
    content: Mapping[str, Any], overlay: Mapping[str, Any], files: Callable[[], Collection[str]] | None = None
) -> Words:
    """The names that an overlay may use: those of the codebook below it, and its own."""
    parts = ("variables", "lists", "bands", "schemes", "mechanisms", "kinds", "templates")
    there = _Names(content, {part: _within(overlay, part) for part in parts})
    frames, lists = there.both("variables"), there.lists
    names = [name for variables in frames.values() for name in variables]
    variables = [f"{frame}.{name}" for frame in frames for name in frames[frame]]
    variables += frames.get("workers", {})
    away = {n for of in content["variables"].values() for n, v in of.items() if v["kind"] in HIDDEN}
    kept = [name for name in names if name not in away]
    categories = lists.codes("hardship_level")
    return {
        "new": there.new, "shapes": there.shape, "own_lists": there.of_list, "known": there.known,
        "schemes": [*there.both("schemes")], "banded_codes": there.banded,
        "carried_codes": lambda _, beside: there.codes_of(beside.get("variable")),
        "variables": variables, "targets": ["ignore", *variables], "codes": there.codes,
        "codes_of_list": lambda at, _: [*lists.codes(at[1]), ""],  # "": of no code
        "categories": there.of_scheme, "kinds_of_variable": there.kinds,
        "banded": ["unit", *names, *(band["variable"] for band in content.get("bands", {}).values())],
        "kinds": ["questionnaire", *content.get("kinds", {})], "frames": [*content["variables"]],
        "lists": [*there.both("lists")], "periods": there.kinds,
        "held": there.held, "met": there.met, "indicators": there.indicators,
        "bounds": ["from", "below", "over", "at_most", "times"], "sheets": [*there.both("kinds")],
        "counted": [*lists.codes("counted_in"), "counted_in"],
        "lines": [*content.get("crosswalk", {}).get("line", ()), *categories], "carried": ["unit", *kept],
        "parts": [part for part in content if part not in PACKAGE_ONLY],
        "claimed": lists.claimed, **({"files": lambda *_: files()} if files else {}),
    }  # fmt: skip


_NUMBERS = ("age", "count", "number", "money")
_FITS = {  # what only variables of some kinds have
    "range": _NUMBERS, "unit": _NUMBERS, "period": ("money",), "other_period": ("money",),
    "ordered": ("choice",), "values": ("choice", "choices", "yes_no", "text", "name", "remark"),
}  # fmt: skip


def contradictions(below: dict[str, Any], own: Mapping[str, Any]) -> Iterator[str]:
    """What an overlay that holds to settings.yaml says against itself or against what it is laid over."""
    merged = lay_over(below, own)
    variables = merged["variables"]
    for name, band in own.get("bands", {}).items():
        of = merged["bands"][name]
        if name in variables["workers"]:
            yield f"bands 的 {name} 已是变量的名称。请改名。"
        variable = variables["workers"].get(of["variable"], {})
        codes = [each["code"] for each in merged["lists"].get(variable.get("values"), ())]
        absent = _left_out(of["levels"], codes) if "levels" in band else ()
        yield from (f"bands.{name}：{each}" for each in (*_of_levels(of["levels"], variable), *absent))
    for frame, entries in own.get("variables", {}).items():
        for name, entry in entries.items():
            faults = _of_variable(name, entry, variables[frame], merged["lists"])
            if name in merged["bands"] and frame == "workers":
                yield f"{name} 已是分组的名称，不能再作变量。请改名。"
            yield from (f"variables.{frame}.{name}：{each}" for each in faults)
    for name in own.get("schemes", {}):
        of = merged["schemes"][name]
        if of["worst"] not in of["levels"]:
            levels = listed(of["levels"])
            yield f"schemes.{name}：worst 写的是 {of['worst']}，不在 levels（{levels}）中。请改正。"
    for name, levels in own.get("lists", {}).items():
        yield from (f"lists.{name}：{fault}" for fault in _of_list(merged["lists"][name], levels))
        if not any(of.get("values") == name for each in variables.values() for of in each.values()):
            yield f"lists.{name}：没有变量用这张代码表。请在 variables 中用 values: {name} 引用，或去掉。"
    for name in own.get("mechanisms", {}):
        indicators = merged["mechanisms"][name].get("indicators", {})
        for pair in ((i, indicators[i["of"]]) for i in indicators.values() if "of" in i):
            if len({each.get("in") for each in pair}) > 1:
                part, base = (f"以 {each.get('in')} 计的“{each['label']}”" for each in pair)
                yield f"mechanisms.{name}：{part}不能占{base}的比重。请改用 per 或同一计数单位。"
    yield from _of_words(merged, own)


def _of_list(merged: Sequence[Mapping[str, Any]], own: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What is wrong with levels of which some are the overlay's own."""
    by_scheme = any("scheme" in level for level in merged)
    for level in (level for level in merged if by_scheme and "scheme" not in level):
        if level["code"] in [each["code"] for each in own]:
            yield f"代码 {level['code']} 没有写 scheme（属于哪个口径）。请补上。"
    written = {_place(level) for level in own}
    for one, other in combinations(merged, 2):
        (a, scheme), (b, of) = _place(one), _place(other)
        if scheme == of and {(a, of), (b, of)} & written:
            yield from _alike(a, one, b, other)


def _left_out(levels: Sequence[Mapping[str, Any]], codes: Sequence[str]) -> Iterator[str]:
    """The codes, and the sexes, that are in no level; `other` may be in none, as may one of a scheme."""
    coded = {code for level in levels for scheme, code in _coded(level) if not scheme}
    if absent := [code for code in codes if coded and code not in (*coded, "other")]:
        yield f"levels 漏了代码 {listed(absent)}，其中的人哪一级也不算。请补进一级，或另立一级。"
    if {level.get("sex") for level in levels} not in ({None}, {"male", "female"}):
        yield "levels 的 sex 没有把男女都写全，另一性别的人哪一级也不算。请补上。"


def _of_levels(levels: Sequence[Mapping[str, Any]], variable: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the levels of a band of this variable."""
    kind, (least, most) = variable.get("kind"), variable.get("range", (-math.inf, math.inf))
    for level in levels:
        code = level["code"]
        if level.get("from", least) > most or level.get("below", math.inf) <= least:
            yield f"{code} 在变量的范围（{least} 至 {most}）之外，没有人能归入。请改正，或去掉这一级。"
        if not {"label", "en"} <= {*level}:
            yield f"新的一级 {code} 缺少中文或英文名称。请补上。"
        if kind not in (*_NUMBERS, None) and ("from" in level or "below" in level):
            yield f"{code} 写了 from 或 below，而这个变量的内容不是数。请改写 codes。"
        if kind in _NUMBERS and level.get("codes"):
            yield f"{code} 写了 codes，而这个变量的内容是数。请改写 from 与 below。"
        if kind in ("age", "count") and min(level.get("from", 0), level.get("below", 1)) < 0:
            yield f"{code} 的 from 与 below 应不小于 0。请改正。"
    for one, other in combinations(levels, 2):
        a, b = one["code"], other["code"]
        if a != b:
            yield from _alike(a, one, b, other)
        if one.get("sex") == other.get("sex") and (both := _coded(one) & _coded(other)):
            yield f"代码 {min(both)[1]} 写在 {a} 与 {b} 两级中，一个代码只能属于一级。请去掉一处。"
    for sex in {level.get("sex") for level in levels}:
        of = [level for level in levels if level.get("sex") == sex and {"from", "below"} & {*level}]
        spans = [(level.get("from", -math.inf), level.get("below", math.inf), level["code"]) for level in of]
        if spans not in (sorted(spans), sorted(spans, reverse=True)):
            yield f"{spans[0][2]} 至 {spans[-1][2]} 各级没有按大小排列。请由小到大写。"
        for (_, end, _), (start, _, code) in pairwise(sorted(spans)):
            if end != start:
                ends = "没有写 below" if end == math.inf else f"到 {end} 为止"
                begins = "没有写 from" if start == -math.inf else f"从 {start} 起"
                yield f"前一级{ends}，{code} {begins}，应首尾相接。请改正。"


def _alike(a: str, one: Mapping[str, Any], b: str, other: Mapping[str, Any]) -> Iterator[str]:
    """Names that two have in common."""
    same = [p for p in ("label", "en") if p in one and one[p].casefold() == other.get(p, "").casefold()]
    for part in same:
        yield f"{a} 与 {b} 的 {part} 都是 {one[part]}。请改成不同的名称。"


def _coded(level: Mapping[str, Any]) -> set[tuple[str, str]]:
    codes = level.get("codes", ())
    return {(s, str(c)) for s, of in (codes if isinstance(codes, dict) else {"": codes}).items() for c in of}


def _of_variable(
    name: str, own: Mapping[str, Any], variables: Mapping[str, Any], lists: Mapping[str, Any]
) -> Iterator[str]:
    """What is wrong with an entry, of a frame with these variables."""
    of = variables[name]
    kind = of["kind"]
    if own.get("identifying") is False and kind in ("id_number", "name", "private"):
        yield f"identifying 写的是 false，而它的内容（{kind}）能认出人。请去掉。"
    if own.get("also", "").rpartition(".")[2] == name:
        yield f"also 写的是它自己（{name}）。请改正或去掉。"
    if "also_after" in own and "also" not in of:
        yield "写了 also_after，没有写 also（还可能写着哪个变量）。请补上 also，或去掉 also_after。"
    for part in (part for part in own if kind not in _FITS.get(part, (kind,))):
        yield f"{part} 不适用于种类 {kind}，只用于 {listed(_FITS[part])}。请去掉。"
    low, high = own.get("range", (0, 1))
    counted = kind in ("age", "count")
    absurd = low < 0 or high < 1 if counted else high <= 0 and kind != "money"
    if absurd or (kind == "age" and high > 150):
        wanted = "0 至 150" if kind == "age" else "不小于 0 的数"
        yield f"range 写的是 {low} 至 {high}，应为{wanted}。请改正。"
    codes = [each["code"] for each in lists.get(of.get("values"), ())]
    answers = ["zero", "no", "missing", "unclear", *codes]
    if (none := own.get("none_means")) and none not in answers:
        yield f"none_means 写的是 {none}，{instead(none, answers)}"
    keys = {heading_key(str(each)): each for each in (own.get("label", ""), *own.get("headings", ())) if each}
    for other, entry in variables.items():
        theirs = {heading_key(str(each)) for each in (entry["label"], *entry.get("headings", ()))}
        for key in (key for key in keys if other != name and key in theirs):
            wanted = f"“{keys[key]}”也是变量 {other} 的列名，一个列名只能指一个变量"
            yield f"{wanted}。请去掉一处，或写在 headings 一节中。"
        if "en" in own and other != name and own["en"].casefold() == entry["en"].casefold():
            yield f"en 写的是 {own['en']}，变量 {other} 的也是。请改成不同的名称。"


def _of_words(merged: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[str]:
    """Words that an overlay gives two meanings."""
    yield from _of_headings(merged, own)
    yield from _of_values(merged, own)
    yield from _of_crosswalk(own.get("crosswalk", {}).get("carried", ()))
    units = {squeeze(name): squeeze(unit) for name, unit in own.get("units", {}).items()}
    for name, unit in units.items():
        if unit in units and unit != name:
            yield f"units 中“{name}”指“{unit}”，而“{unit}”又另指“{units[unit]}”。请直接写最后的名称。"


def _of_headings(merged: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[str]:
    ignored = {heading_key(str(heading)) for heading in own.get("ignored_headings", ())}
    every = (v for of in merged["variables"].values() for v in of.values())
    who = [[v["label"], *v.get("headings", ())] for v in every if v["kind"] in ("name", "id_number")]
    hidden = {heading_key(str(each)) for headings in who for each in headings}
    aimed: dict[str, tuple[str, str]] = {}
    for heading, target in own.get("headings", {}).items():
        other, first = aimed.setdefault(heading_key(heading), (heading, target))
        if first.removeprefix("workers.") != target.removeprefix("workers."):
            yield f"headings 中“{heading}”与“{other}”是同一个列名，却指 {target} 与 {first}。请去掉一处。"
        frame, name = _split_target(target)
        kind = merged["variables"].get(frame, {}).get(name, {}).get("kind")
        if target != "ignore" and kind not in HIDDEN and heading_key(heading) in hidden:
            yield f"headings 中“{heading}”是姓名或证件号，当作 {target} 会写进数据。请改正，或写 ignore。"
        if target != "ignore" and heading_key(heading) in ignored:
            yield f"headings 中“{heading}”指 {target}，ignored_headings 中又要忽略它。请去掉一处。"
    for form in own.get("heading_forms", ()):
        try:
            re.sub(form["says"], form["as"], "")
        except re.error as fault:
            yield f"heading_forms 的 as 写的是 {form['as']}，不能代入 says 的括号（{fault}）。请改正。"


def _of_values(merged: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[str]:
    meant: dict[tuple[object, str], str] = {}
    for target, words in own.get("values", {}).items():
        frame, name = _split_target(target)
        for word, code in words.items():
            key = merged["variables"][frame][name].get("values"), squeeze(word)
            if meant.setdefault(key, code) != code:
                yield f"values 中“{word}”既指 {meant[key]} 又指 {code}。请去掉一处。"


def _of_crosswalk(carried: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in (one for one in carried if str(one["to"]) in map(str, one["from"])):
        yield f"crosswalk.carried 中“{one['to']}”指它自己。请改正 from 或 to。"
    for one, other in combinations(carried, 2):
        both = {*map(str, one["from"])} & {*map(str, other["from"])}
        together = one["variable"] == other["variable"] and _meet(one, other)
        if together and both and one["to"] != other["to"]:
            yield f"crosswalk.carried 中“{min(both)}”既指 {one['to']} 又指 {other['to']}。请去掉一处。"
        if together and one["to"] in other["from"] and other["to"] in one["from"]:
            yield f"crosswalk.carried 中“{one['to']}”与“{other['to']}”在同一时期互指。请去掉一处。"


def _meet(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether the times of two overlap."""
    begins = max(each.get("valid_from", datetime.date.min) for each in (one, other))
    return bool(begins <= min(each.get("valid_to", datetime.date.max) for each in (one, other)))


def _within(content: object, *keys: str) -> Mapping[str, Any]:
    """What stands under keys of content that has not been checked; {} where that is no mapping."""
    for key in keys:
        content = content.get(key) if isinstance(content, dict) else None
    return content if isinstance(content, dict) else {}


def _some(words: object) -> list[Any]:
    return words if isinstance(words, list) else []  # the settings have not been checked yet


def _merge_levels(content: dict[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """Levels, of lists and of bands, merge by code: an overlay can add a spelling to a level, a scheme to a
    scale.
    """
    lists, bands = dict(content.get("lists", {})), dict(content.get("bands", {}))
    for name, levels in (overlay.get("lists") or {}).items():
        lists[name] = _by_code(lists.get(name, []), levels)
    for name, band in (overlay.get("bands") or {}).items():
        old = bands.get(name, {})
        bands[name] = {**merge(old, band), "levels": _by_code(old.get("levels", []), band.get("levels", []))}
    rest = {key: value for key, value in overlay.items() if key not in ("lists", "bands")}
    rules = dict(content.get("keywords", {}))
    for name, added in overlay.get("keywords", {}).items():
        rules[name] = [*rules.get(name, []), *added]
    return {**merge(content, rest), "lists": lists, "bands": bands, "keywords": rules}


def _by_code(below: Sequence[Any], above: Sequence[Any]) -> list[Any]:
    """The levels above laid over those below: a spelling that one of them claims is no other's."""
    said = [(level, (level.get("label"), *(level.get("says") or ()))) for level in above]
    owners = {(_place(level)[1], word): level["code"] for level, words in said for word in words}
    merged = {}
    for level in below:
        code, scheme = _place(level)
        says = [word for word in level.get("says") or () if owners.get((scheme, word), code) == code]
        merged[code, scheme] = {**level, "says": says} if "says" in level else level
    for level in above:
        merged[_place(level)] = merge(merged.get(_place(level), {}), level)
    return list(merged.values())


def _place(level: Mapping[str, Any]) -> tuple[str, str]:
    return level["code"], level.get("scheme", "")


def _split_target(target: str) -> tuple[str, str]:
    frame, _, name = target.rpartition(".")
    return frame or "workers", name
