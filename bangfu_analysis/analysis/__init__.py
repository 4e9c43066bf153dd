"""Tidy frames -> result frames (n, base_n, share, estimate, se, ci_low, ci_high, ...)."""
