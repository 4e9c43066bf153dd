"""Rounding as reports print it: ordinary half up of unrounded values."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal


def half_up(value: float, decimals: int = 1) -> float:
    """Ordinary rounding as in Excel and in reports: 0.05 -> 0.1, -0.05 -> -0.1 (not half to even, GB/T 8170).
    """
    return float(Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)) + 0.0


def percent(share: float, decimals: int = 1) -> float:
    """A share as a percentage, rounded half up."""
    exact = Decimal(repr(float(share))) * 100
    return float(exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)) + 0.0
