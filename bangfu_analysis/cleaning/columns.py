"""A column of raw cells -> a Reading for each, every distinct value read once."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date

import numpy as np

from bangfu_analysis.cleaning.amounts import read_age, read_count, read_money, read_number
from bangfu_analysis.cleaning.choices import read_choice, read_choices, read_remark, read_tick, read_yes_no
from bangfu_analysis.cleaning.dates import read_date
from bangfu_analysis.cleaning.identity import name_key, read_ids, several_names
from bangfu_analysis.cleaning.readings import BLANK, LIKE, Reading, Readings, read_absence, text_of, told
from bangfu_analysis.codebook import Variable
from bangfu_analysis.distinct import Objects, objects
from bangfu_analysis.text import halfwidth, is_address, mask_long_numbers

MOST_CHARACTERS = 300  # of a value; expressions are not tried on more
TOO_LONG = told("text_too_long", most=MOST_CHARACTERS)
BEYOND = told("value_unreadable")


def read_column(
    values: Sequence[object] | Objects, variable: Variable, *, reference: date, factor: float = 1.0,
    period: str = "", schemes: frozenset[str] | None = None, epoch1904: bool = False, tick: str = "",
) -> Readings:
    """The Reading of each of `values`, in their order.

    `reference`: the wave's date; `factor`: what a bare number counts (万元, 千人); `period`: that of the
    heading where it is not the variable's; `schemes`: the hardship schemes that count; `epoch1904`: the
    workbook counts days from 1904; `tick`: the column is one option, and a ticked cell says this code.
    """
    cells = values if isinstance(values, np.ndarray) else objects(values)
    if variable.kind == "id_number" and not tick:
        return read_ids(objects([c[:MOST_CHARACTERS] if type(c) is str else c for c in cells]))
    v, birth = variable, variable.name == "birth_date"
    readers: dict[str, Callable[[object], Reading]] = {
        "tick": lambda raw: _read_tick(raw, v, tick),
        "choice": lambda raw: read_choice(raw, v, schemes),
        "choices": lambda raw: read_choices(raw, v, schemes),
        "yes_no": lambda raw: read_yes_no(raw, v),
        "count": lambda raw: read_count(raw, v, factor),
        "age": lambda raw: read_age(raw, v),
        "number": lambda raw: read_number(raw, v, factor),
        "money": lambda raw: read_money(raw, v, factor, period),
        "date": lambda raw: read_date(raw, reference=reference, birth=birth, epoch1904=epoch1904),
        "name": lambda raw: _read_name(raw, v),
        "remark": lambda raw: read_remark(raw, v),
        "text": _read_text,
        "unit": lambda raw: _read_text(LIKE["count_of_unit"].sub("", raw) if isinstance(raw, str) else raw),
    }
    read: Callable[[object], Reading] = readers.get("tick" if tick else v.kind, lambda _: BLANK)

    def read_one(raw: object) -> Reading:
        """The Reading of a cell; whatever it says, it costs itself only."""
        if isinstance(raw, str) and len(raw) > MOST_CHARACTERS:
            return TOO_LONG
        if v.name == "work_start" and LIKE["hours"].fullmatch(str(raw)):
            return BLANK
        try:
            return read(raw)
        except (ArithmeticError, ValueError):  # numbers and dates beyond what a machine holds
            return BEYOND

    return Readings.of(cells, lambda found: [*map(read_one, found)])


def _read_tick(raw: object, variable: Variable, tick: str) -> Reading:
    """A ticked cell says `tick`; an unticked one says nothing."""
    ticked = read_tick(raw)
    if not ticked.value:
        return BLANK if ticked.value is False else ticked
    return ticked._replace(value=(tick,) if variable.kind == "choices" else tick)


def _read_name(raw: object, variable: Variable) -> Reading:
    """The name's key as value, for the pseudonym only; a remark behind the name is told."""
    key, more = name_key(raw), BLANK
    if isinstance(raw, str) and len(key or "") < len(raw.strip()):
        more = read_remark(raw, variable)
    if key is not None:
        return more._replace(value=key)
    several = isinstance(raw, str) and several_names(raw)
    return told("several_names") if several else read_absence(raw) or more


def _read_text(raw: object) -> Reading:
    """A readable text without padding; no address, and long numbers masked, since they may identify a person.
    """
    absent = read_absence(raw)
    if absent is not None:
        return absent
    text = re.sub(r"\s+", " ", halfwidth(text_of(raw)).strip("'’‘`"))
    text = LIKE["padding"].sub("", text).strip()
    if not re.search(r"\w", text):
        return BLANK
    if is_address(text):
        return told("address_in_cell")
    masked = mask_long_numbers(text)
    if masked != text:
        return told("long_number_masked", masked)
    if LIKE["lost"].search(text):
        return told("lost_character/kept", text)
    return Reading(text)
