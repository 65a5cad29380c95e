"""Messages and stubs generated from proto/ by proto/generate.py; never edited."""
