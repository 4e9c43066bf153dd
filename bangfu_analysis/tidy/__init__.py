"""Values -> tidy frames."""
