"""Rounding as reports print it: half up, and parts of one whole so that they add up to 100."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from bangfu_analysis.errors import ArgumentError

TENTH = Decimal("0.1")


def half_up(value: float, decimals: int = 1) -> float:
    """Ordinary rounding as in Excel and in reports: 0.05 -> 0.1, -0.05 -> -0.1 (not half to even, GB/T 8170)."""
    return float(Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)) + 0.0


def percent(share: float) -> float:
    """A share as a percentage with one decimal, rounded half up."""
    return float((Decimal(repr(float(share))) * 100).quantize(TENTH, ROUND_HALF_UP)) + 0.0


def percents(shares: Iterable[float]) -> list[float]:
    """Shares that are parts of one whole as percentages with one decimal that add up to 100 (largest remainder).

    Equal shares print equally, unless there is no other way. Differs from `percent` only where half-up rounding does not add up. Shares that do not add up to 1 are refused.
    """
    exact = [Decimal(repr(float(share))) * 100 for share in shares]
    if not math.isclose(sum(exact), 100, abs_tol=1e-6):
        found = f"{float(sum(exact)) / 100:.6f}"
        raise ArgumentError(f"percents：各项之和应为 1，实际是 {found}。请只传入同一基数的各部分。")
    floors = [value.quantize(TENTH, ROUND_FLOOR) for value in exact]
    spare = int(((100 - sum(floors)) / TENTH).to_integral_value())
    raised = _raised(exact, floors, spare)
    return [float(floor + TENTH) if i in raised else float(floor) for i, floor in enumerate(floors)]


def _raised(exact: list[Decimal], floors: list[Decimal], spare: int) -> set[int]:
    """Which `spare` parts are rounded up: by remainder, equal parts together where they fit, else the first of them."""
    order = sorted(range(len(exact)), key=lambda i: (floors[i] - exact[i], i))
    raised: set[int] = set()
    for i in order:
        equal = {j for j in order if exact[j] == exact[i]}
        if i not in raised and len(raised) + len(equal) <= spare:
            raised |= equal
    rest = [i for i in order if i not in raised]
    return raised | set(rest[: spare - len(raised)])
