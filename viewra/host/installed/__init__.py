"""What is on disk for each plugin: code, manifest, settings, secrets and data directory."""
