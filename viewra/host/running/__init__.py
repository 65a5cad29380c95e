"""Plugins that run: processes started, used, replaced, ended and started again, and objects in the host's process."""
