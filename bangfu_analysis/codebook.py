"""Loads and checks codebooks: what headings mean, what cells say, and what is plausible.

A codebook is YAML: `codebooks/*.yaml` of the package, over which a study's `codebook.yaml` and a wave's
`mapping.yaml` are laid. An overlay adds headings and values; it never takes one away. See docs/codebook.md.
"""

from __future__ import annotations

import pickle
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

from bangfu_analysis.errors import CodebookError, did_you_mean, listed
from bangfu_analysis.overlays import contradictions, lay_over, merge, words_of
from bangfu_analysis.settings import check_settings, read_settings
from bangfu_analysis.settings import read_yaml as read_yaml
from bangfu_analysis.text import heading_key, squeeze

PACKAGE_CODEBOOKS = Path(__file__).parent / "codebooks"


Item = TypeVar("Item")


def _grouped(pairs: Iterable[tuple[str, Item]]) -> dict[str, tuple[Item, ...]]:
    """Key -> the items that stand under it, in their order."""
    found: defaultdict[str, list[Item]] = defaultdict(list)
    for key, item in pairs:
        found[key].append(item)
    return {key: tuple(items) for key, items in found.items()}


@dataclass(frozen=True)
class Level:
    """One code of a variable: `says` are the squeezed spellings a cell may use, the label among them."""

    code: str
    label: str
    label_en: str
    says: frozenset[str]
    scheme: str = ""


@dataclass(frozen=True)
class Variable:
    """What a column means. `frame` and `name` say where its values go.

    `headings`: keys that mean this variable; `unsure`: keys that may (never mapped without a researcher's
    word); `by_values`: keys of another variable that mean this one where it, and not the other, spells every
    cell; `low`, `high`: plausible range; `period`: month, year or ""; `unit`: what a bare number counts;
    `none_means`: what 无 says in such a cell: zero, no, missing, unclear (told) or a code; `fill`: blanks
    repeat the value above; `inner`: keys that mean it only under a parent heading of members; `other_period`:
    keys that give the sum by the year where `period` is month, and the reverse; `endings`: a heading that
    ends so, and is no other, means it; `keywords`: (pattern, code) rules for free text, in order; `before`,
    `behind`: what a spelling may be written with (已离婚, 深度困难职工家庭); `around`: words that mean it in
    a title or in the name of a sheet or file; `also`: the variable that its cells may say as well
    (肢体残疾二级), in a remark only behind `also_after` (兼残疾).
    """

    frame: str
    name: str
    label: str
    label_en: str
    kind: str
    headings: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    by_values: tuple[str, ...] = ()
    levels: tuple[Level, ...] = ()
    ordered: bool = False
    low: float | None = None
    high: float | None = None
    period: str = ""
    unit: str = ""
    none_means: str = "missing"
    fill: bool = False
    identifying: bool = False
    inner: tuple[str, ...] = ()
    other_period: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    keywords: tuple[tuple[str, str], ...] = ()
    before: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()
    around: tuple[str, ...] = ()
    also: str = ""
    also_after: str = ""

    @property
    def codes(self) -> list[str]:
        """Codes in codebook order, each once."""
        return list(dict.fromkeys(level.code for level in self.levels))

    @cached_property
    def spellings(self) -> dict[str, tuple[Level, ...]]:
        """Squeezed spelling -> the levels that it may mean (more than one only across schemes)."""
        return _grouped((says, level) for level in self.levels for says in level.says)

    def find(self, text: str) -> tuple[Level, ...]:
        """The levels that a squeezed text spells: as it stands, else with the least taken off that may stand
        around it.

        () where it spells none, or different codes as different things are taken off.
        """
        forms = {simplified(text)}
        while forms:
            if matches := [self.spellings[form] for form in sorted(forms) if form in self.spellings]:
                return matches[0] if len({levels[0].code for levels in matches}) == 1 else ()
            shorter = {form[len(w) :] for form in forms for w in self.before if form.startswith(w)}
            shorter |= {form[: -len(w)] for form in forms for w in self.behind if form.endswith(w)}
            forms = shorter - {""}
        return ()

    def label_of(self, code: str) -> str:
        """The label of a code; CodebookError names the codes there are."""
        for level in self.levels:
            if level.code == code:
                return level.label
        raise CodebookError(f"变量 {self.name} 没有代码 {code!r}。可选：{listed(self.codes)}。请检查码本。")


