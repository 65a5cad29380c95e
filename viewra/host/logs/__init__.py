"""The log of each plugin: written, rotated and read."""
