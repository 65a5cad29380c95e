"""Tells web addresses what happens in the library."""