@dataclass(frozen=True)
class Band:
    """A recoding for tabulation: `variable` of workers -> levels of `name`, by codes or by [start, below).

    Where the levels give their codes by scheme, it is a scale that waves of these schemes share; `apart`: why
    others do not.
    """

    name: str
    label: str
    label_en: str
    variable: str
    levels: tuple[Mapping[str, Any], ...]
    apart: Mapping[str, str] = field(default_factory=dict)

    @property
    def codes(self) -> list[str]:
        """Codes in order."""
        return [str(level["code"]) for level in self.levels]

    @property
    def schemes(self) -> list[str]:
        """The schemes whose codes the levels name; empty where the codes are of no scheme."""
        by_scheme = [level["codes"] for level in self.levels if isinstance(level.get("codes"), Mapping)]
        return list(dict.fromkeys(str(scheme) for codes in by_scheme for scheme in codes))


@dataclass(frozen=True, eq=False)
class Codebook:
    """All variables, bands and schemes that a wave is read with."""

    variables: tuple[Variable, ...]
    bands: Mapping[str, Band] = field(default_factory=dict)
    schemes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    kinds: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    ignored_headings: frozenset[str] = frozenset()
    crosswalk: Mapping[str, Any] = field(default_factory=dict)
    mechanisms: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    templates: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    persons: Mapping[str, Sequence[str]] = field(default_factory=dict)
    each: Mapping[str, Sequence[str]] = field(default_factory=dict)
    read_as: Mapping[str, str] = field(default_factory=dict)
    mapped: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    heading_forms: tuple[tuple[str, str], ...] = ()
    heading_endings: Mapping[str, Sequence[str]] = field(default_factory=dict)
    words: Sequence[str] = ()

    def of(self, frame: str) -> dict[str, Variable]:
        """The variables of one frame by name."""
        return {v.name: v for v in self._by_frame.get(frame, ())}

    @cached_property
    def _by_frame(self) -> dict[str, tuple[Variable, ...]]:
        return _grouped((v.frame, v) for v in self.variables)

    def variable(self, frame: str, name: str) -> Variable:
        """One variable; CodebookError names those of the frame."""
        variables = self.of(frame)
        if name not in variables:
            near = did_you_mean(name, [*variables])
            raise CodebookError(f"码本的 {frame} 中没有变量 {name}。可选：{listed(variables)}。{near}")
        return variables[name]

    @cached_property
    def by_heading(self) -> dict[str, tuple[Variable, ...]]:
        """Heading key -> the variables it may mean, over all frames."""
        return _grouped((key, v) for v in self.variables for key in (*v.headings, *v.other_period))

    @cached_property
    def by_form(self) -> dict[str, tuple[tuple[Variable, bool], ...]]:
        """The form of a heading -> the variables whose headings have it, over all frames, and whether they
        surely mean it.

        Forms that no heading has, but that one would have with a neutral ending (医疗费用总额), are there
        too.
        """
        by_form: dict[str, dict[tuple[str, str], tuple[Variable, bool]]] = {}
        for endings in (False, True):
            further: dict[str, dict[tuple[str, str], tuple[Variable, bool]]] = {}
            for v in self.variables:
                tails = self.heading_endings.get(v.kind, ()) if endings else ("",)
                for key, tail in product((*v.unsure, *v.headings, *v.other_period), tails):
                    if not (tail and key.isascii()) and (form := self.form_of(key + tail)) not in by_form:
                        further.setdefault(form, {}).setdefault((v.frame, v.name), (v, key not in v.unsure))
            by_form |= further
        return {form: tuple(variables.values()) for form, variables in by_form.items()}

    def form_of(self, key: str) -> str:
        """A heading key with what is written in several ways written in one: 认定日期, 認定年月 -> 认定时间.
        """
        return _form_of(key, self.heading_forms)

    def meant(self, frame: str, key: str) -> Variable | None:
        """The variable of `frame` that a heading key means: as the researcher mapped it, as listed, else in
        the one form that no other variable has.
        """
        target, _, name = self.mapped.get(key, "").partition(".")
        if target in (frame, "ignore"):
            return self.of(frame).get(name)
        if listed_so := [v for v in self.by_heading.get(key, ()) if v.frame == frame]:
            return listed_so[0]
        alike = [(v, sure) for v, sure in self.by_form.get(self.form_of(key), ()) if v.frame == frame]
        return alike[0][0] if len(alike) == 1 and alike[0][1] else None

    def withheld(self, frame: str, key: str) -> Variable | None:
        """The variable of `frame` that a heading of no other meaning means by its ending: what identifies is
        not kept.
        """
        if key in self.mapped:
            return None
        forms, endings = (simplified(key), self.form_of(key)), self._endings.get(frame, ())
        fitting = [(end, v) for end, v in endings if any(form.endswith(end) for form in forms)]
        return max(fitting, key=lambda found: len(found[0]))[1] if fitting else None

    @cached_property
    def _endings(self) -> dict[str, tuple[tuple[str, Variable], ...]]:
        """Frame -> the endings of headings that mean one of its variables."""
        return _grouped((v.frame, (end, v)) for v in self.variables for end in v.endings)

    def labels(self, name: str, lang: str = "zh") -> dict[str, str]:
        """Code -> label of a variable or band, in codebook order (workers first where frames share a name).
        """
        if name in self.bands:
            text = "label" if lang == "zh" else "en"
            return {str(level["code"]): str(level[text]) for level in self.bands[name].levels}
        levels = self.named(name).levels
        return {level.code: level.label if lang == "zh" else level.label_en for level in levels}

    def title(self, name: str, lang: str = "zh") -> str:
        """The label of a variable or band."""
        thing: Variable | Band = self.bands[name] if name in self.bands else self.named(name)
        return thing.label if lang == "zh" else thing.label_en

    def named(self, name: str) -> Variable:
        """The variable of a name, or of a frame.name where frames share it; CodebookError suggests the
        nearest.
        """
        frame, _, rest = name.partition(".")
        if rest:
            return self.variable(frame, rest)
        matches = [variable for variable in self.variables if variable.name == name]
        if matches:
            return min(matches, key=lambda variable: variable.frame != "workers")
        names = [*self.bands, *(variable.name for variable in self.variables)]
        near = did_you_mean(name, names)
        raise CodebookError(f"码本中没有变量或分组 {name}。现有：{listed(names)}。{near}")


