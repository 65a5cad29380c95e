"""Looks music up in MusicBrainz."""
