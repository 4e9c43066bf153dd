"""Result frames -> pages."""
