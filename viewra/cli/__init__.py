"""The ``viewra`` command. Each command has a module of its own, imported when it is called."""
