"""Guesses metadata of films, episodes and music from the names of files and folders."""
