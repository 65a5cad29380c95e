"""go-plugin's wire, for either end: handshake line, channel, control, logs. It knows no domain.

Names are imported from the modules themselves, so that a plugin process pays only for what it uses.
"""
