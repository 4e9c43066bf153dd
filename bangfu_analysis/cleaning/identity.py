"""Citizen ID numbers (GB 11643) and names: what a cell says -> a key that is hashed and never stored."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from bangfu_analysis.cleaning.readings import LIKE, Reading, Readings, read_absence, told
from bangfu_analysis.distinct import Objects, distinct_cells, objects
from bangfu_analysis.text import halfwidth, squeeze

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS = "10X98765432"
_X = str.maketrans("x×ХхΧχ✕", "XXXXXXX")
_SEXES = {digit: ("female", "male")[int(digit) % 2] for digit in "0123456789"}


class Identity(NamedTuple):
    """What an ID number says. `key`: its 18 characters (15 digits upgraded); "" where Excel kept 15 digits:
    `first15` and birth are safe, sex is lost. `disability`: kind and grade, of a disability number.
    """

    key: str
    birth: date | None
    sex: str | None
    first15: str
    disability: str = ""


_NOBODY = Identity("", None, None, "")
_SWAPPED = "（相邻两位对调后校验相符，可能抄反了。）"


def check_character(first17: str) -> str:
    """The 18th character for the first 17 digits (GB 11643-1999, ISO 7064 MOD 11-2)."""
    return CHECK_CHARACTERS[sum(w * int(digit) for w, digit in zip(WEIGHTS, first17, strict=True)) % 11]


WHOLE = Reading("whole")  # of a plain number of 18 characters that is right: the cell itself is the key


def read_ids(cells: Objects) -> Readings:
    """WHOLE, or what `read_id` says, of each cell; the plain numbers, which most are, are weighed all at
    once.
    """
    shaped = (isinstance(c, str) and len(c) == 18 and c.isascii() for c in cells)
    plain = np.fromiter(shaped, bool, len(cells))
    characters = np.array(cells[plain].tolist(), dtype="S18").view(np.uint8).reshape(-1, 18)
    digits = characters[:, :17] - ord("0")
    checks = np.frombuffer(CHECK_CHARACTERS.encode(), np.uint8)[digits @ np.array(WEIGHTS) % 11]
    fits = (digits <= 9).all(axis=1) & (digits[:, 0] > 0) & (checks == characters[:, 17])
    whole = plain.copy()
    whole[plain] = fits
    whole[whole] = pd.notna(_births(cells[whole]))
    others = Readings.of(cells[~whole], lambda found: [*map(read_id, found)])
    places = np.zeros(len(cells), dtype=np.intp)
    places[~whole] = others.places + 1
    return Readings([WHOLE, *others.distinct], places)


def identities(cells: Objects, readings: Readings) -> dict[str, Objects]:
    """What ID numbers say, an array for each part of an Identity, None where they say nothing."""
    named = ("key", "first15", "birth", "sex", "disability")
    said = objects([r.value if isinstance(r.value, Identity) else _NOBODY for r in readings.distinct])
    parts = {part: objects([getattr(one, part) or None for one in said])[readings.places] for part in named}
    whole = readings.where(lambda reading: reading is WHOLE)
    numbers = cells[whole]
    parts["key"][whole], parts["birth"][whole] = numbers, _births(numbers)
    parts["first15"][whole] = [number[:15] for number in numbers]
    parts["sex"][whole] = [_SEXES[number[16]] for number in numbers]
    return parts


def _births(numbers: Objects) -> Objects:
    places, days = distinct_cells(objects([number[6:14] for number in numbers]))
    return objects([_birth(day) for day in days])[places]


def _whole(text: str) -> Reading:
    """The Reading of 18 characters of which the check character fits."""
    birth = _birth(text[6:14])
    if birth is None:
        return told("id_bad_birth")
    return Reading(Identity(text, birth, _SEXES[text[16]], text[:15]))


def read_id(raw: object) -> Reading:
    """The Identity in a cell. Spaces, width, apostrophes, x for X are spelling; 15 digits are upgraded
    (repaired).

    A number cut by Excel gives an Identity without a key (inferred). A wrong check character is missing and
    never mended.
    """
    if isinstance(raw, (int, float)) and not isinstance(raw, bool) and raw == raw:
        return _read_digits(f"{int(raw)}" if abs(raw) < 1e30 else "", numeric=True)
    if (absent := read_absence(raw, parts=True)) is not None:
        return absent
    text = LIKE["id_label"].sub("", halfwidth(str(raw))).translate(_X)
    if found := LIKE["scientific_id"].fullmatch(squeeze(text)):
        return _cut(found[1] + found[2])
    text = re.sub(r"\.0+$", "", text.strip())
    read = _read_digits(LIKE["id_punctuation"].sub("", text).strip(";,、。*:()[]"), numeric=False)
    if read.problem not in ("not_an_id", "id_length"):
        return read
    noted = LIKE["noted_id"].findall(text)
    right = [number for number in noted if number[17] == check_character(number[:17])]
    # the one that the text says among other things
    whole = _whole(right[0]) if len(right) == 1 else Reading()
    return read if whole.value is None else told("id_with_note", whole.value)


def _read_digits(text: str, *, numeric: bool) -> Reading:
    if re.fullmatch(r"[0-9]{17}[0-9X]", text):
        return _read18(text, numeric=numeric)
    if re.fullmatch(r"[0-9]{15}", text):
        return _read15(text)
    if len(LIKE["ids"].findall(text)) > 1 or re.fullmatch(r"([0-9]{17}[0-9X]){2,}", text):
        return told("several_ids")
    if (card := LIKE["disability_id"].fullmatch(text)) and card[1][17] == check_character(card[1][:17]):
        whole = _whole(card[1])
        value = None if whole.value is None else whole.value._replace(disability=card[2])
        return told("disability_number", value) if value else whole
    digits = text.translate(str.maketrans("OoIl", "0011"))  # where the check character proves it
    shaped = digits != text and re.fullmatch(r"[0-9]{17}[0-9X]", digits)
    if shaped and (read := _read18(digits, numeric=False)).value:
        return told("letter_in_number/id", read.value)
    if re.search(r"[A-Za-z\u3400-\u9fff]", text.rstrip("X")):
        return told("not_an_id")
    return told("id_length")


def _read18(text: str, *, numeric: bool) -> Reading:
    fits = text[17] == check_character(text[:17])
    if (numeric and (not fits or int(float(text)) == int(text))) or (not fits and text.endswith("000")):
        return _cut(_first15(text))
    read = _whole(text)
    if read.value is not None and text[0] == "0":
        return told("id_length")
    if read.value is None or fits:
        return read
    swaps = (text[:i] + text[i + 1] + text[i] + text[i + 2 :] for i in range(16) if text[i] != text[i + 1])
    fitting = any(swap[17] == check_character(swap[:17]) and _birth(swap[6:14]) is not None for swap in swaps)
    return told("id_check_failed", hint=_SWAPPED if fitting else "")


def _read15(text: str) -> Reading:
    century = "18" if int(text[12:]) >= 996 else "19"
    first17 = text[:6] + century + text[6:]
    read = _whole(first17 + check_character(first17))
    if read.value is None or text[0] == "0":
        return told("id_bad_birth")
    return told("id_upgraded/old" if century == "18" else "id_upgraded", read.value)


def _cut(first: str) -> Reading:
    """`first`: the digits that Excel kept; fewer than 14 do not even hold the birth date."""
    birth = _birth(first[6:14]) if len(first) >= 15 else None
    if birth is None:
        return told("id_truncated")
    return told("id_truncated/kept", Identity("", birth, None, first[:15]))


def _first15(text: str) -> str:
    """The digits before Excel's 000, which the nearest float may write as …960; else the first 15 as they
    stand.
    """
    whole = round(int(text.replace("X", "0")), -3)
    kept = float(whole) == float(text.replace("X", "0")) and _birth(str(whole)[6:14]) is not None
    return str(whole if kept else text)[:15]


@lru_cache(maxsize=65536)
def _birth(digits: str) -> date | None:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
    return born if 1850 <= born.year < 2100 else None


def several_names(raw: str) -> bool:
    """True where a cell names two people or more, apart by spaces, commas or strokes."""
    return LIKE["several_names"].fullmatch(halfwidth(raw)) is not None


def name_key(raw: object) -> str | None:
    """The canonical form of a name, for keys only and never stored; None where the cell holds no plausible
    name.

    Spaces, width, stars, a closing remark in brackets or phone number are taken off; the dots of minority
    names are one dot.
    """
    if not isinstance(raw, str) or read_absence(raw) is not None or several_names(raw):
        return None
    text = squeeze(raw)
    name = LIKE["dots"].sub("·", LIKE["not_of_name"].sub("", text)).casefold()
    return name if LIKE["person_name"].fullmatch(name) and not LIKE["no_name"].search(text) else None
