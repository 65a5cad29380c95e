"""What changed in the library, and when."""
