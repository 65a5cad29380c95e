"""What is on disk of each plugin: its code, manifest, settings, secrets and data directory."""
