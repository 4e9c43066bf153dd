"""The gate: what leaves the office passes here, and release.json says what did."""
