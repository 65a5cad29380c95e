"""go-plugin's wire protocol for both ends: handshake, channel, broker, shutdown, logs. Knows nothing of media.

Import names from the modules themselves, so that a plugin's process loads only the modules that it uses.
"""
