"""A file -> tables of addressed cells."""
