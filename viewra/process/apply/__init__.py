"""Loaded by the launcher, using the standard library only: sandboxes a plugin, guards it, and runs its script."""
