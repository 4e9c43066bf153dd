"""Laying a study's or a wave's YAML over the package's codebook: it adds, and what it names must exist."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bangfu_analysis.settings import Beside, Words
from bangfu_analysis.text import heading_key, squeeze

KINDS = {  # what the cells of a variable are
    "choice": "选一项", "choices": "可选几项", "yes_no": "是否", "count": "整数", "age": "年龄",
    "number": "数", "money": "金额（元）", "date": "日期", "text": "文字", "unit": "单位或地区",
    "remark": "备注",
    **dict.fromkeys(("id_number", "name", "private", "row_number", "ignored"), "不保留，只留在 data/raw"),
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
        said = [{**each, "says": [w for w, code in words.items() if code == each["code"]]} for each in levels]
        merged = _merge_levels(merged, {"lists": {values: said}})
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
        found = {(str(level.get("scheme", "")), str(level["label"])): str(level["code"]) for level in labels}
        for level in self.added(name):
            for word in (level.get("label"), *_some(level.get("says"))):
                found.setdefault((str(level.get("scheme", "")), squeeze(str(word))), str(level.get("code")))
        return found

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
        found: Mapping[str, Any] = merge(self.content.get(part, {}), self.own.get(part, {}))
        return found

    def codes(self, at: tuple[str, ...], _: Beside) -> list[str]:
        frame, name = _split_target(at[1])
        of = self.both("variables").get(frame, {}).get(name, {}).get("values")
        return self.lists.open_to(at[2], str(of))

    def known(self, at: tuple[str, ...], _: Beside) -> list[str]:
        below = self.content.get(at[0], {})
        return [*(below.get(at[1], {}) if at[0] == "variables" else below)]

    def of_variable(self, at: tuple[str, ...]) -> Mapping[str, Any]:
        """The entry of a variable that the codebook has already; {} for a new one."""
        found: Mapping[str, Any] = self.content.get("variables", {}).get(at[1], {}).get(at[2], {})
        return found

    def kinds(self, at: tuple[str, ...], _: Beside) -> list[str]:
        of = self.of_variable(at)
        return [of["kind"]] if of else [*KINDS]

    def codes_of(self, name: object) -> list[str] | None:
        """The codes of a variable of workers; None where it has no list."""
        of = self.both("variables").get("workers", {}).get(str(name), {})
        if "values" in of:
            return self.lists.codes(of["values"])
        return None if of.get("kind") in ("unit", "text", "date", "name", None) else []

    def banded(self, at: tuple[str, ...], _: Beside) -> list[str] | None:
        return self.codes_of(self.both("bands").get(at[1], {}).get("variable"))

    def of_scheme(self, at: tuple[str, ...], _: Beside) -> list[str]:
        levels = [*self.content["lists"]["hardship_level"], *self.lists.added("hardship_level")]
        own = [str(each.get("code")) for each in levels if each.get("scheme") == at[1]]
        return own or self.lists.codes("hardship_level")

    def of_list(self, at: tuple[str, ...], _: Beside) -> list[str]:
        of = self.of_variable(at).get("values")
        return [*([of] if of else self.content.get("lists", {})), *self.own.get("lists", {})]

    def shape(self, at: tuple[str, ...], _: Beside) -> Any:
        found: Any = self.content
        for key in at:
            found = found.get(key) if isinstance(found, dict) else None
        return found

    def new(self, at: tuple[str, ...], beside: Beside) -> list[str]:
        code, scheme = str(beside.get("code")), beside.get("scheme", "")
        below = {(str(each["code"]), each.get("scheme", "")) for each in self.content["lists"].get(at[1], [])}
        return [] if (code, scheme) in below else [code]


def words_of(
    content: Mapping[str, Any], overlay: Mapping[str, Any], files: Callable[[], Collection[str]] | None = None
) -> Words:
    """The names that an overlay may use: those of the codebook below it, and its own."""
    parts = ("variables", "lists", "bands", "schemes")
    own = {part: each for part in parts if isinstance(each := overlay.get(part), dict)}
    there = _Names(content, own)
    frames, lists = there.both("variables"), there.lists
    names = [name for variables in frames.values() for name in variables]
    variables = [f"{frame}.{name}" for frame in frames for name in frames[frame]]
    variables += frames.get("workers", {})
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
        "lists": [*content.get("lists", {}), *own.get("lists", {})],
        "lines": [*content.get("crosswalk", {}).get("line", ()), *categories], "carried": ["unit", *names],
        "parts": [part for part in content if part not in PACKAGE_ONLY],
        "claimed": lists.claimed, **({"files": lambda *_: files()} if files else {}),
    }  # fmt: skip


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
    for name, own in overlay.get("keywords", {}).items():
        rules[name] = [*rules.get(name, []), *own]
    return {**merge(content, rest), "lists": lists, "bands": bands, "keywords": rules}


def _by_code(below: Sequence[Any], above: Sequence[Any]) -> list[Any]:
    """The levels above laid over those below: a spelling that one of them claims is no other's."""
    owners = {(_place(level)[1], word): level["code"] for level in above for word in level.get("says") or ()}
    known = {}
    for level in below:
        code, scheme = _place(level)
        says = [word for word in level.get("says") or () if owners.get((scheme, word), code) == code]
        known[code, scheme] = {**level, "says": says} if "says" in level else level
    for level in above:
        known[_place(level)] = merge(known.get(_place(level), {}), level)
    return list(known.values())


def _place(level: Mapping[str, Any]) -> tuple[str, str]:
    return level["code"], level.get("scheme", "")


def _split_target(target: str) -> tuple[str, str]:
    frame, _, name = target.rpartition(".")
    return frame or "workers", name
