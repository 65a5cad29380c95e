"""The operators' side: operations on plugins, their descriptions, the control socket, metrics."""
