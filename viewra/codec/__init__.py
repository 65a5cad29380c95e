"""Converts values to messages and back: pure functions, one module per service, named like its capability."""
