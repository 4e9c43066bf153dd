"""A finished report -> what its numbers say, and which of its relations do not hold."""
