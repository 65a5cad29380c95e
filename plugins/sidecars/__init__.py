"""Reads files beside media files: cue sheets, playlists, lyrics, subtitles, nfo files and covers."""
