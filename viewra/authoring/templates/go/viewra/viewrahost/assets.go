package viewrahost

import "context"

// Asset is a file that the host keeps; ID is the SHA-256 of its content, AddedAt in microseconds since the epoch.
type Asset struct {
	ID        string `json:"id"`
	MediaType string `json:"media_type"`
	Size      int64  `json:"size"`
	AddedAt   int64  `json:"added_at"`
	Number    int64  `json:"number"`
}

// About says what an asset is for: a picture of this kind ("front") of one file, album or artist; the others are 0.
// Metadata is what else there is to say of the picture.
type About struct {
	Kind, SourceURL                string
	MediaFileID, AlbumID, ArtistID int64
	Metadata                       map[string]string
}

// PutAsset stores up to 4 MiB. It is kept as long as it is linked, and a day; with kept until the plugin deletes it.
func (h *Host) PutAsset(ctx context.Context, data []byte, mediaType string, kept bool) (*Asset, error) {
	arguments := map[string]any{"kept": kept}
	if mediaType != "" {
		arguments["media_type"] = mediaType
	}
	found := &Asset{}
	if _, err := h.Call(ctx, "assets.put", arguments, data, found); err != nil {
		return nil, err
	}
	return found, nil
}

// ReadAsset gives a part of an asset, which has at most 1 MiB; nothing behind its end.
func (h *Host) ReadAsset(ctx context.Context, id string, offset int64) ([]byte, error) {
	return h.Call(ctx, "assets.read", map[string]any{"asset_id": id, "offset": offset}, nil, nil)
}

// LinkAsset says what an asset of this plugin is for; it needs the permission library:write.
func (h *Host) LinkAsset(ctx context.Context, id string, about About) error {
	arguments := map[string]any{"asset_id": id, "kind": about.Kind, "source_url": about.SourceURL}
	if len(about.Metadata) > 0 {
		arguments["metadata"] = about.Metadata
	}
	targets := map[string]int64{
		"media_file_id": about.MediaFileID, "album_id": about.AlbumID, "artist_id": about.ArtistID,
	}
	for name, target := range targets {
		if target != 0 {
			arguments[name] = target
		}
	}
	_, err := h.Call(ctx, "assets.link", arguments, nil, nil)
	return err
}

// DeleteAsset ends the plugin's use of an asset, and says whether it used it.
func (h *Host) DeleteAsset(ctx context.Context, id string) (bool, error) {
	var used bool
	_, err := h.Call(ctx, "assets.delete", map[string]any{"asset_id": id}, nil, &used)
	return used, err
}
