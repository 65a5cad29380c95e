"""Tags and stream properties of audio files, read with mutagen."""
