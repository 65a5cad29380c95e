"""Serves a site: the listening socket, limits on connections, the orderly end, and what the service manager is told."""
