"""The plugins shipped with viewra, which the host treats like any other plugin."""
