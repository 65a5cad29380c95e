"""Watches plugin directories and reports which of them may have changed."""
