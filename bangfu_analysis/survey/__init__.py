"""Samples: designs, estimators, weighting, tests, models, poverty."""
