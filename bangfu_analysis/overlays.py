"""Laying a study's or a wave's YAML over the package's codebook: it adds, and what it names must exist."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bangfu_analysis.errors import CodebookError, did_you_mean, listed

VARIABLE_KEYS = (
    "label", "en", "kind", "headings", "unsure", "values", "ordered", "range", "period", "unit", "none_means", "fill",
    "identifying", "inner", "other_period", "endings", "around", "also",
)  # fmt: skip
LEVEL_KEYS = ("code", "label", "en", "says", "scheme")
BAND_KEYS = ("label", "en", "variable", "levels", "apart")
BAND_LEVEL_KEYS = ("code", "label", "en", "codes", "from", "below", "sex")
SCHEME_KEYS = ("label", "en", "worst", "levels", "income_rule")
CROSSWALK_KEYS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # needed, and allowed besides
    "carried": (("variable", "from", "to", "why"), ("valid_from", "valid_to")),
    "breaks": (("variable", "valid_from", "why"), ("levels",)),
}


def merge(below: Any, above: Any) -> Any:
    """Mappings merge key by key, lists append what is new, all else is replaced."""
    if isinstance(below, dict) and isinstance(above, dict):
        return {**below, **{k: merge(below[k], v) if k in below else v for k, v in above.items()}}
    if isinstance(below, list) and isinstance(above, list):
        return below + [item for item in above if item not in below]
    return above


def lay_over(content: dict[str, Any], overlay: Mapping[str, Any], source: str) -> dict[str, Any]:
    """An overlay in long form (variables:, lists:, ...) or a mapping's short form (headings:, values:).

    CodebookError names the entry and the nearest key where a part, an entry or a target is unknown.
    """
    short = {key: overlay[key] or {} for key in ("headings", "values") if key in overlay}
    long_form = {key: value for key, value in overlay.items() if key not in short}
    _known_keys(long_form, ["headings", "values", "read_as", *content], source, "部分")
    for where, entry, keys in _entries(long_form):
        _known_keys(entry, keys, f"{source}：{where}", "项")
    merged = _merge_levels(content, long_form)
    for heading, target in short.get("headings", {}).items():
        merged = merge(merged, _heading_entry(merged, str(heading), str(target), source))
    for target, words in short.get("values", {}).items():
        merged = _add_values(merged, str(target), words, source)
    _check_crosswalk(merged, source)
    return merged


def _known_keys(entry: object, known: Iterable[str], where: str, what: str) -> None:
    if not isinstance(entry, Mapping):
        raise CodebookError(f"{where} 应为“键: 值”，实际是 {entry!r}。请对照 docs/codebook.md。")
    options = list(known)
    for key in entry:
        if key not in options:
            hint = did_you_mean(str(key), options)
            raise CodebookError(f"{where}：未知的{what} {key}。可用：{listed(options)}。{hint}")


def _entries(overlay: Mapping[str, Any]) -> Iterator[tuple[str, object, Sequence[str]]]:
    """(place, entry, keys that it may have) of everything in an overlay whose keys are fixed."""
    for frame, variables in (overlay.get("variables") or {}).items():
        yield from ((f"{frame}.{name}", entry, VARIABLE_KEYS) for name, entry in variables.items())
    for name, levels in (overlay.get("lists") or {}).items():
        yield from ((f"lists.{name}", level, LEVEL_KEYS) for level in levels)
    for name, band in (overlay.get("bands") or {}).items():
        yield f"bands.{name}", band, BAND_KEYS
        yield from ((f"bands.{name}.levels", level, BAND_LEVEL_KEYS) for level in band.get("levels", []))
    yield from ((f"schemes.{name}", scheme, SCHEME_KEYS) for name, scheme in (overlay.get("schemes") or {}).items())
    crosswalk = overlay.get("crosswalk") or {}
    yield "crosswalk", crosswalk, ("line", *CROSSWALK_KEYS)
    for part, (needed, other) in CROSSWALK_KEYS.items():
        yield from ((f"crosswalk.{part}", entry, (*needed, *other)) for entry in crosswalk.get(part, []))


def _check_crosswalk(content: Mapping[str, Any], source: str) -> None:
    """Every dated entry is whole, its days are days, and its variable exists."""
    variables = {"unit", *(name for frame in content["variables"].values() for name in frame)}
    for part, (needed, _) in CROSSWALK_KEYS.items():
        for entry in content["crosswalk"][part]:
            where = f"{source}：crosswalk.{part}"
            days = [entry[key] for key in ("valid_from", "valid_to") if key in entry]
            if absent := [key for key in needed if key not in entry]:
                raise CodebookError(f"{where} 的一项缺少 {listed(absent)}。请对照 docs/waves.md 补上。")
            if not days or not all(type(day) is datetime.date for day in days):
                found = days or "没有填写"
                raise CodebookError(f"{where}：valid_from、valid_to 应为日期，如 2009-12-31，实际是 {found}。")
            if entry["variable"] not in variables:
                hint = did_you_mean(str(entry["variable"]), sorted(variables))
                raise CodebookError(f"{where}：没有变量 {entry['variable']}。{hint}")


def _merge_levels(content: dict[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """Levels, of lists and of bands, merge by code: an overlay can add a spelling to a level, a scheme to a scale."""
    lists, bands = dict(content.get("lists", {})), dict(content.get("bands", {}))
    for name, levels in (overlay.get("lists") or {}).items():
        lists[name] = _by_code(lists.get(name, []), levels)
    for name, band in (overlay.get("bands") or {}).items():
        old = bands.get(name, {})
        bands[name] = {**merge(old, band), "levels": _by_code(old.get("levels", []), band.get("levels", []))}
    rest = {key: value for key, value in overlay.items() if key not in ("lists", "bands")}
    return {**merge(content, rest), "lists": lists, "bands": bands}


def _by_code(below: Sequence[Any], above: Sequence[Any]) -> list[Any]:
    known = {(level["code"], level.get("scheme", "")): level for level in below}
    for level in above:
        place = (level["code"], level.get("scheme", ""))
        known[place] = merge(known.get(place, {}), level)
    return list(known.values())


def _heading_entry(content: Mapping[str, Any], heading: str, target: str, source: str) -> dict[str, Any]:
    if target == "ignore":
        return {"ignored_headings": [heading]}
    frame, name = _split_target(content, target, source)
    return {"variables": {frame: {name: {"headings": [heading]}}}}


def _split_target(content: Mapping[str, Any], target: str, source: str) -> tuple[str, str]:
    frame, _, name = target.partition(".") if "." in target else ("workers", "", target)
    if name not in content["variables"].get(frame, {}):
        known = listed(content["variables"].get(frame, content["variables"]))
        raise CodebookError(f"{source}：{target} 不是码本中的变量。应写作 frame.变量名，可选：{known}。")
    return frame, name


def _add_values(content: dict[str, Any], target: str, words: Mapping[str, Any], source: str) -> dict[str, Any]:
    frame, name = _split_target(content, target, source)
    values = content["variables"][frame][name].get("values")
    levels = [dict(level) for level in content["lists"].get(values, [])]
    for word, code in words.items():
        chosen = [level for level in levels if level["code"] == str(code)]
        if not chosen:
            codes = listed(dict.fromkeys(level["code"] for level in levels))
            raise CodebookError(f"{source}：{target} 没有代码 {code}（“{word}”）。可选：{codes}。")
        for level in chosen:
            level["says"] = [*level.get("says", []), str(word)]
    return {**content, "lists": {**content["lists"], values: levels}}
