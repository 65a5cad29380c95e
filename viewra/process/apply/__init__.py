"""Loaded by the launcher, using the standard library only: sandboxes a plugin, from inside and from its guardian."""
