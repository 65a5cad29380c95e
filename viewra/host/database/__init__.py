"""A plugin's own database: where it is, who may use it, and its migrations."""
