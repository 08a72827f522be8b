"""Glasshouse in unit tests."""
