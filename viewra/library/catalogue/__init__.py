"""The catalogue: albums, artists, genres, series and playlists, derived from the metadata that scans store."""
