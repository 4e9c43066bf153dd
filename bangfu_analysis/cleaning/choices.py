"""Codes of the codebook: what a cell says -> one code, several codes, yes or no, ticked or not. scalar."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bangfu_analysis.cleaning.readings import BLANK, LIKE, Reading, read_absence, text_of, told
from bangfu_analysis.codebook import Level, Variable
from bangfu_analysis.errors import listed
from bangfu_analysis.text import halfwidth, squeeze

FILLED, EMPTY = "■☑☒✓✔√●◆▣\uf0fe\uf052\uf0fc", "□☐○◇◻\uf0a8\uf06f\uf0a3"
_GB2261_SEX = {"1": "male", "2": "female"}


def read_choice(raw: object, variable: Variable, schemes: frozenset[str] | None = None) -> Reading:
    """One code of `variable`. `schemes`: only levels of these count where a level belongs to a scheme.

    What is readable but in no list is missing, and the finding names the nearest codes.
    """
    text = _spelled(raw)
    if (plain := _plain(raw, text, variable, schemes)) is not None:
        return plain
    if variable.name == "sex" and text in _GB2261_SEX:
        return told("coded_sex", _GB2261_SEX[text])
    if (ticked := _ticked(text, variable)) is not None:
        return Reading(ticked[0]) if len(ticked) == 1 else told("boxes")
    for bare in (LIKE["value_ending"].sub("", text), LIKE["option_number"].sub("", text)):
        if levels := variable.find(bare):
            return _of_levels(levels, variable, schemes)
    return _unclear(text, variable, schemes)


def read_choices(raw: object, variable: Variable, schemes: frozenset[str] | None = None) -> Reading:
    """A tuple of codes in the order said, each once. Labels that hold a separator are matched whole first.

    Free text is read by the variable's keyword rules (inferred). Where a part can't be read, the codes that
    could be are the value and the finding tells of the rest.
    """
    text = _spelled(raw)
    if (plain := _plain(raw, text, variable, schemes)) is not None:
        return Reading((plain.value,)) if isinstance(plain.value, str) else plain
    if (ticked := _ticked(text, variable)) is not None:
        return Reading(ticked) if ticked else told("boxes")
    return _of_segments(_segments(_listed(text_of(raw)), variable.spellings), variable)


def read_remark(raw: object, variable: Variable) -> Reading:
    """What a remark says of its person, never a value: the first of the variable's rules that matches, to be
    checked.
    """
    codes = _by_keywords(_spelled(raw), variable)
    if not codes:
        return BLANK
    return told("remark", said=variable.label_of(codes[0]))._replace(problem=f"remark_{codes[0]}")


def read_yes_no(raw: object, variable: Variable) -> Reading:
    """True or False. A cell that repeats the heading (低保户) or says a sum (低保300元) is a yes, and
    inferred.
    """
    if isinstance(raw, bool):
        return Reading(raw)
    text = LIKE["number_before"].sub("", LIKE["value_ending"].sub("", _spelled(raw)))
    if levels := variable.find(text):
        return Reading(levels[0].code == "yes")
    if LIKE["yes_or_no"].fullmatch(text):
        return Reading(LIKE["says_yes"].fullmatch(text) is not None)
    absent = read_absence(raw)
    if absent is not None:
        return absent
    boxes = [box for box in _marked(text) if LIKE["yes_or_no"].fullmatch(box[0])]
    if boxes:
        chosen = [LIKE["says_yes"].fullmatch(label) is not None for label, filled in boxes if filled]
        return Reading(chosen[0]) if len(chosen) == 1 else told("boxes")
    return _yes_no_in_words(text, variable)


def read_tick(raw: object) -> Reading:
    """True where a tick column is marked in any way, False where it is blank, struck or says no."""
    text = _spelled(raw)
    if LIKE["yes_or_no"].fullmatch(text) or LIKE["says_none"].fullmatch(text):
        return Reading(LIKE["says_yes"].fullmatch(text) is not None)
    absent = read_absence(raw)
    if absent is not None:
        return Reading(False) if not absent.problem else absent
    return told("tick_in_words", True)


def _spelled(raw: object) -> str:
    return "" if raw is None else squeeze(text_of(raw)).strip("'’‘`\"")


def _of_levels(levels: Sequence[Level], variable: Variable, schemes: frozenset[str] | None) -> Reading:
    fitting = [level for level in levels if schemes is None or not level.scheme or level.scheme in schemes]
    codes = _distinct(level.code for level in fitting)
    if len(codes) == 1:
        return Reading(codes[0])
    if codes:
        return told("ambiguous_value", label=variable.label, codes=listed(codes))
    return told("other_scheme", label=variable.label, known=listed(_distinct(v.scheme for v in levels)))


def _plain(raw: object, text: str, variable: Variable, schemes: frozenset[str] | None) -> Reading | None:
    """What one spelling says, or that the cell is blank, 无, masked or lost; None where it says more."""
    if levels := variable.find(text):
        return _of_levels(levels, variable, schemes)
    if LIKE["says_none"].fullmatch(text) and variable.none_means == "unclear":
        return _unknown(text, variable)
    if LIKE["says_none"].fullmatch(text):
        none = Reading(()) if variable.kind == "choices" and variable.none_means == "no" else BLANK
        return Reading(variable.none_means) if variable.none_means in variable.codes else none
    if LIKE["lost_or_empty"].fullmatch(text):
        return told("lost_character")
    return read_absence(raw)


def _marked(text: str) -> list[tuple[str, bool]]:
    """(label, filled) of every box in the text, before or after its label; [] where there is none."""
    mark, label = f"(?P<mark>[{FILLED}{EMPTY}])", f"(?P<label>[^{FILLED}{EMPTY}]+)"
    boxes = re.finditer(mark + label if text[:1] in FILLED + EMPTY else label + mark, text)
    return [(box["label"].strip("、,;()/"), box["mark"] in FILLED) for box in boxes]


def _ticked(text: str, variable: Variable) -> tuple[str, ...] | None:
    """The codes of the filled boxes whose label the codebook knows; None where the marks are no boxes."""
    known = variable.spellings
    boxes = [(known[label][0].code, filled) for label, filled in _marked(text) if label in known]
    return _distinct(code for code, filled in boxes if filled) if boxes else None


def _unclear(text: str, variable: Variable, schemes: frozenset[str] | None) -> Reading:
    """What no list knows: a remark in brackets, several labels, a band, free text, or a new value."""
    if variable.name == "education" and LIKE["in_progress"].search(text):
        return told("in_progress", label=variable.label)
    if LIKE["band_word"].search(text):
        return told("band", label=variable.label)
    if LIKE["lost"].search(text):
        return told("lost_character")
    if (bare := LIKE["bracket"].sub("", text)) != text and (levels := variable.find(bare)):
        one = _of_levels(levels, variable, schemes)
        notes = [note for note in LIKE["bracket"].findall(text) if not LIKE["in_progress"].search(note)]
        noted = [levels for note in notes if (levels := variable.find(note))]
        if any(_of_levels(levels, variable, schemes).value != one.value for levels in noted):
            return told("several_values/brackets", label=variable.label)
        return told("note_ignored", one.value) if one.value else one
    several = _of_segments(_segments(_listed(text), variable.spellings), variable)
    codes = several.value if isinstance(several.value, tuple) else ()
    if len(codes) == 1 and several.problem != "partly_read":
        return several._replace(value=codes[0])
    if len(codes) > 1 and several.problem != "inferred_from_text":
        return told("several_values", detail=codes, label=variable.label)
    return _unknown(text, variable)


def _unknown(text: str, variable: Variable) -> Reading:
    near = _nearest(text, variable)
    labels = listed(_distinct(v.label for v in variable.levels))
    hint = f"最接近的是 {near}。" if near else f"可选：{labels}。"
    case = "value_unknown/number" if re.fullmatch(r"[\d、,.;/ ]+", text) else "value_unknown"
    return told(case, label=variable.label, hint=hint)


def _nearest(text: str, variable: Variable) -> str:
    from rapidfuzz import fuzz, process

    found = process.extract(text, list(variable.spellings), scorer=fuzz.ratio, limit=3, score_cutoff=40)
    levels = [variable.spellings[spelling][0] for spelling, _, _ in found]
    return listed(_distinct(f"{level.label}（{level.code}）" for level in levels))


def _listed(raw: str) -> str:
    """Numbering before labels (①疾病 ②上学, 1.疾病 2.上学) turned into separators, then half width."""
    if re.fullmatch(r"[\d.]+", raw):
        return raw.replace(".", "、")
    return LIKE["numbered_label"].sub("、", halfwidth(LIKE["circled"].sub("、", raw)))


def _segments(text: str, spellings: Iterable[str]) -> list[str]:
    """The text cut at separators, but never inside a label: the longest run of pieces that is a label stays
    whole.
    """
    pieces = [squeeze(piece) for piece in LIKE["hard_separator"].split(text)]
    segments, place = [], 0
    while place < len(pieces):
        ends = range(len(pieces), place, -2)
        end = next((end for end in ends if "".join(pieces[place:end]) in spellings), place + 1)
        segments.append("".join(pieces[place:end]))
        place = end + 1
    return [segment for segment in segments if segment]


def _of_segments(segments: list[str], variable: Variable) -> Reading:
    codes: list[str] = []
    unread: list[str] = []
    inferred = False
    for segment in segments:
        said = _labels(segment, variable)
        by_rule = [] if said else _by_keywords(segment, variable)
        inferred = inferred or bool(by_rule) or (segment.isdigit() and len(said) > 1)
        codes += said or by_rule
        unread += [] if said or by_rule else [segment]
    found = _distinct(codes)
    if not found:
        return _unknown("".join(segments), variable)
    if unread:
        part = told("partly_read", found, label=variable.label)
        return part._replace(action="inferred") if inferred else part
    if inferred:
        return told("inferred_from_text", found, label=variable.label)
    return Reading(found)


def _labels(segment: str, variable: Variable) -> list[str]:
    """The codes of a segment that is nothing but labels: one, some joined by 和, or run together; else []."""
    bare = LIKE["value_ending"].sub("", segment)
    if one := variable.find(bare):
        return [one[0].code]
    parts = [variable.find(part) for part in LIKE["soft_separator"].split(bare) if part]
    if len(parts) > 1 and all(parts):
        return [levels[0].code for levels in parts]
    return _run_together(bare, variable.spellings)


def _run_together(text: str, spellings: dict[str, tuple[Level, ...]]) -> list[str]:
    """Labels without anything between them, the longest first; [] unless they cover the whole text."""
    codes, place = [], 0
    longest = max(map(len, spellings), default=0)
    while place < len(text):
        size = next((n for n in range(longest, 0, -1) if text[place : place + n] in spellings), 0)
        if not size:
            return []
        codes.append(spellings[text[place : place + size]][0].code)
        place += size
    return codes


def _by_keywords(segment: str, variable: Variable) -> list[str]:
    """Codes of the rules that match, in the order of the text; what one rule has matched no later rule sees.
    """
    found: list[tuple[int, str]] = []
    left = segment
    for pattern, code in variable.keywords:
        for match in re.finditer(pattern, left):
            found += [(match.start(), code)] if code else []
        left = re.sub(pattern, lambda match: "\0" * len(match.group()), left)
    return [code for _, code in sorted(found)]


def _yes_no_in_words(text: str, variable: Variable) -> Reading:
    names = {*variable.headings, squeeze(variable.label)}
    stems = {name.removeprefix("是否").removeprefix("为").removeprefix("享受") for name in names}
    negated = LIKE["negated"].match(text)
    if negated and text[negated.end() :] in names | stems:
        return Reading(False)
    if text in names | stems or (text[:1] in ("有", "是") and text[1:] in stems):
        return Reading(True)
    if prefix := LIKE["yes_prefix"].match(text):
        return told("note_ignored/yes_no", prefix[1] in "是有已")
    if LIKE["amount_alone"].fullmatch(text):
        return told("amount_for_yes_no", float(re.findall(r"[\d.]+", text)[0]) > 0)
    return told("value_unknown/yes_no", label=variable.label)


def _distinct(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))
