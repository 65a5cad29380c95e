"""Finds the words of songs."""
