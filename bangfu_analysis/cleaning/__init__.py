"""A cell -> a value, or a finding."""
