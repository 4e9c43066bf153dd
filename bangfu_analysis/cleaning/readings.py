"""What a cell was read as: a value, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """The value of one cell. `value` None is missing.

    `problem` is "" where nothing is worth a finding; `action`: missing (given up), repaired, inferred, kept, conflict.
    `message` says in Chinese what was found, what was expected and what to do; it never quotes the cell.
    `detail`: what else the cell said: precision of a date, bounds of a sum, further codes.
    """

    value: object = None
    problem: str = ""
    action: str = ""
    message: str = ""
    severity: str = "warning"
    detail: object = None


BLANK = Reading()
