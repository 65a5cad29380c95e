"""What the names of files and folders tell of films, episodes and music."""
