"""Measures how loud music is."""