def load_codebook(
    *overlays: str | Path | Mapping[str, Any], files: Callable[[], Collection[str]] | None = None
) -> Codebook:
    """The package's codebook with `overlays` (files or mappings; absent files are skipped) laid over it in
    order.

    `files`: what there is for mapping.yaml to name in read_as. Raises CodebookError naming the file and entry
    where an overlay names what does not exist.
    """
    content, contents = _package_content(), []
    for overlay in overlays:
        of_a_wave = isinstance(overlay, (str, Path)) and Path(overlay).name == "mapping.yaml"
        words = partial(words_of, content, files=files if of_a_wave else None)
        against = partial(contradictions, content)
        if not isinstance(overlay, (str, Path)):
            overlaid = check_settings(overlay, "codebook", "mapping", words, against)
        else:
            path = Path(overlay)
            overlaid = read_settings(path, "codebook", words, against=against) if path.exists() else {}
        content = lay_over(content, overlaid)
        contents += [pickle.dumps(overlaid)] if overlaid else []
    return _built(tuple(contents))


@lru_cache(maxsize=1)
def traditional() -> dict[int, str]:
    """The code point of a traditional character of this field -> its simplified form."""
    pairs = squeeze(str(_package_content()["traditional"]))
    return dict(zip(map(ord, pairs[::2]), pairs[1::2], strict=True))


def simplified(text: str) -> str:
    """`text` with the traditional characters of this field in their simplified form: 醫療保險 -> 医疗保险."""
    return text.translate(traditional())


@lru_cache(maxsize=1)
def told_words() -> dict[str, tuple[str, str, str]]:
    """Problem, or problem/case -> action, severity and words of what is told of such a cell (told.yaml)."""
    told: Mapping[str, Any] = _package_content()["told"]
    plain = ("missing", "warning")
    return {key: tuple(said) if isinstance(said, list) else (*plain, said) for key, said in told.items()}


