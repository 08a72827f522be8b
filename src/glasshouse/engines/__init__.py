"""Machinery that would make sense without AWS: each engine is a small library and imports libraries only."""
