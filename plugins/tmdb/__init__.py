"""Describes films and episodes."""