@lru_cache
def patterns(room: str) -> Mapping[str, re.Pattern[str]]:
    """Name -> pattern of what is written how (patterns.yaml) in cells, sheets or questionnaires."""
    compiled: dict[str, re.Pattern[str]] = {}
    for name, said in _package_content()["patterns"][room].items():
        text = "|".join(said) if isinstance(said, list) else said
        compiled[name] = re.compile(re.sub(r"\{([a-z_]+)\}", lambda one: compiled[one[1]].pattern, text))
    return compiled


@lru_cache(maxsize=1)
def _package_content() -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for path in sorted(PACKAGE_CODEBOOKS.glob("*.yaml")):
        merged = merge(merged, read_yaml(path))
    return merged


@lru_cache(maxsize=8)
def _built(overlays: tuple[bytes, ...]) -> Codebook:
    """The codebook with the contents of checked overlays; a command asks for the same one dozens of times."""
    content = _package_content()
    for overlay in map(pickle.loads, overlays):
        content = lay_over(content, overlay)
    variables = tuple(_variables(content))
    bands = {
        name: Band(name, of["label"], of["en"], of["variable"], tuple(of["levels"]), of.get("apart", {}))
        for name, of in content.get("bands", {}).items()
    }
    ignored = frozenset(heading_key(str(h)) for h in content.get("ignored_headings", []))
    parts = (
        "schemes", "kinds", "crosswalk", "mechanisms", "templates", "persons", "each", "read_as", "mapped",
        "heading_endings", "words",
    )  # fmt: skip
    named: dict[str, Any] = {part: content.get(part, {}) for part in parts}
    named["units"] = {squeeze(str(name)): str(unit) for name, unit in content.get("units", {}).items()}
    forms = [(re.compile(form["says"]).pattern, str(form["as"])) for form in content.get("heading_forms", ())]
    return Codebook(variables, bands, ignored_headings=ignored, heading_forms=tuple(forms), **named)


@lru_cache(maxsize=65536)
def _form_of(key: str, forms: tuple[tuple[str, str], ...]) -> str:
    form = simplified(key)
    if form.isascii():
        return re.sub("[^A-Za-z0-9/]", "", form).lower()
    if not _any_of(forms).search(form):  # as of most cells
        return form
    for pattern, word in forms:
        form = re.sub(pattern, word, form)
    return form


@lru_cache(maxsize=8)
def _any_of(forms: tuple[tuple[str, str], ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern, _ in forms) or "(?!)")


def _variables(content: Mapping[str, Any]) -> Iterator[Variable]:
    keywords, affixes = content.get("keywords", {}), content.get("affixes", {})
    for frame, entries in content["variables"].items():
        for name, entry in entries.items():
            values = entry.get("values")
            rules = tuple((rule["says"], rule["code"]) for rule in keywords.get(values, ()))
            some = [affixes.get(of, {}) for of in ("any", values)]  # of any list, and of its own
            ends = {side: tuple(w for of in some for w in of.get(side, ())) for side in ("before", "behind")}
            yield _variable(frame, name, {**entry, **ends, "keywords": rules}, content["lists"])


def _variable(frame: str, name: str, entry: Mapping[str, Any], lists: Mapping[str, Any]) -> Variable:
    settings: dict[str, Any] = {**entry, "label_en": entry["en"]}
    del settings["en"]
    settings["endings"] = tuple(settings.get("endings", ()))
    if "values" in settings:
        settings["levels"] = tuple(_level(level) for level in lists[settings.pop("values")])
    if "range" in settings:
        settings["low"], settings["high"] = settings.pop("range")
    for part in ("unsure", "by_values", "inner", "other_period"):
        settings[part] = _keys(settings.get(part, []))
    settings["headings"] = _keys([settings["label"], *settings.get("headings", [])])
    return Variable(frame=frame, name=name, **settings)


def _keys(headings: Sequence[object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(heading_key(str(heading)) for heading in headings))


def _level(entry: Mapping[str, Any]) -> Level:
    says = frozenset(squeeze(str(word)) for word in [entry["label"], *entry.get("says", [])])
    return Level(entry["code"], entry["label"], entry["en"], says, entry.get("scheme", ""))
