"""Sandboxes: the host compiles one for this kernel, the launcher applies it before the plugin runs."""
