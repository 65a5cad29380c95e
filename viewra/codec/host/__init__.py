"""The descriptions of host services: what a plugin may ask of its host, one module a service."""
