"""Check suites, a module per service: asked of the author's object, over loopback or of a plugin's own process.

Each takes the service as a host calls it and raises AssertionError with what is wrong. They call with the plugin's own
data, so say which files, queries or events are good.
"""
