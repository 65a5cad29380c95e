"""What happens while it happens: events for any number of listeners, as server-sent events."""
