"""Scripts of the standard library alone that the launcher loads: what confines a plugin, from within and beside it."""
