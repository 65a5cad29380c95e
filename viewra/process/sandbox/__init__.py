"""What confines a process: compiled by the host for this kernel, applied by the launcher before the plugin runs."""
