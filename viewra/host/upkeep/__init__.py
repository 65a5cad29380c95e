"""Keeps libraries current: watches their folders, and scans what has changed, or what a schedule says."""
