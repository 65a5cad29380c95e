package viewrahost

import (
	"context"
	"encoding/json"
)

// Page is a part of a listing; Next is what to ask for the one after it, "" at the end.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"`
}

// Ask says what to list: Query in viewra's query language, After a page's Next, Limit 1 to 1,000 rows (0: 100).
type Ask struct {
	Query, After string
	Limit        int
}

// Library is a folder of the library.
type Library struct {
	ID      int64  `json:"id"`
	Path    string `json:"path"`
	Files   int64  `json:"files"`
	Missing int64  `json:"missing"`
}

// FileEntry is a file in a listing. In a path, bytes that are not UTF-8 are U+FFFD.
type FileEntry struct {
	ID           int64    `json:"id"`
	LibraryID    int64    `json:"library_id"`
	Path         string   `json:"path"`
	MimeType     string   `json:"mime_type"`
	Size         int64    `json:"size"`
	AddedAt      int64    `json:"added_at"`
	Kind         string   `json:"kind"`
	Title        string   `json:"title"`
	Artist       string   `json:"artist"`
	Album        string   `json:"album"`
	AlbumArtist  string   `json:"albumartist"`
	AlbumID      *int64   `json:"album_id"`
	Year         *int     `json:"year"`
	DurationS    *float64 `json:"duration_s"`
	Disc         *int     `json:"disc"`
	Track        *int     `json:"track"`
	SeriesID     *int64   `json:"series_id"`
	Season       *int     `json:"season"`
	Episode      *int     `json:"episode"`
	MissingSince *int64   `json:"missing_since"`
}

// Album is an album in a listing.
type Album struct {
	ID            int64   `json:"id"`
	Album         string  `json:"album"`
	AlbumArtist   string  `json:"albumartist"`
	Year          *int    `json:"year"`
	Files         int64   `json:"files"`
	DurationS     float64 `json:"duration_s"`
	MusicBrainzID string  `json:"musicbrainz_id"`
	AddedAt       int64   `json:"added_at"`
}

// Artist is an artist in a listing.
type Artist struct {
	ID            int64  `json:"id"`
	Name          string `json:"name"`
	Files         int64  `json:"files"`
	Albums        int64  `json:"albums"`
	MusicBrainzID string `json:"musicbrainz_id"`
}

// MediaFile is a file with its metadata by field.
type MediaFile struct {
	ID           int64                    `json:"id"`
	LibraryID    int64                    `json:"library_id"`
	Path         string                   `json:"path"`
	MimeType     string                   `json:"mime_type"`
	Size         int64                    `json:"size"`
	MtimeNs      int64                    `json:"mtime_ns"`
	Metadata     map[string]MetadataValue `json:"metadata"`
	OtherPaths   []string                 `json:"other_paths"`
	MissingSince *int64                   `json:"missing_since"`
}

// MetadataValue is what a plugin says of a field. Value and Others are JSON: a text or several; [plugin, value] pairs.
// StatedIn is the path of the nfo file that states it, nil for all else.
type MetadataValue struct {
	Value    json.RawMessage `json:"value"`
	Plugin   string          `json:"plugin"`
	Why      string          `json:"why"`
	Others   json.RawMessage `json:"others"`
	StatedIn *string         `json:"stated_in"`
}

// Texts gives the value as texts, one or several.
func (m MetadataValue) Texts() []string {
	var one string
	if json.Unmarshal(m.Value, &one) == nil {
		return []string{one}
	}
	var several []string
	_ = json.Unmarshal(m.Value, &several) // what is neither has no texts
	return several
}

// Libraries gives the folders that are libraries. All of this needs the permission library:read.
func (h *Host) Libraries(ctx context.Context) ([]Library, error) {
	var found []Library
	_, err := h.Call(ctx, "library.libraries", nil, nil, &found)
	return found, err
}

// Files lists files.
func (h *Host) Files(ctx context.Context, ask Ask) (Page[FileEntry], error) {
	return list[FileEntry](ctx, h, "library.files", ask)
}

// Albums lists the albums of the files that are asked for.
func (h *Host) Albums(ctx context.Context, ask Ask) (Page[Album], error) {
	return list[Album](ctx, h, "library.albums", ask)
}

// Artists lists the artists of the files that are asked for.
func (h *Host) Artists(ctx context.Context, ask Ask) (Page[Artist], error) {
	return list[Artist](ctx, h, "library.artists", ask)
}

// File gives a file by its id; ErrNotFound if there is none.
func (h *Host) File(ctx context.Context, id int64) (*MediaFile, error) {
	found := &MediaFile{}
	if _, err := h.Call(ctx, "library.file", map[string]any{"id_or_path": id}, nil, found); err != nil {
		return nil, err
	}
	return found, nil
}

// Recording is a recording as another source knows it: what is known of it. DurationS is in seconds, 0 for unknown.
type Recording struct {
	Title                  string  `json:"title,omitempty"`
	Artist                 string  `json:"artist,omitempty"`
	DurationS              float64 `json:"duration_s,omitempty"`
	MusicBrainzRecordingID string  `json:"musicbrainz_recordingid,omitempty"`
	AcoustID               string  `json:"acoustid_id,omitempty"`
	ISRC                   string  `json:"isrc,omitempty"`
}

// Match is a file that a recording may be. Score is from 0 to 1; By is the identifier's field, or "texts".
type Match struct {
	MediaFileID int64   `json:"media_file_id"`
	Path        string  `json:"path"`
	Score       float64 `json:"score"`
	By          string  `json:"by"`
}

// Match gives the files that each recording may be, the best first: at most limit (1 to 20) of each. A call has 1 to 50
// recordings.
func (h *Host) Match(ctx context.Context, limit int, recordings ...Recording) ([][]Match, error) {
	var found [][]Match
	_, err := h.Call(ctx, "library.match", map[string]any{"recordings": recordings, "limit": limit}, nil, &found)
	return found, err
}

func list[T any](ctx context.Context, h *Host, method string, ask Ask) (Page[T], error) {
	arguments := map[string]any{"query": ask.Query}
	if ask.After != "" {
		arguments["after"] = ask.After
	}
	if ask.Limit != 0 {
		arguments["limit"] = ask.Limit
	}
	var page Page[T]
	_, err := h.Call(ctx, method, arguments, nil, &page)
	return page, err
}
