"""Listings of the library, page after page: files, albums, artists, genres, years, series, playlists."""
