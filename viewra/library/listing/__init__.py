"""Listings of the library, page by page: files, albums, artists, genres, years, series, playlists."""
