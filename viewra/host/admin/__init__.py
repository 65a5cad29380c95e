"""What operators do with plugins and see of them: operations, descriptions, the control socket, metrics."""
