"""Records what changed in the library, and when."""
