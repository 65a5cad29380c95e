"""Runs plugins: starts, uses, replaces, stops and restarts their processes, and calls objects in the host's process."""
