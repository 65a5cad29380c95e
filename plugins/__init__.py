"""The plugins shipped with viewra: ordinary plugins, no special case."""
