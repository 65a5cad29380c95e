"""The query language of searches, listings and smart playlists: from typed text to a condition on files."""
