"""The catalogue: albums, artists, genres, series and playlists, made of files' metadata as a scan stores it."""
