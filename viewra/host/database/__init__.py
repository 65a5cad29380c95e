"""A plugin's own database: its location, its users and its migrations."""
