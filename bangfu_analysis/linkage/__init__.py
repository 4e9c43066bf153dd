"""The same person over the waves of a study."""
