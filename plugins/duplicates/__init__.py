"""Finds what is in the library twice."""
