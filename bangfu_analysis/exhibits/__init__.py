"""Result frames with their meaning: labels, rounding, tables, sentences."""
