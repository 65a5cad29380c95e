"""What authors of plugins work with: new plugins from templates, a host to try them in, their tests, a debugger.

Functions give values; the command line shows them.
"""
