"""What makes the sample studies; run from a clone, and in no wheel."""
