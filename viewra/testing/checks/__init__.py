"""Check suites, one module per service, for the author's object, over loopback, or for a plugin's process.

Each takes a service as a host calls it and raises AssertionError with the fault. They call the plugin with its own
data, so pass files, queries or events that the plugin accepts.
"""
