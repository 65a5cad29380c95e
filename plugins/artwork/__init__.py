"""Finds covers of albums."""
